//! Damaged journals: what can be read on both sides of the damage, and what is missing.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::domain::ids::OrgNumber;
use crate::journal::{FileJournal, Journal as _, NewEntry, Op, Options};

fn entry(number: u64) -> NewEntry {
    NewEntry {
        at: Timestamp(i64::try_from(number).unwrap()),
        organization: OrgNumber(1),
        actor: "someone".to_owned(),
        tx: u128::from(number),
        ops: vec![Op::Put { key: number.to_be_bytes().to_vec(), value: vec![7; 50], fresh: false }],
    }
}

/// A closed journal with so many entries, in segments of about five.
fn journal(entries: u64) -> TempDir {
    let dir = TempDir::new().unwrap();
    let options = Options { segment_bytes: 900, ..Options::default() };
    let journal = FileJournal::open(dir.path(), options).unwrap();
    for number in 1..=entries {
        let _ = journal.append(ChangeSeq(number - 1), &[entry(number)]).unwrap();
    }
    dir
}

/// What a walk behind a change meets: numbers of entries, gaps as ranges, unproven ones negative.
fn walked(dir: &Path, after: u64) -> Vec<(i64, i64)> {
    let mut met = Vec::new();
    let signed = |seq: ChangeSeq| i64::try_from(seq.0).unwrap();
    Salvage::of(dir, None)
        .unwrap()
        .walk(ChangeSeq(after), |one| -> Result<(), Error> {
            met.push(match one {
                Salvaged::Entry(entry) => (signed(entry.seq), signed(entry.seq)),
                Salvaged::Gap(gap) => (signed(gap.from), signed(gap.to)),
                Salvaged::Unproven(entry) => (-signed(entry.seq), -signed(entry.seq)),
            });
            Ok(())
        })
        .unwrap();
    met
}

/// The place of an entry: its file, and where its frame begins there.
fn place_of(dir: &Path, seq: u64) -> (PathBuf, Place) {
    let incarnation = Salvage::of(dir, None).unwrap().incarnation().unwrap();
    for path in load::list_segments(dir).unwrap() {
        let places = find_frames(&path, HEADER_BYTES as u64, Seed::of(incarnation)).unwrap();
        if let Some(place) = places.iter().find(|place| place.seq == ChangeSeq(seq)) {
            return (path, *place);
        }
    }
    panic!("there is no entry {seq}");
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, at).unwrap();
}

#[test]
fn entries_on_both_sides_of_the_damage_are_read_and_the_gap_is_told() {
    let dir = journal(23);
    assert!(!Salvage::of(dir.path(), None).unwrap().is_damaged());
    for seq in [7, 8, 15] {
        let (path, place) = place_of(dir.path(), seq);
        overwrite(&path, place.offset + 60, &[0xee; 8]);
    }
    let salvage = Salvage::of(dir.path(), None).unwrap();
    assert_eq!(salvage.problems.len(), 3, "{:?}", salvage.problems);
    assert!(!salvage.ends_unreadable());
    assert_eq!(salvage.whole_from(), Some(ChangeSeq(1)));
    drop(salvage);
    let one = |from: i64, to: i64| (from..=to).map(|seq| (seq, seq)).collect::<Vec<_>>();
    let expected = [one(1, 6), vec![(7, 8)], one(9, 14), vec![(15, 15)], one(16, 23)].concat();
    assert_eq!(walked(dir.path(), 0), expected);
    let expected = [vec![(8, 8)], one(9, 14), vec![(15, 15)], one(16, 23)].concat();
    assert_eq!(walked(dir.path(), 7), expected, "a gap begins behind what was asked for");
}

#[test]
fn a_gap_says_when_it_was_written() {
    let dir = journal(10);
    let (path, place) = place_of(dir.path(), 4);
    overwrite(&path, place.offset + 60, &[0xee; 8]);
    let mut gaps = Vec::new();
    let salvage = Salvage::of(dir.path(), None).unwrap();
    salvage
        .walk(ChangeSeq::ZERO, |one| -> Result<(), Error> {
            if let Salvaged::Gap(gap) = one {
                gaps.push(gap);
            }
            Ok(())
        })
        .unwrap();
    let (after, before) = (Some(Timestamp(3)), Some(Timestamp(5)));
    assert_eq!(gaps, [Gap { from: ChangeSeq(4), to: ChangeSeq(4), after, before }]);
}

#[test]
fn an_entry_that_was_altered_with_a_correct_checksum_is_told_and_not_trusted() {
    let dir = journal(9);
    let incarnation = Salvage::of(dir.path(), None).unwrap().incarnation().unwrap();
    let (path, place) = place_of(dir.path(), 5);
    let before = {
        let journal = FileJournal::open(dir.path(), Options::default()).unwrap();
        let read = journal.read(ChangeSeq(3), 1, std::time::Duration::ZERO).unwrap();
        read[0].chain
    };
    let mut forged = entry(5);
    forged.actor = "nobody!".to_owned();
    let mut bytes = Vec::new();
    let seed = Seed::of(incarnation);
    frame::encode(&mut bytes, &forged, ChangeSeq(5), 0, &before, seed, None).unwrap();
    assert_eq!(bytes.len() as u64, place.length);
    overwrite(&path, place.offset, &bytes);
    let met = walked(dir.path(), 0);
    assert_eq!(met[..5], [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
    assert_eq!(met[5..], [(-6, -6), (-7, -7), (-8, -8), (-9, -9)]);
}

#[test]
fn damaged_headers_and_missing_segments_cost_no_entry_that_is_there() {
    let dir = journal(23);
    let files = load::list_segments(dir.path()).unwrap();
    overwrite(&files[0], 30, &[0xee; 4]);
    overwrite(files.last().unwrap(), 2, &[0xee; 2]);
    let one = |from: i64, to: i64| (from..=to).map(|seq| (seq, seq)).collect::<Vec<_>>();
    assert_eq!(walked(dir.path(), 0), one(1, 23));
    let first_of_third = header_of(&files[2]).unwrap().first.0;
    let first_of_second = header_of(&files[1]).unwrap().first.0;
    std::fs::remove_file(&files[1]).unwrap();
    let signed = |seq: u64| i64::try_from(seq).unwrap();
    let (from, to) = (signed(first_of_second), signed(first_of_third));
    let expected = [one(1, from - 1), vec![(from, to - 1)], one(to, 23)].concat();
    assert_eq!(walked(dir.path(), 0), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_overwritten_nothing_false_is_read_and_only_what_was_hit_is_missing(
        hits in proptest::collection::vec((0..23_u64, 0..100_u64, any::<u8>()), 1..5),
    ) {
        let dir = journal(23);
        let mut hit = std::collections::BTreeSet::new();
        for (seq, at, byte) in hits {
            // An entry that was hit is not found any more.
            if hit.contains(&(seq + 1)) {
                continue;
            }
            let (path, place) = place_of(dir.path(), seq + 1);
            let at = place.offset + at.min(place.length - 1);
            let mut old = [0];
            OpenOptions::new().read(true).open(&path).unwrap().read_exact_at(&mut old, at).unwrap();
            if old[0] != byte {
                hit.insert(seq + 1);
                overwrite(&path, at, &[byte]);
            }
        }
        let mut read = std::collections::BTreeSet::new();
        let salvage = Salvage::of(dir.path(), None).unwrap();
        salvage.walk(ChangeSeq::ZERO, |one| -> Result<(), Error> {
            match one {
                Salvaged::Entry(found) => {
                    let new = entry(found.seq.0);
                    assert_eq!((found.at, found.tx, found.ops), (new.at, new.tx, new.ops));
                    read.insert(found.seq.0);
                }
                Salvaged::Gap(_) => {}
                Salvaged::Unproven(found) => panic!("entry {} is not proven", found.seq),
            }
            Ok(())
        }).unwrap();
        let whole: std::collections::BTreeSet<u64> =
            (1..=23).filter(|seq| !hit.contains(seq)).collect();
        prop_assert_eq!(read, whole);
    }
}
