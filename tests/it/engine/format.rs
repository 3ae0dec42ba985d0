//! The format of a data directory: directories of earlier versions are opened, those of newer ones
//! are refused before anything of them is touched.

#![expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::copy_directory;
use crate::support::process::Bench;

fn directory_of(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format)
}

/// The names and contents of all files below a directory.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_directory_of_the_first_format_is_opened_and_gets_its_number() {
    let bench = Bench::new();
    copy_directory(&directory_of("format-1"), &bench.data());
    assert!(!bench.data().join("FORMAT").exists(), "it is from before there was a number");
    let found = bench.run(&["lookup", "+12025550123"], None).expect(0);
    assert!(found.out.contains("John Doe"), "{}", found.out);
    assert_eq!(std::fs::read_to_string(bench.data().join("FORMAT")).unwrap(), "1\n");
    let found = bench.run(&["search", "muller jose"], None).expect(0);
    assert!(found.out.contains("José Müller"), "{}", found.out);
    bench.run(&["contact", "create", "name=New Person", "phone=+12025550199"], None).expect(0);
    bench.run(&["check"], None).expect(0);
}

#[test]
fn a_new_directory_has_the_number_and_so_has_one_that_is_restored() {
    let bench = Bench::new();
    bench.run(&["contact", "create", "name=Jane Doe"], None).expect(0);
    assert_eq!(std::fs::read_to_string(bench.data().join("FORMAT")).unwrap(), "1\n");
    let backup = bench.path("backup");
    bench.run(&["backup", backup.to_str().unwrap()], None).expect(0);
    let other = Bench::new();
    other.run(&["restore", backup.to_str().unwrap()], None).expect(0);
    assert_eq!(std::fs::read_to_string(other.data().join("FORMAT")).unwrap(), "1\n");
}

#[test]
fn a_directory_of_a_newer_format_is_refused_and_not_touched() {
    let bench = Bench::new();
    copy_directory(&directory_of("format-1"), &bench.data());
    let target = bench.path("backup");
    let key = bench.key("key");
    for (format, words) in [
        ("2\n", &["format 2", "up to format 1", "newer", "restore a backup"][..]),
        ("4000000000", &["format 4000000000"]),
        ("", &["FORMAT", "does not hold the number"]),
        ("0\n", &["FORMAT", "does not hold the number"]),
        ("one\n", &["FORMAT", "does not hold the number"]),
    ] {
        std::fs::write(bench.data().join("FORMAT"), format).unwrap();
        let before = contents(&bench.data());
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["lookup", "+12025550123"],
            &["check"],
            &["check", "--repair-journal"],
            &["reindex"],
            &["compact"],
            &["backup", target.to_str().unwrap()],
            &["rekey", "--new-encryption-key-file", key.to_str().unwrap()],
        ] {
            let ended = bench.run(arguments, None);
            assert_eq!(ended.code, Some(1), "{format:?} {arguments:?}: {}", ended.err);
            for word in words {
                assert!(ended.err.contains(word), "{format:?} {arguments:?}: {}", ended.err);
            }
        }
        assert!(contents(&bench.data()) == before, "{format:?}: something was changed");
        assert!(!target.exists());
    }
    std::fs::write(bench.data().join("FORMAT"), "1").unwrap();
    bench.run(&["check"], None).expect(0);
}
