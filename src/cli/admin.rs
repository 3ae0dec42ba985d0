//! `ringdex organization` and `ringdex token`.

use serde_json::{Value, json};

use super::args::{Args, Organization, Token};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::domain::access::Role;

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
        Organization::List => {
            let all = match &target {
                Target::Remote(client) => {
                    client.get("/api/v1/organizations", &[])?["organizations"].take()
                }
                Target::Local { app, caller } => json!(app.list_organizations(caller)),
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
    let Token::Create { role, name } = command;
    let made: Value = match Target::open_for_operator(args)? {
        Target::Remote(client) => {
            let body = json!({"organization": args.organization, "role": role, "name": name});
            client.post("/api/v1/tokens", &body)?
        }
        Target::Local { app, caller } => {
            let role =
                Role::parse(role).ok_or_else(|| Failure::Usage(format!("{role:?} is no role")))?;
            json!(app.create_token(&caller, Some(&args.organization), role, name.as_deref())?)
        }
    };
    if args.json {
        output::print_json(&made)
    } else {
        output::print(&format!(
            "{} {}",
            made["id"].as_str().unwrap_or(""),
            made["token"].as_str().unwrap_or("")
        ))
    }
}
