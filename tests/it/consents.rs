//! Consent: the ledger of a contact, what follows from it, and numbers that must not be called.

use ringdex::app::{Access, Error};
use ringdex::domain::consent::ConsentEntry;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::engine::{codec, keys};
use serde_json::{Value, json};

use crate::access::import;
use crate::support::TestApp;
use crate::support::server::{Client, TestServer, escape};

fn own(id: &str) -> String {
    format!("/api/v1/contacts/{id}")
}

fn contact(client: &Client, id: &str) -> Value {
    client.get(&own(id)).expect(200).json
}

fn record(client: &Client, id: &str, body: &Value) -> Value {
    client.post(&format!("{}/consents", own(id)), body).expect(201).json
}

fn ledger(client: &Client, id: &str) -> Vec<Value> {
    let all = client.get(&format!("{}/consents", own(id))).expect(200).json;
    all["items"].as_array().unwrap().clone()
}

fn is_clean(server: &TestServer) {
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn consent_is_recorded_once_and_for_all_and_the_contact_follows() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "email": "ann@example.com"}));
    let unknown = contact(&server, &id);
    assert_eq!(unknown["consent"]["marketing"]["status"], "unknown");
    let body = json!({"purpose": "marketing", "channel": "email", "status": "opted_in",
        "type": "explicit", "date": "2026-05-01", "source": "web form", "basis": "consent",
        "evidence": {"form": 12, "ip": "192.0.2.1"}});
    let first = record(&server, &id, &body);
    assert_eq!((&first["seq"], &first["previous"]), (&json!(1), &json!("")));
    assert_eq!(
        (&first["date"], &first["evidence"]["form"]),
        (&json!("2026-05-01T00:00:00.000Z"), &json!(12))
    );
    let now = contact(&server, &id);
    let marketing = &now["consent"]["marketing"];
    assert_eq!((&now["opt_in"], &marketing["status"]), (&json!(true), &json!("opted_in")));
    for (name, value) in
        [("type", "explicit"), ("source", "web form"), ("basis", "consent"), ("channel", "email")]
    {
        assert_eq!(marketing[name], value, "{name}");
    }
    assert_eq!((&marketing["evidence"], &marketing["unproven"]), (&json!(true), &json!(false)));
    // A refusal takes effect at once: in the contact, in searches and in lookups.
    let second = record(&server, &id, &json!({"status": "opted_out", "source": "phone call"}));
    assert_eq!((&second["seq"], &second["previous"]), (&json!(2), &first["hash"]));
    assert_eq!(contact(&server, &id)["opt_in"], false);
    assert_eq!(server.search("consent:opted_out", "").json["total"], 1);
    assert_eq!(server.search("consent:opted_in", "").json["total"], 0);
    let listed = server.get("/api/v1/contacts?consent=opted_out").expect(200).json;
    assert_eq!(listed["total"], 1);
    // The ledger has both, newest first, and nothing changes it.
    let entries = ledger(&server, &id);
    assert_eq!((entries.len(), &entries[0]["id"]), (2, &second["id"]));
    let path = format!("{}/consents", own(&id));
    server.delete(&path).expect(405);
    server.patch(&path, &json!({})).expect(405);
    let events = server.get(&format!("{}/timeline?type=consent", own(&id))).expect(200).json;
    assert_eq!(events["events"].as_array().unwrap().len(), 2, "{events}");
    // What was answered may be sent back.
    server.patch(&own(&id), &contact(&server, &id)).expect(200);
    assert_eq!(ledger(&server, &id).len(), 2);
    is_clean(&server);
    let server = server.restart();
    assert_eq!(ledger(&server, &id), entries);
    assert_eq!(contact(&server, &id)["consent"]["marketing"]["status"], "opted_out");
    let log = server.get("/api/v1/audit?action=contact.consent_recorded").expect(200);
    let log = log.json["lines"].to_string();
    assert_eq!(log.matches("contact.consent_recorded").count(), 2, "{log}");
}

#[test]
fn setting_opt_in_writes_the_ledger_whoever_does_it() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "opt_in": true}));
    let entries = ledger(&server, &id);
    assert_eq!((entries.len(), &entries[0]["status"]), (1, &json!("opted_in")));
    // Nothing proves it, and that is said before anybody relies on it.
    assert_eq!(contact(&server, &id)["consent"]["marketing"]["unproven"], true);
    server.patch(&own(&id), &json!({"opt_in": false})).expect(200);
    server.patch(&own(&id), &json!({"title": "CEO"})).expect(200);
    assert_eq!(ledger(&server, &id).len(), 2);
    let job = server.bulk_action(&json!({"ids": [id]}), &json!({"type": "opt_in"}));
    assert_eq!(job["changed"], 1, "{job}");
    let job = server.bulk_action(&json!({"ids": [id]}), &json!({"type": "opt_out"}));
    assert_eq!(job["changed"], 1, "{job}");
    let statuses: Vec<String> = ledger(&server, &id)
        .iter()
        .map(|entry| entry["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["opted_out", "opted_in", "opted_out", "opted_in"]);
    import(&server, "Name,Email,Opt In\nBob,bob@example.com,yes\n", &json!({}));
    let bob = server.search("bob", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(bob["consent"]["marketing"]["type"], "imported", "{bob}");
    is_clean(&server);
}

#[test]
fn a_merge_lets_the_refusal_win_and_shows_both_ledgers() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "Ann Smith", "opt_in": true}));
    let two = server.create_id(&json!({"name": "Ann Smith", "opt_in": false}));
    let merge = json!({"primary": one, "others": [two]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    assert_eq!(contact(&server, &one)["consent"]["marketing"]["status"], "opted_out");
    assert_eq!(ledger(&server, &one).len(), 3);
    let undo = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    assert_eq!(contact(&server, &one)["consent"]["marketing"]["status"], "opted_in");
    assert_eq!(ledger(&server, &two).len(), 1);
    is_clean(&server);
    // What is deleted for good takes its ledger along.
    server.delete(&format!("{}?permanent=true", own(&two))).expect(204);
    server.get(&format!("{}/consents", own(&two))).expect(404);
    is_clean(&server);
}

#[test]
fn what_is_no_consent_is_named_and_changes_nothing() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann"}));
    for (body, pointer) in [
        (json!({}), "/status"),
        (json!({"status": "maybe"}), "/status"),
        (json!({"status": "opted_in", "purpose": "spam"}), "/purpose"),
        (json!({"status": "opted_in", "channel": "smoke"}), "/channel"),
        (json!({"status": "opted_in", "type": "loud"}), "/type"),
        (json!({"status": "opted_in", "basis": "because"}), "/basis"),
        (json!({"status": "opted_in", "date": "soon"}), "/date"),
        (json!({"status": "opted_in", "date": "9999-01-01"}), "/date"),
        (json!({"status": "opted_in", "evidence": [1]}), "/evidence"),
        (json!({"status": "opted_in", "colour": "red"}), "/colour"),
    ] {
        let refused = server.post(&format!("{}/consents", own(&id)), &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert!(ledger(&server, &id).is_empty());
    let nobody = "018f0000-0000-7000-8000-000000000000";
    server.post(&format!("{}/consents", own(nobody)), &json!({"status": "pending"})).expect(404);
    let foreign = server.organization("second");
    foreign.get(&format!("{}/consents", own(&id))).expect(404);
}

#[test]
fn who_may_be_called_and_written_to_is_said_with_the_reasons() {
    let server = TestServer::start();
    let make = |body: Value| server.create_id(&body);
    let phone = "+12025550123";
    let refused = make(json!({"name": "Ann", "phone": phone, "email": "a@example.com",
        "blocked": true, "do_not_contact": true, "opt_in": false}));
    let ann = contact(&server, &refused);
    let reasons = |allowance: &Value| -> Vec<String> {
        let all = allowance["why"].as_array().unwrap().iter();
        all.map(|why| why.as_str().unwrap().split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(ann["may_call"]["allowed"], false);
    assert_eq!(reasons(&ann["may_call"])[..3], ["blocked", "do_not_contact", "opted_out"]);
    assert_eq!(reasons(&ann["may_email"]), ["blocked", "do_not_contact", "opted_out"]);
    let found = server.lookup(phone, "");
    assert_eq!(
        reasons(&found["results"][0]["may_email"]),
        ["blocked", "do_not_contact", "opted_out"]
    );
    assert_eq!(found["results"][0]["may_call"]["allowed"], false);
    let german = make(json!({"name": "Bea", "phone": "+4930901820", "email": "b@example.com"}));
    assert_eq!(reasons(&contact(&server, &german)["may_email"]), ["no_consent"]);
    let basis = json!({"channel": "email", "status": "unknown", "basis": "legitimate_interest"});
    record(&server, &german, &basis);
    assert_eq!(contact(&server, &german)["may_email"]["allowed"], true);
    let bounced = make(json!({"name": "Cal", "email": "c@example.com", "email_state": "bounced"}));
    let cal = contact(&server, &bounced);
    assert_eq!(reasons(&cal["may_email"]), ["bounced"]);
    assert_eq!(reasons(&cal["may_call"]), ["no_number"]);
    let lines = server.get("/api/v1/contacts/export?format=jsonl&q=Cal").expect(200);
    assert!(String::from_utf8_lossy(&lines.body).contains("may_call"));
    let searched = server.get(&format!("/api/v1/contacts?q={}", escape("bea"))).expect(200).json;
    assert!(searched["contacts"][0]["may_call"]["allowed"].is_boolean());
}

#[test]
fn many_numbers_are_checked_at_once() {
    let server = TestServer::start();
    let path = "/api/v1/dnc/check";
    for (name, phone, more) in [
        ("Ann", "+12025550101", json!({"do_not_contact": true})),
        ("Bob", "+12025550102", json!({"tags": ["DNC"]})),
        ("Cal", "+12025550103", json!({"blocked": true, "opt_in": false})),
        ("Dan", "+12025550104", json!({})),
    ] {
        let mut body = more.clone();
        body["name"] = json!(name);
        body["phone"] = json!(phone);
        server.create(&body);
    }
    let numbers = json!([
        "+1 202-555-0101",
        "2025550102",
        "+12025550103",
        "+12025550104",
        "+12025550199",
        "nonsense",
        ""
    ]);
    let checked = server.post(path, &json!({"numbers": numbers})).expect(200).json;
    let results: Vec<(Value, Value)> = checked["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["allowed"].clone(), one["why"].clone()))
        .collect();
    let yes = || (json!(true), json!([]));
    assert_eq!(
        results,
        [
            (json!(false), json!(["do_not_contact"])),
            (json!(false), json!(["do_not_contact"])),
            (json!(false), json!(["blocked", "opted_out"])),
            yes(),
            yes(),
            yes(),
            yes(),
        ]
    );
    assert_eq!(checked["results"][0]["number"], "+1 202-555-0101");
    // A refusal counts from the next check on, and after a restart.
    let dan = server.lookup("+12025550104", "")["results"][0]["id"].as_str().unwrap().to_owned();
    record(&server, &dan, &json!({"channel": "phone", "status": "opted_out"}));
    let server = server.restart();
    let one = server.post(path, &json!({"numbers": ["+12025550104"]})).expect(200).json;
    assert_eq!(one["results"][0]["why"], json!(["opted_out"]));
    let many: Vec<String> = (0..100_000).map(|at| format!("+1202{at:07}")).collect();
    let all = server.post(path, &json!({"numbers": many})).expect(200).json;
    assert_eq!(all["count"], 100_000);
    let too_many: Vec<&str> = vec!["1"; 100_001];
    server.post(path, &json!({"numbers": too_many})).expect(422);
    for (body, pointer) in [(json!({}), "/numbers"), (json!({"numbers": [true]}), "/numbers/0")] {
        let refused = server.post(path, &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    let foreign = server.organization("second");
    let none = foreign.post(path, &json!({"numbers": ["+12025550101"]})).expect(200).json;
    assert_eq!(none["results"][0]["allowed"], true);
}

#[test]
fn a_check_finds_entries_that_were_changed_or_left_out_later() {
    let test = TestApp::new();
    let (app, org) = (test.app(), OrgNumber(1));
    let operator = Access::operator_of(org);
    let id: ContactId = test.create(1, &json!({"name": "Ann"})).id;
    for status in ["opted_in", "opted_out", "opted_in"] {
        app.record_consent(&operator, id, &json!({"status": status}), None).unwrap();
    }
    let troubles = || app.check(&operator, &mut |_| {}).unwrap().troubles.len();
    assert_eq!(troubles(), 0);
    let key = move |seq: u32| keys::consent(org, id, seq);
    let kept = app.partition().get(&key(2)).unwrap().unwrap().to_vec();
    let put = |seq: u32, bytes: Option<Vec<u8>>| {
        let written = app.partition().write::<_, Error>(org, "test", false, move |tx| {
            match &bytes {
                Some(bytes) => tx.put(&key(seq), bytes.clone()),
                None => tx.delete(&key(seq)),
            }
            Ok(())
        });
        written.unwrap();
    };
    let mut entry: ConsentEntry = codec::decode(&kept).unwrap();
    entry.state.status = "opted_in".to_owned();
    put(2, Some(codec::encode(&entry).unwrap()));
    assert!(troubles() > 0, "a changed entry");
    put(2, Some(kept.clone()));
    assert_eq!(troubles(), 0);
    put(2, None);
    assert!(troubles() > 0, "a missing entry");
    put(2, Some(kept));
    let last = app.partition().get(&key(3)).unwrap().unwrap().to_vec();
    put(3, None);
    assert!(troubles() > 0, "a missing last entry");
    put(3, Some(last));
    assert_eq!(troubles(), 0);
}

#[test]
fn a_refusal_of_either_survives_a_merge_and_an_opt_out_reaches_every_channel() {
    let server = TestServer::start();
    let create = |name: &str, phone: &str| server.create_id(&json!({"name": name, "phone": phone}));
    let (one, two) = (create("Ann", "+12025550170"), create("Ann", "+12025550171"));
    let say = |id: &str, body: &Value| {
        server.post(&format!("/api/v1/contacts/{id}/consents"), body).expect(201);
    };
    let word = |status: &str, channel: &str| json!({"purpose": "marketing", "channel": channel, "status": status});
    say(&two, &word("opted_out", "phone"));
    say(&two, &word("opted_in", "email"));
    server.post("/api/v1/contacts/merge", &json!({"primary": one, "others": [two]})).expect(200);
    let merged = server.get(&format!("/api/v1/contacts/{one}")).expect(200).json;
    assert_eq!(merged["may_call"]["allowed"], false, "{merged}");
    let ledger = server.get(&format!("/api/v1/contacts/{one}/consents")).expect(200).json;
    assert!(!ledger.to_string().contains("\"channel\":\"all\""), "nothing is invented: {ledger}");

    let cat = create("Cat", "+12025550172");
    say(&cat, &word("opted_in", "phone"));
    say(&cat, &word("opted_out", "email"));
    let job = server.bulk_action(&json!({"ids": [cat]}), &json!({"type": "opt_out"}));
    assert_eq!(job["changed"], 1, "{job}");
    let check = json!({"numbers": ["+12025550172"]});
    let allowed = || server.post("/api/v1/dnc/check", &check).json["results"][0]["allowed"].clone();
    assert_eq!(allowed(), false);
    // What was taken back is known at once.
    let own = format!("/api/v1/contacts/{cat}");
    server.patch(&own, &json!({"opt_in": true})).expect(200);
    assert_eq!(allowed(), true);
}
