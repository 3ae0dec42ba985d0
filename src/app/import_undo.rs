//! Taking back what an import did: contacts that it made go to the trash, fields that it changed get the
//! values that they had, who it put on a list leaves it, and lists and companies that it made go as
//! long as nothing belongs to them. What was changed since is kept and named.
//!
//! What an import did stands in the audit log, between the entries that its job remembers
//! (`import_undo_entries` tells them from others); so nothing is stored for this, and what was erased
//! since cannot come back. How far it is stands in the same write as what it takes back, so it goes on
//! when the server starts again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::bulk_actions::{Outcome, tell};
use super::bulk_resume::{BulkCheckpoint, BulkResume};
use super::error::Error;
use super::import_jobs::{ImportJob, UndoState};
use super::import_undo_entries::{ImportEntries, OwnEntries};
use super::job_undo::put_back;
use super::jobs::{BulkJob, JobKind, Refusal};
use super::lists::note_members;
use super::protection::may_delete;
use super::{App, authorize};
use crate::domain::access::{Caller, Department, Permission};
use crate::domain::audit::{AuditAction, AuditEntry, FieldChange, import_undo_actor};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::list::list_kind;
use crate::domain::record::{AnyKind, Verb, kind_by_name, kind_by_number};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Origin, Rejected, Tx, keys};
use crate::error::ErrorCode;

/// Acts of one write.
const WRITE_ACTS: usize = 500;
/// Why a contact is kept.
const HAS_RECORDS: &str = "there are records about it";
const IS_LISTED: &str = "it has been put on another list";

/// What is taken back.
#[derive(Clone)]
enum Deed {
    /// A contact that was made, as which version it was found unchanged.
    Made { id: ContactId, version: Option<u64> },
    /// A contact that was changed.
    Changed { id: ContactId, changes: Vec<FieldChange> },
    /// Contacts that were put on a list.
    Members { list: Uuid, ids: Vec<ContactId> },
    /// Nothing here: its contact goes as a whole, or stays as a whole, or it is a list or company that
    /// goes once everything else has.
    Nothing,
}

/// What an import did to a contact, seen as a whole.
enum Verdict {
    /// It made it, and nobody has changed it since: this is its version.
    Goes(u64),
    /// It made it, and it is kept.
    Stays(Refusal),
    /// It only changed it.
    IsOlder,
}

/// An import that is taken back.
struct Undo<'a> {
    app: &'a App,
    caller: &'a Caller,
    job: Uuid,
    since: Timestamp,
    own: OwnEntries,
    /// Contacts that the import made; those that go with their version.
    made: HashMap<Uuid, Option<u64>>,
    /// Lists that such contacts are on, with whom the import put there; nobody counts on a list that
    /// is gone.
    listed: HashMap<Uuid, Option<HashSet<Uuid>>>,
    /// Contacts that it only changed, or that are gone.
    older: HashSet<Uuid>,
    /// Contacts, lists and companies that were named as kept before the server was started again.
    named: HashSet<Uuid>,
    /// Lists and companies that it made.
    records: Vec<(u8, Uuid)>,
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
            return Err(cannot_undo(&import, import.undo_state));
        }
        authorize(caller, Permission::Delete)?;
        let mut job = BulkJob::new(JobKind::ImportUndo, Uuid::now_v7(), self.partition.now());
        job.undo_of = Some(id);
        job.total = import.counts.imported + import.counts.updated;
        // Two that ask at once are told apart here.
        let state = self.begin_import_undo(id, &import);
        if state != UndoState::Available {
            return Err(cannot_undo(&import, state));
        }
        let begun = self.run_import_undo(caller, job, ImportEntries::of(&import));
        if begun.is_err() {
            self.note_undo(id, UndoState::Available);
        }
        begun
    }

    fn run_import_undo(
        self: &Arc<Self>,
        caller: &Caller,
        job: BulkJob,
        entries: ImportEntries,
    ) -> Result<BulkJob, Error> {
        let import = job.undo_of.unwrap_or_default();
        let resume = BulkResume::of_import_undo(caller, import, entries.clone());
        self.keep_resumable_job(caller, &job, Some(resume), None)?;
        self.note_undo(import, UndoState::Running);
        let (by, id) = (caller.clone(), job.id);
        self.run_job(id, move |app| app.take_import_back(&by, (id, import), &entries, 0))?;
        Ok(job)
    }

    /// Takes an import back, from so many of the acts of its entries on.
    pub(super) fn take_import_back(
        &self,
        caller: &Caller,
        (job, import): (Uuid, Uuid),
        entries: &ImportEntries,
        done: u64,
    ) -> Result<(), Error> {
        let undone = self.undo_of_import(caller, (job, import), entries).and_then(|mut undo| {
            undo.take_entries(entries, done)?;
            undo.take_records()
        });
        match &undone {
            Ok(()) => {
                let sum = |job: &BulkJob| job.changed + job.unchanged + job.refused;
                self.update_job(job, |job| job.total = sum(job));
                self.note_undo(import, UndoState::Done);
            }
            Err(_) if self.leaves_job(job) => {}
            // The rest can be taken back by another one.
            Err(_) => self.note_undo(import, UndoState::Available),
        }
        undone
    }

    fn undo_of_import<'a>(
        &'a self,
        caller: &'a Caller,
        (job, import): (Uuid, Uuid),
        entries: &ImportEntries,
    ) -> Result<Undo<'a>, Error> {
        let known = self.find_import(caller, import)?;
        authorize(caller, Permission::Delete)?;
        let own = self.own_entries(caller.organization, import, entries);
        let named = self.job_of_anybody(job).map(|job| job.refusals).unwrap_or_default();
        Ok(Undo {
            app: self,
            caller,
            job,
            since: known.created_at,
            own,
            made: HashMap::new(),
            listed: HashMap::new(),
            older: HashSet::new(),
            named: named.into_iter().map(|one| one.id.0).collect(),
            records: Vec::new(),
        })
    }
}

impl Undo<'_> {
    /// Takes back what stands in the entries, the last one first.
    fn take_entries(&mut self, entries: &ImportEntries, done: u64) -> Result<(), Error> {
        let mut before = 0;
        for number in entries.last_first() {
            let found = self.app.partition.audit_entry(self.caller.organization, number)?;
            let Some(entry) = found.filter(|entry| self.own.has(entry)) else { continue };
            let acts = acts_of(&entry);
            self.records.extend(acts.iter().filter_map(|act| made_record(*act)));
            let all = acts.len() as u64;
            let skipped = done.saturating_sub(before).min(all);
            let rest = acts.get(usize::try_from(skipped).unwrap_or_default()..).unwrap_or_default();
            self.take_entry(&entry, rest, before + skipped)?;
            before += all;
        }
        Ok(())
    }

    /// Takes back what is left of an entry; so many acts are done before.
    fn take_entry(
        &mut self,
        entry: &AuditEntry,
        acts: &[(AuditAction, Uuid)],
        mut done: u64,
    ) -> Result<(), Error> {
        // Who goes is known before who leaves lists.
        let mut outcomes = Vec::new();
        for (action, id) in acts.iter().filter(|act| is_of_contact(act.0)) {
            outcomes.extend(self.judge(*id, *action)?);
        }
        self.app.count_taken(self.job, &outcomes);
        for part in acts.chunks(WRITE_ACTS) {
            self.app.refuse_stopping(self.job)?;
            let mut deeds = Vec::with_capacity(part.len());
            for act in part {
                deeds.push(self.deed(entry, *act)?);
            }
            done += part.len() as u64;
            let taken = self.write_back(deeds, done)?;
            self.app.note_position(self.job, done);
            self.app.count_taken(self.job, &taken);
        }
        Ok(())
    }

    /// Settles of a contact that is met for the first time whether it goes; why it is kept, unless
    /// that was said before.
    fn judge(&mut self, id: Uuid, action: AuditAction) -> Result<Option<Outcome>, Error> {
        if self.made.contains_key(&id) || self.older.contains(&id) {
            return Ok(None);
        }
        match self.verdict(ContactId(id), action == AuditAction::ContactCreated)? {
            Verdict::Goes(version) => {
                self.made.insert(id, Some(version));
            }
            Verdict::IsOlder => {
                self.older.insert(id);
            }
            Verdict::Stays(why) => {
                self.made.insert(id, None);
                return Ok((!self.named.contains(&id)).then_some(Outcome::Refused(why)));
            }
        }
        Ok(None)
    }

    fn verdict(&mut self, id: ContactId, is_creation: bool) -> Result<Verdict, Error> {
        let org = self.caller.organization;
        let Some(contact) = self.app.partition.contact(org, id)? else {
            return Ok(Verdict::IsOlder);
        };
        if !is_creation && contact.created_at < self.since {
            return Ok(match contact.merged_into {
                Some(_) => Verdict::Stays(refused(id, "it has been merged since")),
                None => Verdict::IsOlder,
            });
        }
        if contact.merged_into.is_some() {
            return Ok(Verdict::Stays(refused(id, "it has been merged since")));
        }
        let others = if contact.version == 1 { None } else { self.changed_by(id)? };
        let Some(others) = others else {
            // Nobody else has, and it may have been made before.
            let is_own = is_creation || self.is_made_by_import(id)?;
            if !is_own {
                return Ok(Verdict::IsOlder);
            }
            let why = if contact.is_deleted() {
                None
            } else if has_records(&contact) {
                Some(HAS_RECORDS)
            } else {
                self.is_on_other_list(&contact)?.then_some(IS_LISTED)
            };
            return Ok(match why {
                Some(why) => Verdict::Stays(refused(id, why)),
                None => Verdict::Goes(contact.version),
            });
        };
        if contact.is_deleted() || !is_creation && !self.is_made_by_import(id)? {
            return Ok(Verdict::IsOlder);
        }
        Ok(Verdict::Stays(refused(id, &format!("{others} has changed it since"))))
    }

    /// Whether a contact is on a list that the import did not put it on.
    fn is_on_other_list(&mut self, contact: &Contact) -> Result<bool, Error> {
        for list in contact.facts.lists() {
            if !self.listed.contains_key(&list) {
                let put = self.put_on(list)?;
                self.listed.insert(list, put);
            }
            if let Some(Some(put)) = self.listed.get(&list)
                && !put.contains(&contact.id.0)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whom the import has put on a list, unless it is gone.
    fn put_on(&self, list: Uuid) -> Result<Option<HashSet<Uuid>>, Error> {
        let (partition, org) = (&self.app.partition, self.caller.organization);
        let record = partition.record(org, list_kind(), list)?;
        if record.is_none_or(|record| record.head.deleted_at.is_some()) {
            return Ok(None);
        }
        let mut put = HashSet::new();
        for number in partition.audit_numbers_of(org, list)? {
            if let Some(entry) = partition.audit_entry(org, number)?
                && self.own.has(&entry)
                && let Some(details) = partition.audit_details(org, list, number)?
            {
                put.extend(details.changes.iter().filter(|one| is_joining(one)).flat_map(ids_of));
            }
        }
        Ok(Some(put))
    }

    /// Lists that contacts which go may be on.
    fn own_lists(&self) -> HashSet<Uuid> {
        let own = |put: &Option<HashSet<Uuid>>| put.as_ref().is_none_or(|put| !put.is_empty());
        self.listed.iter().filter(|(_, put)| own(put)).map(|(list, _)| *list).collect()
    }

    /// Who else has changed a contact since.
    fn changed_by(&self, id: ContactId) -> Result<Option<String>, Error> {
        let org = self.caller.organization;
        for number in self.app.partition.audit_numbers_of(org, id.0)? {
            if let Some(entry) = self.app.partition.audit_entry(org, number)?
                && !self.own.has(&entry)
                && !self.own.is_void(&entry)
            {
                let who = self.app.name_of_actor(org, &entry.actor).unwrap_or(entry.actor);
                return Ok(Some(who));
            }
        }
        Ok(None)
    }

    fn is_made_by_import(&self, id: ContactId) -> Result<bool, Error> {
        let org = self.caller.organization;
        for number in self.app.partition.audit_numbers_of(org, id.0)? {
            if let Some(entry) = self.app.partition.audit_entry(org, number)?
                && self.own.has(&entry)
                && entry
                    .acts
                    .iter()
                    .any(|act| act.0 == AuditAction::ContactCreated && act.1 == id.0)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is to be taken back of an act.
    fn deed(&self, entry: &AuditEntry, (action, id): (AuditAction, Uuid)) -> Result<Deed, Error> {
        let changes = || -> Result<Vec<FieldChange>, Error> {
            let org = self.caller.organization;
            let details = self.app.partition.audit_details(org, id, entry.number)?;
            Ok(details.map(|details| details.changes).unwrap_or_default())
        };
        if matches!(action, AuditAction::Record(kind, _) if kind != list_kind()) {
            return Ok(Deed::Nothing);
        }
        if !is_of_contact(action) {
            let stays = |id: &Uuid| self.made.get(id) == Some(&None);
            let added = changes()?.into_iter().filter(is_joining);
            let ids = added.flat_map(|one| ids_of(&one)).filter(|id| !stays(id)).map(ContactId);
            return Ok(Deed::Members { list: id, ids: ids.collect() });
        }
        let is_new = action == AuditAction::ContactCreated;
        match self.made.get(&id).copied() {
            Some(None) => Ok(Deed::Nothing),
            // It goes as it is.
            Some(_) if !is_new => Ok(Deed::Nothing),
            version if is_new => Ok(Deed::Made { id: ContactId(id), version: version.flatten() }),
            _ => Ok(Deed::Changed { id: ContactId(id), changes: changes()? }),
        }
    }

    fn write_back(&self, deeds: Vec<Deed>, done: u64) -> Result<Vec<Outcome>, Error> {
        let (app, org, now) = (self.app, self.caller.organization, self.app.partition.now());
        let department = app.department_of(self.caller);
        let by = self.caller.clone();
        let actor = import_undo_actor(&by.actor).into();
        let origin = Origin { actor, address: by.address };
        let checkpoint =
            app.kept_bulk_job(self.job).map(|(org, kept)| BulkCheckpoint { org, kept, done });
        let lists = self.own_lists();
        let written = app.partition.write::<_, Error>(org, origin, false, move |tx| {
            let mut taken = Vec::with_capacity(deeds.len());
            for deed in &deeds {
                match deed {
                    Deed::Made { id, version } => {
                        let by = (&by, department.as_deref(), now);
                        taken.push(take_made(tx, by, (*id, *version), &lists)?);
                    }
                    Deed::Changed { id, changes } => {
                        take_changed(tx, (&by, now), (*id, changes), &mut taken)?;
                    }
                    Deed::Members { list, ids } => take_members(tx, &by, *list, ids)?,
                    Deed::Nothing => {}
                }
            }
            if let Some(checkpoint) = &checkpoint {
                checkpoint.put(tx, |job| count(job, &taken))?;
            }
            Ok(taken)
        })?;
        app.own_writes.note(self.caller, written.seq);
        Ok(written.value)
    }

    /// Takes lists and companies away that the import made, unless somebody uses them.
    fn take_records(&self) -> Result<(), Error> {
        for (number, id) in &self.records {
            self.app.refuse_stopping(self.job)?;
            let Some(kind) = kind_by_number(*number) else { continue };
            let why = if self.caller.may(kind.info().edit) {
                let is_free = self.take_record(kind, *id)?;
                (!is_free).then(|| format!("the {} that was made is in use", kind.info().name))
            } else {
                let found = self.app.partition.record(self.caller.organization, *number, *id)?;
                let is_there = found.is_some_and(|record| record.head.deleted_at.is_none());
                is_there.then(|| {
                    format!("the {} that was made is not yours to change", kind.info().name)
                })
            };
            if let Some(why) = why.filter(|_| !self.named.contains(id)) {
                self.app.count_taken(self.job, &[Outcome::Refused(refused(ContactId(*id), &why))]);
            }
        }
        Ok(())
    }

    /// Takes a list or company away; whether nobody uses it.
    fn take_record(&self, kind: &'static dyn AnyKind, id: Uuid) -> Result<bool, Error> {
        let (app, caller, org) = (self.app, self.caller, self.caller.organization);
        let number = kind.info().number;
        let found = app.partition.record(org, number, id)?;
        if found.is_none_or(|record| record.head.deleted_at.is_some()) {
            return Ok(true);
        }
        // Who joins a list later than is looked for stands in the audit log.
        let known = app.partition.audit_head(org)?.number;
        if number == list_kind() && app.has_members(caller, id)? {
            return Ok(false);
        }
        let (actor, now) = (import_undo_actor(&caller.actor), app.partition.now());
        let origin = Origin { actor: actor.clone().into(), address: caller.address };
        let written = app.partition.write::<_, Error>(org, origin, false, move |tx| {
            let Some(before) = tx.record(org, number, id)? else { return Ok(true) };
            let is_free = before.head.version == 1
                && !is_noted_after(tx, org, id, known)?
                && tx.contacts_of_company(org, id, 1)?.is_empty()
                && tx.records_about(org, id)?.is_empty();
            if is_free {
                let mut after = before.clone();
                after.head.version += 1;
                (after.head.deleted_at, after.head.updated_at) = (Some(now), now);
                after.head.updated_by.clone_from(&actor);
                tx.put_record(kind, Some(&before), &after)?;
            }
            Ok(is_free)
        })?;
        app.own_writes.note(caller, written.seq);
        Ok(written.value)
    }
}

impl App {
    fn refuse_stopping(&self, job: Uuid) -> Result<(), Error> {
        if self.is_stopping_job(job) {
            return Err(Error::Overloaded("the server is being stopped; begin again"));
        }
        Ok(())
    }

    fn count_taken(&self, job: Uuid, taken: &[Outcome]) {
        if !taken.is_empty() {
            self.update_job(job, |job| count(job, taken));
        }
    }
}

/// Why an import cannot be taken back now.
fn cannot_undo(import: &ImportJob, state: UndoState) -> Error {
    Error::InUse(match state {
        UndoState::Running => "the import is being taken back".to_owned(),
        UndoState::Done => "the import has been taken back already".to_owned(),
        _ if import.finished_at.is_none() => "the import still runs: cancel it first".to_owned(),
        UndoState::None | UndoState::Available => {
            "the import has changed nothing that could be taken back".to_owned()
        }
    })
}

/// The acts of an entry that are taken back, in that order.
fn acts_of(entry: &AuditEntry) -> Vec<(AuditAction, Uuid)> {
    let acts = entry.acts.iter().rev().map(|act| (act.0, act.1));
    let is_undone = |act: &(AuditAction, Uuid)| {
        is_of_contact(act.0)
            || made_record(*act).is_some()
            || act.0 == AuditAction::Record(list_kind(), Verb::Updated)
    };
    acts.filter(is_undone).collect()
}

fn is_of_contact(action: AuditAction) -> bool {
    matches!(
        action,
        AuditAction::ContactCreated | AuditAction::ContactUpdated | AuditAction::ConsentRecorded
    )
}

/// The list or company that an act has made.
fn made_record((action, id): (AuditAction, Uuid)) -> Option<(u8, Uuid)> {
    let AuditAction::Record(kind, Verb::Created) = action else { return None };
    let company = kind_by_name("company").map(|kind| kind.info().number);
    (kind == list_kind() || Some(kind) == company).then_some((kind, id))
}

/// Whether somebody was put on a list.
fn is_joining(change: &FieldChange) -> bool {
    change.field == "members" && change.before.is_null()
}

/// Whether the audit log has something about a record after an entry.
fn is_noted_after(
    tx: &Tx<'_>,
    org: OrgNumber,
    record: Uuid,
    entry: u64,
) -> Result<bool, EngineError> {
    let mut is_after = false;
    // Keys are in the order of entries.
    tx.each_key_back(&keys::audit_details_of(org, record), &mut |key| {
        is_after = keys::parse_audit_details(key).is_some_and(|(_, _, number)| number > entry);
        Ok(false)
    })?;
    Ok(is_after)
}

/// Counts what became of contacts; how many there are shows only now.
fn count(job: &mut BulkJob, outcomes: &[Outcome]) {
    tell(job, outcomes, None);
    job.total = job.total.max(job.changed + job.unchanged + job.refused);
}

fn ids_of(change: &FieldChange) -> Vec<Uuid> {
    let ids = change.after.as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str()?.parse().ok()).collect()
}

fn has_records(contact: &Contact) -> bool {
    let counts = &contact.facts.counts;
    counts.deals
        + counts.tasks_open
        + counts.notes
        + counts.activities
        + counts.calls
        + counts.conversations
        > 0
}

fn take_members(
    tx: &mut Tx<'_>,
    by: &Caller,
    list: Uuid,
    ids: &[ContactId],
) -> Result<(), Rejected<Error>> {
    let org = by.organization;
    let mut left = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(contact) = tx.contact(org, *id)?.filter(|one| by.sees(one))
            && tx.set_on_list(org, contact, list, false)?
        {
            left.push(*id);
        }
    }
    note_members(tx, list, &left, false);
    Ok(())
}

/// Sends a contact that was made to the trash, unless somebody has changed it since it was judged.
fn take_made(
    tx: &mut Tx<'_>,
    (by, department, now): (&Caller, Option<&Department>, Timestamp),
    (id, version): (ContactId, Option<u64>),
    lists: &HashSet<Uuid>,
) -> Result<Outcome, Rejected<Error>> {
    let found = tx.contact(by.organization, id)?;
    let Some(before) = found.filter(|one| !one.is_deleted() && by.sees(one)) else {
        return Ok(Outcome::Unchanged);
    };
    let why = if version != Some(before.version) {
        Some("it has been changed since")
    } else if has_records(&before) {
        Some(HAS_RECORDS)
    } else {
        before.facts.lists().any(|list| !lists.contains(&list)).then_some(IS_LISTED)
    };
    if let Some(why) = why {
        return Ok(Outcome::Refused(refused(id, why)));
    }
    if let Err(error) = may_delete(by, department, &before, false) {
        return Ok(Outcome::refused(id, &error));
    }
    let mut after = before.clone();
    after.deleted_at = Some(now);
    put_back(tx, by, before, after, now)?;
    Ok(Outcome::Changed)
}

fn take_changed(
    tx: &mut Tx<'_>,
    (by, now): (&Caller, Timestamp),
    (id, changes): (ContactId, &[FieldChange]),
    taken: &mut Vec<Outcome>,
) -> Result<(), Rejected<Error>> {
    let found = tx.contact(by.organization, id)?;
    let Some(before) = found.filter(|one| !one.is_deleted() && by.sees(one)) else {
        taken.push(Outcome::Unchanged);
        return Ok(());
    };
    let mut after = before.clone();
    let left = take_back_fields(&mut after, changes);
    if after == before {
        let is_same = left.is_empty();
        taken.push(if is_same { Outcome::Unchanged } else { Outcome::Refused(changed(id, &left)) });
        return Ok(());
    }
    put_back(tx, by, before, after, now)?;
    taken.push(Outcome::Changed);
    if !left.is_empty() {
        taken.push(Outcome::Refused(changed(id, &left)));
    }
    Ok(())
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
