//! How long a list may be that is uploaded, and what an organisation wants of every import.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{ended, import};
use crate::support::server::{Answer, Client, TestServer};

const TABLE: (&str, &str) = ("content-type", "text/csv");
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=xyz");
const JSON: (&str, &str) = ("content-type", "application/json");

fn people(count: usize) -> String {
    let mut list = String::from("name,phone\n");
    for at in 0..count {
        let _ = writeln!(list, "\"Person\n{at}\",+1202555{at:05}");
    }
    list
}

fn form(list: &str) -> String {
    format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{list}\r\n--xyz--\r\n"
    )
}

fn forms(list: &str) -> [((&'static str, &'static str), String); 3] {
    [(TABLE, list.to_owned()), (FORM, form(list)), (JSON, json!({"csv": list}).to_string())]
}

#[track_caller]
fn assert_too_many(answer: Answer, rows: usize) {
    let refused = answer.expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/file", "{refused}");
    assert_eq!(refused["errors"][0]["code"], "too_many_rows");
    let detail = refused["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("has {rows} rows")), "{detail}");
    assert!(detail.contains("import_max_rows"), "{detail}");
}

#[test]
fn a_list_of_more_rows_than_the_organisation_takes_is_refused_and_changes_nothing() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"import_max_rows": 3})).expect(200);
    for path in ["/api/v1/imports", "/api/v1/imports/preview"] {
        for (head, body) in forms(&people(4)) {
            let answer = server.send("POST", path, &[head], Some(body.as_bytes()));
            assert_too_many(answer, 4);
        }
    }
    let mut cards = String::new();
    for at in 0..5 {
        let _ = write!(cards, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Card {at}\r\nEND:VCARD\r\n");
    }
    let head = [("content-type", "text/vcard")];
    assert_too_many(server.send("POST", "/api/v1/imports", &head, Some(cards.as_bytes())), 5);
    let mut lines = String::new();
    for at in 0..6 {
        let _ = writeln!(lines, "{{\"name\": \"Line {at}\"}}");
    }
    let head = [("content-type", "application/x-ndjson")];
    assert_too_many(server.send("POST", "/api/v1/imports", &head, Some(lines.as_bytes())), 6);
    let rest = json!({"csvData": people(4)});
    assert_too_many(server.post("/functions/v1/import-contacts", &rest), 4);
    assert_eq!(server.get("/api/v1/imports").expect(200).json["total"], 0);
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "a refused upload is left behind");

    // As many as it takes, in cells of several lines.
    let taken = import(&server, people(3).as_bytes(), &json!({}));
    assert_eq!(taken["counts"]["imported"], 3, "{taken}");
    // The setting is that of the organisation.
    let second = server.organization("second");
    let started = second.send("POST", "/api/v1/imports", &[TABLE], Some(people(4).as_bytes()));
    assert_eq!(ended(&second, &started.expect(202))["counts"]["imported"], 4);
}

#[test]
fn a_preview_that_was_taken_is_not_imported_once_the_setting_is_lower() {
    let server = TestServer::start();
    let shown = server.post("/api/v1/imports/preview", &json!({"csv": people(4)})).expect(200);
    let body = json!({"upload_id": shown.json["upload_id"]});
    server.patch("/api/v1/settings", &json!({"import_max_rows": 3})).expect(200);
    assert_too_many(server.post("/api/v1/imports", &body), 4);
    server.patch("/api/v1/settings", &json!({"import_max_rows": 4})).expect(200);
    let done = ended(&server, &server.post("/api/v1/imports", &body).expect(202));
    assert_eq!(done["counts"]["imported"], 4, "{done}");
}

#[test]
fn a_list_of_more_bytes_than_the_organisation_takes_is_refused_with_what_to_do() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"import_max_mib": 1})).expect(200);
    let list = format!("name,notes\nAda,{}\n", "x".repeat(1 << 20));
    for path in ["/api/v1/imports", "/api/v1/imports/preview"] {
        for (head, body) in forms(&list) {
            let refused = server.send("POST", path, &[head], Some(body.as_bytes())).expect(413);
            let detail = refused.json["detail"].as_str().unwrap();
            assert!(detail.contains("1 MiB") && detail.contains("import_max_mib"), "{detail}");
        }
    }
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "a refused upload is left behind");
    server.patch("/api/v1/settings", &json!({"import_max_mib": 2})).expect(200);
    let started = server.send("POST", "/api/v1/imports", &[TABLE], Some(list.as_bytes()));
    started.expect(202);
}

#[test]
fn what_an_organisation_wants_of_every_import_holds_unless_it_is_told_otherwise() {
    let server = TestServer::start();
    let ada = server.create_id(&json!({"name": "Ada Byron", "email": "ada@x.org", "title": "CTO"}));
    let title = || server.get(&format!("/api/v1/contacts/{ada}")).expect(200).json["title"].clone();
    let list = b"name,email,title\nAda Byron,ada@x.org,CEO\n";
    let usual = json!({"import_on_duplicate": "skip", "import_strict": true});
    server.patch("/api/v1/settings", &usual).expect(200);
    let skipped = import(&server, list, &json!({}));
    assert_eq!((&skipped["counts"]["skipped"], title()), (&json!(1), json!("CTO")));
    assert_eq!(skipped["options"]["on_duplicate"], "skip", "{skipped}");
    let told = import(&server, list, &json!({"on_duplicate": "update"}));
    assert_eq!((&told["counts"]["updated"], title()), (&json!(1), json!("CEO")));
    let bad = b"name,phone\nBen,+12025550110\nBad,abc\n";
    assert_eq!(import(&server, bad, &json!({}))["state"], "failed");
    let lenient = import(&server, bad, &json!({"strict": false}));
    assert_eq!((&lenient["state"], &lenient["counts"]["imported"]), (&json!("done"), &json!(1)));
    // Nobody is known by an address any more.
    let keys = json!({"import_match_keys": ["phone"], "import_on_duplicate": "update"});
    server.patch("/api/v1/settings", &keys).expect(200);
    assert_eq!(import(&server, list, &json!({}))["counts"]["imported"], 1);
}

#[test]
fn settings_of_imports_that_cannot_be_are_refused_by_place() {
    let server = TestServer::start();
    for (settings, pointer) in [
        (json!({"import_max_rows": 0}), "/import_max_rows"),
        (json!({"import_max_rows": -1}), "/import_max_rows"),
        (json!({"import_max_rows": 1_000_000_000}), "/import_max_rows"),
        (json!({"import_max_mib": 0}), "/import_max_mib"),
        (json!({"import_max_mib": "50"}), "/import_max_mib"),
        (json!({"import_on_duplicate": "merge"}), "/import_on_duplicate"),
        (json!({"import_match_keys": ["phone", "shoe"]}), "/import_match_keys/1"),
        (json!({"import_strict": "yes"}), "/import_strict"),
    ] {
        let refused = server.patch("/api/v1/settings", &settings).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{settings}");
    }
    let settings: Value = server.get("/api/v1/settings").expect(200).json;
    let settings = settings.get("settings").unwrap_or(&settings);
    assert_eq!(
        (&settings["import_max_rows"], &settings["import_max_mib"]),
        (&json!(10_000), &json!(50))
    );
}

#[test]
fn the_usual_limit_holds_people_and_not_the_scripts_of_who_runs_the_server() {
    let server = TestServer::start();
    let list = people(10_001);
    let [body, form, json] = forms(&list);
    for (head, body) in [form, json] {
        let answer = server.send("POST", "/api/v1/imports", &[head], Some(body.as_bytes()));
        assert_too_many(answer, 10_001);
    }
    let preview = |server: &Client| {
        server.send("POST", "/api/v1/imports/preview", &[body.0], Some(body.1.as_bytes()))
    };
    let seen = preview(&server).expect(200).json;
    assert_eq!(seen["counts"]["new"], 10_001, "{seen}");
    let admin = server.role("admin");
    assert_too_many(preview(&admin), 10_001);
    // A limit that was set is meant for everybody.
    server.patch("/api/v1/settings", &json!({"import_max_rows": 9_999})).expect(200);
    assert_too_many(preview(&server), 10_001);
}
