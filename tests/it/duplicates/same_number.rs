//! Numbers that several contacts have, whatever these are called.
#![expect(clippy::disallowed_methods, reason = "lists of tests need not survive")]

use std::process::Command;

use serde_json::{Value, json};

use crate::support::server::{Client, OPERATOR, TestServer};

const VIEW: &str = "/api/v1/duplicates?view=same_number";

fn listed(client: &Client, more: &str) -> Value {
    client.get(&format!("{VIEW}{more}")).expect(200).json
}

fn names(group: &Value) -> Vec<&str> {
    let contacts = group["contacts"].as_array().unwrap().iter();
    contacts.map(|one| one["display_name"].as_str().unwrap()).collect()
}

/// Two people with one number, a switchboard of forty, and somebody alone.
fn people(server: &Client) -> [String; 2] {
    for at in 0..40 {
        let name = format!("Desk{} Worker", char::from(b'A' + at % 26));
        server.create(&json!({"name": name, "phone": "+12025550100", "company": "Acme Inc"}));
    }
    server.create(&json!({"name": "Ann Alone", "phone": "+12025550177"}));
    [("Zoe Alpha", "Alpha Ltd"), ("Bob Smith", "")].map(|(name, company)| {
        let mut one = json!({"name": name, "phone": "(202) 555-0123"});
        if !company.is_empty() {
            one["company"] = json!(company);
        }
        server.create_id(&one)
    })
}

#[test]
fn a_number_under_several_names_is_listed_and_a_switchboard_once() {
    let server = TestServer::start();
    let [zoe, bob] = people(&server);
    let all = listed(&server, "");
    assert_eq!((&all["total"], &all["next_cursor"]), (&json!(2), &json!(null)), "{all}");
    let [pair, switchboard] = all["groups"].as_array().unwrap().as_slice() else { panic!("{all}") };
    assert_eq!(
        *pair,
        json!({"number": "+12025550123", "kind": "shared", "count": 2, "contacts": [
            {"id": zoe, "display_name": "Zoe Alpha", "company": "Alpha Ltd"},
            {"id": bob, "display_name": "Bob Smith", "company": null},
        ]})
    );
    assert_eq!(
        (&switchboard["number"], &switchboard["kind"], &switchboard["count"]),
        (&json!("+12025550100"), &json!("switchboard"), &json!(40))
    );
    assert_eq!(names(switchboard).len(), 40);
    // Page by page, and of one contact.
    let first = listed(&server, "&per_page=1");
    assert_eq!((&first["total"], first["groups"][0] == *pair), (&json!(2), true), "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = listed(&server, &format!("&per_page=1&cursor={cursor}"));
    assert_eq!(second["groups"], json!([switchboard]));
    assert_eq!(second["next_cursor"], json!(null));
    let of_zoe = listed(&server, &format!("&contact={zoe}"));
    assert_eq!((&of_zoe["total"], &of_zoe["groups"][0]), (&json!(1), pair));
    server.get(&format!("{VIEW}&cursor=x")).expect(422);
    // Who is told apart need not be looked at again, and who has another number now neither.
    server.post("/api/v1/duplicates/dismissals", &json!({"ids": [zoe, bob]})).expect(200);
    assert_eq!(listed(&server, "")["groups"], json!([switchboard]));
    server.delete(&format!("/api/v1/duplicates/dismissals?ids={zoe},{bob}")).expect(204);
    assert_eq!(listed(&server, "")["total"], 2);
    let change = json!({"phones": [{"number": "+4930901820"}]});
    server.patch(&format!("/api/v1/contacts/{bob}"), &change).expect(200);
    assert_eq!(listed(&server, "")["groups"], json!([switchboard]));
}

#[test]
fn two_contacts_that_are_no_pair_are_merged_by_choice() {
    let server = TestServer::start();
    let [zoe, bob] = people(&server);
    let pairs = server.get("/api/v1/duplicates?view=pairs&min_probability=0").expect(200).json;
    let is_pair = |one: &Value| one["id_a"] == json!(zoe) || one["id_b"] == json!(zoe);
    assert!(!pairs["pairs"].as_array().unwrap().iter().any(is_pair), "{pairs}");
    let merge = json!({"primary": zoe, "others": [bob]});
    server.post("/api/v1/contacts/merge", &merge).expect(200);
    assert_eq!(server.get(&format!("/api/v1/contacts/{bob}")).status, 308);
    assert_eq!(listed(&server, &format!("&contact={zoe}"))["groups"], json!([]));
}

#[test]
fn who_is_not_seen_neither_counts_nor_shows() {
    let server = TestServer::start();
    people(&server);
    let owner = server.owner();
    let hidden = json!({"name": "Hid Den", "phone": "+12025550123", "visibility": "owner",
        "assigned_to": owner, "company": "X"});
    server.create(&hidden);
    let alone = json!({"name": "Hid Twin", "phone": "+12025550177", "visibility": "owner",
        "assigned_to": owner});
    server.create(&alone);
    assert_eq!(listed(&server, "")["total"], 3);
    let manager = server.role("manager");
    let (seen, all) = (listed(&manager, ""), listed(&server, ""));
    let sees_hidden =
        manager.get("/api/v1/contacts?q=Hid&refresh=wait").expect(200).json["total"] != json!(0);
    assert_eq!(seen == all, sees_hidden, "{seen}");
    let agent = server.role("agent");
    let merging = json!({"permissions": {"agent": {"merge": true}}});
    server.patch("/api/v1/settings", &merging).expect(200);
    let seen = listed(&agent, "");
    assert_eq!(seen["total"], 2, "{seen}");
    assert_eq!(
        (&seen["groups"][0]["count"], names(&seen["groups"][0])),
        (&json!(2), vec!["Zoe Alpha", "Bob Smith"])
    );
    assert_eq!(listed(&server.organization("Other"), "")["groups"], json!([]));
    // Whoever sees numbers masked is not told who shares them; nor is who may not merge.
    server.role("lookup").get(VIEW).expect(403);
    let masked = json!({"field_visibility": {"phones": {"manager": "masked"}}});
    server.patch("/api/v1/settings", &masked).expect(200);
    manager.get(VIEW).expect(403);
}

#[test]
fn the_command_line_lists_numbers() {
    let server = TestServer::start();
    let [zoe, bob] = people(&server);
    let list = tempfile::tempdir().unwrap();
    let file = list.path().join("list.csv");
    let data = list.path().join("data");
    std::fs::write(&file, "name,phone\nZoe Alpha,+12025550123\nBob Smith,+12025550123\n").unwrap();
    let ringdex = |target: &[&str], arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
        command.args(target).args(arguments).output().unwrap()
    };
    let remote = ["--server", server.base_url(), "--token", OPERATOR];
    let view = ["duplicates", "--view", "same_number"];
    let output = ringdex(&remote, &view);
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[0], "number,kind,count,id,display_name,company");
    assert_eq!(rows[1], format!("+12025550123,shared,2,{zoe},Zoe Alpha,Alpha Ltd"));
    assert_eq!(rows[2], format!("+12025550123,shared,2,{bob},Bob Smith,"));
    assert_eq!(rows.len(), 43, "{text}");
    let output = ringdex(&remote, &[&view[..], &["--format", "jsonl"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let kinds: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["shared", "switchboard"]);
    let local = ["--data-dir", data.to_str().unwrap()];
    let import = ["import", file.to_str().unwrap(), "--on-duplicate", "create"];
    assert!(ringdex(&local, &import).status.success());
    let output = ringdex(&local, &view);
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
    for wrong in [["--format", "html"], ["--input", file.to_str().unwrap()]] {
        let output = ringdex(&local, &[&view[..], &wrong].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--view same_number"), "{said}");
    }
}
