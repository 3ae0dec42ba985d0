//! What is kept of imports and bulk actions, so that they are known after a restart. Most go on then;
//! what was written by other work that the end of the server has interrupted stays, and it says so.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::App;
use super::bulk_resume::BulkResume;
use super::error::Error;
use super::idempotency::Idempotency;
use super::import_jobs::{ImportJob, ImportState};
use super::import_resume::Resume;
use super::jobs::{BulkJob, JobState};
use crate::domain::access::Permission;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, codec, keys};

/// Jobs of an organisation that are kept.
const MOST_KEPT: usize = 1_000;
/// What a job says that was interrupted.
const INTERRUPTED: &str = "the server was stopped before the end; what was written until then stays, and is at least this";

/// A job as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptJob {
    /// Who has started it.
    pub(super) actor: String,
    /// The user that this is.
    #[serde(default)]
    pub(super) user: Option<Uuid>,
    /// Who may do this sees it as well.
    #[serde(default)]
    pub(super) shared_with: Option<Permission>,
    /// What an import needs to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resume: Option<Resume>,
    /// What a bulk action needs to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bulk: Option<BulkResume>,
    /// The machine of a cluster that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<String>,
    pub(super) work: KeptWork,
}

/// Of which kind it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeptWork {
    Import(Box<ImportJob>),
    Bulk(BulkJob),
}

impl KeptWork {
    fn id(&self) -> Uuid {
        match self {
            Self::Import(job) => job.id,
            Self::Bulk(job) => job.id,
        }
    }

    /// Whether it has begun, so that it may have written more than is known.
    fn may_have_written(&self) -> bool {
        match self {
            Self::Import(job) => job.state == ImportState::Running,
            Self::Bulk(_) => true,
        }
    }

    /// Says of a job that had not ended that it has failed, with the last audit entry until then;
    /// whether it had not.
    fn interrupt(&mut self, now: Timestamp, last: Option<u64>) -> bool {
        let (finished_at, error) = match self {
            Self::Import(job) => (&mut job.finished_at, &mut job.error),
            Self::Bulk(job) => (&mut job.finished_at, &mut job.error),
        };
        if finished_at.is_some() {
            return false;
        }
        *finished_at = Some(now);
        *error = Some(INTERRUPTED.to_owned());
        match self {
            Self::Import(job) => {
                job.state = ImportState::Failed;
                job.end_entries(last);
            }
            Self::Bulk(job) => job.state = JobState::Failed,
        }
        true
    }
}

/// A job in memory.
pub(super) trait Remembered {
    /// Whose it is.
    fn organization(&self) -> OrgNumber;
    /// Whether nothing changes about it any more.
    fn has_ended(&self) -> bool;
}

/// Makes room for one more job of an organisation: its oldest that have ended are forgotten.
pub(super) fn make_room<T: Remembered>(jobs: &mut HashMap<Uuid, T>, org: OrgNumber) {
    let own = jobs.iter().filter(|(_, job)| job.organization() == org);
    let surplus = (own.clone().count() + 1).saturating_sub(MOST_KEPT);
    if surplus == 0 {
        return;
    }
    let ended = own.filter(|(_, job)| job.has_ended());
    let mut ended: Vec<Uuid> = ended.map(|(id, _)| *id).collect();
    // Ids are in the order of time.
    ended.sort_unstable();
    for id in ended.into_iter().take(surplus) {
        jobs.remove(&id);
    }
}

impl App {
    /// Keeps how a job stands. A new one takes the place of the oldest if there are many, and is
    /// kept together with the key of the request that asked for it.
    pub(super) fn note_job(
        &self,
        org: OrgNumber,
        mut kept: KeptJob,
        is_new: bool,
        idempotency: Option<Idempotency>,
    ) {
        kept.node = self.partition.node().map(str::to_owned);
        let now = self.partition.now();
        let (id, actor) = (kept.work.id(), kept.actor.clone());
        let noted = self.partition.write::<_, Error>(org, actor.as_str(), false, move |tx| {
            if is_new {
                let known = tx.scan(&keys::space_of(keys::JOBS, org))?;
                let surplus = (known.len() + 1).saturating_sub(MOST_KEPT);
                for old in known.into_keys().take(surplus) {
                    tx.delete(&old);
                }
            }
            let bytes = codec::encode(&kept).map_err(EngineError::from)?;
            tx.put(&keys::job(org, id), bytes);
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, id)?;
            }
            Ok(())
        });
        if let Err(error) = noted.map_err(Error::from) {
            tracing::warn!("job {id} cannot be kept: {error}");
        }
    }

    /// Whether a job is worked on by another machine.
    pub(super) fn is_foreign(&self, node: Option<&str>) -> bool {
        node.is_some() && node != self.partition.node()
    }

    /// Takes over what is kept of a job.
    pub(super) fn restore_job(&self, org: OrgNumber, kept: &KeptJob) {
        match kept.work.clone() {
            KeptWork::Import(job) => self.restore_import(org, kept, *job),
            KeptWork::Bulk(job) => self.restore_bulk_job(org, kept, job),
        }
    }

    /// Takes over what is kept of jobs; those that had not ended and cannot go on have failed.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn restore_jobs(&self) -> Result<(), Error> {
        for organization in self.access().organizations() {
            let org = organization.number;
            let mut all: Vec<KeptJob> = Vec::new();
            for entry in self.partition.scan(&keys::space_of(keys::JOBS, org)) {
                all.push(codec::decode(entry?.1.as_ref()).map_err(EngineError::from)?);
            }
            for mut kept in all {
                // One of before there were several machines is taken over by whoever has it.
                if self.is_foreign(kept.node.as_deref()) {
                    self.restore_job(org, &kept);
                    continue;
                }
                let now = self.partition.now();
                let was_running = kept.work.may_have_written();
                let mut goes_on = self.restore_unfinished_import(&organization, &mut kept)?;
                self.end_cancelled_bulk_job(org, &mut kept);
                goes_on |= kept.bulk.as_ref().is_some_and(BulkResume::goes_on);
                if !goes_on && kept.work.interrupt(now, self.last_audit_entry(org)) {
                    (kept.resume, kept.bulk) = (None, None);
                    self.note_job(org, kept.clone(), false, None);
                    if let KeptWork::Import(job) = &kept.work
                        && was_running
                        && !self.import_checkpoint(org, job.id)?.is_some_and(|one| one.is_told)
                    {
                        self.note_import_interrupted(&organization, &kept.actor, job.counts)?;
                    }
                }
                self.restore_job(org, &kept);
            }
        }
        self.restore_undos();
        self.clear_exports()?;
        self.clear_questions()?;
        self.clear_rejected_rows()
    }
}
