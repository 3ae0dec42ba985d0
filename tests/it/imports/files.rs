//! Files in odd shapes: delimiters, titles above the table, rows that are too short or too long.

use serde_json::{Value, json};

use super::{errors_of, file, four, import};
use crate::support::server::{TestServer, escape};

fn names(server: &TestServer) -> Vec<Value> {
    let page = server.get("/api/v1/contacts?refresh=wait&sort=created_at&per_page=1000");
    let page = page.expect(200).json;
    page["contacts"].as_array().unwrap().iter().map(|one| one["display_name"].clone()).collect()
}

#[test]
fn rows_that_end_in_a_delimiter_are_read() {
    let server = TestServer::start();
    let job = import(&server, &file("semicolons_at_row_ends.csv"), &json!({}));
    assert_eq!(four(&job), json!({"imported": 3, "updated": 0, "skipped": 0, "errors": 0}));
    let anna = &server.search("anna", "&refresh=wait").json["contacts"][0];
    assert_eq!((&anna["first_name"], &anna["last_name"]), (&json!("Anna"), &json!("Maier")));
    assert_eq!(anna["company"], "Maier, Huber & Co, Wien");
    assert_eq!(
        (&anna["phone"], &anna["email"]),
        (&json!("+4930901820"), &json!("anna@example.com"))
    );
}

#[test]
fn text_above_the_header_is_passed_over() {
    for csv in [
        "Customers, all regions\nexported,2025-01-31\n\nName,Phone\nAda Byron,+12025550110\n",
        "Kundenliste;;\nStand: 31.01.2025;;\nVorname;Nachname;Telefon\nAda;Byron;+12025550110\n",
        "Contacts\nName,Phone\nAda Byron,+12025550110\n",
        "Filter:\tall\nPage:\t1\nFull Name\tE-mail\nAda Byron\tada@example.com\n",
    ] {
        let server = TestServer::start();
        let job = import(&server, csv.as_bytes(), &json!({}));
        assert_eq!(job["counts"]["imported"], 1, "{csv}: {job}");
        assert_eq!(names(&server), ["Ada Byron"], "{csv}");
    }
    // A first row that is known is the header, whatever follows it.
    let csv = "Name,Phone,Note\nPhone,+12025550110,Name\n";
    let server = TestServer::start();
    import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(names(&server), ["Phone"]);
}

#[test]
fn ragged_rows_are_read_as_far_as_it_is_certain() {
    let server = TestServer::start();
    let csv = "Name,Phone,City\nAda\nBen,+12025550110\nCleo,+12025550111,Rome,,,\nDan,+12025550112,Rome,Italy\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 3, "{job}");
    assert_eq!(names(&server), ["Ada", "Ben", "Cleo"]);
    assert!(errors_of(&server, &job).contains("cells_extra"));
}

#[test]
fn delimiter_encoding_and_header_can_be_given() {
    let server = TestServer::start();
    let options = json!({"delimiter": "|", "encoding": "windows-1252", "header": false,
        "mapping": {"#1": "name", "#2": "phone"}});
    let job = import(&server, b"J\xf6rg;M\xfcller|+12025550110\nAda|+12025550111\n", &options);
    assert_eq!(job["counts"]["imported"], 2, "{job}");
    assert_eq!(names(&server), ["Jörg;Müller", "Ada"]);
    assert_eq!(job["columns"][0]["name"], "Column 1");
    let job = import(&server, b"Name,Tags\nBen,a/b\n", &json!({"tag_separator": "/"}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    assert_eq!(
        server.search("ben", "&refresh=wait").json["contacts"][0]["tags"],
        json!(["a", "b"])
    );
    for options in [
        json!({"delimiter": "colon"}),
        json!({"encoding": "klingon"}),
        json!({"header": "no"}),
        json!({"mapping": ["a=b"]}),
        json!({"mapping": {"Name": "nonsense"}}),
        json!({"tag_separator": "//"}),
        json!({"strict": 1}),
    ] {
        let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
        let answer = server.send("POST", &path, &[], Some(b"name\nx\n")).expect(422);
        let pointer = answer.json["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(pointer.starts_with("/options/"), "{pointer}");
    }
}

#[test]
fn a_strict_import_takes_all_rows_or_none() {
    let server = TestServer::start();
    let csv = "Name,Phone\nAda,+12025550110\nBen,nonsense\n";
    let job = import(&server, csv.as_bytes(), &json!({"strict": true}));
    assert_eq!(job["state"], "failed", "{job}");
    assert_eq!(four(&job), json!({"imported": 0, "updated": 0, "skipped": 1, "errors": 1}));
    assert!(job["error"].as_str().unwrap().contains("nothing was written"), "{job}");
    assert!(errors_of(&server, &job).contains("nonsense"));
    assert_eq!(names(&server).len(), 0);
    let job = import(&server, b"Name,Phone\nAda,+12025550110\n", &json!({"strict": true}));
    assert_eq!((&job["state"], &job["counts"]["imported"]), (&json!("done"), &json!(1)));
}

#[test]
fn the_importer_finds_a_whole_list_right_after_it_has_ended() {
    let server = TestServer::start();
    let rows: Vec<String> = (0..3_000).map(|at| format!("Person Number{at}")).collect();
    let job = import(&server, format!("Name\n{}\n", rows.join("\n")).as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 3_000, "{job}");
    let found = server.search("", "").json;
    assert!(found["total"] == 3_000 || found["stale"] == true, "{}", found["total"]);
}
