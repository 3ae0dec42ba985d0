//! Whatever a client sends is answered, and never by a 500: random bodies, query strings, headers
//! and numbers, and sizes and shapes that are meant to hurt.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::support::server::{Answer, TestServer, escape};

#[track_caller]
fn is_fine(answer: &Answer, what: &str) {
    assert!(
        answer.status < 500,
        "{what}: {} {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
        assert!(!answer.code().is_empty(), "{what}");
    }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[+0-9()./ x#-]{0,24}",
        "[a-z@.:*\"-]{0,20}",
        any::<String>(),
        Just("\0".to_owned()),
        Just("null".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// The members that the document lists for input, and some that it does not.
static MEMBERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(&ringdex::http::openapi_document()).unwrap();
    let listed =
        document["components"]["schemas"]["ContactInput"]["properties"].as_object().unwrap();
    let more =
        ["contacts", "numbers", "q", "sort", "page", "cursor", "full_name", "owner", "tags/0", ""];
    listed.keys().cloned().chain(more.map(str::to_owned)).collect()
});

fn body() -> impl Strategy<Value = Value> {
    let members = prop::collection::vec((prop::sample::select(&MEMBERS[..]), value()), 0..6);
    prop_oneof![
        1 => value(),
        4 => members.prop_map(|members| Value::Object(Map::from_iter(members))),
    ]
}

const PARAMETERS: &[&str] = &[
    "q",
    "sort",
    "page",
    "per_page",
    "cursor",
    "status",
    "refresh",
    "number",
    "country",
    "limit",
    "format",
    "columns",
    "permanent",
    "x",
];

const HEADERS: &[&str] = &[
    "if-match",
    "if-none-match",
    "idempotency-key",
    "content-type",
    "accept",
    "range",
    "accept-encoding",
    "content-encoding",
    "x-forwarded-for",
];

#[test]
fn random_bodies_are_answered() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Target", "phone": "+12025550123"}));
    let contact = format!("/api/v1/contacts/{id}");
    run(250, &body(), |body| {
        for (method, path) in [
            ("POST", "/api/v1/contacts"),
            ("PATCH", contact.as_str()),
            ("POST", "/api/v1/contacts/bulk"),
            ("POST", "/api/v1/contacts/search"),
            ("POST", "/api/v1/lookup/batch"),
        ] {
            let answer = server.json(method, path, &[], &body);
            is_fine(&answer, &format!("{method} {path} {body}"));
        }
        let many = json!({"contacts": [body, {"name": "x"}, body], "numbers": [body], "q": body});
        is_fine(&server.post("/api/v1/contacts/bulk", &many), &many.to_string());
    });
    run(60, &body(), |body| {
        for path in ["/api/v1/tokens", "/api/v1/organizations"] {
            is_fine(&server.post(path, &body), &body.to_string());
        }
        is_fine(&server.patch("/api/v1/settings", &body), &body.to_string());
        let imported = format!("/api/v1/imports?options={}", escape(&body.to_string()));
        if imported.len() < 8_000 {
            let body = json!({"dry_run": true, "map": body}).to_string();
            let path = format!("/api/v1/imports?options={}", escape(&body));
            is_fine(&server.send("POST", &path, &[], Some(b"name\nx\n")), &path);
        }
    });
}

#[test]
fn random_bytes_are_answered() {
    let server = TestServer::start();
    run(150, &prop::collection::vec(any::<u8>(), 0..200), |bytes| {
        let kind = [("content-type", "application/json")];
        for path in ["/api/v1/contacts", "/api/v1/contacts/bulk", "/api/v1/contacts/search"] {
            is_fine(&server.send("POST", path, &kind, Some(&bytes)), path);
        }
    });
}

#[test]
fn random_query_strings_and_paths_are_answered() {
    let server = TestServer::start();
    server.create(&json!({"name": "Target", "phone": "+12025550123"}));
    let pairs = prop::collection::vec((prop::sample::select(PARAMETERS), text()), 0..5);
    run(250, &pairs, |pairs| {
        let query: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={}", escape(v))).collect();
        let query = query.join("&");
        for path in ["/api/v1/contacts", "/api/v1/lookup", "/api/v1/contacts/export"] {
            is_fine(&server.get(&format!("{path}?{query}")), &format!("{path}?{query}"));
        }
    });
    run(150, &"[a-zA-Z0-9&=%+;/?.~-]{0,40}", |query| {
        is_fine(&server.get(&format!("/api/v1/contacts?{query}")), &query);
        is_fine(&server.get(&format!("/api/v1/lookup?{query}")), &query);
    });
    run(150, &text(), |text| {
        for path in ["/api/v1/contacts/", "/api/v1/imports/", "/api/v1/", "/ui/", "/ui/x/", "/"] {
            let answer = server.get(&format!("{path}{}", escape(&text)));
            assert!(answer.status < 500, "{path}{text:?}: {}", answer.status);
        }
        is_fine(&server.get(&format!("/api/v1/contacts?q={}", escape(&text))).expect(200), &text);
        is_fine(
            &server.get(&format!("/api/v1/lookup?number={}", escape(&text))).expect(200),
            &text,
        );
    });
}

#[test]
fn random_headers_are_answered() {
    let server = TestServer::start();
    let path = format!("/api/v1/contacts/{}", server.create_id(&json!({"name": "Target"})));
    let headers = prop::collection::vec((prop::sample::select(HEADERS), "[ -~]{0,300}"), 0..4);
    run(200, &headers, |headers| {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.trim())).collect();
        let body = Some(&b"{\"title\": \"x\"}"[..]);
        is_fine(&server.send("PATCH", &path, &headers, body), &format!("{headers:?}"));
        is_fine(&server.send("GET", &path, &headers, None), &format!("{headers:?}"));
        let body = Some(&b"{\"name\": \"x\"}"[..]);
        is_fine(&server.send("POST", "/api/v1/contacts", &headers, body), &format!("{headers:?}"));
    });
}

#[test]
fn values_that_are_meant_to_hurt_are_refused_or_kept_whole() {
    let server = TestServer::start();
    let refused = |body: Value, pointer: &str| {
        let answer = server.post("/api/v1/contacts", &body).expect(422);
        let pointers: Vec<&str> = answer.json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert!(pointers.contains(&pointer), "{pointers:?}");
        assert!(answer.body.len() < 300_000, "the answer is as large as the question");
    };
    let million = "x".repeat(1_000_000);
    refused(json!({"name": million}), "/name");
    refused(json!({"name": "a", "notes": million}), "/notes");
    refused(json!({"name": "a", "phone": million}), "/phone");
    refused(json!({"name": "a", "email": million}), "/email");
    refused(json!({"name": "a", "custom_fields": {"k": million}}), "/custom_fields/k");
    refused(json!({"name": "a", "status": million}), "/status");
    refused(json!({"name": "a\0b"}), "/name");
    refused(json!({"name": "a", "tags": ["a\0b"]}), "/tags/0");
    refused(json!({"name": "a", "custom_fields": {"k": "a\0b"}}), "/custom_fields/k");
    refused(json!({"name": "a", "custom_fields": {"a\0b": 1}}), "/custom_fields/a\0b");
    refused(json!({"name": "a", "custom_fields": {"k": {"a\0b": 1}}}), "/custom_fields/k");
    let tags: Vec<String> = (0..10_000).map(|i| format!("tag {i}")).collect();
    refused(json!({"name": "a", "tags": tags}), "/tags");
    let phones: Vec<String> = (0..10_001).map(|i| format!("+1202{i:07}")).collect();
    refused(json!({"name": "a", "phones": phones}), "/phones");
    let profiles: Map<String, Value> = (0..5_000).map(|i| (format!("n{i}"), json!("x"))).collect();
    refused(json!({"name": "a", "social_profiles": profiles}), "/social_profiles");
    let mut nested = json!(1);
    for _ in 0..50 {
        nested = json!([nested]);
    }
    refused(json!({"name": "a", "custom_fields": {"k": nested}}), "/custom_fields/k");
    let unknown: Map<String, Value> = (0..20_000).map(|i| (format!("m{i}"), json!(1))).collect();
    let answer = server.post("/api/v1/contacts", &Value::Object(unknown)).expect(422);
    assert!(answer.body.len() < 300_000, "{} bytes", answer.body.len());

    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let kind = [("content-type", "application/json")];
    let answer = server.send("POST", "/api/v1/contacts", &kind, Some(deep.as_bytes()));
    assert_eq!(answer.expect(400).code(), "malformed");
    for number in ["1e999", "-0", "1E-999", "123456789012345678901234567890", "NaN"] {
        let body = format!("{{\"name\": \"n\", \"custom_fields\": {{\"k\": {number}}}}}");
        is_fine(&server.send("POST", "/api/v1/contacts", &kind, Some(body.as_bytes())), number);
    }
    let notes = "ünï 🙂".repeat(14_000);
    let id = server.create_id(&json!({"name": "Large", "notes": notes}));
    assert_eq!(server.get(&format!("/api/v1/contacts/{id}")).json["notes"], notes.trim());
    assert_eq!(server.search("large", "").json["total"], 1);
}

#[test]
fn a_large_bulk_request_is_taken_or_refused_as_a_whole() {
    let server = TestServer::start();
    let note = "long words here ".repeat(6_000);
    let contacts: Vec<Value> =
        (0..300).map(|i| json!({"name": format!("B{i}"), "notes": note})).collect();
    let answer = server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts}));
    is_fine(&answer, "bulk of 29 MB");
    let total = server.search("", "&refresh=wait&per_page=1").json["total"].as_u64().unwrap();
    assert_eq!(total, if answer.status == 200 { 300 } else { 0 });
    let contacts = vec![json!({"name": "x", "notes": "y".repeat(99_999)}); 400];
    let answer = server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts}));
    assert_eq!(answer.expect(413).code(), "payload_too_large");
}
