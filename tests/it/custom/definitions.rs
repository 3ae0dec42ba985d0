//! Definitions: made, changed, ordered, archived, refused.

use serde_json::{Value, json};

use super::{PATH, change, contact, define, fields_of, issues, keys};
use crate::support::server::TestServer;

#[test]
fn a_definition_is_made_found_changed_and_survives_a_restart() {
    let server = TestServer::start();
    let body = json!({"label": "Account Value", "type": "number", "required": false});
    let made = server.post(PATH, &body).expect(201);
    assert_eq!(made.header("location"), Some(format!("{PATH}/{}", made.id()).as_str()));
    let field = &made.json;
    assert_eq!((&field["key"], &field["type"]), (&json!("account_value"), &json!("decimal")));
    assert_eq!((&field["declared"], &field["position"]), (&json!(true), &json!(1)));
    assert_eq!(field["visible_to"], json!(["lookup", "machine", "agent", "manager", "admin"]));
    for name in [made.id().as_str(), "account_value", "ACCOUNT_VALUE"] {
        let found = server.get(&format!("{PATH}/{name}")).expect(200);
        assert_eq!((&found.json["id"], &found.json["usage"]), (&field["id"], &json!(0)));
        assert_eq!(found.header("etag"), Some("\"1\""));
    }
    let changed =
        change(&server, "account_value", &json!({"label": "Value", "visible_to": "manager"}));
    let changed = changed.expect(200).json;
    assert_eq!((&changed["label"], &changed["version"]), (&json!("Value"), &json!(2)));
    assert_eq!(changed["visible_to"], json!(["manager", "admin"]));
    // What was answered may be sent back.
    assert_eq!(change(&server, "account_value", &changed).expect(200).json, changed);
    let stale = [("if-match", "\"1\"")];
    let path = format!("{PATH}/account_value");
    server.json("PATCH", &path, &stale, &json!({"label": "x"})).expect(412);
    assert_eq!(change(&server, "nothing", &json!({})).expect(404).code(), "not_found");
    let server = server.restart();
    assert_eq!(server.get(PATH).expect(200).json["custom_fields"], json!([changed]));
    let log = server.get(&format!("/api/v1/audit?record={}", made.id())).expect(200).json;
    let lines = log["lines"].as_array().unwrap();
    assert_eq!(lines[0]["action"], "custom_field.updated");
    assert_eq!(lines[1]["action"], "custom_field.created");
    let fields: Vec<&Value> =
        lines[0]["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["label", "visible_to"]);
}

#[test]
fn definitions_that_do_not_fit_are_refused_with_their_place() {
    let server = TestServer::start();
    for (body, pointer) in [
        (json!({}), "/key"),
        (json!({"label": "—"}), "/key"),
        (json!({"key": "'"}), "/key"),
        (json!({"label": "A", "type": "colour"}), "/type"),
        (json!({"label": "A", "type": "dropdown"}), "/options"),
        (json!({"label": "A", "type": "dropdown", "options": ["a", "A"]}), "/options"),
        (json!({"label": "A", "type": "dropdown", "options": [""]}), "/options"),
        (json!({"label": "A", "type": "date", "options": ["a"]}), "/options"),
        (json!({"label": "A", "visible_to": "nobody"}), "/visible_to"),
        (json!({"label": "A", "visible_to": ["king"]}), "/visible_to"),
        (json!({"label": "A", "required": "yes"}), "/required"),
        (json!({"label": "A", "colour": 1}), "/colour"),
        (json!({"label": "x".repeat(101)}), "/label"),
    ] {
        assert_eq!(issues(server.post(PATH, &body))[0].0, pointer, "{body}");
    }
    define(&server, &json!({"key": "Tier", "label": "Level"}));
    let taken = server.post(PATH, &json!({"key": "tiér"})).expect(409);
    assert_eq!(taken.code(), "name_taken");
    for (body, pointer) in [
        (json!({"key": "other"}), "/key"),
        (json!({"declared": false}), "/declared"),
        (json!({"replace_with": {"a": "b"}}), "/replace_with/a"),
        (json!({"on_misfit": "explode"}), "/on_misfit"),
    ] {
        assert_eq!(issues(change(&server, "tier", &body))[0].0, pointer, "{body}");
    }
    for path in ["?usage=perhaps", "?archived=7"] {
        server.get(&format!("{PATH}{path}")).expect(422);
    }
}

#[test]
fn definitions_have_an_order() {
    let server = TestServer::start();
    for key in ["a", "b", "c", "d"] {
        define(&server, &json!({"key": key}));
    }
    define(&server, &json!({"key": "first", "position": 1}));
    assert_eq!(keys(&server, ""), ["first", "a", "b", "c", "d"]);
    let id = server.get(&format!("{PATH}/d")).json["id"].clone();
    let ordered = server.json("PUT", &format!("{PATH}/order"), &[], &json!({"order": [id, "b"]}));
    let ordered = ordered.expect(200).json;
    assert_eq!(ordered["custom_fields"][0]["key"], "d");
    assert_eq!(keys(&server, ""), ["d", "b", "first", "a", "c"]);
    change(&server, "c", &json!({"position": 2})).expect(200);
    assert_eq!(keys(&server, ""), ["d", "c", "b", "first", "a"]);
    for (body, pointer) in [
        (json!({"order": ["d", "nothing"]}), "/order/1"),
        (json!({"order": ["d", "D"]}), "/order/1"),
        (json!({"order": "d"}), "/order"),
        (json!({}), "/order"),
    ] {
        let path = format!("{PATH}/order");
        assert_eq!(issues(server.post(&path, &body))[0].0, pointer, "{body}");
    }
    let server = server.restart();
    assert_eq!(keys(&server, ""), ["d", "c", "b", "first", "a"]);
}

#[test]
fn using_a_field_defines_it_unless_that_is_forbidden() {
    let server = TestServer::start();
    let second = server.organization("second");
    let id = contact(
        &server,
        "One",
        &json!({"Industry": "Technology", "seats": 7, "rate": 0.5, "vip": true, "areas": ["a"]}),
    );
    let listed = server.get(&format!("{PATH}?usage=true")).expect(200).json;
    let mut kinds: Vec<(String, String)> = Vec::new();
    for field in listed["custom_fields"].as_array().unwrap() {
        assert_eq!((&field["declared"], &field["usage"]), (&json!(false), &json!(1)), "{field}");
        let text = |name: &str| field[name].as_str().unwrap().to_owned();
        kinds.push((text("key"), text("type")));
    }
    kinds.sort();
    let kinds: Vec<(&str, &str)> = kinds.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
    let expected = [
        ("Industry", "short_text"),
        ("areas", "multi_select"),
        ("rate", "decimal"),
        ("seats", "integer"),
        ("vip", "boolean"),
    ];
    assert_eq!(kinds, expected);
    // Other spellings are the same field, and it takes any value.
    let path = format!("/api/v1/contacts/{id}");
    server.patch(&path, &json!({"custom_fields": {"INDUSTRY": 1, "areas": null}})).expect(200);
    assert_eq!(fields_of(&server, &id)["Industry"], 1);
    assert_eq!(keys(&second, ""), Vec::<String>::new());

    server.patch("/api/v1/settings", &json!({"adhoc_custom_fields": false})).expect(200);
    let refused = server.patch(&path, &json!({"custom_fields": {"Colour/x": "red", "vip": false}}));
    let detail = refused.json["errors"][0]["detail"].as_str().unwrap_or("").to_owned();
    assert!(detail.contains("Colour/x") && detail.contains("Industry"), "{detail}");
    let expected = ("/custom_fields/Colour~1x".to_owned(), "unknown_field".to_owned());
    assert_eq!(issues(refused), [expected]);
    assert_eq!(fields_of(&server, &id)["vip"], true);
    server.patch(&path, &json!({"custom_fields": {"nothing": null, "vip": false}})).expect(200);
    let bulk = json!({"contacts": [{"name": "A", "custom_fields": {"new": 1}}, {"name": "B"}]});
    let made = server.post("/api/v1/contacts/bulk", &bulk).expect(200).json;
    assert_eq!((&made["created"], &made["failed"]), (&json!(1), &json!(1)));
    assert_eq!(keys(&server, "").len(), 5);
    // The setting is the organisation's own.
    contact(&second, "Two", &json!({"industry": "Retail"}));
    assert_eq!(keys(&second, ""), ["industry"]);
    let theirs = second.get(&format!("{PATH}/industry")).expect(200).id();
    assert_eq!(server.get(&format!("{PATH}/{theirs}")).expect(404).code(), "not_found");
    change(&server, &theirs, &json!({"label": "x"})).expect(404);
    server.delete(&format!("{PATH}/{theirs}?confirm=true")).expect(404);
}

#[test]
fn of_many_who_define_the_same_key_one_wins() {
    let server = TestServer::start();
    let writers: Vec<_> = (0..8)
        .map(|at| {
            let client = (*server).clone();
            std::thread::spawn(move || {
                let key = if at % 2 == 0 { "Tier" } else { "tier" };
                client.post(PATH, &json!({"key": key})).status
            })
        })
        .collect();
    let mut answers: Vec<u16> = writers.into_iter().map(|one| one.join().unwrap()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409, 409, 409, 409, 409]);
    let writers: Vec<_> = (0..16)
        .map(|at| {
            let client = (*server).clone();
            std::thread::spawn(move || {
                let key = if at % 2 == 0 { "Region" } else { "REGION" };
                contact(&client, &format!("Person {at}"), &json!({key: at}))
            })
        })
        .collect();
    let ids: Vec<String> = writers.into_iter().map(|one| one.join().unwrap()).collect();
    assert_eq!(keys(&server, "").len(), 2, "{:?}", keys(&server, ""));
    let region = server.get(&format!("{PATH}/region")).expect(200).json;
    assert_eq!(region["usage"], 16);
    for id in ids {
        assert!(fields_of(&server, &id)[region["key"].as_str().unwrap()].is_number());
    }
}

#[test]
fn an_archived_field_is_gone_until_it_is_brought_back() {
    let server = TestServer::start();
    let id = contact(&server, "One", &json!({"tier": "gold", "area": "north"}));
    change(&server, "tier", &json!({"archived": true})).expect(200);
    assert_eq!(keys(&server, ""), ["area"]);
    assert_eq!(keys(&server, "?archived=true"), ["area", "tier"]);
    change(&server, "area", &json!({"declared": true})).expect(202);
    assert_eq!(keys(&server.role("agent"), "?archived=true"), ["area"]);
    server.role("agent").get(&format!("{PATH}/tier")).expect(404);
    assert_eq!(fields_of(&server, &id), json!({"area": "north"}));
    for query in ["gold", "cf.tier:gold"] {
        assert_eq!(server.search(query, "&refresh=wait").json["total"], 0, "{query}");
    }
    assert_eq!(server.search("north", "&refresh=wait").json["total"], 1);
    let csv = String::from_utf8(server.get("/api/v1/contacts/export").expect(200).body).unwrap();
    assert!(!csv.contains("gold") && !csv.contains("cf.tier"), "{csv}");
    let path = format!("/api/v1/contacts/{id}");
    let refused = issues(server.patch(&path, &json!({"custom_fields": {"tier": "tin"}})));
    assert_eq!(refused, [("/custom_fields/tier".to_owned(), "field_archived".to_owned())]);
    // Emptying all fields leaves what nobody sees.
    server.patch(&path, &json!({"custom_fields": null})).expect(200);
    let server = server.restart();
    assert_eq!(fields_of(&server, &id), json!({}));
    change(&server, "tier", &json!({"archived": false})).expect(200);
    assert_eq!(fields_of(&server, &id), json!({"tier": "gold"}));
    assert_eq!(server.search("gold", "&refresh=wait").json["total"], 1);
}

#[test]
fn an_organisation_cannot_have_fields_without_end() {
    let server = TestServer::start();
    for part in 0..10 {
        let fields: serde_json::Map<String, Value> =
            (0..100).map(|at| (format!("f{part}_{at}"), json!(1))).collect();
        contact(&server, "Wide", &Value::Object(fields));
    }
    assert_eq!(keys(&server, "").len(), 1_000);
    assert_eq!(server.post(PATH, &json!({"key": "more"})).expect(409).code(), "in_use");
    let body = json!({"name": "More", "custom_fields": {"more": 1}});
    assert_eq!(issues(server.post("/api/v1/contacts", &body))[0].1, "too_many_fields");
    contact(&server, "Known", &json!({"F1_1": 2}));
}
