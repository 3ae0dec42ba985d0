//! Characters to pieces: spaces, quotes, words, names of fields, values.

use super::names::{CUSTOM_DOT, is_name_char};

/// Whether a character separates words; control characters do.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// A value as typed: in quotes or not, with stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The text without quotes and stars.
    pub text: String,
    /// Whether it stood in quotes.
    pub is_quoted: bool,
    /// What stood around it.
    pub mark: Mark,
}

/// Signs around a word or value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// None.
    Plain,
    /// `vip~`: the word as it is, also at the end of the query.
    Whole,
    /// `vip*`
    Begins,
    /// `*vip*`, `%vip%`
    Contains,
    /// `*` alone.
    Anything,
}

/// Reads what stands in quotes, from behind the first one; `""` is one quote. Gives the text and
/// the bytes read, or nothing if the quotes are not closed.
pub(super) fn quoted(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            out.push(if c.is_control() { ' ' } else { c });
        } else if chars.next_if(|(_, next)| *next == '"').is_some() {
            out.push('"');
        } else {
            return Some((out, at + 1));
        }
    }
    None
}

/// The end of the word that begins here: a space, a bar, a parenthesis that was not opened in it,
/// or one of some other characters.
pub(super) fn word_end(text: &str, others: &[char]) -> usize {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return at,
            ')' => open -= 1,
            '|' => return at,
            _ if is_space(c) || others.contains(&c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// A bare word with the stars around it taken off.
pub(super) fn bare_piece(word: &str) -> Piece {
    let piece = |text: &str, mark| Piece { text: text.to_owned(), is_quoted: false, mark };
    let core = word.trim_matches('*');
    if core.is_empty() && !word.is_empty() {
        return piece("", Mark::Anything);
    }
    if let Some(inner) = word.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'))
        && !inner.is_empty()
    {
        return piece(inner, Mark::Contains);
    }
    if word.starts_with('*') {
        piece(core, Mark::Contains)
    } else if word.ends_with('*') {
        piece(core, Mark::Begins)
    } else if let Some(core) = word.strip_suffix('~')
        && !core.is_empty()
    {
        piece(core, Mark::Whole)
    } else {
        piece(word, Mark::Plain)
    }
}

/// A value in quotes, perhaps with stars around them. Gives it and the bytes read.
pub(super) fn quoted_piece(text: &str) -> Option<(Piece, usize)> {
    let star = usize::from(text.starts_with('*') || text.starts_with('%'));
    let inner = text[star..].strip_prefix('"')?;
    let (value, read) = quoted(inner)?;
    let behind = star + 1 + read;
    let end_star = usize::from(text[behind..].starts_with(['*', '%', '~']));
    let is_whole = text[behind..].starts_with('~');
    let mark = match (star, end_star) {
        (1, _) => Mark::Contains,
        (_, 1) if !is_whole => Mark::Begins,
        _ => Mark::Plain,
    };
    Some((Piece { text: value.trim().to_owned(), is_quoted: true, mark }, behind + end_star))
}

/// The name of a field with its colon, if one stands here. Gives the name without quotes and the
/// bytes read.
pub(super) fn field_prefix(text: &str) -> Option<(String, usize)> {
    if !text.starts_with(char::is_alphabetic) {
        return None;
    }
    let end = text.find(|c| !is_name_char(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if let Some(inner) = rest.strip_prefix('"')
        && name.eq_ignore_ascii_case(CUSTOM_DOT)
    {
        let (key, read) = quoted(inner)?;
        inner[read..].strip_prefix(':')?;
        return Some((format!("{CUSTOM_DOT}{key}"), end + 1 + read + 1));
    }
    let value = rest.strip_prefix(':')?;
    // "http://example.com" is not a field.
    (!value.starts_with("//")).then(|| (name.to_owned(), end + 1))
}
