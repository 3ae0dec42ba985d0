//! Erasing a person: asked for, decided, done, certified.

#![expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]

use serde_json::{Value, json};

use crate::support::process::Bench;
use crate::support::server::{Client, TestServer};

fn person(client: &Client) -> String {
    let body = json!({"name": "Zoe Goner", "phone": "+12025550188", "email": "zoe@example.com"});
    let id = client.create_id(&body);
    let note = json!({"text": "Zoe likes tea", "contact_id": id});
    client.post("/api/v1/notes", &note).expect(201);
    let call = json!({"call_id": "77", "number": "+12025550188", "notes": "Zoe was angry",
        "recording_url": "https://example.com/zoe"});
    client.post("/api/v1/calls", &call).expect(201);
    let consent = json!({"purpose": "marketing", "channel": "all", "status": "opted_in"});
    client.post(&format!("/api/v1/contacts/{id}/consents"), &consent).expect(201);
    id
}

#[test]
fn an_agent_asks_an_admin_approves_and_nothing_tells_who_it_was() {
    let server = TestServer::start();
    let id = person(&server);
    let agent = server.role("agent");
    let path = format!("/api/v1/contacts/{id}/erasure");
    let asked = agent.post(&path, &json!({"reason": "Zoe wrote a letter"})).expect(201);
    assert_eq!(
        (&asked.json["state"], &asked.json["contact_id"]),
        (&json!("requested"), &json!(id))
    );
    assert_eq!(agent.post(&path, &json!({})).expect(200).id(), asked.id(), "asked once");
    let own = format!("/api/v1/erasures/{}", asked.id());
    agent.post(&format!("{own}/approve"), &json!({})).expect(403);
    server.get(&format!("/api/v1/contacts/{id}")).expect(200);
    let open = server.get("/api/v1/erasures?state=requested").expect(200).json;
    assert_eq!(open["total"], 1, "{open}");

    let done = server.post(&format!("{own}/approve"), &json!({})).expect(200).json;
    let certificate = &done["certificate"];
    assert_eq!(done["state"], "done");
    assert!(done["reason"].is_null(), "{done}");
    assert_eq!(certificate["erased"], json!({"contacts": 1, "notes": 1, "consents": 1}), "{done}");
    assert_eq!(certificate["pseudonymised"], json!({"calls": 1}));
    assert_eq!(certificate["contacts"], json!([id]));
    assert_eq!(certificate["hash"].as_str().unwrap().len(), 64);
    assert_eq!(agent.get(&own).expect(200).json["certificate"]["hash"], certificate["hash"]);

    server.get(&format!("/api/v1/contacts/{id}")).expect(404);
    assert_eq!(server.search("zoe", "&refresh=wait&deleted=true").json["total"], 0);
    assert_eq!(server.lookup("+12025550188", "")["count"], 0);
    let calls = server.get("/api/v1/calls").expect(200).json;
    assert_eq!(calls["total"], 1, "the call is counted on");
    let call = &calls["items"][0];
    assert!(call["number"].as_str().unwrap().starts_with("erased-"), "{call}");
    for gone in ["e164", "contact_id", "notes", "recording_url"] {
        assert!(call[gone].is_null(), "{gone}: {call}");
    }
    for path in ["/api/v1/audit?per_page=500", "/api/v1/calls", "/api/v1/erasures", "/api/v1/notes"]
    {
        let text = server.get(path).expect(200).json.to_string();
        for trace in ["Zoe", "zoe", "2025550188"] {
            assert!(!text.contains(trace), "{path} tells {trace}: {text}");
        }
    }
    let actions = server.get("/api/v1/audit?per_page=500").expect(200).json.to_string();
    for action in ["erasure.requested", "erasure.approved", "contact.erased"] {
        assert!(actions.contains(action), "{action}");
    }
    let refused = server.post(&format!("{own}/approve"), &json!({})).expect(409);
    assert!(refused.json["detail"].as_str().unwrap().contains("done already"));
    // Whoever calls from the number again is unknown.
    let again = json!({"call_id": "78", "number": "+12025550188"});
    assert!(server.post("/api/v1/calls", &again).expect(201).json["contact_id"].is_null());
    let server = server.restart();
    let kept = server.get(&own).expect(200).json;
    assert_eq!(kept["certificate"]["hash"], certificate["hash"]);
}

#[test]
fn a_refused_erasure_leaves_the_contact_and_can_be_asked_for_again() {
    let server = TestServer::start();
    let id = person(&server);
    let path = format!("/api/v1/contacts/{id}/erasure");
    let asked = server.post(&path, &json!({})).expect(201).id();
    let own = format!("/api/v1/erasures/{asked}");
    let refused =
        server.post(&format!("{own}/refuse"), &json!({"reason": "a customer"})).expect(200);
    assert_eq!(
        (&refused.json["state"], &refused.json["refusal"]),
        (&json!("refused"), &json!("a customer"))
    );
    server.post(&format!("{own}/approve"), &json!({})).expect(409);
    server.get(&format!("/api/v1/contacts/{id}")).expect(200);
    assert_ne!(server.post(&path, &json!({})).expect(201).id(), asked);
    server.post(&path, &json!({"reason": 5})).expect(422);
    server.get("/api/v1/erasures?state=odd").expect(422);
    let nobody = "018f0000-0000-7000-8000-000000000000";
    server.post(&format!("/api/v1/contacts/{nobody}/erasure"), &json!({})).expect(404);
    server.post(&format!("/api/v1/erasures/{nobody}/approve"), &json!({})).expect(404);
    let other = server.role("agent");
    assert_eq!(other.get("/api/v1/erasures").expect(200).json["total"], 0, "asked for by others");
    other.get(&own).expect(404);
}

#[test]
fn whoever_was_merged_is_erased_as_well_and_a_campaign_stands_in_the_way() {
    let server = TestServer::start();
    let id = person(&server);
    let other = server.create_id(&json!({"name": "Zoe G", "phone": "+12025550189"}));
    server.post("/api/v1/contacts/merge", &json!({"primary": id, "others": [other]})).expect(200);
    let path = format!("/api/v1/contacts/{id}/erasure");
    let own = format!("/api/v1/erasures/{}", server.post(&path, &json!({})).expect(201).id());
    let contact = format!("/api/v1/contacts/{id}");
    server.patch(&contact, &json!({"in_active_campaign": true})).expect(200);
    server.post(&format!("{own}/approve"), &json!({})).expect(409);
    server.patch(&contact, &json!({"in_active_campaign": false})).expect(200);
    let done = server.post(&format!("{own}/approve"), &json!({})).expect(200).json;
    let contacts = done["certificate"]["contacts"].as_array().unwrap().clone();
    assert_eq!((contacts.len(), contacts.contains(&json!(other))), (2, true), "{done}");
    server.get(&format!("/api/v1/contacts/{other}")).expect(404);
}

#[test]
fn the_command_line_erases_and_a_restored_backup_does_not_bring_anybody_back() {
    let bench = Bench::new();
    let run = |arguments: &[&str]| bench.run(arguments, None).expect(0).out.trim().to_owned();
    let list = bench.path("list.csv");
    std::fs::write(&list, "name,phone\nZoe Goner,+12025550188\nAnn Stays,+12025550189\n").unwrap();
    run(&["import", list.to_str().unwrap()]);
    let backup = bench.path("backup");
    run(&["backup", backup.to_str().unwrap()]);
    let found: Value = serde_json::from_str(&run(&["--json", "lookup", "+12025550188"])).unwrap();
    let contact = found["results"][0]["id"].as_str().unwrap();
    let erasure = run(&["erasure", "request", contact, "--reason", "asked by phone"]);
    let approved: Value = serde_json::from_str(&run(&["erasure", "approve", &erasure])).unwrap();
    assert_eq!(approved["state"], "done");
    assert!(run(&["erasure", "list"]).contains(&erasure));
    let kept = bench.path("erasures.json");
    std::fs::write(&kept, run(&["--json", "erasure", "list"])).unwrap();

    let other = Bench::new();
    let more = ["restore", backup.to_str().unwrap(), "--erasures", kept.to_str().unwrap()];
    let said = other.run(&more, None).expect(0).out;
    assert!(said.contains("1 contact, checked, 1 contact erased again"), "{said}");
    let gone: Value =
        serde_json::from_str(&other.run(&["--json", "lookup", "+12025550188"], None).expect(0).out)
            .unwrap();
    assert_eq!(gone["count"], 0, "{gone}");
    other.run(&["check"], None).expect(0);
    let dry = other.run(&["retention", "run", "--dry-run"], None).expect(0).out;
    assert_eq!(dry.trim(), "1 contact stays");
}
