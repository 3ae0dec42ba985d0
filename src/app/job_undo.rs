//! Taking back what a job has changed: each contact gets the values that it had, unless somebody
//! has changed them since.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many actions are special, and new ones are like the rest"
)]

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::bulk_actions::{Outcome, tell};
use super::bulk_resume::{BulkCheckpoint, BulkResume};
use super::contacts::Precondition;
use super::error::Error;
use super::jobs::{BulkJob, JobKind, JobState, Refusal};
use super::lists::note_members;
use super::protection::may_delete;
use super::{App, authorize};
use crate::domain::access::{Caller, Department, Permission, PhoneUniqueness};
use crate::domain::audit::{AuditAction, AuditDetails, AuditEntry, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::list::list_kind;
use crate::domain::record::Verb;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx, codec, keys};
use crate::error::HasCode;

impl App {
    /// Takes back what a job of the caller has changed, as a job of its own.
    ///
    /// # Errors
    /// If there is no such job for the caller, it runs, it has no inverse, it was undone already,
    /// or the caller may not.
    pub fn undo_job(self: &Arc<Self>, caller: &Caller, id: Uuid) -> Result<BulkJob, Error> {
        let known = self.find_job(caller, id)?;
        authorize(caller, Permission::Edit)?;
        let refused = |detail: &str| Err(Error::ImpossibleStep(detail.to_owned()));
        if known.state == JobState::Running {
            return refused("this job still runs: wait for its end");
        }
        let already = |by: Uuid| format!("job {by} has undone this one already");
        if let Some(by) = known.undone_by {
            return refused(&already(by));
        }
        if known.audit_entries.is_empty() && known.merge_id.is_none() {
            return refused("this job has changed nothing that could be taken back");
        }
        let mut job = BulkJob::new(JobKind::Undo, Uuid::now_v7(), self.now());
        job.undo_of = Some(id);
        job.total = known.changed;
        if known.merge_id.is_some() {
            authorize(caller, Permission::Merge)?;
        }
        // Two that ask at once are told apart here.
        let own = job.id;
        if let Some(by) = self.claim_undo(id, own) {
            return refused(&already(by));
        }
        let begun = match known.merge_id {
            Some(merge) => self.begin_merge_undo(caller, job, merge),
            None => self.begin_entries_undo(caller, job, known.audit_entries),
        };
        if begun.is_err() {
            self.release_undo(id, own);
        }
        begun
    }

    fn begin_entries_undo(
        self: &Arc<Self>,
        caller: &Caller,
        job: BulkJob,
        entries: Vec<u64>,
    ) -> Result<BulkJob, Error> {
        let (of, own) = (job.undo_of.unwrap_or_default(), job.id);
        let resume = BulkResume::of_undo(caller, of, entries.clone());
        self.keep_resumable_job(caller, &job, Some(resume), None)?;
        self.note_bulk_job(of, |known| known.undone_by = Some(own));
        let by = caller.clone();
        self.run_job(own, move |app| app.undo_entries_of(&by, (own, of), &entries, 0))?;
        Ok(job)
    }

    fn begin_merge_undo(
        self: &Arc<Self>,
        caller: &Caller,
        job: BulkJob,
        merge: Uuid,
    ) -> Result<BulkJob, Error> {
        let (of, own) = (job.undo_of.unwrap_or_default(), job.id);
        let resume = BulkResume::of_merge_undo(caller, of, merge);
        self.keep_resumable_job(caller, &job, Some(resume), None)?;
        self.note_bulk_job(of, |known| known.undone_by = Some(own));
        let by = caller.clone();
        self.run_job(own, move |app| app.undo_merge_of(&by, (own, of), merge))?;
        Ok(job)
    }

    /// Takes back the merge that another job was, unless that has been done.
    pub(super) fn undo_merge_of(
        &self,
        caller: &Caller,
        (job, of): (Uuid, Uuid),
        merge: Uuid,
    ) -> Result<(), Error> {
        let record = self.partition.merge(caller.organization, merge)?;
        let is_apart = record.as_ref().is_some_and(|record| record.undone_at.is_some());
        let undone = if is_apart {
            Ok(())
        } else {
            let body = serde_json::json!({});
            self.undo_merge(caller, merge, &body, &Precondition::None, None).map(|_| ())
        };
        match &undone {
            Ok(()) => {
                let others = record.map_or(0, |record| record.others.len() as u64);
                self.update_job(job, |job| job.changed = others);
            }
            Err(_) => self.end_undo_in_vain(job, of),
        }
        undone
    }

    /// Lets another job take back what one could not.
    pub(super) fn end_undo_in_vain(&self, job: Uuid, of: Uuid) {
        if !self.leaves_job(job) {
            self.release_undo(of, job);
        }
    }

    /// Lets a job be taken back by another one than the one that began to.
    fn release_undo(&self, of: Uuid, by: Uuid) {
        self.note_bulk_job(of, |known| known.undone_by = known.undone_by.filter(|one| *one != by));
    }

    /// Settles after a restart what can be taken back: what goes on is being taken back, and what has
    /// ended in vain can be begun again.
    pub(super) fn restore_undos(&self) {
        self.restore_import_undos();
        for id in self.undone_in_vain() {
            self.note_bulk_job(id, |known| known.undone_by = None);
        }
    }

    /// Takes back what another job has done, from so many of its entries on.
    pub(super) fn undo_entries_of(
        &self,
        caller: &Caller,
        (job, of): (Uuid, Uuid),
        entries: &[u64],
        done: usize,
    ) -> Result<(), Error> {
        let undone = self.undo_entries(caller, job, entries, done);
        if undone.is_err() {
            self.end_undo_in_vain(job, of);
        }
        undone
    }

    fn undo_entries(
        &self,
        caller: &Caller,
        job: Uuid,
        entries: &[u64],
        done: usize,
    ) -> Result<(), Error> {
        // What was done last is taken back first.
        for (at, number) in entries.iter().rev().enumerate().skip(done) {
            if self.is_stopping_job(job) {
                return Err(Error::Overloaded("the server was shut down before the end"));
            }
            let (by, number, org) = (caller.clone(), *number, caller.organization);
            let (now, department) = (self.now(), self.department_of(caller));
            let settings = self.organization_of(caller)?.settings.phone_uniqueness;
            let gate = (settings == PhoneUniqueness::Reject).then(|| self.number_gate.lock());
            let taken = match &gate {
                Some(_) => self.with_taken_numbers(caller, &self.deleted_by(org, number)?)?,
                None => HashMap::new(),
            };
            let done = at as u64 + 1;
            let checkpoint =
                self.kept_bulk_job(job).map(|(org, kept)| BulkCheckpoint { org, kept, done });
            let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
                let undone = undo_entry(tx, (&by, department.as_deref()), number, (now, &taken))?;
                if let Some(checkpoint) = &checkpoint {
                    checkpoint.put(tx, |job| tell(job, &undone, None))?;
                }
                Ok(undone)
            })?;
            drop(gate);
            self.own_writes.note(caller, written.seq);
            self.own_writes.note_hidden(org, written.seq);
            self.note_position(job, done);
            self.note_bulk_job(job, |job| tell(job, &written.value, None));
        }
        Ok(())
    }

    /// The contacts that an entry of the audit log has deleted.
    fn deleted_by(&self, org: OrgNumber, number: u64) -> Result<Vec<ContactId>, Error> {
        let acts = self.partition.audit_entry(org, number)?.map(|entry| entry.acts);
        let acts = acts.unwrap_or_default();
        let deleted = acts.iter().filter(|act| act.0 == AuditAction::ContactDeleted);
        Ok(deleted.map(|act| ContactId(act.1)).collect())
    }
}

/// Which contacts cannot come back, and why.
type Taken = HashMap<ContactId, Error>;

/// The number of the audit entry that a write in progress will have.
pub(super) fn next_entry(tx: &Tx<'_>, caller: &Caller) -> Result<u64, EngineError> {
    let head: crate::domain::audit::AuditHead =
        match tx.get(&keys::audit_head(caller.organization))? {
            Some(bytes) => codec::decode(&bytes)?,
            None => crate::domain::audit::AuditHead::default(),
        };
    Ok(head.number + 1)
}

fn undo_entry(
    tx: &mut Tx<'_>,
    (by, department): (&Caller, Option<&Department>),
    number: u64,
    (now, taken): (Timestamp, &Taken),
) -> Result<Vec<Outcome>, Rejected<Error>> {
    let org = by.organization;
    let Some(bytes) = tx.get(&keys::audit(org, number))? else { return Ok(Vec::new()) };
    let entry: AuditEntry = codec::decode(&bytes).map_err(EngineError::from)?;
    let mut outcomes = Vec::new();
    for act in &entry.acts {
        let Some(bytes) = tx.get(&keys::audit_details(org, act.1, number))? else { continue };
        let details: AuditDetails = codec::decode(&bytes).map_err(EngineError::from)?;
        match act.0 {
            AuditAction::ContactUpdated
            | AuditAction::ContactDeleted
            | AuditAction::ContactRestored => {
                let (id, changes) = (ContactId(act.1), &details.changes);
                if let Some(error) = taken.get(&id) {
                    outcomes.push(kept(id, error.code().as_str(), error.to_string()));
                    continue;
                }
                outcomes.push(undo_contact(tx, (by, department), id, changes, now)?);
            }
            AuditAction::Record(kind, Verb::Updated) if kind == list_kind() => {
                undo_members(tx, by, act.1, &details.changes, &mut outcomes)?;
            }
            _other => {}
        }
    }
    Ok(outcomes)
}

fn kept(id: ContactId, code: &str, detail: impl Into<String>) -> Outcome {
    Outcome::Refused(Refusal { id, code: code.to_owned(), detail: detail.into() })
}

fn undo_contact(
    tx: &mut Tx<'_>,
    (by, department): (&Caller, Option<&Department>),
    id: ContactId,
    changes: &[FieldChange],
    now: Timestamp,
) -> Result<Outcome, Rejected<Error>> {
    let found = tx.contact(by.organization, id)?;
    let Some(before) = found.filter(|contact| by.sees(contact)) else {
        return Ok(kept(id, "not_found", "there is no contact with this id any more"));
    };
    let mut after = before.clone();
    for change in changes {
        // It must still be as the job has left it.
        let held = after.with_field(&change.field, &change.after);
        if held.as_ref() != Some(&after) {
            let detail = format!("{} was changed since", change.field);
            return Ok(kept(id, "changed_since", detail));
        }
        let Some(earlier) = after.with_field(&change.field, &change.before) else {
            let detail = format!("{} cannot be put back", change.field);
            return Ok(kept(id, "unknown_field", detail));
        };
        after = earlier;
    }
    if after == before {
        return Ok(kept(id, "changed_since", "it is as it was already"));
    }
    // What was restored is deleted again only by who may delete it.
    if after.is_deleted() && !before.is_deleted() {
        let may = authorize(by, Permission::Delete)
            .and_then(|()| may_delete(by, department, &before, false));
        if let Err(error) = may {
            return Ok(kept(id, error.code().as_str(), error.to_string()));
        }
    }
    put_back(tx, by, before, after, now)?;
    Ok(Outcome::Changed)
}

/// Stores a contact as it was earlier, which is a change like any other.
pub(super) fn put_back(
    tx: &mut Tx<'_>,
    by: &Caller,
    before: Contact,
    mut after: Contact,
    now: Timestamp,
) -> Result<(), EngineError> {
    after.version = before.version + 1;
    after.updated_at = now.max(before.updated_at);
    after.updated_by = Some(by.actor.as_ref().to_owned());
    tx.replace_contact(by.organization, before, after)
}

fn undo_members(
    tx: &mut Tx<'_>,
    by: &Caller,
    list: Uuid,
    changes: &[FieldChange],
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Rejected<Error>> {
    let org = by.organization;
    for change in changes.iter().filter(|change| change.field == "members") {
        let was_added = change.before.is_null();
        let ids = if was_added { &change.after } else { &change.before };
        let ids = ids.as_array().into_iter().flatten();
        let ids = ids.filter_map(|id| id.as_str()?.parse().ok().map(ContactId));
        let mut undone = Vec::new();
        for id in ids {
            let contact = tx.contact(org, id)?.filter(|one: &Contact| by.sees(one));
            let is_undone = match contact {
                Some(contact) => tx.set_on_list(org, contact, list, !was_added)?,
                None => false,
            };
            if is_undone {
                undone.push(id);
                outcomes.push(Outcome::Changed);
            } else {
                outcomes.push(kept(id, "changed_since", "it is as it was already"));
            }
        }
        note_members(tx, list, &undone, !was_added);
    }
    Ok(())
}
