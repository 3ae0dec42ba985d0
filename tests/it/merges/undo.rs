//! What undoing a merge gives back.

use std::sync::{Arc, Barrier};

use serde_json::{Value, json};

use super::{contact, done, merge, merge_with, state, two, undo};
use crate::support::server::{Client, TestServer};

#[test]
fn undoing_brings_everything_back() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let before = (state(&server, &one), state(&server, &other));
    let id = done(merge_with(&server, &one, &[&other], &json!({"rule": "newest"})));
    let server = server.restart();
    let tried = undo(&server, &id, &json!({"dry_run": true})).expect(200).json;
    assert_eq!((&tried["dry_run"], &tried["kept"]), (&json!(true), &json!([])));
    contact(&server, &other).expect(308);
    let back = undo(&server, &id, &json!({})).expect(200).json;
    assert_eq!(back["contact"]["id"], one.as_str());
    assert_eq!(back["restored"][0]["id"], other.as_str());
    assert_eq!(back["restored"][0]["version"], 3);
    assert_eq!((state(&server, &one), state(&server, &other)), before);
    assert_eq!(server.lookup("+12025550102", "")["results"][0]["id"], other.as_str());
    assert_eq!(server.search("doe", "&refresh=wait").json["total"], 2);

    let again = undo(&server, &id, &json!({})).expect(409);
    assert_eq!((again.code(), &again.json["reason"]), ("undo_blocked", &json!("undone")));
    let record = server.get(&format!("/api/v1/merges/{id}")).expect(200).json;
    assert_eq!(record["state"], "undone");
    assert!(record.get("lost").is_none(), "what is back is not kept twice: {record}");
    let merged = merge(&server, &other, &[&one]).expect(200);
    assert_ne!(merged.json["merge_id"], json!(id));
    let server = server.restart();
    contact(&server, &one).expect(308);
}

#[test]
fn what_was_added_since_stays_and_is_named() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let before = state(&server, &other);
    let id = done(merge(&server, &one, &[&other]));
    let path = format!("/api/v1/contacts/{one}");
    let phones = ["+12025550101", "+12025550102", "+12025550103"];
    let patch = json!({"phones": phones, "title": "Chair", "birthday": "1980-01-01"});
    server.patch(&path, &patch).expect(200);
    let back = undo(&server, &id, &json!({})).expect(200).json;
    let kept: Vec<&str> =
        back["kept"].as_array().unwrap().iter().map(|k| k["field"].as_str().unwrap()).collect();
    assert_eq!(kept, ["title", "birthday", "phones"]);
    assert_eq!(back["kept"][2]["now"]["number"], "+12025550103");
    let now = state(&server, &one);
    let numbers: Vec<&str> =
        now["phones"].as_array().unwrap().iter().map(|p| p["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["+12025550101", "+12025550103"]);
    assert_eq!((&now["title"], &now["birthday"]), (&json!("Chair"), &json!("1980-01-01")));
    assert_eq!(now["company"], Value::Null);
    assert_eq!(state(&server, &other), before);
}

#[test]
fn whose_change_it_was_is_asked() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let id = done(merge(&server, &one, &[&other]));
    let path = format!("/api/v1/contacts/{one}");
    server.patch(&path, &json!({"company": "Acme Ltd", "tags": ["VIP"]})).expect(200);
    let asked = undo(&server, &id, &json!({})).expect(409);
    assert_eq!(asked.code(), "undo_conflict");
    let conflicts = asked.json["conflicts"].as_array().unwrap();
    assert_eq!(conflicts[0]["field"], "company");
    assert_eq!(conflicts[0]["choices"], json!([other, "survivor"]));
    assert_eq!(conflicts[1]["field"], "tags/new");
    assert_eq!(conflicts[1]["now"], Value::Null);
    contact(&server, &other).expect(308);
    for wrong in [
        json!({"resolve": {"company": "nobody"}}),
        json!({"resolve": {"company": one, "tags/new": "survivor"}}),
        json!({"resolve": {"title": "survivor"}}),
        json!({"resolve": []}),
        json!({"resolved": {}}),
    ] {
        assert_eq!(undo(&server, &id, &wrong).expect(422).code(), "invalid", "{wrong}");
    }
    let resolve = json!({"resolve": {"company": other, "tags/new": "survivor"}});
    undo(&server, &id, &resolve).expect(200);
    assert_eq!(state(&server, &one)["company"], Value::Null);
    assert_eq!(state(&server, &other)["company"], "Acme Ltd");
    assert_eq!(state(&server, &other)["tags"], json!(["vip", "new"]));
    assert_eq!(state(&server, &one)["tags"], json!(["VIP"]));
}

#[test]
fn own_notes_that_were_changed_stay_without_being_asked() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let before = state(&server, &other);
    let id = done(merge(&server, &one, &[&other]));
    let notes = state(&server, &one)["notes"].as_str().unwrap().to_owned();
    let change = |from: &str, to: &str| {
        let notes = notes.replacen(from, to, 1);
        server.patch(&format!("/api/v1/contacts/{one}"), &json!({"notes": notes})).expect(200);
    };
    change("second", "second hand");
    let asked = undo(&server, &id, &json!({"dry_run": true}));
    // What stands behind all may be anybody's, and stays with the survivor.
    assert_eq!(asked.expect(200).json["kept"][0]["now"], "first hand");
    change("second", "a second hand");
    let asked = undo(&server, &id, &json!({})).expect(409);
    assert_eq!(asked.json["conflicts"][0]["field"], "notes");
    change("first", "the very first");
    undo(&server, &id, &json!({})).expect(200);
    assert_eq!(state(&server, &one)["notes"], "the very first");
    assert_eq!(state(&server, &other), before);
}

#[test]
fn a_merge_is_undone_where_others_were_merged_into_the_same_contact_since() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    // It shares a number with the one that goes, and says what the one that goes said before it.
    let third = json!({"name": "J. Doe", "phone": "+12025550102", "company": "Third Ltd", "notes": "third"});
    let third = server.create_id(&third);
    let before: Vec<Value> = [&one, &other, &third].map(|id| state(&server, id)).to_vec();
    let first = done(merge(&server, &one, &[&other]));
    let second = done(merge(&server, &one, &[&third]));
    assert_eq!(state(&server, &one)["company"], "Acme");
    undo(&server, &first, &json!({})).expect(200);
    assert_eq!(state(&server, &other), before[1]);
    let survivor = state(&server, &one);
    assert_eq!(survivor["company"], "Third Ltd");
    assert!(survivor["phones"].to_string().contains("+12025550102"), "the third one has it, too");
    let notes = survivor["notes"].as_str().unwrap();
    assert!(notes.starts_with("first") && notes.ends_with("third") && !notes.contains("second"));
    contact(&server, &third).expect(308);
    let server = server.restart();
    undo(&server, &second, &json!({})).expect(200);
    let after: Vec<Value> = [&one, &other, &third].map(|id| state(&server, id)).to_vec();
    assert_eq!(after, before);
}

#[test]
fn a_merge_into_another_contact_is_undone_first() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let third = server.create_id(&json!({"name": "J. Doe", "phone": "+12025550103"}));
    let before: Vec<Value> = [&one, &other, &third].map(|id| state(&server, id)).to_vec();
    let first = done(merge(&server, &one, &[&other]));
    let away = done(merge(&server, &third, &[&one]));
    let refused = undo(&server, &first, &json!({})).expect(409);
    assert_eq!(refused.json["reason"], "later_merge");
    assert_eq!(refused.json["merge_id"], away.as_str());
    undo(&server, &away, &json!({})).expect(200);
    undo(&server, &first, &json!({})).expect(200);
    let after: Vec<Value> = [&one, &other, &third].map(|id| state(&server, id)).to_vec();
    assert_eq!(after, before);
}

#[test]
fn a_deleted_survivor_is_restored_first() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let id = done(merge(&server, &one, &[&other]));
    let path = format!("/api/v1/contacts/{one}");
    server.delete(&path).expect(204);
    let refused = undo(&server, &id, &json!({})).expect(409);
    assert_eq!(
        (refused.code(), &refused.json["reason"]),
        ("undo_blocked", &json!("survivor_deleted"))
    );
    server.post(&format!("{path}/restore"), &json!({})).expect(200);
    undo(&server, &id, &json!({})).expect(200);
}

#[test]
fn versions_are_compared() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let id = done(merge(&server, &one, &[&other]));
    let path = format!("/api/v1/merges/{id}/undo");
    let stale = server.json("POST", &path, &[("if-match", "\"1\"")], &json!({})).expect(412);
    assert_eq!(stale.json["version"], 2);
    server.json("POST", &path, &[("if-match", "\"2\"")], &json!({})).expect(200);
}

#[test]
fn the_same_undo_is_answered_again_and_not_done_again() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let id = done(merge(&server, &one, &[&other]));
    let path = format!("/api/v1/merges/{id}/undo");
    let send =
        |key: &str, body: &Value| server.json("POST", &path, &[("idempotency-key", key)], body);
    let tried = send("k", &json!({"dry_run": true})).expect(200);
    assert_eq!(tried.header("idempotent-replayed"), None);
    let first = send("k", &json!({})).expect(200);
    // It is repeated also behind another merge of the same contacts, which stays.
    let second = done(merge(&server, &one, &[&other]));
    let again = send("k", &json!({})).expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.json["merge_id"], first.json["merge_id"]);
    let ids = |answer: &Value| answer["restored"][0]["id"].clone();
    assert_eq!((ids(&again.json), ids(&first.json)), (json!(other), json!(other)));
    contact(&server, &other).expect(308);
    assert_eq!(send("other", &json!({})).expect(409).json["reason"], "undone");
    let changed = json!({"resolve": {"title": "survivor"}});
    assert_eq!(send("k", &changed).expect(422).code(), "idempotency_mismatch");
    let server = server.restart();
    let again = server.json("POST", &path, &[("idempotency-key", "k")], &json!({})).expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    undo(&server, &second, &json!({})).expect(200);
}

#[test]
fn the_same_undo_sent_at_once_is_answered_alike() {
    let server = TestServer::start();
    for round in 0..40 {
        let (one, other) = (
            server.create_id(&json!({"name": format!("Jane {round}")})),
            server.create_id(&json!({"name": "Janet"})),
        );
        let id = done(merge(&server, &one, &[&other]));
        let barrier = Arc::new(Barrier::new(4));
        let sent: Vec<_> = (0..4)
            .map(|_| {
                let (client, barrier) = (Client::clone(&server), Arc::clone(&barrier));
                let path = format!("/api/v1/merges/{id}/undo");
                std::thread::spawn(move || {
                    barrier.wait();
                    let headers = [("idempotency-key", "k"), ("if-match", "\"2\"")];
                    client.json("POST", &path, &headers, &json!({}))
                })
            })
            .collect();
        let answers: Vec<_> = sent.into_iter().map(|one| one.join().unwrap().expect(200)).collect();
        let first = answers.iter().filter(|one| one.header("idempotent-replayed").is_none());
        assert_eq!(first.count(), 1, "round {round}");
        for answer in &answers {
            assert_eq!(answer.json["merge_id"], json!(id));
            assert_eq!(answer.json["restored"][0]["id"], json!(other));
            assert_eq!(answer.json["contact"]["version"], 3);
        }
    }
}

#[test]
fn unique_numbers_stay_unique() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let id = done(merge(&server, &one, &[&other]));
    undo(&server, &id, &json!({})).expect(200);
    let id = done(merge(&server, &one, &[&other]));
    server
        .patch(&format!("/api/v1/contacts/{one}"), &json!({"phones": ["+12025550101"]}))
        .expect(200);
    let taker = server.create_id(&json!({"name": "Else", "phone": "+12025550102"}));
    let resolve = json!({"resolve": {"phones/+12025550102": "survivor"}});
    assert_eq!(undo(&server, &id, &resolve).expect(409).code(), "phone_in_use");
    server.delete(&format!("/api/v1/contacts/{taker}")).expect(204);
    undo(&server, &id, &resolve).expect(200);
}

#[test]
fn values_of_custom_fields_come_back_and_those_of_deleted_ones_do_not() {
    let server = TestServer::start();
    let one =
        server.create_id(&json!({"name": "A", "custom_fields": {"tier": "gold", "old": "x"}}));
    let other =
        server.create_id(&json!({"name": "A", "custom_fields": {"tier": "silver", "size": "5"}}));
    let id = done(merge(&server, &one, &[&other]));
    assert_eq!(
        state(&server, &one)["custom_fields"],
        json!({"tier": "gold", "old": "x", "size": "5"})
    );
    let fields = "/api/v1/custom-fields";
    for gone in ["old", "size"] {
        let job = server.delete(&format!("{fields}/{gone}?confirm=true"));
        assert!(job.status < 300, "{}", job.json);
    }
    server.app().finish_jobs();
    undo(&server, &id, &json!({})).expect(200);
    assert_eq!(state(&server, &one)["custom_fields"], json!({"tier": "gold"}));
    assert_eq!(state(&server, &other)["custom_fields"], json!({"tier": "silver"}));
}
