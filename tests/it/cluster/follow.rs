//! What one machine writes counts on all others: people, tokens, sessions, settings, lists, jobs.

use std::sync::Arc;

use ringdex::engine::SharedLog;
use serde_json::{Value, json};

use super::memory::MemoryLog;
use crate::support::server::{Answer, Client, TestServer};

const PASSWORD: &str = "correct horse battery staple";

fn start(log: &Arc<MemoryLog>, name: &str) -> TestServer {
    let shared: Arc<dyn SharedLog> = log.node(name);
    TestServer::in_cluster(shared, name)
}

/// Asks a machine for something as it is behind what another one has answered.
fn behind(client: &Client, path: &str, answer: &Answer) -> Answer {
    let seq = answer.header("ringdex-seq").expect("what may have written says how far it is");
    let found = client.send("GET", path, &[("ringdex-seq", seq)], None);
    assert_eq!(found.header("ringdex-stale"), None);
    found
}

#[test]
fn what_one_machine_decides_holds_on_the_others() {
    let log = MemoryLog::new();
    let (one, other) = (start(&log, "a"), start(&log, "b"));
    let made = one.post("/api/v1/tokens", &json!({"role": "manager"})).expect(201);
    let manager = other.with_token(made.json["token"].as_str().unwrap());
    behind(&manager, "/api/v1/me/permissions", &made).expect(200);
    let field = json!({"key": "plan", "label": "Plan", "type": "text"});
    let made = one.post("/api/v1/custom-fields", &field).expect(201);
    let fields = behind(&other, "/api/v1/custom-fields", &made).expect(200);
    assert!(fields.body.windows(4).any(|part| part == b"plan"));
    let changed = one.patch("/api/v1/settings", &json!({"default_country": "DE"})).expect(200);
    let settings = behind(&other, "/api/v1/settings", &changed).expect(200);
    assert_eq!(settings.json["settings"]["default_country"], "DE", "{:?}", settings.json);
    // A number is read there as it is read here.
    let body = json!({"name": "Jörg Weiß", "phone": "030 901820"});
    assert_eq!(other.create(&body)["phones"][0]["number"], "+4930901820");
    // What is taken back is taken back everywhere.
    let id = made_id(&one, "manager");
    let gone = other.delete(&format!("/api/v1/tokens/{id}")).expect(204);
    let seq = gone.header("ringdex-seq").unwrap();
    let refused = one.with_token(manager.token()).send(
        "GET",
        "/api/v1/me/permissions",
        &[("ringdex-seq", seq)],
        None,
    );
    refused.expect(401);
}

/// The id of the token of a role.
fn made_id(client: &Client, role: &str) -> String {
    let all = client.get("/api/v1/tokens").expect(200).json;
    let tokens = all["tokens"].as_array().unwrap();
    let found = tokens.iter().find(|token| token["role"] == role).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_session_goes_on_at_another_machine_and_ends_at_all() {
    let log = MemoryLog::new();
    let (one, other) = (start(&log, "a"), start(&log, "b"));
    one.user("ann@example.com", "agent", PASSWORD);
    let seq = one.post("/api/v1/contacts", &json!({"name": "Ann Smith"})).expect(201);
    behind(&other, "/api/v1/contacts?q=ann", &seq).expect(200);
    let begun = other.try_sign_in("ann@example.com", PASSWORD).expect(201);
    let here = one.with_session(&begun);
    behind(&here, "/api/v1/me/permissions", &begun).expect(200);
    let ended = here.delete("/api/v1/session").expect(204);
    behind(&other.with_session(&begun), "/api/v1/me/permissions", &ended).expect(401);
}

#[test]
fn contacts_of_one_machine_are_found_and_changed_on_the_others() {
    let log = MemoryLog::new();
    let (one, other) = (start(&log, "a"), start(&log, "b"));
    let body = json!({"name": "Johnathan Doe", "phone": "+12025550123"});
    let made = one.post("/api/v1/contacts", &body).expect(201);
    let path = format!("/api/v1/contacts/{}", made.id());
    let found = behind(&other, "/api/v1/contacts?q=doe+john", &made).expect(200);
    assert_eq!(found.names(), ["Johnathan Doe"]);
    assert_eq!(other.lookup("2025550123", "")["count"], 1);
    let etag = other.get(&path).header("etag").unwrap().to_owned();
    let changed = other.json("PATCH", &path, &[("if-match", &etag)], &json!({"title": "CEO"}));
    let changed = changed.expect(200);
    assert_eq!(behind(&one, &path, &changed).expect(200).json["title"], "CEO");
    // An edit that does not know of it is refused, wherever it is made.
    one.json("PATCH", &path, &[("if-match", &etag)], &json!({"title": "CTO"})).expect(412);
    let gone = one.delete(&path).expect(204);
    behind(&other, &path, &gone).expect(404);
    assert_eq!(other.lookup("+12025550123", "")["count"], 0);
}

#[test]
fn lists_and_their_members_follow() {
    let log = MemoryLog::new();
    let (one, other) = (start(&log, "a"), start(&log, "b"));
    let ann = one.create_id(&json!({"name": "Ann Smith"}));
    let list = one.post("/api/v1/lists", &json!({"name": "Hot leads"})).expect(201);
    behind(&other, "/api/v1/lists", &list).expect(200);
    let path = format!("/api/v1/lists/{}/members", list.id());
    let put = other.json("PUT", &path, &[], &json!({"ids": [ann]}));
    assert!(put.status < 300, "{put:?}");
    let found = behind(&one, "/api/v1/contacts?q=list:%22Hot+leads%22", &put).expect(200);
    assert_eq!(found.names(), ["Ann Smith"]);
    let renamed = one.patch(&format!("/api/v1/lists/{}", list.id()), &json!({"name": "Warm"}));
    let renamed = renamed.expect(200);
    let found = behind(&other, "/api/v1/contacts?q=list:Warm", &renamed).expect(200);
    assert_eq!(found.names(), ["Ann Smith"]);
}

#[test]
fn an_import_of_one_machine_is_shown_by_the_others() {
    let log = MemoryLog::new();
    let (one, other) = (start(&log, "a"), start(&log, "b"));
    let csv = "name,phone\nAnn Smith,+12025550101\nBob Brown,+12025550102\n";
    let started = one.post("/api/v1/imports", &json!({"csv": csv})).expect(202);
    let path = started.header("location").unwrap().to_owned();
    let done = |client: &Client| {
        let answer = client.get(&path);
        (answer.status == 200 && answer.json["state"] == "done").then_some(answer.json)
    };
    let wait = |client: &Client| -> Value {
        loop {
            if let Some(job) = done(client) {
                return job;
            }
            std::thread::yield_now();
        }
    };
    let (here, there) = (wait(&one), wait(&other));
    assert_eq!(here["counts"], there["counts"]);
    let last = one.patch("/api/v1/settings", &json!({})).expect(200);
    assert_eq!(behind(&other, "/api/v1/contacts", &last).expect(200).json["total"], 2);
}

#[test]
fn how_the_cluster_stands_is_for_who_runs_the_server() {
    let log = MemoryLog::new();
    let (one, other) = (start(&log, "a"), start(&log, "b"));
    one.create(&json!({"name": "Ann Smith"}));
    let view = one.get("/api/v1/cluster").expect(200).json;
    assert_eq!((&view["clustered"], &view["node"]), (&json!(true), &json!("a")));
    assert_eq!(view["behind"], 0);
    other.role("admin").get("/api/v1/cluster").expect(403);
    let alone = TestServer::start();
    let view = alone.get("/api/v1/cluster").expect(200);
    assert_eq!(view.json["clustered"], false);
    let written = alone.post("/api/v1/contacts", &json!({"name": "Ann"})).expect(201);
    assert_eq!(written.header("ringdex-seq"), None);
}
