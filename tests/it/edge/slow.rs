//! Clients that send or read too slowly are let go.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use super::{connect, read_to_end, status};
use crate::support::server::TestServer;

/// What clients are given here; enough for one that does not dawdle on a busy machine.
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_head_that_does_not_end_is_cut_off() {
    let server = TestServer::with(|options| options.head_patience = SHORT);
    let mut stream = connect(&server);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let answer = read_to_end(&mut stream);
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[test]
fn a_later_head_that_does_not_end_is_cut_off() {
    let server = TestServer::with(|options| options.head_patience = SHORT);
    let mut stream = connect(&server);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut buffer = [0; 4096];
    assert!(stream.read(&mut buffer).unwrap() > 0, "the first request is answered");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let rest = read_to_end(&mut stream);
    assert!(!rest.contains("HTTP/1.1 200"), "{rest}");
}

#[test]
fn a_trickling_later_head_is_cut_off() {
    let server = TestServer::with(|options| options.head_patience = SHORT);
    let mut stream = connect(&server);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut buffer = [0; 4096];
    // A byte every few milliseconds, for ever.
    let is_cut = (0..4_000).any(|_| {
        let is_gone = stream.write_all(b"a").is_err();
        is_gone
            || match stream.read(&mut buffer) {
                Ok(count) => count == 0,
                Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            }
    });
    assert!(is_cut);
}

#[test]
fn a_body_that_stops_is_refused() {
    let server = TestServer::with(|options| options.body_patience = SHORT);
    let token = server.token();
    let json = "/api/v1/contacts HTTP/1.1\r\nContent-Type: application/json";
    let list = "/api/v1/imports HTTP/1.1\r\nContent-Type: text/csv";
    for (path, framing, piece) in [
        (json, "Content-Length: 100", "{\"name\""),
        (json, "Transfer-Encoding: chunked", "8\r\n{\"name\":\r\n"),
        (list, "Content-Length: 100", "name,phone\n"),
        (list, "Transfer-Encoding: chunked", "b\r\nname,phone\n\r\n"),
    ] {
        let mut stream = connect(&server);
        let head = format!(
            "POST {path}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n{piece}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let answer = read_to_end(&mut stream);
        assert_eq!(status(&answer), 408, "{path}: {answer}");
        assert!(answer.contains("\"body_too_slow\""), "{answer}");
    }
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "an upload is left behind");
}

#[test]
fn who_does_not_read_is_let_go() {
    let server = TestServer::with(|options| options.write_patience = SHORT);
    let mut stream = connect(&server);
    // More answers than any buffer holds, and none of them read.
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let error = loop {
        if let Err(error) = stream.write_all(&request) {
            break error;
        }
    };
    let is_closed = matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
    assert!(is_closed, "{error}");
    server.get("/healthz").expect(200);
}

#[test]
fn who_is_idle_between_requests_is_not_cut_off() {
    let server = TestServer::with(|options| options.head_patience = SHORT);
    let mut stream = connect(&server);
    stream.set_read_timeout(Some(4 * SHORT)).unwrap();
    let mut buffer = [0; 4096];
    for _ in 0..2 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let count = stream.read(&mut buffer).unwrap();
        assert!(buffer[..count].starts_with(b"HTTP/1.1 200"));
        // Four times as long as a head may take, without a byte.
        let error = stream.read(&mut buffer).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    }
}
