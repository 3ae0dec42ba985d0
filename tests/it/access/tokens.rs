//! Tokens: what they say of themselves, when they are taken, and who may make which.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::PASSWORD;
use crate::support::server::{Client, TestServer};

/// Makes a token and gives a client that has it and its id.
#[track_caller]
fn token(by: &Client, body: &Value) -> (Client, String) {
    let made = by.post("/api/v1/tokens", body).expect(201);
    (by.without_token().with_token(made.json["token"].as_str().unwrap()), made.id())
}

#[test]
fn a_secret_is_shown_once() {
    let server = TestServer::start();
    let body = json!({"role": "machine", "scopes": ["read", "export"], "name": "BI"});
    let (client, id) = token(&server, &body);
    client.get("/api/v1/contacts").expect(200);
    client.get("/api/v1/contacts/export").expect(200);
    client.post("/api/v1/contacts", &json!({"name": "x"})).expect(403);
    for path in ["/api/v1/tokens".to_owned(), format!("/api/v1/tokens/{id}")] {
        let shown = server.get(&path).expect(200);
        let text = String::from_utf8_lossy(&shown.body).into_owned();
        assert!(text.contains("\"BI\"") && !text.contains(client.token()), "{text}");
        assert!(!text.contains("\"token\""), "{text}");
    }
    let audit = server.get("/api/v1/audit").expect(200);
    assert!(!String::from_utf8_lossy(&audit.body).contains(client.token()));
    server.delete(&format!("/api/v1/tokens/{id}")).expect(204);
    assert_eq!(client.get("/api/v1/contacts").expect(401).code(), "unauthorized");
    server.delete(&format!("/api/v1/tokens/{id}")).expect(404);
}

#[test]
fn a_request_that_is_sent_again_makes_no_second_token_and_shows_no_secret() {
    let server = TestServer::start();
    let body = json!({"role": "lookup", "name": "3CX"});
    let send = |client: &Client, key: &str, body: &Value| {
        client.json("POST", "/api/v1/tokens", &[("idempotency-key", key)], body)
    };
    let made = send(&server, "once", &body).expect(201);
    let again = send(&server, "once", &body).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.json["token"], Value::Null, "it is kept nowhere");
    assert_eq!((again.id(), &again.json["name"]), (made.id(), &json!("3CX")));
    let all = server.get("/api/v1/tokens").expect(200).json;
    let named = all["tokens"].as_array().unwrap().iter().filter(|one| one["name"] == "3CX");
    assert_eq!(named.count(), 1, "{all}");
    let other = send(&server, "once", &json!({"role": "lookup"})).expect(422);
    assert_eq!(other.code(), "idempotency_mismatch");
    // Somebody else's key is another one.
    let (admin, _) = token(&server, &json!({"role": "admin"}));
    assert!(send(&admin, "once", &body).expect(201).json["token"].is_string());
    // Who has not got the secret takes the token away and makes another.
    server.delete(&format!("/api/v1/tokens/{}", made.id())).expect(204);
    send(&server, "once", &body).expect(404);
    assert!(send(&server, "anew", &body).expect(201).json["token"].is_string());
}

#[test]
fn a_token_ends_when_it_was_said() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let end = clock.now().plus_ms(60_000).to_string();
    let (client, id) = token(&server, &json!({"role": "agent", "expires_at": end}));
    clock.advance_ms(59_999);
    client.get("/api/v1/contacts").expect(200);
    clock.advance_ms(1);
    let ended = client.get("/api/v1/contacts").expect(401);
    assert_eq!(ended.code(), "token_expired");
    assert_eq!(ended.header("www-authenticate"), Some("Bearer"));
    assert_eq!(server.get(&format!("/api/v1/tokens/{id}")).expect(200).json["expires_at"], end);
    let past = json!({"role": "agent", "expires_at": "2020-01-01T00:00:00Z"});
    let refused = server.post("/api/v1/tokens", &past).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/expires_at");
}

#[test]
fn a_token_is_taken_from_its_networks_only() {
    let server = TestServer::with(|options| {
        options.trusted_proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    });
    let body = json!({"role": "agent", "addresses": ["203.0.113.0/24", "2001:db8::1"]});
    let (client, _) = token(&server, &body);
    let from = |address: &str| {
        client.send("GET", "/api/v1/contacts", &[("x-forwarded-for", address)], None).status
    };
    for address in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1"] {
        assert_eq!(from(address), 200, "{address}");
    }
    for address in ["203.0.114.7", "2001:db8::2", "203.0.113.7, 198.51.100.1"] {
        assert_eq!(from(address), 401, "{address}");
    }
    client.get("/api/v1/contacts").expect(401);
    for wrong in ["nonsense", "203.0.113.0/33", ""] {
        let body = json!({"role": "agent", "addresses": [wrong]});
        server.post("/api/v1/tokens", &body).expect(422);
    }
}

#[test]
fn a_url_carries_only_tokens_that_read_and_were_made_for_it() {
    let server = TestServer::start();
    server.create(&json!({"name": "Jane", "phone": "+12025550123"}));
    let body = json!({"role": "machine", "scopes": ["lookup", "read"], "in_url": true});
    let (client, _) = token(&server, &body);
    let anyone = server.without_token();
    let url = |path: &str, token: &str| {
        format!("{path}{}token={token}", if path.contains('?') { "&" } else { "?" })
    };
    anyone.get(&url("/api/v1/lookup?number=%2B12025550123", client.token())).expect(200);
    anyone.get(&url("/api/v1/contacts", client.token())).expect(200);
    client.get("/api/v1/contacts").expect(200);
    let (header_only, _) = token(&server, &json!({"role": "lookup"}));
    let refused = anyone.get(&url("/api/v1/lookup?number=1", header_only.token())).expect(401);
    assert_eq!(refused.code(), "unauthorized");
    anyone.get(&url("/api/v1/lookup?number=1", "wrong")).expect(401);
    // Not even where it would be allowed to write, and never for anything but reading.
    for (method, path) in [("POST", "/api/v1/contacts"), ("POST", "/api/v1/lookup/batch")] {
        anyone.json(method, &url(path, client.token()), &[], &json!({"numbers": []})).expect(401);
    }
    for body in [
        json!({"role": "agent", "in_url": true}),
        json!({"role": "admin", "in_url": true}),
        json!({"role": "machine", "scopes": ["read", "write"], "in_url": true}),
        json!({"role": "machine", "scopes": ["export"], "in_url": true}),
        json!({"role": "machine", "scopes": ["admin"], "in_url": true}),
    ] {
        let refused = server.post("/api/v1/tokens", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/in_url", "{body}");
    }
}

#[test]
fn nobody_gives_more_than_they_have() {
    let server = TestServer::start();
    let department = server.post("/api/v1/departments", &json!({"name": "Sales"})).expect(201).id();
    let other = server.post("/api/v1/departments", &json!({"name": "Support"})).expect(201).id();
    let settings = json!({"permissions": {"preset": "default", "manager": {"manage_users": true}}});
    server.patch("/api/v1/settings", &settings).expect(200);
    let user = |email: &str, role: &str, department: &str| {
        let body = json!({"email": email, "name": email, "role": role, "password": PASSWORD,
            "department_id": department});
        server.post("/api/v1/users", &body).expect(201).id()
    };
    user("boss@example.com", "manager", &department);
    let agent_id = user("agent@example.com", "agent", &department);
    let admin_id = user("admin@example.com", "admin", &department);
    let foreign_id = user("foreign@example.com", "agent", &other);
    let agent = server.sign_in("agent@example.com", PASSWORD);
    let boss = server.sign_in("boss@example.com", PASSWORD);

    for body in [json!({"role": "lookup"}), json!({"role": "agent"}), json!({"role": "admin"})] {
        agent.post("/api/v1/tokens", &body).expect(403);
    }
    agent.get("/api/v1/tokens").expect(403);
    let new = |role: &str, department: Option<&str>| {
        json!({"email": "new@example.com", "name": "N", "role": role, "password": PASSWORD,
            "department_id": department})
    };
    agent.post("/api/v1/users", &new("agent", Some(&department))).expect(403);
    let own = format!("/api/v1/users/{agent_id}");
    for body in [json!({"role": "admin"}), json!({"department_id": null}), json!({"name": "x"})] {
        agent.patch(&own, &body).expect(403);
    }

    for body in [
        json!({"role": "admin"}),
        json!({"role": "manager", "department_id": department}),
        json!({"role": "machine", "scopes": ["admin"], "department_id": department}),
        json!({"role": "machine", "scopes": ["read"]}),
        json!({"role": "machine", "scopes": ["read"], "department_id": other}),
        json!({"role": "agent", "department_id": department, "user_id": admin_id}),
        json!({"role": "agent", "department_id": department, "user_id": foreign_id}),
    ] {
        boss.post("/api/v1/tokens", &body).expect(403);
    }
    boss.post("/api/v1/tokens", &json!({"role": "agent", "organization": "second"})).expect(404);
    token(&server, &json!({"role": "agent"}));
    let body = json!({"role": "machine", "scopes": ["read"], "department_id": department});
    boss.post("/api/v1/tokens", &body).expect(201);
    for body in [new("admin", Some(&department)), new("manager", Some(&department))] {
        boss.post("/api/v1/users", &body).expect(403);
    }
    boss.post("/api/v1/users", &new("agent", None)).expect(403);
    boss.post("/api/v1/users", &new("agent", Some(&other))).expect(403);
    boss.patch(&own, &json!({"role": "manager"})).expect(403);
    boss.patch(&own, &json!({"department_id": other})).expect(403);
    for id in [&admin_id, &foreign_id] {
        let path = format!("/api/v1/users/{id}");
        boss.patch(&path, &json!({"password": PASSWORD})).expect(403);
        boss.patch(&path, &json!({"subject": "mine"})).expect(403);
        boss.delete(&path).expect(403);
    }
    boss.patch(&own, &json!({"name": "Agent"})).expect(200);
    boss.patch("/api/v1/settings", &json!({})).expect(403);

    // What agents may do and this manager may not, the manager cannot get through an agent.
    let settings = json!({"permissions": {"preset": "default", "agent": {"export": true},
        "manager": {"manage_users": true, "export": false}}});
    server.patch("/api/v1/settings", &settings).expect(200);
    boss.post("/api/v1/users", &new("agent", Some(&department))).expect(403);
    boss.patch(&own, &json!({"password": PASSWORD})).expect(403);
    boss.post("/api/v1/tokens", &json!({"role": "agent", "department_id": department})).expect(403);
}

#[test]
fn a_token_of_a_user_has_at_most_what_both_have() {
    let server = TestServer::start();
    let id = server.user("jane@example.com", "agent", PASSWORD);
    let (client, _) = token(&server, &json!({"role": "admin", "user_id": id}));
    assert_eq!(client.get("/api/v1/me/permissions").expect(200).json["role"], "agent");
    client.get("/api/v1/tokens").expect(403);
    let scoped = json!({"role": "machine", "scopes": ["lookup"], "user_id": id});
    let (client, _) = token(&server, &scoped);
    client.get("/api/v1/lookup?number=1").expect(200);
    client.get("/api/v1/contacts").expect(403);
}

#[test]
fn the_last_admin_and_the_last_operator_stay() {
    let server = TestServer::start();
    let first = server.user("ada@example.com", "admin", PASSWORD);
    let path = format!("/api/v1/users/{first}");
    for body in [json!({"role": "agent"}), json!({"disabled": true})] {
        assert_eq!(server.patch(&path, &body).expect(409).code(), "in_use");
    }
    assert_eq!(server.delete(&path).expect(409).code(), "in_use");
    let second = server.user("bea@example.com", "admin", PASSWORD);
    server.delete(&path).expect(204);
    server.delete(&format!("/api/v1/users/{second}")).expect(409);
    let tokens = server.get("/api/v1/tokens").expect(200).json;
    let all = tokens["tokens"].as_array().unwrap();
    let operator = all.iter().find(|token| token["operator"] == true).unwrap();
    let path = format!("/api/v1/tokens/{}", operator["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).expect(409).code(), "in_use");
    server.role("admin").delete(&path).expect(403);
    server.get("/api/v1/tokens").expect(200);
}

#[test]
fn name_networks_and_end_of_a_token_can_be_changed() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let (client, id) = token(&server, &json!({"role": "agent", "name": "old"}));
    let path = format!("/api/v1/tokens/{id}");
    let end = clock.now().plus_ms(60_000).to_string();
    let patch = json!({"name": "new", "expires_at": end, "addresses": ["203.0.113.7"]});
    let changed = server.patch(&path, &patch).expect(200).json;
    assert_eq!(changed["addresses"], json!(["203.0.113.7/32"]));
    assert_eq!(server.get(&path).expect(200).json, changed);
    let audit = server.get("/api/v1/audit?action=token.updated").expect(200).json;
    assert!(audit.to_string().contains("\"old\""), "{audit}");
    clock.advance_ms(60_000);
    assert_eq!(client.get("/api/v1/contacts").expect(401).code(), "token_expired");
    // One that has ended stays so.
    for patch in [json!({"name": null}), json!({"expires_at": null}), json!({"addresses": null})] {
        let refused = server.patch(&path, &patch).expect(422);
        assert_eq!(refused.json["errors"][0]["code"], "ended", "{patch}");
    }
    assert_eq!(server.get(&path).expect(200).json, changed);
    assert_eq!(client.get("/api/v1/contacts").expect(401).code(), "token_expired");
    let (client, id) = token(&server, &json!({"role": "agent", "name": "old", "expires_at": null}));
    let path = format!("/api/v1/tokens/{id}");
    let later = clock.now().plus_ms(60_000).to_string();
    let patch = json!({"expires_at": later, "addresses": ["203.0.113.7"]});
    server.patch(&path, &patch).expect(200);
    let endless = server
        .patch(&path, &json!({"expires_at": null, "addresses": null, "name": null}))
        .expect(200);
    assert_eq!((&endless.json["expires_at"], &endless.json["name"]), (&Value::Null, &Value::Null));
    client.get("/api/v1/contacts").expect(200);
    for wrong in [
        json!({"role": "admin"}),
        json!({"scopes": ["admin"]}),
        json!({"in_url": true}),
        json!({"addresses": ["nowhere"]}),
        json!({"expires_at": "2020-01-01T00:00:00Z"}),
        json!([]),
    ] {
        server.patch(&path, &wrong).expect(422);
    }
    // Who runs the server cannot be locked out.
    let tokens = server.get("/api/v1/tokens").expect(200).json;
    let all = tokens["tokens"].as_array().unwrap();
    let own = all.iter().find(|token| token["operator"] == true).unwrap()["id"].as_str().unwrap();
    let own = format!("/api/v1/tokens/{own}");
    let later = clock.now().plus_ms(60_000).to_string();
    server.patch(&own, &json!({"expires_at": later})).expect(409);
    server.patch(&own, &json!({"name": "mine"})).expect(200);
    server.role("admin").patch(&own, &json!({"name": "theirs"})).expect(403);
}

#[test]
fn a_token_gives_no_more_than_its_own_networks_and_end() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let at = |ms: i64| clock.now().plus_ms(ms).to_string();
    let body = json!({"role": "machine", "scopes": ["admin"], "expires_at": at(60_000),
        "addresses": ["127.0.0.0/8", "203.0.113.0/24"]});
    let (limited, id) = token(&server, &body);
    let own = format!("/api/v1/tokens/{id}");
    let (_, other) = token(&server, &json!({"role": "agent", "addresses": ["203.0.113.0/25"]}));
    let other = format!("/api/v1/tokens/{other}");
    let refused = |answer: crate::support::server::Answer, pointer: &str| {
        let issue = answer.expect(422).json["errors"][0].clone();
        assert_eq!((&issue["pointer"], &issue["code"]), (&json!(pointer), &json!("beyond_own")));
    };
    let before = server.get(&own).expect(200).json;
    for addresses in [json!(null), json!([]), json!(["0.0.0.0/0"]), json!(["127.0.0.1", "::1"])] {
        refused(limited.patch(&own, &json!({"addresses": addresses})), "/addresses");
        let new = json!({"role": "lookup", "expires_at": at(1_000), "addresses": addresses});
        refused(limited.post("/api/v1/tokens", &new), "/addresses");
        refused(limited.patch(&other, &json!({"addresses": addresses})), "/addresses");
    }
    for end in [json!(null), json!(at(60_001))] {
        refused(limited.patch(&own, &json!({"expires_at": end})), "/expires_at");
        let new = json!({"role": "lookup", "expires_at": end, "addresses": ["127.0.0.1"]});
        refused(limited.post("/api/v1/tokens", &new), "/expires_at");
    }
    limited.patch(&own, &json!({"in_url": true})).expect(422);
    assert_eq!(server.get(&own).expect(200).json, before);

    // Within them it does as it likes, and what narrows others gives nothing.
    let new = json!({"role": "lookup", "expires_at": at(60_000), "addresses": ["127.0.0.1"]});
    limited.post("/api/v1/tokens", &new).expect(201);
    limited.patch(&other, &json!({"name": "theirs"})).expect(200);
    limited.patch(&other, &json!({"expires_at": at(90_000)})).expect(200);
    limited.patch(&other, &json!({"addresses": ["203.0.113.0/24"]})).expect(200);
    let narrower = json!({"expires_at": at(30_000), "addresses": ["127.0.0.1"], "name": "mine"});
    limited.patch(&own, &narrower).expect(200);
    refused(limited.patch(&own, &json!({"expires_at": at(60_000)})), "/expires_at");
    refused(limited.patch(&own, &json!({"addresses": ["127.0.0.0/8"]})), "/addresses");

    // People who have signed in have no such limits.
    server.user("ada@example.com", "admin", PASSWORD);
    let ada = server.sign_in("ada@example.com", PASSWORD);
    ada.patch(&own, &json!({"expires_at": null, "addresses": null})).expect(200);
    limited.post("/api/v1/tokens", &json!({"role": "lookup"})).expect(201);
}
