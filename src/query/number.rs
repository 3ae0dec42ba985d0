//! Numbers of telephones in a query: digits with signs, letters on keys, several at once.

use super::expr::{Condition, Expr};
use super::language::MOST_VALUE_CHARS;
use super::words::words;
use super::{expr::Shape, lex};
use crate::domain::phone::{digit_value, is_separator, keypad_digit};

/// Fewest digits that read as a number in a query.
pub(super) const FEWEST_DIGITS: usize = 3;
/// Fewest digits of a number that may stand alone in a line.
const FEWEST_OF_LINE: usize = 7;

/// What stands in front of amounts.
const CURRENCIES: [char; 6] = ['$', '€', '£', '¥', '₹', '₽'];

/// Fewest digits of a number in front of an extension.
const FEWEST_BEFORE_EXTENSION: usize = 5;
/// Most digits of an extension.
const MOST_OF_EXTENSION: usize = 7;
/// What stands between a number and its extension; longer ones before those that they begin with.
const EXTENSION_MARKERS: [&str; 9] =
    ["extension", "ext.", "ext=", "ext", "durchwahl", "poste", "x.", "x", "#"];

/// Whether a character may stand in a number.
pub(super) fn is_number_char(c: char) -> bool {
    digit_value(c).is_some() || is_separator(c) || c == '+' || lex::is_space(c)
}

/// How many digits a text has.
pub(super) fn count_digits(text: &str) -> usize {
    text.chars().filter(|c| digit_value(*c).is_some()).count()
}

/// The ASCII digits of a text.
pub(super) fn digits_of(text: &str) -> String {
    text.chars().filter_map(digit_value).map(|digit| char::from(b'0' + digit)).collect()
}

/// The end of the number that begins here: pieces of digits and signs with spaces between them,
/// also with commas and semicolons. Zero if there is none.
pub(super) fn run(text: &str) -> usize {
    let mut best = 0;
    let mut digits = 0;
    let mut open = 0_usize;
    // Where the first parenthesis that is still open stands: nothing from there on counts.
    let mut unclosed: Option<usize> = None;
    let is_end = |rest: &str, digits: usize| {
        rest.chars().next().is_none_or(|c| lex::is_space(c) || matches!(c, ')' | ',' | ';' | '|'))
            || digits >= FEWEST_BEFORE_EXTENSION && extension(rest).is_some()
    };
    for (at, c) in text.char_indices().take(MOST_VALUE_CHARS) {
        match c {
            '(' => {
                if open == 0 {
                    unclosed = Some(at);
                }
                open += 1;
            }
            ')' if open == 0 => break,
            ')' => {
                open -= 1;
                if open == 0 {
                    unclosed = None;
                }
            }
            ',' | ';' if digits > 0 => continue,
            _ if at == 0 && CURRENCIES.contains(&c) => continue,
            _ if is_number_char(c) => {}
            _ => break,
        }
        if digit_value(c).is_some() {
            digits += 1;
        }
        let end = at + c.len_utf8();
        let is_solid = !lex::is_space(c);
        if is_solid && unclosed.is_none() && is_end(&text[end..], digits) {
            best = end;
        }
    }
    let found = text[..best].trim_end_matches(|c| lex::is_space(c) || matches!(c, ',' | ';'));
    if count_digits(found) >= FEWEST_DIGITS { found.len() } else { 0 }
}

/// A text of digits and signs as conditions: one number, or one of several.
pub(super) fn numbers(text: &str) -> Vec<Condition> {
    let parts = split(text);
    let mut out: Vec<Condition> = Vec::new();
    for part in parts {
        let condition = one(&part);
        if !out.contains(&condition) {
            out.push(condition);
        }
    }
    out
}

/// Several numbers stand between commas or semicolons, in lines, or each behind a plus.
fn split(text: &str) -> Vec<String> {
    let pieces = |parts: Vec<&str>, fewest: usize| -> Option<Vec<String>> {
        let parts: Vec<String> =
            parts.into_iter().map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
        let is_list = parts.len() > 1 && parts.iter().all(|p| count_digits(p) >= fewest);
        is_list.then_some(parts)
    };
    let by_comma = pieces(text.split([',', ';', '|']).collect(), FEWEST_DIGITS);
    // "1,234,567" has commas between thousands, and "1,234.50" behind them the decimals.
    let is_thousands = !text.contains([' ', ';', '|'])
        && (text.split(',').skip(1).all(|part| count_digits(part) == 3)
            || text.contains('.') && shorter_decimal(text).is_some());
    if let Some(parts) = by_comma
        && !is_thousands
    {
        return parts.iter().flat_map(|part| split(part)).collect();
    }
    let lines = pieces(text.split(['\n', '\r', '\t']).collect(), FEWEST_OF_LINE);
    if let Some(parts) = lines {
        return parts.iter().flat_map(|part| split(part)).collect();
    }
    let mut starts = vec![0];
    let mut before = 'x';
    for (at, c) in text.char_indices() {
        if c == '+' && at > 0 && lex::is_space(before) {
            starts.push(at);
        }
        before = c;
    }
    starts.push(text.len());
    let by_plus = starts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
    pieces(by_plus, FEWEST_DIGITS).unwrap_or_else(|| vec![text.to_owned()])
}

/// One number.
pub(super) fn one(number: &str) -> Condition {
    let digits = digits_of(number);
    let mut variants = Vec::new();
    // "+44 (0)20 …": the zero is only dialled inside the country.
    if number.contains("(0)") {
        let without = digits_of(&number.replacen("(0)", "", 1));
        if !without.is_empty() {
            variants.push(without);
        }
    }
    if !number.trim_start().starts_with('+') {
        for prefix in ["00", "011", "0"] {
            if let Some(rest) = digits.strip_prefix(prefix)
                && rest.len() >= 4
                && !rest.starts_with('0')
            {
                variants.push(rest.to_owned());
            }
        }
    }
    variants.extend(shorter_decimal(number));
    variants.sort();
    variants.dedup();
    let mut pieces: Vec<String> = Vec::new();
    let groups = number.split(lex::is_space).filter(|group| !group.is_empty());
    if number.chars().all(|c| c.is_ascii_digit() || lex::is_space(c)) {
        pieces.extend(groups.map(str::to_owned));
    }
    if pieces.len() < 2 || pieces.iter().any(|piece| piece.len() < FEWEST_DIGITS) {
        pieces.clear();
    }
    Condition::Digits { digits, variants, pieces, extension: None, anywhere: true }
}

/// The digits of a decimal without zeros that say nothing: `50000.00` and `$50,000.00` are 50000.
/// Three digits behind the point are a group of a telephone number.
fn shorter_decimal(number: &str) -> Option<String> {
    let number = number.trim().trim_start_matches(CURRENCIES);
    let at = number.rfind(['.', ','])?;
    let (whole, fraction) = (&number[..at], &number[at + 1..]);
    let digits = digits_of(whole);
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = is_plain(whole)
        || [',', '.', '\''].into_iter().filter(|mark| !number[at..].starts_with(*mark)).any(
            |mark| {
                let mut groups = whole.split(mark);
                groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && is_plain(first))
                    && groups.all(|group| group.len() == 3 && is_plain(group))
            },
        );
    let is_decimal = is_whole
        && digits.len() >= FEWEST_DIGITS
        && (1..=2).contains(&fraction.len())
        && is_plain(fraction);
    let shorter = fraction.trim_end_matches('0');
    (is_decimal && shorter.len() < fraction.len()).then(|| format!("{digits}{shorter}"))
}

/// Whether the last number of a text has enough digits to stand in front of an extension.
pub(super) fn may_have_extension(text: &str) -> bool {
    split(text).last().is_some_and(|last| count_digits(last) >= FEWEST_BEFORE_EXTENSION)
}

/// Whether a word is an extension, `x12`, maybe with digits in front of it, `901820x12`.
pub(super) fn ends_in_extension(word: &str) -> bool {
    extension(word.trim_start_matches(|c: char| digit_value(c).is_some())).is_some()
}

/// An extension that a text begins with, ` ext. 4711`, `x4711`, `#4711`, and how much of the text
/// it is.
pub(super) fn extension(text: &str) -> Option<(String, usize)> {
    let rest = text.trim_start_matches([' ', ',', ';']);
    let marker = EXTENSION_MARKERS.iter().find(|marker| {
        rest.get(..marker.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(marker))
    })?;
    let digits = rest[marker.len()..].trim_start_matches(' ');
    let len = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let is_end = digits[len..].chars().next().is_none_or(|c| lex::is_space(c) || c == ')');
    let is_extension = (1..=MOST_OF_EXTENSION).contains(&len) && is_end;
    is_extension.then(|| (digits[..len].to_owned(), text.len() - digits.len() + len))
}

/// The same for a field of numbers: nothing else is meant.
pub(super) fn of_phones(mut all: Vec<Condition>) -> Expr {
    for condition in &mut all {
        if let Condition::Digits { anywhere, .. } = condition {
            *anywhere = false;
        }
    }
    Expr::any(all.into_iter().map(Expr::Is).collect())
}

/// The conditions of a text that is nothing but numbers, of which the last may have an extension.
pub(super) fn with_extension(text: &str, found: Option<String>) -> Vec<Condition> {
    let mut all = numbers(text);
    if let Some(Condition::Digits { extension, .. }) = all.last_mut() {
        *extension = found;
    }
    all
}

/// A text that reads as these digits, variants, pieces and extension.
pub(super) fn written(
    digits: &str,
    variants: &[String],
    pieces: &[String],
    extension: Option<&str>,
) -> String {
    let number =
        if pieces.is_empty() { without_pieces(digits, variants) } else { pieces.join(" ") };
    match extension {
        Some(extension) => format!("{number} ext {extension}"),
        None => number,
    }
}

/// A text without spaces that [`one`] reads as these digits and variants.
fn without_pieces(digits: &str, variants: &[String]) -> String {
    let means = |text: &str| matches!(one(text), Condition::Digits { digits: d, variants: v, .. } if d == digits && v == variants);
    let plus = format!("+{digits}");
    if means(digits) {
        return digits.to_owned();
    }
    if means(&plus) {
        return plus;
    }
    for (at, _) in digits.match_indices('0') {
        for plus in ["", "+"] {
            let text = format!("{plus}{}(0){}", &digits[..at], &digits[at + 1..]);
            if means(&text) {
                return text;
            }
        }
    }
    digits.to_owned()
}

/// A text with letters of telephone keys turned into digits: `555-PIZZA`. Needs three digits, then
/// a sign, then three or more letters.
pub(super) fn on_keys(text: &str) -> Option<String> {
    if text.chars().count() > 32 {
        return None;
    }
    let first = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (head, tail) = text.split_at(first);
    let letters = tail.chars().filter(char::is_ascii_alphabetic).count();
    let is_head = head.chars().all(is_number_char)
        && count_digits(head) >= FEWEST_DIGITS
        && head.ends_with(|c: char| is_separator(c));
    let is_tail = tail.chars().all(|c| c.is_ascii_alphabetic() || is_number_char(c));
    (is_head && is_tail && letters >= 3).then(|| keys(text))
}

/// A text with every Latin letter as the digit of its key (ITU-T E.161).
pub(super) fn keys(text: &str) -> String {
    text.chars().map(|c| keypad_digit(c).unwrap_or(c)).collect()
}

/// Letters on keys: the digits that they stand for, or the words.
pub(super) fn keys_or_words(text: &str, last: Shape) -> Option<Expr> {
    let number = one(&on_keys(text)?);
    let as_words = Expr::all(words(None, text, Shape::Word, last));
    Some(Expr::any(vec![Expr::Is(number), as_words]))
}
