//! Records that belong to another record: they are about the same contact, and go and come back
//! with it.

use serde_json::Value;
use uuid::Uuid;

use super::super::error::Error;
use crate::domain::record::{AnyKind, CONTACT, FieldKind, Record};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx};

/// Most records that go and move with the one that they belong to in one write.
const MOST_CHILDREN: usize = 10_000;

/// The kind of record to which those of another kind belong.
fn owner_of(kind: &dyn AnyKind) -> Option<&'static str> {
    let owner = kind.info().owner?;
    let field = kind.fields().iter().find(|field| field.name == owner)?;
    if let FieldKind::Record(of) = field.kind { Some(of) } else { None }
}

/// The records that belong to one.
fn children_of(
    tx: &Tx<'_>,
    kind: &dyn AnyKind,
    record: &Record,
) -> Result<Vec<(&'static dyn AnyKind, Record)>, Rejected<Error>> {
    let mut found = tx.records_about(record.head.organization, record.head.id)?;
    found.retain(|(child, _)| owner_of(*child) == Some(kind.info().name));
    if found.len() > MOST_CHILDREN {
        let detail = format!("more than {MOST_CHILDREN} records belong to it; delete some first");
        return Err(Rejected::By(Error::invalid("", "too_many", detail)));
    }
    Ok(found)
}

/// Takes what belongs to a record along: into and out of the trash, and to another contact.
pub(super) fn take_along(
    tx: &mut Tx<'_>,
    kind: &dyn AnyKind,
    before: &Record,
    after: &Record,
) -> Result<(), Rejected<Error>> {
    let is_moved = before.contact() != after.contact();
    let (was, is) = (before.head.deleted_at, after.head.deleted_at);
    if !is_moved && was == is {
        return Ok(());
    }
    for (child_kind, child) in children_of(tx, kind, before)? {
        let mut next = child.clone();
        if is_moved {
            let contact = after.values.get(CONTACT).cloned().unwrap_or(Value::Null);
            next.values.insert(CONTACT.to_owned(), contact);
        }
        // Only what went with it comes back with it.
        if child.head.deleted_at == was {
            next.head.deleted_at = is;
        }
        if next != child {
            tx.store_record(child_kind, Some(&child), &next)?;
        }
    }
    Ok(())
}

/// Erases what belongs to a record that is deleted for good.
pub(super) fn erase_children(
    tx: &mut Tx<'_>,
    kind: &dyn AnyKind,
    record: &Record,
) -> Result<(), Rejected<Error>> {
    for (child_kind, child) in children_of(tx, kind, record)? {
        tx.erase_record(child_kind, &child)?;
    }
    Ok(())
}

/// The record to which one belongs, and its kind.
pub(super) fn owner(
    tx: &Tx<'_>,
    kind: &dyn AnyKind,
    record: &Record,
) -> Result<Option<(&'static dyn AnyKind, Record)>, EngineError> {
    let Some(of) = owner_of(kind).and_then(crate::domain::record::kind_by_name) else {
        return Ok(None);
    };
    let id: Option<Uuid> = kind.info().owner.and_then(|field| record.id_of(field));
    let Some(id) = id else { return Ok(None) };
    Ok(tx.record(record.head.organization, of.info().number, id)?.map(|found| (of, found)))
}

/// Refuses to bring back what belongs to a record that is deleted.
pub(super) fn refuse_without_owner(
    tx: &Tx<'_>,
    kind: &dyn AnyKind,
    record: &Record,
) -> Result<(), Rejected<Error>> {
    match owner(tx, kind, record)? {
        Some((of, owner)) if owner.head.deleted_at.is_some() => {
            let name = of.info().name;
            let detail = format!("the {name} that it belongs to is deleted: restore that one");
            let pointer = format!("/{}", kind.info().owner.unwrap_or_default());
            Err(Rejected::By(Error::invalid(&pointer, "deleted", detail)))
        }
        _ => Ok(()),
    }
}

/// Tells a conversation of a message: when the last one was sent, and that it goes on.
pub(super) fn tell_owner(
    tx: &mut Tx<'_>,
    kind: &dyn AnyKind,
    record: &Record,
) -> Result<(), Rejected<Error>> {
    let Some((owner_kind, before)) = owner(tx, kind, record)? else { return Ok(()) };
    let time = |record: &Record, field: &str| -> Option<Timestamp> {
        record.values.get(field)?.as_str()?.parse().ok()
    };
    let mut after = before.clone();
    let sent = time(record, "sent_at");
    if sent > time(&before, "last_message_at")
        && let Some(sent) = record.values.get("sent_at")
    {
        after.values.insert("last_message_at".to_owned(), sent.clone());
    }
    let is_over = |status: &str| matches!(status, "resolved" | "snoozed");
    let comes_in = record.values.get("direction").and_then(Value::as_str) == Some("in");
    if comes_in && before.values.get("status").and_then(Value::as_str).is_some_and(is_over) {
        after.values.insert("status".to_owned(), Value::from("open"));
        after.head.version += 1;
        after.head.updated_at = record.head.updated_at.max(before.head.updated_at);
        tx.put_record(owner_kind, Some(&before), &after)?;
    } else if after != before {
        tx.store_record(owner_kind, Some(&before), &after)?;
    }
    Ok(())
}
