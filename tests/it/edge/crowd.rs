//! More connections than files may be open: strangers take none of those that the engine needs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use super::PATIENCE;
use crate::support::server::{Client, OPERATOR};

/// The program with a limit of open files.
fn limited(dir: &TempDir, files: u32) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_ringdex")]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin-token", OPERATOR]);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.env("RINGDEX_DATA_DIR", dir.path().join("data"));
    command
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a new connection is taken, and not turned away.
fn is_answered(address: &str) -> bool {
    let mut answer = String::new();
    TcpStream::connect(address)
        .and_then(|mut stream| {
            stream.write_all(
                b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            )?;
            stream.read_to_string(&mut answer)
        })
        .is_ok_and(|_| answer.starts_with("HTTP/1.1 200"))
}

#[test]
fn connections_of_strangers_leave_the_engine_the_files_that_it_needs() {
    let dir = TempDir::new().unwrap();
    let mut child =
        limited(&dir, 256).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut served = Served(child);
    let base = line.trim().rsplit(' ').next().unwrap().to_owned();
    let client = Client::of(&base, OPERATOR);
    client.create_id(&json!({"name": "Before Crowd"}));

    let address = base.trim_start_matches("http://").to_owned();
    let mut crowd: Vec<TcpStream> =
        (0..400).map(|_| TcpStream::connect(&address).unwrap()).collect();
    // The last one finds all places taken.
    let last = crowd.last_mut().unwrap();
    last.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    match last.read_to_string(&mut answer) {
        Ok(_) => assert!(answer.is_empty() || answer.contains("503"), "{answer}"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    // Who was there before goes on, with everything that takes files.
    for at in 0..20 {
        client.create_id(&json!({"name": format!("Crowded Person{at}")}));
    }
    assert_eq!(client.search("crowded", "&refresh=wait").json["total"], 20);
    client.post("/api/v1/admin/reindex", &json!({})).expect(200);
    assert_eq!(client.get("/readyz").expect(200).body, b"ready\n");
    drop(crowd);
    while !is_answered(&address) {}
    Client::of(&base, OPERATOR).create_id(&json!({"name": "After Crowd"}));
    assert!(served.0.try_wait().unwrap().is_none(), "the server has ended");
}

#[test]
fn too_few_open_files_are_refused_with_what_to_do() {
    let dir = TempDir::new().unwrap();
    let output = limited(&dir, 64).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("only 64 files") && said.contains("LimitNOFILE"), "{said}");
}
