//! The journal with sealed entries: nothing readable, everything else as ever.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::vault::{self, KeyPurpose, MasterKey, Sealer};

const SECRET: &[u8] = b"Marginalia Quux";

fn sealer() -> Sealer {
    let dir = TempDir::new().unwrap();
    let vault = vault::create(dir.path(), &MasterKey::generate().unwrap()).unwrap();
    vault.sealer(KeyPurpose::Journal)
}

fn entry(number: u64) -> NewEntry {
    NewEntry {
        at: Timestamp(i64::try_from(number).unwrap()),
        organization: OrgNumber(1),
        actor: String::from_utf8(SECRET.to_vec()).unwrap(),
        tx: u128::from(number) << 64,
        ops: vec![Op::Put { key: vec![1; 4], value: SECRET.repeat(3), fresh: true }],
    }
}

fn open(dir: &Path, sealer: Option<&Sealer>) -> Result<FileJournal, Error> {
    FileJournal::open(
        dir,
        Options { segment_bytes: 1_000, sealer: sealer.cloned(), incarnation: None },
    )
}

/// Appends thirty entries in groups of three.
fn fill(journal: &FileJournal) {
    for first in (1..=30).step_by(3) {
        let group: Vec<NewEntry> = (first..first + 3).map(entry).collect();
        let appended = journal.append(ChangeSeq(first - 1), &group).unwrap();
        assert_eq!(appended, Appended::At(ChangeSeq(first + 2)));
    }
}

fn read_all(journal: &FileJournal) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let last = entries.last().map_or(ChangeSeq::ZERO, |entry| entry.seq);
        let more = journal.read(last, 500, Duration::ZERO).unwrap();
        if more.is_empty() {
            return entries;
        }
        entries.extend(more);
    }
}

fn holds_secret(dir: &Path) -> bool {
    load::list_segments(dir).unwrap().iter().any(|path| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    })
}

#[test]
fn sealed_entries_come_back_and_nothing_of_them_is_readable() {
    let dir = TempDir::new().unwrap();
    let sealer = sealer();
    let journal = open(dir.path(), Some(&sealer)).unwrap();
    fill(&journal);
    let verified = journal.verify().unwrap();
    drop(journal);
    assert!(!holds_secret(dir.path()));
    assert!(is_sealed(dir.path()).unwrap());
    let journal = open(dir.path(), Some(&sealer)).unwrap();
    assert_eq!(journal.verify().unwrap(), verified);
    let entries = read_all(&journal);
    assert_eq!(entries.len(), 30);
    for (read, number) in entries.iter().zip(1..) {
        let new = entry(number);
        assert_eq!((&read.ops, &read.actor, read.tx), (&new.ops, &new.actor, new.tx));
    }
    let plain = TempDir::new().unwrap();
    fill(&open(plain.path(), None).unwrap());
    assert!(holds_secret(plain.path()), "the test looks in the right place");
}

#[test]
fn a_journal_opens_only_as_it_was_begun() {
    let dir = TempDir::new().unwrap();
    let journal = dir.path().join("journal");
    fill(&open(&journal, Some(&sealer())).unwrap());
    let lost = open(&journal, None).unwrap_err();
    assert!(matches!(lost, Error::Vault(vault::Error::VaultLost(path)) if path == dir.path()));
    // The wrong key shows as soon as something is read.
    let other = open(&journal, Some(&sealer())).unwrap();
    assert!(matches!(other.verify(), Err(Error::Damaged { damage: Damage::Sealed, .. })));

    let dir = TempDir::new().unwrap();
    fill(&open(dir.path(), None).unwrap());
    let plain = open(dir.path(), Some(&sealer())).unwrap_err();
    assert!(matches!(plain, Error::Vault(vault::Error::PlainFile(_))));
}

#[test]
fn a_torn_tail_is_cut_and_damage_repaired_without_the_key() {
    let dir = TempDir::new().unwrap();
    let sealer = sealer();
    let journal = open(dir.path(), Some(&sealer)).unwrap();
    fill(&journal);
    drop(journal);
    let last = load::list_segments(dir.path()).unwrap().pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    fs::File::options().write(true).open(&last).unwrap().set_len(bytes.len() as u64 - 9).unwrap();
    let journal = open(dir.path(), Some(&sealer)).unwrap();
    assert_eq!(journal.tail(), ChangeSeq(29));
    assert!(journal.cut_at_open() > 0);
    journal.verify().unwrap();
    drop(journal);

    let first = load::list_segments(dir.path()).unwrap().remove(0);
    fs::File::options().write(true).open(&first).unwrap().write_all_at(&[0; 90], 300).unwrap();
    assert!(open(dir.path(), Some(&sealer)).is_err());
    let report = repair(dir.path()).unwrap();
    assert!(!report.problems.is_empty());
    let journal = open(dir.path(), Some(&sealer)).unwrap();
    assert_eq!(journal.verify().unwrap().last, report.last);
}

#[test]
fn an_entry_does_not_open_with_another_head_or_chain() {
    let sealing = sealing::Sealing::new(sealer(), Uuid::now_v7());
    let seed = frame::Seed::of(Uuid::nil());
    let mut bytes = Vec::new();
    let chain =
        frame::encode(&mut bytes, &entry(4), ChangeSeq(4), 0, &[1; 32], seed, Some(&sealing))
            .unwrap();
    let body = &bytes[frame::FRAME_HEADER_BYTES..];
    let opens = |body: &[u8], chain: &Chain| {
        frame::open_body(body, chain, Some(&sealing), &mut Vec::new()).map(<[u8]>::len)
    };
    assert!(opens(body, &chain).is_ok());
    assert_eq!(opens(body, &[1; 32]), Err(Damage::Sealed));
    for at in 1..body.len() {
        let mut changed = body.to_vec();
        changed[at] ^= 1;
        assert!(opens(&changed, &chain).is_err(), "byte {at}");
    }
    let mut plain = Vec::new();
    frame::encode(&mut plain, &entry(4), ChangeSeq(4), 0, &[1; 32], seed, None).unwrap();
    assert_eq!(opens(&plain[frame::FRAME_HEADER_BYTES..], &chain), Err(Damage::NotSealed));
    assert_eq!(
        frame::open_body(body, &chain, None, &mut Vec::new()).map(<[u8]>::len),
        Err(Damage::Sealed)
    );
}

#[test]
fn rewriting_keeps_entries_numbers_and_chain() {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name);
    let (first, second) = (sealer(), sealer());
    let journal = open(&at("plain"), None).unwrap();
    fill(&journal);
    journal.trim(ChangeSeq(9)).unwrap();
    let (verified, identity) = (journal.verify().unwrap(), journal.incarnation());
    assert!(verified.first > ChangeSeq(1));
    drop(journal);
    let steps = [
        ("plain", None, "first", Some(&first)),
        ("first", Some(&first), "second", Some(&second)),
        ("second", Some(&second), "again", None),
    ];
    for (from, old, to, new) in steps {
        let entries = rewrite(&at(from), &at(to), old, new).unwrap();
        assert_eq!(entries, verified.entries);
        let journal = open(&at(to), new).unwrap();
        let found = journal.verify().unwrap();
        assert_eq!(
            (found.first, found.last, found.entries, found.chain),
            (verified.first, verified.last, verified.entries, verified.chain)
        );
        assert_eq!(journal.incarnation(), identity);
        assert_eq!(holds_secret(&at(to)), new.is_none());
    }
    let names = |name: &str| -> Vec<_> {
        let all = load::list_segments(&at(name)).unwrap();
        all.iter()
            .map(|path| (path.file_name().unwrap().to_owned(), fs::read(path).unwrap()))
            .collect()
    };
    assert!(names("plain") == names("again"), "the files are the same byte by byte");
    assert!(rewrite(&at("second"), &at("wrong"), Some(&first), None).is_err());
}
