//! `/rest/v1` and `/functions/v1`: the requests that clients send there.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

/// Asks until an import has ended.
fn ended(client: &Client, job: &str) -> Value {
    loop {
        let state = client.get(&format!("/api/v1/imports/{job}")).expect(200).json;
        if !state["finished_at"].is_null() {
            return state;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_contact_is_created_searched_and_imported_as_rest_clients_do() {
    let server = TestServer::start();
    let acme = server.organization("Acme");
    let organization = acme.get("/api/v1/organizations").expect(200).json["organizations"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = acme
        .post(
            "/rest/v1/contacts",
            &json!({"organization_id": organization, "first_name": "John", "last_name": "Doe",
                "phones": ["+12025550123"], "emails": ["john@example.com"],
                "tags": ["customer", "vip"], "custom_fields": {"industry": "Technology"}}),
        )
        .expect(201);
    assert_eq!(made.json["display_name"], "John Doe");
    assert_eq!(made.json["custom_fields"]["industry"], "Technology");
    assert_eq!(acme.get(&format!("/api/v1/contacts/{}", made.id())).expect(200).json["version"], 1);

    let import = acme
        .post(
            "/functions/v1/import-contacts",
            &json!({"csvData": "First Name,Last Name,Email\nJane,Doe,jane@example.com",
                "organizationId": organization}),
        )
        .expect(202);
    assert_eq!(ended(&acme, &import.id())["counts"]["imported"], 1);

    let search = |body: Value| {
        let mut body = body;
        body["refresh"] = json!("wait");
        acme.post("/functions/v1/search-contacts", &body).expect(200)
    };
    let found =
        search(json!({"organizationId": organization, "query": "doe", "tags": [], "page": 1}));
    assert_eq!((&found.json["total"], &found.json["per_page"]), (&json!(2), &json!(50)));
    let found = search(json!({"organizationId": "Acme", "query": "doe", "tags": ["vip"]}));
    assert_eq!(found.names(), ["John Doe"]);
    assert_eq!(search(json!({"query": "2025550123"})).names(), ["John Doe"]);
    assert_eq!(search(json!({"query": "", "page": 2})).json["contacts"], json!([]));
    let mapped = acme.post(
        "/functions/v1/import-contacts",
        &json!({"csvData": "Wer,Womit\nJim Poe,+12025550124", "mapping": {"Wer": "name", "Womit": "phone"}}),
    );
    assert_eq!(ended(&acme, &mapped.expect(202).id())["counts"]["imported"], 1);
    assert_eq!(acme.lookup("+12025550124", "")["results"][0]["display_name"], "Jim Poe");
}

#[test]
fn another_organisation_is_refused_and_changes_nothing() {
    let server = TestServer::start();
    let acme = server.organization("Acme");
    for (path, name) in [
        ("/rest/v1/contacts", "organization_id"),
        ("/functions/v1/search-contacts", "organizationId"),
        ("/functions/v1/import-contacts", "organizationId"),
    ] {
        for other in [json!("default"), json!("org-uuid"), json!(7), json!("")] {
            let mut body = json!({"first_name": "Mallory", "csvData": "name\nMallory\n"});
            body[name] = other.clone();
            assert_eq!(acme.post(path, &body).expect(403).code(), "forbidden", "{path} {other}");
        }
    }
    assert_eq!(acme.search("", "&refresh=wait").json["total"], 0);
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}

#[test]
fn what_cannot_be_read_is_named_where_it_stands() {
    let server = TestServer::start();
    let pointer = |path: &str, body: Value| {
        let refused = server.post(path, &body).expect(422).json;
        refused["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    assert_eq!(pointer("/rest/v1/contacts", json!([1])), "");
    assert_eq!(pointer("/rest/v1/contacts", json!({"phones": [true]})), "/phones/0");
    assert_eq!(pointer("/functions/v1/search-contacts", json!({"query": 5})), "/query");
    assert_eq!(pointer("/functions/v1/search-contacts", json!({"page": "x"})), "/page");
    assert_eq!(pointer("/functions/v1/import-contacts", json!({})), "/csvData");
    assert_eq!(pointer("/functions/v1/import-contacts", json!({"csvData": 1})), "/csvData");
    let unknown = json!({"csvData": "name\nx", "colour": 1});
    assert_eq!(pointer("/functions/v1/import-contacts", unknown), "/colour");
    let plain = server.send("POST", "/functions/v1/import-contacts", &[], Some(b"{}"));
    assert_eq!(plain.expect(415).code(), "unsupported_media_type");
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}
