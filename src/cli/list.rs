//! `ringdex list`: lists as other records, and who is on them.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::args::Args;
use super::error::Failure;
use super::job::{follow, number};
use super::output;
use super::record::{self, RecordCommand};
use super::target::Target;
use crate::app::MembersChanged;
use crate::domain::text::counted;

#[derive(Subcommand)]
pub(super) enum ListCommand {
    #[command(flatten)]
    Record(RecordCommand),
    /// Put contacts on a static list.
    Add(Members),
    /// Take contacts off a static list.
    Remove(Members),
}

/// A list, and contacts.
#[derive(ClapArgs)]
pub(super) struct Members {
    /// The list.
    list: Uuid,
    /// The contacts.
    contacts: Vec<Uuid>,
    /// All contacts that this query selects instead.
    #[arg(long, value_name = "QUERY", conflicts_with = "contacts")]
    q: Option<String>,
}

pub(super) fn run(args: &Args, command: &ListCommand) -> Result<(), Failure> {
    match command {
        ListCommand::Record(command) => record::run(args, "list", command),
        ListCommand::Add(members) => change(args, members, true),
        ListCommand::Remove(members) => change(args, members, false),
    }
}

fn change(args: &Args, members: &Members, is_member: bool) -> Result<(), Failure> {
    let mut body = Map::new();
    match &members.q {
        Some(q) => body.insert("q".to_owned(), json!(q)),
        None => body.insert("ids".to_owned(), json!(members.contacts)),
    };
    let body = Value::Object(body);
    let path = format!("/api/v1/lists/{}/members", members.list);
    let changed = match Target::open_existing(args)? {
        Target::Remote(client) => {
            let changed = if is_member {
                client.put(&path, &body)?
            } else {
                client.delete_with(&path, &body)?
            };
            match changed["job_id"].as_str() {
                Some(id) => follow(&client, &format!("/api/v1/jobs/{id}"), "change of the list")?,
                None => changed,
            }
        }
        Target::Local { app, caller } => {
            let id = members.list.to_string();
            match app.change_members(&caller, &id, &body, is_member, None)? {
                MembersChanged::Trial(trial) => json!(trial),
                MembersChanged::Done(done) => json!(done),
                MembersChanged::Started(job) => {
                    app.finish_jobs();
                    json!(app.find_job(&caller, job.id)?)
                }
            }
        }
    };
    if args.json {
        return output::print_json(&changed);
    }
    let refused = match number(&changed, "/refused") {
        0 => String::new(),
        some => format!(", {some} could not be"),
    };
    let done = if is_member { "added" } else { "removed" };
    let contacts = counted(number(&changed, "/changed"), "contact", "contacts");
    output::print(&format!("{contacts} {done}{refused}"))
}
