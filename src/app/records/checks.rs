//! What is checked inside the write of a record of any kind: that what it names is there, that no
//! other one is called so, that it can come into its state.

use serde_json::{Value, json};

use super::super::error::{Error, Noun};
use super::super::merges::survivor;
use crate::domain::access::Caller;
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::record::{
    AnyKind, DERIVED_MEMBERS, FieldKind, HEAD_MEMBERS, IMPOSSIBLE_STEP, KindInfo, Record,
    kind_by_name, unique_name,
};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx, codec, keys};

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

/// Refuses members that nobody writes, unless they say what is so; `shown` is the record as it is
/// shown, if it is there. In an answer that is sent back, which has the `id`, what was so a moment
/// ago hinders no change.
pub(super) fn refuse_read_only(
    kind: &dyn AnyKind,
    body: &Value,
    shown: Option<&Value>,
) -> Result<(), Error> {
    let derived = kind.fields().iter().filter(|field| !field.is_stored()).map(|field| field.name);
    let names = HEAD_MEMBERS.iter().chain(DERIVED_MEMBERS).copied().chain(derived);
    let is_sent_back = shown.is_some_and(|shown| body.get("id") == shown.get("id"));
    let mut issues = Vec::new();
    for name in names {
        let Some(value) = body.get(name).filter(|value| !value.is_null()) else { continue };
        // What grows with every change, and what follows from other records.
        let is_fixed = matches!(name, "id" | "created_at" | "created_by");
        let is_field = kind.fields().iter().any(|field| field.name == name && field.is_stored());
        let now = shown.and_then(|shown| shown.get(name));
        if is_field || is_sent_back && !is_fixed || now.is_some_and(|now| same(value, now)) {
            continue;
        }
        let detail = match now {
            Some(now) => format!("is read-only, and is {now}: leave it out"),
            None => "is read-only: leave it out".to_owned(),
        };
        issues.push(FieldIssue::new(format!("/{name}"), "read_only", detail));
    }
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// Whether two values are the same, times also where they are written otherwise.
fn same(one: &Value, other: &Value) -> bool {
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    one == other || time(one).is_some_and(|at| Some(at) == time(other))
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

/// Refuses a list that would be called as another one is, whatever case and accents: searches,
/// imports and bulk actions name lists so. Reads all lists of the organisation, which are few.
pub(super) fn refuse_same_list(
    tx: &Tx<'_>,
    kind: &'static dyn AnyKind,
    before: Option<&Record>,
    after: &Record,
) -> Result<(), Rejected<Error>> {
    let KindInfo { name: kind_name, number, .. } = kind.info();
    if *kind_name != "list" {
        return Ok(());
    }
    let name = |record: &Record| record.values.get("name").and_then(Value::as_str).map(fold);
    let is_known = before.is_some_and(|before| {
        name(before) == name(after) && before.head.deleted_at == after.head.deleted_at
    });
    if is_known {
        return Ok(());
    }
    for bytes in tx.scan(&keys::records_of(after.head.organization, *number))?.into_values() {
        let other: Record = codec::decode(&bytes).map_err(EngineError::from)?;
        let is_there = other.head.id != after.head.id && other.head.deleted_at.is_none();
        if is_there && name(&other) == name(after) {
            return Err(Rejected::By(Error::NameTaken(Noun::Record(kind_name))));
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
    refuse_same_list(tx, kind, Some(before), after)?;
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
