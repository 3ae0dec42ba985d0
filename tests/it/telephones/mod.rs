//! What telephone systems and desk phones ask for and tell, in their own formats.

mod agi;
mod books;
mod calls;
mod cid;
mod edge;
mod fuzz;
mod ldap;
mod ldap_client;
mod three_cx;

use serde_json::{Value, json};

use crate::support::server::{Answer, Client};

/// A client with a token made from this request.
fn bearer(admin: &Client, token: &Value) -> Client {
    let made = admin.post("/api/v1/tokens", token).expect(201);
    admin.with_token(made.json["token"].as_str().unwrap())
}

/// A client of a device whose token may stand in a URL.
fn device(admin: &Client, scopes: &[&str]) -> Client {
    bearer(admin, &json!({"role": "machine", "scopes": scopes, "in_url": true}))
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}
