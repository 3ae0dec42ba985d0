//! Who is the same person: found, shown, decided, merged without asking.
//!
//! - `live` keeps what is found up with every change; `check` asks it about one contact, `row_judge`
//!   about a row of an import, `list` shows what there is to review,
//!   `same_number` who has the same number.
//! - `decision` remembers what persons say about pairs, `accuracy` how well scores agree with it,
//!   `auto_merge` merges what the settings want merged.
//! - `estimate` learns from a base, or from decisions about it, what the weights would have to be.
//! - `base` and `file` compare all contacts, or the rows of a list that is not imported, for a
//!   [`DuplicateReport`], which `text` and `html` write; `run_job` does so in the background, when it is its turn (`turns`),
//!   with files that outlive a restart (`run_files`).
//!
//! What is the same person is decided in `dedupe`; merging itself is in `merges`.

mod accuracy;
mod auto_merge;
mod base;
mod check;
mod decision;
mod estimate;
mod file;
mod group;
mod html;
mod list;
mod live;
mod report;
mod row_judge;
mod run_files;
mod run_job;
mod run_queue;
mod same_number;
mod subject;
mod text;
mod tools;

pub use accuracy::{Accuracy, AccuracyBand};
pub use auto_merge::{
    AutoMergeDone, AutoMergeRun, AutoMergeUndone, AutoMerged, AutoSkipped, UndoRefused,
};
pub(super) use check::Subject;
pub use check::{DuplicateCheck, DuplicateMatch, ExplanationView, ReasonView};
pub use decision::DecisionView;
pub use estimate::{EstimateFailure, EstimateSource, estimate_on_file};
pub use file::{FileReportError, FileReportOptions, report_on_file};
pub use list::{
    DuplicateEntries, DuplicatePage, DuplicateQuery, GroupEntry, MemberEntry, PairEntry, TieEntry,
};
pub(super) use live::LiveDuplicates;
pub use live::{Built, Currency};
pub use report::{DuplicateReport, ReportFormat, ReportOptions, ReportSummary, ReportView};
pub(super) use row_judge::RowJudge;
pub use run_files::RunList;
pub use run_job::{DuplicateRun, ListRun, RunReport, RunState, RunView};
pub use same_number::{NumberHolder, NumberKind, SameNumberPage, SameNumberQuery, SharedNumber};
pub use tools::duplicate_model;
use tools::{model, options, too_many};

pub use crate::dedupe::{Estimate, EstimateRow};

/// Weights that are told apart: below and above, probabilities are 0 and 1 to six digits.
const MOST_BITS: f64 = 40.0;

/// The match weight of a probability.
fn bits_of(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2().clamp(-MOST_BITS, MOST_BITS)
}

/// Six digits are kept of probabilities, three of weights.
fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    // No negative zero.
    (value * unit).round() / unit + 0.0
}
