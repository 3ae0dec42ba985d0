//! What an import did: counts, and a file of the rows that it did not take.

use std::io::{self, Write};

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::issue::RowIssue;

/// How many rows met which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that became new contacts.
    pub imported: u64,
    /// Rows that changed a contact.
    pub updated: u64,
    /// Rows that were passed over: their contact exists, or they changed nothing.
    pub skipped: u64,
    /// Rows with something wrong.
    pub errors: u64,
}

impl Counts {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.imported + self.updated + self.skipped + self.errors
    }
}

/// A CSV of issues, one line each, followed by the cells of the row, so that it can be corrected
/// and imported again.
pub struct ErrorFile<W: Write> {
    out: csv::Writer<W>,
    headers: Vec<String>,
    has_header: bool,
}

impl<W: Write> ErrorFile<W> {
    /// Begins a file; nothing is written before the first issue.
    pub fn new(out: W, headers: &[String]) -> Self {
        Self {
            out: csv::WriterBuilder::new()
                .flexible(true)
                .terminator(csv::Terminator::CRLF)
                .from_writer(out),
            headers: headers.to_vec(),
            has_header: false,
        }
    }

    /// Writes an issue with the cells of its row.
    pub fn add(&mut self, issue: &RowIssue, cells: Option<&StringRecord>) -> io::Result<()> {
        if !self.has_header {
            self.has_header = true;
            let own = ["row", "column", "value", "code", "reason", "what to do"];
            let headers = own.into_iter().chain(self.headers.iter().map(String::as_str));
            self.out.write_record(headers).map_err(io::Error::other)?;
        }
        let line = issue.line.to_string();
        let own = [
            line.as_str(),
            issue.column.as_deref().unwrap_or(""),
            &issue.value,
            issue.code.as_str(),
            &issue.reason,
            &issue.suggestion,
        ];
        let cells = cells.into_iter().flat_map(StringRecord::iter);
        self.out.write_record(own.into_iter().chain(cells)).map_err(io::Error::other)
    }

    /// Writes what is still in memory.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
