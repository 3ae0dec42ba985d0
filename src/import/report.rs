//! What an import did: counts, and a file of the rows that it did not take.

use std::io::{self, Write};

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::issue::{RowIssue, Severity};
use crate::domain::guarded_csv::CsvWriter;

/// How many rows met which end; each row is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that became new contacts.
    pub imported: u64,
    /// Rows that changed a contact.
    pub updated: u64,
    /// Rows that were passed over because their contact exists, or because nothing was written.
    pub skipped: u64,
    /// Rows with something wrong.
    pub errors: u64,
    /// Rows that say nothing new of their contact.
    #[serde(default)]
    pub unchanged: u64,
    /// Rows that somebody is asked about.
    #[serde(default)]
    pub asked: u64,
}

impl Counts {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.imported + self.updated + self.unchanged + self.skipped + self.asked + self.errors
    }
}

/// Warnings that an import keeps; more are only counted.
const MOST_WARNINGS: usize = 200;

/// Something about a row that was imported, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The line of the file where the row begins.
    pub row: u64,
    /// The header of the column, when it is about one.
    pub column: Option<String>,
    /// The beginning of the cell.
    pub value: String,
    /// What kind of warning it is.
    pub code: String,
    /// What was done.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
}

/// The warnings of an import: the first ones, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    /// The first ones, in the order of the file.
    pub first: Vec<Warning>,
    /// How many there are.
    pub total: u64,
}

impl Warnings {
    /// Takes over the warnings among the issues of a row.
    pub fn add(&mut self, issues: &[RowIssue]) {
        self.add_of(Severity::Warning, issues);
    }

    /// Takes over what keeps a row from being imported.
    pub fn add_errors(&mut self, issues: &[RowIssue]) {
        self.add_of(Severity::Error, issues);
    }

    fn add_of(&mut self, severity: Severity, issues: &[RowIssue]) {
        for issue in issues.iter().filter(|issue| issue.severity == severity) {
            self.total += 1;
            if self.first.len() < MOST_WARNINGS {
                self.first.push(Warning {
                    row: issue.line,
                    column: issue.column.clone(),
                    value: issue.value.clone(),
                    code: issue.code.as_str().to_owned(),
                    detail: issue.reason.clone(),
                    remedy: issue.suggestion.clone(),
                });
            }
        }
    }
}

/// A CSV of the rows that were not taken: their cells as they came, but no formulas, then what is
/// wrong with them, so that the list can be corrected and imported again.
pub struct ErrorFile<W: Write> {
    out: CsvWriter<W>,
    headers: Vec<String>,
    has_header: bool,
}

impl<W: Write> ErrorFile<W> {
    /// Begins a file; nothing is written before the first row.
    pub fn new(out: W, headers: &[String]) -> Self {
        Self { out: CsvWriter::new(out), headers: headers.to_vec(), has_header: false }
    }

    /// Writes a row with its errors: place and value of the first one, the reasons of all.
    pub fn add(&mut self, issues: &[RowIssue], cells: Option<&StringRecord>) -> io::Result<()> {
        let mut errors = issues.iter().filter(|issue| issue.severity == Severity::Error);
        let Some(first) = errors.next() else { return Ok(()) };
        if !self.has_header {
            self.has_header = true;
            let own = ["row", "column", "value", "code", "reason", "remedy"];
            self.out.row_of_list(self.headers.iter().map(String::as_str), own)?;
        }
        let mut reason = first.reason.clone();
        for other in errors {
            reason.push_str("; ");
            if let Some(column) = &other.column {
                reason.push_str(column);
                reason.push_str(": ");
            }
            reason.push_str(&other.reason);
        }
        let line = first.line.to_string();
        let own = [
            line.as_str(),
            first.column.as_deref().unwrap_or(""),
            &first.value,
            first.code.as_str(),
            &reason,
            &first.suggestion,
        ];
        let width = self.headers.len();
        let cells = (0..width).map(|at| cells.and_then(|cells| cells.get(at)).unwrap_or_default());
        self.out.row_of_list(cells, own)
    }

    /// Writes what is still in memory.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
