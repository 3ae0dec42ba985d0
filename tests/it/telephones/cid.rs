//! `/cid`: the name of a caller as one line.

use ringdex::http::Rate;
use serde_json::json;

use super::{bearer, device, text};
use crate::support::server::{Client, TestServer, escape};

fn world() -> (TestServer, Client) {
    let server = TestServer::start();
    server.create(&json!({"name": "Zoë \"Z\" Müller", "phone": "+4930123456",
        "company": "Müller & Söhne GmbH", "tags": ["VIP Customer"]}));
    server.create(&json!({"name": "Stop It", "phone": "+12025550101", "do_not_contact": true}));
    server.create(&json!({"name": "Bad Caller", "phone": "+12025550102", "blocked": true}));
    server.create(&json!({"company": "Only Ltd", "phone": "+12025550103"}));
    let pbx = device(&server, &["lookup"]);
    (server, pbx)
}

#[test]
fn a_name_is_one_line_in_the_form_that_is_asked_for() {
    let (_server, pbx) = world();
    for (query, expected) in [
        ("", "Zoë Z Müller"),
        ("&format=display", "Zoë Z Müller"),
        ("&format=company", "Müller & Söhne GmbH"),
        ("&format=last_first", "Müller Zoë Z"),
        ("&format=name_company", "Zoë Z Müller (Müller & Söhne GmbH)"),
        ("&format=unheard-of", "Zoë Z Müller"),
        ("&ascii=1", "Zoe Z Muller"),
        ("&max=5", "Zoë Z"),
        ("&max=0", "Zoë Z Müller"),
        ("&max=x", "Zoë Z Müller"),
        ("&prefix=vip", "[VIP] Zoë Z Müller"),
        ("&prefix=1&max=9", "[VIP] Zoë"),
        ("&prefix=dnc", "Zoë Z Müller"),
        ("&country=DE", "Zoë Z Müller"),
    ] {
        let answer = pbx.get(&format!("/cid?number=%2B4930123456{query}")).expect(200);
        assert_eq!(text(&answer), expected, "{query}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("private, max-age=60"));
    }
    for (path, expected) in [
        // A plus as it is, as a space, as two zeros, or not at all.
        ("/cid?number=+4930123456", "Zoë Z Müller"),
        ("/cid/+4930123456", "Zoë Z Müller"),
        ("/cid/%2B4930123456", "Zoë Z Müller"),
        ("/cid/004930123456", "Zoë Z Müller"),
        ("/cid/4930123456", "Zoë Z Müller"),
        ("/cid/030123456?country=DE", "Zoë Z Müller"),
        ("/cid/2025550101?country=US&prefix=1", "[DNC] Stop It"),
        ("/cid/+12025550102?prefix=vip,blocked", "[BLOCKED] Bad Caller"),
        ("/cid/+12025550103?format=last_first", "Only Ltd"),
    ] {
        assert_eq!(text(&pbx.get(path).expect(200)), expected, "{path}");
    }
    let hash = pbx.get("/cid/+4930123456?format=hash").expect(200);
    let pairs: Vec<&str> = text(&hash).split('&').collect();
    assert_eq!(
        pairs[..6],
        [
            "name=Zo%C3%AB%20Z%20M%C3%BCller",
            "company=M%C3%BCller%20%26%20S%C3%B6hne%20GmbH",
            "vip=1",
            "dnc=0",
            "blocked=0",
            "queue="
        ]
    );
    assert!(pairs[6].starts_with("id="));
    let kept = pbx.get("/cid/+4930123456").expect(200);
    let etag = [("if-none-match", kept.header("etag").unwrap())];
    assert_eq!(pbx.send("GET", "/cid/+4930123456", &etag, None).status, 304);
}

#[test]
fn nobody_is_nothing_or_what_the_telephone_system_asks_for() {
    let (_server, pbx) = world();
    for number in ["+12025559999", "anonymous", "unknown", "restricted", "", "101", "\0", "sip:x@y"]
    {
        let number = escape(number);
        let nobody = |query: &str| {
            let answer = pbx.get(&format!("/cid?number={number}{query}")).expect(200);
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
            text(&answer).to_owned()
        };
        assert_eq!(nobody(""), "", "{number}");
        assert_eq!(nobody("&format=hash"), "", "{number}");
        assert_eq!(nobody("&empty=name&name=From%20Trunk"), "From Trunk", "{number}");
    }
    let echoed = pbx.get("/cid?number=%2B12025559999&empty=number").expect(200);
    assert_eq!(text(&echoed), "+12025559999");
    assert_eq!(text(&pbx.get("/cid/+12025559999?empty=number").expect(200)), "+12025559999");
}

#[test]
fn a_token_is_shown_in_every_way_that_devices_have() {
    let (server, pbx) = world();
    let token = pbx.token().to_owned();
    let nobody = server.without_token();
    // Base64 by hand, as a telephone system makes it.
    let basic = |credentials: &str| {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
    };
    let path = "/cid/+12025550101";
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("authorization", basic(&format!("pbx:{token}"))),
        ("authorization", basic(&format!("{token}:"))),
        ("x-api-key", token.clone()),
    ] {
        let answer = nobody.send("GET", path, &[(name, &value)], None).expect(200);
        assert_eq!(text(&answer), "Stop It", "{name}");
    }
    for member in ["key", "token"] {
        let answer = nobody.get(&format!("{path}?{member}={token}")).expect(200);
        assert_eq!(text(&answer), "Stop It");
    }
    let in_path = format!("/cid/{token}/%2B12025550101?prefix=dnc");
    assert_eq!(text(&nobody.get(&in_path).expect(200)), "[DNC] Stop It");
    let stranger = format!("/cid/{token}/+12025559999?empty=number");
    assert_eq!(text(&nobody.get(&stranger).expect(200)), "+12025559999");
    // What is wrong with a token is no name, and the token is none either.
    let wrong = nobody.get("/cid/rdx_wrong/+12025550101?empty=number").expect(401);
    assert_eq!(text(&wrong), "+12025550101");
    assert_eq!(text(&nobody.get("/cid/rdx_wrong/+12025550101").expect(401)), "");
    // One that may not stand in a URL does not, and is taken from headers all the same.
    let shy = bearer(&server, &json!({"role": "lookup"}));
    assert_eq!(text(&nobody.get(&format!("{path}?key={}", shy.token())).expect(401)), "");
    assert_eq!(text(&shy.get(path).expect(200)), "Stop It");
    let hidden = format!("/cid/{}/+12025550101", shy.token());
    assert_eq!(text(&nobody.get(&hidden).expect(401)), "");
    let figures = server.get("/metrics").expect(200);
    assert!(!text(&figures).contains(&token), "a path is counted with its token");
}

#[test]
fn nothing_that_goes_wrong_is_ever_shown_as_a_name() {
    let server = TestServer::with(|options| {
        options.token_rate = Rate::new(3, std::time::Duration::from_secs(3_600));
        options.header_bytes = 4_096;
    });
    server.create(&json!({"name": "Stop It", "phone": "+12025550101"}));
    let nobody = server.without_token();
    let writer = device(&server, &["calls"]);
    let path = "/cid?number=%2B12025550101";
    let is_silent = |client: &Client, path: &str, status: u16| {
        let answer = client.get(path);
        assert_eq!((answer.status, text(&answer)), (status, ""), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        let echoed = text(&client.get(&format!("{path}&empty=number"))).to_owned();
        assert_eq!(echoed, "+12025550101", "{path}");
    };
    is_silent(&nobody, path, 401);
    is_silent(&nobody, &format!("{path}&key=wrong"), 401);
    is_silent(&nobody.with_token("wrong"), path, 401);
    is_silent(&writer, path, 403);
    is_silent(&nobody, &format!("{path}&x={}", "y".repeat(5_000)), 431);
    let basic = nobody.send("GET", path, &[("authorization", "Basic ???")], None);
    assert_eq!((basic.status, text(&basic)), (401, ""));
    let eager = device(&server, &["lookup"]);
    let answers: Vec<_> = (0..6).map(|_| eager.get(path)).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty());
    for answer in refused {
        assert_eq!(text(answer), "");
        assert!(answer.header("retry-after").is_some());
    }
    let wrong = nobody.send("POST", path, &[], Some(b"x"));
    assert_eq!((wrong.status, text(&wrong)), (405, ""));
}

#[test]
fn others_and_hidden_contacts_are_nobody() {
    let (server, _) = world();
    let other = device(&server.organization("second"), &["lookup"]);
    assert_eq!(text(&other.get("/cid/+4930123456").expect(200)), "");
    let home = server.post("/api/v1/departments", &json!({"name": "Home"})).expect(201).id();
    let bound = json!({"role": "machine", "scopes": ["lookup"], "department_id": home});
    let bound = bearer(&server, &bound);
    assert_eq!(text(&bound.get("/cid/+4930123456").expect(200)), "");
    server.create(&json!({"name": "At Home", "phone": "+12025550177", "org_department_id": home}));
    assert_eq!(text(&bound.get("/cid/+12025550177").expect(200)), "At Home");
}
