//! Backups one after the other: what has not changed is linked, the server takes them by itself, and
//! each of them can be read again and brought back.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringdex::app::BackupPlan;
use ringdex::domain::time::{Clock, Timestamp};
use ringdex::engine::{Options, Until, restore, verify_backup};
use serde_json::json;

use crate::support::process::Bench;
use crate::support::server::TestServer;
use crate::support::{TestApp, files, operator};

/// The files that two backups share.
fn shared(one: &Path, other: &Path) -> usize {
    let inodes = |dir: &Path| -> BTreeSet<u64> {
        files(&dir.join("entries"), |_| true)
            .iter()
            .map(|file| std::fs::metadata(file).unwrap().ino())
            .collect()
    };
    inodes(one).intersection(&inodes(other)).count()
}

fn fill(test: &TestApp, count: usize) {
    for n in 0..count {
        test.create(1, &json!({"name": format!("Person {n}"), "notes": "x".repeat(500)}));
    }
}

#[test]
fn what_has_not_changed_is_linked_and_each_backup_stands_alone() {
    let test = TestApp::with(|options| options.journal_segment_bytes = 20_000);
    let folder = tempfile::TempDir::new().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    fill(&test, 100);
    test.app().partition().back_up_into(&first, None).unwrap();
    fill(&test, 20);
    let made = test.app().partition().back_up_into(&second, Some(&first)).unwrap();
    assert!(shared(&first, &second) >= 3, "{}", shared(&first, &second));
    verify_backup(&second, None).unwrap();
    std::fs::remove_dir_all(&first).unwrap();
    let target = folder.path().join("data");
    let done = restore(&second, &target, Until::End, &Options::default()).unwrap();
    assert_eq!((done.last, done.contacts), (made.last, 120));
    // One of another journal is no base.
    let other = TestApp::new();
    let refused = other.app().partition().back_up_into(&first, Some(&second)).unwrap_err();
    assert!(refused.to_string().contains("another journal"), "{refused}");
    assert!(!first.exists());
}

#[test]
fn a_series_keeps_the_newest_and_copies_what_was_damaged_in_the_one_before() {
    let test = TestApp::with(|options| options.journal_segment_bytes = 20_000);
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("ringdex-of-somebody-else")).unwrap();
    let mut made: Vec<PathBuf> = Vec::new();
    for round in 0..4 {
        fill(&test, 50);
        test.clock().advance_ms(1_000);
        if round == 3 {
            // A file that would be linked has rotted meanwhile.
            let entries = files(&made.last().unwrap().join("entries"), |_| true);
            let mut bytes = std::fs::read(&entries[0]).unwrap();
            bytes[1_000] ^= 1;
            write(&entries[0], &bytes);
        }
        test.app().partition().back_up_in_series(folder.path(), 2).unwrap();
        let known = test.app().partition().backups_in(folder.path()).unwrap();
        assert_eq!(known.len(), 2.min(round + 1));
        made.push(known.last().unwrap().1.clone());
    }
    assert!(verify_backup(&made[2], None).is_err());
    verify_backup(&made[3], None).unwrap();
    assert_eq!(shared(&made[2], &made[3]), 0, "nothing is linked to what is damaged");
    assert!(folder.path().join("ringdex-of-somebody-else").is_dir());
    let report = test.app().check(&operator(1), &mut |_| {}).unwrap();
    assert!(report.is_clean());
}

#[expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]
fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_server_takes_backups_by_itself_and_says_when_it_cannot() {
    let clock = Clock::fixed(Timestamp(1_700_000_000_000));
    let folder = tempfile::TempDir::new().unwrap();
    let into = folder.path().join("backups");
    let plan = |folder: &Path| BackupPlan {
        folder: folder.to_owned(),
        every: Duration::from_millis(20),
        keep: 2,
    };
    let server = TestServer::at_with(&clock, |options| options.backups = Some(plan(&into)));
    server.create(&json!({"name": "Ann Smith"}));
    let complete = || {
        let all = std::fs::read_dir(&into).into_iter().flatten().flatten();
        all.filter(|entry| entry.path().join("BACKUP").is_file()).count()
    };
    for wanted in [1, 2, 2] {
        let now = clock.now();
        while server.get("/api/v1/health").expect(200).json["last_backup"] != json!(now) {
            std::thread::yield_now();
        }
        assert_eq!(complete(), wanted);
        clock.advance_ms(60_000);
    }
    let metrics = server.get("/metrics").expect(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("ringdex_backup_timestamp_seconds 17000001"), "{metrics}");
    drop(server);
    let file = folder.path().join("no-folder");
    write(&file, b"x");
    let server = TestServer::with(|options| options.backups = Some(plan(&file)));
    loop {
        let ready = server.get("/readyz").expect(200);
        if String::from_utf8_lossy(&ready.body).contains("no backup could be taken") {
            break;
        }
        std::thread::yield_now();
    }
    server.create(&json!({"name": "Ann Smith"}));
}

#[test]
fn a_backup_is_read_again_by_the_command() {
    for is_encrypted in [false, true] {
        let bench = Bench::new();
        let key = is_encrypted.then(|| bench.key("key"));
        let key = key.as_deref();
        let server = bench.serve(key);
        server.client.create(&json!({"name": "Ann Smith"}));
        server.stop();
        let (first, second) = (bench.path("first"), bench.path("second"));
        let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
        bench.run(&["backup", first], key).expect(0);
        bench.run(&["backup", second, "--base", first], key).expect(0);
        let whole = bench.run(&["backup", "verify", second], key).expect(0);
        assert!(
            whole.out.contains("is whole") && !whole.out.contains("takes the key"),
            "{whole:?}"
        );
        if is_encrypted {
            let said = bench.run(&["backup", "verify", second], None).expect(0);
            assert!(said.out.contains("takes the key"), "{said:?}");
        }
        // A drill leaves nothing behind but what it says.
        let work = bench.path("work");
        std::fs::create_dir(&work).unwrap();
        let drill = ["backup", "verify", second, "--drill", "--work-dir", work.to_str().unwrap()];
        let drilled = bench.run(&drill, key).expect(0);
        assert!(drilled.out.contains(": 1 contact, checked"), "{drilled:?}");
        assert_eq!(std::fs::read_dir(&work).unwrap().count(), 0);
        if is_encrypted {
            bench.run(&drill, None).expect(1);
            assert_eq!(std::fs::read_dir(&work).unwrap().count(), 0);
        }
        let entries = files(&Path::new(second).join("entries"), |_| true);
        let mut bytes = std::fs::read(&entries[0]).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        write(&entries[0], &bytes);
        let refused = bench.run(&["backup", "verify", second], key).expect(4);
        assert!(refused.err.contains("was changed"), "{refused:?}");
    }
}
