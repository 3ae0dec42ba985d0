//! Merging contacts, taking merges back, and what old ids lead to.
//!
//! A merge is one write: the survivor is replaced, the others are marked as deleted and merged, and
//! the record of the merge is kept with the values that undoing it needs. The others stay whole as
//! records of their own, so that jobs that change all contacts reach them, too.
//!
//! Only contacts are merged so far. Records that belong to contacts and come later (calls, deals,
//! conversations, tasks) are to be moved to the survivor in [`merge`] and back in [`undo`], in the
//! same write; ARCHITECTURE.md says how.

mod erase;
mod list;
mod merge;
mod request;
mod undo;

pub use list::{MergePage, MergeView};
pub(super) use merge::Beside;
pub use merge::Merged;
pub(super) use request::{MOST_CONTACTS, MergeRequest};
pub use undo::Undone;

pub(super) use erase::erase_with_merges;

use std::collections::HashSet;

use uuid::Uuid;

use super::App;
use super::error::Error;
use crate::domain::access::{Caller, FieldRight};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::time::Timestamp;
use crate::engine::Error as EngineError;

/// Why a merge cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoBlock {
    /// It was undone already.
    Undone(Timestamp),
    /// The survivor is deleted.
    SurvivorDeleted,
    /// The survivor was merged into another contact since, by this merge.
    LaterMerge(Uuid),
    /// What was merged has been deleted for good.
    Erased,
}

impl UndoBlock {
    /// The reason in a word.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Undone(_) => "undone",
            Self::SurvivorDeleted => "survivor_deleted",
            Self::LaterMerge(_) => "later_merge",
            Self::Erased => "erased",
        }
    }

    /// The merge that must be undone first.
    pub fn merge(self) -> Option<Uuid> {
        match self {
            Self::LaterMerge(id) => Some(id),
            Self::Undone(_) | Self::SurvivorDeleted | Self::Erased => None,
        }
    }

    /// The reason in words.
    pub fn detail(self) -> String {
        match self {
            Self::Undone(at) => format!("this merge was undone already, at {at}"),
            Self::SurvivorDeleted => {
                "the merged contact is deleted: restore it first, then undo the merge".to_owned()
            }
            Self::LaterMerge(id) => {
                format!(
                    "the merged contact was merged into another one since: undo merge {id} first"
                )
            }
            Self::Erased => {
                "what was merged has been deleted for good, so nothing can be brought back"
                    .to_owned()
            }
        }
    }
}

/// Reads contacts by id, deleted ones included: inside a write, or outside.
type Read<'a> = &'a dyn Fn(ContactId) -> Result<Option<Contact>, EngineError>;

/// The contact that stands for one now: itself, unless it was merged; its id, and the contact if it
/// is there.
pub(super) fn survivor(
    id: ContactId,
    read: Read<'_>,
) -> Result<(ContactId, Option<Contact>), EngineError> {
    let (mut at, mut found) = (id, read(id)?);
    let mut seen = HashSet::from([id]);
    while let Some(into) = found.as_ref().and_then(|found| found.merged_into)
        && seen.insert(into)
    {
        (at, found) = (into, read(into)?);
    }
    Ok((at, found))
}

/// The id of the contact that stands for one now: its own, unless it was merged.
pub(super) fn survivor_of(id: ContactId, read: Read<'_>) -> Result<ContactId, EngineError> {
    Ok(survivor(id, read)?.0)
}

/// Why a contact cannot be used that is not there, out of sight, deleted or merged: of one that was
/// merged it is told where it went, if the caller sees that.
fn why_gone(read: Read<'_>, caller: &Caller, gone: Option<&Contact>) -> Result<Error, EngineError> {
    let Some(gone) = gone else { return Ok(Error::ContactNotFound) };
    if gone.merged_into.is_some() {
        let into = survivor_of(gone.id, read)?;
        if read(into)?.is_some_and(|found| !found.is_deleted() && caller.sees(&found)) {
            return Ok(Error::Merged { id: gone.id, into, merge: gone.merge_id });
        }
    }
    Ok(Error::ContactNotFound)
}

/// Who judges a merge must see the numbers and addresses that it is about.
fn authorize_whole(caller: &Caller) -> Result<(), Error> {
    if caller.fields.phones == FieldRight::Full && caller.fields.emails == FieldRight::Full {
        return Ok(());
    }
    let message = "you do not see phone numbers and e-mail addresses in full, so you cannot judge a merge: ask somebody who does";
    Err(Error::DeniedOnRecord(message))
}

impl App {
    /// The contact that stands for one now: itself, unless it was merged.
    pub(super) fn survivor(&self, org: OrgNumber, id: ContactId) -> Result<ContactId, Error> {
        let read = |id: ContactId| {
            let found = self.partition.contact(org, id)?;
            Ok(found.map(|found| found.as_ref().clone()))
        };
        Ok(survivor_of(id, &read)?)
    }

    /// Why a contact cannot be used that is deleted, merged or out of sight.
    pub(super) fn why_gone(&self, caller: &Caller, gone: Option<&Contact>) -> Error {
        let read = |id: ContactId| {
            let found = self.partition.contact(caller.organization, id)?;
            Ok(found.map(|found| found.as_ref().clone()))
        };
        why_gone(&read, caller, gone).unwrap_or_else(Error::Engine)
    }
}
