//! Why a whole file can not be imported.

use std::io;

use super::target::field_names;

/// A file that can not be read, or a request that does not fit it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source of the bytes failed.
    #[error("could not read the file after line {line}: {source}")]
    Read {
        /// The last line that was read.
        line: u64,
        /// What the source said.
        source: io::Error,
    },
    /// There is no row at all.
    #[error("the file is empty")]
    Empty,
    /// The bytes are of a known format that is not a list of values.
    #[error("the file is {what}, not a list of values: {hint}")]
    NotText {
        /// What it is.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A workbook that can not be read.
    #[error("the workbook cannot be read: {reason}; save it again as .xlsx, or as .csv")]
    Workbook {
        /// What is wrong with it.
        reason: String,
    },
    /// A sheet that a workbook does not have.
    #[error("the workbook has no sheet \"{name}\"; its sheets are {sheets}")]
    NoSheet {
        /// What was asked for.
        name: String,
        /// All sheets, quoted, as far as they fit.
        sheets: String,
    },
    /// The header can not be understood.
    #[error("the header in line {line} can not be read: {reason}")]
    Header {
        /// Where the header begins.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The header has too many columns.
    #[error(
        "the file has {found} columns, at most {limit} can be imported: remove columns or check the delimiter"
    )]
    TooManyColumns {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// So many quotes are unclosed that finding the rows would take too long.
    #[error(
        "too many quotes are not closed, the last one in line {line}: check the delimiter and the quotes"
    )]
    TooDamaged {
        /// Where the last one is.
        line: u64,
    },
    /// An encoding that nobody knows.
    #[error("unknown encoding \"{name}\": use for example utf-8, windows-1252 or utf-16le")]
    UnknownEncoding {
        /// What was asked for.
        name: String,
    },
    /// A delimiter that is not one of ours.
    #[error("unknown delimiter \"{name}\": use comma, semicolon, tab or pipe")]
    UnknownDelimiter {
        /// What was asked for.
        name: String,
    },
    /// A field that a column can not go to.
    #[error("unknown field \"{name}\"{hint}; fields are {} cf.KEY ignore", field_names().collect::<Vec<_>>().join(" "))]
    UnknownField {
        /// What was asked for.
        name: String,
        /// The field that may have been meant.
        hint: String,
    },
    /// A column that the file does not have.
    #[error("the file has no column \"{name}\"{hint}; columns are {columns}")]
    UnknownColumn {
        /// What was asked for.
        name: String,
        /// The column that may have been meant.
        hint: String,
        /// All columns, quoted, as far as they fit.
        columns: String,
    },
    /// A default for a field by which contacts are told apart.
    #[error("{field} can have no default: every row has its own")]
    NoDefault {
        /// The field.
        field: String,
    },
    /// A mapping that is not `COLUMN=field`.
    #[error("\"{text}\" is not of the form COLUMN=field")]
    Mapping {
        /// What was given.
        text: String,
    },
}
