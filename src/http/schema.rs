//! The shapes of requests and answers, for the `OpenAPI` document only.
//!
//! Requests are read member by member, so that every mistake can be named; answers are written
//! from borrowed records. A test holds these shapes against real answers.
#![expect(dead_code, clippy::struct_field_names, reason = "only their shapes are used")]

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;

mod admin;
mod consents;
mod contact;
mod custom_field;
mod duplicates;
mod erasures;
mod feed;
mod lists;
mod merges;
mod people;
mod search;
mod source_systems;
mod tags;
mod telephones;

pub(super) use admin::{
    CheckReport, Cluster, CompactAnswer, NewToken, Organization, OrganizationInput,
    OrganizationList, OrganizationPatch, ReindexAnswer, Settings, Token, TokenInput, TokenList,
    TokenPatch,
};
pub(super) use consents::{
    Consent, ConsentInput, ConsentList, NumberCheckAnswer, NumberCheckInput,
};
pub(super) use contact::{
    Allowance, BulkAnswer, BulkInput, Contact, ContactInput, LikelyDuplicate, Timeline,
};
pub(super) use custom_field::{
    CustomField, CustomFieldChange, CustomFieldInput, CustomFieldList, CustomFieldMisfit,
    CustomFieldOrder, CustomFieldPatch,
};
pub(super) use duplicates::{
    AutoMergeDone, AutoMergeInput, AutoMergeList, AutoMergeUndone, DecisionList, DismissalInput,
    DuplicateAccuracy, DuplicateCheck, DuplicateList, DuplicateRun, DuplicateRunList,
};
pub(super) use erasures::{
    CompaniesMerged, CompaniesUnmerged, CompanyMergeInput, Erasure, ErasureInput, ErasureList,
    RetentionRunInput, RetentionTrial, SuggestedCompanies,
};
pub(super) use feed::{Changes, Delivery, DeliveryList};
pub(super) use lists::{ListMembersAnswer, ListMembersInput};
pub(super) use merges::{
    Merge, MergeAnswer, MergeInput, MergeList, MergedInto, UndoAnswer, UndoConflict, UndoInput,
};
pub(super) use people::{
    Department, DepartmentInput, DepartmentList, PasswordInput, PermissionsView, Queue, QueueInput,
    QueueList, Session, Setup, SetupInput, SignInInput, User, UserInput, UserList,
};
pub(super) use search::{
    SavedSearch, SavedSearchInput, SavedSearchList, SearchAnswer, SearchInput, SuggestAnswer,
};
pub(super) use source_systems::{
    ContactWithCalls, CrmImportCounts, CrmImportInput, CrmImportMap, CrmImportMapInput,
    CrmImportMaps, CrmPreview, RestContactInput, RestImportInput, RestSearchInput,
    SheetImportInput,
};
pub(super) use tags::{AutoCountryInput, Tag, TagList, TagMergeInput, TagPatch, TagProposalList};
pub(super) use telephones::{
    CallEvent, CallEventTaken, CallTaken, ThreeCxContact, ThreeCxContactInput, ThreeCxContacts,
    ThreeCxJournal,
};

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
    /// The id of the user who took or made it, or what the telephone system calls the person.
    pub agent: Option<String>,
    /// The name of that user.
    pub agent_name: Option<String>,
    /// in, out.
    pub direction: Option<String>,
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
    /// Whether a tag says so.
    pub vip: bool,
    pub do_not_contact: bool,
    pub blocked: bool,
    pub opt_in: Option<bool>,
    /// Whether it may be called now.
    pub may_call: Allowance,
    /// Whether it may be written to by e-mail.
    pub may_email: Allowance,
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
    /// Of a number that nobody has: the city or region where its line was given out, if its beginning
    /// tells.
    pub place: Option<String>,
    /// Of a number that nobody has: the IANA time zone of its place or country, if there is one.
    pub timezone: Option<String>,
    /// The time that it is there, RFC 3339.
    pub local_time: Option<String>,
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
    /// With `has_children`: how many records would be deleted or stay, as in the delete impact.
    pub impact: Option<HashMap<String, u64>>,
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
    /// `set`, `assign`, `assign_queue`, `distribute`, `set_visibility`, `add_tags`, `remove_tags`,
    /// `add_to_list`, `remove_from_list`, `opt_in`, `opt_out`, `block`, `unblock`, `archive`,
    /// `unarchive`, `merge`, `delete`, `restore`.
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
    /// Of set: what all get, as a single change has it.
    pub fields: Option<Value>,
    /// Of set: one field, such as source or cf.plan, in the place of `fields`.
    pub field: Option<String>,
    /// Of set: the value of that field.
    pub value: Option<Value>,
    /// Of merge: the contact that stays.
    pub primary: Option<uuid::Uuid>,
    /// Of `add_to_list` and `remove_from_list`: the id or name of a static list.
    pub list: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct BulkActionInput {
    pub select: BulkSelection,
    pub action: BulkAction,
    /// Changes nothing: counts what is selected and shows ten of it.
    pub dry_run: Option<bool>,
    /// Refused with 409 if another number of contacts is selected.
    pub expect_total: Option<u64>,
    /// strict (default): words match as they are written; loose: as in a search.
    pub r#match: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct BulkExample {
    pub id: uuid::Uuid,
    pub display_name: String,
    pub company: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct BulkTrial {
    pub total: u64,
    /// Ids among those selected under which there is nobody.
    pub not_found: u64,
    /// The first ten contacts.
    pub examples: Vec<BulkExample>,
}

#[derive(ToSchema)]
pub(super) struct BulkJobStarted {
    /// The id of the job.
    pub job_id: uuid::Uuid,
    /// Contacts selected.
    pub total: u64,
    /// running.
    pub state: String,
    pub id: uuid::Uuid,
    pub created_at: String,
}

#[derive(ToSchema)]
pub(super) struct Refusal {
    pub id: uuid::Uuid,
    /// The permanent code.
    pub code: String,
    pub detail: String,
}

#[derive(ToSchema)]
pub(super) struct JobReach {
    pub done: u64,
    pub total: u64,
}

/// Work of any kind; what else there is to say of its kind stands beside.
#[derive(ToSchema)]
pub(super) struct Job {
    pub id: uuid::Uuid,
    /// What it does, by the names that the list is narrowed by.
    pub kind: String,
    /// queued, running, done, failed, cancelled.
    pub state: String,
    /// Who asked for it.
    pub by: String,
    pub by_name: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
    pub progress: JobReach,
    /// What it came to, once it has ended; by its kind.
    pub result: Option<Value>,
    /// Where it is stopped, while it can be.
    pub cancel_url: Option<String>,
    /// Where it is taken back, if that can be.
    pub undo_url: Option<String>,
    /// Where all is said about it.
    pub url: String,
    pub error: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct BulkJob {
    pub id: uuid::Uuid,
    /// What it does, as in the list of jobs.
    pub kind: String,
    /// running, done, failed, cancelled.
    pub state: String,
    pub total: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Gone, out of sight, or protected.
    pub refused: u64,
    /// The refused contacts and why; at most a thousand.
    pub refusals: Vec<Refusal>,
    /// The entries of the audit log with what it has changed, if that can be taken back.
    pub audit_entries: Vec<u64>,
    /// The merge that it is, if it has merged contacts.
    pub merge_id: Option<uuid::Uuid>,
    /// The job, or import, that it takes back.
    pub undo_of: Option<uuid::Uuid>,
    /// The job that has taken it back.
    pub undone_by: Option<uuid::Uuid>,
    pub error: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct JobList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<Job>,
    /// The same, as it was called first.
    pub jobs: Vec<Job>,
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

/// What `GET /api/v1/contacts/export` takes.
#[derive(ToSchema)]
pub(super) struct ExportInput {
    /// csv (default), xlsx, vcf or jsonl.
    pub format: Option<String>,
    /// Of a vCard: 4.0 (default) or 3.0.
    pub version: Option<String>,
    pub q: Option<String>,
    pub filter: Option<Value>,
    pub saved_search: Option<String>,
    pub list: Option<String>,
    pub ids: Option<Vec<uuid::Uuid>>,
    pub columns: Option<Vec<String>>,
    /// strict (default) or loose.
    #[schema(rename = "match")]
    pub r#match: Option<String>,
    /// comma (default), semicolon, tab or pipe.
    pub delimiter: Option<String>,
    pub bom: Option<bool>,
    pub allow_partial: Option<bool>,
}

#[derive(ToSchema)]
pub(super) struct ExportJob {
    pub id: uuid::Uuid,
    /// export.
    pub kind: String,
    /// running, done, failed, cancelled.
    pub state: String,
    pub by: String,
    pub by_name: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
    pub progress: JobReach,
    pub result: Option<Value>,
    pub cancel_url: Option<String>,
    pub url: String,
    pub format: String,
    /// What was asked for.
    pub options: Value,
    pub bytes: u64,
    /// Where the file is fetched, while it is there.
    pub file_url: Option<String>,
    pub expires_at: Option<String>,
    pub error: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct ImportCandidate {
    pub id: uuid::Uuid,
    pub display_name: String,
    /// How likely it is the same person; null if that was not worked out.
    pub probability: Option<f64>,
    pub match_weight: Option<f64>,
    /// What agrees and what does not.
    pub why: Vec<Value>,
}

#[derive(ToSchema)]
pub(super) struct ImportQuestion {
    /// The row of the file.
    pub row: u64,
    /// Its cells by column, without empty ones.
    pub values: Value,
    /// The contact that it seems to belong to, if the caller sees it.
    pub contact_id: Option<uuid::Uuid>,
    /// Contacts that it may belong to, as the caller sees them.
    pub candidates: Vec<ImportCandidate>,
    /// What can be answered.
    pub actions: Vec<String>,
}

#[derive(ToSchema)]
pub(super) struct ImportQuestions {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<ImportQuestion>,
}

#[derive(ToSchema)]
pub(super) struct ImportAnswer {
    pub row: u64,
    /// update, skip or create.
    pub action: String,
    /// Whom it updates; the contact that the row seems to belong to if nothing is said.
    pub contact_id: Option<uuid::Uuid>,
}

#[derive(ToSchema)]
pub(super) struct ImportAnswers {
    /// At most a thousand.
    pub answers: Vec<ImportAnswer>,
}

#[derive(ToSchema)]
pub(super) struct ImportAnswerDone {
    pub row: u64,
    pub action: String,
    /// The contact that was made or changed.
    pub contact_id: Option<uuid::Uuid>,
    /// created, updated, unchanged, skipped, refused, or `answered_before`.
    pub outcome: String,
    /// Why it was refused.
    pub detail: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct ImportAnsweredCounts {
    pub imported: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub errors: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportAnswered {
    pub answers: Vec<ImportAnswerDone>,
    /// Questions that are left.
    pub open: u64,
    pub counts: ImportAnsweredCounts,
}

#[derive(ToSchema)]
pub(super) struct ImportCounts {
    pub imported: u64,
    pub updated: u64,
    /// Rows that were passed over because their contact is there, or because nothing was written.
    pub skipped: u64,
    pub errors: u64,
    /// Rows that say nothing new.
    pub unchanged: u64,
    /// Rows that somebody is asked about.
    pub asked: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportProgress {
    pub done: u64,
    pub total: u64,
    pub rows_per_second: u64,
    pub seconds_left: Option<u64>,
}

/// A list as a form.
#[derive(ToSchema)]
pub(super) struct ImportForm {
    /// The list.
    #[schema(format = Binary)]
    pub file: String,
    /// The options as a JSON object.
    pub options: Option<String>,
}

/// A list inside JSON: csv or `upload_id`.
#[derive(ToSchema)]
pub(super) struct ImportBody {
    /// The list itself.
    #[schema(example = "name,phone\nAda Byron,+12025550110\n")]
    pub csv: Option<String>,
    /// In its place: the address of a Google Sheet that anyone with the link may view.
    pub sheet_url: Option<String>,
    /// In its place: of a preview, which has it.
    pub upload_id: Option<uuid::Uuid>,
    pub options: Option<Value>,
}

#[derive(ToSchema)]
pub(super) struct ImportFile {
    /// table or jsonl.
    pub format: String,
    #[schema(example = "UTF-8")]
    pub encoding: Option<String>,
    /// comma, semicolon, tab, pipe.
    pub delimiter: Option<String>,
    /// The program whose headers the list has, or plain.
    pub layout: Option<String>,
    pub rows: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportPreviewCounts {
    pub new: u64,
    pub updated: u64,
    /// Rows that would change nothing.
    pub unchanged: u64,
    /// Rows that belong to a contact that an earlier row would make; they are counted as updated or
    /// unchanged as well.
    pub duplicates_in_file: u64,
    /// Rows that would be asked about.
    pub conflicts: u64,
    pub invalid: u64,
}

#[derive(ToSchema)]
pub(super) struct ImportProblem {
    /// The line of the file where the row begins.
    pub row: u64,
    pub column: Option<String>,
    pub value: String,
    pub code: String,
    pub detail: String,
    /// What to do about it.
    pub repair: String,
}

#[derive(ToSchema)]
pub(super) struct ImportPreview {
    /// Stands for the list in further previews and in the import, for an hour.
    pub upload_id: uuid::Uuid,
    pub file: ImportFile,
    pub columns: Vec<ImportColumn>,
    pub counts: ImportPreviewCounts,
    /// How many contacts would get another value, by field.
    pub updates_by_field: std::collections::BTreeMap<String, u64>,
    /// Rows that would not be taken: the first 200.
    pub problems: Vec<ImportProblem>,
    pub problems_total: u64,
    /// What would be left out or repaired: the first 200.
    pub warnings: Vec<ImportWarning>,
    pub warnings_total: u64,
    /// Templates that were made for lists with these columns.
    pub templates: Vec<OfferedTemplate>,
}

#[derive(ToSchema)]
pub(super) struct OfferedTemplate {
    pub id: uuid::Uuid,
    pub name: String,
}

/// A template of imports.
#[derive(ToSchema)]
pub(super) struct ImportTemplateBody {
    #[schema(example = "Trade fair")]
    pub name: String,
    /// The options of an import.
    pub options: Value,
    /// The columns of such lists.
    pub header: Option<Vec<String>>,
}

/// A row of a previewed list.
#[derive(ToSchema)]
pub(super) struct PreviewRow {
    /// The line of the file where it begins.
    pub row: u64,
    /// new, updated, unchanged, conflict or invalid.
    pub group: String,
    /// The contact that it belongs to.
    pub id: Option<uuid::Uuid>,
    pub display_name: Option<String>,
    /// The members that would change, as they are.
    pub before: Value,
    /// And as they would be.
    pub after: Value,
    pub problems: Vec<ImportProblem>,
}

#[derive(ToSchema)]
pub(super) struct PreviewRows {
    pub total: usize,
    /// false where more rows are in the group than are kept.
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub items: Vec<PreviewRow>,
}

#[derive(ToSchema)]
pub(super) struct ImportList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub items: Vec<ImportJob>,
}

#[derive(ToSchema)]
pub(super) struct ImportColumn {
    /// The place of the column; the first is 0.
    pub index: usize,
    #[schema(example = "Do Not Call")]
    pub name: String,
    /// The beginnings of up to three cells.
    pub samples: Vec<String>,
    /// The field that its cells go to; null for none.
    #[schema(example = "do_not_contact")]
    pub target: Option<String>,
    /// Why it goes there, or why it goes nowhere.
    #[schema(example = "its header")]
    pub why: String,
    pub not_imported: bool,
    /// The type of a custom field that its first cells look like, where it could become or fill one.
    pub suggested_type: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct ImportWarning {
    /// The line of the file where the row begins.
    #[schema(example = 2)]
    pub row: u64,
    #[schema(example = "Phone")]
    pub column: Option<String>,
    #[schema(example = "12025550141.0")]
    pub value: String,
    #[schema(example = "value_repaired")]
    pub code: String,
    /// What was done.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
}

#[derive(ToSchema)]
pub(super) struct ImportJob {
    pub id: uuid::Uuid,
    /// queued, running, done, failed, cancelled.
    pub state: String,
    /// Who asked for it: user:ID, token:ID.
    pub by: String,
    pub by_name: Option<String>,
    /// What the file is called at whoever sent it.
    pub source: Option<String>,
    /// The options as they were sent.
    pub options: Value,
    /// none, available, running or done.
    pub undo_state: String,
    /// The first and the last entry of the audit log that it may have written.
    #[schema(value_type = Option<Vec<u64>>)]
    pub audit_entries: Option<(u64, u64)>,
    /// The entries of the log that answers to its questions have written.
    pub answer_entries: Vec<u64>,
    pub progress: ImportProgress,
    pub counts: ImportCounts,
    /// Where the rows that it did not take are; null once they are no longer kept.
    pub errors_url: Option<String>,
    /// What became of every column, once it has ended; without samples after a restart.
    pub columns: Vec<ImportColumn>,
    /// What was left out of rows that were imported, or repaired in them: the first 200, as long as
    /// the server runs.
    pub warnings: Vec<ImportWarning>,
    /// How many warnings there are.
    pub warnings_total: u64,
    pub error: Option<String>,
    pub dry_run: bool,
    pub created_at: String,
    pub finished_at: Option<String>,
}

/// Who waits to be called back, the last caller first.
#[derive(ToSchema)]
pub(super) struct Callbacks {
    pub total: usize,
    pub total_exact: bool,
    /// From when on calls were looked at.
    #[schema(format = "date-time")]
    pub since: String,
    pub items: Vec<Callback>,
}

/// Somebody who waits to be called back.
#[derive(ToSchema)]
pub(super) struct Callback {
    /// Not of callers whom nobody knows.
    pub contact_id: Option<uuid::Uuid>,
    pub display_name: Option<String>,
    pub number: Option<String>,
    #[schema(format = "date-time")]
    pub last_missed_at: String,
    /// How often since somebody was last spoken to.
    pub missed: u32,
    /// The record of the last call that was missed.
    pub call: uuid::Uuid,
    pub queue: Option<String>,
    pub do_not_contact: bool,
}
