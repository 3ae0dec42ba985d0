//! Workbooks as tables: a sheet of an .xlsx or .ods file as the delimited text that the reader of
//! tables takes, so that titles, headers and columns are found in the same way.
//!
//! Cells are read one after the other in a thread of their own and handed over in pieces, so a long
//! sheet of an .xlsx is never held as a whole. A row of the sheet is a line of the text: line ends
//! inside cells stand as `LINE_IN_CELL` meanwhile, and empty rows stay, so that issues name the row
//! that the spreadsheet shows. What a packed file would become is counted before it is opened.

use std::io::{self, Cursor, Read};

use calamine::{
    Data, DataRef, ExcelDateTime, Ods, Reader as _, SheetVisible, Xlsx, XlsxFormulaMetadata,
};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::Error;
use super::read::MAX_COLUMNS;

/// The longest packed workbook, in bytes.
const MAX_PACKED_BYTES: u64 = 256 * 1024 * 1024;
/// The longest part of an .xlsx that is read as a stream, such as a sheet, in bytes.
const MAX_STREAMED_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The longest part that is held as a whole: the shared texts of an .xlsx, an .ods.
const MAX_HELD_BYTES: u64 = 512 * 1024 * 1024;
/// Parts that a workbook may have.
const MAX_PARTS: usize = 10_000;
/// Text is handed over in pieces of this size, in bytes.
const PIECE_BYTES: usize = 64 * 1024;
/// Stands for a line end inside a cell until the row is taken apart.
pub(super) const LINE_IN_CELL: char = '\u{2028}';

/// What stands at the end of a text that was too long for the cell of a workbook of ours.
pub const CUT: &str = " … (longer than a cell of a workbook may be)";

/// Which sheet of which workbook a table is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetForm {
    /// `xlsx` or `ods`.
    pub format: &'static str,
    /// The sheet that is read.
    pub name: String,
    /// All sheets.
    pub sheets: Vec<String>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows of the sheet, as far as the file says.
    pub rows: u64,
}

/// The text of a sheet.
pub(super) struct SheetText {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
    has_ended: bool,
}

impl Read for SheetText {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            if self.has_ended {
                return Ok(0);
            }
            match self.pieces.recv() {
                // The sheet has ended.
                Ok(Ok(piece)) if piece.is_empty() => self.has_ended = true,
                Ok(piece) => self.piece = Cursor::new(piece?),
                Err(_) => {
                    let reason = "the sheet cannot be read to its end";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
                }
            }
        }
    }
}

/// Whether bytes begin like a packed workbook.
pub(super) fn is_packed(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// Opens a sheet: the one that is named, or the first that is shown.
pub(super) fn open(input: impl Read, sheet: Option<&str>) -> Result<(SheetText, SheetForm), Error> {
    let mut bytes = Vec::new();
    let read = input.take(MAX_PACKED_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|source| Error::Read { line: 0, source })?;
    let size = bytes.len() as u64;
    if size > MAX_PACKED_BYTES {
        return Err(refused(format!("it is longer than {MAX_PACKED_BYTES} bytes")));
    }
    let parts = count_parts(&bytes)?;
    if parts.iter().any(|part| part == "xl/workbook.xml" || part == "xl/workbook.bin") {
        let book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| refused(e.to_string()))?;
        let name = chosen(book.sheets_metadata(), sheet)?;
        let sheets = book.sheet_names();
        let form = SheetForm { format: "xlsx", name, sheets, bytes: size, rows: 0 };
        return begin_xlsx(book, form);
    }
    if parts.iter().any(|part| part == "content.xml") {
        let mut book: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(|e| refused(e.to_string()))?;
        let name = chosen(book.sheets_metadata(), sheet)?;
        let range = book.worksheet_range(&name).map_err(|e| refused(e.to_string()))?;
        let rows = range.end().map_or(0, |(row, _)| u64::from(row) + 1);
        let sheets = book.sheet_names();
        let form = SheetForm { format: "ods", name, sheets, bytes: size, rows };
        let text = begin(move |lines| {
            let (first_row, first_column) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                let row = u64::from(first_row) + row as u64;
                lines.cell(row, first_column as usize + column, &shown(value))?;
            }
            lines.finish()
        })?;
        return Ok((text, form));
    }
    Err(Error::NotText {
        what: "a ZIP archive that is not a workbook",
        hint: "unpack it, and import the list that is in it",
    })
}

fn refused(reason: String) -> Error {
    Error::Workbook { reason }
}

/// The names of the parts of a packed file, none of which is longer than can be read: their lengths
/// are counted, for what a file says about itself may be a lie.
fn count_parts(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| refused(e.to_string()))?;
    if archive.len() > MAX_PARTS {
        return Err(refused(format!("it has {} parts", archive.len())));
    }
    let mut names = Vec::with_capacity(archive.len());
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|e| refused(e.to_string()))?;
        let name = part.name().map_err(|e| refused(e.to_string()))?.into_owned();
        let is_sheet = name.starts_with("xl/worksheets/");
        let most = if is_sheet { MAX_STREAMED_BYTES } else { MAX_HELD_BYTES };
        let length = io::copy(&mut part.take(most + 1), &mut io::sink());
        if length.map_err(|e| refused(e.to_string()))? > most {
            return Err(refused(format!("its part {name:?} would be longer than {most} bytes")));
        }
        names.push(name);
    }
    Ok(names)
}

fn chosen(sheets: &[calamine::Sheet], wanted: Option<&str>) -> Result<String, Error> {
    let Some(wanted) = wanted.map(str::trim).filter(|name| !name.is_empty()) else {
        let shown = sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible);
        let first = shown.or(sheets.first());
        return first.map(|sheet| sheet.name.clone()).ok_or(Error::Empty);
    };
    let same = |sheet: &&calamine::Sheet| sheet.name.trim().eq_ignore_ascii_case(wanted);
    let by_place = || {
        let place = wanted.strip_prefix('#')?.parse::<usize>().ok()?;
        sheets.get(place.checked_sub(1)?)
    };
    let found = sheets.iter().find(same).or_else(by_place);
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| Error::NoSheet {
        name: wanted.chars().take(100).collect(),
        sheets: sheets
            .iter()
            .take(50)
            .map(|s| format!("\"{}\"", s.name))
            .collect::<Vec<_>>()
            .join(", "),
    })
}

fn begin_xlsx(
    mut book: Xlsx<Cursor<Vec<u8>>>,
    mut form: SheetForm,
) -> Result<(SheetText, SheetForm), Error> {
    {
        let cells = book.worksheet_cells_reader(&form.name).map_err(|e| refused(e.to_string()))?;
        form.rows = u64::from(cells.dimensions().end.0) + 1;
    }
    let name = form.name.clone();
    let text = begin(move |lines| {
        let mut cells = book.worksheet_cells_reader(&name).map_err(io::Error::other)?;
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(io::Error::other)? {
            let (row, column) = cell.pos;
            let value = match (cell.value, cell.formula) {
                (DataRef::SharedString(text), _) => text.to_owned(),
                (DataRef::Empty, Some(formula)) => unsolved(&formula),
                (value, _) => shown(&Data::from(value)),
            };
            lines.cell(u64::from(row), column as usize, &value)?;
        }
        lines.finish()
    })?;
    Ok((text, form))
}

/// A formula whose result the file lacks, as a spreadsheet shows it, so that it is named like those
/// of tables.
fn unsolved(formula: &XlsxFormulaMetadata) -> String {
    match formula {
        XlsxFormulaMetadata::Normal { formula } | XlsxFormulaMetadata::Shared { formula, .. } => {
            format!("={formula}")
        }
        // That of another cell, moved.
        XlsxFormulaMetadata::SharedDerived { .. } | _ => "=(...)".to_owned(),
    }
}

/// Reads a sheet in a thread of its own, which ends when nobody takes what it reads.
fn begin(
    read: impl FnOnce(&mut Lines) -> io::Result<()> + Send + 'static,
) -> Result<SheetText, Error> {
    let (sender, pieces) = bounded(4);
    let spawned = std::thread::Builder::new().name("sheet".to_owned()).spawn(move || {
        let mut lines = Lines::new(sender);
        if let Err(error) = read(&mut lines) {
            // A receiver that has gone away does not want to know.
            let _gone = lines.sender.send(Err(error));
        }
    });
    spawned.map_err(|source| Error::Read { line: 0, source })?;
    Ok(SheetText { pieces, piece: Cursor::default(), has_ended: false })
}

/// Cells as lines of delimited text.
struct Lines {
    sender: Sender<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    /// The row that is being written.
    row: u64,
    /// Cells that it has so far.
    cells: usize,
    /// Cells of the widest row so far: shorter ones are filled up.
    width: usize,
}

impl Lines {
    fn new(sender: Sender<io::Result<Vec<u8>>>) -> Self {
        Self { sender, piece: Vec::with_capacity(PIECE_BYTES + 1024), row: 0, cells: 0, width: 0 }
    }

    /// Takes a cell; they come in the order of rows and columns.
    fn cell(&mut self, row: u64, column: usize, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        while self.row < row {
            self.end_row()?;
        }
        if row < self.row || column < self.cells {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the cells of row {} are not in order", row + 1),
            ));
        }
        // What lies beyond is said by its number alone.
        let column = column.min(MAX_COLUMNS + 1);
        while self.cells <= column {
            if self.cells > 0 {
                self.piece.push(b',');
            }
            self.cells += 1;
        }
        if value.contains(['"', ',', '\n', '\r']) {
            self.piece.push(b'"');
            let text = value.replace("\r\n", "\n").replace('"', "\"\"");
            let mut letter = [0; 4];
            let line_end = LINE_IN_CELL.encode_utf8(&mut letter);
            self.piece.extend_from_slice(text.replace(['\n', '\r'], line_end).as_bytes());
            self.piece.push(b'"');
        } else {
            self.piece.extend_from_slice(value.as_bytes());
        }
        Ok(())
    }

    fn end_row(&mut self) -> io::Result<()> {
        if self.cells > 0 {
            self.width = self.width.max(self.cells);
            self.piece.resize(self.piece.len() + self.width - self.cells, b',');
        }
        self.piece.push(b'\n');
        (self.row, self.cells) = (self.row + 1, 0);
        if self.piece.len() >= PIECE_BYTES { self.hand_over() } else { Ok(()) }
    }

    /// Gives out what there is; nothing says that the sheet has ended.
    fn hand_over(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES + 1024));
        self.send(piece)
    }

    fn send(&self, piece: Vec<u8>) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads on");
        self.sender.send(Ok(piece)).map_err(gone)
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.cells > 0 {
            self.end_row()?;
        }
        if !self.piece.is_empty() {
            self.hand_over()?;
        }
        self.send(Vec::new())
    }
}

/// A cell as text: whole numbers without decimals, dates as ISO 8601.
fn shown(value: &Data) -> String {
    match value {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::String(text) => text.clone(),
        Data::Bool(fact) => fact.to_string(),
        Data::DateTime(time) => shown_time(time),
        Data::DateTimeIso(text) | Data::DurationIso(text) => {
            text.strip_suffix("T00:00:00").unwrap_or(text).to_owned()
        }
        // As the spreadsheet shows it: `#N/A` is known as damage.
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

fn shown_time(time: &ExcelDateTime) -> String {
    if time.is_duration() {
        return time.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_written_as_people_write_them() {
        assert_eq!(shown(&Data::Float(491_512_345_678.0)), "491512345678");
        assert_eq!(shown(&Data::Float(12.5)), "12.5");
        assert_eq!(shown(&Data::Float(1e21)), "1000000000000000000000");
        let date = |number| {
            let kind = calamine::ExcelDateTimeType::DateTime;
            shown(&Data::DateTime(ExcelDateTime::new(number, kind, false)))
        };
        assert_eq!(date(29_586.0), "1980-12-31");
        assert_eq!(date(29_586.5), "1980-12-31T12:00:00Z");
    }

    #[test]
    fn rows_of_a_sheet_are_lines_of_the_text() {
        let (sender, pieces) = bounded(4);
        let mut lines = Lines::new(sender);
        lines.cell(1, 0, "a \"b\"").unwrap();
        lines.cell(1, 2, "c\r\nd").unwrap();
        lines.cell(4, 1, "e").unwrap();
        lines.finish().unwrap();
        drop(lines);
        let mut text = String::new();
        let piece = Cursor::default();
        SheetText { pieces, piece, has_ended: false }.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\n\"a \"\"b\"\"\",,\"c\u{2028}d\"\n\n\n,e,\n");
    }

    #[test]
    fn a_sheet_whose_reader_dies_has_not_ended() {
        let mut sheet = begin(|lines| {
            lines.cell(0, 0, "Name")?;
            lines.end_row()?;
            lines.hand_over()?;
            panic!("as a parser may");
        })
        .unwrap();
        let mut text = String::new();
        let error = sheet.read_to_string(&mut text).unwrap_err();
        assert_eq!((text.as_str(), error.kind()), ("Name\n", io::ErrorKind::InvalidData));
    }
}
