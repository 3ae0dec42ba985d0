//! The store from outside.

use tempfile::TempDir;

use super::*;

fn put<'a>(key: &'a [u8], value: &'a [u8]) -> Change<'a> {
    Change::Put { key, value }
}

fn open(dir: &Path) -> (Store, OpenReport) {
    Store::open(dir, &Options { cache_bytes: 16 << 20, flush_every_ms: None, sealer: None })
        .unwrap()
}

#[test]
fn small_and_large_values_come_back_also_after_reopening() {
    let dir = TempDir::new().unwrap();
    let (store, report) = open(dir.path());
    assert!(!report.existed);
    let large = vec![7; 300 << 10];
    store.apply([put(b"a", b"1"), put(b"b", &large), put(b"c", b"")], ChangeSeq(5)).unwrap();
    store.apply([Change::Delete { key: b"a" }], ChangeSeq(6)).unwrap();
    let check = |store: &Store| {
        assert_eq!(store.applied_seq(), ChangeSeq(6));
        assert_eq!(store.get(b"a").unwrap(), None);
        assert_eq!(*store.get(b"b").unwrap().unwrap(), *large);
        assert_eq!(*store.get(b"c").unwrap().unwrap(), *b"");
        let keys: Vec<Vec<u8>> =
            store.scan_prefix(b"").map(|found| found.unwrap().0.to_vec()).collect();
        assert_eq!(keys, [b"b", b"c"]);
    };
    check(&store);
    drop(store);
    let (store, report) = open(dir.path());
    assert!(report.existed);
    assert_eq!((report.applied, report.swept_values), (ChangeSeq(6), 0));
    check(&store);
}

#[test]
fn keys_of_the_store_itself_are_refused_and_never_shown() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let long = vec![1; MAX_KEY_BYTES + 1];
    let large = vec![3; 20 << 10];
    store.apply([put(b"a", &large), put(b"\xfe\xff\xff", b"z")], ChangeSeq(1)).unwrap();
    assert!(matches!(put(&[255, 3], b"").check(), Err(Error::KeyReserved)));
    assert!(matches!(put(&long, b"").check(), Err(Error::KeyTooLong { bytes: 321 })));
    let refused = store.apply([Change::Delete { key: APPLIED_KEY }], ChangeSeq(2));
    assert!(matches!(refused, Err(Error::KeyReserved)));
    assert!(matches!(store.get(APPLIED_KEY), Err(Error::KeyReserved)));
    assert!(matches!(store.contains(APPLIED_KEY), Err(Error::KeyReserved)));
    let keys = |scan: Scan| scan.map(|found| found.unwrap().0.to_vec()).collect::<Vec<_>>();
    assert_eq!(keys(store.scan_prefix(b"")), [&b"a"[..], b"\xfe\xff\xff"]);
    assert_eq!(keys(store.scan_prefix(b"\xfe\xff")), [&b"\xfe\xff\xff"[..]]);
    assert_eq!(keys(store.scan_prefix(b"\xff")), Vec::<Vec<u8>>::new());
    assert_eq!(keys(store.scan_range(b"a", b"\xff\xff")), [&b"a"[..], b"\xfe\xff\xff"]);
    assert_eq!(keys(store.scan_range(b"b", b"a")), Vec::<Vec<u8>>::new());
    assert_eq!(keys(store.scan_range(b"a", b"a")), Vec::<Vec<u8>>::new());
}

/// How many keys of the store itself there are beside the applied sequence, what it
/// holds and the guards.
fn own_keys(store: &Store) -> usize {
    store.files.load().tree.scan_prefix([RESERVED]).count() - 2 - usize::from(parts::GUARDS)
}

#[test]
fn replacing_or_deleting_a_large_value_leaves_no_parts() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let (larger, large) = (vec![1; 60 << 10], vec![2; 12 << 10]);
    // The key b"k" and one that begins like its parts do must not disturb each other.
    let neighbour = [b"k".as_slice(), &[0; 12]].concat();
    store.apply([put(b"k", &larger), put(&neighbour, &large)], ChangeSeq(1)).unwrap();
    assert_eq!(own_keys(&store), 13 - 1 + 1 + 3 + 1);
    store.apply([put(b"k", &large)], ChangeSeq(2)).unwrap();
    assert_eq!(own_keys(&store), 2 * (3 + 1));
    assert_eq!(*store.get(b"k").unwrap().unwrap(), *large);
    store.apply([put(b"k", b"small")], ChangeSeq(3)).unwrap();
    assert_eq!(own_keys(&store), 3 + 1);
    assert_eq!(*store.get(b"k").unwrap().unwrap(), *b"small");
    assert_eq!(*store.get(&neighbour).unwrap().unwrap(), *large);
    store.apply([Change::Delete { key: &neighbour }], ChangeSeq(4)).unwrap();
    assert_eq!(own_keys(&store), 0);
}

/// The longest key there can be, with a number at its end.
fn longest_key(first: u8, number: u32) -> Vec<u8> {
    let mut key = vec![first; MAX_KEY_BYTES - 4];
    key.extend_from_slice(&number.to_be_bytes());
    key
}

#[test]
fn neither_large_values_nor_long_keys_make_a_blob_file() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let apply = |change: Change<'_>| store.apply([change], ChangeSeq(1)).unwrap();
    // Leaves are fullest with values at the brim, index nodes with many long keys that differ at
    // their beginning.
    let brim = vec![5; parts::PART_BYTES];
    for number in 0..200 {
        apply(put(&longest_key(b'b', number), &brim));
    }
    for number in 0..12_000_u32 {
        let mut key = number.wrapping_mul(2_654_435_769).to_be_bytes().to_vec();
        key[0] >>= 1;
        key.resize(MAX_KEY_BYTES, b'i');
        apply(put(&key, b""));
    }
    for number in 0..20_u32 {
        let value = vec![1; (300 << 10) + number as usize];
        apply(put(&longest_key(b'c', number), &value));
        apply(put(&number.to_be_bytes(), &value));
        assert_eq!(*store.get(&longest_key(b'c', number)).unwrap().unwrap(), *value);
    }
    // Merging makes still fuller ones.
    for number in (0..200).filter(|number| number % 3 != 0) {
        apply(Change::Delete { key: &longest_key(b'b', number) });
    }
    store.checkpoint().unwrap();
    drop(store);
    let blobs = dir.path().join("blobs");
    assert!(blobs.is_dir(), "sled keeps them elsewhere now; look again");
    assert_eq!(fs::read_dir(blobs).unwrap().count(), 0);
    let (store, _) = open(dir.path());
    assert_eq!(store.scan_prefix(&longest_key(b'c', 0)[..9]).flatten().count(), 20);
}

#[test]
fn a_value_that_lost_a_part_is_an_error_not_a_short_value() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    store.apply([put(b"k", &vec![1; 20 << 10]), put(b"other", b"1")], ChangeSeq(1)).unwrap();
    let part = store.files.load().tree.scan_prefix([RESERVED, 1]).keys().nth(2).unwrap().unwrap();
    let bytes = store.files.load().tree.get(&part).unwrap().unwrap();
    for damage in [None, Some(&bytes[1..]), Some(&[2; 5000]), Some(&[1; 9000]), Some(b"")] {
        match damage {
            Some(bytes) => store.files.load().tree.insert(&part, bytes).unwrap(),
            None => store.files.load().tree.remove(&part).unwrap(),
        };
        let read = store.get(b"k");
        assert!(matches!(&read, Err(Error::DamagedValue { key }) if key == "k"), "{read:?}");
        assert!(store.scan_prefix(b"").next().unwrap().is_err());
    }
    store.files.load().tree.insert(&part, &bytes).unwrap();
    assert_eq!(*store.get(b"k").unwrap().unwrap(), *vec![1; 20 << 10]);
    for head in [&[1][..], &[1; 16], &[1; 17], &[1; 18], &[2, 3]] {
        store.files.load().tree.insert(b"k", head).unwrap();
        assert!(matches!(store.get(b"k"), Err(Error::DamagedValue { .. })), "{head:?}");
    }
    assert_eq!(*store.get(b"other").unwrap().unwrap(), *b"1");
}

#[test]
fn a_reader_never_sees_a_mixture_of_two_large_values() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let value = |round: u8| vec![round; 6000 + usize::from(round % 5) * 7000];
    store.apply([put(b"k", &value(0))], ChangeSeq(1)).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|number| {
                let (store, done) = (&store, &done);
                scope.spawn(move || {
                    let mut reads = 0_u32;
                    while !done.load(Ordering::Acquire) {
                        let read = if number == 0 {
                            store.get(b"k").unwrap()
                        } else {
                            store.scan_prefix(b"").next().map(|found| found.unwrap().1)
                        };
                        if let Some(read) = read {
                            assert_eq!(*read, *value(read[0]));
                            reads += 1;
                        }
                    }
                    reads
                })
            })
            .collect();
        for round in 1..=200 {
            let value = value(round);
            let change = match round % 10 {
                9 => Change::Delete { key: b"k" },
                _ => put(b"k", &value),
            };
            store.apply([change], ChangeSeq(1 + u64::from(round))).unwrap();
        }
        done.store(true, Ordering::Release);
        assert!(readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u32>() > 0);
    });
}

#[test]
fn what_a_crash_leaves_of_a_large_value_is_swept_at_opening() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let large = vec![4; 20 << 10];
    store
        .apply([put(b"old", &large), put(b"gone", &large), put(b"whole", &large)], ChangeSeq(1))
        .unwrap();
    // A crash after new parts and before the head, and one after a head was replaced.
    let mark = |key: &[u8]| [&[RESERVED, 2], key].concat();
    let part = |key: &[u8]| [&[RESERVED, 1], key, &[9; 12]].concat();
    store.files.load().tree.insert(mark(b"old"), &[1]).unwrap();
    store.files.load().tree.insert(part(b"old"), b"orphan").unwrap();
    store.files.load().tree.insert(mark(b"new"), &[1]).unwrap();
    store.files.load().tree.insert(part(b"new"), b"orphan").unwrap();
    store.files.load().tree.remove(b"gone").unwrap();
    drop(store);

    let (store, report) = open(dir.path());
    assert_eq!(report.swept_values, 3);
    assert_eq!(own_keys(&store), 2 * (4 + 1));
    assert_eq!(*store.get(b"old").unwrap().unwrap(), *large);
    assert_eq!(*store.get(b"whole").unwrap().unwrap(), *large);
    assert_eq!((store.get(b"gone").unwrap(), store.get(b"new").unwrap()), (None, None));
    drop(store);
    assert_eq!(open(dir.path()).1.swept_values, 0);
}

#[test]
fn scans_go_both_ways() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let large = vec![8; 9000];
    let changes: Vec<([u8; 2], &[u8])> =
        (0..100).map(|n| ([b'x', n], if n % 7 == 0 { &large[..] } else { b"v" })).collect();
    store
        .apply(
            changes.iter().map(|(key, value)| put(key, value)).chain([put(b"y", b"")]),
            ChangeSeq(1),
        )
        .unwrap();
    let forwards: Vec<_> = store.scan_prefix(b"x").map(Result::unwrap).collect();
    let mut backwards: Vec<_> = store.scan_prefix(b"x").rev().map(Result::unwrap).collect();
    backwards.reverse();
    assert_eq!(forwards.len(), 100);
    assert_eq!(forwards, backwards);
    assert!(
        forwards.iter().zip(&changes).all(|((key, value), (k, v))| **key == *k && **value == **v)
    );
    assert_eq!(store.scan_range(b"x\x0a", b"x\x14").count(), 10);
}

#[test]
fn the_size_on_disk_counts_the_log() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    store.apply([put(b"k", &[1; 4000])], ChangeSeq(1)).unwrap();
    assert_eq!(store.checkpoint().unwrap(), ChangeSeq(1));
    let log = fs::metadata(dir.path().join("db")).unwrap().len();
    assert!(store.size_on_disk() >= log && log > 4000);
}

#[test]
fn what_a_store_holds_is_known_whatever_was_done_to_it() {
    let dir = TempDir::new().unwrap();
    for sealer in [None, Some(sealed_tests::sealer())] {
        let dir = dir.path().join(if sealer.is_some() { "sealed" } else { "plain" });
        let options = Options { sealer, ..Options::default() };
        let (store, report) = Store::open(&dir, &options).unwrap();
        assert_eq!(report.noted, None);
        let found = |store: &Store| {
            store
                .scan_prefix(b"")
                .map(|record| record.unwrap())
                .fold(Contents::default(), |sum, (key, value)| sum + Contents::of(&key, &value))
        };
        let (large, larger) = (vec![7; 30 << 10], vec![8; 300 << 10]);
        let steps: [&[Change<'_>]; 7] = [
            &[put(b"a", b"1"), put(b"b", &large), put(b"c", b"")],
            &[put(b"a", b"2"), put(b"b", &larger), put(b"c", b"3")],
            &[put(b"a", &large), put(b"b", b"small")],
            &[put(b"d", b"4"), put(b"d", b"4"), Change::Delete { key: b"nothing" }],
            &[Change::Delete { key: b"a" }, put(b"b", &larger)],
            &[Change::Delete { key: b"b" }, Change::Delete { key: b"c" }],
            &[],
        ];
        for (changes, seq) in steps.iter().zip(1..) {
            store.apply(changes.iter().copied(), ChangeSeq(seq)).unwrap();
            assert_eq!(store.contents(), found(&store), "after change {seq}");
            assert_eq!(store.live_bytes(), store.contents().bytes);
        }
        let held = store.contents();
        drop(store);
        let (store, report) = Store::open(&dir, &options).unwrap();
        assert_eq!(report.noted, Some((ChangeSeq(7), held)));
        // Until somebody has looked, what is noted stays as it was.
        store.apply([put(b"e", b"5")], ChangeSeq(8)).unwrap();
        drop(store);
        let (store, report) = Store::open(&dir, &options).unwrap();
        assert_eq!((report.noted, report.applied), (Some((ChangeSeq(7), held)), ChangeSeq(8)));
        store.settle_contents(found(&store)).unwrap();
        store.apply([put(b"f", b"6")], ChangeSeq(9)).unwrap();
        let held = store.contents();
        assert_eq!(held, found(&store));
        drop(store);
        let (store, report) = Store::open(&dir, &options).unwrap();
        assert_eq!(report.noted, Some((ChangeSeq(9), held)));
        // A change that the journal does not have: nobody could tell what there should be.
        store.apply([put(b"g", b"7")], ChangeSeq(9)).unwrap();
        drop(store);
        assert_eq!(Store::open(&dir, &options).unwrap().1.noted, None);
    }
}
