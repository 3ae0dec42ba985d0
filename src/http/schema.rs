//! The shapes of requests and answers, for the `OpenAPI` document only.
//!
//! Requests are read member by member, so that every mistake can be named; answers are written
//! from borrowed records. A test holds these shapes against real answers.
#![expect(dead_code, clippy::struct_field_names, reason = "only their shapes are used")]

use serde_json::Value;
use utoipa::ToSchema;

#[derive(ToSchema)]
pub(super) struct Phone {
    /// E.164 with `+` where it could be derived, else the plain digits.
    #[schema(example = "+12025550123")]
    pub number: String,
    /// What was typed.
    #[schema(example = "(202) 555-0123")]
    pub raw: Option<String>,
    pub label: Option<String>,
    pub primary: bool,
    pub country: Option<String>,
    pub extension: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Email {
    pub address: String,
    pub label: Option<String>,
    pub primary: bool,
}

#[derive(ToSchema)]
pub(super) struct Address {
    pub label: Option<String>,
    pub street: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct ChannelId {
    pub channel: String,
    pub identifier: String,
}

/// Why a contact is a hit.
#[derive(ToSchema)]
pub(super) struct Match {
    pub score: f32,
    #[schema(example = json!(["last_name prefix"]))]
    pub why: Vec<String>,
    /// Matched ranges by field, in UTF-16 code units of the text shown.
    #[schema(value_type = Object)]
    pub highlights: Value,
}

#[derive(ToSchema)]
pub(super) struct Contact {
    pub id: uuid::Uuid,
    pub version: u64,
    pub display_name: String,
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
    pub phones: Vec<Phone>,
    pub emails: Vec<Email>,
    pub company: Option<String>,
    pub company_id: Option<uuid::Uuid>,
    pub title: Option<String>,
    pub department: Option<String>,
    pub role: Option<String>,
    pub addresses: Vec<Address>,
    #[schema(example = "1980-12-31")]
    pub birthday: Option<String>,
    #[schema(value_type = Object)]
    pub social_profiles: Value,
    pub channels: Vec<ChannelId>,
    pub country: Option<String>,
    pub language: Option<String>,
    pub timezone: Option<String>,
    pub preferred_channel: Option<String>,
    pub tags: Vec<String>,
    #[schema(value_type = Object)]
    pub custom_fields: Value,
    pub notes: Option<String>,
    /// active, inactive, blocked, unsubscribed, bounced, `do_not_contact`, archived.
    pub status: String,
    pub blocked: bool,
    pub do_not_contact: bool,
    pub source: Option<String>,
    pub first_channel: Option<String>,
    pub assigned_to: Option<String>,
    /// all, queue, owner.
    pub visibility: String,
    pub assigned_queue: Option<String>,
    pub org_department_id: Option<String>,
    pub external_crm_id: Option<String>,
    pub external_crm_provider: Option<String>,
    pub opt_in: Option<bool>,
    pub lead_score: Option<u8>,
    pub last_contacted_at: Option<String>,
    pub last_interaction_at: Option<String>,
    pub last_called_at: Option<String>,
    pub last_call_outcome: Option<String>,
    pub total_calls: u32,
    #[schema(format = "date-time")]
    pub created_at: String,
    #[schema(format = "date-time")]
    pub updated_at: String,
    pub created_by: Option<String>,
    pub updated_by: Option<String>,
    /// Only in answers to searches.
    #[schema(rename = "match")]
    pub matched: Option<Match>,
    /// Only in the answer to a create: the sequence of the write.
    pub seq: Option<u64>,
    /// Only in the answer to a create: who may be the same person.
    pub duplicates: Option<Vec<LikelyDuplicate>>,
}

#[derive(ToSchema)]
pub(super) struct LikelyDuplicate {
    pub id: uuid::Uuid,
    pub display_name: String,
    /// 0 to 1.
    pub probability: f32,
    #[schema(example = json!(["same phone number", "same name"]))]
    pub why: Vec<String>,
}

/// A contact as it is sent; every member is optional, but a name, company, phone, e-mail or
/// channel identifier is needed. `phones` and `emails` also take plain strings.
#[derive(ToSchema)]
#[schema(example = json!({"first_name": "John", "last_name": "Doe", "phones": ["(202) 555-0123"], "tags": ["VIP"]}))]
pub(super) struct ContactInput {
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
    pub phones: Option<Vec<Phone>>,
    pub emails: Option<Vec<Email>>,
    pub company: Option<String>,
    pub company_id: Option<uuid::Uuid>,
    pub title: Option<String>,
    pub department: Option<String>,
    pub role: Option<String>,
    pub addresses: Option<Vec<Address>>,
    pub birthday: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub social_profiles: Option<Value>,
    pub channels: Option<Vec<ChannelId>>,
    pub country: Option<String>,
    pub language: Option<String>,
    pub timezone: Option<String>,
    pub preferred_channel: Option<String>,
    pub notes: Option<String>,
    pub status: Option<String>,
    pub blocked: Option<bool>,
    pub do_not_contact: Option<bool>,
    pub source: Option<String>,
    pub first_channel: Option<String>,
    pub assigned_to: Option<String>,
    pub visibility: Option<String>,
    pub assigned_queue: Option<String>,
    pub org_department_id: Option<String>,
    pub tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    pub custom_fields: Option<Value>,
    pub external_crm_id: Option<String>,
    pub external_crm_provider: Option<String>,
    pub opt_in: Option<bool>,
    pub last_contacted_at: Option<String>,
    pub last_interaction_at: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct BulkInput {
    pub contacts: Vec<ContactInput>,
}

#[derive(ToSchema)]
pub(super) struct BulkResult {
    pub index: usize,
    pub id: Option<uuid::Uuid>,
    pub error: Option<Problem>,
}

#[derive(ToSchema)]
pub(super) struct BulkAnswer {
    pub created: usize,
    pub failed: usize,
    pub results: Vec<BulkResult>,
    pub seq: u64,
}

#[derive(ToSchema)]
pub(super) struct SearchInput {
    pub q: Option<String>,
    pub sort: Option<String>,
    pub page: Option<usize>,
    pub per_page: Option<usize>,
    pub cursor: Option<String>,
    pub status: Option<String>,
    /// `wait` or `false`.
    pub refresh: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct SearchAnswer {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub took_us: u64,
    /// Present and true if own writes are not seen yet.
    pub stale: Option<bool>,
    pub warnings: Option<Vec<String>>,
    pub contacts: Vec<Contact>,
}

#[derive(ToSchema)]
pub(super) struct LookupQuery {
    pub raw: String,
    pub e164: Option<String>,
    pub country: Option<String>,
    pub extension: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct LastCall {
    pub at: String,
    pub outcome: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct LookupResult {
    pub id: uuid::Uuid,
    pub display_name: String,
    pub company: Option<String>,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub phone_label: Option<String>,
    pub status: String,
    pub do_not_contact: bool,
    pub blocked: bool,
    pub tags: Vec<String>,
    pub assigned_to: Option<String>,
    pub last_call: Option<LastCall>,
    pub url: String,
    pub rule: String,
    pub why: String,
}

#[derive(ToSchema)]
pub(super) struct LookupAnswer {
    pub query: LookupQuery,
    /// exact, national, suffix, extension, none.
    #[schema(rename = "match")]
    pub matched: String,
    pub count: usize,
    pub took_us: u64,
    pub results: Vec<LookupResult>,
}

#[derive(ToSchema)]
pub(super) struct LookupBatchInput {
    pub numbers: Vec<String>,
    pub country: Option<String>,
    pub limit: Option<usize>,
}

#[derive(ToSchema)]
pub(super) struct LookupBatchAnswer {
    pub count: usize,
    pub results: Vec<LookupAnswer>,
}

#[derive(ToSchema)]
pub(super) struct FieldIssue {
    /// JSON pointer to the value.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// RFC 9457 problem details.
#[derive(ToSchema)]
pub(super) struct Problem {
    #[schema(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Permanent machine-readable code.
    pub code: String,
    pub errors: Option<Vec<FieldIssue>>,
    /// With `phone_in_use`: who has the number.
    pub duplicates: Option<Vec<LikelyDuplicate>>,
    /// With `revision_conflict`: the version that the contact has now.
    pub version: Option<u64>,
}

#[derive(ToSchema)]
pub(super) struct Settings {
    pub default_country: Option<String>,
    /// shape, possible, valid.
    pub phone_validation: Option<String>,
    /// allow, warn, reject.
    pub phone_uniqueness: Option<String>,
    pub do_not_contact_tag: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct OrganizationInput {
    pub name: String,
    pub default_country: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Organization {
    pub id: uuid::Uuid,
    pub name: String,
    pub settings: Settings,
    pub created_at: String,
}

#[derive(ToSchema)]
pub(super) struct OrganizationList {
    pub total: usize,
    pub organizations: Vec<Organization>,
}

#[derive(ToSchema)]
pub(super) struct TokenInput {
    /// admin, manager, agent, lookup.
    pub role: String,
    /// Name or id; the own one if not given.
    pub organization: Option<String>,
    pub name: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct NewToken {
    pub id: uuid::Uuid,
    /// The secret, shown this once.
    pub token: String,
    pub role: String,
    pub organization: String,
    pub name: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Trouble {
    pub part: String,
    pub detail: String,
    pub repair: String,
}

#[derive(ToSchema)]
pub(super) struct CheckReport {
    pub clean: bool,
    pub journal_entries: u64,
    pub contacts: u64,
    pub phones: u64,
    pub documents: u64,
    pub troubles: Vec<Trouble>,
    pub unlisted: u64,
}

#[derive(ToSchema)]
pub(super) struct ReindexAnswer {
    pub contacts: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportCounts {
    pub imported: u64,
    pub updated: u64,
    pub skipped: u64,
    pub errors: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportProgress {
    pub done: u64,
    pub total: u64,
    pub rows_per_second: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportJob {
    pub id: uuid::Uuid,
    /// queued, running, done, failed, cancelled.
    pub state: String,
    pub progress: ImportProgress,
    pub counts: ImportCounts,
    pub error: Option<String>,
    pub dry_run: bool,
    pub created_at: String,
    pub finished_at: Option<String>,
}
