//! Contacts on the command line, on a directory and through a server.

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

fn work(target: &[&str]) {
    let run = |arguments: &[&str]| ringdex(target, arguments);
    let failed = |arguments: &[&str]| {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let id = text(&run(&[
        "contact",
        "create",
        "name=Jane Doe",
        "phone=(202) 555-0123",
        "country=US",
        "tags=[\"vip\"]",
        "cf.plan=gold",
    ]));
    let shown: Value =
        serde_json::from_str(&text(&run(&["contact", "show", &id, "--json"]))).unwrap();
    assert_eq!(shown["phone"], "+12025550123");
    for query in [&["--q", "jane"][..], &[]] {
        let exported = text(&run(&[&["export", "--out", "-"][..], query].concat()));
        assert!(exported.contains(&id), "{query:?}: {exported}");
    }
    assert_eq!(
        (&shown["tags"][0], &shown["custom_fields"]["plan"]),
        (&"vip".into(), &"gold".into())
    );
    let card = text(&run(&["contact", "show", &id]));
    assert!(card.contains("display_name            Jane Doe\n"), "{card}");
    assert!(card.contains("custom_fields           plan: gold\n"), "{card}");
    assert!(!card.contains("null"), "{card}");

    text(&run(&["contact", "edit", &id, "company=Acme Inc", "--version", "1"]));
    let (code, said) = failed(&["contact", "edit", &id, "title=Boss", "--version", "1"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("version 2"), "{said}");
    let (code, said) = failed(&["contact", "edit", &id, "colour=red"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("colour"), "{said}");
    assert_eq!(failed(&["contact", "edit", &id]).0, Some(2));
    assert_eq!(failed(&["contact", "create", "Jane Doe"]).0, Some(2));
    assert_eq!(failed(&["contact", "show", "nonsense"]).0, Some(2));
    assert_eq!(failed(&["contact", "create", "--from", "/no/such/file"]).0, Some(2));

    let found = text(&run(&["search", "doe"]));
    let headings: Vec<&str> = found.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(headings, ["NAME", "PHONE", "COMPANY", "ID", "WHY"]);
    assert!(found.contains(&id) && found.contains("Acme Inc"), "{found}");

    text(&run(&["contact", "delete", &id]));
    assert_eq!(failed(&["contact", "show", &id]).0, Some(1));
    let trash = text(&run(&["search", "--deleted", "doe"]));
    assert!(trash.contains(&id) && trash.contains("DELETED"), "{trash}");
    assert!(!text(&run(&["search", "doe"])).contains(&id));
    let missing = "018f0000-0000-7000-8000-000000000000";
    let (code, said) = failed(&["contact", "restore", missing, &id]);
    assert_eq!(code, Some(1));
    assert!(said.contains(missing) && !said.contains(&id), "{said}");
    assert!(text(&run(&["search", "doe"])).contains(&id), "the others are restored");
    text(&run(&["contact", "delete", "--permanent", &id]));
    assert!(!text(&run(&["search", "--deleted"])).contains(&id));
    assert_eq!(failed(&["contact", "restore", &id]).0, Some(1));
}

#[test]
fn contacts_are_worked_on_in_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    work(&["--data-dir", dir.path().to_str().unwrap()]);
}

#[test]
fn contacts_are_worked_on_through_a_server() {
    let server = TestServer::start();
    work(&["--server", server.base_url(), "--token", OPERATOR]);
}

#[test]
fn numbers_and_lists_of_records_are_typed_as_they_are() {
    let server = TestServer::start();
    let target = ["--server", server.base_url(), "--token", OPERATOR];
    let run = |arguments: &[&str]| text(&ringdex(&target, arguments));
    let deal = run(&["deal", "create", "title=200 seats", "amount=12500", "currency=EUR"]);
    let deal = server.get(&format!("/api/v1/deals/{deal}")).expect(200).json;
    assert_eq!(deal["amount"], 12500.0);
    let company =
        run(&["company", "create", "name=Acme", "phones=+12025550123, +12025550124", "tags=vip"]);
    let company = server.get(&format!("/api/v1/companies/{company}")).expect(200).json;
    assert_eq!(company["phones"], serde_json::json!(["+12025550123", "+12025550124"]));
    assert_eq!(company["tags"], serde_json::json!(["vip"]));
    run(&["webhook", "create", "url=https://example.com/h", "events=contact.created,note.*"]);
    let hooks = server.get("/api/v1/webhooks").expect(200).json;
    assert_eq!(hooks["items"][0]["events"], serde_json::json!(["contact.created", "note.*"]));
    let wrong = ringdex(&target, &["deal", "create", "title=x", "amount=much"]);
    assert!(!wrong.status.success());
}
