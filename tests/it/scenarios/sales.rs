//! Sales by mail and phone: consent is kept with its proof, duplicates become one, the timeline tells
//! everything, and a person gets all that is known of it.

use serde_json::{Value, json};

use super::{contact, found, to_all};
use crate::access::import;
use crate::support::server::TestServer;

#[test]
fn a_list_for_mailings_comes_in_with_its_consent_and_is_verified_before_use() {
    let server = TestServer::start();
    let file = "First Name,Last Name,Email,Buying role\n\
        Ann,Archer,ann@example.com,Champion\nBob,Baker,bob@example.com,Blocker\n";
    let options = json!({"mapping": {"Buying role": "role"}, "defaults": {"consent_status": "opted_in",
        "consent_type": "imported", "consent_source": "trade show", "source": "Trade Show"}});
    let job = import(&server, file, &options);
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    assert_eq!(found(&server, "consent:opted_in source:\"Trade Show\" role:champion"), 1);
    let ann = server.search("ann archer", "&refresh=wait").json["contacts"][0].clone();
    let consent = &ann["consent"]["marketing"];
    assert_eq!((&consent["status"], &consent["type"]), (&json!("opted_in"), &json!("imported")));
    assert_eq!(consent["unproven"], true, "nothing proves it: {consent}");
    // The proof comes later, and the ledger has both.
    let path = format!("/api/v1/contacts/{}/consents", ann["id"].as_str().unwrap());
    let proof = json!({"purpose": "marketing", "channel": "email", "status": "opted_in",
        "type": "explicit", "basis": "consent", "source": "web form",
        "evidence": "form 17 of 2026-03-01"});
    server.post(&path, &proof).expect(201);
    let ledger = server.get(&path).expect(200).json;
    assert_eq!(ledger["total"], 2, "{ledger}");
    let now = contact(&server, ann["id"].as_str().unwrap());
    assert_eq!(now["consent"]["marketing"]["type"], "explicit", "{now}");
    // Bob does not want any of it.
    let bob = server.search("bob baker", "").json["contacts"][0]["id"].clone();
    let bob = bob.as_str().unwrap();
    let refusal = json!({"purpose": "marketing", "channel": "email", "status": "opted_out",
        "source": "letter"});
    server.post(&format!("/api/v1/contacts/{bob}/consents"), &refusal).expect(201);
    assert_eq!(contact(&server, bob)["may_email"]["allowed"], false);
    assert_eq!(found(&server, "consent:opted_out"), 1);
}

#[test]
fn a_suggested_pair_is_merged_and_all_that_belongs_to_both_stays() {
    let server = TestServer::start();
    let first = server.create_id(&json!({"name": "John Miller", "email": "john@acme.example"}));
    let second = server.create_id(&json!({"name": "Jon Miller", "email": "john@acme.example"}));
    let pairs = server.get("/api/v1/duplicates?view=pairs&min_probability=0.5").expect(200).json;
    let pair = &pairs["pairs"][0];
    assert_eq!((&pair["id_a"], &pair["id_b"]), (&json!(first), &json!(second)), "{pairs}");
    let of = |noun: &str, body: &Value| {
        server.post(&format!("/api/v1/{noun}"), body).expect(201);
    };
    of("deals", &json!({"contact_id": second, "title": "200 seats", "amount": 500}));
    of("activities", &json!({"contact_id": second, "type": "email_opened", "subject": "News"}));
    of("notes", &json!({"contact_id": first, "text": "Likes tea"}));
    let merge = json!({"primary": first, "others": [second]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    let john = contact(&server, &first);
    let counts = &john["counts"];
    assert_eq!(
        (&counts["open_deals"], &counts["activities"], &counts["notes"]),
        (&json!(1), &json!(1), &json!(1)),
        "{john}"
    );
    server.get(&format!("/api/v1/contacts/{second}")).expect(308);
    assert_eq!(server.get("/api/v1/duplicates?view=pairs&min_probability=0.5").json["total"], 0);
}

#[test]
fn the_timeline_logs_every_kind_of_activity_and_is_filtered_by_it() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ann", "phone": "+12025550101"}));
    for kind in ["email_sent", "email_opened", "email_clicked", "meeting", "form_submit"] {
        let body = json!({"contact_id": id, "type": kind, "subject": "News"});
        server.post("/api/v1/activities", &body).expect(201);
    }
    server.post("/api/v1/calls", &json!({"call_id": "1", "number": "+12025550101"})).expect(201);
    server.post("/api/v1/notes", &json!({"contact_id": id, "text": "Likes tea"})).expect(201);
    for status in ["won", "lost"] {
        let deal = json!({"contact_id": id, "title": status, "amount": 5});
        let deal = server.post("/api/v1/deals", &deal).expect(201).id();
        server.patch(&format!("/api/v1/deals/{deal}"), &json!({"status": status})).expect(200);
    }
    let path = format!("/api/v1/contacts/{id}/timeline");
    let types = |query: &str| -> Vec<String> {
        let events = server.get(&format!("{path}?{query}")).expect(200).json["events"].clone();
        let events = events.as_array().unwrap().iter();
        events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    let all = types("per_page=100");
    for wanted in [
        "email_sent",
        "email_opened",
        "email_clicked",
        "meeting",
        "form_submit",
        "call",
        "note",
        "deal_created",
        "deal_won",
        "deal_lost",
    ] {
        assert!(all.iter().any(|kind| kind == wanted), "{wanted}: {all:?}");
        assert!(types(&format!("type={wanted}")).iter().all(|kind| kind == wanted));
    }
    let mut turned = types("per_page=100&order=asc");
    turned.reverse();
    let sorted = |mut list: Vec<String>| {
        list.sort_unstable();
        list
    };
    assert_eq!(sorted(turned), sorted(all));
}

#[test]
fn a_person_who_asks_gets_everything_and_is_forgotten_on_request() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Eva Muster", "email": "eva@example.com",
        "tags": ["vip", "renewal-risk"], "country": "DE"}));
    for (noun, body) in [
        ("deals", json!({"contact_id": id, "title": "200 seats"})),
        ("notes", json!({"contact_id": id, "text": "Likes tea"})),
        ("activities", json!({"contact_id": id, "type": "email_sent", "subject": "News"})),
    ] {
        server.post(&format!("/api/v1/{noun}"), &body).expect(201);
    }
    let consent = json!({"purpose": "marketing", "channel": "email", "status": "opted_in",
        "basis": "legitimate_interest", "source": "web form"});
    server.post(&format!("/api/v1/contacts/{id}/consents"), &consent).expect(201);
    let all =
        server.get(&format!("/api/v1/contacts/{id}/gdpr-export")).expect(200).json.to_string();
    for part in ["eva@example.com", "200 seats", "Likes tea", "News", "renewal-risk", "web form"] {
        assert!(all.contains(part), "{part} in {all}");
    }
    let asked = json!({"reason": "by letter"});
    let asked = server.post(&format!("/api/v1/contacts/{id}/erasure"), &asked).expect(201);
    let path = format!("/api/v1/erasures/{}", asked.id());
    let done = server.post(&format!("{path}/approve"), &json!({})).expect(200).json;
    assert!(!done["certificate"].is_null(), "{done}");
    server.get(&format!("/api/v1/contacts/{id}")).expect(404);
    assert_eq!(found(&server, "eva"), 0);
    assert!(!server.get(&path).expect(200).json.to_string().contains("eva@example.com"));
}

#[test]
fn segments_are_made_of_tags_scores_statuses_and_owners_in_any_combination() {
    let server = TestServer::start();
    let rules = json!({"lead_score": {"rules": [
        {"name": "Decides", "when": "role:\"decision maker\"", "points": 60},
        {"name": "VIP", "when": "tag:vip", "points": 30},
    ]}});
    server.patch("/api/v1/settings", &rules).expect(200);
    let jane = super::colleague(&server, "Jane", "jane@example.com");
    let ann = json!({"name": "Ann", "role": "Decision Maker", "tags": ["vip"], "company": "Acme",
        "assigned_to": jane, "email": "ann@acme.example",
        "social_profiles": {"linkedin": "https://linkedin.example/ann"}});
    assert_eq!(server.create(&ann)["lead_score"], 90);
    server.create(&json!({"name": "Bob", "company": "Acme", "status": "unsubscribed"}));
    server.create(&json!({"name": "Cyd", "company": "Other", "status": "bounced"}));
    for (q, count) in [
        ("lead_score:50..100", 1),
        ("company:acme owner:jane", 1),
        ("company:acme -tag:vip", 1),
        ("status:unsubscribed OR status:bounced", 2),
        ("company:acme tag:vip lead_score:>=90 created:today", 1),
        ("ann@acme.example", 1),
    ] {
        assert_eq!(found(&server, q), count, "{q}");
    }
    let tag = json!({"type": "add_tags", "tags": ["trade-show-2026"]});
    assert_eq!(to_all(&server, &json!({"q": "company:acme"}), &tag), 2);
    assert_eq!(found(&server, "tag:trade-show-2026"), 2);
}
