//! `GET /api/v1/events`: server-sent events.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{agents, now, since};
use crate::support::server::{Client, TestServer};

/// Somebody who follows by a connection made by hand.
struct Follower(BufReader<TcpStream>);

impl Follower {
    fn begin(server: &TestServer, client: &Client, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n{headers}\r\n",
            client.token()
        )
        .unwrap();
        Self(BufReader::new(stream))
    }

    /// The next lines that begin so.
    fn line(&mut self, begin: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).unwrap();
            assert!(read > 0, "the stream has ended, waiting for {begin}");
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim().to_owned();
            }
        }
    }

    /// The next event: place, name, data.
    fn event(&mut self) -> (String, String, Value) {
        let id = self.line("id:");
        (id, self.line("event:"), serde_json::from_str(&self.line("data:")).unwrap())
    }

    /// Whether nothing more comes.
    fn has_ended(&mut self) -> bool {
        let mut line = String::new();
        while self.0.read_line(&mut line).is_ok_and(|read| read > 0) {
            if line.starts_with("data: {\"id\"") {
                return false;
            }
            line.clear();
        }
        true
    }
}

#[test]
fn events_arrive_as_they_happen_and_go_on_where_they_were_left() {
    let server = TestServer::start();
    let mut follower = Follower::begin(&server, &server, "/api/v1/events", "");
    assert_eq!(follower.line("HTTP/1.1 "), "200 OK");
    let first = follower.line("id:");
    let ann = server.create_id(&json!({"name": "Ann"}));
    let (created, event, data) = follower.event();
    assert_eq!((event.as_str(), &data["record_id"]), ("contact.created", &json!(ann)));
    assert_eq!(data["data"]["display_name"], "Ann");
    drop(follower);
    server.patch(&format!("/api/v1/contacts/{ann}"), &json!({"title": "CEO"})).expect(200);
    server.post("/api/v1/tasks", &json!({"title": "Ring", "contact_id": ann})).expect(201);
    let last = format!("last-event-id: {created}\r\n");
    let mut again = Follower::begin(&server, &server, "/api/v1/events", &last);
    again.line("id:");
    assert_eq!(again.event().1, "contact.updated");
    assert_eq!(again.event().1, "task.created");
    let mut named = Follower::begin(
        &server,
        &server,
        &format!("/api/v1/events?since={first}&events=task.*"),
        "",
    );
    named.line("id:");
    let (place, event, _) = named.event();
    assert_eq!(event, "task.created");
    assert!(since(&server, &place).is_empty(), "the id of an event is a place of the feed");
    for (place, status) in [("nowhere", "422"), ("00000007-1-00000000", "410")] {
        let headers = format!("last-event-id: {place}\r\n");
        let mut refused = Follower::begin(&server, &server, "/api/v1/events", &headers);
        assert!(refused.line("HTTP/1.1 ").starts_with(status), "{place}");
    }
}

#[test]
fn a_follower_is_told_only_what_it_sees_and_ends_with_its_token() {
    let server = TestServer::start();
    let (outside, _, queue) = agents(&server);
    let made = server.post("/api/v1/tokens", &json!({"role": "machine", "scopes": ["read"]}));
    let made = made.expect(201).json;
    let machine = server.with_token(made["token"].as_str().unwrap());
    let other = server.organization("second");
    let mut agent = Follower::begin(&server, &outside, "/api/v1/events", "");
    let mut reader = Follower::begin(&server, &machine, "/api/v1/events", "");
    let mut foreign = Follower::begin(&server, &other, "/api/v1/events", "");
    for follower in [&mut agent, &mut reader, &mut foreign] {
        follower.line("id:");
    }
    server.create(&json!({"name": "Hidden", "visibility": "queue", "assigned_queue": queue}));
    let shown = server.create_id(&json!({"name": "Shown"}));
    assert_eq!(agent.event().2["record_id"], json!(shown), "the hidden one is left out");
    assert_eq!(reader.event().2["data"]["display_name"], "Hidden");
    let own = other.create_id(&json!({"name": "Own"}));
    assert_eq!(foreign.event().2["record_id"], json!(own));
    // A token that is revoked hears nothing more.
    let token = made["id"].as_str().unwrap();
    reader.event();
    server.delete(&format!("/api/v1/tokens/{token}")).expect(204);
    server.create(&json!({"name": "Later"}));
    assert!(reader.has_ended());
    // What somebody sees has changed: it must begin again.
    let before = now(&outside);
    let users = server.get("/api/v1/users").json["users"].clone();
    let users = users.as_array().unwrap().iter();
    let out =
        users.filter(|user| user["email"] == "out@example.com").map(|user| user["id"].clone());
    let members: Vec<Value> = out.collect();
    server.patch(&format!("/api/v1/queues/{queue}"), &json!({"members": members})).expect(200);
    server.create(&json!({"name": "Last"}));
    agent.line("event: reset");
    assert_eq!(outside.get(&format!("/api/v1/changes?since={before}")).status, 410);
}
