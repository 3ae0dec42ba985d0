//! Reports on duplicates: over all contacts of an organisation that the caller sees, or over the
//! rows of a list that is not imported.
//!
//! Both end in a [`DuplicateReport`], which knows the pairs and groups and writes them as CSV, JSON
//! Lines or a page. What is the same person is decided in `dedupe`; nothing is changed here.

mod base;
mod file;
mod group;
mod html;
mod report;
mod subject;
mod text;

pub use file::{FileReportError, FileReportOptions, report_on_file};
pub use report::{DuplicateReport, ReportFormat, ReportOptions, ReportSummary, ReportView};

use super::error::Error;
use crate::dedupe::{Model, ModelError, TABLE};
use crate::engine;

/// The table of levels and weights by which duplicates are found, with its explanations.
pub fn duplicate_model() -> &'static str {
    TABLE
}

/// The model that is shipped; a unit test reads it, so that it is a defect if it cannot be read.
fn model() -> Result<Model, Error> {
    Model::shipped().map_err(|_wrong: ModelError| {
        engine::Error::Defect("reading the model of duplicates").into()
    })
}
