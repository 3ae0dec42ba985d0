//! Every answer of every route carries the security headers.

use crate::support::server::{Answer, TestServer};

const EVERYWHERE: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[track_caller]
fn check(what: &str, answer: &Answer) {
    for (name, value) in EVERYWHERE {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    assert!(answer.header("permissions-policy").is_some_and(|v| v.contains("camera=()")), "{what}");
    assert!(answer.header("strict-transport-security").is_none(), "{what}: there is no TLS");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}");
    let policy = answer.header("content-security-policy").expect(what);
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    let kind = answer.header("content-type").unwrap_or("");
    if kind.starts_with("text/html") {
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src"));
        assert!(policy.contains("default-src 'self'"), "{what}: {policy}");
        assert!(!scripts.unwrap_or("").contains("unsafe"), "{what}: {policy}");
    } else if answer.status != 304 {
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{what}");
    }
    let caching = answer.header("cache-control").expect(what);
    if what.contains("/api/") {
        assert_eq!(caching, "no-store", "{what}");
    }
}

#[test]
fn every_route_has_them() {
    let server = TestServer::start();
    let id = server.create_id(&serde_json::json!({"name": "Jane Doe"}));
    for route in ringdex::http::ROUTES.iter() {
        let path = route.path.replace("{id}", &id).replace("{hash}/{path:.*}", "x/app.css");
        // From a place that is none; else it would not end.
        let path = path.replace("/api/v1/events", "/api/v1/events?since=nowhere");
        for client in [(*server).clone(), server.without_token(), server.with_token("wrong")] {
            let answer = match route.method {
                "GET" => client.get(&path),
                method => {
                    client.send(method, &path, &[("content-type", "application/json")], Some(b"{}"))
                }
            };
            check(&format!("{} {path} {}", route.method, answer.status), &answer);
        }
        check(&format!("BREW {path}"), &server.send("BREW", &path, &[], None));
    }
    check("nothing", &server.get("/nothing"));
}

#[test]
fn unchanged_pages_have_them() {
    let server = TestServer::start();
    let page = server.get("/").expect(200);
    let known = [("if-none-match", page.header("etag").unwrap())];
    check("unchanged", &server.send("GET", "/", &known, None).expect(304));
}

#[test]
fn named_sites_may_show_pages_and_nothing_else() {
    let ancestors = vec!["https://crm.example".to_owned()];
    let server = TestServer::with(|options| options.frame_ancestors = ancestors);
    for path in ["/pop", "/"] {
        let page = server.get(path).expect(200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.ends_with("frame-ancestors https://crm.example"), "{policy}");
        assert_eq!(policy.matches("frame-ancestors").count(), 1, "{policy}");
        assert_eq!(page.header("x-frame-options"), None);
    }
    let data = server.get("/api/v1/contacts").expect(200);
    assert_eq!(data.header("x-frame-options"), Some("DENY"));
}
