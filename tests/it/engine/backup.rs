//! Backups: everything that is acknowledged, of a directory or of a running server, and a data
//! directory made of it, as of now or of an earlier moment.

use std::path::Path;

use ringdex::store::fault;
use serde_json::{Value, json};

use crate::support::process::{Bench, Ended};
use crate::support::server::{OPERATOR, TestServer};
use crate::support::{files, segments};

/// Puts some contacts into the data directory, one write each; their ids.
fn fill(bench: &Bench, key: Option<&Path>, count: usize) -> Vec<String> {
    let server = bench.serve(key);
    let body =
        |at: usize| json!({"name": format!("Person{at}"), "phone": format!("+120255501{at:02}")});
    let ids = (0..count).map(|at| server.client.create_id(&body(at))).collect();
    server.stop();
    ids
}

/// Restores into a data directory of its own, and serves from it.
struct Restored {
    bench: Bench,
    said: Ended,
}

fn restore(from: &Path, key: Option<&Path>, more: &[&str]) -> Restored {
    let bench = Bench::new();
    let arguments = [&["restore", from.to_str().unwrap()], more].concat();
    let said = bench.run(&arguments, key);
    Restored { bench, said }
}

impl Restored {
    /// Exactly these contacts are there, and all is in order.
    #[track_caller]
    fn assert_holds(self, key: Option<&Path>, ids: &[String]) {
        let said = self.said.expect(0);
        assert!(said.out.contains("checked"), "{}", said.out);
        self.bench.run(&["check"], key).expect(0);
        let server = self.bench.serve(key);
        for id in ids {
            server.client.get(&format!("/api/v1/contacts/{id}")).expect(200);
        }
        assert_eq!(server.client.search("", "").json["total"], ids.len());
        server.client.create_id(&json!({"name": "After Restore"}));
        server.stop();
    }

    /// It was refused with these words, and nothing is there.
    #[track_caller]
    fn assert_refused(self, words: &str) {
        let said = self.said.expect(1);
        assert!(said.err.contains(words), "{}", said.err);
        assert!(!self.bench.data().exists());
        let left: Vec<_> =
            std::fs::read_dir(self.bench.data().parent().unwrap()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[track_caller]
fn back_up(bench: &Bench, key: Option<&Path>) -> std::path::PathBuf {
    let target = bench.path("backup");
    let said = bench.run(&["backup", target.to_str().unwrap()], key).expect(0);
    assert!(said.out.contains("verified"), "{}", said.out);
    target
}

#[test]
fn a_backup_of_a_stopped_server_brings_everything_back() {
    for is_encrypted in [false, true] {
        let bench = Bench::new();
        let key = is_encrypted.then(|| bench.key("key"));
        let key = key.as_deref();
        let ids = fill(&bench, key, 12);
        let schema = bench.data().join("index-schema");
        bench.run(&["index-schema"], key).expect(0);
        let backup = back_up(&bench, key);
        assert_eq!(backup.join("VAULT").is_file(), is_encrypted);
        let names = |dir: &Path| files(dir, |_| true).len();
        assert_eq!(names(&backup.join("index-schema")), names(&schema));
        std::fs::remove_dir_all(bench.data()).unwrap();
        restore(&backup, key, &[]).assert_holds(key, &ids);
        // As often as it takes.
        restore(&backup, key, &[]).assert_holds(key, &ids);
    }
}

#[test]
fn a_backup_of_a_running_server_holds_all_that_it_has_acknowledged() {
    for is_encrypted in [false, true] {
        let bench = Bench::new();
        let key = is_encrypted.then(|| bench.key("key"));
        let key = key.as_deref();
        let server = bench.serve(key);
        let mut ids: Vec<String> = (0..30)
            .map(|at| server.client.create_id(&json!({"name": format!("Person{at}")})))
            .collect();
        let target = bench.path("backup");
        let elsewhere = bench.path("none");
        let arguments = [
            "--data-dir",
            elsewhere.to_str().unwrap(),
            "--server",
            &server.base,
            "--token",
            OPERATOR,
            "backup",
            target.to_str().unwrap(),
        ];
        // Others write meanwhile, and are not held up.
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                (0..30)
                    .map(|at| server.client.create_id(&json!({"name": format!("More{at}")})))
                    .collect::<Vec<_>>()
            });
            let said = bench.run(&arguments, None).expect(0);
            assert!(said.out.contains("verified"), "{}", said.out);
            ids.extend(writer.join().unwrap());
        });
        server.stop();
        let restored = restore(&target, key, &[]);
        restored.said.expect(0);
        restored.bench.run(&["check"], key).expect(0);
        let server = restored.bench.serve(key);
        for id in &ids[..30] {
            server.client.get(&format!("/api/v1/contacts/{id}")).expect(200);
        }
        let audit = server.client.get("/api/v1/audit?action=backup.taken").expect(200).json;
        assert_eq!(audit["lines"].as_array().unwrap().len(), 1, "{audit}");
    }
}

#[test]
fn an_archive_that_was_fetched_by_hand_can_be_restored() {
    let bench = Bench::new();
    let server = bench.serve(None);
    let id = server.client.create_id(&json!({"name": "In Archive"}));
    let answer = server.client.get("/api/v1/admin/backup").expect(200);
    assert_eq!(answer.header("content-type"), Some("application/x-tar"));
    let archive = bench.path("backup.tar");
    write(&archive, &answer.body);
    restore(&archive, None, &[]).assert_holds(None, &[id]);
    write(&archive, &answer.body[..answer.body.len() - 3000]);
    restore(&archive, None, &[]).assert_refused("the backup is not whole");
}

fn write(path: &Path, bytes: &[u8]) {
    std::io::Write::write_all(&mut std::fs::File::create(path).unwrap(), bytes).unwrap();
}

#[test]
fn a_backup_holds_all_organisations_and_is_for_who_runs_the_server_alone() {
    let server = TestServer::start();
    let other = server.organization("other");
    for client in [&other, &server.role("admin"), &server.role("manager"), &server.role("agent")] {
        let refused = client.get("/api/v1/admin/backup").expect(403);
        assert_eq!(refused.code(), "forbidden");
    }
    server.without_token().get("/api/v1/admin/backup").expect(401);
    server.get("/api/v1/admin/backup").expect(200);
}

#[test]
fn a_directory_goes_back_to_an_entry_or_a_time() {
    let bench = Bench::new();
    let ids = fill(&bench, None, 10);
    let backup = back_up(&bench, None);
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(backup.join("BACKUP")).unwrap()).unwrap();
    let last = manifest["last"].as_u64().unwrap();
    // One write each, so that the last entries made the last contacts.
    for back in [1, 4] {
        let to = (last - back).to_string();
        let kept = &ids[..ids.len() - usize::try_from(back).unwrap()];
        let restored = restore(&backup, None, &["--to", &to]);
        assert!(
            restored.said.out.contains(&format!("to entry {to} of 20")),
            "{}",
            restored.said.out
        );
        restored.assert_holds(None, kept);
    }
    let last_at = manifest["last_at"].as_str().unwrap();
    restore(&backup, None, &["--to", last_at]).assert_holds(None, &ids);
    restore(&backup, None, &["--to", "2099-01-01T00:00:00Z"]).assert_holds(None, &ids);

    restore(&backup, None, &["--to", "2001-01-01T00:00:00Z"])
        .assert_refused("the backup begins with entry 1 of 20");
    restore(&backup, None, &["--to", "0"]).assert_refused("the backup begins with entry 1 of 20");
    let beyond = (last + 1).to_string();
    restore(&backup, None, &["--to", &beyond]).assert_refused(&format!("ends with entry {last}"));
    let odd = restore(&backup, None, &["--to", "yesterday"]);
    let said = odd.said.expect(2);
    assert!(
        said.err.contains("yesterday") && said.err.contains("2026-11-29T12:00:00Z"),
        "{}",
        said.err
    );
}

#[test]
fn a_torn_copy_is_refused_and_named() {
    let bench = Bench::new();
    fill(&bench, None, 5);
    let backup = back_up(&bench, None);
    let entries = files(&backup.join("entries"), |_| true);
    let whole = std::fs::read(&entries[0]).unwrap();
    for (what, bytes) in [
        ("cut", &whole[..whole.len() - 1]),
        ("cut at an entry", &whole[..72]),
        ("longer", &[&whole[..], b"x"].concat()),
    ] {
        write(&entries[0], bytes);
        restore(&backup, None, &[]).assert_refused("the backup is not whole");
        assert!(!backup.join("VAULT").exists(), "{what}");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    write(&entries[0], &flipped);
    restore(&backup, None, &[]).assert_refused("was changed");
    std::fs::remove_file(&entries[0]).unwrap();
    restore(&backup, None, &[]).assert_refused("is missing");
    write(&entries[0], &whole);
    std::fs::remove_file(backup.join("BACKUP")).unwrap();
    restore(&backup, None, &[]).assert_refused("is not a backup");
    restore(&bench.path("nothing"), None, &[]).assert_refused("is not a backup");
}

#[test]
fn a_damaged_journal_is_not_backed_up() {
    let bench = Bench::new();
    fill(&bench, None, 5);
    let segment = segments(&bench.data()).remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    write(&segment, &bytes);
    let target = bench.path("backup");
    let refused = bench.run(&["backup", target.to_str().unwrap()], None).expect(1);
    assert!(refused.err.contains("--repair-journal"), "{}", refused.err);
    assert!(!target.exists() && !bench.path("backup.partial").exists());
}

#[test]
fn the_key_of_an_encrypted_directory_is_asked_for() {
    let bench = Bench::new();
    let (key, other) = (bench.key("key"), bench.key("other"));
    let ids = fill(&bench, Some(&key), 3);
    let target = bench.path("backup");
    for (wrong, words) in
        [(None, "--encryption-key-file"), (Some(other.as_path()), "does not open")]
    {
        let refused = bench.run(&["backup", target.to_str().unwrap()], wrong).expect(1);
        assert!(refused.err.contains(words), "{}", refused.err);
        assert!(!target.exists());
    }
    let backup = back_up(&bench, Some(&key));
    restore(&backup, None, &[]).assert_refused("--encryption-key-file");
    restore(&backup, Some(&other), &[]).assert_refused("does not open");
    restore(&backup, Some(&key), &[]).assert_holds(Some(&key), &ids);

    let plain = Bench::new();
    fill(&plain, None, 1);
    let backup = back_up(&plain, None);
    restore(&backup, Some(&key), &[]).assert_refused("not encrypted");
    assert!(!backup.join("VAULT").exists());
}

#[test]
fn nothing_is_written_over() {
    let bench = Bench::new();
    let ids = fill(&bench, None, 2);
    let backup = back_up(&bench, None);
    let refused = bench.run(&["backup", backup.to_str().unwrap()], None).expect(1);
    assert!(refused.err.contains("is not empty"), "{}", refused.err);
    let refused = bench.run(&["restore", backup.to_str().unwrap()], None).expect(1);
    assert!(refused.err.contains("is not empty"), "{}", refused.err);
    bench.run(&["check"], None).expect(0);
    // An empty directory is as good as none.
    let restored = Bench::new();
    std::fs::create_dir(restored.data()).unwrap();
    let said = restored.run(&["restore", backup.to_str().unwrap()], None);
    Restored { bench: restored, said }.assert_holds(None, &ids);
}

#[test]
fn a_directory_that_a_server_holds_is_backed_up_through_the_server_only() {
    let bench = Bench::new();
    let server = bench.serve(None);
    let target = bench.path("backup");
    let refused = bench.run(&["backup", target.to_str().unwrap()], None).expect(3);
    assert!(refused.err.contains("--server"), "{}", refused.err);
    assert!(!target.exists());
    server.stop();
    let refused = bench.run(&["--server", "http://127.0.0.1:1", "restore", "x"], None).expect(2);
    assert!(refused.err.contains("--data-dir"), "{}", refused.err);
}

#[test]
fn no_server_takes_a_backup_for_a_data_directory() {
    let bench = Bench::new();
    fill(&bench, None, 1);
    let backup = back_up(&bench, None);
    let before = files(&backup, |_| true);
    for command in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"], &["search", "x"]] {
        let arguments = [&["--data-dir", backup.to_str().unwrap()], command].concat();
        let refused = bench.run(&arguments, None).expect(1);
        let words = ["is a backup", "there is no data directory"];
        assert!(words.iter().any(|words| refused.err.contains(words)), "{}", refused.err);
    }
    assert_eq!(files(&backup, |_| true), before);
}

#[cfg(debug_assertions)]
#[test]
fn a_kill_in_the_middle_leaves_nothing_that_looks_whole() {
    let bench = Bench::new();
    let ids = fill(&bench, None, 5);
    let target = bench.path("backup");
    let arguments = ["backup", target.to_str().unwrap()];
    for point in ["backup.write", "backup.prepared"] {
        let ended = bench.run_with(&arguments, None, &[(fault::VARIABLE, point)]);
        assert_eq!(ended.code, None, "{point} was not reached: {}", ended.err);
        assert!(!target.exists(), "{point}");
    }
    // What is left is begun anew.
    let backup = back_up(&bench, None);
    assert!(!bench.path("backup.partial").exists());
    for point in ["restore.copied", "restore.built"] {
        let restored = Bench::new();
        let arguments = ["restore", backup.to_str().unwrap()];
        let ended = restored.run_with(&arguments, None, &[(fault::VARIABLE, point)]);
        assert_eq!(ended.code, None, "{point} was not reached: {}", ended.err);
        assert!(!restored.data().exists(), "{point}");
        let left = restored.path("data.restoring");
        let refused =
            restored.run(&["--data-dir", left.to_str().unwrap(), "check"], None).expect(1);
        assert!(refused.err.contains("did not end"), "{point}: {}", refused.err);
        let said = restored.run(&arguments, None);
        Restored { bench: restored, said }.assert_holds(None, &ids);
    }
}

#[test]
fn a_server_that_breaks_off_leaves_no_backup() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-tar\r\ncontent-length: 9000\r\n\r\n";
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        std::io::Write::write_all(&mut stream, &[0; 300]).unwrap();
    });
    let bench = Bench::new();
    let target = bench.path("backup");
    let base = format!("http://{address}");
    let ended =
        bench.run(&["--server", &base, "--token", "x", "backup", target.to_str().unwrap()], None);
    server.join().unwrap();
    assert!(ended.expect(1).err.contains("not whole"));
    assert!(!target.exists() && !bench.path("backup.partial").exists());
}

#[test]
fn a_journal_that_an_earlier_version_trimmed_is_completed_by_a_backup() {
    let bench = Bench::new();
    let ids = fill(&bench, None, 8);
    // As if it had been trimmed: the one segment says that it begins later, and its store knows all.
    std::fs::remove_dir_all(bench.data().join("journal")).unwrap();
    bench.run(&["check", "--repair-journal"], None).expect(0);
    let backup = back_up(&bench, None);
    restore(&backup, None, &[]).assert_holds(None, &ids);
    let earlier = restore(&backup, None, &["--to", "3"]);
    earlier.assert_refused("the backup begins with entry");
}
