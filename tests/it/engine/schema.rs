//! The schema of the search index in a data directory: taken over while searches go on.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringdex::engine::{Refreshed, SCHEMA_FOLDER, write_schema};
use serde_json::json;

use crate::support::server::TestServer;

fn folder(server: &TestServer) -> PathBuf {
    server.app().partition().root().join(SCHEMA_FOLDER)
}

fn put(path: &Path, text: &str) {
    File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn add_nickname(server: &TestServer, line: &str) {
    let path = folder(server).join("nicknames.tsv");
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
}

#[test]
fn scores_are_taken_over_at_once_and_names_by_a_new_index() {
    let server = TestServer::start();
    server.create(&json!({"name": "Zorblax Quill"}));
    server.create(&json!({"name": "Person Else", "company": "Quill Works"}));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    let partition = server.app().partition();
    write_schema(&folder(&server)).unwrap();
    assert!(write_schema(&folder(&server)).is_err(), "files that are there are kept");
    assert_eq!(partition.refresh_schema().unwrap(), Refreshed::Scores, "nothing has changed");
    assert_eq!(server.search("quill", "").names(), ["Zorblax Quill", "Person Else"]);

    let path = folder(&server).join("contacts.toml");
    let text = fs::read_to_string(&path).unwrap();
    let company = text.lines().find(|line| line.starts_with("company = ")).unwrap();
    put(&path, &text.replace(company, "company = 99.0"));
    assert_eq!(partition.refresh_schema().unwrap(), Refreshed::Scores);
    assert_eq!(server.search("quill", "").names(), ["Person Else", "Zorblax Quill"]);

    assert!(server.search("quixo", "").names().is_empty());
    add_nickname(&server, "en\tzorblax\tquixo");
    assert_eq!(partition.refresh_schema().unwrap(), Refreshed::Rebuilt);
    assert_eq!(server.search("quixo", "").names(), ["Zorblax Quill"]);
    // What is written from now on is made with it, too.
    server.create(&json!({"name": "Quixo Young"}));
    assert_eq!(server.search("zorblax young", "&refresh=wait").names(), ["Quixo Young"]);
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn what_is_wrong_in_a_schema_is_named_and_changes_nothing() {
    let server = TestServer::start();
    server.create(&json!({"name": "Zorblax Quill"}));
    write_schema(&folder(&server)).unwrap();
    let path = folder(&server).join("contacts.toml");
    put(&path, "version = \"none\"\n");
    let refused = server.app().partition().refresh_schema().unwrap_err().to_string();
    assert!(refused.contains("contacts.toml"), "{refused}");
    assert_eq!(server.search("zorblax", "&refresh=wait").names(), ["Zorblax Quill"]);
    // It starts nevertheless: a call centre must not stand still for a typo in a table.
    let server = server.restart();
    assert_eq!(server.search("zorblax", "").names(), ["Zorblax Quill"]);
    server.create(&json!({"name": "Late Comer"}));
    assert_eq!(server.search("comer", "&refresh=wait").names(), ["Late Comer"]);
}

#[test]
fn a_schema_that_was_changed_while_the_server_was_down_is_followed_while_it_serves() {
    let server = TestServer::start();
    server.create(&json!({"name": "Zorblax Quill"}));
    server.get("/api/v1/contacts?refresh=wait").expect(200);
    write_schema(&folder(&server)).unwrap();
    add_nickname(&server, "en\tzorblax\tquixo");
    let server = server.restart();
    let begun = Instant::now();
    while server.search("quixo", "").names() != ["Zorblax Quill"] {
        assert!(server.search("quill", "").names() == ["Zorblax Quill"], "it always serves");
        assert!(begun.elapsed() < Duration::from_secs(30), "it is never rebuilt");
    }
    let server = server.restart();
    assert_eq!(server.search("quixo", "").names(), ["Zorblax Quill"]);
}
