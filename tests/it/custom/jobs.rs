//! What is done to the values of a field in the background: deleting, converting, going on after a
//! restart.

use serde_json::{Value, json};

use super::{PATH, change, contact, define, fields_of, finished, issues, keys};
use crate::support::server::{Client, TestServer};

/// So many contacts with a value each.
fn fill(client: &Client, count: usize, fields: impl Fn(usize) -> Value) {
    let contacts: Vec<Value> = (0..count)
        .map(|at| json!({"name": format!("Person {at}"), "custom_fields": fields(at)}))
        .collect();
    for part in contacts.chunks(2_000) {
        let made = client.post("/api/v1/contacts/bulk", &json!({"contacts": part})).expect(200);
        assert_eq!(made.json["created"], part.len(), "{}", made.json);
    }
}

#[test]
fn deleting_takes_the_values_from_every_contact_after_a_warning() {
    let server = TestServer::start();
    let second = server.organization("second");
    let theirs = contact(&second, "Theirs", &json!({"tier": "gold"}));
    fill(&server, 1_200, |at| json!({"Tier": "gold", "n": at}));
    let trashed = contact(&server, "Trashed", &json!({"tier": "gold"}));
    server.delete(&format!("/api/v1/contacts/{trashed}")).expect(204);
    let path = format!("{PATH}/tier");
    let warned = server.delete(&path).expect(409);
    assert_eq!((warned.code(), &warned.json["contacts"]), ("in_use", &json!(1_200)));
    assert_eq!(keys(&server, ""), ["Tier", "n"]);

    let deleting = server.delete(&format!("{path}?confirm=true")).expect(202);
    assert!(!keys(&server, "").contains(&"Tier".to_owned()), "it is hidden at once");
    let job = finished(&server, &deleting);
    assert_eq!((&job["state"], &job["changed"]), (&json!("done"), &json!(1_201)), "{job}");
    assert_eq!(server.get(&path).expect(404).code(), "not_found");
    assert_eq!(server.search("gold", "&refresh=wait").json["total"], 0);
    server.post(&format!("/api/v1/contacts/{trashed}/restore"), &json!({})).expect(200);
    assert_eq!(fields_of(&server, &trashed), json!({}));
    assert_eq!(fields_of(&second, &theirs), json!({"tier": "gold"}));
    // The key can be used again, and nothing of before comes back.
    let again = define(&server, &json!({"key": "tier", "type": "integer"}));
    assert_eq!(server.get(&path).expect(200).json["usage"], 0);
    assert_eq!(again["type"], "integer");
    let log = server.get("/api/v1/audit?action=custom_field.deleted").expect(200).json;
    assert_eq!(log["lines"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deletion_goes_on_after_a_restart() {
    let mut server = TestServer::start();
    fill(&server, 6_000, |_| json!({"tier": "gold"}));
    let deleting = server.delete(&format!("{PATH}/tier?confirm=true")).expect(202);
    let path = deleting.header("location").unwrap().to_owned();
    // Whoever writes meanwhile is told; nothing comes in behind the deletion.
    let state = server.get(&format!("{PATH}/tier"));
    if state.status == 200 && state.json["state"] == "deleting" {
        let body = json!({"name": "x", "custom_fields": {"tier": 1}});
        let answer = server.post("/api/v1/contacts", &body);
        assert!(answer.status == 201 || issues(answer)[0].1 == "field_deleting");
    }
    let mut restarts = 0;
    while server.get(&format!("{PATH}/tier?x=1")).status == 200 && restarts < 3 {
        server = server.restart();
        restarts += 1;
    }
    while server.get(&format!("{PATH}/tier")).status == 200 {
        std::thread::yield_now();
    }
    let job = server.get(&path);
    assert!(job.status == 404 || job.json["error"].is_null(), "{}", job.json);
    assert!(keys(&server, "?archived=true").len() <= 1);
    assert_eq!(server.search("gold", "&refresh=wait").json["total"], 0);
}

#[test]
fn another_type_is_tried_first_and_then_taken() {
    let server = TestServer::start();
    fill(&server, 1_100, |at| json!({"seats": at.to_string()}));
    let odd = contact(&server, "Odd One", &json!({"seats": "many"}));
    let trial = server.patch(&format!("{PATH}/seats?dry_run=true"), &json!({"type": "integer"}));
    let trial = trial.expect(200).json;
    assert_eq!((&trial["dry_run"], &trial["contacts"]), (&json!(true), &json!(1_101)));
    let example = &trial["examples"][0];
    assert_eq!((&trial["misfits"], &example["contact_id"]), (&json!(1), &json!(odd)));
    assert_eq!((&example["value"], &example["display_name"]), (&json!("many"), &json!("Odd One")));
    let refused = change(&server, "seats", &json!({"type": "integer"})).expect(409);
    assert_eq!((refused.code(), &refused.json["misfits"]), ("in_use", &json!(1)));
    assert_eq!(server.get(&format!("{PATH}/seats")).json["declared"], false);
    assert_eq!(fields_of(&server, &odd)["seats"], "many");

    let taken = change(&server, "seats", &json!({"type": "integer", "on_misfit": "keep"}));
    let taken = taken.expect(202);
    assert_eq!((&taken.json["type"], &taken.json["declared"]), (&json!("integer"), &json!(true)));
    let job = finished(&server, &taken);
    assert_eq!((&job["changed"], &job["refused"]), (&json!(1_100), &json!(1)), "{job}");
    assert_eq!(fields_of(&server, &odd)["seats"], "many");
    let found = server.search("name:\"Person 7\"", "&refresh=wait").json;
    assert_eq!(found["contacts"][0]["custom_fields"]["seats"], 7, "{found}");
    let field = server.get(&format!("{PATH}/seats")).expect(200).json;
    assert_eq!((&field["state"], &field["job"]), (&json!("ready"), &Value::Null));

    let cleared = change(&server, "seats", &json!({"type": "decimal", "on_misfit": "clear"}));
    finished(&server, &cleared.expect(202));
    assert_eq!(fields_of(&server, &odd), json!({}));
    let back = change(&server, "seats", &json!({"type": "text"})).expect(202);
    assert_eq!(finished(&server, &back)["changed"], 1_100);
    let found = server.search("name:\"Person 7\"", "&refresh=wait").json;
    assert_eq!(found["contacts"][0]["custom_fields"]["seats"], "7");
}

#[test]
fn an_option_in_use_is_protected_or_replaced() {
    let server = TestServer::start();
    let options = json!(["Gold", "Silver", "Tin"]);
    define(&server, &json!({"key": "plan", "type": "dropdown", "options": options}));
    define(&server, &json!({"key": "areas", "type": "multi_select", "options": options}));
    let one = contact(&server, "One", &json!({"plan": "tin", "areas": ["Tin", "Gold"]}));
    let two = contact(&server, "Two", &json!({"plan": "Silver", "areas": ["Silver"]}));
    let fewer = json!({"options": ["gold", "Silver", "New"]});
    let refused = change(&server, "plan", &fewer).expect(409);
    assert_eq!(refused.json["options"], json!({"Tin": 1}));
    assert_eq!(fields_of(&server, &one)["plan"], "Tin");
    for wrong in [json!("Tin"), json!({"Silver": "Gold"}), json!({"Tin": "Lead"}), json!(7)] {
        let body = json!({"options": ["Gold", "Silver"], "replace_with": wrong});
        assert!(issues(change(&server, "plan", &body))[0].0.starts_with("/replace_with"));
    }
    for key in ["plan", "areas"] {
        let body = json!({"options": ["gold", "Silver", "New"], "replace_with": {"tin": "new"}});
        let job = finished(&server, &change(&server, key, &body).expect(202));
        assert_eq!((&job["changed"], &job["refused"]), (&json!(1), &json!(0)), "{key} {job}");
    }
    assert_eq!(fields_of(&server, &one), json!({"plan": "New", "areas": ["New", "gold"]}));
    assert_eq!(fields_of(&server, &two), json!({"plan": "Silver", "areas": ["Silver"]}));
    // One that nobody uses goes without a word, and more options need none.
    let body = json!({"options": ["New", "Silver", "More"]});
    assert_eq!(finished(&server, &change(&server, "plan", &body).expect(202))["changed"], 0);
    change(&server, "plan", &json!({"options": ["New", "Silver", "More", "Most"]})).expect(200);
    let cleared = json!({"options": ["Most"], "replace_with": null, "on_misfit": "clear"});
    finished(&server, &change(&server, "plan", &cleared).expect(202));
    assert!(fields_of(&server, &two).get("plan").is_none());
}

#[test]
fn a_field_that_was_only_used_becomes_a_dropdown() {
    let server = TestServer::start();
    let one = contact(&server, "One", &json!({"plan": "GOLD"}));
    assert_eq!(issues(change(&server, "plan", &json!({"type": "dropdown"})))[0].0, "/options");
    let body = json!({"type": "dropdown", "options": ["Gold", "Silver"], "label": "Plan"});
    finished(&server, &change(&server, "plan", &body).expect(202));
    assert_eq!(fields_of(&server, &one)["plan"], "Gold");
    let refused =
        server.post("/api/v1/contacts", &json!({"name": "x", "custom_fields": {"plan": "Tin"}}));
    assert_eq!(issues(refused)[0].1, "option");
    let server = server.restart();
    let field = server.get(&format!("{PATH}/plan")).expect(200).json;
    assert_eq!((&field["declared"], &field["label"]), (&json!(true), &json!("Plan")));
}

#[test]
fn work_that_was_cut_short_stands_in_the_definition_until_it_is_done() {
    let server = TestServer::start();
    fill(&server, 300, |at| json!({"tier": "gold", "seats": at.to_string()}));
    // As in a server that is about to end: nothing is begun any more.
    server.app().stop_bulk_actions();
    let deleting = server.delete(&format!("{PATH}/tier?confirm=true")).expect(202);
    let converting = change(&server, "seats", &json!({"type": "integer"})).expect(202);
    for answer in [&deleting, &converting] {
        assert_eq!(finished(&server, answer)["state"], "failed");
    }
    assert_eq!(server.get(&format!("{PATH}/tier")).expect(200).json["state"], "deleting");
    assert_eq!(keys(&server, ""), ["seats"]);
    let body = json!({"name": "x", "custom_fields": {"tier": "tin"}});
    assert_eq!(issues(server.post("/api/v1/contacts", &body))[0].1, "field_deleting");
    for (key, patch) in [("tier", json!({"label": "x"})), ("seats", json!({"type": "text"}))] {
        assert_eq!(change(&server, key, &patch).expect(409).code(), "in_use");
    }
    assert_eq!(server.delete(&format!("{PATH}/seats?confirm=true")).expect(409).code(), "in_use");

    let server = server.restart();
    for answer in [&deleting, &converting] {
        let job = finished(&server, answer);
        assert_eq!((&job["state"], &job["changed"]), (&json!("done"), &json!(300)), "{job}");
    }
    server.get(&format!("{PATH}/tier")).expect(404);
    assert_eq!(server.search("gold", "&refresh=wait").json["total"], 0);
    let found = server.search("name:\"Person 7\"", "&refresh=wait").json;
    assert_eq!(found["contacts"][0]["custom_fields"], json!({"seats": 7}));
    assert_eq!(server.get(&format!("{PATH}/seats")).expect(200).json["state"], "ready");
}
