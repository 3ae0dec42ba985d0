//! Contacts with which nothing happens any more are put away or deleted.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::json;

use crate::support::server::{Client, TestServer};

const DAY_MS: i64 = 86_400_000;

fn people(client: &Client) -> Vec<String> {
    let bodies = [
        json!({"name": "Ann", "phone": "+12025550101"}),
        json!({"name": "Bob", "phone": "+12025550102", "do_not_contact": true}),
        json!({"name": "Cyd", "phone": "+12025550103", "tags": ["Partner"]}),
        json!({"name": "Dan", "phone": "+12025550104", "system_critical": true}),
        json!({"name": "Eve", "phone": "+12025550105"}),
    ];
    bodies.iter().map(|body| client.create_id(body)).collect()
}

#[test]
fn a_trial_says_what_would_be_done_and_a_run_does_it() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let ids = people(&server);
    let rules = json!({"retention": {"rules": [
        {"action": "archive", "after_days": 100},
        {"action": "delete", "after_days": 200},
    ], "keep_tags": ["partner"]}});
    server.patch("/api/v1/settings", &rules).expect(200);
    let run = |dry_run: bool| server.post("/api/v1/retention/runs", &json!({"dry_run": dry_run}));
    assert_eq!(run(true).expect(200).json["total"], 0);
    clock.advance_ms(150 * DAY_MS);
    let call = json!({"call_id": "1", "number": "+12025550105"});
    server.post("/api/v1/calls", &call).expect(201);
    clock.advance_ms(60 * DAY_MS);
    let trial = run(true).expect(200).json;
    assert_eq!(trial["total"], 2, "{trial}");
    let by_rule = |at: usize, member: &str| trial["rules"][at][member].clone();
    assert_eq!((by_rule(0, "total"), by_rule(1, "total")), (json!(1), json!(1)), "{trial}");
    assert_eq!(by_rule(1, "examples")[0]["display_name"], "Ann");
    assert_eq!(by_rule(0, "examples")[0]["display_name"], "Bob", "who refused is archived only");
    assert_eq!(by_rule(1, "protected"), 1, "Dan");
    assert_eq!(trial["kept"], 3);
    server.get(&format!("/api/v1/contacts/{}", ids[0])).expect(200);

    let started = run(false).expect(202);
    server.app().finish_jobs();
    let job = server.get(started.header("location").unwrap()).expect(200).json;
    assert_eq!((&job["changed"], &job["refused"]), (&json!(2), &json!(1)), "{job}");
    assert_eq!(job["refusals"][0]["id"], json!(ids[3]));
    server.get(&format!("/api/v1/contacts/{}", ids[0])).expect(404);
    server.post(&format!("/api/v1/contacts/{}/restore", ids[0]), &json!({})).expect(200);
    let bob = server.get(&format!("/api/v1/contacts/{}", ids[1])).expect(200).json;
    assert_eq!(bob["lifecycle"], "archived");
    server.role("manager").post("/api/v1/retention/runs", &json!({})).expect(403);
}

#[test]
fn rules_take_statuses_tags_and_conditions_and_run_each_night_where_they_say_so() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let old = server.create_id(&json!({"name": "Old", "source": "Import", "tags": ["Lead"]}));
    let other = server.create_id(&json!({"name": "Other", "source": "Manual", "tags": ["Lead"]}));
    let rules = json!({"retention": {"automatic": true, "rules": [
        {"action": "erase", "after_days": 30, "tags": ["lead"], "when": "source:Import", "statuses": ["active"]},
    ]}});
    server.patch("/api/v1/settings", &rules).expect(200);
    clock.advance_ms(40 * DAY_MS);
    let server = server.restart();
    server.app().finish_jobs();
    server.get(&format!("/api/v1/contacts/{old}")).expect(404);
    server.post(&format!("/api/v1/contacts/{old}/restore"), &json!({})).expect(404);
    server.get(&format!("/api/v1/contacts/{other}")).expect(200);
}

#[test]
fn rules_that_do_not_fit_are_refused_by_place_and_short_forms_are_taken() {
    let server = TestServer::start();
    for (retention, pointer) in [
        (json!({"rules": [{"action": "burn", "after_days": 1}]}), "/retention/rules/0/action"),
        (json!({"rules": [{"action": "delete"}]}), "/retention/rules/0/after_days"),
        (
            json!({"rules": [{"action": "delete", "after_days": 5, "when": "nosuch:x"}]}),
            "/retention/rules/0/when",
        ),
        (json!({"odd": 1}), "/retention/odd"),
    ] {
        let refused =
            server.patch("/api/v1/settings", &json!({"retention": retention})).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{retention}");
    }
    let short = json!({"retention": {"archive_after_days": 730}});
    let settings = server.patch("/api/v1/settings", &short).expect(200).json;
    let rule = &settings["settings"]["retention"]["rules"][0];
    assert_eq!((&rule["action"], &rule["after_days"]), (&json!("archive"), &json!(730)));
    server.post("/api/v1/retention/runs", &json!({"dry_run": "yes"})).expect(422);
}
