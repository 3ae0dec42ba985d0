//! The trash: what is deleted is listed, searched and restored, one contact or many.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

fn trash(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/contacts?deleted=true&refresh=wait&{query}")).expect(200).json
}

fn names(answer: &Value) -> Vec<&str> {
    let contacts = answer["contacts"].as_array().unwrap();
    contacts.iter().map(|contact| contact["display_name"].as_str().unwrap()).collect()
}

#[test]
fn the_trash_is_listed_searched_and_sorted_and_outlives_a_restart() {
    let mut server = TestServer::start();
    for (name, tag) in [("Ann First", "vip"), ("Bob Second", "vip"), ("Cid Third", "lead")] {
        let id = server.create_id(&json!({"name": name, "tags": [tag], "phone": "+12025550123"}));
        server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
    }
    let alive = server.create_id(&json!({"name": "Ann Alive", "tags": ["vip"]}));
    for _ in 0..2 {
        let all = trash(&server, "");
        assert_eq!(names(&all), ["Cid Third", "Bob Second", "Ann First"], "last deleted first");
        assert_eq!((&all["total"], &all["total_exact"]), (&json!(3), &json!(true)));
        assert!(all["contacts"][0]["deleted_at"].is_string(), "{all}");
        assert_eq!(names(&trash(&server, "sort=name")), ["Ann First", "Bob Second", "Cid Third"]);
        assert_eq!(names(&trash(&server, "q=ann")), ["Ann First"]);
        assert_eq!(names(&trash(&server, "tag=vip&sort=-name")), ["Bob Second", "Ann First"]);
        assert_eq!(names(&trash(&server, "q=2025550123&sort=name")).len(), 3);
        let first = trash(&server, "per_page=2");
        let next = first["next_cursor"].as_str().unwrap();
        assert_eq!(names(&trash(&server, &format!("cursor={next}"))), ["Ann First"]);
        let counted = trash(&server, "facets=tag");
        assert_eq!(counted["facets"]["tag"]["values"][0], json!({"value": "vip", "count": 2}));
        let body = json!({"deleted": true, "q": "bob", "refresh": "wait"});
        let searched = server.post("/api/v1/contacts/search", &body).expect(200).json;
        assert_eq!(names(&searched), ["Bob Second"]);
        // Nothing of it is found elsewhere.
        assert_eq!(names(&server.search("", "&refresh=wait").json), ["Ann Alive"]);
        assert_eq!(server.lookup("+12025550123", "")["count"], 0);
        server = server.restart();
    }
    let odd = server.get("/api/v1/contacts?deleted=perhaps").expect(422);
    assert_eq!(odd.json["errors"][0]["pointer"], "/deleted");

    let back = trash(&server, "q=bob")["contacts"][0]["id"].as_str().unwrap().to_owned();
    server.post(&format!("/api/v1/contacts/{back}/restore"), &json!({})).expect(200);
    assert_eq!(names(&trash(&server, "sort=name")), ["Ann First", "Cid Third"]);
    assert_eq!(server.search("", "&refresh=wait").json["total"], 2);
    let gone = trash(&server, "q=cid")["contacts"][0]["id"].as_str().unwrap().to_owned();
    server.delete(&format!("/api/v1/contacts/{gone}?permanent=true")).expect(204);
    assert_eq!(names(&trash(&server, "")), ["Ann First"]);
    server.delete(&format!("/api/v1/contacts/{alive}?permanent=true")).expect(204);
    assert_eq!(names(&trash(&server, "")), ["Ann First"]);
}

#[test]
fn many_contacts_are_restored_at_once() {
    let server = TestServer::start();
    for number in 0..30 {
        server.create(&json!({"name": format!("Lost {number}"), "tags": ["batch"]}));
    }
    server.create(&json!({"name": "Other"}));
    let deleted = server.bulk_action(&json!({"q": "tag:batch"}), &json!({"type": "delete"}));
    assert_eq!(deleted["changed"], 30, "{deleted}");
    let other = server.search("other", "&refresh=wait").json["contacts"][0]["id"].clone();
    server.delete(&format!("/api/v1/contacts/{}", other.as_str().unwrap())).expect(204);

    let request = json!({"select": {"q": "tag:batch"}, "action": {"type": "restore"},
        "dry_run": true});
    let trial = server.post("/api/v1/contacts/bulk-actions", &request).expect(200).json;
    assert_eq!((&trial["total"], trial["examples"].as_array().unwrap().len()), (&json!(30), 10));
    assert_eq!(trash(&server, "")["total"], 31, "a trial restores nobody");

    let restored = server.bulk_action(&json!({"q": "tag:batch"}), &json!({"type": "restore"}));
    assert_eq!((&restored["total"], &restored["changed"]), (&json!(30), &json!(30)));
    assert_eq!(server.search("tag:batch", "&refresh=wait").json["total"], 30);
    assert_eq!(names(&trash(&server, "")), ["Other"]);
    let known = server.search("lost", "").json["contacts"][0]["id"].clone();
    let ids = json!({"ids": [other, known, "018f0000-0000-7000-8000-000000000000"]});
    let mixed = server.bulk_action(&ids, &json!({"type": "restore"}));
    assert_eq!(
        (&mixed["changed"], &mixed["unchanged"], &mixed["refused"]),
        (&json!(1), &json!(1), &json!(1)),
        "{mixed}"
    );
    assert_eq!(trash(&server, "")["total"], 0);
}

#[test]
fn whose_number_is_taken_stays_in_the_trash_and_the_others_come_back() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    for (name, phone) in [("Ann", "+12025550123"), ("Bob", "+12025550124")] {
        let id = server.create_id(&json!({"name": name, "phone": phone}));
        server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
    }
    server.create(&json!({"name": "Has It Now", "phone": "+12025550123"}));
    let done = server.bulk_action(&json!({"all": true}), &json!({"type": "restore"}));
    assert_eq!((&done["changed"], &done["refused"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(done["refusals"][0]["code"], "phone_in_use", "{done}");
    assert_eq!(names(&trash(&server, "")), ["Ann"]);
}

#[test]
fn a_trash_shows_no_more_than_its_caller_saw_before() {
    let server = TestServer::start();
    let acting = |token: &Value| {
        let made = server.post("/api/v1/tokens", token).expect(201);
        server.with_token(made.json["token"].as_str().unwrap())
    };
    let agent = acting(&json!({"role": "agent"}));
    let dialler = acting(&json!({"role": "machine", "scopes": ["search", "read"]}));
    let hidden = json!({"name": "Hidden", "visibility": "owner", "assigned_to": server.owner()});
    let hidden = server.create_id(&hidden);
    let open = server.create_id(&json!({"name": "Open"}));
    for id in [&hidden, &open] {
        server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
    }
    let seen = trash(&agent, "");
    assert_eq!((names(&seen), &seen["total"]), (vec!["Open"], &json!(1)));
    assert_eq!(trash(&server, "")["total"], 2);
    // Who may not restore does not look through what was thrown away.
    dialler.get("/api/v1/contacts?per_page=1").expect(200);
    dialler.get("/api/v1/contacts?deleted=true").expect(403);
}

#[test]
fn what_was_merged_away_is_in_no_trash() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "Ann Smith", "phone": "+12025550123"}));
    let two = server.create_id(&json!({"name": "Ann Smith", "phone": "+12025550123"}));
    let body = json!({"primary": one, "others": [two]});
    server.post("/api/v1/contacts/merge", &body).expect(200);
    assert_eq!(trash(&server, "")["total"], 0);
    server.delete(&format!("/api/v1/contacts/{one}")).expect(204);
    assert_eq!(names(&trash(&server, "")), ["Ann Smith"]);
}
