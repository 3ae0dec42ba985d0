//! An index on disk: what a killed process leaves of a commit.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::*;
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::vault::{self, KeyPurpose, MasterKey};

const ORG: OrgNumber = OrgNumber(1);
const WRITER_BYTES: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

fn contact(number: u32) -> Contact {
    let mut contact = Contact::decoy();
    contact.id = ContactId::generate();
    contact.number = ContactNumber(number);
    contact
}

fn open(path: &Path, sealer: Option<&Sealer>) -> Mirror {
    Mirror::open(path, Schema::load().unwrap(), WRITER_BYTES, sealer).unwrap()
}

fn files(path: &Path) -> Vec<PathBuf> {
    fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn copy(from: &[PathBuf], into: &Path) {
    fs::create_dir_all(into).unwrap();
    for file in from {
        fs::copy(file, into.join(file.file_name().unwrap())).unwrap();
    }
}

/// The state of a process that was killed after it had written the deletes of a commit, and before
/// the metadata: the same commit must succeed when it is made again.
fn is_made_again(sealer: Option<&Sealer>) {
    let root = TempDir::new().unwrap();
    let path = root.path().join("gen-1");
    let mut mirror = open(&path, sealer);
    for number in 1..=3 {
        mirror.upsert(ORG, &contact(number), true).unwrap();
    }
    mirror.commit(ChangeSeq(3)).unwrap();
    mirror.close(PATIENCE).unwrap();
    let killed = root.path().join("killed").join("gen-1");
    copy(&files(&path), &killed);

    let mut mirror = open(&path, sealer);
    mirror.delete(ContactNumber(2));
    mirror.commit(ChangeSeq(4)).unwrap();
    let left_over = |file: &PathBuf| {
        file.extension().is_some_and(|e| e == "del") || file.ends_with(".managed.json")
    };
    let left: Vec<_> = files(&path).into_iter().filter(left_over).collect();
    assert_eq!(left.len(), 2, "the deletes and the list of files: {left:?}");
    mirror.close(PATIENCE).unwrap();
    copy(&left, &killed);

    let mut mirror = open(&killed, sealer);
    assert_eq!(mirror.committed(), ChangeSeq(3));
    mirror.delete(ContactNumber(2));
    mirror.commit(ChangeSeq(4)).unwrap();
    assert_eq!(mirror.count_of(ContactNumber(2)).unwrap(), 0);
    assert_eq!(mirror.count_of(ContactNumber(3)).unwrap(), 1);
}

#[test]
fn a_commit_that_a_kill_cut_short_is_made_again() {
    is_made_again(None);
}

#[test]
fn a_sealed_commit_that_a_kill_cut_short_is_made_again() {
    let dir = TempDir::new().unwrap();
    let vault = vault::create(dir.path(), &MasterKey::generate().unwrap()).unwrap();
    is_made_again(Some(&vault.sealer(KeyPurpose::Index)));
}

/// What is left of many commits becomes one segment, which shows only what the commits did.
#[test]
fn tidying_up_leaves_one_segment_with_the_same_contacts() {
    let root = TempDir::new().unwrap();
    let mut mirror = open(&root.path().join("gen-1"), None);
    for number in 1..=5 {
        mirror.upsert(ORG, &contact(number), true).unwrap();
        mirror.commit(ChangeSeq(u64::from(number))).unwrap();
    }
    mirror.delete(ContactNumber(4));
    assert_eq!(mirror.searcher().segment_readers().len(), 5);
    mirror.tidy().unwrap();
    assert_eq!(mirror.committed(), ChangeSeq(5));
    let merged = loop {
        match mirror.merged().unwrap() {
            Some(merged) => break merged,
            None => std::thread::yield_now(),
        }
    };
    assert_eq!(merged.segment_readers().len(), 1);
    mirror.show_merged().unwrap();
    assert_eq!(mirror.searcher().segment_readers().len(), 1);
    let counts: Vec<_> = (1..=5).map(|n| mirror.count_of(ContactNumber(n)).unwrap()).collect();
    assert_eq!(counts, [1, 1, 1, 0, 1]);
    assert!(mirror.merged().unwrap().is_none());
    mirror.tidy().unwrap();
    assert!(mirror.merged().unwrap().is_none(), "one segment is few enough");
}

/// Changes and commits go on while segments are merged; nothing is lost and nothing comes back.
#[test]
fn what_changes_while_segments_are_merged_is_kept() {
    let root = TempDir::new().unwrap();
    let mut mirror = open(&root.path().join("gen-1"), None);
    let mut rng = StdRng::seed_from_u64(7);
    let mut known: BTreeSet<u32> = BTreeSet::new();
    let mut next = 1;
    for round in 1..=120_u64 {
        for _ in 0..rng.random_range(1..12) {
            let some = known.iter().nth(rng.random_range(0..known.len().max(1))).copied();
            match (rng.random_range(0..10), some) {
                (0..4, _) | (_, None) => {
                    mirror.upsert(ORG, &contact(next), true).unwrap();
                    known.insert(next);
                    next += 1;
                }
                (4..7, Some(number)) => mirror.upsert(ORG, &contact(number), false).unwrap(),
                (_, Some(number)) => {
                    mirror.delete(ContactNumber(number));
                    known.remove(&number);
                }
            }
        }
        mirror.commit(ChangeSeq(round)).unwrap();
        if rng.random_range(0..3) == 0 {
            mirror.tidy().unwrap();
        }
        if mirror.merged().unwrap().is_some() {
            mirror.show_merged().unwrap();
        }
        let found = numbers(&mirror);
        assert!(found.iter().eq(&known), "in round {round}");
    }
}

/// The numbers of all contacts in the index, each as often as it is there.
fn numbers(mirror: &Mirror) -> Vec<u32> {
    let searcher = mirror.searcher();
    let mut all = Vec::new();
    for segment in searcher.segment_readers() {
        let column = segment.fast_fields().u64("number").unwrap();
        let alive = |doc: &u32| segment.alive_bitset().is_none_or(|alive| alive.is_alive(*doc));
        let number = |doc| u32::try_from(column.first(doc).unwrap()).unwrap();
        all.extend((0..segment.max_doc()).filter(alive).map(number));
    }
    all.sort_unstable();
    all
}

/// The engine numbers what is done after opening from the number of the last commit on, and takes
/// a delete of that number for one that was done before: it was lost when segments were merged
/// while the first commit was made.
#[test]
fn the_first_delete_after_opening_is_not_lost() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("gen-1");
    let mut mirror = open(&path, None);
    mirror.writer.set_merge_policy(Box::new(tantivy::merge_policy::NoMergePolicy));
    // As many segments as are merged together; one of them loses a contact in the last commit.
    for segment in 0..8 {
        let contacts = if segment == 0 { 3 } else { 4 };
        for number in 1..=contacts {
            mirror.upsert(ORG, &contact(segment * 10 + number), true).unwrap();
        }
        if segment == 7 {
            mirror.delete(ContactNumber(1));
        }
        mirror.commit(ChangeSeq(u64::from(segment) + 1)).unwrap();
    }
    mirror.close(PATIENCE).unwrap();
    let mut mirror = open(&path, None);
    mirror.delete(ContactNumber(2));
    mirror.upsert(ORG, &contact(90), true).unwrap();
    mirror.commit(ChangeSeq(9)).unwrap();
    assert_eq!(mirror.count_of(ContactNumber(2)).unwrap(), 0);
    mirror.close(PATIENCE).unwrap();
    let mirror = open(&path, None);
    assert!(mirror.searcher().segment_readers().len() < 8, "nothing was merged");
    assert_eq!(mirror.count_of(ContactNumber(2)).unwrap(), 0);
}

/// Whoever stops the server does not wait for merges, which lose nothing when they are ended.
#[test]
fn merges_that_are_ended_by_closing_lose_nothing() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("gen-1");
    let mut mirror = open(&path, None);
    for segment in 0..8 {
        for number in 1..=50 {
            mirror.upsert(ORG, &contact(segment * 50 + number), true).unwrap();
        }
        // The last one begins to merge them.
        mirror.commit(ChangeSeq(u64::from(segment) + 1)).unwrap();
    }
    mirror.close(Duration::ZERO).unwrap();
    let mut mirror = open(&path, None);
    assert_eq!(mirror.damaged_files().unwrap(), Vec::<String>::new());
    let of_each = |mirror: &Mirror| -> Vec<usize> {
        (1..=400).map(|number| mirror.count_of(ContactNumber(number)).unwrap()).collect()
    };
    assert_eq!(of_each(&mirror), vec![1; 400]);
    mirror.delete(ContactNumber(7));
    mirror.commit(ChangeSeq(9)).unwrap();
    mirror.close(PATIENCE).unwrap();
    let mirror = open(&path, None);
    assert_eq!(of_each(&mirror).iter().sum::<usize>(), 399);
}
