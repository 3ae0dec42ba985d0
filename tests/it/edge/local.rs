//! What is open without a token is open to this machine and to our own pages alone.

use super::{get_by_hand, status};
use crate::support::server::TestServer;

const PATH: &str = "/api/v1/contacts";

#[test]
fn a_demonstration_is_not_open_to_foreign_pages() {
    let server = TestServer::demo(1);
    let own = format!("Host: {}", server.address());
    let ask = |fields: &[&str]| status(&get_by_hand(&server, PATH, fields));
    assert_eq!(ask(&[&own]), 200);
    assert_eq!(ask(&["Host: localhost:7464"]), 200);
    assert_eq!(ask(&[&own, &format!("Origin: http://{}", server.address())]), 200);
    // A name that somebody else has pointed here.
    assert_eq!(ask(&["Host: rebound.example"]), 403);
    assert_eq!(ask(&["Host: rebound.example", "Origin: http://rebound.example"]), 403);
    // A page of another site.
    assert_eq!(ask(&[&own, "Origin: https://evil.example"]), 403);
    assert_eq!(ask(&[&own, "Origin: null"]), 403);
    assert_eq!(ask(&[&own, "Sec-Fetch-Site: cross-site"]), 403);
    // Something between that we know nothing of.
    assert_eq!(ask(&[&own, "X-Forwarded-For: 203.0.113.1"]), 403);
    let answer = get_by_hand(&server, PATH, &["Host: rebound.example"]);
    assert!(answer.contains("\"forbidden\"") && answer.contains("localhost"), "{answer}");
    // With a token the caller means it.
    let token = format!("Authorization: Bearer {}", server.token());
    assert_eq!(ask(&["Host: rebound.example", "Origin: https://evil.example", &token]), 200);
}

#[test]
fn an_empty_bearer_is_no_token() {
    let (demo, closed) = (TestServer::demo(1), TestServer::start());
    for field in ["Authorization: Bearer ", "Authorization: bearer", "Authorization:"] {
        let ask = |server: &TestServer| {
            let own = format!("Host: {}", server.address());
            status(&get_by_hand(server, PATH, &[&own, field]))
        };
        assert_eq!(ask(&demo), 200, "{field}");
        assert_eq!(ask(&closed), 401, "{field}");
    }
    // Whoever shows something must show the right thing.
    let own = format!("Host: {}", demo.address());
    for field in
        ["Authorization: Bearer wrong", "Authorization: Basic", "Authorization: Bearer \u{e9}"]
    {
        assert_eq!(status(&get_by_hand(&demo, PATH, &[&own, field])), 401, "{field}");
    }
}

#[test]
fn figures_are_for_this_machine_and_for_who_runs_the_server() {
    let server = TestServer::with(|options| options.metrics_token = Some("figures".to_owned()));
    let local = server.without_token();
    local.get("/metrics").expect(200);
    server.get("/metrics").expect(200);
    server.with_token("figures").get("/metrics").expect(200);
    server.with_token("figures").get(PATH).expect(401);
    server.with_token("wrong").get("/metrics").expect(401);
    server.organization("second").get("/metrics").expect(403);
    let forwarded = [("x-forwarded-for", "203.0.113.1")];
    local.send("GET", "/metrics", &forwarded, None).expect(401);
    server.with_token("figures").send("GET", "/metrics", &forwarded, None).expect(200);
    assert_eq!(status(&get_by_hand(&server, "/metrics", &["Host: rebound.example"])), 401);
}

#[test]
fn a_trusted_proxy_is_not_its_clients() {
    let proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let server = TestServer::with(|options| options.trusted_proxies = proxies);
    let ask = |client: &str| {
        server.without_token().send("GET", "/metrics", &[("x-forwarded-for", client)], None).status
    };
    assert_eq!(ask("203.0.113.1"), 401);
    // The machine that a proxy calls its own need not be this one.
    assert_eq!(ask("127.0.0.1"), 401);
}
