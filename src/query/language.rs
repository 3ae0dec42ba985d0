//! What a query is read with: the time, the timezone, the custom fields, the limits.

use jiff::tz::TimeZone;

use super::tree::Load;
use crate::domain::custom_field::CustomType;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;

/// Most characters of one word or value; more are cut off.
pub const MOST_VALUE_CHARS: usize = 1_000;
/// Most characters of the key of a custom field.
pub const MOST_KEY_CHARS: usize = 100;
/// How many whole values may be asked for in place of one word.
const VALUES_PER_WORD: usize = 16;
/// Most levels that a tree of conditions may have.
pub const MOST_LEVELS: usize = 24;
/// Most parentheses that may be open at once in a text.
pub(super) const MOST_PARENTHESES: usize = 64;

/// What a query is read with.
pub struct Language<'a> {
    /// The present time; `today` and `30d` are counted from it.
    pub now: Timestamp,
    /// The timezone in which days begin.
    pub timezone: TimeZone,
    /// The declared type of a custom field by its folded key; `None` if it is not declared.
    pub custom: &'a dyn Fn(&str) -> Option<CustomType>,
    /// The folded keys of all custom fields, if they are known: other keys are warned of.
    pub custom_keys: Option<&'a [String]>,
    /// Whether the last word is still being typed, so that words that begin so match, too.
    pub completes_last: bool,
    /// Most words, numbers and parts of values that are looked at; of whole values, ranges and
    /// presence sixteen times as many.
    pub most_words: usize,
}

impl Language<'_> {
    /// What a query may ask for.
    pub(super) fn room(&self) -> Load {
        Load { words: self.most_words, values: self.most_words.saturating_mul(VALUES_PER_WORD) }
    }

    /// Most bytes of a text that are looked at: enough for everything that can be printed of a
    /// tree of `most_words` conditions.
    pub(super) fn most_bytes(&self) -> usize {
        self.most_words.saturating_mul(32 * 1024).saturating_add(64 * 1024)
    }
}

/// The folded key of a custom field, such that folding it again changes nothing; `None` if nothing
/// is left or it is too long.
pub(super) fn custom_key(key: &str) -> Option<String> {
    let mut folded = key.trim().to_owned();
    for _ in 0..4 {
        let again = fold(&folded).trim().to_owned();
        if again == folded {
            let fits = folded.chars().count() <= MOST_KEY_CHARS;
            let is_clean = !folded.is_empty() && !folded.chars().any(char::is_control);
            return (fits && is_clean).then_some(folded);
        }
        folded = again;
    }
    None
}
