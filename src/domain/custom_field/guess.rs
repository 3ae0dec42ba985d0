//! Which type the values of a column look like, for a field that is about to be made for them.

use super::CustomType;
use super::spelling::{boolean, date, decimal};

/// From so many characters on a text is a long one.
const LONG: usize = 200;
/// More digits than these are a number that is called by, not one to reckon with.
const MOST_DIGITS: usize = 15;

impl CustomType {
    /// The type that all of these take without losing anything; none if there is nothing to go by.
    /// Numbers that begin with a zero or a plus sign are called by, so they are text.
    pub fn guess<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let values: Vec<&str> = values.map(str::trim).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return None;
        }
        let all = |fits: fn(&str) -> bool| values.iter().all(|value| fits(value));
        Some(if all(is_word_of_yes_or_no) {
            Self::Boolean
        } else if all(is_whole) {
            Self::Integer
        } else if all(is_number) {
            Self::Decimal
        } else if all(|value| date(value).is_some()) {
            Self::Date
        } else if values.iter().any(|value| value.contains('\n') || value.chars().count() > LONG) {
            Self::LongText
        } else {
            Self::ShortText
        })
    }
}

/// Digits may be counts as well.
fn is_word_of_yes_or_no(value: &str) -> bool {
    boolean(value).is_some() && !value.starts_with(|c: char| c.is_ascii_digit())
}

fn is_whole(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && is_number(value)
}

fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let is_called_by = value.starts_with('+')
        || unsigned.starts_with('0') && unsigned[1..].starts_with(|c: char| c.is_ascii_digit());
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    !is_called_by && digits <= MOST_DIGITS && decimal(value, false).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_guessed_that_loses_nothing() {
        for (values, expect) in [
            (&["12", "0", "-7", ""] as &[&str], Some(CustomType::Integer)),
            (&["12.500,00", "3,5"], Some(CustomType::Decimal)),
            (&["12", "3.5"], Some(CustomType::Decimal)),
            (&["yes", "No"], Some(CustomType::Boolean)),
            (&["ja", "nein"], Some(CustomType::Boolean)),
            (&["1", "0"], Some(CustomType::Integer)),
            (&["2025-12-31", "1.2.2024"], Some(CustomType::Date)),
            (&["01067", "80331"], Some(CustomType::ShortText)),
            (&["+4930123456"], Some(CustomType::ShortText)),
            (&["12345678901234567"], Some(CustomType::ShortText)),
            (&["12", "gold"], Some(CustomType::ShortText)),
            (&["a\nb"], Some(CustomType::LongText)),
            (&["", "  "], None),
        ] {
            assert_eq!(CustomType::guess(values.iter().copied()), expect, "{values:?}");
        }
    }
}
