//! Writes of several machines: none is lost, doubled or reordered, whatever the log answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ringdex::app::App;
use ringdex::engine::{Cancel, Options, SharedLog};
use serde_json::json;

use super::memory::{Fault, MemoryLog};
use super::{Machine, assert_same};
use crate::support::operator;
use crate::support::server::{Client, TestServer};

/// A generator of numbers that is the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[test]
fn machines_that_write_at_once_agree_on_everything() {
    let log = MemoryLog::new();
    let machines: Vec<Machine> = ["a", "b", "c"].map(|name| Machine::new(&log, name)).into();
    std::thread::scope(|scope| {
        for (at, machine) in machines.iter().enumerate() {
            for thread in 0..3 {
                scope.spawn(move || {
                    for n in 0..20 {
                        let name = format!("Person {at}-{thread}-{n}");
                        let phone = format!("+12025{at}{thread}{n:04}");
                        assert!(machine.create(&name, &phone), "{name}");
                    }
                });
            }
        }
    });
    assert_same(&machines.iter().collect::<Vec<_>>());
    let contacts = machines[0].contacts();
    assert_eq!(contacts.len(), 180);
    let numbers: BTreeSet<u32> = contacts.iter().map(|contact| contact.number.0).collect();
    assert_eq!(numbers.len(), 180, "each has a number of its own");
    for machine in &machines {
        assert_eq!(machine.app().partition().contact_count(), 180);
        assert!(machine.app().partition().cluster().unwrap().followed > 0);
    }
    let all = machines.iter().map(|machine| machine.app().partition().cluster().unwrap());
    assert!(all.map(|one| one.conflicts).sum::<u64>() > 0, "some had to run again");
}

#[test]
fn what_the_log_does_not_say_is_found_out() {
    let log = MemoryLog::new();
    let (one, other) = (Machine::new(&log, "a"), Machine::new(&log, "b"));
    let mut dice = Dice(29);
    let faults = [Fault::None, Fault::AckLost, Fault::RequestLost, Fault::RequestLate];
    let mut expected = BTreeMap::new();
    for n in 0..300 {
        let machine = if dice.roll(2) == 0 { &one } else { &other };
        let count = dice.roll(4);
        machine.node.expect_faults((0..count).map(|_| faults[dice.roll(4)]));
        let name = format!("Person {n:03}");
        assert!(machine.create(&name, &format!("+1202555{n:04}")), "{name}");
        expected.insert(name, 1);
    }
    assert_same(&[&one, &other]);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for contact in one.contacts() {
        *found.entry(contact.display_name.clone()).or_default() += 1;
    }
    assert_eq!(found, expected);
}

#[test]
fn a_write_that_arrives_after_its_caller_was_told_that_nobody_knows_is_there_once_or_never() {
    let log = MemoryLog::new();
    let (one, other) = (Machine::new(&log, "a"), Machine::new(&log, "b"));
    // Sent once, late, and then only lost: its caller is told that nobody knows.
    one.node.expect_faults([Fault::RequestLate]);
    one.node.expect_faults([Fault::RequestLost; 2_000]);
    let body = json!({"name": "Late Person", "phone": "+12025550199"});
    let refused = one.app().create_contact(&operator(1), &body, None).unwrap_err();
    assert!(refused.to_string().contains("not known whether"), "{refused}");
    one.node.forget_faults();
    assert!(other.create("Next Person", "+12025550198"));
    assert!(one.create("Last Person", "+12025550197"));
    assert_same(&[&one, &other]);
    let names: Vec<String> =
        one.contacts().iter().map(|contact| contact.display_name.clone()).collect();
    assert!(names.iter().filter(|name| *name == "Late Person").count() <= 1, "{names:?}");
    assert!(names.contains(&"Next Person".to_owned()) && names.contains(&"Last Person".to_owned()));
    let numbers: BTreeSet<u32> = one.contacts().iter().map(|contact| contact.number.0).collect();
    assert_eq!(numbers.len(), names.len());
}

#[test]
fn a_machine_that_is_cut_off_answers_reads_and_refuses_writes_until_it_is_back() {
    let log = MemoryLog::new();
    let (one, other) = (Machine::new(&log, "a"), Machine::new(&log, "b"));
    assert!(one.create("Ann Smith", "+12025550101"));
    other.catch_up();
    other.node.cut_off(true);
    let body = json!({"name": "Bob Brown", "phone": "+12025550102"});
    let refused = other.app().create_contact(&operator(1), &body, None).unwrap_err();
    assert!(refused.to_string().starts_with("nothing was written"), "{refused}");
    let found = other.app().lookup_number(&operator(1), "+12025550101", None, None).unwrap();
    assert_eq!(found.results.len(), 1);
    assert!(!other.app().condition().degraded.is_empty());
    assert!(one.create("Carl Clark", "+12025550103"));
    other.node.cut_off(false);
    assert!(other.create("Bob Brown", "+12025550102"));
    assert!(other.app().condition().degraded.is_empty());
    assert_same(&[&one, &other]);
    assert_eq!(one.contacts().len(), 3);
}

#[test]
fn a_machine_that_was_away_or_killed_catches_up() {
    let log = MemoryLog::new();
    let one = Machine::new(&log, "a");
    let mut other = Machine::new(&log, "b");
    assert!(other.create("Before Away", "+12025550100"));
    other.catch_up();
    let mut killed = Machine { app: other.app.copy_as_it_is(), node: other.node.clone() };
    other.app.close();
    for n in 0..200 {
        assert!(one.create(&format!("Person {n:03}"), &format!("+1202556{n:04}")));
    }
    other.app.restart();
    assert_same(&[&one, &other]);
    other.app.close();
    killed.app.restart();
    assert_same(&[&one, &killed]);
    assert!(killed.create("After Away", "+12025550110"));
    assert_same(&[&one, &killed]);
}

#[test]
fn what_must_not_be_mixed_is_refused_with_what_to_do() {
    let (log, another) = (MemoryLog::new(), MemoryLog::new());
    let mut one = Machine::new(&log, "a");
    assert!(one.create("Ann Smith", "+12025550101"));
    one.app.close();
    // Another cluster.
    let refused = one.app.open_with(|options| {
        options.shared = Some(another.node("a"));
    });
    assert!(refused.is_err_and(|why| why.contains("holds history")));
    // One machine alone: reads, and writes nothing that the others would lack.
    let alone = one.app.open_with(|options| (options.shared, options.node) = (None, None));
    let alone = alone.unwrap();
    assert_eq!(
        alone.lookup_number(&operator(1), "+12025550101", None, None).unwrap().results.len(),
        1
    );
    let body = json!({"name": "Bob Brown"});
    let refused = alone.create_contact(&operator(1), &body, None).unwrap_err();
    assert!(refused.to_string().contains("one machine of a cluster"), "{refused}");
    drop(alone);
    // The log has let go of what a new machine needs.
    log.trim(1);
    let fresh = tempfile::TempDir::new().unwrap();
    let node: Arc<dyn SharedLog> = log.node("c");
    let options = Options { shared: Some(node), node: Some("c".into()), ..Options::default() };
    let refused = App::open(&fresh.path().join("data"), options).err().unwrap();
    assert!(refused.to_string().contains("let go"), "{refused}");
    one.app.restart();
    assert!(one.create("Carl Clark", "+12025550103"));
}

#[test]
fn a_number_that_must_be_unique_is_given_once_by_all_machines_together() {
    let log = MemoryLog::new();
    let start = |name: &str| TestServer::in_cluster(log.node(name), name);
    let (one, other) = (start("a"), start("b"));
    let rejected = one.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"}));
    let seq = rejected.expect(200).header("ringdex-seq").unwrap().to_owned();
    other.send("GET", "/api/v1/settings", &[("ringdex-seq", &seq)], None).expect(200);
    for n in 0..40 {
        let create = |client: &Client, name: &str| {
            let body = json!({"name": name, "phone": format!("+1202557{n:04}")});
            client.post("/api/v1/contacts", &body).status
        };
        let mut statuses = std::thread::scope(|scope| {
            let a = scope.spawn(|| create(&one, "First Person"));
            let b = scope.spawn(|| create(&other, "Second Person"));
            [a.join().unwrap(), b.join().unwrap()]
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "number {n}");
    }
}

#[test]
fn a_machine_whose_history_is_another_one_is_refused_before_it_writes() {
    let log = MemoryLog::new();
    let one = Machine::new(&log, "a");
    let mut other = Machine::new(&log, "b");
    for n in 0..5 {
        assert!(one.create(&format!("Person {n}"), &format!("+1202559{n:04}")));
    }
    other.catch_up();
    other.app.close();
    // It goes on alone for one write, as a restored backup would, and comes back.
    std::fs::remove_file(other.app.root().join("CLUSTER")).unwrap();
    let alone = other.app.open_with(|options| (options.shared, options.node) = (None, None));
    let body = json!({"name": "Forked Person"});
    alone.unwrap().create_contact(&operator(1), &body, None).unwrap();
    // Longer than the cluster, and of the same length with another end.
    assert!(other.app.open().is_err());
    assert!(one.create("Person 5", "+12025590005"));
    let refused = other.app.open().unwrap_err();
    assert!(refused.contains("another one than that of the cluster"), "{refused}");
    assert!(one.create("Person 6", "+12025590006"));
    assert_same(&[&one]);
}

#[test]
fn a_log_that_has_lost_what_was_acknowledged_is_not_written_on() {
    let log = MemoryLog::new();
    let one = Machine::new(&log, "a");
    assert!(one.create("Ann Smith", "+12025550101"));
    assert!(one.create("Bob Brown", "+12025550102"));
    log.lose(1);
    let body = json!({"name": "Carl Clark"});
    let refused = one.app().create_contact(&operator(1), &body, None).unwrap_err();
    assert!(refused.to_string().contains("ends before what this machine"), "{refused}");
    assert!(one.app().condition().writes_stopped.is_some());
    let found = one.app().lookup_number(&operator(1), "+12025550102", None, None).unwrap();
    assert_eq!(found.results.len(), 1);
}

#[test]
fn a_snapshot_of_one_machine_is_one_of_all() {
    let log = MemoryLog::new();
    let (one, mut other) = (Machine::new(&log, "a"), Machine::new(&log, "b"));
    for n in 0..50 {
        assert!(one.create(&format!("Person {n:02}"), &format!("+1202558{n:04}")));
    }
    let taken = one.app().partition().take_snapshot(&Cancel::never()).unwrap().unwrap();
    assert!(one.create("After Snapshot", "+12025580099"));
    other.catch_up();
    let (here, there) = (one.app().stats(), other.app().stats());
    assert_eq!((here.snapshot_from, there.snapshot_from), (taken.from.0, taken.from.0));
    assert!(there.snapshot_at > 0);
    // What is behind the mark is enough to build a store of.
    other.app.close();
    std::fs::remove_dir_all(other.app.root().join("store")).unwrap();
    other.app.restart();
    assert_same(&[&one, &other]);
}

#[test]
fn two_snapshots_at_once_are_none_where_neither_is_whole() {
    let log = MemoryLog::new();
    let (one, other) = (Machine::new(&log, "a"), Machine::new(&log, "b"));
    for n in 0..50 {
        assert!(one.create(&format!("Person {n:02}"), &format!("+1202558{n:04}")));
    }
    other.catch_up();
    let take = |machine: &Machine| machine.app().partition().take_snapshot(&Cancel::never());
    std::thread::scope(|scope| {
        let both = [scope.spawn(|| take(&one)), scope.spawn(|| take(&other))];
        for one in both {
            one.join().unwrap().unwrap();
        }
    });
    for mut machine in [one, other] {
        machine.catch_up();
        machine.app.close();
        std::fs::remove_dir_all(machine.app.root().join("store")).unwrap();
        machine.app.restart();
        assert_eq!(machine.contacts().len(), 50);
        machine.check();
    }
}
