//! Keeps spreadsheets from running cells of CSV files as formulas (CSV injection, OWASP). Every CSV
//! that is written anywhere goes through here.

use std::borrow::Cow;

/// What a cell begins with that a spreadsheet takes for a formula, also in full width.
const BEGINNINGS: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Whether a spreadsheet takes a cell for a formula.
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(BEGINNINGS)
}

/// A cell of text: an apostrophe in front where it would be a formula.
pub fn guard(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell that may be a phone number, or an amount: signs in front of digits stay, for others go on
/// with such a cell as it is. Anything else is guarded as text.
pub fn guard_number(cell: &str) -> Cow<'_, str> {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '(')
        && digits.chars().all(|c| c.is_ascii_digit() || " ().-/|+x;,".contains(c));
    if is_number { Cow::Borrowed(cell) } else { guard(cell) }
}
