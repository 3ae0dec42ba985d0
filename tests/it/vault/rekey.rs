//! Keys are replaced, directories encrypted and decrypted, and everything is still there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::support::process::Bench;

const MARK: &str = "Marginalia";

/// A directory with some hundred contacts, closed.
fn filled(key: Option<&Path>) -> Bench {
    let bench = Bench::new();
    refill(&bench, key);
    bench
}

fn refill(bench: &Bench, key: Option<&Path>) {
    let list = bench.path("list.csv");
    let mut file = std::fs::File::create(&list).unwrap();
    writeln!(file, "name,phone,notes").unwrap();
    for row in 0..300 {
        let notes = if row == 7 { "long ".repeat(3_000) } else { "short".to_owned() };
        writeln!(file, "{MARK} Row{row},+49302312{row:04},{notes}").unwrap();
    }
    let imported = bench.run(&["import", list.to_str().unwrap()], key).expect(0);
    assert!(imported.out.contains("imported 300"), "{}", imported.out);
}

#[track_caller]
fn is_all_there(bench: &Bench, key: Option<&Path>) {
    let checked = bench.run(&["check", "--json"], key).expect(0);
    let report: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!(report["clean"], true, "{report}");
    assert_eq!((&report["contacts"], &report["documents"]), (&300.into(), &300.into()));
    let found = bench.run(&["search", MARK, "row7", "--json"], key).expect(0);
    assert!(found.out.contains("Row7"), "{}", found.out);
    let found = bench.run(&["lookup", "+493023120299"], key).expect(0);
    assert!(found.out.contains("Row299"), "{}", found.out);
}

/// The bytes of the journal, by file.
fn journal(bench: &Bench) -> Vec<(PathBuf, Vec<u8>)> {
    let is_segment = |name: &str| Path::new(name).extension().is_some_and(|e| e == "log");
    let files = crate::support::files(&bench.data().join("journal"), is_segment);
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Whether the mark stands readable in a file of journal or store.
fn is_readable(bench: &Bench) -> bool {
    ["journal", "store"].iter().any(|part| {
        let files = crate::support::files(&bench.data().join(part), |_| true);
        files.iter().any(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes())
        })
    })
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_directory_goes_through_every_form_and_back() {
    let bench = filled(None);
    let (first, second, third) = (bench.key("first"), bench.key("second"), bench.key("third"));
    let before = journal(&bench);
    assert!(is_readable(&bench));

    let to = |key: &'static str| ["rekey", key];
    bench.run(&to("--decrypt"), None).expect(1);
    bench.run(&["rekey"], None).expect(2);
    let done = bench.run(&["rekey", "--new-encryption-key-file", text(&first)], None).expect(0);
    assert!(done.out.starts_with("encrypted "), "{}", done.out);
    assert!(!is_readable(&bench));
    assert!(bench.run(&["check"], None).expect(1).err.contains("is encrypted"));
    is_all_there(&bench, Some(&first));

    // The master key only: what is sealed stays as it is.
    let sealed = journal(&bench);
    let wrong = bench.run(&["rekey", "--new-encryption-key-file", text(&third)], Some(&second));
    assert!(wrong.expect(1).err.contains("does not open"));
    bench.run(&["rekey", "--new-encryption-key-file", text(&second)], Some(&first)).expect(0);
    assert!(sealed == journal(&bench));
    assert!(bench.run(&["check"], Some(&first)).expect(1).err.contains("does not open"));
    is_all_there(&bench, Some(&second));

    // The data key as well, under another master key and under the same.
    let arguments = ["rekey", "--full", "--new-encryption-key-file", text(&third)];
    bench.run(&arguments, Some(&second)).expect(0);
    assert!(sealed != journal(&bench));
    is_all_there(&bench, Some(&third));
    let vault = std::fs::read(bench.data().join("VAULT")).unwrap();
    bench.run(&["rekey", "--full"], Some(&third)).expect(0);
    assert!(vault != std::fs::read(bench.data().join("VAULT")).unwrap());
    assert!(!is_readable(&bench));
    is_all_there(&bench, Some(&third));

    bench.run(&to("--decrypt"), None).expect(1);
    let done = bench.run(&to("--decrypt"), Some(&third)).expect(0);
    assert!(done.out.starts_with("decrypted "), "{}", done.out);
    assert!(is_readable(&bench));
    is_all_there(&bench, None);
    // Nothing was lost of entries, numbers or chain: the files are the same byte by byte.
    assert!(before == journal(&bench));
}

#[test]
fn a_running_server_keeps_its_directory() {
    let bench = Bench::new();
    let (key, other) = (bench.key("key"), bench.key("other"));
    let served = bench.serve(Some(&key));
    for arguments in [
        &["rekey", "--new-encryption-key-file", text(&other)][..],
        &["rekey", "--decrypt"],
        &["rekey", "--full"],
    ] {
        assert!(bench.run(arguments, Some(&key)).expect(3).err.contains("in use"));
    }
    served.stop();
    bench.run(&["rekey", "--new-encryption-key-file", text(&other)], Some(&key)).expect(0);
    bench.serve(Some(&other)).stop();
}

#[test]
fn what_is_not_rewritten_is_named_and_what_was_set_aside_is_not_thrown_away() {
    let bench = filled(None);
    let key = bench.key("key");
    std::fs::create_dir(bench.data().join("store.damaged-1")).unwrap();
    let kept = bench.data().join("journal").join("0000000000000001.log.damaged");
    std::fs::File::create(&kept).unwrap();
    let arguments = ["rekey", "--new-encryption-key-file", text(&key)];
    assert!(bench.run(&arguments, None).expect(1).err.contains(".log.damaged"));
    assert!(kept.exists() && is_readable(&bench));
    std::fs::remove_file(&kept).unwrap();
    assert!(bench.run(&arguments, None).expect(0).err.contains("store.damaged-1"));
    let elsewhere = Bench::new();
    assert!(elsewhere.run(&arguments, None).expect(1).err.contains("no data directory"));
    assert!(!elsewhere.data().exists());
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_directory_or_the_new_one() {
    if !cfg!(debug_assertions) {
        return;
    }
    let before = ["rekey.journal_copied", "rekey.prepared"];
    let behind = [
        "rekey.decided",
        "rekey.removed",
        "rekey.moved",
        "rekey.removed:2",
        "rekey.moved:2",
        "rekey.exchanged",
    ];
    let bench = filled(None);
    let (first, second) = (bench.key("first"), bench.key("second"));
    let encrypt = ["rekey", "--new-encryption-key-file", text(&first)];
    let full = ["rekey", "--full", "--new-encryption-key-file", text(&second)];
    let decrypt = ["rekey", "--decrypt"];
    let plans: [(&[&str], Option<&Path>, Option<&Path>); 3] = [
        (&encrypt, None, Some(&first)),
        (&full, Some(&first), Some(&second)),
        (&decrypt, Some(&second), None),
    ];
    for (arguments, old, new) in plans {
        let original = bench.path("original");
        let _ = std::fs::remove_dir_all(&original);
        std::fs::rename(bench.data(), &original).unwrap();
        for (point, is_done) in
            before.iter().map(|p| (p, false)).chain(behind.iter().map(|p| (p, true)))
        {
            // What is sealed makes no difference to how files are exchanged.
            if old.is_some()
                && matches!(*point, "rekey.journal_copied" | "rekey.removed" | "rekey.moved")
            {
                continue;
            }
            let _ = std::fs::remove_dir_all(bench.data());
            crate::support::copy_directory(&original, &bench.data());
            let ended = bench.run_with(arguments, old, &[("RINGDEX_CRASH_POINT", point)]);
            assert_eq!(ended.code, None, "{point} was not reached: {ended:?}");
            let (right, wrong) = if is_done { (new, old) } else { (old, new) };
            assert_ne!(bench.run(&["check"], wrong).code, Some(0), "{arguments:?} {point}");
            is_all_there(&bench, right);
            assert_eq!(is_readable(&bench), right.is_none(), "{arguments:?} {point}");
            assert!(!bench.data().join("rekey.new").exists());
            assert!(!bench.data().join("REKEY").exists());
        }
    }
    is_all_there(&bench, None);
}
