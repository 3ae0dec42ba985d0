//! `ringdex lead-score` and `ringdex retention`: work over all contacts that a rule of the organisation asks for.

use clap::Subcommand;
use serde_json::{Value, json};

use super::args::Args;
use super::error::Failure;
use super::job::{follow, number};
use super::output;
use super::target::Target;
use crate::app::RetentionStart;
use crate::domain::text::counted;
use crate::engine::Cancel;

#[derive(Subcommand)]
pub(super) enum LeadScore {
    /// Score all contacts anew; a server does that by itself each night and when rules change.
    Run,
}

#[derive(Subcommand)]
pub(super) enum Retention {
    /// Archive and delete what the setting retention says.
    Run {
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn retention(args: &Args, command: &Retention) -> Result<(), Failure> {
    let Retention::Run { dry_run } = command;
    let target = Target::open_existing(args)?;
    let body = json!({"dry_run": dry_run});
    let started = match &target {
        Target::Remote(client) => client.post("/api/v1/retention/runs", &body)?,
        Target::Local { app, caller } => {
            match app.run_retention(caller, &body, &Cancel::never())? {
                RetentionStart::Trial(trial) => json!(trial),
                RetentionStart::Started(job) => {
                    app.finish_jobs();
                    json!(app.find_job(caller, job.id).unwrap_or(*job))
                }
            }
        }
    };
    if !*dry_run {
        return print_job(args, &target, started, "run", "archived or deleted");
    }
    if args.json {
        return output::print_json(&started);
    }
    for rule in started["rules"].as_array().into_iter().flatten() {
        let action = rule["action"].as_str().unwrap_or_default();
        let total = counted(number(rule, "/total"), "contact", "contacts");
        let days = number(rule, "/after_days");
        output::print(&format!("{action} {total} with which nothing happened for {days} days"))?;
    }
    let kept = counted(number(&started, "/kept"), "contact stays", "contacts stay");
    output::print(&kept)
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
