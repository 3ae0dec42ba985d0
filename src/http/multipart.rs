//! Bodies of several parts (RFC 7578), read part by part from an upload in bounded memory.

use std::io::{self, Read, Write};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// Longest header of a part.
const MAX_HEAD: usize = 16 * 1024;
/// Parts that are looked at; no form has more.
const MOST_PARTS: usize = 100;

/// What a part is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// What the file is called at whoever sends it.
    pub(super) file_name: Option<String>,
}

/// The parts of a body, one after the other.
pub(super) struct Parts<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    at_end: bool,
    /// What stands before each part.
    delimiter: Vec<u8>,
    count: usize,
}

/// The boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let value = parameter(content_type, "boundary")?;
    ((1..=70).contains(&value.len()) && value.is_ascii()).then_some(value)
}

/// A parameter of a header, such as `name` of `form-data; name="file"; filename="a; b.csv"`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let (mut rest, mut is_quoted) = (header, false);
    // The value of the header itself comes first.
    let mut parameters = Vec::new();
    while let Some(end) = rest.char_indices().find_map(|(at, letter)| {
        is_quoted ^= letter == '"';
        (letter == ';' && !is_quoted).then_some(at)
    }) {
        parameters.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    parameters.push(rest);
    parameters.into_iter().skip(1).find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        let is_it = known.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl<R: Read> Parts<R> {
    pub(super) fn new(input: R, boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first delimiter has no line end before it.
        let buffer = b"\r\n".to_vec();
        Self { input, buffer, at: 0, at_end: false, delimiter, count: 0 }
    }

    /// The next part, whose content then follows; nothing at the end. What is left of
    /// the part before is passed over.
    pub(super) fn next_part(&mut self) -> io::Result<Option<Part>> {
        self.count += 1;
        if self.count > MOST_PARTS {
            return Err(malformed("the body has too many parts"));
        }
        self.copy_to_delimiter(&mut io::sink())?;
        self.at += self.delimiter.len();
        while self.buffer.len() - self.at < 2 && self.fill()? {}
        if self.buffer[self.at..].starts_with(b"--") {
            return Ok(None);
        }
        loop {
            let head = &self.buffer[self.at..];
            if let Some(length) = find(head, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                // The line end before the delimiter belongs to the delimiter, also of an empty part.
                self.at += length + 2;
                let part = part_of(&head).ok_or_else(|| malformed("a part has no name"))?;
                self.skip_line_end();
                return Ok(Some(part));
            }
            if head.len() > MAX_HEAD || !self.fill()? {
                return Err(malformed("the head of a part does not end"));
            }
        }
    }

    /// Writes the content of the present part.
    pub(super) fn copy_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.copy_to_delimiter(out)
    }

    fn skip_line_end(&mut self) {
        let is_empty_part = self.buffer[self.at..].starts_with(&self.delimiter);
        if !is_empty_part {
            self.at += 2;
        }
    }

    fn copy_to_delimiter(&mut self, out: &mut dyn Write) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(length) = find(rest, &self.delimiter) {
                out.write_all(&rest[..length])?;
                self.at += length;
                return Ok(());
            }
            // The end of the buffer may be the beginning of a delimiter.
            let sure = rest.len().saturating_sub(self.delimiter.len() - 1);
            out.write_all(&rest[..sure])?;
            self.at += sure;
            if !self.fill()? {
                return Err(malformed("the body ends before its last boundary"));
            }
        }
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let from = self.buffer.len();
        self.buffer.resize(from + PIECE, 0);
        let read = self.input.read(&mut self.buffer[from..])?;
        self.buffer.truncate(from + read);
        self.at_end = read == 0;
        Ok(!self.at_end)
    }
}

/// Where a text begins in another one.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(length) = text[from..].iter().position(|byte| *byte == first) {
        from += length;
        if text[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// What the head of a part calls it.
fn part_of(head: &str) -> Option<Part> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let file_name = parameter(line, "filename").filter(|name| !name.is_empty());
    Some(Part { name: parameter(line, "name")?, file_name })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(out.len()).min(self.0.len());
            out[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn parts(body: &[u8], step: usize) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut parts = Parts::new(Slow(body, step), "xyz");
        let mut all = Vec::new();
        while let Some(part) = parts.next_part()? {
            let mut content = Vec::new();
            parts.copy_to(&mut content)?;
            all.push((part.name, content));
        }
        Ok(all)
    }

    #[test]
    fn parts_are_read_whatever_pieces_they_come_in() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{}\r\n\
            --xyz\r\nContent-Type: text/csv\r\ncontent-disposition: form-data; filename=\"a; name=b.csv\"; name=file\r\n\r\n\
            name\r\n--xy\r\nAda\r\n\r\n--xyz\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--xyz--\r\n";
        for step in [1, 2, 3, 7, 1_000] {
            let found = parts(body, step).unwrap();
            let expect = [
                ("options".to_owned(), b"{}".to_vec()),
                ("file".to_owned(), b"name\r\n--xy\r\nAda\r\n".to_vec()),
                ("empty".to_owned(), Vec::new()),
            ];
            assert_eq!(found, expect, "{step}");
        }
    }

    #[test]
    fn a_body_that_does_not_end_is_malformed() {
        for body in [
            &b""[..],
            b"--xyz",
            b"--xyz\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc",
            b"--xyz\r\nNothing: here\r\n\r\nabc\r\n--xyz--",
            b"--abc\r\n\r\n",
        ] {
            assert!(parts(body, 5).is_err(), "{body:?}");
        }
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("multipart/form-data; Boundary=x").as_deref(), Some("x"));
        assert_eq!(boundary("multipart/form-data"), None);
    }
}
