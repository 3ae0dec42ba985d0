//! Comparing everything on demand: over the base or over a list, in the background, with a report
//! to fetch.
//!
//! What was asked for stands in the store, so that a run without a report is begun again after a
//! restart; reports lie in the data directory until then.

use std::collections::HashMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::error::{Error, Noun};
use super::super::{App, authorize};
use super::file::{FileReportError, FileReportOptions, report_on_file};
use super::live::Built;
use super::report::{DuplicateReport, ReportFormat, ReportOptions, ReportSummary, ReportView};
use crate::domain::access::{Caller, FieldRight, Permission, Sight};
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, codec, keys};

/// Runs of an organisation that are remembered.
const MOST_REMEMBERED: usize = 200;
/// Reports of an organisation that are kept; they hold what contacts hold.
const MOST_REPORTS: usize = 20;
/// Runs of an organisation that wait or run at once.
const MOST_WAITING: usize = 16;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for another one to finish.
    Queued,
    /// It compares.
    Running,
    /// It has finished.
    Done,
    /// It could not go on; nothing was changed.
    Failed,
    /// It was stopped.
    Cancelled,
}

/// The report that a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Pairs or groups.
    pub view: ReportView,
    /// The format.
    pub format: ReportFormat,
    /// How likely a pair must be, 0 to 1.
    pub min_probability: f64,
}

/// A run as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuplicateRun {
    /// The public identifier.
    pub id: Uuid,
    /// Where it stands.
    pub state: RunState,
    /// Whether a list is compared instead of the base.
    pub is_list: bool,
    /// The report that it writes, if any.
    pub report: Option<RunReport>,
    /// Who asked for it.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The figures of the comparison of the base.
    pub compared: Option<Built>,
    /// The figures of the report.
    pub summary: Option<ReportSummary>,
    /// Why it failed.
    pub error: Option<String>,
}

/// A run with how far it is.
#[derive(Clone, Debug)]
pub struct RunView {
    /// The run.
    pub run: DuplicateRun,
    /// Contacts read, or bytes of the list.
    pub done: u64,
    /// Contacts or bytes in all.
    pub total: u64,
    /// Whether its report can be fetched.
    pub has_report: bool,
}

/// What compares a list.
pub struct ListRun {
    /// The uploaded file.
    pub file: PathBuf,
    /// How it is read.
    pub options: FileReportOptions,
}

/// A run of this process.
struct Running {
    done: AtomicU64,
    total: AtomicU64,
    cancel: AtomicBool,
}

/// The runs of this process.
#[derive(Default)]
pub(in crate::app) struct Runs {
    running: Mutex<HashMap<Uuid, Arc<Running>>>,
    /// Held by the run that compares; the others wait.
    turn: Mutex<()>,
}

fn may_see(caller: &Caller, run: &DuplicateRun) -> bool {
    let is_own = *run.created_by == *caller.actor;
    let sees_all = caller.sight == Sight::Everything
        && caller.fields.phones == FieldRight::Full
        && caller.fields.emails == FieldRight::Full;
    is_own || sees_all
}

impl App {
    /// Compares all contacts with each other in the background, or the rows of a list, and writes
    /// a report if one is asked for. The list to review is as current as it can be afterwards.
    ///
    /// # Errors
    /// If the caller may not, or too many runs wait.
    pub fn start_duplicate_run(
        self: &Arc<Self>,
        caller: &Caller,
        report: Option<RunReport>,
        list: Option<ListRun>,
    ) -> Result<RunView, Error> {
        let refused = self.check_duplicate_run(caller, report.is_some(), list.is_some());
        let made = refused.and_then(|()| {
            let run = DuplicateRun {
                id: Uuid::now_v7(),
                state: RunState::Queued,
                is_list: list.is_some(),
                report,
                created_by: caller.actor.to_string(),
                created_at: self.partition.now(),
                finished_at: None,
                compared: None,
                summary: None,
                error: None,
            };
            self.keep_run(caller.organization, &run)?;
            Ok(run)
        });
        let run = match made {
            Ok(run) => run,
            Err(error) => {
                if let Some(list) = &list {
                    remove(&list.file);
                }
                return Err(error);
            }
        };
        let shown = self.run_view(run.clone());
        let caller = caller.clone();
        self.begin_run(caller.organization, run, move |app, run, running| match list {
            Some(list) => {
                let done = app.run_on_list(caller.organization, run, &list, running);
                remove(&list.file);
                done
            }
            None => app.run_on_base(Some(&caller), caller.organization, run, running),
        });
        Ok(shown)
    }

    /// Refuses a run that the caller may not start, before its list is uploaded.
    ///
    /// # Errors
    /// If the caller may not, or too many runs wait.
    pub fn check_duplicate_run(
        &self,
        caller: &Caller,
        has_report: bool,
        is_list: bool,
    ) -> Result<(), Error> {
        if is_list {
            authorize(caller, Permission::Import)?;
        } else {
            authorize(caller, Permission::Merge)?;
            if has_report {
                authorize(caller, Permission::Export)?;
            }
        }
        let waiting = self.all_runs(caller.organization)?;
        if waiting.iter().filter(|run| run.finished_at.is_none()).count() >= MOST_WAITING {
            return Err(Error::Overloaded("too many runs wait already; try again later"));
        }
        Ok(())
    }

    /// Begins again what a restart has interrupted.
    pub fn resume_duplicate_runs(self: &Arc<Self>) {
        for organization in self.access().organizations() {
            let org = organization.number;
            let runs = self.all_runs(org).unwrap_or_else(|error| {
                tracing::error!("runs of {} cannot be read: {error}", organization.name);
                Vec::new()
            });
            for mut run in runs.into_iter().filter(|run| run.finished_at.is_none()) {
                if run.report.is_some() || run.is_list {
                    run.state = RunState::Failed;
                    run.finished_at = Some(self.partition.now());
                    run.error = Some("the server was restarted: start it again".to_owned());
                    self.keep_run_or_warn(org, &run);
                } else {
                    self.begin_run(org, run, move |app, run, running| {
                        app.run_on_base(None, org, run, running)
                    });
                }
            }
        }
    }

    fn begin_run(
        self: &Arc<Self>,
        org: OrgNumber,
        mut run: DuplicateRun,
        work: impl FnOnce(&Self, &mut DuplicateRun, &Running) -> Result<(), Error> + Send + 'static,
    ) {
        let running = Arc::new(Running {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            cancel: AtomicBool::new(false),
        });
        self.duplicates.runs.running.lock().insert(run.id, Arc::clone(&running));
        self.in_background("duplicates run", move |app| {
            let turn = app.duplicates.runs.turn.lock();
            let mut result = Ok(());
            if !app.is_stopping_run(&running) {
                run.state = RunState::Running;
                app.keep_run_or_warn(org, &run);
                result = work(app, &mut run, &running);
            }
            drop(turn);
            let is_cancelled = running.cancel.load(Ordering::Relaxed);
            // A run without a report that the end of the server has stopped goes on after it.
            if !app.is_ending() || is_cancelled {
                run.finished_at = Some(app.partition.now());
                run.state = match result {
                    Ok(()) if is_cancelled => RunState::Cancelled,
                    Ok(()) => RunState::Done,
                    Err(error) => {
                        run.error = Some(error.to_string());
                        RunState::Failed
                    }
                };
                app.keep_run_or_warn(org, &run);
            }
            app.duplicates.runs.running.lock().remove(&run.id);
        });
    }

    fn is_ending(&self) -> bool {
        self.is_stopping_jobs() || self.is_stopping_duplicates()
    }

    fn is_stopping_run(&self, running: &Running) -> bool {
        running.cancel.load(Ordering::Relaxed) || self.is_ending()
    }

    fn run_on_base(
        &self,
        caller: Option<&Caller>,
        org: OrgNumber,
        run: &mut DuplicateRun,
        running: &Running,
    ) -> Result<(), Error> {
        let live = self.live_duplicates(org);
        let last = live.base.read().as_ref().map_or(0, |base| base.built.contacts as u64);
        running.total.store(last, Ordering::Relaxed);
        let mut progress = |done| {
            running.done.store(done, Ordering::Relaxed);
            running.total.fetch_max(done, Ordering::Relaxed);
            !self.is_stopping_run(running)
        };
        run.compared = self.rebuild_duplicates(&live, &mut progress)?;
        running.total.store(running.done.load(Ordering::Relaxed), Ordering::Relaxed);
        if let (Some(report), Some(caller)) = (run.report, caller)
            && !self.is_stopping_run(running)
        {
            let options = options_of(report);
            let made = self.report_duplicates(caller, &options, &mut |done| {
                running.done.store(done, Ordering::Relaxed);
            })?;
            self.write_report(org, run, report, &made)?;
        }
        Ok(())
    }

    fn run_on_list(
        &self,
        org: OrgNumber,
        run: &mut DuplicateRun,
        list: &ListRun,
        running: &Running,
    ) -> Result<(), Error> {
        let Some(report) = run.report else { return Ok(()) };
        let io = |source| EngineError::Io { path: list.file.clone(), source };
        let bytes = std::fs::metadata(&list.file).map_err(io)?.len();
        running.total.store(bytes, Ordering::Relaxed);
        let input = self.open_staged_file(&list.file).map_err(io)?;
        let options = options_of(report);
        let made = report_on_file(input, &list.options, &options, &mut |done| {
            running.done.store(done, Ordering::Relaxed);
        });
        match made {
            Ok(made) => self.write_report(org, run, report, &made),
            Err(FileReportError::App(error)) => Err(error),
            Err(error) => Err(Error::FileUnreadable(error.to_string())),
        }
    }

    fn write_report(
        &self,
        org: OrgNumber,
        run: &mut DuplicateRun,
        report: RunReport,
        made: &DuplicateReport,
    ) -> Result<(), Error> {
        let path = self.run_report_path(run.id)?;
        let io = |source| EngineError::Io { path: path.clone(), source };
        let mut out = BufWriter::new(self.create_staged_file(&path).map_err(io)?);
        made.write(report.format, report.view, &mut out).map_err(io)?;
        out.flush().and_then(|()| out.get_mut().finish()).map_err(io)?;
        run.summary = Some(made.summary());
        self.forget_old_reports(org, run.id)
    }

    /// Removes the reports of all but the latest runs.
    fn forget_old_reports(&self, org: OrgNumber, latest: Uuid) -> Result<(), Error> {
        let runs = self.all_runs(org)?;
        let with_reports = runs.iter().rev().filter(|run| run.report.is_some() && run.id != latest);
        for old in with_reports.skip(MOST_REPORTS - 1) {
            let path = self.run_report_path(old.id)?;
            if path.exists() {
                remove(&path);
            }
        }
        Ok(())
    }

    fn run_report_path(&self, id: Uuid) -> Result<PathBuf, Error> {
        Ok(self.imports_folder()?.join(format!("{id}.duplicates")))
    }

    fn keep_run(&self, org: OrgNumber, run: &DuplicateRun) -> Result<(), Error> {
        let (key, run) = (keys::duplicate_run(org, run.id), run.clone());
        let actor = run.created_by.clone();
        self.partition.write::<_, Error>(org, actor.as_str(), false, move |tx| {
            let known = tx.scan(&keys::space_of(keys::DUPLICATE_RUNS, org))?;
            // Ids grow with time: the oldest go first.
            let others: Vec<_> = known.into_keys().filter(|other| *other != key).collect();
            for old in others.iter().take((others.len() + 1).saturating_sub(MOST_REMEMBERED)) {
                tx.delete(old);
            }
            let bytes = codec::encode(&run).map_err(EngineError::from)?;
            tx.put(&key, bytes);
            Ok(())
        })?;
        Ok(())
    }

    fn keep_run_or_warn(&self, org: OrgNumber, run: &DuplicateRun) {
        if let Err(error) = self.keep_run(org, run) {
            tracing::warn!("run {} cannot be kept: {error}", run.id);
        }
    }

    fn all_runs(&self, org: OrgNumber) -> Result<Vec<DuplicateRun>, Error> {
        let mut runs: Vec<DuplicateRun> = Vec::new();
        for entry in self.partition.scan(&keys::space_of(keys::DUPLICATE_RUNS, org)) {
            runs.push(codec::decode(entry?.1.as_ref()).map_err(EngineError::from)?);
        }
        Ok(runs)
    }

    fn run_view(&self, run: DuplicateRun) -> RunView {
        let running = self.duplicates.runs.running.lock().get(&run.id).cloned();
        let figure = |pick: fn(&Running) -> &AtomicU64, ended: u64| {
            running.as_ref().map_or(ended, |running| pick(running).load(Ordering::Relaxed))
        };
        let contacts = run.compared.map_or(0, |built| built.contacts as u64);
        let contacts = run.summary.as_ref().map_or(contacts, |summary| summary.contacts as u64);
        let has_report = run.state == RunState::Done
            && run.report.is_some()
            && self.run_report_path(run.id).is_ok_and(|path| path.exists());
        let (done, total) =
            (figure(|running| &running.done, contacts), figure(|running| &running.total, contacts));
        RunView { run, done, total, has_report }
    }

    /// The runs that the caller may know of, the newest first.
    ///
    /// # Errors
    /// If the caller may neither merge nor import.
    pub fn list_duplicate_runs(&self, caller: &Caller) -> Result<Vec<RunView>, Error> {
        if !caller.may(Permission::Import) {
            authorize(caller, Permission::Merge)?;
        }
        let mut runs = self.all_runs(caller.organization)?;
        runs.retain(|run| may_see(caller, run));
        runs.reverse();
        Ok(runs.into_iter().map(|run| self.run_view(run)).collect())
    }

    /// How a run stands.
    ///
    /// # Errors
    /// If there is none with this id for this caller.
    pub fn find_duplicate_run(&self, caller: &Caller, id: Uuid) -> Result<RunView, Error> {
        if !caller.may(Permission::Import) {
            authorize(caller, Permission::Merge)?;
        }
        let kept = self.partition.get(&keys::duplicate_run(caller.organization, id))?;
        let Some(kept) = kept else { return Err(Error::NotFound(Noun::Run)) };
        let run: DuplicateRun = codec::decode(kept.as_ref()).map_err(EngineError::from)?;
        if !may_see(caller, &run) {
            return Err(Error::NotFound(Noun::Run));
        }
        Ok(self.run_view(run))
    }

    /// Stops a run as soon as it can.
    ///
    /// # Errors
    /// If there is none with this id for this caller.
    pub fn cancel_duplicate_run(&self, caller: &Caller, id: Uuid) -> Result<RunView, Error> {
        let found = self.find_duplicate_run(caller, id)?;
        if let Some(running) = self.duplicates.runs.running.lock().get(&id) {
            running.cancel.store(true, Ordering::Relaxed);
        }
        Ok(found)
    }

    /// The report of a run, with what it is. It holds what its maker sees, and is for the maker
    /// and for those who see everything.
    ///
    /// # Errors
    /// If there is no run with this id for this caller, or it has no report.
    pub fn duplicate_run_report(
        &self,
        caller: &Caller,
        id: Uuid,
    ) -> Result<(RunReport, PathBuf), Error> {
        let found = self.find_duplicate_run(caller, id)?;
        match found.run.report {
            Some(report) if found.has_report => Ok((report, self.run_report_path(id)?)),
            _ => Err(Error::NotFound(Noun::Report)),
        }
    }
}

fn options_of(report: RunReport) -> ReportOptions {
    ReportOptions {
        min_probability: report.min_probability,
        has_cards: report.format == ReportFormat::Html,
    }
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::warn!("{} cannot be removed: {error}", file.display());
    }
}
