//! Work in the background: what runs, what became of it, and waiting for it when the server ends.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::App;
use super::bulk_resume::BulkResume;
use super::caught::caught;
use super::error::{Error, Noun};
use super::exports::ExportFile;
use super::idempotency::Idempotency;
use super::job_list::JobLine;
use super::kept_jobs::{KeptJob, KeptWork, Remembered, make_room};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::time::Timestamp;
use crate::priority::{Rank, step_back};

/// Jobs of an organisation that run at once; more are told to come back.
const MOST_RUNNING: usize = 4;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It runs.
    Running,
    /// It has finished; single contacts may have been refused.
    Done,
    /// It could not go on; what was changed stays.
    Failed,
    /// Somebody has stopped it; what was changed stays.
    Cancelled,
}

/// What work in the background does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Something is done to many contacts.
    #[default]
    BulkAction,
    /// Tags become others.
    TagChange,
    /// Contacts get tags of their countries.
    AutoTagging,
    /// Contacts are put on a list, or taken off.
    ListMembers,
    /// Another job is taken back.
    Undo,
    /// A list is imported.
    Import,
    /// An import is taken back.
    ImportUndo,
    /// Contacts are written to a file.
    Export,
    /// Duplicates are looked for.
    DuplicatesRun,
    /// Contacts are scored by the rules of the organisation.
    LeadScore,
    /// Rules of retention are applied.
    Retention,
    /// Deals get the new names of their stages.
    StageRenaming,
    /// Values of a custom field are converted, or taken away.
    CustomField,
    /// Numbers are read again.
    NumberRereading,
}

impl JobKind {
    /// All kinds, by name.
    pub const ALL: [(&'static str, Self); 14] = [
        ("bulk_action", Self::BulkAction),
        ("tag_change", Self::TagChange),
        ("auto_tagging", Self::AutoTagging),
        ("list_members", Self::ListMembers),
        ("undo", Self::Undo),
        ("import", Self::Import),
        ("import_undo", Self::ImportUndo),
        ("export", Self::Export),
        ("duplicates_run", Self::DuplicatesRun),
        ("lead_score", Self::LeadScore),
        ("retention", Self::Retention),
        ("stage_renaming", Self::StageRenaming),
        ("custom_field", Self::CustomField),
        ("number_rereading", Self::NumberRereading),
    ];

    /// Whether somebody may stop it before its end. The others would leave contacts that the
    /// organisation knows by two rules.
    #[must_use]
    pub const fn can_be_cancelled(self) -> bool {
        !matches!(self, Self::StageRenaming | Self::CustomField | Self::NumberRereading)
    }
}

impl FromStr for JobKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, kind)| *kind).ok_or(())
    }
}

/// Most contacts that a job names as refused.
pub(super) const MOST_REFUSALS: usize = 1_000;

/// A contact that a job did not change, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The contact.
    pub id: ContactId,
    /// The permanent machine-readable code.
    pub code: String,
    /// Why, in words.
    pub detail: String,
}

/// A job as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkJob {
    /// The public identifier.
    pub id: Uuid,
    /// What it does.
    #[serde(default)]
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// Contacts selected.
    pub total: u64,
    /// Contacts changed.
    pub changed: u64,
    /// Contacts that were as they should be already.
    pub unchanged: u64,
    /// Contacts that could not be changed: gone, out of sight, or protected.
    pub refused: u64,
    /// The contacts that could not be changed, and why; at most a thousand.
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    /// The entries of the audit log with what it has changed, if that can be taken back.
    #[serde(default)]
    pub audit_entries: Vec<u64>,
    /// The merge that it is, if it has merged contacts.
    #[serde(default)]
    pub merge_id: Option<Uuid>,
    /// The job, or import, that it takes back.
    #[serde(default)]
    pub undo_of: Option<Uuid>,
    /// The job that has taken it back.
    #[serde(default)]
    pub undone_by: Option<Uuid>,
    /// The file that it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Box<ExportFile>>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl BulkJob {
    /// A job that has just begun.
    pub(super) fn new(kind: JobKind, id: Uuid, created_at: Timestamp) -> Self {
        Self {
            id,
            kind,
            state: JobState::Running,
            total: 0,
            changed: 0,
            unchanged: 0,
            refused: 0,
            refusals: Vec::new(),
            audit_entries: Vec::new(),
            merge_id: None,
            undo_of: None,
            undone_by: None,
            export: None,
            error: None,
            created_at,
            finished_at: None,
        }
    }
}

struct StoredJob {
    org: OrgNumber,
    actor: Arc<str>,
    /// Who may do this sees the job, whoever has started it.
    shared_with: Option<Permission>,
    job: BulkJob,
    /// Whether somebody wants it to end before it is done.
    cancel: Arc<AtomicBool>,
    /// What it needs to go on, if it does.
    bulk: Option<BulkResume>,
    /// The machine of a cluster that works on it.
    node: Option<String>,
}

impl Remembered for StoredJob {
    fn organization(&self) -> OrgNumber {
        self.org
    }

    fn has_ended(&self) -> bool {
        self.job.finished_at.is_some()
    }
}

impl StoredJob {
    fn to_keep(&self) -> KeptJob {
        let (actor, shared_with) = (self.actor.to_string(), self.shared_with);
        KeptJob {
            actor,
            user: None,
            shared_with,
            resume: None,
            bulk: self.bulk.clone(),
            node: self.node.clone(),
            work: KeptWork::Bulk(self.job.clone()),
        }
    }

    fn is_seen_by(&self, caller: &Caller) -> bool {
        self.org == caller.organization
            && (self.actor == caller.actor
                || self.shared_with.is_some_and(|permission| caller.may(permission)))
    }
}

/// The bulk jobs of a server.
#[derive(Default)]
pub(super) struct BulkJobs {
    jobs: Mutex<HashMap<Uuid, StoredJob>>,
    /// Held while a request that can be sent again is looked up and begun.
    beginning: Mutex<()>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    is_stopping: AtomicBool,
}

impl App {
    /// Remembers a job that is the caller's own, also after a restart,
    /// together with the key of the request that asked for it. One that was asked for by the same
    /// request before is given instead.
    pub(super) fn keep_job(
        &self,
        caller: &Caller,
        job: &BulkJob,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<BulkJob>, Error> {
        self.keep_resumable_job(caller, job, None, idempotency)
    }

    /// The same for a job that goes on when the server starts again.
    pub(super) fn keep_resumable_job(
        &self,
        caller: &Caller,
        job: &BulkJob,
        bulk: Option<BulkResume>,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<BulkJob>, Error> {
        let _beginning = idempotency.map(|_| self.bulk_jobs.beginning.lock());
        if let Some(known) = self.asked_before(caller, idempotency)? {
            return Ok(Some(known));
        }
        self.remember_job(caller, job, bulk)?;
        self.note_bulk_start(job.id, idempotency);
        Ok(None)
    }

    /// The job that the same request has started before.
    pub(super) fn asked_before(
        &self,
        caller: &Caller,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<BulkJob>, Error> {
        let known = self.answered(caller.organization, idempotency)?;
        known.map(|id| self.find_job(caller, id)).transpose()
    }

    fn note_bulk_start(&self, id: Uuid, idempotency: Option<Idempotency>) {
        let known = self.bulk_jobs.jobs.lock().get(&id).map(|kept| (kept.org, kept.to_keep()));
        if let Some((org, kept)) = known {
            self.note_job(org, kept, true, idempotency);
        }
    }

    /// Changes how a job stands, and keeps it before it is shown.
    pub(super) fn note_bulk_job(&self, id: Uuid, change: impl FnOnce(&mut BulkJob)) {
        let found = {
            let jobs = self.bulk_jobs.jobs.lock();
            jobs.get(&id).map(|kept| (kept.org, kept.to_keep(), kept.job.clone()))
        };
        let Some((org, mut kept, mut job)) = found else { return };
        change(&mut job);
        kept.work = KeptWork::Bulk(job.clone());
        self.note_job(org, kept, false, None);
        self.update_job(id, |known| *known = job);
    }

    /// Takes over a job of an earlier process.
    pub(super) fn restore_bulk_job(&self, org: OrgNumber, known: &KeptJob, job: BulkJob) {
        let (actor, shared_with) = (known.actor.as_str().into(), known.shared_with);
        let bulk = known.bulk.clone();
        let node = known.node.clone();
        let kept = StoredJob { org, actor, shared_with, job, cancel: Arc::default(), bulk, node };
        self.bulk_jobs.jobs.lock().insert(kept.job.id, kept);
    }

    fn remember_job(
        &self,
        caller: &Caller,
        job: &BulkJob,
        bulk: Option<BulkResume>,
    ) -> Result<(), Error> {
        let mut jobs = self.bulk_jobs.jobs.lock();
        let own = jobs.values().filter(|kept| kept.org == caller.organization);
        let here = own.filter(|kept| !self.is_foreign(kept.node.as_deref()));
        let running = here.filter(|kept| kept.job.finished_at.is_none()).count();
        if running >= MOST_RUNNING {
            return Err(Error::Overloaded("too many bulk actions run already; try again later"));
        }
        make_room(&mut jobs, caller.organization);
        let (org, actor) = (caller.organization, Arc::clone(&caller.actor));
        let (cancel, job) = (Arc::default(), job.clone());
        let node = self.partition.node().map(str::to_owned);
        jobs.insert(job.id, StoredJob { org, actor, shared_with: None, job, cancel, bulk, node });
        Ok(())
    }

    /// Remembers a job that must run whatever else does, and that everybody sees who may do
    /// something; one of this id that runs already is told instead.
    pub(super) fn keep_running_job(
        &self,
        org: OrgNumber,
        actor: Arc<str>,
        shared_with: Permission,
        job: &BulkJob,
    ) -> Option<BulkJob> {
        let mut jobs = self.bulk_jobs.jobs.lock();
        if let Some(kept) = jobs.get(&job.id).filter(|kept| kept.job.finished_at.is_none()) {
            return Some(kept.job.clone());
        }
        make_room(&mut jobs, org);
        let (shared_with, cancel) = (Some(shared_with), Arc::default());
        let node = self.partition.node().map(str::to_owned);
        let kept =
            StoredJob { org, actor, shared_with, job: job.clone(), cancel, bulk: None, node };
        jobs.insert(job.id, kept);
        drop(jobs);
        self.note_bulk_start(job.id, None);
        None
    }

    /// Runs a job that is remembered, in a thread of its own.
    pub(super) fn run_job(
        self: &Arc<Self>,
        id: Uuid,
        work: impl FnOnce(&Self) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let app = Arc::clone(self);
        let spawned = std::thread::Builder::new().name("bulk".to_owned()).spawn(move || {
            step_back(Rank::Background);
            let ended = caught("the job", || work(&app));
            let finished = app.partition.now();
            let is_cancelled = ended.is_err() && app.is_cancelled_job(id);
            if ended.is_err() && !is_cancelled && app.leaves_job(id) {
                return;
            }
            let resumed = app.forget_bulk_resume(id);
            app.note_bulk_job(id, |job| {
                job.finished_at = Some(finished);
                job.state = match &ended {
                    Ok(()) => JobState::Done,
                    Err(_) if is_cancelled => JobState::Cancelled,
                    Err(_) => JobState::Failed,
                };
                let error = ended.err().filter(|_| !is_cancelled);
                job.error = error.map(|error| error.to_string());
            });
            if let Some(org) = resumed {
                app.forget_selected(org, id);
            }
        });
        let Ok(thread) = spawned else {
            self.bulk_jobs.jobs.lock().remove(&id);
            return Err(Error::Overloaded("no thread is left for the action; try again later"));
        };
        let mut threads = self.bulk_jobs.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// How a job of the caller stands.
    ///
    /// # Errors
    /// If there is none with this id that the caller has started or may see.
    pub fn find_job(&self, caller: &Caller, id: Uuid) -> Result<BulkJob, Error> {
        let jobs = self.bulk_jobs.jobs.lock();
        jobs.get(&id)
            .filter(|kept| kept.is_seen_by(caller))
            .map(|kept| kept.job.clone())
            .ok_or(Error::NotFound(Noun::Job))
    }

    /// How a job stands, whoever has started it.
    pub(super) fn job_of_anybody(&self, id: Uuid) -> Option<BulkJob> {
        self.bulk_jobs.jobs.lock().get(&id).map(|kept| kept.job.clone())
    }

    /// Who has started a job that the caller sees, and how it stands.
    pub(super) fn seen_job(&self, caller: &Caller, id: Uuid) -> Option<(String, BulkJob)> {
        let jobs = self.bulk_jobs.jobs.lock();
        let kept = jobs.get(&id).filter(|kept| kept.is_seen_by(caller));
        kept.map(|kept| (kept.actor.to_string(), kept.job.clone()))
    }

    /// What the jobs that the caller sees are sorted and narrowed by.
    pub(super) fn job_lines(&self, caller: &Caller) -> Vec<JobLine> {
        let jobs = self.bulk_jobs.jobs.lock();
        let seen = jobs.values().filter(|kept| kept.is_seen_by(caller)).map(|kept| &kept.job);
        let line = |job: &BulkJob| JobLine {
            id: job.id,
            kind: job.kind,
            state: job.state.into(),
            created_at: job.created_at,
        };
        seen.map(line).collect()
    }

    /// Lets a job end as soon as it can.
    pub(super) fn stop_job(&self, id: Uuid) {
        let is_resumable = match self.bulk_jobs.jobs.lock().get_mut(&id) {
            Some(StoredJob { cancel, bulk, .. }) => {
                cancel.store(true, Ordering::Relaxed);
                bulk.as_mut().map(|bulk| bulk.is_cancelled = true).is_some()
            }
            None => false,
        };
        if is_resumable {
            // It does not go on after a restart either.
            self.note_bulk_job(id, |_| {});
        }
    }

    /// Whether a job ends here because the server does, and goes on with the next one.
    pub(super) fn leaves_job(&self, id: Uuid) -> bool {
        let goes_on = |kept: &StoredJob| kept.bulk.as_ref().is_some_and(BulkResume::goes_on);
        self.is_stopping_jobs() && self.bulk_jobs.jobs.lock().get(&id).is_some_and(goes_on)
    }

    /// Forgets what a job needed to go on; its organisation, if it needed something.
    fn forget_bulk_resume(&self, id: Uuid) -> Option<OrgNumber> {
        let mut jobs = self.bulk_jobs.jobs.lock();
        let kept = jobs.get_mut(&id)?;
        kept.bulk.take().map(|_| kept.org)
    }

    /// Says that it is kept whom a job is to change.
    pub(super) fn note_selected(&self, id: Uuid) {
        self.note_position(id, 0);
        self.note_bulk_job(id, |_| {});
    }

    /// Says how many contacts a job is done with.
    pub(super) fn note_position(&self, id: Uuid, done: u64) {
        if let Some(kept) = self.bulk_jobs.jobs.lock().get_mut(&id)
            && let Some(bulk) = &mut kept.bulk
        {
            bulk.done = Some(done);
        }
    }

    /// What is kept of a job that goes on when the server starts again.
    pub(super) fn kept_bulk_job(&self, id: Uuid) -> Option<(OrgNumber, KeptJob)> {
        let jobs = self.bulk_jobs.jobs.lock();
        let kept = jobs.get(&id).filter(|kept| kept.bulk.is_some());
        kept.map(|kept| (kept.org, kept.to_keep()))
    }

    /// Whether a job goes on when the server starts again.
    pub(super) fn goes_on_as_job(&self, id: Uuid) -> bool {
        self.bulk_jobs.jobs.lock().get(&id).is_some_and(|kept| kept.bulk.is_some())
    }

    /// The jobs that an earlier process has not ended and that go on.
    pub(super) fn bulk_jobs_to_resume(&self) -> Vec<(OrgNumber, KeptJob)> {
        let jobs = self.bulk_jobs.jobs.lock();
        let open = jobs.values().filter(|kept| kept.job.finished_at.is_none());
        let own = open.filter(|kept| !self.is_foreign(kept.node.as_deref()));
        own.filter(|kept| kept.bulk.is_some()).map(|kept| (kept.org, kept.to_keep())).collect()
    }

    /// The jobs that others were to take back and did not.
    pub(super) fn undone_in_vain(&self) -> Vec<Uuid> {
        let jobs = self.bulk_jobs.jobs.lock();
        let has_failed = |by: &Uuid| {
            jobs.get(by)
                .is_some_and(|by| matches!(by.job.state, JobState::Failed | JobState::Cancelled))
        };
        let undone = jobs.values().map(|kept| &kept.job);
        let in_vain = undone.filter(|job| job.undone_by.as_ref().is_some_and(has_failed));
        in_vain.map(|job| job.id).collect()
    }

    /// Says that one job takes another one back, unless one does already: which.
    pub(super) fn claim_undo(&self, of: Uuid, by: Uuid) -> Option<Uuid> {
        let mut jobs = self.bulk_jobs.jobs.lock();
        let known = &mut jobs.get_mut(&of)?.job;
        let already = known.undone_by;
        known.undone_by = already.or(Some(by));
        already
    }

    /// What is set once a job is to end.
    pub(super) fn cancel_of_job(&self, id: Uuid) -> Arc<AtomicBool> {
        let jobs = self.bulk_jobs.jobs.lock();
        jobs.get(&id).map(|kept| Arc::clone(&kept.cancel)).unwrap_or_default()
    }

    /// A job and its organisation, whoever has started it.
    pub(super) fn job_with_organization(&self, id: Uuid) -> Option<(OrgNumber, BulkJob)> {
        let jobs = self.bulk_jobs.jobs.lock();
        jobs.get(&id).map(|kept| (kept.org, kept.job.clone()))
    }

    fn is_cancelled_job(&self, id: Uuid) -> bool {
        let jobs = self.bulk_jobs.jobs.lock();
        jobs.get(&id).is_some_and(|kept| kept.cancel.load(Ordering::Relaxed))
    }

    /// Whether a job is to end before it is done: somebody has stopped it, or the server ends.
    pub(super) fn is_stopping_job(&self, id: Uuid) -> bool {
        self.is_stopping_jobs() || self.is_cancelled_job(id)
    }

    /// Whether a job that the caller has started runs.
    pub(super) fn has_running_job(&self, caller: &Caller) -> bool {
        let jobs = self.bulk_jobs.jobs.lock();
        jobs.values().any(|kept| {
            kept.org == caller.organization
                && kept.actor == caller.actor
                && kept.job.finished_at.is_none()
        })
    }

    /// Runs something in a thread of its own, which is waited for when jobs are stopped.
    pub(super) fn in_background(
        self: &Arc<Self>,
        name: &str,
        work: impl FnOnce(&Self) + Send + 'static,
    ) {
        let app = Arc::clone(self);
        let mut threads = self.bulk_jobs.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        match std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            step_back(Rank::Background);
            let work = || {
                work(&app);
                Ok(())
            };
            let _told = caught("work in the background", work);
        }) {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::error!("no thread is left: {error}"),
        }
    }

    /// Stops all work in the background between two writes and waits for it.
    pub fn stop_bulk_actions(&self) {
        self.bulk_jobs.is_stopping.store(true, Ordering::Relaxed);
        self.partition.cancel_reindex();
        self.finish_jobs();
    }

    /// Whether jobs are to end before they are done.
    pub(super) fn is_stopping_jobs(&self) -> bool {
        self.bulk_jobs.is_stopping.load(Ordering::Relaxed)
    }

    /// Waits until all jobs have ended.
    pub fn finish_jobs(&self) {
        let threads = std::mem::take(&mut *self.bulk_jobs.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a bulk action ended by a panic");
            }
        }
    }

    pub(super) fn update_job(&self, id: Uuid, change: impl FnOnce(&mut BulkJob)) {
        if let Some(kept) = self.bulk_jobs.jobs.lock().get_mut(&id) {
            change(&mut kept.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;

    #[test]
    fn a_job_that_panics_has_failed() {
        let dir = tempfile::tempdir().unwrap();
        let app = Arc::new(App::open(&dir.path().join("data"), Options::default()).unwrap());
        app.bootstrap(None).unwrap();
        let job = BulkJob::new(JobKind::LeadScore, Uuid::now_v7(), app.now());
        app.keep_running_job(OrgNumber(1), "system".into(), Permission::ManageSettings, &job);
        app.run_job(job.id, |_| panic!("it cannot be")).unwrap();
        app.finish_jobs();
        let ended = app.job_of_anybody(job.id).unwrap();
        assert_eq!(ended.state, JobState::Failed);
        assert!(ended.error.unwrap().starts_with("the job failed unexpectedly"));
    }
}
