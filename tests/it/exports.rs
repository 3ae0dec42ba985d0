//! Exports whose files are made in the background.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::imports::import;
use crate::support::server::{Client, TestServer};

fn people(client: &Client) {
    for (name, tag) in [("Ada", "hot"), ("Ben", "cold"), ("Cyd", "hot")] {
        client.create(&json!({"name": name, "tags": [tag], "phone": "+12025550110"}));
    }
}

/// Makes the file of an export; where it is found.
fn make(server: &TestServer, client: &Client, body: &Value) -> String {
    let started = client.post("/api/v1/exports", body).expect(202);
    let place = started.header("location").unwrap().to_owned();
    assert_eq!(started.json["url"], place);
    server.app().finish_jobs();
    place
}

#[test]
fn the_file_of_an_export_is_what_a_direct_export_answers() {
    let server = TestServer::start();
    people(&server);
    for (query, body, kind) in [
        ("", json!({}), "text/csv"),
        ("?q=tag:hot&format=jsonl", json!({"q": "tag:hot", "format": "jsonl"}), "x-ndjson"),
        ("?format=vcf&version=3.0", json!({"format": "vcf", "version": "3.0"}), "text/vcard"),
        (
            "?columns=display_name,phone&delimiter=semicolon&bom=true",
            json!({"columns": ["display_name", "phone"], "delimiter": "semicolon", "bom": true}),
            "text/csv",
        ),
    ] {
        let direct = server.get(&format!("/api/v1/contacts/export{query}")).expect(200);
        let place = make(&server, &server, &body);
        let done = server.get(&place).expect(200).json;
        assert_eq!((&done["state"], &done["kind"]), (&json!("done"), &json!("export")), "{done}");
        assert_eq!(done["bytes"], direct.body.len(), "{done}");
        let file = server.get(done["file_url"].as_str().unwrap()).expect(200);
        assert_eq!(file.body, direct.body, "{body}");
        assert!(file.header("content-type").unwrap().contains(kind), "{:?}", file.headers);
        assert!(file.header("content-disposition").unwrap().contains("contacts."));
    }
    let list = server.get("/api/v1/jobs?kind=export").expect(200).json;
    assert_eq!((&list["total"], &list["items"][0]["result"]["exported"]), (&json!(4), &json!(3)));
}

#[test]
fn a_file_outlives_a_restart_and_is_gone_after_a_week() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    people(&server);
    let place = make(&server, &server, &json!({}));
    let server = server.restart();
    clock.advance_ms(6 * DAY_MS);
    let file = format!("{place}/file");
    assert!(server.get(&file).expect(200).body.starts_with(b"id,"));
    clock.advance_ms(2 * DAY_MS);
    assert_eq!(server.get(&place).expect(200).json["file_url"], Value::Null);
    server.get(&file).expect(404);
    let server = server.restart();
    server.get(&file).expect(404);
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "an old file is left behind");
}

#[test]
fn a_file_is_for_its_maker_as_long_as_that_sees_the_same() {
    let server = TestServer::start();
    people(&server);
    server.user("boss@x.org", "manager", "correct horse battery");
    let boss = server.sign_in("boss@x.org", "correct horse battery");
    let place = make(&server, &boss, &json!({}));
    let file = format!("{place}/file");
    boss.get(&file).expect(200);
    for other in [server.role("manager"), server.role("admin"), server.organization("second")] {
        other.get(&place).expect(404);
        other.get(&file).expect(404);
    }
    server.role("agent").post("/api/v1/exports", &json!({})).expect(403);
    let masked = json!({"field_visibility": {"phones": {"manager": "masked"}}});
    server.patch("/api/v1/settings", &masked).expect(200);
    assert_eq!(boss.get(&file).status, 403);
}

#[test]
fn an_export_that_cannot_be_is_refused_by_place_before_it_begins() {
    let server = TestServer::start();
    people(&server);
    for (body, pointer) in [
        (json!({"format": "pdf"}), "/format"),
        (json!({"columns": ["name", "shoe"]}), "/columns"),
        (json!({"columns": "x", "delimiter": "long"}), "/delimiter"),
        (json!({"ids": ["x"]}), "/ids/0"),
        (json!({"ids": []}), "/ids"),
        (json!({"list": ""}), "/list"),
        (json!({"ids": [3]}), "/ids"),
        (json!({"bom": "perhaps"}), "/bom"),
        (json!({"bom": 3}), "/bom"),
        (json!({"query": "x"}), "/query"),
        (json!({"token": "x"}), "/token"),
    ] {
        let refused = server.post("/api/v1/exports", &body).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}: {refused}");
    }
    // A selection that got lost on its way is no selection of everybody.
    for query in ["ids=", "ids=,", "list=", "format=jsonl&ids="] {
        let refused = server.get(&format!("/api/v1/contacts/export?{query}")).expect(422).json;
        let pointer = if query.contains("ids") { "/ids" } else { "/list" };
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{query}: {refused}");
    }
    for query in ["q=", "q=&filter=&saved_search=&ids=&list="] {
        server.get(&format!("/api/v1/contacts/export?{query}")).expect(200);
    }
    let gone = "0193a1b2-c3d4-7e5f-8a6b-112233445566";
    let refused = server.post("/api/v1/exports", &json!({"ids": [gone]})).expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/ids/0", "{refused}");
    server.post("/api/v1/exports", &json!([])).expect(422);
    assert_eq!(server.get("/api/v1/jobs").expect(200).json["total"], 0);
    server.get(&format!("/api/v1/exports/{gone}")).expect(404);
    server.get("/api/v1/exports/x/file").expect(404);
}

#[test]
fn the_oldest_files_make_room_and_the_same_request_makes_one() {
    let server = TestServer::start();
    people(&server);
    let first = make(&server, &server, &json!({}));
    for _ in 0..20 {
        make(&server, &server, &json!({}));
    }
    assert_eq!(server.get(&first).expect(200).json["file_url"], Value::Null);
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 20);
    let send = || {
        let head = [("idempotency-key", "k"), ("content-type", "application/json")];
        server.send("POST", "/api/v1/exports", &head, Some(b"{}")).expect(202)
    };
    let (one, two) = (send(), send());
    server.app().finish_jobs();
    assert_eq!(one.json["id"], two.json["id"]);
    assert_eq!(two.header("idempotent-replayed"), Some("true"));
}

#[test]
fn a_file_is_in_the_audit_log_as_an_export_is() {
    let server = TestServer::start();
    people(&server);
    server.patch("/api/v1/settings", &json!({"audit_reads": true})).expect(200);
    make(&server, &server, &json!({"q": "tag:hot"}));
    let log = server.get("/api/v1/audit?action=contacts.exported").expect(200).json;
    assert_eq!(log["lines"].as_array().unwrap().len(), 1, "{log}");
}

#[test]
fn what_is_known_of_consent_goes_out_in_columns_and_comes_back_as_it_was() {
    let server = TestServer::start();
    let rules = json!({"lead_score": {"rules": [{"when": "tag:vip", "points": 40}]}});
    server.patch("/api/v1/settings", &rules).expect(200);
    let id = server.create_id(&json!({"name": "Ann Agreed", "email": "ann@example.de",
        "phone": "+4930901820", "tags": ["vip"]}));
    let said = json!({"purpose": "marketing", "channel": "email", "status": "opted_in",
        "type": "explicit", "date": "2026-02-03T04:05:06Z", "source": "web form",
        "basis": "consent", "evidence": {"form": 7}});
    server.post(&format!("/api/v1/contacts/{id}/consents"), &said).expect(201);
    server.create_id(&json!({"name": "Bob Asked", "opt_in": false, "email": "bob@example.com"}));
    server.create_id(&json!({"name": "Cid Unknown", "email": "cid@example.com"}));
    server
        .post("/api/v1/deals", &json!({"title": "x", "amount": 1200, "contact_id": id}))
        .expect(201);
    let consents = "consent_status,consent_type,consent_date,consent_source,gdpr_basis";
    let more = "jurisdiction,open_deals,open_deals_value,lead_score";
    let path = format!("/api/v1/contacts/export?format=csv&columns=id,name,{consents},{more}");
    let file = server.get(&path).expect(200);
    let text = String::from_utf8(file.body).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert!(
        rows[1].ends_with(
            "Ann Agreed,opted_in,explicit,2026-02-03T04:05:06.000Z,web form,consent,DE,1,1200,40"
        ),
        "{text}"
    );
    assert!(
        rows[2].contains("Bob Asked,opted_out,explicit,") && rows[2].ends_with(",opt_in,,,0,0,0"),
        "{text}"
    );
    assert!(rows[3].ends_with("Cid Unknown,,,,,,,0,0,0"), "{text}");
    let ledger =
        |id: &str| server.get(&format!("/api/v1/contacts/{id}/consents")).json["total"].clone();
    let path = format!("/api/v1/contacts/export?format=csv&columns=id,name,{consents}");
    let list = String::from_utf8(server.get(&path).expect(200).body).unwrap();
    let done = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(done["counts"]["unchanged"], 3, "{done}");
    assert_eq!(ledger(&id), 1, "nothing was said anew");
}
