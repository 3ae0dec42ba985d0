//! `ringdex job`, `import-questions` and `import-undo`: work in the background, and what is left to
//! decide of it.

use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::args::Args;
use super::error::Failure;
use super::output;
use super::target::Target;
use super::upkeep::print_job;
use crate::app::{App, Error, JobKind, JobQuery, WorkState};

/// Jobs and questions of a page on the command line.
const PER_PAGE: usize = 1_000;

#[derive(Subcommand)]
pub(super) enum Job {
    /// List jobs of every kind, newest first.
    List {
        /// Only jobs of this kind, for example import or `bulk_action`.
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Only jobs that are queued, running, done, failed or cancelled.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
    },
    /// Show all that is known of a job.
    Show {
        /// The id of the job.
        id: Uuid,
    },
    /// Stop a job of a server as soon as it can; what it has done stays.
    Cancel {
        /// The id of the job.
        id: Uuid,
    },
    /// Take back what a job has changed.
    Undo {
        /// The id of the job.
        id: Uuid,
    },
}

#[derive(clap::Args)]
pub(super) struct ImportQuestions {
    /// The id of the import.
    id: Uuid,
    /// An answer: 12=skip, 12=create, 12=update for the contact that row 12 seems to belong to, or
    /// 12=update:CONTACT; repeatable.
    #[arg(long = "answer", value_name = "ROW=ACTION")]
    answers: Vec<String>,
}

#[derive(clap::Args)]
pub(super) struct ImportUndo {
    /// The id of the import.
    id: Uuid,
}

pub(super) fn run(args: &Args, command: &Job) -> Result<(), Failure> {
    let target = opened(args)?;
    match command {
        Job::List { kind, state } => {
            let list = match &target {
                Target::Remote(client) => {
                    let per_page = PER_PAGE.to_string();
                    let mut wanted = vec![("per_page", per_page.as_str())];
                    wanted.extend(kind.as_deref().map(|kind| ("kind", kind)));
                    wanted.extend(state.as_deref().map(|state| ("state", state)));
                    client.get("/api/v1/jobs", &wanted)?
                }
                Target::Local { app, caller } => {
                    let query = JobQuery {
                        kind: read(kind.as_deref(), "/kind", &JobKind::ALL)?,
                        state: read(state.as_deref(), "/state", &WorkState::ALL)?,
                        page: 1,
                        per_page: PER_PAGE,
                    };
                    let found = app.list_all_jobs(caller, query)?;
                    json!({"total": found.total, "items": found.jobs})
                }
            };
            print_list(args, &list)
        }
        Job::Show { id } => output::print_json(&match &target {
            Target::Remote(client) => client.get(&format!("/api/v1/jobs/{id}"), &[])?,
            Target::Local { app, caller } => json!(app.view_job(caller, *id)?),
        }),
        Job::Cancel { id } => output::print_json(&match &target {
            Target::Remote(client) => {
                client.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({}))?
            }
            Target::Local { app, caller } => json!(app.cancel_job(caller, *id)?),
        }),
        Job::Undo { id } => {
            let known = match &target {
                Target::Remote(client) => client.get(&format!("/api/v1/jobs/{id}"), &[])?,
                Target::Local { app, caller } => json!(app.view_job(caller, *id)?),
            };
            undo(args, &target, *id, known["kind"] == "import")
        }
    }
}

fn read<T: Copy>(
    text: Option<&str>,
    pointer: &str,
    all: &[(&'static str, T)],
) -> Result<Option<T>, Failure> {
    let Some(text) = text else { return Ok(None) };
    if let Some((_, found)) = all.iter().find(|(name, _)| *name == text) {
        return Ok(Some(*found));
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let detail = format!("must be one of {}", names.join(", "));
    Err(Error::invalid(pointer, "value", detail).into())
}

fn print_list(args: &Args, list: &Value) -> Result<(), Failure> {
    if args.json {
        return output::print_json(list);
    }
    let text = |job: &Value, member: &str| job[member].as_str().unwrap_or_default().to_owned();
    let rows = list["items"].as_array().into_iter().flatten().map(|job| {
        let done = format!("{}/{}", job["progress"]["done"], job["progress"]["total"]);
        let by = if job["by_name"].is_null() { "by" } else { "by_name" };
        vec![
            text(job, "created_at"),
            text(job, "kind"),
            text(job, "state"),
            done,
            text(job, by),
            text(job, "id"),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    output::print_table(&["at", "kind", "state", "done", "by", "id"], &rows)
}

/// What the arguments name; of a directory the jobs are read, which a server does when it starts.
pub(super) fn opened(args: &Args) -> Result<Target, Failure> {
    let target = Target::open_existing(args)?;
    if let Target::Local { app, .. } = &target {
        app.restore_jobs()?;
    }
    Ok(target)
}

fn undo(args: &Args, target: &Target, id: Uuid, is_import: bool) -> Result<(), Failure> {
    let noun = if is_import { "imports" } else { "jobs" };
    let job = match target {
        Target::Remote(client) => client.post(&format!("/api/v1/{noun}/{id}/undo"), &json!({}))?,
        Target::Local { app, caller } => {
            let app: &Arc<App> = app;
            let job =
                if is_import { app.undo_import(caller, id) } else { app.undo_job(caller, id) }?;
            app.finish_jobs();
            json!(app.find_job(caller, job.id).unwrap_or(job))
        }
    };
    print_job(args, target, job, "undo", "taken back")
}

pub(super) fn import_undo(args: &Args, command: &ImportUndo) -> Result<(), Failure> {
    undo(args, &opened(args)?, command.id, true)
}

pub(super) fn import_questions(args: &Args, command: &ImportQuestions) -> Result<(), Failure> {
    let target = opened(args)?;
    let id = command.id;
    let path = format!("/api/v1/imports/{id}/questions");
    if command.answers.is_empty() {
        let per_page = PER_PAGE.to_string();
        let found = match &target {
            Target::Remote(client) => client.get(&path, &[("per_page", per_page.as_str())])?,
            Target::Local { app, caller } => app.import_questions(caller, id, 1, PER_PAGE)?,
        };
        if args.json {
            return output::print_json(&found);
        }
        for question in found["items"].as_array().into_iter().flatten() {
            output::print(&format!("row {}: {}", question["row"], question["values"]))?;
            for one in question["candidates"].as_array().into_iter().flatten() {
                let likely = match one["probability"].as_f64() {
                    Some(probability) => format!(" {:.0} %", probability * 100.0),
                    None => String::new(),
                };
                let (id, name) = (one["id"].as_str(), one["display_name"].as_str());
                let (id, name) = (id.unwrap_or_default(), name.unwrap_or_default());
                output::print(&format!("  {id}  {name}{likely}"))?;
            }
        }
        return Ok(());
    }
    let answers = command.answers.iter().enumerate().map(|(at, text)| answer(at, text));
    let body = json!({"answers": answers.collect::<Result<Vec<Value>, Failure>>()?});
    let done = match &target {
        Target::Remote(client) => client.post(&path, &body)?,
        Target::Local { app, caller } => app.answer_import(caller, id, &body)?,
    };
    if args.json {
        return output::print_json(&done);
    }
    for one in done["answers"].as_array().into_iter().flatten() {
        let why = one["detail"].as_str().map_or(String::new(), |why| format!(": {why}"));
        let what = one["outcome"].as_str().unwrap_or_default();
        output::print(&format!("row {}: {what}{why}", one["row"]))?;
    }
    output::print(&format!("{} left", done["open"]))
}

/// Reads `ROW=ACTION` or `ROW=update:CONTACT`.
fn answer(at: usize, text: &str) -> Result<Value, Failure> {
    let read = text.split_once('=').and_then(|(row, action)| {
        let row: u64 = row.trim().parse().ok()?;
        let (action, contact) = match action.split_once(':') {
            Some((action, contact)) => (action, Some(contact)),
            None => (action, None),
        };
        Some(json!({"row": row, "action": action, "contact_id": contact}))
    });
    let detail = "must be the number of a row, = and update, skip or create, such as 12=skip";
    read.ok_or_else(|| Error::invalid(&format!("/answers/{at}"), "value", detail).into())
}
