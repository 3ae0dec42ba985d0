//! What is checked inside the write of a record of any kind: that what it names is there, that no
//! other one is called so, that it can come into its state.

use serde_json::{Value, json};

use super::super::error::Error;
use super::super::merges::survivor;
use crate::domain::access::Caller;
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::record::{
    AnyKind, FieldKind, IMPOSSIBLE_STEP, Record, kind_by_name, unique_name,
};
use crate::engine::{Error as EngineError, Rejected, Tx};

/// Refuses a record about a contact that is not there for the caller.
pub(super) fn check_contact(
    tx: &Tx<'_>,
    caller: &Caller,
    record: &Record,
) -> Result<(), Rejected<Error>> {
    // A message is about the contact for which its conversation was made, whoever stands for it now.
    if sees_contact_of(tx, caller, record)? {
        return Ok(());
    }
    let detail = "there is no contact with this id";
    Err(Rejected::By(Error::invalid("/contact_id", "contact", detail)))
}

/// Whether a caller sees the contact that a record is about, or it is about nobody.
fn sees_contact_of(tx: &Tx<'_>, caller: &Caller, record: &Record) -> Result<bool, EngineError> {
    let Some(contact) = record.contact() else { return Ok(true) };
    let read = |id: ContactId| tx.contact(record.head.organization, id);
    let (_, found) = survivor(ContactId(contact), &read)?;
    Ok(found.is_some_and(|found| !found.is_deleted() && caller.sees(&found)))
}

/// Refuses a record that names another one that is not there.
pub(super) fn check_named(
    tx: &Tx<'_>,
    caller: &Caller,
    kind: &'static dyn AnyKind,
    before: Option<&Record>,
    record: &Record,
) -> Result<(), Rejected<Error>> {
    for field in kind.fields() {
        let FieldKind::Record(of) = field.kind else { continue };
        let Some(id) = record.id_of(field.name) else { continue };
        if before.is_some_and(|before| before.id_of(field.name) == Some(id)) {
            continue;
        }
        let number = kind_by_name(of).map_or(0, |kind| kind.info().number);
        let found = tx.record(record.head.organization, number, id)?;
        let found = found.filter(|found| found.head.deleted_at.is_none());
        let is_there = match found {
            Some(found) => sees_contact_of(tx, caller, &found)?,
            None => false,
        };
        if !is_there {
            let detail = format!("there is no {of} with this id");
            let pointer = format!("/{}", field.name);
            return Err(Rejected::By(Error::invalid(&pointer, of, detail)));
        }
    }
    Ok(())
}

/// Refuses a record that would be called as another one is.
pub(super) fn refuse_same(
    tx: &Tx<'_>,
    kind: &'static dyn AnyKind,
    before: &Record,
    after: &Record,
) -> Result<(), Rejected<Error>> {
    let Some(field) = kind.info().unique else { return Ok(()) };
    let name = unique_name(kind, &after.values);
    let is_known = unique_name(kind, &before.values) == name
        && before.head.deleted_at == after.head.deleted_at;
    let Some(name) = name.filter(|_| !is_known) else { return Ok(()) };
    match tx.record_named(after.head.organization, kind, &name)? {
        Some(other) if other.head.id != after.head.id => {
            Err(Rejected::By(Error::SameRecord(kind.info().name, field)))
        }
        _ => Ok(()),
    }
}

/// What is wrong with a record: a step that cannot be is a conflict, everything else is invalid.
pub(super) fn refused(issues: Vec<FieldIssue>) -> Error {
    match issues.as_slice() {
        [issue] if issue.code == IMPOSSIBLE_STEP => {
            Error::ImpossibleStep(format!("{} {}", issue.pointer, issue.detail))
        }
        _ => Error::Invalid(issues),
    }
}

/// The contact that stands for the one of a record, as a value.
pub(super) fn shown_contact(tx: &Tx<'_>, record: &Record) -> Result<Option<Value>, EngineError> {
    let Some(contact) = record.contact() else { return Ok(None) };
    let read = |id: ContactId| tx.contact(record.head.organization, id);
    Ok(survivor(ContactId(contact), &read)?.1.map(|contact| json!(contact.id)))
}
