//! Imports and bulk actions that are asked for twice, and those that the end of the server interrupts.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ended;
use crate::support::process::Bench;
use crate::support::server::{Answer, Client, TestServer, escape};

const BULK: &str = "/api/v1/contacts/bulk-actions";

fn send(client: &Client, key: &str, list: &str, options: &Value) -> Answer {
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let headers = [("content-type", "text/csv"), ("idempotency-key", key)];
    client.send("POST", &path, &headers, Some(list.as_bytes()))
}

fn act(client: &Client, key: &str, body: &Value) -> Answer {
    client.json("POST", BULK, &[("idempotency-key", key)], body)
}

#[test]
fn an_import_that_is_sent_again_is_the_same_import() {
    let server = TestServer::start();
    let options = json!({"on_duplicate": "create"});
    let list = "name,phone\nJane Doe,+12025550110\n";
    let first = send(&server, "k1", list, &options).expect(202);
    assert_eq!(first.header("idempotent-replayed"), None);
    ended(&server, &first);
    let again = send(&server, "k1", list, &options).expect(202);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((again.id(), &again.json["state"]), (first.id(), &json!("done")));
    assert_eq!(again.header("location"), first.header("location"));
    // As JSON it is the same request, with another list or other options it is not.
    let headers = [("idempotency-key", "k1")];
    let body = json!({"csv": list, "options": options});
    let as_json = server.json("POST", "/api/v1/imports", &headers, &body).expect(202);
    assert_eq!(as_json.id(), first.id());
    for (list, options) in [("name\nJohn\n", &options), (list, &json!({"on_duplicate": "skip"}))] {
        let mismatch = send(&server, "k1", list, options).expect(422);
        assert_eq!(mismatch.code(), "idempotency_mismatch");
    }
    assert_eq!(server.get("/api/v1/imports").expect(200).json["total"], 1);
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "only the error file is left");
    let other = server.organization("second");
    assert_ne!(send(&other, "k1", list, &options).expect(202).id(), first.id());

    let server = server.restart();
    let after = send(&server, "k1", list, &options).expect(202);
    assert_eq!((after.id(), &after.json["state"]), (first.id(), &json!("done")));
    assert_eq!(server.search("jane", "&refresh=wait").json["total"], 1);
    assert_ne!(send(&server, "k2", list, &options).expect(202).id(), first.id());
}

#[test]
fn an_import_of_a_preview_can_be_sent_again() {
    let server = TestServer::start();
    let body = json!({"csv": "name,phone\nJane Doe,+12025550110\n"});
    let preview = server.post("/api/v1/imports/preview", &body).expect(200).json;
    let body = json!({"upload_id": preview["upload_id"]});
    let send =
        |key: &str| server.json("POST", "/api/v1/imports", &[("idempotency-key", key)], &body);
    let first = send("k").expect(202);
    assert_eq!(send("k").expect(202).id(), first.id());
    assert_eq!(send("other").expect(422).json["errors"][0]["pointer"], "/upload_id");
}

#[test]
fn imports_with_one_key_at_once_are_one_import() {
    let server = TestServer::start();
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let client = (*server).clone();
            let send = move || send(&client, "same", "name\nJane\n", &json!({})).expect(202).id();
            std::thread::spawn(send)
        })
        .collect();
    let mut ids: Vec<String> = senders.into_iter().map(|s| s.join().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(server.get("/api/v1/imports").expect(200).json["total"], 1);
}

#[test]
fn a_bulk_action_that_is_sent_again_is_the_same_job() {
    let server = TestServer::start();
    for name in ["Jane Moss", "John Moss"] {
        server.create(&json!({"name": name}));
    }
    server.search("", "&refresh=wait");
    let body = json!({"select": {"q": "moss"}, "action": {"type": "delete"}, "expect_total": 2});
    // A trial does nothing, so it uses up no key.
    let mut trial = body.clone();
    trial["dry_run"] = json!(true);
    assert_eq!(act(&server, "k", &trial).expect(200).json["total"], 2);
    let first = act(&server, "k", &body).expect(202);
    assert_eq!(first.header("idempotent-replayed"), None);
    server.app().finish_jobs();
    // By now nobody is selected any more.
    let again = act(&server, "k", &body).expect(202);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((&again.json["job_id"], &again.json["changed"]), (&first.json["job_id"], &json!(2)));
    let other = json!({"select": {"all": true}, "action": {"type": "delete"}});
    assert_eq!(act(&server, "k", &other).expect(422).code(), "idempotency_mismatch");
    act(&server, "k2", &body).expect(409);
    let server = server.restart();
    let after = act(&server, "k", &body).expect(202);
    assert_eq!(after.json["job_id"], first.json["job_id"]);
    assert_eq!(server.get("/api/v1/jobs").expect(200).json["total"], 1);
}

#[test]
fn an_import_that_is_killed_and_cannot_go_on_says_what_it_did_and_is_in_the_audit_log() {
    let bench = Bench::new();
    let mut list = String::from("name,phone,Shoe size\n");
    for at in 0..30_000 {
        let _ = writeln!(list, "Jane Doe{at},+1202555{at:05},38");
    }
    let served = bench.serve(None);
    served.client.take_long_lists();
    let started = send(&served.client, "k", &list, &json!({})).expect(202);
    let path = format!("/api/v1/imports/{}", started.id());
    let begun = Instant::now();
    let seen = loop {
        let job = served.client.get(&path).expect(200).json;
        if job["counts"]["imported"].as_u64().unwrap() > 0 {
            break job;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{job}");
        std::thread::yield_now();
    };
    assert_eq!(seen["state"], "running", "{seen}");
    assert_eq!(seen["columns"][2]["not_imported"], true, "{seen}");
    drop(served);
    let files = std::fs::read_dir(bench.data().join("imports")).unwrap();
    let lists = files.map(|entry| entry.unwrap().path());
    for list in lists.filter(|path| path.extension().is_some_and(|end| end == "upload")) {
        std::fs::remove_file(list).unwrap();
    }
    let served = bench.serve(None);
    let job = served.client.get(&path).expect(200).json;
    assert_eq!((&job["state"], &job["columns"][1]["target"]), (&json!("failed"), &json!("phone")));
    let imported = job["counts"]["imported"].as_u64().unwrap();
    assert!(imported >= seen["counts"]["imported"].as_u64().unwrap(), "{job} {seen}");
    let log = served.client.get("/api/v1/audit?action=contacts.imported").expect(200).json;
    assert_eq!(log["lines"].as_array().unwrap().len(), 1, "{log}");
    let line = &log["lines"][0];
    assert_eq!(line["actor"], job["by"]);
    let after = |field: &str| {
        let changes = line["changes"].as_array().unwrap();
        changes.iter().find(|change| change["field"] == field).unwrap()["after"].clone()
    };
    assert_eq!((after("imported"), after("interrupted")), (json!(imported), json!(true)));
    // Sent again with its key it is not done twice.
    let again = send(&served.client, "k", &list, &json!({})).expect(202);
    assert_eq!((again.id(), &again.json["state"]), (started.id(), &json!("failed")));
    served.stop();
    // It is said once.
    let served = bench.serve(None);
    let log = served.client.get("/api/v1/audit?action=contacts.imported").expect(200).json;
    assert_eq!(log["lines"].as_array().unwrap().len(), 1, "{log}");
}

#[test]
fn an_import_that_fails_halfway_is_in_the_audit_log_with_what_it_did() {
    let server = TestServer::start();
    let second = server.organization("second");
    server.patch("/api/v1/organizations/second", &json!({"quota_contacts": 1_500})).expect(200);
    let list = (0..4_000).fold(String::from("name\n"), |mut list, at| {
        let _ = writeln!(list, "Jane Doe{at}");
        list
    });
    let job = super::import(&second, list.as_bytes(), &json!({}));
    assert_eq!(job["state"], "failed", "{job}");
    let there = second.search("", "&refresh=wait").json["total"].as_u64().unwrap();
    assert!(there > 0 && there <= 1_500, "{there}");
    let log = second.get("/api/v1/audit?action=contacts.imported").expect(200).json;
    let changes = log["lines"][0]["changes"].as_array().unwrap().clone();
    let imported = changes.iter().find(|change| change["field"] == "imported").unwrap();
    assert_eq!(imported["after"], there, "{log}");
}
