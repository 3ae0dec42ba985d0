//! The guards of opening: snapshots, locks, damage, and a store that comes up empty.

use std::os::unix::fs::FileExt;

use tempfile::TempDir;

use super::*;
use crate::store::Change;

/// A directory inside a temporary one, so that copies beside it are cleaned up as well.
fn filled_store() -> (TempDir, PathBuf) {
    let root = TempDir::new().unwrap();
    let dir = root.path().join("store");
    // sled writes a snapshot when a store with new log is opened.
    for round in 1..=3_u32 {
        let (store, _) = open(&dir).unwrap();
        for number in 0..300_u32 {
            let key = (number * round).to_be_bytes();
            let change = Change::Put { key: &key, value: &[7; 700] };
            store.apply([change], ChangeSeq(u64::from(round))).unwrap();
        }
        store.checkpoint().unwrap();
    }
    (root, dir)
}

fn open(dir: &Path) -> Result<(Store, OpenReport), Error> {
    super::open(dir, &Options { cache_bytes: 16 << 20, flush_every_ms: None, sealer: None })
}

fn assert_whole(store: &Store) {
    assert_eq!(store.applied_seq(), ChangeSeq(3));
    let values: Vec<_> = store.scan_prefix(b"").map(Result::unwrap).collect();
    assert_eq!(values.len(), 600);
    assert!(values.iter().all(|(_, value)| **value == [7; 700]));
}

fn snapshots(dir: &Path) -> Vec<PathBuf> {
    list(dir, is_snapshot).unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    File::create(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn an_unfinished_snapshot_is_deleted() {
    let (_root, dir) = filled_store();
    let unfinished = dir.join("snap.00000000FFFFFFFF.generating");
    write(&unfinished, b"half");
    let (store, report) = open(&dir).unwrap();
    assert_eq!((report.unfinished_snapshots, report.set_aside), (1, None));
    assert!(!unfinished.exists());
    assert_whole(&store);
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_the_log_read_instead() {
    let (root, dir) = filled_store();
    let [snapshot] = snapshots(&dir).try_into().unwrap();
    let whole = fs::read(&snapshot).unwrap();
    let name = snapshot.file_name().unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let cases: [&[u8]; 4] =
        [b"", b"nonsense that is long enough", &flipped, &whole[..whole.len() - 1]];
    for (damaged, number) in cases.into_iter().zip(1..) {
        for old in snapshots(&dir) {
            fs::remove_file(old).unwrap();
        }
        write(&snapshot, damaged);
        let (store, report) = open(&dir).unwrap();
        let set_aside = report.set_aside.unwrap();
        assert_eq!(set_aside.copy, root.path().join(format!("store.damaged-{number}")));
        assert_eq!(fs::read(set_aside.copy.join(name)).unwrap(), damaged);
        assert!(set_aside.copy.join("db").exists());
        assert_whole(&store);
        drop(store);
        let (store, report) = open(&dir).unwrap();
        assert_eq!(report.set_aside, None);
        assert_whole(&store);
    }
}

#[test]
fn a_snapshot_with_nonsense_under_a_correct_checksum_does_not_end_the_process() {
    let (_root, dir) = filled_store();
    let [snapshot] = snapshots(&dir).try_into().unwrap();
    let mut bytes = fs::read(&snapshot).unwrap();
    let end = bytes.len() - 12;
    bytes[8..end].fill(0xa5);
    let checksum = crc32fast::hash(&bytes[..end]);
    bytes[end + 8..].copy_from_slice(&checksum.to_le_bytes());
    write(&snapshot, &bytes);
    let (store, report) = open(&dir).unwrap();
    assert!(report.set_aside.is_some());
    assert_whole(&store);
}

#[test]
fn a_log_of_zeros_is_reported_as_a_store_that_existed_and_has_nothing() {
    let (_root, dir) = filled_store();
    let log = OpenOptions::new().write(true).open(dir.join(DATA_FILE)).unwrap();
    let length = usize::try_from(log.metadata().unwrap().len()).unwrap();
    log.write_all_at(&vec![0; length], 0).unwrap();
    for old in snapshots(&dir) {
        fs::remove_file(old).unwrap();
    }
    match open(&dir) {
        Ok((_, report)) => {
            assert!(report.existed);
            assert_eq!(report.applied, ChangeSeq::ZERO);
        }
        Err(error) => assert!(matches!(error, Error::Damaged { .. }), "{error}"),
    }
}

#[test]
fn a_log_with_lost_pages_is_refused_or_gives_errors_or_admits_to_be_behind() {
    let (_root, dir) = filled_store();
    let log = OpenOptions::new().write(true).open(dir.join(DATA_FILE)).unwrap();
    let length = log.metadata().unwrap().len();
    log.write_all_at(&vec![0; usize::try_from(length / 2).unwrap()], length / 4).unwrap();
    match open(&dir) {
        Ok((store, report)) => {
            assert!(report.existed);
            let found: Vec<bool> = store.scan_prefix(b"").map(|found| found.is_ok()).collect();
            assert!(found.len() <= 600, "the scan went on after an error");
            let failed = found.iter().filter(|ok| !**ok).count();
            // Either the scan ends with an error, or sled went back to an earlier state: then the
            // store says so, and the journal brings back what is missing.
            match failed {
                0 => assert!(report.applied < ChangeSeq(3), "{} values", found.len()),
                _ => assert_eq!((failed, found.last()), (1, Some(&false))),
            }
        }
        Err(error) => assert!(matches!(error, Error::Damaged { .. }), "{error}"),
    }
}

#[test]
fn a_wiped_store_opens_empty_and_says_so() {
    let (_root, dir) = filled_store();
    fs::remove_dir_all(&dir).unwrap();
    let (store, report) = open(&dir).unwrap();
    assert_eq!((report.existed, report.applied), (false, ChangeSeq::ZERO));
    assert_eq!(store.scan_prefix(b"").count(), 0);
}

#[test]
fn a_store_that_cannot_be_read_at_all_is_refused_with_advice() {
    let (_root, dir) = filled_store();
    // The file that says how the log is laid out, with another segment size.
    let conf = b"segment_size: 262144\nuse_compression: false\nversion: 0.34\n";
    write(&dir.join("conf"), &[conf, &crc32fast::hash(conf).to_le_bytes()[..]].concat());
    let Err(error) = open(&dir) else { panic!("opened with another segment size") };
    let Error::Damaged { copy: Some(copy), .. } = &error else { panic!("{error}") };
    assert!(copy.join("db").exists());
    let text = error.to_string();
    assert!(text.contains("restore the newest backup"), "{text}");
    assert!(text.contains(copy.to_str().unwrap()), "{text}");
    // The snapshots are gone by now, so that no further start makes another copy.
    assert!(matches!(open(&dir), Err(Error::Damaged { copy: None, .. })));
}

#[test]
fn a_store_can_be_open_only_once_and_nothing_is_set_aside_for_that() {
    let (root, dir) = filled_store();
    let (store, _) = open(&dir).unwrap();
    assert!(matches!(open(&dir), Err(Error::Locked { .. })));
    drop(store);
    let (_, report) = open(&dir).unwrap();
    assert_eq!(report.set_aside, None);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn a_full_disk_is_not_taken_for_damage() {
    let full = io::Error::from(io::ErrorKind::StorageFull);
    assert!(matches!(judge(sled::Error::Io(full).into()), Refusal::Other(_)));
    let odd = io::Error::other("odd");
    assert!(matches!(judge(sled::Error::Io(odd).into()), Refusal::Damaged(_)));
    let corrupt = sled::Error::Corruption { at: None, bt: () };
    assert!(matches!(judge(corrupt.into()), Refusal::Damaged(_)));
}
