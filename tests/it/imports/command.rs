//! `ringdex import` and its error files.

use std::fs::File;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::process::Bench;
use crate::support::server::OPERATOR;

#[test]
fn an_error_file_holds_what_this_import_did_not_take() {
    let bench = Bench::new();
    let served = bench.serve(None);
    let base = served.base.clone();
    let remote: Vec<&str> = vec!["--server", &base, "--token", OPERATOR];
    let local: Vec<&str> = Vec::new();
    let (good, bad) = (bench.path("good.csv"), bench.path("bad.csv"));
    for (path, list) in [
        (&good, "Name,Phone,Birthday\nAda,+12025550110,soon\n"),
        (&bad, "Name;Phone\nBen;+12025550111\nCleo;nonsense\n"),
    ] {
        File::create(path).unwrap().write_all(list.as_bytes()).unwrap();
    }
    let errors = bench.path("errors.csv");
    let check = |target: &[&str]| {
        let import = |file: &std::path::Path, errors: &str, more: &[&str]| {
            let file = file.to_str().unwrap();
            let arguments = [target, &["import", file, "--errors", errors], more].concat();
            bench.run(&arguments, None).expect(0)
        };
        let path = errors.to_str().unwrap();
        import(&bad, path, &[]);
        let rows = std::fs::read_to_string(&errors).unwrap();
        assert_eq!(rows.lines().count(), 2, "{rows}");
        assert!(rows.starts_with("Name,Phone,row,column,value,code,reason,remedy"), "{rows}");
        // A clean import leaves no errors of an earlier one, and warnings are no errors.
        let ended = import(&good, path, &[]);
        assert!(!errors.exists());
        assert!(ended.err.contains("soon"), "{}", ended.err);
        // With - the rows are all that is on standard output.
        let ended = import(&bad, "-", &["--delimiter", ";", "--encoding", "utf-8"]);
        assert_eq!(ended.out.lines().count(), 2, "{}", ended.out);
        assert!(ended.err.contains("errors 1"), "{}", ended.err);
        assert!(!std::path::Path::new("-").exists());
        let ended = import(&good, "-", &[]);
        assert_eq!(ended.out, "");
        let more = ["--no-header", "--map", "#1=name", "--map", "#2=phone", "--dry-run", "--json"];
        let file = good.to_str().unwrap();
        let ended = bench.run(&[target, &["import", file], &more[..]].concat(), None).expect(0);
        let answer: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(answer["errors"], 1, "the header is no contact: {answer}");
        assert_eq!(answer["columns"][2]["not_imported"], true, "{answer}");
    };
    check(&remote);
    served.stop();
    check(&local);
}

#[test]
fn a_list_comes_from_standard_input_and_its_errors_go_to_standard_output() {
    let bench = Bench::new();
    // A file of that name is not what is meant by it.
    File::create(bench.path("-")).unwrap().write_all(b"Name\nWrong\n").unwrap();
    let list = "Name,Phone\nAda,+12025550110\nBen,nonsense\n";
    for more in [&[][..], &["--dry-run"]] {
        let ended = bench.run_piped(&[&["import", "-", "--errors", "-"], more].concat(), list);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.out.lines().count(), 2, "{ended:?}");
        assert!(ended.out.contains("Ben,nonsense,3,Phone"), "{ended:?}");
    }
    let ended = bench.run_piped(&["import", "-", "--errors", "-", "--strict"], list);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.err.contains("1 row has errors and --strict was given"), "{ended:?}");
    assert_eq!(std::fs::read_to_string(bench.path("-")).unwrap(), "Name\nWrong\n");
}

#[test]
fn what_is_no_list_and_no_id_is_said_in_plain_words() {
    let bench = Bench::new();
    bench.run(&["organization", "list"], None).expect(0);
    let folder = bench.data();
    let folder = folder.to_str().unwrap();
    let ended = bench.run(&["import", folder], None).expect(2);
    assert!(ended.err.contains("is a folder: name the list in it"), "{}", ended.err);
    for arguments in [
        &["contact", "show", "nosuch"][..],
        &["task", "delete", "nosuch"],
        &["merge", "nosuch", "nosuch"],
        &["token", "revoke", "nosuch"],
    ] {
        let ended = bench.run(arguments, None).expect(2);
        let says = "ids look like 01a22913-3487-77c1-961f-85e447591042";
        assert!(ended.err.contains("'nosuch'") && ended.err.contains(says), "{}", ended.err);
    }
}

#[test]
fn the_command_on_a_directory_does_what_the_organisation_wants_of_imports() {
    let bench = Bench::new();
    let file = |name: &str, list: &str| {
        let path = bench.path(name);
        File::create(&path).unwrap().write_all(list.as_bytes()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let first = file("first.csv", "name,phone,title\nAda Byron,+12025550110,CTO\n");
    bench.run(&["import", &first], None).expect(0);
    let served = bench.serve(None);
    let usual = json!({"import_on_duplicate": "ask", "import_strict": true});
    served.client.patch("/api/v1/settings", &usual).expect(200);
    let known = served.client.get("/api/v1/imports").expect(200).json;
    assert_eq!((&known["total"], &known["items"][0]["source"]), (&json!(1), &json!("first.csv")));
    served.stop();
    // All rows or none.
    let bad = file("bad.csv", "name,phone\nCleo Good,+12025550112\nBen,nonsense\n");
    let refused = bench.run(&["import", &bad], None).expect(4);
    assert!(refused.err.contains("1 row has errors") && refused.err.contains("import_strict"));
    // A row that belongs to somebody is kept to be decided.
    let again = file("again.csv", "name,phone,title\nAda Byron,+12025550110,CEO\n");
    let asked = bench.run(&["--json", "import", &again], None).expect(0);
    let said: Value = serde_json::from_str(&asked.out).unwrap();
    assert_eq!(
        (&said["asked"], &said["skipped"], &said["imported"]),
        (&json!(1), &json!(0), &json!(0))
    );
    let served = bench.serve(None);
    let client = &served.client;
    let known = client.get("/api/v1/imports").expect(200).json;
    let states: Vec<&Value> =
        known["items"].as_array().unwrap().iter().map(|job| &job["state"]).collect();
    assert_eq!(states, ["done", "failed", "done"], "{known}");
    assert_eq!(client.search("", "&refresh=wait").json["total"], 1);
    let id = known["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/imports/{id}/questions");
    assert_eq!(client.get(&path).expect(200).json["total"], 1);
    let answers = json!({"answers": [{"row": 2, "action": "update"}]});
    client.post(&path, &answers).expect(200);
    assert_eq!(client.search("ada", "&refresh=wait").json["contacts"][0]["title"], "CEO");
    client.post(&format!("/api/v1/imports/{id}/undo"), &json!({})).expect(202);
    served.stop();
}

#[test]
fn imports_are_listed_and_their_rejected_rows_fetched_from_a_server_and_a_directory() {
    let bench = Bench::new();
    let file = bench.path("list.csv");
    let list = "Name,Phone\nAda,+12025550110\nBen,nonsense\n";
    File::create(&file).unwrap().write_all(list.as_bytes()).unwrap();
    let served = bench.serve(None);
    let base = served.base.clone();
    let remote: Vec<&str> = vec!["--server", &base, "--token", OPERATOR];
    let path = file.to_str().unwrap();
    bench
        .run(&[&remote[..], &["import", path, "--save-template", "Fair"]].concat(), None)
        .expect(0);
    let found = bench.run(&[&remote[..], &["imports", "--json"]].concat(), None).expect(0);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let templates = served.client.get("/api/v1/import-templates").expect(200).json;
    let template = templates["items"][0]["id"].as_str().unwrap().to_owned();
    let rows = bench.path("rows.csv");
    let check = |target: &[&str]| {
        let run = |more: &[&str]| bench.run(&[target, more].concat(), None);
        let table = run(&["imports"]).expect(0).out;
        let line = table.lines().find(|line| line.contains(&id)).unwrap();
        assert!(line.contains("done") && line.contains("available"), "{table}");
        let shown: Value = serde_json::from_str(&run(&["imports", &id]).expect(0).out).unwrap();
        assert_eq!(
            (&shown["counts"]["imported"], &shown["counts"]["errors"]),
            (&json!(1), &json!(1))
        );
        run(&["imports", &id, "--errors", rows.to_str().unwrap()]).expect(0);
        let rejected = std::fs::read_to_string(&rows).unwrap();
        assert!(rejected.contains("Ben,nonsense,3,Phone,nonsense,phone_invalid,"), "{rejected}");
        assert_eq!(run(&["imports", &id, "--errors", "-"]).expect(0).out, rejected);
        let nobody = uuid::Uuid::nil().to_string();
        assert_ne!(run(&["imports", &nobody]).code, Some(0));
        // The template says the same again.
        let again = run(&["import", path, "--template", &template, "--dry-run"]).expect(0).out;
        assert!(again.contains("unchanged 1"), "{again}");
    };
    check(&remote);
    let ended = bench.run(&["import", "https://docs.google.com/spreadsheets/d/x/edit"], None);
    assert!(ended.code != Some(0) && ended.err.contains("--server"), "{}", ended.err);
    served.stop();
    check(&[]);
}
