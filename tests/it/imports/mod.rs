//! Imports and exports over HTTP.

mod agreed;
mod cells;
mod columns;
mod command;
mod companies;
mod consent;
mod counted;
mod edits;
mod files;
mod formulas;
mod given_names;
mod household;
mod limits;
mod lists;
mod preview;
mod preview_rows;
mod questions;
mod references;

mod repeat;
mod resume;
mod round_trip;
mod same;
mod sheets;
mod sources;
mod templates;
mod trial;
mod undo;
mod upload;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use ringdex::domain::time::{Clock, Timestamp};
use ringdex::generate;
use ringdex::import::{Layout, MapOptions, ReadOptions, Reader, RowMap};
use serde_json::{Value, json};

use crate::support::process::Bench;
use crate::support::server::{Answer, Client, TestServer, escape};

/// Uploads a list and waits until the import has ended.
pub(crate) fn import(server: &Client, csv: &[u8], options: &Value) -> Value {
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let started =
        server.send("POST", &path, &[("content-type", "text/csv")], Some(csv)).expect(202);
    let job = format!("/api/v1/imports/{}", started.id());
    assert_eq!(started.header("location"), Some(job.as_str()));
    ended(server, &started)
}

/// Rows of a job that were passed over: they said nothing new, were not wanted, or are asked about.
pub(crate) fn passed_over(job: &Value) -> u64 {
    let count = |name: &str| job["counts"][name].as_u64().unwrap();
    count("unchanged") + count("skipped") + count("asked")
}

/// The ends that rows met, with all that were passed over as one.
pub(crate) fn four(job: &Value) -> Value {
    let counts = &job["counts"];
    json!({
        "imported": counts["imported"], "updated": counts["updated"],
        "skipped": passed_over(job), "errors": counts["errors"],
    })
}

/// A list of `tests/data/import`.
fn file(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    std::fs::read(folder.join(name)).unwrap()
}

/// The rows that an import did not take.
fn errors_of(client: &Client, job: &Value) -> String {
    let path = format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap());
    String::from_utf8(client.get(&path).expect(200).body).unwrap()
}

/// Waits until an import has ended.
fn ended(client: &Client, started: &Answer) -> Value {
    let job = format!("/api/v1/imports/{}", started.id());
    let begun = Instant::now();
    loop {
        let state = client.get(&job).expect(200).json;
        if !state["finished_at"].is_null() {
            return state;
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "{state}");
        std::thread::yield_now();
    }
}

#[test]
fn a_list_is_imported_and_found() {
    let server = TestServer::start();
    let csv = "Full Name;Phone;E-Mail;Tags;cf.tier\r\nJohn Doe;(202) 555-0123;j@x.org;a|b;gold\r\nBad;abc;;;\r\nJosé;+49 30 123456;;;\r\n";
    let job = import(&server, csv.as_bytes(), &json!({"tags": ["list 1"]}));
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["progress"]["done"], 3);
    let counts = &job["counts"];
    assert_eq!(
        counts["errors"].as_u64().unwrap() + counts["imported"].as_u64().unwrap(),
        3,
        "{job}"
    );
    let errors = server.get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    let errors = String::from_utf8(errors.expect(200).body).unwrap();
    assert!(errors.contains("abc"), "{errors}");
    let found = server.search("john", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(found["phone"], "+12025550123");
    assert_eq!(found["custom_fields"]["tier"], "gold");
    assert!(found["tags"].as_array().unwrap().contains(&json!("list 1")));
    assert_eq!(server.lookup("+49 30 123456", "")["count"], 1);

    let again = import(&server, csv.as_bytes(), &json!({"on_duplicate": "update"}));
    assert_eq!(again["counts"]["imported"], 0, "{again}");
    let before = server.search("", "&refresh=wait").json["total"].clone();
    let dry = import(&server, b"name\nNobody\n", &json!({"dry_run": true}));
    assert_eq!(dry["dry_run"], true);
    assert_eq!(server.search("", "&refresh=wait").json["total"], before);
}

#[test]
fn rejected_rows_outlive_a_restart_and_are_gone_after_a_week() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let server = TestServer::at(&clock);
    let job = import(&server, b"name,phone\nJohn,abc\n", &json!({}));
    let trial = import(&server, b"name,phone\nJohn,abc\n", &json!({"dry_run": true}));
    assert_eq!(job["counts"]["errors"], 1, "{job}");
    let path = format!("/api/v1/imports/{}", job["id"].as_str().unwrap());
    let url = format!("{path}/errors.csv");
    assert_eq!(job["errors_url"], json!(url));
    let rejected = errors_of(&server, &job);
    assert!(rejected.contains("abc"), "{rejected}");
    let server = server.restart();
    let after = server.get(&path).expect(200).json;
    for member in ["id", "state", "by", "counts", "errors_url", "created_at", "finished_at"] {
        assert_eq!(after[member], job[member], "{member}");
    }
    assert_eq!(errors_of(&server, &job), rejected);
    // A trial writes nothing, so nothing is kept of it.
    server.get(trial["errors_url"].as_str().unwrap()).expect(404);
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    clock.advance_ms(8 * DAY_MS);
    let gone = server.get(&url).expect(404);
    assert_eq!(gone.code(), "not_found");
    assert!(gone.json["detail"].as_str().unwrap().contains("no longer kept"), "{}", gone.json);
    let after = server.get(&path).expect(200).json;
    assert_eq!((&after["errors_url"], &after["counts"]), (&Value::Null, &job["counts"]));
    let server = server.restart();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    assert_eq!(server.get(&path).expect(200).json["errors_url"], Value::Null);
    let unknown = server.get("/api/v1/imports/00000000-0000-7000-8000-000000000000/errors.csv");
    assert_eq!(unknown.expect(404).code(), "import_not_found");
}

#[test]
fn what_is_no_list_fails_with_its_reason() {
    let server = TestServer::start();
    for file in [&b""[..], b"\0\0\0\xff\xfe", b"a,b\n1,2\n"] {
        let job = import(&server, file, &json!({}));
        assert_eq!(job["state"], "failed", "{job}");
        assert!(job["error"].as_str().is_some_and(|error| !error.is_empty()));
    }
    for (options, status) in [
        ("{", 400),
        ("[]", 422),
        ("{\"colour\": 1}", 422),
        ("{\"map\": \"a=b\"}", 422),
        ("{\"map\": [\"nonsense\"]}", 422),
        ("{\"on_duplicate\": \"x\"}", 422),
        ("{\"match_keys\": [\"x\"]}", 422),
        ("{\"default_country\": \"Atlantis\"}", 422),
    ] {
        let path = format!("/api/v1/imports?options={}", escape(options));
        let answer = server.send("POST", &path, &[], Some(b"name\nx\n"));
        assert_eq!(answer.status, status, "{options}");
    }
    let folder = server.app().imports_folder().unwrap();
    let uploads = std::fs::read_dir(folder).unwrap().flatten();
    let left = uploads.filter(|e| e.path().extension().is_some_and(|e| e == "upload")).count();
    assert_eq!(left, 0, "uploaded files are left behind");
}

#[test]
fn a_stopped_import_stays_stopped_when_the_server_restarts() {
    let server = TestServer::start();
    server.take_long_lists();
    let mut csv = String::from("name,phone\n");
    for i in 0..20_000 {
        let _ = writeln!(csv, "Person {i},+1202{i:07}");
    }
    let started = server.send("POST", "/api/v1/imports", &[], Some(csv.as_bytes())).expect(202);
    let waiting = server.send("POST", "/api/v1/imports", &[], Some(csv.as_bytes())).expect(202);
    let path = format!("/api/v1/imports/{}", waiting.id());
    server.post(&format!("{path}/cancel"), &json!({})).expect(200);
    let server = server.restart();
    assert_eq!(server.get(&path).expect(200).json["state"], "cancelled");
    // The other one goes on.
    let first = ended(&server, &started);
    assert_eq!((&first["state"], &first["counts"]["imported"]), (&json!("done"), &json!(20_000)));
    assert_eq!(server.search("", "&refresh=wait").json["total"], 20_000);
}

#[test]
fn an_export_holds_what_the_query_selects() {
    let server = TestServer::start();
    server.create(
        &json!({"name": "Doe, John", "phone": "+12025550123 x5", "notes": "=1+1\n\"quoted\"",
        "tags": ["a", "b"], "custom_fields": {"tier": "gold"}, "address": "1 Main St"}),
    );
    server.create(&json!({"name": "-Jane", "email": "jane@x.org"}));
    let get = |parameters: &str| server.get(&format!("/api/v1/contacts/export?{parameters}"));
    let csv = get("").expect(200);
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.header("content-disposition").unwrap().contains("contacts.csv"));
    let mut reader = csv::Reader::from_reader(&csv.body[..]);
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        let at = headers.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name}"));
        rows[row][at].to_owned()
    };
    assert_eq!(rows.len(), 2);
    assert_eq!(cell(0, "name"), "Doe, John");
    assert_eq!(cell(0, "phones"), "+12025550123 x5");
    assert_eq!(cell(0, "notes"), "'=1+1\n\"quoted\"", "no cell becomes a formula");
    assert_eq!(cell(0, "cf.tier"), "gold");
    assert_eq!(cell(0, "street"), "1 Main St");
    assert_eq!(cell(1, "name"), "'-Jane");
    let chosen = get("columns=email,%20name&q=jane").expect(200);
    assert_eq!(String::from_utf8(chosen.body).unwrap(), "email,name\r\njane@x.org,'-Jane\r\n");
    let lines = String::from_utf8(get("format=jsonl&q=name:doe").expect(200).body).unwrap();
    let only: Value = serde_json::from_str(lines.trim_end()).unwrap();
    assert_eq!(only["last_name"], "Doe");
    assert_eq!(get("format=jsonl&q=nobody").expect(200).body, b"");
    assert_eq!(get("columns=colour").expect(422).json["errors"][0]["pointer"], "/columns");
    assert_eq!(get("format=pdf").expect(422).json["errors"][0]["pointer"], "/format");
}

#[test]
fn an_export_is_an_import() {
    let server = TestServer::start();
    let second = server.organization("second");
    server.create(&json!({"first_name": "John", "last_name": "Doe", "phones": ["+12025550123", "4711"],
        "emails": ["a@x.org", "b@x.org"], "company": "Acme", "tags": ["x", "y"], "birthday": "1980-01-31",
        "custom_fields": {"tier": "gold"}, "status": "inactive", "notes": "two\nlines"}));
    let csv = server.get("/api/v1/contacts/export").expect(200).body;
    let job = import(&second, &csv, &json!({}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    let copy = second.search("john", "&refresh=wait").json["contacts"][0].clone();
    let original = server.search("john", "").json["contacts"][0].clone();
    for member in [
        "first_name",
        "last_name",
        "company",
        "tags",
        "birthday",
        "custom_fields",
        "status",
        "notes",
        "display_name",
    ] {
        assert_eq!(copy[member], original[member], "{member}");
    }
    let numbers = |c: &Value| {
        c["phones"].as_array().unwrap().iter().map(|p| p["number"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&copy), numbers(&original));
    let addresses = |c: &Value| {
        c["emails"].as_array().unwrap().iter().map(|e| e["address"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(addresses(&copy), addresses(&original));
}

#[test]
fn generated_contacts_are_mapped_without_help() {
    let mut bytes = Vec::new();
    generate::write_csv(50, 1, generate::Options::default(), &mut bytes).expect("write to memory");
    let mut reader = Reader::open(bytes.as_slice(), &ReadOptions::default()).expect("open");
    let map = RowMap::new(reader.headers(), &MapOptions::default()).expect("map");
    assert_eq!(map.layout(), Layout::Plain);
    assert_eq!(map.unknown_columns().collect::<Vec<_>>(), ["true_id"]);
    assert_eq!(map.columns().len(), generate::Person::HEADERS.len());
    assert_eq!(
        reader.rows().filter(|row| row.as_ref().is_ok_and(|row| !row.is_rejected())).count(),
        50
    );
}

#[test]
fn rows_find_the_person_by_nickname_and_typo_and_not_the_household() {
    let server = TestServer::start();
    let robert = server.create_id(&json!({
        "name": "Robert Featherstone", "phone": "+12025550123", "email": "rob@example.com",
        "birthday": "1970-02-03",
    }));
    let csv = "name,phone,email,birthday,title\n\
        Bob Featherstone,+12025550123,rob@example.com,,CEO\n\
        Robert Fetherstone,+12025550123,,1970-02-03,CFO\n\
        Jane Featherstone,+12025550123,,2001-09-09,Daughter\n\
        Rebecca Featherstone,+12025550123,,2003-03-03,Sister\n";
    let job = import(&server, csv.as_bytes(), &json!({}));
    let counts = &job["counts"];
    assert_eq!((&counts["updated"], &counts["imported"]), (&json!(2), &json!(2)), "{job}");
    let kept = server.get(&format!("/api/v1/contacts/{robert}")).expect(200).json;
    assert_eq!(kept["title"], "CFO");
    assert_eq!(server.get("/api/v1/contacts?refresh=wait").expect(200).json["total"], 3);
    // The same list again changes nothing.
    let again = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(again["counts"]["imported"], 0, "{again}");
}

#[test]
fn a_row_goes_to_the_one_it_fits_best_of_those_that_were_told_apart() {
    // The same name, one that begins like the other, and one said for the other.
    for (one, other) in
        [("John Doe", "John Doe"), ("Jon Doe", "Jonathan Doe"), ("Bob Roe", "Robert Roe")]
    {
        let server = TestServer::start();
        let phone = "+12025550123";
        let ids = [
            server.create_id(
                &json!({"name": one, "phone": phone, "title": "Senior", "tags": ["old"]}),
            ),
            server.create_id(
                &json!({"name": other, "phone": phone, "title": "Junior", "email": "j@x.org"}),
            ),
        ];
        server.post("/api/v1/duplicates/dismissals", &json!({"ids": ids})).expect(200);
        let read = || ids.each_ref().map(|id| server.get(&format!("/api/v1/contacts/{id}")).json);
        let before = read();
        let columns = "name,phone,title,email,tags";
        let path = format!("/api/v1/contacts/export?format=csv&columns={columns}");
        server.search("", "&refresh=wait");
        let list = server.get(&path).expect(200).body;
        for options in [json!({}), json!({"match_names": false})] {
            let job = import(&server, &list, &options);
            let counts = json!({"imported": 0, "updated": 0, "skipped": 2, "errors": 0});
            assert_eq!(four(&job), counts, "{one}, {other}: {job}");
            assert_eq!(read(), before);
        }
        // What is new in a row goes to the contact of that name.
        let news = format!("name,phone,title\n{other},{phone},Chair\n{one},{phone},Founder\n");
        if one != other {
            import(&server, news.as_bytes(), &json!({}));
            assert_eq!(read().map(|contact| contact["title"].clone()), ["Founder", "Chair"]);
        }
    }
}

#[test]
fn a_row_goes_to_the_best_of_many_without_names() {
    let server = TestServer::start();
    let department =
        |name: &str| server.post("/api/v1/departments", &json!({"name": name})).expect(201).id();
    let (sales, support) = (department("Sales"), department("Support"));
    let body = json!({"role": "machine", "scopes": ["import", "read"], "department_id": sales});
    let made = server.post("/api/v1/tokens", &body).expect(201);
    let bound = server.without_token().with_token(made.json["token"].as_str().unwrap());
    let create = |name: String, department: &str| {
        server.create_id(&json!({"name": name, "phone": "+12025550123", "email": "team@x.org",
            "org_department_id": department}))
    };
    for at in 0..20 {
        create(format!("Other {at}"), &support);
    }
    let ids: Vec<String> = (0..20).map(|at| create(format!("Person {at}"), &sales)).collect();
    let last = format!("/api/v1/contacts/{}", ids[19]);
    for key in ["email", "phone"] {
        let options = json!({"match_names": false, "match_keys": [key]});
        let (head, value) =
            if key == "email" { (key, "team@x.org") } else { (key, "+12025550123") };
        let before = server.get(&last).expect(200).json;
        let row = format!("name,{head}\nPerson 19,{value}\n");
        let job = import(&server, row.as_bytes(), &options);
        assert_eq!(job["counts"]["unchanged"], 1, "{key}: {job}");
        assert_eq!(server.get(&last).expect(200).json, before, "{key}");
        // Whom the importer does not see takes no place of those whom it sees.
        let started = bound.send(
            "POST",
            &format!("/api/v1/imports?options={}", escape(&options.to_string())),
            &[("content-type", "text/csv")],
            Some(row.as_bytes()),
        );
        let job = ended(&bound, &started.expect(202));
        assert_eq!(job["counts"]["unchanged"], 1, "{key}: {job}");
    }
}

#[test]
fn many_imports_of_one_organisation_forget_none_of_another() {
    let server = TestServer::start();
    let second = server.organization("second");
    let begin = |client: &Client, options: &str| {
        let path = format!("/api/v1/imports?options={}", escape(options));
        let started = client.send("POST", &path, &[], Some(b"name\nAda\n")).expect(202);
        ended(client, &started);
        format!("/api/v1/imports/{}", started.id())
    };
    let theirs = begin(&second, "{}");
    let first = begin(&server, "{}");
    for _ in 0..999 {
        begin(&server, "{\"dry_run\": true}");
    }
    server.get(&first).expect(200);
    let last = begin(&server, "{\"dry_run\": true}");
    // The oldest of its own makes room.
    server.get(&first).expect(404);
    for _ in 0..2 {
        begin(&second, "{}");
    }
    server.get(&last).expect(200);
    second.get(&theirs).expect(200);
}

#[test]
fn jobs_are_known_after_their_server_was_killed_and_imports_go_on() {
    let bench = Bench::new();
    let served = bench.serve(None);
    let client = &served.client;
    client.take_long_lists();
    let mut csv = String::from("name,phone,email\n");
    for i in 0..40_000 {
        let _ = writeln!(csv, "Person {i},+1202{i:07},p{i}@x.org");
    }
    let head = [("content-type", "text/csv")];
    let done = client.send("POST", "/api/v1/imports", &head, Some(b"name\nAda\n")).expect(202);
    let place = |started: &Answer| started.header("location").unwrap().to_owned();
    let done = place(&done);
    while client.get(&done).expect(200).json["finished_at"].is_null() {
        std::thread::yield_now();
    }
    let action = json!({"type": "add_tags", "tags": ["x"]});
    let tagged = client.bulk_action(&json!({"q": "ada"}), &action);
    let import =
        place(&client.send("POST", "/api/v1/imports", &head, Some(csv.as_bytes())).expect(202));
    let known = loop {
        let job = client.get(&import).expect(200).json;
        assert!(job["finished_at"].is_null(), "it is over before it could be killed");
        let known = job["counts"]["imported"].as_u64().unwrap();
        if known > 0 {
            break known;
        }
    };
    drop(served);
    let served = bench.serve(None);
    let client = &served.client;
    let job = client.get(&import).expect(200).json;
    assert!(job["finished_at"].is_null(), "{job}");
    let noted = job["counts"]["imported"].as_u64().unwrap();
    assert!(noted >= known, "{noted}, {known} were seen");
    let job = client.get(&done).expect(200).json;
    assert_eq!((&job["state"], &job["counts"]["imported"]), (&json!("done"), &json!(1)));
    let jobs = client.get("/api/v1/jobs?kind=bulk_action").expect(200).json;
    assert_eq!((&jobs["total"], &jobs["jobs"][0]), (&json!(1), &tagged));
    let job = loop {
        let job = client.get(&import).expect(200).json;
        if !job["finished_at"].is_null() {
            break job;
        }
        std::thread::yield_now();
    };
    assert_eq!((&job["state"], &job["counts"]["imported"]), (&json!("done"), &json!(40_000)));
    assert_eq!(client.search("", "&refresh=wait").json["total"], 40_001);
    served.stop();
}
