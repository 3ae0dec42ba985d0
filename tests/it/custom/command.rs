//! Custom fields on the command line, on a directory and through a server.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::server::{OPERATOR, TestServer};

fn ringdex(target: &[&str], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.args(target).arg("custom-field").args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn work(target: &[&str]) {
    let run = |arguments: &[&str]| ringdex(target, arguments);
    let id = text(&run(&["create", "--label", "Account Value", "--type", "number"]));
    let plan = ["create", "--key", "plan", "--type", "dropdown", "--option", "Gold"];
    text(&run(&[&plan[..], &["--option", "Silver", "--visible-to", "manager"]].concat()));
    let listed = text(&run(&["list", "--usage"]));
    assert!(listed.contains("account_value") && listed.contains("dropdown"), "{listed}");
    text(&run(&["order", "plan"]));
    let all: Value = serde_json::from_str(&text(&run(&["list", "--json"]))).unwrap();
    assert_eq!(all[0]["key"], "plan");
    assert_eq!(all[0]["visible_to"], serde_json::json!(["manager", "admin"]));
    text(&run(&["update", &id, "--label", "Value", "--archived", "true"]));
    assert!(!text(&run(&["list"])).contains("account_value"));
    assert!(text(&run(&["list", "--archived"])).contains("account_value"));
    let trial = text(&run(&["update", "plan", "--type", "text", "--dry-run"]));
    assert!(trial.contains("0 contacts"), "{trial}");
    text(&run(&["update", "plan", "--type", "text"]));
    let shown = loop {
        let shown: Value = serde_json::from_str(&text(&run(&["show", "plan"]))).unwrap();
        if shown["state"] == "ready" {
            break shown;
        }
    };
    assert_eq!(shown["type"], "short_text");
    let refused = run(&["delete", "plan"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("0 contacts would lose"));
    text(&run(&["delete", "plan", "--yes"]));
    while text(&run(&["list", "--archived"])).contains("plan") {}
    assert_eq!(run(&["create", "--type", "colour", "--label", "x"]).status.code(), Some(1));
}

#[test]
fn custom_fields_on_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    work(&["--data-dir", dir.path().to_str().unwrap()]);
}

#[test]
fn custom_fields_through_a_server() {
    let server = TestServer::start();
    work(&["--server", server.base_url(), "--token", OPERATOR]);
}
