//! All work in the background in one list: imports, exports, bulk actions and what takes them back,
//! runs that look for duplicates, and what rules of the organisation ask for.
//!
//! Each kind is kept where it always was; here it is only shown, to whom it is shown there.

use std::str::FromStr;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::{Error, Noun};
use super::import_jobs::{ImportJob, ImportState};
use super::jobs::{BulkJob, JobKind, JobState};
use super::{App, DuplicateRun, RunState, RunView};
use crate::domain::access::Caller;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;

/// Where any work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// It waits for other work.
    Queued,
    /// It runs.
    Running,
    /// It has finished.
    Done,
    /// It could not go on.
    Failed,
    /// Somebody has stopped it.
    Cancelled,
}

impl WorkState {
    /// All states, by name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("queued", Self::Queued),
        ("running", Self::Running),
        ("done", Self::Done),
        ("failed", Self::Failed),
        ("cancelled", Self::Cancelled),
    ];

    fn has_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for WorkState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, state)| *state).ok_or(())
    }
}

impl From<JobState> for WorkState {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Running => Self::Running,
            JobState::Done => Self::Done,
            JobState::Failed => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<ImportState> for WorkState {
    fn from(state: ImportState) -> Self {
        match state {
            ImportState::Queued => Self::Queued,
            ImportState::Running => Self::Running,
            ImportState::Done => Self::Done,
            ImportState::Failed => Self::Failed,
            ImportState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<RunState> for WorkState {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Queued => Self::Queued,
            RunState::Running => Self::Running,
            RunState::Done => Self::Done,
            RunState::Failed => Self::Failed,
            RunState::Cancelled => Self::Cancelled,
        }
    }
}

/// Work of any kind as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct JobView {
    /// The public identifier.
    pub id: Uuid,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub state: WorkState,
    /// Who asked for it.
    pub by: String,
    /// The name of the user who asked for it, if it is one who is known.
    pub by_name: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How far it is.
    pub progress: Value,
    /// What it came to, once it has ended.
    pub result: Option<Value>,
    /// Where it is stopped, while it can be.
    pub cancel_url: Option<String>,
    /// Where it is taken back, if that can be.
    pub undo_url: Option<String>,
    /// Where all is said about it.
    pub url: String,
    /// Why it failed.
    pub error: Option<String>,
    /// What else is known of work of its kind.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Which jobs are wanted.
#[derive(Clone, Copy, Debug)]
pub struct JobQuery {
    /// Only those of this kind.
    pub kind: Option<JobKind>,
    /// Only those that stand so.
    pub state: Option<WorkState>,
    /// Which page, from 1.
    pub page: usize,
    /// Jobs of a page.
    pub per_page: usize,
}

/// A page of jobs.
#[derive(Clone, Debug)]
pub struct JobPage {
    /// All that are wanted.
    pub total: usize,
    /// Those of the page, newest first.
    pub jobs: Vec<JobView>,
}

/// What a list of jobs is sorted and narrowed by.
pub(super) struct JobLine {
    pub(super) id: Uuid,
    pub(super) kind: JobKind,
    pub(super) state: WorkState,
    pub(super) created_at: Timestamp,
}

fn cancel_url(id: Uuid) -> String {
    format!("/api/v1/jobs/{id}/cancel")
}

fn more(of: Value) -> Map<String, Value> {
    match of {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

impl App {
    /// The jobs of all kinds that the caller sees, newest first.
    ///
    /// # Errors
    /// If what is kept of them cannot be read.
    pub fn list_all_jobs(&self, caller: &Caller, query: JobQuery) -> Result<JobPage, Error> {
        let mut lines = self.job_lines(caller);
        lines.extend(allowed(self.import_lines(caller))?);
        let runs = allowed(self.list_duplicate_runs(caller))?;
        lines.extend(runs.into_iter().map(|view| JobLine {
            id: view.run.id,
            kind: JobKind::DuplicatesRun,
            state: view.run.state.into(),
            created_at: view.run.created_at,
        }));
        lines.retain(|line| {
            query.kind.is_none_or(|kind| kind == line.kind)
                && query.state.is_none_or(|state| state == line.state)
        });
        lines.sort_unstable_by_key(|line| std::cmp::Reverse((line.created_at, line.id)));
        let wanted = lines.iter().skip((query.page - 1) * query.per_page).take(query.per_page);
        let mut jobs = Vec::with_capacity(wanted.len());
        for line in wanted {
            match self.view_job(caller, line.id) {
                Ok(job) => jobs.push(job),
                // It has gone meanwhile.
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(JobPage { total: lines.len(), jobs })
    }

    /// How work of any kind stands.
    ///
    /// # Errors
    /// If there is none with this id that the caller sees.
    pub fn view_job(&self, caller: &Caller, id: Uuid) -> Result<JobView, Error> {
        if let Some((by, job)) = self.seen_job(caller, id) {
            return Ok(self.of_bulk_job(caller.organization, by, &job));
        }
        match self.find_import(caller, id) {
            Ok(job) => return Ok(of_import(job)),
            Err(Error::ImportNotFound | Error::Forbidden(_)) => {}
            Err(error) => return Err(error),
        }
        match self.find_duplicate_run(caller, id) {
            Ok(view) => Ok(self.of_run(caller.organization, view)),
            Err(Error::NotFound(_) | Error::Forbidden(_)) => Err(Error::NotFound(Noun::Job)),
            Err(error) => Err(error),
        }
    }

    /// Stops work of any kind as soon as it can; what it has done stays.
    ///
    /// # Errors
    /// If there is none with this id that the caller sees, it has ended, or it has to come to its
    /// end.
    pub fn cancel_job(&self, caller: &Caller, id: Uuid) -> Result<JobView, Error> {
        let known = self.view_job(caller, id)?;
        if known.state.has_ended() {
            let detail = "this job has ended already: there is nothing to stop";
            return Err(Error::ImpossibleStep(detail.to_owned()));
        }
        if !known.kind.can_be_cancelled() {
            let detail = "this job cannot be stopped: what the organisation has decided would hold \
                          for some contacts only";
            return Err(Error::ImpossibleStep(detail.to_owned()));
        }
        if known.kind == JobKind::Import {
            self.cancel_import(caller, id)?;
        } else if known.kind == JobKind::DuplicatesRun {
            self.cancel_duplicate_run(caller, id)?;
        } else {
            self.stop_job(id);
        }
        self.view_job(caller, id)
    }

    fn of_bulk_job(&self, org: OrgNumber, by: String, job: &BulkJob) -> JobView {
        let has_ended = job.finished_at.is_some();
        let has_inverse = !job.audit_entries.is_empty() || job.merge_id.is_some();
        let is_undoable = has_inverse && job.undone_by.is_none();
        let done = job.changed + job.unchanged + job.refused;
        let is_undo = matches!(job.kind, JobKind::Undo | JobKind::ImportUndo);
        let result = if is_undo {
            let why = |one: &super::jobs::Refusal| json!({"id": one.id, "why": one.detail});
            let kept: Vec<Value> = job.refusals.iter().map(why).collect();
            json!({"undone": job.changed, "kept": kept})
        } else {
            json!({"changed": job.changed, "unchanged": job.unchanged, "refused": job.refused})
        };
        let by_name = self.name_of_actor(org, &by);
        let mut members = json!({
            "total": job.total, "changed": job.changed, "unchanged": job.unchanged,
            "refused": job.refused, "refusals": job.refusals, "audit_entries": job.audit_entries,
            "merge_id": job.merge_id, "undo_of": job.undo_of, "undone_by": job.undone_by,
        });
        let mut result = result;
        let mut url = format!("/api/v1/jobs/{}", job.id);
        if let Some(file) = &job.export {
            url = format!("/api/v1/exports/{}", job.id);
            let file_url = self.has_export(job).then(|| format!("{url}/file"));
            result = json!({
                "exported": job.changed, "bytes": file.bytes, "file_url": file_url,
                "expires_at": file.expires_at,
            });
            members = json!({
                "total": job.total, "format": file.format, "options": file.options,
                "bytes": file.bytes, "file_url": file_url, "expires_at": file.expires_at,
            });
        }
        JobView {
            id: job.id,
            kind: job.kind,
            state: job.state.into(),
            by,
            by_name,
            created_at: job.created_at,
            finished_at: job.finished_at,
            progress: json!({"done": done, "total": job.total}),
            result: has_ended.then_some(result),
            cancel_url: (!has_ended && job.kind.can_be_cancelled()).then(|| cancel_url(job.id)),
            undo_url: (has_ended && is_undoable).then(|| format!("/api/v1/jobs/{}/undo", job.id)),
            url,
            error: job.error.clone(),
            more: more(members),
        }
    }

    fn of_run(&self, org: OrgNumber, view: RunView) -> JobView {
        let RunView { run, done, total, has_report } = view;
        let DuplicateRun { id, created_by: by, finished_at, compared, summary, .. } = run;
        let url = format!("/api/v1/duplicates/runs/{id}");
        let report_url = has_report.then(|| format!("{url}/report"));
        let result = json!({"compared": compared, "summary": summary, "report_url": report_url});
        JobView {
            id,
            kind: JobKind::DuplicatesRun,
            state: run.state.into(),
            by_name: self.name_of_actor(org, &by),
            by,
            created_at: run.created_at,
            finished_at,
            progress: json!({"done": done, "total": total}),
            result: finished_at.map(|_| result),
            cancel_url: finished_at.is_none().then(|| cancel_url(id)),
            undo_url: None,
            url,
            error: run.error,
            more: more(json!({"of": if run.is_list { "list" } else { "base" }})),
        }
    }
}

fn of_import(job: ImportJob) -> JobView {
    let has_ended = job.finished_at.is_some();
    let url = format!("/api/v1/imports/{}", job.id);
    let is_undoable = job.undo_state == super::UndoState::Available;
    JobView {
        id: job.id,
        kind: JobKind::Import,
        state: job.state.into(),
        by: job.by,
        by_name: job.by_name,
        created_at: job.created_at,
        finished_at: job.finished_at,
        progress: json!(job.progress),
        result: has_ended.then(|| json!(job.counts)),
        cancel_url: (!has_ended).then(|| cancel_url(job.id)),
        undo_url: is_undoable.then(|| format!("{url}/undo")),
        url,
        error: job.error,
        more: more(json!({
            "source": job.source, "counts": job.counts, "dry_run": job.dry_run,
            "undo_state": job.undo_state, "errors_url": job.errors_url,
        })),
    }
}

/// Nothing of a kind for whom it is not shown.
fn allowed<T>(found: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match found {
        Err(Error::Forbidden(_)) => Ok(Vec::new()),
        found => found,
    }
}
