//! What was exported comes back as the same contacts.

use serde_json::{Value, json};

use super::{four, import};
use crate::support::server::{Client, TestServer};

fn contacts(server: &Client) -> Vec<Value> {
    let page =
        server.get("/api/v1/contacts?q=has:status&refresh=wait&sort=created_at&per_page=1000");
    page.expect(200).json["contacts"].as_array().unwrap().clone()
}

fn fill(server: &TestServer) {
    server
        .post(
            "/api/v1/custom-fields",
            &json!({"key": "areas", "type": "multi_select",
        "options": ["Gold", "Silver"]}),
        )
        .expect(201);
    for contact in [
        json!({"name": "Only Name"}),
        json!({"company": "Only Company"}),
        json!({"name": "Namesake"}),
        json!({"name": "Namesake"}),
        json!({"channels": [{"channel": "telegram", "identifier": "@ada"}]}),
        json!({"name": "Long Notes", "notes": "é\n".repeat(50_000)}),
        json!({"name": "John Smith Jr.", "phone": "+12025550113 x5", "birthday": "--02-29"}),
        json!({"name": "-Formula", "notes": "=1+1", "title": "@home", "tags": ["=x", "a, b", "c;d"]}),
        json!({"name": "Inner Formula", "notes": "a;=1+1\n@SUM(A1); -2-3", "title": ";=1"}),
        json!({"name": "One Tag", "tags": ["a, b"]}),
        json!({"name": "Dr. Anna Weber", "suffix": "PhD", "role": "champion"}),
        json!({"name": "Ada Null", "company": "None", "phones": ["4711", "+12025550114"],
            "emails": ["a@example.com", "b@example.com"]}),
        json!({"name": "Two Homes", "addresses": [
            {"label": "home", "street": "1 Main St", "city": "Springfield", "country": "USA"},
            {"label": "work", "street": "2 Oak Ave", "postal_code": "02134"}]}),
        json!({"name": "Only Land", "addresses": [{"country": "US"}]}),
        json!({"name": "No Land", "addresses": [{"street": "3 Elm St", "country": "US"}]}),
        json!({"name": "Other Land", "country": "DE",
            "addresses": [{"city": "Springfield", "country": "US"}]}),
        json!({"name": "Land Apart", "country": "DE", "addresses": [{"city": "Berlin"}]}),
        json!({"name": "No Such Land", "addresses": [{"city": "X", "country": "Atlantis"}]}),
        json!({"name": "Lost Zero", "addresses": [
            {"street": "4 Ash St", "postal_code": "5073", "country": "US"}]}),
        json!({"name": "Free", "custom_fields": {"list": ["a", "b"], "one": ["x | y"],
            "none": [], "tree": {"a": [1, null]}, "like": "[\"a\"]", "half": 0.5, "big": 1e21}}),
        json!({"name": "Refused", "do_not_contact": true, "email_opt_out": true, "opt_in": false}),
        json!({"name": "Put Away", "status": "archived", "blocked": true}),
        json!({"name": "Typed", "custom_fields": {"n": 7, "yes": true, "areas": ["Gold", "Silver"],
            "text": "none", "since": "2025-01-31"}}),
        json!({"name": "From CRM", "external_crm_id": "7", "external_crm_provider": "Own"}),
    ] {
        server.create(&contact);
    }
}

#[test]
fn an_export_that_is_imported_again_changes_nothing() {
    for format in
        ["csv", "jsonl", "xlsx", "vcf", "vcf&version=3.0", "csv&bom=true&delimiter=semicolon"]
    {
        let server = TestServer::start();
        fill(&server);
        let before = contacts(&server);
        let path = format!("/api/v1/contacts/export?format={format}");
        let list = server.get(&path).expect(200).body;
        let job = import(&server, &list, &json!({}));
        let all = before.len();
        let nothing = json!({"imported": 0, "updated": 0, "skipped": all, "errors": 0});
        assert_eq!(four(&job), nothing, "{format}: {job}");
        for warning in job["warnings"].as_array().unwrap() {
            let is_cut = format == "xlsx" && warning["column"] == "notes";
            // Said, but it is no news.
            let is_zero = warning["code"] == "value_repaired" && warning["value"] == "5073";
            assert!(is_cut || is_zero || warning["value"] == "Atlantis", "{format}: {job}");
        }
        assert_eq!(contacts(&server), before, "{format}");
        // Where nobody is known they become the same contacts.
        let elsewhere = TestServer::start();
        let job = import(&elsewhere, &list, &json!({}));
        assert_eq!(job["counts"]["imported"], all, "{format}: {job}");
        let free = elsewhere.search("free", "&refresh=wait").json["contacts"][0].clone();
        for (key, value) in [("list", json!(["a", "b"])), ("tree", json!({"a": [1, null]}))] {
            assert_eq!(free["custom_fields"][key], value, "{format}");
        }
    }
}

#[test]
fn a_change_in_an_export_goes_to_the_contact_with_its_id() {
    let server = TestServer::start();
    fill(&server);
    let path = "/api/v1/contacts/export?columns=id,name,notes&q=namesake";
    server.search("", "&refresh=wait");
    let list = String::from_utf8(server.get(path).expect(200).body).unwrap();
    let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{list}");
    lines[2] = lines[2].replace("Namesake", "Renamed").trim_end_matches(',').to_owned() + ",new";
    let job = import(&server, lines.join("\n").as_bytes(), &json!({"on_duplicate": "update"}));
    assert_eq!(four(&job), json!({"imported": 0, "updated": 1, "skipped": 1, "errors": 0}));
    let id = lines[2].split(',').next().unwrap();
    let changed = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    assert_eq!((&changed["display_name"], &changed["notes"]), (&json!("Renamed"), &json!("new")));
    // Ids of another organisation are nobody's here.
    let second = server.organization("second");
    let job = import(&second, lines.join("\n").as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    // Ids of another system are not ours.
    let job = import(&server, b"id,name\n1,Zoe\n2,Yan\n", &json!({}));
    assert_eq!(
        (&job["counts"]["imported"], &job["columns"][0]["not_imported"]),
        (&json!(2), &json!(true))
    );
}

#[test]
fn lines_that_are_no_contacts_are_named() {
    let server = TestServer::start();
    let list = "{\"name\": \"Ada\", \"phone\": \"+12025550110\", \"version\": 7}\n\
        \n{\"name\": \"Ben\", \"shoe_size\": 44}\n{\"name\": \n[1]\n{\"name\": \"Cleo\"}\n";
    let job = import(&server, list.as_bytes(), &json!({"tags": ["x"]}));
    assert_eq!(four(&job), json!({"imported": 2, "updated": 0, "skipped": 0, "errors": 3}));
    let errors = super::errors_of(&server, &job);
    for text in ["shoe_size", "json_invalid", "contact,row,column,value,code,reason,remedy"] {
        assert!(errors.contains(text), "{errors}");
    }
    assert_eq!(contacts(&server)[0]["tags"], json!(["x"]));
}
