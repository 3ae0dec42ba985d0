//! Numbers, days and yes or no, as people and programs write them; what could mean two things is
//! not guessed.

use crate::domain::date::{self, Day};
use crate::domain::text::fold;

/// Reads a day and writes it as `YYYY-MM-DD`; what could mean two days is none.
pub fn date(text: &str) -> Option<String> {
    date::read(text, date::Rules::STRICT).and_then(Day::written)
}

/// Reads yes or no, in the languages in which the headers of lists are understood.
pub fn boolean(text: &str) -> Option<bool> {
    match fold(text.trim()).as_str() {
        "true" | "t" | "yes" | "y" | "1" | "1.0" | "on" | "ja" | "j" | "wahr" | "oui" | "o"
        | "vrai" | "si" | "s" | "verdadero" | "vero" | "sim" | "verdadeiro" | "tak" | "prawda"
        | "да" | "д" | "истина" | "так" | "ano" | "kylla" | "evet" | "igen" | "ναι" | "waar"
        | "sand" | "sant" | "tosi" | "dogru" | "igaz" | "pravda" | "نعم" | "כן" | "是" | "真"
        | "はい" | "예" | "네" | "ใช่" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "0.0" | "off" | "nein" | "falsch" | "non" | "faux"
        | "falso" | "nao" | "nie" | "falsz" | "нет" | "н" | "ложь" | "ne" | "nee" | "ei"
        | "hayir" | "nej" | "nei" | "nem" | "οχι" | "ні" | "не" | "onwaar" | "usand" | "falskt"
        | "epatosi" | "yanlis" | "hamis" | "nepravda" | "لا" | "לא" | "否" | "假" | "いいえ"
        | "아니오" | "아니요" | "ไม่" | "ไม่ใช่" => Some(false),
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
