//! Merge patches: what is absent stays, `null` clears, views of one thing agree.

use ringdex::domain::time::Clock;
use serde_json::{Value, json};

use crate::support::server::TestServer;

#[test]
fn absent_members_stay_and_null_clears() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"first_name": "John", "last_name": "Doe", "company": "Acme",
        "tags": ["a", "b"], "notes": "n", "phones": ["+12025550101", "+12025550102"]}));
    let path = format!("/api/v1/contacts/{id}");
    let changed = server.patch(&path, &json!({"title": "CEO"})).expect(200);
    assert_eq!(changed.header("etag"), Some("\"2\""));
    assert_eq!(changed.json["company"], "Acme");
    assert_eq!(changed.json["title"], "CEO");
    let cleared = server
        .patch(&path, &json!({"title": null, "notes": "", "tags": null, "phones": null}))
        .expect(200)
        .json;
    assert_eq!(cleared["title"], Value::Null);
    assert_eq!(cleared["notes"], Value::Null);
    assert_eq!(cleared["tags"], json!([]));
    assert_eq!(cleared["phones"], json!([]));
    assert_eq!(cleared["company"], "Acme");
    assert_eq!(cleared["version"], 3);
    let merge = [("content-type", "application/merge-patch+json")];
    let body = br#"{"company": "Beta"}"#;
    assert_eq!(server.send("PATCH", &path, &merge, Some(body)).expect(200).json["company"], "Beta");
    server
        .patch(&path, &json!({"first_name": null, "last_name": null, "company": null}))
        .expect(422);
    assert_eq!(server.get(&path).json["first_name"], "John", "a refused patch changes nothing");
    server.patch(&path, &json!([])).expect(422);
}

#[test]
fn a_patch_that_changes_nothing_keeps_version_and_time() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Doe, John", "phone": "(202) 555-0101",
        "mobile": "202.555.0102 x7", "email": "J@x.org", "tags": ["VIP", "DNC"], "company": "Acme",
        "custom_fields": {"a": 1}, "notes": "n", "social_profiles": {"x": "y"}}));
    let path = format!("/api/v1/contacts/{id}");
    let before = server.get(&path).expect(200).json;
    assert_eq!(before["status"], "do_not_contact");
    let whole = before.clone();
    for patch in [
        json!({}),
        json!({"company": "Acme"}),
        json!({"name": "Doe, John"}),
        json!({"first_name": "John"}),
        json!({"phone": "+12025550101", "mobile": "+12025550102", "email": "J@x.org"}),
        json!({"email": "j@X.org"}),
        json!({"tags": ["VIP", "DNC"]}),
        json!({"custom_fields": {"a": 1, "b": null}}),
        json!({"status": "do_not_contact", "do_not_contact": true, "blocked": false}),
        whole,
    ] {
        let answer = server.patch(&path, &patch).expect(200);
        assert_eq!(answer.json, before, "{patch}");
        assert_eq!(answer.header("etag"), Some("\"1\""));
    }
    assert_eq!(server.get(&path).json, before);
}

#[test]
fn a_record_that_is_sent_back_changes_only_what_was_edited() {
    let server = TestServer::start();
    let record = json!({"name": "John Doe", "phones": ["+12025550101", {"number": "+12025550102",
        "label": "mobile"}], "emails": ["a@x.org", "b@x.org"], "tags": ["DNC"]});
    let check = |edit: &dyn Fn(&mut Value), expected: Value| {
        let mut record = server.create(&record);
        let path = format!("/api/v1/contacts/{}", record["id"].as_str().unwrap());
        edit(&mut record);
        let changed = server.patch(&path, &record).expect(200).json;
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&changed[name], value, "{name} of {changed}");
        }
    };
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "allow"})).expect(200);
    check(
        &|r| r["phones"][0]["number"] = json!("+12025550109"),
        json!({"phone": "+12025550109", "mobile": "+12025550102"}),
    );
    check(
        &|r| r["phones"] = json!([{"number": "+12025550108", "label": "mobile"}]),
        json!({"phone": "+12025550108", "mobile": "+12025550108"}),
    );
    check(&|r| r["phones"] = json!([]), json!({"phone": null, "mobile": null, "phones": []}));
    check(
        &|r| r["phone"] = json!("+12025550107"),
        json!({"phone": "+12025550107", "mobile": "+12025550102"}),
    );
    check(
        &|r| r["mobile"] = json!("+12025550106"),
        json!({"phone": "+12025550101", "mobile": "+12025550106"}),
    );
    check(&|r| r["mobile"] = Value::Null, json!({"phone": "+12025550101", "mobile": null}));
    check(&|r| r["emails"][0]["address"] = json!("c@x.org"), json!({"email": "c@x.org"}));
    check(&|r| r["emails"] = json!(["d@x.org"]), json!({"email": "d@x.org"}));
    check(&|r| r["email"] = json!("e@x.org"), json!({"email": "e@x.org"}));
    check(
        &|r| r["name"] = json!("Jane Roe"),
        json!({"display_name": "Jane Roe", "name": "Jane Roe"}),
    );
    check(
        &|r| r["display_name"] = json!("J. D."),
        json!({"display_name": "J. D.", "first_name": "John"}),
    );
    check(
        &|r| r["first_name"] = json!("Jane"),
        json!({"display_name": "Jane Doe", "first_name": "Jane", "last_name": "Doe"}),
    );
    check(
        &|r| r["status"] = json!("active"),
        json!({"status": "active", "tags": [], "do_not_contact": false}),
    );
    check(&|r| r["do_not_contact"] = json!(false), json!({"status": "active", "tags": []}));
    check(
        &|r| r["tags"] = json!(["x"]),
        json!({"status": "active", "do_not_contact": false, "tags": ["x"]}),
    );
    check(
        &|r| r["blocked"] = json!(true),
        json!({"status": "blocked", "do_not_contact": true, "tags": ["DNC"]}),
    );

    let bare = server.create(&json!({"name": "Bare"}));
    let path = format!("/api/v1/contacts/{}", bare["id"].as_str().unwrap());
    let mut edited = bare;
    edited["phones"] = json!(["+12025550150"]);
    edited["emails"] = json!(["bare@x.org"]);
    let changed = server.patch(&path, &edited).expect(200).json;
    assert_eq!(changed["phone"], "+12025550150");
    assert_eq!(changed["email"], "bare@x.org");
}

#[test]
fn phone_mobile_and_email_are_views_of_the_lists() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "V", "phones": [
        {"number": "+12025550101", "label": "work", "extension": "5"}, "+12025550102"],
        "emails": ["a@x.org", "b@x.org"]}));
    let path = format!("/api/v1/contacts/{id}");
    let numbers = |json: &Value| -> Vec<String> {
        let phones = json["phones"].as_array().unwrap();
        phones.iter().map(|p| p["number"].as_str().unwrap().to_owned()).collect()
    };
    let changed = server.patch(&path, &json!({"phone": "+12025550102"})).expect(200).json;
    assert_eq!(changed["phone"], "+12025550102");
    assert_eq!(
        numbers(&changed),
        ["+12025550101", "+12025550102"],
        "a known number becomes primary"
    );
    assert_eq!(changed["phones"][0]["extension"], "5");
    let changed = server.patch(&path, &json!({"phone": "+12025550103"})).expect(200).json;
    assert_eq!(numbers(&changed), ["+12025550101", "+12025550103"], "the primary is replaced");
    let changed = server.patch(&path, &json!({"mobile": "+12025550104"})).expect(200).json;
    assert_eq!(numbers(&changed), ["+12025550101", "+12025550103", "+12025550104"]);
    assert_eq!(
        (&changed["phone"], &changed["mobile"]),
        (&json!("+12025550103"), &json!("+12025550104"))
    );
    let changed = server.patch(&path, &json!({"mobile": "+12025550101"})).expect(200).json;
    assert_eq!(changed["mobile"], "+12025550101", "a known number becomes the mobile");
    let changed = server.patch(&path, &json!({"phone": null, "email": null})).expect(200).json;
    assert!(!numbers(&changed).contains(&"+12025550103".to_owned()));
    assert_eq!(changed["email"], "b@x.org");
    let changed = server.patch(&path, &json!({"email": "c@x.org"})).expect(200).json;
    assert_eq!(changed["emails"], json!([{"address": "c@x.org", "label": null, "primary": true}]));
}

#[test]
fn custom_fields_are_merged_by_key() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "C", "custom_fields": {"a": 1, "b": "x", "c": [1]}}));
    let path = format!("/api/v1/contacts/{id}");
    let changed = server.patch(&path, &json!({"custom_fields": {"a": 2, "b": null, "d": false}}));
    assert_eq!(changed.expect(200).json["custom_fields"], json!({"a": 2, "c": [1], "d": false}));
    let changed = server.patch(&path, &json!({"custom_fields": null})).expect(200);
    assert_eq!(changed.json["custom_fields"], json!({}));
    let large = json!({"custom_fields": {"big": "x".repeat(65_536)}});
    let refused = server.patch(&path, &large).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/custom_fields");
}

#[test]
fn a_name_made_of_something_else_follows_it() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"company": "Acme"}));
    let path = format!("/api/v1/contacts/{id}");
    assert_eq!(server.patch(&path, &json!({"company": "Beta"})).json["display_name"], "Beta");
    let named = server.patch(&path, &json!({"last_name": "Doe", "first_name": "Jo"})).json;
    assert_eq!(named["display_name"], "Jo Doe");
    assert_eq!(server.patch(&path, &json!({"company": "Gamma"})).json["display_name"], "Jo Doe");
    let shown = server.patch(&path, &json!({"display_name": "The Boss"})).json;
    assert_eq!(shown["display_name"], "The Boss");
    let again = server
        .patch(&path, &json!({"display_name": null, "first_name": "Jim", "last_name": "Roe"}));
    assert_eq!(again.json["display_name"], "Jim Roe");
    let swapped = server.patch(&path, &json!({"name": "Ann van Lee"})).json;
    assert_eq!((&swapped["first_name"], &swapped["last_name"]), (&json!("Ann"), &json!("van Lee")));
}

#[test]
fn statuses_are_facts_that_do_not_wipe_out_each_other() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "S"}));
    let path = format!("/api/v1/contacts/{id}");
    let status = |patch: Value| server.patch(&path, &patch).expect(200).json;
    assert_eq!(status(json!({"status": "inactive"}))["status"], "inactive");
    assert_eq!(status(json!({"tags": ["DNC"]}))["status"], "do_not_contact");
    assert_eq!(status(json!({"blocked": true}))["status"], "blocked");
    assert_eq!(status(json!({"blocked": false}))["status"], "do_not_contact");
    assert_eq!(status(json!({"tags": []}))["status"], "inactive");
    assert_eq!(status(json!({"status": "Do Not Contact"}))["do_not_contact"], true);
    let active = status(json!({"status": "active"}));
    assert_eq!((&active["status"], &active["do_not_contact"]), (&json!("active"), &json!(false)));
}

#[test]
fn a_contact_is_shown_as_it_was_at_a_time() {
    let clock = Clock::fixed("2026-03-01T10:00:00Z".parse().unwrap());
    let server = TestServer::at(&clock);
    let jane = server.user("jane@example.com", "agent", "a long enough password");
    let made = json!({"name": "Ann Smith", "phone": "+12025550123", "tags": ["new"],
        "custom_fields": {"size": 1}});
    let id = server.create_id(&made);
    let own = format!("/api/v1/contacts/{id}");
    let mut shown = vec![server.get(&own).expect(200).json];
    for change in [
        json!({"last_name": "Jones", "tags": ["old", "VIP"], "custom_fields": {"size": 2, "kind": "b"}}),
        json!({"phones": [], "email": "ann@example.com", "do_not_contact": true}),
        json!({"status": "archived", "custom_fields": {"size": null}, "assigned_to": jane,
            "visibility": "owner", "title": "Boss"}),
    ] {
        clock.advance_ms(86_400_000);
        shown.push(server.patch(&own, &change).expect(200).json);
    }
    let as_of = |at: &str| server.get(&format!("{own}?at={at}"));
    let kept = [
        "display_name",
        "name",
        "first_name",
        "last_name",
        "phones",
        "emails",
        "tags",
        "custom_fields",
        "status",
        "lifecycle",
        "do_not_contact",
        "assigned_to",
        "visibility",
        "title",
        "updated_at",
        "updated_by",
        "id",
        "created_at",
    ];
    for (at, which) in [
        ("2026-03-01T10:00:00Z", 0_usize),
        ("2026-03-01", 0),
        ("2026-03-02T09:59:59Z", 0),
        ("2026-03-02T10:00:00Z", 1),
        ("2026-03-03", 2),
        ("2026-03-04T10:00:00Z", 3),
        ("2030-01-01", 3),
    ] {
        let was = as_of(at).expect(200).json;
        for member in kept {
            assert_eq!(was[member], shown[which][member], "{member} at {at}");
        }
        assert_eq!(was["changes_since"], 3 - which, "{at}");
        // What follows from records now did not follow then.
        assert!(was.get("counts").is_none() && was.get("may_call").is_none(), "{was}");
    }
    for wrong in ["2026-02-28", "yesterday", "2026-13-01"] {
        assert_eq!(as_of(wrong).expect(422).json["errors"][0]["pointer"], "/at", "{wrong}");
    }
    // Whoever does not see the contact now learns nothing of it, and what is hidden stays so.
    server.role("agent").get(&format!("{own}?at=2026-03-02")).expect(404);
    let hidden = json!({"field_visibility": {"phones": {"manager": "masked"}, "cf.size": {"manager": "hidden"}}});
    server.patch("/api/v1/settings", &hidden).expect(200);
    let manager = server.role("manager").get(&format!("{own}?at=2026-03-02")).expect(200).json;
    assert!(manager["phone"].as_str().unwrap().contains('•'), "{manager}");
    assert!(manager["custom_fields"].get("size").is_none(), "{manager}");
}
