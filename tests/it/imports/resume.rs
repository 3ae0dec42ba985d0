//! Imports that the end of the server interrupts go on at its next start.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::import;
use crate::support::process::{Bench, Served};
use crate::support::server::{Client, TestServer, escape};

/// Rows of the list that is interrupted.
const ROWS: usize = 7_000;

/// A list of new people, of repeats, of rows that contacts are there for, and of rows with errors.
fn list() -> String {
    let mut csv = String::from("name,phone,email,title,tags\n");
    for at in 0..ROWS {
        match at % 20 {
            3 => writeln!(csv, "Bad {at},abc,,,"),
            // The one before again, with more.
            7 => writeln!(csv, "Person {},+1202{:07},again{at}@x.org,Boss,", at - 1, at - 1),
            11 => writeln!(csv, "Known {},+1303555{:04},,Title {at},", at % 100, at % 100),
            13 => writeln!(csv, ",,,,"),
            17 => writeln!(csv, "Odd {at},+1202{at:07},no address,,"),
            _ => writeln!(csv, "Person {at},+1202{at:07},,,x"),
        }
        .unwrap();
    }
    csv
}

fn prepare(client: &Client) {
    let mut csv = String::from("name,phone\n");
    for at in 0..100 {
        writeln!(csv, "Known {at},+1303555{at:04}").unwrap();
    }
    let done = import(client, csv.as_bytes(), &json!({"on_duplicate": "create"}));
    assert_eq!(done["counts"]["imported"], 100, "{done}");
}

fn begin(client: &Client, options: &Value) -> String {
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let list = list();
    client
        .send("POST", &path, &[("content-type", "text/csv")], Some(list.as_bytes()))
        .expect(202)
        .id()
}

/// Waits until something holds.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::yield_now();
    }
}

fn wait_for_end(client: &Client, id: &str) -> Value {
    let path = format!("/api/v1/imports/{id}");
    wait_for("the import ends", || !client.get(&path).expect(200).json["finished_at"].is_null());
    client.get(&path).expect(200).json
}

/// What an import has made, without what differs from run to run.
fn outcome(client: &Client, id: &str) -> Value {
    let job = wait_for_end(client, id);
    assert_eq!(job["state"], "done", "{job}");
    client.get("/api/v1/contacts?q=&refresh=wait").expect(200);
    let csv = client
        .get("/api/v1/contacts/export?format=csv&columns=name,phones,emails,title,tags,list")
        .expect(200);
    let mut people: Vec<String> =
        String::from_utf8(csv.body).unwrap().lines().map(str::to_owned).collect();
    people.sort_unstable();
    let errors = client.get(&format!("/api/v1/imports/{id}/errors.csv")).expect(200);
    let mut errors: Vec<String> =
        String::from_utf8(errors.body).unwrap().lines().map(str::to_owned).collect();
    // A row that is asked about names a contact by its id.
    for line in &mut errors {
        if let Some(at) = line.find("belongs to contact ") {
            line.replace_range(at + 19..at + 19 + 36, "");
        }
    }
    errors.sort_unstable();
    let asked =
        client.get(&format!("/api/v1/imports/{id}/questions?per_page=1000")).expect(200).json;
    let rows: Vec<&Value> =
        asked["items"].as_array().unwrap().iter().map(|one| &one["row"]).collect();
    let columns: Vec<&Value> =
        job["columns"].as_array().unwrap().iter().map(|one| &one["target"]).collect();
    let lists = client.get("/api/v1/lists").expect(200).json;
    let lists: Vec<Value> = lists["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["name"], one["count"]]))
        .collect();
    let audit = client.get("/api/v1/audit?action=contacts.imported").expect(200).json;
    let newest = &audit["lines"][0]["changes"];
    let told: BTreeMap<&str, &Value> = newest
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["field"].as_str().unwrap(), &change["after"]))
        .collect();
    json!({
        "counts": job["counts"], "done": job["progress"]["done"], "columns": columns,
        "warnings": job["warnings_total"], "people": people, "errors": errors, "asked": rows,
        "asked_total": asked["total"], "lists": lists, "told": told,
        "told_times": audit["lines"].as_array().unwrap().len(),
    })
}

/// What a run comes to that nothing interrupts.
fn uninterrupted(options: &Value) -> Value {
    let server = TestServer::start();
    prepare(&server);
    let id = begin(&server, options);
    outcome(&server, &id)
}

/// Kills the server when the import has made so many contacts.
fn kill_at(served: Served, contacts: u64) {
    wait_for("contacts are there", || {
        let seen = served.client.get("/api/v1/contacts?per_page=1").expect(200).json;
        seen["total"].as_u64().is_some_and(|count| count >= 100 + contacts)
    });
    drop(served);
}

fn assert_resumed(options: &Value, key: Option<&Path>, bench: &Bench, kills: &[u64]) {
    let expected = uninterrupted(options);
    let served = bench.serve(key);
    prepare(&served.client);
    let id = begin(&served.client, options);
    kill_at(served, 0);
    for contacts in kills {
        let served = bench.serve(key);
        let state = served.client.get(&format!("/api/v1/imports/{id}")).expect(200).json;
        assert!(
            ["queued", "running", "done"].contains(&state["state"].as_str().unwrap()),
            "{state}"
        );
        kill_at(served, *contacts);
    }
    let served = bench.serve(key);
    let result = outcome(&served.client, &id);
    for member in expected.as_object().unwrap().keys() {
        assert_eq!(result[member], expected[member], "{member}");
    }
    // Nothing is left of what it needed to go on.
    let folder = bench.data().join("imports");
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.iter().all(|path| path.to_str().unwrap().ends_with(".errors.csv")), "{files:?}");
    // It is taken back as a whole.
    let undone = served.client.post(&format!("/api/v1/imports/{id}/undo"), &json!({})).expect(202);
    let place = undone.header("location").unwrap().to_owned();
    wait_for("it is taken back", || {
        !served.client.get(&place).expect(200).json["finished_at"].is_null()
    });
    let left = served.client.search("", "&refresh=wait").json["total"].clone();
    assert_eq!(left, 100);
    served.stop();
}

#[test]
fn an_import_of_a_killed_server_goes_on_and_comes_to_what_it_would_have_come_to() {
    let options = json!({"list_mode": "new", "list": "Fair", "on_duplicate": "update"});
    assert_resumed(&options, None, &Bench::new(), &[900, 2_500, 4_000]);
}

#[test]
fn questions_and_an_encrypted_list_outlive_the_end_of_a_server() {
    let bench = Bench::new();
    let key = bench.key("key");
    assert_resumed(&json!({"on_duplicate": "ask"}), Some(&key), &bench, &[1_500]);
}

#[test]
fn a_server_that_stops_leaves_its_imports_to_the_next_one() {
    let options = json!({"on_duplicate": "update", "tags": ["fair"]});
    let expected = uninterrupted(&options);
    let server = TestServer::start();
    prepare(&server);
    let id = begin(&server, &options);
    let waiting = begin(&server, &json!({"on_duplicate": "skip"}));
    let stopped = begin(&server, &json!({"on_duplicate": "skip"}));
    server.post(&format!("/api/v1/imports/{stopped}/cancel"), &json!({})).expect(200);
    let server = server.restart();
    let first = wait_for_end(&server, &id);
    assert_eq!(first["counts"], expected["counts"]);
    let second = wait_for_end(&server, &waiting);
    assert_eq!((&second["state"], &second["counts"]["imported"]), (&json!("done"), &json!(0)));
    let state = server.get(&format!("/api/v1/imports/{stopped}")).expect(200).json["state"].clone();
    assert_eq!(state, "cancelled");
}

#[test]
fn an_import_does_not_go_on_for_somebody_who_may_do_nothing_any_more() {
    let bench = Bench::new();
    let served = bench.serve(None);
    prepare(&served.client);
    let made = served.client.post("/api/v1/tokens", &json!({"role": "manager"})).expect(201).json;
    let manager = served.client.with_token(made["token"].as_str().unwrap());
    let id = begin(&manager, &json!({}));
    kill_at(served, 0);
    bench.run(&["token", "revoke", made["id"].as_str().unwrap()], None).expect(0);
    let served = bench.serve(None);
    let job = wait_for_end(&served.client, &id);
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["error"].as_str().unwrap().contains("what was written stays"), "{job}");
    served.stop();
}

#[test]
fn taking_back_what_a_restart_has_ended_leaves_later_imports_of_the_same_user_alone() {
    let bench = Bench::new();
    let served = bench.serve(None);
    prepare(&served.client);
    let id = begin(&served.client, &json!({}));
    kill_at(served, 500);
    // It cannot go on without its list.
    for entry in std::fs::read_dir(bench.data().join("imports")).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_str().unwrap().ends_with(".errors.csv") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let served = bench.serve(None);
    let client = &served.client;
    let ended = wait_for_end(client, &id);
    assert_eq!((&ended["state"], &ended["undo_state"]), (&json!("failed"), &json!("available")));
    let options = json!({"list_mode": "new", "list": "Late"});
    let later = import(client, b"name,phone\nLate One,+13125550110\n", &options);
    let undo = |id: &Value| {
        let path = format!("/api/v1/imports/{}/undo", id.as_str().unwrap());
        let place =
            client.post(&path, &json!({})).expect(202).header("location").unwrap().to_owned();
        wait_for("it is taken back", || {
            !client.get(&place).expect(200).json["finished_at"].is_null()
        });
        client.get(&place).expect(200).json
    };
    assert_eq!(undo(&json!(id))["state"], "done");
    let total = || client.search("", "&refresh=wait").json["total"].clone();
    assert_eq!(total(), 101, "the known ones and the one of the later import");
    assert_eq!(client.get("/api/v1/lists").expect(200).json["items"][0]["count"], 1);
    // Nor are they void since.
    let change = b"name,phone,title\nLate One,+13125550110,CEO\n";
    import(client, change, &json!({"on_duplicate": "update"}));
    assert_eq!(undo(&later["id"])["refused"], 2, "the contact and its list");
    assert_eq!(total(), 101);
    served.stop();
}
