//! Names of callers where there is no server: a signed file of numbers and names, and who answers
//! from it.
//!
//! The file is text: a head, a line for each number, and a signature that only who has the token can
//! make. It is read whole or not at all.

mod serve;

use std::fmt::Write as _;

use crate::domain::number_key::NumberKey;
use crate::domain::phone::parse_query;

pub use serve::serve;

/// The beginning of a file.
const MAGIC: &str = "ringdex-edge 1";
/// Digits of an ending by which a number is found.
const MIN_SUFFIX: usize = 7;

/// A number, without its plus, and the name that displays show.
pub type Named = (String, String);

/// The signature of a text, which a token makes.
fn sign(text: &[u8], token: &str) -> blake3::Hash {
    let key = blake3::derive_key("ringdex edge snapshot 1", token.as_bytes());
    blake3::keyed_hash(&key, text)
}

/// Writes a file: the country of national numbers, and who has which number.
pub fn write(country: Option<&str>, named: &[Named], token: &str) -> Vec<u8> {
    let mut text = format!("{MAGIC}\t{}\n", country.unwrap_or("-"));
    for (digits, name) in named {
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{digits}\t{name}");
    }
    let signature = sign(text.as_bytes(), token);
    let _ = writeln!(text, "signature\t{}", signature.to_hex());
    text.into_bytes()
}

/// A file that was read.
#[derive(Debug, Default)]
pub struct Snapshot {
    country: Option<String>,
    /// Sorted by their numbers from the end.
    named: Vec<(NumberKey, Box<str>)>,
}

impl Snapshot {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is none, or not one that this token has signed.
    pub fn read(bytes: &[u8], token: &str) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_no_text| "this is not text")?;
        let cut = "this is not a whole file of an edge: fetch it again";
        let text = text.strip_suffix('\n').ok_or(cut)?;
        let at = text.rfind('\n').map(|at| at + 1).ok_or(cut)?;
        let (body, last) = text.split_at(at);
        let given = last.strip_prefix("signature\t").ok_or(cut)?;
        let given = blake3::Hash::from_hex(given).map_err(|_no_hash| cut)?;
        // Compared in constant time.
        if given != sign(body.as_bytes(), token) {
            return Err("the file was not signed with this token, or has been changed");
        }
        let mut lines = body.lines();
        let mut head = lines.next().unwrap_or("").split('\t');
        if head.next() != Some(MAGIC) {
            return Err("this is a file of another version: fetch it again");
        }
        let country = head.next().filter(|country| *country != "-").map(str::to_owned);
        let mut named: Vec<(NumberKey, Box<str>)> = lines
            .filter_map(|line| line.split_once('\t'))
            .map(|(digits, name)| (NumberKey::from_digits(digits), name.into()))
            .collect();
        // Of several who have a number the first one counts.
        named.sort_by_key(|(key, _)| *key);
        named.dedup_by_key(|(key, _)| *key);
        Ok(Self { country, named })
    }

    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.named.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// The name of who has a number: the same, or the only one with the same national ending.
    pub fn name_of(&self, number: &str, country: Option<&str>) -> Option<&str> {
        let country = country.or(self.country.as_deref());
        let query = parse_query(number, country);
        let find = |key: NumberKey| {
            let at = self.named.binary_search_by_key(&key, |(key, _)| *key).ok()?;
            Some(&*self.named.get(at)?.1)
        };
        if query.key.is_empty() {
            return None;
        }
        if let Some(name) = find(query.key) {
            return Some(name);
        }
        let national = query.national_len.min(query.key.len());
        if query.is_international || national < MIN_SUFFIX {
            return None;
        }
        let (from, to) = query.key.suffix_range(national);
        let first = self.named.partition_point(|(key, _)| *key < from);
        let mut same = self.named.get(first..)?.iter().take_while(|(key, _)| *key <= to);
        match (same.next(), same.next()) {
            (Some((_, name)), None) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn file() -> Vec<u8> {
        let named = [
            ("4930123456", "Zoë\tMüller\n"),
            ("12025550123", "Jane Doe"),
            ("12025550123", "Somebody Else"),
            ("101", "Reception"),
        ]
        .map(|(digits, name)| (digits.to_owned(), name.to_owned()));
        write(Some("DE"), &named, "secret")
    }

    #[test]
    fn names_are_found_as_they_are_asked_for() {
        let book = Snapshot::read(&file(), "secret").unwrap();
        assert_eq!((book.len(), book.is_empty()), (3, false));
        for (number, country, name) in [
            ("+4930123456", None, Some("Zoë Müller ")),
            ("004930123456", None, Some("Zoë Müller ")),
            ("030 123456", None, Some("Zoë Müller ")),
            ("+1 202 555 0123", None, Some("Jane Doe")),
            ("(202) 555-0123", Some("US"), Some("Jane Doe")),
            ("101", None, Some("Reception")),
            ("+12025550124", None, None),
            ("123456", None, None),
            ("anonymous", None, None),
            ("", None, None),
        ] {
            assert_eq!(book.name_of(number, country), name, "{number}");
        }
    }

    #[test]
    fn files_that_were_changed_or_cut_are_refused() {
        let whole = file();
        assert!(Snapshot::read(&whole, "other").is_err());
        for end in 0..whole.len() {
            assert!(Snapshot::read(&whole[..end], "secret").is_err(), "{end}");
        }
        let changed = String::from_utf8(whole).unwrap().replace("Jane", "Joan");
        assert!(Snapshot::read(changed.as_bytes(), "secret").is_err());
    }

    proptest! {
        #[test]
        fn no_file_and_no_number_is_too_strange(bytes in any::<Vec<u8>>(), number in any::<String>()) {
            prop_assert_eq!(Snapshot::read(&bytes, "secret").is_err(), true);
            let book = Snapshot::read(&file(), "secret").unwrap();
            book.name_of(&number, Some(&number));
        }
    }
}
