//! Searches that somebody keeps, alone or for everybody.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::OrgNumber;
use super::time::Timestamp;

/// A search under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// The public identifier.
    pub id: Uuid,
    /// The organisation.
    pub organization: OrgNumber,
    /// Who made it: `user:ID`, or the token.
    pub owner: String,
    /// The name, unique among those of the owner.
    pub name: String,
    /// The query text, as it was typed.
    #[serde(default)]
    pub q: Option<String>,
    /// A filter in JSON that restricts it further, as it was sent.
    #[serde(default)]
    pub filter: Option<serde_json::Value>,
    /// The order of the results.
    #[serde(default)]
    pub sort: Option<String>,
    /// The columns that are shown, in their order.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Whether everybody in the organisation sees it.
    #[serde(default)]
    pub shared: bool,
    /// Grows with every change, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who made it, as the audit log calls them; not known of what is older than this member.
    #[serde(default)]
    pub created_by: Option<String>,
}
