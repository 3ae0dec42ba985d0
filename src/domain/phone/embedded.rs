//! Numbers that stand beside other text in one line: `"+12025550170"`, `Sales 2025550170`,
//! `+12025550170 (mobile)`, `+12025550170 / +12025550171`.
//!
//! For what is no number as a whole. Only runs of digits that are long enough to be a whole number
//! are taken, so that house numbers and names with a digit in them are none.

use super::digit::{digit_value, is_between_digits};

/// Fewest digits of a whole number.
const LEAST_WHOLE: usize = 7;
/// Most digits of a whole number.
const MOST_WHOLE: usize = 15;
/// Most digits that may stand beside the number of a caller: `Q1|2025550170`.
const MOST_BESIDE: usize = 3;

/// Digits with what may stand between them.
struct Run<'a> {
    text: &'a str,
    digits: usize,
    /// Whether a letter stands right in front of it, or right behind it.
    before_letter: bool,
    behind_letter: bool,
}

impl Run<'_> {
    fn is_whole(&self) -> bool {
        (LEAST_WHOLE..=MOST_WHOLE).contains(&self.digits) && !self.before_letter && !self.is_day()
    }

    /// `2025-01-15` and `15-01-2025`.
    fn is_day(&self) -> bool {
        let parts: Vec<usize> = self.text.split('-').map(str::len).collect();
        matches!(parts[..], [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4])
    }
}

/// The whole numbers of a text in which there are no other digits.
pub fn embedded(text: &str) -> Vec<&str> {
    let runs = runs(text);
    let is_number = |run: &Run<'_>| {
        run.is_whole() && (!run.behind_letter || run.text.starts_with(['+', '\u{ff0b}']))
    };
    if text.contains('@') || !runs.iter().all(is_number) {
        return Vec::new();
    }
    runs.into_iter().map(|run| run.text).collect()
}

/// The one number of a text that a telephone system hands over for a caller.
pub(super) fn of_caller(text: &str) -> Option<String> {
    if text.contains('@') {
        return None;
    }
    if let Some(number) = between_signs(text) {
        return Some(number);
    }
    let (whole, rest): (Vec<_>, Vec<_>) = runs(text).into_iter().partition(Run::is_whole);
    match &whole[..] {
        [number] if rest.iter().all(|run| run.digits <= MOST_BESIDE) => {
            Some(number.text.to_owned())
        }
        _ => None,
    }
}

/// A number of which only signs that no number has stand around and between the digits:
/// `+1_202_555_0170`, `'+12025550170'`. Pauses and codes of telephone systems are no such signs.
fn between_signs(text: &str) -> Option<String> {
    let mut number = String::with_capacity(text.len());
    for c in text.chars() {
        match digit_value(c) {
            Some(digit) => number.push(char::from(b'0' + digit)),
            None if matches!(c, '+' | '\u{ff0b}') && number.is_empty() => number.push('+'),
            None if c.is_alphanumeric() || matches!(c, '+' | ',' | ';' | '#' | '*' | '&' | '<') => {
                return None;
            }
            None => {}
        }
    }
    let digits = number.trim_start_matches('+').len();
    (LEAST_WHOLE..=MOST_WHOLE).contains(&digits).then_some(number)
}

/// The runs of digits of a text. A `+` begins a new one, and so does what follows a slash between
/// spaces.
fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices() {
        let is_plus = matches!(c, '+' | '\u{ff0b}');
        let is_break = c == '/' && text[..at].ends_with(' ') && text[at + 1..].starts_with(' ');
        let is_part = !is_break && (is_plus || digit_value(c).is_some() || is_between_digits(c));
        if let Some(start) = from.filter(|_| !is_part || is_plus) {
            runs.extend(run(text, start, at));
            from = None;
        }
        if is_part && from.is_none() {
            from = Some(at);
        }
    }
    if let Some(start) = from {
        runs.extend(run(text, start, text.len()));
    }
    runs
}

/// The run between two places without the separators at its ends; `None` without digits.
fn run(text: &str, from: usize, to: usize) -> Option<Run<'_>> {
    let whole = &text[from..to];
    let digits = whole.chars().filter(|c| digit_value(*c).is_some()).count();
    let has_bracket = whole.trim_start().starts_with('(') && whole.contains(')');
    let is_start = |c: char| {
        digit_value(c).is_some() || matches!(c, '+' | '\u{ff0b}') || (has_bracket && c == '(')
    };
    let start = from + whole.find(is_start)?;
    let (last, c) = whole.char_indices().rfind(|(_, c)| digit_value(*c).is_some())?;
    let end = from + last + c.len_utf8();
    Some(Run {
        text: &text[start..end],
        digits,
        before_letter: text[end..].starts_with(char::is_alphabetic),
        behind_letter: text[..start].ends_with(char::is_alphabetic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_found_beside_words_and_signs() {
        for (text, expected) in [
            ("\"+12025550170\"", vec!["+12025550170"]),
            ("=T(\"+12025550170\")", vec!["+12025550170"]),
            ("+1 202 555 0170 (mobile)", vec!["+1 202 555 0170"]),
            ("Phone (202) 555-0170", vec!["(202) 555-0170"]),
            ("M+12025550170", vec!["+12025550170"]),
            ("+12025550170 / +12025550171", vec!["+12025550170", "+12025550171"]),
            ("030 901820 / 030 901821", vec!["030 901820", "030 901821"]),
            ("+12025550170 or +12025550171", vec!["+12025550170", "+12025550171"]),
            ("+12025550170 or 0171", vec![]),
            ("2025550170abc", vec![]),
            ("max2025550170@example.com", vec![]),
            ("=TEXT(12025550170,0)", vec![]),
            ("call after 2025-01-15", vec![]),
            ("seit 15-01-2025", vec![]),
            ("N/A", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(embedded(text), expected, "{text}");
        }
    }

    #[test]
    fn the_number_of_a_caller_is_found_behind_words_and_between_signs() {
        for (text, expected) in [
            ("VIP-2025550170", Some("2025550170")),
            ("[Sales] 2025550170", Some("2025550170")),
            ("Q1|2025550170", Some("2025550170")),
            ("T2025550170", Some("2025550170")),
            ("011+1 202 555 0170", Some("+1 202 555 0170")),
            ("+1_202_555_0170", Some("+12025550170")),
            ("+1|202|555|0170", Some("+12025550170")),
            ("'+12025550170'", Some("+12025550170")),
            ("+12025550170, +12025550171", None),
            ("1800flowers@example.com", None),
            ("anonymous", None),
            ("Room 12", None),
        ] {
            assert_eq!(of_caller(text).as_deref(), expected, "{text}");
        }
    }
}
