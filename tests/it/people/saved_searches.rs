//! Saved searches: one's own and shared ones, who changes them, what does not fit.

use serde_json::{Value, json};

use super::records::{acting_as, user};
use crate::support::server::{Client, TestServer};

const PATH: &str = "/api/v1/saved-searches";

fn person(server: &Client, name: &str, role: &str) -> Client {
    let id = user(server, name, role, &json!({}));
    acting_as(server, &id, role)
}

fn names(client: &Client) -> Vec<String> {
    let listed = client.get(PATH).expect(200).json;
    let all = listed["saved_searches"].as_array().unwrap();
    assert_eq!(listed["total"], all.len());
    all.iter().map(|search| search["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_search_is_kept_changed_and_removed_and_survives_a_restart() {
    let server = TestServer::start();
    let body = json!({
        "name": "Hot leads", "q": "tag:vip", "sort": "-created_at", "columns": ["name", "phone"],
        "filter": {"field": "lead_score", "op": "gte", "value": 50},
    });
    let made = server.post(PATH, &body).expect(201);
    let own = format!("{PATH}/{}", made.id());
    assert_eq!(made.header("location"), Some(own.as_str()));
    for member in ["name", "q", "sort", "columns", "filter"] {
        assert_eq!(made.json[member], body[member], "{member}");
    }
    assert_eq!((&made.json["shared"], &made.json["editable"]), (&json!(false), &json!(true)));
    let found = server.get(&own).expect(200);
    assert_eq!((found.header("etag"), &found.json), (Some("\"1\""), &made.json));
    // What was answered may be sent back, and changes nothing.
    assert_eq!(server.patch(&own, &found.json).expect(200).json["version"], 1);
    let stale = [("if-match", "\"7\""), ("content-type", "application/json")];
    let refused = server.send("PATCH", &own, &stale, Some(b"{\"q\": \"x\"}"));
    assert_eq!(refused.expect(412).code(), "revision_conflict");
    let change = json!({"filter": null, "sort": null, "columns": null, "shared": true});
    let changed = server.patch(&own, &change).expect(200).json;
    assert_eq!((&changed["version"], &changed["shared"]), (&json!(2), &json!(true)));
    assert_eq!((&changed["filter"], &changed["columns"]), (&Value::Null, &json!([])));

    let server = server.restart();
    assert_eq!(server.get(&own).expect(200).json, changed);
    server.delete(&own).expect(204);
    assert_eq!(server.get(&own).expect(404).code(), "not_found");
    assert_eq!(server.delete(&own).expect(404).code(), "not_found");
    server.get(&format!("{PATH}/nonsense")).expect(404);
    let log = server.get(&format!("/api/v1/audit?record={}", made.id())).expect(200).json;
    let actions: Vec<&str> = log["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["saved_search.deleted", "saved_search.updated", "saved_search.created"]);
}

#[test]
fn private_ones_are_nobodys_business_and_shared_ones_are_changed_by_managers() {
    let server = TestServer::start();
    let anna = person(&server, "anna", "agent");
    let bert = person(&server, "bert", "agent");
    let boss = person(&server, "boss", "manager");
    let private = anna.post(PATH, &json!({"name": "Mine", "q": "doe"})).expect(201).id();
    let shared = anna.post(PATH, &json!({"name": "Ours", "shared": true})).expect(201).id();
    assert_eq!(names(&anna), ["Mine", "Ours"]);
    assert_eq!((names(&bert), names(&boss)), (vec!["Ours".to_owned()], vec!["Ours".to_owned()]));
    let (private, shared) = (format!("{PATH}/{private}"), format!("{PATH}/{shared}"));
    for other in [&bert, &boss, &*server] {
        other.get(&private).expect(404);
        other.patch(&private, &json!({"name": "x"})).expect(404);
        other.delete(&private).expect(404);
        other.get(&shared).expect(200);
    }
    assert_eq!(bert.get(&shared).json["editable"], false);
    assert_eq!(bert.patch(&shared, &json!({"name": "x"})).expect(403).code(), "forbidden");
    bert.delete(&shared).expect(403);
    boss.patch(&shared, &json!({"q": "tag:vip"})).expect(200);
    // Nobody else could share it again.
    boss.patch(&shared, &json!({"shared": false})).expect(403);
    anna.patch(&shared, &json!({"shared": false})).expect(200);
    boss.get(&shared).expect(404);
    anna.patch(&shared, &json!({"shared": true})).expect(200);
    boss.delete(&shared).expect(204);
    // The same person with another token is the same owner; another organisation sees nothing.
    let second = server.organization("second");
    second.get(&private).expect(404);
    second.patch(&private, &json!({"name": "x"})).expect(404);
    second.delete(&private).expect(404);
    assert!(names(&second).is_empty());
    second.post(PATH, &json!({"name": "Mine"})).expect(201);
    assert_eq!(names(&anna), ["Mine"]);
    server.role("lookup").get(PATH).expect(403);
}

#[test]
fn what_does_not_fit_is_named_and_names_are_unique_for_their_owner() {
    let server = TestServer::start();
    // An answer with a status, not a file that ends before it begins.
    for format in ["csv", "jsonl"] {
        let path = format!("/api/v1/contacts/export?format={format}&saved_search=nobodys");
        server.get(&path).expect(404);
    }
    let anna = person(&server, "anna", "agent");
    for (body, pointer, code) in [
        (json!({}), "/name", "required"),
        (json!({"name": null}), "/name", "required"),
        (json!({"name": " "}), "/name", "text"),
        (json!({"name": "x", "q": 5}), "/q", "type"),
        (json!({"name": "x", "q": "y".repeat(5000)}), "/q", "text"),
        (json!({"name": "x", "sort": "height"}), "/sort", "value"),
        (json!({"name": "x", "columns": "name"}), "/columns", "type"),
        (json!({"name": "x", "columns": vec!["a"; 51]}), "/columns", "too_many"),
        (json!({"name": "x", "shared": "yes"}), "/shared", "type"),
        (json!({"name": "x", "colour": "red"}), "/colour", "unknown_member"),
        (json!({"name": "x", "filter": []}), "/filter", "type"),
        (
            json!({"name": "x", "filter": {"all": [{"field": "compny", "value": "a"}]}}),
            "/filter/all/0/field",
            "unknown_field",
        ),
    ] {
        let refused = anna.post(PATH, &body).expect(422).json;
        let issue = &refused["errors"][0];
        assert_eq!((&issue["pointer"], &issue["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
    assert!(names(&anna).is_empty());
    let first = anna.post(PATH, &json!({"name": "Süd"})).expect(201).id();
    assert_eq!(anna.post(PATH, &json!({"name": " sud "})).expect(409).code(), "name_taken");
    let second = anna.post(PATH, &json!({"name": "Nord"})).expect(201).id();
    anna.patch(&format!("{PATH}/{second}"), &json!({"name": "SÜD"})).expect(409);
    anna.patch(&format!("{PATH}/{first}"), &json!({"name": "SÜD"})).expect(200);
    // Another one may have the name.
    person(&server, "bert", "agent").post(PATH, &json!({"name": "Süd"})).expect(201);
    for number in 2..200 {
        anna.post(PATH, &json!({"name": format!("n{number}")})).expect(201);
    }
    anna.post(PATH, &json!({"name": "one more"})).expect(403);
    anna.delete(&format!("{PATH}/{first}")).expect(204);
    anna.post(PATH, &json!({"name": "one more"})).expect(201);
}

#[test]
fn what_a_deleted_user_kept_for_themselves_goes_with_them() {
    let server = TestServer::start();
    let id = server.user("jane@example.com", "agent", "a long enough password");
    let jane = server.sign_in("jane@example.com", "a long enough password");
    for (name, shared) in [("Mine", false), ("Ours", true)] {
        let body = json!({"name": name, "q": "doe", "shared": shared});
        jane.post("/api/v1/saved-searches", &body).expect(201);
    }
    server.delete(&format!("/api/v1/users/{id}")).expect(204);
    let gone = server.get("/api/v1/audit?action=saved_search.deleted").expect(200).json;
    assert_eq!(gone["lines"].as_array().map(Vec::len), Some(1), "{gone}");
    let left = server.get("/api/v1/saved-searches").expect(200).json;
    assert_eq!(left["saved_searches"][0]["name"], "Ours", "{left}");
    assert_eq!(left["total"], 1);
}
