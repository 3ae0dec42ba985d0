//! A contact centre of many channels: people come by conversations, are one over all channels, and can
//! be blocked.

use serde_json::{Value, json};

use super::{colleague, contact, found};
use crate::access::import;
use crate::support::server::{TestServer, escape};

#[test]
fn who_writes_first_is_a_contact_with_the_channel_by_which_it_came() {
    let server = TestServer::start();
    for (channel, identifier, name) in [
        ("whatsapp", "+12025550101", "Wanda"),
        ("email", "eva@example.com", "Eva"),
        ("facebook", "fb.1234567", "Fred"),
    ] {
        let body = json!({"channel": channel, "identifier": identifier, "name": name,
            "direction": "in"});
        let made = server.post("/api/v1/conversations", &body).expect(201).json;
        let known = contact(&server, made["contact_id"].as_str().unwrap());
        assert_eq!(
            (&known["first_channel"], &known["display_name"]),
            (&json!(channel), &json!(name))
        );
        let hello = json!({"conversation_id": made["id"], "direction": "in", "text": "Hello"});
        server.post("/api/v1/messages", &hello).expect(201);
        let known = contact(&server, made["contact_id"].as_str().unwrap());
        assert!(known["last_interaction_at"].is_string(), "{known}");
        // Writing again is the same person.
        let again = server.post("/api/v1/conversations", &body).expect(201).json;
        assert_eq!(again["contact_id"], made["contact_id"]);
        assert_eq!(found(&server, &format!("first_channel:{channel}")), 1);
        assert_eq!(found(&server, &escaped(identifier)), 1, "{identifier}");
    }
    assert_eq!(found(&server, "last_contact:<1d"), 3);
}

fn escaped(text: &str) -> String {
    format!("\"{text}\"")
}

#[test]
fn a_contact_by_hand_needs_a_name_and_how_to_reach_it() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"required_fields": "s2"})).expect(200);
    server.post("/api/v1/contacts", &json!({"name": "Nobody"})).expect(422);
    server.post("/api/v1/contacts", &json!({"phone": "+12025550101"})).expect(422);
    let body = json!({"name": "Wanda", "channels": [{"channel": "whatsapp",
        "identifier": "+12025550101"}], "custom_fields": {"Customer Tier": "Gold"}});
    server.create(&body);
    assert_eq!(server.lookup("+12025550101", "")["count"], 1);
    assert_eq!(found(&server, "gold"), 1, "by any attribute");
}

#[test]
fn the_history_tells_messages_assignment_status_and_tags_with_their_times() {
    let server = TestServer::start();
    let jane = colleague(&server, "Jane", "jane@example.com");
    let start = json!({"channel": "whatsapp", "identifier": "+12025550101", "name": "Wanda",
        "direction": "in", "subject": "Order 17"});
    let talk = server.post("/api/v1/conversations", &start).expect(201).json;
    let (talk_id, id) = (talk["id"].as_str().unwrap(), talk["contact_id"].as_str().unwrap());
    for (direction, text) in [("in", "Where is it?"), ("out", "On its way")] {
        let body = json!({"conversation_id": talk_id, "direction": direction, "text": text});
        server.post("/api/v1/messages", &body).expect(201);
    }
    let own = format!("/api/v1/conversations/{talk_id}");
    server.patch(&own, &json!({"assigned_to": jane})).expect(200);
    server.patch(&own, &json!({"status": "resolved"})).expect(200);
    let path = format!("/api/v1/contacts/{id}");
    server.patch(&path, &json!({"tags": ["Delivery"]})).expect(200);
    server.patch(&path, &json!({"assigned_to": jane})).expect(200);
    let events = server.get(&format!("{path}/timeline")).expect(200).json["events"].clone();
    let events = events.as_array().unwrap();
    for wanted in ["message", "assignment", "tag", "created"] {
        let event = events.iter().find(|event| event["type"] == wanted);
        assert!(
            event.is_some_and(|event| event["occurred_at"].is_string()),
            "{wanted}: {events:?}"
        );
    }
    let list = |status: &str| {
        let path = format!("/api/v1/conversations?contact_id={id}&status={status}");
        server.get(&path).expect(200).json["total"].clone()
    };
    assert_eq!((list("resolved"), list("open")), (json!(1), json!(0)));
    // What comes in opens it again.
    let more = json!({"conversation_id": talk_id, "direction": "in", "text": "Thanks"});
    server.post("/api/v1/messages", &more).expect(201);
    assert_eq!(list("open"), 1);
}

#[test]
fn two_records_of_one_person_become_one_with_both_histories() {
    let server = TestServer::start();
    let by = |channel: &str, identifier: &str| {
        let body = json!({"channel": channel, "identifier": identifier, "name": "Eva Muster",
            "direction": "in"});
        server.post("/api/v1/conversations", &body).expect(201).json["contact_id"].clone()
    };
    let (stays, goes) = (by("email", "eva@example.com"), by("whatsapp", "+12025550102"));
    assert_ne!(stays, goes);
    let merge = json!({"primary": stays, "others": [goes]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    let one = contact(&server, stays.as_str().unwrap());
    assert_eq!(one["counts"]["conversations"], 2, "{one}");
    assert_eq!(server.lookup("+12025550102", "")["results"][0]["id"], stays);
    assert_eq!(by("whatsapp", "+12025550102"), stays, "and the next message is hers");
}

#[test]
fn who_is_blocked_begins_no_conversation_until_unblocked() {
    let server = TestServer::start();
    let start = json!({"channel": "whatsapp", "identifier": "+12025550101", "name": "Wanda",
        "direction": "in"});
    let id = server.post("/api/v1/conversations", &start).expect(201).json["contact_id"].clone();
    let path = format!("/api/v1/contacts/{}", id.as_str().unwrap());
    server.patch(&path, &json!({"blocked": true})).expect(200);
    assert_eq!(found(&server, "status:blocked"), 1);
    let refused = server.post("/api/v1/conversations", &start).expect(409);
    assert_eq!(refused.code(), "contact_blocked");
    server.patch(&path, &json!({"blocked": false})).expect(200);
    server.post("/api/v1/conversations", &start).expect(201);
}

#[test]
fn attributes_of_every_type_are_defined_filtered_imported_by_a_template_and_exported() {
    let server = TestServer::start();
    let values = [
        ("account_id", "text", json!("A-17")),
        ("seats", "number", json!(12)),
        ("since", "date", json!("2025-03-01")),
        ("tier", "dropdown", json!("Gold")),
        ("partner", "boolean", json!(true)),
    ];
    for (key, kind, _) in &values {
        let mut field = json!({"key": key, "label": key, "type": kind});
        if *kind == "dropdown" {
            field["options"] = json!(["Gold", "Silver"]);
        }
        server.post("/api/v1/custom-fields", &field).expect(201);
    }
    let fields: serde_json::Map<String, Value> =
        values.iter().map(|(key, _, value)| ((*key).to_owned(), value.clone())).collect();
    server.create(&json!({"name": "Ann", "custom_fields": fields}));
    for q in
        ["cf.account_id:A-17", "cf.seats:>10", "cf.since:2025", "cf.tier:gold", "cf.partner:true"]
    {
        assert_eq!(found(&server, q), 1, "{q}");
    }
    let template = server.get("/api/v1/imports/template.csv").expect(200);
    let template = String::from_utf8(template.body).unwrap();
    let header = template.lines().next().unwrap().to_lowercase();
    for column in ["name", "phone", "email", "account_id"] {
        assert!(header.contains(column), "{column} in {header}");
    }
    let file = "name,phone,email,cf.tier\nBob,+12025550102,bob@example.com,Silver\n\
        Cyd,+12025550103,cyd at example,Bronze\n";
    let job = import(&server, file, &json!({}));
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    assert_eq!(found(&server, "cf.tier:silver"), 1);
    let path = format!("/api/v1/contacts/export?format=csv&q={}", escape("cf.tier:gold"));
    let csv = String::from_utf8(server.get(&path).expect(200).body).unwrap();
    assert!(csv.contains("A-17") && !csv.contains("Bob"), "{csv}");
}
