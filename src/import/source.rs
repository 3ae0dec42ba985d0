//! A list in whichever form it comes: a table of cells, or a JSON object a line.

use std::io::Read;

use super::Error;
use super::encoding::Transcoder;
use super::json_lines::{JsonLines, is_json_lines};
use super::read::{ReadOptions, Reader};

/// The reader that a file asks for.
pub enum Source<R> {
    /// Delimited text.
    Table(Box<Reader<R>>),
    /// A contact a line.
    Lines(JsonLines<R>),
}

impl<R: Read> Source<R> {
    /// Looks at the beginning of a file and opens it.
    ///
    /// # Errors
    /// If it cannot be read, or as a table has no header.
    pub fn open(input: R, options: ReadOptions) -> Result<Self, Error> {
        let failed = |source| Error::Read { line: 0, source };
        let input = Transcoder::new(input, options.encoding).map_err(failed)?;
        if options.delimiter.is_none() && is_json_lines(input.sample()) {
            return Ok(Self::Lines(JsonLines::new(input)));
        }
        Ok(Self::Table(Box::new(Reader::begin(input, options)?)))
    }

    /// How many bytes of the file have been read.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Table(reader) => reader.bytes_read(),
            Self::Lines(lines) => lines.bytes_read(),
        }
    }
}
