//! The stages of deals.

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

fn set(client: &Client, stages: &Value) -> Value {
    let answer = client.patch("/api/v1/settings", &json!({"deal_stages": stages})).expect(200);
    answer.json["settings"]["deal_stages"].clone()
}

fn usual() -> Value {
    json!(["New", "Offer", {"name": "Signed", "status": "won"}, {"name": "Gone", "status": "lost"}])
}

#[test]
fn any_text_is_a_stage_until_the_organisation_has_some() {
    let server = TestServer::start();
    let body = json!({"title": "A", "stage": "whatever"});
    let before = server.post("/api/v1/deals", &body).expect(201);
    let stages = set(&server, &usual());
    assert_eq!(stages[2], json!({"name": "Signed", "status": "won"}));
    assert_eq!(stages[0], json!({"name": "New", "status": "open"}));
    let refused = server.post("/api/v1/deals", &body).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/stage");
    let detail = refused.json["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("New, Offer, Signed, Gone"), "{detail}");
    let own = format!("/api/v1/deals/{}", before.id());
    let kept = server.patch(&own, &json!({"amount": 5, "stage": "whatever"})).expect(200).json;
    assert_eq!(kept["stage"], "whatever", "what it says already it may go on saying");
}

#[test]
fn stage_and_status_of_a_deal_mean_the_same() {
    let server = TestServer::start();
    set(&server, &usual());
    let made = server.post("/api/v1/deals", &json!({"title": "A"})).expect(201);
    assert_eq!((&made.json["stage"], &made.json["status"]), (&json!("New"), &json!("open")));
    let own = format!("/api/v1/deals/{}", made.id());
    let won = server.patch(&own, &json!({"stage": "sIGNED"})).expect(200).json;
    assert_eq!((&won["stage"], &won["status"]), (&json!("Signed"), &json!("won")));
    assert!(won["closed_at"].is_string(), "{won}");
    let lost = server.patch(&own, &json!({"status": "lost"})).expect(200).json;
    assert_eq!(lost["stage"], "Gone");
    let open = server.patch(&own, &json!({"stage": "Offer", "status": "lost"})).expect(200).json;
    assert_eq!(open["status"], "open", "a status that is sent back unchanged says nothing");
    let both = json!({"stage": "Gone", "status": "won"});
    let refused = server.patch(&own, &both).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/status");
    let now = server.get(&own).expect(200).json;
    assert_eq!((&now["stage"], &now["status"]), (&json!("Offer"), &json!("open")));
}

#[test]
fn renaming_a_stage_renames_it_for_its_deals() {
    let server = TestServer::start();
    set(&server, &usual());
    let body = json!({"title": "A", "stage": "Offer"});
    let deal = server.post("/api/v1/deals", &body).expect(201).id();
    let mut stages = usual();
    stages[1] = json!({"name": "Proposal sent", "was": "Offer"});
    set(&server, &stages);
    server.app().finish_jobs();
    let own = format!("/api/v1/deals/{deal}");
    assert_eq!(server.get(&own).expect(200).json["stage"], "Proposal sent");
    assert_eq!(server.get("/api/v1/deals?stage=Offer").expect(200).json["total"], 0);
    let settings = server.get("/api/v1/settings").expect(200).json;
    let stage = &settings["settings"]["deal_stages"][1];
    assert_eq!(*stage, json!({"name": "Proposal sent", "status": "open"}), "it is done");
    server.post("/api/v1/deals", &body).expect(422);
    let server = server.restart();
    assert_eq!(server.get(&own).expect(200).json["stage"], "Proposal sent");
}

#[test]
fn stages_that_cannot_be_are_refused_by_place_and_agents_set_none() {
    let server = TestServer::start();
    set(&server, &usual());
    for (wrong, pointer) in [
        (json!("New"), "/deal_stages"),
        (json!([{"name": ""}]), "/deal_stages/0/name"),
        (json!(["A", {"name": "B", "status": "maybe"}]), "/deal_stages/1/status"),
        (json!([{"name": "A", "was": "Nothing"}]), "/deal_stages/0/was"),
    ] {
        let refused = server.patch("/api/v1/settings", &json!({"deal_stages": wrong})).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer);
    }
    let settings = server.get("/api/v1/settings").expect(200).json;
    assert_eq!(settings["settings"]["deal_stages"].as_array().unwrap().len(), 4);
    server.role("agent").patch("/api/v1/settings", &json!({"deal_stages": []})).expect(403);
}
