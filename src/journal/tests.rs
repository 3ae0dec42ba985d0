//! The file journal from outside: append, reopen, torn tails, damage, repair, trim, verify.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const NO_WAIT: Duration = Duration::ZERO;

pub(super) fn entry(number: u64) -> NewEntry {
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
    FileJournal::open(dir, Options { segment_bytes: 1000, ..Options::default() }).unwrap()
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

#[test]
fn a_power_loss_may_keep_the_end_of_an_unsynced_group_and_lose_its_middle() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=2);
    let start = journal.byte_size();
    let _ = journal.append(ChangeSeq(2), &group(3..=12)).unwrap();
    let frame = (journal.byte_size() - start) / 10;
    drop(journal);
    flip(&only_segment(dir.path()), start + 4 * frame + frame / 2);

    let journal = open(dir.path());
    assert_eq!(journal.tail(), ChangeSeq(6));
    assert!(journal.cut_at_open() > 5 * frame);
    append_singly(&journal, 7..=8);
    assert_eq!(read_all(&journal, 0), 8);
    journal.verify().unwrap();
}

#[test]
fn damage_in_the_middle_is_refused_at_every_byte_of_a_frame_and_repaired() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=2);
    let start = journal.byte_size();
    append_singly(&journal, 3..=3);
    let end = journal.byte_size();
    append_singly(&journal, 4..=9);
    let size = journal.byte_size();
    drop(journal);
    let path = only_segment(dir.path());
    let whole = fs::read(&path).unwrap();

    for offset in start..end {
        flip(&path, offset);
        match FileJournal::open(dir.path(), Options::default()) {
            Err(error @ Error::Damaged { offset, .. }) => {
                assert_eq!(offset, start);
                let text = error.to_string();
                assert!(text.contains("ringdex check --repair-journal"), "{text}");
                assert!(text.contains(path.to_str().unwrap()), "{text}");
            }
            other => panic!("opened with a flipped bit at {offset}: {other:?}"),
        }
        flip(&path, offset);
    }
    assert_eq!(fs::read(&path).unwrap(), whole, "refusing to open has changed the file");

    flip(&path, start + 20);
    let report = repair(dir.path()).unwrap();
    assert_eq!((report.bytes_cut, report.entries_cut), (size - start, 6));
    assert_eq!((report.last, report.problems.len()), (ChangeSeq(2), 1));
    let [saved] = report.saved.try_into().unwrap();
    assert_eq!(fs::metadata(saved).unwrap().len(), size - start);
    let journal = open(dir.path());
    assert_eq!(read_all(&journal, 0), 2);
    append_singly(&journal, 3..=3);
    drop(journal);
    let again = repair(dir.path()).unwrap();
    assert_eq!(again, RepairReport { last: ChangeSeq(3), ..RepairReport::default() });
}

#[test]
fn a_torn_tail_is_left_to_opening() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=3);
    let size = journal.byte_size();
    drop(journal);
    let path = only_segment(dir.path());
    OpenOptions::new().write(true).open(&path).unwrap().set_len(size - 1).unwrap();
    let report = repair(dir.path()).unwrap();
    assert_eq!(report, RepairReport { last: ChangeSeq(2), ..RepairReport::default() });
    assert_eq!(open(dir.path()).tail(), ChangeSeq(2));
}

#[test]
fn segments_follow_each_other_and_are_trimmed_whole() {
    let dir = TempDir::new().unwrap();
    let journal = open_small(dir.path());
    append_singly(&journal, 1..=100);
    let files = segments(dir.path()).len();
    assert!(files > 10, "{files} segments");
    assert_eq!(read_all(&journal, 0), 100);
    journal.verify().unwrap();

    let size = journal.byte_size();
    journal.trim(ChangeSeq(50)).unwrap();
    let first = journal.first();
    assert!(first > ChangeSeq(1) && first <= ChangeSeq(51), "begins at {first}");
    assert!(journal.byte_size() < size && segments(dir.path()).len() < files);
    let refused = journal.read(ChangeSeq(0), 1000, NO_WAIT);
    assert!(matches!(refused, Err(Error::Trimmed { first: said }) if said == first));
    assert_eq!(read_all(&journal, first.0 - 1), 100);
    assert_eq!(journal.verify().unwrap().first, first);

    journal.trim(ChangeSeq(u64::MAX)).unwrap();
    assert_eq!(segments(dir.path()).len(), 1, "the segment that grows stays");
    drop(journal);
    let journal = open_small(dir.path());
    assert_eq!(journal.tail(), ChangeSeq(100));
    append_singly(&journal, 101..=130);
    assert_eq!(read_all(&journal, journal.first().0 - 1), 130);
    journal.verify().unwrap();
}

#[test]
fn retention_drops_what_is_old_or_too_much_but_nothing_that_is_still_needed() {
    let dir = TempDir::new().unwrap();
    let journal = open_small(dir.path());
    append_singly(&journal, 1..=100);
    let time = |number| entry(number).at;
    let keep = u64::MAX;

    assert_eq!(journal.trim_to(ChangeSeq(100), keep, time(1)).unwrap(), ChangeSeq(1));
    assert_eq!(journal.trim_to(ChangeSeq(0), 0, time(100)).unwrap(), ChangeSeq(1));
    let by_age = journal.trim_to(ChangeSeq(100), keep, time(40)).unwrap();
    assert!(by_age > ChangeSeq(20) && by_age <= ChangeSeq(40), "begins at {by_age}");
    let half = journal.byte_size() / 2;
    let by_size = journal.trim_to(ChangeSeq(100), half, time(1)).unwrap();
    assert!(by_size > by_age && journal.byte_size() <= half);
    assert!(journal.byte_size() + 2500 > half, "dropped more than was needed");
    assert_eq!(read_all(&journal, by_size.0 - 1), 100);
}

#[test]
fn a_missing_segment_or_one_of_another_journal_is_refused_and_repaired() {
    let dir = TempDir::new().unwrap();
    let journal = open_small(dir.path());
    append_singly(&journal, 1..=100);
    drop(journal);
    let files = segments(dir.path());
    let kept = fs::read(&files[3]).unwrap();
    fs::remove_file(&files[3]).unwrap();
    let refused = FileJournal::open(dir.path(), Options::default());
    let Err(Error::Damaged { path, offset: 0, damage: Damage::Sequence { .. } }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(path, files[4]);

    let elsewhere = TempDir::new().unwrap();
    let other = open_small(elsewhere.path());
    append_singly(&other, 1..=100);
    fs::copy(&segments(elsewhere.path())[3], &files[3]).unwrap();
    let refused = FileJournal::open(dir.path(), Options::default());
    assert!(
        matches!(refused, Err(Error::Damaged { damage: Damage::Incarnation, .. })),
        "{refused:?}"
    );

    let report = repair(dir.path()).unwrap();
    assert_eq!(report.saved.len(), files.len() - 3);
    assert_eq!(segments(dir.path()), files[..3]);
    let journal = open_small(dir.path());
    assert_eq!(journal.tail(), report.last);
    assert_eq!(report.last.0 + report.entries_cut, 100 - entries_of(&kept));
    assert_eq!(read_all(&journal, 0), report.last.0);
}

/// How many entries of [`entry`] a segment file holds, by their mark.
fn entries_of(segment: &[u8]) -> u64 {
    segment.windows(4).filter(|window| *window == frame::MARK).count() as u64
}

#[test]
fn damage_in_an_older_segment_is_refused_even_at_its_end() {
    let dir = TempDir::new().unwrap();
    let journal = open_small(dir.path());
    append_singly(&journal, 1..=30);
    drop(journal);
    let files = segments(dir.path());
    let length = fs::metadata(&files[1]).unwrap().len();
    for offset in [0, 8, 20, 71, length - 1] {
        flip(&files[1], offset);
        let refused = FileJournal::open(dir.path(), Options::default());
        assert!(
            matches!(&refused, Err(Error::Damaged { path, .. }) if *path == files[1]),
            "flipped {offset}: {refused:?}"
        );
        flip(&files[1], offset);
    }
    OpenOptions::new().write(true).open(&files[1]).unwrap().set_len(length - 1).unwrap();
    let refused = FileJournal::open(dir.path(), Options::default());
    assert!(matches!(&refused, Err(Error::Damaged { path, .. }) if *path == files[1]));
}

#[test]
fn a_damaged_header_of_the_oldest_segment_costs_only_that_segment() {
    let dir = TempDir::new().unwrap();
    let journal = open_small(dir.path());
    append_singly(&journal, 1..=30);
    drop(journal);
    let files = segments(dir.path());
    flip(&files[0], 30);
    let report = repair(dir.path()).unwrap();
    assert_eq!((report.saved.len(), report.last), (1, ChangeSeq(30)));
    let journal = open_small(dir.path());
    assert_eq!(read_all(&journal, journal.first().0 - 1), 30);
    assert_eq!(report.entries_cut, journal.first().0 - 1);
}

#[test]
fn a_segment_whose_creation_was_interrupted_is_forgotten() {
    let dir = TempDir::new().unwrap();
    append_singly(&open(dir.path()), 1..=3);
    let unfinished = dir.path().join("0000000000000004.new");
    fs::copy(only_segment(dir.path()), &unfinished).unwrap();
    assert_eq!(read_all(&open(dir.path()), 0), 3);
    assert!(!unfinished.exists());
}

#[test]
fn verifying_finds_an_entry_that_was_changed_with_a_correct_checksum() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=2);
    let start = journal.byte_size();
    append_singly(&journal, 3..=5);
    let seed = frame::Seed::of(journal.incarnation());
    let before = journal.read(ChangeSeq(1), 1, NO_WAIT).unwrap().remove(0).chain;
    drop(journal);

    let mut forged = entry(3);
    forged.actor = "user-9".to_owned();
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, &forged, ChangeSeq(3), 0, &before, seed, None).unwrap();
    let path = only_segment(dir.path());
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    file.write_all_at(&bytes, start).unwrap();

    let journal = open(dir.path());
    assert_eq!(journal.tail(), ChangeSeq(5), "every checksum is in order");
    let found = journal.verify();
    assert!(
        matches!(&found, Err(Error::Damaged { offset, damage: Damage::Chain { .. }, .. })
            if *offset == start + bytes.len() as u64),
        "{found:?}"
    );
    let read = journal.read(ChangeSeq(0), 100_000, NO_WAIT);
    assert!(matches!(read, Err(Error::Damaged { damage: Damage::Chain { .. }, .. })), "{read:?}");
}

#[test]
fn a_group_of_256_is_one_sync() {
    let dir = TempDir::new().unwrap();
    let journal = open_small(dir.path());
    let appended = journal.append(ChangeSeq(0), &group(1..=256)).unwrap();
    assert_eq!(appended, Appended::At(ChangeSeq(256)));
    assert_eq!(journal.sync_count(), 1);
    assert_eq!(segments(dir.path()).len(), 1, "a group is not divided between segments");
    assert_eq!(read_all(&journal, 0), 256);
    assert_eq!(read_all(&journal, 200), 256);
    append_singly(&journal, 257..=257);
    assert_eq!(segments(dir.path()).len(), 2);
}

#[test]
fn a_failed_write_ends_all_writing() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    append_singly(&journal, 1..=2);
    journal.replace_file_for_test(fs::File::open(only_segment(dir.path())).unwrap());
    let failed = journal.append(ChangeSeq(2), &group(3..=3));
    assert!(matches!(failed, Err(Error::Io { action: "write", .. })), "{failed:?}");
    assert!(matches!(journal.append(ChangeSeq(2), &group(3..=3)), Err(Error::Poisoned)));
    assert_eq!(journal.tail(), ChangeSeq(2));
    assert_eq!(read_all(&journal, 0), 2);
}

#[test]
fn an_entry_that_is_too_large_is_refused_and_nothing_is_lost() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    let mut large = entry(2);
    large.ops.push(Op::Put { key: vec![1], value: vec![0; MAX_BODY_BYTES], fresh: true });
    let refused = journal.append(ChangeSeq(0), &[entry(1), large]);
    assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
    assert_eq!(journal.tail(), ChangeSeq(0));
    append_singly(&journal, 1..=2);
    assert_eq!(read_all(&journal, 0), 2);
}

#[test]
fn reading_returns_at_least_one_entry_and_not_many_more_than_asked_for() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path());
    let mut large = entry(1);
    large.ops.push(Op::Put { key: vec![1], value: vec![9; 3 << 20], fresh: true });
    let _ = journal.append(ChangeSeq(0), &[large.clone(), entry(2), large, entry(4)]).unwrap();
    for after in 0..4 {
        let read = journal.read(ChangeSeq(after), 0, NO_WAIT).unwrap();
        let seqs: Vec<u64> = read.iter().map(|entry| entry.seq.0).collect();
        assert_eq!(seqs, [after + 1]);
    }
    let read = journal.read(ChangeSeq(0), (3 << 20) + 200, NO_WAIT).unwrap();
    assert_eq!(read.len(), 2);
}

#[test]
fn reading_at_the_tail_waits_for_the_next_entry() {
    let dir = TempDir::new().unwrap();
    let journal = Arc::new(open(dir.path()));
    assert_eq!(journal.read(ChangeSeq(0), 1000, Duration::from_millis(1)).unwrap(), []);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| journal.read(ChangeSeq(1), 1000, Duration::MAX));
        append_singly(&journal, 1..=2);
        let read = reader.join().unwrap().unwrap();
        assert_eq!(read.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [2]);
    });
}

#[test]
fn readers_follow_a_writer_across_segments_while_it_trims() {
    const ENTRIES: u64 = 1500;
    let dir = TempDir::new().unwrap();
    let journal =
        FileJournal::open(dir.path(), Options { segment_bytes: 10_000, ..Options::default() })
            .unwrap();
    std::thread::scope(|scope| {
        let readers: Vec<_> = [200, 3000, 1 << 20]
            .into_iter()
            .map(|bite| {
                let journal = &journal;
                scope.spawn(move || {
                    let mut last = ChangeSeq::ZERO;
                    while last < ChangeSeq(ENTRIES) {
                        match journal.read(last, bite, Duration::from_secs(60)) {
                            Ok(entries) => {
                                for entry in entries {
                                    assert_eq!(entry.seq, last.next());
                                    assert!(entry.seq <= journal.tail());
                                    last = entry.seq;
                                }
                            }
                            Err(Error::Trimmed { first }) => {
                                assert!(first > last.next());
                                last = ChangeSeq(first.0 - 1);
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        let mut tail = 0;
        while tail < ENTRIES {
            let to = (tail + 1 + tail % 7).min(ENTRIES);
            let appended = journal.append(ChangeSeq(tail), &group(tail + 1..=to)).unwrap();
            assert_eq!(appended, Appended::At(ChangeSeq(to)));
            tail = to;
            if tail % 5 == 0 {
                journal.trim(ChangeSeq(tail.saturating_sub(200))).unwrap();
            }
        }
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert!(journal.first() > ChangeSeq(1000));
    journal.verify().unwrap();
}
