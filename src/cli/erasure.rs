//! `ringdex erasure`: ask for the erasure of a person, decide, show the certificate.

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin::print_records;
use super::args::{Args, id};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::domain::ids::ContactId;

/// Where the API keeps them.
const PATH: &str = "/api/v1/erasures";

#[derive(Subcommand)]
pub(super) enum Erasure {
    /// List them, the last one first; with --json it is what restore --erasures takes.
    List,
    /// Ask for the erasure of a contact.
    Request {
        /// The id of the contact.
        #[arg(value_parser = id::<Uuid>)]
        contact: Uuid,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show one, with its certificate.
    Show {
        /// The id of the erasure.
        #[arg(value_parser = id::<Uuid>)]
        id: Uuid,
    },
    /// Approve one: the contact goes at once and for good.
    Approve {
        /// The id of the erasure.
        #[arg(value_parser = id::<Uuid>)]
        id: Uuid,
    },
    /// Refuse one.
    Refuse {
        /// The id of the erasure.
        #[arg(value_parser = id::<Uuid>)]
        id: Uuid,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
}

fn with_reason(reason: Option<&String>) -> Value {
    reason.map_or_else(|| json!({}), |reason| json!({"reason": reason}))
}

pub(super) fn run(args: &Args, command: &Erasure) -> Result<(), Failure> {
    let target = Target::open_existing(args)?;
    let answer = match (command, &target) {
        (Erasure::List, Target::Remote(client)) => client.get(PATH, &[("per_page", "500")])?,
        (Erasure::List, Target::Local { app, caller }) => {
            json!(app.list_erasures(caller, None, None, Some(500))?)
        }
        (Erasure::Request { contact, reason }, Target::Remote(client)) => {
            let path = format!("/api/v1/contacts/{contact}/erasure");
            client.post(&path, &with_reason(reason.as_ref()))?
        }
        (Erasure::Request { contact, reason }, Target::Local { app, caller }) => {
            let body = with_reason(reason.as_ref());
            json!(app.request_erasure(caller, ContactId(*contact), &body)?.0)
        }
        (Erasure::Show { id }, Target::Remote(client)) => {
            client.get(&format!("{PATH}/{id}"), &[])?
        }
        (Erasure::Show { id }, Target::Local { app, caller }) => {
            json!(app.find_erasure(caller, *id)?)
        }
        (Erasure::Approve { id }, Target::Remote(client)) => {
            client.post(&format!("{PATH}/{id}/approve"), &json!({}))?
        }
        (Erasure::Approve { id }, Target::Local { app, caller }) => {
            json!(app.approve_erasure(caller, *id)?)
        }
        (Erasure::Refuse { id, reason }, Target::Remote(client)) => {
            client.post(&format!("{PATH}/{id}/refuse"), &with_reason(reason.as_ref()))?
        }
        (Erasure::Refuse { id, reason }, Target::Local { app, caller }) => {
            json!(app.refuse_erasure(caller, *id, &with_reason(reason.as_ref()))?)
        }
    };
    match command {
        Erasure::List if !args.json => {
            let shown = ["state", "contact_id", "requested_at", "requested_by", "id"];
            print_records(args, &answer["items"], &shown)
        }
        Erasure::Request { .. } if !args.json => {
            output::print(answer["id"].as_str().unwrap_or_default())
        }
        Erasure::List
        | Erasure::Request { .. }
        | Erasure::Show { .. }
        | Erasure::Approve { .. }
        | Erasure::Refuse { .. } => output::print_json(&answer),
    }
}
