//! Who is the same person: found, shown, decided, merged without asking.
//!
//! - `live` keeps what is found up with every change; `check` asks it about one contact, `row_judge`
//!   about a row of an import, `list` shows what there is to review.
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
mod subject;
mod text;
mod turns;

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

use super::App;
use super::error::Error;
use crate::dedupe::{self, Model, ModelError, Options, TABLE};
pub use crate::dedupe::{Estimate, EstimateRow};
use crate::domain::duplicates::DuplicateSettings;
use crate::engine;

/// The table of levels and weights by which duplicates are found, with its explanations.
pub fn duplicate_model() -> &'static str {
    TABLE
}

/// Where an operator puts a table of its own, in the data directory.
const OWN_MODEL: &str = "duplicate-model.toml";

impl App {
    /// The model of this data directory: the operator's own table, or the one that is shipped.
    fn duplicate_model(&self) -> Result<Model, Error> {
        let path = self.partition.root().join(OWN_MODEL);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return model(),
            Err(source) => return Err(engine::Error::Io { path, source }.into()),
        };
        Model::parse(&text)
            .map_err(|wrong| Error::FileUnreadable(format!("{}: {wrong}", path.display())))
    }
}

/// The model that is shipped; a unit test reads it, so that it is a defect if it cannot be read.
fn model() -> Result<Model, Error> {
    Model::shipped().map_err(|_wrong: ModelError| {
        engine::Error::Defect("reading the model of duplicates").into()
    })
}

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

/// How an organisation looks for duplicates.
fn options(model: &Model, settings: &DuplicateSettings) -> Options {
    Options {
        use_email: settings.match_email,
        exact_only: settings.exact_only,
        name_similarity: settings.name_similarity,
        ..Options::of(model)
    }
}

fn too_many(error: &dedupe::Error) -> Error {
    match error {
        dedupe::Error::TooMany(_) => {
            Error::Overloaded("there are too many contacts to compare at once")
        }
    }
}
