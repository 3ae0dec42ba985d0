//! Every answer has an id, by which it is found in the log; the log says nothing of people.

use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::process::Bench;
use crate::support::server::{OPERATOR, TestServer};

#[test]
fn every_answer_has_an_id_and_that_of_the_client_if_it_is_harmless() {
    let server = TestServer::start();
    let own = |given: &[(&str, &str)], path: &str| {
        let answer = server.send("GET", path, given, None);
        answer.header("x-request-id").expect(path).to_owned()
    };
    for path in ["/healthz", "/api/v1/contacts", "/nothing", "/api/v1/lookup?number=1"] {
        let (first, second) = (own(&[], path), own(&[], path));
        assert_ne!(first, second, "{path}");
        assert!(first.len() >= 10 && first.is_ascii(), "{path}: {first}");
        assert_eq!(own(&[("x-request-id", "crm-7.A_b")], path), "crm-7.A_b");
    }
    let long = "a".repeat(65);
    for wrong in ["", "a b", "jane@example.com", "\"x\"", "<x>", long.as_str()] {
        assert_ne!(own(&[("x-request-id", wrong)], "/healthz"), wrong);
    }
    let refused = server.without_token().get("/api/v1/contacts").expect(401);
    assert!(refused.header("x-request-id").is_some());
}

#[test]
fn requests_are_logged_with_their_id_and_without_what_they_ask_for() {
    let bench = Bench::new();
    let mut process = Command::new(env!("CARGO_BIN_EXE_ringdex"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .args(["--log", "info,ringdex::requests=debug", "--admin-token", OPERATOR])
        .env_clear()
        .env("RINGDEX_DATA_DIR", bench.data())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(process.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let client =
        crate::support::server::Client::of(line.trim().rsplit(' ').next().unwrap(), OPERATOR);
    let id = client.create_id(&serde_json::json!({"name": "Zebedee", "phone": "+12025550123"}));
    let given = [("x-request-id", "mine-1")];
    client.send("GET", "/api/v1/lookup?number=%2B12025550123", &given, None).expect(200);
    client.send("GET", "/api/v1/contacts?q=zebedee", &given, None).expect(200);
    client.get(&format!("/api/v1/contacts/{id}")).expect(200);
    client.get("/cid?number=2025550123&key=nonsense");
    let pid = process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut log = String::new();
    process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(process.wait().unwrap().success(), "{log}");

    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lookup = lines.iter().find(|line| line["route"] == "/api/v1/lookup").expect(&log);
    assert_eq!(lookup["request_id"], "mine-1");
    assert_eq!((&lookup["method"], &lookup["status"]), (&"GET".into(), &200.into()));
    assert!(lines.iter().any(|line| line["route"] == "/api/v1/contacts/{id}"), "{log}");
    for secret in ["2025550123", "ebedee", id.as_str(), OPERATOR, "nonsense"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}
