//! The first user of a data directory.

use serde_json::{Value, json};

use super::PASSWORD;
use crate::support::server::TestServer;

fn body() -> Value {
    json!({"name": "Ada First", "email": "ada@example.com", "password": PASSWORD})
}

#[test]
fn who_runs_the_server_makes_the_first_admin() {
    let server = TestServer::start();
    let anyone = server.without_token();
    let needed = || anyone.get("/api/v1/setup").expect(200).json["needed"].clone();
    assert_eq!(needed(), json!(true));
    anyone.post("/api/v1/setup", &body()).expect(401);
    server.with_token("wrong").post("/api/v1/setup", &body()).expect(401);
    server.role("admin").post("/api/v1/setup", &body()).expect(403);
    for (body, pointer) in [
        (json!({"name": "A", "email": "a@b.com"}), "/password"),
        (json!({"name": "A", "email": "a@b.com", "password": "short"}), "/password"),
        (json!({"name": "A", "email": "nonsense", "password": PASSWORD}), "/email"),
        (json!({"email": "a@b.com", "password": PASSWORD}), "/name"),
        (json!({"name": "A", "email": "a@b.com", "password": PASSWORD, "role": "agent"}), "/role"),
    ] {
        let refused = server.post("/api/v1/setup", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(needed(), json!(true));
    let begun = server.post("/api/v1/setup", &body()).expect(201);
    let ada = server.with_session(&begun);
    let me = ada.get("/api/v1/me/permissions").expect(200).json;
    assert_eq!((&me["role"], &me["user_name"]), (&json!("admin"), &json!("Ada First")));
    assert_eq!(needed(), json!(false));
    assert_eq!(server.post("/api/v1/setup", &body()).expect(409).code(), "in_use");
    let server = server.restart();
    server.sign_in("ada@example.com", PASSWORD).get("/api/v1/tokens").expect(200);
}

#[test]
fn country_time_zone_and_language_are_set_with_the_first_user_or_not_at_all() {
    let server = TestServer::start();
    let with = |name: &str, value: &str| {
        let mut body = body();
        body[name] = json!(value);
        body
    };
    for (name, value) in [("default_country", "XX"), ("timezone", "Mars/Base"), ("language", "!")] {
        let refused = server.post("/api/v1/setup", &with(name, value)).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], format!("/{name}"), "{}", refused.json);
    }
    assert_eq!(server.get("/api/v1/users").expect(200).json["total"], 0);
    let mut whole = with("default_country", "de");
    whole["timezone"] = json!("Europe/Berlin");
    whole["language"] = json!("de-de");
    let begun = server.post("/api/v1/setup", &whole).expect(201);
    let ada = server.with_session(&begun);
    let settings = ada.get("/api/v1/settings").expect(200).json["settings"].clone();
    assert_eq!(settings["default_country"], "DE");
    assert_eq!(settings["timezone"], "Europe/Berlin");
    assert_eq!(settings["language"], "de-DE");
    assert_eq!(ada.get("/api/v1/me/permissions").expect(200).json["language"], "de-DE");
    let audit = ada.get("/api/v1/audit").expect(200).json.to_string();
    assert!(audit.contains("settings.updated") && audit.contains("Europe/Berlin"), "{audit}");
}

#[test]
fn of_many_at_once_one_is_the_first() {
    let server = TestServer::start();
    let threads: Vec<_> = (0..4)
        .map(|at| {
            let client = (*server).clone();
            std::thread::spawn(move || {
                let mut body = body();
                body["email"] = json!(format!("a{at}@example.com"));
                client.post("/api/v1/setup", &body).status
            })
        })
        .collect();
    let mut statuses: Vec<u16> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(server.get("/api/v1/users").expect(200).json["total"], 1);
}
