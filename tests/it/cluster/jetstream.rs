//! Machines as processes over a real server of NATS `JetStream`.

#![expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{Bench, Served};
use crate::support::server::{Answer, Client, OPERATOR};

/// A server of NATS with a directory of its own.
struct Nats {
    process: Option<Child>,
    port: u16,
    dir: TempDir,
}

impl Nats {
    /// None where the program is not installed and need not be.
    fn start() -> Option<Self> {
        Self::with_payload("8MB")
    }

    fn with_payload(payload: &str) -> Option<Self> {
        let has = Command::new("nats-server").arg("--version").output().is_ok();
        assert!(has || std::env::var_os("REQUIRE_NATS").is_none(), "nats-server is not installed");
        if !has {
            println!("SKIPPED: nats-server is not installed");
            return None;
        }
        let dir = TempDir::new().unwrap();
        let config = format!(
            "host: 127.0.0.1\nmax_payload: {payload}\n\
             jetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
            dir.path().join("store").display()
        );
        std::fs::write(dir.path().join("nats.conf"), config).unwrap();
        let mut nats = Self { process: None, port: 0, dir };
        nats.run();
        Some(nats)
    }

    /// Starts the program, at the same port as before.
    fn run(&mut self) {
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let ports = self.dir.path();
        let process = Command::new("nats-server")
            .arg("-c")
            .arg(self.dir.path().join("nats.conf"))
            .args(["-p", &port, "--ports_file_dir"])
            .arg(ports)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let begun = Instant::now();
        while self.port == 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "nats-server tells no port");
            self.port = told_port(ports).unwrap_or(0);
            std::thread::yield_now();
        }
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn node(&self, bench: &Bench, name: &str, key: Option<&Path>) -> Served {
        let url = self.url();
        let arguments = ["--admin-token", OPERATOR, "--cluster", &url, "--node", name];
        bench.serve_with(&arguments, key)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The port in the file that the program writes when it listens.
fn told_port(dir: &Path) -> Option<u16> {
    let files = std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    let file: PathBuf =
        files.filter(|path| path.extension().is_some_and(|e| e == "ports")).last()?;
    let told: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    told["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}

fn create(client: &Client, n: u32) -> Answer {
    let body = json!({"name": format!("Person {n:03}"), "phone": format!("+1202555{n:04}")});
    client.post("/api/v1/contacts", &body)
}

/// Asks a machine as it is behind what another one has answered.
fn behind(client: &Client, path: &str, answer: &Answer) -> Answer {
    let seq = answer.header("ringdex-seq").unwrap();
    client.send("GET", path, &[("ringdex-seq", seq)], None)
}

/// Asks until an answer has a status, for at most half a minute.
#[track_caller]
fn until(status: u16, mut ask: impl FnMut() -> Answer) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = ask();
        if answer.status == status || begun.elapsed() > Duration::from_secs(30) {
            return answer.expect(status);
        }
    }
}

#[test]
fn three_machines_are_one_server_and_a_killed_one_comes_back() {
    let Some(nats) = Nats::start() else { return };
    let benches = [Bench::new(), Bench::new(), Bench::new()];
    let names = ["one", "two", "three"];
    let mut nodes: Vec<Option<Served>> =
        benches.iter().zip(names).map(|(bench, name)| Some(nats.node(bench, name, None))).collect();
    let client = |nodes: &[Option<Served>], at: usize| nodes[at].as_ref().unwrap().client.clone();
    for n in 0..30 {
        let made = create(&client(&nodes, n as usize % 3), n).expect(201);
        let path = format!("/api/v1/contacts/{}", made.id());
        behind(&client(&nodes, (n as usize + 1) % 3), &path, &made).expect(200);
    }
    // The process of one ends at once: the others go on.
    nodes[1] = None;
    for n in 30..60 {
        create(&client(&nodes, if n % 2 == 0 { 0 } else { 2 }), n).expect(201);
    }
    nodes[1] = Some(nats.node(&benches[1], "two", None));
    let last = create(&client(&nodes, 1), 60).expect(201);
    for (at, name) in names.iter().enumerate() {
        let all = behind(&client(&nodes, at), "/api/v1/contacts?per_page=0", &last).expect(200);
        assert_eq!(all.json["total"], 61, "{name}");
        let report = client(&nodes, at).post("/api/v1/admin/check", &json!({})).expect(200).json;
        assert_eq!(report["clean"], true, "{report}");
    }
    let view = until(200, || client(&nodes, 2).get("/api/v1/cluster")).json;
    let known: Vec<&str> = view["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["name"].as_str().unwrap())
        .collect();
    assert_eq!(known, ["one", "three", "two"]);
    assert_eq!(view["behind"], 0);
    let status = [
        "cluster",
        "status",
        "--server",
        &nodes[0].as_ref().unwrap().base.clone(),
        "--token",
        OPERATOR,
    ];
    let told = benches[0].run(&status, None).expect(0).out;
    assert!(names.iter().all(|name| told.contains(name)), "{told}");
    for node in nodes.into_iter().flatten() {
        node.stop();
    }
}

#[test]
fn without_the_log_calls_are_answered_and_writes_wait_for_it() {
    let Some(mut nats) = Nats::start() else { return };
    let bench = Bench::new();
    let node = nats.node(&bench, "one", None);
    create(&node.client, 1).expect(201);
    nats.kill();
    let refused = until(503, || create(&node.client, 2));
    assert!(["cluster_unreachable", "outcome_unknown"].contains(&refused.code()), "{refused:?}");
    assert_eq!(node.client.lookup("+12025550001", "")["count"], 1);
    let ready = node.client.get("/readyz").expect(200);
    assert!(String::from_utf8_lossy(&ready.body).starts_with("degraded"), "{ready:?}");
    nats.run();
    let made = until(201, || create(&node.client, 3));
    let path = format!("/api/v1/contacts/{}", made.id());
    node.client.get(&path).expect(200);
    node.stop();
    // A stream that is gone is not begun anew by a machine that has been one of its cluster.
    nats.kill();
    std::fs::remove_dir_all(nats.dir.path().join("store")).unwrap();
    nats.run();
    let url = nats.url();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--cluster", &url, "--node", "one"];
    let refused = bench.run(&arguments, None);
    assert!(refused.err.contains("is not there"), "{refused:?}");
}

#[test]
fn an_encrypted_cluster_keeps_nothing_readable_in_its_log() {
    let Some(nats) = Nats::start() else { return };
    let (first, second) = (Bench::new(), Bench::new());
    let key = first.key("key");
    let one = nats.node(&first, "one", Some(&key));
    let two = nats.node(&second, "two", Some(&key));
    let body = json!({"name": "Wilhelmina Readable", "phone": "+12025550142"});
    let made = one.client.post("/api/v1/contacts", &body).expect(201);
    let path = format!("/api/v1/contacts/{}", made.id());
    behind(&two.client, &path, &made).expect(200);
    let found = find_bytes(nats.dir.path(), b"Wilhelmina");
    assert!(found.is_none(), "{found:?}");
    // Without the key nothing of it is taken over, and it says why.
    let third = Bench::new();
    let refused = third.run(
        &["serve", "--listen", "127.0.0.1:0", "--cluster", &nats.url(), "--node", "three"],
        None,
    );
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("is sealed"), "{refused:?}");
}

/// A file below a directory that holds these bytes.
fn find_bytes(dir: &Path, wanted: &[u8]) -> Option<PathBuf> {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = find_bytes(&path, wanted) {
                return Some(found);
            }
        } else if std::fs::read(&path).unwrap().windows(wanted.len()).any(|part| part == wanted) {
            return Some(path);
        }
    }
    None
}

#[test]
fn servers_that_take_too_small_messages_are_refused_with_what_to_do() {
    let Some(nats) = Nats::with_payload("1MB") else { return };
    let bench = Bench::new();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--cluster", &nats.url(), "--node", "one"];
    let refused = bench.run(&arguments, None);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("max_payload: 8MB"), "{refused:?}");
    let odd = bench.run(&["serve", "--cluster", "nats://x", "--node", "no spaces"], None);
    assert_eq!(odd.code, Some(2), "{odd:?}");
}
