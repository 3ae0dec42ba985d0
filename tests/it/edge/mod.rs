//! What stands in front of the handlers: TLS, headers, limits, and clients that are slow or lie.

mod coding;
mod command;
mod config;
mod crowd;
mod headers;
mod limits;
mod local;
mod memory;
mod packaging;
mod request_ids;
mod slow;
mod starting;
pub(crate) mod tls;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::server::TestServer;

/// Longer than anything here takes; only tests that fail wait for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection by hand.
fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Everything that comes until the server closes the connection.
#[track_caller]
fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => {
                panic!("the server does not close: {error}; {}", String::from_utf8_lossy(&answer))
            }
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a GET request with exactly these lines as its header fields.
fn get_by_hand(server: &TestServer, path: &str, fields: &[&str]) -> String {
    let mut stream = connect(server);
    let fields = fields.join("\r\n");
    let head = format!("GET {path} HTTP/1.1\r\n{fields}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    read_to_end(&mut stream)
}

/// The status of an answer read by hand.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
