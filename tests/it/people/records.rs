//! Users, departments and queues: made, changed, removed, refused.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

const MISSING: &str = "018f0000-0000-7000-8000-000000000000";

pub(crate) fn user(client: &Client, name: &str, role: &str, more: &Value) -> String {
    let mut body = json!({"email": format!("{name}@example.com"), "name": name, "role": role});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.post("/api/v1/users", &body).expect(201).id()
}

pub(crate) fn acting_as(client: &Client, user: &str, role: &str) -> Client {
    let body = json!({"role": role, "user_id": user});
    let made = client.post("/api/v1/tokens", &body).expect(201);
    client.with_token(made.json["token"].as_str().unwrap())
}

#[test]
fn records_are_made_changed_and_removed() {
    let server = TestServer::start();
    for (noun, body, patch) in [
        ("departments", json!({"name": "Sales"}), json!({"name": "Outbound"})),
        ("queues", json!({"name": "Support"}), json!({"name": "Help"})),
        (
            "users",
            json!({"email": "jane@example.com", "name": "Jane", "role": "agent"}),
            json!({"name": "Jane Doe", "disabled": true}),
        ),
    ] {
        let path = format!("/api/v1/{noun}");
        let made = server.post(&path, &body).expect(201);
        let own = format!("{path}/{}", made.id());
        assert_eq!(made.header("location"), Some(own.as_str()));
        let by = made.json["created_by"].as_str().unwrap();
        assert!(by.starts_with("token:"), "{noun} was made by {by}");
        let found = server.get(&own).expect(200);
        assert_eq!(found.json, made.json);
        assert_eq!(found.header("etag"), Some("\"1\""));
        let stale = [("if-match", "\"7\""), ("content-type", "application/json")];
        let refused = server.send("PATCH", &own, &stale, Some(patch.to_string().as_bytes()));
        assert_eq!(refused.expect(412).code(), "revision_conflict");
        let changed = server.patch(&own, &patch).expect(200);
        assert_eq!(changed.json["name"], patch["name"]);
        assert_eq!(changed.json["version"], 2);
        assert_eq!(changed.json["created_by"], made.json["created_by"], "{noun}");
        let listed = server.get(&path).expect(200).json;
        assert_eq!(listed["total"], 1, "{noun}");
        assert_eq!(listed[noun][0], changed.json);
        // What was answered may be sent back.
        server.patch(&own, &changed.json).expect(200);
        let unknown = server.patch(&own, &json!({"colour": "red"})).expect(422);
        assert_eq!(unknown.json["errors"][0]["pointer"], "/colour");
        server.delete(&own).expect(204);
        assert_eq!(server.get(&own).expect(404).code(), "not_found");
        assert_eq!(server.delete(&own).expect(404).code(), "not_found");
        assert_eq!(server.patch(&own, &patch).expect(404).code(), "not_found");
        server.get(&format!("{path}/nonsense")).expect(404);
    }
}

#[test]
fn what_does_not_fit_is_named_and_changes_nothing() {
    let server = TestServer::start();
    server.post("/api/v1/departments", &json!({"name": "Süd"})).expect(201);
    let taken = server.post("/api/v1/departments", &json!({"name": " sud "})).expect(409);
    assert_eq!(taken.code(), "name_taken");
    for (path, body, pointer) in [
        ("/api/v1/departments", json!({}), "/name"),
        ("/api/v1/departments", json!({"name": ""}), "/name"),
        ("/api/v1/departments", json!({"name": "a\u{7}b"}), "/name"),
        ("/api/v1/queues", json!({"name": 1}), "/name"),
        ("/api/v1/queues", json!({"name": "Q", "members": ["x"]}), "/members"),
        ("/api/v1/queues", json!({"name": "Q", "members": [MISSING]}), "/members/0"),
        ("/api/v1/users", json!({"name": "A", "role": "agent"}), "/email"),
        ("/api/v1/users", json!({"email": "nonsense", "name": "A", "role": "agent"}), "/email"),
        ("/api/v1/users", json!({"email": "a@b.c", "role": "agent"}), "/name"),
        ("/api/v1/users", json!({"email": "a@b.c", "name": "A"}), "/role"),
        ("/api/v1/users", json!({"email": "a@b.c", "name": "A", "role": "lookup"}), "/role"),
        (
            "/api/v1/users",
            json!({"email": "a@b.c", "name": "A", "role": "agent", "password": "short"}),
            "/password",
        ),
        (
            "/api/v1/users",
            json!({"email": "a@b.c", "name": "A", "role": "agent", "department_id": MISSING}),
            "/department_id",
        ),
    ] {
        let refused = server.post(path, &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    for noun in ["queues", "users"] {
        assert_eq!(server.get(&format!("/api/v1/{noun}")).expect(200).json["total"], 0);
    }
}

#[test]
fn members_come_and_go_and_a_department_with_people_stays() {
    let server = TestServer::start();
    let department = server.post("/api/v1/departments", &json!({"name": "Sales"})).expect(201).id();
    let jane = user(&server, "jane", "agent", &json!({"department_id": department}));
    let path = format!("/api/v1/departments/{department}");
    assert_eq!(server.delete(&path).expect(409).code(), "in_use");
    let queue = server.post("/api/v1/queues", &json!({"name": "Support"})).expect(201).id();
    let member = format!("/api/v1/queues/{queue}/members/{jane}");
    for _ in 0..2 {
        let joined = server.send("PUT", &member, &[], None).expect(200);
        assert_eq!(joined.json["members"], json!([jane]));
    }
    let nobody = format!("/api/v1/queues/{queue}/members/{MISSING}");
    server.send("PUT", &nobody, &[], None).expect(404);
    assert_eq!(server.delete(&member).expect(200).json["members"], json!([]));
    server.send("PUT", &member, &[], None).expect(200);
    server.delete(&format!("/api/v1/users/{jane}")).expect(204);
    let left = server.get(&format!("/api/v1/queues/{queue}")).expect(200);
    assert_eq!(left.json["members"], json!([]));
    server.delete(&path).expect(204);
}

#[test]
fn who_does_not_manage_people_sees_names_only() {
    let server = TestServer::start();
    let jane = user(&server, "jane", "agent", &json!({}));
    user(&server, "john", "admin", &json!({}));
    let agent = acting_as(&server, &jane, "agent");
    let listed = agent.get("/api/v1/users").expect(200).json;
    assert_eq!(listed["total"], 2);
    for shown in listed["users"].as_array().unwrap() {
        let is_own = shown["id"] == jane.as_str();
        assert_eq!(shown.get("email").is_some(), is_own, "{shown}");
        assert_eq!(shown.get("role").is_some(), is_own);
    }
    agent.post("/api/v1/departments", &json!({"name": "Mine"})).expect(403);
    let second = server.organization("second");
    assert_eq!(second.get("/api/v1/users").expect(200).json["total"], 0);
    second.get(&format!("/api/v1/users/{jane}")).expect(404);
    second.patch(&format!("/api/v1/users/{jane}"), &json!({"role": "admin"})).expect(404);
}

#[test]
fn a_manager_may_be_let_manage_the_agents_of_the_own_department_and_nobody_else() {
    let server = TestServer::start();
    let sales = server.post("/api/v1/departments", &json!({"name": "Sales"})).expect(201).id();
    let other = server.post("/api/v1/departments", &json!({"name": "Other"})).expect(201).id();
    let boss = user(&server, "boss", "manager", &json!({"department_id": sales}));
    let stranger = user(&server, "stranger", "agent", &json!({"department_id": other}));
    let admin = user(&server, "admin", "admin", &json!({}));
    let manager = acting_as(&server, &boss, "manager");
    manager.post("/api/v1/users", &json!({})).expect(403);
    let allowed = json!({"permissions": {"manager": {"manage_users": true}}});
    server.patch("/api/v1/settings", &allowed).expect(200);
    let mine = user(&manager, "mine", "agent", &json!({"department_id": sales}));
    for body in [
        json!({"email": "x@example.com", "name": "X", "role": "manager", "department_id": sales}),
        json!({"email": "x@example.com", "name": "X", "role": "admin"}),
        json!({"email": "x@example.com", "name": "X", "role": "agent", "department_id": other}),
        json!({"email": "x@example.com", "name": "X", "role": "agent"}),
    ] {
        assert_eq!(manager.post("/api/v1/users", &body).expect(403).code(), "forbidden");
    }
    for (id, patch) in [
        (&mine, json!({"role": "manager"})),
        (&mine, json!({"department_id": other})),
        (&stranger, json!({"department_id": sales})),
        (&admin, json!({"disabled": true})),
        (&boss, json!({"role": "admin"})),
    ] {
        manager.patch(&format!("/api/v1/users/{id}"), &patch).expect(403);
    }
    for body in [
        json!({"role": "admin"}),
        json!({"role": "machine", "scopes": ["admin"]}),
        json!({"role": "agent"}),
        json!({"role": "agent", "user_id": admin}),
        json!({"role": "agent", "user_id": stranger, "department_id": sales}),
        json!({"role": "lookup"}),
    ] {
        manager.post("/api/v1/tokens", &body).expect(403);
    }
    let own = json!({"role": "agent", "user_id": mine, "department_id": sales});
    manager.post("/api/v1/tokens", &own).expect(201);
    let forbidden = json!({"permissions": {"agent": {"manage_users": true}}});
    server.patch("/api/v1/settings", &forbidden).expect(422);
    let forbidden = json!({"permissions": {"manager": {"manage_settings": true}}});
    server.patch("/api/v1/settings", &forbidden).expect(422);
}
