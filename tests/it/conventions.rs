//! What holds for every noun alike: lists, keys of requests, tags of versions, empty bodies.

use serde_json::{Value, json};

use crate::support::server::TestServer;

#[test]
fn every_list_has_the_same_members() {
    let server = TestServer::start();
    for (noun, known) in [
        ("departments", "departments"),
        ("queues", "queues"),
        ("users", "users"),
        ("tokens", "tokens"),
        ("organizations", "organizations"),
        ("custom-fields", "custom_fields"),
        ("saved-searches", "saved_searches"),
        ("duplicates/runs", "runs"),
        ("duplicates/auto-merges", "runs"),
        ("imports", "items"),
        ("jobs", "items"),
        ("tags", "items"),
        ("tasks", "items"),
        ("lists", "items"),
    ] {
        let list = server.get(&format!("/api/v1/{noun}")).expect(200).json;
        for member in ["total", "total_exact", "page", "per_page", "next_cursor", "items"] {
            assert!(list.get(member).is_some(), "{noun} has no {member}: {list}");
        }
        assert_eq!(list["items"], list[known], "{noun}");
        let count = list["items"].as_array().unwrap().len();
        assert_eq!(list["total"], count, "{noun}");
    }
    for (noun, known) in [("audit", "lines"), ("merges", "merges")] {
        let list = server.get(&format!("/api/v1/{noun}")).expect(200).json;
        assert!(list["items"].is_array(), "{noun}: {list}");
        assert_eq!(list["items"], list[known], "{noun}");
    }
}

#[test]
fn a_list_that_is_read_as_a_whole_can_be_read_page_by_page() {
    let server = TestServer::start();
    for name in ["Ann", "Bob", "Cid"] {
        server.post("/api/v1/departments", &json!({"name": name})).expect(201);
    }
    let names = |query: &str| -> Vec<Value> {
        let list = server.get(&format!("/api/v1/departments{query}")).expect(200).json;
        assert_eq!((&list["total"], &list["items"]), (&json!(3), &list["departments"]), "{list}");
        list["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect()
    };
    assert_eq!(names(""), ["Ann", "Bob", "Cid"]);
    assert_eq!(names("?per_page=2"), ["Ann", "Bob"]);
    assert_eq!(names("?per_page=2&page=2"), ["Cid"]);
    assert!(names("?per_page=2&page=9").is_empty());
    for wrong in ["page=0", "per_page=0", "per_page=1001", "page=x"] {
        server.get(&format!("/api/v1/departments?{wrong}")).expect(422);
    }
}

#[test]
fn a_key_of_a_request_makes_repeating_harmless_for_every_noun() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    for (noun, body) in [
        ("departments", json!({"name": "Sales"})),
        ("queues", json!({"name": "Support"})),
        ("users", json!({"name": "Zoe", "email": "zoe@example.com", "role": "agent"})),
        ("saved-searches", json!({"name": "Mine", "q": "ann"})),
        ("custom-fields", json!({"key": "colour", "label": "Colour", "type": "text"})),
        ("notes", json!({"text": "hello", "contact_id": contact})),
        ("lists", json!({"name": "Hot", "kind": "static"})),
    ] {
        let path = format!("/api/v1/{noun}");
        let key = format!("key-of-{noun}");
        let send = |body: &Value| server.json("POST", &path, &[("idempotency-key", &key)], body);
        let first = send(&body).expect(201);
        let again = send(&body);
        assert!(matches!(again.status, 200 | 201), "{noun}: {}", again.json);
        assert_eq!(again.json["id"], first.json["id"], "{noun}");
        let mut other = body.clone();
        other["name"] = json!("Other");
        assert_eq!(send(&other).expect(422).code(), "idempotency_mismatch", "{noun}");
    }
}

#[test]
fn who_has_a_version_already_gets_no_body() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    for (noun, body) in [
        ("contacts", json!({"name": "Bob"})),
        ("notes", json!({"text": "hello", "contact_id": contact})),
        ("companies", json!({"name": "Acme"})),
        ("queues", json!({"name": "Support"})),
        ("saved-searches", json!({"name": "Mine", "q": "ann"})),
    ] {
        let made = server.post(&format!("/api/v1/{noun}"), &body).expect(201);
        let path = format!("/api/v1/{noun}/{}", made.id());
        let read = server.get(&path).expect(200);
        let etag = read.header("etag").unwrap().to_owned();
        let ask = |tag: &str| server.send("GET", &path, &[("if-none-match", tag)], None);
        for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let known = ask(&tag).expect(304);
            assert!(known.body.is_empty(), "{noun} {tag}");
            assert_eq!(known.header("etag"), Some(etag.as_str()), "{noun}");
        }
        let changed = ask("\"999\"").expect(200);
        assert_eq!(changed.json, read.json, "{noun}");
    }
}

#[test]
fn every_read_says_how_long_it_took() {
    let server = TestServer::start();
    for path in [
        "contacts",
        "notes",
        "tags",
        "lists",
        "jobs",
        "health",
        "settings",
        "changes",
        "suggest?q=a",
        "lookup?number=1",
        "duplicates",
        "users",
    ] {
        let read = server.get(&format!("/api/v1/{path}")).expect(200);
        let timing = read.header("server-timing").unwrap_or_default();
        assert!(timing.contains(";dur="), "{path}: {timing:?}");
    }
}

#[test]
fn where_nothing_need_be_said_no_body_is_needed() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "Ann", "phone": "+12025550123"}));
    let other = server.create_id(&json!({"name": "Ann", "phone": "+12025550124"}));
    let found = server.send("POST", "/api/v1/contacts/search?", &[], None).expect(200);
    assert_eq!(found.json["total"], 2, "{}", found.json);
    server.send("POST", "/api/v1/exports", &[], None).expect(202);
    let merge = json!({"primary": one, "others": [other]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    let undo = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.send("POST", &undo, &[], None).expect(200);
    server.get(&format!("/api/v1/contacts/{other}")).expect(200);
    // What must be said is still asked for.
    server.send("POST", "/api/v1/contacts/merge", &[], None).expect(400);
}

#[test]
fn what_has_no_versions_is_changed_only_as_it_was_read() {
    let server = TestServer::start();
    let token =
        server.post("/api/v1/tokens", &json!({"role": "lookup", "name": "one"})).expect(201);
    let path = format!("/api/v1/tokens/{}", token.id());
    for (path, change) in [
        (path.as_str(), json!({"name": "two"})),
        ("/api/v1/settings", json!({"default_country": "DE"})),
    ] {
        let read = server.get(path).expect(200);
        let etag = read.header("etag").unwrap().to_owned();
        let known = server.send("GET", path, &[("if-none-match", &etag)], None).expect(304);
        assert!(known.body.is_empty());
        let send = |etag: &str| server.json("PATCH", path, &[("if-match", etag)], &change);
        assert_eq!(send("\"0\"").expect(412).code(), "revision_conflict", "{path}");
        assert_eq!(server.get(path).json, read.json, "{path}");
        let changed = send(&format!("\"0\", {etag}")).expect(200);
        assert_ne!(changed.header("etag"), Some(etag.as_str()), "{path}");
        assert_eq!(changed.header("etag"), server.get(path).header("etag"), "{path}");
        send(&etag).expect(412);
        send("*").expect(200);
    }
    server.send("DELETE", &path, &[("if-match", "\"0\"")], None).expect(412);
    server.delete(&path).expect(204);
}
