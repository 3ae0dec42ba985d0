//! Whole jobs: moving a base in, taking a call, a campaign, cleaning up, sharing out leads.

use std::collections::BTreeMap;

use serde_json::json;

use super::{colleague, contact, found, to_all};
use crate::access::import;
use crate::support::server::TestServer;

#[test]
fn use_1_an_existing_base_is_moved_in_tried_first_and_repaired_after() {
    let server = TestServer::start();
    let file = "Full Name;Telephone;Mail\n\
                Ann Archer;+1 202 555 0101;ann@example.com\n\
                Bob Baker;+1 202 555 0102;not an address at all\n\
                ;;\n\
                Cyd Cook;12;cyd@example.com\n";
    let trial = import(&server, file, &json!({"dry_run": true}));
    assert_eq!(found(&server, ""), 0, "a trial writes nothing");
    let job = import(&server, file, &json!({"on_duplicate": "update"}));
    assert_eq!(trial["counts"], job["counts"], "the trial has said what happens");
    assert!(found(&server, "archer") == 1, "{job}");
    let path = format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap());
    if job["counts"]["errors"].as_u64().unwrap() > 0 {
        let errors = String::from_utf8(server.get(&path).expect(200).body).unwrap();
        assert!(errors.contains("reason"), "{errors}");
    }
    let again = import(&server, file, &json!({"on_duplicate": "update"}));
    assert_eq!(again["counts"]["imported"], 0, "nobody is there twice: {again}");
}

#[test]
fn use_2_a_customer_calls_and_the_agent_has_the_whole_history_at_once() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe", "phone": "(202) 555-0123"}));
    let about = |noun: &str, body: serde_json::Value| {
        server.post(&format!("/api/v1/{noun}"), &body).expect(201);
    };
    about("notes", json!({"contact_id": id, "text": "Wants a quote"}));
    about("deals", json!({"contact_id": id, "title": "200 seats", "amount": 12_000}));
    about("calls", json!({"call_id": "1", "number": "+12025550123", "status": "COMPLETED"}));
    let found = server.lookup("+1 (202) 555-0123", "");
    assert_eq!((&found["count"], &found["results"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(found["results"][0]["last_call"]["outcome"], "completed");
    let timeline = server.get(&format!("/api/v1/contacts/{id}/timeline")).expect(200).json;
    let types: Vec<&str> = timeline["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    for wanted in ["call", "deal_created", "note", "created"] {
        assert!(types.contains(&wanted), "{wanted}: {types:?}");
    }
}

#[test]
fn use_3_everybody_with_large_deals_is_tagged_for_a_campaign() {
    let server = TestServer::start();
    let mut rich = Vec::new();
    for (name, amount) in [("Small", 500), ("Large", 15_000), ("Huge", 90_000)] {
        let id = server.create_id(&json!({"name": name}));
        let deal = json!({"contact_id": id, "title": "Offer", "amount": amount});
        server.post("/api/v1/deals", &deal).expect(201);
        if amount > 10_000 {
            rich.push(id);
        }
    }
    let select = json!({"q": "open_deals_value:>10000"});
    let tag = json!({"type": "add_tags", "tags": ["VIP Customer"]});
    let body = json!({"select": select, "action": tag, "dry_run": true});
    let trial = server.post("/api/v1/contacts/bulk-actions", &body).expect(200).json;
    assert_eq!(trial["total"], 2, "{trial}");
    assert_eq!(to_all(&server, &select, &tag), 2);
    assert_eq!(found(&server, "tag:\"VIP Customer\""), 2);
    for id in rich {
        assert_eq!(contact(&server, &id)["tags"], json!(["VIP Customer"]));
    }
}

#[test]
fn use_4_duplicates_are_reviewed_merged_and_nothing_is_lost() {
    let server = TestServer::start();
    let first = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123",
        "title": "CEO", "tags": ["Customer"]}));
    let second = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123",
        "email": "john@example.com", "title": "Founder", "tags": ["Speaker"]}));
    let task = json!({"contact_id": second, "title": "Send the slides"});
    server.post("/api/v1/tasks", &task).expect(201);
    let merge = |dry_run: bool| {
        json!({"primary": first, "others": [second], "fields": {"title": second},
            "dry_run": dry_run})
    };
    let preview = server.post("/api/v1/contacts/merge", &merge(true)).expect(200).json;
    assert_eq!(preview["conflicts"][0]["field"], "title", "{preview}");
    let merged = server.post("/api/v1/contacts/merge", &merge(false)).expect(200).json;
    let john = contact(&server, &first);
    assert_eq!(john["title"], "Founder");
    assert_eq!(john["emails"][0]["address"], "john@example.com");
    assert_eq!(john["counts"]["tasks_open"], 1);
    let mut tags: Vec<&str> =
        john["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    tags.sort_unstable();
    assert_eq!(tags, ["Customer", "Speaker"]);
    // Whoever was wrong takes it back.
    let undo = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    assert_eq!(contact(&server, &second)["counts"]["tasks_open"], 1);
}

#[test]
fn use_5_leads_without_an_owner_are_shared_out_evenly() {
    let server = TestServer::start();
    let team: Vec<String> = ["Ann", "Bob", "Cyd"]
        .iter()
        .map(|name| colleague(&server, name, &format!("{name}@example.com")))
        .collect();
    for at in 0..9 {
        server.create(&json!({"name": format!("Lead {at}"), "tags": ["Lead"]}));
    }
    server.create(&json!({"name": "Not a lead"}));
    let select = json!({"q": "tag:lead -has:owner"});
    let share = json!({"type": "distribute", "users": team});
    assert_eq!(to_all(&server, &select, &share), 9);
    let all = server.get("/api/v1/contacts?refresh=wait&tag=Lead").expect(200).json;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in all["contacts"].as_array().unwrap() {
        *counts.entry(one["assigned_to"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(found(&server, "tag:lead -has:owner"), 0);
}
