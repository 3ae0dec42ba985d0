//! What follows for a contact from the records about it: counts, the last call and activity, and
//! finding contacts by them.

use ringdex::app::Access;
use ringdex::domain::ids::OrgNumber;
use serde_json::{Value, json};

use crate::support::server::TestServer;

fn contact(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/v1/contacts/{id}")).expect(200).json
}

fn found(server: &TestServer, q: &str) -> Vec<String> {
    let answer = server.search(q, "").expect(200).json;
    assert!(answer["warnings"].is_null(), "{answer}");
    let names = answer["contacts"].as_array().unwrap().iter();
    let mut names: Vec<String> =
        names.map(|one| one["display_name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn contacts_count_their_records_and_are_found_by_the_counts() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann"}));
    server.create_id(&json!({"name": "Bob"}));
    let before = contact(&server, &ann);
    let deal = |amount: f64, status: &str| {
        let body = json!({"title": "Seats", "contact_id": ann, "amount": amount, "status": status});
        server.post("/api/v1/deals", &body).expect(201).id()
    };
    let open = deal(10_000.5, "open");
    deal(500.0, "open");
    deal(99_999.0, "won");
    server.post("/api/v1/notes", &json!({"text": "Hi", "contact_id": ann})).expect(201);
    let task = server.post("/api/v1/tasks", &json!({"title": "Do", "contact_id": ann})).id();
    let after = contact(&server, &ann);
    let counts = &after["counts"];
    assert_eq!(counts["deals"], 3);
    assert_eq!(counts["open_deals"], 2);
    assert_eq!(counts["open_deals_value"], 10_500.5);
    assert_eq!((&counts["notes"], &counts["tasks_open"]), (&json!(1), &json!(1)));
    assert_eq!(after["version"], before["version"], "no edit becomes stale");
    assert_eq!(after["updated_at"], before["updated_at"]);

    for (q, names) in [
        ("has:deals", vec!["Ann"]),
        ("-has:deals", vec!["Bob"]),
        ("open_deals_value:>10000", vec!["Ann"]),
        ("open_deals_value:>10500.5", vec![]),
        ("open_deals:2", vec!["Ann"]),
        ("tasks_open:0", vec!["Bob"]),
        ("tasks_open:<5", vec!["Ann", "Bob"]),
        ("tasks_open:>=1", vec!["Ann"]),
    ] {
        assert_eq!(found(&server, q), names, "{q}");
    }
    let sorted = server.get("/api/v1/contacts?sort=-open_deals_value").expect(200).json;
    assert_eq!(sorted["contacts"][0]["display_name"], "Ann");

    server.patch(&format!("/api/v1/tasks/{task}"), &json!({"status": "done"})).expect(200);
    server.delete(&format!("/api/v1/deals/{open}")).expect(204);
    let counts = contact(&server, &ann)["counts"].clone();
    assert_eq!(counts["tasks_open"], 0);
    assert_eq!(counts["open_deals_value"], 500.0);
    server.post(&format!("/api/v1/deals/{open}/restore"), &json!({})).expect(200);
    assert_eq!(contact(&server, &ann)["counts"]["open_deals_value"], 10_500.5);
    assert_eq!(found(&server, "has:tasks"), Vec::<String>::new());
}

#[test]
fn an_edit_that_began_before_a_record_came_is_not_stale_and_a_copy_is() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann"}));
    let own = format!("/api/v1/contacts/{ann}");
    let known = server.get(&own).expect(200);
    let etag = known.header("etag").unwrap().to_owned();
    server.post("/api/v1/notes", &json!({"text": "Hi", "contact_id": ann})).expect(201);
    let again = server.send("GET", &own, &[("if-none-match", &etag)], None);
    let newer = again.expect(200).header("etag").unwrap().to_owned();
    assert_ne!(newer, etag);
    server.send("GET", &own, &[("if-none-match", &newer)], None).expect(304);
    let patch = json!({"title": "Boss"}).to_string();
    let sent = [("if-match", etag.as_str()), ("content-type", "application/json")];
    server.send("PATCH", &own, &sent, Some(patch.as_bytes())).expect(200);
    let sent = [("if-match", newer.as_str()), ("content-type", "application/json")];
    server.send("PATCH", &own, &sent, Some(patch.as_bytes())).expect(412);
}

#[test]
fn the_last_activity_is_the_latest_that_is_left() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann"}));
    let happened = |at: &str| {
        let body = json!({"type": "meeting", "contact_id": ann, "occurred_at": at});
        server.post("/api/v1/activities", &body).expect(201).id()
    };
    happened("2024-01-01T00:00:00Z");
    let last = happened("2026-05-05T00:00:00Z");
    happened("2025-01-01T00:00:00Z");
    let at = |server: &TestServer| contact(server, &ann)["last_activity_at"].clone();
    assert_eq!(at(&server), "2026-05-05T00:00:00.000Z");
    assert_eq!(contact(&server, &ann)["last_interaction_at"], "2026-05-05T00:00:00.000Z");
    let shown = contact(&server, &ann);
    let own = format!("/api/v1/contacts/{ann}");
    let again = server.patch(&own, &shown).expect(200).json;
    assert_eq!(again["version"], shown["version"], "what is sent back changes nothing");
    server.delete(&format!("/api/v1/activities/{last}")).expect(204);
    assert_eq!(at(&server), "2025-01-01T00:00:00.000Z");
    assert_eq!(contact(&server, &ann)["last_interaction_at"], "2025-01-01T00:00:00.000Z");
    let server = server.restart();
    assert_eq!(at(&server), "2025-01-01T00:00:00.000Z");
    assert_eq!(found(&server, "last_activity:2025-01-01"), ["Ann"]);
}

#[test]
fn facts_follow_merging_undoing_and_erasing() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann Smith"}));
    let bea = server.create_id(&json!({"name": "Bea Smith"}));
    let cat = server.create_id(&json!({"name": "Cat Smith"}));
    let meet = |contact: &str, at: &str| {
        let body = json!({"type": "meeting", "contact_id": contact, "occurred_at": at});
        server.post("/api/v1/activities", &body).expect(201).id()
    };
    meet(&ann, "2024-01-01T00:00:00Z");
    let of_bea = meet(&bea, "2025-01-01T00:00:00Z");
    meet(&cat, "2026-01-01T00:00:00Z");
    let facts = |id: &str| {
        let shown = contact(&server, id);
        (shown["counts"]["activities"].clone(), shown["last_activity_at"].clone())
    };
    let merge = |primary: &str, other: &str| {
        let body = json!({"primary": primary, "others": [other]});
        let merged = server.post("/api/v1/contacts/merge", &body).expect(200).json;
        assert_eq!(merged["contact"]["counts"], contact(&server, primary)["counts"], "{merged}");
        merged["merge_id"].as_str().unwrap().to_owned()
    };
    let first = merge(&bea, &cat);
    let second = merge(&ann, &bea);
    assert_eq!(facts(&ann), (json!(3), json!("2026-01-01T00:00:00.000Z")));
    // A record of one that was merged counts for who stands for it.
    server.delete(&format!("/api/v1/activities/{of_bea}")).expect(204);
    assert_eq!(facts(&ann).0, 2);
    server.post(&format!("/api/v1/activities/{of_bea}/restore"), &json!({})).expect(200);
    let is_whole = || {
        let operator = Access::operator_of(OrgNumber(1));
        let report = server.app().check(&operator, &mut |_| {}).unwrap();
        report.troubles.iter().map(|trouble| trouble.detail.clone()).collect::<Vec<_>>()
    };
    assert_eq!(is_whole(), Vec::<String>::new());
    server.post(&format!("/api/v1/merges/{second}/undo"), &json!({})).expect(200);
    assert_eq!(facts(&ann), (json!(1), json!("2024-01-01T00:00:00.000Z")));
    assert_eq!(facts(&bea), (json!(2), json!("2026-01-01T00:00:00.000Z")));
    server.post(&format!("/api/v1/merges/{first}/undo"), &json!({})).expect(200);
    assert_eq!(facts(&bea), (json!(1), json!("2025-01-01T00:00:00.000Z")));
    assert_eq!(facts(&cat), (json!(1), json!("2026-01-01T00:00:00.000Z")));
    merge(&ann, &cat);
    let cascade = format!("/api/v1/contacts/{ann}?permanent=true&cascade=true");
    server.delete(&cascade).expect(204);
    assert_eq!(is_whole(), Vec::<String>::new());
}
