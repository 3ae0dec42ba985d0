//! A list in whichever form it comes: a table of cells, a sheet of a workbook, a JSON object a line,
//! or business cards.

use std::io::{Cursor, Read};

use super::Error;
use super::cards::{Cards, is_vcard};
use super::delimiter::Delimiter;
use super::encoding::{TextEncoding, Transcoder};
use super::gzip::{self, LookedAt, Plain};
use super::json_lines::{JsonLines, is_json_lines};
use super::read::{ReadOptions, Reader};
use super::workbook::{self, SheetForm, SheetText};

/// Where the bytes of a list come from.
pub type Input<'a> = Box<dyn Read + Send + 'a>;

/// The reader that a file asks for.
pub enum Source<'a> {
    /// Delimited text, or a sheet of a workbook.
    Table(Box<Reader<Input<'a>>>),
    /// A contact a line.
    Lines(JsonLines<Input<'a>>),
    /// A vCard after the other.
    Cards(Cards<Input<'a>>),
}

impl<'a> Source<'a> {
    /// Looks at the beginning of a file and opens it.
    ///
    /// # Errors
    /// If it cannot be read, or as a table has no header.
    pub fn open(input: impl Read + Send + 'a, options: &ReadOptions) -> Result<Self, Error> {
        let (is_packed, input) = look(input)?;
        if is_packed {
            let (text, form, options) = open_workbook(input, options)?;
            let input: Input<'a> = Box::new(text);
            let input = transcoder(input, &options)?;
            return Ok(Self::Table(Box::new(Reader::begin(input, &options, Some(form))?)));
        }
        let input: Input<'a> = Box::new(input);
        let input = transcoder(input, options)?;
        if options.delimiter.is_none() && is_json_lines(input.sample()) {
            return Ok(Self::Lines(JsonLines::new(input)));
        }
        if is_vcard(input.sample()) {
            return Ok(Self::Cards(Cards::new(input)));
        }
        Ok(Self::Table(Box::new(Reader::begin(input, options, None)?)))
    }
}

/// Opens a list that has columns: delimited text, or a sheet of a workbook.
///
/// # Errors
/// If it cannot be read, or has no header.
pub fn open_table<'a>(
    input: impl Read + 'a,
    options: &ReadOptions,
) -> Result<Reader<Box<dyn Read + 'a>>, Error> {
    let (is_packed, input) = look(input)?;
    if !is_packed {
        return Reader::open(Box::new(input), options);
    }
    let (text, form, options) = open_workbook(input, options)?;
    let input: Box<dyn Read + 'a> = Box::new(text);
    Reader::begin(transcoder(input, &options)?, &options, Some(form))
}

fn transcoder<R: Read>(input: R, options: &ReadOptions) -> Result<Transcoder<R>, Error> {
    let failed = |source| Error::Read { line: 0, source };
    Transcoder::new(input, options.encoding).map_err(failed)
}

/// Whether a file is a packed workbook; and the file from its beginning on, unpacked if it was packed
/// with gzip.
fn look<R: Read>(input: R) -> Result<(bool, LookedAt<Plain<R>>), Error> {
    let failed = |source| Error::Read { line: 0, source };
    let mut input = gzip::plain(input).map_err(failed)?;
    let mut head = Vec::new();
    input.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
    Ok((workbook::is_packed(&head), Cursor::new(head).chain(input)))
}

/// A sheet, and how its text is to be read.
fn open_workbook(
    input: impl Read,
    options: &ReadOptions,
) -> Result<(SheetText, SheetForm, ReadOptions), Error> {
    let (text, form) = workbook::open(input, options.sheet.as_deref())?;
    let options = ReadOptions {
        encoding: Some(TextEncoding::UTF_8),
        delimiter: Some(Delimiter::Comma),
        ..options.clone()
    };
    Ok((text, form, options))
}

#[cfg(test)]
#[path = "damage_tests.rs"]
mod damage_tests;
