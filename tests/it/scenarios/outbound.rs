//! A department that calls out: contacts by hand, from calls and lists, tags, clean-up, call history,
//! export, and what the administrator sets up.

use serde_json::{Value, json};

use super::{contact, found, to_all};
use crate::access::import;
use crate::support::server::{Client, TestServer, escape};

fn ended(server: &TestServer, started: &crate::support::server::Answer) -> Value {
    server.app().finish_jobs();
    let job = server.get(started.header("location").unwrap()).expect(200).json;
    assert_eq!(job["state"], "done", "{job}");
    job
}

fn text(client: &Client, path: &str) -> String {
    String::from_utf8(client.get(path).expect(200).body).unwrap()
}

#[test]
fn a_number_that_was_dialled_by_hand_is_saved_and_keeps_its_call() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"required_fields": "s1"})).expect(200);
    let manager = server.role("manager");
    let lacking = manager.post("/api/v1/contacts", &json!({"name": "No Number"})).expect(422);
    assert!(lacking.json["errors"][0]["pointer"].as_str().unwrap().starts_with("/phone"));
    let call = json!({"call_id": "1", "number": "+1 555 123 4567", "direction": "out",
        "status": "COMPLETED", "notes": "Wants a brochure"});
    let call = manager.post("/api/v1/calls", &call).expect(201).json;
    assert!(call["contact_id"].is_null());
    let saved = manager.create(&json!({"name": "John Doe", "phone": "+15551234567",
        "tags": ["VIP", "Q4-Campaign"], "notes": "Met by phone"}));
    assert_eq!(saved["counts"]["calls"], 1, "{saved}");
    let id = saved["id"].as_str().unwrap();
    let history = manager.get(&format!("/api/contacts/{id}")).expect(200).json;
    assert_eq!(history["call_history"][0]["notes"], "Wants a brochure");
    // The same number in another form is the same call partner.
    assert_eq!(manager.lookup("(555) 123-4567", "&country=US")["results"][0]["id"], json!(id));
}

#[test]
fn a_list_is_mapped_validated_in_three_groups_and_imported_by_a_choice_for_duplicates() {
    let server = TestServer::start();
    let known = server.create_id(&json!({"name": "Jane Smith", "phone": "+12025559876"}));
    let file = "Name,Phone,Email,Tags,Plan\n\
        John Doe,+12025551234,john@example.com,\"VIP,Q4\",Gold\n\
        Jane Smith,+12025559876,jane@example.com,New Customer,Silver\n\
        Bad Number,12ab,bad@,x,y\n";
    let options = json!({"mapping": {"Plan": "cf.plan"}});
    let path = format!("/api/v1/imports/preview?options={}", escape(&options.to_string()));
    let csv = [("content-type", "text/csv")];
    let seen = server.send("POST", &path, &csv, Some(file.as_bytes())).expect(200).json;
    let counts = &seen["counts"];
    assert_eq!(
        (&counts["new"], &counts["updated"], &counts["invalid"]),
        (&json!(1), &json!(1), &json!(1)),
        "{seen}"
    );
    let skip = json!({"mapping": {"Plan": "cf.plan"}, "on_duplicate": "skip"});
    let job = import(&server, file, &skip);
    let counts = &job["counts"];
    assert_eq!(
        (&counts["imported"], &counts["skipped"], &counts["errors"]),
        (&json!(1), &json!(1), &json!(1)),
        "{job}"
    );
    assert_eq!(contact(&server, &known)["emails"], json!([]), "kept as it was");
    let update = json!({"mapping": {"Plan": "cf.plan"}, "on_duplicate": "update"});
    import(&server, file, &update);
    assert_eq!(contact(&server, &known)["emails"][0]["address"], "jane@example.com");
    assert_eq!(found(&server, "cf.plan:gold tag:q4"), 1);
    let rejected =
        text(&server, &format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    assert!(rejected.contains("12ab") && !rejected.contains("John"), "{rejected}");
}

#[test]
fn filters_are_combined_kept_as_a_preset_and_what_they_find_is_edited_at_once() {
    let server = TestServer::start();
    for (name, tag, value) in [("Ann", "VIP", 90_000), ("Bob", "VIP", 100), ("Cyd", "x", 80_000)] {
        server.create(&json!({"name": name, "tags": [tag], "phone": "+12025550100",
            "custom_fields": {"account_value": value}}));
    }
    let call = json!({"call_id": "1", "number": "+12025550199", "status": "COMPLETED"});
    server.create(&json!({"name": "Dan", "tags": ["VIP"], "phone": "+12025550199",
        "custom_fields": {"account_value": 70_000}}));
    server.post("/api/v1/calls", &call).expect(201);
    let q = "tag:vip cf.account_value:>50000 created:today";
    assert_eq!(found(&server, q), 2);
    assert_eq!(found(&server, "last_called:<1d"), 1);
    let preset = json!({"name": "VIP Customers - Q4", "q": q});
    server.post("/api/v1/saved-searches", &preset).expect(201);
    let path = format!("/api/v1/contacts?saved_search={}", escape("VIP Customers - Q4"));
    assert_eq!(server.get(&path).expect(200).json["total"], 2);
    let select = json!({"saved_search": "VIP Customers - Q4"});
    assert_eq!(to_all(&server, &select, &json!({"type": "add_tags", "tags": ["Enterprise"]})), 2);
    let set = json!({"type": "set", "field": "cf.lead_source", "value": "Trade Show"});
    assert_eq!(to_all(&server, &select, &set), 2);
    assert_eq!(
        to_all(&server, &select, &json!({"type": "remove_tags", "tags": ["Enterprise"]})),
        2
    );
    assert_eq!(found(&server, "tag:enterprise"), 0);
    assert_eq!(found(&server, "cf.lead_source:\"Trade Show\""), 2);
}

#[test]
fn tags_are_counted_renamed_joined_and_removed_for_all_contacts() {
    let server = TestServer::start();
    for tags in [json!(["VIP", "Old"]), json!(["vip"]), json!(["V.I.P."])] {
        server.create(&json!({"name": "Somebody", "tags": tags}));
    }
    let tags = server.get("/api/v1/tags").expect(200).json;
    assert_eq!((&tags["items"][0]["tag"], &tags["items"][0]["count"]), (&json!("VIP"), &json!(2)));
    let joined = json!({"from": ["V.I.P."], "into": "VIP"});
    ended(&server, &server.post("/api/v1/tags/merge", &joined).expect(202));
    assert_eq!(found(&server, "tag:VIP"), 3);
    ended(&server, &server.patch("/api/v1/tags/VIP", &json!({"tag": "Key account"})).expect(202));
    assert_eq!(found(&server, "tag:\"Key account\""), 3);
    ended(&server, &server.delete("/api/v1/tags/Old").expect(202));
    assert_eq!(found(&server, "tag:old"), 0);
}

#[test]
fn people_with_one_number_are_grouped_by_it_and_merged_with_tags_notes_and_calls() {
    let server = TestServer::start();
    let body = |name: &str, tag: &str, notes: &str| json!({"name": name, "phone": "+12025550123", "tags": [tag], "notes": notes});
    let first = server.create_id(&body("John Doe", "A", "Likes tea"));
    let call = json!({"call_id": "1", "number": "+12025550123", "status": "COMPLETED"});
    server.post("/api/v1/calls", &call).expect(201);
    let second = server.create_id(&body("Jon Doe", "B", "Calls on Mondays"));
    let call = json!({"call_id": "2", "number": "+12025550123", "contact_id": second});
    server.post("/api/v1/calls", &call).expect(201);
    let groups = server.get("/api/v1/duplicates?view=same_number").expect(200).json;
    assert_eq!(groups["groups"][0]["count"], 2, "{groups}");
    let merge = json!({"primary": first, "others": [second]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    let john = contact(&server, &first);
    assert_eq!(john["tags"], json!(["A", "B"]));
    let notes = john["notes"].as_str().unwrap();
    assert!(notes.contains("tea") && notes.contains("Mondays"), "{notes}");
    assert_eq!(john["total_calls"], 2);
    assert_eq!(server.get("/api/v1/duplicates?view=same_number").json["groups"], json!([]));
}

#[test]
fn who_is_deleted_for_good_leaves_calls_and_who_is_protected_stays() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "phone": "+12025550101"}));
    let call = json!({"call_id": "1", "number": "+12025550101", "status": "COMPLETED"});
    let call = server.post("/api/v1/calls", &call).expect(201).id();
    server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
    server.post(&format!("/api/v1/contacts/{id}/restore"), &json!({})).expect(404);
    let left = server.get(&format!("/api/v1/calls/{call}")).expect(200).json;
    assert_eq!((&left["contact_id"], &left["status"]), (&Value::Null, &json!("COMPLETED")));

    let busy = server.create_id(&json!({"name": "Bob", "in_active_campaign": true}));
    let vital = server.create_id(&json!({"name": "Cyd", "system_critical": true}));
    for (id, reason) in [(&busy, "in_active_campaign"), (&vital, "system_critical")] {
        let refused = server.delete(&format!("/api/v1/contacts/{id}")).expect(409);
        assert!(refused.json.to_string().contains(reason), "{}", refused.json);
    }
    server
        .patch(&format!("/api/v1/contacts/{busy}"), &json!({"in_active_campaign": false}))
        .expect(200);
    server.delete(&format!("/api/v1/contacts/{busy}")).expect(204);
    server.delete(&format!("/api/v1/contacts/{vital}?force=true")).expect(204);
}

#[test]
fn what_is_filtered_is_exported_for_spreadsheets_analysis_and_phones() {
    let server = TestServer::start();
    let ann = json!({"name": "Ann Archer", "phone": "+12025550101", "tags": ["VIP", "Q4"],
        "custom_fields": {"plan": "Gold"}, "notes": "Likes tea"});
    server.create(&ann);
    server.create(&json!({"name": "Bob Baker", "phone": "+12025550102"}));
    let call = json!({"call_id": "1", "number": "+12025550101", "status": "MISSED"});
    server.post("/api/v1/calls", &call).expect(201);
    found(&server, "");
    let csv = text(&server, "/api/v1/contacts/export?format=csv&q=tag:vip");
    for part in ["Ann Archer", "+12025550101", "VIP, Q4", "Gold", "no-answer", "Likes tea"] {
        assert!(csv.contains(part), "{part} in {csv}");
    }
    assert!(!csv.contains("Bob"), "{csv}");
    let workbook = server.get("/api/v1/contacts/export?format=xlsx&q=tag:vip").expect(200);
    assert!(workbook.body.starts_with(b"PK"));
    let cards = text(&server, "/api/v1/contacts/export?format=vcf&q=tag:vip");
    assert!(cards.starts_with("BEGIN:VCARD") && cards.contains("Archer"), "{cards}");
}

#[test]
fn an_administrator_defines_fields_who_sees_them_and_takes_them_away() {
    let server = TestServer::start();
    let path = "/api/v1/custom-fields";
    for field in [
        json!({"key": "customer_id", "label": "Customer ID", "type": "text"}),
        json!({"key": "industry", "label": "Industry", "type": "dropdown",
            "options": ["Healthcare", "Finance"]}),
        json!({"key": "account_value", "label": "Annual Contract Value", "type": "decimal"}),
    ] {
        server.post(path, &field).expect(201);
    }
    let hidden = json!({"field_visibility": {"cf.account_value": {"agent": "hidden"}}});
    server.patch("/api/v1/settings", &hidden).expect(200);
    let body = json!({"name": "Ann", "custom_fields": {"industry": "healthcare",
        "account_value": 50000.00, "customer_id": "CRM-12345"}});
    let id = server.create_id(&body);
    let ann = contact(&server, &id);
    assert_eq!(ann["custom_fields"]["industry"], "Healthcare", "as the option is written");
    let seen = contact(&server.role("agent"), &id);
    assert!(seen["custom_fields"].get("account_value").is_none(), "{seen}");
    assert_eq!(seen["custom_fields"]["customer_id"], "CRM-12345");
    assert_eq!(found(&server, "50000"), 1);
    let odd = json!({"custom_fields": {"industry": "Mining"}});
    server.patch(&format!("/api/v1/contacts/{id}"), &odd).expect(422);
    let order = json!({"keys": ["industry", "account_value", "customer_id"]});
    server.json("PUT", &format!("{path}/order"), &[], &order).expect(200);
    let listed = server.get(path).expect(200).json;
    assert_eq!(listed["custom_fields"][0]["key"], "industry", "{listed}");
    server.patch(&format!("{path}/customer_id"), &json!({"archived": true})).expect(200);
    let values = contact(&server, &id)["custom_fields"].clone();
    assert!(values.get("customer_id").is_none(), "archived fields are not shown: {values}");
    server.patch(&format!("{path}/customer_id"), &json!({"archived": false})).expect(200);
    assert_eq!(contact(&server, &id)["custom_fields"]["customer_id"], "CRM-12345");
    server.delete(&format!("{path}/account_value?confirm=true"));
    server.app().finish_jobs();
    assert!(contact(&server, &id)["custom_fields"].get("account_value").is_none());
}
