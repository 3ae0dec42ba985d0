//! Comparing everything on demand: over the base or over a list, in the background, with a report
//! to fetch.
//!
//! What was asked for stands in the store, and a list beside it (`run_files`), so that a run goes on
//! after a restart: it compares again, with the rights that who asked has then.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::caught::caught;
use super::super::error::{Error, Noun};
use super::super::staged::remove_staged_file;
use super::super::{App, Cancel, authorize};
use super::file::{FileReportError, report_on_file};
use super::live::Built;
use super::report::{ReportFormat, ReportOptions, ReportSummary, ReportView};
use super::run_files::{CancellableList, RunList};
use super::run_queue::RunQueue;
use crate::domain::access::{Caller, FieldRight, FieldRights, Permission, Sight};
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, codec, keys};

/// Runs of an organisation that are remembered.
const MOST_REMEMBERED: usize = 200;
/// Runs of an organisation that wait or run at once.
const MOST_WAITING: usize = 16;

/// How often a run is begun, if it never comes to an end.
const MOST_ATTEMPTS: u32 = 3;

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
    /// How the list is read.
    #[serde(default)]
    pub list: Option<RunList>,
    /// The report that it writes, if any.
    pub report: Option<RunReport>,
    /// What who asked for it saw when its report was made, as a hash; of a report on the base.
    #[serde(default)]
    pub seen: Option<String>,
    /// How often it was started without a clean shutdown afterwards.
    #[serde(default)]
    pub attempts: u32,
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

impl DuplicateRun {
    /// Whether it has written a report, which may have been removed since.
    pub(super) fn may_have_report(&self) -> bool {
        self.state == RunState::Done && self.report.is_some()
    }
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
    /// The id of the run to be, under which the list was put: see [`App::run_list_path`].
    pub id: Uuid,
    /// How it is read.
    pub how: RunList,
}

/// A run of this process.
struct Running {
    org: OrgNumber,
    done: AtomicU64,
    total: AtomicU64,
    cancel: Arc<AtomicBool>,
    /// Whether a contact was erased for good since its report was begun.
    is_outdated: AtomicBool,
}

/// The runs of this process.
#[derive(Default)]
pub(in crate::app) struct Runs {
    running: Mutex<HashMap<Uuid, Arc<Running>>>,
    turns: RunQueue,
}

fn may_see(caller: &Caller, run: &DuplicateRun) -> bool {
    let is_own = *run.created_by == *caller.actor;
    let sees_all = caller.sight == Sight::Everything
        && caller.fields.phones == FieldRight::Full
        && caller.fields.emails == FieldRight::Full;
    is_own || sees_all
}

/// Which contacts and fields a caller sees, as a hash: it is the same as long as they are.
fn seen_by(caller: &Caller) -> String {
    let seen = format!("{:?} {:?}", caller.sight, caller.fields);
    blake3::hash(seen.as_bytes()).to_hex().to_string()
}

/// Refuses a report to who may not have it now, whatever was allowed when it was made.
fn authorize_report(caller: &Caller, run: &DuplicateRun) -> Result<(), Error> {
    authorize_run(caller, true, run.is_list)?;
    let sees_all = caller.sight == Sight::Everything && caller.fields == FieldRights::default();
    // A report on a list holds nothing but the list.
    if run.is_list || sees_all || run.seen.as_ref() == Some(&seen_by(caller)) {
        return Ok(());
    }
    Err(Error::DeniedOnRecord(
        "what you see has changed since this report was made: start a new run",
    ))
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
        let is_list = list.is_some();
        let refused = self.check_duplicate_run(caller, report.is_some(), is_list);
        let (id, how) =
            list.map_or_else(|| (Uuid::now_v7(), None), |list| (list.id, Some(list.how)));
        let made = refused.and_then(|()| {
            let run = DuplicateRun {
                id,
                state: RunState::Queued,
                is_list,
                list: how,
                report,
                seen: None,
                attempts: 0,
                created_by: caller.actor.to_string(),
                created_at: self.partition.now(),
                finished_at: None,
                compared: None,
                summary: None,
                error: None,
            };
            if is_list {
                self.keep_run_list(id)?;
            }
            self.keep_run(caller.organization, &run)?;
            Ok(run)
        });
        let run = match made {
            Ok(run) => run,
            Err(error) => {
                if is_list {
                    remove_staged_file(&self.run_list_path(id)?);
                }
                return Err(error);
            }
        };
        let shown = self.run_view(run.clone());
        self.begin_run(caller.organization, run, Some(caller.clone()));
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
        authorize_run(caller, has_report, is_list)?;
        let waiting = self.all_runs(caller.organization)?;
        if waiting.iter().filter(|run| run.finished_at.is_none()).count() >= MOST_WAITING {
            return Err(Error::Overloaded("too many runs wait already; try again later"));
        }
        Ok(())
    }

    /// Begins again what a restart has interrupted.
    pub fn resume_duplicate_runs(self: &Arc<Self>) {
        let mut known = Vec::new();
        let mut is_complete = true;
        for organization in self.access().organizations() {
            let org = organization.number;
            let runs = self.all_runs(org).unwrap_or_else(|error| {
                tracing::error!("runs of {} cannot be read: {error}", organization.name);
                is_complete = false;
                Vec::new()
            });
            known.extend(runs.into_iter().map(|run| (org, run)));
        }
        if is_complete {
            let runs: Vec<DuplicateRun> = known.iter().map(|(_, run)| run.clone()).collect();
            if let Err(error) = self.clear_run_files(&runs) {
                tracing::warn!("files of runs cannot be removed: {error}");
            }
        }
        for (org, run) in known.into_iter().filter(|(_, run)| run.finished_at.is_none()) {
            // Nobody but who asked decides what a report may hold.
            let caller = self.access().caller_of_actor(org, &run.created_by, self.partition.now());
            self.begin_run(org, run, caller);
        }
    }

    fn begin_run(self: &Arc<Self>, org: OrgNumber, mut run: DuplicateRun, caller: Option<Caller>) {
        let running = Arc::new(Running {
            org,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            cancel: Arc::default(),
            is_outdated: AtomicBool::new(false),
        });
        self.duplicates.runs.running.lock().insert(run.id, Arc::clone(&running));
        self.in_background("duplicates run", move |app| {
            let is_stopping = || app.is_stopping_run(&running);
            let turn = app.duplicates.runs.turns.wait(org, run.id, &is_stopping);
            let mut result = Ok(false);
            let has_begun = turn.is_some();
            if has_begun {
                result = app.attempt(org, caller.as_ref(), &mut run, &running);
            }
            drop(turn);
            let is_cancelled = running.cancel.load(Ordering::Relaxed);
            // What the end of the server has stopped goes on after it.
            let is_over = match &result {
                Ok(is_done) => *is_done,
                Err(_) => !app.is_ending(),
            };
            if is_over || is_cancelled {
                run.finished_at = Some(app.partition.now());
                run.state = match result {
                    Ok(true) => RunState::Done,
                    Ok(false) => RunState::Cancelled,
                    Err(error) => {
                        run.error = Some(error.to_string());
                        RunState::Failed
                    }
                };
                // First it has ended, then its list goes: a run that is not known to have ended
                // needs it again.
                match app.keep_run(org, &run) {
                    Ok(()) => app.tidy_run(&run),
                    Err(error) => tracing::warn!("run {} cannot be kept: {error}", run.id),
                }
            } else if has_begun && result.is_ok() {
                // It is no fault of the run that the server ends.
                run.attempts = run.attempts.saturating_sub(1);
                run.state = RunState::Queued;
                if let Err(error) = app.keep_run(org, &run) {
                    tracing::warn!("run {} cannot be kept: {error}", run.id);
                }
            }
            app.duplicates.runs.running.lock().remove(&run.id);
        });
    }

    /// Notes that a run begins, and carries it out; whether it got to the end.
    fn attempt(
        &self,
        org: OrgNumber,
        caller: Option<&Caller>,
        run: &mut DuplicateRun,
        running: &Running,
    ) -> Result<bool, Error> {
        if run.attempts >= MOST_ATTEMPTS {
            return Err(Error::Overloaded(
                "the server ended three times while this run was at work: it may be too much for it",
            ));
        }
        run.state = RunState::Running;
        run.attempts += 1;
        self.keep_run(org, run)?;
        caught("the run", || self.carry_out(org, caller, run, running))
    }

    /// Removes all reports on the base, for they may hold a contact that was erased for good; one
    /// that is being made is made again.
    pub(in crate::app) fn forget_reports(&self, org: OrgNumber) -> Result<(), Error> {
        // First those that are being made: what is written behind this is removed by its run.
        for running in self.duplicates.runs.running.lock().values().filter(|run| run.org == org) {
            running.is_outdated.store(true, Ordering::SeqCst);
        }
        for run in self.all_runs(org)? {
            if !run.is_list && run.report.is_some() {
                remove_staged_file(&self.run_report_path(run.id)?);
            }
        }
        Ok(())
    }

    /// Does what a run is to do; whether it got to the end.
    fn carry_out(
        &self,
        org: OrgNumber,
        caller: Option<&Caller>,
        run: &mut DuplicateRun,
        running: &Running,
    ) -> Result<bool, Error> {
        if run.is_list || run.report.is_some() {
            let gone = Error::DeniedOnRecord("who asked for the report is not here any more");
            authorize_run(caller.ok_or(gone)?, run.report.is_some(), run.is_list)?;
        }
        let is_done = match run.list.clone() {
            _ if !run.is_list => self.run_on_base(caller, org, run, running)?,
            Some(how) => self.run_on_list(&how, run, running)?,
            None => {
                let reason = "the server was restarted: start it again";
                return Err(Error::FileUnreadable(reason.to_owned()));
            }
        };
        if is_done && run.report.is_some() {
            self.forget_old_reports(org)?;
        }
        Ok(is_done)
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
    ) -> Result<bool, Error> {
        let live = self.live_duplicates(org);
        let last = live.base.read().as_ref().map_or(0, |base| base.built.contacts as u64);
        running.total.store(last, Ordering::Relaxed);
        let mut progress = |done| {
            running.done.store(done, Ordering::Relaxed);
            running.total.fetch_max(done, Ordering::Relaxed);
            !self.is_stopping_run(running)
        };
        run.compared = self.rebuild_duplicates(&live, &mut progress)?;
        if run.compared.is_none() {
            return Ok(false);
        }
        running.total.store(running.done.load(Ordering::Relaxed), Ordering::Relaxed);
        let (Some(report), Some(caller)) = (run.report, caller) else { return Ok(true) };
        if self.is_stopping_run(running) {
            return Ok(false);
        }
        loop {
            running.is_outdated.store(false, Ordering::SeqCst);
            let stop = Arc::clone(&running.cancel);
            let cancel = Cancel::when(move || stop.load(Ordering::Relaxed));
            let made = self.report_duplicates(caller, &options_of(report), &cancel, &mut |done| {
                running.done.store(done, Ordering::Relaxed);
            });
            if matches!(made, Err(Error::Engine(EngineError::Cancelled))) {
                return Ok(false);
            }
            let made = made?;
            self.write_run_report(run.id, report, &made)?;
            run.seen = Some(seen_by(caller));
            run.summary = Some(made.summary());
            if !running.is_outdated.load(Ordering::SeqCst) {
                return Ok(true);
            }
            // It holds somebody who has been erased for good meanwhile.
            remove_staged_file(&self.run_report_path(run.id)?);
            if self.is_stopping_run(running) {
                return Ok(false);
            }
        }
    }

    fn run_on_list(
        &self,
        how: &RunList,
        run: &mut DuplicateRun,
        running: &Running,
    ) -> Result<bool, Error> {
        let Some(report) = run.report else { return Ok(true) };
        let path = self.run_list_path(run.id)?;
        if !path.exists() {
            let reason = "the list is not here any more: send it again";
            return Err(Error::FileUnreadable(reason.to_owned()));
        }
        let io = |source| EngineError::Io { path: path.clone(), source };
        let bytes = std::fs::metadata(&path).map_err(io)?.len();
        running.total.store(bytes, Ordering::Relaxed);
        let is_stopping = || self.is_stopping_run(running);
        let list = self.open_staged_file(&path).map_err(io)?;
        let input = CancellableList { list, is_stopping: &is_stopping };
        let made = report_on_file(input, &how.options()?, &options_of(report), &mut |done| {
            running.done.store(done, Ordering::Relaxed);
        });
        match made {
            _ if is_stopping() => Ok(false),
            Ok(made) => {
                self.write_run_report(run.id, report, &made)?;
                run.summary = Some(made.summary());
                Ok(true)
            }
            Err(FileReportError::App(error)) => Err(error),
            Err(error) => Err(Error::FileUnreadable(error.to_string())),
        }
    }

    fn keep_run(&self, org: OrgNumber, run: &DuplicateRun) -> Result<(), Error> {
        let (key, run) = (keys::duplicate_run(org, run.id), run.clone());
        let actor = run.created_by.clone();
        let kept = self.partition.write::<_, Error>(org, actor.as_str(), false, move |tx| {
            let known = tx.scan(&keys::space_of(keys::DUPLICATE_RUNS, org))?;
            // Ids grow with time: the oldest go first.
            let mut others: Vec<_> = known.into_keys().filter(|other| *other != key).collect();
            others.truncate((others.len() + 1).saturating_sub(MOST_REMEMBERED));
            for old in &others {
                tx.delete(old);
            }
            let bytes = codec::encode(&run).map_err(EngineError::from)?;
            tx.put(&key, bytes);
            Ok(others)
        })?;
        let ids = kept.value.iter().filter_map(|key| keys::parse_duplicate_run(key));
        self.tidy_forgotten_runs(&ids.collect::<Vec<_>>());
        Ok(())
    }

    pub(super) fn all_runs(&self, org: OrgNumber) -> Result<Vec<DuplicateRun>, Error> {
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
        let has_report = run.may_have_report()
            && !self.is_report_old(&run)
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
        self.duplicates.runs.turns.look_again();
        Ok(found)
    }

    /// The report of a run, with what it is. It holds what its maker saw, and is for the maker, as
    /// long as that is the same, and for those who see everything.
    ///
    /// # Errors
    /// If there is no run with this id for this caller, it has no report, or the caller may not
    /// have the report now.
    pub fn duplicate_run_report(
        &self,
        caller: &Caller,
        id: Uuid,
    ) -> Result<(RunReport, PathBuf), Error> {
        let found = self.find_duplicate_run(caller, id)?;
        authorize_report(caller, &found.run)?;
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

fn authorize_run(caller: &Caller, has_report: bool, is_list: bool) -> Result<(), Error> {
    if is_list {
        return authorize(caller, Permission::Import);
    }
    authorize(caller, Permission::Merge)?;
    if has_report { authorize(caller, Permission::Export) } else { Ok(()) }
}
