//! Shapes of the change feed.

use serde_json::Value;
use utoipa::ToSchema;

#[derive(ToSchema)]
pub(in crate::http) struct ChangeEvent {
    /// The place behind it.
    pub id: String,
    /// What happened: contact.updated, call.created and so on.
    pub event: String,
    pub at: String,
    /// Who did it.
    pub by: String,
    /// contact, or the kind of the record.
    pub kind: String,
    pub record_id: uuid::Uuid,
    /// Whether it is not there any more, for this caller.
    pub gone: bool,
    /// The record as it is now; null if it is gone.
    pub data: Value,
    /// What stands for it now, if it is gone because it was merged and the caller sees that.
    pub merged_into: Option<uuid::Uuid>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Changes {
    /// Oldest first.
    pub events: Vec<ChangeEvent>,
    /// What to ask with next.
    pub next_since: String,
    /// Whether there is more already.
    pub has_more: bool,
}

#[derive(ToSchema)]
pub(in crate::http) struct Delivery {
    pub n: u64,
    pub event: String,
    pub record_id: uuid::Uuid,
    /// pending, delivered or dead.
    pub state: String,
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<String>,
    /// What the other side answered last.
    pub status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
    pub created_at: String,
    pub tried_at: Option<String>,
    pub seq: u64,
    pub act: usize,
}

#[derive(ToSchema)]
pub(in crate::http) struct DeliveryList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub items: Vec<Delivery>,
}
