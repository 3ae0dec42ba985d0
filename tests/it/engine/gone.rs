//! Files that vanish while the server runs: what is acknowledged must be on a disk that somebody
//! finds again.

use std::time::Duration;

use ringdex::engine::Options;
use serde_json::json;

use crate::support::process::Bench;
use crate::support::{TestApp, operator, segments};

#[test]
fn writes_stop_at_once_when_the_journal_is_removed_and_what_is_there_can_be_read() {
    for is_renamed in [false, true] {
        let bench = Bench::new();
        let server = bench.serve(None);
        let kept = server.client.create_id(&json!({"name": "Here Before"}));
        let journal = bench.data().join("journal");
        if is_renamed {
            std::fs::rename(&journal, bench.path("away")).unwrap();
        } else {
            std::fs::remove_dir_all(&journal).unwrap();
        }
        for _ in 0..3 {
            let refused = server.client.post("/api/v1/contacts", &json!({"name": "Too Late"}));
            assert_eq!(refused.expect(503).code(), "writes_stopped");
        }
        server.client.get(&format!("/api/v1/contacts/{kept}")).expect(200);
        assert_eq!(server.client.search("too late", "").json["total"], 0);
        let ready = server.client.get("/readyz").expect(503);
        let detail = ready.json["detail"].as_str().unwrap();
        assert!(detail.contains("not ready") && detail.contains("removed or replaced"), "{detail}");
        server.client.get("/healthz").expect(200);
        server.stop();

        if is_renamed {
            std::fs::rename(bench.path("away"), &journal).unwrap();
            let server = bench.serve(None);
            server.client.get("/readyz").expect(200);
            server.client.get(&format!("/api/v1/contacts/{kept}")).expect(200);
            server.client.create_id(&json!({"name": "Here Again"}));
            server.stop();
        }
    }
}

#[test]
fn a_journal_file_that_was_exchanged_takes_no_writes() {
    let bench = Bench::new();
    let server = bench.serve(None);
    server.client.create_id(&json!({"name": "Here Before"}));
    let segment = segments(&bench.data()).remove(0);
    let bytes = std::fs::read(&segment).unwrap();
    std::fs::remove_file(&segment).unwrap();
    std::io::Write::write_all(&mut std::fs::File::create(&segment).unwrap(), &bytes).unwrap();
    let refused = server.client.post("/api/v1/contacts", &json!({"name": "Too Late"}));
    assert_eq!(refused.expect(503).code(), "writes_stopped");
    server.stop();
    let server = bench.serve(None);
    assert_eq!(server.client.search("", "").json["total"], 1);
}

#[test]
fn an_older_journal_file_that_vanished_is_told_by_readyz() {
    let bench = Bench::new();
    let test = TestApp::with(|options| {
        options.journal_segment_bytes = 1 << 10;
        options.checkpoint_every = Duration::from_millis(1);
    });
    for at in 0..20 {
        test.create(1, &json!({"name": format!("Person{at}")}));
    }
    assert_eq!(test.app().condition(), ringdex::engine::Condition::default());
    let kept = segments(&test.root());
    std::fs::rename(&kept[1], bench.path("away.log")).unwrap();
    // It is looked for every millisecond.
    while test.app().condition().degraded.is_empty() {
        std::thread::yield_now();
    }
    let condition = test.app().condition();
    assert!(condition.degraded[0].contains("removed or replaced"), "{condition:?}");
    assert_eq!(condition.writes_stopped, None);
    test.create(1, &json!({"name": "Still Written"}));
    std::fs::rename(bench.path("away.log"), &kept[1]).unwrap();
    while !test.app().condition().degraded.is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn without_a_snapshot_no_journal_is_trimmed_and_the_store_is_built_from_all_of_it() {
    let mut test = TestApp::with(|options: &mut Options| {
        options.journal_segment_bytes = 1 << 10;
        options.checkpoint_every = Duration::from_millis(1);
    });
    let contacts: Vec<_> =
        (0..40).map(|at| test.create(1, &json!({"name": format!("Person{at}")}))).collect();
    let kept = segments(&test.root());
    assert!(kept.len() > 10 && kept[0].ends_with("0000000000000001.log"), "{kept:?}");
    test.close();
    std::fs::remove_dir_all(test.root().join("store")).unwrap();
    test.restart();
    for contact in contacts {
        let found = test.app().read_contact(&operator(1), contact.id).unwrap();
        assert_eq!(*found, contact);
    }
}
