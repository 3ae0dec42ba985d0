//! Sessions: what a cookie is good for, and when it ends.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::{OTHER, PASSWORD};
use crate::support::server::{Answer, TestServer};

const START: Timestamp = Timestamp(1_700_000_000_000);
const MINUTE: i64 = 60_000;

/// The attributes of the cookie that an answer sets.
fn attributes(answer: &Answer) -> Vec<String> {
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split("; ").skip(1).map(str::to_owned).collect()
}

#[test]
fn a_session_reads_by_its_cookie_and_writes_only_with_what_goes_with_it() {
    let server = TestServer::start();
    let id = server.user("jane@example.com", "agent", PASSWORD);
    let begun = server.try_sign_in(" Jane@Example.COM ", PASSWORD).expect(201);
    assert_eq!(begun.json["user_id"], id.as_str());
    let mut attributes = attributes(&begun);
    attributes.sort();
    assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]);
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let jane = server.with_session(&begun);
    let secret = jane.cookie().split_once('=').unwrap().1.to_owned();
    assert!(secret.len() > 40 && !String::from_utf8_lossy(&begun.body).contains(&secret));

    let found = jane.get("/api/v1/session").expect(200).json;
    assert_eq!(found["csrf_token"], begun.json["csrf_token"]);
    assert_eq!(found["expires_at"], begun.json["expires_at"]);
    let me = jane.get("/api/v1/me/permissions").expect(200).json;
    assert_eq!((&me["role"], &me["user_id"]), (&json!("agent"), &json!(id)));
    assert_eq!(me["session"]["csrf_token"], begun.json["csrf_token"]);
    let by_token = server.send("GET", "/api/v1/me/permissions", &[("cookie", jane.cookie())], None);
    assert_eq!(by_token.expect(200).json["session"], Value::Null, "a token says who asks");

    let body = json!({"name": "Made By Session"});
    let path = "/api/v1/contacts";
    let anyone = server.without_token();
    let cookie = ("cookie", jane.cookie());
    assert_eq!(anyone.json("POST", path, &[cookie], &body).expect(403).code(), "csrf_missing");
    for wrong in ["", "x", &secret, &found["csrf_token"].as_str().unwrap()[1..]] {
        let headers = [cookie, ("x-csrf-token", wrong)];
        assert_eq!(anyone.json("POST", path, &headers, &body).expect(403).code(), "csrf_missing");
    }
    for (header, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        jane.json("POST", path, &[(header, value)], &body).expect(403);
    }
    let own = server.base_url().to_owned();
    jane.json("POST", path, &[("origin", &own)], &body).expect(201);
    jane.get("/api/v1/contacts").expect(200);
    let entries = server.get("/api/v1/audit?action=session.signed_in").expect(200).json;
    assert!(entries.to_string().contains(&id), "{entries}");
}

#[test]
fn signing_in_is_only_for_the_own_page() {
    let server = TestServer::start();
    server.user("jane@example.com", "agent", PASSWORD);
    let body = json!({"email": "jane@example.com", "password": PASSWORD});
    let anyone = server.without_token();
    for (header, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        anyone.json("POST", "/api/v1/session", &[(header, value)], &body).expect(403);
    }
    for body in
        [json!({}), json!({"email": "jane@example.com"}), json!({"email": 1, "password": 2})]
    {
        anyone.post("/api/v1/session", &body).expect(422);
    }
    anyone.get("/api/v1/session").expect(401);
}

#[test]
fn nobody_learns_from_a_refusal_who_exists() {
    let server = TestServer::start();
    server.user("jane@example.com", "agent", PASSWORD);
    let gone = server.user("gone@example.com", "agent", PASSWORD);
    server.patch(&format!("/api/v1/users/{gone}"), &json!({"disabled": true})).expect(200);
    let body = json!({"email": "sso@example.com", "name": "No Password", "role": "agent"});
    server.post("/api/v1/users", &body).expect(201);
    let refused = [
        server.try_sign_in("jane@example.com", "not the password"),
        server.try_sign_in("nobody@example.com", PASSWORD),
        server.try_sign_in("gone@example.com", PASSWORD),
        server.try_sign_in("sso@example.com", ""),
        server.try_sign_in("", ""),
    ];
    for answer in &refused {
        assert_eq!((answer.status, &answer.body), (401, &refused[0].body));
        assert_eq!(answer.code(), "sign_in_refused");
        assert!(answer.header("set-cookie").is_none());
    }
}

#[test]
fn five_failures_lock_a_name_whether_it_exists_or_not() {
    let clock = Clock::fixed(START);
    let server = TestServer::at(&clock);
    server.user("jane@example.com", "agent", PASSWORD);
    let long = format!("{}@example.com", "x".repeat(100_000));
    for name in ["jane@example.com", "nobody@example.com", &long] {
        for _ in 0..5 {
            server.try_sign_in(name, "wrong").expect(401);
        }
        let locked = server.try_sign_in(name, PASSWORD).expect(429);
        assert_eq!(locked.code(), "sign_in_locked");
        assert_eq!(locked.header("retry-after"), Some("900"), "{name:.30}");
    }
    server.try_sign_in("JANE@example.com ", PASSWORD).expect(429);
    clock.advance_ms(14 * MINUTE);
    let locked = server.try_sign_in("jane@example.com", PASSWORD).expect(429);
    assert_eq!(locked.header("retry-after"), Some("60"));
    clock.advance_ms(MINUTE);
    // Being right forgives the failures before it.
    for _ in 0..3 {
        for _ in 0..4 {
            server.try_sign_in("jane@example.com", "wrong").expect(401);
        }
        server.try_sign_in("jane@example.com", PASSWORD).expect(201);
    }
}

#[test]
fn a_new_password_ends_all_sessions() {
    let clock = Clock::fixed(START);
    let server = TestServer::at(&clock);
    server.user("jane@example.com", "agent", PASSWORD);
    let (first, second) = (
        server.sign_in("jane@example.com", PASSWORD),
        server.sign_in("jane@example.com", PASSWORD),
    );
    let change = |present: &str, new: &str| {
        first.post("/api/v1/me/password", &json!({"password": present, "new_password": new}))
    };
    assert_eq!(change("wrong", OTHER).expect(401).code(), "sign_in_refused");
    for weak in ["short", "aaaaaaaaaaaaaaaaaa", &"x".repeat(2_000)] {
        let refused = change(PASSWORD, weak).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/new_password");
    }
    first.get("/api/v1/session").expect(200);
    let changed = change(PASSWORD, OTHER).expect(204);
    assert!(attributes(&changed).contains(&"Max-Age=0".to_owned()));
    for ended in [&first, &second] {
        assert_eq!(ended.get("/api/v1/contacts").expect(401).code(), "unauthorized");
    }
    server.try_sign_in("jane@example.com", PASSWORD).expect(401);
    let third = server.sign_in("jane@example.com", OTHER);
    // Guessing the present password is limited like signing in.
    for _ in 0..5 {
        let body = json!({"password": "wrong", "new_password": PASSWORD});
        third.post("/api/v1/me/password", &body).expect(401);
    }
    let body = json!({"password": OTHER, "new_password": PASSWORD});
    third.post("/api/v1/me/password", &body).expect(429);
    server.post("/api/v1/me/password", &body).expect(404);
}

#[test]
fn signing_out_ends_one_session_or_all() {
    let server = TestServer::start();
    for email in ["jane@example.com", "joe@example.com"] {
        server.user(email, "agent", PASSWORD);
    }
    let sign_in = || server.sign_in("jane@example.com", PASSWORD);
    let (first, second, third) = (sign_in(), sign_in(), sign_in());
    let other = server.sign_in("joe@example.com", PASSWORD);
    let out = first.delete("/api/v1/session").expect(204);
    assert!(attributes(&out).contains(&"Max-Age=0".to_owned()));
    first.get("/api/v1/session").expect(401);
    first.delete("/api/v1/session").expect(401);
    second.get("/api/v1/session").expect(200);
    second.delete("/api/v1/sessions").expect(204);
    for ended in [&second, &third] {
        ended.get("/api/v1/contacts").expect(401);
    }
    other.get("/api/v1/contacts").expect(200);
}

#[test]
fn whoever_is_disabled_or_deleted_is_out_at_once() {
    let server = TestServer::start();
    let id = server.user("jane@example.com", "agent", PASSWORD);
    let path = format!("/api/v1/users/{id}");
    let body = json!({"role": "agent", "user_id": id});
    let token = server.post("/api/v1/tokens", &body).expect(201);
    let by_token = server.with_token(token.json["token"].as_str().unwrap());
    let session = server.sign_in("jane@example.com", PASSWORD);
    let both = |status: u16| {
        session.get("/api/v1/contacts").expect(status);
        by_token.get("/api/v1/contacts").expect(status);
    };
    both(200);
    server.patch(&path, &json!({"disabled": true})).expect(200);
    both(401);
    server.patch(&path, &json!({"disabled": false})).expect(200);
    session.get("/api/v1/contacts").expect(401);
    by_token.get("/api/v1/contacts").expect(200);
    let session = server.sign_in("jane@example.com", PASSWORD);
    server.patch(&path, &json!({"name": "Jane Doe"})).expect(200);
    session.get("/api/v1/contacts").expect(200);
    server.patch(&path, &json!({"password": OTHER})).expect(200);
    session.get("/api/v1/contacts").expect(401);
    let session = server.sign_in("jane@example.com", OTHER);
    server.delete(&path).expect(204);
    session.get("/api/v1/contacts").expect(401);
    by_token.get("/api/v1/contacts").expect(401);
    server.try_sign_in("jane@example.com", OTHER).expect(401);
}

#[test]
fn a_changed_role_counts_at_once() {
    let server = TestServer::start();
    let id = server.user("jane@example.com", "manager", PASSWORD);
    let session = server.sign_in("jane@example.com", PASSWORD);
    session.get("/api/v1/contacts/export").expect(200);
    server.patch(&format!("/api/v1/users/{id}"), &json!({"role": "agent"})).expect(200);
    session.get("/api/v1/contacts/export").expect(403);
}

#[test]
fn a_session_survives_a_restart_and_ends_with_the_shift() {
    let clock = Clock::fixed(START);
    let server = TestServer::at(&clock);
    server.user("jane@example.com", "agent", PASSWORD);
    let begun = server.try_sign_in("jane@example.com", PASSWORD).expect(201);
    assert_eq!(begun.json["expires_at"], json!(START.plus_ms(12 * 60 * MINUTE).to_string()));
    let server = server.restart();
    let jane = server.with_session(&begun);
    jane.get("/api/v1/session").expect(200);
    jane.post("/api/v1/contacts", &json!({"name": "After"})).expect(201);
    clock.advance_ms(12 * 60 * MINUTE - 1);
    jane.get("/api/v1/session").expect(200);
    clock.advance_ms(1);
    jane.get("/api/v1/session").expect(401);
    assert_eq!(jane.get("/api/v1/contacts").expect(401).code(), "unauthorized");
    // The next log-in sweeps away what has ended.
    server.sign_in("jane@example.com", PASSWORD).get("/api/v1/session").expect(200);
    let server = server.restart();
    server.with_session(&begun).get("/api/v1/session").expect(401);
}

#[test]
fn a_cookie_of_another_kind_counts_for_nothing() {
    let server = TestServer::start();
    server.user("jane@example.com", "agent", PASSWORD);
    let jane = server.sign_in("jane@example.com", PASSWORD);
    let cookie = format!("__Host-{}", jane.cookie());
    server.without_token().send("GET", "/api/v1/session", &[("cookie", &cookie)], None).expect(401);
    let demo = TestServer::demo(1);
    let stale = [("cookie", jane.cookie())];
    demo.without_token().send("GET", "/api/v1/contacts", &stale, None).expect(200);
}
