//! Calling by the rules: do not call, consent, channels, a person who wants to be forgotten.

use serde_json::json;

use super::{contact, found};
use crate::support::server::TestServer;

#[test]
fn somebody_who_must_not_be_called_is_told_everywhere_at_once() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123"}));
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"tags": ["DNC"]})).expect(200);
    let check = json!({"numbers": ["+12025550123", "+12025550199"]});
    let checked = server.post("/api/v1/dnc/check", &check).expect(200).json;
    assert_eq!(checked["results"][0]["allowed"], false);
    assert_eq!(checked["results"][1]["allowed"], true, "nobody has it");
    assert_eq!(server.lookup("+12025550123", "")["results"][0]["do_not_contact"], true);
    assert_eq!(contact(&server, &id)["may_call"]["allowed"], false);
    assert_eq!(found(&server, "status:do_not_contact"), 1);
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"do_not_contact": false})).expect(200);
    assert_eq!(contact(&server, &id)["tags"], json!([]), "the tag is the same fact");
    let set = server.create(&json!({"name": "Jane Roe", "do_not_contact": true}));
    assert_eq!(set["tags"], json!(["DNC"]), "both ways, from the first moment");
}

#[test]
fn an_opt_out_shows_in_the_next_lookup_filter_and_export_and_stays_in_the_ledger() {
    let server = TestServer::start();
    let eva = json!({"name": "Eva Muster", "phone": "+12025550123", "opt_in": true});
    let id = server.create_id(&eva);
    assert_eq!(server.lookup("+12025550123", "")["results"][0]["opt_in"], true);
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"opt_in": false})).expect(200);
    assert_eq!(server.lookup("+12025550123", "")["results"][0]["opt_in"], false);
    for (q, count) in [("opt_in:false", 1), ("opt_in:true", 0), ("consent:opted_out", 1)] {
        let path = format!("/api/v1/contacts?q={q}");
        assert_eq!(server.get(&path).expect(200).json["total"], count, "{q}");
    }
    let path = "/api/v1/contacts/export?format=csv&columns=name,opt_in";
    let file = String::from_utf8(server.get(path).expect(200).body).unwrap();
    assert!(file.contains("Eva Muster,false"), "{file}");
    let ledger = server.get(&format!("/api/v1/contacts/{id}/consents")).expect(200).json;
    assert_eq!(ledger["total"], 2, "{ledger}");
}

#[test]
fn what_was_agreed_on_one_channel_says_nothing_against_another() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Eva Muster", "phone": "+4930901820",
        "email": "eva@example.com"}));
    let say = |channel: &str, status: &str| {
        let body = json!({"purpose": "marketing", "channel": channel, "status": status,
            "basis": "consent", "source": "web form"});
        server.post(&format!("/api/v1/contacts/{id}/consents"), &body).expect(201);
    };
    say("phone", "opted_in");
    say("email", "opted_out");
    let eva = contact(&server, &id);
    assert!(eva["may_email"]["why"].as_array().unwrap().contains(&json!("opted_out")), "{eva}");
    let why = eva["may_call"]["why"].to_string();
    assert!(!why.contains("opted_out") && !why.contains("no_consent"), "{why}");
    let check = json!({"numbers": ["+4930901820"]});
    let checked = server.post("/api/v1/dnc/check", &check).expect(200).json;
    assert_eq!(checked["results"][0]["allowed"], true, "as on the card: {checked}");
    assert_eq!(eva["jurisdiction"]["country"], "DE");
    let ledger = server.get(&format!("/api/v1/contacts/{id}/consents?per_page=1")).expect(200).json;
    assert_eq!((&ledger["total"], ledger["items"].as_array().unwrap().len()), (&json!(2), 1));
    server.get(&format!("/api/v1/contacts/{id}/consents?per_page=0")).expect(422);
}

#[test]
fn the_same_consent_sent_twice_with_a_key_stands_in_the_ledger_once() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Eva"}));
    let path = format!("/api/v1/contacts/{id}/consents");
    let headers = [("idempotency-key", "form-12"), ("content-type", "application/json")];
    let body = br#"{"status": "opted_in", "source": "web form"}"#;
    let first = server.send("POST", &path, &headers, Some(body)).expect(201).json;
    let again = server.send("POST", &path, &headers, Some(body)).expect(201).json;
    assert_eq!(first["id"], again["id"]);
    assert_eq!(server.get(&path).expect(200).json["total"], 1);
}

#[test]
fn a_conversation_with_somebody_unknown_makes_the_contact() {
    let server = TestServer::start();
    let body = json!({"channel": "whatsapp", "identifier": "+12025550190", "name": "Zoe Writer",
        "direction": "in"});
    let conversation = server.post("/api/v1/conversations", &body).expect(201).json;
    let id = conversation["contact_id"].as_str().unwrap();
    assert_eq!(contact(&server, id)["first_channel"], "whatsapp");
    assert_eq!(server.lookup("+12025550190", "")["count"], 1);
    let text = json!({"conversation_id": conversation["id"], "text": "Hello", "direction": "in"});
    server.post("/api/v1/messages", &text).expect(201);
    let zoe = contact(&server, id);
    assert!(
        zoe["last_interaction_at"].is_string() && zoe["last_contacted_at"].is_string(),
        "{zoe}"
    );
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"blocked": true})).expect(200);
    let refused = server.post("/api/v1/conversations", &body).expect(409);
    assert_eq!(refused.code(), "contact_blocked");
    server.post("/api/v1/conversations", &json!({})).expect(422);
}

#[test]
fn a_company_is_suggested_by_the_address_of_somebody() {
    let server = TestServer::start();
    let body = json!({"name": "Acme Inc", "domain": "acme.example"});
    let acme = server.post("/api/v1/companies", &body).expect(201).id();
    let web = json!({"name": "Acme Web", "website": "https://www.acme.example/shop"});
    server.post("/api/v1/companies", &web).expect(201);
    let ask = |email: &str| server.get(&format!("/api/v1/companies/suggest?email={email}"));
    let found = ask("John@mail.acme.example").expect(200).json;
    assert_eq!((&found["total"], &found["items"][0]["id"]), (&json!(2), &json!(acme)), "{found}");
    assert_eq!(found["items"][0]["why"], "domain");
    assert_eq!(ask("john@notacme.example").expect(200).json["total"], 0);
    assert_eq!(ask("john@gmail.com").expect(200).json["total"], 0);
    assert_eq!(ask("nothing").expect(422).json["errors"][0]["pointer"], "/email");
}

#[test]
fn a_manager_reads_what_was_done_to_a_contact_and_not_the_whole_log() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe"}));
    server.patch(&format!("/api/v1/contacts/{id}"), &json!({"title": "CEO"})).expect(200);
    let manager = server.role("manager");
    let log = manager.get(&format!("/api/v1/audit?record={id}")).expect(200).json.to_string();
    assert!(log.contains("CEO"), "{log}");
    manager.get("/api/v1/audit").expect(403);
    manager.get("/api/v1/audit?record=018f0000-0000-7000-8000-000000000000").expect(403);
    server.role("agent").get(&format!("/api/v1/audit?record={id}")).expect(403);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123"}));
    for (path, body, pointer) in [
        (
            "/api/v1/calls",
            json!({"number": "+12025550123", "started_at": "9999-01-01T00:00:00Z"}),
            "/started_at",
        ),
        (
            "/api/v1/calls",
            json!({"number": "+12025550123", "started_at": "2190-01-01T00:00:00Z"}),
            "/started_at",
        ),
        (
            "/api/v1/activities",
            json!({"type": "email_sent", "contact_id": id, "occurred_at": "2190-01-01T00:00:00Z"}),
            "/occurred_at",
        ),
        ("/api/v1/tasks", json!({"title": "A", "due_at": "9999-01-01T00:00:00Z"}), "/due_at"),
        ("/api/v1/dnc/check", json!({"numbers": [], "colour": 1}), "/colour"),
    ] {
        let refused = server.post(path, &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{path}");
    }
    let meeting =
        json!({"type": "meeting", "contact_id": id, "occurred_at": "2190-01-01T00:00:00Z"});
    server.post("/api/v1/activities", &meeting).expect(201);
    for path in [
        format!("/api/v1/contacts/{id}/timeline?colour=red"),
        "/api/v1/tags?colour=red".to_owned(),
        "/api/v1/calls/callbacks?colour=red".to_owned(),
        format!("/api/v1/contacts/{id}/consents?colour=red"),
    ] {
        let refused = server.get(&path).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/colour", "{path}");
    }
}

#[test]
fn the_health_page_says_when_the_last_backup_was_taken() {
    let server = TestServer::start();
    assert!(server.get("/api/v1/health").expect(200).json["last_backup"].is_null());
    server.get("/api/v1/admin/backup").expect(200);
    assert!(server.get("/api/v1/health").expect(200).json["last_backup"].is_string());
}
