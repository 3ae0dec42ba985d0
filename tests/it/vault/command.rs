//! What commands say when the key and the directory do not fit.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::process::Bench;

fn put(path: &Path, text: &str, mode: u32) {
    std::fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn refuses(bench: &Bench, key: Option<&Path>, code: i32, says: &[&str]) {
    for arguments in [&["check"][..], &["search", "x"], &["check", "--repair-journal"], &["serve"]]
    {
        let ended = bench.run(arguments, key).expect(code);
        for words in says {
            assert!(ended.err.contains(words), "{arguments:?} says {:?}, not {words:?}", ended.err);
        }
    }
}

#[test]
fn an_encrypted_directory_opens_with_its_key_only() {
    let bench = Bench::new();
    let (key, other) = (bench.key("key"), bench.key("other"));
    bench.run(&["organization", "list"], Some(&key)).expect(0);
    assert!(bench.data().join("VAULT").is_file());
    bench.run(&["check"], Some(&key)).expect(0);
    refuses(&bench, None, 1, &["is encrypted", "--encryption-key-file"]);
    refuses(&bench, Some(&other), 1, &["does not open", "needs the key with id"]);

    let text = std::fs::read_to_string(&key).unwrap();
    bench.run_with(&["check"], None, &[("RINGDEX_ENCRYPTION_KEY", &text)]).expect(0);
    let file = [("RINGDEX_ENCRYPTION_KEY_FILE", key.to_str().unwrap())];
    bench.run_with(&["check"], None, &file).expect(0);
    bench.run_with(&["check"], Some(&key), &[("RINGDEX_ENCRYPTION_KEY", "")]).expect(0);
    let two = bench.run_with(&["check"], Some(&key), &[("RINGDEX_ENCRYPTION_KEY", &text)]);
    assert!(two.expect(2).err.contains("two encryption keys"));

    std::fs::rename(bench.data().join("VAULT"), bench.path("VAULT")).unwrap();
    refuses(&bench, None, 1, &["VAULT is missing"]);
    refuses(&bench, Some(&key), 1, &["VAULT is missing"]);
    std::fs::rename(bench.path("VAULT"), bench.data().join("VAULT")).unwrap();
    bench.run(&["check"], Some(&key)).expect(0);
}

#[test]
fn a_plain_directory_takes_no_key() {
    let bench = Bench::new();
    let key = bench.key("key");
    bench.run(&["organization", "list"], None).expect(0);
    refuses(&bench, Some(&key), 1, &["is not encrypted", "ringdex rekey"]);
    bench.run(&["check"], None).expect(0);
    assert!(!bench.data().join("VAULT").exists());
}

#[test]
fn what_is_no_key_is_refused_with_what_a_key_looks_like() {
    let bench = Bench::new();
    let no_key = [("RINGDEX_ENCRYPTION_KEY", "abc")];
    bench.run_with(&["organization", "list"], None, &no_key).expect(2);
    assert!(!bench.data().exists(), "nothing was begun");
    bench.run(&["organization", "list"], None).expect(0);
    let bad = bench.path("bad");
    put(&bad, "secret\n", 0o600);
    refuses(&bench, Some(&bad), 2, &["64 hexadecimal digits", "keygen"]);
    let open = bench.path("open");
    put(&open, &"ab".repeat(32), 0o644);
    refuses(&bench, Some(&open), 2, &["every user", "chmod 600"]);
    refuses(&bench, Some(&bench.path("none")), 2, &["encryption key file"]);
    let ended = bench.run_with(&["check"], None, &[("RINGDEX_ENCRYPTION_KEY", "abc")]).expect(2);
    assert!(ended.err.contains("RINGDEX_ENCRYPTION_KEY") && !ended.err.contains("abc"));
    // keygen never writes over a key.
    let key = bench.key("key");
    let before = std::fs::read(&key).unwrap();
    bench.run(&["keygen", key.to_str().unwrap()], None).expect(1);
    assert_eq!(std::fs::read(&key).unwrap(), before);
}

#[test]
fn files_that_are_not_sealed_are_not_taken_into_an_encrypted_directory() {
    let (sealed, plain) = (Bench::new(), Bench::new());
    let key = sealed.key("key");
    sealed.run(&["organization", "list"], Some(&key)).expect(0);
    plain.run(&["organization", "list"], None).expect(0);
    let segment = Path::new("journal").join(format!("{:016}.log", 1));
    std::fs::copy(plain.data().join(&segment), sealed.data().join(&segment)).unwrap();
    let ended = sealed.run(&["check"], Some(&key)).expect(1);
    assert!(ended.err.contains("is not encrypted, but its data directory is"), "{}", ended.err);
}
