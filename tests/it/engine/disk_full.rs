//! A disk that runs full: writes are refused and everything else goes on, or at the worst the
//! process ends with a message that says so; after room was made everything acknowledged is there.
//!
//! A child runs this test program again on a small tmpfs, which needs root, or under a limit for
//! the size of files, which every user may set.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ringdex::app::App;
use ringdex::domain::ids::ContactId;
use ringdex::engine::Options;
use serde_json::json;
use tempfile::TempDir;

use crate::support::process::Bench;
use crate::support::server::OPERATOR;
use crate::support::{causes, operator};

const DIRECTORY: &str = "RINGDEX_DISK_FULL_TEST";
/// Of the child that only opens the directory.
const OPENED: &str = "RINGDEX_DISK_FULL_OPEN";

fn options() -> Options {
    Options {
        store_cache_bytes: 8 << 20,
        index_writer_bytes: 16 << 20,
        checkpoint_every: Duration::from_millis(50),
        ..Options::default()
    }
}

/// Run by the tests below in a process of its own; does nothing otherwise.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let app = App::open(Path::new(&dir), options()).unwrap();
    app.bootstrap(Some("admin")).unwrap();
    // Far more than there is room for.
    for at in 0..1_000_000 {
        let body = json!({"name": format!("Person {at}"), "notes": "word ".repeat(at % 2_000)});
        let created = app.create_contact(&operator(1), &body, None);
        match created {
            Ok(created) => println!("acknowledged {}", created.contact.id),
            Err(error) => panic!("{}: No space left on device", causes(&error)),
        }
    }
}

/// As [`child`], only opening what is there.
#[test]
fn opening_child() {
    let Some(dir) = std::env::var_os(OPENED) else { return };
    if let Err(error) = App::open(Path::new(&dir), options()) {
        panic!("{}", causes(&error));
    }
}

/// Runs a child until it ends; what it acknowledged, and its last words.
fn fill(mut command: Command, data: &Path) -> (Vec<ContactId>, String) {
    let mut child =
        command.env(DIRECTORY, data).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let acknowledged = out
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok())
        .collect();
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "it did not run full");
    (acknowledged, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn this_child(name: &str) -> Vec<String> {
    let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    let arguments = ["--exact", name, "--nocapture", "--test-threads=1"];
    std::iter::once(program).chain(arguments.map(str::to_owned)).collect()
}

fn assert_whole(data: &Path, acknowledged: &[ContactId]) {
    let app = App::open(data, options()).unwrap_or_else(|error| panic!("{}", causes(&error)));
    for id in acknowledged {
        app.read_contact(&operator(1), *id).unwrap();
    }
    let report = app.check(&operator(1), &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
    // One more may have been kept than was acknowledged.
    let surplus = report.contacts - acknowledged.len() as u64;
    assert!(surplus <= 1, "{surplus} more than acknowledged");
}

/// A mounted file system that is taken away again.
struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(at: &Path, size: &str) -> Result<Self, String> {
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "none"], at)?;
        Ok(Self(at.to_owned()))
    }

    fn resize(&self, size: &str) {
        mount(&["-o", &format!("remount,size={size}")], &self.0).unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], at: &Path) -> Result<(), String> {
    let output =
        Command::new("mount").args(arguments).arg(at).output().map_err(|e| e.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

#[test]
fn a_full_disk_ends_the_process_and_loses_nothing_acknowledged() {
    let dir = TempDir::new().unwrap();
    // Which of journal, store and index meets the end first depends on the size.
    for size in ["6m", "11m", "17m"] {
        let disk = match Mounted::tmpfs(dir.path(), size) {
            Ok(disk) => disk,
            Err(reason) => {
                println!("SKIPPED: a tmpfs cannot be mounted: {reason}");
                return;
            }
        };
        let data = dir.path().join("data");
        let arguments = this_child("engine::disk_full::child");
        let mut command = Command::new(&arguments[0]);
        command.args(&arguments[1..]);
        let (acknowledged, words) = fill(command, &data);
        assert!(words.contains("No space left on device"), "{size}: {words}");
        assert!(!acknowledged.is_empty(), "{size}: {words}");
        // On the full disk it starts, or says why not; in a process of its own, which it may end.
        let arguments = this_child("engine::disk_full::opening_child");
        let opened =
            Command::new(&arguments[0]).args(&arguments[1..]).env(OPENED, &data).output().unwrap();
        let words = String::from_utf8_lossy(&opened.stderr);
        let says_why = words.contains("No space left on device");
        assert!(opened.status.success() || says_why, "{size}: {words}");
        disk.resize("200m");
        assert_whole(&data, &acknowledged);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a file of the test")]
fn on_a_full_disk_writes_are_refused_until_there_is_room_and_reads_go_on() {
    let dir = TempDir::new().unwrap();
    let disk = match Mounted::tmpfs(dir.path(), "48m") {
        Ok(disk) => disk,
        Err(reason) => {
            println!("SKIPPED: a tmpfs cannot be mounted: {reason}");
            return;
        }
    };
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let bench = Bench::new();
    let more = ["--data-dir", data.to_str().unwrap(), "--admin-token", OPERATOR];
    let server = bench.serve_with(&more, None);
    let client = &server.client;
    let first = client.create_id(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    assert!(data.join("RESERVE").is_file());
    let hog = dir.path().join("hog");
    let free = || free_bytes(dir.path());
    std::fs::write(&hog, vec![1; usize::try_from(free() - (3 << 20)).unwrap()]).unwrap();
    let refused = client.post("/api/v1/contacts", &json!({"name": "John Doe"}));
    assert_eq!((refused.status, refused.code()), (507, "no_room"));
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert!(!String::from_utf8_lossy(&refused.body).contains(data.to_str().unwrap()));
    let patch = json!({"title": "CEO"});
    client.patch(&format!("/api/v1/contacts/{first}"), &patch).expect(507);
    // Nor is what would only make it fuller begun.
    client.post("/api/v1/admin/compact", &json!({})).expect(507);
    // Nobody is called who exists only in an answer.
    assert_eq!(client.search("john", "").json["total"], 0);
    let lookup = client.get("/api/v1/lookup?number=%2B12025550123").expect(200);
    assert_eq!(lookup.json["count"], 1);
    assert_eq!(client.search("jane", "").json["total"], 1);
    client.get("/healthz").expect(200);
    std::fs::remove_file(&hog).unwrap();
    client.post("/api/v1/contacts", &json!({"name": "John Doe"})).expect(201);
    server.stop();
    drop(disk);
}

fn free_bytes(at: &Path) -> u64 {
    let output = Command::new("df").args(["--output=avail", "-B1"]).arg(at).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().last().unwrap().trim().parse().unwrap()
}

#[test]
fn files_that_may_not_grow_end_the_process_and_lose_nothing_acknowledged() {
    for blocks in ["900", "2000"] {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        let mut command = Command::new("sh");
        // Ignored, the signal for files that are too large becomes an error of the write.
        let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 77; exec \"$@\"");
        command.args(["-c", &script, "sh"]).args(this_child("engine::disk_full::child"));
        let (acknowledged, words) = fill(command, &data);
        assert!(words.contains("File too large"), "{words}");
        assert!(!acknowledged.is_empty(), "{words}");
        assert_whole(&data, &acknowledged);
    }
}
