//! Departments, queues and users of an organisation, and the searches that they keep.

mod departments;
mod queues;
mod saved_searches;
mod single_sign_on;
mod users;

pub use departments::DepartmentView;
pub use queues::QueueView;
pub use saved_searches::SavedSearchView;
pub use single_sign_on::{ProvenUser, SignOnRules};
pub use users::UserView;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::authorize;
use super::contacts::Precondition;
use super::error::{Error, Noun};
use crate::domain::access::{Caller, Permission, Role};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::engine::{Error as EngineError, Rejected, Tx, codec};

/// Most characters of a name.
const NAME: usize = 100;
/// Most entries of a list of one record.
const MOST_ENTRIES: usize = 10_000;

/// Reads a record inside a write.
pub(super) fn read<T: DeserializeOwned>(
    tx: &Tx<'_>,
    key: &[u8],
    noun: Noun,
) -> Result<T, Rejected<Error>> {
    let bytes = tx.get(key)?.ok_or(Rejected::By(Error::NotFound(noun)))?;
    Ok(codec::decode(&bytes).map_err(EngineError::from)?)
}

/// Writes a record inside a write.
pub(super) fn write<T: Serialize>(
    tx: &mut Tx<'_>,
    key: &[u8],
    record: &T,
) -> Result<(), Rejected<Error>> {
    tx.put(key, codec::encode(record).map_err(EngineError::from)?);
    Ok(())
}

/// All records of a space, inside a write.
pub(super) fn all<T: DeserializeOwned>(
    tx: &Tx<'_>,
    prefix: &[u8],
) -> Result<Vec<T>, Rejected<Error>> {
    let values = tx.scan(prefix)?.into_values();
    let decoded = values.map(|bytes| codec::decode(&bytes).map_err(EngineError::from));
    Ok(decoded.collect::<Result<_, _>>()?)
}

/// What the audit log says about a record that is shown as a view.
pub(super) fn changes<T: Serialize>(before: Option<&T>, after: Option<&T>) -> Vec<FieldChange> {
    let shown = |view: Option<&T>| {
        view.map_or(serde_json::Value::Null, |view| {
            serde_json::to_value(view).unwrap_or(serde_json::Value::Null)
        })
    };
    let mut changes = FieldChange::between(&shown(before), &shown(after));
    changes.retain(|change| {
        !["id", "version", "created_at", "updated_at", "created_by"]
            .contains(&change.field.as_str())
    });
    changes
}

/// Refuses whom a caller may not manage: only admins manage admins and managers, and a manager
/// who may manage people manages the agents of the own department.
fn may_manage(caller: &Caller, role: Role, department: Option<uuid::Uuid>) -> Result<(), Error> {
    let is_allowed = caller.role == Role::Admin
        || caller.may(Permission::ManageUsers)
            && role < Role::Manager
            && (caller.department.is_none() || caller.department == department);
    if is_allowed { Ok(()) } else { Err(Error::Forbidden(Permission::ManageUsers)) }
}

/// Refuses a version that is not the one that the change is based on.
pub(super) fn check_version(
    precondition: &Precondition,
    version: u64,
) -> Result<(), Rejected<Error>> {
    precondition.check(version).map_err(Rejected::By)
}

/// A note for the audit log.
pub(super) type Note = (AuditAction, uuid::Uuid, Vec<FieldChange>);

pub(super) fn note(tx: &mut Tx<'_>, note: Note) {
    tx.note(note.0, note.1, note.2);
}

/// Names of people, queues and departments are for everybody who works with contacts.
fn authorize_names(caller: &Caller) -> Result<(), Error> {
    if caller.may(Permission::ManageUsers) {
        return Ok(());
    }
    authorize(caller, Permission::Search)
}

/// Departments and queues are made by those who manage the people of the whole organisation.
fn authorize_structure(caller: &Caller) -> Result<(), Error> {
    authorize(caller, Permission::ManageUsers)?;
    may_manage(caller, Role::Agent, None)
}
