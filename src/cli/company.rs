//! `ringdex company`: what is done with every kind of record, and making one company of several.

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::args::{Args, id};
use super::error::Failure;
use super::output;
use super::record::{self, RecordCommand};
use super::target::Target;
use crate::app::Precondition;

/// What is done with companies.
#[derive(Subcommand)]
pub(super) enum Company {
    #[command(flatten)]
    Record(RecordCommand),
    /// Make one company of several: contacts, deals and other records follow.
    Merge {
        /// The company that stays.
        #[arg(value_parser = id::<Uuid>)]
        company: Uuid,
        /// Those that go into it.
        #[arg(value_parser = id::<Uuid>, required = true)]
        others: Vec<Uuid>,
        /// Only say what would follow.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take the last merge into a company back; what was changed since is kept and named.
    UndoMerge {
        /// The company that had stayed.
        #[arg(value_parser = id::<Uuid>)]
        company: Uuid,
    },
}

pub(super) fn run(args: &Args, command: &Company) -> Result<(), Failure> {
    match command {
        Company::Record(command) => record::run(args, "company", command),
        Company::Merge { company, others, dry_run } => merge(args, *company, others, *dry_run),
        Company::UndoMerge { company } => undo(args, *company),
    }
}

fn path_of(company: Uuid) -> String {
    format!("/api/v1/companies/{company}/merge")
}

fn merge(args: &Args, company: Uuid, others: &[Uuid], dry_run: bool) -> Result<(), Failure> {
    let body = json!({ "others": others, "dry_run": dry_run });
    let done = match &Target::open_existing(args)? {
        Target::Remote(client) => client.post(&path_of(company), &body)?,
        Target::Local { app, caller } => {
            json!(app.merge_companies(caller, company, &body, &Precondition::None, None)?)
        }
    };
    if args.json {
        return output::print_json(&done);
    }
    let moved = done["moved"].as_object().into_iter().flatten();
    let moved: Vec<_> = moved.map(|(noun, count)| format!("{count} {noun}")).collect();
    let moved = if moved.is_empty() { "nothing".to_owned() } else { moved.join(", ") };
    let follows = if dry_run { "would follow" } else { "followed" };
    output::print(&format!("{}: {moved} {follows}", name_of(&done)))
}

fn undo(args: &Args, company: Uuid) -> Result<(), Failure> {
    let done = match &Target::open_existing(args)? {
        Target::Remote(client) => client.post(&format!("{}/undo", path_of(company)), &json!({}))?,
        Target::Local { app, caller } => {
            json!(app.undo_company_merge(caller, company, &Precondition::None)?)
        }
    };
    if args.json {
        return output::print_json(&done);
    }
    for kept in done["kept"].as_array().into_iter().flatten() {
        let text = |name: &str| kept[name].as_str().unwrap_or("").to_owned();
        output::tell(&format!("{} of {} stays: {}", text("field"), text("id"), text("why")));
    }
    for id in done["restored"].as_array().into_iter().flatten() {
        output::print(id.as_str().unwrap_or(""))?;
    }
    Ok(())
}

fn name_of(done: &Value) -> &str {
    done["company"]["name"].as_str().unwrap_or("")
}
