//! From the bytes of a list to contacts: one stage per file, one type per arrow.
//!
//! ```text
//! bytes -- encoding --> UTF-8 -- delimiter, read --> RawRow -- header, map --> MappedRow
//! MappedRow -- validate --> Draft -- match_existing --> RowDecision -- (written by `app`) --> report
//! ```
//!
//! Each stage adds [`RowIssue`]s to its rows and goes on: bad data is not an error. An [`Error`]
//! means that the file as a whole can not be read, or that the caller asked for something that
//! does not exist. Memory is bounded whatever the bytes are. Nothing here reads or writes the
//! store: the use cases feed this module and apply what it says.

mod alias;
mod alias_world;
mod cards;
mod cell;
mod columns;
pub mod delimiter;
pub mod encoding;
mod error;
mod gzip;
pub mod header;
pub mod issue;
pub mod json_lines;
mod json_values;
pub mod map;
pub mod match_existing;
mod outlook_german;
pub mod read;
mod refusal;
pub mod report;
pub mod source;
pub mod spreadsheet;
pub mod target;
pub mod validate;
pub mod vcard;
pub mod workbook;

pub use cards::Cards;
pub use columns::ColumnReport;
pub use error::Error;
pub(crate) use gzip::is_gzip;
pub use header::Layout;
pub use issue::{IssueCode, RowIssue, Severity};
pub use json_lines::{JsonRow, validate_json};
pub use map::{ColumnPlan, MapOptions, MappedRow, MappedValue, Origin, RowMap, column_named};
pub use read::{RawRow, ReadOptions, Reader};
pub use report::{Counts, ErrorFile, Warning, Warnings};
pub use source::{Input, Source, open_table};
pub use target::{AddressPart, Label, Target, default_for, parse_default, parse_mapping};
pub use validate::{RowContext, ValidRow, validate};
pub use vcard::validate_card;
pub use workbook::SheetForm;
