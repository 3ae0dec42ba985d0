//! People, tokens and the audit log on the command line, on a directory and through a server.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::server::{OPERATOR, TestServer};

fn ringdex(target: &[&str], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringdex")).args(target).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn lines(output: &Output) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn work(target: &[&str]) {
    let run = |arguments: &[&str]| ringdex(target, arguments);
    let department = text(&run(&["department", "create", "--name", "Sales"]));
    let user = text(&run(&[
        "user",
        "create",
        "--name",
        "Jane Doe",
        "--email",
        "jane@example.com",
        "--role",
        "agent",
        "--department",
        &department,
    ]));
    let queue = text(&run(&["queue", "create", "--name", "Support", "--members", &user]));
    assert!(text(&run(&["queue", "list"])).contains("Support"));
    let listed: Value = serde_json::from_str(&text(&run(&["user", "list", "--json"]))).unwrap();
    assert_eq!(listed[0]["department_id"], department.as_str());
    text(&run(&["user", "update", &user, "--role", "manager"]));
    let made = text(&run(&["token", "create", "--role", "machine", "--scopes", "lookup,search"]));
    let (token, secret) = made.split_once(' ').unwrap();
    assert!(secret.starts_with("rdx_"));
    let tokens = text(&run(&["token", "list"]));
    assert!(tokens.contains(token) && !tokens.contains(secret));
    text(&run(&["token", "revoke", token]));
    text(&run(&["queue", "delete", &queue]));
    let filter = r#"{"field": "tag", "op": "any_of", "value": ["a", "b"]}"#;
    let search = ["saved-search", "create", "--name", "Mine", "--q", "doe", "--filter", filter];
    let search = text(&run(&search));
    let listed = text(&run(&["saved-search", "list"]));
    let rows: Vec<Vec<&str>> = listed.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows, [["NAME", "SHARED", "Q", "ID"], ["Mine", "false", "doe", &search]]);
    let broken = ["saved-search", "create", "--name", "x", "--filter", "{"];
    assert_eq!(run(&broken).status.code(), Some(2));
    text(&run(&["saved-search", "delete", &search]));
    assert_eq!(run(&["saved-search", "delete", &search]).status.code(), Some(1));
    assert!(text(&run(&["permissions"])).contains("read_audit       yes  admin"));

    let changed = text(&run(&["organization", "update", "default", "--quota-contacts", "7"]));
    assert!(changed.contains("\"contacts\":7") || changed.contains("\"contacts\": 7"), "{changed}");
    text(&run(&["organization", "update", "default", "--quota-contacts", "none"]));
    let strict = "{\"permissions\": {\"preset\": \"s1-strict\"}}";
    assert!(text(&run(&["organization", "settings", strict])).contains("s1-strict"));
    assert!(text(&run(&["permissions"])).contains("preset s1-strict"));

    let of_user = lines(&run(&["audit", "--json", "--record", &user]));
    let actions: Vec<&str> = of_user.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["user.updated", "user.created"]);
    assert_eq!(of_user[0]["changes"][0]["field"], "role");
    let all = lines(&run(&["audit", "--json", "--limit", "0"]));
    assert!(all.len() >= 8 && !format!("{all:?}").contains(secret));

    let refused = run(&["user", "create", "--name", "Nobody", "--role", "agent"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("e-mail"));
    assert_eq!(run(&["user", "create", "--role", "lookup"]).status.code(), Some(2));
    assert_eq!(run(&["department", "delete", &department]).status.code(), Some(1));
}

#[test]
fn people_on_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let path: &Path = dir.path();
    work(&["--data-dir", path.to_str().unwrap()]);
}

#[test]
fn people_through_a_server() {
    let server = TestServer::start();
    work(&["--server", server.base_url(), "--token", OPERATOR]);
}
