//! Compressed answers and compressed bodies of requests.

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer};

const KEYSTROKE: &str = "/api/v1/contacts?q=jo&per_page=50";

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

fn unbrotli(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap();
    plain
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 3, 20);
    encoder.write_all(bytes).unwrap();
    encoder.into_inner()
}

fn ids(answer: &[u8]) -> Vec<String> {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let contacts = answer["contacts"].as_array().unwrap();
    contacts.iter().map(|contact| contact["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn answers_are_compressed_as_the_client_asks() {
    let server = TestServer::demo(2_000);
    let ask = |path: &str, accepted: &str| {
        server.send("GET", path, &[("accept-encoding", accepted)], None).expect(200)
    };
    let plain = server.get(KEYSTROKE).expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    let wanted = ids(&plain.body);
    assert!(!wanted.is_empty());
    for accepted in ["gzip", "gzip, deflate, br, zstd", "*", "br;q=0.5, gzip;q=0.8"] {
        let answer = ask(KEYSTROKE, accepted);
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{accepted}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
        assert_eq!(ids(&gunzip(&answer.body)), wanted, "{accepted}");
        assert!(answer.body.len() * 3 < plain.body.len(), "{accepted}: {}", answer.body.len());
    }
    for accepted in ["br", "gzip;q=0.5, br"] {
        let answer = ask(KEYSTROKE, accepted);
        assert_eq!(answer.header("content-encoding"), Some("br"), "{accepted}");
        assert_eq!(ids(&unbrotli(&answer.body)), wanted, "{accepted}");
        assert!(answer.body.len() * 3 < plain.body.len(), "{accepted}: {}", answer.body.len());
    }
    for accepted in ["", "identity", "gzip;q=0", "gzip;q=0.1, identity", "zstd"] {
        let answer = ask(KEYSTROKE, accepted);
        assert_eq!(answer.header("content-encoding"), None, "{accepted}");
        assert_eq!(ids(&answer.body), wanted, "{accepted}");
    }
    let export = ask("/api/v1/contacts/export?q=jo", "gzip");
    assert_eq!(export.header("content-encoding"), Some("gzip"));
    assert_eq!(gunzip(&export.body), server.get("/api/v1/contacts/export?q=jo").body);
}

#[test]
fn what_is_small_or_compressed_or_has_a_tag_is_sent_as_it_is() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Jane Doe", "notes": "x".repeat(4_000)}));
    let ask = |path: &str| server.send("GET", path, &[("accept-encoding", "gzip")], None);
    let lookup = ask("/api/v1/lookup?number=%2B12025550123").expect(200);
    assert_eq!((lookup.header("content-encoding"), lookup.header("vary")), (None, None));
    let contact = ask(&format!("/api/v1/contacts/{id}")).expect(200);
    assert_eq!(contact.header("content-encoding"), None);
    assert_eq!(contact.header("etag"), Some("\"1\""));
    let page = String::from_utf8(server.get("/").expect(200).body).unwrap();
    let script = page.split('"').find(|part| part.starts_with("/ui/") && part.contains(".js"));
    let script = ask(script.expect("the page loads a script")).expect(200);
    assert_eq!(script.header("content-encoding"), Some("gzip"));
    assert!(!gunzip(&script.body).starts_with(&[0x1f, 0x8b]), "compressed twice");
}

#[test]
fn a_compressed_body_is_read_like_a_plain_one() {
    let server = TestServer::start();
    let send = |path: &str, kind: &str, coding: &str, body: &[u8]| -> Answer {
        let headers = [("content-type", kind), ("content-encoding", coding)];
        server.send("POST", path, &headers, Some(body))
    };
    let contacts =
        |coding: &str, body: &[u8]| send("/api/v1/contacts", "application/json", coding, body);
    let body = json!({"name": "Jane Doe"}).to_string().into_bytes();
    for (coding, body) in [
        ("gzip", gzip(&body)),
        ("X-GZIP", gzip(&body)),
        ("br", brotli(&body)),
        ("identity", body.clone()),
    ] {
        let made = contacts(coding, &body).expect(201);
        assert_eq!(made.json["display_name"], "Jane Doe", "{coding}");
    }
    for coding in ["zstd", "deflate", "gzip, br"] {
        let refused = contacts(coding, &gzip(&body)).expect(415);
        assert_eq!(refused.header("accept-encoding"), Some("gzip, br"), "{coding}");
        assert!(refused.json["detail"].as_str().unwrap().contains(coding), "{coding}");
    }
    let whole = gzip(&body);
    contacts("gzip", &whole[..whole.len() - 4]).expect(400);
    contacts("gzip", &body).expect(400);
    let whole = brotli(&body);
    contacts("br", &whole[..whole.len() - 2]).expect(400);
    contacts("br", &[whole.as_slice(), b"more"].concat()).expect(400);
}

#[test]
fn limits_hold_for_what_a_body_is_decompressed_to() {
    let server = TestServer::with(|options| options.upload_bytes = 1 << 20);
    let large = vec![b' '; 64 << 20];
    for (coding, body) in [("gzip", gzip(&large)), ("br", brotli(&large))] {
        assert!(body.len() < 1 << 20, "{coding}");
        for (path, kind) in
            [("/api/v1/contacts", "application/json"), ("/api/v1/imports", "text/csv")]
        {
            let headers = [("content-type", kind), ("content-encoding", coding)];
            server.send("POST", path, &headers, Some(&body)).expect(413);
        }
    }
    let list = gzip(b"Name,Phone\nJane Doe,+12025550123\n");
    let headers = [("content-type", "text/csv"), ("content-encoding", "gzip")];
    let started = server.send("POST", "/api/v1/imports", &headers, Some(&list)).expect(202);
    let job = loop {
        let job = server.get(started.header("location").unwrap()).expect(200).json;
        if job["finished_at"].is_string() {
            break job;
        }
        std::thread::yield_now();
    };
    assert_eq!(job["counts"]["imported"], 1, "{job}");
}

#[test]
fn if_match_takes_lists_and_no_weak_tags() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Jane Doe"}));
    let path = format!("/api/v1/contacts/{id}");
    let change = |tags: &str| {
        server.json("PATCH", &path, &[("if-match", tags)], &json!({"title": tags})).status
    };
    assert_eq!(change("W/\"1\""), 412);
    assert_eq!(change("\"01\", 1, W/\"1\", \"other\""), 412);
    assert_eq!(change("\"7\", W/\"3\" , \"1\""), 200);
    assert_eq!(change("\"1\""), 412);
    assert_eq!(change("\"other\",\"2\""), 200);
    assert_eq!(change("*"), 200);
}
