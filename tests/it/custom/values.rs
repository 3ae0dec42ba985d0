//! Values against definitions, wherever contacts are written.

use serde_json::{Value, json};

use super::{contact, define, fields_of, issues};
use crate::support::server::{Client, TestServer};

fn typed(server: &Client) {
    for (key, kind) in [
        ("note", "short_text"),
        ("story", "long_text"),
        ("seats", "integer"),
        ("rate", "decimal"),
        ("since", "date"),
        ("vip", "boolean"),
    ] {
        define(server, &json!({"key": key, "type": kind}));
    }
    for (key, kind) in [("plan", "dropdown"), ("areas", "multi_select")] {
        define(server, &json!({"key": key, "type": kind, "options": ["Gold", "Silver"]}));
    }
}

#[test]
fn values_are_kept_in_the_form_of_their_type() {
    let server = TestServer::start();
    typed(&server);
    let given = json!({"note": " a ", "story": "a\nb", "seats": "1,200", "rate": "0,5",
        "SINCE": "2025-01-31T10:00:00Z", "vip": "yes", "plan": "gold", "areas": "silver; GOLD"});
    let kept = json!({"note": "a", "story": "a\nb", "seats": 1200, "rate": 0.5,
        "since": "2025-01-31", "vip": true, "plan": "Gold", "areas": ["Silver", "Gold"]});
    let id = contact(&server, "One", &given);
    assert_eq!(fields_of(&server, &id), kept);
    let path = format!("/api/v1/contacts/{id}");
    let read = server.get(&path).json;
    // What was read may be sent back.
    assert_eq!(server.patch(&path, &read).expect(200).json["version"], 1);
    let bulk = json!({"contacts": [{"name": "Two", "custom_fields": given}]});
    let made = server.post("/api/v1/contacts/bulk", &bulk).expect(200).json;
    let second = made["results"][0]["id"].as_str().unwrap();
    assert_eq!(fields_of(&server, second), kept);
    let server = server.restart();
    assert_eq!(fields_of(&server, &id), kept);
    server.patch(&path, &json!({"custom_fields": {"vip": "", "areas": []}})).expect(200);
    let left = fields_of(&server, &id);
    assert!(left.get("vip").is_none() && left.get("areas").is_none(), "{left}");
}

#[test]
fn values_of_the_wrong_type_are_named_with_what_is_expected() {
    let server = TestServer::start();
    typed(&server);
    let id = contact(&server, "One", &json!({}));
    let path = format!("/api/v1/contacts/{id}");
    for (key, value, code, expected) in [
        ("note", json!("a\nb"), "line", "one line"),
        ("note", json!("x".repeat(1_001)), "too_long", "1000"),
        ("note", json!({"a": 1}), "type", "a text"),
        ("seats", json!(1.5), "integer", "whole number"),
        ("seats", json!("9007199254740993000"), "integer", "9007199254740992"),
        ("rate", json!("1,234"), "decimal", "number"),
        ("since", json!("03/04/2025"), "date", "2025-12-31"),
        ("vip", json!("maybe"), "boolean", "yes or no"),
        ("plan", json!("Bronze"), "option", "Gold, Silver"),
        ("areas", json!(["Gold", "Tin"]), "option", "Gold, Silver"),
    ] {
        let body = json!({"custom_fields": {key: value}});
        for answer in [
            server.patch(&path, &body),
            server.post("/api/v1/contacts", &json!({"name": "x", "custom_fields": {key: value}})),
        ] {
            let detail = answer.json["errors"][0]["detail"].as_str().unwrap_or("").to_owned();
            assert!(detail.contains(expected), "{key} {value}: {detail}");
            let pointer = format!("/custom_fields/{key}");
            assert_eq!(issues(answer), [(pointer, code.to_owned())], "{value}");
        }
    }
    let many = json!({"name": "x", "custom_fields": {"seats": "x", "vip": "x"}});
    assert_eq!(issues(server.post("/api/v1/contacts", &many)).len(), 2);
    assert_eq!(fields_of(&server, &id), json!({}));
    let large = json!({"custom_fields": {"story": "é".repeat(40_000)}});
    assert_eq!(issues(server.patch(&path, &large))[0].1, "custom_fields_too_large");
}

#[test]
fn what_is_required_is_there_from_the_start_and_stays() {
    let server = TestServer::start();
    let old = contact(&server, "Old", &json!({}));
    define(&server, &json!({"key": "plan", "label": "Plan", "required": true}));
    define(&server, &json!({"key": "secret", "required": true, "visible_to": "manager"}));
    let missing = issues(server.post("/api/v1/contacts", &json!({"name": "x"})));
    let expected = [("/custom_fields/plan", "required"), ("/custom_fields/secret", "required")];
    assert_eq!(missing, expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
    let bulk = json!({"contacts": [{"name": "x"}]});
    assert_eq!(server.post("/api/v1/contacts/bulk", &bulk).expect(200).json["failed"], 1);
    // Nobody needs to give what they do not see.
    let id = contact(&server.role("agent"), "New", &json!({"plan": "a"}));
    let path = format!("/api/v1/contacts/{id}");
    for clearing in [json!({"plan": null}), json!({"plan": " "}), Value::Null] {
        let answer = server.patch(&path, &json!({"custom_fields": clearing}));
        assert_eq!(issues(answer)[0].1, "required");
    }
    server.patch(&path, &json!({"title": "x"})).expect(200);
    // Who lacks it already may go on without it.
    let path = format!("/api/v1/contacts/{old}");
    server.patch(&path, &json!({"custom_fields": {"other": 1}})).expect(200);
}
