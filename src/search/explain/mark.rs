//! Notes reasons, and which letters of a text matched.

use super::Explanation;
use super::fields::Key;
use crate::domain::text::{Word, fold};

/// Where in the original text the part of a word ends that folds into this prefix.
pub(super) fn prefix_end(original: &str, word: &Word, prefix: &str) -> usize {
    let piece = &original[word.start..word.end];
    for (at, c) in piece.char_indices() {
        let end = at + c.len_utf8();
        if fold(&piece[..end]).len() >= prefix.len() {
            return word.start + end;
        }
    }
    word.end
}

/// Notes a reason once.
pub(super) fn push(why: &mut Vec<String>, reason: String) {
    if !why.contains(&reason) {
        why.push(reason);
    }
}

/// Notes a range of bytes as one of UTF-16 code units.
pub(super) fn mark(out: &mut Explanation, key: Key<'_>, text: &str, start: usize, end: usize) {
    // Lower case can be longer than upper case, so a place in the one may be none in the other.
    if matches!(key, Key::Unwritten) || !text.is_char_boundary(start) || !text.is_char_boundary(end)
    {
        return;
    }
    let units = |to: usize| text[..to].encode_utf16().count();
    let range = (units(start), units(end));
    let ranges = out.highlights.entry(key.to_string()).or_default();
    if !ranges.contains(&range) {
        ranges.push(range);
        ranges.sort_unstable();
    }
}
