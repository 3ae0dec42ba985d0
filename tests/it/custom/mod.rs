//! Custom fields: definitions, values, files, who sees them, jobs, the command line.

mod command;
mod definitions;
mod files;
mod jobs;
mod scans;
mod seen;
mod values;

use serde_json::{Value, json};

use crate::support::server::{Answer, Client};

const PATH: &str = "/api/v1/custom-fields";

/// Defines a field.
#[track_caller]
fn define(client: &Client, body: &Value) -> Value {
    client.post(PATH, body).expect(201).json
}

/// Changes a field.
fn change(client: &Client, key: &str, body: &Value) -> Answer {
    client.patch(&format!("{PATH}/{key}"), body)
}

/// Asks until the job that an answer names has ended.
#[track_caller]
fn finished(client: &Client, answer: &Answer) -> Value {
    let path = answer.header("location").expect("a job").to_owned();
    loop {
        let job = client.get(&path).expect(200).json;
        if job["state"] != "running" {
            return job;
        }
        std::thread::yield_now();
    }
}

/// The keys of the fields that somebody sees, in order.
#[track_caller]
fn keys(client: &Client, parameters: &str) -> Vec<String> {
    let listed = client.get(&format!("{PATH}{parameters}")).expect(200).json;
    let fields = listed["custom_fields"].as_array().unwrap().clone();
    assert_eq!(listed["total"], fields.len());
    fields.iter().map(|field| field["key"].as_str().unwrap().to_owned()).collect()
}

/// A contact with these custom fields; its id.
#[track_caller]
fn contact(client: &Client, name: &str, fields: &Value) -> String {
    client.create_id(&json!({"name": name, "custom_fields": fields}))
}

/// The custom fields of a contact.
#[track_caller]
fn fields_of(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/contacts/{id}")).expect(200).json["custom_fields"].clone()
}

/// Pointer and code of everything that does not fit.
#[track_caller]
fn issues(answer: Answer) -> Vec<(String, String)> {
    let answer = answer.expect(422);
    let issues = answer.json["errors"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    issues.iter().map(|issue| (text(&issue["pointer"]), text(&issue["code"]))).collect()
}
