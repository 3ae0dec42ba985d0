//! `ringdex audit`.

use serde_json::{Value, json};

use super::args::{Args, Audit};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::AuditQuery;

/// Lines that are asked for at once.
const PAGE: usize = 1_000;

pub(super) fn run(args: &Args, command: &Audit) -> Result<(), Failure> {
    let target = Target::open_existing(args)?;
    let mut cursor: Option<String> = None;
    let mut shown = 0;
    loop {
        let left = if command.limit == 0 { PAGE } else { (command.limit - shown).min(PAGE) };
        let page = page(&target, command, left, cursor.take())?;
        for line in page["lines"].as_array().into_iter().flatten() {
            shown += 1;
            print(args, line)?;
        }
        match page["next_cursor"].as_str() {
            Some(next) if command.limit == 0 || shown < command.limit => {
                cursor = Some(next.to_owned());
            }
            _ => return Ok(()),
        }
    }
}

fn page(
    target: &Target,
    command: &Audit,
    per_page: usize,
    cursor: Option<String>,
) -> Result<Value, Failure> {
    match target {
        Target::Remote(client) => {
            let (count, record) = (per_page.to_string(), command.record.map(|id| id.to_string()));
            let given = [
                ("actor", command.actor.as_deref()),
                ("action", command.action.as_deref()),
                ("record", record.as_deref()),
                ("since", command.since.as_deref()),
                ("until", command.until.as_deref()),
                ("per_page", Some(count.as_str())),
                ("cursor", cursor.as_deref()),
            ];
            let given: Vec<(&str, &str)> =
                given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            client.get("/api/v1/audit", &given)
        }
        Target::Local { app, caller } => {
            let time = |text: &Option<String>| match text {
                None => Ok(None),
                Some(text) => text
                    .parse()
                    .map(Some)
                    .map_err(|_other| Failure::Usage(format!("{text:?} is not an RFC 3339 time"))),
            };
            let query = AuditQuery {
                actor: command.actor.clone(),
                action: command.action.clone(),
                record: command.record,
                since: time(&command.since)?,
                until: time(&command.until)?,
                per_page: Some(per_page),
                cursor,
                ..AuditQuery::default()
            };
            Ok(json!(app.read_audit(caller, &query)?))
        }
    }
}

fn print(args: &Args, line: &Value) -> Result<(), Failure> {
    if args.json {
        return output::print(&line.to_string());
    }
    let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
    let fields: Vec<&str> = line["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|change| change["field"].as_str())
        .collect();
    let who = line["actor_name"].as_str().unwrap_or(line["actor"].as_str().unwrap_or("-"));
    output::print(&format!(
        "{}  {who}  {}  {}  {}  {}",
        text("at"),
        text("address"),
        text("action"),
        text("record"),
        fields.join(", ")
    ))
}
