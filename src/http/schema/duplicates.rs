//! The shapes of duplicates, for the `OpenAPI` document only.

use utoipa::ToSchema;

use super::Contact;

/// One reason of a match weight.
#[derive(ToSchema)]
pub(in crate::http) struct DuplicateReason {
    #[schema(example = "phone")]
    pub field: String,
    #[schema(example = "same_mobile")]
    pub level: String,
    /// In bits, against the rival that looks most alike.
    pub weight: f64,
    pub words: String,
}

/// How likely two contacts are the same person, and why.
#[derive(ToSchema)]
pub(in crate::http) struct DuplicateExplanation {
    /// 0 to 1.
    pub probability: f64,
    /// In bits; 0 is 50 %, each bit doubles the odds.
    pub match_weight: f64,
    /// Bits before anything is compared; with the weights of `why` they make the match weight.
    pub prior: f64,
    /// Why they were compared.
    pub rule: Option<String>,
    pub why: Vec<DuplicateReason>,
    #[schema(
        example = "same phone number +7.3, first names are nicknames +2.3, different birthday -4.0: 97 %"
    )]
    pub summary: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateMatch {
    pub id: uuid::Uuid,
    pub display_name: String,
    #[schema(inline)]
    #[serde(flatten)]
    pub explanation: DuplicateExplanation,
    pub contact: Contact,
}

/// A member of the draft that could not be read.
#[derive(ToSchema)]
pub(in crate::http) struct IgnoredMember {
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateCheck {
    /// The likeliest first.
    pub matches: Vec<DuplicateMatch>,
    /// `current`, `following`, or `building`: then only numbers and addresses were looked up.
    pub state: String,
    pub ignored: Option<Vec<IgnoredMember>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicatePair {
    pub id_a: uuid::Uuid,
    pub id_b: uuid::Uuid,
    #[schema(inline)]
    #[serde(flatten)]
    pub explanation: DuplicateExplanation,
    /// The two contacts, the older first.
    pub contacts: Vec<Contact>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateTie {
    pub id_a: uuid::Uuid,
    pub id_b: uuid::Uuid,
    #[schema(inline)]
    #[serde(flatten)]
    pub explanation: DuplicateExplanation,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateMember {
    pub id: uuid::Uuid,
    /// Of the likeliest pair that ties it to another member.
    pub probability: f64,
    /// Whether pairs of its own that are at least as likely as was asked for tie it to the other
    /// selected members. Who is not is in the group by less likely pairs only.
    pub selected: bool,
    pub contact: Contact,
}

#[derive(ToSchema)]
pub(in crate::http) struct NumberHolder {
    pub id: uuid::Uuid,
    pub display_name: String,
    pub company: Option<String>,
}

/// A number that several contacts have.
#[derive(ToSchema)]
pub(in crate::http) struct SharedNumber {
    #[schema(example = "+12025550123")]
    pub number: String,
    /// `shared`, or `switchboard` from 10 contacts on.
    pub kind: String,
    /// How many contacts have it.
    pub count: usize,
    /// The contacts, the oldest first, at most 100.
    pub contacts: Vec<NumberHolder>,
}

/// An entry of the list: contacts of one person, or with `same_number` a number.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape counts")]
pub(in crate::http) enum ListedGroup {
    Person(DuplicateGroup),
    Number(SharedNumber),
}

/// Contacts of one person.
#[derive(ToSchema)]
pub(in crate::http) struct DuplicateGroup {
    /// That of its oldest member.
    pub id: uuid::Uuid,
    /// Of the weakest pair along which it grew, 0 to 1.
    pub probability: f64,
    /// How many contacts merging would probably save, also by pairs that were put aside.
    pub value: f64,
    pub members: Vec<DuplicateMember>,
    /// The pairs that hold it together, the likeliest first; also those that were put aside.
    pub pairs: Vec<DuplicateTie>,
}

/// The figures of the last comparison of all contacts.
#[derive(ToSchema)]
pub(in crate::http) struct DuplicateFigures {
    #[schema(format = "date-time")]
    pub at: String,
    pub contacts: usize,
    pub compared: usize,
    pub left_out: u64,
    pub duplicates_per_contact: f64,
    pub took_ms: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateList {
    pub total: usize,
    pub total_exact: bool,
    /// `current`, `following` or `building`.
    pub state: String,
    pub next_cursor: Option<String>,
    /// For callers who see all contacts.
    pub compared: Option<DuplicateFigures>,
    /// How many contacts a comparison that runs has read.
    pub contacts_read: Option<u64>,
    /// In the views of groups and of same numbers.
    pub groups: Option<Vec<ListedGroup>>,
    /// In the view of pairs.
    pub pairs: Option<Vec<DuplicatePair>>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DismissalInput {
    /// Two to fifty contacts; all pairs of them are meant.
    pub ids: Vec<uuid::Uuid>,
    /// `not_duplicate` (if nothing is said) or `later`.
    pub verdict: Option<String>,
    /// Until when they are put aside.
    #[schema(format = "date-time")]
    pub until: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateDecision {
    pub ids: Vec<uuid::Uuid>,
    /// `not_duplicate`, `later` or `same`.
    pub verdict: String,
    #[schema(format = "date-time")]
    pub at: String,
    pub by: String,
    pub until: Option<String>,
    /// How likely the pair was then.
    pub probability: Option<f64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DecisionList {
    pub total: usize,
    pub decisions: Vec<DuplicateDecision>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateReport {
    /// groups, pairs.
    pub view: String,
    /// csv, jsonl, html.
    pub format: String,
    pub min_probability: f64,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateProgress {
    /// Contacts read, or bytes of the list.
    pub done: u64,
    pub total: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateSummary {
    pub contacts: usize,
    pub rows_left_out: u64,
    pub min_probability: f64,
    pub pairs: usize,
    pub groups: usize,
    pub in_groups: usize,
    /// Records that merging all groups would save.
    pub surplus: usize,
    pub compared: usize,
    pub left_out: u64,
    pub duplicates_per_contact: f64,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateRun {
    pub id: uuid::Uuid,
    /// queued, running, done, failed, cancelled.
    pub state: String,
    /// base, list.
    pub of: String,
    pub report: Option<DuplicateReport>,
    pub progress: DuplicateProgress,
    /// Of the base.
    pub compared: Option<DuplicateFigures>,
    /// Of the report.
    pub summary: Option<DuplicateSummary>,
    /// Where the report is, once there is one.
    pub report_url: Option<String>,
    pub error: Option<String>,
    pub created_by: String,
    #[schema(format = "date-time")]
    pub created_at: String,
    pub finished_at: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateRunList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<DuplicateRun>,
    /// The same as `items`.
    pub runs: Vec<DuplicateRun>,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoMergeInput {
    /// Only say what would be merged.
    pub dry_run: Option<bool>,
    /// Most merges; never more than the daily limit leaves.
    pub limit: Option<u64>,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoMerged {
    /// None if it was only tried.
    pub merge_id: Option<uuid::Uuid>,
    pub primary: uuid::Uuid,
    pub others: Vec<uuid::Uuid>,
    /// Of the least likely pair that holds the group together.
    pub probability: f64,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoSkipped {
    pub ids: Vec<uuid::Uuid>,
    pub reason: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoMergeDone {
    /// The run; none if it was only tried.
    pub id: Option<uuid::Uuid>,
    pub dry_run: bool,
    pub merged: Vec<AutoMerged>,
    /// Likely enough, and left alone.
    pub skipped: Vec<AutoSkipped>,
    /// Whether a limit ended it.
    pub limited: bool,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoMergeRun {
    pub id: uuid::Uuid,
    #[schema(format = "date-time")]
    pub at: String,
    pub merges: usize,
    pub undone: usize,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoMergeList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<AutoMergeRun>,
    /// The same as `items`.
    pub runs: Vec<AutoMergeRun>,
}

#[derive(ToSchema)]
pub(in crate::http) struct UndoRefused {
    pub merge_id: uuid::Uuid,
    /// Why, and what to do.
    pub detail: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct AutoMergeUndone {
    pub id: uuid::Uuid,
    pub undone: Vec<uuid::Uuid>,
    pub refused: Vec<UndoRefused>,
}

/// Decisions about pairs of similar probability.
#[derive(ToSchema)]
pub(in crate::http) struct AccuracyBand {
    pub from: f64,
    pub to: f64,
    pub same: usize,
    pub different: usize,
}

#[derive(ToSchema)]
pub(in crate::http) struct DuplicateAccuracy {
    /// Pairs that persons have merged or told apart, and that had a score then.
    pub decided: usize,
    pub unscored: usize,
    /// The share of decided pairs where the score was on the same side of 50 %.
    pub agreement: Option<f64>,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub bands: Vec<AccuracyBand>,
}

/// What is merged without asking.
#[derive(ToSchema)]
pub(in crate::http) struct AutoMerge {
    pub enabled: Option<bool>,
    /// How likely every pair that holds a group together must be, 0.5 to 1.
    pub min_probability: Option<f64>,
    /// Which contact stays: oldest, newest.
    pub survivor: Option<String>,
    /// Whose values are taken: primary, newest, oldest, `most_complete`.
    pub rule: Option<String>,
    /// Fields in which contacts must not differ.
    pub agree: Option<Vec<String>>,
    /// Most merges a day (UTC).
    pub daily_limit: Option<u32>,
}
