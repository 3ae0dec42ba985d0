//! Custom fields in lists that are imported and exported.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{PATH, contact, define, fields_of, keys};
use crate::support::server::{Client, TestServer, escape};

/// Imports a list and gives back the job and the rows that were not taken.
fn import(client: &Client, csv: &str, options: &Value) -> (Value, Vec<Vec<String>>) {
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let headers = [("content-type", "text/csv")];
    let started = client.send("POST", &path, &headers, Some(csv.as_bytes())).expect(202);
    let job = format!("/api/v1/imports/{}", started.id());
    let state = loop {
        let state = client.get(&job).expect(200).json;
        if !state["finished_at"].is_null() {
            break state;
        }
        std::thread::yield_now();
    };
    let errors = client.get(&format!("{job}/errors.csv")).expect(200).body;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&errors[..]);
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    (state, rows.collect())
}

#[track_caller]
fn id_of(client: &Client, name: &str) -> String {
    let found = client.search(&format!("name:{name}"), "&refresh=wait").json;
    found["contacts"][0]["id"].as_str().expect("a contact").to_owned()
}

#[test]
fn cells_take_the_type_of_their_field_and_those_that_do_not_fit_are_located() {
    let server = TestServer::start();
    for (key, kind) in [("seats", "integer"), ("vip", "boolean"), ("since", "date")] {
        define(&server, &json!({"key": key, "type": kind}));
    }
    let options = ["Gold", "Silver"];
    define(&server, &json!({"key": "areas", "type": "multi_select", "options": options}));
    let csv = "name,cf.Seats,cf.vip,cf.since,cf.areas,cf.free\n\
        Anna,7,yes,03/04/2025,gold|silver,x\n\
        Bert,many,no,2025-04-03,gold,x\n\
        Carl,8,perhaps,soon,tin,x\n\
        Dora,,,,,\n";
    let (job, _) = import(&server, csv, &json!({"default_country": "US"}));
    assert_eq!(
        (&job["counts"]["imported"], &job["counts"]["errors"]),
        (&json!(4), &json!(0)),
        "{job}"
    );
    let anna = json!({"seats": 7, "vip": true, "since": "2025-03-04", "areas": ["Gold", "Silver"], "free": "x"});
    assert_eq!(fields_of(&server, &id_of(&server, "Anna")), anna);
    assert_eq!(fields_of(&server, &id_of(&server, "Dora")), json!({}));
    // The cell is left out and named, the contact is there.
    let carl = json!({"seats": 8, "free": "x"});
    assert_eq!(fields_of(&server, &id_of(&server, "Carl")), carl);
    let warnings = job["warnings"].as_array().unwrap();
    for (line, column, value) in [
        (3, "cf.Seats", "many"),
        (4, "cf.vip", "perhaps"),
        (4, "cf.since", "soon"),
        (4, "cf.areas", "tin"),
    ] {
        let is_named = warnings.iter().any(|one| {
            (&one["row"], &one["column"], &one["value"], &one["code"])
                == (&json!(line), &json!(column), &json!(value), &json!("custom_field_invalid"))
        });
        assert!(is_named, "{column}: {job}");
    }
    assert_eq!(keys(&server, ""), ["seats", "vip", "since", "areas", "free"]);
    let csv = String::from_utf8(server.get("/api/v1/contacts/export").expect(200).body).unwrap();
    assert!(csv.contains("cf.seats") && csv.contains("2025-03-04"), "{csv}");
}

#[test]
fn a_long_list_defines_a_field_once_and_unknown_ones_only_where_that_is_allowed() {
    let server = TestServer::start();
    let mut csv = String::from("name,cf.Area,cf.area_code\n");
    for at in 0..6_000 {
        let _ = writeln!(csv, "Person {at},{},{at}", at % 7);
    }
    let options = json!({"on_duplicate": "create"});
    let (job, _) = import(&server, &csv, &json!({"dry_run": true}));
    assert_eq!(job["counts"]["imported"], 6_000, "{job}");
    assert_eq!(keys(&server, ""), Vec::<String>::new(), "a trial defines nothing");
    let (job, rows) = import(&server, &csv, &options);
    assert_eq!(job["counts"]["imported"], 6_000, "{job} {rows:?}");
    let listed = server.get(&format!("{PATH}?usage=true")).expect(200).json;
    for field in listed["custom_fields"].as_array().unwrap() {
        assert_eq!(field["usage"], 6_000, "{field}");
    }
    assert_eq!(listed["total"], 2);
    server.patch("/api/v1/settings", &json!({"adhoc_custom_fields": false})).expect(200);
    let (job, rows) = import(&server, "name,cf.colour\nZoe,red\n", &options);
    assert_eq!(job["counts"]["errors"], 1, "{job}");
    let row = &rows[0];
    for text in ["cf.colour", "red", "custom_field_invalid"] {
        assert!(row.iter().any(|cell| cell == text), "{row:?}");
    }
}

#[test]
fn a_row_needs_what_is_required_unless_its_contact_exists() {
    let server = TestServer::start();
    let body = json!({"name": "Anna Old", "phone": "+12025550123"});
    let id = server.create_id(&body);
    define(&server, &json!({"key": "plan", "label": "Plan", "required": true}));
    let csv = "name,phone,title,cf.plan\n\
        Anna Old,+12025550123,Boss,\n\
        Bert New,+12025550124,Boss,\n\
        Carl New,+12025550125,Boss,a\n";
    for options in [json!({"dry_run": true}), json!({})] {
        let (job, rows) = import(&server, csv, &options);
        let counts = &job["counts"];
        assert_eq!(counts["imported"], 1, "{job}");
        assert_eq!((&counts["updated"], &counts["errors"]), (&json!(1), &json!(1)), "{job}");
        assert!(rows[0].iter().any(|cell| cell == "cf.plan"), "{rows:?}");
    }
    assert_eq!(server.get(&format!("/api/v1/contacts/{id}")).json["title"], "Boss");
}

#[test]
fn an_importer_cannot_fill_what_it_does_not_see() {
    let server = TestServer::start();
    define(&server, &json!({"key": "salary", "type": "integer", "visible_to": "admin"}));
    let manager = server.role("manager");
    let (job, rows) = import(&manager, "name,cf.salary\nAnna,7\n", &json!({}));
    assert_eq!(job["counts"]["errors"], 1, "{job}");
    assert!(rows[0].iter().any(|cell| cell == "not_allowed"), "{rows:?}");
    contact(&manager, "Anna", &json!({}));
}
