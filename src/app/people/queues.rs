//! Queues and their members.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::App;
use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::{
    MOST_ENTRIES, NAME, all, authorize_names, authorize_structure, changes, check_version, note,
    read, write,
};
use crate::domain::access::{Caller, Queue};
use crate::domain::audit::AuditAction;
use crate::domain::draft::Patch;
use crate::domain::members::ObjectReader;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx, keys};

/// A queue as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the members are those of `Queue`")]
pub struct QueueView {
    pub id: Uuid,
    pub name: String,
    pub members: Vec<Uuid>,
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: Option<String>,
}

fn view(queue: &Queue) -> QueueView {
    QueueView {
        id: queue.id,
        name: queue.name.clone(),
        members: queue.members.clone(),
        version: queue.version,
        created_at: queue.created_at,
        updated_at: queue.updated_at,
        created_by: queue.created_by.clone(),
    }
}

/// Refuses a name that another queue has, and members that are no users of the organisation.
fn check(tx: &Tx<'_>, queue: &Queue) -> Result<(), Rejected<Error>> {
    let queues: Vec<Queue> = all(tx, &keys::space_of(keys::QUEUES, queue.organization))?;
    if queues.iter().any(|q| q.id != queue.id && fold(&q.name) == fold(&queue.name)) {
        return Err(Rejected::By(Error::NameTaken(Noun::Queue)));
    }
    for (at, member) in queue.members.iter().enumerate() {
        if tx.get(&keys::user(queue.organization, *member))?.is_none() {
            let detail = "is not a user of this organisation";
            return Err(Rejected::By(Error::invalid(&format!("/members/{at}"), "user", detail)));
        }
    }
    Ok(())
}

fn read_members(members: &mut ObjectReader<'_>) -> (Patch<String>, Patch<Vec<Uuid>>) {
    let name = members.text("name", NAME);
    let list =
        members.list("members", "ids of users", MOST_ENTRIES, |text| Uuid::parse_str(text).ok());
    if name == Patch::Clear {
        members.issue("name", "required", "a queue needs a name");
    }
    (name, list)
}

fn unique(mut members: Vec<Uuid>) -> Vec<Uuid> {
    let mut seen = std::collections::HashSet::new();
    members.retain(|member| seen.insert(*member));
    members
}

impl App {
    /// The queues of the caller's organisation, by name.
    ///
    /// # Errors
    /// If the caller may neither search contacts nor manage people.
    pub fn list_queues(&self, caller: &Caller) -> Result<Vec<QueueView>, Error> {
        authorize_names(caller)?;
        let all = self.access().queues(caller.organization);
        Ok(all.iter().map(|queue| view(queue)).collect())
    }

    /// A queue of the caller's organisation, by id.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_queue(&self, caller: &Caller, id: Uuid) -> Result<QueueView, Error> {
        let mut all = self.list_queues(caller)?.into_iter();
        all.find(|queue| queue.id == id).ok_or(Error::NotFound(Noun::Queue))
    }

    /// Makes a queue.
    ///
    /// # Errors
    /// If name or members do not fit, or the caller may not.
    pub fn create_queue(&self, caller: &Caller, body: &Value) -> Result<QueueView, Error> {
        authorize_structure(caller)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let (name, list) = read_members(&mut members);
        if name.is_keep() {
            members.issue("name", "required", "a queue needs a name");
        }
        members.finish().map_err(Error::Invalid)?;
        let now = self.partition.now();
        let queue = Queue {
            id: Uuid::now_v7(),
            organization: caller.organization,
            name: name.value().cloned().unwrap_or_default(),
            members: unique(list.value().cloned().unwrap_or_default()),
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: Some(caller.actor.to_string()),
        };
        self.partition.write(caller.organization, caller, false, {
            let queue = queue.clone();
            move |tx| {
                check(tx, &queue)?;
                write(tx, &keys::queue(queue.organization, queue.id), &queue)?;
                let after = changes(None, Some(&view(&queue)));
                note(tx, (AuditAction::QueueCreated, queue.id, after));
                Ok(())
            }
        })?;
        Ok(view(&queue))
    }

    /// Changes a queue; members that are absent stay.
    ///
    /// # Errors
    /// If there is none, name or members do not fit, or the caller may not.
    pub fn update_queue(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
    ) -> Result<QueueView, Error> {
        authorize_structure(caller)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let (name, list) = read_members(&mut members);
        members.finish().map_err(Error::Invalid)?;
        self.change_queue(caller, id, precondition, move |queue| {
            if let Patch::Set(name) = &name {
                queue.name.clone_from(name);
            }
            match &list {
                Patch::Keep => {}
                Patch::Clear => queue.members.clear(),
                Patch::Set(list) => queue.members = unique(list.clone()),
            }
        })
    }

    /// Makes a user a member of a queue, or takes the user out of it.
    ///
    /// # Errors
    /// If there is no such queue or user, or the caller may not.
    pub fn set_queue_member(
        &self,
        caller: &Caller,
        queue: Uuid,
        user: Uuid,
        is_member: bool,
    ) -> Result<QueueView, Error> {
        authorize_structure(caller)?;
        if self.access().user(user).is_none_or(|user| user.organization != caller.organization) {
            return Err(Error::NotFound(Noun::User));
        }
        self.change_queue(caller, queue, &Precondition::None, move |queue| {
            queue.members.retain(|member| *member != user);
            if is_member {
                queue.members.push(user);
            }
        })
    }

    fn change_queue(
        &self,
        caller: &Caller,
        id: Uuid,
        precondition: &Precondition,
        change: impl Fn(&mut Queue) + Send + 'static,
    ) -> Result<QueueView, Error> {
        let (org, now, precondition) =
            (caller.organization, self.partition.now(), precondition.clone());
        let written = self.partition.write(org, caller, false, move |tx| {
            let key = keys::queue(org, id);
            let before: Queue = read(tx, &key, Noun::Queue)?;
            check_version(&precondition, before.version)?;
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(view(&before));
            }
            check(tx, &after)?;
            after.version += 1;
            after.updated_at = now;
            write(tx, &key, &after)?;
            let changed = changes(Some(&view(&before)), Some(&view(&after)));
            note(tx, (AuditAction::QueueUpdated, id, changed));
            Ok(view(&after))
        })?;
        Ok(written.value)
    }

    /// Removes a queue; contacts that only its members saw are then seen by admins and by the
    /// managers of their departments.
    ///
    /// # Errors
    /// If there is none, or the caller may not.
    pub fn delete_queue(
        &self,
        caller: &Caller,
        id: Uuid,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        authorize_structure(caller)?;
        let (org, precondition) = (caller.organization, precondition.clone());
        self.partition.write(org, caller, false, move |tx| {
            let key = keys::queue(org, id);
            let before: Queue = read(tx, &key, Noun::Queue)?;
            check_version(&precondition, before.version)?;
            tx.delete(&key);
            let changed = changes(Some(&view(&before)), None);
            note(tx, (AuditAction::QueueDeleted, id, changed));
            Ok(())
        })?;
        Ok(())
    }
}
