//! Records of all kinds: made, read, changed, deleted, restored, listed.
//!
//! A record about a contact is for whoever sees the contact; a record about nobody for whoever may
//! read records of its kind. Records stay with the contact for which they were made when that is
//! merged into another one: they are shown with the one that stands for it now, so that merging
//! and undoing a merge move nothing.

mod about;
mod callbacks;
mod calls;
mod channels;
mod checks;
mod children;
mod companies;
mod company_merge;
mod conversations;
mod filter;
mod list;
mod timeline;

pub use callbacks::{Callback, Callbacks};
pub use companies::SuggestedCompany;
pub(super) use company_merge::standing_company;
pub use company_merge::{CompaniesMerged, CompaniesUnmerged, KeptBack};
pub use list::{RecordPage, RecordQuery};
pub use timeline::{EventRecord, Timeline, TimelineEvent, TimelineQuery};

pub use about::DeleteImpact;
pub(super) use about::{erase_records_about, refuse_children};

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use checks::{
    check_contact, check_named, refuse_read_only, refuse_same, refuse_same_list, refused,
    shown_contact,
};

use super::contacts::{Deletion, Precondition};
use super::error::{Error, Noun};
use super::idempotency::Idempotency;
use super::overtaken::until_first;
use super::protection::within_records;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::issue::FieldIssue;
use crate::domain::list::list_kind;
use crate::domain::record::{
    self, AnyKind, CONTACT, FieldKind, Head, MERGED_INTO, OnSame, Record, Values, Writing,
};
use crate::engine::{Rejected, Tx};

/// A record as its caller sees it, and its version.
#[derive(Clone, Debug)]
pub struct RecordView {
    /// The public identifier.
    pub id: Uuid,
    /// The version.
    pub version: u64,
    /// False if what was to be made was there already.
    pub is_new: bool,
    /// All members.
    pub json: Value,
}

impl App {
    /// Makes a record. Where its kind says so, one that is called as another one is news of that
    /// one, or the same said twice: that one is answered.
    ///
    /// # Errors
    /// If something does not fit, or the caller may not.
    pub fn create_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        body: &Value,
        idempotency: Option<Idempotency>,
    ) -> Result<RecordView, Error> {
        authorize(caller, kind.info().edit)?;
        if let Some(id) = self.answered::<Uuid>(caller.organization, idempotency)? {
            return self.find_record(caller, kind, id);
        }
        let name = body.as_object().and_then(|body| record::unique_name(kind, body));
        if let Some(name) = &name
            && let Some(id) = self.partition.record_id_named(caller.organization, kind, name)?
        {
            return self.said_again(caller, kind, id, body);
        }
        match self.create_new_record(caller, kind, body, name.as_deref(), idempotency)? {
            Ok(mut made) => {
                self.begin_webhook(caller, kind, &mut made)?;
                Ok(made)
            }
            // Another request was faster by a moment.
            Err(id) => self.said_again(caller, kind, id, body),
        }
    }

    /// Takes what is said of a record that is there already.
    fn said_again(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        body: &Value,
    ) -> Result<RecordView, Error> {
        let known = match kind.info().on_same {
            OnSame::Refuse => {
                let field = kind.info().unique.unwrap_or_default();
                return Err(Error::SameRecord(kind.info().name, field));
            }
            OnSame::Update => self.change_record(caller, kind, id, body, &Precondition::None, true),
            OnSame::Keep => self.find_record(caller, kind, id),
        }?;
        Ok(RecordView { is_new: false, ..known })
    }

    /// Makes a record, or answers the id of the one that is called so.
    fn create_new_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        body: &Value,
        name: Option<&str>,
        idempotency: Option<Idempotency>,
    ) -> Result<Result<RecordView, Uuid>, Error> {
        let name = || name.map(str::to_owned);
        until_first(|| self.create_record_now(caller, kind, body, name(), idempotency))
    }

    fn create_record_now(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        body: &Value,
        name: Option<String>,
        idempotency: Option<Idempotency>,
    ) -> Result<Result<RecordView, Uuid>, Error> {
        let (body, correspondent) = conversations::take_name(kind, body);
        refuse_read_only(kind, &body, None)?;
        let mut values = record::read(kind.fields(), &body, None).map_err(Error::Invalid)?;
        self.resolve_references(caller, kind, None, &mut values)?;
        let is_of_nobody = body.get(CONTACT).is_some_and(Value::is_null);
        self.complete_record(caller, kind, !is_of_nobody, &mut values)?;
        self.fit_stage(caller, kind, None, &body, &mut values)?;
        self.check_list(caller, kind, None, &values)?;
        Self::check_import_template(kind, &values)?;
        let (org, now) = (caller.organization, self.partition.now());
        let actor = caller.actor.as_ref().to_owned();
        let writing = Writing { now, actor: &actor, is_news: false };
        kind.settle(None, &mut values, writing).map_err(refused)?;
        // Two first messages of somebody at once are from one person.
        let is_given = |field: &str| values.get(field).is_some_and(|value| !value.is_null());
        let is_to_find = is_given("identifier") && !is_given(CONTACT);
        let gate = is_to_find.then(|| self.channel_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        if gate.is_some() {
            self.find_correspondent(caller, &mut values, correspondent.as_deref())?;
        }
        let head = Head {
            id: Uuid::now_v7(),
            organization: org,
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: actor.clone(),
            updated_by: actor,
            deleted_at: None,
        };
        let made = Record { head, values };
        let by = caller.clone();
        let quotas = self.organization_of(caller)?.quotas;
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            tx.refuse_overtaken(seen)?;
            if let Some(idempotency) = idempotency
                && let Some(id) = idempotency.kept::<Uuid>(tx, org, now)?
                && let Some(kept) = tx.record(org, kind.info().number, id)?
            {
                return Ok(Ok(kept));
            }
            if let Some(name) = &name
                && let Some(same) = tx.record_named(org, kind, name)?
            {
                return Ok(Err(same.head.id));
            }
            let mut made = made.clone();
            if let Some((_, owner)) = children::owner(tx, kind, &made)? {
                let contact = owner.values.get(CONTACT).cloned().unwrap_or(Value::Null);
                made.values.insert(CONTACT.to_owned(), contact);
            }
            check_named(tx, &by, kind, None, &made)?;
            check_contact(tx, &by, &made)?;
            refuse_same_list(tx, kind, None, &made)?;
            within_records(tx, &by, &quotas, None, &made).map_err(Rejected::By)?;
            conversations::note_correspondent(tx, kind, &made)?;
            tx.put_record(kind, None, &made)?;
            children::tell_owner(tx, kind, &made)?;
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, made.head.id)?;
            }
            Ok(Ok(made))
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        match written.value {
            Ok(made) => {
                let made =
                    if is_of_nobody { made } else { self.find_caller_now(caller, kind, made)? };
                Ok(Ok(self.record_view(caller, kind, &made)?))
            }
            Err(same) => Ok(Err(same)),
        }
    }

    /// Reads a record that is not deleted.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
    ) -> Result<RecordView, Error> {
        authorize(caller, kind.info().view)?;
        let found = self.seen_record(caller, kind, id)?;
        if found.head.deleted_at.is_some() {
            return Err(not_found(kind));
        }
        self.record_view(caller, kind, &found)
    }

    /// Changes a record; members that are not sent stay as they are.
    ///
    /// # Errors
    /// If there is none for this caller, something does not fit, or the caller may not.
    pub fn update_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
    ) -> Result<RecordView, Error> {
        authorize(caller, kind.info().edit)?;
        self.change_record(caller, kind, id, body, precondition, false)
    }

    /// Changes a record as somebody asks for it, or by news of it that may come late.
    fn change_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
        is_event: bool,
    ) -> Result<RecordView, Error> {
        let seen = self.seen_record(caller, kind, id)?;
        let (org, now) = (caller.organization, self.partition.now());
        // What references mean is asked before the write, and what they are compared in it.
        let known = self.shown_values(caller, &seen)?;
        refuse_read_only(kind, body, Some(&self.record_view(caller, kind, &seen)?.json))?;
        // What somebody sees masked and sends back means what it stands for.
        let body = &channels::unmasked(caller, kind, &known, body);
        let mut asked = record::read(kind.fields(), body, Some(&known)).map_err(Error::Invalid)?;
        self.resolve_references(caller, kind, Some(&known), &mut asked)?;
        self.check_list(caller, kind, Some(id), &asked)?;
        Self::check_import_template(kind, &asked)?;
        let mut sent: Vec<String> =
            body.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let said = asked.clone();
        let is_of_nobody = body.get(CONTACT).is_some_and(Value::is_null);
        self.complete_record(caller, kind, !is_of_nobody, &mut asked)?;
        self.fit_stage(caller, kind, Some(&known), body, &mut asked)?;
        sent.extend(
            asked
                .iter()
                .filter(|(name, value)| said.get(*name) != Some(value))
                .map(|(name, _)| name.clone()),
        );
        let says_when = |name: &String| {
            let time = kind.fields().iter().find(|field| field.name == name);
            time.is_some_and(|field| field.kind == FieldKind::Time)
        };
        let is_news = is_event && sent.iter().any(says_when);
        let (by, precondition) = (caller.clone(), precondition.clone());
        let quotas = self.organization_of(caller)?.quotas;
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let before = tx
                .record(org, kind.info().number, id)?
                .filter(|record| record.head.deleted_at.is_none())
                .ok_or_else(|| Rejected::By(not_found(kind)))?;
            precondition.check(before.head.version).map_err(Rejected::By)?;
            let mut after = before.clone();
            for name in &sent {
                // A contact that another one stands for now is the same person.
                let is_same =
                    name == CONTACT && asked.get(name) == shown_contact(tx, &before)?.as_ref();
                if let Some(value) = asked.get(name).filter(|_| !is_same) {
                    after.values.insert(name.clone(), value.clone());
                }
            }
            if let Some(owner) = kind.info().owner
                && after.values.get(owner) != before.values.get(owner)
                && let Some((_, owner)) = children::owner(tx, kind, &after)?
            {
                let contact = owner.values.get(CONTACT).cloned().unwrap_or(Value::Null);
                after.values.insert(CONTACT.to_owned(), contact);
            }
            let writing = Writing { now, actor: &by.actor, is_news };
            kind.settle(Some(&before.values), &mut after.values, writing)
                .map_err(|issues| Rejected::By(refused(issues)))?;
            if after.values == before.values {
                return Ok(before);
            }
            if after.contact() != before.contact() {
                check_contact(tx, &by, &after)?;
            }
            check_named(tx, &by, kind, Some(&before), &after)?;
            refuse_same(tx, kind, &before, &after)?;
            within_records(tx, &by, &quotas, Some(&before), &after).map_err(Rejected::By)?;
            after.head.version += 1;
            after.head.updated_at = now.max(before.head.updated_at);
            by.actor.as_ref().clone_into(&mut after.head.updated_by);
            tx.put_record(kind, Some(&before), &after)?;
            children::take_along(tx, kind, &before, &after)?;
            if companies::is_company(kind) {
                companies::tell_contacts(tx, &before, Some(&after), &by.actor)?;
            }
            Ok(after)
        })?;
        self.own_writes.note(caller, written.seq);
        let changed = written.value;
        let changed =
            if is_of_nobody { changed } else { self.find_caller_now(caller, kind, changed)? };
        self.record_view(caller, kind, &changed)
    }

    /// Deletes a record, so that it can be restored or for good.
    ///
    /// # Errors
    /// If there is none for this caller, or the caller may not.
    pub fn delete_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        deletion: Deletion,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        authorize(caller, kind.info().edit)?;
        if deletion.is_permanent() {
            authorize(caller, Permission::Erase)?;
        }
        self.seen_record(caller, kind, id)?;
        let actor = Arc::clone(&caller.actor);
        self.change_head(caller, kind, id, precondition, move |tx, before, mut after| {
            if deletion.is_permanent() {
                if companies::is_company(kind) {
                    companies::tell_contacts(tx, before, None, &actor)?;
                }
                children::erase_children(tx, kind, before)?;
                tx.erase_record(kind, before)?;
                return Ok(None);
            }
            if before.head.deleted_at.is_some() {
                return Err(Rejected::By(not_found(kind)));
            }
            after.head.deleted_at = Some(after.head.updated_at);
            Ok(Some(after))
        })?;
        Ok(())
    }

    /// Brings a deleted record back; one that is not deleted stays as it is.
    ///
    /// # Errors
    /// If there is none for this caller, or the caller may not.
    pub fn restore_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        precondition: &Precondition,
    ) -> Result<RecordView, Error> {
        authorize(caller, kind.info().edit)?;
        self.seen_record(caller, kind, id)?;
        let restored =
            self.change_head(caller, kind, id, precondition, move |tx, before, mut after| {
                after.head.deleted_at = None;
                if companies::is_company(kind) {
                    company_merge::refuse_merged(tx, &mut after)?;
                }
                refuse_same(tx, kind, before, &after)?;
                children::refuse_without_owner(tx, kind, &after)?;
                Ok(Some(if before.head.deleted_at.is_none() { before.clone() } else { after }))
            })?;
        self.record_view(caller, kind, &restored)
    }

    /// Writes a record of which nothing but the head changes. The closure gets the record as it is
    /// and as it would be with the next version; it answers what to store, or nothing if it has
    /// taken care of that.
    fn change_head(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        precondition: &Precondition,
        change: impl Fn(&mut Tx<'_>, &Record, Record) -> Result<Option<Record>, Rejected<Error>>
        + Send
        + 'static,
    ) -> Result<Record, Error> {
        let (org, now) = (caller.organization, self.partition.now());
        let (by, precondition) = (caller.clone(), precondition.clone());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let before = tx
                .record(org, kind.info().number, id)?
                .ok_or_else(|| Rejected::By(not_found(kind)))?;
            precondition.check(before.head.version).map_err(Rejected::By)?;
            let mut next = before.clone();
            next.head.version += 1;
            next.head.updated_at = now.max(before.head.updated_at);
            by.actor.as_ref().clone_into(&mut next.head.updated_by);
            match change(tx, &before, next)? {
                Some(after) if after != before => {
                    tx.put_record(kind, Some(&before), &after)?;
                    children::take_along(tx, kind, &before, &after)?;
                    Ok(after)
                }
                Some(_) | None => Ok(before),
            }
        })?;
        self.own_writes.note(caller, written.seq);
        Ok(written.value)
    }

    /// The record that stands for one that was merged, if the caller sees it.
    pub(in crate::app) fn merged_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
    ) -> Result<Option<Uuid>, Error> {
        let mut seen = HashSet::from([id]);
        let mut at = id;
        loop {
            let record = match self.seen_record(caller, kind, at) {
                Ok(record) => record,
                Err(Error::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            match record.id_of(MERGED_INTO) {
                Some(into) if seen.insert(into) => at = into,
                _ => return Ok((at != id && record.head.deleted_at.is_none()).then_some(at)),
            }
        }
    }

    /// A record that the caller sees, deleted or not.
    fn seen_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
    ) -> Result<Record, Error> {
        let found = self.partition.record(caller.organization, kind.info().number, id)?;
        let found = found.ok_or_else(|| not_found(kind))?;
        match found.contact() {
            Some(contact) if self.contact_that_stands_for(caller, contact)?.is_none() => {
                Err(not_found(kind))
            }
            _ => Ok(found),
        }
    }

    fn record_view(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        record: &Record,
    ) -> Result<RecordView, Error> {
        let mut values = self.shown_values(caller, record)?;
        channels::hide(caller, kind, &mut values);
        let shown = Record { head: record.head.clone(), values };
        let json = self.with_derived(caller, kind, shown.to_json())?;
        let (id, version) = (shown.head.id, shown.head.version);
        Ok(RecordView { id, version, is_new: true, json })
    }

    /// A record with what is worked out each time it is shown.
    fn with_derived(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        mut shown: Value,
    ) -> Result<Value, Error> {
        if kind.info().number == list_kind() {
            shown["count"] = json!(self.list_count(caller, &shown)?);
        }
        if companies::is_company(kind) {
            self.add_counts_of_company(caller, &mut shown)?;
        }
        Ok(shown)
    }

    /// The values with the contact that stands for the one of the record now.
    fn shown_values(&self, caller: &Caller, record: &Record) -> Result<Values, Error> {
        let mut values = record.values.clone();
        if let Some(contact) = record.contact()
            && let Some(now) = self.contact_that_stands_for(caller, contact)?
        {
            values.insert(CONTACT.to_owned(), json!(now));
        }
        Ok(values)
    }

    /// Puts ids in the place of what names users, and the contact that stays in the place of one
    /// that was merged. What a record says already it may go on saying: a user may be gone since.
    fn resolve_references(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        known: Option<&Values>,
        values: &mut Values,
    ) -> Result<(), Error> {
        if let Some(id) = values.get(CONTACT).and_then(Value::as_str)
            && let Ok(id) = Uuid::parse_str(id)
            && let Some(now) = self.contact_that_stands_for(caller, id)?
        {
            values.insert(CONTACT.to_owned(), json!(now));
        }
        let mut issues = Vec::new();
        let is_person = |kind: FieldKind| matches!(kind, FieldKind::User | FieldKind::Agent);
        for field in kind.fields().iter().filter(|field| is_person(field.kind)) {
            if known.is_some_and(|known| known.get(field.name) == values.get(field.name)) {
                continue;
            }
            let Some(Value::String(text)) = values.get(field.name) else { continue };
            match self.access().find_user(caller.organization, text) {
                Some(user) => {
                    values.insert(field.name.to_owned(), json!(user.id));
                }
                // Telephone systems name people who are no users.
                None if field.kind == FieldKind::Agent => {}
                None => issues.push(FieldIssue::new(
                    format!("/{}", field.name),
                    "user",
                    format!("{text:?} is not a user of this organisation"),
                )),
            }
        }
        if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
    }
}

fn not_found(kind: &'static dyn AnyKind) -> Error {
    Error::NotFound(Noun::Record(kind.info().name))
}
