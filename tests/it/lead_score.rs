//! Scores of contacts by the rules of an organisation.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

const DAY_MS: i64 = 86_400_000;

fn define_seats(client: &Client) {
    let field = json!({"key": "seats", "label": "Seats", "type": "integer"});
    client.post("/api/v1/custom-fields", &field).expect(201);
}

fn set(client: &Client, lead_score: &Value) {
    client.patch("/api/v1/settings", &json!({"lead_score": lead_score})).expect(200);
}

fn usual() -> Value {
    json!({"rules": [
        {"name": "VIP", "when": "tag:VIP", "points": 40},
        {"name": "Has an open deal", "when": {"field": "open_deals", "op": "gte", "value": 1}, "points": 30},
        {"name": "Agreed", "when": "consent:opted_in", "points": 20},
        {"name": "Spoken to lately", "when": "last_call:<30d", "points": 25},
        {"name": "Large account", "field": "cf.seats", "op": "gt", "value": 100, "points": 15},
        {"name": "Cold", "when": "-has:phone -has:email", "points": -50},
    ]})
}

fn score(client: &Client, id: &str) -> (Value, Vec<String>) {
    let contact = client.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    let why = contact["lead_score_why"].as_array().unwrap().iter();
    let why = why.map(|part| format!("{} {}", part["rule"].as_str().unwrap(), part["points"]));
    (contact["lead_score"].clone(), why.collect())
}

#[test]
fn the_score_follows_from_what_is_written_at_once_and_says_why() {
    let server = TestServer::start();
    define_seats(&server);
    set(&server, &usual());
    let made = server.create(&json!({"name": "Ann", "phone": "+12025550123", "tags": ["vip"]}));
    assert_eq!(made["lead_score"], 40, "{made}");
    let ann = made["id"].as_str().unwrap();
    let body = json!({"title": "A", "contact_id": ann, "amount": 5});
    let deal = server.post("/api/v1/deals", &body).expect(201).id();
    assert_eq!(score(&server, ann).0, 70);
    let consent = json!({"purpose": "marketing", "channel": "all", "status": "opted_in"});
    server.post(&format!("/api/v1/contacts/{ann}/consents"), &consent).expect(201);
    let path = format!("/api/v1/contacts/{ann}");
    let version = server.get(&path).expect(200).json["version"].clone();
    let call = json!({"call_id": "1", "number": "+12025550123", "direction": "in"});
    server.post("/api/v1/calls", &call).expect(201);
    let (now, why) = score(&server, ann);
    assert_eq!(now, 100, "never more than that");
    assert_eq!(why, ["VIP 40", "Has an open deal 30", "Agreed 20", "Spoken to lately 25"]);
    let contact = server.get(&path).expect(200).json;
    assert_eq!(contact["version"], version, "a score makes no edit stale");
    server.patch(&format!("/api/v1/deals/{deal}"), &json!({"status": "lost"})).expect(200);
    let seats = json!({"tags": [], "custom_fields": {"seats": 500}});
    server.patch(&format!("/api/v1/contacts/{ann}"), &seats).expect(200);
    assert_eq!(score(&server, ann).0, 60);
    let cold = server.create(&json!({"name": "Bob"}));
    assert_eq!(cold["lead_score"], 0, "never less than that");
}

#[test]
fn contacts_are_found_and_sorted_by_score_and_nobody_sends_one() {
    let server = TestServer::start();
    define_seats(&server);
    set(&server, &usual());
    for (name, tags) in [("Ann", json!(["VIP"])), ("Bob", json!([])), ("Cyd", json!(["VIP"]))] {
        server.create(&json!({"name": name, "phone": "+12025550123", "tags": tags}));
    }
    let found = server.search("lead_score:>=40", "&refresh=wait").json;
    assert_eq!(found["total"], 2, "{found}");
    assert!(found["contacts"][0]["lead_score_why"][0]["rule"] == "VIP", "{found}");
    let sorted = server.search("", "&refresh=wait&sort=lead_score").json;
    assert_eq!(sorted["contacts"][0]["display_name"], "Bob");
    let ann = found["contacts"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/contacts/{ann}");
    let refused = server.patch(&path, &json!({"lead_score": 99})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/lead_score");
    server.post("/api/v1/contacts", &json!({"name": "Dan", "lead_score": 7})).expect(422);
    let whole = server.get(&path).expect(200).json;
    server.patch(&path, &whole).expect(200);
}

#[test]
fn new_rules_score_everybody_in_the_background_and_none_takes_the_scores_away() {
    let server = TestServer::start();
    define_seats(&server);
    let ann = server.create_id(&json!({"name": "Ann", "tags": ["VIP"], "phone": "+12025550123"}));
    assert_eq!(score(&server, &ann), (Value::Null, Vec::new()));
    set(&server, &usual());
    server.app().finish_jobs();
    assert_eq!(score(&server, &ann).0, 40);
    let server = server.restart();
    assert_eq!(score(&server, &ann), (json!(40), vec!["VIP 40".to_owned()]));
    set(&server, &json!({"rules": [{"when": "ann", "points": 5}]}));
    server.app().finish_jobs();
    assert_eq!(score(&server, &ann), (json!(5), vec!["ann 5".to_owned()]));
    server.patch("/api/v1/settings", &json!({"lead_score.rules": []})).expect(200);
    server.app().finish_jobs();
    assert_eq!(score(&server, &ann), (Value::Null, Vec::new()));
}

#[test]
fn time_takes_points_by_a_run_or_by_the_next_night() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    define_seats(&server);
    let mut rules = usual();
    rules["decay"] = json!({"after_days": 60, "points": 10, "every_days": 30});
    set(&server, &rules);
    let ann = server.create_id(&json!({"name": "Ann", "tags": ["VIP"], "phone": "+12025550123"}));
    let call = json!({"call_id": "1", "number": "+12025550123", "direction": "in"});
    server.post("/api/v1/calls", &call).expect(201);
    server.app().finish_jobs();
    assert_eq!(score(&server, &ann).0, 65);
    clock.advance_ms(40 * DAY_MS);
    let started = server.post("/api/v1/lead-score/runs", &json!({})).expect(202);
    assert!(started.header("location").unwrap().starts_with("/api/v1/jobs/"));
    server.app().finish_jobs();
    let job = server.get(started.header("location").unwrap()).expect(200).json;
    assert_eq!((&job["state"], &job["changed"]), (&json!("done"), &json!(1)), "{job}");
    assert_eq!(score(&server, &ann).0, 40, "the call is no longer lately");
    clock.advance_ms(55 * DAY_MS);
    let server = server.restart();
    server.app().finish_jobs();
    let (now, why) = score(&server, &ann);
    assert_eq!(now, 20);
    assert_eq!(why, ["VIP 40", "nothing has happened for some time -20"]);
    server.role("manager").post("/api/v1/lead-score/runs", &json!({})).expect(403);
}

#[test]
fn rules_that_are_not_understood_are_refused_by_place() {
    let server = TestServer::start();
    for (rule, pointer) in [
        (json!({"when": "tag:VIP"}), "/lead_score/rules/0/points"),
        (json!({"when": "tag:VIP", "points": 1000}), "/lead_score/rules/0/points"),
        (json!({"points": 10}), "/lead_score/rules/0/when"),
        (json!({"when": "nosuchfield:x", "points": 10}), "/lead_score/rules/0/when"),
        (
            json!({"when": "has:name OR status:active OR name:*", "points": 1}),
            "/lead_score/rules/0/when",
        ),
        (json!({"when": "lead_score:>5", "points": 10}), "/lead_score/rules/0/when"),
        (json!({"when": "owner:me", "points": 10}), "/lead_score/rules/0/when"),
        (
            json!({"field": "nosuch", "op": "is", "value": 1, "points": 1}),
            "/lead_score/rules/0/when/field",
        ),
    ] {
        let body = json!({"lead_score": {"rules": [rule]}});
        let refused = server.patch("/api/v1/settings", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    let settings = server.get("/api/v1/settings").expect(200).json;
    assert_eq!(settings["settings"]["lead_score"]["rules"], json!([]));
}

#[test]
fn a_merged_contact_is_scored_as_it_is_then() {
    let server = TestServer::start();
    define_seats(&server);
    set(&server, &usual());
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550123"}));
    let other =
        server.create_id(&json!({"name": "Anne", "tags": ["VIP"], "phone": "+12025550124"}));
    let merge = json!({"primary": ann, "others": [other]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    assert_eq!(score(&server, &ann).0, 40);
    let path = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.post(&path, &json!({})).expect(200);
    assert_eq!((score(&server, &ann).0, score(&server, &other).0), (json!(0), json!(40)));
}
