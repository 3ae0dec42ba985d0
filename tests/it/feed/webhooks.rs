//! Webhooks: signed, tried again, dead at last, replayed, and told what their maker sees.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use super::agents;
use crate::support::server::{Client, TestServer};

/// A request that a webhook sent.
struct Received {
    headers: Vec<(String, String)>,
    body: String,
    json: Value,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap()
    }
}

/// The other side: answers with these statuses in turn, then with 200.
fn receiver(statuses: Vec<u16>) -> (String, Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, received) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut headers, mut line) = (Vec::new(), String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line.trim() != "" {
                if let Some((name, value)) = line.split_once(": ") {
                    headers.push((name.to_lowercase(), value.trim().to_owned()));
                }
                line.clear();
            }
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length = length.map_or(0, |(_, length)| length.parse().unwrap());
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let status = statuses.next().unwrap_or(200);
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
            let body = String::from_utf8(body).unwrap();
            let json = serde_json::from_str(&body).unwrap();
            if sender.send(Received { headers, body, json }).is_err() {
                return;
            }
        }
    });
    (url, received)
}

fn next(received: &Receiver<Received>) -> Received {
    received.recv_timeout(Duration::from_secs(30)).expect("the webhook sends")
}

fn server() -> TestServer {
    TestServer::with(|options| options.webhooks_to_private = true)
}

/// The deliveries of a webhook, once they fit.
fn deliveries(client: &Client, hook: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let all = client.get(&format!("/api/v1/webhooks/{hook}/deliveries")).expect(200).json;
        let all = all["items"].as_array().unwrap().clone();
        if fits(&all) {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{all:?}");
        std::thread::yield_now();
    }
}

#[test]
fn what_happens_is_sent_signed_and_in_order() {
    let server = server();
    let (url, received) = receiver(vec![]);
    let made = server.post("/api/v1/webhooks", &json!({"url": url, "events": ["contact.*"]}));
    let made = made.expect(201).json;
    let secret = made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap().to_owned();
    let own = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    assert!(server.get(&own).expect(200).json.get("secret").is_none(), "it is shown once");
    assert_eq!(made["active"], true);
    let ann = server.create_id(&json!({"name": "Ann"}));
    // Told is what is there when it is sent.
    let first = next(&received);
    server.post("/api/v1/tasks", &json!({"title": "x", "contact_id": ann})).expect(201);
    server.delete(&format!("/api/v1/contacts/{ann}")).expect(204);
    let second = next(&received);
    assert_eq!(first.json["type"], "contact.created");
    assert_eq!(
        (&second.json["type"], &second.json["data"]["gone"]),
        (&json!("contact.deleted"), &json!(true))
    );
    assert_eq!(first.json["data"]["record_id"], json!(ann));
    let signed = format!(
        "{}.{}.{}",
        first.header("webhook-id"),
        first.header("webhook-timestamp"),
        first.body
    );
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(&secret).unwrap()).unwrap();
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(first.header("webhook-signature"), expected);
    assert_ne!(first.header("webhook-id"), second.header("webhook-id"));
    let hook = made["id"].as_str().unwrap();
    let sent = deliveries(&server, hook, |all| {
        all.iter().filter(|d| d["state"] == "delivered").count() == 2
    });
    assert_eq!((&sent[0]["n"], &sent[0]["event"]), (&json!(2), &json!("contact.deleted")));
    assert_eq!(sent[0]["status"], 200);
    // Sent again when that is asked for, as the same message.
    server.post(&format!("{own}/deliveries/1/replay"), &json!({})).expect(202);
    assert_eq!(next(&received).header("webhook-id"), first.header("webhook-id"));
    server.post(&format!("{own}/deliveries/99/replay"), &json!({})).expect(404);
    server.patch(&own, &json!({"active": false})).expect(200);
    server.create(&json!({"name": "Bob"}));
    assert!(received.try_recv().is_err());
}

#[test]
fn what_fails_waits_longer_and_longer_and_is_dead_at_last() {
    let clock =
        ringdex::domain::time::Clock::fixed(ringdex::domain::time::Timestamp(1_800_000_000_000));
    let server = TestServer::at_with(&clock, |options| options.webhooks_to_private = true);
    let (url, received) = receiver(vec![500; 9]);
    let hook = server.post("/api/v1/webhooks", &json!({"url": url})).expect(201).id();
    let ann = server.create_id(&json!({"name": "Ann"}));
    for attempt in 1..=9 {
        assert_eq!(next(&received).json["data"]["record_id"], json!(ann), "{attempt}");
        let tried = |all: &[Value]| all[0]["attempts"] == attempt;
        let all = deliveries(&server, &hook, tried);
        assert_eq!((&all[0]["status"], all.len()), (&json!(500), 1));
        assert_eq!(all[0]["state"], if attempt < 9 { "pending" } else { "dead" });
        clock.advance_ms(25 * 3_600 * 1_000);
    }
    let dead = server.get(&format!("/api/v1/webhooks/{hook}/deliveries?state=dead")).expect(200);
    assert_eq!(dead.json["total"], 1);
    server.post(&format!("/api/v1/webhooks/{hook}/deliveries/1/replay"), &json!({})).expect(202);
    next(&received);
    deliveries(&server, &hook, |all| all[0]["state"] == "delivered");
}

#[test]
fn a_webhook_leads_nowhere_inside_the_network_and_a_dead_one_costs_others_nothing() {
    let server = TestServer::start();
    let (url, received) = receiver(vec![]);
    let hook = server.post("/api/v1/webhooks", &json!({"url": url})).expect(201).id();
    server.create(&json!({"name": "Ann"}));
    let failed = deliveries(&server, &hook, |all| all.first().is_some_and(|d| d["attempts"] == 1));
    let error = failed[0]["error"].as_str().unwrap();
    assert!(error.contains("no address that may be reached"), "{error}");
    assert!(received.try_recv().is_err(), "nothing was connected");
    for (wrong, pointer) in [
        (json!({}), "/url"),
        (json!({"url": "ftp://example.com"}), "/url"),
        (json!({"url": "https://example.com", "events": ["Contact!"]}), "/events/0"),
        (json!({"url": "https://example.com", "events": ["contact"]}), "/events/0"),
        (json!({"url": "https://example.com", "secret": "mine"}), "/secret"),
    ] {
        let refused = server.post("/api/v1/webhooks", &wrong).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{wrong}");
    }
}

#[test]
fn a_webhook_is_told_what_its_maker_sees_and_is_nobody_elses_business() {
    let server = server();
    let (outside, _, queue) = agents(&server);
    let all = json!({"permissions": {"agent": {"manage_settings": true}}});
    server.patch("/api/v1/settings", &all).expect(422);
    outside.post("/api/v1/webhooks", &json!({"url": "https://example.com"})).expect(403);
    let home = server.post("/api/v1/departments", &json!({"name": "Home"})).expect(201).id();
    let bound = json!({"role": "machine", "scopes": ["admin"], "department_id": home});
    let bound = server.post("/api/v1/tokens", &bound).expect(201).json;
    let bound = server.with_token(bound["token"].as_str().unwrap());
    let (url, received) = receiver(vec![]);
    let hook = bound.post("/api/v1/webhooks", &json!({"url": url})).expect(201).id();
    server.create(&json!({"name": "Hidden", "visibility": "queue", "assigned_queue": queue}));
    let own = server.create_id(&json!({"name": "At Home", "org_department_id": home}));
    let first = next(&received);
    assert_eq!(first.json["data"]["record_id"], json!(own), "{}", first.body);
    let other = server.organization("second");
    for path in [format!("/api/v1/webhooks/{hook}"), format!("/api/v1/webhooks/{hook}/deliveries")]
    {
        other.get(&path).expect(404);
        outside.get(&path).expect(403);
    }
    other.post(&format!("/api/v1/webhooks/{hook}/deliveries/1/replay"), &json!({})).expect(404);
}

#[test]
fn a_webhook_of_whoever_looks_at_a_demonstration_is_told_what_happens() {
    let server = TestServer::with(|options| {
        options.webhooks_to_private = true;
        options.demo = Some(ringdex::app::Access::visitor_of(ringdex::domain::ids::OrgNumber(1)));
    });
    let visitor = server.without_token();
    let (url, received) = receiver(vec![]);
    let made = visitor.post("/api/v1/webhooks", &json!({"url": url, "events": ["contact.*"]}));
    made.expect(201);
    visitor.create(&json!({"name": "Ann"}));
    assert_eq!(next(&received).json["type"], "contact.created");
}

#[test]
fn a_webhook_that_the_command_made_on_a_directory_is_told_what_happens() {
    let bench = crate::support::process::Bench::new();
    let (url, received) = receiver(vec![]);
    let address = format!("url={url}");
    bench.run(&["webhook", "create", &address, "events=[\"contact.*\"]"], None).expect(0);
    let more =
        ["--admin-token", crate::support::server::OPERATOR, "--webhooks-to-private-addresses"];
    let served = bench.serve_with(&more, None);
    served.client.create(&json!({"name": "Ann"}));
    assert_eq!(next(&received).json["type"], "contact.created");
    served.stop();
}

#[test]
fn a_test_call_is_made_once_whatever_the_webhook_is_told_of() {
    let server = server();
    let (url, received) = receiver(vec![200, 500]);
    let made = server.post("/api/v1/webhooks", &json!({"url": url, "events": ["task.created"]}));
    let hook = made.expect(201).id();
    let test = format!("/api/v1/webhooks/{hook}/test");
    let begun = server.post(&test, &json!({})).expect(202).json;
    assert_eq!((&begun["event"], &begun["state"]), (&json!("webhook.test"), &json!("pending")));
    let call = next(&received);
    assert_eq!(
        (&call.json["type"], &call.json["data"]["record_id"]),
        (&begun["event"], &json!(hook))
    );
    assert!(call.header("webhook-signature").starts_with("v1,"));
    let is_at = |all: &[Value], at: usize, state: &str| {
        all.len() > at && all[all.len() - 1 - at]["state"] == state
    };
    deliveries(&server, &hook, |all| is_at(all, 0, "delivered"));
    // What fails is not tried again: who tests it looks at what was answered.
    server.post(&test, &json!({})).expect(202);
    let all = deliveries(&server, &hook, |all| is_at(all, 1, "dead"));
    assert_eq!((&all[0]["attempts"], &all[0]["status"]), (&json!(1), &json!(500)));
    // What happens goes on with the numbers behind it.
    server.post("/api/v1/tasks", &json!({"title": "Call back"})).expect(201);
    let all = deliveries(&server, &hook, |all| is_at(all, 2, "delivered"));
    let numbers: Vec<_> = all.iter().map(|one| one["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    server.patch(&format!("/api/v1/webhooks/{hook}"), &json!({"active": false})).expect(200);
    server.post(&test, &json!({})).expect(409);
    server.post(&format!("/api/v1/webhooks/{}/test", uuid::Uuid::now_v7()), &json!({})).expect(404);
}
