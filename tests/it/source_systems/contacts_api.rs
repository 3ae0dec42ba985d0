//! `/api/contacts`: the requests that clients send there.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn a_contact_is_created_listed_changed_in_part_and_deleted() {
    let server = TestServer::start();
    let sent = json!({"name": "John Doe", "phone": "+12025551234", "email": "john@example.com",
        "tags": ["VIP", "Q4-Campaign"],
        "custom_fields": {"customer_id": "CRM-12345", "account_value": 50000}});
    let made = server.post("/api/contacts", &sent).expect(201);
    let own = format!("/api/contacts/{}", made.id());
    assert_eq!(made.json["custom_fields"]["account_value"], 50000);

    // Only what is named changes, and null clears.
    let changed = json!({"company": "Acme", "email": null});
    let changed = server.json("PUT", &own, &[], &changed).expect(200).json;
    assert_eq!(changed["company"], "Acme");
    assert_eq!(changed["phones"][0]["number"], "+12025551234");
    assert_eq!(changed["emails"], json!([]));
    assert_eq!(changed["tags"], json!(["VIP", "Q4-Campaign"]));
    let stale = [("if-match", "\"1\"")];
    assert_eq!(
        server.json("PUT", &own, &stale, &json!({"title": "x"})).expect(412).code(),
        "revision_conflict"
    );

    let bulk = json!([{"name": "Jane Smith", "phone": "+12025559876"}, {"phone": "none"}]);
    let bulk = server.post("/api/contacts/bulk", &bulk).expect(200).json;
    assert_eq!((&bulk["created"], &bulk["failed"]), (&json!(1), &json!(1)));

    let list = |query: &str| server.get(&format!("/api/contacts?refresh=wait&{query}")).expect(200);
    assert_eq!(list("").json["total"], 2);
    assert_eq!(list("search=smith").names(), ["Jane Smith"]);
    assert_eq!(list("tags=VIP,Q4-Campaign").names(), ["John Doe"]);
    assert_eq!(list("date_from=2000-01-01&limit=1").json["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(list("date_to=2000-01-01").json["total"], 0);
    assert_eq!(
        server.get("/api/contacts?page=0").expect(422).json["errors"][0]["pointer"],
        "/page"
    );

    server.delete(&own).expect(204);
    server.get(&own).expect(404);
    server.post(&format!("/api/v1/contacts/{}/restore", made.id()), &json!({})).expect(200);
    server.delete(&format!("{own}?permanent=true")).expect(204);
    server.post(&format!("/api/v1/contacts/{}/restore", made.id()), &json!({})).expect(404);
}

#[test]
fn a_contact_comes_with_its_calls() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    for (at, status) in [("10", "COMPLETED"), ("11", "MISSED")] {
        let call = json!({"call_id": at, "number": "+12025550170", "status": status,
            "started_at": format!("2026-05-01T{at}:00:00Z")});
        server.post("/api/v1/calls", &call).expect(201);
    }
    let found = server.get(&format!("/api/contacts/{id}")).expect(200);
    assert!(found.header("etag").is_some());
    let calls = found.json["call_history"].as_array().unwrap();
    let outcomes: Vec<_> = calls.iter().map(|call| &call["outcome"]).collect();
    assert_eq!(outcomes, ["no-answer", "completed"], "newest first");
    assert_eq!(found.json["total_calls"], 2);
}

#[test]
fn a_sheet_needs_its_address_and_json() {
    let server = TestServer::start();
    let path = "/api/contacts/import/google-sheets";
    let refused = server.post(path, &json!({"duplicate_handling": "skip"})).expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/url");
    assert_eq!(
        server.send("POST", path, &[], Some(b"{}")).expect(415).code(),
        "unsupported_media_type"
    );
    // Only sheets are fetched, and nothing inside the network.
    for url in ["http://127.0.0.1/", "https://example.com/x.csv", "file:///etc/passwd"] {
        server.post(path, &json!({"url": url})).expect(422);
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}
