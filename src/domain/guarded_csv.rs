//! CSV files as they are written everywhere: RFC 4180, and no cell that a spreadsheet would run as a
//! formula (CSV injection, OWASP). An import takes the guards off again.
//!
//! The only place that names `csv::Writer`, so that no file can be written without guards.

use std::borrow::Cow;
use std::io::{self, Write};

/// What a formula begins with, also in full width.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// What some spreadsheets take for the end of a cell, also inside of quotes that do not stand at the
/// beginning of a cell for them: a semicolon where that is the delimiter, and ends of lines.
const ENDS: [char; 4] = [';', '\t', '\r', '\n'];

/// Fewest digits of what is a phone number because of its plus sign.
const PHONE_DIGITS: usize = 7;

/// Writes a CSV file whose cells are guarded.
pub struct CsvWriter<W: Write>(Box<csv::Writer<W>>);

impl<W: Write> CsvWriter<W> {
    /// Begins a file with commas; nothing is written before the first row.
    pub fn new(out: W) -> Self {
        Self::separated(out, b',')
    }

    /// Begins a file whose cells are separated by this byte.
    pub fn separated(out: W, delimiter: u8) -> Self {
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(delimiter).terminator(csv::Terminator::CRLF).buffer_capacity(1 << 16);
        Self(Box::new(builder.from_writer(out)))
    }

    /// Writes a row.
    ///
    /// # Errors
    /// If the file cannot be written, or the row has another number of cells than the first one.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(guard(cell.as_ref()).as_ref()).map_err(failed)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(failed)
    }

    /// Writes a row of a list that is read as the same again, whatever guards its cells had, and
    /// behind it what is said about it.
    ///
    /// # Errors
    /// As [`CsvWriter::row`].
    pub fn row_of_list<'a>(
        &mut self,
        cells: impl IntoIterator<Item = &'a str>,
        said: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(guard_raw(cell).as_ref()).map_err(failed)?;
        }
        self.row(said)
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The kind of an error tells whether a reader has just seen enough.
fn failed(error: csv::Error) -> io::Error {
    if let csv::ErrorKind::Io(source) = error.kind() {
        io::Error::new(source.kind(), error.to_string())
    } else {
        io::Error::other(error)
    }
}

/// A value as a cell: an apostrophe in front of what a spreadsheet would run, and of what would
/// lose one when it is read.
fn guard(value: &str) -> Cow<'_, str> {
    let inner = with_inner_guards(value);
    if is_formula(value) || is_guarded(value) { Cow::Owned(format!("'{inner}")) } else { inner }
}

/// A value with an apostrophe wherever a cell would begin with a formula if the value were cut.
fn with_inner_guards(value: &str) -> Cow<'_, str> {
    at_inner_formulas(value, |out, apostrophes| {
        out.push_str(apostrophes);
        out.push('\'');
    })
}

/// A value without the apostrophes that [`with_inner_guards`] puts in.
fn without_inner_guards(cell: &str) -> Cow<'_, str> {
    at_inner_formulas(cell, |out, apostrophes| {
        out.push_str(apostrophes.strip_prefix('\'').unwrap_or(apostrophes));
    })
}

/// Lets a function write the apostrophes in front of each formula that does not begin the text.
fn at_inner_formulas(text: &str, write: impl Fn(&mut String, &str)) -> Cow<'_, str> {
    if !text.contains(ENDS) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 4);
    for (at, part) in text.split_inclusive(ENDS).enumerate() {
        let rest = skipped(part);
        let core = rest.trim_start_matches('\'');
        if at == 0 || !core.starts_with(SIGNS) || is_number(core.trim_end_matches(ENDS).trim_end())
        {
            out.push_str(part);
            continue;
        }
        out.push_str(&part[..part.len() - rest.len()]);
        write(&mut out, &rest[..rest.len() - core.len()]);
        out.push_str(core);
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// A cell that came from a list as one that says the same.
fn guard_raw(cell: &str) -> Cow<'_, str> {
    if !is_formula(cell) {
        let guarded = with_inner_guards(&without_inner_guards(cell)).into_owned();
        return if guarded == cell { Cow::Borrowed(cell) } else { Cow::Owned(guarded) };
    }
    let value = with_inner_guards(&unguarded(cell)).into_owned();
    let guarded = format!("'{value}");
    // What was text because of its quotes stays text.
    Cow::Owned(if is_guarded(&guarded) { guarded } else { value })
}

/// The value of a cell without the guards that keep a spreadsheet from touching it: `="007"`, and
/// an apostrophe in front of digits, of a formula, or of another guard.
pub fn unguarded(cell: &str) -> Cow<'_, str> {
    // In this order, since guards inside of it keep a cell from looking like a formula.
    match without_inner_guards(cell) {
        Cow::Borrowed(cell) => Cow::Borrowed(without_guard(cell)),
        Cow::Owned(cell) => Cow::Owned(without_guard(&cell).to_owned()),
    }
}

/// The same for one line, in which no other formula can begin.
pub fn without_guard(cell: &str) -> &str {
    let cell = cell.trim();
    if let Some(inner) = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return inner;
    }
    if is_guarded(cell) { &cell[1..] } else { cell }
}

/// Whether the apostrophe in front of a cell is a guard.
fn is_guarded(cell: &str) -> bool {
    let rest = cell.trim_start_matches('\'');
    rest.len() < cell.len()
        && (rest.starts_with(|c: char| c.is_ascii_digit())
            || is_formula(rest)
            || skipped(rest).starts_with(SIGNS))
}

/// Whether a spreadsheet takes a cell for a formula, or would after what it skips in front.
fn is_formula(cell: &str) -> bool {
    if cell.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    skipped(cell).starts_with(SIGNS) && !is_number(cell)
}

/// A cell without blanks and what is not seen in front.
fn skipped(cell: &str) -> &str {
    let is_unseen = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    cell.trim_start_matches(is_unseen)
}

/// Whether a cell is a number with its sign, a phone number, or several of them: programs that read
/// the file need these as they are.
fn is_number(cell: &str) -> bool {
    cell.split(" | ").all(|part| is_amount(part) || is_phone(part))
}

fn is_amount(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

/// Digits with what is written between them, an extension behind; one sign at most, in front.
fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    let end = digits.find(['x', 'e']).unwrap_or(digits.len());
    let (digits, extension) = digits.split_at(end);
    let extension = ["ext. ", "ext ", "x"].iter().find_map(|word| extension.strip_prefix(word));
    let extension = extension.unwrap_or(&text[1 + end..]);
    let mut count = 0;
    let is_written = digits.chars().all(|c| {
        count += usize::from(c.is_ascii_digit());
        c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '.' | '-' | '/')
    });
    is_written && count >= PHONE_DIGITS && extension.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut out = Vec::new();
        let mut csv = CsvWriter::new(&mut out);
        csv.row(cells).unwrap();
        csv.flush().unwrap();
        drop(csv);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_are_guarded_in_every_spelling() {
        for formula in [
            "=1+1",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "\u{ff1d}1+1",
            "\u{ff0b}1+1",
            "\u{ff0d}1+1",
            "\u{ff20}SUM(A1)",
            " =1+1",
            "\u{feff}=1+1",
            "\u{200b}=1+1",
            "\u{a0}@x",
            "+cmd|' /C calc'!A0",
            "-2+3+cmd|' /C calc'!A0",
            "+49(1)+1",
            "+1-1",
            "=HYPERLINK(\"https://example.com\")",
            "+12025550123 | =1",
            "--1",
            "+12025550123 exec",
            "+12025550123 x5+1",
            "-",
            "+",
        ] {
            assert_eq!(guard(formula), format!("'{formula}"), "{formula:?}");
            assert!(written(&[formula]).trim_start_matches('"').starts_with('\''), "{formula:?}");
        }
    }

    #[test]
    fn numbers_and_texts_stay_as_they_are() {
        for cell in [
            "",
            "Ada",
            "O'Hara",
            "'t Hart",
            "a=b",
            "12",
            "-5",
            "+5",
            "-0.75",
            "+12025550123",
            "+12025550123 x5",
            "+12025550123x5",
            "+12025550123 ext. 405",
            "+12025550123 | +4930901820",
            "+1 (202) 555-0123",
            "(202) 555-0123",
            "2025-01-31",
        ] {
            assert_eq!(guard(cell), cell);
            assert_eq!(unguarded(cell), cell);
        }
    }

    #[test]
    fn what_a_semicolon_or_a_line_end_would_cut_off_is_guarded_too() {
        for (value, cell) in [
            (";=1", ";'=1"),
            ("a;=1+1;b", "a;'=1+1;b"),
            ("a\n=1", "a\n'=1"),
            ("a; @SUM(A1)\r\n+1+1", "a; '@SUM(A1)\r\n'+1+1"),
            ("a;'=1", "a;''=1"),
            ("=1;=2", "'=1;'=2"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n=1", "'\n'=1"),
            ("a;b", "a;b"),
            ("call +12025550110; +12025550111", "call +12025550110; +12025550111"),
            ("a;-5", "a;-5"),
        ] {
            assert_eq!(guard(value), cell, "{value:?}");
            assert_eq!(unguarded(cell).trim(), value.trim(), "{cell:?}");
            // A cell of a list loses what stands around it, and its own guards are not doubled.
            let raw = if value == "a;'=1" { value } else { cell };
            assert_eq!(unguarded(&guard_raw(value)), unguarded(raw).trim(), "{value:?}");
        }
    }

    #[test]
    fn cells_of_a_list_are_read_as_the_same_again() {
        for (came, written) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "'=1+1"),
            ("'+12025550123", "'+12025550123"),
            ("=\"0202\"", "'0202"),
            ("=\"Ada\"", "Ada"),
            ("+12025550123", "+12025550123"),
            ("Ada", "Ada"),
        ] {
            assert_eq!(guard_raw(came), written);
            assert_eq!(unguarded(came).len(), unguarded(written).len());
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_as_the_same(text in "['=+@0-9\u{ff1d}\"a; \n\\-]{0,8}|.{0,12}") {
            let value = text.trim();
            let cell = guard(value);
            let read = unguarded(&cell).into_owned();
            prop_assert_eq!(read, value);
            prop_assert!(!is_formula(&cell));
        }

        #[test]
        fn no_cell_of_a_list_becomes_a_formula(text in "['=+@0-9\u{ff1d}\"a \\-]{0,8}|.{0,12}") {
            let cell = guard_raw(&text);
            prop_assert!(!is_formula(&cell));
        }
    }
}
