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
