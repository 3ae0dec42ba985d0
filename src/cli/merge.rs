//! `ringdex merge`, `ringdex merges`, `ringdex undo-merge`.

use clap::Args as ClapArgs;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::admin::print_records;
use super::args::{Args, id};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::Precondition;
use crate::domain::ids::ContactId;

/// Where the API keeps merges.
const PATH: &str = "/api/v1/merges";

#[derive(ClapArgs)]
pub(super) struct Merge {
    /// The id of the contact that stays.
    #[arg(value_parser = id::<Uuid>)]
    primary: Uuid,
    /// The ids of the contacts that go into it.
    #[arg(value_parser = id::<Uuid>, required = true)]
    others: Vec<Uuid>,
    /// Whose value a field takes, for example title=ID; name stands for all of the name; repeatable.
    #[arg(long = "field", value_name = "NAME=ID")]
    fields: Vec<String>,
    /// Whose values are taken where nothing else is said.
    #[arg(long, default_value = "primary", value_parser = ["primary", "newest", "oldest", "most_complete", "source_order"])]
    rule: String,
    /// The sources of `source_order`, the best one first.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    sources: Vec<String>,
    /// Only say what would become of them.
    #[arg(long)]
    dry_run: bool,
}

#[derive(ClapArgs)]
pub(super) struct Merges {
    /// Only merges in which this contact took part.
    #[arg(value_parser = id::<Uuid>, long, value_name = "ID")]
    contact: Option<Uuid>,
    /// Most merges to show.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(ClapArgs)]
pub(super) struct UndoMerge {
    /// The id of the merge.
    #[arg(value_parser = id::<Uuid>)]
    id: Uuid,
    /// Whose a change is that was made since: company=ID or company=survivor; repeatable.
    #[arg(long = "resolve", value_name = "FIELD=ID")]
    resolve: Vec<String>,
    /// Only say what would come back.
    #[arg(long)]
    dry_run: bool,
}

/// Takes `NAME=VALUE` apart, at the last `=`, since tags and the like may hold one.
fn pairs(given: &[String]) -> Result<Value, Failure> {
    let mut map = Map::new();
    for text in given {
        let Some((name, value)) = text.rsplit_once('=') else {
            return Err(Failure::Usage(format!("{text:?} must be NAME=ID")));
        };
        map.insert(name.to_owned(), json!(value));
    }
    Ok(Value::Object(map))
}

pub(super) fn merge(args: &Args, command: &Merge) -> Result<(), Failure> {
    let mut body = json!({
        "primary": command.primary, "others": command.others, "fields": pairs(&command.fields)?,
        "rule": command.rule, "dry_run": command.dry_run,
    });
    if !command.sources.is_empty() {
        body["sources"] = json!(command.sources);
    }
    let done = match &Target::open_existing(args)? {
        Target::Remote(client) => client.post("/api/v1/contacts/merge", &body)?,
        Target::Local { app, caller } => {
            let done = app.merge_contacts(caller, &body, Precondition::None, None)?;
            done.to_json(&app.showing(caller.organization)?)
        }
    };
    if args.json {
        return output::print_json(&done);
    }
    for conflict in done["conflicts"].as_array().into_iter().flatten() {
        output::tell(&said(conflict));
    }
    if command.dry_run {
        let name = done["contact"]["display_name"].as_str().unwrap_or("");
        return output::print(&format!("would become {name} ({})", command.primary));
    }
    output::print(done["merge_id"].as_str().unwrap_or(""))
}

/// A conflict in words: `title: "CEO" of ID (primary), not "Boss" of ID`.
fn said(conflict: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let values = conflict["values"].as_array().cloned().unwrap_or_default();
    let (taken, left): (Vec<Value>, Vec<Value>) =
        values.into_iter().partition(|held| held["id"] == conflict["winner"]);
    let list = |all: &[Value]| -> String {
        let each = all.iter().map(|held| format!("{} of {}", held["value"], text(&held["id"])));
        each.collect::<Vec<_>>().join(", ")
    };
    let (field, reason) = (text(&conflict["field"]), text(&conflict["reason"]));
    format!("{field}: {} ({reason}), not {}", list(&taken), list(&left))
}

pub(super) fn merges(args: &Args, command: &Merges) -> Result<(), Failure> {
    let limit = command.limit.clamp(1, 500);
    let all = match &Target::open_existing(args)? {
        Target::Remote(client) => {
            let (contact, limit) =
                (command.contact.map(|id| id.to_string()).unwrap_or_default(), limit.to_string());
            client.get(PATH, &[("contact", &contact), ("per_page", &limit)])?["merges"].take()
        }
        Target::Local { app, caller } => {
            json!(
                app.list_merges(caller, command.contact.map(ContactId), None, Some(limit))?.merges
            )
        }
    };
    print_records(args, &all, &["at", "state", "actor", "primary", "others", "id"])
}

pub(super) fn undo(args: &Args, command: &UndoMerge) -> Result<(), Failure> {
    let body = json!({"resolve": pairs(&command.resolve)?, "dry_run": command.dry_run});
    let done = match &Target::open_existing(args)? {
        Target::Remote(client) => client.post(&format!("{PATH}/{}/undo", command.id), &body)?,
        Target::Local { app, caller } => {
            let done = app.undo_merge(caller, command.id, &body, &Precondition::None, None)?;
            done.to_json(&app.showing(caller.organization)?)
        }
    };
    if args.json {
        return output::print_json(&done);
    }
    for kept in done["kept"].as_array().into_iter().flatten() {
        let field = kept["field"].as_str().unwrap_or("");
        output::tell(&format!(
            "{field} stays {} (the merge wrote {})",
            kept["now"], kept["before"]
        ));
    }
    for one in done["restored"].as_array().into_iter().flatten() {
        let (id, name) = (one["id"].as_str().unwrap_or(""), one["display_name"].as_str());
        output::print(&format!("{id}  {}", name.unwrap_or("")))?;
    }
    Ok(())
}
