//! Imports that run in the background of a server, and what became of them.
//!
//! Jobs are known after a restart (`kept_jobs`), trials apart, and go on then (`import_resume`); their
//! files are in `import_files`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::caught::caught;
use super::error::Error;
use super::idempotency::Idempotency;
use super::import_files::are_rejected_rows_old;
use super::import_preview::PreviewedList;
use super::import_resume::Resume;
use super::imports::{ImportOptions, ImportReport};
use super::job_list::JobLine;
use super::jobs::JobKind;
use super::kept_jobs::{KeptJob, KeptWork, Remembered, make_room};
use super::staged::remove_staged_file;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission, Sight};
use crate::domain::ids::OrgNumber;
use crate::domain::text::counted;
use crate::domain::time::Timestamp;
use crate::import::{ColumnReport, Counts, Warning};
use crate::priority::{Rank, step_back};

/// Imports that run at the same time; others wait their turn.
pub(super) const MOST_RUNNING: usize = 1;
/// Imports that wait at most; more are told to come back.
const MOST_WAITING: usize = 100;

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// It waits for another one to finish.
    Queued,
    /// It runs.
    Running,
    /// It has finished; rows may have errors.
    Done,
    /// It could not go on; what was written stays.
    Failed,
    /// It was stopped; what was written stays.
    Cancelled,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct JobProgress {
    /// Rows done.
    pub done: u64,
    /// Rows in all, estimated from the size of the file while it runs.
    pub total: u64,
    /// Rows a second so far.
    pub rows_per_second: u64,
    /// How long it takes from here, as far as that can be said.
    #[serde(default)]
    pub seconds_left: Option<u64>,
}

/// Whether an import can be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoState {
    /// It has changed nothing, or has not ended.
    #[default]
    None,
    /// It can be.
    Available,
    /// It is being taken back.
    Running,
    /// It has been.
    Done,
}

/// An import as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportJob {
    /// The public identifier.
    pub id: Uuid,
    /// Where it stands.
    pub state: ImportState,
    /// Who asked for it.
    #[serde(default)]
    pub by: String,
    /// The name of the user who asked for it, if it is one who is known.
    #[serde(default)]
    pub by_name: Option<String>,
    /// What the file is called at whoever sent it, if that was said.
    #[serde(default)]
    pub source: Option<String>,
    /// The options as they were sent.
    #[serde(default)]
    pub options: Value,
    /// Whether it can be taken back.
    #[serde(default)]
    pub undo_state: UndoState,
    /// The first and the last entry of the audit log that it may have written.
    #[serde(default)]
    pub audit_entries: Option<(u64, u64)>,
    /// The entries of the log that answers to its questions have written.
    #[serde(default)]
    pub answer_entries: Vec<u64>,
    /// How far it is.
    pub progress: JobProgress,
    /// How many rows met which end.
    pub counts: Counts,
    /// Where the rows that it did not take are fetched; nowhere once they are no longer kept.
    #[serde(default)]
    pub errors_url: Option<String>,
    /// What became of every column, once it has ended; without samples after a restart.
    #[serde(default)]
    pub columns: Vec<ColumnReport>,
    /// What was left out of rows that were imported, or repaired in them: the first ones, as long as
    /// the server runs.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// How many warnings there are.
    #[serde(default)]
    pub warnings_total: u64,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl ImportJob {
    /// Whether it has ended and there is something to be taken back.
    fn has_changed_something(&self) -> bool {
        let has_written =
            self.counts.imported + self.counts.updated > 0 || self.state == ImportState::Failed;
        self.finished_at.is_some() && !self.dry_run && self.audit_entries.is_some() && has_written
    }

    /// Settles which audit entries it may have written, now that it has ended.
    pub(super) fn end_entries(&mut self, last: Option<u64>) {
        self.audit_entries = self.audit_entries.zip(last).map(|((first, _), last)| (first, last));
    }

    /// The same without warnings and samples, which hold what people are called and how they are
    /// reached.
    fn without_values(&self) -> Self {
        let mut job = Self { warnings: Vec::new(), ..self.clone() };
        job.columns.iter_mut().for_each(|column| column.samples.clear());
        job
    }
}

pub(super) struct StoredImport {
    pub(super) org: OrgNumber,
    pub(super) actor: Arc<str>,
    user: Option<Uuid>,
    pub(super) job: ImportJob,
    pub(super) cancel: Arc<AtomicBool>,
    /// What it needs to go on; none for one that has ended or writes nothing.
    pub(super) resume: Option<Resume>,
}

impl Remembered for StoredImport {
    fn organization(&self) -> OrgNumber {
        self.org
    }

    fn has_ended(&self) -> bool {
        self.job.finished_at.is_some()
    }
}

impl StoredImport {
    /// Counts and error files tell of the contacts that the importer sees and of the rows it sent:
    /// they are for the importer, and for those of its organisation who see everything.
    fn is_seen_by(&self, caller: &Caller, withdrawn: &[String]) -> bool {
        let is_own = self.actor == caller.actor || self.user.is_some() && self.user == caller.user;
        self.org == caller.organization
            && (is_own || caller.sight == Sight::Everything && caller.fields.is_full_but(withdrawn))
    }
}

/// The imports of a server.
#[derive(Default)]
pub(super) struct ImportJobs {
    pub(super) jobs: Mutex<HashMap<Uuid, StoredImport>>,
    /// Held while a request that can be sent again is looked up and begun.
    beginning: Mutex<()>,
    /// Held while questions are answered.
    pub(super) answering: Mutex<()>,
    pub(super) turn: Mutex<usize>,
    pub(super) turn_changed: parking_lot::Condvar,
    pub(super) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Whether the server ends.
    pub(super) is_stopping: AtomicBool,
}

/// A list that is to be imported.
#[derive(Debug)]
pub enum SentList {
    /// It came with the request.
    Sent(PreviewedList),
    /// It was previewed before.
    Previewed(Uuid),
}

impl SentList {
    /// What tells a request from others: the list itself and how it is to be imported, not how both
    /// were sent.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn fingerprint(&self, app: &App, options: &ImportOptions) -> Result<[u8; 32], Error> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{options:?}").as_bytes());
        match self {
            Self::Previewed(id) => {
                hasher.update(id.as_bytes());
            }
            Self::Sent(PreviewedList { path, .. }) => {
                let unreadable =
                    |source| Error::Engine(crate::engine::Error::Io { path: path.clone(), source });
                let mut file = app.open_staged_file(path).map_err(unreadable)?;
                std::io::copy(&mut file, &mut hasher).map_err(unreadable)?;
            }
        }
        Ok(*hasher.finalize().as_bytes())
    }
}

impl App {
    /// Whether an import that the caller has started runs.
    pub(super) fn has_running_import(&self, caller: &Caller) -> bool {
        let jobs = self.import_jobs.jobs.lock();
        jobs.values().any(|kept| {
            kept.org == caller.organization
                && kept.actor == caller.actor
                && kept.job.finished_at.is_none()
        })
    }

    /// Imports an uploaded file in the background; the file is removed afterwards, or at once if the
    /// import cannot begin. For a request that was sent before its import is given, and `true`; the
    /// file stays then.
    ///
    /// # Errors
    /// If the caller may not, or the key of the request belongs to another one.
    pub fn start_import(
        self: &Arc<Self>,
        caller: &Caller,
        list: SentList,
        options: ImportOptions,
        idempotency: Option<Idempotency>,
    ) -> Result<(ImportJob, bool), Error> {
        let _beginning = idempotency.map(|_| self.import_jobs.beginning.lock());
        self.check_import(caller, &options)?;
        if let Some(id) = self.answered(caller.organization, idempotency)? {
            match self.find_import(caller, id) {
                // Nothing is kept of trials, and nothing is lost by another one.
                Err(Error::ImportNotFound) if options.dry_run => {}
                found => return found.map(|job| (job, true)),
            }
        }
        let sent = match &list {
            SentList::Sent(list) => list.clone(),
            SentList::Previewed(id) => self.find_previewed(caller, *id)?,
        };
        self.check_rows(caller, &sent.path, &options, sent.is_body)?;
        let PreviewedList { path: file, source, .. } = match list {
            SentList::Sent(list) => list,
            SentList::Previewed(id) => self.take_previewed(caller, id)?,
        };
        let job = self.new_import(caller, &options, source);
        let id = job.id;
        let cancel = Arc::new(AtomicBool::new(false));
        let resume = Resume::new(caller, &file, &options);
        if resume.is_some() {
            // It is needed as long as the job that is kept of it has not ended.
            let synced = File::open(&file).and_then(|file| file.sync_all());
            synced.map_err(|source| crate::engine::Error::Io { path: file.clone(), source })?;
        }
        {
            let mut jobs = self.import_jobs.jobs.lock();
            let waiting = jobs.values().filter(|kept| kept.job.finished_at.is_none()).count();
            if waiting >= MOST_WAITING {
                drop(jobs);
                remove_staged_file(&file);
                return Err(Error::Overloaded("too many imports wait already; try again later"));
            }
            make_room(&mut jobs, caller.organization);
            let (org, actor) = (caller.organization, Arc::clone(&caller.actor));
            let (job, cancel) = (job.clone(), Arc::clone(&cancel));
            jobs.insert(id, StoredImport { org, actor, user: caller.user, job, cancel, resume });
        }
        if job.dry_run {
            self.keep_answer(caller, idempotency, &id)?;
        } else {
            self.note_new_import(id, idempotency);
        }
        let options = ImportOptions { job: Some(id).filter(|_| !job.dry_run), ..options };
        let app = Arc::clone(self);
        let by = caller.clone();
        let staged = file.clone();
        let spawned = std::thread::Builder::new().name("import".to_owned()).spawn(move || {
            step_back(Rank::Background);
            app.run_import(id, &by, &file, &options, &cancel);
        });
        let Ok(thread) = spawned else {
            self.import_jobs.jobs.lock().remove(&id);
            self.forget_answer(caller, idempotency);
            remove_staged_file(&staged);
            return Err(Error::Overloaded("no thread is left for the import; try again later"));
        };
        self.import_jobs.keep_thread(thread);
        Ok((job, false))
    }

    fn new_import(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        source: Option<String>,
    ) -> ImportJob {
        let id = Uuid::now_v7();
        ImportJob {
            id,
            state: ImportState::Queued,
            by: caller.actor.to_string(),
            by_name: self.name_of_actor(caller.organization, &caller.actor),
            source,
            options: options.said.clone(),
            undo_state: UndoState::None,
            audit_entries: None,
            answer_entries: Vec::new(),
            progress: JobProgress { done: 0, total: 0, rows_per_second: 0, seconds_left: None },
            counts: Counts::default(),
            errors_url: Some(format!("/api/v1/imports/{id}/errors.csv")),
            columns: Vec::new(),
            warnings: Vec::new(),
            warnings_total: 0,
            error: None,
            dry_run: options.dry_run,
            created_at: self.partition.now(),
            finished_at: None,
        }
    }

    /// Imports a list as a job of this process, which ends with it: it is known like those of a
    /// server, with its questions, and can be taken back. `run` gets the options of the job; trials
    /// are none.
    ///
    /// # Errors
    /// As `run` does.
    pub fn import_as_job<E: ToString>(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        source: &str,
        run: impl FnOnce(&ImportOptions) -> Result<ImportReport, E>,
    ) -> Result<ImportReport, E> {
        if options.dry_run {
            return run(options);
        }
        let job = ImportJob {
            state: ImportState::Running,
            audit_entries: self.next_audit_entry(caller.organization),
            errors_url: None,
            ..self.new_import(caller, options, Some(source.to_owned()))
        };
        let id = job.id;
        let (org, actor) = (caller.organization, Arc::clone(&caller.actor));
        let (user, cancel, resume) = (caller.user, Arc::<AtomicBool>::default(), None);
        let kept = StoredImport { org, actor, user, job, cancel: Arc::clone(&cancel), resume };
        self.import_jobs.jobs.lock().insert(id, kept);
        self.note_new_import(id, None);
        let options = ImportOptions { job: Some(id), ..options.clone() };
        let result = run(&options);
        let ended = result.as_ref().map(Clone::clone).map_err(E::to_string);
        self.conclude_import(id, caller, &options, &cancel, (ended, None));
        result
    }

    /// The last audit entry of an organisation, if it can be read.
    pub(super) fn last_audit_entry(&self, org: OrgNumber) -> Option<u64> {
        self.partition.audit_head(org).ok().map(|head| head.number)
    }

    /// The audit entries of an import that begins now.
    fn next_audit_entry(&self, org: OrgNumber) -> Option<(u64, u64)> {
        self.last_audit_entry(org).map(|number| (number + 1, u64::MAX))
    }

    /// Stops all imports between two writes and waits for them; they go on when the server starts
    /// again.
    pub fn stop_imports(&self) {
        self.import_jobs.is_stopping.store(true, Ordering::Relaxed);
        for kept in self.import_jobs.jobs.lock().values() {
            kept.cancel.store(true, Ordering::Relaxed);
        }
        let threads = std::mem::take(&mut *self.import_jobs.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("an import ended by a panic");
            }
        }
    }

    fn run_import(
        &self,
        id: Uuid,
        caller: &Caller,
        file: &Path,
        options: &ImportOptions,
        cancel: &AtomicBool,
    ) {
        self.import_jobs.take_turn();
        self.run_import_now(id, caller, file, options, cancel);
        self.import_jobs.end_turn();
    }

    /// Runs an import, or what is left of it.
    pub(super) fn run_import_now(
        &self,
        id: Uuid,
        caller: &Caller,
        file: &Path,
        options: &ImportOptions,
        cancel: &AtomicBool,
    ) {
        let entries = self.next_audit_entry(caller.organization);
        // Kept now, so that an import that is interrupted can be taken back as well.
        self.note_import(id, |job| {
            job.state = ImportState::Running;
            job.audit_entries = job.audit_entries.or(entries);
        });
        let work = || self.import_file(id, caller, file, options, cancel);
        let result = caught("the import", work);
        if result.as_ref().is_ok_and(|report| report.is_cut_short) && self.leaves_import(options) {
            return;
        }
        let result = result.map_err(|error| error.to_string());
        self.conclude_import(id, caller, options, cancel, (result, Some(file)));
    }

    /// Keeps how an import has ended; an uploaded list goes before that is shown.
    fn conclude_import(
        &self,
        id: Uuid,
        caller: &Caller,
        options: &ImportOptions,
        cancel: &AtomicBool,
        (result, upload): (Result<ImportReport, String>, Option<&Path>),
    ) {
        let columns = self.import_jobs.jobs.lock().get(&id).map(|kept| kept.job.columns.clone());
        if let Err(error) =
            self.save_import_template(caller, options, columns.as_deref().unwrap_or_default())
        {
            tracing::warn!("the template of import {id} cannot be kept: {error}");
        }
        let now = self.partition.now();
        let after = self.last_audit_entry(caller.organization);
        self.end_import(id, upload, |job| {
            job.finished_at = Some(now);
            job.progress.seconds_left = None;
            job.end_entries(after);
            match result {
                Ok(report) => {
                    let counts = report.counts;
                    job.counts = counts;
                    job.columns = report.columns;
                    job.warnings = report.warnings.first;
                    job.warnings_total = report.warnings.total;
                    job.progress.done = counts.rows();
                    job.progress.total = counts.rows();
                    job.state = if cancel.load(Ordering::Relaxed) {
                        ImportState::Cancelled
                    } else if options.strict && !options.dry_run && counts.errors > 0 {
                        let errors = counts.errors;
                        job.error = Some(format!(
                            "{} and all rows or none were asked for, so nothing was written",
                            counted(errors, "row has errors", "rows have errors")
                        ));
                        ImportState::Failed
                    } else {
                        ImportState::Done
                    };
                }
                Err(error) => {
                    job.error = Some(error);
                    job.state = ImportState::Failed;
                }
            }
        });
    }

    fn import_file(
        &self,
        id: Uuid,
        caller: &Caller,
        file: &Path,
        options: &ImportOptions,
        cancel: &AtomicBool,
    ) -> Result<ImportReport, Error> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Engine(crate::engine::Error::Io { path, source })
        };
        let errors_path = self.errors_path(id)?;
        let size = std::fs::metadata(file).map_err(io(file))?.len();
        let errors = self.create_staged_file(&errors_path).map_err(io(&errors_path))?;
        let mut errors = BufWriter::new(errors);
        let started = Instant::now();
        // What was done before it went on.
        let mut first = None;
        let mut pass = |options: &ImportOptions| {
            let input = self.open_staged_file(file).map_err(io(file))?;
            self.import_contacts(caller, input, options, &mut errors, cancel, &mut |progress| {
                let done = progress.counts.rows();
                let total =
                    (done * size).checked_div(progress.bytes_read).unwrap_or(done).max(done);
                let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
                self.note_import(id, |job| {
                    job.counts = progress.counts;
                    if job.columns.is_empty() {
                        job.columns = progress.columns.to_vec();
                    }
                    let rate = (done - (*first.get_or_insert(done)).min(done)) * 1_000 / ms;
                    let seconds_left = (total - done).checked_div(rate);
                    job.progress = JobProgress { done, total, rows_per_second: rate, seconds_left };
                });
            })
        };
        // One that has written something was looked through before.
        let is_new = self.checkpoint_of(caller, options)?.is_none();
        let checked = if options.strict && !options.dry_run && is_new {
            let trial = ImportOptions { dry_run: true, ..options.clone() };
            Some(pass(&trial)?.nothing_written())
                .filter(|checked| checked.counts.errors > 0 || checked.is_cut_short)
        } else {
            None
        };
        let report = match checked {
            Some(checked) => checked,
            None => pass(options)?,
        };
        let finished = errors.flush().and_then(|()| errors.get_mut().finish());
        finished.map_err(io(&errors_path))?;
        Ok(report)
    }

    fn update_import(&self, id: Uuid, change: impl FnOnce(&mut ImportJob)) {
        if let Some(kept) = self.import_jobs.jobs.lock().get_mut(&id) {
            change(&mut kept.job);
        }
    }

    /// Changes how an import stands, and keeps it before it is shown; of a trial nothing is kept,
    /// for it writes nothing.
    pub(super) fn note_import(&self, id: Uuid, change: impl FnOnce(&mut ImportJob)) {
        self.note_import_and(id, change, || {});
    }

    /// The same, with something that is done once it is kept and before it is shown.
    pub(super) fn note_import_and(
        &self,
        id: Uuid,
        change: impl FnOnce(&mut ImportJob),
        between: impl FnOnce(),
    ) {
        let Some((org, mut kept, mut job)) = self.import_to_keep(id) else { return };
        change(&mut job);
        if !job.dry_run {
            kept.work = KeptWork::Import(Box::new(job.without_values()));
            self.note_job(org, kept, false, None);
        }
        between();
        self.update_import(id, |known| *known = job);
    }

    /// Keeps a new import, together with the key of the request that asked for it.
    fn note_new_import(&self, id: Uuid, idempotency: Option<Idempotency>) {
        let Some((org, kept, _)) = self.import_to_keep(id) else { return };
        self.note_job(org, kept, true, idempotency);
    }

    fn import_to_keep(&self, id: Uuid) -> Option<(OrgNumber, KeptJob, ImportJob)> {
        let jobs = self.import_jobs.jobs.lock();
        let known = jobs.get(&id)?;
        let work = KeptWork::Import(Box::new(known.job.without_values()));
        let kept = KeptJob {
            actor: known.actor.to_string(),
            user: known.user,
            shared_with: None,
            resume: known.resume.clone(),
            bulk: None,
            node: None,
            work,
        };
        Some((known.org, kept, known.job.clone()))
    }

    /// Takes over an import of an earlier process.
    pub(super) fn restore_import(&self, org: OrgNumber, known: &KeptJob, job: ImportJob) {
        let has_rejected =
            job.finished_at.is_none() || self.errors_path(job.id).is_ok_and(|path| path.exists());
        let errors_url = job.errors_url.clone().filter(|_| has_rejected);
        let by = known.actor.clone();
        // What was being taken back when the server ended can be taken back again.
        let is_undoing = job.undo_state == UndoState::Running;
        let undo_state = if is_undoing { UndoState::None } else { job.undo_state };
        // One that has ended without its last entry does not know what of later imports is its own.
        let is_known = |last: u64| job.finished_at.is_none() || last != u64::MAX;
        let audit_entries = job.audit_entries.filter(|(_, last)| is_known(*last));
        let job = ImportJob { by, undo_state, audit_entries, errors_url, ..job };
        let (actor, user) = (known.actor.as_str().into(), known.user);
        // What another machine works on is not for this one to go on with.
        let is_own = !self.is_foreign(known.node.as_deref());
        let resume = known.resume.clone().filter(|_| is_own);
        let kept = StoredImport { org, actor, user, job, cancel: Arc::default(), resume };
        self.import_jobs.jobs.lock().insert(kept.job.id, kept);
    }

    /// How an import stands.
    ///
    /// # Errors
    /// If there is none with this id for this caller.
    pub fn find_import(&self, caller: &Caller, id: Uuid) -> Result<ImportJob, Error> {
        authorize(caller, Permission::Import)?;
        let definitions = self.definitions(caller.organization);
        let withdrawn: Vec<String> = definitions.withdrawn().collect();
        let jobs = self.import_jobs.jobs.lock();
        let kept = jobs.get(&id).filter(|kept| kept.is_seen_by(caller, &withdrawn));
        kept.map(|kept| self.shown_import(kept.org, kept.job.clone())).ok_or(Error::ImportNotFound)
    }

    /// The imports that a caller may know of, newest first, without what their lists hold.
    ///
    /// # Errors
    /// If the caller may not import.
    pub fn list_imports(&self, caller: &Caller) -> Result<Vec<ImportJob>, Error> {
        authorize(caller, Permission::Import)?;
        let definitions = self.definitions(caller.organization);
        let withdrawn: Vec<String> = definitions.withdrawn().collect();
        let jobs = self.import_jobs.jobs.lock();
        let seen = jobs.values().filter(|kept| kept.is_seen_by(caller, &withdrawn));
        let shown = |kept: &StoredImport| self.shown_import(kept.org, kept.job.without_values());
        let mut seen: Vec<ImportJob> = seen.map(shown).collect();
        // Ids are in the order of time.
        seen.sort_unstable_by_key(|job| std::cmp::Reverse(job.id));
        Ok(seen)
    }

    /// What the imports that the caller may know of are sorted and narrowed by.
    pub(super) fn import_lines(&self, caller: &Caller) -> Result<Vec<JobLine>, Error> {
        authorize(caller, Permission::Import)?;
        let definitions = self.definitions(caller.organization);
        let withdrawn: Vec<String> = definitions.withdrawn().collect();
        let jobs = self.import_jobs.jobs.lock();
        let seen = jobs.values().filter(|kept| kept.is_seen_by(caller, &withdrawn));
        let line = |kept: &StoredImport| JobLine {
            id: kept.job.id,
            kind: JobKind::Import,
            state: kept.job.state.into(),
            created_at: kept.job.created_at,
        };
        Ok(seen.map(line).collect())
    }

    /// An import as it is now: people get other names, and rejected rows are not kept for ever.
    fn shown_import(&self, org: OrgNumber, job: ImportJob) -> ImportJob {
        let is_old = are_rejected_rows_old(&job, self.partition.now());
        let by_name = self.name_of_actor(org, &job.by).or_else(|| job.by_name.clone());
        let errors_url = job.errors_url.clone().filter(|_| !is_old);
        let is_untouched = job.undo_state == UndoState::None && job.has_changed_something();
        let undo_state = if is_untouched { UndoState::Available } else { job.undo_state };
        // One that runs does not know its last entry.
        let last_entry = || self.partition.audit_head(org).map_or(0, |head| head.number);
        let audit_entries = job
            .audit_entries
            .map(|(first, last)| (first, if last == u64::MAX { last_entry() } else { last }));
        ImportJob { by_name, undo_state, audit_entries, errors_url, ..job }
    }

    /// Whoever has started an import, as the audit log has it.
    pub(super) fn actor_of_import(&self, org: OrgNumber, id: Uuid) -> String {
        let jobs = self.import_jobs.jobs.lock();
        let kept = jobs.get(&id).filter(|kept| kept.org == org);
        kept.map(|kept| kept.actor.as_ref().to_owned()).unwrap_or_default()
    }

    /// Says how far an import has been taken back.
    pub(super) fn note_undo(&self, id: Uuid, state: UndoState) {
        self.note_import(id, |job| job.undo_state = state);
    }

    /// Whether an import is remembered whose rejected rows may still be fetched.
    pub(super) fn has_rejected_rows_of(&self, id: Uuid) -> bool {
        let now = self.partition.now();
        let jobs = self.import_jobs.jobs.lock();
        jobs.get(&id).is_some_and(|kept| !are_rejected_rows_old(&kept.job, now))
    }

    /// The rows that an import did not take, as far as it is.
    ///
    /// # Errors
    /// If there is no such import for this caller, or they are no longer kept.
    pub fn import_errors(&self, caller: &Caller, id: Uuid) -> Result<Vec<u8>, Error> {
        let job = self.find_import(caller, id)?;
        if job.errors_url.is_none() {
            return Err(Error::ImportErrorsGone);
        }
        let path = self.errors_path(id)?;
        match self.read_growing_file(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::Engine(crate::engine::Error::Io { path, source: error }))
            }
            // It has not begun yet, or there was nothing to begin with.
            Err(_) if job.counts.errors == 0 => Ok(Vec::new()),
            Err(_) => Err(Error::ImportErrorsGone),
        }
    }

    /// Stops an import between two writes.
    ///
    /// # Errors
    /// If there is no such import for this caller.
    pub fn cancel_import(&self, caller: &Caller, id: Uuid) -> Result<ImportJob, Error> {
        let job = self.find_import(caller, id)?;
        let is_new = match self.import_jobs.jobs.lock().get_mut(&id) {
            Some(StoredImport { cancel, resume, .. }) => {
                cancel.store(true, Ordering::Relaxed);
                let known = resume.as_mut().filter(|resume| !resume.is_cancelled);
                known.map(|resume| resume.is_cancelled = true).is_some()
            }
            None => false,
        };
        if is_new {
            // It does not go on after a restart either.
            self.note_import(id, |_| {});
        }
        Ok(job)
    }
}
