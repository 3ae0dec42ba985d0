//! Comparing everything on demand, over HTTP: reports of the base and of lists.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::server::{Answer, Client, OPERATOR, TestServer};

pub(super) const RUNS: &str = "/api/v1/duplicates/runs";

/// Waits for a run to end.
pub(super) fn ended(client: &Client, place: &str) -> Value {
    let mut asked = 0;
    loop {
        let run = client.get(place).expect(200).json;
        if !run["finished_at"].is_null() {
            return run;
        }
        asked += 1;
        assert!(asked < 100_000, "{run}");
        std::thread::yield_now();
    }
}

fn ending(client: &Client, started: &Answer) -> Value {
    ended(client, started.header("location").unwrap())
}

fn people(server: &Client) {
    for (name, phone) in [
        ("John Doe", "+12025550123"),
        ("Doe, John", "(202) 555-0123"),
        ("Jane Doe", "+12025550123"),
        ("Max Power", "+4930901820"),
    ] {
        server.create(&json!({"name": name, "phone": phone}));
    }
}

fn report(client: &Client, run: &Value) -> String {
    let answer = client.get(run["report_url"].as_str().unwrap()).expect(200);
    String::from_utf8(answer.body.clone()).unwrap()
}

#[test]
fn the_base_is_compared_and_reported_in_every_format() {
    let server = TestServer::start();
    people(&server);
    let bare = server.post(RUNS, &json!({})).expect(202);
    let run = ending(&server, &bare);
    assert_eq!(
        (&run["state"], &run["of"], &run["report_url"]),
        (&json!("done"), &json!("base"), &json!(null))
    );
    assert_eq!(run["compared"]["contacts"], 4);
    assert_eq!(run["progress"], json!({"done": 4, "total": 4}));
    let csv =
        ending(&server, &server.post(RUNS, &json!({"format": "csv", "view": "pairs"})).expect(202));
    let text = report(&server, &csv);
    assert!(text.starts_with("id_a,id_b,probability,match_weight,rule,why\r\n"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(csv["summary"]["pairs"], 1);
    let groups = ending(
        &server,
        &server.post(&format!("{RUNS}?format=jsonl"), &json!({"format": "jsonl"})).expect(202),
    );
    assert_eq!(report(&server, &groups).lines().count(), 1);
    let page = ending(
        &server,
        &server.post(RUNS, &json!({"format": "html", "min_probability": 0.5})).expect(202),
    );
    assert!(report(&server, &page).contains("John Doe"));
    let all = server.get(RUNS).expect(200).json;
    assert_eq!(all["total"], 4);
    assert_eq!(all["runs"][0]["id"], page["id"]);
}

#[test]
fn the_command_line_fetches_what_a_server_reports() {
    let server = TestServer::start();
    people(&server);
    let duplicates = |token: &str, arguments: &[&str]| {
        let target = ["--server", server.base_url(), "--token", token, "duplicates"];
        Command::new(env!("CARGO_BIN_EXE_ringdex")).args(target).args(arguments).output().unwrap()
    };
    let pairs = duplicates(OPERATOR, &[]);
    assert!(pairs.status.success(), "{}", String::from_utf8_lossy(&pairs.stderr));
    let csv =
        ending(&server, &server.post(RUNS, &json!({"format": "csv", "view": "pairs"})).expect(202));
    assert_eq!(String::from_utf8(pairs.stdout).unwrap(), report(&server, &csv));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.html");
    let page = duplicates(OPERATOR, &["--out", file.to_str().unwrap()]);
    let told = String::from_utf8(page.stdout).unwrap();
    assert!(told.starts_with("4 contacts, 1 pair, 1 group"), "{told}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("John Doe"), "{written}");
    let refused = duplicates("nobody", &["--out", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
}

#[test]
fn a_list_is_compared_without_importing_it() {
    let server = TestServer::start();
    let list = "Nr,Full name,Tel\r\nA,John Doe,+12025550123\r\nB,\"Doe, John\",202-555-0123\r\nC,Max Power,+4930901820\r\n";
    let csv = [("content-type", "text/csv")];
    let send = |path: &str, body: &str| server.send("POST", path, &csv, Some(body.as_bytes()));
    let path = format!("{RUNS}?id_column=Nr&map=Full+name%3Dname&map=Tel%3Dphone&view=pairs");
    let run = ending(&server, &send(&path, list).expect(202));
    assert_eq!((&run["state"], &run["of"]), (&json!("done"), &json!("list")), "{run}");
    let text = report(&server, &run);
    assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("A,B,0.9")), "{text}");
    assert_eq!(server.get("/api/v1/contacts?refresh=wait").expect(200).json["total"], 0);
    for (path, body) in [
        (format!("{RUNS}?id_column=Nobody"), list),
        (format!("{RUNS}?map=Nobody%3Dname"), list),
        (RUNS.to_owned(), "colour\r\nred\r\n"),
    ] {
        let run = ending(&server, &send(&path, body).expect(202));
        assert_eq!((&run["state"], &run["report_url"]), (&json!("failed"), &json!(null)));
        assert!(run["error"].as_str().is_some_and(|error| !error.is_empty()), "{run}");
    }
    send(&format!("{RUNS}?map=nonsense"), list).expect(422);
}

#[test]
fn what_does_not_fit_is_refused_and_runs_are_not_for_others() {
    let server = TestServer::start();
    people(&server);
    for wrong in [
        json!({"format": "pdf"}),
        json!({"view": "x"}),
        json!({"min_probability": 3}),
        json!({"dry_run": true}),
        json!([]),
    ] {
        server.post(RUNS, &wrong).expect(422);
    }
    let run = ending(&server, &server.post(RUNS, &json!({"format": "csv"})).expect(202));
    let place = format!("{RUNS}/{}", run["id"].as_str().unwrap());
    let other = server.organization("Other");
    for path in [place.clone(), format!("{place}/report")] {
        other.get(&path).expect(404);
        server.role("agent").get(&path).expect(403);
    }
    assert_eq!(other.get(RUNS).expect(200).json["total"], 0);
    server.get(&format!("{RUNS}/nonsense")).expect(404);
    server.post(&format!("{place}/cancel"), &json!({})).expect(200);
    // Runs and their reports are known after a restart.
    let text = report(&server, &run);
    let server = server.restart();
    let run = server.get(&place).expect(200).json;
    assert_eq!(run["state"], "done");
    assert_eq!(report(&server, &run), text);
}

#[test]
fn reports_respect_what_was_decided_and_how_the_organisation_looks() {
    let server = TestServer::start();
    let one = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123"}));
    let other = server.create_id(&json!({"name": "John Doe", "phone": "+12025550123"}));
    let lines = || {
        let asked = json!({"format": "csv", "view": "pairs", "min_probability": 0.5});
        let run = ending(&server, &server.post(RUNS, &asked).expect(202));
        report(&server, &run).lines().count() - 1
    };
    assert_eq!(lines(), 1);
    server.post("/api/v1/duplicates/dismissals", &json!({"ids": [one, other]})).expect(200);
    assert_eq!(lines(), 0);
    for name in ["Ada Lovelace", "Lovelace, Ada"] {
        server.create(&json!({"name": name, "email": "ada@engine.example"}));
    }
    assert_eq!(lines(), 1);
    server.patch("/api/v1/settings", &json!({"duplicates": {"match_email": false}})).expect(200);
    assert_eq!(lines(), 0);
}

#[test]
fn a_report_is_only_for_who_may_still_have_all_of_it() {
    let server = TestServer::start();
    people(&server);
    let set = |settings: Value| server.patch("/api/v1/settings", &settings).expect(200);
    let may = |rights: Value| json!({"permissions": {"preset": "default", "manager": rights}});
    let all = || may(json!({"merge": true, "export": true, "import": true}));
    set(all());
    let manager = server.role("manager");
    let base = manager.post(RUNS, &json!({"format": "jsonl", "view": "pairs"})).expect(202);
    let base = ending(&manager, &base);
    let list = "name,phone\nAda Lovelace,+12025550123\n";
    let csv = [("content-type", "text/csv")];
    let list = manager.send("POST", RUNS, &csv, Some(list.as_bytes())).expect(202);
    let list = ending(&manager, &list);
    let text = report(&manager, &base);
    let get = |run: &Value| manager.get(run["report_url"].as_str().unwrap());
    get(&list).expect(200);
    set(may(json!({"merge": true, "export": false, "import": false})));
    for run in [&base, &list] {
        assert_eq!(get(run).expect(403).code(), "forbidden");
    }
    set(all());
    assert_eq!(report(&manager, &base), text);
    for hidden in ["phones", "cf.salary"] {
        set(json!({"field_visibility": {hidden: {"manager": "hidden"}}}));
        let refused = get(&base).expect(403);
        assert!(refused.json["detail"].as_str().unwrap().contains("start a new run"));
        get(&list).expect(200);
        // Who sees everything still may.
        assert_eq!(report(&server, &base), text);
    }
    let again = manager.post(RUNS, &json!({"format": "jsonl", "view": "pairs"})).expect(202);
    let again = ending(&manager, &again);
    report(&manager, &again);
    set(json!({"field_visibility": {"emails": {"manager": "masked"}}}));
    get(&again).expect(403);
    set(json!({"field_visibility": {}}));
    assert_eq!(report(&manager, &base), text);
    get(&again).expect(200);
}

#[test]
fn reports_go_when_a_contact_is_erased_for_good() {
    let server = TestServer::start();
    people(&server);
    let id = server.create_id(&json!({"name": "Doe, John", "phone": "+12025550123"}));
    let make = || ending(&server, &server.post(RUNS, &json!({"format": "html"})).expect(202));
    let list = "name,phone\nAda Lovelace,+12025550123\n";
    let csv = [("content-type", "text/csv")];
    let list = server.send("POST", RUNS, &csv, Some(list.as_bytes())).expect(202);
    let list = ending(&server, &list);
    let run = make();
    server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
    report(&server, &run);
    server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
    server.get(run["report_url"].as_str().unwrap()).expect(404);
    let place = format!("{RUNS}/{}", run["id"].as_str().unwrap());
    assert_eq!(server.get(&place).expect(200).json["report_url"], json!(null));
    report(&server, &list);
    report(&server, &make());
}
