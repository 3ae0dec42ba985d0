//! Lists in Google Sheets, fetched from a server of the test in the place of Google.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::ended;
use crate::support::server::TestServer;

/// A server that gives each path its answer, and remembers what it was asked.
struct Sheets {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

fn sheets() -> Sheets {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (seen, own) = (Arc::clone(&asked), base.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut piece = [0; 1024];
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(read) if read > 0 => head.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            seen.lock().unwrap().push(path.clone());
            let csv = "Name,Phone\nAda Byron,+12025550110\n";
            let answer = |status: &str, kind: &str, more: &str, body: &str| {
                format!(
                    "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                )
            };
            let text = if path.starts_with("/spreadsheets/d/good/export") {
                answer("307 Moved", "text/html", &format!("location: {own}/contents\r\n"), "")
            } else if path == "/contents" {
                answer("200 OK", "text/csv", "", csv)
            } else if path.starts_with("/spreadsheets/d/private/") {
                answer("200 OK", "text/html; charset=utf-8", "", "<html>Sign in</html>")
            } else if path.starts_with("/spreadsheets/d/elsewhere/") {
                answer("302 Found", "text/html", "location: http://169.254.169.254/latest\r\n", "")
            } else if path.starts_with("/spreadsheets/d/circle/") {
                answer("302 Found", "text/html", &format!("location: {own}{path}\r\n"), "")
            } else {
                answer("404 Not Found", "text/html", "", "gone")
            };
            let _gone = stream.write_all(text.as_bytes());
        }
    });
    Sheets { base, asked }
}

#[test]
fn a_shared_sheet_is_previewed_and_imported_and_others_are_refused() {
    let google = sheets();
    let server = TestServer::with(|options| options.sheets_base = Some(google.base.clone()));
    let address = |id: &str| format!("{}/spreadsheets/d/{id}/edit#gid=7", google.base);
    let seen = server.post("/api/v1/imports/preview", &json!({"sheet_url": address("good")}));
    let seen = seen.expect(200).json;
    assert_eq!(seen["counts"]["new"], 1, "{seen}");
    let asked = google.asked.lock().unwrap().clone();
    assert_eq!(asked, ["/spreadsheets/d/good/export?format=csv&gid=7", "/contents"]);
    let body = json!({"sheet_url": address("good"), "options": {"tags": ["sheet"]}});
    let job = ended(&server, &server.post("/api/v1/imports", &body).expect(202));
    assert_eq!((&job["counts"]["imported"], &job["source"]), (&json!(1), &json!(address("good"))));
    for (id, reason) in [
        ("private", "not shared publicly"),
        ("elsewhere", "leads to 169.254.169.254"),
        ("circle", "from one place to the next"),
        ("missing", "404"),
    ] {
        let refused =
            server.post("/api/v1/imports", &json!({"sheet_url": address(id)})).expect(422);
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(detail.contains(reason), "{id}: {detail}");
    }
    for address in ["https://evil.example/spreadsheets/d/good/edit", "nonsense", ""] {
        let refused = server.post("/api/v1/imports", &json!({"sheet_url": address})).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/sheet_url", "{address}");
    }
    let both = json!({"sheet_url": address("good"), "csv": "name\nx\n"});
    assert_eq!(
        server.post("/api/v1/imports", &both).expect(422).json["errors"][0]["pointer"],
        "/sheet_url"
    );
    // Ten an hour.
    for _ in 0..4 {
        server.post("/api/v1/imports/preview", &json!({"sheet_url": address("good")})).expect(200);
    }
    let limited = server.post("/api/v1/imports/preview", &json!({"sheet_url": address("good")}));
    assert!(limited.expect(429).header("retry-after").is_some());
}
