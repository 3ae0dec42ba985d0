//! The shapes of merges, for the `OpenAPI` document only.

use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Contact;

/// Where a contact is now that was merged.
#[derive(ToSchema)]
pub(in crate::http) struct MergedInto {
    pub id: Uuid,
    pub merged_into: Uuid,
}

#[derive(ToSchema)]
pub(in crate::http) struct MergeInput {
    /// The contact that stays.
    pub primary: Uuid,
    /// The contacts that go into it, at most 49.
    pub others: Vec<Uuid>,
    /// Whose value wins, by field: `{"title": "id of a contact"}`; `name` is all of the name.
    pub fields: Option<std::collections::BTreeMap<String, Uuid>>,
    /// `primary` (default), `newest`, `oldest`, `most_complete` or `source_order`.
    pub rule: Option<String>,
    /// The sources of `source_order`, the best one first.
    pub sources: Option<Vec<String>>,
    /// The versions on which the decision is based, by id; 412 where one has changed.
    pub versions: Option<std::collections::BTreeMap<String, u64>>,
    /// Only say what would become of them.
    pub dry_run: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct MergeHeld {
    pub id: Uuid,
    pub value: Value,
}

/// A field in which contacts say different things.
#[derive(ToSchema)]
pub(in crate::http) struct MergeConflict {
    pub field: String,
    pub values: Vec<MergeHeld>,
    /// Whose value is taken.
    pub winner: Uuid,
    /// `chosen`, the name of the rule, or `filled`.
    pub reason: String,
}

/// A value that the merged contact does not have.
#[derive(ToSchema)]
pub(in crate::http) struct MergeLost {
    pub field: String,
    pub id: Uuid,
    pub value: Value,
}

/// A field to which another contact than the primary one gave something.
#[derive(ToSchema)]
pub(in crate::http) struct MergeTaken {
    pub field: String,
    pub id: Uuid,
}

#[derive(ToSchema)]
pub(in crate::http) struct MergeAnswer {
    /// `null` with `dry_run`.
    pub merge_id: Option<Uuid>,
    pub dry_run: bool,
    /// The merged contact; its members stand in the answer as well.
    pub contact: Contact,
    #[schema(inline)]
    #[serde(flatten)]
    pub merged: Contact,
    pub primary: Uuid,
    pub others: Vec<Uuid>,
    pub conflicts: Vec<MergeConflict>,
    pub taken: Vec<MergeTaken>,
    pub lost: Vec<MergeLost>,
    /// The versions on which this is based, to be sent back with the real request.
    pub versions: std::collections::BTreeMap<String, u64>,
    pub seq: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Merge {
    pub id: Uuid,
    pub primary: Uuid,
    pub others: Vec<Uuid>,
    #[schema(format = "date-time")]
    pub at: String,
    pub actor: String,
    /// `manual` or `automatic`.
    pub origin: String,
    pub run: Option<Uuid>,
    pub rule: String,
    /// `done`, `undone` or `erased`.
    pub state: String,
    pub undone_at: Option<String>,
    pub undone_by: Option<String>,
    /// Contacts that were deleted for good since.
    pub erased: Vec<Uuid>,
    /// Only where one merge is asked for, until it is undone.
    pub conflicts: Option<Vec<MergeConflict>>,
    /// Only where one merge is asked for, until it is undone.
    pub lost: Option<Vec<MergeLost>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct MergeList {
    pub items: Vec<Merge>,
    /// The same as `items`.
    pub merges: Vec<Merge>,
    pub next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct UndoInput {
    /// Whose a change is that was made since, by field: the id of a contact, or `survivor`.
    pub resolve: Option<std::collections::BTreeMap<String, String>>,
    /// Only say what would come back.
    pub dry_run: Option<bool>,
}

/// A change since the merge that stays with the survivor.
#[derive(ToSchema)]
pub(in crate::http) struct UndoKept {
    pub field: String,
    pub before: Value,
    pub now: Value,
}

#[derive(ToSchema)]
pub(in crate::http) struct UndoAnswer {
    pub merge_id: Uuid,
    pub dry_run: bool,
    /// The contact that had stayed.
    pub contact: Contact,
    /// The contacts that are back.
    pub restored: Vec<Contact>,
    pub kept: Vec<UndoKept>,
    pub seq: Option<u64>,
}

/// A change since the merge of which it is not known whose it is.
#[derive(ToSchema)]
pub(in crate::http) struct UndoConflict {
    /// The field, as `resolve` names it.
    pub field: String,
    pub before: Value,
    pub now: Value,
    /// What may be answered.
    pub choices: Vec<String>,
}
