//! `ringdex organization` and `ringdex token`.

use serde_json::{Value, json};

use super::args::{Args, Organization, Token};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::TokenRequest;

pub(super) fn organization(args: &Args, command: &Organization) -> Result<(), Failure> {
    let target = Target::open_for_operator(args)?;
    match command {
        Organization::Create { name, country } => {
            let made = match &target {
                Target::Remote(client) => client.post(
                    "/api/v1/organizations",
                    &json!({"name": name, "default_country": country}),
                )?,
                Target::Local { app, caller } => {
                    json!(app.create_organization(caller, name, country.as_deref())?)
                }
            };
            if args.json {
                output::print_json(&made)
            } else {
                output::print(made["id"].as_str().unwrap_or(""))
            }
        }
        Organization::Update { organization, name, quota_contacts, quota_storage_bytes } => {
            let mut body = json!({});
            if let Some(name) = name {
                body["name"] = json!(name);
            }
            for (member, given) in
                [("quota_contacts", quota_contacts), ("quota_storage_bytes", quota_storage_bytes)]
            {
                let Some(text) = given else { continue };
                body[member] = match (text.as_str(), text.parse::<u64>()) {
                    ("none", _) => Value::Null,
                    (_, Ok(most)) => json!(most),
                    (_, Err(_)) => {
                        return Err(Failure::Usage(format!(
                            "{text:?} is neither a number nor none"
                        )));
                    }
                };
            }
            let changed = match &target {
                Target::Remote(client) => {
                    client.patch(&format!("/api/v1/organizations/{organization}"), &body)?
                }
                Target::Local { app, caller } => {
                    json!(app.update_organization(caller, organization, &body)?)
                }
            };
            output::print_json(&changed)
        }
        Organization::Settings { changes } => {
            let changes: Option<Value> =
                changes.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
                    Failure::Usage(format!("the settings are no JSON: {error}"))
                })?;
            drop(target);
            let view = match (Target::open(args)?, changes) {
                (Target::Remote(client), None) => client.get("/api/v1/settings", &[])?,
                (Target::Remote(client), Some(changes)) => {
                    client.patch("/api/v1/settings", &changes)?
                }
                (Target::Local { app, caller }, None) => json!(app.read_settings(&caller)?),
                (Target::Local { app, caller }, Some(changes)) => {
                    let changed = app.update_settings(&caller, &changes)?;
                    app.finish_jobs();
                    json!(changed)
                }
            };
            output::print_json(&view["settings"])
        }
        Organization::List => {
            let all = match &target {
                Target::Remote(client) => {
                    client.get("/api/v1/organizations", &[])?["organizations"].take()
                }
                Target::Local { app, caller } => json!(app.list_organizations(caller)?),
            };
            if args.json {
                return output::print_json(&all);
            }
            for organization in all.as_array().into_iter().flatten() {
                let text = |name: &str| organization[name].as_str().unwrap_or("");
                output::print(&format!("{}  {}", text("id"), text("name")))?;
            }
            Ok(())
        }
    }
}

pub(super) fn token(args: &Args, command: &Token) -> Result<(), Failure> {
    let target = Target::open(args)?;
    match command {
        Token::Create(given) => {
            let body = given.body(args);
            let made: Value = match &target {
                Target::Remote(client) => client.post("/api/v1/tokens", &body)?,
                Target::Local { app, caller } => {
                    json!(app.create_token(caller, &TokenRequest::read(&body)?, None)?)
                }
            };
            if args.json {
                return output::print_json(&made);
            }
            let text = |name: &str| made[name].as_str().unwrap_or("").to_owned();
            output::print(&format!("{} {}", text("id"), text("token")))
        }
        Token::List => {
            let all: Value = match &target {
                Target::Remote(client) => client.get("/api/v1/tokens", &[])?,
                Target::Local { app, caller } => json!({"tokens": app.list_tokens(caller)?}),
            };
            print_records(args, &all["tokens"], &["name", "role", "expires_at", "id"])
        }
        Token::Revoke { id } => {
            match &target {
                Target::Remote(client) => client.delete(&format!("/api/v1/tokens/{id}"))?,
                Target::Local { app, caller } => app.revoke_token(caller, *id)?,
            }
            Ok(())
        }
    }
}

/// Prints records as JSON, or one a line with some of their members.
pub(super) fn print_records(args: &Args, all: &Value, shown: &[&str]) -> Result<(), Failure> {
    if args.json {
        return output::print_json(all);
    }
    let rows = all.as_array().into_iter().flatten().map(|record| {
        let cell = |name: &&str| match &record[*name] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        shown.iter().map(cell).collect()
    });
    output::print_table(shown, &rows.collect::<Vec<Vec<String>>>())
}
