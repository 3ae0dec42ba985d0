//! Business cards in a file, one vCard after the other, taken apart without holding the file.
//!
//! Pictures and sounds are left out while reading: no contact keeps them, and they are most of the
//! bytes. What a card says is read in [`super::vcard`].

use std::io::{BufRead as _, BufReader, Read};

use csv::StringRecord;

use super::Error;
use super::encoding::{TextEncoding, Transcoder};
use super::json_lines::JsonRow;
use super::read::MAX_ROW_BYTES;

/// Properties that hold pictures, sounds and keys.
const BULKY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// The name of the only column.
pub const COLUMN: &str = "vcard";

/// Whether a file begins with a card.
pub(super) fn is_vcard(sample: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&sample[..sample.len().min(64)]);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    text.get(..11).is_some_and(|begin| begin.eq_ignore_ascii_case("begin:vcard"))
}

/// Reads the cards of a file.
pub struct Cards<R> {
    input: BufReader<Transcoder<R>>,
    line: u64,
    /// Where a card begins that was met inside of one without an end.
    begun: Option<u64>,
}

impl<R: Read> Cards<R> {
    pub(super) fn new(input: Transcoder<R>) -> Self {
        Self { input: BufReader::new(input), line: 0, begun: None }
    }

    /// How many bytes of the file have been read.
    pub fn bytes_read(&self) -> u64 {
        self.input.get_ref().bytes_read()
    }

    /// The encoding in use.
    pub fn encoding(&self) -> TextEncoding {
        self.input.get_ref().encoding()
    }

    /// Reads the next card; false at the end of the file. One that does not end, or is longer than a
    /// row may be, is given out as far as it goes and without its end; the next one is read all the
    /// same.
    ///
    /// # Errors
    /// If the source fails.
    pub fn read_row(&mut self, row: &mut JsonRow) -> Result<bool, Error> {
        let mut card = String::new();
        let (mut is_within, mut is_bulky, mut is_agent) = (false, false, false);
        let mut bytes = Vec::new();
        if let Some(line) = self.begun.take() {
            (is_within, row.line) = (true, line);
            card.push_str("BEGIN:VCARD\r\n");
        }
        while self.read_line(&mut bytes)? {
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\r', '\n']).trim_start_matches('\u{feff}');
            let begins = text.trim().eq_ignore_ascii_case("begin:vcard");
            // An agent is a card inside of a card.
            if is_within && begins && !is_agent {
                self.begun = Some(self.line);
                break;
            }
            if !is_within {
                if begins {
                    (is_within, row.line) = (true, self.line);
                    card.push_str("BEGIN:VCARD\r\n");
                }
                continue;
            }
            let is_folded = text.starts_with([' ', '\t']);
            is_bulky = if is_folded { is_bulky } else { begins_bulky(text) };
            is_agent = text.trim().eq_ignore_ascii_case("agent:");
            if !is_bulky && card.len() <= MAX_ROW_BYTES {
                card.push_str(text);
                card.push_str("\r\n");
            }
            if text.trim().eq_ignore_ascii_case("end:vcard") {
                break;
            }
        }
        row.cells = StringRecord::from(vec![card]);
        Ok(is_within)
    }

    /// Reads a line, of a long one the beginning; false at the end.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Error> {
        bytes.clear();
        self.line += 1;
        let line = self.line;
        let failed = |source| Error::Read { line, source };
        let most = MAX_ROW_BYTES as u64;
        let read = self.input.by_ref().take(most).read_until(b'\n', bytes).map_err(failed)?;
        let mut is_whole = read < MAX_ROW_BYTES || bytes.last() == Some(&b'\n');
        while !is_whole {
            let buffer = self.input.fill_buf().map_err(failed)?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            is_whole = end.is_some() || buffer.is_empty();
            let length = end.map_or(buffer.len(), |at| at + 1);
            self.input.consume(length);
        }
        Ok(read > 0)
    }
}

/// Whether a line begins a property that is left out.
fn begins_bulky(line: &str) -> bool {
    let name = line.split([':', ';']).next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    BULKY.iter().any(|bulky| name.eq_ignore_ascii_case(bulky))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(text: &str) -> Vec<(u64, String)> {
        let mut cards = Cards::new(Transcoder::new(text.as_bytes(), None).unwrap());
        let mut all = Vec::new();
        let mut row = JsonRow::default();
        while cards.read_row(&mut row).unwrap() {
            all.push((row.line, row.cells[0].to_owned()));
        }
        all
    }

    #[test]
    fn cards_are_told_apart_and_lose_their_pictures() {
        let text = "\u{feff}BEGIN:VCARD\nFN:Ann\nitem1.PHOTO;ENCODING=b:AAAA\n BBBB\nTEL:1\n\
                    END:VCARD\n\nbegin:vcard\r\nFN:Bob\r\nend:vcard\r\n";
        assert_eq!(
            cards(text),
            [
                (1, "BEGIN:VCARD\r\nFN:Ann\r\nTEL:1\r\nEND:VCARD\r\n".to_owned()),
                (8, "BEGIN:VCARD\r\nFN:Bob\r\nend:vcard\r\n".to_owned()),
            ]
        );
    }

    #[test]
    fn a_card_without_an_end_costs_only_itself() {
        let text = "BEGIN:VCARD\nFN:Ann\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\nBEGIN:VCARD\nFN:Cid\nAGENT:\n\
                    BEGIN:VCARD\nFN:Dan\nEND:VCARD\nEND:VCARD\n";
        let all = cards(text);
        let lines: Vec<u64> = all.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 6], "{all:?}");
        assert!(all[1].1.contains("FN:Bob") && all[2].1.contains("FN:Cid"), "{all:?}");
    }

    #[test]
    fn a_card_that_never_ends_is_cut() {
        let mut text = "BEGIN:VCARD\n".to_owned();
        text.push_str(&"NOTE:again and again\n".repeat(200_000));
        let all = cards(&text);
        assert_eq!(all.len(), 1);
        assert!(all[0].1.len() < MAX_ROW_BYTES + 100 && !all[0].1.contains("END:VCARD"));
    }
}
