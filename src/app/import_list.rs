//! The list of an import, read and checked batch by batch.

use std::io::Read;

use rayon::prelude::*;

use super::error::Error;
use super::imports::{CheckedRow, ImportOptions, unreadable};
use crate::import::json_lines::{self, JsonLines};
use crate::import::{
    self, ColumnReport, JsonRow, RawRow, Reader, RowContext, RowMap, Source, validate,
    validate_json,
};

/// Rows that are read and checked at once.
const READ_ROWS: usize = 4_000;
/// Bytes of rows that are read at once.
const READ_BYTES: usize = 32 * 1024 * 1024;

/// What a list is, as far as it was found out.
#[derive(Clone, Debug, Default)]
pub struct ListForm {
    /// `table` or `jsonl`.
    pub format: &'static str,
    /// The encoding of a table.
    pub encoding: Option<String>,
    /// The delimiter of a table.
    pub delimiter: Option<String>,
    /// The program whose headers a table has, or `plain`.
    pub layout: Option<String>,
}

/// A list with what is known of it.
pub(super) enum List<R> {
    Table { reader: Box<Reader<R>>, map: Box<RowMap> },
    Lines(JsonLines<R>),
}

/// Rows as they were read.
pub(super) enum RawRows {
    Table(Vec<RawRow>),
    Lines(Vec<JsonRow>),
}

impl<R: Read> List<R> {
    pub(super) fn open(input: R, options: &ImportOptions) -> Result<Self, import::Error> {
        Ok(match Source::open(input, options.read)? {
            Source::Lines(lines) => Self::Lines(lines),
            Source::Table(reader) => {
                let map = RowMap::new(reader.headers(), &options.map)?;
                Self::Table { reader, map: Box::new(map) }
            }
        })
    }

    /// Reads the next rows; none at the end. The first ones settle what the columns leave open.
    pub(super) fn read(&mut self) -> Result<RawRows, Error> {
        let mut bytes = 0;
        match self {
            Self::Table { reader, map } => {
                let is_first = reader.record() == 0;
                let mut rows: Vec<RawRow> = Vec::with_capacity(READ_ROWS);
                while rows.len() < READ_ROWS && bytes < READ_BYTES {
                    let mut row = RawRow::default();
                    if !reader.read_row(&mut row).map_err(unreadable)? {
                        break;
                    }
                    bytes += row.cells.as_slice().len();
                    rows.push(row);
                }
                if is_first {
                    map.observe(&rows);
                }
                Ok(RawRows::Table(rows))
            }
            Self::Lines(lines) => {
                let mut rows = Vec::new();
                while rows.len() < READ_ROWS && bytes < READ_BYTES {
                    let mut row = JsonRow::default();
                    if !lines.read_row(&mut row).map_err(unreadable)? {
                        break;
                    }
                    bytes += row.cells.as_slice().len();
                    rows.push(row);
                }
                Ok(RawRows::Lines(rows))
            }
        }
    }

    pub(super) fn check(&self, rows: RawRows, context: &RowContext) -> Vec<CheckedRow> {
        match (self, rows) {
            (Self::Table { map, .. }, RawRows::Table(rows)) => rows
                .into_par_iter()
                .map(|row| {
                    let (valid, mut issues) = if row.is_rejected() {
                        (None, Vec::new())
                    } else {
                        validate(row.line, &map.map_row(&row), context)
                    };
                    issues.extend(row.issues);
                    CheckedRow { line: row.line, cells: row.cells, valid, issues }
                })
                .collect(),
            (_, RawRows::Lines(rows)) => rows
                .into_par_iter()
                .map(|row| {
                    let (valid, issues) = validate_json(&row, context);
                    CheckedRow { line: row.line, cells: row.cells, valid, issues }
                })
                .collect(),
            (Self::Lines(_), RawRows::Table(_)) => Vec::new(),
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        match self {
            Self::Table { reader, .. } => reader.bytes_read(),
            Self::Lines(lines) => lines.bytes_read(),
        }
    }

    /// The headers of the error file.
    pub(super) fn headers(&self) -> Vec<String> {
        match self {
            Self::Table { reader, .. } => reader.headers().to_vec(),
            Self::Lines(_) => vec![json_lines::COLUMN.to_owned()],
        }
    }

    /// What it is.
    pub(super) fn form(&self) -> ListForm {
        match self {
            Self::Table { reader, map } => ListForm {
                format: "table",
                encoding: Some(reader.encoding().to_string()),
                delimiter: Some(reader.delimiter().to_string()),
                layout: Some(map.layout().to_string()),
            },
            Self::Lines(_) => ListForm { format: "jsonl", ..ListForm::default() },
        }
    }

    /// What becomes of every column; JSON has none.
    pub(super) fn columns(&self) -> Vec<ColumnReport> {
        match self {
            Self::Table { map, .. } => map.report(),
            Self::Lines(_) => Vec::new(),
        }
    }
}
