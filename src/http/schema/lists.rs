//! The shapes of the members of lists.

use utoipa::ToSchema;

use super::Refusal;

/// Which contacts: `ids` alone, or any of the others together.
#[derive(ToSchema)]
pub(in crate::http) struct ListMembersInput {
    pub ids: Option<Vec<uuid::Uuid>>,
    /// Query text; words match as they are written.
    #[schema(example = "tag:hot")]
    pub q: Option<String>,
    /// Conditions as a JSON tree.
    pub filter: Option<serde_json::Value>,
    /// The members of another list, by its id or name.
    pub list: Option<String>,
    pub saved_search: Option<String>,
    /// All contacts that you see.
    pub all: Option<bool>,
    /// Only count and show them.
    pub dry_run: Option<bool>,
    /// Change nothing if another number of contacts is selected.
    pub expect_total: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ListMembersAnswer {
    pub list_id: uuid::Uuid,
    /// Contacts selected.
    pub total: u64,
    pub changed: u64,
    /// Those that were on the list already, or not on it.
    pub unchanged: u64,
    /// Gone or out of sight.
    pub refused: u64,
    pub refusals: Vec<Refusal>,
}
