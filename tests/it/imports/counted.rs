//! Each row of a list is counted once.

use serde_json::{Value, json};

use super::import;
use crate::support::server::TestServer;

fn sum(job: &Value) -> u64 {
    let counts = job["counts"].as_object().unwrap();
    counts.values().map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn every_row_of_every_list_is_counted_once() {
    let server = TestServer::start();
    server.take_long_lists();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "csv"));
    files.sort();
    assert!(files.len() > 5, "{files:?}");
    let mut seen = std::collections::BTreeSet::new();
    let mut lists: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
        .collect();
    let twice = "name,phone,title\nIda Twice,+12025550177,CTO\nIda Twice,+12025550177,CEO\n";
    lists.push(("a person twice".to_owned(), twice.as_bytes().to_vec()));
    for (file, list) in lists {
        for options in [
            json!({"dry_run": true}),
            json!({"dry_run": true, "strict": true}),
            json!({"on_duplicate": "update"}),
            json!({"on_duplicate": "update"}),
            json!({"on_duplicate": "skip"}),
            json!({"on_duplicate": "ask"}),
            json!({"on_duplicate": "ask", "dry_run": true}),
            json!({"on_duplicate": "create", "strict": true}),
        ] {
            let job = import(&server, &list, &options);
            if job["error"].as_str().is_some_and(|error| error.contains("no column goes to")) {
                continue;
            }
            assert_eq!(job["progress"]["done"], sum(&job), "{file} {options}: {job}");
            assert_eq!(job["progress"]["total"], sum(&job), "{file} {options}: {job}");
            let preview = server.post(
                "/api/v1/imports/preview",
                &json!({"csv": String::from_utf8_lossy(&list), "options": options}),
            );
            if preview.status == 200 && std::str::from_utf8(&list).is_ok() {
                assert_eq!(preview.json["file"]["rows"], sum(&job), "{file} {options}");
            }
            let counts = job["counts"].as_object().unwrap();
            seen.extend(
                counts.iter().filter(|(_, count)| **count != 0).map(|(name, _)| name.clone()),
            );
        }
    }
    // The lists have rows of all kinds.
    let all = ["asked", "errors", "imported", "skipped", "unchanged", "updated"];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), all);
}
