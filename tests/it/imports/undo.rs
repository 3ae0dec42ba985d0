//! Taking an import back.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::import;
use crate::support::process::Bench;
use crate::support::server::{Client, TestServer};

const LIST: &str = "Name,Phone,Title,cf.tier\n\
    Ada Byron,+12025550110,CEO,gold\n\
    Ben New,+12025550111,CFO,\n\
    Cleo New,+12025550112,,\n\
    Dora New,+12025550113,,\n";

fn undo(client: &Client, job: &Value) -> Value {
    let place = begin_undo(client, job);
    ended(client, &place)
}

/// Where it is said how far taking an import back is.
fn begin_undo(client: &Client, job: &Value) -> String {
    let path = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    client.post(&path, &json!({})).expect(202).header("location").unwrap().to_owned()
}

fn ended(client: &Client, place: &str) -> Value {
    let begun = Instant::now();
    loop {
        let state = client.get(place).expect(200).json;
        if !state["finished_at"].is_null() {
            return state;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{state}");
        std::thread::yield_now();
    }
}

fn state_of(client: &Client, job: &Value) -> Value {
    let path = format!("/api/v1/imports/{}", job["id"].as_str().unwrap());
    client.get(&path).expect(200).json["undo_state"].clone()
}

#[test]
fn an_import_that_is_taken_back_leaves_everything_as_it_was() {
    let server = TestServer::start();
    let ada = server
        .create_id(&json!({"name": "Ada Byron", "phone": "+12025550110", "title": "CTO",
        "custom_fields": {"size": 3}}));
    let path = format!("/api/v1/contacts/{ada}");
    let before = server.get(&path).expect(200).json;
    let job = import(&server, LIST.as_bytes(), &json!({"tags": ["fair"]}));
    assert_eq!(job["undo_state"], "available", "{job}");
    assert_eq!(server.get(&path).expect(200).json["title"], "CEO");
    // Also after a restart.
    let server = server.restart();
    let undone = undo(&server, &job);
    assert_eq!(
        (&undone["state"], &undone["changed"], &undone["refused"]),
        (&json!("done"), &json!(4), &json!(0))
    );
    let after = server.get(&path).expect(200).json;
    for member in ["display_name", "title", "tags", "custom_fields", "phones"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 1);
    assert_eq!(state_of(&server, &job), "done");
    let again = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    assert_eq!(server.post(&again, &json!({})).expect(409).code(), "in_use");
    // What it made is in the trash and can be had again.
    let trash = server.get("/api/v1/contacts?deleted=true&refresh=wait").expect(200).json;
    assert_eq!(trash["total"], 3);
}

#[test]
fn what_people_changed_since_is_kept_and_named() {
    let server = TestServer::start();
    let ada =
        server.create_id(&json!({"name": "Ada Byron", "phone": "+12025550110", "title": "CTO"}));
    let job = import(&server, LIST.as_bytes(), &json!({}));
    let id = |q: &str| {
        let found = server.search(q, "&refresh=wait").json;
        found["contacts"][0]["id"].as_str().unwrap().to_owned()
    };
    let (ben, cleo) = (id("ben"), id("cleo"));
    server.patch(&format!("/api/v1/contacts/{ben}"), &json!({"title": "Chair"})).expect(200);
    server.post("/api/v1/notes", &json!({"contact_id": cleo, "text": "called"})).expect(201);
    server.patch(&format!("/api/v1/contacts/{ada}"), &json!({"title": "President"})).expect(200);
    let undone = undo(&server, &job);
    let mut kept: Vec<(String, String)> = undone["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one["detail"].to_string()))
        .collect();
    kept.sort();
    let why =
        |id: &str| kept.iter().find(|(one, _)| one == id).map(|(_, why)| why.clone()).unwrap();
    assert_eq!(kept.len(), 3, "{undone}");
    assert!(why(&ben).contains("changed it since"), "{undone}");
    assert!(why(&cleo).contains("records about it"), "{undone}");
    assert!(why(&ada).contains("title"), "{undone}");
    // Of Ada what nobody touched went back.
    let after = server.get(&format!("/api/v1/contacts/{ada}")).expect(200).json;
    assert_eq!((&after["title"], &after["custom_fields"]), (&json!("President"), &json!({})));
    assert_eq!(server.search("", "&refresh=wait").json["total"], 3, "Dora is gone");
}

#[test]
fn an_import_that_changed_nothing_cannot_be_taken_back() {
    let server = TestServer::start();
    let job = import(&server, b"name,phone\nBad,nonsense\n", &json!({}));
    assert_eq!(job["undo_state"], "none", "{job}");
    let path = |job: &Value| format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    server.post(&path(&job), &json!({})).expect(409);
    let trial = import(&server, LIST.as_bytes(), &json!({"dry_run": true}));
    server.post(&path(&trial), &json!({})).expect(409);
    server.organization("second").post(&path(&job), &json!({})).expect(404);
}

/// Everything that an import may touch, without what is counted up with every change.
fn state_of_all(client: &Client) -> Value {
    let found =
        client.get("/api/v1/contacts?refresh=wait&sort=created_at&per_page=1000").expect(200);
    let mut contacts = found.json["contacts"].as_array().unwrap().clone();
    for contact in &mut contacts {
        for member in ["version", "updated_at", "updated_by"] {
            contact.as_object_mut().unwrap().remove(member);
        }
    }
    let names = |path: &str| {
        let all = client.get(path).expect(200).json["items"].as_array().unwrap().clone();
        all.iter().map(|one| json!([one["name"], one["count"]])).collect::<Vec<Value>>()
    };
    json!([contacts, names("/api/v1/lists"), names("/api/v1/companies")])
}

#[test]
fn lists_and_companies_that_an_import_made_go_with_it_unless_somebody_uses_them() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ada Byron", "phone": "+12025550110"}));
    server.create(&json!({"name": "Cid Old", "phone": "+12025550119"}));
    let before = state_of_all(&server);
    let list = "Name,Phone,Company,_list\nAda Byron,+12025550110,Acme,Fair\n\
        Ben New,+12025550111,Acme,Fair\nDora New,+12025550113,Umbrella,Hot\n";
    let options = json!({"list_mode": "per_row", "companies": "create"});
    let job = import(&server, list.as_bytes(), &options);
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    let after = state_of_all(&server);
    assert_eq!((after[1].as_array().unwrap().len(), after[2].as_array().unwrap().len()), (2, 2));
    let undone = undo(&server, &job);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(3), &json!(0)), "{undone}");
    assert_eq!(state_of_all(&server), before);
    // Whom somebody else has put there stays, and so does the list.
    let job = import(&server, list.as_bytes(), &options);
    let lists = server.get("/api/v1/lists").expect(200).json["items"].clone();
    let fair = lists.as_array().unwrap().iter().find(|one| one["name"] == "Fair").unwrap();
    let path = format!("/api/v1/lists/{}/members", fair["id"].as_str().unwrap());
    server.json("PUT", &path, &[], &json!({"q": "cid"})).expect(200);
    let undone = undo(&server, &job);
    assert_eq!(undone["refusals"][0]["id"], fair["id"], "{undone}");
    let after = state_of_all(&server);
    assert_eq!((&after[1], &after[2]), (&json!([["Fair", 1]]), &json!([])));
}

#[test]
fn who_was_changed_between_two_rows_and_the_undo_is_kept_as_a_whole() {
    let server = TestServer::start();
    let list = "Name,Phone,Title\nBen New,+12025550111,\nBen New,+12025550111,CFO\n\
        Cleo New,+12025550112,\nCleo New,+12025550112,CTO\n";
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!((&job["counts"]["imported"], &job["counts"]["updated"]), (&json!(2), &json!(2)));
    let ben = server.search("ben", "&refresh=wait").json["contacts"][0].clone();
    let path = format!("/api/v1/contacts/{}", ben["id"].as_str().unwrap());
    server.patch(&path, &json!({"notes": "called"})).expect(200);
    let undone = undo(&server, &job);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(1), &json!(1)), "{undone}");
    assert_eq!(undone["refusals"][0]["id"], ben["id"]);
    let kept = server.get(&path).expect(200).json;
    assert_eq!((&kept["title"], &kept["notes"]), (&json!("CFO"), &json!("called")));
    assert_eq!(server.search("", "&refresh=wait").json["total"], 1);
}

#[test]
fn a_later_import_counts_as_a_change_unless_it_was_taken_back() {
    let first = b"Name,Phone\nBen New,+12025550111\nCleo New,+12025550112\n";
    let second = b"Name,Phone,Title\nBen New,+12025550111,CFO\n";
    let server = TestServer::start();
    let (one, two) = (import(&server, first, &json!({})), import(&server, second, &json!({})));
    let undone = undo(&server, &one);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(1), &json!(1)), "{undone}");
    assert_eq!(server.search("", "&refresh=wait").json["contacts"][0]["title"], "CFO");
    assert_eq!(undo(&server, &two)["changed"], 1);

    let server = TestServer::start();
    let (one, two) = (import(&server, first, &json!({})), import(&server, second, &json!({})));
    assert_eq!(undo(&server, &two)["changed"], 1);
    let server = server.restart();
    let undone = undo(&server, &one);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(2), &json!(0)), "{undone}");
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}

#[test]
fn who_was_put_on_another_list_since_is_kept_and_named() {
    let rows = b"Name,Phone\nBen New,+12025550111\nCleo New,+12025550112\n";
    let server = TestServer::start();
    let options = |list: &str| json!({"list_mode": "new", "list": list});
    let job = import(&server, rows, &options("Own"));
    let ben = b"Name,Phone\nBen New,+12025550111\n";
    import(&server, ben, &options("Fair"));
    let undone = undo(&server, &job);
    let kept = server.search("", "&refresh=wait").json;
    assert_eq!(
        (&kept["total"], &kept["contacts"][0]["display_name"]),
        (&json!(1), &json!("Ben New"))
    );
    assert_eq!(undone["changed"], 1, "{undone}");
    let refusals = undone["refusals"].as_array().unwrap();
    let why = refusals.iter().find(|one| one["id"] == kept["contacts"][0]["id"]).unwrap();
    assert!(why["detail"].as_str().unwrap().contains("another list"), "{undone}");
    let lists = server.get("/api/v1/lists").expect(200).json["items"].clone();
    let fair = lists.as_array().unwrap().iter().find(|one| one["name"] == "Fair").unwrap();
    assert_eq!(fair["count"], 1, "{lists}");
}

#[test]
fn what_somebody_saves_while_an_import_is_taken_back_is_not_lost() {
    let mut rows = String::from("name,phone\n");
    for at in 0..3_000 {
        writeln!(rows, "Person {at},+1202{at:07}").unwrap();
    }
    let server = TestServer::start();
    let job = import(&server, rows.as_bytes(), &json!({}));
    let found = server.get("/api/v1/contacts?refresh=wait&sort=created_at&per_page=1000");
    let contacts = found.expect(200).json["contacts"].as_array().unwrap().clone();
    let save = |id: &str| {
        server.patch(&format!("/api/v1/contacts/{id}"), &json!({"title": "Saved"})).status == 200
    };
    let mut ids = contacts.iter().map(|one| one["id"].as_str().unwrap());
    let mut saved: Vec<&str> = ids.by_ref().take(3).filter(|id| save(id)).collect();
    assert_eq!(saved.len(), 3);
    let place = begin_undo(&server, &job);
    // Those that were made first go last.
    for id in ids {
        saved.extend(Some(id).filter(|id| save(id)));
        if !server.get(&place).expect(200).json["finished_at"].is_null() {
            break;
        }
    }
    let undone = ended(&server, &place);
    assert_eq!((&undone["state"], &undone["refused"]), (&json!("done"), &json!(saved.len())));
    for id in saved {
        let contact = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
        assert_eq!((&contact["title"], &contact["deleted_at"]), (&json!("Saved"), &Value::Null));
    }
}

#[test]
fn who_was_merged_since_is_kept_and_named() {
    let server = TestServer::start();
    let old = server.create_id(&json!({"name": "Benjamin", "phone": "+12025550119"}));
    let job = import(&server, b"Name,Phone\nBen New,+12025550111\n", &json!({}));
    let ben = server.search("ben new", "&refresh=wait").json["contacts"][0]["id"].clone();
    server.post("/api/v1/contacts/merge", &json!({"primary": old, "others": [ben]})).expect(200);
    let undone = undo(&server, &job);
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(0), &json!(1)), "{undone}");
    assert!(undone["refusals"][0]["detail"].as_str().unwrap().contains("merged"), "{undone}");
}

#[test]
fn taking_an_import_back_goes_on_where_the_server_was_killed() {
    const ROWS: usize = 9_000;
    let bench = Bench::new();
    let served = bench.serve(None);
    let client = &served.client;
    let mut before = String::from("name,phone,title\n");
    let mut list = String::from("name,phone,title\n");
    for at in 0..ROWS {
        if at % 3 == 0 {
            writeln!(before, "Person {at},+1202{at:07},Old {at}").unwrap();
        }
        writeln!(list, "Person {at},+1202{at:07},New {at}").unwrap();
    }
    import(client, before.as_bytes(), &json!({}));
    let export = |client: &Client| {
        client.search("", "&refresh=wait");
        let path = "/api/v1/contacts/export?format=csv&columns=id,name,phones,title,list";
        let mut lines: Vec<String> = String::from_utf8(client.get(path).expect(200).body)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort_unstable();
        lines
    };
    let as_it_was = export(client);
    let job = import(client, list.as_bytes(), &json!({"list_mode": "new", "list": "Fair"}));
    assert_eq!(job["counts"]["updated"], ROWS / 3, "{job}");
    let place = begin_undo(client, &job);
    // A second one is refused, also after the restart.
    let again = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    client.post(&again, &json!({})).expect(409);
    let mut served = served;
    for least in [1, 3_000, 6_000] {
        loop {
            let state = served.client.get(&place).expect(200).json;
            let is_far = state["changed"].as_u64().unwrap() >= least;
            if is_far || !state["finished_at"].is_null() {
                break;
            }
            std::thread::yield_now();
        }
        drop(served);
        served = bench.serve(None);
        served.client.post(&again, &json!({})).expect(409);
    }
    let client = &served.client;
    let undone = ended(client, &place);
    let outcome = [&undone["state"], &undone["changed"], &undone["unchanged"], &undone["refused"]];
    assert_eq!(outcome, [&json!("done"), &json!(ROWS), &json!(0), &json!(0)], "{undone}");
    assert_eq!(export(client), as_it_was);
    assert_eq!(client.get("/api/v1/lists").expect(200).json["total"], 0);
    assert_eq!(state_of(client, &job), "done");
    served.stop();
    bench.run(&["check"], None).expect(0);
}
