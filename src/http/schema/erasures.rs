//! The shapes of erasures and of runs of retention.

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(ToSchema)]
pub(in crate::http) struct ErasureInput {
    /// Why.
    #[schema(example = "the person has asked for it by letter")]
    pub reason: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Certificate {
    pub erasure_id: Uuid,
    /// The contact and those that were merged into it.
    pub contacts: Vec<Uuid>,
    /// How many records of each sort went.
    pub erased: HashMap<String, u64>,
    /// How many records of each sort stay without number, name and text.
    pub pseudonymised: HashMap<String, u64>,
    pub requested_by: String,
    #[schema(format = "date-time")]
    pub requested_at: String,
    pub erased_by: String,
    #[schema(format = "date-time")]
    pub erased_at: String,
    /// BLAKE3 over all of the above, in hexadecimal.
    pub hash: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct Erasure {
    pub id: Uuid,
    pub contact_id: Uuid,
    /// requested, refused, done.
    pub state: String,
    /// Gone once it is done.
    pub reason: Option<String>,
    pub requested_by: String,
    #[schema(format = "date-time")]
    pub requested_at: String,
    pub decided_by: Option<String>,
    #[schema(format = "date-time")]
    pub decided_at: Option<String>,
    /// Why it was refused.
    pub refusal: Option<String>,
    pub certificate: Option<Certificate>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ErasureList {
    pub total: usize,
    pub page: usize,
    pub per_page: usize,
    pub items: Vec<Erasure>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SuggestedCompany {
    pub id: Uuid,
    pub name: String,
    pub domain: Option<String>,
    /// What tells it: domain, website, email.
    pub why: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct SuggestedCompanies {
    pub total: usize,
    /// At most ten.
    pub items: Vec<SuggestedCompany>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CompanyMergeInput {
    /// The companies that go into this one, at most 49.
    pub others: Vec<Uuid>,
    /// Only say what would become of them.
    pub dry_run: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CompaniesMerged {
    /// The company that stays.
    pub company: Value,
    /// Those that went into it.
    pub merged: Vec<Uuid>,
    /// How much followed, by its noun: `{"contacts": 12, "deals": 3}`.
    pub moved: std::collections::BTreeMap<String, u64>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}

#[derive(ToSchema)]
pub(in crate::http) struct CompaniesUnmerged {
    /// The company that had stayed.
    pub company: Value,
    /// Those that are back.
    pub restored: Vec<Uuid>,
    /// What was changed since, and stays as it is.
    pub kept: Vec<KeptBack>,
}

#[derive(ToSchema)]
pub(in crate::http) struct KeptBack {
    /// The contact or record.
    pub id: Uuid,
    pub field: String,
    pub why: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct RetentionRunInput {
    /// Only say what would be done.
    pub dry_run: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct RetentionExample {
    pub id: Uuid,
    pub display_name: String,
    /// When something last happened with it.
    #[schema(format = "date-time")]
    pub last_activity_at: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct RetentionRuleTrial {
    /// The place of the rule, from 0.
    pub rule: usize,
    /// archive, delete, erase.
    pub action: String,
    pub after_days: u64,
    pub total: u64,
    /// Protected from being deleted, and kept.
    pub protected: u64,
    /// The first ten.
    pub examples: Vec<RetentionExample>,
}

#[derive(ToSchema)]
pub(in crate::http) struct RetentionTrial {
    pub total: u64,
    /// Contacts that stay as they are.
    pub kept: u64,
    pub rules: Vec<RetentionRuleTrial>,
}
