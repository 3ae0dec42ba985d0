//! Contacts as an .xlsx workbook: one row each under a frozen header, numbers of telephones as text.
//!
//! Rows go to a temporary file without a name in the data directory, which the system gives back
//! whatever happens; memory does not grow with them. It is not sealed, so nobody but the system
//! administrator of the machine could read it while the export runs.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::import::workbook::CUT;

/// Rows of a sheet, with its header; further contacts go to another sheet.
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell.
const MOST_CHARS: usize = 32_767;
/// Width of the columns, in characters.
const WIDTH: f64 = 18.0;

/// A workbook that is being written.
pub(super) struct Book {
    file: Workbook,
    names: Vec<String>,
    sheets: usize,
    row: u32,
}

impl Book {
    /// Begins a workbook.
    pub(super) fn new(folder: &Path, names: &[String]) -> Result<Self, XlsxError> {
        let mut file = Workbook::new();
        file.set_tempdir(folder)?;
        let mut this = Self { file, names: names.to_vec(), sheets: 0, row: 0 };
        this.begin_sheet()?;
        Ok(this)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => "Contacts".to_owned(),
            more => format!("Contacts {more}"),
        };
        let sheet = self.file.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        for (column, name) in (0_u16..).zip(&self.names) {
            sheet.set_column_width(column, WIDTH)?;
            sheet.write_string_with_format(0, column, fitting(name), &bold)?;
        }
        self.row = 1;
        Ok(())
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, XlsxError> {
        self.file.worksheet_from_index(self.sheets - 1)
    }

    /// Writes a row of texts.
    pub(super) fn row(&mut self, cells: impl Iterator<Item = String>) -> Result<(), XlsxError> {
        if self.row == MOST_ROWS {
            self.begin_sheet()?;
        }
        let row = self.row;
        let sheet = self.sheet()?;
        for (column, cell) in (0_u16..).zip(cells) {
            if !cell.is_empty() {
                sheet.write_string(row, column, fitting(&cell))?;
            }
        }
        self.row += 1;
        Ok(())
    }

    /// Packs the workbook.
    pub(super) fn write(&mut self, out: &mut (dyn Write + Send)) -> Result<(), XlsxError> {
        self.file.save_to_writer(out)
    }
}

/// A text that fits a cell.
fn fitting(text: &str) -> String {
    if text.encode_utf16().count() <= MOST_CHARS {
        return text.to_owned();
    }
    let mut room = MOST_CHARS - CUT.encode_utf16().count();
    let kept = text.chars().take_while(|letter| {
        let size = letter.len_utf16();
        let fits = room >= size;
        room = room.saturating_sub(size);
        fits
    });
    let mut out: String = kept.collect();
    out.push_str(CUT);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_letters() {
        let text = "😀".repeat(20_000);
        let cut = fitting(&text);
        assert!(cut.ends_with(CUT) && cut.encode_utf16().count() <= MOST_CHARS);
        assert_eq!(fitting("short"), "short");
    }
}
