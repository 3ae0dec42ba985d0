//! What is kept of a merge: who became one when, what was left behind, and what undoing needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::{Conflict, Left, plan};
use super::rule::Rule;
use super::undo::without_erased;
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::time::Timestamp;

/// What made a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeOrigin {
    /// Somebody.
    #[default]
    Manual,
    /// A run of automatic merging.
    Automatic(Uuid),
}

/// The values that a merge needs as long as it can be undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergeValues {
    /// The primary contact as it was before; the others are kept as their own records.
    pub before: Contact,
    /// The merged contact as it was written.
    pub merged: Contact,
    /// Where the contacts said different things.
    pub conflicts: Vec<Conflict>,
    /// What the merged contact does not have.
    pub lost: Vec<Left>,
}

/// The record of a merge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergeRecord {
    /// The public identifier.
    pub id: Uuid,
    /// The organisation.
    pub organization: OrgNumber,
    /// The contact that stayed.
    pub primary: ContactId,
    /// The contacts that went into it.
    pub others: Vec<ContactId>,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What made it.
    #[serde(default)]
    pub origin: MergeOrigin,
    /// What was taken where nobody chose.
    #[serde(default)]
    pub rule: Rule,
    /// What somebody chose.
    #[serde(default)]
    pub choices: BTreeMap<String, ContactId>,
    /// The values; gone when the merge was undone or its contacts were erased.
    #[serde(default)]
    pub values: Option<Box<MergeValues>>,
    /// When it was undone.
    #[serde(default)]
    pub undone_at: Option<Timestamp>,
    /// Who undid it.
    #[serde(default)]
    pub undone_by: Option<String>,
    /// Contacts that were deleted for good since.
    #[serde(default)]
    pub erased: Vec<ContactId>,
}

impl MergeRecord {
    /// Whether it stands: it was not undone, and there is somebody to bring back.
    pub fn is_active(&self) -> bool {
        self.values.is_some()
    }

    /// The contacts that can be brought back.
    pub fn present(&self) -> impl Iterator<Item = ContactId> {
        self.others.iter().copied().filter(|id| !self.erased.contains(id))
    }

    /// Forgets a contact that is deleted for good: no value of it stays here. `others` are the
    /// records of those that are still there.
    ///
    /// What the survivor has of it stays the survivor's, as if it had been added later.
    pub fn forget(&mut self, id: ContactId, others: &[Contact]) {
        self.erased.push(id);
        self.choices.retain(|_, chosen| *chosen != id);
        let values = self.values.take();
        if id == self.primary || others.is_empty() {
            self.choices.clear();
            return;
        }
        self.values = values.map(|values| {
            let mut without = plan(&values.before, others, &self.choices, &self.rule);
            without_erased(&values.before, &values.merged, &mut without.merged);
            Box::new(MergeValues {
                before: values.before,
                merged: without.merged,
                conflicts: without.conflicts,
                lost: without.lost,
            })
        });
    }
}
