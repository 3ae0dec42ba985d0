//! Cuts values into terms. Every term begins with its organisation.
//!
//! Terms are cut here and handed to tantivy ready-made, separated by NUL; its own tokenizers
//! know no organisations and give n-grams no positions.

use std::borrow::Cow;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::domain::email;
use crate::domain::text::{fold, for_each_word};

/// Digits of the longest phone window.
pub const WINDOW: usize = 5;

/// Part of the schema hash: grows when this file cuts differently, and when the keys of an order may
/// have changed, as with another version of `icu_collator`.
pub(super) const CUTTER_VERSION: u32 = 21;

/// The name under which the tokenizer for ready-made terms is registered.
pub(super) const TOKENIZER: &str = "ready_made";

/// Letters of the longest prefix of a word that is a term of its own.
pub const EDGE: usize = 3;

/// Letters of the longest prefix of a word of an address that is a term of its own.
pub const EMAIL_EDGE: usize = 6;

/// Where a word stands; the last letter of its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A name.
    Name,
    /// Another spelling of a name.
    Spelling,
    /// Words of a name written together; see [`apart`].
    Joined,
    /// A name without the accents with which it is written.
    Folded,
    /// A name with its accents.
    Written,
    /// A prefix of a name.
    NameEdge,
    /// The first letter of a given name.
    GivenInitial,
    /// A company.
    Company,
    /// A tag.
    Tag,
    /// A prefix of a word of company or tags.
    OtherEdge,
    /// The job title.
    Title,
    /// The notes.
    Notes,
    /// Street, city, region, postal code, country.
    Address,
    /// Department, role, identifiers elsewhere, profiles.
    Text,
    /// Digits that are a whole identifier of another system.
    Identifier,
    /// Digits that are a whole identifier of a channel, mostly a number.
    ChannelIdentifier,
    /// Digits that are a whole value of a custom field.
    CustomIdentifier,
    /// Any custom field, for callers who see all of them.
    Custom,
    /// Local part or domain.
    AddressPart,
    /// A word of these; see [`apart`].
    AddressWord,
    /// A prefix of such a word; see [`apart`].
    AddressEdge,
}

impl Place {
    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Self::Name => 'n',
            Self::Spelling => 'v',
            Self::Joined => 'j',
            Self::Folded => 'f',
            Self::Written => 'w',
            Self::NameEdge => 'N',
            Self::GivenInitial => 'I',
            Self::Company => 'c',
            Self::Tag => 't',
            Self::OtherEdge => 'E',
            Self::Title => 'i',
            Self::Notes => 'o',
            Self::Address => 'a',
            Self::Text => 'x',
            Self::Identifier => 'd',
            Self::ChannelIdentifier => 'h',
            Self::CustomIdentifier => 'D',
            Self::Custom => 'k',
            Self::AddressPart => 'p',
            Self::AddressWord => 'q',
            Self::AddressEdge => 'P',
        }
    }
}

/// The term of a whole value, without its organisation.
pub fn value_term(code: &str, folded: &str) -> String {
    format!("{code}\u{1}{folded}")
}

/// A word as it stands apart from others of its dictionary: words of addresses from whole addresses,
/// names that are written together from single ones. Else the range of what begins with a frequent
/// name would hold thousands of these.
pub fn apart(word: &str) -> String {
    format!("\u{2}{word}")
}

/// Terms of one field of one document, separated by NUL.
pub(super) struct Terms<'a> {
    prefix: &'a str,
    most_bytes: usize,
    text: String,
}

impl<'a> Terms<'a> {
    pub(super) fn new(prefix: &'a str, most_bytes: usize) -> Self {
        Self { prefix, most_bytes, text: String::new() }
    }

    /// The terms; empty if there are none.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// One whole value as a term.
    pub(super) fn whole(&mut self, value: &str) {
        if !self.text.is_empty() {
            self.text.push('\0');
        }
        self.text.push_str(self.prefix);
        // A NUL would begin another term, and that could name another organisation.
        self.text.extend(bounded(value, self.most_bytes).chars().filter(|c| *c != '\0'));
    }

    /// One word with the letter that says where it stands.
    pub(super) fn word(&mut self, word: &str, place: Place) {
        self.whole(&format!(
            "{}\u{1}{}",
            bounded(word, word_room(self.most_bytes)),
            place.letter()
        ));
    }

    /// Every word of a text.
    pub(super) fn words(&mut self, text: &str, place: Place) {
        for_each_word(text, |word, _, _| self.word(word, place));
    }

    /// A value that is nothing but digits, maybe with signs between them, as these digits.
    pub(super) fn identifier(&mut self, value: &str, place: Place) {
        let is_sign = |c: char| matches!(c, ' ' | '-' | '.' | '/' | '+');
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= 3 && value.chars().all(|c| c.is_ascii_digit() || is_sign(c)) {
            self.word(&digits, place);
        }
    }

    /// The prefixes of one to so many letters of every word of a text.
    pub(super) fn edges(&mut self, text: &str, most: usize, place: Place) {
        for_each_word(text, |word, _, _| {
            for (at, c) in word.char_indices().take(most) {
                self.word(&word[..at + c.len_utf8()], place);
            }
        });
    }

    /// Whole address, local part and domain, and the words of both.
    pub(super) fn email(&mut self, address: &str) {
        let key = email::key(address);
        self.word(&key, Place::Address);
        if let Some((local, domain)) = key.rsplit_once('@') {
            self.word(local, Place::AddressPart);
            self.word(domain, Place::AddressPart);
            for part in [local, domain] {
                for_each_word(part, |word, _, _| {
                    self.word(&apart(word), Place::AddressWord);
                });
            }
        }
        for_each_word(address, |word, _, _| {
            for (at, c) in word.char_indices().take(EMAIL_EDGE) {
                self.word(&apart(&word[..at + c.len_utf8()]), Place::AddressEdge);
            }
        });
    }

    /// Whether a text is too long to be a term as a whole.
    pub(super) fn is_too_long(&self, text: &str) -> bool {
        self.prefix.len() + text.len() > self.most_bytes
    }

    /// A whole folded value of a field.
    pub(super) fn value(&mut self, code: &str, value: &str) {
        self.whole(&value_term(code, &fold(value)));
    }

    /// Windows of up to five digits at every position.
    pub(super) fn windows(&mut self, digits: &str) {
        for at in 0..digits.len() {
            self.whole(&digits[at..digits.len().min(at + WINDOW)]);
        }
    }
}

/// What stands between the beginning of a text that is too long for a term and what stands for the
/// rest.
pub const BEHIND: u8 = 3;
/// Bytes of what stands for the rest of a text that is too long for a term.
const REST_BYTES: usize = 33;

/// A text as a term holds it: whole, or where it is too long its beginning and a hash of all of it,
/// so that two texts are never one term.
pub fn bounded(text: &str, most_bytes: usize) -> Cow<'_, str> {
    if text.len() <= most_bytes {
        return Cow::Borrowed(text);
    }
    let mut at = most_bytes.saturating_sub(REST_BYTES);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let hash = blake3::hash(text.as_bytes()).to_hex();
    Cow::Owned(format!("{}{}{}", &text[..at], char::from(BEHIND), &hash[..REST_BYTES - 1]))
}

/// What terms leave for a word beside the letter that says where it stands.
pub fn word_room(most_bytes: usize) -> usize {
    most_bytes.saturating_sub(2)
}

/// Splits ready-made terms at NUL.
#[derive(Clone, Default)]
pub(super) struct ReadyMade {
    token: Token,
}

impl Tokenizer for ReadyMade {
    type TokenStream<'a> = ReadyMadeStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> ReadyMadeStream<'a> {
        self.token.position = usize::MAX;
        ReadyMadeStream { rest: Some(text), token: &mut self.token }
    }
}

pub(super) struct ReadyMadeStream<'a> {
    rest: Option<&'a str>,
    token: &'a mut Token,
}

impl TokenStream for ReadyMadeStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(rest) = self.rest else { return false };
        let term = if let Some((term, rest)) = rest.split_once('\0') {
            self.rest = Some(rest);
            term
        } else {
            self.rest = None;
            rest
        };
        self.token.text.clear();
        self.token.text.push_str(term);
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_by(f: impl Fn(&mut Terms<'_>)) -> Vec<String> {
        let mut terms = Terms::new("", 64);
        f(&mut terms);
        let mut tokenizer = ReadyMade::default();
        let mut stream = tokenizer.token_stream(terms.as_str());
        let mut out = Vec::new();
        while stream.advance() {
            out.push(stream.token().text.clone());
        }
        out
    }

    #[test]
    fn values_are_cut_into_terms() {
        let placed = |f: &dyn Fn(&mut Terms<'_>)| -> Vec<String> {
            cut_by(f).into_iter().map(|term| term.replace('\u{1}', "/")).collect()
        };
        assert_eq!(placed(&|t| t.words("José O'Brien", Place::Name)), ["jose/n", "obrien/n"]);
        assert_eq!(
            placed(&|t| t.edges("Jo Émile", EDGE, Place::NameEdge)),
            ["j/N", "jo/N", "e/N", "em/N", "emi/N"]
        );
        assert_eq!(
            placed(&|t| t.email("J.Doe@Ex.com")),
            [
                "j.doe@ex.com/a",
                "j.doe/p",
                "ex.com/p",
                "\u{2}j/q",
                "\u{2}doe/q",
                "\u{2}ex/q",
                "\u{2}com/q",
                "\u{2}j/P",
                "\u{2}d/P",
                "\u{2}do/P",
                "\u{2}doe/P",
                "\u{2}e/P",
                "\u{2}ex/P",
                "\u{2}c/P",
                "\u{2}co/P",
                "\u{2}com/P"
            ]
        );
        assert_eq!(placed(&|t| t.value("t", "Q4 Campaign")), ["t/q4 campaign"]);
        assert_eq!(
            cut_by(|t| t.windows("1234567")),
            ["12345", "23456", "34567", "4567", "567", "67", "7"]
        );
    }

    #[test]
    fn no_value_smuggles_in_a_term_of_another_organisation() {
        let mut terms = Terms::new("1\u{1}", 64);
        terms.whole("vip\u{0}2\u{1}vip");
        assert_eq!(terms.as_str(), "1\u{1}vip2\u{1}vip");
    }

    #[test]
    fn long_terms_begin_alike_and_differ() {
        let long = "ö".repeat(100);
        let terms = cut_by(|t| {
            t.whole(&long);
            t.whole(&format!("{long}!"));
            t.whole(&long[..64]);
        });
        assert!(terms[..2].iter().all(|term| term.len() <= 64 && term.starts_with("ööööö")));
        assert_ne!(terms[0], terms[1]);
        // What fits is kept as it is.
        assert_eq!(terms[2], "ö".repeat(32));
        let terms = cut_by(|t| t.word(&long, Place::Name));
        assert!(terms[0].len() <= 64 && terms[0].ends_with("\u{1}n"));
        assert_eq!(terms[0], format!("{}\u{1}n", bounded(&long, word_room(64))));
    }
}
