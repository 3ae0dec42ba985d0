//! What people do with the product, step by step, over HTTP alone: to be read as a manual.

mod cases;
mod channels;
mod consent;
mod outbound;
mod sales;
mod switchboard;
mod uses;

use serde_json::{Value, json};

use crate::support::server::{Client, escape};

/// A contact as it is shown.
fn contact(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/contacts/{id}")).expect(200).json
}

/// How many contacts a query finds once everything that was written is visible.
fn found(client: &Client, q: &str) -> usize {
    let path = format!("/api/v1/contacts?refresh=wait&q={}", escape(q));
    usize::try_from(client.get(&path).expect(200).json["total"].as_u64().unwrap()).unwrap()
}

/// Does an action to many contacts and waits until it is done; how many were changed.
fn to_all(client: &Client, select: &Value, action: &Value) -> Value {
    let job = client.bulk_action(select, action);
    assert_eq!(job["state"], "done", "{job}");
    job["changed"].clone()
}

/// A member of the team.
fn colleague(client: &Client, name: &str, email: &str) -> String {
    let body = json!({"name": name, "email": email, "role": "agent"});
    client.post("/api/v1/users", &body).expect(201).id()
}
