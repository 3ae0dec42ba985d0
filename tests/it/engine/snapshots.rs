//! Snapshots in the journal and compaction of the store, both while work goes on: whatever is lost
//! of the store afterwards, everything acknowledged is there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ringdex::app::{Deletion, Precondition, SearchRequest};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::ContactId;
use ringdex::engine::{Cancel, Options, SnapshotOptions, Until, restore};
use serde_json::json;

use crate::support::process::Bench;
use crate::support::server::{Client, TestServer};
use crate::support::{TestApp, operator, segments};

/// Small segments, and nothing kept that is not needed.
fn small(options: &mut Options) {
    options.journal_segment_bytes = 16 << 10;
    options.snapshots =
        SnapshotOptions { history: Duration::ZERO, history_bytes: 0, ..SnapshotOptions::default() };
}

fn take_snapshot(test: &TestApp) {
    let partition = test.app().partition();
    // The index lets go of the journal only where it is on disk.
    assert!(partition.wait_visible(partition.applied_seq(), Duration::from_secs(20)));
    partition.take_snapshot(&Cancel::never()).unwrap().unwrap();
}

/// Contacts that were created, changed, put into the trash and removed for good.
fn fill(test: &TestApp, name: &str, count: usize) -> Vec<ContactId> {
    let mut ids = Vec::new();
    for at in 0..count {
        let notes = "word ".repeat(if at % 10 == 0 { 3_000 } else { at % 7 });
        let body = json!({"name": format!("{name}{at} Doe"), "notes": notes});
        let id = test.create(1 + u32::from(at % 4 == 0), &body).id;
        let caller = operator(1 + u32::from(at % 4 == 0));
        let app = test.app();
        match at % 6 {
            0 => {
                let patch = json!({"title": "changed"});
                app.update_contact(&caller, id, &patch, &Precondition::None).unwrap();
            }
            1 => {
                app.delete_contact(&caller, id, Deletion::Soft, Precondition::None, false).unwrap();
            }
            2 => {
                let deletion = Deletion::Permanent;
                app.delete_contact(&caller, id, deletion, Precondition::None, false).unwrap();
            }
            _ => {}
        }
        ids.push(id);
    }
    ids
}

fn state(test: &TestApp) -> BTreeMap<String, Contact> {
    let mut all = BTreeMap::new();
    for org in 1..=2 {
        test.app()
            .partition()
            .for_each_record(operator(org).organization, |batch| {
                all.extend(
                    batch.into_iter().map(|contact| (format!("{org} {}", contact.id), contact)),
                );
                true
            })
            .unwrap();
    }
    all
}

fn assert_clean(test: &TestApp) {
    let report = test.app().check(&operator(1), &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

/// Says that something is over also where it has failed, so that nobody goes on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Takes the store away: the journal brings all of it back.
fn assert_built_from_the_journal(test: &mut TestApp) {
    let expected = state(test);
    test.close();
    std::fs::remove_dir_all(test.root().join("store")).unwrap();
    test.restart();
    assert_eq!(state(test), expected);
    assert_clean(test);
}

#[test]
fn a_snapshot_shortens_the_journal_and_brings_everything_back() {
    let mut test = TestApp::with(small);
    fill(&test, "Early", 80);
    let before = segments(&test.root()).len();
    take_snapshot(&test);
    let first = segments(&test.root())[0].clone();
    assert!(!first.ends_with("0000000000000001.log"), "nothing was let go of: {before} {first:?}");
    fill(&test, "Late", 20);
    assert_built_from_the_journal(&mut test);
}

#[test]
fn what_is_written_while_a_snapshot_is_taken_is_in_what_it_brings_back() {
    let mut test = TestApp::with(small);
    fill(&test, "Early", 120);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _over = Over(&done);
            for _ in 0..3 {
                test.app().partition().take_snapshot(&Cancel::never()).unwrap();
            }
        });
        let mut round = 0;
        while !done.load(Ordering::Acquire) {
            fill(&test, &format!("Beside{round}x"), 12);
            round += 1;
        }
    });
    assert_built_from_the_journal(&mut test);
}

#[test]
fn an_index_is_built_anew_while_the_journal_is_shortened() {
    let test = TestApp::with(small);
    fill(&test, "Early", 60);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !done.load(Ordering::Acquire) {
                fill(&test, &format!("Beside{round}x"), 12);
                test.app().partition().take_snapshot(&Cancel::never()).unwrap();
                round += 1;
            }
        });
        let _over = Over(&done);
        for _ in 0..6 {
            test.app().reindex(&operator(1), &mut |_| {}).unwrap();
        }
    });
    assert_clean(&test);
}

#[test]
fn a_snapshot_of_nothing_new_is_none_and_takes_nothing_away() {
    let mut test = TestApp::with(small);
    fill(&test, "Early", 20);
    take_snapshot(&test);
    assert_eq!(test.app().partition().take_snapshot(&Cancel::never()).unwrap(), None);
    assert_built_from_the_journal(&mut test);
}

#[test]
fn a_snapshot_that_is_given_up_takes_nothing_away() {
    let mut test = TestApp::with(small);
    fill(&test, "Early", 30);
    let cancel = Cancel::when(|| true);
    test.app().partition().take_snapshot(&cancel).unwrap_err();
    let first = segments(&test.root())[0].clone();
    assert!(first.ends_with("0000000000000001.log"), "{first:?}");
    assert_built_from_the_journal(&mut test);
}

#[test]
fn history_is_kept_as_long_as_it_is_asked_for() {
    let mut test = TestApp::with(|options| {
        small(options);
        options.snapshots.history = Duration::from_secs(3_600);
        options.snapshots.history_bytes = u64::MAX;
    });
    fill(&test, "Early", 40);
    take_snapshot(&test);
    assert!(segments(&test.root())[0].ends_with("0000000000000001.log"));
    test.clock().advance_ms(2 * 3_600_000);
    fill(&test, "Late", 2);
    take_snapshot(&test);
    assert!(!segments(&test.root())[0].ends_with("0000000000000001.log"));
    test.restart();
    assert_clean(&test);
}

#[test]
fn the_server_takes_snapshots_by_itself_when_the_journal_has_grown() {
    let test = TestApp::with(|options| {
        small(options);
        options.snapshots.growth_bytes = 64 << 10;
        options.snapshots.every = Duration::from_millis(20);
    });
    let partition = test.app().partition();
    let begun = std::time::Instant::now();
    while segments(&test.root())[0].ends_with("0000000000000001.log") {
        let put = |tx: &mut ringdex::engine::Tx<'_>| {
            tx.put(ringdex::engine::keys::LAST_BACKUP, vec![0; 20_000]);
            Ok::<(), ringdex::engine::Rejected<ringdex::app::Error>>(())
        };
        partition.write(operator(1).organization, "test", false, put).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60), "the journal only grows");
    }
    assert!(test.app().stats().snapshot_from > 1);
}

#[test]
fn a_journal_that_hardly_grows_lets_go_of_what_is_older_than_its_history_too() {
    let test = TestApp::with(|options| {
        options.snapshots.history = Duration::from_secs(3_600);
        options.snapshots.every = Duration::from_millis(20);
    });
    fill(&test, "Early", 3);
    assert_eq!(test.app().stats().snapshot_from, 1);
    let until = |is_so: &dyn Fn() -> bool, trouble: &str| {
        let begun = std::time::Instant::now();
        while !is_so() {
            fill(&test, "Late", 1);
            assert!(begun.elapsed() < Duration::from_secs(60), "{trouble}");
        }
    };
    test.clock().advance_ms(2 * 3_600_000);
    until(&|| test.app().stats().snapshot_from > 1, "there is no snapshot");
    // Not again at once.
    let from = test.app().stats().snapshot_from;
    fill(&test, "Later", 3);
    assert_eq!(test.app().stats().snapshot_from, from);
    // What was written until then is gone when it is as old.
    test.clock().advance_ms(2 * 3_600_000);
    let is_gone = || !segments(&test.root())[0].ends_with("0000000000000001.log");
    until(&is_gone, "what is old stays");
}

#[test]
fn a_backup_of_a_shortened_journal_restores_everything_and_says_how_far_it_goes_back() {
    let mut test = TestApp::with(small);
    fill(&test, "Early", 60);
    take_snapshot(&test);
    fill(&test, "Late", 6);
    let expected = state(&test);
    let folder = tempfile::tempdir().unwrap();
    let (copy, back) = (folder.path().join("copy"), folder.path().join("back"));
    let mut archive = Vec::new();
    test.app().partition().back_up(&mut archive).unwrap();
    ringdex::engine::receive_backup(&mut &archive[..], &copy, &mut |_| {}).unwrap();
    let too_early = restore(
        &copy,
        &back,
        Until::Entry(ringdex::domain::ids::ChangeSeq(5)),
        &Options::default(),
    );
    let refusal = too_early.unwrap_err().to_string();
    assert!(refusal.contains("--to must not be before"), "{refusal}");
    assert!(!back.exists());
    restore(&copy, &back, Until::End, &Options::default()).unwrap();
    test.close();
    std::fs::remove_dir_all(test.root()).unwrap();
    std::fs::rename(&back, test.root()).unwrap();
    test.restart();
    assert_eq!(state(&test), expected);
    assert_clean(&test);
}

#[test]
fn the_store_is_compacted_while_others_write_and_search() {
    let mut test = TestApp::with(small);
    let ids = fill(&test, "Early", 60);
    // What sled keeps of changed values is what there is to be given back.
    for round in 0..60 {
        let patch = json!({"notes": format!("{round} {}", "word ".repeat(600))});
        test.app().update_contact(&operator(1), ids[3], &patch, &Precondition::None).unwrap();
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !stop.load(Ordering::Acquire) {
                fill(&test, &format!("Beside{round}x"), 6);
                round += 1;
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                let request = SearchRequest { query: "doe".into(), ..SearchRequest::default() };
                assert!(test.search(1, request).total > 0);
                test.app().read_contact(&operator(1), ids[3]).unwrap();
            }
        });
        let _over = Over(&stop);
        for _ in 0..3 {
            test.app().partition().compact_store(&Cancel::never()).unwrap();
        }
    });
    let expected = state(&test);
    assert_clean(&test);
    test.restart();
    assert_eq!(state(&test), expected);
    assert_clean(&test);
    let left: Vec<_> = std::fs::read_dir(test.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("store") || name == "STORE")
        .collect();
    assert_eq!(left, ["store"]);
}

#[test]
fn a_compacted_store_is_little_larger_than_what_it_holds() {
    let test = TestApp::with(small);
    let contact = test.create(1, &json!({"name": "Jane Doe"}));
    for round in 0..500 {
        let patch = json!({"title": format!("{round}")});
        test.app().update_contact(&operator(1), contact.id, &patch, &Precondition::None).unwrap();
    }
    let done = test.app().compact(&operator(1), &Cancel::never()).unwrap();
    // sled writes at least one segment of half a megabyte for each of a few things.
    assert!(done.store.after < 4 * done.live_bytes + (8 << 20), "{done:?}");
    assert!(done.live_bytes > 0 && done.live_bytes <= done.store.after, "{done:?}");
    assert_clean(&test);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a file of the test")]
fn compact_works_by_command_on_a_directory_and_through_a_server() {
    let bench = Bench::new();
    let list = bench.path("list.csv");
    std::fs::write(&list, "Name,Phone\nJane Doe,+12025550123\n").unwrap();
    bench.run(&["import", list.to_str().unwrap()], None).expect(0);
    let local = bench.run(&["compact"], None).expect(0);
    assert!(local.out.contains("store: ") && local.out.contains("journal: "), "{}", local.out);
    let found = bench.run(&["lookup", "+12025550123"], None).expect(0);
    assert!(found.out.contains("Jane Doe"), "{}", found.out);
    bench.run(&["check"], None).expect(0);

    let server = TestServer::start();
    let client = &*server;
    client.post("/api/v1/contacts", &json!({"name": "Jane Doe"})).expect(201);
    let done = client.post("/api/v1/admin/compact", &json!({})).expect(200);
    assert!(done.json["store"]["after"].as_u64().unwrap() > 0, "{}", done.json);
    assert!(done.json["snapshot_bytes"].as_u64().unwrap() > 0, "{}", done.json);
    check(client);
}

fn check(client: &Client) {
    let report = client.post("/api/v1/admin/check", &json!({})).expect(200);
    assert_eq!(report.json["clean"], true, "{}", report.json);
}
