//! Changing the values of a field in all contacts, deleted ones included, in the background.
//!
//! What is to be done stands in the definition until it is done, so a restart goes on with it;
//! doing a part of it again changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::App;
use super::super::error::{Error, Noun};
use super::super::jobs::{BulkJob, JobKind};
use super::super::people::{changes, note, read};
use super::survey::held;
use super::{put, raise_generation, view};
use crate::domain::access::Permission;
use crate::domain::audit::AuditAction;
use crate::domain::contact::Contact;
use crate::domain::custom_field::{FieldDefinition, FieldMigration, Misfit, OnMisfit, recast};
use crate::domain::ids::ContactId;
use crate::domain::text::fold;
use crate::engine::{Origin, Rejected, Tx, keys};

/// Contacts changed in one write.
const WRITE_CONTACTS: usize = 500;
/// Writes that the index may be behind; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;

/// What becomes of a value.
pub(super) enum ValueChange {
    Same,
    Set(Value),
    Remove,
    Misfit(Misfit),
}

/// What becomes of a value under a changed definition.
pub(super) fn fate(
    after: &FieldDefinition,
    replace: &BTreeMap<String, Option<String>>,
    on_misfit: OnMisfit,
    value: &Value,
) -> ValueChange {
    let replaced = |value: &Value| {
        let new = value.as_str().and_then(|text| replace.get(&fold(text)));
        new.map(|new| new.clone().map(Value::String))
    };
    let or_same = |value: &Value| replaced(value).unwrap_or_else(|| Some(value.clone()));
    let new = match value.as_array() {
        Some(values) => Some(Value::Array(values.iter().filter_map(or_same).collect())),
        None => or_same(value),
    };
    let Some(new) = new else { return ValueChange::Remove };
    match recast(after, &new) {
        Ok(Some(new)) if new == *value => ValueChange::Same,
        Ok(Some(new)) => ValueChange::Set(new),
        Ok(None) => ValueChange::Remove,
        Err(_misfit) if on_misfit == OnMisfit::Clear => ValueChange::Remove,
        Err(misfit) => ValueChange::Misfit(misfit),
    }
}

/// How many contacts of a write met which end.
#[derive(Clone, Copy, Default)]
struct Tally {
    changed: u64,
    unchanged: u64,
    refused: u64,
}

impl App {
    /// Goes on with what was being done to values of custom fields when the server stopped.
    pub fn resume_field_work(self: &Arc<Self>) {
        for organization in self.access().organizations() {
            let definitions = self.definitions(organization.number);
            for definition in definitions.iter().filter(|one| one.work.is_some()) {
                if let Err(error) = self.start_field_work(definition) {
                    tracing::error!("custom field {} stays unfinished: {error}", definition.id);
                }
            }
        }
    }

    /// Starts the work that stands in a definition, or tells the job that does it already.
    pub(super) fn start_field_work(
        self: &Arc<Self>,
        definition: &FieldDefinition,
    ) -> Result<BulkJob, Error> {
        let Some(work) = &definition.work else { return Err(Error::NotFound(Noun::Job)) };
        let job = BulkJob::new(JobKind::CustomField, work.job, work.since);
        let actor: Arc<str> = work.actor.as_str().into();
        let (org, shared) = (definition.organization, Permission::ManageFields);
        if let Some(running) = self.keep_running_job(org, actor, shared, &job) {
            return Ok(running);
        }
        let definition = definition.clone();
        self.run_job(work.job, move |app| {
            let done = app.work_on_field(&definition);
            if let Err(error) = &done {
                tracing::warn!("custom field {} stays unfinished: {error}", definition.id);
            }
            done
        })?;
        Ok(job)
    }

    fn work_on_field(&self, definition: &FieldDefinition) -> Result<(), Error> {
        let Some(work) = &definition.work else { return Ok(()) };
        let org = definition.organization;
        let folded = fold(&definition.key);
        let mut ids: Vec<ContactId> = Vec::new();
        self.partition.for_each_record(org, |batch| {
            let holds = |one: &&Contact| held(one, &definition.key, &folded).is_some();
            ids.extend(batch.iter().filter(holds).map(|contact| contact.id));
            !self.is_stopping_jobs()
        })?;
        self.update_job(work.job, |job| job.total = ids.len() as u64);
        let origin =
            Origin { actor: format!("{} (custom field)", work.actor).into(), address: None };
        for chunk in ids.chunks(WRITE_CONTACTS) {
            if self.is_stopping_jobs() {
                break;
            }
            let (chunk, id, now) = (chunk.to_vec(), definition.id, self.partition.now());
            let actor = Arc::clone(&origin.actor);
            let written =
                self.partition.write::<_, Error>(org, origin.clone(), false, move |tx| {
                    let key = keys::field(org, id);
                    let definition: FieldDefinition = read(tx, &key, Noun::CustomField)?;
                    let mut tally = Tally::default();
                    for contact in &chunk {
                        let Some(before) = tx.contact(org, *contact)? else { continue };
                        let after = changed(&definition, &before, &mut tally);
                        if let Some(mut after) = after {
                            after.version += 1;
                            after.updated_at = now.max(before.updated_at);
                            after.updated_by = Some(actor.as_ref().to_owned());
                            tx.replace_contact(org, before, after)?;
                        }
                    }
                    Ok(tally)
                })?;
            self.partition.pace(written.seq, MOST_WRITES_BEHIND);
            let tally = written.value;
            self.update_job(work.job, |job| {
                job.changed += tally.changed;
                job.unchanged += tally.unchanged;
                job.refused += tally.refused;
            });
        }
        if self.is_stopping_jobs() {
            return Err(Error::Overloaded(
                "the server was shut down before the end; this goes on at the next start",
            ));
        }
        let (id, job) = (definition.id, work.job);
        self.partition.write(org, origin, false, move |tx| finish(tx, org, id, job))?;
        Ok(())
    }
}

/// A contact with the value of a field changed; none if it stays as it is.
fn changed(definition: &FieldDefinition, before: &Contact, tally: &mut Tally) -> Option<Contact> {
    let work = definition.work.as_ref()?;
    let folded = fold(&definition.key);
    let value = held(before, &definition.key, &folded)?;
    let fate = match &work.task {
        FieldMigration::Delete => ValueChange::Remove,
        FieldMigration::Convert { replace, on_misfit } => {
            fate(definition, replace, *on_misfit, value)
        }
    };
    let new = match fate {
        ValueChange::Same => {
            tally.unchanged += 1;
            return None;
        }
        ValueChange::Misfit(_) => {
            tally.refused += 1;
            return None;
        }
        ValueChange::Set(value) => Some(value),
        ValueChange::Remove => None,
    };
    tally.changed += 1;
    let mut after = before.clone();
    let fields = &mut after.fields.custom_fields;
    fields.retain(|key, _| *key != definition.key && fold(key) != folded);
    if let Some(value) = new {
        fields.insert(definition.key.clone(), value);
    }
    Some(after)
}

/// Ends the work: the definition is gone, or ready again.
fn finish(
    tx: &mut Tx<'_>,
    org: crate::domain::ids::OrgNumber,
    id: uuid::Uuid,
    job: uuid::Uuid,
) -> Result<(), Rejected<Error>> {
    let key = keys::field(org, id);
    let before: FieldDefinition = read(tx, &key, Noun::CustomField)?;
    if before.work.as_ref().is_none_or(|work| work.job != job) {
        return Ok(());
    }
    if before.is_deleting() {
        tx.delete(&key);
        let gone = changes(Some(&view(&before)), None);
        note(tx, (AuditAction::FieldDeleted, id, gone));
    } else {
        let version = before.version + 1;
        let after = FieldDefinition { work: None, version, ..before.clone() };
        put(tx, &after)?;
        let ended = changes(Some(&view(&before)), Some(&view(&after)));
        note(tx, (AuditAction::FieldUpdated, id, ended));
    }
    raise_generation(tx, org)?;
    Ok(())
}
