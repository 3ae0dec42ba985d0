//! `/api/crm-contacts/{tenant}`: the requests that clients send there.

use serde_json::{Value, json};

use crate::support::server::{TestServer, escape};

const CSV: &str = "FName;Last Name;Cell;Groups;Which\nJohn;Doe;+12025550123;VIP|New;Leads\nJane;Roe;+12025550124;;\nBad;Row;not a number;;\n";

fn mapping() -> Value {
    json!({"FName": "first_name", "Last Name": "last_name", "Cell": "mobile", "Groups": "_tag", "Which": ""})
}

#[test]
fn a_list_is_previewed_tried_imported_and_its_errors_are_fetched() {
    let server = TestServer::start();
    let acme = server.organization("Acme");
    let id = acme.get("/api/v1/organizations").json["organizations"][0]["id"].clone();
    let base = format!("/api/crm-contacts/{}", id.as_str().unwrap());
    let preview = json!({"csv": CSV, "mapping_json": mapping().to_string()});
    let preview = acme.post(&format!("{base}/import-preview"), &preview).expect(200).json;
    assert_eq!(preview["header"], json!(["FName", "Last Name", "Cell", "Groups", "Which"]));
    assert_eq!(preview["sample_rows"][0][0], "John");
    let body = json!({"csv": CSV, "mapping_json": mapping(), "on_duplicate": "update",
        "match_keys": ["phone"], "dry_run": true});
    let trial = acme.post(&format!("{base}/import"), &body).expect(200).json;
    assert_eq!((&trial["imported"], &trial["errors"]), (&json!(2), &json!(1)), "{trial}");
    assert_eq!(acme.search("", "&refresh=wait").json["total"], 0, "a dry run writes nothing");

    // The list as it is, with everything else in the query.
    let query = format!("mapping_json={}&match_keys=phone", escape(&mapping().to_string()));
    let csv = [("content-type", "text/csv")];
    let send = || {
        let path = format!("/api/crm-contacts/Acme/import?{query}");
        acme.send("POST", &path, &csv, Some(CSV.as_bytes())).expect(200).json
    };
    let done = send();
    assert_eq!((&done["imported"], &done["errors"]), (&json!(2), &json!(1)), "{done}");
    assert_eq!(
        acme.search("john", "&refresh=wait").json["contacts"][0]["tags"],
        json!(["VIP", "New"])
    );
    let again = send();
    assert_eq!(again["imported"], 0, "{again}");
    let token = done["token"].as_str().unwrap();
    let errors = acme.get(&format!("{base}/import-errors?token={token}")).expect(200);
    assert!(String::from_utf8(errors.body).unwrap().contains("not a number"));
    server.get(&format!("/api/crm-contacts/default/import-errors?token={token}")).expect(404);
}

#[test]
fn another_tenant_is_refused_and_what_is_missing_is_named() {
    let server = TestServer::start();
    let acme = server.organization("Acme");
    for (method, path) in [
        ("POST", "/api/crm-contacts/default/import"),
        ("POST", "/api/crm-contacts/default/import-preview"),
        ("GET", "/api/crm-contacts/default/import-errors?token=x"),
    ] {
        let body = json!({"csv": "name\nMallory\n"}).to_string();
        let kind = [("content-type", "application/json")];
        let body = (method == "POST").then_some(body.as_bytes());
        assert_eq!(acme.send(method, path, &kind, body).expect(403).code(), "forbidden", "{path}");
    }
    for (body, pointer) in [
        (json!({}), "/csv"),
        (json!({"csv": "a\nb", "mapping_json": "{"}), "/mapping_json"),
        (json!({"csv": "a\nb", "mapping_json": [1]}), "/mapping_json"),
        (json!({"csv": "a\nb", "colour": 1}), "/colour"),
        (json!([]), ""),
    ] {
        let refused = acme.post("/api/crm-contacts/Acme/import", &body).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}");
    }
    let refused = acme.get("/api/crm-contacts/Acme/import-errors").expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/token");
    acme.get("/api/crm-contacts/Acme/import-errors?token=nonsense").expect(404);
    assert_eq!(acme.search("", "&refresh=wait").json["total"], 0);
}
