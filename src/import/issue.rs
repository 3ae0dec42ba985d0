//! What is wrong with one row: data, not errors.
//!
//! Every stage of the import adds issues to its rows and goes on; only an unreadable file is an
//! [`Error`](super::Error). Each issue says where, what, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest piece of a cell that an issue repeats, in characters.
const VALUE_CHARS: usize = 80;

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row is imported, something about it is worth a look.
    Warning,
    /// The row can not be imported as it is.
    Error,
}

/// What kind of issue it is; the texts of the codes never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IssueCode {
    /// A quote is opened and never closed.
    QuoteUnclosed,
    /// A cell is longer than [`MAX_CELL_BYTES`](super::read::MAX_CELL_BYTES).
    CellTooLong,
    /// A row is longer than [`MAX_ROW_BYTES`](super::read::MAX_ROW_BYTES).
    RowTooLong,
    /// A row has fewer cells than the header.
    CellsMissing,
    /// A row has more cells than the header.
    CellsExtra,
    /// A cell has characters that were lost in an earlier conversion.
    TextDamaged,
    /// A cell has NUL characters, which were left out.
    NulRemoved,
    /// A spreadsheet turned a number into scientific notation, or an error into text.
    SpreadsheetDamage,
    /// A phone number can not be read as one.
    PhoneInvalid,
    /// An e-mail address can not be one.
    EmailInvalid,
    /// A date can not be read.
    DateInvalid,
    /// A value is none of those that the field knows.
    ValueUnknown,
    /// A line is not a contact as JSON.
    JsonInvalid,
    /// A card is no vCard that can be read.
    CardInvalid,
    /// A text is too long or has control characters.
    TextInvalid,
    /// A value does not fit the definition of its custom field.
    CustomFieldInvalid,
    /// Another column has filled the field already.
    ValueLeftOut,
    /// A cell was damaged and what it must have been is certain.
    ValueRepaired,
    /// The row has nothing that could tell a contact.
    ContactEmpty,
    /// A contact would count as one that agreed, and nothing says when and where.
    ConsentUnproven,
    /// No column goes to anything by which contacts are told apart.
    NothingMapped,
    /// The row says something that its importer may not say.
    NotAllowed,
    /// Somebody has changed the field since the list was made, and that stays.
    EditKept,
    /// The row belongs to a contact that exists, and duplicates are to be asked about.
    NeedsReview,
}

impl IssueCode {
    /// The permanent text of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QuoteUnclosed => "quote_unclosed",
            Self::CellTooLong => "cell_too_long",
            Self::RowTooLong => "row_too_long",
            Self::CellsMissing => "cells_missing",
            Self::CellsExtra => "cells_extra",
            Self::TextDamaged => "text_damaged",
            Self::NulRemoved => "nul_removed",
            Self::SpreadsheetDamage => "spreadsheet_damage",
            Self::PhoneInvalid => "phone_invalid",
            Self::EmailInvalid => "email_invalid",
            Self::DateInvalid => "date_invalid",
            Self::ValueUnknown => "value_unknown",
            Self::JsonInvalid => "json_invalid",
            Self::CardInvalid => "card_invalid",
            Self::TextInvalid => "text_invalid",
            Self::CustomFieldInvalid => "custom_field_invalid",
            Self::ValueLeftOut => "value_left_out",
            Self::ValueRepaired => "value_repaired",
            Self::ContactEmpty => "contact_empty",
            Self::ConsentUnproven => "consent_unproven",
            Self::NothingMapped => "nothing_mapped",
            Self::NotAllowed => "not_allowed",
            Self::EditKept => "edit_kept",
            Self::NeedsReview => "needs_review",
        }
    }
}

/// Something wrong with one row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowIssue {
    /// The line of the file where the trouble begins; the first line is 1.
    pub line: u64,
    /// The header of the column, when it is about one.
    pub column: Option<String>,
    /// The beginning of the cell.
    pub value: String,
    /// What kind of issue it is.
    pub code: IssueCode,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in a sentence without a full stop.
    pub reason: String,
    /// What to do about it.
    pub suggestion: String,
}

impl RowIssue {
    /// Makes an issue that keeps the row from being imported.
    pub fn error(line: u64, code: IssueCode, reason: impl Into<String>) -> Self {
        Self {
            line,
            column: None,
            value: String::new(),
            code,
            severity: Severity::Error,
            reason: reason.into(),
            suggestion: String::new(),
        }
    }

    /// Makes an issue with which the row is imported all the same.
    pub fn warning(line: u64, code: IssueCode, reason: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(line, code, reason) }
    }

    /// Says which cell it is about; a long value is cut.
    #[must_use]
    pub fn at(mut self, column: impl Into<String>, value: &str) -> Self {
        self.column = Some(column.into());
        self.value = shortened(value);
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = suggestion.into();
        self
    }
}

impl fmt::Display for RowIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column \"{column}\"")?;
        }
        write!(f, ": {}", self.reason)?;
        if !self.suggestion.is_empty() {
            write!(f, "; {}", self.suggestion)?;
        }
        Ok(())
    }
}

/// The beginning of a text, on a character boundary, with an ellipsis where it was cut.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_reads_as_one_sentence() {
        let issue = RowIssue::error(7, IssueCode::CellTooLong, "the cell has 70000 bytes")
            .at("Notes", &"é".repeat(100))
            .suggest("shorten it");
        assert_eq!(
            issue.to_string(),
            "line 7, column \"Notes\": the cell has 70000 bytes; shorten it"
        );
        assert_eq!(issue.value.chars().count(), VALUE_CHARS + 1);
        assert_eq!(issue.code.as_str(), "cell_too_long");
        assert!(issue.severity > Severity::Warning);
    }
}
