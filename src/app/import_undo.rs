//! Taking back what an import did: contacts that it made go to the trash, and fields that it changed
//! get the values that they had. What people changed since is kept and named.
//!
//! What an import did stands in the audit log, between the entries that its job remembers; so
//! nothing is stored for this, and what was erased since cannot come back.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use super::error::Error;
use super::import_jobs::{ImportJob, UndoState};
use super::job_undo::put_back;
use super::jobs::{BulkJob, JobKind, MOST_REFUSALS, Refusal};
use super::protection::may_delete;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, AuditEntry, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::error::{ErrorCode, HasCode};

/// Contacts of one write.
const WRITE_CONTACTS: usize = 500;

/// What is taken back of one contact.
#[derive(Clone)]
struct Deed {
    id: ContactId,
    /// Whether the import made it.
    is_new: bool,
    changes: Vec<FieldChange>,
}

/// What became of it.
enum Taken {
    Back,
    AsItWas,
    Kept(Refusal),
}

impl App {
    /// Begins to take an import back.
    ///
    /// # Errors
    /// If there is no such import for the caller, it runs, wrote nothing or was taken back, or the
    /// caller may not.
    pub fn undo_import(self: &Arc<Self>, caller: &Caller, id: Uuid) -> Result<BulkJob, Error> {
        let import = self.find_import(caller, id)?;
        if import.undo_state != UndoState::Available {
            return Err(Error::InUse(match import.undo_state {
                UndoState::Running => "the import is being taken back".to_owned(),
                UndoState::Done => "the import has been taken back already".to_owned(),
                _ if import.finished_at.is_none() => {
                    "the import still runs: cancel it first".to_owned()
                }
                UndoState::None | UndoState::Available => {
                    "the import has changed nothing that could be taken back".to_owned()
                }
            }));
        }
        authorize(caller, Permission::Delete)?;
        let actor = self.actor_of_import(caller.organization, id);
        let job = BulkJob::new(JobKind::ImportUndo, Uuid::now_v7(), self.partition.now());
        self.keep_job(caller, &job, None)?;
        self.note_undo(id, UndoState::Running);
        let by = caller.clone();
        let job_id = job.id;
        self.run_job(job_id, move |app| {
            let undone = app.take_back(&by, &import, &actor, job_id);
            let state = if undone.is_ok() { UndoState::Done } else { UndoState::Available };
            app.note_undo(id, state);
            undone
        })?;
        Ok(job)
    }

    fn take_back(
        &self,
        caller: &Caller,
        import: &ImportJob,
        actor: &str,
        job: Uuid,
    ) -> Result<(), Error> {
        let Some((first, last)) = import.audit_entries else { return Ok(()) };
        let actor = format!("{actor} (import)");
        let mut seen: HashSet<Uuid> = HashSet::new();
        let mut kept: HashSet<Uuid> = HashSet::new();
        let answers: HashSet<u64> = import.answer_entries.iter().copied().collect();
        let all = import.answer_entries.iter().rev().copied();
        for number in all.chain((first..=last).rev().filter(|one| !answers.contains(one))) {
            let Some(entry) = self.partition.audit_entry(caller.organization, number)? else {
                continue;
            };
            if entry.actor != actor && !answers.contains(&number) {
                continue;
            }
            let mut deeds = Vec::new();
            for deed in self.deeds_of(caller.organization, &entry)? {
                if kept.contains(&deed.id.0) {
                    continue;
                }
                if seen.insert(deed.id.0)
                    && let Some(why) =
                        self.changed_since(caller, &deed, (number, &answers), &actor)?
                {
                    kept.insert(deed.id.0);
                    self.count_taken(job, vec![Taken::Kept(why)]);
                    continue;
                }
                deeds.push(deed);
            }
            for deeds in deeds.chunks(WRITE_CONTACTS) {
                let taken = self.write_back(caller, deeds)?;
                self.count_taken(job, taken);
            }
            if self.is_stopping_job(job) {
                return Err(Error::Overloaded("the server is being stopped; begin again"));
            }
        }
        Ok(())
    }

    /// What an entry of the log did to contacts, in the order in which it is taken back.
    fn deeds_of(&self, org: OrgNumber, entry: &AuditEntry) -> Result<Vec<Deed>, Error> {
        let mut deeds = Vec::new();
        for act in entry.acts.iter().rev() {
            let is_new = act.0 == AuditAction::ContactCreated;
            let is_change =
                matches!(act.0, AuditAction::ContactUpdated | AuditAction::ConsentRecorded);
            if !is_new && !is_change {
                continue;
            }
            let details = self.partition.audit_details(org, act.1, entry.number)?;
            let changes = details.map(|details| details.changes).unwrap_or_default();
            deeds.push(Deed { id: ContactId(act.1), is_new, changes });
        }
        Ok(deeds)
    }

    /// Why a contact that an import made is kept: somebody else has changed it since.
    fn changed_since(
        &self,
        caller: &Caller,
        deed: &Deed,
        (number, answers): (u64, &HashSet<u64>),
        actor: &str,
    ) -> Result<Option<Refusal>, Error> {
        if !deed.is_new {
            // Of a changed one only the fields are kept that were changed since.
            return Ok(None);
        }
        let org = caller.organization;
        let Some(contact) = self.partition.contact(org, deed.id)? else { return Ok(None) };
        let counts = &contact.facts.counts;
        let has_records = counts.deals
            + counts.tasks_open
            + counts.notes
            + counts.activities
            + counts.calls
            + counts.conversations
            > 0;
        if has_records {
            return Ok(Some(refused(deed.id, "there are records about it")));
        }
        if contact.version == 1 {
            return Ok(None);
        }
        for other in self.partition.audit_numbers_of(org, deed.id.0)? {
            if other > number
                && !answers.contains(&other)
                && let Some(entry) = self.partition.audit_entry(org, other)?
                && entry.actor != actor
            {
                let who = self.name_of_actor(org, &entry.actor).unwrap_or(entry.actor);
                return Ok(Some(refused(deed.id, &format!("{who} has changed it since"))));
            }
        }
        Ok(None)
    }

    fn write_back(&self, caller: &Caller, deeds: &[Deed]) -> Result<Vec<Taken>, Error> {
        let (org, now) = (caller.organization, self.partition.now());
        let department = self.department_of(caller);
        let (by, deeds) = (caller.clone(), deeds.to_vec());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let mut taken = Vec::with_capacity(deeds.len());
            for deed in &deeds {
                let found = tx.contact(org, deed.id)?;
                let Some(before) = found.filter(|one| !one.is_deleted() && by.sees(one)) else {
                    taken.push(Taken::AsItWas);
                    continue;
                };
                let mut after = before.clone();
                let mut left = Vec::new();
                if deed.is_new {
                    if let Err(error) = may_delete(&by, department.as_deref(), &before, false) {
                        let code = error.code().as_str().to_owned();
                        let detail = error.to_string();
                        taken.push(Taken::Kept(Refusal { id: deed.id, code, detail }));
                        continue;
                    }
                    after.deleted_at = Some(now);
                } else {
                    left = take_back_fields(&mut after, &deed.changes);
                }
                if after == before {
                    let is_same = left.is_empty();
                    let kept = || Taken::Kept(changed(deed.id, &left));
                    taken.push(if is_same { Taken::AsItWas } else { kept() });
                    continue;
                }
                put_back(tx, &by, before, after, now)?;
                taken.push(Taken::Back);
                if !left.is_empty() {
                    taken.push(Taken::Kept(changed(deed.id, &left)));
                }
            }
            Ok(taken)
        })?;
        self.own_writes.note(caller, written.seq);
        Ok(written.value)
    }

    fn count_taken(&self, job: Uuid, taken: Vec<Taken>) {
        self.update_job(job, |job| {
            for one in taken {
                match one {
                    Taken::Back => job.changed += 1,
                    Taken::AsItWas => job.unchanged += 1,
                    Taken::Kept(why) => {
                        job.refused += 1;
                        if job.refusals.len() < MOST_REFUSALS {
                            job.refusals.push(why);
                        }
                    }
                }
            }
            job.total = job.changed + job.unchanged + job.refused;
        });
    }
}

fn refused(id: ContactId, why: &str) -> Refusal {
    let code = ErrorCode::UndoConflict.as_str().to_owned();
    Refusal { id, code, detail: why.to_owned() }
}

fn changed(id: ContactId, fields: &[String]) -> Refusal {
    refused(id, &format!("changed since, and kept: {}", fields.join(", ")))
}

/// Gives fields the values that they had; names those that have others now than were written.
fn take_back_fields(contact: &mut Contact, changes: &[FieldChange]) -> Vec<String> {
    let mut left = Vec::new();
    // The ledger of consent is only added to.
    for change in changes.iter().filter(|change| !change.field.starts_with("consent.")) {
        let with = |value| contact.with_field(&change.field, value);
        let earlier = with(&change.before);
        if earlier.as_ref() == Some(contact) {
            continue;
        }
        let is_as_written = with(&change.after).as_ref() == Some(contact);
        match earlier.filter(|_| is_as_written) {
            Some(earlier) => *contact = earlier,
            None => left.push(change.field.clone()),
        }
    }
    left
}
