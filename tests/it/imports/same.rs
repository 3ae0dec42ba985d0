//! Whatever a list holds: again it changes nothing, and what was exported is the same elsewhere.

use std::cell::Cell;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{import, passed_over};
use crate::support::server::{Client, TestServer};

/// The cells of a person beside what tells who it is.
fn person() -> impl Strategy<Value = [String; 7]> {
    let words = "[A-Z][a-zäöüß]{1,9}";
    let text = "[ -~éß]{0,30}";
    (words, words, text, text, "[a-z]{0,6}(;[a-z]{1,6}){0,2}", "[0-9]{2}", text).prop_map(
        |(first, last, company, title, tags, day, notes)| {
            let day: u32 = day.parse().unwrap_or(0);
            let birthday = format!("19{:02}-{:02}-{:02}", day, day % 12 + 1, day % 28 + 1);
            [first, last, company, title, tags, birthday, notes]
        },
    )
}

fn list(people: &[[String; 7]]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["phone", "email", "first_name", "last_name", "company", "title", "tags"];
    writer.write_record(head.iter().chain(&["birthday", "notes", "cf.text"])).unwrap();
    for (at, person) in people.iter().enumerate() {
        let own = [format!("+1202555{at:04}"), format!("person{at}@contacts.example")];
        let note = person[6].clone();
        writer.write_record(own.iter().chain(person).chain(&[note])).unwrap();
    }
    writer.into_inner().unwrap()
}

/// All contacts as JSON, without what is of one organisation.
fn exported(client: &Client) -> (Vec<u8>, Vec<Value>) {
    client.search("", "&refresh=wait");
    let body = client.get("/api/v1/contacts/export?format=jsonl").expect(200).body;
    let mut all: Vec<Value> = String::from_utf8(body.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for one in &mut all {
        for member in
            ["id", "number", "created_at", "updated_at", "created_by", "updated_by", "version"]
        {
            one.as_object_mut().unwrap().remove(member);
        }
    }
    all.sort_by_key(|one| one["emails"].to_string());
    (body, all)
}

#[test]
fn any_list_changes_nothing_twice_and_its_export_is_the_same_elsewhere() {
    let server = TestServer::start();
    let count = Cell::new(0);
    let rows = proptest::collection::vec(person(), 1..12);
    proptest!(ProptestConfig::with_cases(12), |(people in rows)| {
        count.set(count.get() + 1);
        let first = server.organization(&format!("first-{}", count.get()));
        let second = server.organization(&format!("second-{}", count.get()));
        let list = list(&people);
        let made = import(&first, &list, &json!({}));
        prop_assert_eq!(&made["counts"]["imported"], &json!(people.len()), "{}", made);
        let again = import(&first, &list, &json!({}));
        prop_assert_eq!(&again["counts"]["unchanged"], &json!(people.len()), "{}", again);
        let (body, before) = exported(&first);
        let moved = import(&second, &body, &json!({}));
        prop_assert_eq!(&moved["counts"]["imported"], &json!(people.len()), "{}", moved);
        let (_, after) = exported(&second);
        prop_assert_eq!(&before, &after);
        // Back where they come from they are known, in every form.
        let back = import(&first, &body, &json!({}));
        prop_assert_eq!(passed_over(&back), people.len() as u64, "{}", back);
        for format in ["csv", "csv&bom=true&delimiter=tab", "xlsx", "vcf", "vcf&version=3.0"] {
            let path = format!("/api/v1/contacts/export?format={format}");
            let list = first.get(&path).expect(200).body;
            let back = import(&first, &list, &json!({}));
            prop_assert_eq!(passed_over(&back), people.len() as u64, "{}: {}", format, back);
        }
        prop_assert_eq!(&exported(&first).1, &before);
    });
}

/// A list of some of the people, with other things said of them, and of some others.
fn later(people: &[[String; 7]]) -> Vec<[String; 7]> {
    let mut later = people.to_vec();
    for (at, person) in later.iter_mut().enumerate() {
        if at % 2 == 0 {
            person[3] = format!("Title {at}");
            "later".clone_into(&mut person[4]);
            person[6] = String::new();
        }
    }
    later.rotate_left(people.len() / 2);
    later
}

#[test]
fn any_import_that_is_taken_back_has_changed_nothing() {
    let server = TestServer::start();
    let count = Cell::new(0);
    let rows = || proptest::collection::vec(person(), 1..8);
    proptest!(ProptestConfig::with_cases(10), |(before in rows(), more in rows())| {
        count.set(count.get() + 1);
        let client = server.organization(&format!("undone-{}", count.get()));
        import(&client, &list(&before), &json!({}));
        let (_, known) = exported(&client);
        let all: Vec<[String; 7]> = later(&before).into_iter().chain(more).collect();
        let options = json!({
            "tags": ["fair"], "list_mode": "new", "list": "Fair", "companies": "create",
            "match_names": count.get() % 2 == 0,
        });
        let job = import(&client, &list(&all), &options);
        prop_assert_eq!(&job["state"], &json!("done"), "{}", job);
        let undo = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
        let begun = client.post(&undo, &json!({}));
        // Nothing may have been new to anybody.
        if begun.status != 409 {
            begun.expect(202);
            server.app().finish_jobs();
        }
        prop_assert_eq!(exported(&client).1, known);
        for noun in ["lists", "companies"] {
            let left = client.get(&format!("/api/v1/{noun}")).expect(200).json["total"].clone();
            prop_assert_eq!(left, 0, "{}", noun);
        }
    });
}
