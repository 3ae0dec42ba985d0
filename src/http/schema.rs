//! The shapes of requests and answers, for the `OpenAPI` document only.
//!
//! Requests are read member by member, so that every mistake can be named; answers are written
//! from borrowed records. A test holds these shapes against real answers.
#![expect(dead_code, clippy::struct_field_names, reason = "only their shapes are used")]

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;

mod custom_field;
mod duplicates;
mod merges;
mod search;

pub(super) use custom_field::{
    CustomField, CustomFieldChange, CustomFieldInput, CustomFieldList, CustomFieldMisfit,
    CustomFieldOrder, CustomFieldPatch,
};
pub(super) use duplicates::{
    AutoMerge, AutoMergeDone, AutoMergeInput, AutoMergeList, AutoMergeUndone, DecisionList,
    DismissalInput, DuplicateAccuracy, DuplicateCheck, DuplicateList, DuplicateRun,
    DuplicateRunList,
};
pub(super) use merges::{
    Merge, MergeAnswer, MergeInput, MergeList, MergedInto, UndoAnswer, UndoConflict, UndoInput,
};
pub(super) use search::{
    SavedSearch, SavedSearchInput, SavedSearchList, SearchAnswer, SearchInput, SuggestAnswer,
};

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
    pub created_by_user_id: Option<String>,
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
    /// With `in_use` of a custom field: how many contacts hold a value.
    pub contacts: Option<u64>,
    /// How many of the values would not fit.
    pub misfits: Option<u64>,
    /// The first of them.
    pub examples: Option<Vec<CustomFieldMisfit>>,
    /// How many contacts use options that would be taken away.
    pub options: Option<HashMap<String, u64>>,
    /// With `merged` and `delete_blocked` of a merge: the contact that is meant.
    pub id: Option<uuid::Uuid>,
    /// With `merged`: the contact that stands for it now.
    pub merged_into: Option<uuid::Uuid>,
    /// With `merged`: the merge that did it; with `undo_blocked`: the one to undo first.
    pub merge_id: Option<uuid::Uuid>,
    /// With `revision_conflict` of a merge: the versions that contacts have now, by id.
    pub versions: Option<HashMap<String, u64>>,
    /// With `undo_conflict`: changes of which it is unclear whose they are.
    pub conflicts: Option<Vec<UndoConflict>>,
    /// With `undo_blocked`: undone, `survivor_deleted`, `later_merge`, erased.
    pub reason: Option<String>,
    /// With `delete_blocked`: what keeps the contact from being deleted.
    pub reasons: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub(super) struct Settings {
    pub default_country: Option<String>,
    /// IANA timezone in which days begin; UTC if not given.
    pub timezone: Option<String>,
    /// shape, possible, valid.
    pub phone_validation: Option<String>,
    /// allow, warn, reject.
    pub phone_uniqueness: Option<String>,
    pub do_not_contact_tag: Option<String>,
    /// Which role may do what: a preset and changes to it.
    pub permissions: Option<PermissionTable>,
    /// Field (`phones`, `emails`, `cf.KEY`) to role to `full`, `masked` or `hidden`.
    pub field_visibility: Option<HashMap<String, HashMap<String, String>>>,
    /// Whether reads of whole contacts and exports go into the audit log.
    pub audit_reads: Option<bool>,
    /// Whether a custom field that nobody has defined is defined by using it.
    pub adhoc_custom_fields: Option<bool>,
    /// How duplicates are looked for.
    pub duplicates: Option<DuplicateSettings>,
}

/// Telephone numbers always count.
#[derive(ToSchema)]
pub(super) struct DuplicateSettings {
    /// Whether e-mail addresses count; true if nothing is said.
    pub match_email: Option<bool>,
    /// Only equal numbers, addresses or names, and no typos in names.
    pub exact_only: Option<bool>,
    /// Least similarity of whole names in percent (Levenshtein); null leaves it to the weights.
    pub name_similarity: Option<u8>,
    /// What is merged without asking.
    pub auto_merge: Option<AutoMerge>,
}

#[derive(ToSchema)]
pub(super) struct PermissionTable {
    /// default, s1-strict, s4-visibility.
    pub preset: Option<String>,
    /// Right to whether agents have it, where that differs from the preset.
    pub agent: Option<HashMap<String, bool>>,
    /// The same for managers.
    pub manager: Option<HashMap<String, bool>>,
}

#[derive(ToSchema)]
pub(super) struct Quotas {
    pub contacts: Option<u64>,
    pub storage_bytes: Option<u64>,
}

#[derive(ToSchema)]
pub(super) struct OrganizationPatch {
    pub name: Option<String>,
    /// Most contacts; `null` is without limit.
    pub quota_contacts: Option<u64>,
    /// Most bytes of their records; `null` is without limit.
    pub quota_storage_bytes: Option<u64>,
}

#[derive(ToSchema)]
pub(super) struct BulkSelection {
    /// These contacts.
    pub ids: Option<Vec<uuid::Uuid>>,
    /// All that this query selects; it must be understood completely.
    pub q: Option<String>,
    /// Conditions as a tree, which must match as well.
    pub filter: Option<Value>,
    /// The id or name of a saved search, which must match as well.
    pub saved_search: Option<String>,
    /// All contacts.
    pub all: Option<bool>,
}

#[derive(ToSchema)]
pub(super) struct BulkAction {
    /// `assign`, `assign_to_queue`, `distribute`, `set_visibility`, `add_tags`, `remove_tags`, `delete`.
    #[schema(rename = "type")]
    pub kind: String,
    /// Of assign: id, address or name of the user; `null` for nobody.
    pub to: Option<String>,
    /// Of `assign_to_queue`: id or name; also sets the visibility `queue`.
    pub queue: Option<String>,
    /// Of distribute: ids or addresses of the users who get them in turn.
    pub users: Option<Vec<String>>,
    /// Of `set_visibility`: all, queue, owner.
    pub visibility: Option<String>,
    pub tags: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub(super) struct BulkActionInput {
    pub select: BulkSelection,
    pub action: BulkAction,
}

#[derive(ToSchema)]
pub(super) struct BulkJob {
    pub id: uuid::Uuid,
    /// running, done, failed.
    pub state: String,
    pub total: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Gone, out of sight, or protected.
    pub refused: u64,
    pub error: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct BulkJobList {
    pub total: usize,
    pub jobs: Vec<BulkJob>,
}

#[derive(ToSchema)]
pub(super) struct DepartmentInput {
    pub name: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Department {
    pub id: uuid::Uuid,
    pub name: String,
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(ToSchema)]
pub(super) struct DepartmentList {
    pub total: usize,
    pub departments: Vec<Department>,
}

#[derive(ToSchema)]
pub(super) struct QueueInput {
    pub name: Option<String>,
    /// Ids of users.
    pub members: Option<Vec<uuid::Uuid>>,
}

#[derive(ToSchema)]
pub(super) struct Queue {
    pub id: uuid::Uuid,
    pub name: String,
    pub members: Vec<uuid::Uuid>,
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(ToSchema)]
pub(super) struct QueueList {
    pub total: usize,
    pub queues: Vec<Queue>,
}

#[derive(ToSchema)]
pub(super) struct UserInput {
    /// To sign in with.
    pub email: Option<String>,
    pub name: Option<String>,
    /// agent, manager, admin.
    pub role: Option<String>,
    pub department_id: Option<uuid::Uuid>,
    pub disabled: Option<bool>,
    /// At least 10 characters; never shown again.
    pub password: Option<String>,
    /// Issuer and subject at the provider of single sign-on, separated by a space.
    pub subject: Option<String>,
}

/// Those who do not manage people see id, name and department.
#[derive(ToSchema)]
pub(super) struct User {
    pub id: uuid::Uuid,
    pub name: String,
    pub department_id: Option<uuid::Uuid>,
    pub email: Option<String>,
    pub role: Option<String>,
    pub disabled: Option<bool>,
    pub has_password: Option<bool>,
    pub subject: Option<String>,
    pub version: Option<u64>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct UserList {
    pub total: usize,
    pub users: Vec<User>,
}

#[derive(ToSchema)]
pub(super) struct SignInInput {
    pub email: String,
    pub password: String,
}

#[derive(ToSchema)]
pub(super) struct Setup {
    /// Whether there is no user yet.
    pub needed: bool,
    /// Whether people can sign in at a provider of single sign-on.
    pub single_sign_on: bool,
}

#[derive(ToSchema)]
pub(super) struct SetupInput {
    pub name: String,
    pub email: String,
    /// At least 10 characters.
    pub password: String,
}

#[derive(ToSchema)]
pub(super) struct PasswordInput {
    /// The present one.
    pub password: String,
    /// At least 10 characters.
    pub new_password: String,
}

#[derive(ToSchema)]
pub(super) struct Session {
    pub user_id: uuid::Uuid,
    /// Goes into the header `X-CSRF-Token` of requests that change something.
    pub csrf_token: String,
    pub expires_at: String,
}

#[derive(ToSchema)]
pub(super) struct Sight {
    pub everything: bool,
    pub own_department_only: bool,
    pub whole_department: bool,
    pub queues: Vec<uuid::Uuid>,
}

#[derive(ToSchema)]
pub(super) struct PermissionsView {
    pub role: String,
    pub user_id: Option<uuid::Uuid>,
    pub user_name: Option<String>,
    pub organization: String,
    pub department_id: Option<uuid::Uuid>,
    pub preset: String,
    /// Every right: whether the caller has it.
    pub permissions: HashMap<String, bool>,
    /// Every right: the roles of people that have it.
    pub table: HashMap<String, Vec<String>>,
    pub sees: Sight,
    /// Fields that the caller does not see in full.
    pub fields: HashMap<String, String>,
    /// The session of the caller; none if a token says who asks.
    pub session: Option<Session>,
    pub operator: bool,
}

#[derive(ToSchema)]
pub(super) struct FieldChange {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

#[derive(ToSchema)]
pub(super) struct AuditLine {
    /// Lines of one write share it.
    pub number: u64,
    pub at: String,
    /// user:ID, token:ID, command line.
    pub actor: String,
    pub actor_name: Option<String>,
    pub address: Option<String>,
    pub action: String,
    pub record: uuid::Uuid,
    pub changes: Vec<FieldChange>,
    /// Whether the values were taken away when the record was erased.
    pub erased: bool,
}

#[derive(ToSchema)]
pub(super) struct AuditPage {
    pub lines: Vec<AuditLine>,
    pub next_cursor: Option<String>,
    pub last_number: u64,
    /// Written down elsewhere it proves later that the log was not rewritten.
    pub last_hash: String,
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
    pub quotas: Quotas,
    pub created_at: String,
}

#[derive(ToSchema)]
pub(super) struct OrganizationList {
    pub total: usize,
    pub organizations: Vec<Organization>,
}

#[derive(ToSchema)]
pub(super) struct TokenInput {
    /// admin, manager, agent, machine, lookup.
    pub role: String,
    /// Name or id; the own one if not given.
    pub organization: Option<String>,
    pub name: Option<String>,
    /// lookup, phonebook, search, read, write, import, export, admin.
    pub scopes: Option<Vec<String>>,
    /// The user for whom it acts.
    pub user_id: Option<uuid::Uuid>,
    /// The only department whose contacts it sees.
    pub department_id: Option<uuid::Uuid>,
    /// Networks from which it is taken, such as 203.0.113.0/24.
    pub addresses: Option<Vec<String>>,
    /// Whether it is also taken from a URL; only with scopes that read.
    pub in_url: Option<bool>,
    pub expires_at: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Token {
    pub id: uuid::Uuid,
    pub name: Option<String>,
    pub role: String,
    pub scopes: Vec<String>,
    pub user_id: Option<uuid::Uuid>,
    pub department_id: Option<uuid::Uuid>,
    pub addresses: Vec<String>,
    pub in_url: bool,
    pub operator: bool,
    pub expires_at: Option<String>,
    pub created_by: Option<String>,
    pub created_at: String,
}

#[derive(ToSchema)]
pub(super) struct TokenList {
    pub total: usize,
    pub tokens: Vec<Token>,
}

#[derive(ToSchema)]
pub(super) struct NewToken {
    /// The secret, shown this once.
    pub token: String,
    pub organization: String,
    #[schema(inline)]
    #[serde(flatten)]
    pub view: Token,
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
    pub audit_entries: u64,
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
