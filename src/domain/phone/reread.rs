//! Stored numbers read again from what was typed, after the reader of numbers has become better.

use super::reading::is_whole_number;
use super::typed::Typed;
use super::{Phone, digits_of};

/// Which reader of numbers a base was last read with; raised when stored numbers may change.
pub const READER_VERSION: u32 = 1;

/// Digits at the end that the stored number must have in common with what was typed. Where it has
/// not, the number was changed without its typed form, and counts.
const LEAST_COMMON: usize = 5;

/// The number as it is read today, if that is in an assigned range and differs from what is stored.
///
/// `countries` are tried in order, since which one was assumed back then is not kept.
pub fn reread(stored: &Phone, countries: &[Option<&str>]) -> Option<Phone> {
    let typed = Typed::read(&stored.raw).ok()?;
    let typed_digits = digits_of(&stored.raw);
    let digits = stored.digits();
    let tail = &digits[digits.len().saturating_sub(LEAST_COMMON)..];
    if !typed_digits.contains(tail) {
        return None;
    }
    let mut readings = countries
        .iter()
        .map(|country| typed.resolve(*country))
        .filter(|reading| reading.number.strip_prefix('+').is_some_and(is_whole_number));
    let first = readings.next()?;
    let is_confirmed =
        first.number == stored.number || readings.any(|reading| reading.number == stored.number);
    if is_confirmed {
        return None;
    }
    let extension = stored.extension.clone().or(typed.extension);
    Some(Phone {
        number: first.number,
        country: first.region.map(str::to_owned),
        extension,
        ..stored.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(number: &str, raw: &str) -> Phone {
        Phone { number: number.to_owned(), raw: raw.to_owned(), ..Phone::default() }
    }

    #[test]
    fn numbers_that_were_read_wrongly_are_read_again() {
        for (number, raw, countries, expect) in [
            ("+70012345670", "8 800 123-45-67", &[Some("RU")][..], None),
            ("+7001234567", "8 800 123-45-67", &[Some("RU")], Some("+78001234567")),
            ("201234", "20 12 34", &[None, Some("FO")], Some("+298201234")),
            (
                "+1442079460124",
                "001 44 20 7946 0124",
                &[Some("HK"), Some("US")],
                Some("+442079460124"),
            ),
            // What is right stays, whichever country it was read for.
            ("+12025550123", "(202) 555-0123", &[Some("US")], None),
            ("+4930901820", "030 901820", &[Some("US"), Some("DE")], None),
            // What was changed without its typed form stays, too.
            ("+12025550199", "(202) 555-0123", &[Some("US")], None),
            // Nothing is guessed.
            ("204", "204", &[Some("US")], None),
            ("+1234567890", "+1234567890", &[Some("US")], None),
        ] {
            let got = reread(&stored(number, raw), countries).map(|phone| phone.number);
            assert_eq!(got.as_deref(), expect, "{raw} stored as {number}");
        }
    }
}
