//! The file journal from outside: append, reopen, torn tails, damage, repair, trim, verify.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const NO_WAIT: Duration = Duration::ZERO;

fn entry(number: u64) -> NewEntry {
    NewEntry {
        at: Timestamp(1_735_689_600_000 + i64::try_from(number).unwrap()),
        organization: OrgNumber(7),
        actor: format!("user-{number}"),
        tx: u128::from(number) << 64,
        ops: vec![
            Op::Put {
                key: number.to_be_bytes().to_vec(),
                value: vec![number.to_le_bytes()[0]; 40],
                fresh: number.is_multiple_of(2),
            },
            Op::Delete { key: vec![1, 2, 3] },
        ],
    }
}

fn group(numbers: std::ops::RangeInclusive<u64>) -> Vec<NewEntry> {
    numbers.map(entry).collect()
}

fn open(dir: &Path) -> FileJournal {
    FileJournal::open(dir, Options::default()).unwrap()
}

fn open_small(dir: &Path) -> FileJournal {
    FileJournal::open(dir, Options { segment_bytes: 1000 }).unwrap()
}

/// Appends entries one group each.
fn append_singly(journal: &FileJournal, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let appended = journal.append(ChangeSeq(number - 1), &[entry(number)]).unwrap();
        assert_eq!(appended, Appended::At(ChangeSeq(number)));
    }
}

/// Reads everything behind `after` in small bites, checking that each is what was appended.
fn read_all(journal: &FileJournal, after: u64) -> u64 {
    let mut last = ChangeSeq(after);
    loop {
        let entries = journal.read(last, 500, NO_WAIT).unwrap();
        if entries.is_empty() {
            return last.0;
        }
        for read in entries {
            let new = entry(read.seq.0);
            assert_eq!(read.after, last);
            assert_eq!(read.seq, last.next());
            assert_eq!(
                (read.at, read.organization, read.actor, read.tx, read.ops),
                (new.at, new.organization, new.actor, new.tx, new.ops)
            );
            last = read.seq;
        }
    }
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    load::list_segments(dir).unwrap()
}

fn only_segment(dir: &Path) -> PathBuf {
    let [path] = segments(dir).try_into().unwrap();
    path
}

fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
}

#[test]
fn what_is_appended_is_read_back_also_after_reopening() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    assert_eq!((journal.tail(), journal.first()), (ChangeSeq(0), ChangeSeq(1)));
    assert_eq!(journal.append(ChangeSeq(0), &group(1..=3)).unwrap(), Appended::At(ChangeSeq(3)));
    append_singly(&journal, 4..=20);
    assert_eq!(read_all(&journal, 0), 20);
    assert_eq!(read_all(&journal, 13), 20);
    let incarnation = journal.incarnation();
    drop(journal);

    let journal = open(dir.path());
    assert_eq!(journal.incarnation(), incarnation);
    assert_eq!((journal.tail(), journal.cut_at_open()), (ChangeSeq(20), 0));
    append_singly(&journal, 21..=22);
    assert_eq!(read_all(&journal, 0), 22);
    let verified = journal.verify().unwrap();
    assert_eq!((verified.first, verified.last), (ChangeSeq(1), ChangeSeq(22)));
    assert_eq!(verified.entries, 22);
    let last = journal.read(ChangeSeq(21), 1, NO_WAIT).unwrap();
    assert_eq!(verified.chain, last[0].chain);
}

#[test]
fn an_append_at_the_wrong_place_is_a_conflict_and_writes_nothing() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=2);
    let size = journal.byte_size();
    assert_eq!(journal.append(ChangeSeq(1), &group(2..=3)).unwrap(), Appended::Conflict);
    assert_eq!(journal.append(ChangeSeq(3), &group(4..=4)).unwrap(), Appended::Conflict);
    assert_eq!(journal.append(ChangeSeq(2), &[]).unwrap(), Appended::At(ChangeSeq(2)));
    assert_eq!((journal.tail(), journal.byte_size()), (ChangeSeq(2), size));
}

#[test]
fn a_directory_can_be_open_only_once() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    let second = FileJournal::open(dir.path(), Options::default());
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
    assert!(matches!(repair(dir.path()), Err(Error::Locked { .. })));
    drop(journal);
    open(dir.path());
}

#[test]
fn a_tail_torn_at_any_byte_of_the_last_frame_is_cut() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=2);
    let start = journal.byte_size();
    append_singly(&journal, 3..=3);
    let end = journal.byte_size();
    drop(journal);
    let path = only_segment(dir.path());
    let whole = fs::read(&path).unwrap();

    for cut in start..end {
        for zeros in [0, 1, 5000] {
            let mut torn = whole[..usize::try_from(cut).unwrap()].to_vec();
            torn.resize(torn.len() + zeros, 0);
            let file = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
            file.write_all_at(&torn, 0).unwrap();
            let journal = open(dir.path());
            assert_eq!(journal.tail(), ChangeSeq(2), "cut at {cut} with {zeros} zeros");
            assert_eq!(journal.cut_at_open(), cut - start + zeros as u64);
            append_singly(&journal, 3..=4);
            assert_eq!(read_all(&journal, 0), 4);
        }
    }
}
