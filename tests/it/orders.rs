//! Orders by name and other texts: right to the last letter, on every page, in every language.

use std::fmt::Write;

use ringdex::domain::collation::Collation;
use serde_json::{Value, json};

use crate::support::server::{Client, TestServer, escape};

/// Names that begin alike, in an order of creation that is not theirs, in several commits.
fn people(server: &Client) -> Vec<Value> {
    let mut all = Vec::new();
    for at in 0..90_usize {
        let mixed = (at * 37) % 90;
        let (first, last) = match mixed % 6 {
            0 => ("Maximiliane-Alexandra".to_owned(), format!("Hohenlohe {}", mixed % 18)),
            1 => ("Maximilian".to_owned(), format!("Hohenlohe-Langenburg {}", mixed % 4)),
            2 => ("Ümit".to_owned(), format!("Öztürk {mixed}")),
            3 => ("ümit".to_owned(), "Ozturk".to_owned()),
            4 => ("Jo".to_owned(), format!("Li {}", mixed % 3)),
            _ => ("Иван".to_owned(), format!("Доу {mixed}")),
        };
        let company = ["Frankfurter Allgemeine West", "Frankfurter Allgemeine Ost", "Ärzte", ""];
        let mut person = json!({"first_name": first, "last_name": last,
            "company": company[mixed % 4],
            "status": if mixed % 5 == 0 { "inactive" } else { "active" },
            "source": (["Empfehlung durch Kundinnen", "Empfehlung durch Kunden", "web"][mixed % 3]),
            "country": (["DE", "at"][mixed % 2]),
            "custom_fields": {"region": format!("Niederösterreich {}", ["Nord", "Süd"][mixed % 2]),
                "quarter": (["Новгородская улица", "王小明", "Ægir", "Новгородская ул."][mixed % 4])}});
        if mixed % 4 == 3 {
            person["company"] = Value::Null;
        }
        if mixed % 11 == 0 {
            person["first_name"] = Value::Null;
        }
        all.push(server.create(&person));
        if at % 20 == 0 {
            server.get("/api/v1/contacts?refresh=wait&per_page=1").expect(200);
        }
    }
    server.get("/api/v1/contacts?refresh=wait&per_page=1").expect(200);
    all
}

/// What an order compares: keys of texts or numbers, those without a value last, then the name.
fn expected(people: &[Value], sort: &str, collation: &Collation) -> Vec<String> {
    let (name, is_descending) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let text = |one: &Value, member: &str| one[member].as_str().map(|text| collation.key(text));
    let value = |one: &Value| match name {
        "name" => text(one, "display_name"),
        "first_name" | "last_name" | "company" | "status" | "source" | "country" => text(one, name),
        "lead_score" => one[name].as_u64().map(|score| score.to_be_bytes().to_vec()),
        _ => text(&one["custom_fields"], name.trim_start_matches("cf.")),
    };
    let mut order: Vec<usize> = (0..people.len()).collect();
    order.sort_by(|a, b| {
        let keys = |at: &usize| {
            let one = &people[*at];
            let first = text(one, "first_name").filter(|_| name == "last_name");
            let first = first.filter(|_| one["last_name"].is_string());
            [value(one), first, text(one, "display_name")]
        };
        let (one, other) = (keys(a), keys(b));
        for (one, other) in one.iter().zip(&other) {
            let order = match (one, other) {
                (Some(one), Some(other)) if is_descending => other.cmp(one),
                (Some(one), Some(other)) => one.cmp(other),
                (one, other) => other.is_some().cmp(&one.is_some()),
            };
            if order.is_ne() {
                return order;
            }
        }
        // Those who are equal in everything in the order of creation.
        a.cmp(b)
    });
    order.into_iter().map(|at| people[at]["id"].as_str().unwrap().to_owned()).collect()
}

fn ids(answer: &Value) -> Vec<String> {
    let contacts = answer["contacts"].as_array().unwrap();
    contacts.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_page_of_every_order_is_right_to_the_last_letter() {
    let server = TestServer::start();
    let people = people(&server);
    let collation = Collation::of("und").unwrap();
    for sort in [
        "name",
        "-name",
        "last_name",
        "-last_name",
        "first_name",
        "-first_name",
        "company",
        "-company",
        "status",
        "-status",
        "source",
        "-source",
        "country",
        "-country",
        "lead_score",
        "-lead_score",
        "cf.region",
        "-cf.region",
        "cf.quarter",
        "-cf.quarter",
    ] {
        let expected = expected(&people, sort, &collation);
        for per_page in [7, 100] {
            let path = format!("/api/v1/contacts?sort={sort}&per_page={per_page}");
            let mut walked = Vec::new();
            let mut cursor = String::new();
            let mut page = 1;
            loop {
                let answer = server.get(&format!("{path}&cursor={cursor}")).expect(200).json;
                let turned = server.get(&format!("{path}&page={page}")).expect(200).json;
                assert_eq!(ids(&turned), ids(&answer), "{sort}, page {page} of {per_page}");
                walked.extend(ids(&answer));
                page += 1;
                match answer["next_cursor"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            let names = |ids: &[String]| -> Vec<String> {
                let name = |id: &String| people.iter().find(|one| one["id"] == **id).unwrap();
                ids.iter().map(|id| name(id)["display_name"].to_string()).collect()
            };
            assert_eq!(names(&walked), names(&expected), "{sort}, {per_page} a page");
            assert_eq!(walked, expected, "{sort}, {per_page} a page");
        }
    }
}

const LIST: &str = "/api/v1/contacts?refresh=wait";

fn import(server: &Client, csv: &str) {
    let body = Some(csv.as_bytes());
    let job = server.send("POST", "/api/v1/imports", &[("content-type", "text/csv")], body);
    let job = format!("/api/v1/imports/{}", job.expect(202).id());
    while server.get(&job).expect(200).json["finished_at"].is_null() {
        std::thread::yield_now();
    }
    server.get(&format!("{LIST}&per_page=1")).expect(200);
}

/// All have one long source and so on, so that nothing but their names tells them apart, and these
/// begin alike.
#[test]
fn where_all_have_the_same_the_first_names_are_found_among_all() {
    let server = TestServer::start();
    for half in 0..2_usize {
        let mut lines = "name,source,city\n".to_owned();
        for at in 0..1_500_usize {
            let mixed = (half * 1_500 + at) * 1_777 % 3_000;
            writeln!(lines, "Maximiliane-Alexandra {mixed:04},Empfehlung durch Kundinnen,Wien")
                .unwrap();
        }
        import(&server, &lines);
    }
    for sort in ["source", "city", "status", "company"] {
        for (sign, page) in [("", 1), ("-", 1), ("", 40), ("-", 75)] {
            let path = format!("{LIST}&sort={sign}{sort}&per_page=40&page={page}");
            let answer = server.get(&path).expect(200).json;
            let names: Vec<&str> = answer["contacts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["display_name"].as_str().unwrap())
                .collect();
            let from = (page - 1) * 40;
            let expected: Vec<String> = (from..from + 40)
                .map(|at| if sign.is_empty() { at } else { 2_999 - at })
                .map(|at| format!("Maximiliane-Alexandra {at:04}"))
                .collect();
            assert_eq!(names, expected, "{sign}{sort}, page {page}");
        }
    }
}

#[test]
fn a_walk_goes_on_at_its_place_when_the_one_who_stood_there_is_gone() {
    let server = TestServer::start();
    let people = people(&server);
    let expected = expected(&people, "name", &Collation::of("und").unwrap());
    let first = server.get("/api/v1/contacts?sort=name&per_page=40").expect(200).json;
    let cursor = first["next_cursor"].as_str().unwrap();
    server.delete(&format!("/api/v1/contacts/{}", expected[39])).expect(204);
    server.create(&json!({"name": "Aaron"}));
    let path = format!("/api/v1/contacts?sort=name&refresh=wait&per_page=100&cursor={cursor}");
    assert_eq!(ids(&server.get(&path).expect(200).json), expected[40..]);
}

#[test]
fn one_can_begin_at_any_letter_and_every_letter_is_counted() {
    let server = TestServer::start();
    for at in 0..26_u8 {
        server.create(&json!({"name": format!("{}nna", char::from(b'A' + at))}));
    }
    for name in ["Ömer", "Иван", "Ωμέγα", "3M", "王小明", "Mc Coy", "M"] {
        server.create(&json!({"name": name}));
    }
    server.create(&json!({"phone": "+1 202 555 0100"}));
    let first = |start: &str, sort: &str| {
        let path = format!("/api/v1/contacts?refresh=wait&sort={sort}&start={}", escape(start));
        let answer = server.get(&path).expect(200).json;
        answer["contacts"][0]["display_name"].as_str().unwrap().to_owned()
    };
    assert_eq!(first("m", "name"), "M");
    assert_eq!(first("m", "-name"), "Mnna");
    assert_eq!(first("ö", "name"), "Ömer");
    assert_eq!(first("и", "name"), "Иван");
    assert_eq!(first("Mc", "-name"), "Mc Coy");
    let facet = server.get("/api/v1/contacts?facets=letter&facet_values=1").expect(200).json;
    let letters: Vec<&str> = facet["facets"]["letter"]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["value"].as_str().unwrap())
        .collect();
    assert_eq!(letters.concat(), "#ABCDEFGHIJKLMNOPQRSTUVWXYZΩИ");
    let refused = server.get("/api/v1/contacts?sort=created_at&start=m").expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/start");
    for cursor in ["1", "2.0.0.0.0.!", "2.0.0.0.0.~.~.~.~"] {
        let path = format!("/api/v1/contacts?sort=name&cursor={}", escape(cursor));
        assert_eq!(server.get(&path).expect(422).json["errors"][0]["pointer"], "/cursor");
    }
}
