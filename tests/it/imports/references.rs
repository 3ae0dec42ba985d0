//! Owners, queues and departments that a list names, and who sees its contacts then.

use std::fs::File;
use std::io::Write as _;

use serde_json::{Value, json};

use super::{ended, errors_of, four, import};
use crate::support::process::Bench;
use crate::support::server::{OPERATOR, TestServer};

const LIST: &str = "Name,Owner,Team queue,Who sees it\n\
    Ada,Zoe,Sales,queue\n\
    Ben,,Nowhere,queue\n\
    Cleo,,Nowhere,all\n\
    Dora,sam@example.com,,owner\n";

fn options(more: &Value) -> Value {
    let mut options = json!({"mapping": {"Owner": "assigned_to", "Team queue": "assigned_queue",
        "Who sees it": "visibility"}});
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    options
}

/// What the warnings of an import are about: row, column and value.
fn places(job: &Value) -> Vec<(u64, String, String)> {
    let warnings = job["warnings"].as_array().unwrap().iter();
    let mut places: Vec<_> = warnings
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (one["row"].as_u64().unwrap(), text("column"), text("value"))
        })
        .collect();
    places.sort();
    places
}

#[test]
fn an_owner_or_queue_that_nobody_knows_is_named_and_hides_no_contact() {
    let server = TestServer::start();
    let queue = server.post("/api/v1/queues", &json!({"name": "Sales"})).expect(201).id();
    let sam = server.user("sam@example.com", "agent", "correct horse battery");
    let expected: Vec<_> = [
        (2, "Owner", "Zoe"),
        (3, "Team queue", "Nowhere"),
        (3, "Who sees it", "queue"),
        (4, "Team queue", "Nowhere"),
    ]
    .into_iter()
    .map(|(row, column, value)| (row, column.to_owned(), value.to_owned()))
    .collect();
    // A trial says what the run will say.
    for dry_run in [true, false] {
        let job = import(&server, LIST.as_bytes(), &options(&json!({"dry_run": dry_run})));
        assert_eq!(four(&job), json!({"imported": 4, "updated": 0, "skipped": 0, "errors": 0}));
        assert_eq!(places(&job), expected, "{job}");
        let about_queue = &job["warnings"].as_array().unwrap()[1];
        assert!(
            about_queue["detail"].as_str().unwrap().contains("name or id \"Nowhere\""),
            "{job}"
        );
        assert!(about_queue["remedy"].as_str().unwrap().contains("create the queue"), "{job}");
    }
    let contact = |name: &str| server.search(name, "&refresh=wait").json["contacts"][0].clone();
    let ada = contact("ada");
    assert_eq!((&ada["assigned_queue"], &ada["assigned_to"]), (&json!(queue), &Value::Null));
    assert_eq!(ada["visibility"], "queue");
    assert_eq!(contact("dora")["assigned_to"], json!(sam));
    for name in ["ben", "cleo"] {
        let contact = contact(name);
        assert_eq!(
            (&contact["assigned_queue"], &contact["visibility"]),
            (&Value::Null, &json!("all"))
        );
    }
    // An agent in no queue sees whom the list did not give to a queue or somebody else.
    let agent = server.role("agent");
    assert_eq!(agent.search("ben", "&refresh=wait").json["total"], 1);
}

#[test]
fn a_strict_import_refuses_what_it_cannot_refer_to() {
    let server = TestServer::start();
    server.post("/api/v1/queues", &json!({"name": "Sales"})).expect(201);
    server.user("sam@example.com", "agent", "correct horse battery");
    for dry_run in [true, false] {
        let strict = options(&json!({"strict": true, "dry_run": dry_run}));
        let job = import(&server, LIST.as_bytes(), &strict);
        assert_eq!(job["counts"]["errors"], 3, "{job}");
        let errors = errors_of(&server, &job);
        assert!(errors.contains("2,Owner,Zoe,value_unknown"), "{errors}");
        assert!(errors.contains("3,Team queue,Nowhere,value_unknown"), "{errors}");
        assert!(errors.contains("4,Team queue,Nowhere,value_unknown"), "{errors}");
    }
    let nobody = "Name,Visibility\nAda,queue\n";
    let job = import(&server, nobody.as_bytes(), &json!({"strict": true}));
    assert_eq!((&job["state"], &job["counts"]["errors"]), (&json!("failed"), &json!(1)), "{job}");
    assert!(errors_of(&server, &job).contains("2,Visibility,queue,value_unknown"));
    assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
}

#[test]
fn a_name_that_several_have_refers_to_nobody() {
    let server = TestServer::start();
    for email in ["one@example.com", "two@example.com"] {
        let user = json!({"email": email, "name": "Zoe Twin", "role": "agent"});
        server.post("/api/v1/users", &user).expect(201);
    }
    let job = import(&server, b"Name,Owner\nAda,zoe twin\nBen,two@example.com\n", &json!({}));
    assert_eq!(
        (&job["counts"]["imported"], &job["warnings_total"]),
        (&json!(2), &json!(1)),
        "{job}"
    );
    let warning = &job["warnings"][0];
    assert!(warning["detail"].as_str().unwrap().contains("several users"), "{warning}");
    let ada = server.search("ada", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(ada["assigned_to"], Value::Null);
    let ben = server.search("ben", "").json["contacts"][0].clone();
    assert!(ben["assigned_to"].is_string(), "{ben}");
}

#[test]
fn a_row_for_a_contact_in_a_queue_may_give_it_to_the_queue_again() {
    let server = TestServer::start();
    let queue = server.post("/api/v1/queues", &json!({"name": "Sales"})).expect(201).id();
    let in_queue = server
        .create_id(&json!({"name": "Ada", "email": "ada@example.com", "assigned_queue": queue}));
    let in_none = server.create_id(&json!({"name": "Ben", "email": "ben@example.com"}));
    let list = "Name,Email,Visibility\nAda,ada@example.com,queue\nBen,ben@example.com,queue\n";
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(places(&job), [(3, "Visibility".to_owned(), "queue".to_owned())], "{job}");
    let visibility = |id: &str| {
        server.get(&format!("/api/v1/contacts/{id}")).expect(200).json["visibility"].clone()
    };
    assert_eq!((visibility(&in_queue), visibility(&in_none)), (json!("queue"), json!("all")));
    // Lines of JSON refer in the same way, also to departments.
    let lines = json!({"name": "Cleo", "org_department_id": "Nowhere", "assigned_queue": "sales"});
    let kind = [("content-type", "application/x-ndjson")];
    let body = lines.to_string() + "\n";
    let started = server.send("POST", "/api/v1/imports", &kind, Some(body.as_bytes())).expect(202);
    let job = ended(&server, &started);
    let at = (1, "org_department_id".to_owned(), "Nowhere".to_owned());
    assert_eq!(places(&job), [at], "{job}");
    let cleo = server.search("cleo", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(
        (&cleo["assigned_queue"], &cleo["org_department_id"]),
        (&json!(queue), &Value::Null)
    );
}

#[test]
fn the_command_refuses_and_leaves_out_the_same() {
    let bench = Bench::new();
    let list = bench.path("list.csv");
    File::create(&list).unwrap().write_all(b"Name,Owner\nAda,Zoe\n").unwrap();
    let list = list.to_str().unwrap();
    let served = bench.serve(None);
    let base = served.base.clone();
    let check = |target: &[&str]| {
        let import = |more: &[&str]| bench.run(&[target, &["import", list], more].concat(), None);
        let strict = import(&["--strict"]).expect(4);
        assert_eq!(strict.out.trim_end(), "imported 0, updated 0, skipped 0, errors 1");
        let loose = import(&["--on-duplicate", "create"]).expect(0);
        assert_eq!(loose.out.trim_end(), "imported 1, updated 0, skipped 0, errors 0");
        assert!(loose.err.contains("row 2, Owner: \"Zoe\""), "{}", loose.err);
    };
    check(&["--server", &base, "--token", OPERATOR]);
    served.stop();
    check(&[]);
}

#[test]
fn a_row_hides_no_contact_from_everybody_and_names_no_company_that_is_none() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Ben", "email": "ben@example.com"}));
    let list = "Name,Email,Visibility\nBen,ben@example.com,owner\n";
    let job = import(&server, list.as_bytes(), &json!({}));
    assert_eq!(places(&job), [(2, "Visibility".to_owned(), "owner".to_owned())], "{job}");
    let ben = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    assert_eq!(ben["visibility"], "all");
    let company = "018f0000-0000-7000-8000-000000000000";
    let body = json!({"name": "Cleo", "company_id": company}).to_string() + "\n";
    let kind = [("content-type", "application/x-ndjson")];
    let started = server.send("POST", "/api/v1/imports", &kind, Some(body.as_bytes())).expect(202);
    let job = ended(&server, &started);
    assert_eq!(places(&job), [(1, "company_id".to_owned(), company.to_owned())], "{job}");
    let cleo = server.search("cleo", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(cleo["company_id"], Value::Null, "{cleo}");
}
