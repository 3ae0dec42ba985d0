//! Which encoding a file has, and reading it as UTF-8.
//!
//! Looks at the first 64 KiB: byte-order marks, the zero bytes of UTF-16, whether it is UTF-8,
//! else what the statistics of letters say. A file that begins with plain ASCII is decided at its
//! first other byte, however late that comes. Never fails: bytes that make no sense become
//! U+FFFD, which a later stage reports with its row. Does not know rows or delimiters.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Error;

/// How much of a file is looked at.
pub const SAMPLE_BYTES: usize = 64 * 1024;

/// An encoding of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl TextEncoding {
    /// UTF-8, with or without a mark.
    pub const UTF_8: Self = Self(UTF_8);

    /// The name, such as `UTF-8` or `windows-1252`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TextEncoding {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        // "utf-16" alone means little-endian, as written by Excel.
        Encoding::for_label(name.trim().as_bytes())
            .map(Self)
            .ok_or_else(|| Error::UnknownEncoding { name: name.to_owned() })
    }
}

/// The encoding that a sample of a file has; `None` when all of it is ASCII.
///
/// `complete` says that the sample is the whole file, so that a cut character at its end counts.
pub fn detect(sample: &[u8], complete: bool) -> Option<TextEncoding> {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return Some(TextEncoding(encoding));
    }
    if let Some(encoding) = utf16_by_zeros(sample) {
        return Some(TextEncoding(encoding));
    }
    if sample.is_ascii() {
        return None;
    }
    match std::str::from_utf8(sample) {
        Ok(_) => return Some(TextEncoding::UTF_8),
        Err(error) if error.error_len().is_none() && !complete => return Some(TextEncoding::UTF_8),
        Err(_) => {}
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, complete);
    let mut guess = detector.guess(None, Utf8Detection::Deny);
    if guess == UTF_8 {
        guess = WINDOWS_1252;
    }
    Some(TextEncoding(guess))
}

/// In UTF-16, delimiters, digits and line ends have a zero byte, always on the same side.
fn utf16_by_zeros(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.len() / 2;
    let (mut even, mut odd) = (0_usize, 0_usize);
    for pair in sample.chunks_exact(2) {
        even += usize::from(pair[0] == 0 && pair[1] != 0);
        odd += usize::from(pair[1] == 0 && pair[0] != 0);
    }
    // A few stray zeros do not make a file UTF-16.
    let enough = |zeros: usize| zeros >= 3 && zeros * 10 >= pairs;
    if enough(odd) && even * 8 < odd {
        Some(UTF_16LE)
    } else if enough(even) && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Reads any encoding as UTF-8 without a byte-order mark; memory use is fixed.
pub struct Transcoder<R> {
    input: R,
    raw: Vec<u8>,
    raw_at: usize,
    raw_bytes: u64,
    at_end: bool,
    decoder: Option<Decoder>,
    encoding: Option<TextEncoding>,
    ready: Vec<u8>,
    ready_at: usize,
    finished: bool,
}

impl<R: Read> Transcoder<R> {
    /// Reads the first 64 KiB and decides, unless the caller knows the encoding.
    pub fn new(input: R, encoding: Option<TextEncoding>) -> io::Result<Self> {
        let mut this = Self {
            input,
            raw: Vec::with_capacity(SAMPLE_BYTES),
            raw_at: 0,
            raw_bytes: 0,
            at_end: false,
            decoder: None,
            encoding: None,
            ready: Vec::with_capacity(SAMPLE_BYTES),
            ready_at: 0,
            finished: false,
        };
        this.fill()?;
        if let Some(encoding) = encoding.or_else(|| detect(&this.raw, this.at_end)) {
            this.decide(encoding);
        }
        Ok(this)
    }

    /// The bytes at the beginning of the file as they are, before any was read.
    pub fn sample(&self) -> &[u8] {
        &self.raw[self.raw_at..]
    }

    /// The encoding; UTF-8 as long as only ASCII has been seen.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding.unwrap_or(TextEncoding::UTF_8)
    }

    /// How many bytes of the file have been read, for the progress of an import.
    pub fn bytes_read(&self) -> u64 {
        self.raw_bytes
    }

    fn decide(&mut self, encoding: TextEncoding) {
        self.encoding = Some(encoding);
        self.decoder = Some(encoding.0.new_decoder_with_bom_removal());
    }

    /// Moves what is left to the front and reads until the buffer is full or the file ends.
    fn fill(&mut self) -> io::Result<()> {
        self.raw.drain(..self.raw_at);
        self.raw_at = 0;
        while !self.at_end && self.raw.len() < SAMPLE_BYTES {
            let from = self.raw.len();
            self.raw.resize(SAMPLE_BYTES, 0);
            let read = self.input.read(&mut self.raw[from..]);
            self.raw.truncate(from + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => self.at_end = true,
                Ok(count) => self.raw_bytes += count as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes the next bytes of UTF-8; leaves nothing ready at the end of the file.
    fn decode_more(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.ready_at = 0;
        while self.ready.is_empty() && !self.finished {
            self.fill()?;
            if self.decoder.is_none() {
                let rest = &self.raw[self.raw_at..];
                let ascii = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
                if ascii > 0 || rest.is_empty() {
                    self.ready.extend_from_slice(&rest[..ascii]);
                    self.raw_at += ascii;
                    self.finished = self.at_end && self.raw_at == self.raw.len();
                    continue;
                }
                let encoding = detect(rest, self.at_end).unwrap_or(TextEncoding::UTF_8);
                self.decide(encoding);
            }
            if let Some(decoder) = &mut self.decoder {
                self.ready.resize(SAMPLE_BYTES, 0);
                let (result, read, written, _) =
                    decoder.decode_to_utf8(&self.raw[self.raw_at..], &mut self.ready, self.at_end);
                self.ready.truncate(written);
                self.raw_at += read;
                self.finished = self.at_end && result == encoding_rs::CoderResult::InputEmpty;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ready_at == self.ready.len() {
            self.decode_more()?;
        }
        let rest = &self.ready[self.ready_at..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.ready_at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives a byte at a time, with interruptions, as a slow connection might.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.0.len().min(out.len()).min(1);
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    /// Fails at once.
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }

    fn text_of(bytes: &[u8]) -> (String, &'static str) {
        let mut reader = Transcoder::new(Slow(bytes, false), None).expect("open");
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("UTF-8");
        (text, reader.encoding().name())
    }

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn encodings_are_recognised() {
        let text = "Name;Stadt\r\nJürgen Müller;Köln\r\nRenée;Zürich\r\n";
        let latin: Vec<u8> = WINDOWS_1252.encode(text).0.into_owned();
        let mut marked = vec![0xef, 0xbb, 0xbf];
        marked.extend_from_slice(text.as_bytes());
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked, "UTF-8"),
            (latin, "windows-1252"),
            (utf16(text, true, true), "UTF-16LE"),
            (utf16(text, false, true), "UTF-16BE"),
            (utf16(text, true, false), "UTF-16LE"),
            (utf16(text, false, false), "UTF-16BE"),
        ] {
            assert_eq!(text_of(&bytes), (text.to_owned(), name));
        }
        let russian = "Имя;Город\nИван Петров;Москва\nОльга Смирнова;Казань\n";
        let bytes = encoding_rs::WINDOWS_1251.encode(russian).0;
        assert_eq!(text_of(&bytes), (russian.to_owned(), "windows-1251"));
        assert_eq!(text_of(&utf16(russian, true, false)).0, russian);
    }

    #[test]
    fn the_first_accent_may_come_late() {
        let mut bytes = b"a,b\n".repeat(SAMPLE_BYTES);
        assert_eq!(detect(&bytes, false), None);
        bytes.extend_from_slice(b"M\xfcller,K\xf6ln\nJ\xfcrgen,Z\xfcrich\n");
        let (text, name) = text_of(&bytes);
        assert_eq!(name, "windows-1252");
        assert!(text.ends_with("Müller,Köln\nJürgen,Zürich\n"));
    }

    #[test]
    fn a_character_cut_by_the_sample_does_not_confuse() {
        let mut text = "x".repeat(SAMPLE_BYTES - 2);
        text.push_str("€uro");
        assert_eq!(text_of(text.as_bytes()), (text, "UTF-8"));
        let cut = &"ok €".as_bytes()[..4];
        assert_eq!(detect(cut, false), Some(TextEncoding::UTF_8));
        assert_ne!(detect(cut, true), Some(TextEncoding::UTF_8));
    }

    #[test]
    fn names_of_encodings_are_parsed() {
        assert_eq!("latin1".parse::<TextEncoding>().expect("known").name(), "windows-1252");
        let error = "klingon".parse::<TextEncoding>().expect_err("unknown");
        assert!(error.to_string().contains("klingon"));
    }

    #[test]
    fn an_override_wins_and_a_failing_source_is_an_error() {
        let encoding = "windows-1251".parse().ok();
        let mut reader = Transcoder::new(&b"\xc8\xe2\xe0\xed"[..], encoding).expect("open");
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("UTF-8");
        assert_eq!(text, "Иван");

        assert!(Transcoder::new(Broken, None).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_become_utf_8(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let (text, _) = text_of(&bytes);
            prop_assert!(text.len() <= bytes.len() * 3 + 3);
        }

        #[test]
        fn utf_8_comes_back_unchanged(text in "[a-z\u{e0}-\u{17f}\u{400}-\u{45f}一-三,\n]{0,300}") {
            prop_assert_eq!(text_of(text.as_bytes()).0, text);
        }
    }
}
