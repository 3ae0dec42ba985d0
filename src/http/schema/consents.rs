//! The shapes of consent.

use utoipa::ToSchema;

#[derive(ToSchema)]
pub(in crate::http) struct ConsentInput {
    /// marketing (if nothing is said), service, profiling, recording.
    #[schema(example = "marketing")]
    pub purpose: Option<String>,
    /// all (if nothing is said), phone, email, sms, whatsapp, post.
    #[schema(example = "email")]
    pub channel: Option<String>,
    /// `opted_in`, `opted_out`, pending, unknown.
    #[schema(example = "opted_in")]
    pub status: String,
    /// explicit, implied, imported.
    #[schema(example = "explicit")]
    pub r#type: Option<String>,
    /// When it was said: a time or a day; now if nothing is said.
    #[schema(example = "2026-05-01")]
    pub date: Option<String>,
    #[schema(example = "web form")]
    pub source: Option<String>,
    /// consent, `legitimate_interest`, contract.
    #[schema(example = "consent")]
    pub basis: Option<String>,
    /// What proves it: text or an object.
    pub evidence: Option<serde_json::Value>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Consent {
    pub id: uuid::Uuid,
    /// The number of the entry in the ledger of its contact.
    pub seq: u32,
    pub contact_id: uuid::Uuid,
    pub purpose: String,
    pub channel: String,
    pub status: String,
    pub r#type: Option<String>,
    pub date: String,
    pub source: Option<String>,
    pub basis: Option<String>,
    pub evidence: Option<serde_json::Value>,
    pub recorded_at: String,
    pub recorded_by: String,
    /// The hash of the entry before.
    pub previous: String,
    pub hash: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct ConsentList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub items: Vec<Consent>,
}

#[derive(ToSchema)]
pub(in crate::http) struct NumberCheckInput {
    /// At most 100,000.
    #[schema(example = json!(["+12025550123"]))]
    pub numbers: Vec<String>,
    /// The country of numbers without a country code.
    #[schema(example = "US")]
    pub country: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct NumberCheck {
    pub number: String,
    pub allowed: bool,
    /// blocked, `do_not_contact`, `opted_out`.
    pub why: Vec<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct NumberCheckAnswer {
    pub count: usize,
    pub results: Vec<NumberCheck>,
}
