//! The shapes of contacts, of which many are written at once.

use serde_json::Value;
use utoipa::ToSchema;

use super::Problem;

/// What has happened with a contact.
#[derive(ToSchema)]
pub(in crate::http) struct Timeline {
    pub events: Vec<TimelineEvent>,
    pub next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TimelineEvent {
    pub id: String,
    /// task, note, `deal_won`, `field_change` and so on.
    #[schema(rename = "type")]
    pub kind: String,
    #[schema(format = "date-time")]
    pub occurred_at: String,
    pub by: String,
    pub title: String,
    pub record: TimelineRecord,
    /// What was changed, where it is a change.
    pub changes: Vec<super::FieldChange>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TimelineRecord {
    /// contact, task and so on.
    pub kind: String,
    pub id: uuid::Uuid,
}

#[derive(ToSchema)]
pub(in crate::http) struct Phone {
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
pub(in crate::http) struct Email {
    pub address: String,
    pub label: Option<String>,
    pub primary: bool,
}

#[derive(ToSchema)]
pub(in crate::http) struct Address {
    pub label: Option<String>,
    pub street: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ChannelId {
    pub channel: String,
    pub identifier: String,
}

/// Why a contact is a hit.
#[derive(ToSchema)]
pub(in crate::http) struct Match {
    pub score: f32,
    #[schema(example = json!(["last_name prefix"]))]
    pub why: Vec<String>,
    /// Matched ranges by field, in UTF-16 code units of the text shown.
    #[schema(value_type = Object)]
    pub highlights: Value,
}

#[derive(ToSchema)]
pub(in crate::http) struct Contact {
    pub id: uuid::Uuid,
    pub version: u64,
    pub display_name: String,
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// What follows the last name.
    #[schema(example = "Jr.")]
    pub suffix: Option<String>,
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
    /// active, inactive, archived.
    pub lifecycle: String,
    /// ok, unsubscribed, bounced.
    pub email_state: String,
    /// What was saved and does not show, after a change.
    pub warnings: Option<Vec<ChangeWarning>>,
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
    /// Whether the person does not want e-mails.
    pub email_opt_out: bool,
    /// From 0 to 100 by the rules of the setting `lead_score`; null where there are none.
    pub lead_score: Option<u8>,
    /// Which rules give it.
    pub lead_score_why: Vec<ScorePart>,
    pub last_contacted_at: Option<String>,
    pub last_interaction_at: Option<String>,
    pub last_called_at: Option<String>,
    pub last_call_outcome: Option<String>,
    pub total_calls: u32,
    /// When something last happened between the person and the house.
    #[schema(format = "date-time")]
    pub last_activity_at: Option<String>,
    pub last_call: Option<ContactLastCall>,
    pub counts: ContactCounts,
    /// The static lists that it is on; changed through `/api/v1/lists/{id}/members`.
    pub lists: Vec<ContactListName>,
    /// What is known of its consent by purpose; of `marketing` always something.
    pub consent: std::collections::HashMap<String, PurposeConsent>,
    /// Whether it may be called now.
    pub may_call: Allowance,
    /// Whether it may be written to by e-mail.
    pub may_email: Allowance,
    /// Under whose rules it is reached; null where its country is not known.
    pub jurisdiction: Option<Jurisdiction>,
    #[schema(format = "date-time")]
    pub created_at: String,
    #[schema(format = "date-time")]
    pub updated_at: String,
    /// Only of contacts in the trash.
    #[schema(format = "date-time")]
    pub deleted_at: Option<String>,
    pub created_by: Option<String>,
    pub created_by_user_id: Option<String>,
    pub updated_by: Option<String>,
    /// Only in answers to searches.
    #[schema(rename = "match")]
    pub matched: Option<Match>,
    /// Only in the answer to a create: the sequence of the write.
    pub seq: Option<u64>,
    /// Only in the answer to a create: who may be the same person, with 11 % at
    /// least, or 1 % if a number or address is the same.
    pub duplicates: Option<Vec<LikelyDuplicate>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct LikelyDuplicate {
    pub id: uuid::Uuid,
    pub display_name: String,
    /// 0 to 1; never below 0.01.
    pub probability: f32,
    #[schema(example = json!(["same phone number", "same name"]))]
    pub why: Vec<String>,
}

/// A contact as it is sent; every member is optional, but a name, company, phone, e-mail or
/// channel identifier is needed. `phones` and `emails` also take plain strings.
#[derive(ToSchema)]
#[schema(example = json!({"first_name": "John", "last_name": "Doe", "phones": ["(202) 555-0123"], "tags": ["VIP"]}))]
pub(in crate::http) struct ContactInput {
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// What follows the last name.
    #[schema(example = "Jr.")]
    pub suffix: Option<String>,
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
    /// active, inactive, archived: one of the facts behind `status`, set singly.
    pub lifecycle: Option<String>,
    /// ok, unsubscribed, bounced: one of the facts behind `status`, set singly.
    pub email_state: Option<String>,
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
    pub email_opt_out: Option<bool>,
    pub last_contacted_at: Option<String>,
    pub last_interaction_at: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct BulkInput {
    pub contacts: Vec<ContactInput>,
}

#[derive(ToSchema)]
pub(in crate::http) struct BulkResult {
    pub index: usize,
    pub id: Option<uuid::Uuid>,
    pub error: Option<Problem>,
}

#[derive(ToSchema)]
pub(in crate::http) struct BulkAnswer {
    pub created: usize,
    pub failed: usize,
    pub results: Vec<BulkResult>,
    pub seq: u64,
}

/// Something that was saved and does not show.
#[derive(ToSchema)]
pub(in crate::http) struct ChangeWarning {
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// The last call with a contact.
#[derive(ToSchema)]
pub(in crate::http) struct ContactLastCall {
    /// When it began.
    #[schema(format = "date-time")]
    pub at: String,
    /// The record of the call.
    pub id: String,
    pub outcome: Option<String>,
    /// The id of the user who took or made it.
    pub agent: Option<String>,
    /// in, out.
    pub direction: String,
    pub status: String,
}

/// What is counted about a contact; follows from records.
#[derive(ToSchema)]
pub(in crate::http) struct ContactCounts {
    pub open_deals: i64,
    /// The sum of their amounts.
    pub open_deals_value: f64,
    pub deals: i64,
    pub tasks_open: i64,
    pub notes: i64,
    pub activities: i64,
    pub conversations_open: i64,
    pub conversations: i64,
    pub messages: i64,
    pub calls: i64,
}

#[derive(ToSchema)]
pub(in crate::http) struct ContactListName {
    pub id: uuid::Uuid,
    #[schema(example = "Hot leads")]
    pub name: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct PurposeConsent {
    /// `opted_in`, `opted_out`, pending, unknown.
    #[schema(example = "opted_in")]
    pub status: String,
    pub r#type: Option<String>,
    pub channel: Option<String>,
    pub date: Option<String>,
    pub source: Option<String>,
    pub basis: Option<String>,
    /// Whether something proves it.
    pub evidence: bool,
    /// Whether somebody is said to agree, and nothing proves it.
    pub unproven: bool,
}

#[derive(ToSchema)]
pub(in crate::http) struct Jurisdiction {
    pub country: String,
    /// Null where no rules are known.
    pub law: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ScorePart {
    pub rule: String,
    pub points: i64,
}

#[derive(ToSchema)]
pub(in crate::http) struct Allowance {
    pub allowed: bool,
    /// What speaks against it: blocked, `do_not_contact`, `opted_out`, `no_number`, `no_email`, bounced,
    /// unsubscribed, `no_consent: …`, `calling_hours: …`.
    pub why: Vec<String>,
}
