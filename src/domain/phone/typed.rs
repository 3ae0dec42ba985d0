//! The characters of a number, sorted out.

use super::digit::{digit_count, digit_value, digits_of, is_between_digits, keypad_digit};
use super::reading::{self, Reading};
use super::{PhoneError, address, extension};

/// Digits that are a number of their own, behind which letters are a word and not keys:
/// `030 901820 Fax`.
pub(super) const WHOLE_NUMBER: usize = 8;
/// Fewest digits behind a prefix of a telephone system.
const LEAST_BEHIND_PREFIX: usize = 7;

/// What a text says of a number.
pub(super) struct Typed {
    has_plus: bool,
    pub(super) digits: String,
    /// How many digits stand in front of a zero in brackets, as in `+44 (0)20`.
    bracketed_zero: Option<usize>,
    /// Whether letters were read as keys.
    pub(super) has_letters: bool,
    pub(super) extension: Option<String>,
}

impl Typed {
    /// Reads a number as it is stored.
    pub(super) fn read(raw: &str) -> Result<Self, PhoneError> {
        Self::read_with(raw, |text| text)
    }

    /// Reads a number as a telephone system hands it over.
    pub(super) fn read_dialled(raw: &str) -> Result<Self, PhoneError> {
        Self::read_with(raw, without_system_prefix)
    }

    fn read_with(raw: &str, strip: impl Fn(&str) -> &str) -> Result<Self, PhoneError> {
        if raw.len() > 400 {
            return Err(PhoneError::TooLong);
        }
        let address = address::unwrap(raw.trim());
        let text = strip(address.number.trim());
        if text.len() > 200 {
            return Err(PhoneError::TooLong);
        }
        if is_scientific(text) {
            return Err(PhoneError::ScientificNotation);
        }
        let (main, extension) = match address.extension {
            Some(extension) => (text, Some(extension)),
            None => match extension::split(text) {
                Some((main, extension)) => (main, Some(extension)),
                None => (text, None),
            },
        };
        let mut typed = Self {
            has_plus: false,
            digits: String::with_capacity(16),
            bracketed_zero: None,
            has_letters: false,
            extension,
        };
        if is_date(main) {
            return Err(PhoneError::Characters);
        }
        let mut letters = 0;
        for (at, c) in main.char_indices() {
            if let Some(digit) = digit_value(c) {
                if digit == 0
                    && main[..at].ends_with('(')
                    && main[at + c.len_utf8()..].starts_with(')')
                {
                    typed.bracketed_zero = Some(typed.digits.len());
                }
                typed.digits.push(char::from(b'0' + digit));
            } else if matches!(c, '+' | '\u{ff0b}') && typed.digits.is_empty() {
                typed.has_plus = true;
            } else if let Some(digit) = keypad_digit(c) {
                // A word beside a whole number is no part of it.
                if letters == 0 && typed.digits.len() >= WHOLE_NUMBER {
                    return Err(PhoneError::Characters);
                }
                letters += 1;
                typed.digits.push(digit);
            } else if !is_between_digits(c) {
                return Err(PhoneError::Characters);
            }
        }
        if typed.digits.is_empty() {
            return Err(PhoneError::NoDigits);
        }
        // Letters on keys ("1-800-FLOWERS") come after at least three digits; "John" is no number.
        let begins_with_letter = main.chars().next().is_some_and(char::is_alphabetic);
        if letters > 0 && (typed.digits.len() < letters + 3 || begins_with_letter) {
            return Err(PhoneError::Characters);
        }
        typed.has_letters = letters > 0;
        Ok(typed)
    }

    /// The number without the digit for an outside line in front of it.
    pub(super) fn behind_outside_line(&self, default_country: Option<&str>) -> Option<Reading> {
        let is_plain = !self.has_plus && self.digits.len() <= 20;
        is_plain.then(|| reading::behind_outside_line(&self.digits, default_country)).flatten()
    }

    /// The number as it is stored, and its region.
    pub(super) fn resolve(&self, default_country: Option<&str>) -> Reading {
        if !self.has_plus {
            return reading::dialled(&self.digits, default_country);
        }
        let without_zero = self
            .bracketed_zero
            .filter(|at| *at > 0)
            .map(|at| format!("{}{}", &self.digits[..at], &self.digits[at + 1..]));
        reading::international(&self.digits, without_zero.as_deref())
    }
}

/// What follows the prefix that a telephone system or its user put in front of a number: a line
/// (`L0#`), a feature code (`*67`, `#31#`), a letter (`A:`), the channel of a call (`SIP/`), or a
/// digit for an outside line and a pause (`9,`). A `#` or `*` behind the number ends dialling.
fn without_system_prefix(text: &str) -> &str {
    let text = of_channel(text);
    let ended = text.trim_end_matches(['#', '*', ' ']);
    let is_plain = |text: &str| {
        text.chars().all(|c| c == '+' || digit_value(c).is_some() || is_between_digits(c))
    };
    let text = if is_plain(ended) { ended } else { text };
    let has_number = |rest: &str| digit_count(rest) >= LEAST_BEHIND_PREFIX;
    let is_pause = |c: char| matches!(c, ',' | ';' | 'p' | 'P' | 'w' | 'W');
    if let Some((_line, rest)) = text.rsplit_once(['#', '*']).filter(|(_, rest)| has_number(rest)) {
        // `*67` has no end of its own, its code has two digits.
        let is_feature = text.starts_with('*') && text.matches(['#', '*']).count() == 1;
        if !is_feature {
            return rest.trim_start();
        }
        let mut digits = rest.char_indices().filter(|(_, c)| digit_value(*c).is_some());
        return match digits.nth(1) {
            Some((at, c)) if has_number(&rest[at + c.len_utf8()..]) => {
                rest[at + c.len_utf8()..].trim_start_matches(is_pause).trim_start()
            }
            _ => rest,
        };
    }
    if let Some((_letters, rest)) =
        text.split_once(':').filter(|(head, _)| head.chars().all(|c| c.is_ascii_alphabetic()))
        && has_number(rest)
    {
        return rest.trim_start();
    }
    if let Some(at) = text.find(is_pause) {
        let (head, rest) = (text[..at].trim(), text[at..].trim_start_matches(is_pause));
        let is_outside_line = (1..=3).contains(&head.len()) && digits_of(head) == head;
        if is_outside_line && has_number(rest) {
            return rest.trim_start();
        }
    }
    text
}

/// The number in the name of a channel of a PBX: `SIP/2025550170-0001`,
/// `Local/2025550170@from-internal-00000012;1`, `sofia/internal/2025550170@10.0.0.1`.
fn of_channel(text: &str) -> &str {
    let Some((technology, _)) = text.split_once('/') else { return text };
    let is_channel = technology.len() >= 2
        && technology.starts_with(|c: char| c.is_ascii_alphabetic())
        && technology.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_channel {
        return text;
    }
    let last = text.rsplit('/').next().unwrap_or(text);
    let user = last.split(['@', ';']).next().unwrap_or(last);
    // Behind it stands the number of the call, in hexadecimal digits.
    match user.rsplit_once('-') {
        Some((number, call))
            if (4..=8).contains(&call.len())
                && call.bytes().all(|c| c.is_ascii_hexdigit())
                && digit_count(number) >= 2 =>
        {
            number
        }
        _ => user,
    }
}

/// Whether it is a day as people write it: `1/12/2025`, `31.12.2025`, `2025/12/31`. Numbers are
/// written like that as well, `22.45.3300`, so it must be a day of these times.
fn is_date(text: &str) -> bool {
    let is_of = |separator: char| {
        let part = |part: &str| match part.len() {
            1 | 2 | 4 => part.parse::<u32>().ok(),
            _ => None,
        };
        let parts: Option<Vec<u32>> = text.split(separator).map(part).collect();
        let is_day = |a, b| a >= 1 && b >= 1 && u32::min(a, b) <= 12 && u32::max(a, b) <= 31;
        let is_year = |year| (1800..2200).contains(&year);
        match parts.as_deref() {
            Some([year, a, b]) if text.starts_with(|c: char| c.is_ascii_digit()) && *year > 99 => {
                is_year(*year) && is_day(*a, *b)
            }
            Some([a, b, year]) => is_year(*year) && is_day(*a, *b),
            _ => false,
        }
    };
    is_of('/') || is_of('.')
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    !mantissa.is_empty()
        && mantissa.contains(['.', ','])
        && mantissa.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        && !exponent.is_empty()
        && exponent.len() <= 2
        && exponent.chars().all(|c| c.is_ascii_digit())
}
