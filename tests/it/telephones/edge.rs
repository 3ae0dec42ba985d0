//! The file from which names are answered without a server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::{bearer, device, text};
use crate::support::server::{Client, TestServer};

/// `ringdex edge` in a process of its own.
struct EdgeBox {
    process: Child,
    client: Client,
}

impl Drop for EdgeBox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(server: &str, token: &str, file: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.env_clear().args(["--server", server, "--token", token, "edge", "--snapshot"]);
    command.arg(file).args(["--listen", "127.0.0.1:0", "--every", "1"]);
    command
}

fn begin(server: &str, token: &str, file: &std::path::Path) -> EdgeBox {
    let mut process =
        command(server, token, file).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(base.starts_with("http://"), "it does not listen: {line:?}");
    EdgeBox { process, client: Client::of(&base, "") }
}

#[test]
fn names_are_answered_while_the_server_is_gone() {
    let server = TestServer::start();
    server.create(&json!({"name": "Zoë \"Z\" Müller", "phones": [
        {"number": "+4930123456"}, {"number": "+491701234567"}], "tags": ["VIP"]}));
    let token = device(&server, &["phonebook"]).token().to_owned();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("names");
    let base = server.base_url().to_owned();
    let edge = begin(&base, &token, &file);
    let name = |edge: &EdgeBox, query: &str| {
        let answer = edge.client.without_token().get(&format!("/cid{query}")).expect(200);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        text(&answer).to_owned()
    };
    assert_eq!(name(&edge, "?number=%2B4930123456"), "Zoë Z Müller");
    assert_eq!(name(&edge, "/030123456?country=DE"), "Zoë Z Müller");
    assert_eq!(name(&edge, "?number=%2B4930999&empty=number"), "+4930999");
    // What changes on the server comes after a moment.
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    while name(&edge, "?number=%2B12025550123").is_empty() {
        std::thread::yield_now();
    }
    drop(server);
    assert_eq!(name(&edge, "?number=%2B12025550123"), "Jane Doe");
    drop(edge);
    let edge = begin(&base, &token, &file);
    assert_eq!(name(&edge, "?number=%2B12025550123"), "Jane Doe");
    drop(edge);
    // A file of somebody else, or one that was changed, is refused.
    let refused = |token: &str| {
        let ended = command(&base, token, &file).output().unwrap();
        (ended.status.success(), String::from_utf8_lossy(&ended.stderr).into_owned())
    };
    let (is_well, said) = refused("another");
    assert!(!is_well && said.contains("signed"), "{said}");
    let changed = std::fs::read_to_string(&file).unwrap().replace("Jane", "Joan");
    std::fs::File::create(&file).unwrap().write_all(changed.as_bytes()).unwrap();
    assert!(!refused(&token).0);
}

#[test]
fn a_snapshot_has_what_its_token_sees_and_only_if_it_changed() {
    let server = TestServer::start();
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550123", "tags": ["vip"]}));
    let path = "/api/v1/edge/snapshot";
    let phone = bearer(&server, &json!({"role": "lookup"}));
    let first = phone.get(&format!("{path}?prefix=vip")).expect(200);
    let said = text(&first);
    assert!(
        said.starts_with("ringdex-edge 1\t") && said.contains("12025550123\t[VIP] Jane Doe\n"),
        "{said}"
    );
    let etag = [("if-none-match", first.header("etag").unwrap())];
    assert_eq!(phone.send("GET", &format!("{path}?prefix=vip"), &etag, None).status, 304);
    assert_eq!(phone.send("GET", path, &etag, None).status, 200);
    server.create(&json!({"name": "John Doe", "phone": "+12025550124"}));
    assert_eq!(phone.send("GET", &format!("{path}?prefix=vip"), &etag, None).status, 200);
    device(&server, &["lookup"]).get(path).expect(403);
    server.without_token().get(path).expect(401);
    let other = bearer(&server.organization("second"), &json!({"role": "lookup"}));
    assert!(!text(&other.get(path).expect(200)).contains("Doe"));
    let settings = json!({"field_visibility": {"phones": {"lookup": "masked"}}});
    server.patch("/api/v1/settings", &settings).expect(200);
    assert!(!text(&phone.get(path).expect(200)).contains("Doe"));
    let mut out = String::new();
    let args = ["--server", server.base_url(), "--token", phone.token(), "edge", "--once"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.env_clear().args(args).args(["--snapshot", "/nonexistent/names"]);
    let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
    process.stderr.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(!process.wait().unwrap().success() && out.contains("/nonexistent/names"), "{out}");
}
