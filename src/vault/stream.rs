//! Sealing a whole file in chunks, to be written and read in order with little memory.
//!
//! ```text
//! file    mark [4] | version u8 | nonce prefix [19] | chunks
//! chunk   ciphertext of 64 KiB, the last one of that or less | tag [16]
//! ```
//! This is the STREAM construction: the nonce of a chunk is the random prefix of its file, its
//! number, and whether it is the last one. So chunks that were left out, doubled, exchanged or
//! taken from another file do not open, and neither does a file that was cut between two chunks.

use std::io::{self, Read, Write};

use super::error::Broken;
use super::seal::Sealer;

const MARK: [u8; 4] = *b"RDXS";
const VERSION: u8 = 1;
const PREFIX_BYTES: usize = 19;
const HEADER_BYTES: usize = 24;
const CHUNK_BYTES: usize = 64 << 10;
const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

/// How many bytes a sealed file of so many bytes holds; `None` if it is none.
pub fn plain_length(sealed: u64) -> Option<u64> {
    let body = sealed.checked_sub(HEADER_BYTES as u64)?;
    let chunks = body.div_ceil(SEALED_CHUNK_BYTES as u64);
    body.checked_sub(chunks.max(1) * TAG_BYTES as u64)
}

/// The nonces of one file.
struct Nonces {
    prefix: [u8; PREFIX_BYTES],
    next: u32,
}

impl Nonces {
    fn take(&mut self, is_last: bool) -> Result<[u8; 24], Broken> {
        let mut nonce = [0; 24];
        nonce[..PREFIX_BYTES].copy_from_slice(&self.prefix);
        nonce[PREFIX_BYTES..23].copy_from_slice(&self.next.to_be_bytes());
        nonce[23] = u8::from(is_last);
        // 256 TiB in one file; a number never comes twice.
        self.next = self.next.checked_add(1).ok_or(Broken)?;
        Ok(nonce)
    }
}

/// Seals what is written to it; the file is whole only after [`SealingWriter::finish`].
pub struct SealingWriter<W: Write> {
    out: W,
    sealer: Sealer,
    place: Vec<u8>,
    nonces: Nonces,
    chunk: Vec<u8>,
    is_finished: bool,
}

impl<W: Write> SealingWriter<W> {
    /// Begins a file that stands in a place.
    ///
    /// # Errors
    /// If its first bytes cannot be written.
    pub fn new(mut out: W, sealer: Sealer, place: &[u8]) -> io::Result<Self> {
        let prefix: [u8; PREFIX_BYTES] = rand::random();
        let mut header = [0; HEADER_BYTES];
        header[..4].copy_from_slice(&MARK);
        header[4] = VERSION;
        header[5..].copy_from_slice(&prefix);
        out.write_all(&header)?;
        Ok(Self {
            out,
            sealer,
            place: place.to_vec(),
            nonces: Nonces { prefix, next: 0 },
            chunk: Vec::new(),
            is_finished: false,
        })
    }

    /// Seals the last chunk and flushes; nothing can be written after it.
    ///
    /// # Errors
    /// If the bytes cannot be written; the file is not whole then.
    pub fn finish(&mut self) -> io::Result<()> {
        if !self.is_finished {
            self.put_chunk(true)?;
            self.is_finished = true;
        }
        self.out.flush()
    }

    /// What it writes to.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    fn put_chunk(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.nonces.take(is_last)?;
        let tag = self.sealer.lock(&nonce, &self.place, &mut self.chunk)?;
        self.chunk.extend_from_slice(&tag);
        self.out.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_finished {
            return Err(io::Error::other("the sealed file is finished already"));
        }
        // A full chunk waits for the next byte, for it may be the last one.
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.put_chunk(false)?;
        }
        let count = bytes.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    /// Whole chunks only: the one that is being filled stays in memory.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens a sealed file while it is read.
pub struct OpeningReader<R: Read> {
    input: R,
    sealer: Sealer,
    place: Vec<u8>,
    nonces: Nonces,
    /// What was read of the next chunk, and one byte more, which tells whether another follows.
    ahead: Vec<u8>,
    plain: Vec<u8>,
    used: usize,
    is_done: bool,
}

impl<R: Read> OpeningReader<R> {
    /// Begins reading a file that stands in a place.
    ///
    /// # Errors
    /// If its first bytes cannot be read, or it is no sealed file.
    pub fn new(mut input: R, sealer: Sealer, place: &[u8]) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        input.read_exact(&mut header)?;
        let mut prefix = [0; PREFIX_BYTES];
        prefix.copy_from_slice(&header[5..]);
        if header[..4] != MARK || header[4] != VERSION {
            return Err(Broken.into());
        }
        Ok(Self {
            input,
            sealer,
            place: place.to_vec(),
            nonces: Nonces { prefix, next: 0 },
            ahead: Vec::new(),
            plain: Vec::new(),
            used: 0,
            is_done: false,
        })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let missing = SEALED_CHUNK_BYTES + 1 - self.ahead.len();
        self.input.by_ref().take(missing as u64).read_to_end(&mut self.ahead)?;
        let is_last = self.ahead.len() <= SEALED_CHUNK_BYTES;
        let first_of_next = if is_last { None } else { self.ahead.pop() };
        let (text, tag) = self.ahead.split_last_chunk_mut::<TAG_BYTES>().ok_or(Broken)?;
        let nonce = self.nonces.take(is_last)?;
        self.sealer.unlock(&nonce, &self.place, text, tag)?;
        std::mem::swap(&mut self.plain, &mut self.ahead);
        self.plain.truncate(self.plain.len() - TAG_BYTES);
        self.ahead.clear();
        self.ahead.extend(first_of_next);
        self.used = 0;
        self.is_done = is_last;
        Ok(())
    }
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.used == self.plain.len() {
            if self.is_done || out.is_empty() {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let ready = &self.plain[self.used..];
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.used += count;
        Ok(count)
    }
}
