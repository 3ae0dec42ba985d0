//! Random damage: whatever happens to the files, nothing false is read and nothing panics.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use super::*;

#[derive(Clone, Debug)]
enum Damaging {
    /// Writes bytes over a place.
    Overwrite(Index, Vec<u8>),
    /// Cuts the file there.
    Truncate(Index),
    /// Writes one part of the file over another, as a confused disk does.
    Copy(Index, Index, u16),
    /// Removes the file.
    Remove,
}

fn any_damage() -> impl Strategy<Value = Damaging> {
    prop_oneof![
        4 => (any::<Index>(), vec(any::<u8>(), 1..40))
            .prop_map(|(place, bytes)| Damaging::Overwrite(place, bytes)),
        2 => (any::<Index>(), 1..600_usize)
            .prop_map(|(place, length)| Damaging::Overwrite(place, vec![0; length])),
        2 => any::<Index>().prop_map(Damaging::Truncate),
        2 => (any::<Index>(), any::<Index>(), 1..600_u16)
            .prop_map(|(from, to, length)| Damaging::Copy(from, to, length)),
        1 => Just(Damaging::Remove),
    ]
}

fn entry(seq: u64) -> NewEntry {
    NewEntry {
        at: Timestamp(0),
        organization: OrgNumber(1),
        actor: "someone".to_owned(),
        tx: u128::from(seq),
        ops: vec![Op::Put { key: b"key".to_vec(), value: vec![1; 60], fresh: false }],
    }
}

fn read_all(journal: &FileJournal) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let mut last = ChangeSeq(journal.first().0 - 1);
    loop {
        let more = journal.read(last, 700, Duration::ZERO)?;
        let Some(newest) = more.last() else { return Ok(entries) };
        last = newest.seq;
        entries.extend(more);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_journal_is_refused_or_tells_only_what_was_written(
        groups in vec(1..5_u64, 1..12), damages in vec((any::<Index>(), any_damage()), 1..3),
    ) {
        let dir = TempDir::new().unwrap();
        let options = || Options { segment_bytes: 900, ..Options::default() };
        let journal = FileJournal::open(dir.path(), options()).unwrap();
        let mut tail = 0;
        for size in groups {
            let group: Vec<_> = (tail + 1..=tail + size).map(entry).collect();
            let _ = journal.append(ChangeSeq(tail), &group).unwrap();
            tail += size;
        }
        let written = read_all(&journal).unwrap();
        let incarnation = journal.incarnation();
        drop(journal);

        for (which, damage) in damages {
            let files = load::list_segments(dir.path()).unwrap();
            if files.is_empty() {
                break;
            }
            let path = which.get(&files);
            let file = OpenOptions::new().write(true).open(path).unwrap();
            let whole = fs::read(path).unwrap();
            if whole.is_empty() {
                continue;
            }
            let place = |index: Index| index.index(whole.len());
            match damage {
                Damaging::Overwrite(at, bytes) => {
                    file.write_all_at(&bytes, place(at) as u64).unwrap();
                }
                Damaging::Truncate(at) => file.set_len(place(at) as u64).unwrap(),
                Damaging::Copy(from, to, length) => {
                    let from = place(from);
                    let end = whole.len().min(from + usize::from(length));
                    file.write_all_at(&whole[from..end], place(to) as u64).unwrap();
                }
                Damaging::Remove => fs::remove_file(path).unwrap(),
            }
        }

        let journal = match FileJournal::open(dir.path(), options()) {
            Ok(journal) => journal,
            Err(Error::Damaged { .. }) => {
                repair(dir.path()).unwrap();
                FileJournal::open(dir.path(), options()).unwrap()
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let left = read_all(&journal).unwrap();
        if journal.incarnation() == incarnation {
            let first = usize::try_from(journal.first().0 - 1).unwrap();
            prop_assert_eq!(&left[..], &written[first..first + left.len()]);
            prop_assert_eq!(journal.tail().0, (first + left.len()) as u64);
        } else {
            prop_assert_eq!(left, []);
        }
        prop_assert_eq!(journal.verify().unwrap().last, journal.tail());
        let after = journal.tail();
        prop_assert_eq!(
            journal.append(after, &[entry(after.0 + 1)]).unwrap(),
            Appended::At(after.next())
        );
        journal.verify().unwrap();
    }
}
