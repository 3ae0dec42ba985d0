//! `check --repair-journal` of a directory whose server was killed: the store lacks what the
//! journal has, and the journal is damaged.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use ringdex::domain::contact::Contact;
use ringdex::domain::ids::ChangeSeq;
use ringdex::engine::{LostWrites, repair_journal};
use ringdex::journal::{self, FileJournal, Journal as _, Op};
use ringdex::store::{self, Change, Store, fault};
use serde_json::json;

use crate::support::process::Bench;
use crate::support::{TestApp, copy_directory, operator, segments};

/// A closed directory whose store lacks the last of what the journal has.
struct Killed {
    test: TestApp,
    /// The contacts with the number of the journal entry that made them, oldest first.
    made: Vec<(u64, Contact)>,
    /// The last change of the store.
    applied: u64,
}

fn killed() -> Killed {
    let mut test = TestApp::new();
    let mut made = Vec::new();
    let make = |test: &TestApp, made: &mut Vec<(u64, Contact)>| {
        for _ in 0..10 {
            let contact = test.create(1, &json!({"name": format!("Person{}", made.len())}));
            made.push((test.app().partition().applied_seq().0, contact));
        }
    };
    make(&test, &mut made);
    let applied = made[9].0;
    test.close();
    let earlier = tempfile::TempDir::new().unwrap();
    copy_directory(&test.root().join("store"), &earlier.path().join("store"));
    test.restart();
    assert_eq!(test.app().partition().applied_seq().0, applied, "a start writes nothing");
    make(&test, &mut made);
    test.close();
    std::fs::remove_dir_all(test.root().join("store")).unwrap();
    copy_directory(&earlier.path().join("store"), &test.root().join("store"));
    Killed { test, made, applied }
}

/// Destroys an entry of the one segment of a journal.
fn destroy(root: &Path, entry: u64) {
    let segment = segments(root).remove(0);
    let bytes = std::fs::read(&segment).unwrap();
    let marks: Vec<usize> =
        (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"\xffRJ\xfe")).collect();
    let at = marks[usize::try_from(entry).unwrap() - 1] as u64;
    let file = OpenOptions::new().write(true).open(&segment).unwrap();
    file.write_all_at(&[0xee; 24], at + 50).unwrap();
}

impl Killed {
    /// Everything is there but what these entries made.
    fn assert_all_but(&mut self, lost: &[u64]) {
        self.test.restart();
        for (seq, contact) in &self.made {
            let found = self.test.app().read_contact(&operator(1), contact.id);
            match found {
                Ok(found) => {
                    assert!(!lost.contains(seq), "entry {seq} was destroyed");
                    assert_eq!(*found, *contact);
                }
                Err(error) => assert!(lost.contains(seq), "entry {seq}: {error}"),
            }
        }
        let total = self.test.search(1, ringdex::app::SearchRequest::default()).total;
        assert_eq!(total, self.made.len() - lost.len());
        let report = self.test.app().check(&operator(1), &mut |_| {}).unwrap();
        let others: Vec<_> = report.troubles.iter().filter(|one| one.part != "audit").collect();
        assert!(others.is_empty(), "{others:?}");
        assert_eq!(report.is_clean(), lost.is_empty(), "{report:?}");
        // What comes after lasts, and nothing depends on the store.
        let contact = self.test.create(1, &json!({"name": "After Repair"}));
        self.test.close();
        std::fs::remove_dir_all(self.test.root().join("store")).unwrap();
        self.test.restart();
        let found = self.test.app().read_contact(&operator(1), contact.id).unwrap();
        assert_eq!(*found, contact);
    }
}

#[test]
fn entries_behind_the_damage_that_the_store_lacks_are_taken_over() {
    for destroyed in [3, 7] {
        let mut killed = killed();
        destroy(&killed.test.root(), destroyed);
        killed.test.open().unwrap_err();
        let done = repair_journal(&killed.test.root(), None).unwrap();
        assert_eq!((done.replayed, &done.lost[..]), (10, &[][..]), "{done:?}");
        assert!(!done.problems.is_empty() && !done.set_aside.is_empty(), "{done:?}");
        killed.assert_all_but(&[]);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_all_others_are_taken_over() {
    let mut killed = killed();
    let destroyed = killed.made[14].0;
    destroy(&killed.test.root(), destroyed);
    let done = repair_journal(&killed.test.root(), None).unwrap();
    assert_eq!(done.replayed, 9, "{done:?}");
    let [LostWrites::Unreadable(gap)] = &done.lost[..] else { panic!("{done:?}") };
    assert_eq!((gap.from.0, gap.to.0), (destroyed, destroyed));
    assert!(gap.after.is_some() && gap.before.is_some());
    killed.assert_all_but(&[destroyed]);
}

#[test]
fn half_an_entry_that_cannot_be_read_does_not_stay_in_the_store() {
    let mut killed = killed();
    let root = killed.test.root();
    let half = killed.applied + 1;
    {
        let journal =
            FileJournal::open(&root.join("journal"), journal::Options::default()).unwrap();
        let entry = journal.read(ChangeSeq(killed.applied), 1, Duration::ZERO).unwrap().remove(0);
        let (store, _) = Store::open(&root.join("store"), &store::Options::default()).unwrap();
        let Some(Op::Put { key, value, .. }) = entry.ops.first() else { panic!("{entry:?}") };
        store.apply([Change::Put { key, value }], ChangeSeq(killed.applied)).unwrap();
        store.checkpoint().unwrap();
    }
    destroy(&root, half);
    let done = repair_journal(&root, None).unwrap();
    assert!(done.store_rebuilt, "{done:?}");
    let [LostWrites::Unreadable(gap)] = &done.lost[..] else { panic!("{done:?}") };
    assert_eq!((gap.from.0, gap.to.0), (half, half));
    killed.assert_all_but(&[half]);
}

#[test]
fn a_store_that_cannot_be_read_either_is_built_from_what_can() {
    let mut killed = killed();
    let root = killed.test.root();
    let destroyed = killed.made[4].0;
    destroy(&root, destroyed);
    std::fs::remove_dir_all(root.join("store")).unwrap();
    let done = repair_journal(&root, None).unwrap();
    assert!(done.store_rebuilt && done.lost.len() == 1, "{done:?}");
    killed.assert_all_but(&[destroyed]);
}

#[test]
fn the_command_never_says_that_all_is_well_when_something_is_lost() {
    let killed = killed();
    let bench = Bench::new();
    let destroyed = killed.made[14].0;
    copy_directory(&killed.test.root(), &bench.data());
    destroy(&bench.data(), destroyed);
    let refused = bench.run(&["check"], None).expect(1);
    assert!(refused.err.contains("--repair-journal"), "{}", refused.err);
    let ended = bench.run(&["check", "--repair-journal"], None).expect(4);
    let named = format!("entry {destroyed} cannot be read and is lost; written between 20");
    assert!(
        ended.err.contains(&named) && ended.out.contains(&named),
        "{} {}",
        ended.out,
        ended.err
    );
    assert!(!ended.out.contains("all is well"), "{}", ended.out);
}

#[test]
fn a_repair_of_a_directory_that_lacks_nothing_ends_well() {
    let bench = Bench::new();
    bench.run(&["import", "--on-duplicate", "create", "/dev/null"], None);
    let server = bench.serve(None);
    for at in 0..5 {
        server.client.create_id(&json!({"name": format!("Person{at}")}));
    }
    server.stop();
    destroy(&bench.data(), 3);
    bench.run(&["check"], None).expect(1);
    let ended = bench.run(&["check", "--repair-journal"], None).expect(0);
    assert!(ended.out.contains("all is well"), "{}", ended.out);
    let again = bench.run(&["check", "--repair-journal"], None).expect(0);
    assert!(again.err.contains("nothing to repair"), "{}", again.err);
}

#[cfg(debug_assertions)]
#[test]
fn a_repair_that_is_killed_is_finished_by_the_next_one_or_by_the_next_start() {
    let points = [
        "image.appended",
        "image.written",
        "repair.store_built",
        "repair.applied",
        "repair.journal_built",
        "repair.journal_moved",
    ];
    for point in points {
        let killed = killed();
        let bench = Bench::new();
        copy_directory(&killed.test.root(), &bench.data());
        let destroyed = killed.applied + 1;
        destroy(&bench.data(), destroyed);
        let environment = [(fault::VARIABLE, point)];
        let ended = bench.run_with(&["check", "--repair-journal"], None, &environment);
        assert_eq!(ended.code, None, "{point} was not reached: {}", ended.err);
        if point != "repair.journal_moved" {
            bench.run(&["check", "--repair-journal"], None);
        }
        let server = bench.serve(None);
        for (seq, contact) in &killed.made {
            let found = server.client.get(&format!("/api/v1/contacts/{}", contact.id));
            found.expect(if *seq == destroyed { 404 } else { 200 });
        }
        server.stop();
        std::fs::remove_dir_all(bench.data().join("store")).unwrap();
        let server = bench.serve(None);
        assert_eq!(server.client.search("", "").json["total"], 19, "{point}");
    }
}
