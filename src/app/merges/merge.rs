//! Merging: the preview and the deed are worked out by the same code.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::audit::shows_field;
use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::protection::{may_delete, within_storage};
use super::super::{App, authorize};
use super::request::MergeRequest;
use super::{Read, authorize_whole, why_gone};
use crate::domain::access::{Caller, Department, Permission};
use crate::domain::audit::AuditAction;
use crate::domain::contact::Contact;
use crate::domain::duplicates::Decision;
use crate::domain::ids::{ChangeSeq, ContactId, OrgNumber};
use crate::domain::merge::{
    Conflict, Left, MergeOrigin, MergeRecord, MergeValues, Plan, Taken, check_choices, plan,
};
use crate::domain::time::Timestamp;
use crate::domain::view::ContactView;
use crate::domain::view::Showing;
use crate::engine::{Error as EngineError, Rejected, Tx, codec, keys};

/// What is written in the same write as a merge, which it gets the id of.
pub(in crate::app) type Beside =
    Arc<dyn Fn(&mut Tx<'_>, Uuid) -> Result<(), EngineError> + Send + Sync>;

/// What merging answers, as its caller may see it.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The merge; none if it was only tried.
    pub merge_id: Option<Uuid>,
    /// The contact that stayed, as it is or would be.
    pub contact: Arc<Contact>,
    /// The contacts that went into it.
    pub others: Vec<ContactId>,
    /// Where they say different things.
    pub conflicts: Vec<Conflict>,
    /// What others gave.
    pub taken: Vec<Taken>,
    /// What is left behind and kept in the record of the merge.
    pub lost: Vec<Left>,
    /// The versions on which the answer is based.
    pub versions: BTreeMap<ContactId, u64>,
    /// The sequence of the write.
    pub seq: Option<ChangeSeq>,
    /// Whether an earlier request with the same key had done it already.
    pub is_replay: bool,
}

impl Merged {
    /// The answer as JSON: the members of the contact that stayed, and what became of the others.
    pub fn to_json(&self, lists: &Showing) -> Value {
        let contact = json!(ContactView::with(&self.contact, lists));
        let mut answer = json!({
            "merge_id": self.merge_id,
            "dry_run": self.merge_id.is_none(),
            "contact": contact,
            "primary": self.contact.id,
            "others": self.others,
            "conflicts": self.conflicts,
            "taken": self.taken,
            "lost": self.lost,
            "versions": self.versions,
            "seq": self.seq,
        });
        if let (Value::Object(answer), Value::Object(contact)) = (&mut answer, contact) {
            for (name, value) in contact {
                answer.entry(name).or_insert(value);
            }
        }
        answer
    }
}

/// A merge that may be done: what is there, and what becomes of it.
struct Prepared {
    primary: Contact,
    others: Vec<Contact>,
    plan: Plan,
}

/// Refuses to merge without asking what somebody has told apart or put aside.
fn refuse_decided(tx: &Tx<'_>, org: OrgNumber, prepared: &Prepared) -> Result<(), Rejected<Error>> {
    let ids: Vec<ContactId> =
        std::iter::once(&prepared.primary).chain(&prepared.others).map(|one| one.id).collect();
    for (at, one) in ids.iter().enumerate() {
        for other in &ids[at + 1..] {
            if tx.get(&keys::decision(org, *one, *other))?.is_some() {
                let reason = "somebody has decided about them".to_owned();
                return Err(Rejected::By(Error::InUse(reason)));
            }
        }
    }
    Ok(())
}

/// Who merges, for checks inside a write.
#[derive(Clone)]
struct Asking {
    caller: Caller,
    department: Option<Arc<Department>>,
    request: MergeRequest,
    precondition: Precondition,
}

impl Asking {
    /// Reads the contacts, refuses what may not be merged, and plans.
    fn prepare(&self, read: Read<'_>) -> Result<Prepared, Rejected<Error>> {
        let MergeRequest { primary, others, fields, rule, versions, .. } = &self.request;
        let mut contacts = Vec::with_capacity(others.len() + 1);
        for id in std::iter::once(primary).chain(others) {
            match read(*id)? {
                Some(found) if self.caller.sees(&found) && !found.is_deleted() => {
                    contacts.push(found);
                }
                gone => return Err(Rejected::By(why_gone(read, &self.caller, gone.as_ref())?)),
            }
        }
        self.precondition.check(contacts[0].version).map_err(Rejected::By)?;
        let stale: Vec<(ContactId, u64)> = contacts
            .iter()
            .filter(|one| versions.get(&one.id).is_some_and(|version| *version != one.version))
            .map(|one| (one.id, one.version))
            .collect();
        if !stale.is_empty() {
            return Err(Rejected::By(Error::StaleVersions(stale)));
        }
        for one in &contacts[1..] {
            // They vanish as if they were deleted.
            let may = may_delete(&self.caller, self.department.as_deref(), one, false);
            may.map_err(|error| {
                Rejected::By(if let Error::DeleteBlocked(reasons) = error {
                    Error::MergeBlocked { id: one.id, reasons }
                } else {
                    error
                })
            })?;
        }
        let all: Vec<&Contact> = contacts.iter().collect();
        let sees = |key: &str| self.caller.fields.sees_custom(key);
        let issues = check_choices(&all, fields, &sees);
        if !issues.is_empty() {
            return Err(Rejected::By(Error::Invalid(issues)));
        }
        let primary = contacts.remove(0);
        let plan = plan(&primary, &contacts, fields, rule);
        let issues = plan.over_limits();
        if !issues.is_empty() {
            return Err(Rejected::By(Error::Invalid(issues)));
        }
        Ok(Prepared { primary, others: contacts, plan })
    }
}

impl Prepared {
    /// The survivor as it is written.
    fn survivor(&self, id: Uuid, now: Timestamp, actor: &str) -> Contact {
        let mut survivor = self.plan.merged.clone();
        survivor.version += 1;
        survivor.updated_at = now.max(self.primary.updated_at);
        survivor.updated_by = Some(actor.to_owned());
        survivor.merges.push(id);
        survivor
    }
}

impl App {
    /// Merges contacts into one of them: nothing is lost, and all can be undone. With `dry_run`
    /// it is only said what would become of them.
    ///
    /// # Errors
    /// If something does not fit, a contact is not there for this caller, was merged already, has
    /// another version or may not vanish, or the caller may not.
    pub fn merge_contacts(
        &self,
        caller: &Caller,
        body: &Value,
        precondition: Precondition,
        idempotency: Option<Idempotency>,
    ) -> Result<Merged, Error> {
        authorize(caller, Permission::Merge)?;
        authorize_whole(caller)?;
        let request = MergeRequest::read(body)?;
        self.merge(caller, request, MergeOrigin::Manual, precondition, idempotency, None)
    }

    /// Merges contacts as the work of a job, which is kept in the same write.
    pub(in crate::app) fn merge_in_job(
        &self,
        caller: &Caller,
        body: &Value,
        beside: Option<Beside>,
    ) -> Result<Merged, Error> {
        authorize(caller, Permission::Merge)?;
        authorize_whole(caller)?;
        let request = MergeRequest::read(body)?;
        self.merge(caller, request, MergeOrigin::Manual, Precondition::None, None, beside)
    }

    /// Merges as it is asked for.
    pub(in crate::app) fn merge(
        &self,
        caller: &Caller,
        request: MergeRequest,
        origin: MergeOrigin,
        precondition: Precondition,
        idempotency: Option<Idempotency>,
        beside: Option<Beside>,
    ) -> Result<Merged, Error> {
        let department = self.department_of(caller);
        let asking = Asking { caller: caller.clone(), department, request, precondition };
        let org = caller.organization;
        if asking.request.is_dry_run {
            let read = |id: ContactId| {
                let found = self.partition.contact(org, id)?;
                Ok(found.map(|found| found.as_ref().clone()))
            };
            let prepared = asking.prepare(&read)?;
            return Ok(self.merged(caller, &prepared, None));
        }
        let (now, actor, id) = (self.partition.now(), caller.actor.clone(), Uuid::now_v7());
        let quotas = self.organization_of(caller)?.quotas;
        let decisions = match origin {
            MergeOrigin::Manual => {
                self.merge_decisions(caller, asking.request.primary, &asking.request.others)?
            }
            // A score that agrees with itself says nothing.
            MergeOrigin::Automatic(_) => Vec::new(),
        };
        let written = self.partition.write(org, caller, false, move |tx| {
            if let Some(idempotency) = idempotency
                && let Some(kept) = idempotency.kept::<Uuid>(tx, org, now)?
            {
                return Ok(Err(kept));
            }
            let prepared = asking.prepare(&|id| tx.contact(org, id))?;
            if matches!(origin, MergeOrigin::Automatic(_)) {
                refuse_decided(tx, org, &prepared)?;
            }
            within_storage(tx, &asking.caller, &quotas).map_err(Rejected::By)?;
            let survivor = prepared.survivor(id, now, &actor);
            let record = MergeRecord {
                id,
                organization: org,
                primary: prepared.primary.id,
                others: prepared.others.iter().map(|other| other.id).collect(),
                at: now,
                actor: actor.as_ref().to_owned(),
                origin,
                rule: asking.request.rule.clone(),
                choices: asking.request.fields.clone(),
                values: Some(Box::new(MergeValues {
                    before: prepared.primary.clone(),
                    merged: survivor.clone(),
                    conflicts: prepared.plan.conflicts.clone(),
                    lost: prepared.plan.lost.clone(),
                })),
                undone_at: None,
                undone_by: None,
                erased: Vec::new(),
            };
            for other in &prepared.others {
                let mut gone = other.clone();
                gone.deleted_at = Some(now);
                gone.merged_into = Some(prepared.primary.id);
                gone.merge_id = Some(id);
                gone.version += 1;
                gone.updated_at = now.max(other.updated_at);
                gone.updated_by = Some(actor.as_ref().to_owned());
                tx.replace_contact_as(org, other.clone(), gone, AuditAction::ContactMerged)?;
            }
            let before = prepared.primary.clone();
            tx.replace_contact_as(org, before, survivor.clone(), AuditAction::ContactMerged)?;
            tx.put_merge(&record)?;
            for (other, decision) in &decisions {
                let key = keys::decision(org, prepared.primary.id, *other);
                let before = tx.get(&key)?.map(|bytes| codec::decode::<Decision>(&bytes));
                let before = before.transpose().map_err(EngineError::from)?.map(Box::new);
                let decision = Decision { before, ..decision.clone() };
                tx.put(&key, codec::encode(&decision).map_err(EngineError::from)?);
            }
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, id)?;
            }
            beside.iter().try_for_each(|beside| beside(tx, id))?;
            let merged = tx.contact(org, survivor.id)?.unwrap_or(survivor);
            let plan = Plan { merged, ..prepared.plan.clone() };
            Ok(Ok(Prepared { plan, ..prepared }))
        })?;
        self.own_writes.note(caller, written.seq);
        self.duplicates.decided(org);
        match written.value {
            Ok(prepared) => {
                let done = self.merged(caller, &prepared, Some(id));
                Ok(Merged { seq: Some(written.seq), ..done })
            }
            Err(kept) => self.merged_before(caller, kept),
        }
    }

    fn merged(&self, caller: &Caller, prepared: &Prepared, merge_id: Option<Uuid>) -> Merged {
        let Prepared { primary, others, plan } = prepared;
        let mut taken = plan.taken.clone();
        let definitions = self.definitions(caller.organization);
        taken.retain(|taken| shows_field(caller, &definitions, &taken.field));
        let versions = std::iter::once(primary).chain(others).map(|one| (one.id, one.version));
        Merged {
            merge_id,
            contact: caller.shown(Arc::new(plan.merged.clone())),
            others: others.iter().map(|other| other.id).collect(),
            conflicts: self.shown_conflicts(caller, &plan.conflicts),
            taken,
            lost: self.shown_lost(caller, &plan.lost),
            versions: versions.collect(),
            seq: None,
            is_replay: false,
        }
    }

    /// The answer to a request that was done before.
    fn merged_before(&self, caller: &Caller, id: Uuid) -> Result<Merged, Error> {
        let org = caller.organization;
        let record = self.partition.merge(org, id)?.ok_or(Error::NotFound(Noun::Merge))?;
        let contact = self
            .partition
            .contact(org, record.primary)?
            .filter(|contact| caller.sees(contact))
            .ok_or(Error::ContactNotFound)?;
        let (conflicts, lost) =
            record.values.map_or_else(Default::default, |values| (values.conflicts, values.lost));
        Ok(Merged {
            merge_id: Some(id),
            contact: caller.shown(contact),
            others: record.others,
            conflicts: self.shown_conflicts(caller, &conflicts),
            taken: Vec::new(),
            lost: self.shown_lost(caller, &lost),
            versions: BTreeMap::new(),
            seq: None,
            is_replay: true,
        })
    }

    /// Conflicts in fields that the caller sees.
    pub(super) fn shown_conflicts(&self, caller: &Caller, all: &[Conflict]) -> Vec<Conflict> {
        let definitions = self.definitions(caller.organization);
        let shown = all.iter().filter(|one| shows_field(caller, &definitions, &one.field));
        shown.cloned().collect()
    }

    /// What is left behind of fields that the caller sees.
    pub(super) fn shown_lost(&self, caller: &Caller, all: &[Left]) -> Vec<Left> {
        let definitions = self.definitions(caller.organization);
        let shown = all.iter().filter(|one| shows_field(caller, &definitions, &one.field));
        shown.cloned().collect()
    }
}
