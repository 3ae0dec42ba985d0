//! `ringdex saved-search`.

use serde_json::{Value, json};

use super::admin::print_records;
use super::args::{Args, SavedSearch};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::Precondition;

const PATH: &str = "/api/v1/saved-searches";

pub(super) fn run(args: &Args, command: &SavedSearch) -> Result<(), Failure> {
    let target = Target::open(args)?;
    match command {
        SavedSearch::List => {
            let all = match &target {
                Target::Remote(client) => client.get(PATH, &[])?["saved_searches"].take(),
                Target::Local { app, caller } => json!(app.list_saved_searches(caller)?),
            };
            print_records(args, &all, &["name", "shared", "q", "id"])
        }
        SavedSearch::Create { name, q, filter, sort, columns, shared } => {
            let filter: Option<Value> = match filter.as_deref().map(serde_json::from_str) {
                None => None,
                Some(Ok(filter)) => Some(filter),
                Some(Err(error)) => {
                    return Err(Failure::Usage(format!("the filter is not JSON: {error}")));
                }
            };
            let body = json!({
                "name": name, "q": q, "filter": filter, "sort": sort, "columns": columns,
                "shared": shared,
            });
            let made = match &target {
                Target::Remote(client) => client.post(PATH, &body)?,
                Target::Local { app, caller } => json!(app.create_saved_search(caller, &body)?),
            };
            if args.json {
                output::print_json(&made)
            } else {
                output::print(made["id"].as_str().unwrap_or(""))
            }
        }
        SavedSearch::Delete { id } => {
            match &target {
                Target::Remote(client) => client.delete(&format!("{PATH}/{id}"))?,
                Target::Local { app, caller } => {
                    app.delete_saved_search(caller, *id, &Precondition::None)?;
                }
            }
            Ok(())
        }
    }
}
