//! `ringdex auto-merge`.

use clap::Args as ClapArgs;
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin::print_records;
use super::args::{Args, id};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::Cancel;
use crate::domain::text::counted;

/// Where the API keeps runs that merge without asking.
const PATH: &str = "/api/v1/duplicates/auto-merges";

#[derive(ClapArgs)]
pub(super) struct AutoMerge {
    /// Only say what would be merged.
    #[arg(long)]
    dry_run: bool,
    /// Most merges; never more than the daily limit of the settings leaves.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Show the runs instead.
    #[arg(long, conflicts_with_all = ["dry_run", "limit"])]
    list: bool,
    /// Undo all merges of a run instead.
    #[arg(value_parser = id::<Uuid>, long, value_name = "RUN", conflicts_with_all = ["dry_run", "limit", "list"])]
    undo: Option<Uuid>,
}

pub(super) fn run(args: &Args, command: &AutoMerge) -> Result<(), Failure> {
    let target = Target::open_existing(args)?;
    if command.list {
        return list(args, &target);
    }
    if let Some(id) = command.undo {
        return undo(args, &target, id);
    }
    let mut body = json!({"dry_run": command.dry_run});
    if let Some(limit) = command.limit {
        body["limit"] = json!(limit);
    }
    let done = match &target {
        Target::Remote(client) => client.post(PATH, &body)?,
        Target::Local { app, caller } => {
            json!(app.auto_merge(caller, &body, None, &Cancel::never())?)
        }
    };
    if args.json {
        return output::print_json(&done);
    }
    let texts = |ids: &Value| -> String {
        let ids = ids.as_array().into_iter().flatten().filter_map(Value::as_str);
        ids.collect::<Vec<_>>().join(" ")
    };
    for one in done["skipped"].as_array().into_iter().flatten() {
        let reason = one["reason"].as_str().unwrap_or("");
        output::tell(&format!("left alone: {}: {reason}", texts(&one["ids"])));
    }
    let merged = done["merged"].as_array().map_or(&[][..], Vec::as_slice);
    for one in merged {
        let primary = one["primary"].as_str().unwrap_or("");
        output::print(&format!("{primary} <- {} ({})", texts(&one["others"]), one["probability"]))?;
    }
    if done["limited"] == json!(true) {
        output::tell("there is more: a limit was reached");
    }
    let count = merged.len();
    output::tell(&match done["id"].as_str() {
        Some(id) => format!("{count} merged; undo all: auto-merge --undo {id}"),
        None => format!("{count} would be merged"),
    });
    Ok(())
}

fn list(args: &Args, target: &Target) -> Result<(), Failure> {
    let all = match target {
        Target::Remote(client) => client.get(PATH, &[])?["runs"].take(),
        Target::Local { app, caller } => json!(app.list_auto_merges(caller)?),
    };
    print_records(args, &all, &["at", "merges", "undone", "id"])
}

fn undo(args: &Args, target: &Target, id: Uuid) -> Result<(), Failure> {
    let done = match target {
        Target::Remote(client) => client.post(&format!("{PATH}/{id}/undo"), &json!({}))?,
        Target::Local { app, caller } => json!(app.undo_auto_merge(caller, id, None)?),
    };
    if args.json {
        return output::print_json(&done);
    }
    for one in done["refused"].as_array().into_iter().flatten() {
        let (id, detail) = (one["merge_id"].as_str(), one["detail"].as_str());
        output::tell(&format!("stands: {}: {}", id.unwrap_or(""), detail.unwrap_or("")));
    }
    let undone = done["undone"].as_array().map_or(0, Vec::len);
    output::print(&counted(undone as u64, "merge undone", "merges undone"))
}
