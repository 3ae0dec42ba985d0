//! The table of `tests/data/ladder`: what is typed into the box, who comes, and why.

use serde_json::Value;

use crate::support::server::{Answer, TestServer};

const PEOPLE: &str = include_str!("../../data/ladder/people.json");
const ROWS: &str = include_str!("../../data/ladder/ladder.tsv");

/// What is wrong with an answer; `None` if it is as the row says.
fn fault(answer: &Answer, finds: &str, because: &str) -> Option<String> {
    let names = answer.names();
    let mut expected: Vec<&str> = finds.split(';').map(str::trim).collect();
    let others_may_follow = expected.last() == Some(&"…");
    if others_may_follow {
        expected.pop();
    }
    if finds == "-" {
        expected.clear();
    }
    let is_found = names == expected || others_may_follow && names.starts_with(&expected);
    if !is_found {
        return Some(format!("found {names:?}, not {expected:?}"));
    }
    let why: Vec<&str> = answer.json["contacts"][0]["match"]["why"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(Value::as_str)
        .collect();
    (because != "-" && !why.contains(&because)).then(|| format!("because of {why:?}"))
}

#[test]
fn the_box_finds_what_the_table_says() {
    let server = TestServer::start();
    let people: Vec<Value> = serde_json::from_str(PEOPLE).unwrap();
    for person in &people {
        server.create(person);
    }
    let mut wrong = Vec::new();
    for (at, row) in ROWS.lines().enumerate().skip(1) {
        let [what, typed, finds, because] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("line {}: four columns", at + 1);
        };
        if let Some(fault) = fault(&server.search(typed, "&refresh=wait"), finds, because) {
            wrong.push(format!("line {}, {what}: {typed:?} {fault}", at + 1));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
