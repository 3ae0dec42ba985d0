//! Telephone numbers as their parts, and the styles in which people write them.
//!
//! Only what a generator needs; parsing and normalising real numbers is the domain's business.

use super::country::{COUNTRIES, Country, Shape};
use super::dice::Dice;

/// A number: country, area and subscriber digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Place in [`COUNTRIES`].
    pub(super) country: usize,
    pub(super) area: String,
    pub(super) subscriber: String,
    pub(super) extension: Option<u32>,
}

/// How much of a number may be left to the country column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// The country stands in the row, so that national styles can be understood.
    CountryKnown,
    /// Only international styles make sense.
    CountryUnknown,
}

impl Number {
    /// Makes a number from a pattern `area-subscriber`.
    pub(super) fn from_pattern(country: usize, pattern: &str, dice: &mut Dice) -> Self {
        let (area, subscriber) = pattern.split_once('-').unwrap_or(("", pattern));
        let mut number = Self {
            country,
            area: dice.fill(area),
            subscriber: dice.fill(subscriber),
            extension: None,
        };
        // 555 is the exchange of films in North America.
        if COUNTRIES[country].shape == Shape::Nanp && number.subscriber.starts_with("555") {
            number.subscriber.replace_range(..3, "556");
        }
        number
    }

    /// Another number of the same block: the last digits differ, as with direct dialling.
    pub(super) fn neighbour(&self, digits: usize, dice: &mut Dice) -> Self {
        let keep = self.subscriber.len().saturating_sub(digits);
        let mut subscriber = self.subscriber[..keep].to_owned();
        while subscriber.len() < self.subscriber.len() {
            subscriber.push(dice.digit(0));
        }
        Self { subscriber, extension: None, ..self.clone() }
    }

    /// The number as it might stand in a list.
    pub(super) fn write(&self, habit: Habit, dice: &mut Dice) -> String {
        let country = &COUNTRIES[self.country];
        let national = match habit {
            Habit::CountryKnown => 24,
            Habit::CountryUnknown => 0,
        };
        let mut text = match dice.below(100) {
            style if style < national => self.national(country, dice),
            style if style < national + 10 => {
                format!("+{} {} {}", country.calling, self.area, grouped(&self.subscriber, ' '))
            }
            style if style < national + 13 && country.trunk == "0" => {
                format!("00{}{}{}", country.calling, self.area, self.subscriber)
            }
            style if style < national + 15 && country.trunk == "0" => {
                format!("+{} (0){} {}", country.calling, self.area, grouped(&self.subscriber, ' '))
            }
            _ => self.e164(),
        };
        if let Some(extension) = self.extension {
            let mark = dice.pick(&[" x", "x", " ext. "]);
            text.push_str(mark);
            text.push_str(&extension.to_string());
        }
        text
    }

    /// `+`, calling code, area and subscriber digits.
    pub(super) fn e164(&self) -> String {
        format!("+{}{}{}", COUNTRIES[self.country].calling, self.area, self.subscriber)
    }

    fn national(&self, country: &Country, dice: &mut Dice) -> String {
        let (trunk, area, rest) = (country.trunk, &self.area, &self.subscriber);
        match country.shape {
            Shape::Nanp => {
                let (exchange, line) = rest.split_at(rest.len().min(3));
                match dice.below(10) {
                    0..5 => format!("({area}) {exchange}-{line}"),
                    5..8 => format!("{area}-{exchange}-{line}"),
                    8 => format!("{area}.{exchange}.{line}"),
                    _ => format!("1-{area}-{exchange}-{line}"),
                }
            }
            Shape::Slash => match dice.below(4) {
                0 => format!("{trunk}{area}/{rest}"),
                1 => format!("({trunk}{area}) {rest}"),
                _ => format!("{trunk}{area} {rest}"),
            },
            Shape::Pairs => {
                let digits = format!("{trunk}{area}{rest}");
                let mark = dice.pick(&[" ", " ", ".", ""]);
                let mut out = String::with_capacity(14);
                for (place, digit) in digits.chars().enumerate() {
                    if place > 0 && place.is_multiple_of(2) {
                        out.push_str(mark);
                    }
                    out.push(digit);
                }
                out
            }
            Shape::Spaces => match dice.below(3) {
                0 => format!("{trunk}{area}{rest}"),
                _ => format!("{trunk}{area} {}", grouped(rest, ' ')),
            },
            Shape::Parentheses if trunk.is_empty() => format!("({area}) {}", grouped(rest, '-')),
            Shape::Parentheses => format!("{trunk} ({area}) {}", grouped(rest, '-')),
            Shape::Dashes => format!("{trunk}{area}-{}", grouped(rest, '-')),
        }
    }
}

/// Digits in a first group of one to four and then groups of four.
fn grouped(digits: &str, mark: char) -> String {
    let mut out = String::with_capacity(digits.len() + 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(4) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_end_with_four_digits() {
        for (digits, expect) in [
            ("1234567", "123-4567"),
            ("12345678", "1234-5678"),
            ("123456", "12-3456"),
            ("1234", "1234"),
            ("", ""),
        ] {
            assert_eq!(grouped(digits, '-'), expect);
        }
    }
}
