//! Merging contacts and undoing it, through the server.

mod check;
mod command;
mod erase;
mod merge;
mod model;
mod refuse;
mod sight;
mod undo;

use serde_json::{Value, json};

use crate::support::server::{Answer, Client};

/// Merges the second contact into the first one.
pub(crate) fn merge(client: &Client, primary: &str, others: &[&str]) -> Answer {
    merge_with(client, primary, others, &json!({}))
}

/// Merges with more members in the request.
pub(crate) fn merge_with(client: &Client, primary: &str, others: &[&str], more: &Value) -> Answer {
    let mut body = json!({"primary": primary, "others": others});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    client.post("/api/v1/contacts/merge", &body)
}

/// The id of a merge that was done.
#[track_caller]
pub(crate) fn done(answer: Answer) -> String {
    answer.expect(200).json["merge_id"].as_str().expect("a merge that was done").to_owned()
}

fn undo(client: &Client, merge: &str, body: &Value) -> Answer {
    client.post(&format!("/api/v1/merges/{merge}/undo"), body)
}

fn contact(client: &Client, id: &str) -> Answer {
    client.get(&format!("/api/v1/contacts/{id}"))
}

/// A contact without what every change changes.
#[track_caller]
fn state(client: &Client, id: &str) -> Value {
    let mut state = contact(client, id).expect(200).json;
    for name in ["version", "updated_at", "updated_by"] {
        state.as_object_mut().unwrap().remove(name);
    }
    state
}

/// Two people that are one.
fn two(client: &Client) -> (String, String) {
    let one = json!({"name": "John Doe", "phone": "+12025550101", "title": "CEO", "notes": "first",
        "tags": ["VIP"], "email": "john@example.com"});
    let other = json!({"name": "Johnny Doe", "phone": "+12025550102", "title": "Boss", "company": "Acme",
        "tags": ["vip", "new"], "notes": "second", "email": "johnny@example.com",
        "external_crm_id": "X-1"});
    (client.create_id(&one), client.create_id(&other))
}
