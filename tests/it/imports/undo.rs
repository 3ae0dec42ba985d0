//! Taking an import back.

use serde_json::{Value, json};

use super::import;
use crate::support::server::{Client, TestServer};

const LIST: &str = "Name,Phone,Title,cf.tier\n\
    Ada Byron,+12025550110,CEO,gold\n\
    Ben New,+12025550111,CFO,\n\
    Cleo New,+12025550112,,\n\
    Dora New,+12025550113,,\n";

fn undo(client: &Client, job: &Value) -> Value {
    let path = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    let started = client.post(&path, &json!({})).expect(202);
    let place = started.header("location").unwrap().to_owned();
    loop {
        let state = client.get(&place).expect(200).json;
        if !state["finished_at"].is_null() {
            return state;
        }
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
