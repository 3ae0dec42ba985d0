//! What was exported comes back as the same contacts.

use serde_json::{Value, json};

use super::import;
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
        json!({"name": "One Tag", "tags": ["a, b"]}),
        json!({"name": "Dr. Anna Weber", "suffix": "PhD", "role": "champion"}),
        json!({"name": "Ada Null", "company": "None", "phones": ["4711", "+12025550114"],
            "emails": ["a@example.com", "b@example.com"]}),
        json!({"name": "Two Homes", "addresses": [
            {"label": "home", "street": "1 Main St", "city": "Springfield", "country": "USA"},
            {"label": "work", "street": "2 Oak Ave", "postal_code": "02134"}]}),
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
fn an_export_that_is_imported_again_makes_no_new_contact_and_loses_nothing() {
    for format in ["csv", "jsonl"] {
        let server = TestServer::start();
        fill(&server);
        let before = contacts(&server);
        let path = format!("/api/v1/contacts/export?format={format}");
        let list = server.get(&path).expect(200).body;
        let job = import(&server, &list, &json!({}));
        assert_eq!(job["counts"]["imported"], 0, "{format}: {job}");
        assert_eq!(job["counts"]["errors"], 0, "{format}: {job}");
        assert_eq!(job["warnings_total"], 0, "{format}: {job}");
        let after = contacts(&server);
        for (one, other) in before.iter().zip(&after) {
            let shown = |contact: &Value| {
                let mut contact = contact.clone();
                for name in ["version", "updated_at", "updated_by", "country"] {
                    contact.as_object_mut().unwrap().remove(name);
                }
                contact
            };
            assert_eq!(shown(one), shown(other), "{format}");
        }
        assert_eq!(before.len(), after.len());
        // The second time there is nothing left to say.
        let list = server.get(&path).expect(200).body;
        let job = import(&server, &list, &json!({}));
        assert_eq!(job["counts"]["skipped"], before.len(), "{format}: {job}");
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
    assert_eq!(job["counts"], json!({"imported": 0, "updated": 1, "skipped": 1, "errors": 0}));
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
    assert_eq!(job["counts"], json!({"imported": 2, "updated": 0, "skipped": 0, "errors": 3}));
    let errors = super::errors_of(&server, &job);
    for text in ["shoe_size", "json_invalid", "contact,row,column,value,code,reason,remedy"] {
        assert!(errors.contains(text), "{errors}");
    }
    assert_eq!(contacts(&server)[0]["tags"], json!(["x"]));
}
