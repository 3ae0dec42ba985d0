//! Merging on the command line, on a directory and through a server.

use std::io::Write as _;
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

fn work(target: &[&str], list: &str) {
    let run = |arguments: &[&str]| ringdex(target, arguments);
    text(&run(&["import", list, "--on-duplicate", "create"]));
    let id = |number: &str| {
        let found: Value =
            serde_json::from_str(&text(&run(&["lookup", number, "--json"]))).unwrap();
        found["results"][0]["id"].as_str().unwrap().to_owned()
    };
    let (one, other) = (id("+12025550101"), id("+12025550102"));
    let tried = run(&["merge", &one, &other, "--dry-run", "--field", &format!("title={other}")]);
    assert_eq!(text(&tried), format!("would become John Doe ({one})"));
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    assert!(
        said.contains(&format!("title: \"Boss\" of {other} (chosen), not \"CEO\" of {one}")),
        "{said}"
    );
    assert_eq!(text(&run(&["merges"])), "");
    let merge = text(&run(&["merge", &one, &other]));
    let listed = text(&run(&["merges", "--contact", &other]));
    assert!(listed.ends_with(&merge) && listed.contains("  done  "), "{listed}");
    assert_eq!(run(&["merge", &one, &other]).status.code(), Some(1));
    assert_eq!(run(&["merge", &one]).status.code(), Some(2));
    assert_eq!(run(&["merge", &one, &other, "--field", "title"]).status.code(), Some(2));
    assert_eq!(text(&run(&["undo-merge", &merge])), format!("{other}  Johnny Doe"));
    let again = run(&["undo-merge", &merge]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("undone already"));
}

#[test]
fn merges_are_made_listed_and_undone() {
    let dir = tempfile::TempDir::new().unwrap();
    let list = dir.path().join("list.csv");
    let mut file = std::fs::File::create(&list).unwrap();
    file.write_all(b"name,title,phone\nJohn Doe,CEO,+12025550101\nJohnny Doe,Boss,+12025550102\n")
        .unwrap();
    let list = list.to_str().unwrap();
    work(&["--data-dir", dir.path().join("data").to_str().unwrap()], list);
    let server = TestServer::start();
    work(&["--server", server.base_url(), "--token", OPERATOR], list);
}
