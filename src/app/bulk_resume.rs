//! Bulk actions and what takes them back go on when the server starts again: whom they were to change
//! is kept, and how far they are stands in the same write as what they have changed, so that nobody is
//! changed twice.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::bulk_actions::{Bounds, BulkRun, Deed};
use super::error::Error;
use super::import_jobs::UndoState;
use super::import_undo_entries::ImportEntries;
use super::jobs::{BulkJob, JobState};
use super::kept_jobs::{KeptJob, KeptWork};
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::record::kind_by_name;
use crate::domain::tag::TagChange;
use crate::engine::{Error as EngineError, Tx, codec, keys};

/// Contacts that are kept under one key.
const TOGETHER: usize = 250;
/// Keys of one write.
const MOST_KEYS: usize = 100;

/// What a bulk action needs to go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BulkResume {
    deed: KeptDeed,
    #[serde(default)]
    address: Option<IpAddr>,
    /// How many of the contacts that are kept, or entries of the log, are done; nothing before they are
    /// kept.
    #[serde(default)]
    pub(super) done: Option<u64>,
    /// Whether somebody has stopped it.
    #[serde(default)]
    pub(super) is_cancelled: bool,
}

/// What is done, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeptDeed {
    /// The action of a request.
    Action(Value),
    Tags(TagChange),
    List {
        list: Uuid,
        is_member: bool,
    },
    /// Taking back what a job has done in these entries of the audit log.
    Undo {
        of: Uuid,
        entries: Vec<u64>,
    },
    /// Taking back an import that has written these.
    ImportUndo {
        import: Uuid,
        entries: ImportEntries,
    },
    /// Taking back the merge that a job was.
    MergeUndo {
        of: Uuid,
        merge: Uuid,
    },
}

impl BulkResume {
    /// What a deed needs to go on; nothing if it does not.
    pub(super) fn of(caller: &Caller, deed: &Deed, action: Option<&Value>) -> Option<Self> {
        let deed = match deed {
            Deed::Tags(change) => KeptDeed::Tags(change.clone()),
            Deed::List { list, is_member } => KeptDeed::List { list: *list, is_member: *is_member },
            Deed::Change(_) | Deed::Set(..) | Deed::Merge(_) | Deed::Delete | Deed::Restore => {
                KeptDeed::Action(action?.clone())
            }
        };
        Some(Self { deed, address: caller.address, done: None, is_cancelled: false })
    }

    /// What taking a job back needs to go on. All that it is to do is known from the beginning.
    pub(super) fn of_undo(caller: &Caller, of: Uuid, entries: Vec<u64>) -> Self {
        Self::from_beginning(caller, KeptDeed::Undo { of, entries })
    }

    /// What taking an import back needs to go on.
    pub(super) fn of_import_undo(caller: &Caller, import: Uuid, entries: ImportEntries) -> Self {
        Self::from_beginning(caller, KeptDeed::ImportUndo { import, entries })
    }

    /// What taking back the merge of a job needs to go on.
    pub(super) fn of_merge_undo(caller: &Caller, of: Uuid, merge: Uuid) -> Self {
        Self::from_beginning(caller, KeptDeed::MergeUndo { of, merge })
    }

    fn from_beginning(caller: &Caller, deed: KeptDeed) -> Self {
        Self { deed, address: caller.address, done: Some(0), is_cancelled: false }
    }

    /// Whether it goes on.
    pub(super) fn goes_on(&self) -> bool {
        self.done.is_some() && !self.is_cancelled
    }
}

/// How far a job is, to be kept with what it changes.
#[derive(Clone)]
pub(super) struct BulkCheckpoint {
    pub(super) org: OrgNumber,
    pub(super) kept: KeptJob,
    /// How many contacts, or entries of the log, are done with this write.
    pub(super) done: u64,
}

impl BulkCheckpoint {
    /// Keeps the job as it is after the write.
    pub(super) fn put(
        &self,
        tx: &mut Tx<'_>,
        change: impl FnOnce(&mut BulkJob),
    ) -> Result<(), EngineError> {
        let mut kept = self.kept.clone();
        let KeptWork::Bulk(job) = &mut kept.work else { return Ok(()) };
        change(job);
        let id = job.id;
        if let Some(resume) = &mut kept.bulk {
            resume.done = Some(self.done);
        }
        tx.put(&keys::job(self.org, id), codec::encode(&kept)?);
        Ok(())
    }
}

impl App {
    /// Keeps whom a job is to change.
    pub(super) fn keep_selected(
        &self,
        org: OrgNumber,
        job: Uuid,
        ids: &[ContactId],
    ) -> Result<(), Error> {
        let mut first = 0_u64;
        for write in ids.chunks(TOGETHER * MOST_KEYS) {
            let mut puts = Vec::new();
            for part in write.chunks(TOGETHER) {
                let bytes: Vec<u8> = part.iter().flat_map(|id| *id.0.as_bytes()).collect();
                puts.push((keys::import_row(org, job, first).to_vec(), bytes));
                first += 1;
            }
            self.partition.write::<(), Error>(org, "ringdex (jobs)", false, move |tx| {
                for (key, bytes) in &puts {
                    tx.put(key, bytes.clone());
                }
                Ok(())
            })?;
        }
        self.note_selected(job);
        Ok(())
    }

    /// Whom a job is to change.
    fn selected(&self, org: OrgNumber, job: Uuid) -> Result<Vec<ContactId>, Error> {
        let mut ids = Vec::new();
        for entry in self.partition.scan(&keys::import_rows(org, job)) {
            let bytes = entry?.1;
            let parts = bytes.as_ref().chunks_exact(16);
            ids.extend(parts.filter_map(|id| Uuid::from_slice(id).ok()).map(ContactId));
        }
        Ok(ids)
    }

    /// Forgets whom a job was to change.
    pub(super) fn forget_selected(&self, org: OrgNumber, job: Uuid) {
        let mut old: Vec<Vec<u8>> = Vec::new();
        for entry in self.partition.scan(&keys::import_rows(org, job)) {
            match entry {
                Ok((key, _)) => old.push(key),
                Err(error) => tracing::warn!("what is kept of job {job} stays: {error}"),
            }
        }
        if let Err(error) = self.remove_import_rows(org, &old) {
            tracing::warn!("what is kept of job {job} stays: {error}");
        }
    }

    /// Lets bulk actions go on that an earlier process has not ended.
    pub fn resume_bulk_actions(self: &Arc<Self>) {
        for (org, kept) in self.bulk_jobs_to_resume() {
            let (KeptWork::Bulk(job), Some(resume)) = (kept.work, kept.bulk) else { continue };
            let actor = kept.actor;
            let started = self.run_job(job.id, move |app| {
                let ended = app.resume_bulk_action(org, &actor, job.id, &resume);
                if ended.is_err() {
                    app.end_resumed_undo(job.id, &resume.deed);
                }
                ended
            });
            if let Err(error) = started {
                tracing::error!("job {} cannot go on: {error}", job.id);
            }
        }
    }

    fn resume_bulk_action(
        &self,
        org: OrgNumber,
        actor: &str,
        id: Uuid,
        resume: &BulkResume,
    ) -> Result<(), Error> {
        let caller = self.access().caller_of_actor(org, actor, self.partition.now());
        let Some(mut caller) = caller else {
            return Err(Error::ImpossibleStep(
                "who asked for it is gone or may do nothing any more; what was changed stays"
                    .to_owned(),
            ));
        };
        caller.address = resume.address;
        let done = usize::try_from(resume.done.unwrap_or_default()).unwrap_or(usize::MAX);
        let settings = self.organization_of(&caller)?.settings.clone();
        let deed = match &resume.deed {
            KeptDeed::Action(action) => {
                let body = serde_json::json!({"action": action});
                let (action, permission) = self.read_action(&caller, &body)?;
                authorize(&caller, permission)?;
                self.bulk_deed(&caller, &settings, &action)?
            }
            KeptDeed::Tags(change) => {
                authorize(&caller, Permission::ManageTags)?;
                Deed::Tags(change.clone())
            }
            KeptDeed::List { list, is_member } => {
                let edit = kind_by_name("list").map_or(Permission::Edit, |kind| kind.info().edit);
                authorize(&caller, edit)?;
                Deed::List { list: *list, is_member: *is_member }
            }
            KeptDeed::Undo { of, entries } => {
                authorize(&caller, Permission::Edit)?;
                return self.undo_entries_of(&caller, (id, *of), entries, done);
            }
            KeptDeed::ImportUndo { import, entries } => {
                return self.take_import_back(&caller, (id, *import), entries, done as u64);
            }
            KeptDeed::MergeUndo { of, merge } => {
                return self.undo_merge_of(&caller, (id, *of), *merge);
            }
        };
        let bounds = Bounds::none();
        let (job, settings) = (Some(id), &settings);
        let run = BulkRun { app: self, caller: &caller, deed: &deed, settings, bounds, job };
        let ids = self.selected(org, id)?;
        run.each(&ids, done, &mut |change| self.note_bulk_job(id, |job| change(job)))
    }

    /// Lets what a job could not take back be taken back by another one.
    fn end_resumed_undo(&self, job: Uuid, deed: &KeptDeed) {
        match deed {
            KeptDeed::Undo { of, .. } | KeptDeed::MergeUndo { of, .. } => {
                self.end_undo_in_vain(job, *of);
            }
            KeptDeed::ImportUndo { import, .. } if !self.leaves_job(job) => {
                self.note_undo(*import, UndoState::Available);
            }
            KeptDeed::ImportUndo { .. }
            | KeptDeed::Action(_)
            | KeptDeed::Tags(_)
            | KeptDeed::List { .. } => {}
        }
    }

    /// Says of a bulk action that somebody has stopped that it has ended.
    pub(super) fn end_cancelled_bulk_job(&self, org: OrgNumber, kept: &mut KeptJob) {
        let is_cancelled = kept.bulk.as_ref().is_some_and(|resume| resume.is_cancelled);
        let KeptWork::Bulk(job) = &mut kept.work else { return };
        if is_cancelled && job.finished_at.is_none() {
            job.finished_at = Some(self.partition.now());
            job.state = JobState::Cancelled;
            kept.bulk = None;
            self.note_job(org, kept.clone(), false, None);
        }
    }
}
