//! Cuts values into terms. Every term begins with its organisation.
//!
//! Terms are cut here and handed to tantivy ready-made, separated by NUL; its own tokenizers
//! know no organisations and give n-grams no positions.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::domain::email;
use crate::domain::ids::OrgNumber;
use crate::domain::text::{fold, for_each_word};

/// Digits of the longest phone window.
pub const WINDOW: usize = 5;

/// Part of the schema hash: grows when this file cuts differently.
pub(super) const CUTTER_VERSION: u32 = 5;

/// The name under which the tokenizer for ready-made terms is registered.
pub(super) const TOKENIZER: &str = "ready_made";

/// Letters of the longest prefix that is a term of its own.
const EDGE: usize = 3;

/// Letters of the longest prefix of a word of an address that is a term of its own.
pub const EMAIL_EDGE: usize = 6;

/// What every term of an organisation begins with.
pub fn org_prefix(org: OrgNumber) -> String {
    format!("{:x}\u{1}", org.0)
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
        self.text.extend(cut(value, self.most_bytes).chars().filter(|c| *c != '\0'));
    }

    /// Every word of a text.
    pub(super) fn words(&mut self, text: &str) {
        for_each_word(text, |word, _, _| self.whole(word));
    }

    /// The prefixes of one to three letters of every word of a text.
    pub(super) fn edges(&mut self, text: &str) {
        self.edges_up_to(text, EDGE);
    }

    fn edges_up_to(&mut self, text: &str, most: usize) {
        for_each_word(text, |word, _, _| {
            for (at, c) in word.char_indices().take(most) {
                self.whole(&word[..at + c.len_utf8()]);
            }
        });
    }

    /// Whole address, local part and domain, and the words of both.
    pub(super) fn email(&mut self, address: &str) {
        let key = email::key(address);
        self.whole(&key);
        if let Some((local, domain)) = key.rsplit_once('@') {
            self.whole(local);
            self.whole(domain);
            for part in [local, domain] {
                for_each_word(part, |word, _, _| {
                    if word != part {
                        self.whole(word);
                    }
                });
            }
        }
    }

    /// The prefixes of one to six letters of the words of an address.
    pub(super) fn email_edges(&mut self, address: &str) {
        self.edges_up_to(address, EMAIL_EDGE);
    }

    /// A whole tag and its words.
    pub(super) fn tag(&mut self, tag: &str) {
        let folded = fold(tag);
        self.whole(&folded);
        for_each_word(tag, |word, _, _| {
            if word != folded {
                self.whole(word);
            }
        });
    }

    /// Windows of up to five digits at every position.
    pub(super) fn windows(&mut self, digits: &str) {
        for at in 0..digits.len() {
            self.whole(&digits[at..digits.len().min(at + WINDOW)]);
        }
    }
}

fn cut(value: &str, most_bytes: usize) -> &str {
    if value.len() <= most_bytes {
        return value;
    }
    let mut at = most_bytes;
    while !value.is_char_boundary(at) {
        at -= 1;
    }
    &value[..at]
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
        assert_eq!(cut_by(|t| t.words("José O'Brien")), ["jose", "obrien"]);
        assert_eq!(cut_by(|t| t.edges("Jo Émile")), ["j", "jo", "e", "em", "emi"]);
        assert_eq!(
            cut_by(|t| t.email("J.Doe@Example.com")),
            ["j.doe@example.com", "j.doe", "example.com", "j", "doe", "example", "com"]
        );
        assert_eq!(cut_by(|t| t.tag("VIP")), ["vip"]);
        assert_eq!(cut_by(|t| t.tag("Q4 Campaign")), ["q4 campaign", "q4", "campaign"]);
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
    fn long_terms_are_cut_at_a_letter() {
        let terms = cut_by(|t| t.whole(&"ö".repeat(100)));
        assert_eq!(terms[0].chars().count(), 32);
    }
}
