//! `Idempotency-Key`: a request that is sent again is not done again.

use serde_json::json;

use crate::support::server::{Answer, Client, TestServer};

fn create(client: &Client, key: &str, name: &str) -> Answer {
    let body = json!({"name": name, "phone": "+12025550123"});
    client.json("POST", "/api/v1/contacts", &[("idempotency-key", key)], &body)
}

#[test]
fn the_same_request_is_answered_again_and_not_done_again() {
    let server = TestServer::start();
    let first = create(&server, "k1", "Jane").expect(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = create(&server, "k1", "Jane").expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.id(), first.id());
    assert_eq!(server.search("jane", "").json["total"], 1);
    let other = create(&server, "k2", "Jane").expect(201);
    assert_ne!(other.id(), first.id());
    let mismatch = create(&server, "k1", "Joan").expect(422);
    assert_eq!(mismatch.code(), "idempotency_mismatch");
    create(&server, &"k".repeat(256), "Jane").expect(400);
    create(&server, "", "Jane").expect(400);

    let server = server.restart();
    let after = create(&server, "k1", "Jane").expect(201);
    assert_eq!(after.id(), first.id(), "keys survive a restart");
}

#[test]
fn a_refused_request_does_not_use_up_its_key() {
    let server = TestServer::start();
    let key = [("idempotency-key", "k")];
    server.json("POST", "/api/v1/contacts", &key, &json!({"phone": "abc"})).expect(422);
    server.json("POST", "/api/v1/contacts", &key, &json!({"phone": "+12025550123"})).expect(201);
}

#[test]
fn a_repeated_request_is_no_conflict_with_itself() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let first = create(&server, "k1", "Jane").expect(201);
    assert_eq!(create(&server, "k1", "Jane").expect(201).id(), first.id());
    create(&server, "k2", "Jane").expect(409);
}

#[test]
fn requests_with_one_key_at_once_create_one_contact() {
    let server = TestServer::start();
    let senders: Vec<_> = (0..12)
        .map(|_| {
            let client = (*server).clone();
            std::thread::spawn(move || create(&client, "same", "Jane").expect(201).id())
        })
        .collect();
    let mut ids: Vec<String> = senders.into_iter().map(|s| s.join().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(server.search("jane", "").json["total"], 1);
}

#[test]
fn a_bulk_request_can_be_repeated_too() {
    let server = TestServer::start();
    let send = |names: &[&str]| {
        let contacts: Vec<_> = names.iter().map(|n| json!({"name": n, "phone": n})).collect();
        let body = json!({"contacts": contacts});
        server.json("POST", "/api/v1/contacts/bulk", &[("idempotency-key", "b")], &body)
    };
    let first = send(&["4711", "bad", "4712"]).expect(200);
    let again = send(&["4711", "bad", "4712"]).expect(200);
    assert_eq!(again.json["results"], first.json["results"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(server.search("", "").json["total"], 2);
    send(&["4713"]).expect(422);
}
