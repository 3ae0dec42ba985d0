//! Departments: make, list, rename, remove.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::App;
use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::{
    NAME, all, authorize_names, authorize_structure, changes, check_version, note, read, write,
};
use crate::domain::access::{Caller, Department, User};
use crate::domain::audit::AuditAction;
use crate::domain::draft::Patch;
use crate::domain::members::ObjectReader;
use crate::domain::text::{counted, fold};
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx, keys};

/// A department as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the members are those of `Department`")]
pub struct DepartmentView {
    pub id: Uuid,
    pub name: String,
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: Option<String>,
}

fn view(department: &Department) -> DepartmentView {
    DepartmentView {
        id: department.id,
        name: department.name.clone(),
        version: department.version,
        created_at: department.created_at,
        updated_at: department.updated_at,
        created_by: department.created_by.clone(),
    }
}

fn is_free(tx: &Tx<'_>, wanted: &Department) -> Result<(), Rejected<Error>> {
    let prefix = keys::space_of(keys::DEPARTMENTS, wanted.organization);
    let taken = all::<Department>(tx, &prefix)?
        .iter()
        .any(|d| d.id != wanted.id && fold(&d.name) == fold(&wanted.name));
    if taken { Err(Rejected::By(Error::NameTaken(Noun::Department))) } else { Ok(()) }
}

impl App {
    /// The departments of the caller's organisation, by name.
    ///
    /// # Errors
    /// If the caller may neither search contacts nor manage people.
    pub fn list_departments(&self, caller: &Caller) -> Result<Vec<DepartmentView>, Error> {
        authorize_names(caller)?;
        let all = self.access().departments(caller.organization);
        Ok(all.iter().map(|department| view(department)).collect())
    }

    /// A department of the caller's organisation, by id.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_department(&self, caller: &Caller, id: Uuid) -> Result<DepartmentView, Error> {
        let mut all = self.list_departments(caller)?.into_iter();
        all.find(|department| department.id == id).ok_or(Error::NotFound(Noun::Department))
    }

    /// Makes a department.
    ///
    /// # Errors
    /// If the name does not fit or is taken, or the caller may not.
    pub fn create_department(
        &self,
        caller: &Caller,
        body: &Value,
    ) -> Result<DepartmentView, Error> {
        authorize_structure(caller)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let name = members.text("name", NAME);
        if name.is_keep() || name == Patch::Clear {
            members.issue("name", "required", "a department needs a name");
        }
        members.finish().map_err(Error::Invalid)?;
        let now = self.partition.now();
        let department = Department {
            id: Uuid::now_v7(),
            organization: caller.organization,
            name: name.value().cloned().unwrap_or_default(),
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: Some(caller.actor.to_string()),
        };
        self.partition.write(caller.organization, caller, false, {
            let department = department.clone();
            move |tx| {
                is_free(tx, &department)?;
                let key = keys::department(department.organization, department.id);
                write(tx, &key, &department)?;
                let after = changes(None, Some(&view(&department)));
                note(tx, (AuditAction::DepartmentCreated, department.id, after));
                Ok(())
            }
        })?;
        Ok(view(&department))
    }

    /// Renames a department; contacts that name it by its id stay with it.
    ///
    /// # Errors
    /// If there is none, the name does not fit or is taken, or the caller may not.
    pub fn update_department(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
    ) -> Result<DepartmentView, Error> {
        authorize_structure(caller)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let name = members.text("name", NAME);
        if name == Patch::Clear {
            members.issue("name", "required", "a department needs a name");
        }
        members.finish().map_err(Error::Invalid)?;
        let (org, now, precondition) =
            (caller.organization, self.partition.now(), precondition.clone());
        let written = self.partition.write(org, caller, false, move |tx| {
            let key = keys::department(org, id);
            let before: Department = read(tx, &key, Noun::Department)?;
            check_version(&precondition, before.version)?;
            let mut after = before.clone();
            if let Patch::Set(name) = &name {
                after.name.clone_from(name);
            }
            if after == before {
                return Ok(view(&before));
            }
            is_free(tx, &after)?;
            after.version += 1;
            after.updated_at = now;
            write(tx, &key, &after)?;
            let changed = changes(Some(&view(&before)), Some(&view(&after)));
            note(tx, (AuditAction::DepartmentUpdated, id, changed));
            Ok(view(&after))
        })?;
        Ok(written.value)
    }

    /// Removes a department that has no people; contacts that it owns are then seen by admins
    /// only where departments are walls.
    ///
    /// # Errors
    /// If there is none, people belong to it, or the caller may not.
    pub fn delete_department(
        &self,
        caller: &Caller,
        id: Uuid,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        authorize_structure(caller)?;
        let (org, precondition) = (caller.organization, precondition.clone());
        self.partition.write(org, caller, false, move |tx| {
            let key = keys::department(org, id);
            let before: Department = read(tx, &key, Noun::Department)?;
            check_version(&precondition, before.version)?;
            let people = all::<User>(tx, &keys::space_of(keys::USERS, org))?;
            let count = people.iter().filter(|user| user.department_id == Some(id)).count();
            if count > 0 {
                return Err(Rejected::By(Error::InUse(format!(
                    "{} to this department: move them first",
                    counted(count as u64, "user belongs", "users belong")
                ))));
            }
            tx.delete(&key);
            let changed = changes(Some(&view(&before)), None);
            note(tx, (AuditAction::DepartmentDeleted, id, changed));
            Ok(())
        })?;
        Ok(())
    }
}
