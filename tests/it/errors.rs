//! What errors look like: one of each code, and that nothing a client sends is answered by a 500.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer};

/// The body of an error with what changes from run to run taken out, a member a line.
#[track_caller]
fn shown(answer: Answer, status: u16) -> String {
    use std::fmt::Write as _;
    let body = problem(answer, status);
    body.as_object().unwrap().iter().fold(String::new(), |mut out, (name, value)| {
        match value.as_array() {
            Some(all) => {
                for value in all {
                    let _ = writeln!(out, "{name}[]: {value}");
                }
            }
            None => {
                let _ = writeln!(out, "{name}: {value}");
            }
        }
        out
    })
}

/// The body of an error that has this status.
#[track_caller]
fn problem(answer: Answer, status: u16) -> Value {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let mut body = answer.json;
    assert_eq!(body["status"], status);
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(body["type"], format!("https://ringdex.dev/problems/{code}"));
    body.as_object_mut().unwrap().remove("type");
    if let Some(Value::Array(duplicates)) = body.get_mut("duplicates") {
        for duplicate in duplicates {
            duplicate["id"] = json!("[id]");
        }
    }
    body
}

#[test]
fn malformed() {
    let server = TestServer::start();
    let answer = server.send("POST", "/api/v1/contacts", &[], Some(b"{\"name\": "));
    assert_snapshot!(shown(answer, 400), @r##"
    code: "malformed"
    detail: "the body is not valid JSON: EOF while parsing a value at line 1 column 9"
    status: 400
    title: "The request is malformed"
    "##);
}

#[test]
fn unauthorized() {
    let server = TestServer::start();
    let answer = server.with_token("wrong").get("/api/v1/contacts");
    assert_snapshot!(shown(answer, 401), @r##"
    code: "unauthorized"
    detail: "this token is not valid"
    status: 401
    title: "A valid token is needed"
    "##);
}

#[test]
fn forbidden() {
    let server = TestServer::start();
    let answer = server.role("lookup").get("/api/v1/contacts");
    assert_snapshot!(shown(answer, 403), @r##"
    code: "forbidden"
    detail: "you may not search contacts"
    status: 403
    title: "This caller may not do that"
    "##);
}

#[test]
fn route_not_found() {
    let server = TestServer::start();
    assert_snapshot!(shown(server.get("/api/v1/nothing"), 404), @r##"
    code: "route_not_found"
    detail: "there is nothing at /api/v1/nothing; /docs lists what there is"
    status: 404
    title: "There is nothing at this path"
    "##);
    for path in
        ["/api", "/api/v2/contacts", "/nothing", "/ui/x/none.js", "/ui/../Cargo.toml", "/%00", "//"]
    {
        assert_eq!(problem(server.get(path), 404)["code"], "route_not_found", "{path}");
    }
}

#[test]
fn method_not_allowed() {
    let server = TestServer::start();
    let answer = server.send("PUT", "/api/v1/contacts", &[], Some(b"{}"));
    assert_eq!(answer.header("allow"), Some("GET, POST"));
    assert_snapshot!(shown(answer, 405), @r##"
    code: "method_not_allowed"
    detail: "/api/v1/contacts takes GET, POST and not PUT"
    status: 405
    title: "This path does not take that method"
    "##);
    for method in ["OPTIONS", "TRACE", "BREW"] {
        server.send(method, "/api/v1/contacts", &[], None).expect(405);
    }
    let figures = String::from_utf8(server.get("/metrics").expect(200).body).unwrap();
    assert!(!figures.contains("BREW"), "made-up methods are one figure");
}

#[test]
fn contact_not_found() {
    let server = TestServer::start();
    let answer = server.get("/api/v1/contacts/018f0000-0000-7000-8000-000000000000");
    assert_snapshot!(shown(answer, 404), @r##"
    code: "contact_not_found"
    detail: "there is no contact with this id"
    status: 404
    title: "There is no such contact"
    "##);
}

#[test]
fn organization_not_found() {
    let server = TestServer::start();
    let answer = server.post("/api/v1/tokens", &json!({"role": "agent", "organization": "x"}));
    assert_snapshot!(shown(answer, 404), @r##"
    code: "organization_not_found"
    detail: "there is no organisation \"x\""
    status: 404
    title: "There is no such organisation"
    "##);
}

#[test]
fn organization_exists() {
    let server = TestServer::start();
    let answer = server.post("/api/v1/organizations", &json!({"name": "default"}));
    assert_snapshot!(shown(answer, 409), @r##"
    code: "organization_exists"
    detail: "there is an organisation named \"default\" already"
    status: 409
    title: "An organisation of this name exists"
    "##);
}

#[test]
fn import_not_found() {
    let server = TestServer::start();
    assert_snapshot!(shown(server.get("/api/v1/imports/7"), 404), @r##"
    code: "import_not_found"
    detail: "there is no import with this id"
    status: 404
    title: "There is no such import"
    "##);
}

#[test]
fn phone_in_use() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    server.create(&json!({"name": "First", "phone": "+12025550123"}));
    let answer = server.post("/api/v1/contacts", &json!({"phone": "+12025550123"}));
    assert_snapshot!(shown(answer, 409), @r##"
    code: "phone_in_use"
    detail: "another contact has one of these numbers: First"
    duplicates[]: {"display_name":"First","id":"[id]","probability":1.0,"why":["same phone number"]}
    status: 409
    title: "Another contact has this number"
    "##);
}

#[test]
fn invalid() {
    let server = TestServer::start();
    let answer = server.post("/api/v1/contacts", &json!({"phone": "abc", "title": true}));
    assert_snapshot!(shown(answer, 422), @r##"
    code: "invalid"
    detail: "/phone: \"abc\" has characters that do not belong into a phone number; /title: must be a string, not true"
    errors[]: {"code":"phone_characters","detail":"\"abc\" has characters that do not belong into a phone number","pointer":"/phone"}
    errors[]: {"code":"type","detail":"must be a string, not true","pointer":"/title"}
    status: 422
    title: "Some values do not fit"
    "##);
}

#[test]
fn revision_conflict() {
    let server = TestServer::start();
    let path = format!("/api/v1/contacts/{}", server.create_id(&json!({"name": "A"})));
    let answer = server.json("PATCH", &path, &[("if-match", "\"7\"")], &json!({"title": "x"}));
    assert_snapshot!(shown(answer, 412), @r##"
    code: "revision_conflict"
    detail: "the contact has version 1 now: read it again and repeat the change on it"
    status: 412
    title: "The record has been changed meanwhile"
    version: 1
    "##);
}

#[test]
fn idempotency_mismatch() {
    let server = TestServer::start();
    let send = |name: &str| {
        let key = [("idempotency-key", "k")];
        server.json("POST", "/api/v1/contacts", &key, &json!({"name": name}))
    };
    send("A").expect(201);
    assert_snapshot!(shown(send("B"), 422), @r##"
    code: "idempotency_mismatch"
    detail: "this Idempotency-Key was used with another body or path: take a new key for a new request"
    status: 422
    title: "The idempotency key was used for another request"
    "##);
}

#[test]
fn merging_and_undoing() {
    let server = TestServer::start();
    let create = |body: Value| server.create_id(&body);
    let (one, other) = (create(json!({"name": "A"})), create(json!({"name": "A", "title": "CEO"})));
    let merge = json!({"primary": one, "others": [other]});
    let merge = |client: &TestServer| client.post("/api/v1/contacts/merge", &merge);
    let undo = format!("/api/v1/merges/{}/undo", merge(&server).json["merge_id"].as_str().unwrap());
    let hide = |text: String| text.replace(&one, "ONE").replace(&other, "OTHER");
    let mut merged = hide(shown(merge(&server), 409));
    merged =
        merged.lines().filter(|line| !line.starts_with("merge_id")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(merged, @r##"
    code: "merged"
    detail: "this contact was merged into ONE: use that one, or undo the merge"
    id: "OTHER"
    merged_into: "ONE"
    status: 409
    title: "This contact was merged into another one"
    "##);
    server.patch(&format!("/api/v1/contacts/{one}"), &json!({"title": "CTO"})).expect(200);
    assert_snapshot!(hide(shown(server.post(&undo, &json!({})), 409)), @r##"
    code: "undo_conflict"
    conflicts[]: {"before":"CEO","choices":["OTHER","survivor"],"field":"title","now":"CTO"}
    detail: "some fields changed after the merge; decide each in `resolve`: title"
    status: 409
    title: "Some fields changed after the merge"
    "##);
    server.delete(&format!("/api/v1/contacts/{one}")).expect(204);
    assert_snapshot!(hide(shown(server.post(&undo, &json!({})), 409)), @r##"
    code: "undo_blocked"
    detail: "the merged contact is deleted: restore it first, then undo the merge"
    reason: "survivor_deleted"
    status: 409
    title: "This merge cannot be undone"
    "##);
}

#[test]
fn payload_too_large() {
    let server = TestServer::with(|options| options.json_bytes = 1_000);
    let answer = server.post("/api/v1/contacts", &json!({"notes": "x".repeat(2_000)}));
    assert_snapshot!(shown(answer, 413), @r##"
    code: "payload_too_large"
    detail: "this path takes bodies of at most 1000 bytes"
    status: 413
    title: "The body is too large"
    "##);
}

#[test]
fn unsupported_media_type() {
    let server = TestServer::start();
    let send = |kind: &str| {
        server.send(
            "POST",
            "/api/v1/contacts",
            &[("content-type", kind)],
            Some(b"{\"name\":\"x\"}"),
        )
    };
    assert_snapshot!(shown(send("text/plain"), 415), @r##"
    code: "unsupported_media_type"
    detail: "this path takes application/json, not text/plain"
    status: 415
    title: "This type of body is not taken here"
    "##);
    for kind in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
    ] {
        problem(send(kind), 415);
    }
    for kind in
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
    {
        send(kind).expect(201);
    }
    let encoded = |coding: &str| {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        server.send("POST", "/api/v1/contacts", &headers, Some(b"\x1f\x8b"))
    };
    problem(encoded("zstd"), 415);
    problem(encoded("gzip"), 400);
}

#[test]
fn overloaded() {
    let server = TestServer::with(|options| {
        options.searches = 0;
        options.searches_waiting = 0;
    });
    let answer = server.get("/api/v1/contacts");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_snapshot!(shown(answer, 503), @r##"
    code: "overloaded"
    detail: "too many searches at once; try again in a moment"
    status: 503
    title: "The server has too much to do"
    "##);
    server.get("/api/v1/lookup?number=1").expect(200);
}

/// Sends bytes by hand and reads what comes back until the server closes or says nothing more.
fn talk(server: &TestServer, head: &str, body: impl FnOnce(&mut TcpStream)) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let token = format!("Authorization: Bearer {}\r\n", server.token());
    stream.write_all(head.replace("TOKEN\r\n", &token).as_bytes()).unwrap();
    body(&mut stream);
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&answer);
        if text.contains("\r\n\r\n") && text.trim_end().ends_with('}') {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_declared_length_beyond_the_limit_is_refused_before_it_is_sent() {
    let server = TestServer::start();
    for path in [
        "/api/v1/contacts",
        "/api/v1/contacts/search",
        "/api/v1/contacts/bulk",
        "/api/v1/lookup/batch",
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nTOKEN\r\nContent-Type: application/json\r\nContent-Length: 2147483648\r\n\r\n"
        );
        let answer = talk(&server, &head, |_| {});
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
    }
    let head = "POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nTOKEN\r\nContent-Length: 9999999999999\r\n\r\n";
    let answer = talk(&server, head, |_| {});
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    server.get("/healthz").expect(200);
}

#[test]
fn an_endless_body_is_refused_soon() {
    let server = TestServer::with(|options| options.upload_bytes = 1 << 20);
    for (method, path) in [
        ("POST", "/api/v1/contacts"),
        ("PATCH", "/api/v1/contacts/018f0000-0000-7000-8000-000000000000"),
        ("POST", "/api/v1/imports"),
        ("POST", "/api/v1/nothing"),
        ("GET", "/api/v1/contacts"),
    ] {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nTOKEN\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let mut refused = false;
        let begun = Instant::now();
        let answer = talk(&server, &head, |stream| {
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
            // The server reads on for a moment, so that the client gets to see the answer.
            while !refused && begun.elapsed() < Duration::from_secs(20) {
                refused = stream.write_all(chunk.as_bytes()).is_err();
            }
        });
        assert!(refused, "{method} {path}: the server takes it all");
        // A closed connection may have thrown the answer away together with what was unread.
        let first = answer.lines().next().unwrap_or("");
        assert!(
            first.is_empty() || first.contains(" 4") || first.contains(" 200 "),
            "{path}: {first}"
        );
        server.get("/healthz").expect(200);
    }
    let folder = server.app().imports_folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "a refused upload is left behind");
}

#[test]
fn what_is_no_http_is_refused() {
    let server = TestServer::start();
    for head in [
        "NONSENSE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /api/v1/contacts HTTP/1.1\r\nHost: x\r\nTOKEN\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/contacts HTTP/1.1\r\nHost: x\r\nTOKEN\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /api/v1/contacts HTTP/1.1\r\nHost: x\r\nTOKEN\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let answer = talk(&server, head, |_| {});
        assert!(answer.starts_with("HTTP/1.1 400 ") || answer.is_empty(), "{head:?}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20));
    let answer = talk(&server, "", |stream| drop(stream.write_all(long.as_bytes())));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    server.get("/healthz").expect(200);
}

#[test]
fn messages_are_in_plain_words() {
    let server = TestServer::start();
    let detail = |answer: Answer| answer.json["detail"].as_str().unwrap().to_owned();
    let empty = detail(server.post("/api/v1/contacts", &json!({})).expect(422));
    assert!(empty.starts_with("a contact needs"), "{empty}");
    let user = json!({"name": "Ann", "email": "ann@example.com", "role": "cheif"});
    let refused = server.post("/api/v1/users", &user).expect(422);
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 1, "{}", refused.json);
    let role = detail(refused);
    assert!(role.starts_with("/role: \"cheif\" is not allowed here; use one of"), "{role}");
    let change = json!({"duplicates": {"name_similarity": 300}, "phone_validation": "mild"});
    let settings = detail(server.patch("/api/v1/settings", &change).expect(422));
    assert!(!settings.contains("expected") && !settings.contains("u8"), "{settings}");
    assert!(settings.contains("use a whole number from 0 to 255"), "{settings}");
    server.post("/api/v1/custom-fields", &json!({"label": "Tier"})).expect(201);
    server.create(&json!({"name": "Jane", "custom_fields": {"tier": "gold"}}));
    let field = detail(server.delete("/api/v1/custom-fields/tier").expect(409));
    assert!(field.contains("`confirm=true`"), "{field}");
}
