//! Nothing of what was stored can be read in an encrypted data directory.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::merges::merge;
use crate::support::process::Bench;

/// What is looked for: names, parts of numbers and addresses that stand nowhere by chance.
const MARKS: &[&str] = &[
    "Marginalia",
    "Quuxworth",
    "Vexillology",
    "Brobdingnag",
    "Zzyzxville",
    "493023125999",
    "3023125999",
    "23125 999",
    "quuxworth@example",
    "+12125550147",
    "12125550147",
    "lilliputian",
    "Houyhnhnm",
    // Terms are no text in a plain index either, but each of its files ends with this.
    "index_format_version",
];

/// All forms in which the marks may stand in a file.
fn needles() -> Vec<Vec<u8>> {
    let mut all = BTreeSet::new();
    for mark in MARKS {
        for text in [(*mark).to_owned(), mark.to_lowercase(), mark.to_uppercase()] {
            all.insert(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
            all.insert(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
            // Numbers are also kept with their digits reversed.
            all.insert(text.bytes().rev().collect());
            all.insert(text.into_bytes());
        }
    }
    all.into_iter().collect()
}

/// The parts of a data directory that hold one of the marks.
fn found(root: &Path) -> BTreeSet<String> {
    let mut by_start: HashMap<[u8; 2], Vec<Vec<u8>>> = HashMap::new();
    for needle in needles() {
        by_start.entry([needle[0], needle[1]]).or_default().push(needle);
    }
    let mut starts = vec![false; 1 << 16];
    for start in by_start.keys() {
        starts[usize::from(u16::from_be_bytes(*start))] = true;
    }
    let holds_mark = |bytes: &[u8]| {
        bytes.windows(2).enumerate().any(|(at, window)| {
            let start = [window[0], window[1]];
            starts[usize::from(u16::from_be_bytes(start))]
                && by_start[&start].iter().any(|needle| bytes[at..].starts_with(needle))
        })
    };
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        // A running server may remove anything at any time.
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(root).unwrap();
            let bytes = std::fs::read(&path).unwrap_or_default();
            if holds_mark(&bytes) || holds_mark(inside.as_os_str().as_encoded_bytes()) {
                found.insert(inside.iter().next().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// Lives with a directory as a call centre does, and tells where the marks were found meanwhile.
fn live(bench: &Bench, key: Option<&Path>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let served = bench.serve(key);
    let client = &served.client;
    let organization = client.organization("Zzyzxville");
    organization.create(&json!({"name": "Houyhnhnm"}));
    let id = client.create_id(&json!({
        "first_name": "Marginalia",
        "last_name": "Quuxworth",
        "company": "Brobdingnag Ltd",
        "phones": [{"number": "+49 30 23125 999"}],
        "emails": [{"address": "marginalia.quuxworth@example.org"}],
        "notes": "lilliputian ".repeat(700),
        "tags": ["lilliputian"],
    }));
    let repeated = json!({"name": "Brobdingnag Quuxworth"});
    client.json("POST", "/api/v1/contacts", &[("idempotency-key", "once")], &repeated).expect(201);
    client
        .patch(&format!("/api/v1/contacts/{id}"), &json!({"last_name": "Vexillology"}))
        .expect(200);
    let gone = client
        .create_id(&json!({"name": "Gone Houyhnhnm", "phones": [{"number": "+12125550147"}]}));
    client.delete(&format!("/api/v1/contacts/{gone}")).expect(204);
    let twin = client.create_id(&json!({"name": "M. Quuxworth", "company": "Vexillology"}));
    merge(client, &id, &[&twin]).expect(200);
    seen.extend(found(&bench.data()));

    let mut list = "name,phone,email\n".to_owned();
    for row in 0..3_000 {
        let _ = writeln!(list, "Lilliputian Marginalia{row},+12125550147,l{row}@quuxworth.example");
    }
    list.push_str(
        "Lilliputian Broken,neither 7 nor +12125550147 at all,nor quuxworth@example an address\n",
    );
    let head = [("content-type", "text/csv")];
    let import =
        client.send("POST", "/api/v1/imports", &head, Some(list.as_bytes())).expect(202).id();
    let path = format!("/api/v1/imports/{import}");
    let job = loop {
        let job = client.get(&path).expect(200).json;
        if !found(&bench.data().join("imports")).is_empty() {
            seen.insert("imports".to_owned());
        }
        if !job["finished_at"].is_null() {
            break job;
        }
    };
    assert_eq!((&job["state"], &job["error"]), (&json!("done"), &json!(null)), "{job}");
    assert_eq!(job["counts"]["imported"], json!(3_000), "{job}");
    let errors = client.get(&format!("{path}/errors.csv")).expect(200).body;
    assert!(String::from_utf8(errors).unwrap().contains("Lilliputian Broken"));
    seen.extend(found(&bench.data()));
    served.stop();
    seen.extend(found(&bench.data()));

    let served = bench.serve(key);
    let client = &served.client;
    assert_eq!(
        client.search("margin vexillo", "&refresh=wait").names(),
        ["Marginalia Vexillology"]
    );
    assert_eq!(
        client.search("lilliputian marginalia2999", "").names(),
        ["Lilliputian Marginalia2999"]
    );
    let caller = client.lookup("030 23125999", "&country=DE");
    assert!(caller.to_string().contains("Vexillology"), "{caller}");
    let notes = client.get(&format!("/api/v1/contacts/{id}")).expect(200).json["notes"].clone();
    assert!(notes.as_str().unwrap().len() > 8_000);
    seen.extend(found(&bench.data()));
    drop(served);

    // After a kill, and checked from the command line.
    let checked = bench.run(&["check"], key).expect(0);
    assert!(checked.out.contains("all is well"), "{}", checked.out);
    bench.run(&["reindex"], key).expect(0);
    seen.extend(found(&bench.data()));
    seen
}

#[test]
fn an_encrypted_directory_holds_nothing_readable() {
    let bench = Bench::new();
    let key = bench.key("key");
    assert_eq!(live(&bench, Some(&key)), BTreeSet::new());
}

#[test]
fn a_plain_directory_is_readable_everywhere_so_the_search_finds_what_is_there() {
    let bench = Bench::new();
    let seen = live(&bench, None);
    for part in ["journal", "store", "index", "imports"] {
        assert!(seen.contains(part), "{part} is missing in {seen:?}");
    }
}
