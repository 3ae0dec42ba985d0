//! Custom fields of an organisation: defined, ordered, shown, archived, deleted.
//!
//! What a definition says takes effect at once; values that contacts have already are changed by
//! `task`, in the background. `used` defines fields by using them, inside the write that does.

mod change;
mod input;
mod survey;
mod task;
mod used;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

pub use change::FieldChanged;
pub use survey::{Misfitting, Survey};
pub(super) use used::FieldsInWrite;

use super::contacts::Precondition;
use super::error::{Error, Noun};
use super::jobs::BulkJob;
use super::people::{all, changes, check_version, note, write};
use super::{App, Cancel, Refresh, authorize};
use crate::domain::access::{Caller, FieldRights, OrgSettings, Permission, Role, Sight};
use crate::domain::audit::AuditAction;
use crate::domain::custom_field::{
    CustomType, Definitions, FieldDefinition, FieldMigration, FieldWork, Fitting, MAX_FIELDS,
};
use crate::domain::draft::Draft;
use crate::domain::ids::OrgNumber;
use crate::domain::issue::FieldIssue;
use crate::domain::text::{counted, fold};
use crate::domain::time::Timestamp;
use crate::engine::{self, Rejected, Tx, keys};

use input::FieldInput;

/// A definition as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldView {
    /// The public identifier.
    pub id: Uuid,
    /// The internal identifier; never changes.
    pub key: String,
    /// The name for people.
    pub label: String,
    /// Which values it takes.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether somebody has defined it, or only used it.
    pub declared: bool,
    /// Whether every new contact needs a value.
    pub required: bool,
    /// The options, in order.
    pub options: Vec<String>,
    /// The roles that see it.
    pub visible_to: Vec<&'static str>,
    /// Its place, from 1.
    pub position: u32,
    /// Whether it is put away.
    pub archived: bool,
    /// `ready`, `converting` or `deleting`.
    pub state: &'static str,
    /// The job that converts or deletes its values.
    pub job: Option<Uuid>,
    /// How many contacts that the caller sees hold a value, where that was asked for.
    pub usage: Option<u64>,
    /// Grows with every change, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who made it.
    pub created_by: Option<String>,
}

pub(super) fn view(definition: &FieldDefinition) -> FieldView {
    let state = match &definition.work {
        None => "ready",
        Some(FieldWork { task: FieldMigration::Delete, .. }) => "deleting",
        Some(FieldWork { task: FieldMigration::Convert { .. }, .. }) => "converting",
    };
    let sees = |role: &Role| definition.is_for(*role);
    FieldView {
        id: definition.id,
        key: definition.key.clone(),
        label: definition.label.clone(),
        kind: definition.kind.as_str(),
        declared: definition.declared,
        required: definition.required,
        options: definition.options.clone(),
        visible_to: Role::ALL.into_iter().filter(sees).map(Role::as_str).collect(),
        position: definition.position,
        archived: definition.archived,
        state,
        job: definition.work.as_ref().map(|work| work.job),
        usage: None,
        version: definition.version,
        created_at: definition.created_at,
        updated_at: definition.updated_at,
        created_by: definition.created_by.clone(),
    }
}

/// All definitions of an organisation as a write sees them, in order.
fn read_definitions(tx: &Tx<'_>, org: OrgNumber) -> Result<Vec<FieldDefinition>, Rejected<Error>> {
    let mut definitions: Vec<FieldDefinition> = all(tx, &keys::space_of(keys::FIELDS, org))?;
    definitions.sort_by_key(|one| (one.position, one.id));
    Ok(definitions)
}

/// The number of the state of the definitions as a write sees it.
fn generation(tx: &Tx<'_>, org: OrgNumber) -> Result<u64, engine::Error> {
    let kept = tx.get(&keys::field_generation(org))?;
    Ok(kept.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Says that definitions have changed, so that nobody relies on the state before.
fn raise_generation(tx: &mut Tx<'_>, org: OrgNumber) -> Result<u64, engine::Error> {
    let next = generation(tx, org)? + 1;
    tx.put(&keys::field_generation(org), next.to_be_bytes().to_vec());
    Ok(next)
}

/// Stores a definition.
fn put(tx: &mut Tx<'_>, definition: &FieldDefinition) -> Result<(), Rejected<Error>> {
    write(tx, &keys::field(definition.organization, definition.id), definition)
}

/// Numbers definitions by their order; those that move are stored and noted.
fn renumber(
    tx: &mut Tx<'_>,
    ordered: &mut [FieldDefinition],
    now: Timestamp,
) -> Result<(), Rejected<Error>> {
    for (one, position) in ordered.iter_mut().zip(1_u32..) {
        if one.position != position {
            let before = view(one);
            one.position = position;
            one.version += 1;
            one.updated_at = now;
            put(tx, one)?;
            let changed = changes(Some(&before), Some(&view(one)));
            note(tx, (AuditAction::FieldUpdated, one.id, changed));
        }
    }
    Ok(())
}

/// Fields are for who reads or searches contacts, and for who defines them.
fn authorize_reading(caller: &Caller) -> Result<(), Error> {
    if caller.may(Permission::ManageFields) || caller.may(Permission::View) {
        return Ok(());
    }
    authorize(caller, Permission::Search)
}

/// Whether a caller sees a definition. What is archived or being deleted is for those who define
/// fields; what was only used may stand in contacts out of sight alone, so it is for those who
/// define fields or see all contacts.
pub(super) fn sees(caller: &Caller, definition: &FieldDefinition) -> bool {
    let defines = caller.may(Permission::ManageFields);
    if definition.is_withdrawn() {
        return defines
            && (caller.may(Permission::ManageSettings) || definition.is_for(caller.role));
    }
    caller.fields.sees_custom(&definition.key)
        && (definition.declared || defines || caller.sight == Sight::Everything)
}

impl App {
    /// The custom fields of an organisation; reading them takes no lock.
    pub fn definitions(&self, org: OrgNumber) -> Arc<Definitions> {
        self.access().definitions(org)
    }

    /// Makes the custom fields of a draft fit the definitions.
    pub(super) fn fit_fields(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &mut Draft,
    ) -> Vec<FieldIssue> {
        if draft.custom_fields.is_keep() {
            return Vec::new();
        }
        let definitions = self.definitions(caller.organization);
        // Rows of an import have been fitted while they were read.
        if draft.fields_fitted == Some(definitions.generation()) {
            return Vec::new();
        }
        draft.fields_fitted = Some(definitions.generation());
        definitions.fit(&mut draft.custom_fields, fitting(caller, settings))
    }

    /// The custom fields that the caller sees, in order.
    ///
    /// Cost: with `with_usage` a search that counts, for each of them.
    ///
    /// # Errors
    /// If the caller may neither read contacts nor define fields, or asks for usage and may not
    /// define fields.
    pub fn list_custom_fields(
        &self,
        caller: &Caller,
        with_archived: bool,
        with_usage: bool,
        cancel: &Cancel,
    ) -> Result<Vec<FieldView>, Error> {
        authorize_reading(caller)?;
        if with_usage {
            // Who defines fields needs to know; for everybody else it would only be work.
            authorize(caller, Permission::ManageFields)?;
        }
        let definitions = self.definitions(caller.organization);
        let shown = definitions
            .iter()
            .filter(|one| sees(caller, one) && (with_archived || !one.is_withdrawn()));
        let mut shown: Vec<FieldView> = shown.map(view).collect();
        if with_usage {
            self.wait_for_writes(caller, Refresh::Wait);
            for one in &mut shown {
                if cancel.is_cancelled() {
                    return Err(engine::Error::Cancelled.into());
                }
                one.usage = Some(self.count_seen(caller, &one.key)?);
            }
        }
        Ok(shown)
    }

    fn seen_definition(&self, caller: &Caller, key: &str) -> Result<FieldDefinition, Error> {
        let definitions = self.definitions(caller.organization);
        let found = definitions.find(key).filter(|one| sees(caller, one));
        found.cloned().ok_or(Error::NotFound(Noun::CustomField))
    }

    /// A custom field by its key or id; for who defines fields with how many contacts hold a value.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_custom_field(&self, caller: &Caller, key: &str) -> Result<FieldView, Error> {
        authorize_reading(caller)?;
        let found = self.seen_definition(caller, key)?;
        let is_counted = caller.may(Permission::ManageFields);
        if is_counted {
            self.wait_for_writes(caller, Refresh::Own);
        }
        let usage = match is_counted.then(|| self.count_seen(caller, &found.key)).transpose() {
            // The field can be read all the same.
            Err(Error::Engine(engine::Error::SearchDown)) => None,
            counted => counted?,
        };
        Ok(FieldView { usage, ..view(&found) })
    }

    /// How many contacts that the caller sees hold a field.
    fn count_seen(&self, caller: &Caller, key: &str) -> Result<u64, Error> {
        // Definitions hide fields from the words of a search, not from who counts their holders.
        self.count_field(caller.organization, (&caller.sight, &FieldRights::default()), key)
    }

    /// Defines a custom field.
    ///
    /// # Errors
    /// If something does not fit, there is a field with the key, or the caller may not.
    pub fn create_custom_field(&self, caller: &Caller, body: &Value) -> Result<FieldView, Error> {
        authorize(caller, Permission::ManageFields)?;
        let input = FieldInput::read(body, true)?;
        let (org, now) = (caller.organization, self.partition.now());
        let (key, label) = input.key_and_label()?;
        let mut made = FieldDefinition {
            id: Uuid::now_v7(),
            organization: org,
            key,
            label,
            kind: CustomType::default(),
            declared: true,
            required: false,
            options: Vec::new(),
            visible_to: None,
            position: 0,
            archived: false,
            work: None,
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: Some(caller.actor.to_string()),
        };
        input.put_into(&mut made)?;
        let place = input.position;
        let written = self.partition.write(org, caller, false, move |tx| {
            let mut others = read_definitions(tx, org)?;
            let folded = fold(&made.key);
            if others.iter().any(|one| fold(&one.key) == folded) {
                return Err(Rejected::By(Error::NameTaken(Noun::CustomField)));
            }
            refuse_too_many(others.len())?;
            let mut made = made.clone();
            let last = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
            made.position = place.unwrap_or(last).clamp(1, last);
            put(tx, &made)?;
            note(tx, (AuditAction::FieldCreated, made.id, changes(None, Some(&view(&made)))));
            let at = (made.position as usize).saturating_sub(1).min(others.len());
            others.insert(at, made.clone());
            renumber(tx, &mut others, now)?;
            raise_generation(tx, org)?;
            Ok(view(&made))
        })?;
        Ok(written.value)
    }

    /// Puts custom fields into an order, by keys or ids; those that are not named stay behind
    /// them.
    ///
    /// # Errors
    /// If one is not known or named twice, or the caller may not.
    pub fn order_custom_fields(
        &self,
        caller: &Caller,
        body: &Value,
    ) -> Result<Vec<FieldView>, Error> {
        authorize(caller, Permission::ManageFields)?;
        let wanted = input::read_order(body)?;
        let mut first: Vec<Uuid> = Vec::with_capacity(wanted.len());
        for (at, name) in wanted.iter().enumerate() {
            let pointer = format!("/order/{at}");
            let found = self.seen_definition(caller, name).map_err(|_not_found| {
                Error::invalid(&pointer, "value", "is not a custom field of this organisation")
            })?;
            if first.contains(&found.id) {
                return Err(Error::invalid(&pointer, "value", "is named twice"));
            }
            first.push(found.id);
        }
        let (org, now) = (caller.organization, self.partition.now());
        self.partition.write(org, caller, false, move |tx| {
            let mut ordered = read_definitions(tx, org)?;
            let place = |id: Uuid| first.iter().position(|one| *one == id).unwrap_or(first.len());
            ordered.sort_by_key(|one| (place(one.id), one.position));
            renumber(tx, &mut ordered, now)?;
            raise_generation(tx, org)?;
            Ok::<_, Rejected<Error>>(())
        })?;
        self.list_custom_fields(caller, true, false, &Cancel::never())
    }

    /// Deletes a custom field with all its values, in the background: from now on nobody sees it.
    /// Deleting it again tells the job that does it.
    ///
    /// # Errors
    /// Without `is_confirmed` always, and with how many contacts hold a value; if there is no such
    /// field, its values are being converted, or the caller may not.
    pub fn delete_custom_field(
        self: &Arc<Self>,
        caller: &Caller,
        key: &str,
        is_confirmed: bool,
        precondition: &Precondition,
    ) -> Result<BulkJob, Error> {
        authorize(caller, Permission::ManageFields)?;
        let found = self.seen_definition(caller, key)?;
        precondition.check(found.version)?;
        if !is_confirmed && !found.is_deleting() {
            let survey = self.survey_field(caller, &found, None, &Cancel::never())?;
            let contacts = survey.contacts;
            let detail = format!(
                "{} would lose the value of {:?}; with `confirm=true` field and values are deleted for good, archived they are only hidden",
                counted(contacts, "contact", "contacts"),
                found.label
            );
            return Err(Error::FieldInUse(Box::new(Survey { detail, ..survey })));
        }
        let (org, id, now) = (caller.organization, found.id, self.partition.now());
        let (precondition, actor) = (precondition.clone(), caller.actor.as_ref().to_owned());
        let job = Uuid::now_v7();
        let written = self.partition.write(org, caller, false, move |tx| {
            let key = keys::field(org, id);
            let before: FieldDefinition = super::people::read(tx, &key, Noun::CustomField)?;
            if before.is_deleting() {
                return Ok(before);
            }
            check_version(&precondition, before.version)?;
            change::refuse_busy(&before)?;
            let work =
                FieldWork { job, actor: actor.clone(), since: now, task: FieldMigration::Delete };
            let after = FieldDefinition {
                work: Some(work),
                version: before.version + 1,
                updated_at: now,
                ..before.clone()
            };
            put(tx, &after)?;
            raise_generation(tx, org)?;
            let changed = changes(Some(&view(&before)), Some(&view(&after)));
            note(tx, (AuditAction::FieldUpdated, id, changed));
            Ok(after)
        })?;
        self.start_field_work(&written.value)
    }
}

/// How a caller's drafts are made to fit.
pub(super) fn fitting<'a>(caller: &'a Caller, settings: &OrgSettings) -> Fitting<'a> {
    Fitting {
        rights: &caller.fields,
        role: caller.role,
        adhoc: settings.adhoc_custom_fields,
        names_used: caller.may(Permission::ManageFields) || caller.sight == Sight::Everything,
    }
}

fn refuse_too_many(count: usize) -> Result<(), Rejected<Error>> {
    if count < MAX_FIELDS {
        return Ok(());
    }
    Err(Rejected::By(Error::InUse(format!(
        "this organisation has {count} custom fields, archived ones included, and cannot have more: delete some"
    ))))
}
