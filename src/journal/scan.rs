//! Walking over the frames of a segment file with large positioned reads.
//!
//! Used by everything that reads: opening, following, verifying and repairing. Memory is bounded
//! by the chunk size plus one frame. It moves no file position, so it can run while the writer
//! appends behind `end`.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::{Damage, Error, io_error};
use super::frame::{self, FRAME_HEADER_BYTES, Head, MARK, Parsed, Seed};
use crate::domain::ids::ChangeSeq;

/// What stands at the place of the scanner.
pub(super) enum Step<'a> {
    /// A frame and its body.
    Frame(Head, &'a [u8]),
    End,
    /// The scanner stays where it is.
    Bad(Damage),
}

/// Reads the frames of one file between two offsets.
pub(super) struct Scanner<'f> {
    file: &'f File,
    path: PathBuf,
    seed: Seed,
    /// Bytes from here on are not looked at.
    end: u64,
    chunk: usize,
    buffer: Vec<u8>,
    /// The place of the buffer in the file.
    base: u64,
    /// How much of the buffer is behind the scanner.
    used: usize,
}

impl<'f> Scanner<'f> {
    pub(super) fn new(
        file: &'f File,
        path: &Path,
        seed: Seed,
        range: std::ops::Range<u64>,
        chunk: usize,
    ) -> Self {
        let chunk = chunk.max(4096);
        Self {
            file,
            path: path.to_path_buf(),
            seed,
            end: range.end,
            chunk,
            buffer: Vec::new(),
            base: range.start,
            used: 0,
        }
    }

    /// The place in the file of what comes next.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.used as u64
    }

    /// Reads the frame that comes next and moves behind it.
    pub(super) fn next(&mut self) -> Result<Step<'_>, Error> {
        let mut wanted = 1;
        let head = loop {
            if self.offset() >= self.end {
                return Ok(Step::End);
            }
            if !self.fill(wanted)? {
                return Ok(Step::Bad(Damage::Short));
            }
            match frame::parse(&self.buffer[self.used..], self.seed) {
                Parsed::Needs(more) => wanted = more,
                Parsed::Bad(damage) => return Ok(Step::Bad(damage)),
                Parsed::Frame(head) => break head,
            }
        };
        let start = self.used;
        self.used += head.len;
        Ok(Step::Frame(head, &self.buffer[start + FRAME_HEADER_BYTES..self.used]))
    }

    /// Goes on to the next place where a valid frame of a later entry than `last` begins.
    pub(super) fn resync(&mut self, last: ChangeSeq) -> Result<Option<Head>, Error> {
        loop {
            self.used += 1;
            if !self.find_mark()? {
                return Ok(None);
            }
            let mut wanted = FRAME_HEADER_BYTES;
            while self.fill(wanted)? {
                match frame::parse(&self.buffer[self.used..], self.seed) {
                    Parsed::Needs(more) => wanted = more,
                    Parsed::Bad(_) => break,
                    Parsed::Frame(head) => {
                        if head.seq > last {
                            return Ok(Some(head));
                        }
                        break;
                    }
                }
            }
        }
    }

    /// Moves to the next mark; false if there is none.
    fn find_mark(&mut self) -> Result<bool, Error> {
        loop {
            if self.offset() >= self.end || !self.fill(MARK.len())? {
                return Ok(false);
            }
            let ahead = &self.buffer[self.used..];
            if let Some(skip) = ahead.windows(MARK.len()).position(|window| window == MARK) {
                self.used += skip;
                return Ok(true);
            }
            self.used += ahead.len() - (MARK.len() - 1);
        }
    }

    /// Makes `wanted` bytes available from the place of the scanner; false if the end is nearer.
    fn fill(&mut self, wanted: usize) -> Result<bool, Error> {
        let have = self.buffer.len().saturating_sub(self.used);
        if have >= wanted {
            return Ok(true);
        }
        let offset = self.offset();
        let left = self.end.saturating_sub(offset);
        if left < wanted as u64 {
            return Ok(false);
        }
        self.buffer.drain(..self.used.min(self.buffer.len()));
        self.base = offset;
        self.used = 0;
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(self.chunk.max(wanted));
        let have = self.buffer.len();
        self.buffer.resize(size, 0);
        self.file
            .read_exact_at(&mut self.buffer[have..], offset + have as u64)
            .map_err(io_error("read", &self.path))?;
        Ok(true)
    }
}
