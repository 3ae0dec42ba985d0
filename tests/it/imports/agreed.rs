//! Consent that a list says, with when, where and on which basis.

use serde_json::{Value, json};

use super::{four, import};
use crate::support::server::{Client, TestServer};

const LIST: &str = "Name,Phone,Consent Status,Consent Type,Consent Date,Consent Source,GDPR Basis\n\
    Ada Byron,+12025550110,Opted in,explicit,2025-03-04,Trade fair,Consent\n\
    Ben Stone,+12025550111,unsubscribed,,04.05.2025,,\n\
    Cleo Reed,+12025550112,pending,,,,legitimate interest\n";

fn ledger(client: &Client, q: &str) -> (Value, Value) {
    let found = client.search(q, "&refresh=wait").json["contacts"][0].clone();
    let id = found["id"].as_str().unwrap();
    let ledger = client.get(&format!("/api/v1/contacts/{id}/consents")).expect(200).json;
    (found, ledger)
}

#[test]
fn columns_of_consent_go_to_the_ledger() {
    let server = TestServer::start();
    let job = import(&server, LIST.as_bytes(), &json!({}));
    assert_eq!(four(&job), json!({"imported": 3, "updated": 0, "skipped": 0, "errors": 0}));
    let (ada, entries) = ledger(&server, "ada");
    assert_eq!((&ada["opt_in"], &entries["total"]), (&json!(true), &json!(1)));
    let entry = &entries["items"][0];
    assert_eq!(entry["status"], "opted_in");
    assert_eq!((&entry["type"], &entry["source"]), (&json!("explicit"), &json!("Trade fair")));
    assert_eq!(entry["basis"], "consent");
    assert!(entry["date"].as_str().unwrap().starts_with("2025-03-04"), "{entry}");
    assert_eq!(ada["consent"]["marketing"]["unproven"], false, "{}", ada["consent"]);
    let (ben, entries) = ledger(&server, "ben");
    assert_eq!((&ben["opt_in"], &entries["items"][0]["type"]), (&json!(false), &json!("imported")));
    assert!(entries["items"][0]["date"].as_str().unwrap().starts_with("2025-05-04"));
    let (cleo, entries) = ledger(&server, "cleo");
    assert_eq!(
        (&cleo["opt_in"], &entries["items"][0]["status"]),
        (&Value::Null, &json!("pending"))
    );
    assert_eq!(entries["items"][0]["basis"], "legitimate_interest");
    // The same list says nothing new.
    let again = import(&server, LIST.as_bytes(), &json!({}));
    assert_eq!(four(&again), json!({"imported": 0, "updated": 0, "skipped": 3, "errors": 0}));
    // What was refused is not taken back by a list, and a trial says the same as the import.
    let back = "Name,Phone,consent_status,consent_source\nBen Stone,+12025550111,yes,Web\nAda Byron,+12025550110,opted_in,Web\n";
    let trial = import(&server, back.as_bytes(), &json!({"dry_run": true}));
    let real = import(&server, back.as_bytes(), &json!({}));
    assert_eq!(
        (four(&real), trial["counts"].clone()),
        (json!({"imported": 0, "updated": 1, "skipped": 1, "errors": 0}), real["counts"].clone())
    );
    assert_eq!(ledger(&server, "ben").0["opt_in"], false);
    assert_eq!(ledger(&server, "ada").1["total"], 2);
}

#[test]
fn agreement_without_evidence_is_warned_of() {
    let server = TestServer::start();
    let list = b"name,phone,opt_in\nAda,+12025550110,yes\nBen,+12025550111,no\n";
    let codes = |job: &Value| -> Vec<String> {
        let all = job["warnings"].as_array().unwrap().iter();
        all.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    let job = import(&server, list, &json!({"dry_run": true}));
    assert_eq!(codes(&job), ["consent_unproven"], "{job}");
    let proof = json!({"consent_date": "2025-01-31", "consent_source": "Web form"});
    let job = import(&server, list, &json!({"defaults": proof}));
    assert_eq!(codes(&job), [""; 0], "{job}");
    let (_, entries) = ledger(&server, "ada");
    assert_eq!(
        (&entries["items"][0]["status"], &entries["items"][0]["source"]),
        (&json!("opted_in"), &json!("Web form"))
    );
    let job =
        import(&server, b"name,consent_status,consent_type\nCleo,perhaps,loudly\n", &json!({}));
    assert_eq!(codes(&job), ["value_unknown", "value_unknown"], "{job}");
}

#[test]
fn profiles_and_channels_are_columns() {
    let server = TestServer::start();
    let list =
        "name,phone,LinkedIn,WhatsApp\nAda,+12025550110,https://linkedin.com/in/ada,+12025550119\n";
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(ada["social_profiles"]["linkedin"], "https://linkedin.com/in/ada");
    assert_eq!(ada["channels"], json!([{"channel": "whatsapp", "identifier": "+12025550119"}]));
    let again = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(four(&again), json!({"imported": 0, "updated": 0, "skipped": 1, "errors": 0}));
}
