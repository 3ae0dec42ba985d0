//! Undoing a merge: the originals come back, what was added since stays and is named.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::audit::shows_field;
use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::overtaken::until_first;
use super::super::{App, authorize};
use super::request::UndoRequest;
use super::{Read, UndoBlock, authorize_whole};
use crate::domain::access::{Caller, Permission, PhoneUniqueness, Sight};
use crate::domain::audit::AuditAction;
use crate::domain::contact::Contact;
use crate::domain::draft::over_limits;
use crate::domain::duplicates::{Decision, Verdict};
use crate::domain::ids::{ChangeSeq, ContactId, OrgNumber};
use crate::domain::merge::{KeptChange, MergeRecord, Undo, plan, unasked, undo};
use crate::domain::time::Timestamp;
use crate::domain::view::ContactView;
use crate::domain::view::Showing;
use crate::engine::{Error as EngineError, Rejected, Tx, codec, keys};

/// What undoing a merge answers, as its caller may see it.
#[derive(Clone, Debug)]
pub struct Undone {
    /// The merge.
    pub merge_id: Uuid,
    /// Whether it was only tried.
    pub is_dry_run: bool,
    /// The contact that had stayed, as it is or would be.
    pub contact: Arc<Contact>,
    /// The contacts that are back.
    pub restored: Vec<Arc<Contact>>,
    /// What stays with the survivor though it came after the merge.
    pub kept: Vec<KeptChange>,
    /// The sequence of the write.
    pub seq: Option<ChangeSeq>,
    /// Whether an earlier request with the same key had done it already; what was kept is not
    /// known any more then.
    pub is_replay: bool,
}

impl Undone {
    /// The answer as JSON.
    pub fn to_json(&self, lists: &Showing) -> Value {
        let restored: Vec<ContactView<'_>> =
            self.restored.iter().map(|one| ContactView::with(one, lists)).collect();
        json!({
            "merge_id": self.merge_id,
            "dry_run": self.is_dry_run,
            "contact": ContactView::with(&self.contact, lists),
            "restored": restored,
            "kept": self.kept,
            "seq": self.seq,
        })
    }
}

/// A merge that can be undone, with the contacts as they are.
struct Found {
    record: MergeRecord,
    now: Contact,
    others: Vec<Contact>,
    /// What was merged into the same contact since, oldest first.
    later: Vec<Later>,
}

/// A later merge into the same contact, with the contacts that went into it.
struct Later {
    record: MergeRecord,
    others: Vec<Contact>,
}

/// Reads records of merges: inside a write, or outside.
type ReadMerge<'a> = &'a dyn Fn(Uuid) -> Result<Option<MergeRecord>, EngineError>;

/// Whether the caller sees the contacts of a merge that are still there.
pub(super) fn sees_merge(
    read: Read<'_>,
    caller: &Caller,
    record: &MergeRecord,
) -> Result<bool, EngineError> {
    for id in std::iter::once(record.primary).chain(record.present()) {
        if read(id)?.is_some_and(|contact| !caller.sees(&contact)) {
            return Ok(false);
        }
    }
    // Of contacts that are all gone, only who sees everything learns that they were there.
    Ok(!record.erased.contains(&record.primary) || caller.sight == Sight::Everything)
}

/// Finds a merge that can be undone.
fn find(
    read: Read<'_>,
    read_merge: ReadMerge<'_>,
    caller: &Caller,
    id: Uuid,
) -> Result<Found, Rejected<Error>> {
    let record = read_merge(id)?.ok_or(Rejected::By(Error::NotFound(Noun::Merge)))?;
    if !sees_merge(read, caller, &record)? {
        return Err(Rejected::By(Error::NotFound(Noun::Merge)));
    }
    let block = |block: UndoBlock| Rejected::By(Error::UndoBlocked(block));
    if let Some(at) = record.undone_at {
        return Err(block(UndoBlock::Undone(at)));
    }
    let now = read(record.primary)?.filter(|_| record.is_active());
    let now = now.ok_or_else(|| block(UndoBlock::Erased))?;
    if let Some(later) = now.merge_id {
        return Err(block(UndoBlock::LaterMerge(later)));
    }
    if now.is_deleted() {
        return Err(block(UndoBlock::SurvivorDeleted));
    }
    let others = gone_into(read, &record)?;
    let mut later = Vec::new();
    for id in now.merges.iter().skip_while(|id| **id != record.id).skip(1) {
        if let Some(record) = read_merge(*id)? {
            let others = gone_into(read, &record)?;
            later.push(Later { record, others });
        }
    }
    Ok(Found { record, now, others, later })
}

/// The contacts that went into a merge and are still there.
fn gone_into(read: Read<'_>, record: &MergeRecord) -> Result<Vec<Contact>, EngineError> {
    let mut others = Vec::new();
    for id in record.present() {
        others.extend(read(id)?.filter(|other| other.merge_id == Some(record.id)));
    }
    Ok(others)
}

impl Found {
    /// Works out what comes back; refuses where something must be said first.
    ///
    /// Later merges into the same contact are done anew on what it would have been without this
    /// one, so that they give what they would have given; their records are changed with it.
    fn undo(&mut self, sees: &dyn Fn(&str) -> bool, request: &UndoRequest) -> Result<Undo, Error> {
        let Some(values) = &self.record.values else {
            return Err(Error::UndoBlocked(UndoBlock::Erased));
        };
        let answers = &request.resolve;
        let (mut before, mut merged) = (values.before.clone(), values.merged.clone());
        let mut steps: Vec<Undo> = Vec::new();
        let mut others = self.others.clone();
        for Later { record, others: inside } in &mut self.later {
            let Some(values) = &mut record.values else { continue };
            let step = undo(&before, &merged, &values.before, &others, answers);
            let again = plan(&step.survivor, inside, &record.choices, &record.rule);
            merged = std::mem::replace(&mut values.merged, again.merged.clone());
            before = again.merged;
            values.before = step.survivor.clone();
            (values.conflicts, values.lost) = (again.conflicts, again.lost);
            others.clone_from(&step.others);
            steps.push(step);
        }
        let mut back = undo(&before, &merged, &self.now, &others, answers);
        for step in steps.into_iter().rev() {
            back.kept.splice(0..0, step.kept);
            back.conflicts.splice(0..0, step.conflicts);
            back.problems.splice(0..0, step.problems);
            back.asked.extend(step.asked);
        }
        let mut named = HashSet::new();
        back.conflicts.retain(|conflict| named.insert(conflict.field.clone()));
        back.problems.extend(unasked(answers, &back.asked));
        if back.conflicts.iter().any(|conflict| !sees(&conflict.field)) {
            let message = "fields that you do not see were changed since the merge, and it is unclear whose these changes are: ask somebody who sees them";
            return Err(Error::DeniedOnRecord(message));
        }
        if !back.problems.is_empty() {
            return Err(Error::Invalid(back.problems));
        }
        if !back.conflicts.is_empty() {
            return Err(Error::UndoConflict(back.conflicts));
        }
        let all = std::iter::once(&back.survivor).chain(&back.others);
        let issues: Vec<_> = all.flat_map(over_limits).collect();
        if issues.is_empty() { Ok(back) } else { Err(Error::Invalid(issues)) }
    }

    /// Gives the contacts that come back their marks.
    fn mark(&self, back: &mut Undo, now: Timestamp, actor: &str) {
        let id = self.record.id;
        back.survivor.merges.retain(|merge| *merge != id);
        for one in &mut back.others {
            one.deleted_at = None;
            one.merged_into = None;
            one.merge_id = None;
        }
        for one in std::iter::once(&mut back.survivor).chain(&mut back.others) {
            one.version += 1;
            one.updated_at = now.max(one.updated_at);
            one.updated_by = Some(actor.to_owned());
        }
    }
}

/// Takes back that two contacts were said to be the same person.
fn forget_sameness(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    one: ContactId,
    other: ContactId,
) -> Result<(), EngineError> {
    let key = keys::decision(org, one, other);
    let Some(bytes) = tx.get(&key)? else { return Ok(()) };
    let kept: Decision = codec::decode(&bytes)?;
    if kept.verdict == Verdict::Same {
        match kept.before {
            Some(before) => tx.put(&key, codec::encode(&before)?),
            None => tx.delete(&key),
        }
    }
    Ok(())
}

impl App {
    /// Undoes a merge: the originals come back with their ids, what was added since stays with the
    /// survivor and is named. With `dry_run` it is only said what would come back.
    ///
    /// # Errors
    /// If there is no such merge for this caller, it cannot be undone now or not any more, it is
    /// unclear whose some changes are, somebody has a number now that must be unique, or the
    /// caller may not.
    pub fn undo_merge(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
        idempotency: Option<Idempotency>,
    ) -> Result<Undone, Error> {
        authorize(caller, Permission::Merge)?;
        authorize_whole(caller)?;
        let request = UndoRequest::read(body)?;
        let org = caller.organization;
        let idempotency = idempotency.filter(|_| !request.is_dry_run);
        if let Some(before) = self.answered::<Uuid>(org, idempotency)? {
            return self.undone_before(caller, before);
        }
        let new = || self.undo_new(caller, id, request.clone(), precondition.clone(), idempotency);
        let refused = match until_first(new) {
            Err(error) => error,
            done => return done,
        };
        // The same request that was sent at once may have undone it meanwhile. Its answer is asked
        // for in a write, since the last of what it has written may not be there for readers yet.
        let Some(idempotency) = idempotency else { return Err(refused) };
        let now = self.partition.now();
        let kept = self
            .partition
            .write(org, caller, false, move |tx| idempotency.kept::<Uuid>(tx, org, now))?;
        match kept.value {
            Some(before) => self.undone_before(caller, before),
            None => Err(refused),
        }
    }

    /// Undoes a merge for a request that was not answered before.
    fn undo_new(
        &self,
        caller: &Caller,
        id: Uuid,
        request: UndoRequest,
        precondition: Precondition,
        idempotency: Option<Idempotency>,
    ) -> Result<Undone, Error> {
        let org = caller.organization;
        let read = |id: ContactId| {
            let found = self.partition.contact(org, id)?;
            Ok(found.map(|found| found.as_ref().clone()))
        };
        let settings = &self.organization_of(caller)?.settings;
        let gate =
            (settings.phone_uniqueness == PhoneUniqueness::Reject).then(|| self.number_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        let mut found = find(&read, &|id| self.partition.merge(org, id), caller, id)?;
        precondition.check(found.now.version)?;
        let definitions = self.definitions(org);
        let mut back = found.undo(&|field| shows_field(caller, &definitions, field), &request)?;
        if gate.is_some() {
            // What the survivor has nobody else can have got meanwhile.
            let has = |number: &str| found.now.phones.iter().any(|phone| phone.number == number);
            for one in std::iter::once(&back.survivor).chain(&back.others) {
                let new = one.phones.iter().filter(|phone| !has(&phone.number));
                self.refuse_known_numbers(caller, Some(found.now.id), new)?;
            }
        }
        let (now, actor) = (self.partition.now(), caller.actor.clone());
        if request.is_dry_run {
            found.mark(&mut back, now, &actor);
            return Ok(self.undone(caller, id, back, None));
        }
        let by = caller.clone();
        let written = self.partition.write(org, caller, false, move |tx| {
            if let Some(idempotency) = idempotency
                && idempotency.kept::<Uuid>(tx, org, now)?.is_some()
            {
                // Both were sent at once.
                return Ok(None);
            }
            tx.refuse_overtaken(seen)?;
            let mut found = find(&|id| tx.contact(org, id), &|id| tx.merge(org, id), &by, id)?;
            precondition.check(found.now.version).map_err(Rejected::By)?;
            let sees = |field: &str| shows_field(&by, &definitions, field);
            let mut back = found.undo(&sees, &request).map_err(Rejected::By)?;
            found.mark(&mut back, now, &actor);
            let action = AuditAction::ContactUnmerged;
            for (before, after) in found.others.iter().zip(&back.others) {
                tx.replace_contact_as(org, before.clone(), after.clone(), action)?;
            }
            tx.replace_contact_as(org, found.now.clone(), back.survivor.clone(), action)?;
            for one in std::iter::once(&mut back.survivor).chain(&mut back.others) {
                if let Some(stored) = tx.contact(org, one.id)? {
                    one.facts = stored.facts;
                }
            }
            let record = MergeRecord {
                values: None,
                undone_at: Some(now),
                undone_by: Some(actor.as_ref().to_owned()),
                ..found.record
            };
            for other in &record.others {
                forget_sameness(tx, org, record.primary, *other)?;
            }
            tx.put_merge(&record)?;
            for later in &found.later {
                tx.put_merge(&later.record)?;
            }
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, id)?;
            }
            Ok(Some(back))
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        self.duplicates.decided(org);
        match written.value {
            Some(back) => Ok(self.undone(caller, id, back, Some(written.seq))),
            None => self.undone_before(caller, id),
        }
    }

    /// The answer to a request that was done before.
    fn undone_before(&self, caller: &Caller, id: Uuid) -> Result<Undone, Error> {
        let org = caller.organization;
        let record = self.partition.merge(org, id)?.ok_or(Error::NotFound(Noun::Merge))?;
        let shown = |id: ContactId| -> Result<Option<Arc<Contact>>, Error> {
            let found = self.partition.contact(org, id)?.filter(|one| caller.sees(one));
            Ok(found.map(|one| caller.shown(one)))
        };
        let restored = record.present().filter_map(|id| shown(id).transpose());
        Ok(Undone {
            merge_id: id,
            is_dry_run: false,
            contact: shown(record.primary)?.ok_or(Error::ContactNotFound)?,
            restored: restored.collect::<Result<_, _>>()?,
            kept: Vec::new(),
            seq: None,
            is_replay: true,
        })
    }

    fn undone(&self, caller: &Caller, id: Uuid, back: Undo, seq: Option<ChangeSeq>) -> Undone {
        let definitions = self.definitions(caller.organization);
        let mut kept = back.kept;
        kept.retain(|kept| shows_field(caller, &definitions, &kept.field));
        Undone {
            merge_id: id,
            is_dry_run: seq.is_none(),
            contact: caller.shown(Arc::new(back.survivor)),
            restored: back.others.into_iter().map(|one| caller.shown(Arc::new(one))).collect(),
            kept,
            seq,
            is_replay: false,
        }
    }
}
