//! Who is calling: one number and many.

use serde_json::{Value, json};

use crate::support::server::{TestServer, escape};

fn first_name(answer: &Value) -> &str {
    answer["results"][0]["display_name"].as_str().unwrap_or("nobody")
}

#[test]
fn the_rule_that_matched_is_named() {
    let server = TestServer::start();
    let kim = server.user("kim@example.com", "agent", "a long enough password");
    server.create(&json!({"name": "Us", "phones": [{"number": "+12025550123", "label": "work"}],
        "company": "Acme", "tags": ["VIP"], "assigned_to": "kim@example.com"}));
    server.create(&json!({"name": "German", "phone": "+49 30 12345678"}));
    server.create(&json!({"name": "Intern", "phone": "4711"}));
    server.create(&json!({"name": "Unknown", "phone": "99123456789012"}));
    let check = |number: &str, parameters: &str, rule: &str, name: &str| {
        let answer = server.lookup(number, parameters);
        assert_eq!(answer["match"], rule, "{number}: {answer}");
        assert_eq!(first_name(&answer), name, "{number}");
        assert_eq!(answer["count"], u64::from(name != "nobody"), "{number}");
        assert_eq!(answer["query"]["raw"], number);
    };
    check("+12025550123", "", "exact", "Us");
    check("(202) 555-0123", "", "exact", "Us");
    check("1-202-555-0123", "", "exact", "Us");
    check("0012025550123", "", "exact", "Us");
    check("tel:+1-202-555-0123", "", "exact", "Us");
    check("030 12345678", "&country=DE", "exact", "German");
    check("030 12345678", "&country=de", "exact", "German");
    check("030/12345678", "", "national", "German");
    check("3012345678", "", "national", "German");
    check("555-0123", "", "suffix", "Us");
    check("4711", "", "extension", "Intern");
    check("+99123456789012", "", "national", "Unknown");
    check("123456789012", "", "suffix", "Unknown");
    check("+442025550123", "", "none", "nobody");
    check("+12025550124", "", "none", "nobody");
    check("5550123456", "", "none", "nobody");
    for nobody in [
        "anonymous",
        "Anonymous",
        "unknown",
        "private",
        "restricted",
        "",
        " ",
        "abc",
        "-",
        "+",
        "0",
        "sip:anonymous@anonymous.invalid",
        "\0",
        "9".repeat(300).as_str(),
    ] {
        check(nobody, "", "none", "nobody");
    }
    let answer = server.lookup("+12025550123", "");
    let result = &answer["results"][0];
    for (member, value) in [
        ("company", json!("Acme")),
        ("phone_label", json!("work")),
        ("status", json!("active")),
        ("do_not_contact", json!(false)),
        ("blocked", json!(false)),
        ("tags", json!(["VIP"])),
        ("assigned_to", json!(kim)),
        ("last_call", Value::Null),
    ] {
        assert_eq!(result[member], value, "{member}");
    }
    let id = result["id"].as_str().unwrap();
    assert_eq!(result["url"], format!("/contacts/{id}"));
    assert!(result["why"].as_str().unwrap().contains("work"));
    assert!(answer["took_us"].is_u64());
    assert_eq!(answer["query"]["e164"], "+12025550123");
    assert_eq!(answer["query"]["country"], "US");
}

#[test]
fn a_plus_may_come_escaped_bare_or_as_a_space() {
    let server = TestServer::start();
    server.create(&json!({"name": "German", "phone": "+493012345678"}));
    for number in ["%2B493012345678", "+493012345678", "%20493012345678", "%2B49%2030%20123-45678"]
    {
        let answer = server.get(&format!("/api/v1/lookup?number={number}")).expect(200).json;
        assert_eq!(answer["match"], "exact", "{number}");
        assert_eq!(first_name(&answer), "German");
    }
}

#[test]
fn many_contacts_of_a_number_are_counted_and_limited() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "allow"})).expect(200);
    let contacts: Vec<Value> =
        (0..130).map(|i| json!({"name": format!("P{i}"), "phone": "+12025550100"})).collect();
    server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    let results = |parameters: &str| {
        let answer = server.lookup("+12025550100", parameters);
        assert_eq!(answer["count"], 130);
        assert_eq!(answer["match"], "exact", "{parameters}");
        answer["results"].as_array().unwrap().len()
    };
    assert_eq!(results(""), 5);
    assert_eq!(results("&limit=1"), 1);
    assert_eq!(results("&limit=0"), 0);
    assert_eq!(results("&limit=100"), 100);
    assert_eq!(results("&limit=5000"), 100);
    for limit in ["x", "-1", "1.5"] {
        let refused = server.get(&format!("/api/v1/lookup?number=1&limit={limit}")).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/limit");
    }
    server.get("/api/v1/lookup").expect(422);
}

#[test]
fn an_extension_tells_people_behind_one_switchboard_apart() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "allow"})).expect(200);
    let contacts: Vec<Value> = (100..300)
        .map(|i| json!({"name": format!("Desk {i}"), "phone": format!("+12025550100 x{i}")}))
        .collect();
    server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts})).expect(200);
    server.create(&json!({"name": "Two Desks", "phones": [
        {"number": "+12025550100", "extension": "901", "label": "desk"},
        {"number": "+12025550100", "extension": "902", "label": "lab"}]}));
    for extension in [100, 150, 299] {
        let answer = server.lookup(&format!("+1 202 555 0100 ext. {extension}"), "");
        assert_eq!(first_name(&answer), format!("Desk {extension}"));
        assert_eq!(answer["count"], 1);
    }
    let lab = server.lookup("+12025550100;ext=902", "");
    assert_eq!((first_name(&lab), &lab["count"]), ("Two Desks", &json!(1)));
    assert_eq!(lab["results"][0]["phone_label"], "lab");
    assert_eq!(server.lookup("+12025550100", "")["count"], 201);
    assert_eq!(
        server.lookup("+12025550100 x7777", "")["count"],
        201,
        "nobody has it: all may be meant"
    );
}

#[test]
fn many_numbers_are_looked_up_at_once() {
    let server = TestServer::start();
    server.create(&json!({"name": "German", "phone": "+493012345678"}));
    server.create(&json!({"name": "Intern", "phone": "4711"}));
    let batch = |body: Value| server.post("/api/v1/lookup/batch", &body);
    let answer =
        batch(json!({"numbers": ["030 12345678", "anonymous", 4711, ""], "country": "DE"}))
            .expect(200);
    assert_eq!(answer.json["count"], 4);
    let rules: Vec<&str> = answer.json["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["match"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["exact", "none", "extension", "none"]);
    assert_eq!(answer.json["results"][0]["query"]["raw"], "030 12345678");
    assert_eq!(batch(json!({"numbers": []})).expect(200).json["count"], 0);
    assert_eq!(batch(json!({"numbers": vec!["1"; 1_000]})).expect(200).json["count"], 1_000);
    for (body, pointer) in [
        (json!({"numbers": vec!["1"; 1_001]}), "/numbers"),
        (json!({"numbers": "1"}), "/numbers"),
        (json!({"numbers": [{}]}), "/numbers"),
        (json!({}), "/numbers"),
        (json!([]), "/numbers"),
        (json!({"numbers": [], "limit": "x"}), "/limit"),
    ] {
        assert_eq!(batch(body.clone()).expect(422).json["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[test]
fn a_change_of_number_is_known_at_once() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Mover", "phone": "+12025550101"}));
    for i in 2..50 {
        let (old, new) = (format!("+120255501{:02}", i - 1), format!("+120255501{i:02}"));
        server.patch(&format!("/api/v1/contacts/{id}"), &json!({"phone": new})).expect(200);
        assert_eq!(server.lookup(&old, "")["count"], 0, "{i}");
        assert_eq!(server.lookup(&new, "")["count"], 1, "{i}");
    }
    server
        .patch(&format!("/api/v1/contacts/{id}"), &json!({"status": "blocked", "name": "Moved"}))
        .expect(200);
    let answer = server.lookup("+12025550149", "");
    assert_eq!(first_name(&answer), "Moved");
    assert_eq!(answer["results"][0]["blocked"], true);
    assert_eq!(answer["results"][0]["status"], "blocked");
}

#[test]
fn lists_and_lookups_answer_with_the_members_that_are_wanted() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Sparse One", "phone": "+12025550123"}));
    server
        .post("/api/v1/users", &json!({"name": "Ann", "email": "ann@example.com", "role": "agent"}))
        .expect(201);
    server.post("/api/v1/departments", &json!({"name": "Sales"})).expect(201);
    server.post("/api/v1/queues", &json!({"name": "Support"})).expect(201);
    server.post("/api/v1/saved-searches", &json!({"name": "Hot", "q": "x"})).expect(201);
    server.post("/api/v1/custom-fields", &json!({"key": "plan", "type": "short_text"})).expect(201);
    server.post("/api/v1/tasks", &json!({"title": "Call", "contact_id": id})).expect(201);
    server.bulk_action(&json!({"ids": [id]}), &json!({"type": "add_tags", "tags": ["x"]}));
    server.post("/api/v1/imports", &json!({"csv": "name\nJane\n"})).expect(202);
    server.search("", "&refresh=wait");
    for (path, list, fields) in [
        ("/api/v1/lookup?number=%2B12025550123", "results", "display_name,id"),
        ("/api/v1/contacts?q=sparse", "contacts", "display_name,id"),
        ("/api/v1/users?", "users", "id,name"),
        ("/api/v1/departments?", "departments", "id,name"),
        ("/api/v1/queues?", "queues", "id,name"),
        ("/api/v1/saved-searches?", "saved_searches", "id,name"),
        ("/api/v1/custom-fields?", "custom_fields", "id,key"),
        ("/api/v1/organizations?", "organizations", "id,name"),
        ("/api/v1/tokens?", "tokens", "id,role"),
        ("/api/v1/jobs?", "jobs", "id,state"),
        ("/api/v1/imports?", "items", "id,state"),
        ("/api/v1/audit?", "lines", "action,at"),
        ("/api/v1/tags?", "items", "count,tag"),
        ("/api/v1/suggest?prefix=sp", "suggestions", "kind,text"),
        ("/api/v1/tasks?", "items", "id,title"),
    ] {
        let answer = server.get(&format!("{path}&fields={fields}")).expect(200).json;
        let entries = answer[list].as_array().unwrap();
        assert!(!entries.is_empty(), "{path}: {answer}");
        for entry in entries {
            let names: Vec<&str> = entry.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names.join(","), fields, "{path}: {answer}");
        }
    }
    let path = format!("/api/v1/contacts/{id}/timeline?fields=id,type");
    let timeline = server.get(&path).expect(200).json;
    assert_eq!(timeline["events"][0].as_object().unwrap().len(), 2, "{timeline}");
    // One contact is no list, and what is no answer stays what it is.
    let whole = server.get(&format!("/api/v1/contacts/{id}?fields=id")).expect(200).json;
    assert_eq!(whole["display_name"], "Sparse One");
    assert!(server.get("/api/v1/lookup?fields=id").expect(422).json["errors"].is_array());
}

#[test]
fn a_caller_who_is_important_is_marked_and_nobody_can_be_not_found() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ann", "phone": "+12025550123", "tags": ["VIP"]}));
    server.create(&json!({"name": "Bob", "phone": "+12025550124", "tags": ["Customer"]}));
    let vip = |number: &str| server.lookup(number, "")["results"][0]["vip"].clone();
    assert_eq!((vip("+12025550123"), vip("+12025550124")), (json!(true), json!(false)));
    let strict = |number: &str, strict: &str| {
        let number = escape(number);
        server.get(&format!("/api/v1/lookup?number={number}&strict={strict}"))
    };
    strict("+12025550123", "1").expect(200);
    assert_eq!(strict("+12025550199", "1").expect(404).code(), "contact_not_found");
    assert_eq!(strict("+12025550199", "0").expect(200).json["count"], 0);
    strict("+12025550199", "maybe").expect(422);
}
