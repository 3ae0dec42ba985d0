//! The daily work with contacts: create, find, import, change, delete, tag, assign, merge, export.

use std::fmt::Write as _;

use serde_json::json;

use super::{colleague, contact, found, to_all};
use crate::access::import;
use crate::support::server::{TestServer, sorted_names};

#[test]
fn case_1_a_contact_is_created_and_everything_that_was_entered_is_there() {
    let server = TestServer::start();
    let made = server.post(
        "/api/v1/contacts",
        &json!({"first_name": "John", "last_name": "Doe", "phone": "+1234567890",
            "email": "john@example.com", "company": "Acme Inc", "tags": ["Customer", "VIP"],
            "custom_fields": {"Industry": "Technology"}}),
    );
    let id = made.expect(201).id();
    let list = server.get("/api/v1/contacts?refresh=wait").expect(200).json;
    assert_eq!(sorted_names(&list), ["John Doe"]);
    let john = contact(&server, &id);
    assert_eq!((&john["first_name"], &john["last_name"]), (&json!("John"), &json!("Doe")));
    assert_eq!(john["phones"][0]["raw"], "+1234567890");
    assert_eq!(john["emails"][0]["address"], "john@example.com");
    assert_eq!(john["company"], "Acme Inc");
    assert_eq!(john["tags"], json!(["Customer", "VIP"]));
    assert_eq!(john["custom_fields"]["Industry"], "Technology");
}

#[test]
fn case_2_somebody_is_found_by_either_name_and_by_both_in_any_order() {
    let server = TestServer::start();
    server.create(&json!({"name": "John Doe"}));
    server.create(&json!({"name": "Mary Major"}));
    for q in ["John", "Doe", "John Doe", "Doe John"] {
        assert_eq!(found(&server, q), 1, "{q}");
    }
}

#[test]
fn case_3_somebody_is_found_by_the_number_whole_in_part_and_as_it_is_written() {
    let server = TestServer::start();
    server.create(&json!({"name": "John Doe", "phone": "+1234567890"}));
    for q in ["1234567890", "234567890", "+1-234-567-890"] {
        assert_eq!(found(&server, q), 1, "{q}");
    }
}

#[test]
fn case_4_a_hundred_contacts_are_imported_with_their_columns_mapped() {
    let server = TestServer::start();
    let mut file = String::from("Given,Family,Mail,Number\n");
    for at in 0..100 {
        let _ = writeln!(file, "Name{at},Tester,t{at}@example.com,+1202555{:04}", 1000 + at);
    }
    let mapping = json!({"Given": "first_name", "Family": "last_name", "Mail": "emails",
        "Number": "phones"});
    let job = import(&server, &file, &json!({"mapping": mapping}));
    assert_eq!((&job["counts"]["imported"], &job["counts"]["errors"]), (&json!(100), &json!(0)));
    assert_eq!(found(&server, "Tester"), 100);
    let one = server.search("t42@example.com", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(
        (&one["first_name"], &one["phones"][0]["number"]),
        (&json!("Name42"), &json!("+12025551042"))
    );
}

#[test]
fn case_5_one_save_changes_a_name_a_number_a_tag_and_a_custom_field() {
    let server = TestServer::start();
    let made = server.create(&json!({"name": "John Doe", "phone": "+12025550101",
        "tags": ["Customer"], "custom_fields": {"Industry": "Technology"}}));
    let path = format!("/api/v1/contacts/{}", made["id"].as_str().unwrap());
    let change = json!({"first_name": "Johnny", "phones": ["+12025550101", "+12025550102"],
        "tags": ["Customer", "VIP"], "custom_fields": {"Industry": "Retail"}});
    server.patch(&path, &change).expect(200);
    let now = server.get(&path).expect(200).json;
    assert_eq!(now["display_name"], "Johnny Doe");
    assert_eq!(now["phones"].as_array().unwrap().len(), 2);
    assert_eq!(now["tags"], json!(["Customer", "VIP"]));
    assert_eq!(now["custom_fields"]["Industry"], "Retail");
    assert!(now["updated_at"].as_str() >= made["updated_at"].as_str());
    assert_eq!(now["version"], 2);
}

#[test]
fn case_6_what_belongs_to_a_contact_goes_with_it_and_comes_back_with_it() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe"}));
    let records = [
        ("conversations", json!({"contact_id": id, "channel": "chat"})),
        ("deals", json!({"contact_id": id, "title": "200 seats"})),
        ("tasks", json!({"contact_id": id, "title": "Call back"})),
    ];
    let paths: Vec<String> = records
        .iter()
        .map(|(noun, body)| {
            let made = server.post(&format!("/api/v1/{noun}"), body).expect(201);
            format!("/api/v1/{noun}/{}", made.id())
        })
        .collect();
    let path = format!("/api/v1/contacts/{id}");
    let impact = server.get(&format!("{path}/delete-impact")).expect(200).json;
    assert_eq!((&impact["deals"], &impact["tasks"]), (&json!(1), &json!(1)), "{impact}");
    server.delete(&path).expect(204);
    server.get(&path).expect(404);
    for path in &paths {
        server.get(path).expect(404);
    }
    server.post(&format!("{path}/restore"), &json!({})).expect(200);
    for path in &paths {
        server.get(path).expect(200);
    }
    server.delete(&format!("{path}?permanent=true&cascade=true")).expect(204);
    for path in &paths {
        server.get(path).expect(404);
    }
}

#[test]
fn case_7_tags_are_added_and_removed_one_by_one_and_in_bulk() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe"}));
    let other = server.create_id(&json!({"name": "Jane Roe"}));
    let path = format!("/api/v1/contacts/{id}");
    server.patch(&path, &json!({"tags": ["Customer"]})).expect(200);
    server.patch(&path, &json!({"tags": ["Customer", "VIP"]})).expect(200);
    assert_eq!(contact(&server, &id)["tags"], json!(["Customer", "VIP"]));
    server.patch(&path, &json!({"tags": ["VIP"]})).expect(200);
    assert_eq!((found(&server, "tag:VIP"), found(&server, "tag:Customer")), (1, 0));
    let both = json!({"ids": [id, other]});
    let tag = json!({"type": "add_tags", "tags": ["Q4"]});
    assert_eq!(to_all(&server, &both, &tag), 2);
    assert_eq!(found(&server, "tag:q4"), 2);
}

#[test]
fn case_8_a_custom_field_is_added_on_a_contact_and_stays() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe"}));
    let field = json!({"custom_fields": {"Industry": "Technology"}});
    server.patch(&format!("/api/v1/contacts/{id}"), &field).expect(200);
    let server = server.restart();
    assert_eq!(contact(&server, &id)["custom_fields"]["Industry"], "Technology");
    assert_eq!(found(&server, "cf.Industry:technology"), 1);
}

#[test]
fn case_9_contacts_are_assigned_reassigned_and_found_by_their_owner() {
    let server = TestServer::start();
    let john = colleague(&server, "John Smith", "john.smith@example.com");
    let jane = colleague(&server, "Jane Doe", "jane.doe@example.com");
    let id = server.create_id(&json!({"name": "Lead One"}));
    let other = server.create_id(&json!({"name": "Lead Two"}));
    assert!(contact(&server, &id)["assigned_to"].is_null());
    let path = format!("/api/v1/contacts/{id}");
    server.patch(&path, &json!({"assigned_to": "John Smith"})).expect(200);
    assert_eq!(contact(&server, &id)["assigned_to"], json!(john));
    assert_eq!(found(&server, "owner:\"John Smith\""), 1);
    server.patch(&path, &json!({"assigned_to": "jane.doe@example.com"})).expect(200);
    assert_eq!(contact(&server, &id)["assigned_to"], json!(jane));
    let assign = json!({"type": "assign", "to": "John Smith"});
    assert_eq!(to_all(&server, &json!({"ids": [id, other]}), &assign), 2);
    assert_eq!(found(&server, "owner:\"John Smith\""), 2);
}

#[test]
fn case_10_duplicates_are_found_and_become_one_contact_with_all_data() {
    let server = TestServer::start();
    let body = json!({"name": "John Doe", "phone": "+1234567890", "email": "john@example.com"});
    let first = server.create_id(&body);
    let again = json!({"name": "John Doe", "phone": "+1234567890", "company": "Acme Inc"});
    let second = server.create(&again);
    assert_eq!(second["duplicates"][0]["id"], json!(first), "told at once: {second}");
    let groups = server.get("/api/v1/duplicates?view=groups").expect(200).json;
    assert_eq!(groups["total"], 1, "{groups}");
    let second = second["id"].as_str().unwrap();
    let merge = json!({"primary": first, "others": [second]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    assert_eq!(merged["company"], "Acme Inc");
    assert_eq!(merged["emails"][0]["address"], "john@example.com");
    let gone = server.get(&format!("/api/v1/contacts/{second}")).expect(308).json;
    assert_eq!(gone["merged_into"], json!(first), "its id leads on");
    assert_eq!(found(&server, "john doe"), 1);
}

#[test]
fn case_11_every_view_shows_the_same_contacts_in_the_order_that_is_asked_for() {
    let server = TestServer::start();
    for (name, tag) in [("Cyd", "A"), ("Ann", "A"), ("Bob", "B")] {
        server.create(&json!({"name": name, "tags": [tag]}));
    }
    let names = |parameters: &str| {
        let path = format!("/api/v1/contacts?refresh=wait&{parameters}");
        let list = server.get(&path).expect(200).json;
        let all = list["contacts"].as_array().unwrap().iter();
        all.map(|one| one["display_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("sort=name"), ["Ann", "Bob", "Cyd"]);
    assert_eq!(names("sort=-name"), ["Cyd", "Bob", "Ann"]);
    assert_eq!(names("sort=created_at"), ["Cyd", "Ann", "Bob"]);
    assert_eq!(names("sort=name&tag=A"), ["Ann", "Cyd"]);
    assert_eq!(names("sort=name&tag=A&fields=id,display_name"), ["Ann", "Cyd"], "as cards");
}

#[test]
fn case_12_ten_contacts_are_exported_with_the_columns_that_are_wanted() {
    let server = TestServer::start();
    for at in 0..10 {
        let phone = format!("+1202555010{at}");
        server.create(&json!({"name": format!("Person {at}"), "phone": phone}));
    }
    let path = "/api/v1/contacts/export?format=csv&columns=name,phone";
    let file = String::from_utf8(server.get(path).expect(200).body).unwrap();
    let rows: Vec<&str> = file.lines().skip(1).collect();
    assert_eq!(rows.len(), 10, "{file}");
    for at in 0..10 {
        let row = format!("Person {at},+1202555010{at}");
        assert!(rows.iter().any(|line| line.trim_end() == row), "{row} in {file}");
    }
}
