//! What a list would do, before anything is written.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::{ended, four, import};
use crate::support::server::{Client, TestServer, escape};

const PATH: &str = "/api/v1/imports/preview";

const LIST: &str = "Name;Phone;Title;Shoe size\n\
    Ada Byron;+12025550110;CEO;38\n\
    Ben New;+12025550111;;\n\
    Ben New;+12025550111;CFO;\n\
    Cleo Old;+12025550112;;\n\
    Dora Wrong;nonsense;;\n";

fn with_contacts() -> TestServer {
    let server = TestServer::start();
    server.create(&json!({"name": "Ada Byron", "phone": "+12025550110"}));
    server.create(&json!({"name": "Cleo Old", "phone": "+12025550112"}));
    server
}

fn preview(client: &Client, list: &str, options: &Value) -> Value {
    let path = format!("{PATH}?options={}", escape(&options.to_string()));
    client
        .send("POST", &path, &[("content-type", "text/csv")], Some(list.as_bytes()))
        .expect(200)
        .json
}

#[test]
fn a_preview_says_what_the_import_then_does() {
    let server = with_contacts();
    let seen = preview(&server, LIST, &json!({}));
    let counts = json!({"new": 1, "updated": 2, "unchanged": 1, "duplicates_in_file": 1,
        "conflicts": 0, "invalid": 1});
    assert_eq!(seen["counts"], counts, "{seen}");
    assert_eq!(seen["updates_by_field"], json!({"title": 2}), "{seen}");
    let file = json!({"format": "table", "encoding": "UTF-8", "delimiter": "semicolon",
        "layout": "plain", "rows": 5});
    assert_eq!(seen["file"], file);
    let (column, last) = (&seen["columns"][1], &seen["columns"][3]);
    assert_eq!(
        (&column["target"], &column["samples"][0]),
        (&json!("phone"), &json!("+12025550110"))
    );
    assert_eq!((&last["name"], &last["not_imported"]), (&json!("Shoe size"), &json!(true)));
    let problem = &seen["problems"][0];
    assert_eq!((&problem["row"], &problem["column"]), (&json!(6), &json!("Phone")));
    assert_eq!(
        (&problem["value"], &problem["code"]),
        (&json!("nonsense"), &json!("phone_invalid"))
    );
    assert!(problem["repair"].is_string() && problem["detail"].is_string(), "{problem}");
    // Nothing was written, and nothing is listed as an import.
    assert_eq!(server.search("", "&refresh=wait").json["total"], 2);
    assert_eq!(server.get("/api/v1/imports").expect(200).json["total"], 0);
    // The list need not be sent again: neither for another preview nor for the import.
    let again = json!({"upload_id": seen["upload_id"], "options": {"on_duplicate": "ask",
        "mapping": {"Shoe size": "cf.shoe"}}});
    let asked = server.post(PATH, &again).expect(200).json;
    assert_eq!(
        (&asked["upload_id"], &asked["counts"]["conflicts"]),
        (&seen["upload_id"], &json!(3))
    );
    assert_eq!(asked["columns"][3]["target"], "cf.shoe");
    let body = json!({"upload_id": seen["upload_id"]});
    let job = ended(&server, &server.post("/api/v1/imports", &body).expect(202));
    assert_eq!(four(&job), json!({"imported": 1, "updated": 2, "skipped": 1, "errors": 1}));
    // It is imported once.
    let gone = server.post("/api/v1/imports", &body).expect(422);
    assert_eq!(gone.json["errors"][0]["pointer"], "/upload_id");
}

#[test]
fn a_previewed_list_is_kept_for_an_hour_and_for_whoever_sent_it() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let seen = preview(&server, LIST, &json!({}));
    let body = json!({"upload_id": seen["upload_id"]});
    server.post(PATH, &body).expect(200);
    for other in [server.role("manager"), server.organization("second")] {
        other.post(PATH, &body).expect(422);
        other.post("/api/v1/imports", &body).expect(422);
    }
    let agent = server.role("agent");
    agent.send("POST", PATH, &[("content-type", "text/csv")], Some(b"Name\nAda\n")).expect(403);
    for (body, pointer) in [
        (json!({"upload_id": 1}), "/upload_id"),
        (json!({"upload_id": "x", "csv": "Name\nAda\n"}), "/upload_id"),
        (json!({"upload_id": "018f0000-0000-7000-8000-000000000000"}), "/upload_id"),
        (json!({"csv": "Name\nAda\n", "options": {"colour": 1}}), "/options/colour"),
    ] {
        let refused = server.post(PATH, &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    clock.advance_ms(3_600_001);
    server.post(PATH, &body).expect(422);
    // Few lists of one caller are kept, the latest ones.
    let ids: Vec<Value> =
        (0..7).map(|_| preview(&server, LIST, &json!({}))["upload_id"].clone()).collect();
    server.post(PATH, &json!({"upload_id": ids[0]})).expect(422);
    server.post(PATH, &json!({"upload_id": ids[6]})).expect(200);
    let folder = server.app().imports_folder().unwrap();
    // Each with what is said of its rows beside it.
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 10);
    let server = server.restart();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    let job = import(&server, b"Name\nAda\n", &json!({}));
    assert_eq!(job["state"], "done");
}

#[test]
fn a_list_that_cannot_be_previewed_is_not_kept() {
    let server = TestServer::start();
    let csv = [("content-type", "text/csv")];
    for list in [&b""[..], b"%PDF-1.7", b"PK\x03\x04and nothing more"] {
        let refused = server.send("POST", PATH, &csv, Some(list)).expect(422);
        assert_eq!(refused.code(), "file_unreadable");
    }
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}
