//! What stands above the rows of a list: the first bytes, a preamble, the header.

use std::io::Read;

use super::super::Error;
use super::super::alias;
use super::super::delimiter::MAX_PREAMBLE_ROWS;
use super::super::header::{is_known, squeeze};
use super::super::issue::shortened;
use super::super::target::Target;
use super::{MAX_COLUMNS, Reader, Scan};

/// How many rows may stand above a header that names columns that are known.
const MAX_TITLE_ROWS: usize = 20;

/// Whether a cell names something that every list of contacts has.
fn is_name_of_identity(cell: &[u8]) -> bool {
    let name = squeeze(&String::from_utf8_lossy(cell));
    alias::target(&name).is_some_and(|target| {
        matches!(
            target,
            Target::Name
                | Target::FirstName
                | Target::LastName
                | Target::Company
                | Target::Email(None)
                | Target::Phone(None)
        )
    }) || name.ends_with("value")
}

impl<R: Read> Reader<R> {
    /// Reads rows until there is one with the names of the columns.
    pub(super) fn read_header(&mut self) -> Result<(), Error> {
        let mut has_looked = false;
        loop {
            let unreadable = |line, reason: &str| Error::Header { line, reason: reason.to_owned() };
            match self.scan()? {
                Scan::End => return Err(Error::Empty),
                Scan::Unclosed(quote, _) => {
                    return Err(unreadable(quote.line, "a quote is opened and not closed"));
                }
                Scan::TooLong(_) => {
                    return Err(unreadable(self.line, "it is longer than 2 MiB"));
                }
                Scan::Row { next, lines } => {
                    if !self.is_blank() {
                        let found = self.ends.len();
                        if found > MAX_COLUMNS {
                            return Err(Error::TooManyColumns { found, limit: MAX_COLUMNS });
                        }
                        let is_named = self.known_headers() > 0;
                        let is_alone = self.filled_cells() == 1;
                        // "Notes:" alone in its row is a title, unless it is all there is.
                        if self.has_header
                            && !has_looked
                            && (!is_named || is_alone)
                            && (self.seek_known_headers(next, lines)?
                                || !is_named && is_alone && self.skip_preamble(next, lines)?)
                        {
                            has_looked = true;
                            continue;
                        }
                        self.take_headers();
                        if self.has_header {
                            self.advance(next, lines);
                        }
                        return Ok(());
                    }
                    self.advance(next, lines);
                }
            }
        }
    }

    /// The cells of the present row.
    fn present(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &self.text[start..end];
            start = end;
            cell
        })
    }

    fn filled_cells(&self) -> usize {
        self.present().filter(|cell| !cell.trim_ascii().is_empty()).count()
    }

    /// How many cells of the present row are names of columns.
    fn known_headers(&self) -> usize {
        self.present().filter(|cell| is_known(&String::from_utf8_lossy(cell))).count()
    }

    /// Moves to the first of the next rows that holds the names of columns: a report has a title,
    /// a date, a filter above its table. Two names are needed, and no fewer than half of the cells.
    fn seek_known_headers(&mut self, next: usize, lines: u64) -> Result<bool, Error> {
        let before = (self.row_at, self.line);
        (self.row_at, self.line) = (next, self.line + lines);
        let mut seen = 1;
        while seen <= MAX_TITLE_ROWS {
            let Scan::Row { next, lines } = self.scan()? else { break };
            let (known, filled) = (self.known_headers(), self.filled_cells());
            if known >= 2 && known * 2 >= filled && self.present().any(is_name_of_identity) {
                return Ok(true);
            }
            seen += usize::from(filled > 0);
            (self.row_at, self.line) = (next, self.line + lines);
        }
        (self.row_at, self.line) = before;
        self.scan()?;
        Ok(false)
    }

    /// Moves to the first row with three cells or more, if rows of one cell stand above it.
    ///
    /// `LinkedIn` puts a note there, people a title. The bytes stay where they are, so that nothing
    /// is lost when there is no such row, and `text` and `ends` are those of the row at `row_at`.
    fn skip_preamble(&mut self, next: usize, lines: u64) -> Result<bool, Error> {
        let before = (self.row_at, self.line);
        (self.row_at, self.line) = (next, self.line + lines);
        let mut seen = 1;
        while seen <= MAX_PREAMBLE_ROWS {
            let Scan::Row { next, lines } = self.scan()? else { break };
            let named = self.filled_cells();
            if named >= 3 {
                return Ok(true);
            }
            if named > 1 {
                break;
            }
            seen += named;
            (self.row_at, self.line) = (next, self.line + lines);
        }
        (self.row_at, self.line) = before;
        self.scan()?;
        Ok(false)
    }

    fn take_headers(&mut self) {
        let mut start = 0;
        for (column, &end) in self.ends.iter().enumerate() {
            let name = String::from_utf8_lossy(&self.text[start..end]);
            let name =
                name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
            start = end;
            self.headers.push(if name.is_empty() || !self.has_header {
                format!("Column {}", column + 1)
            } else {
                shortened(name)
            });
        }
    }

    pub(super) fn column_name(&self, column: usize) -> String {
        match self.headers.get(column) {
            Some(name) => name.clone(),
            None => format!("Column {}", column + 1),
        }
    }
}

/// Files that are not delimited text but often end up here.
pub(super) fn refuse_known_formats(sample: &[u8]) -> Result<(), Error> {
    let head = &sample[..sample.len().min(64)];
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').to_ascii_lowercase();
    let text = text.trim_start();
    let refuse = |what, hint| Err(Error::NotText { what, hint });
    if head.starts_with(b"\xd0\xcf\x11\xe0") {
        refuse(
            "an old .xls workbook, or one with a password",
            "save it as .xlsx without one, or as .csv",
        )
    } else if head.starts_with(b"\x1f\x8b") {
        refuse("a gzip archive", "unpack it first")
    } else if head.starts_with(b"%PDF") {
        refuse("a PDF document", "export the list as .csv")
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        refuse("a web page", "check that the list is shared and download it as .csv")
    } else {
        Ok(())
    }
}
