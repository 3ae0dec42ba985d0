//! Notes, deals, activities and companies: what is special about each.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn a_note_keeps_its_earlier_texts_and_its_author() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    let body = json!({"text": "First", "contact_id": contact});
    let made = server.post("/api/v1/notes", &body).expect(201);
    assert!(made.json["author"].is_string() && made.json["edited_at"].is_null(), "{}", made.json);
    assert_eq!(made.json["pinned"], false);
    let own = format!("/api/v1/notes/{}", made.id());
    server.patch(&own, &json!({"pinned": true})).expect(200);
    let changed = server.patch(&own, &json!({"text": "Second"})).expect(200).json;
    assert_eq!(changed["history"][0]["text"], "First", "{changed}");
    assert_eq!(changed["history"].as_array().unwrap().len(), 1);
    assert!(changed["edited_at"].is_string(), "{changed}");
    assert_eq!(changed["author"], made.json["author"]);
    let pinned = server.get("/api/v1/notes?pinned=true&q=second").expect(200).json;
    assert_eq!(pinned["total"], 1);
    server.patch(&own, &json!({"author": "somebody"})).expect(422);
}

#[test]
fn a_deal_that_is_decided_says_since_when_and_belongs_to_a_company_that_is_there() {
    let server = TestServer::start();
    let company = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    let body = json!({"title": "200 seats", "company_id": company, "amount": 12500.509,
        "currency": "eur", "expected_close": "2026-12-31"});
    let made = server.post("/api/v1/deals", &body).expect(201);
    assert_eq!((&made.json["amount"], &made.json["currency"]), (&json!(12500.51), &json!("EUR")));
    let own = format!("/api/v1/deals/{}", made.id());
    let won = server.patch(&own, &json!({"status": "won"})).expect(200).json;
    assert!(won["closed_at"].is_string(), "{won}");
    let open = server.patch(&own, &json!({"status": "open"})).expect(200).json;
    assert!(open["closed_at"].is_null(), "{open}");
    let of_company = server.get(&format!("/api/v1/deals?company_id={company}")).expect(200).json;
    assert_eq!(of_company["total"], 1);
    for (member, wrong) in [
        ("company_id", json!("018f0000-0000-7000-8000-000000000000")),
        ("amount", json!(-1)),
        ("currency", json!("EURO")),
        ("expected_close", json!("31.12.2026")),
    ] {
        let refused = server.patch(&own, &json!({member: wrong})).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], format!("/{member}"));
    }
    let larger = server.post("/api/v1/deals", &json!({"title": "B", "amount": 99})).expect(201);
    let sorted = server.get("/api/v1/deals?sort=amount").expect(200).json;
    assert_eq!(sorted["items"][0]["id"], larger.id().as_str());
    assert_eq!(server.get("/api/v1/deals?amount=99").expect(200).json["total"], 1);
}

#[test]
fn an_activity_happens_now_if_nothing_is_said() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    let body = json!({"type": "meeting", "contact_id": contact, "data": {"minutes": 30}});
    let now = server.post("/api/v1/activities", &body).expect(201).json;
    assert!(now["occurred_at"].is_string(), "{now}");
    let body = json!({"type": "email_sent", "contact_id": contact,
        "occurred_at": "2020-01-01T00:00:00Z"});
    let late = server.post("/api/v1/activities", &body).expect(201);
    let listed = server.get(&format!("/api/v1/activities?contact_id={contact}")).expect(200).json;
    assert_eq!(listed["items"][1]["id"], late.id().as_str(), "in the order in which they happened");
    server.post("/api/v1/activities", &json!({"type": "meeting"})).expect(422);
}

#[test]
fn what_goes_with_a_contact_is_counted_before_it_is_deleted() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    let path = format!("/api/v1/contacts/{contact}/delete-impact");
    for (noun, body) in [
        ("tasks", json!({"title": "A", "contact_id": contact})),
        ("tasks", json!({"title": "B", "contact_id": contact})),
        ("deals", json!({"title": "C", "contact_id": contact})),
    ] {
        server.post(&format!("/api/v1/{noun}"), &body).expect(201);
    }
    let impact = server.get(&path).expect(200).json;
    for (kind, count) in
        [("activities", 0), ("calls_kept", 0), ("deals", 1), ("notes", 0), ("tasks", 2)]
    {
        assert_eq!(impact[kind], count, "{impact}");
    }
    let refused = server.delete(&format!("/api/v1/contacts/{contact}?permanent=true")).expect(409);
    assert_eq!(refused.json["impact"], impact);
    assert_eq!((&refused.json["tasks"], &refused.json["deals"]), (&json!(2), &json!(1)));
    assert!(refused.json["detail"].as_str().unwrap().contains("1 deal, 2 tasks"));
}
