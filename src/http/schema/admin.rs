//! The shapes of organisations, their settings, tokens and the care of the server.

use std::collections::HashMap;

use utoipa::ToSchema;

use super::duplicates::AutoMerge;

#[derive(ToSchema)]
pub(in crate::http) struct Settings {
    pub default_country: Option<String>,
    /// IANA timezone in which days begin; UTC if not given.
    pub timezone: Option<String>,
    /// BCP 47 language in which the page writes dates and numbers; that of the browser if not given.
    pub language: Option<String>,
    /// shape, possible, valid.
    pub phone_validation: Option<String>,
    /// allow, warn, reject.
    pub phone_uniqueness: Option<String>,
    pub do_not_contact_tag: Option<String>,
    /// Whether a contact is tagged with the country of its number when it gets its first one.
    pub auto_tag_country: Option<bool>,
    /// Which role may do what: a preset and changes to it.
    pub permissions: Option<PermissionTable>,
    /// Field (`phones`, `emails`, `cf.KEY`) to role to `full`, `masked` or `hidden`.
    pub field_visibility: Option<HashMap<String, HashMap<String, String>>>,
    /// Whether reads of whole contacts and exports go into the audit log.
    pub audit_reads: Option<bool>,
    /// Whether a custom field that nobody has defined is defined by using it.
    pub adhoc_custom_fields: Option<bool>,
    /// Whether a country, language or time zone that is none is refused; else it is kept, with a
    /// warning.
    pub strict_places: Option<bool>,
    /// What every contact must have: minimal (a name, a company, a phone, an e-mail or an identifier
    /// on a channel), s1 (a name and a phone), s2 (a name and something to reach the person by), s4
    /// (a first and a last name).
    pub required_fields: Option<String>,
    /// How many contacts a role may delete at once; null is without limit. Agents 100 as shipped.
    pub bulk_delete_limits: Option<BulkDeleteLimits>,
    /// Rows that a list has at most which is uploaded; 10,000 as shipped.
    pub import_max_rows: Option<u64>,
    /// MiB that a list has at most which is uploaded; 50 as shipped. The server has a limit of its
    /// own.
    pub import_max_mib: Option<u64>,
    /// What an import does with rows that belong to a contact, unless its options say: update, skip,
    /// create, ask.
    pub import_on_duplicate: Option<String>,
    /// What tells an import that a row belongs to a contact, unless its options say:
    /// `external_crm_id`, email, phone.
    pub import_match_keys: Option<Vec<String>>,
    /// Whether an import takes all rows or none, unless its options say.
    pub import_strict: Option<bool>,
    /// The stages of deals in their order; while there are none any text is a stage. Each is a name,
    /// or an object with name, status (open, won, lost) and, to rename one, was: its name until now.
    #[schema(value_type = Option<Vec<DealStage>>)]
    pub deal_stages: Option<Vec<DealStage>>,
    /// By which rules contacts are scored from 0 to 100; members that are absent stay.
    pub lead_score: Option<LeadScoring>,
    /// How long contacts are kept with which nothing happens; members that are absent stay.
    /// `archive_after_days`, `delete_after_days` and `erase_after_days` are short for a rule.
    pub retention: Option<Retention>,
    /// How duplicates are looked for.
    pub duplicates: Option<DuplicateSettings>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Retention {
    pub rules: Option<Vec<RetentionRule>>,
    /// Whether those who have refused something are never deleted; true if nothing is said.
    pub keep_opted_out: Option<bool>,
    /// Contacts with one of these tags stay.
    pub keep_tags: Option<Vec<String>>,
    /// Whether the rules are applied each night.
    pub automatic: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct RetentionRule {
    /// archive, delete (can be restored), erase (for good).
    pub action: String,
    /// Days without anything happening.
    pub after_days: u64,
    /// Only contacts with one of these.
    pub statuses: Option<Vec<String>>,
    /// Only contacts with one of these.
    pub tags: Option<Vec<String>>,
    /// Only contacts that meet this: query text, or a filter in JSON.
    pub when: Option<serde_json::Value>,
}

#[derive(ToSchema)]
pub(in crate::http) struct LeadScoring {
    pub rules: Option<Vec<LeadRule>>,
    /// What time takes; null for nothing.
    pub decay: Option<LeadDecay>,
}

#[derive(ToSchema)]
pub(in crate::http) struct LeadRule {
    /// Given by the server.
    pub id: Option<u32>,
    /// What it is called in explanations; its condition if not given.
    pub name: Option<String>,
    /// Query text, or a filter in JSON; field, op and value may stand in its place.
    pub when: serde_json::Value,
    /// From -100 to 100.
    pub points: i64,
}

#[derive(ToSchema)]
pub(in crate::http) struct LeadDecay {
    /// Days without anything happening after which it begins.
    pub after_days: u64,
    /// Points that each step takes.
    pub points: i64,
    /// Days of a step; 1 if not given.
    pub every_days: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DealStage {
    pub name: String,
    /// open, won, lost.
    pub status: Option<String>,
    /// Earlier names of the stage that deals still bear.
    pub was: Option<Vec<String>>,
}

/// Telephone numbers always count.
#[derive(ToSchema)]
pub(in crate::http) struct DuplicateSettings {
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
pub(in crate::http) struct PermissionTable {
    /// default, s1-strict, s4-visibility.
    pub preset: Option<String>,
    /// Right to whether agents have it, where that differs from the preset.
    pub agent: Option<HashMap<String, bool>>,
    /// The same for managers.
    pub manager: Option<HashMap<String, bool>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Quotas {
    pub contacts: Option<u64>,
    pub storage_bytes: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct OrganizationPatch {
    pub name: Option<String>,
    /// Most contacts; `null` is without limit.
    pub quota_contacts: Option<u64>,
    /// Most bytes of contacts, records and merges; `null` is without limit.
    pub quota_storage_bytes: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct OrganizationInput {
    pub name: String,
    pub default_country: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Organization {
    pub id: uuid::Uuid,
    pub name: String,
    pub settings: Settings,
    pub quotas: Quotas,
    pub created_at: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct OrganizationList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<Organization>,
    /// The same as `items`.
    pub organizations: Vec<Organization>,
}

#[derive(ToSchema)]
pub(in crate::http) struct TokenInput {
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
pub(in crate::http) struct TokenPatch {
    pub name: Option<String>,
    /// Networks from which it is taken; null for all.
    pub addresses: Option<Vec<String>>,
    /// Whether it is also taken from a URL; only with scopes that read.
    pub in_url: Option<bool>,
    /// When it ends; null for never.
    pub expires_at: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct Token {
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
pub(in crate::http) struct TokenList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<Token>,
    /// The same as `items`.
    pub tokens: Vec<Token>,
}

#[derive(ToSchema)]
pub(in crate::http) struct NewToken {
    /// The secret, shown this once; `null` in the answer to a request that was sent again.
    pub token: Option<String>,
    pub organization: String,
    #[schema(inline)]
    #[serde(flatten)]
    pub view: Token,
}

#[derive(ToSchema)]
pub(in crate::http) struct Finding {
    pub part: String,
    pub detail: String,
    pub repair: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct CheckReport {
    pub clean: bool,
    pub journal_entries: u64,
    pub contacts: u64,
    pub phones: u64,
    pub documents: u64,
    pub audit_entries: u64,
    /// Stored phone numbers that are read otherwise today; the next start reads them again.
    pub numbers_read_otherwise: Vec<String>,
    pub troubles: Vec<Finding>,
    pub unlisted: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct ReindexAnswer {
    pub contacts: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct BulkDeleteLimits {
    /// Of agents and machines.
    pub agent: Option<u64>,
    pub manager: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct CompactAnswer {
    pub store: CompactSizes,
    /// It grows by a snapshot before it lets go of what is older.
    pub journal: CompactSizes,
    /// How many bytes the keys and values of the store have.
    pub live_bytes: u64,
    /// The size of the snapshot; null if nothing had been written since the last one.
    pub snapshot_bytes: Option<u64>,
}

/// Bytes on disk.
#[derive(ToSchema)]
pub(in crate::http) struct CompactSizes {
    pub before: u64,
    pub after: u64,
}

/// A machine of a cluster.
#[derive(ToSchema)]
pub(in crate::http) struct ClusterNode {
    /// What it is called.
    pub name: String,
    /// Where it says that it is reached.
    pub address: String,
    /// The last change that it had when it told of itself, every two seconds.
    pub applied: u64,
    /// Changes that it was behind then.
    pub behind: u64,
    /// Whether it does what only one machine does: webhooks, nightly work.
    pub is_leading: bool,
    /// Whether this answer is from it.
    pub is_this: bool,
}

/// How a machine stands in its cluster.
#[derive(ToSchema)]
pub(in crate::http) struct Cluster {
    /// Whether there are several machines at all.
    pub clustered: bool,
    /// What this machine is called.
    pub node: Option<String>,
    /// The machine that does what only one does.
    pub leader: Option<String>,
    /// The last change that this machine has applied.
    pub applied: u64,
    /// The last change that the log of the cluster has.
    pub last: u64,
    /// The hash over the last change of this machine and everything before it: machines with the same
    /// last change have the same.
    pub history: String,
    /// Changes that this machine has still to apply.
    pub behind: u64,
    /// Groups of writes that had to run again since the start, because another machine wrote first.
    pub conflicts: u64,
    /// Groups of writes of other machines that were applied since the start.
    pub followed: u64,
    /// Why the log of the cluster cannot be used at the moment.
    pub trouble: Option<String>,
    /// The machines that have told of themselves in the last ten seconds.
    pub nodes: Vec<ClusterNode>,
}
