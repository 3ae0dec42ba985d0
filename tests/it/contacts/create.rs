//! Creating and reading contacts: all forms of input, the exact shape of answers, bulk.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

/// A contact with all members, of people and groups that the organisation has.
fn full(admin: &Client) -> Value {
    let user = admin.user("anna@example.com", "agent", "a long enough password");
    let named = |path: &str, name: &str| admin.post(path, &json!({"name": name})).expect(201).id();
    let queue = named("/api/v1/queues", "Sales");
    let department = named("/api/v1/departments", "West");
    json!({
        "first_name": "John", "last_name": "Doe",
        "phones": [
            {"number": "(202) 555-0123", "label": "mobile", "primary": true},
            {"number": "+49 30 123456-78", "label": "work", "country": "DE", "extension": "78"},
        ],
        "emails": [{"address": "john@example.com", "label": "work", "primary": true}],
        "company": "Acme Inc", "title": "Buyer", "department": "Purchase", "role": "decision maker",
        "addresses": [{"label": "work", "street": "1 Main St", "city": "Springfield", "region": "IL",
            "postal_code": "62701", "country": "US"}],
        "birthday": "1980-12-31", "tags": ["Customer", "VIP"],
        "social_profiles": {"linkedin": "https://linkedin.com/in/john"},
        "channels": [{"channel": "whatsapp", "identifier": "john"}],
        "custom_fields": {"industry": "Technology", "account_value": 50_000.5, "active": true,
            "list": [1, "two", null], "nested": {"a": {"b": 1}}},
        "country": "US", "language": "en", "timezone": "America/Chicago",
        "preferred_channel": "phone", "notes": "Line one\nline two", "status": "active",
        "source": "web", "first_channel": "call", "assigned_to": user, "visibility": "queue",
        "assigned_queue": queue, "org_department_id": department, "external_crm_id": "X-1",
        "external_crm_provider": "hubspot", "opt_in": true,
        "last_contacted_at": "2025-01-31T12:00:00Z",
    })
}

/// The members of a contact as other systems rely on them.
const CONTRACT: &[(&str, &str)] = &[
    ("id", "string"),
    ("version", "number"),
    ("display_name", "string"),
    ("first_name", "string?"),
    ("last_name", "string?"),
    ("phones", "array"),
    ("emails", "array"),
    ("company", "string?"),
    ("company_id", "string?"),
    ("title", "string?"),
    ("department", "string?"),
    ("addresses", "array"),
    ("birthday", "string?"),
    ("tags", "array"),
    ("custom_fields", "object"),
    ("notes", "string?"),
    ("status", "string"),
    ("source", "string?"),
    ("assigned_to", "string?"),
    ("visibility", "string"),
    ("external_crm_id", "string?"),
    ("external_crm_provider", "string?"),
    ("created_at", "string"),
    ("updated_at", "string"),
];

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[track_caller]
fn has_shape(value: &Value, shape: &[(&str, &str)]) {
    for (name, expected) in shape {
        let Some(member) = value.get(name) else { panic!("{name} is missing in {value}") };
        let got = kind(member);
        let fits =
            got == expected.trim_end_matches('?') || expected.ends_with('?') && got == "null";
        assert!(fits, "{name} is {member}, not {expected}");
    }
}

#[test]
fn a_full_contact_comes_back_in_the_shape_of_the_contract() {
    let server = TestServer::start();
    let full = full(&server);
    let answer = server.post("/api/v1/contacts", &full).expect(201);
    let id = answer.id();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/contacts/{id}").as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let read = server.get(&format!("/api/v1/contacts/{id}")).expect(200);
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert!(read.header("server-timing").is_some_and(|timing| timing.contains("dur=")));
    let contact = &read.json;
    for shown in [&answer.json, contact] {
        has_shape(shown, CONTRACT);
        assert_eq!(shown["version"], 1);
        assert_eq!(shown["display_name"], "John Doe");
    }
    for (name, sent) in full.as_object().unwrap() {
        if !matches!(name.as_str(), "phones" | "addresses" | "last_contacted_at") {
            assert_eq!(&contact[name], sent, "{name}");
        }
    }
    assert_eq!(contact["last_contacted_at"], "2025-01-31T12:00:00.000Z");
    assert_eq!(
        contact["phones"],
        json!([
            {"number": "+12025550123", "raw": "(202) 555-0123", "label": "mobile", "primary": true,
             "country": "US", "extension": null},
            {"number": "+493012345678", "raw": "+49 30 123456-78", "label": "work",
             "primary": false, "country": "DE", "extension": "78"},
        ])
    );
    assert_eq!(contact["addresses"], full["addresses"]);
    assert_eq!(
        (&contact["phone"], &contact["mobile"]),
        (&json!("+12025550123"), &json!("+12025550123"))
    );
    assert_eq!(contact["email"], "john@example.com");
    let id: uuid::Uuid = id.parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
    let created: ringdex::domain::time::Timestamp =
        contact["created_at"].as_str().unwrap().parse().unwrap();
    assert!(created.0 > 1_700_000_000_000);
    assert!(contact["created_at"].as_str().unwrap().ends_with('Z'), "times are UTC");
}

#[test]
fn an_almost_empty_contact_has_all_members_too() {
    let server = TestServer::start();
    let contact = server.create(&json!({"name": "Madonna"}));
    has_shape(&contact, CONTRACT);
    assert_eq!(contact["first_name"], "Madonna");
    assert_eq!(contact["last_name"], Value::Null);
    for empty in ["phones", "emails", "addresses", "tags"] {
        assert_eq!(contact[empty], json!([]), "{empty}");
    }
    assert_eq!(contact["custom_fields"], json!({}));
    assert_eq!(contact["status"], "active");
    assert_eq!(contact["source"], "manual");
    assert_eq!(contact["visibility"], "all");
    assert!(contact.get("duplicates").is_none());
}

#[test]
fn short_forms_and_the_words_of_other_systems_are_taken() {
    let server = TestServer::start();
    let kim = server.user("kim@example.com", "agent", "a long enough password");
    let check = |sent: Value, expected: Value| {
        let contact = server.create(&sent);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&contact[name], value, "{name} of {sent}");
        }
    };
    check(
        json!({"name": "Doe, Jane", "phone": "202-555-0101", "mobile": "202-555-0102",
            "email": " jane@example.com "}),
        json!({"display_name": "Doe, Jane", "first_name": "Jane", "last_name": "Doe",
            "phone": "+12025550101", "mobile": "+12025550102", "email": "jane@example.com"}),
    );
    check(
        json!({"full_name": "Ann Lee", "phones": ["+44 20 7946 0958", 12_025_550_103_u64],
            "emails": ["a@lee.org", "b@lee.org"]}),
        json!({"display_name": "Ann Lee", "phone": "+442079460958", "email": "a@lee.org"}),
    );
    check(
        json!({"given_name": "Bo", "surname": "Li", "account": "Initech", "job_title": "Dev",
            "owner": "kim@example.com", "tags": "a, b ,a", "address": "2 Side St", "external_id": 42}),
        json!({"first_name": "Bo", "last_name": "Li", "company": "Initech", "title": "Dev",
            "assigned_to": kim, "tags": ["a", "b"], "external_crm_id": "42"}),
    );
    check(
        json!({"first_name": "  ", "last_name": "", "company": "Only Corp", "email": "", "phone": null}),
        json!({"display_name": "Only Corp", "first_name": null, "phones": [], "emails": []}),
    );
    check(json!({"phone": "+12025550199"}), json!({"display_name": "+12025550199"}));
    check(json!({"email": "x@y.org"}), json!({"display_name": "x@y.org"}));
    check(
        json!({"name": "Clash", "phone": "+12025550111", "mobile": "+1 (202) 555-0111"}),
        json!({"phone": "+12025550111", "mobile": "+12025550111"}),
    );
    check(json!({"name": "Intern", "phone": "4711"}), json!({"phone": "4711"}));
    check(
        json!({"name": "DNC", "tags": ["dnc"]}),
        json!({"status": "do_not_contact", "do_not_contact": true, "tags": ["dnc"]}),
    );
    check(json!({"name": "Leap", "birthday": "--02-29"}), json!({"birthday": "--02-29"}));
    check(
        json!({"name": "Lists", "phones": ["+12025550171", "+12025550172"], "phone": null, "mobile": null,
            "emails": ["a@b.org"], "email": null}),
        json!({"phone": "+12025550171", "email": "a@b.org"}),
    );
}

#[test]
fn every_value_that_does_not_fit_is_named_by_its_pointer() {
    let server = TestServer::start();
    let answer = server
        .post(
            "/api/v1/contacts",
            &json!({
                "first_name": 7.5, "last_name": {"no": 1}, "phones": ["abc", {"number": "+1"}, true],
                "emails": ["nobody"], "birthday": "1980-02-30", "status": "asleep",
                "visibility": "some", "company_id": "x", "opt_in": "yes", "tags": [{"a": 1}],
                "a/b": 1, "custom_fields": {"": 1}, "channels": [{"channel": "sms"}],
                "last_contacted_at": "yesterday", "title": "x".repeat(256),
            }),
        )
        .expect(422);
    let mut pointers: Vec<&str> = answer.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            assert!(error["code"].is_string() && error["detail"].is_string(), "{error}");
            error["pointer"].as_str().unwrap()
        })
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/a~1b",
            "/birthday",
            "/channels/0",
            "/company_id",
            "/custom_fields/",
            "/emails/0",
            "/last_contacted_at",
            "/last_name",
            "/opt_in",
            "/phones/0",
            "/phones/1/number",
            "/phones/2",
            "/status",
            "/tags/0",
            "/title",
            "/visibility",
        ]
    );
    for nothing in [json!({}), json!({"tags": ["x"]}), json!({"name": " "})] {
        let answer = server.post("/api/v1/contacts", &nothing).expect(422);
        assert_eq!(answer.json["errors"][0]["code"], "contact_empty", "{nothing}");
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}

#[test]
fn what_was_typed_of_a_number_is_limited_too() {
    let server = TestServer::start();
    for raw in ["1".repeat(300), "202\u{0}555".to_owned()] {
        let phone = json!({"number": "+12025550123", "raw": raw});
        let answer = server.post("/api/v1/contacts", &json!({"phones": [phone]})).expect(422);
        assert_eq!(answer.json["errors"][0]["pointer"], "/phones/0/raw");
    }
}

#[test]
fn many_contacts_are_created_at_once_and_the_wrong_ones_named() {
    let server = TestServer::start();
    let contacts: Vec<Value> = (0..300)
        .map(|i| match i {
            7 => json!({"name": "Bad", "phone": "abc"}),
            9 => json!("no object"),
            _ => json!({"name": format!("Person {i}"), "phone": format!("+1202555{i:04}")}),
        })
        .collect();
    let answer = server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    assert_eq!((&answer.json["created"], &answer.json["failed"]), (&json!(298), &json!(2)));
    let results = answer.json["results"].as_array().unwrap();
    assert_eq!(results.len(), 300);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index);
        assert_eq!(result["id"].is_string(), !matches!(index, 7 | 9), "{result}");
    }
    assert_eq!(results[7]["error"]["code"], "invalid");
    assert_eq!(results[7]["error"]["errors"][0]["pointer"], "/phone");
    assert_eq!(server.search("person", "").json["total"], 298);
    let id = results[299]["id"].as_str().unwrap();
    assert_eq!(
        server.get(&format!("/api/v1/contacts/{id}")).expect(200).json["name"],
        "Person 299"
    );
    server.post("/api/v1/contacts/bulk", &json!({"contacts": 3})).expect(422);
    server.post("/api/v1/contacts/bulk", &json!({})).expect(422);
    let none = server.post("/api/v1/contacts/bulk", &json!({"contacts": []})).expect(200);
    assert_eq!(none.json["created"], 0);
    let too_many = vec![json!({"name": "x"}); 10_001];
    server.post("/api/v1/contacts/bulk", &json!({"contacts": too_many})).expect(422);
}

#[test]
fn a_create_names_contacts_that_may_be_the_same_person() {
    let server = TestServer::start();
    let first = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123"}));
    let other = server.create(&json!({"name": "john doe", "phone": "(202) 555-0123"}));
    let duplicates = other["duplicates"].as_array().expect("likely duplicates");
    assert_eq!(duplicates.len(), 1);
    has_shape(
        &duplicates[0],
        &[
            ("id", "string"),
            ("display_name", "string"),
            ("probability", "number"),
            ("why", "array"),
        ],
    );
    assert_eq!(duplicates[0]["id"], first.as_str());
    assert!(duplicates[0]["probability"].as_f64().unwrap() > 0.9);
    let shared = server
        .create(&json!({"name": "Mary Major", "email": "JOHN@X.org", "phone": "+12025550124"}));
    assert!(shared.get("duplicates").is_none());
    let by_email = server.create(&json!({"name": "Someone Else", "email": "john@x.ORG"}));
    assert_eq!(by_email["duplicates"][0]["display_name"], "Mary Major");
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "allow"})).expect(200);
    let silent = server.create(&json!({"name": "John Doe", "phone": "+12025550123"}));
    assert!(silent.get("duplicates").is_none());
}

#[test]
fn a_known_number_is_refused_where_numbers_must_be_unique() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let first = server.create_id(&json!({"name": "First", "phone": "+12025550123"}));
    let refused =
        server.post("/api/v1/contacts", &json!({"name": "B", "phone": "202 555 0123"})).expect(409);
    assert_eq!(refused.code(), "phone_in_use");
    assert_eq!(refused.json["duplicates"][0]["id"], first.as_str());
    let bulk = json!({"contacts": [
        {"name": "C", "phone": "+12025550123"}, {"name": "D", "phone": "+12025550124"},
        {"name": "E", "phone": "+1 202 555-0124"},
    ]});
    let bulk = server.post("/api/v1/contacts/bulk", &bulk).expect(200);
    assert_eq!((&bulk.json["created"], &bulk.json["failed"]), (&json!(1), &json!(2)));

    let second = server.create_id(&json!({"name": "Second", "phone": "+12025550125"}));
    let path = format!("/api/v1/contacts/{second}");
    let taken = server.patch(&path, &json!({"phone": "+12025550123"})).expect(409);
    assert_eq!(taken.code(), "phone_in_use");
    server.patch(&path, &json!({"phone": "+12025550125", "title": "same number"})).expect(200);
    server.delete(&format!("/api/v1/contacts/{first}")).expect(204);
    server.patch(&path, &json!({"phone": "+12025550123"})).expect(200);
    let taken = server.post(&format!("/api/v1/contacts/{first}/restore"), &json!({})).expect(409);
    assert_eq!(taken.code(), "phone_in_use");

    let creators: Vec<_> = (0..8)
        .map(|i| {
            let client = (*server).clone();
            std::thread::spawn(move || {
                let body = json!({"name": format!("Racer {i}"), "phone": "+12025550177"});
                client.post("/api/v1/contacts", &body).status
            })
        })
        .collect();
    let mut statuses: Vec<u16> = creators.into_iter().map(|c| c.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
}

#[test]
fn everything_survives_a_restart() {
    let server = TestServer::start();
    let second = server.organization("second");
    let manager = second.role("manager");
    let id = manager.create_id(&full(&second));
    let gone = manager.create_id(&json!({"name": "Gone Soon"}));
    manager.delete(&format!("/api/v1/contacts/{gone}")).expect(204);
    second.patch("/api/v1/settings", &json!({"default_country": "DE"})).expect(200);
    let before = manager.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    let token = manager.token().to_owned();

    let server = server.restart();
    let manager = server.with_token(&token);
    assert_eq!(manager.get(&format!("/api/v1/contacts/{id}")).expect(200).json, before);
    assert_eq!(manager.search("john", "").json["total"], 1);
    assert_eq!(manager.lookup("+1 202 555 0123", "")["results"][0]["id"], id.as_str());
    manager.get(&format!("/api/v1/contacts/{gone}")).expect(404);
    manager.post(&format!("/api/v1/contacts/{gone}/restore"), &json!({})).expect(200);
    let national = manager.create(&json!({"phone": "030 1234567"}));
    assert_eq!(national["phone"], "+49301234567");
    let answer =
        manager.patch(&format!("/api/v1/contacts/{id}"), &json!({"title": "CEO"})).expect(200);
    assert_eq!(answer.json["version"], 2);
}
