//! The list of an import, read and checked batch by batch.

use std::io::Read;

use rayon::prelude::*;

use super::error::Error;
use super::imports::{CheckedRow, ImportOptions, unreadable};
use crate::import::json_lines::{self, JsonLines};
use crate::import::vcard;
use crate::import::{
    self, Cards, ColumnReport, Input, JsonRow, RawRow, Reader, RowContext, RowMap, Source,
    validate, validate_card, validate_json,
};

/// Rows that are read and checked at once.
const READ_ROWS: usize = 4_000;
/// Bytes of rows that are read at once.
const READ_BYTES: usize = 32 * 1024 * 1024;

/// What a list is, as far as it was found out.
#[derive(Clone, Debug, Default)]
pub struct ListForm {
    /// `table`, `xlsx`, `ods`, `jsonl` or `vcf`.
    pub format: &'static str,
    /// The encoding of a table.
    pub encoding: Option<String>,
    /// The delimiter of a table.
    pub delimiter: Option<String>,
    /// The program whose headers a table has, or `plain`.
    pub layout: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// All sheets of a workbook.
    pub sheets: Vec<String>,
}

/// A list with what is known of it.
pub(super) enum List<'a> {
    Table { reader: Box<Reader<Input<'a>>>, map: Box<RowMap> },
    Lines(JsonLines<Input<'a>>),
    Cards(Cards<Input<'a>>),
}

/// Rows as they were read.
pub(super) enum RawRows {
    Table(Vec<RawRow>),
    Lines(Vec<JsonRow>),
}

impl RawRows {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Table(rows) => rows.len(),
            Self::Lines(rows) => rows.len(),
        }
    }

    fn unchecked(self) -> Vec<CheckedRow> {
        let unchecked =
            |line, cells| CheckedRow { line, place: 0, cells, valid: None, issues: Vec::new() };
        match self {
            Self::Table(rows) => {
                rows.into_iter().map(|row| unchecked(row.line, row.cells)).collect()
            }
            Self::Lines(rows) => {
                rows.into_iter().map(|row| unchecked(row.line, row.cells)).collect()
            }
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn open(
        input: impl Read + Send + 'a,
        options: &ImportOptions,
    ) -> Result<Self, import::Error> {
        Ok(match Source::open(input, &options.read)? {
            Source::Lines(lines) => Self::Lines(lines),
            Source::Cards(cards) => Self::Cards(cards),
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
            Self::Lines(lines) => rows_of(&mut |row| lines.read_row(row)),
            Self::Cards(cards) => rows_of(&mut |row| cards.read_row(row)),
        }
    }

    /// Checks rows; without a context they are only taken over, for they are done.
    pub(super) fn check(&self, rows: RawRows, context: Option<&RowContext>) -> Vec<CheckedRow> {
        let Some(context) = context else { return rows.unchecked() };
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
                    CheckedRow { line: row.line, place: 0, cells: row.cells, valid, issues }
                })
                .collect(),
            (list, RawRows::Lines(rows)) => {
                let read =
                    if matches!(list, Self::Cards(_)) { validate_card } else { validate_json };
                let check = |row: JsonRow| {
                    let (valid, issues) = read(&row, context);
                    CheckedRow { line: row.line, place: 0, cells: row.cells, valid, issues }
                };
                rows.into_par_iter().map(check).collect()
            }
            (Self::Lines(_) | Self::Cards(_), RawRows::Table(_)) => Vec::new(),
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        match self {
            Self::Table { reader, .. } => reader.bytes_read(),
            Self::Lines(lines) => lines.bytes_read(),
            Self::Cards(cards) => cards.bytes_read(),
        }
    }

    /// The headers of the error file.
    pub(super) fn headers(&self) -> Vec<String> {
        match self {
            Self::Table { reader, .. } => reader.headers().to_vec(),
            Self::Lines(_) => vec![json_lines::COLUMN.to_owned()],
            Self::Cards(_) => vec![vcard::COLUMN.to_owned()],
        }
    }

    /// What it is.
    pub(super) fn form(&self) -> ListForm {
        match self {
            Self::Table { reader, map } => {
                let layout = Some(map.layout().to_string());
                match reader.sheet() {
                    Some(sheet) => ListForm {
                        format: sheet.format,
                        layout,
                        sheet: Some(sheet.name.clone()),
                        sheets: sheet.sheets.clone(),
                        ..ListForm::default()
                    },
                    None => ListForm {
                        format: "table",
                        encoding: Some(reader.encoding().to_string()),
                        delimiter: Some(reader.delimiter().to_string()),
                        layout,
                        ..ListForm::default()
                    },
                }
            }
            Self::Cards(cards) => ListForm {
                format: "vcf",
                encoding: Some(cards.encoding().to_string()),
                ..ListForm::default()
            },
            Self::Lines(_) => ListForm { format: "jsonl", ..ListForm::default() },
        }
    }

    /// What becomes of every column; JSON and cards have none.
    pub(super) fn columns(&self) -> Vec<ColumnReport> {
        match self {
            Self::Table { map, .. } => map.report(),
            Self::Lines(_) | Self::Cards(_) => Vec::new(),
        }
    }
}

/// Reads the next rows of a list without columns.
fn rows_of(
    next: &mut dyn FnMut(&mut JsonRow) -> Result<bool, import::Error>,
) -> Result<RawRows, Error> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while rows.len() < READ_ROWS && bytes < READ_BYTES {
        let mut row = JsonRow::default();
        if !next(&mut row).map_err(unreadable)? {
            break;
        }
        bytes += row.cells.as_slice().len();
        rows.push(row);
    }
    Ok(RawRows::Lines(rows))
}
