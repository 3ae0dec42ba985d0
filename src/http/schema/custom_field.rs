//! The shapes of custom fields, for the `OpenAPI` document only.

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;

#[derive(ToSchema)]
pub(in crate::http) struct CustomFieldInput {
    /// The internal identifier, made of the label if it is not given; never changes.
    pub key: Option<String>,
    /// The name for people.
    pub label: Option<String>,
    /// `short_text`, `long_text`, integer, decimal, date, boolean, dropdown, `multi_select`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether every new contact needs a value.
    pub required: Option<bool>,
    /// The options of a dropdown or multi-select, in order.
    pub options: Option<Vec<String>>,
    /// Roles, or one of everybody, manager (and above), admin.
    #[schema(value_type = Option<Object>)]
    pub visible_to: Option<Value>,
    pub position: Option<u32>,
    pub archived: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CustomFieldPatch {
    #[schema(inline)]
    #[serde(flatten)]
    pub members: CustomFieldInput,
    /// True makes a field that was only used a declared one.
    pub declared: Option<bool>,
    /// What happens to values that do not fit: refuse, clear, keep.
    pub on_misfit: Option<String>,
    /// An option in place of those that are taken away, or an object of such options by theirs.
    #[schema(value_type = Option<Object>)]
    pub replace_with: Option<Value>,
    pub dry_run: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CustomField {
    pub id: uuid::Uuid,
    pub key: String,
    pub label: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// False for a field that was only used; it takes any value.
    pub declared: bool,
    pub required: bool,
    pub options: Vec<String>,
    /// lookup, machine, agent, manager, admin.
    pub visible_to: Vec<String>,
    pub position: u32,
    pub archived: bool,
    /// ready, converting, deleting.
    pub state: String,
    /// The job that converts or deletes its values.
    pub job: Option<uuid::Uuid>,
    /// How many contacts hold a value, where that was asked for.
    pub usage: Option<u64>,
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
    /// Who made it.
    pub created_by: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CustomFieldList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<CustomField>,
    /// The same as `items`.
    pub custom_fields: Vec<CustomField>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CustomFieldOrder {
    /// Keys or ids.
    pub order: Vec<String>,
}

/// A value that would not fit.
#[derive(ToSchema)]
pub(in crate::http) struct CustomFieldMisfit {
    pub contact_id: uuid::Uuid,
    pub display_name: String,
    pub value: Value,
    pub reason: String,
}

/// What a change would meet.
#[derive(ToSchema)]
pub(in crate::http) struct CustomFieldTrial {
    pub dry_run: bool,
    pub detail: String,
    pub contacts: u64,
    pub misfits: u64,
    pub examples: Vec<CustomFieldMisfit>,
    pub options: HashMap<String, u64>,
}

/// The field, or with `dry_run` what would happen to it.
#[derive(ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum CustomFieldChange {
    Field(CustomField),
    Trial(CustomFieldTrial),
}
