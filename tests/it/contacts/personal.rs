//! Everything about a person in one document, what every contact must have, and how the base is.

use serde_json::{Value, json};

use crate::imports::import;
use crate::support::server::TestServer;

#[test]
fn everything_that_is_kept_about_a_person_is_handed_out_in_one_document() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550170"}));
    let bea = server.create_id(&json!({"name": "Bea", "email": "bea@example.com"}));
    server.post("/api/v1/notes", &json!({"text": "Likes tea", "contact_id": bea})).expect(201);
    let task = server.post("/api/v1/tasks", &json!({"title": "Old", "contact_id": ann})).id();
    server.delete(&format!("/api/v1/tasks/{task}")).expect(204);
    let call = json!({"number": "+12025550170", "status": "MISSED"});
    server.post("/api/v1/calls", &call).expect(201);
    server.post("/api/v1/contacts/merge", &json!({"primary": ann, "others": [bea]})).expect(200);
    let path = format!("/api/v1/contacts/{ann}/gdpr-export");
    let all = server.get(&path).expect(200);
    assert!(all.header("content-disposition").unwrap().contains("attachment"));
    let all = all.json;
    assert_eq!(all["contact"]["id"], json!(ann));
    assert_eq!(all["merged_contacts"][0]["display_name"], "Bea");
    assert_eq!(all["notes"][0]["text"], "Likes tea");
    assert_eq!(all["calls"][0]["e164"], "+12025550170");
    assert!(all["tasks"][0]["deleted_at"].is_string(), "what is in the trash is kept as well");
    assert_eq!(all["deals"], json!([]));
    let changes = all["changes"].to_string();
    assert!(changes.contains("contact.created") && changes.contains("contact.merged"), "{changes}");
    let log = server.get("/api/v1/audit?action=contact.data_exported").expect(200).json;
    assert_eq!(log["lines"].as_array().map(Vec::len), Some(1), "{log}");
    server.organization("second").get(&path).expect(404);
    server.role("agent").get(&path).expect(403);
}

#[test]
fn what_every_contact_must_have_is_a_setting() {
    let server = TestServer::start();
    let old = server.create_id(&json!({"company": "Acme"}));
    let create = |body: Value| server.post("/api/v1/contacts", &body);
    for (profile, good, lacking) in [
        (
            "s1",
            json!({"name": "Ann", "phone": "+12025550170"}),
            vec![(json!({"name": "Ann"}), "/phone"), (json!({"phone": "+12025550171"}), "/name")],
        ),
        (
            "s2",
            json!({"name": "Ann", "channels": [{"channel": "facebook", "identifier": "ann"}]}),
            vec![(json!({"name": "Ann"}), "/channels"), (json!({"email": "a@b.example"}), "/name")],
        ),
        (
            "s4",
            json!({"first_name": "Ann", "last_name": "Lee"}),
            vec![
                (json!({"first_name": "Ann"}), "/last_name"),
                (json!({"name": "Lee"}), "/last_name"),
            ],
        ),
    ] {
        server.patch("/api/v1/settings", &json!({"required_fields": profile})).expect(200);
        create(good).expect(201);
        for (body, pointer) in lacking {
            let refused = create(body.clone()).expect(422);
            assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{profile} {body}");
            assert_eq!(refused.json["errors"][0]["code"], "required", "{profile} {body}");
        }
    }
    server.patch("/api/v1/settings", &json!({"required_fields": "s1"})).expect(200);
    // Rows of a list are held to it, and what was there before may be changed.
    let job = import(&server, b"name,phone\nBea,+12025550175\nCat,\n", &json!({}));
    assert_eq!((&job["counts"]["imported"], &job["counts"]["errors"]), (&json!(1), &json!(1)));
    server.patch(&format!("/api/v1/contacts/{old}"), &json!({"title": "x"})).expect(200);
    let bea = server.search("bea", "").json["contacts"][0]["id"].as_str().unwrap().to_owned();
    server.patch(&format!("/api/v1/contacts/{bea}"), &json!({"phones": []})).expect(422);
    server.patch("/api/v1/settings", &json!({"required_fields": "s9"})).expect(422);
    server.patch("/api/v1/settings", &json!({"required_fields": "minimal"})).expect(200);
    create(json!({"company": "Acme"})).expect(201);
}

#[test]
fn managers_see_how_the_base_is() {
    let server = TestServer::start();
    import(
        &server,
        b"name,phone\nAnn,+12025550175\nBad,zzz\nCat,+12025550176\nDoe,abc\n",
        &json!({}),
    );
    let health = server.get("/api/v1/health").expect(200).json;
    assert_eq!((&health["status"], &health["contacts"]), (&json!("ok"), &json!(2)), "{health}");
    assert_eq!(health["imports"]["success_rate"], 0.5, "{health}");
    assert!(health["requests"]["total"].as_u64().unwrap() > 0, "{health}");
    assert_eq!(health["requests"]["error_rate"], 0.0, "{health}");
    server.role("manager").get("/api/v1/health").expect(200);
    server.role("agent").get("/api/v1/health").expect(403);
    let second = server.organization("second").get("/api/v1/health").expect(200).json;
    assert_eq!((&second["contacts"], &second["imports"]["jobs"]), (&json!(0), &json!(0)));
}
