//! Bytes to rows of cells: a reader of delimited text for files that people made.
//!
//! RFC 4180 with every kind of line end, and with bounds: whatever the bytes, at most a few
//! megabytes are held and the time grows with the length of the file. A row that breaks a rule is
//! given out with an issue that says where, and the next row is read as if nothing had happened.
//! The hard case is a quote that is never closed: it would swallow all rows after it. It is
//! recognised by the size of the row, by the end of the file, or by a closing quote some lines
//! further on that is followed by more text; then only the line with the quote is given up.
//! Does not know what the columns mean, but asks [`super::header`] which row has their names.

mod head;

use std::io::Read;

use csv::StringRecord;

use super::Error;
use super::delimiter::{self, Delimiter};
use super::encoding::{SAMPLE_BYTES, TextEncoding, Transcoder};
use super::issue::{IssueCode, RowIssue, Severity};
use super::workbook::{CUT, LINE_IN_CELL, SheetForm};
use crate::domain::draft::MAX_NOTES;
use crate::domain::text::visible;
use head::refuse_known_formats;

/// The most columns that a file may have.
pub const MAX_COLUMNS: usize = 2_000;
/// The longest cell, in bytes of UTF-8: the longest notes that a contact can have.
pub const MAX_CELL_BYTES: usize = 4 * MAX_NOTES;
/// The longest row, in bytes of UTF-8.
pub const MAX_ROW_BYTES: usize = 2 * 1024 * 1024;
/// How much text may be read twice, because of unclosed quotes, before a file is given up.
const MAX_WASTED_BYTES: usize = 100 * MAX_ROW_BYTES;

/// What is known about a file beforehand; the rest is found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The encoding, if it is not to be detected.
    pub encoding: Option<TextEncoding>,
    /// The delimiter, if it is not to be detected.
    pub delimiter: Option<Delimiter>,
    /// Whether the first row holds the names of the columns.
    pub has_header: bool,
    /// The sheet of a workbook, by name or as `#2`, if it is not the first that is shown.
    pub sheet: Option<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { encoding: None, delimiter: None, has_header: true, sheet: None }
    }
}

/// One row of a file; can be used again for the next.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// The line of the file where the row begins; the first line is 1.
    pub line: u64,
    /// The number of the row; the first after the header is 1.
    pub record: u64,
    /// As many cells as there are columns, but in a rejected row whatever could be told apart.
    pub cells: StringRecord,
    /// What is wrong with the row.
    pub issues: Vec<RowIssue>,
}

impl RawRow {
    /// Whether an issue keeps the row from being imported.
    pub fn is_rejected(&self) -> bool {
        self.issues.iter().any(|issue| issue.severity == Severity::Error)
    }

    /// The cell of a column; empty where there is none.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }
}

/// Reads the rows of a file one after the other.
pub struct Reader<R> {
    input: Transcoder<R>,
    delimiter: Delimiter,
    headers: Vec<String>,
    has_header: bool,
    /// What the text is if it is a sheet of a workbook.
    sheet: Option<SheetForm>,
    /// Bytes of UTF-8 from the beginning of the present row on, and those before `row_at`.
    buffer: Vec<u8>,
    row_at: usize,
    at_end: bool,
    line: u64,
    record: u64,
    /// How much more text may be read twice.
    patience_bytes: usize,
    /// The unescaped cells of the present row, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Where a quote was opened.
#[derive(Clone, Copy)]
struct Quote {
    at: usize,
    line: u64,
    column: usize,
}

/// What the bytes from `row_at` on turned out to be.
enum Scan {
    End,
    Row {
        next: usize,
        lines: u64,
    },
    /// With the place where that became clear.
    Unclosed(Quote, usize),
    /// With the place and the lines after the row where its end is known.
    TooLong(Option<(usize, u64)>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// Right after a quote that closes, or is the first of two.
    Closed,
    /// In the spaces after a closing quote.
    After,
}

impl<R: Read> Reader<R> {
    /// Finds out encoding and delimiter and reads the header.
    pub fn open(input: R, options: &ReadOptions) -> Result<Self, Error> {
        let failed = |source| Error::Read { line: 0, source };
        Self::begin(Transcoder::new(input, options.encoding).map_err(failed)?, options, None)
    }

    /// The same for a file of which the encoding has been found out.
    pub(super) fn begin(
        mut input: Transcoder<R>,
        options: &ReadOptions,
        sheet: Option<SheetForm>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Read { line: 0, source };
        refuse_known_formats(input.sample())?;
        let mut buffer = Vec::with_capacity(2 * SAMPLE_BYTES);
        let (mut at_end, mut row_at) = (false, 0);
        while !at_end && buffer.len() < SAMPLE_BYTES {
            at_end = append(&mut input, &mut buffer).map_err(failed)? == 0;
        }
        let mut line = 1;
        let mut found = None;
        if let Some((delimiter, length)) = delimiter::excel_directive(&buffer) {
            (found, row_at, line) = (Some(delimiter), length, 2);
        }
        let delimiter = options
            .delimiter
            .or(found)
            .unwrap_or_else(|| delimiter::detect(&buffer[row_at..], at_end));
        let mut this = Self {
            input,
            delimiter,
            headers: Vec::new(),
            has_header: options.has_header,
            sheet,
            buffer,
            row_at,
            at_end,
            line,
            record: 0,
            patience_bytes: MAX_WASTED_BYTES,
            text: Vec::new(),
            ends: Vec::new(),
        };
        this.read_header()?;
        Ok(this)
    }

    /// The names of the columns, trimmed; `Column 3` for one without a name.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The delimiter in use.
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// The encoding in use; UTF-8 as long as nothing but ASCII has been seen.
    pub fn encoding(&self) -> TextEncoding {
        self.input.encoding()
    }

    /// How many rows have been read.
    pub fn record(&self) -> u64 {
        self.record
    }

    /// How many bytes of the file have been read, for the progress of an import; of a workbook in
    /// proportion to the rows of its sheet.
    pub fn bytes_read(&self) -> u64 {
        match &self.sheet {
            None => self.input.bytes_read(),
            Some(sheet) => {
                (sheet.bytes * self.line.min(sheet.rows)).checked_div(sheet.rows).unwrap_or(0)
            }
        }
    }

    /// What the table is if it is a sheet of a workbook.
    pub fn sheet(&self) -> Option<&SheetForm> {
        self.sheet.as_ref()
    }

    /// Reads the next row that is not blank; false at the end of the file.
    pub fn read_row(&mut self, row: &mut RawRow) -> Result<bool, Error> {
        row.issues.clear();
        row.cells.clear();
        loop {
            row.line = self.line;
            match self.scan()? {
                Scan::End => return Ok(false),
                Scan::Row { next, lines } => {
                    self.advance(next, lines);
                    if self.is_blank() {
                        continue;
                    }
                    self.take_cells(row);
                    self.check_width(row);
                }
                Scan::Unclosed(quote, seen) => {
                    let name = self.column_name(quote.column);
                    self.patience_bytes = (self.patience_bytes + self.row_at)
                        .checked_sub(seen)
                        .ok_or(Error::TooDamaged { line: quote.line })?;
                    let next = self.give_up_line(quote, row);
                    let issue = RowIssue::error(
                        quote.line,
                        IssueCode::QuoteUnclosed,
                        "a quote is opened here and not closed",
                    );
                    row.issues.push(
                        issue
                            .at(name, &String::from_utf8_lossy(&self.buffer[quote.at..next]))
                            .suggest("close the quote, or double a quote that is part of the text"),
                    );
                    self.advance(next, quote.line - self.line + 1);
                }
                Scan::TooLong(end) => {
                    let head = &self.buffer[self.row_at..self.buffer.len().min(self.row_at + 400)];
                    let head = String::from_utf8_lossy(head).into_owned();
                    let reason = format!("the row is longer than {MAX_ROW_BYTES} bytes");
                    let mut issue = RowIssue::error(self.line, IssueCode::RowTooLong, reason)
                        .suggest("shorten its cells, or check the line ends of the file");
                    issue.value = super::issue::shortened(&head);
                    row.cells.push_field(&issue.value);
                    row.issues.push(issue);
                    match end {
                        Some((next, lines)) => self.advance(next, lines),
                        None => self.skip_line()?,
                    }
                }
            }
            self.record += 1;
            row.record = self.record;
            return Ok(true);
        }
    }

    /// The remaining rows, each in a row of its own; ends after an error.
    pub fn rows(&mut self) -> impl Iterator<Item = Result<RawRow, Error>> + '_ {
        let mut ended = false;
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let mut row = RawRow::default();
            let read = self.read_row(&mut row);
            ended = !matches!(read, Ok(true));
            match read {
                Ok(true) => Some(Ok(row)),
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            }
        })
    }

    /// Whether the row has no text at all, quoted or not.
    fn is_blank(&self) -> bool {
        self.text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
    }

    fn advance(&mut self, next: usize, lines: u64) {
        self.row_at = next;
        self.line += lines;
        // Moving the rest to the front now and then keeps the cost in proportion.
        if self.row_at > 4 * SAMPLE_BYTES || self.row_at == self.buffer.len() {
            self.buffer.drain(..self.row_at);
            self.row_at = 0;
        }
    }

    /// Appends more of the file to the buffer; false at its end.
    fn fill(&mut self) -> Result<bool, Error> {
        if !self.at_end {
            let read = append(&mut self.input, &mut self.buffer)
                .map_err(|source| Error::Read { line: self.line, source })?;
            self.at_end = read == 0;
        }
        Ok(!self.at_end)
    }

    /// Takes the row apart that begins at `row_at`, into `text` and `ends`.
    fn scan(&mut self) -> Result<Scan, Error> {
        self.text.clear();
        self.ends.clear();
        let delimiter = self.delimiter.byte();
        let mut at = self.row_at;
        let mut lines = 0;
        let mut state = State::Start;
        let mut quote = Quote { at, line: self.line, column: 0 };
        let mut after_return = false;
        loop {
            let Some(&byte) = self.buffer.get(at) else {
                let in_quotes = state == State::Quoted;
                let too_long = at - self.row_at > MAX_ROW_BYTES;
                let several_lines = self.line + lines > quote.line;
                if too_long && !(in_quotes && several_lines) {
                    return Ok(Scan::TooLong(None));
                }
                if !too_long && self.fill()? {
                    continue;
                }
                if in_quotes {
                    return Ok(Scan::Unclosed(quote, at));
                }
                if at == self.row_at {
                    return Ok(Scan::End);
                }
                self.ends.push(self.text.len());
                return Ok(Scan::Row { next: at, lines });
            };
            at += 1;
            if state == State::Quoted {
                match byte {
                    b'"' => state = State::Closed,
                    b'\n' if after_return => {}
                    b'\n' | b'\r' => {
                        lines += 1;
                        self.text.push(b'\n');
                    }
                    _ => self.text.push(byte),
                }
                after_return = byte == b'\r';
            } else if byte == delimiter {
                self.ends.push(self.text.len());
                state = State::Start;
            } else if byte == b'\n' || byte == b'\r' {
                self.ends.push(self.text.len());
                if byte == b'\r' && (at < self.buffer.len() || self.fill()?) {
                    at += usize::from(self.buffer.get(at) == Some(&b'\n'));
                }
                return Ok(if at - self.row_at > MAX_ROW_BYTES {
                    Scan::TooLong(Some((at, lines + 1)))
                } else {
                    Scan::Row { next: at, lines: lines + 1 }
                });
            } else if byte == b'"' && state == State::Start {
                state = State::Quoted;
                after_return = false;
                quote = Quote { at: at - 1, line: self.line + lines, column: self.ends.len() };
            } else if byte == b'"' && state == State::Closed {
                self.text.push(b'"');
                state = State::Quoted;
            } else if byte == b' ' && (state == State::Closed || state == State::After) {
                self.text.push(byte);
                state = State::After;
            } else {
                // Text after a closing quote: harmless in one line, but some lines further on the
                // quote is the opening one of another cell, and the first was never closed.
                let closed = state == State::Closed || state == State::After;
                if closed && self.line + lines > quote.line {
                    return Ok(Scan::Unclosed(quote, at));
                }
                self.text.push(byte);
                state = State::Plain;
            }
        }
    }

    /// Makes a row of the lines up to that of an unclosed quote, and says where the next begins.
    fn give_up_line(&self, quote: Quote, row: &mut RawRow) -> usize {
        let rest = &self.buffer[quote.at..];
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(self.buffer.len(), |length| quote.at + length);
        let text = String::from_utf8_lossy(&self.buffer[self.row_at..end]);
        for cell in text.split(char::from(self.delimiter.byte())).take(MAX_COLUMNS) {
            row.cells.push_field(cut(cell, MAX_CELL_BYTES));
        }
        match self.buffer.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => end,
        }
    }

    /// Leaves out everything up to the next line end, without holding it.
    fn skip_line(&mut self) -> Result<(), Error> {
        loop {
            let rest = &self.buffer[self.row_at..];
            if let Some(length) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                let end = self.row_at + length;
                if self.buffer.len() < end + 2 {
                    self.fill()?;
                }
                let pair = self.buffer[end..].starts_with(b"\r\n");
                self.advance(end + 1 + usize::from(pair), 1);
                return Ok(());
            }
            self.buffer.clear();
            self.row_at = 0;
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Moves the cells into the row, with an issue for each that is too long or damaged.
    fn take_cells(&self, row: &mut RawRow) {
        let mut start = 0;
        for (column, &end) in self.ends.iter().enumerate().take(MAX_COLUMNS) {
            let mut text = String::from_utf8_lossy(&self.text[start..end]);
            start = end;
            if self.sheet.is_some() && text.contains(LINE_IN_CELL) {
                text = text.replace(LINE_IN_CELL, "\n").into();
            }
            if self.sheet.is_some() && text.ends_with(CUT) {
                let reason = "the text was cut when the workbook was written; it is left out";
                let issue = RowIssue::warning(row.line, IssueCode::ValueLeftOut, reason);
                let issue = issue.at(self.column_name(column), &text);
                row.issues.push(issue.suggest("export it as CSV or JSON Lines"));
                text = "".into();
            }
            let shown = visible(&text);
            let mut cell = shown.as_ref();
            let without_nul;
            if cell.contains('\0') {
                without_nul = cell.replace('\0', "");
                cell = &without_nul;
                row.issues.push(
                    RowIssue::warning(
                        row.line,
                        IssueCode::NulRemoved,
                        "the cell has NUL characters",
                    )
                    .at(self.column_name(column), cell)
                    .suggest("they were left out; export the file again if text is missing"),
                );
            }
            if cell.contains('\u{fffd}') {
                row.issues.push(
                    RowIssue::warning(
                        row.line,
                        IssueCode::TextDamaged,
                        format!("some characters can not be read as {}", self.encoding()),
                    )
                    .at(self.column_name(column), cell)
                    .suggest("name the right encoding, or save the file as UTF-8"),
                );
            }
            if cell.len() > MAX_CELL_BYTES {
                let reason = format!(
                    "the cell has {} bytes, at most {MAX_CELL_BYTES} can be imported",
                    cell.len()
                );
                row.issues.push(
                    RowIssue::error(row.line, IssueCode::CellTooLong, reason)
                        .at(self.column_name(column), cell)
                        .suggest("shorten the text"),
                );
                cell = cut(cell, MAX_CELL_BYTES);
            }
            row.cells.push_field(cell);
        }
    }

    /// Makes the row as wide as the header, with an issue where that is not a matter of course.
    fn check_width(&self, row: &mut RawRow) {
        let (found, width) = (self.ends.len(), self.headers.len());
        if found < width {
            let reason = format!("the row has {found} cells, the header has {width}");
            row.issues.push(
                RowIssue::warning(row.line, IssueCode::CellsMissing, reason)
                    .at(self.column_name(found), "")
                    .suggest(
                        "the missing cells count as empty; check the row for a lost delimiter",
                    ),
            );
            for _ in found..width {
                row.cells.push_field("");
            }
        }
        if found > width {
            let extra = row.cells.iter().skip(width).find(|cell| !cell.trim().is_empty());
            let first_text = extra.map(ToOwned::to_owned);
            let beyond = found > MAX_COLUMNS;
            if let Some(value) = first_text.or(beyond.then(String::new)) {
                let reason = format!("the row has {found} cells, the header has {width}");
                row.issues.push(
                    RowIssue::error(row.line, IssueCode::CellsExtra, reason)
                        .at(self.column_name(width), &value)
                        .suggest(format!("put text that contains a {} in quotes", self.delimiter)),
                );
            } else {
                row.cells.truncate(width);
            }
        }
    }
}

/// Appends at most 64 KiB of the input.
fn append(input: &mut impl Read, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    let from = buffer.len();
    buffer.resize(from + SAMPLE_BYTES, 0);
    let read = input.read(&mut buffer[from..]);
    buffer.truncate(from + *read.as_ref().unwrap_or(&0));
    read
}

/// The beginning of a text of at most so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
