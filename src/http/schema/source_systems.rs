//! Shapes of the paths of other contact services.

use serde_json::Value;
use utoipa::ToSchema;

use super::{Contact, ContactInput};

#[derive(ToSchema)]
pub(in crate::http) struct RestContactInput {
    /// Must be the id or name of the organisation of the token, if it is given.
    pub organization_id: Option<String>,
    #[serde(flatten)]
    pub contact: ContactInput,
}

#[derive(ToSchema)]
pub(in crate::http) struct RestSearchInput {
    /// Must be the id or name of the organisation of the token, if it is given.
    #[serde(rename = "organizationId")]
    pub organization_id: Option<String>,
    /// Query text.
    pub query: Option<String>,
    /// Tags that contacts must have.
    pub tags: Option<Vec<String>>,
    pub page: Option<usize>,
}

#[derive(ToSchema)]
pub(in crate::http) struct RestImportInput {
    /// The list as the text of a CSV file.
    #[serde(rename = "csvData")]
    pub csv_data: String,
    /// Must be the id or name of the organisation of the token, if it is given.
    #[serde(rename = "organizationId")]
    pub organization_id: Option<String>,
    /// Columns and their fields.
    pub mapping: Option<Value>,
    /// The options of an import.
    pub options: Option<Value>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SheetImportInput {
    /// The public share URL of the sheet.
    pub url: String,
    /// Columns and their fields.
    pub mapping: Option<Value>,
    /// skip or update.
    pub duplicate_handling: Option<String>,
    /// The options of an import.
    pub options: Option<Value>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ContactWithCalls {
    #[serde(flatten)]
    pub contact: Contact,
    /// The last calls, newest first.
    pub call_history: Vec<Value>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CrmImportMapInput {
    pub name: String,
    /// Columns and their fields, as an object or its text.
    pub mapping_json: Option<Value>,
    /// Other options of an import; they may stand beside as well.
    pub options: Option<Value>,
    /// The columns of the lists that it is for.
    pub header: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CrmImportMap {
    pub id: uuid::Uuid,
    pub version: u64,
    pub name: String,
    /// Columns and their fields.
    pub mapping_json: Value,
    /// All options of an import that are kept.
    pub options: Value,
    pub header: Option<Vec<String>>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct CrmImportMaps {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<CrmImportMap>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CrmImportInput {
    /// The list as the text of a CSV file.
    pub csv: String,
    /// Columns and their fields, as an object or its text.
    pub mapping_json: Option<Value>,
    /// update or skip.
    pub on_duplicate: Option<String>,
    pub match_keys: Option<Vec<String>>,
    /// none, existing, new or `per_row`.
    pub list_mode: Option<String>,
    /// The id or name of the list.
    pub list: Option<String>,
    pub delimiter: Option<String>,
    pub has_header: Option<bool>,
    pub dry_run: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CrmImportCounts {
    pub imported: u64,
    pub updated: u64,
    pub skipped: u64,
    pub errors: u64,
    /// Stands for the rows that were not taken.
    pub token: uuid::Uuid,
    /// The import.
    pub job: Value,
}

#[derive(ToSchema)]
pub(in crate::http) struct CrmPreview {
    pub header: Vec<String>,
    pub sample_rows: Vec<Vec<String>>,
    /// As of `POST /api/v1/imports/preview`, whose other members are here as well.
    pub columns: Vec<Value>,
}
