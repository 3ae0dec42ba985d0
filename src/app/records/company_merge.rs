//! Companies that are the same one: made one, with all that is linked to them, and taken apart
//! again.
//!
//! A merge is one write, so its entry of the audit log says all that it did; undoing it reads that
//! and leaves alone what was changed since.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, AuditDetails, AuditEntry, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::members::ObjectReader;
use crate::domain::record::{
    self, AnyKind, FieldKind, MERGED_INTO, Record, Values, Verb, Writable, kind_by_name,
    kind_by_number,
};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx, codec, keys};

/// Most companies that go into another one at once.
const MOST_COMPANIES: usize = 49;
/// Most contacts and records that follow in one write.
const MOST_MOVED: usize = 2_000;
/// Most companies that are followed from one to the next.
const MOST_FOLLOWED: usize = 100;

/// What became of companies that were merged.
#[derive(Debug, Serialize)]
pub struct CompaniesMerged {
    /// The company that stays.
    pub company: Value,
    /// Those that went into it.
    pub merged: Vec<Uuid>,
    /// How much followed, by its noun.
    pub moved: BTreeMap<String, u64>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}

/// What became of companies that were taken apart again.
#[derive(Debug, Serialize)]
pub struct CompaniesUnmerged {
    /// The company that had stayed.
    pub company: Value,
    /// Those that are back.
    pub restored: Vec<Uuid>,
    /// What was changed since, and stays as it is.
    pub kept: Vec<KeptBack>,
}

/// What an undone merge leaves as it is.
#[derive(Debug, Serialize)]
pub struct KeptBack {
    /// The contact or record.
    pub id: Uuid,
    /// The field.
    pub field: String,
    /// Why.
    pub why: &'static str,
}

/// What is kept of a merge for a request that is sent again.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Done {
    merged: Vec<Uuid>,
    moved: BTreeMap<String, u64>,
}

fn company_kind() -> Result<&'static dyn AnyKind, Error> {
    kind_by_name("company").ok_or(Error::NotFound(Noun::Record("company")))
}

/// A company that is not deleted.
fn standing(tx: &Tx<'_>, org: OrgNumber, id: Uuid) -> Result<Option<Record>, EngineError> {
    let number = kind_by_name("company").map_or(0, |kind| kind.info().number);
    Ok(tx.record(org, number, id)?.filter(|found| found.head.deleted_at.is_none()))
}

/// The company that stands for one now: itself, unless it went into another one.
pub(in crate::app) fn standing_company(
    tx: &Tx<'_>,
    org: OrgNumber,
    id: Uuid,
) -> Result<Uuid, EngineError> {
    let number = kind_by_name("company").map_or(0, |kind| kind.info().number);
    let mut now = id;
    for _ in 0..MOST_FOLLOWED {
        let next = tx.record(org, number, now)?.and_then(|found| found.id_of(MERGED_INTO));
        match next {
            Some(next) => now = next,
            None => break,
        }
    }
    Ok(now)
}

/// Refuses to restore a company that another one stands for: what belonged to it would stay there.
pub(super) fn refuse_merged(tx: &Tx<'_>, record: &mut Record) -> Result<(), Rejected<Error>> {
    let Some(into) = record.id_of(MERGED_INTO) else { return Ok(()) };
    let number = kind_by_name("company").map_or(0, |kind| kind.info().number);
    if tx.record(record.head.organization, number, into)?.is_none() {
        record.values.insert(MERGED_INTO.to_owned(), Value::Null);
        return Ok(());
    }
    Err(Rejected::By(Error::ImpossibleStep(format!(
        "this company went into another one: POST /api/v1/companies/{into}/merge/undo brings it \
         back with what belongs to it"
    ))))
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

/// Adds to the values of a company what another one has: lists and objects are united, notes put one
/// below the other, and what is empty is filled.
fn take_over(kind: &dyn AnyKind, into: &mut Values, from: &Values) {
    for field in kind.fields().iter().filter(|field| field.writable == Writable::Always) {
        let Some(theirs) = from.get(field.name).filter(|value| !is_empty(Some(value))) else {
            continue;
        };
        let own = into.get(field.name).filter(|value| !is_empty(Some(value))).cloned();
        let united = match (own, theirs) {
            (None, theirs) => theirs.clone(),
            (Some(Value::Array(mut own)), Value::Array(theirs)) => {
                for one in theirs {
                    if !own.contains(one) {
                        own.push(one.clone());
                    }
                }
                Value::Array(own)
            }
            (Some(Value::Object(own)), Value::Object(theirs)) => {
                let mut all: Map<String, Value> = theirs.clone();
                all.extend(own);
                Value::Object(all)
            }
            (Some(Value::String(own)), Value::String(theirs))
                if matches!(field.kind, FieldKind::Prose(_)) && own != *theirs =>
            {
                Value::String(format!("{own}\n\n{theirs}"))
            }
            (Some(own), _) => own,
        };
        into.insert(field.name.to_owned(), united);
    }
}

/// The field of a kind that names a company, where it names this one.
fn naming(kind: &dyn AnyKind, record: &Record, company: Uuid) -> Option<&'static str> {
    let fields = kind.fields().iter();
    let mut named = fields.filter(|field| field.kind == FieldKind::Record("company"));
    named.find(|field| record.id_of(field.name) == Some(company)).map(|field| field.name)
}

/// What follows a company into another one.
struct Followers {
    contacts: Vec<(Contact, Option<String>)>,
    records: Vec<(&'static dyn AnyKind, Record, &'static str)>,
}

impl Followers {
    fn of(tx: &Tx<'_>, org: OrgNumber, others: &[Record]) -> Result<Self, Rejected<Error>> {
        let mut found = Self { contacts: Vec::new(), records: Vec::new() };
        for other in others {
            let id = other.head.id;
            let name = other.values.get("name").and_then(Value::as_str).map(str::to_owned);
            for contact in tx.contacts_of_company(org, id, MOST_MOVED + 1)? {
                let contact = tx.contact(org, contact)?;
                found.contacts.extend(contact.map(|contact| (contact, name.clone())));
            }
            for (kind, record) in tx.records_about(org, id)? {
                if let Some(field) = naming(kind, &record, id) {
                    found.records.push((kind, record, field));
                }
            }
            if found.contacts.len() + found.records.len() > MOST_MOVED {
                let detail = format!(
                    "more than {MOST_MOVED} contacts and records belong to these companies: name \
                     fewer of them, or move some first"
                );
                return Err(Rejected::By(Error::invalid("/others", "too_many", detail)));
            }
        }
        Ok(found)
    }

    fn counted(&self) -> BTreeMap<String, u64> {
        let mut moved = BTreeMap::from([("contacts".to_owned(), 0)]);
        *moved.entry("contacts".to_owned()).or_default() += self.contacts.len() as u64;
        for (kind, _, _) in &self.records {
            *moved.entry(kind.info().plural.to_owned()).or_default() += 1;
        }
        moved
    }

    fn follow(
        self,
        tx: &mut Tx<'_>,
        into: &Record,
        now: Timestamp,
        actor: &str,
    ) -> Result<(), EngineError> {
        let (org, id) = (into.head.organization, into.head.id);
        let name = into.values.get("name").and_then(Value::as_str);
        for (contact, was_called) in self.contacts {
            let mut next = contact.clone();
            next.company_id = Some(id);
            if next.company == was_called {
                next.company = name.map(str::to_owned);
            }
            stamp(&mut next, now, actor);
            tx.replace_contact(org, contact, next)?;
        }
        for (kind, record, field) in self.records {
            let mut next = next_version(&record, now, actor);
            next.values.insert(field.to_owned(), json!(id));
            tx.put_record(kind, Some(&record), &next)?;
        }
        Ok(())
    }
}

fn stamp(contact: &mut Contact, now: Timestamp, actor: &str) {
    contact.version += 1;
    contact.updated_at = now.max(contact.updated_at);
    contact.updated_by = Some(actor.to_owned());
}

fn next_version(record: &Record, now: Timestamp, actor: &str) -> Record {
    let mut next = record.clone();
    next.head.version += 1;
    next.head.updated_at = now.max(record.head.updated_at);
    actor.clone_into(&mut next.head.updated_by);
    next
}

/// What a request to merge says: the companies that go into another one, and whether it is a trial.
fn read_request(body: &Value, id: Uuid) -> Result<(Vec<Uuid>, bool), Error> {
    let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
    let others = members.list("others", "ids", MOST_COMPANIES, |text| Uuid::parse_str(text).ok());
    let is_trial = members.flag("dry_run").value().copied().unwrap_or(false);
    members.finish().map_err(Error::Invalid)?;
    if others.value().is_none_or(Vec::is_empty) {
        let detail = "name the companies that go into this one";
        return Err(Error::invalid("/others", "required", detail));
    }
    let mut named: Vec<Uuid> = Vec::new();
    for other in others.value().into_iter().flatten() {
        if *other == id {
            let detail = "a company cannot go into itself: leave its id out of others";
            return Err(Error::ImpossibleStep(detail.to_owned()));
        }
        if !named.contains(other) {
            named.push(*other);
        }
    }
    Ok((named, is_trial))
}

impl App {
    /// Makes one company of several: contacts, deals and all other records follow, the others are
    /// deleted and lead to the one that stays.
    ///
    /// # Errors
    /// If one of them is not there, they have too much between them, or the caller may not.
    pub fn merge_companies(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
        idempotency: Option<Idempotency>,
    ) -> Result<CompaniesMerged, Error> {
        authorize(caller, Permission::Merge)?;
        let (others, is_trial) = read_request(body, id)?;
        let kind = company_kind()?;
        let (org, now) = (caller.organization, self.partition.now());
        let (by, precondition) = (caller.clone(), precondition.clone());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            if let Some(idempotency) = idempotency
                && let Some(done) = idempotency.kept::<Done>(tx, org, now)?
                && let Some(company) = standing(tx, org, id)?
            {
                return Ok((company, done));
            }
            let before = standing(tx, org, id)?;
            let before = before.ok_or(Rejected::By(Error::NotFound(Noun::Record("company"))))?;
            precondition.check(before.head.version).map_err(Rejected::By)?;
            let mut gone = Vec::with_capacity(others.len());
            for (at, other) in others.iter().enumerate() {
                let found = standing(tx, org, *other)?;
                gone.push(found.ok_or_else(|| {
                    let detail = "there is no company with this id";
                    Rejected::By(Error::invalid(&format!("/others/{at}"), "company", detail))
                })?);
            }
            let mut after = next_version(&before, now, &by.actor);
            for other in &gone {
                take_over(kind, &mut after.values, &other.values);
            }
            // Together they may have more than one may have.
            let whole = Value::Object(after.values.clone().into_iter().collect());
            record::read(kind.fields(), &whole, Some(&before.values))
                .map_err(|issues| Rejected::By(Error::Invalid(issues)))?;
            let followers = Followers::of(tx, org, &gone)?;
            let done = Done { merged: others.clone(), moved: followers.counted() };
            if is_trial {
                return Ok((after, done));
            }
            followers.follow(tx, &after, now, &by.actor)?;
            tx.put_record(kind, Some(&before), &after)?;
            for other in &gone {
                let mut next = next_version(other, now, &by.actor);
                next.head.deleted_at = Some(now);
                next.values.insert(MERGED_INTO.to_owned(), json!(id));
                tx.put_record(kind, Some(other), &next)?;
            }
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, done.clone())?;
            }
            Ok((after, done))
        })?;
        self.own_writes.note(caller, written.seq);
        let (company, done) = written.value;
        let company = self.record_view(caller, kind, &company)?.json;
        Ok(CompaniesMerged { company, merged: done.merged, moved: done.moved, dry_run: is_trial })
    }

    /// Takes the last merge into a company back.
    ///
    /// # Errors
    /// If there is none, or the caller may not.
    pub fn undo_company_merge(
        &self,
        caller: &Caller,
        id: Uuid,
        precondition: &Precondition,
    ) -> Result<CompaniesUnmerged, Error> {
        authorize(caller, Permission::Merge)?;
        let kind = company_kind()?;
        let (org, now) = (caller.organization, self.partition.now());
        let (by, precondition) = (caller.clone(), precondition.clone());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let before = standing(tx, org, id)?;
            let before = before.ok_or(Rejected::By(Error::NotFound(Noun::Record("company"))))?;
            precondition.check(before.head.version).map_err(Rejected::By)?;
            let Some(merge) = last_merge(tx, kind, &before)? else {
                let detail = "no company has gone into this one, or all are back";
                return Err(Rejected::By(Error::ImpossibleStep(detail.to_owned())));
            };
            let mut undo = Undo { tx, org, company: id, now, actor: &by.actor, kept: Vec::new() };
            for (action, target, changes) in &merge.acts {
                undo.act(*action, *target, changes)?;
            }
            let kept = undo.kept;
            for other in &merge.gone {
                let mut next = next_version(other, now, &by.actor);
                next.head.deleted_at = None;
                next.values.insert(MERGED_INTO.to_owned(), Value::Null);
                tx.put_record(kind, Some(other), &next)?;
            }
            let restored: Vec<Uuid> = merge.gone.iter().map(|other| other.head.id).collect();
            let company = standing(tx, org, id)?.unwrap_or(before);
            Ok((company, restored, kept))
        })?;
        self.own_writes.note(caller, written.seq);
        let (company, restored, kept) = written.value;
        let company = self.record_view(caller, kind, &company)?.json;
        Ok(CompaniesUnmerged { company, restored, kept })
    }
}

/// A merge as the audit log has it.
struct Merge {
    /// The companies that went, as they are.
    gone: Vec<Record>,
    /// What was done to contacts and records, the company that stayed among them.
    acts: Vec<(AuditAction, Uuid, Vec<FieldChange>)>,
}

/// The last merge into a company that was not undone.
fn last_merge(
    tx: &Tx<'_>,
    kind: &dyn AnyKind,
    company: &Record,
) -> Result<Option<Merge>, Rejected<Error>> {
    let (org, id, number) = (company.head.organization, company.head.id, kind.info().number);
    for key in tx.scan(&keys::audit_details_of(org, id))?.into_keys().rev() {
        let Some((_, _, entry)) = keys::parse_audit_details(&key) else { continue };
        let Some(bytes) = tx.get(&keys::audit(org, entry))? else { continue };
        let log: AuditEntry = codec::decode(&bytes).map_err(EngineError::from)?;
        let mut merge = Merge { gone: Vec::new(), acts: Vec::new() };
        for act in &log.acts {
            if act.0 == AuditAction::Record(number, Verb::Deleted) {
                let other = tx.record(org, number, act.1)?;
                merge.gone.extend(other.filter(|other| {
                    other.head.deleted_at.is_some() && other.id_of(MERGED_INTO) == Some(id)
                }));
                continue;
            }
            let Some(bytes) = tx.get(&keys::audit_details(org, act.1, entry))? else { continue };
            let details: AuditDetails = codec::decode(&bytes).map_err(EngineError::from)?;
            merge.acts.push((act.0, act.1, details.changes));
        }
        if !merge.gone.is_empty() {
            return Ok(Some(merge));
        }
    }
    Ok(None)
}

/// Puts back what a merge has changed.
struct Undo<'a, 'b> {
    tx: &'a mut Tx<'b>,
    org: OrgNumber,
    /// The company that stayed.
    company: Uuid,
    now: Timestamp,
    actor: &'a str,
    kept: Vec<KeptBack>,
}

impl Undo<'_, '_> {
    fn act(
        &mut self,
        action: AuditAction,
        target: Uuid,
        changes: &[FieldChange],
    ) -> Result<(), EngineError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a merge does nothing else")]
        match action {
            AuditAction::ContactUpdated => self.contact(ContactId(target), changes),
            AuditAction::Record(number, Verb::Updated) => match kind_by_number(number) {
                Some(kind) => self.record(kind, target, changes),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn keep(&mut self, id: Uuid, field: &str) {
        self.kept.push(KeptBack { id, field: field.to_owned(), why: "changed since" });
    }

    fn contact(&mut self, id: ContactId, changes: &[FieldChange]) -> Result<(), EngineError> {
        let Some(before) = self.tx.contact(self.org, id)? else { return Ok(()) };
        // Who has another company by now keeps it, and what it is called.
        if before.company_id != Some(self.company) {
            self.keep(id.0, "company_id");
            return Ok(());
        }
        let mut after = before.clone();
        for change in changes {
            let is_as_left =
                after.with_field(&change.field, &change.after).as_ref() == Some(&after);
            match after.with_field(&change.field, &change.before) {
                Some(earlier) if is_as_left => after = earlier,
                _ => self.keep(id.0, &change.field),
            }
        }
        if after == before {
            return Ok(());
        }
        stamp(&mut after, self.now, self.actor);
        self.tx.replace_contact(self.org, before, after)
    }

    fn record(
        &mut self,
        kind: &'static dyn AnyKind,
        id: Uuid,
        changes: &[FieldChange],
    ) -> Result<(), EngineError> {
        let Some(before) = self.tx.record(self.org, kind.info().number, id)? else { return Ok(()) };
        let mut after = next_version(&before, self.now, self.actor);
        for change in changes {
            if after.values.get(&change.field).unwrap_or(&Value::Null) == &change.after {
                after.values.insert(change.field.clone(), change.before.clone());
            } else {
                self.keep(id, &change.field);
            }
        }
        if after.values == before.values {
            Ok(())
        } else {
            self.tx.put_record(kind, Some(&before), &after)
        }
    }
}
