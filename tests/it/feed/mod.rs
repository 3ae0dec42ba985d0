//! The change feed: what somebody who keeps a copy is told, and what not.

mod changes;
mod events;
mod webhooks;

use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

/// The place behind everything so far.
fn now(client: &Client) -> String {
    let answer = client.get("/api/v1/changes").expect(200).json;
    assert_eq!(answer["events"], json!([]));
    answer["next_since"].as_str().unwrap().to_owned()
}

/// Everything that has happened since a place.
fn since(client: &Client, place: &str) -> Vec<Value> {
    let (mut place, mut all) = (place.to_owned(), Vec::new());
    loop {
        let answer = client.get(&format!("/api/v1/changes?since={place}")).expect(200).json;
        all.extend(answer["events"].as_array().unwrap().iter().cloned());
        answer["next_since"].as_str().unwrap().clone_into(&mut place);
        if answer["has_more"] == false {
            return all;
        }
    }
}

/// What happened to which record.
fn told(events: &[Value]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|one| (one["event"].as_str().unwrap(), one["record_id"].as_str().unwrap()))
        .collect()
}

/// An agent of no queue, and one of the queue "Sales".
fn agents(server: &TestServer) -> (Client, Client, String) {
    let agent = |email: &str| {
        let id = server.user(email, "agent", "a long enough password");
        let token = server.post("/api/v1/tokens", &json!({"role": "agent", "user_id": id}));
        (server.with_token(token.expect(201).json["token"].as_str().unwrap()), id)
    };
    let (outside, _) = agent("out@example.com");
    let (inside, id) = agent("in@example.com");
    let queue = json!({"name": "Sales", "members": [id]});
    let queue = server.post("/api/v1/queues", &queue).expect(201).id();
    (outside, inside, queue)
}
