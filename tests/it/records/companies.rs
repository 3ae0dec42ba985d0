//! Companies and the people who work there.

use serde_json::{Value, json};

use crate::support::server::TestServer;

fn company(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/v1/companies/{id}")).expect(200).json
}

#[test]
fn a_company_counts_its_contacts_and_deals_and_both_are_called_alike() {
    let server = TestServer::start();
    let acme = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    let ann = server.create(&json!({"name": "Ann", "company_id": acme}));
    assert_eq!(ann["company"], "Acme Inc", "linking sets the text");
    let bea = server.create_id(&json!({"name": "Bea", "company": "Acme"}));
    let own = format!("/api/v1/contacts/{bea}");
    let linked = server.patch(&own, &json!({"company_id": acme})).expect(200).json;
    assert_eq!(linked["company"], "Acme Inc");
    for (title, amount, status) in [("A", 100.5, "open"), ("B", 50.0, "open"), ("C", 9.0, "won")] {
        let body = json!({"title": title, "company_id": acme, "amount": amount, "status": status});
        server.post("/api/v1/deals", &body).expect(201);
    }
    let shown = company(&server, &acme);
    assert_eq!(shown["contacts_count"], 2);
    assert_eq!((&shown["open_deals"], &shown["open_deals_value"]), (&json!(2), &json!(150.5)));
    let listed = server.get("/api/v1/companies").json;
    assert_eq!(listed["items"][0]["contacts_count"], 2);
    let found = server.get(&format!("/api/v1/contacts?company_id={acme}")).expect(200).json;
    assert_eq!(found["total"], 2, "{found}");
    assert_eq!(server.search(&format!("company_id:{acme} ann"), "").names(), ["Ann"]);

    // A new name is the new name of everybody there who was not called otherwise.
    server.patch(&own, &json!({"company": "Acme, the branch"})).expect(200);
    let path = format!("/api/v1/companies/{acme}");
    assert_eq!(server.patch(&path, &shown).expect(200).json["version"], 1, "sent back as it is");
    server.patch(&path, &json!({"name": "Acme Group"})).expect(200);
    let names = |id: &str| server.get(&format!("/api/v1/contacts/{id}")).json["company"].clone();
    assert_eq!(names(ann["id"].as_str().unwrap()), "Acme Group");
    assert_eq!(names(&bea), "Acme, the branch");

    server.patch(&own, &json!({"company_id": null})).expect(200);
    assert_eq!(company(&server, &acme)["contacts_count"], 1);
    let server = server.restart();
    server.delete(&format!("{path}?permanent=true")).expect(204);
    let left = server.get(&format!("/api/v1/contacts/{}", ann["id"].as_str().unwrap())).json;
    assert!(left["company_id"].is_null(), "{left}");
    assert_eq!(left["company"], "Acme Group", "the text stays");
}

#[test]
fn a_company_counts_only_whom_the_caller_sees() {
    let server = TestServer::start();
    let agent = server.role("agent");
    let acme = server.post("/api/v1/companies", &json!({"name": "Acme Inc"})).expect(201).id();
    server.create(&json!({"name": "Ann", "company_id": acme}));
    let hidden = server.create(&json!({"name": "Hid", "company_id": acme, "visibility": "owner"}));
    let deal = json!({"title": "A", "contact_id": hidden["id"], "company_id": acme, "amount": 5});
    server.post("/api/v1/deals", &deal).expect(201);
    let seen = agent.get(&format!("/api/v1/companies/{acme}")).expect(200).json;
    assert_eq!((&seen["contacts_count"], &seen["open_deals"]), (&json!(1), &json!(0)));
    let second = server.organization("second");
    second.get(&format!("/api/v1/companies/{acme}")).expect(404);
    let refused = second.post("/api/v1/contacts", &json!({"name": "X", "company_id": acme}));
    assert_eq!(refused.expect(422).json["errors"][0]["pointer"], "/company_id");
}
