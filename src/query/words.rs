//! Words as the index knows them, and words joined by dots.

use super::expr::{Condition, Expr, Shape};
use super::field::Field;
use super::language::MOST_VALUE_CHARS;
use super::lex::is_space;
use crate::domain::email;
use crate::domain::text::for_each_word;

/// Most words that are joined by dots; more are words of their own.
const MOST_DOTTED: usize = 6;

/// The folded words of a text, such that reading one again gives that word alone. A few ligatures
/// fold into several words.
pub(super) fn stable_words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    collect(text, 4, &mut out);
    out
}

fn collect(text: &str, rounds: usize, out: &mut Vec<String>) {
    let mut found = Vec::new();
    for_each_word(text, |word, _, _| found.push(cut(word)));
    for word in found {
        let mut again = Vec::new();
        for_each_word(&word, |word, _, _| again.push(word.to_owned()));
        if again.len() == 1 && again.first() == Some(&word) {
            out.push(word);
        } else if rounds > 0 {
            collect(&word, rounds - 1, out);
        }
    }
}

/// Marks may make a sign or space in front of them a part of the word; nobody means that.
fn cut(text: &str) -> String {
    let is_sign = |c: char| !c.is_alphanumeric() && (c.is_ascii() || is_space(c));
    text.trim_start_matches(is_sign).chars().take(MOST_VALUE_CHARS).collect()
}

/// All words of a text as conditions; the last one has a shape of its own.
pub(super) fn words(field: Option<&Field>, text: &str, shape: Shape, last: Shape) -> Vec<Expr> {
    let words = stable_words(text);
    let count = words.len();
    let word = |(at, text): (usize, String)| {
        let shape = if at + 1 == count { last } else { shape };
        Expr::Is(Condition::Word { field: field.cloned(), text, shape })
    };
    words.into_iter().enumerate().map(word).collect()
}

/// A bare text without spaces: an address, words joined by dots, or words.
pub(super) fn bare(text: &str, last: Shape) -> Vec<Expr> {
    let addresses = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
    let addresses: Option<Vec<Expr>> = addresses.map(address).collect();
    if let Some(addresses) = addresses
        && !addresses.is_empty()
    {
        return vec![Expr::any(addresses)];
    }
    if let Some(dotted) = dotted(text, last == Shape::Prefix) {
        return vec![Expr::Is(dotted)];
    }
    words(None, text, Shape::Word, last)
}

/// A whole address is one thing, not the words around its dots.
fn address(text: &str) -> Option<Expr> {
    let address = email::parse(text)?;
    Some(Expr::Is(Condition::Address { address }))
}

/// Words joined by dots, if the text is that and stays that when it is read again.
fn dotted(text: &str, is_prefix: bool) -> Option<Condition> {
    let whole = email::key(text);
    if !is_dotted(&whole) || email::key(&whole) != whole || whole.len() > MOST_VALUE_CHARS {
        return None;
    }
    let words = stable_words(&whole);
    (2..=MOST_DOTTED).contains(&words.len()).then_some(Condition::Dotted {
        whole,
        words,
        is_prefix,
    })
}

/// Whether a text could be the domain or the local part of an address, with dots inside.
fn is_dotted(text: &str) -> bool {
    text.contains('.')
        && text.starts_with(char::is_alphanumeric)
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '+'))
        })
}
