//! The store from outside.

use tempfile::TempDir;

use super::*;

fn put<'a>(key: &'a [u8], value: &'a [u8]) -> Change<'a> {
    Change::Put { key, value }
}

fn open(dir: &Path) -> (Store, OpenReport) {
    Store::open(dir, &Options { cache_bytes: 16 << 20, flush_every_ms: None }).unwrap()
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
