//! Limits by token and by address, places, time budgets, heads that are too large.

use std::time::{Duration, Instant};

use ringdex::http::{MaybeRate, Rate};
use serde_json::Value;

use super::{PATIENCE, get_by_hand, status};
use crate::support::server::{Answer, TestServer};

const PATH: &str = "/api/v1/lookup?number=1";

fn rate(text: &str) -> Option<Rate> {
    text.parse::<MaybeRate>().unwrap().0
}

#[track_caller]
fn limited(answer: Answer) -> u64 {
    let answer = answer.expect(429);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.code(), "rate_limited");
    assert!(answer.header("ratelimit").unwrap().contains(";r=0;t="));
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[test]
fn a_token_is_limited_and_others_are_not() {
    let server = TestServer::with(|options| options.token_rate = rate("4/h"));
    let agent = server.role("agent");
    for _ in 0..4 {
        agent.get(PATH).expect(200);
    }
    let wait = limited(agent.get(PATH));
    assert!((1..=900).contains(&wait), "{wait}");
    limited(agent.get("/api/v1/contacts"));
    // The operator has used one of its own for the token of the agent.
    server.get(PATH).expect(200);
}

#[test]
fn an_answer_says_when_little_is_left() {
    let server = TestServer::with(|options| options.token_rate = rate("4/h"));
    assert_eq!(server.get(PATH).expect(200).header("ratelimit"), None);
    server.get(PATH).expect(200);
    let answer = server.get(PATH).expect(200);
    assert_eq!(answer.header("ratelimit-policy"), Some("\"token\";q=4;w=3600"));
    assert!(answer.header("ratelimit").unwrap().starts_with("\"token\";r=1;t="));
}

#[test]
fn who_waits_may_ask_again() {
    let server = TestServer::with(|options| options.token_rate = rate("20/s:1"));
    let started = Instant::now();
    let mut seen = (false, false);
    while seen != (true, true) {
        match server.get(PATH).status {
            429 => seen.0 = true,
            200 => seen.1 |= seen.0,
            other => panic!("{other}"),
        }
        assert!(started.elapsed() < PATIENCE, "{seen:?}");
    }
}

#[test]
fn an_address_is_limited_before_its_token_is_looked_at() {
    let server = TestServer::with(|options| options.address_rate = rate("3/h"));
    server.get("/").expect(200);
    server.with_token("wrong").get(PATH).expect(401);
    server.get(PATH).expect(200);
    limited(server.get(PATH));
    limited(server.get("/"));
    // Whoever watches the server is never turned away.
    server.get("/healthz").expect(200);
    server.get("/readyz").expect(200);
}

#[test]
fn tokens_cannot_be_guessed() {
    let server = TestServer::with(|options| options.failure_rate = rate("3/h"));
    for at in 0..3 {
        server.with_token(&format!("guess-{at}")).get(PATH).expect(401);
        // Who shows nothing guesses nothing.
        server.without_token().get(PATH).expect(401);
        server.get(PATH).expect(200);
    }
    limited(server.with_token("guess").get(PATH));
    // From here on not even a good one is looked at.
    limited(server.get(PATH));
    limited(server.get("/metrics"));
    server.without_token().get(PATH).expect(401);
}

#[test]
fn a_guesser_may_try_again_later() {
    let server = TestServer::with(|options| options.failure_rate = rate("20/s:1"));
    let wrong = server.with_token("guess");
    let started = Instant::now();
    while wrong.get(PATH).status != 429 {
        assert!(started.elapsed() < PATIENCE);
    }
    while server.get(PATH).status != 200 {
        assert!(started.elapsed() < PATIENCE);
    }
}

#[test]
fn what_a_client_says_about_its_address_is_not_believed() {
    let server = TestServer::with(|options| options.address_rate = rate("3/h"));
    let ask = |at: u8| {
        let fields =
            [("x-forwarded-for", &*format!("203.0.113.{at}")), ("forwarded", "for=1.1.1.1")];
        server.send("GET", PATH, &fields, None)
    };
    for at in 0..3 {
        ask(at).expect(200);
    }
    limited(ask(4));
}

#[test]
fn what_a_trusted_proxy_says_is_believed() {
    let server = TestServer::with(|options| {
        options.address_rate = rate("2/h");
        options.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let ask = |list: &str| server.send("GET", PATH, &[("x-forwarded-for", list)], None);
    for _ in 0..2 {
        ask("203.0.113.1").expect(200);
    }
    limited(ask("203.0.113.1"));
    // What the client itself has written stands in front of what the proxy has.
    limited(ask("198.51.100.1, 203.0.113.1"));
    ask("203.0.113.2").expect(200);
    // A machine has as many addresses of version six as it likes.
    ask("2001:db8:1:2::1").expect(200);
    ask("2001:db8:1:2::2").expect(200);
    limited(ask("2001:db8:1:2::3"));
    ask("2001:db8:1:3::1").expect(200);
}

#[test]
fn exports_are_bounded_and_places_come_back() {
    let server = TestServer::with(|options| options.exports = 1);
    for _ in 0..3 {
        // The place is free a moment after the last byte.
        let started = Instant::now();
        while server.get("/api/v1/contacts/export").status != 200 {
            assert!(started.elapsed() < PATIENCE);
        }
        let wrong = server.get("/api/v1/contacts/export?columns=nonsense").status;
        assert!(matches!(wrong, 422 | 503), "{wrong}");
    }
    let server = TestServer::with(|options| options.exports = 0);
    let answer = server.get("/api/v1/contacts/export").expect(503);
    assert_eq!((answer.code(), answer.header("retry-after")), ("overloaded", Some("1")));
    server.get("/api/v1/contacts").expect(200);
}

#[test]
fn what_takes_too_long_is_given_up() {
    let server = TestServer::with(|options| {
        // It waits for a place that never comes.
        options.searches = 0;
        options.search_patience = PATIENCE;
        options.search_budget = Duration::from_millis(10);
    });
    let answer = server.get("/api/v1/contacts?q=doe").expect(503);
    assert_eq!((answer.code(), answer.header("retry-after")), ("timeout", Some("1")));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    // Lookups are answered at once and have another budget.
    server.get(PATH).expect(200);
    let figures = String::from_utf8(server.get("/metrics").expect(200).body).unwrap();
    let line =
        "ringdex_http_requests_total{method=\"GET\",route=\"/api/v1/contacts\",status=\"503\"} 1";
    assert!(figures.contains(line), "{figures}");
}

/// The problem in an answer read by hand, which must be complete.
#[track_caller]
fn problem(answer: &str) -> Value {
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.to_lowercase().contains("x-content-type-options: nosniff"), "{answer}");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap()
}

#[test]
fn heads_are_bounded_and_the_answer_says_so() {
    let server = TestServer::start();
    let large = format!("X-Large: {}", "a".repeat(40_000));
    let path = format!("/{}", "a".repeat(40_000));
    let many: Vec<String> = (0..200).map(|at| format!("X-{at}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for answer in [
        get_by_hand(&server, "/healthz", &["Host: x", &large]),
        get_by_hand(&server, &path, &["Host: x"]),
        get_by_hand(&server, "/healthz", &many),
    ] {
        assert_eq!(status(&answer), 431, "{answer}");
        assert_eq!(problem(&answer)["code"], "headers_too_large");
    }
}

#[test]
fn what_is_no_http_is_answered_with_a_problem() {
    let server = TestServer::start();
    let answer = get_by_hand(&server, "/a b", &["Host: x"]);
    assert_eq!(status(&answer), 400, "{answer}");
    assert_eq!(problem(&answer)["code"], "malformed");
}

#[test]
fn usual_rates_spare_this_machine() {
    let spare = |text| rate(text).map(Rate::sparing_local);
    let server = TestServer::with(|options| {
        options.address_rate = spare("2/h");
        options.token_rate = spare("1/h");
    });
    for _ in 0..5 {
        server.get(PATH).expect(200);
    }
    let ask = || server.send("GET", PATH, &[("x-forwarded-for", "203.0.113.1")], None);
    ask().expect(200);
    limited(ask());
}

/// The niceness of the threads of this process that have a name, by `/proc/self/task/N/stat`.
#[cfg(target_os = "linux")]
fn niceness_of(name: &str) -> Vec<i32> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (head, fields) = stat.rsplit_once(") ")?;
            let is_named = head.split_once(" (")?.1 == name;
            // The 19th field of the line, and the 17th behind the name.
            is_named.then(|| fields.split(' ').nth(16).unwrap().parse().unwrap())
        })
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn searches_and_what_reads_everything_step_back_behind_lookups() {
    let server = TestServer::with(|options| options.searches = 3);
    server.get("/api/v1/contacts?q=anna").expect(200);
    server.get("/api/v1/custom-fields?usage=true").expect(200);
    for (name, niceness) in [("search", 5), ("scan", 10)] {
        let found = niceness_of(name);
        // Servers of other tests may be starting theirs.
        assert!(found.contains(&niceness), "{name}: {found:?}");
    }
    // Those that answer lookups have not.
    let workers = niceness_of("actix-rt|system");
    assert!(workers.contains(&0), "{workers:?}");
    // And they answer although no search has a place.
    let server = TestServer::with(|options| {
        (options.searches, options.searches_waiting) = (0, 0);
    });
    server.get(PATH).expect(200);
    let refused = server.get("/api/v1/contacts?q=anna").expect(503);
    assert_eq!((refused.code(), refused.header("retry-after")), ("overloaded", Some("1")));
}
