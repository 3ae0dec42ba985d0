//! `ringdex lead-score`: work over all contacts that a rule of the organisation asks for.

use clap::Subcommand;
use serde_json::{Value, json};

use super::args::Args;
use super::error::Failure;
use super::job::{follow, number};
use super::output;
use super::target::Target;
use crate::domain::text::counted;

#[derive(Subcommand)]
pub(super) enum LeadScore {
    /// Score all contacts anew; a server does that by itself each night and when rules change.
    Run,
}

pub(super) fn lead_score(args: &Args, command: &LeadScore) -> Result<(), Failure> {
    let LeadScore::Run = command;
    let target = Target::open_existing(args)?;
    let job = match &target {
        Target::Remote(client) => client.post("/api/v1/lead-score/runs", &json!({}))?,
        Target::Local { app, caller } => {
            let job = app.score_leads(caller)?;
            app.finish_jobs();
            json!(app.find_job(caller, job.id).unwrap_or(job))
        }
    };
    print_job(args, &target, job, "scoring", "scored otherwise")
}

/// Waits for a job of a server, and says to how many contacts it did what.
pub(super) fn print_job(
    args: &Args,
    target: &Target,
    job: Value,
    what: &str,
    done: &str,
) -> Result<(), Failure> {
    let job = match target {
        Target::Remote(client) => {
            let id = job["id"].as_str().unwrap_or_default();
            follow(client, &format!("/api/v1/jobs/{id}"), what)?
        }
        Target::Local { .. } => job,
    };
    if job["state"] == "failed" {
        let detail = job["error"].as_str().unwrap_or("no reason was given").to_owned();
        return Err(Failure::Refused { detail });
    }
    if args.json {
        return output::print_json(&job);
    }
    let changed = counted(number(&job, "/changed"), "contact", "contacts");
    let refused = match number(&job, "/refused") {
        0 => String::new(),
        some => format!(", {some} could not be"),
    };
    output::print(&format!("{changed} {done}{refused}"))
}
