//! Countries, languages and time zones: read in one way everywhere, and named where they are none.

use std::fs::File;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::process::Bench;
use crate::support::server::{Client, TestServer};

/// The members about places, and the country of the first address.
fn places(contact: &Value) -> [Value; 4] {
    let of = |pointer: &str| contact.pointer(pointer).cloned().unwrap_or(Value::Null);
    [of("/country"), of("/language"), of("/timezone"), of("/addresses/0/country")]
}

fn import(server: &Client, kind: &str, list: &str) -> Value {
    let headers = [("content-type", kind)];
    let started = server.send("POST", "/api/v1/imports", &headers, Some(list.as_bytes()));
    let path = format!("/api/v1/imports/{}", started.expect(202).id());
    loop {
        let job = server.get(&path).expect(200).json;
        if !job["finished_at"].is_null() {
            return job;
        }
        std::thread::yield_now();
    }
}

const NORMAL: [&str; 4] = ["DE", "de-AT", "Europe/Berlin", "US"];

#[test]
fn places_are_kept_in_their_normal_form_wherever_they_come_from() {
    let server = TestServer::start();
    let body = json!({"name": "Ada", "country": "germany", "language": "DE_at",
        "timezone": "europe/berlin",
        "addresses": [{"city": "Springfield", "country": "United States of America"}]});
    let ada = server.create(&body);
    assert_eq!(places(&ada), NORMAL, "{ada}");
    assert_eq!(ada.get("warnings"), None);
    let bulk = json!({"contacts": [{"name": "Ben", "country": "Deutschland", "language": "German",
        "timezone": "UTC", "address": {"city": "Zug", "country": "CHE"}}]});
    let made = server.post("/api/v1/contacts/bulk", &bulk).expect(200).json;
    let ben = made["results"][0]["id"].as_str().unwrap().to_owned();
    let ben = server.get(&format!("/api/v1/contacts/{ben}")).expect(200).json;
    assert_eq!(places(&ben), ["DE", "de", "UTC", "CH"]);
    let path = format!("/api/v1/contacts/{}", ada["id"].as_str().unwrap());
    let changed = server.patch(&path, &json!({"language": "English (UK)"})).expect(200).json;
    assert_eq!(changed["language"], "en-GB");
    let list =
        "Name,City,Country,Language,Time zone\nCleo,Springfield,USA,deutsch,america/new york\n";
    let job = import(&server, "text/csv", list);
    assert_eq!(
        (&job["counts"]["imported"], &job["warnings_total"]),
        (&json!(1), &json!(0)),
        "{job}"
    );
    let cleo = server.search("cleo", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(places(&cleo), ["US", "de", "America/New_York", "US"]);
    let line = json!({"name": "Dora", "country": "uk", "language": "ENG", "timezone": "utc"});
    import(&server, "application/x-ndjson", &format!("{line}\n"));
    let dora = server.search("dora", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(places(&dora), [json!("GB"), json!("en"), json!("UTC"), Value::Null]);
}

#[test]
fn a_place_that_is_none_is_kept_and_warned_about() {
    let server = TestServer::start();
    let body = json!({"name": "Ada", "country": "Nowhere", "language": "Klingonish",
        "timezone": "Mars/Olympus", "addresses": [{"city": "X", "country": "Atlantis"}]});
    let ada = server.create(&body);
    assert_eq!(places(&ada), ["Nowhere", "Klingonish", "Mars/Olympus", "Atlantis"]);
    let warned = |answer: &Value| {
        let warnings = answer["warnings"].as_array().cloned().unwrap_or_default();
        warnings
            .iter()
            .map(|one| {
                assert!(one["detail"].as_str().unwrap().contains("use a"), "{one}");
                (
                    one["pointer"].as_str().unwrap().to_owned(),
                    one["code"].as_str().unwrap().to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let expected = [
        pair("/country", "country_unknown"),
        pair("/language", "language_unknown"),
        pair("/timezone", "timezone_unknown"),
        pair("/addresses/0/country", "country_unknown"),
    ];
    assert_eq!(warned(&ada), expected, "{ada}");
    // A change is warned about what it says.
    let path = format!("/api/v1/contacts/{}", ada["id"].as_str().unwrap());
    let changed = server.patch(&path, &json!({"time_zone": "CEST"})).expect(200).json;
    assert_eq!(warned(&changed), [pair("/timezone", "timezone_unknown")]);
    let quiet = server.patch(&path, &json!({"title": "CEO"})).expect(200).json;
    assert_eq!(warned(&quiet), []);
    let bulk = json!({"contacts": [{"name": "Ben", "country": "Nowhere"}, {"name": "Cleo"}]});
    let made = server.post("/api/v1/contacts/bulk", &bulk).expect(200).json;
    assert_eq!(warned(&made["results"][0]), [pair("/country", "country_unknown")]);
    assert_eq!(made["results"][1].get("warnings"), None);
    // A list says row and column.
    let list = "Name,City,Country,Language,Time zone\nDora,Xanadu,Nowhere,Klingonish,Mars\n";
    let job = import(&server, "text/csv", list);
    let rows: Vec<_> = job["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["row"], one["column"].as_str().unwrap(), one["value"].as_str().unwrap()))
        .collect();
    let two = json!(2);
    let expected = [
        (&two, "Country", "Nowhere"),
        (&two, "Language", "Klingonish"),
        (&two, "Time zone", "Mars"),
    ];
    assert_eq!(rows, expected, "{job}");
    let dora = server.search("dora", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&dora["language"], &dora["timezone"]), (&json!("Klingonish"), &json!("Mars")));
    assert_eq!(dora["addresses"][0]["country"], "Nowhere");
}

#[test]
fn an_organisation_can_refuse_places_that_are_none() {
    let server = TestServer::start();
    let old = server.create_id(&json!({"name": "Old", "country": "Nowhere"}));
    server.patch("/api/v1/settings", &json!({"strict_places": true})).expect(200);
    for (body, pointer) in [
        (json!({"name": "A", "country": "Nowhere"}), "/country"),
        (json!({"name": "A", "language": "xx"}), "/language"),
        (json!({"name": "A", "timezone": "Mars"}), "/timezone"),
        (json!({"name": "A", "address": {"country": "Nowhere"}}), "/addresses/0/country"),
    ] {
        let refused = server.post("/api/v1/contacts", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{}", refused.json);
    }
    server.create(&json!({"name": "B", "country": "Germany", "language": "de"}));
    // What was there before may be sent back, and nothing else that is none.
    let path = format!("/api/v1/contacts/{old}");
    server.patch(&path, &json!({"country": "Nowhere", "title": "CEO"})).expect(200);
    server.patch(&path, &json!({"country": "Elsewhere"})).expect(422);
    let list = "Name,City,Country,Language\nDora,Xanadu,Nowhere,Klingonish\n";
    let job = import(&server, "text/csv", list);
    assert_eq!(
        (&job["counts"]["imported"], &job["warnings_total"]),
        (&json!(1), &json!(2)),
        "{job}"
    );
    let dora = server.search("dora", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&dora["language"], &dora["addresses"][0]["country"]), (&Value::Null, &Value::Null));
    let line = json!({"name": "Eve", "country": "Nowhere", "address": {"country": "Nowhere"}});
    let job = import(&server, "application/x-ndjson", &format!("{line}\n"));
    assert_eq!(job["warnings_total"], 2, "{job}");
    let eve = server.search("eve", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(eve["country"], Value::Null);
}

#[test]
fn a_country_is_found_by_its_code_and_its_names() {
    let server = TestServer::start();
    server.create(&json!({"name": "Ada", "address": {"city": "Berlin", "country": "Germany"}}));
    server.create(&json!({"name": "Ben", "country": "DE", "language": "German"}));
    server.create(&json!({"name": "Cleo", "country": "Nowhere"}));
    server.create(&json!({"name": "Dora", "country": "France"}));
    server.search("", "&refresh=wait");
    let names = |q: &str| {
        let found = server.search(q, "&sort=name").json;
        let contacts = found["contacts"].as_array().unwrap().clone();
        contacts
            .iter()
            .map(|one| one["display_name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for q in
        ["country:Germany", "country:DE", "country:deu", "country:Deutschland", "country:germ*"]
    {
        assert_eq!(names(q), ["Ada", "Ben"], "{q}");
    }
    assert_eq!(names("country:nowhere"), ["Cleo"]);
    assert_eq!(names("language:de"), ["Ben"]);
    assert_eq!(names("language:German"), ["Ben"]);
    assert_eq!(names("-country:Germany"), ["Cleo", "Dora"]);
    // People write where somebody lives without naming the field.
    assert_eq!(names("berlin germany"), ["Ada"]);
    for country in ["DE", "Germany"] {
        let listed = server.search("", &format!("&country={country}")).json;
        assert_eq!(listed["total"], 2, "{country}: {listed}");
        let filter = json!({"field": "country", "op": "is", "value": country});
        let body = json!({"filter": filter, "sort": "name"});
        let found = server.post("/api/v1/contacts/search", &body).expect(200).json;
        assert_eq!(found["total"], 2, "{country}: {found}");
    }
    let facets = server.search("", "&facets=country").json["facets"]["country"].clone();
    assert!(facets.to_string().contains("\"DE\""), "{facets}");
}

#[test]
fn the_command_reads_places_like_the_api() {
    let bench = Bench::new();
    let list = bench.path("list.csv");
    let rows = b"Name,City,Country,Language\nAda,Berlin,Germany,Deutsch\nBen,Xanadu,Nowhere,en\n";
    File::create(&list).unwrap().write_all(rows).unwrap();
    let ended = bench.run(&["import", list.to_str().unwrap()], None).expect(0);
    assert!(ended.err.contains("row 3, Country: \"Nowhere\" is not a country"), "{}", ended.err);
    let found = bench.run(&["search", "country:Germany", "--json"], None).expect(0);
    assert!(found.out.contains("\"language\": \"de\""), "{}", found.out);
    assert!(!found.out.contains("Ben"), "{}", found.out);
}
