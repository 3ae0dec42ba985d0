//! Damage in an encrypted directory is found, and what can be rebuilt is rebuilt.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use ringdex::vault::MasterKey;
use serde_json::json;

use crate::support::{TestApp, files, operator};

fn filled() -> TestApp {
    let key = MasterKey::from_text(&"5a".repeat(32), "the test").unwrap();
    let test = TestApp::with(|options| options.encryption_key = Some(key));
    for number in 0..40 {
        let body = json!({"name": format!("Marginalia {number}")});
        test.app().create_contact(&operator(1), &body, None).unwrap();
    }
    let partition = test.app().partition();
    assert!(partition.wait_visible(partition.applied_seq(), std::time::Duration::from_secs(20)));
    test
}

fn index_files(root: &Path) -> Vec<PathBuf> {
    let generation = std::fs::read_dir(root.join("index")).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.is_dir().then_some(path)
    });
    files(&generation.unwrap(), |name| !name.starts_with('.'))
}

fn flip(path: &Path) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let at = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}

#[test]
fn a_damaged_index_file_is_seen_by_a_check_and_rebuilt_at_the_next_start() {
    let mut test = filled();
    // Merges are over then.
    test.restart();
    // It serves from memory, so the check must look at the disk.
    let is_term = |path: &PathBuf| path.extension().is_some_and(|e| e == "term");
    index_files(&test.root()).iter().filter(|path| is_term(path)).for_each(|path| flip(path));
    let report = test.app().check(&operator(1), &mut |_| {}).unwrap();
    assert!(
        report.troubles.iter().any(|t| t.part == "index" && t.detail.contains(".term")),
        "{report:?}"
    );
    test.restart();
    assert!(test.app().check(&operator(1), &mut |_| {}).unwrap().is_clean());

    test.close();
    let names = index_files(&test.root());
    let kind = |path: &PathBuf| path.extension().map(ToOwned::to_owned);
    for wanted in names.iter().map(kind).collect::<std::collections::BTreeSet<_>>() {
        let path = index_files(&test.root()).into_iter().find(|path| kind(path) == wanted).unwrap();
        flip(&path);
        test.restart();
        let report = test.app().check(&operator(1), &mut |_| {}).unwrap();
        assert!(report.is_clean(), "{wanted:?}: {report:?}");
        assert_eq!(report.documents, 40);
        test.close();
    }
}

#[test]
fn a_store_that_does_not_open_is_built_anew_from_the_journal() {
    let mut test = filled();
    test.close();
    let mut other = filled();
    other.close();
    // That of another directory, sealed with another data key.
    std::fs::remove_dir_all(test.root().join("store")).unwrap();
    std::fs::rename(other.root().join("store"), test.root().join("store")).unwrap();
    test.restart();
    assert!(test.app().check(&operator(1), &mut |_| {}).unwrap().is_clean());
    assert_eq!(test.app().partition().contact_count(), 40);
}

#[test]
fn a_changed_journal_entry_is_refused() {
    let mut test = filled();
    test.close();
    let segment = files(&test.root().join("journal"), |name| name.contains(".log")).remove(0);
    flip(&segment);
    let refusal = test.open().unwrap_err();
    assert!(refusal.contains("is damaged at byte"), "{refusal}");
}
