//! Where an export goes: one writer for each format.

use std::io::Write;
use std::path::Path;

use super::cards::{self, CardVersion};
use super::columns::Columns;
use super::workbook::Book;
use super::{ContactFormat, ExportRequest};
use crate::app::error::Error;
use crate::domain::contact::Contact;
use crate::domain::guarded_csv::CsvWriter;
use crate::domain::view::ContactView;

/// What the output is.
pub(super) type Out<'a> = &'a mut (dyn Write + Send);

enum Writer<'a> {
    Csv(CsvWriter<Out<'a>>, bool),
    Json(Out<'a>),
    Cards(Out<'a>, CardVersion),
    /// Made when it begins, so that a query that cannot be makes no file.
    Workbook(Option<Box<Book>>, Out<'a>),
}

/// Writes contacts.
pub(super) struct Sink<'a> {
    writer: Writer<'a>,
    columns: Columns,
    folder: &'a Path,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        request: &ExportRequest,
        columns: Columns,
        folder: &'a Path,
        out: Out<'a>,
    ) -> Self {
        let writer = match request.format {
            ContactFormat::Csv => {
                Writer::Csv(CsvWriter::separated(out, request.delimiter), request.has_bom)
            }
            ContactFormat::JsonLines => Writer::Json(out),
            ContactFormat::Cards(version) => Writer::Cards(out, version),
            ContactFormat::Workbook => Writer::Workbook(None, out),
        };
        Self { writer, columns, folder }
    }

    pub(super) fn header(&mut self) -> Result<(), Error> {
        let names = &self.columns.names;
        match &mut self.writer {
            Writer::Csv(csv, has_bom) => {
                let mut names = names.clone();
                if let (true, Some(first)) = (*has_bom, names.first_mut()) {
                    first.insert(0, '\u{feff}');
                }
                csv.row(&names).map_err(|e| failed(&e))
            }
            Writer::Workbook(book, _) => {
                let made = Book::new(self.folder, names).map_err(|e| failed(&e))?;
                *book = Some(Box::new(made));
                Ok(())
            }
            Writer::Json(_) | Writer::Cards(..) => Ok(()),
        }
    }

    pub(super) fn contact(&mut self, contact: &Contact) -> Result<(), Error> {
        let columns = &self.columns;
        let mut cells = columns.names.iter().map(|column| columns.cell(contact, column));
        match &mut self.writer {
            Writer::Csv(csv, _) => csv.row(cells).map_err(|e| failed(&e)),
            Writer::Workbook(Some(book), _) => book.row(&mut cells).map_err(|e| failed(&e)),
            Writer::Workbook(None, _) => Ok(()),
            Writer::Cards(out, version) => {
                cards::write(contact, *version, *out).map_err(|e| failed(&e))
            }
            Writer::Json(out) => {
                serde_json::to_writer(&mut **out, &ContactView::with(contact, &columns.lists))
                    .map_err(|e| failed(&e))?;
                out.write_all(b"\n").map_err(|e| failed(&e))
            }
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), Error> {
        match &mut self.writer {
            Writer::Csv(csv, _) => csv.flush().map_err(|e| failed(&e)),
            Writer::Json(out) | Writer::Cards(out, _) => out.flush().map_err(|e| failed(&e)),
            Writer::Workbook(book, out) => {
                if let Some(book) = book {
                    book.write(*out).map_err(|e| failed(&e))?;
                }
                out.flush().map_err(|e| failed(&e))
            }
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::WriteFailed(format!("the export cannot be written: {error}"))
}
