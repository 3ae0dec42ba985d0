//! What a change must keep to: references lead somewhere, read-only members are what they are,
//! and what is saved but does not show is said.

use serde_json::{Value, json};

use crate::support::server::TestServer;

fn path(id: &str) -> String {
    format!("/api/v1/contacts/{id}")
}

#[test]
fn a_reference_that_leads_nowhere_is_refused_with_its_place() {
    let server = TestServer::start();
    let user = server.user("jane@example.com", "agent", "a long enough password");
    let queue = server.post("/api/v1/queues", &json!({"name": "Support"})).expect(201).id();
    let id = server.create_id(&json!({"name": "Somebody"}));
    for (member, value) in [
        ("assigned_to", "nosuchuser"),
        ("assigned_queue", "nosuchqueue"),
        ("org_department_id", "nosuchdepartment"),
        ("assigned_to", "0193a1f0-0000-7000-8000-000000000000"),
    ] {
        let mut body = json!({"name": "New", "visibility": "all"});
        body[member] = json!(value);
        for refused in [
            server.post("/api/v1/contacts", &body),
            server.patch(&path(&id), &json!({member: value})),
        ] {
            let refused = refused.expect(422);
            assert_eq!(refused.json["errors"][0]["pointer"], format!("/{member}"), "{value}");
        }
        let bulk = server.post("/api/v1/contacts/bulk", &json!({"contacts": [body]})).expect(200);
        assert_eq!(bulk.json["created"], 0, "{}", bulk.json);
    }
    // Names are taken for ids where only one has them.
    let changed = json!({"assigned_to": "jane@example.com", "assigned_queue": "support",
        "visibility": "queue"});
    let contact = server.patch(&path(&id), &changed).expect(200).json;
    assert_eq!(
        (&contact["assigned_to"], &contact["assigned_queue"]),
        (&json!(user), &json!(queue))
    );
    // A queue that sees a contact must be one.
    let lost = server.patch(&path(&id), &json!({"assigned_queue": null})).expect(422);
    assert_eq!(lost.json["errors"][0]["pointer"], "/visibility");
    let hidden = json!({"name": "Hidden", "visibility": "queue"});
    server.post("/api/v1/contacts", &hidden).expect(422);
}

#[test]
fn read_only_members_may_be_sent_back_and_not_changed() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Somebody"}));
    // The whole record with one change, as forms send it.
    let mut whole = server.get(&path(&id)).expect(200).json;
    whole["notes"] = json!("called");
    let saved = server.patch(&path(&id), &whole).expect(200).json;
    assert_eq!(saved["notes"], "called");
    for (member, value) in [
        ("lead_score", json!(90)),
        ("total_calls", json!(7)),
        ("organization_id", json!("another")),
        ("id", json!("0193a1f0-0000-7000-8000-000000000000")),
        ("version", json!(99)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("created_by", json!("somebody else")),
    ] {
        let refused = server.patch(&path(&id), &json!({member: value, "notes": "lost"}));
        let refused = refused.expect(422);
        let error = &refused.json["errors"][0];
        assert_eq!(error["pointer"], format!("/{member}"), "{}", refused.json);
        assert_eq!(error["code"], "read_only");
        let body = json!({"name": "New", member: value});
        server.post("/api/v1/contacts", &body).expect(422);
    }
    assert_eq!(server.get(&path(&id)).expect(200).json["notes"], "called");
    // The own organisation, nothing, and what a new contact has anyway are no claims.
    let own = server.get("/api/v1/organizations").expect(200).json["organizations"][0].clone();
    for organization in [&own["id"], &own["name"]] {
        let body = json!({"name": "New", "organization_id": organization, "lead_score": null,
            "total_calls": 0, "id": null});
        server.create(&body);
    }
}

#[test]
fn a_status_that_does_not_show_is_said_and_facts_are_set_singly() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Quiet", "status": "do_not_contact"}));
    let change = |body: Value| server.patch(&path(&id), &body).expect(200).json;
    let contact = change(json!({"status": "inactive"}));
    assert_eq!(
        (&contact["status"], &contact["lifecycle"]),
        (&json!("do_not_contact"), &json!("inactive"))
    );
    assert_eq!(contact["warnings"][0]["code"], "status_covered", "{contact}");
    assert_eq!(change(json!({"notes": "x"}))["warnings"], Value::Null);
    let contact = change(json!({"do_not_contact": false}));
    assert_eq!((&contact["status"], &contact["warnings"]), (&json!("inactive"), &Value::Null));
    let contact = change(json!({"lifecycle": "active", "email_state": "bounced"}));
    assert_eq!(
        (&contact["status"], &contact["email_state"]),
        (&json!("bounced"), &json!("bounced"))
    );
    assert_eq!(change(json!({"email_state": null}))["status"], "active");
    let refused = server.patch(&path(&id), &json!({"lifecycle": "gone"})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/lifecycle");
}

#[test]
fn a_birthday_means_the_same_in_the_api_and_in_a_list() {
    let server = TestServer::start();
    for (text, birthday) in [
        ("1985-05-17", json!("1985-05-17")),
        ("1985-05-17T00:00:00Z", json!("1985-05-17")),
        ("--05-17", json!("--05-17")),
        ("17.05.1985", json!("1985-05-17")),
        ("5/17/1985", json!("1985-05-17")),
        // As the country of the organisation writes it.
        ("03/04/1985", json!("1985-03-04")),
        ("May 17, 1985", json!("1985-05-17")),
        ("17 mai 1985", json!("1985-05-17")),
        ("0000-00-00", json!(null)),
        ("", json!(null)),
    ] {
        let made = server.create(&json!({"name": "Ada", "birthday": text}));
        assert_eq!(made["birthday"], birthday, "{text}");
        let list = format!("Name,Birthday\nBen,\"{text}\"\n");
        let body =
            json!({"csv": list, "options": {"on_duplicate": "create", "tags": ["of a list"]}});
        let id = server.post("/api/v1/imports", &body).expect(202).id();
        while server.get(&format!("/api/v1/imports/{id}")).json["finished_at"].is_null() {
            std::thread::yield_now();
        }
        let ben =
            server.search("ben", "&refresh=wait&sort=-created_at").json["contacts"][0].clone();
        assert_eq!(ben["birthday"], birthday, "{text} in a list");
    }
    for text in ["1985-05-17 or so", "1985-02-30", "17.05.85", "soon"] {
        let body = json!({"name": "Ada", "birthday": text});
        let refused = server.post("/api/v1/contacts", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/birthday", "{text}");
    }
    // A day on which nobody was born is kept, and said to be one.
    for text in ["2999-01-01", "1200-01-01"] {
        let made = server.create(&json!({"name": "Ada", "birthday": text}));
        assert_eq!(made["birthday"], text);
        assert_eq!(made["warnings"][0]["pointer"], "/birthday", "{made}");
        let path = path(made["id"].as_str().unwrap());
        let changed = server.patch(&path, &json!({"date_of_birth": text})).expect(200).json;
        assert_eq!(changed["warnings"][0]["code"], "birthday_doubtful", "{changed}");
        assert_eq!(server.patch(&path, &json!({"title": "x"})).json.get("warnings"), None);
    }
}

#[test]
fn a_contact_belongs_to_a_company_that_is_there() {
    let server = TestServer::start();
    let company = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    let id = server.create_id(&json!({"name": "Ada", "company_id": company}));
    let nowhere = json!({"name": "Ben", "company_id": "018f0000-0000-7000-8000-000000000000"});
    for refused in [server.post("/api/v1/contacts", &nowhere), server.patch(&path(&id), &nowhere)] {
        assert_eq!(refused.expect(422).json["errors"][0]["pointer"], "/company_id");
    }
    let bulk = server.post("/api/v1/contacts/bulk", &json!({"contacts": [nowhere]})).expect(200);
    assert_eq!(bulk.json["created"], 0, "{}", bulk.json);
    // What a contact has already may be sent back, also when the company is gone.
    server.delete(&format!("/api/v1/companies/{company}"));
    let same = server.patch(&path(&id), &json!({"company_id": company, "notes": "x"})).expect(200);
    assert_eq!(same.json["company_id"], company.as_str());
}

#[test]
fn what_follows_from_records_is_told_to_be_read_only_unless_an_answer_is_sent_back() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "phone": "+12025550123"}));
    let list = server.post("/api/v1/lists", &json!({"name": "Hot", "kind": "static"})).expect(201);
    let members = format!("/api/v1/lists/{}/members", list.id());
    server.json("PUT", &members, &[], &json!({"ids": [id]})).expect(200);
    let shown = server.get(&path(&id)).expect(200).json;
    for (member, wrong) in [
        ("lists", json!([])),
        ("counts", json!({"calls": 9})),
        ("last_call", json!({"at": "2026-01-01T00:00:00Z"})),
        ("last_activity_at", json!("2026-01-01T00:00:00Z")),
        ("consent", json!({"marketing": {"status": "opted_in"}})),
        ("may_call", json!({"allowed": true, "why": []})),
        ("may_email", json!({"allowed": false, "why": []})),
        ("lead_score_why", json!([{"rule": "x", "points": 1}])),
        ("jurisdiction", json!({"country": "DE"})),
    ] {
        let mut new = json!({"name": "New"});
        new[member] = wrong.clone();
        let mut all = vec![server.patch(&path(&id), &json!({member: wrong}))];
        if member != "lists" {
            all.push(server.post("/api/v1/contacts", &new));
        }
        for refused in all {
            let error = refused.expect(422).json["errors"][0].clone();
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!(format!("/{member}")), &json!("read_only"))
            );
        }
    }
    // Somebody has called since it was read, and it is another minute.
    let mut stale = shown.clone();
    stale["counts"]["calls"] = json!(7);
    stale["may_call"] = json!({"allowed": true, "why": []});
    stale["title"] = json!("Boss");
    let changed = server.patch(&path(&id), &stale).expect(200).json;
    assert_eq!((&changed["title"], &changed["counts"]), (&json!("Boss"), &shown["counts"]));
    server.patch(&path(&id), &json!({"counts": shown["counts"]})).expect(200);
}
