//! The store with sealed values: nothing readable but keys, and every value at its own place.

use tempfile::TempDir;

use super::*;
use crate::vault::{self, KeyPurpose, MasterKey};

const SECRET: &[u8] = b"Marginalia Quux";

pub(super) fn sealer() -> Sealer {
    let dir = TempDir::new().unwrap();
    let vault = vault::create(dir.path(), &MasterKey::generate().unwrap()).unwrap();
    vault.sealer(KeyPurpose::Store)
}

fn open(dir: &Path, sealer: Option<&Sealer>) -> Store {
    let sealer = sealer.cloned();
    Store::open(dir, &Options { cache_bytes: 16 << 20, flush_every_ms: None, sealer }).unwrap().0
}

/// Values of the sizes that matter, empty ones included.
fn values() -> Vec<(Vec<u8>, Vec<u8>)> {
    [0, 1, 15, parts::PART_BYTES - 50, parts::PART_BYTES - 40, parts::PART_BYTES, 40 << 10]
        .iter()
        .zip(0_u8..)
        .map(|(length, key)| {
            (vec![b'k', key], SECRET.iter().copied().cycle().take(*length).collect())
        })
        .collect()
}

fn fill(store: &Store) {
    let values = values();
    let changes = values.iter().map(|(key, value)| Change::Put { key, value });
    store.apply(changes, ChangeSeq(7)).unwrap();
    store.checkpoint().unwrap();
}

fn assert_whole(store: &Store) {
    let all: Vec<(Vec<u8>, Vec<u8>)> = store
        .scan_prefix(b"")
        .map(|found| found.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap())
        .collect();
    assert_eq!(all, values());
    for (key, value) in values() {
        assert_eq!(store.get(&key).unwrap().unwrap().into_vec(), value);
    }
    assert_eq!(store.applied_seq(), ChangeSeq(7));
}

fn holds_secret(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        path.is_file()
            && fs::read(path).unwrap().windows(SECRET.len()).any(|window| window == SECRET)
    })
}

#[test]
fn sealed_values_come_back_and_nothing_of_them_is_readable() {
    let (dir, plain) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let sealer = sealer();
    fill(&open(dir.path(), Some(&sealer)));
    assert!(!holds_secret(dir.path()));
    let store = open(dir.path(), Some(&sealer));
    assert_whole(&store);
    // Small after large and large after small leave no parts behind.
    for (key, _) in values() {
        store.apply([Change::Put { key: &key, value: b"now small" }], ChangeSeq(8)).unwrap();
    }
    assert_eq!(store.files.load().tree.scan_prefix([RESERVED, 1]).count(), 0);
    store.apply([Change::Delete { key: b"k\x00" }], ChangeSeq(9)).unwrap();
    assert_eq!(store.get(b"k\x00").unwrap(), None);

    fill(&open(plain.path(), None));
    assert!(holds_secret(plain.path()), "the test looks in the right place");
}

#[test]
fn exchanged_changed_and_plain_values_are_damage() {
    let dir = TempDir::new().unwrap();
    let sealer = sealer();
    let store = open(dir.path(), Some(&sealer));
    fill(&store);
    let (one, two) = (&[b'k', 1][..], &[b'k', 2][..]);
    let raw = store.files.load().tree.get(two).unwrap().unwrap();
    let mut changed = raw.to_vec();
    changed[5] ^= 1;
    for wrong in [&raw[..], &changed, b"\x00plain", b"", b"\x02", b"\x02short"] {
        store.files.load().tree.insert(one, wrong).unwrap();
        assert!(matches!(store.get(one), Err(Error::DamagedValue { .. })), "{wrong:?}");
        let scanned = store.scan_prefix(one).next().unwrap();
        assert!(matches!(scanned, Err(Error::DamagedValue { .. })), "{wrong:?}");
    }
    // A value in parts, put in the place of another one with all its parts.
    let large = &[b'k', 6][..];
    let moves: Vec<_> =
        store.files.load().tree.scan_prefix([&[RESERVED, 1], large].concat()).collect();
    assert!(!moves.is_empty());
    for found in moves {
        let (part, bytes) = found.unwrap();
        let moved = [&part[..2], one, &part[2 + large.len()..]].concat();
        store.files.load().tree.insert(moved, bytes).unwrap();
    }
    store
        .files
        .load()
        .tree
        .insert(one, store.files.load().tree.get(large).unwrap().unwrap())
        .unwrap();
    assert!(matches!(store.get(one), Err(Error::DamagedValue { .. })));
    assert!(store.get(large).is_ok());
}

#[test]
fn another_key_or_none_reads_nothing() {
    let dir = TempDir::new().unwrap();
    fill(&open(dir.path(), Some(&sealer())));
    for wrong in [Some(sealer()), None] {
        let store = open(dir.path(), wrong.as_ref());
        assert!(store.scan_prefix(b"").all(|found| found.is_err()));
    }
}

#[test]
fn rewriting_keeps_every_record() {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name);
    let (first, second) = (sealer(), sealer());
    fill(&open(&at("plain"), None));
    let steps = [
        ("plain", None, "first", Some(&first)),
        ("first", Some(&first), "second", Some(&second)),
        ("second", Some(&second), "again", None),
    ];
    for (from, old, to, new) in steps {
        assert_eq!(rewrite(&at(from), &at(to), old, new).unwrap(), values().len() as u64);
        assert_eq!(holds_secret(&at(to)), new.is_none());
        assert_whole(&open(&at(to), new));
    }
    assert!(rewrite(&at("second"), &at("wrong"), Some(&first), None).is_err());
}
