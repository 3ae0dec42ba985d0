//! Numbers, days and yes or no, as people and programs write them; what could mean two things is
//! not guessed.

use jiff::civil::Date;

use crate::domain::text::fold;

/// Reads a day and writes it as `YYYY-MM-DD`.
///
/// Takes the day of an RFC 3339 time, `2025/01/31`, `31.01.2025`, `31 Jan 2025`, `Jan 31, 2025`,
/// and `01/31/2025` where only one of the numbers can be the month.
pub fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let is_iso = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-'
    };
    if let Some(day) = text.get(..10).filter(|day| is_iso(day)) {
        let rest = &text[10..];
        let is_time = rest.is_empty() || rest.starts_with(['T', 't', ' ']) && is_clock(&rest[1..]);
        return is_time.then(|| day.parse::<Date>().ok().map(|day| day.to_string())).flatten();
    }
    let parts: Vec<&str> =
        text.split(['.', '/', '-', ' ', ',']).filter(|part| !part.is_empty()).collect();
    let &[a, b, c] = parts.as_slice() else { return None };
    if let (Some(month), Some(day)) = (month_name(a), number(b)) {
        return day_of(number(c)?, month, day);
    }
    if let (Some(day), Some(month)) = (number(a), month_name(b)) {
        return day_of(number(c)?, month, day);
    }
    let (first, second, third) = (number(a)?, number(b)?, number(c)?);
    if a.len() == 4 {
        return day_of(first, second, third);
    }
    if c.len() != 4 {
        return None;
    }
    // With dots the day is always first.
    match (text.contains('.'), first > 12, second > 12) {
        (true, ..) | (false, true, false) => day_of(third, second, first),
        (false, false, true) => day_of(third, first, second),
        (false, false, false) if first == second => day_of(third, second, first),
        (false, ..) => None,
    }
}

fn is_clock(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_allowed = |b: &u8| b.is_ascii_digit() || b":.+-Zz".contains(b);
    bytes.len() >= 5 && bytes[..2].iter().all(u8::is_ascii_digit) && bytes.iter().all(is_allowed)
}

fn number(text: &str) -> Option<i16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn month_name(text: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| text.len() >= 3 && month.starts_with(text.as_str()))?;
    i16::try_from(at + 1).ok()
}

fn day_of(year: i16, month: i16, day: i16) -> Option<String> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Date::new(year, month, day).ok().map(|date| date.to_string())
}

/// Reads yes or no.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match fold(text.trim()).as_str() {
        "true" | "yes" | "y" | "1" | "on" => Some(true),
        "false" | "no" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

/// Reads a number; `1,234` could be two and is none unless a whole number is wanted.
pub(super) fn decimal(text: &str, is_whole: bool) -> Option<f64> {
    let text = text.trim().replace(['\u{a0}', '\u{202f}', ' ', '\''], "");
    let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    let plain = match (digits.rfind(','), digits.rfind('.')) {
        (None, None | Some(_)) if digits.matches('.').count() <= 1 => digits.to_owned(),
        (None, _) => ungrouped(digits, '.')?,
        (Some(_), None) if digits.matches(',').count() > 1 || is_whole => ungrouped(digits, ',')?,
        (Some(at), None) if digits.len() - at - 1 == 3 => return None,
        (Some(_), None) => digits.replace(',', "."),
        (Some(comma), Some(point)) => {
            let (last, group) = if comma > point { (comma, '.') } else { (point, ',') };
            format!("{}.{}", ungrouped(&digits[..last], group)?, &digits[last + 1..])
        }
    };
    let is_number = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && plain.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let value: f64 = is_number.then(|| plain.parse().ok()).flatten()?;
    value.is_finite().then_some(sign * value)
}

/// The digits of a number in groups of three.
fn ungrouped(text: &str, separator: char) -> Option<String> {
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let is_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let is_grouped = (1..=3).contains(&first.len())
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group));
    (is_grouped || is_digits(text)).then(|| text.replace(separator, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_where_they_mean_one_thing() {
        for (text, expect) in [
            ("2025-01-31", Some("2025-01-31")),
            ("2025-01-31T23:30:00+02:00", Some("2025-01-31")),
            ("2025-01-31T12:00:00Z", Some("2025-01-31")),
            ("2025-01-31 12:00", Some("2025-01-31")),
            ("2025/1/31", Some("2025-01-31")),
            ("31.1.2025", Some("2025-01-31")),
            ("31/01/2025", Some("2025-01-31")),
            ("1/31/2025", Some("2025-01-31")),
            ("5/5/2025", Some("2025-05-05")),
            ("Jan 31, 2025", Some("2025-01-31")),
            ("31 january 2025", Some("2025-01-31")),
            ("03/04/2025", None),
            ("2025-02-30", None),
            ("2025-01-31 or so", None),
            ("31.1.25", None),
            ("tomorrow", None),
            ("", None),
            ("é025-01-31", None),
        ] {
            assert_eq!(date(text).as_deref(), expect, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_read_where_they_mean_one_thing() {
        for (text, is_whole, expect) in [
            ("12", false, Some(12.0)),
            ("-0.5", false, Some(-0.5)),
            ("3,5", false, Some(3.5)),
            ("1.234,56", false, Some(1234.56)),
            ("1,234.56", false, Some(1234.56)),
            ("1,234,567", false, Some(1_234_567.0)),
            ("1 234,5", false, Some(1234.5)),
            ("1e3", false, Some(1000.0)),
            ("1,234", false, None),
            ("1,234", true, Some(1234.0)),
            ("1.5", true, Some(1.5)),
            ("12,34,5", true, None),
            ("inf", false, None),
            ("1e999", false, None),
            ("--1", false, None),
            ("12 apples", false, None),
            ("", false, None),
            (",", true, None),
        ] {
            assert_eq!(decimal(text, is_whole), expect, "{text:?}");
        }
    }
}
