//! A server that may use little memory.

use serde_json::json;

use crate::support::server::{Answer, TestServer};

#[test]
fn where_memory_is_short_searches_wait_and_calls_and_writes_go_on() {
    // Less than any process has.
    let server = TestServer::with(|options| options.memory = Some(1));
    let body = json!({"name": "Jane Doe", "phone": "+12025550123"});
    let jane = server.create_id(&body);
    // Whoever watches the memory has looked by the time that it says how much there is.
    let mut is_short = false;
    while !is_short {
        let ready = server.get("/readyz").expect(200);
        is_short = text(&ready).contains("--memory");
    }
    for path in ["/api/v1/contacts?q=jane", "/api/v1/contacts", "/api/v1/contacts/export"] {
        let refused = server.get(path).expect(503);
        assert_eq!(refused.json["code"], "overloaded", "{path}");
        assert!(refused.header("retry-after").is_some(), "{path}");
    }
    let found = server.get("/api/v1/lookup?number=%2B12025550123").expect(200).json;
    assert_eq!(found["results"][0]["display_name"], "Jane Doe");
    server.get(&format!("/api/v1/contacts/{jane}")).expect(200);
    server.patch(&format!("/api/v1/contacts/{jane}"), &json!({"title": "CEO"})).expect(200);
    let figures = server.get("/metrics").expect(200);
    assert!(text(&figures).contains("ringdex_memory_budget_bytes 1\n"));
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[test]
fn caches_that_are_let_go_of_change_no_answer() {
    let server = TestServer::demo(300);
    let paths = [
        "/api/v1/contacts?q=an&per_page=20",
        "/api/v1/contacts?sort=-created_at&per_page=20",
        "/api/v1/contacts?status=active&facets=tag&per_page=20",
    ];
    let answers = || paths.map(|path| server.get(path).expect(200).json["items"].clone());
    let before = answers();
    server.app().partition().let_go_of_caches();
    assert_eq!(answers(), before);
}
