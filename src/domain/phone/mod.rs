//! Phone numbers: what was typed is kept, E.164 is derived where it can be.
//!
//! Text goes through one file a step: `address` takes the number out of SIP and `tel:` addresses,
//! `extension` splits extensions off, `typed` sorts the characters, `reading` derives E.164.
//! `embedded` finds numbers in what is no number as a whole.

use serde::{Deserialize, Serialize};

use super::calling_code;
use super::number_key::NumberKey;

mod address;
mod digit;
mod embedded;
mod extension;
mod origin;
mod plan;
mod reading;
mod reread;
mod typed;

pub(crate) use digit::keypad_digit;
pub use digit::{digit_value, digits_of, is_separator};
pub use embedded::embedded;
pub use origin::{Origin, origin_of, prepare_origins};
pub use plan::{same_calling_code, same_line};
pub use reading::may_have_desks;
pub use reread::{READER_VERSION, reread};
use typed::{Typed, WHOLE_NUMBER};

/// A phone number of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// E.164 with `+` where it could be derived, else the plain digits.
    pub number: String,
    /// What was typed.
    pub raw: String,
    /// `mobile`, `work`, `home`, `fax`, … as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether this is the first number to call.
    #[serde(default, skip_serializing_if = "is_false")]
    pub primary: bool,
    /// ISO 3166 region that the number belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Digits to dial after the call is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Phone {
    /// The digits of [`Phone::number`].
    pub fn digits(&self) -> &str {
        self.number.strip_prefix('+').unwrap_or(&self.number)
    }

    /// Whether the number is E.164, so that its country code is known.
    pub fn is_e164(&self) -> bool {
        self.number.starts_with('+')
    }

    /// The length of the national significant number in digits.
    pub fn national_len(&self) -> usize {
        national_len(self.digits(), self.is_e164())
    }
}

/// The length of the national significant number in digits: without calling code, or, where the
/// code is unknown, without leading zeros.
pub fn national_len(digits: &str, is_e164: bool) -> usize {
    if is_e164 {
        digits.len() - calling_code::split(digits).map_or(0, |(len, _)| len)
    } else {
        digits.trim_start_matches('0').len()
    }
}

/// How strictly numbers are checked before they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidationLevel {
    /// `+` and 7 to 15 digits, or 2 to 15 digits without `+`.
    #[default]
    Shape,
    /// The length is one that the country uses.
    Possible,
    /// The number is in a range that the country has assigned.
    Valid,
}

/// Why a text is no acceptable phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// There is no digit in it.
    #[error("has no digits")]
    NoDigits,
    /// There are characters that no number has.
    #[error("has characters that do not belong into a phone number")]
    Characters,
    /// There are too few digits.
    #[error("is too short: an international number has 7 to 15 digits, an internal one at least 2")]
    TooShort,
    /// There are too many digits.
    #[error("is too long: a phone number has at most 15 digits")]
    TooLong,
    /// It looks like `4.91E+11`.
    #[error(
        "was damaged by a spreadsheet (scientific notation): format the column as text and export again"
    )]
    ScientificNotation,
    /// Its country is unknown, which the validation level does not allow.
    #[error("has no country code: write it as +<country code><number>")]
    NoCountry,
    /// No number of this length exists in its country.
    #[error("has a length that its country does not use")]
    NotPossible,
    /// The range is not assigned in its country.
    #[error("is in no assigned range of its country")]
    NotValid,
}

impl PhoneError {
    /// The permanent machine-readable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoDigits => "phone_no_digits",
            Self::Characters => "phone_characters",
            Self::TooShort => "phone_too_short",
            Self::TooLong => "phone_too_long",
            Self::ScientificNotation => "phone_scientific_notation",
            Self::NoCountry => "phone_no_country",
            Self::NotPossible => "phone_not_possible",
            Self::NotValid => "phone_not_valid",
        }
    }
}

/// Reads a number as typed.
///
/// Cost: well under a microsecond for international numbers at [`ValidationLevel::Shape`],
/// one to two microseconds for national ones (regular expressions of the metadata).
///
/// # Errors
/// Says why the text is no number, see [`PhoneError`].
pub fn parse(
    raw: &str,
    default_country: Option<&str>,
    level: ValidationLevel,
) -> Result<Phone, PhoneError> {
    let typed = Typed::read(raw)?;
    let reading = typed.resolve(default_country);
    let number = reading.number;
    let is_e164 = number.starts_with('+');
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let least = if is_e164 { 7 } else { 2 };
    if digits.len() < least && !(is_e164 && reading::is_whole_number(digits)) {
        return Err(PhoneError::TooShort);
    }
    if digits.len() > 15 {
        return Err(PhoneError::TooLong);
    }
    // Internal extensions have no country and are legal at every level.
    if level != ValidationLevel::Shape && (is_e164 || digits.len() > 6) {
        reading::check(&number, level)?;
    }
    Ok(Phone {
        number,
        raw: raw.trim().to_owned(),
        label: None,
        primary: false,
        country: reading.region.map(str::to_owned),
        extension: typed.extension,
    })
}

/// A number as a caller, a PBX or a search box gives it, in all forms in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberQuery {
    /// What was given.
    pub raw: String,
    /// The E.164 form, if it could be derived.
    pub e164: Option<String>,
    /// The region of the number, if known.
    pub country: Option<String>,
    /// The digits that are compared: of E.164, else as typed without international or trunk prefix.
    pub digits: String,
    /// Packed form of `digits`.
    pub key: NumberKey,
    /// Length of the national significant number in digits.
    pub national_len: usize,
    /// Whether the country code was typed, not assumed.
    pub is_international: bool,
    /// Digits to dial after the call is answered.
    pub extension: Option<String>,
}

/// Reads a number to look up; never fails, text without digits gives an empty query.
///
/// Takes more than [`parse`] does: what telephone systems put before a number, see `typed`.
pub fn parse_query(raw: &str, default_country: Option<&str>) -> NumberQuery {
    let empty = || NumberQuery {
        raw: raw.to_owned(),
        e164: None,
        country: None,
        digits: String::new(),
        key: NumberKey(0),
        national_len: 0,
        is_international: false,
        extension: None,
    };
    let Some(typed) = dialled(raw) else { return empty() };
    if typed.digits.len() > 20 {
        return empty();
    }
    let reading = typed.resolve(default_country);
    let reading = if reading.number.starts_with('+') {
        reading
    } else {
        typed.behind_outside_line(default_country).unwrap_or(reading)
    };
    query_of(raw, reading, typed.extension)
}

/// The number behind the digit for an outside line that a telephone system put in front of it; for
/// numbers that nobody has as they are.
pub fn parse_outside_line(raw: &str, default_country: Option<&str>) -> Option<NumberQuery> {
    let typed = dialled(raw)?;
    let reading = typed.behind_outside_line(default_country)?;
    Some(query_of(raw, reading, typed.extension))
}

/// The number that a telephone system hands over, also beside words and between other signs.
fn dialled(raw: &str) -> Option<Typed> {
    let typed = Typed::read_dialled(raw).ok();
    let beside = || embedded::of_caller(raw).and_then(|number| Typed::read(&number).ok());
    match typed {
        Some(typed) if !typed.has_letters => Some(typed),
        // A word beside a whole number is no part of it: `[Sales] 2025550170`. One that makes it
        // whole is: `1-800-555-CALL`.
        Some(typed) => beside().filter(|it| it.digits.len() >= WHOLE_NUMBER).or(Some(typed)),
        None => beside(),
    }
}

fn query_of(raw: &str, reading: reading::Reading, extension: Option<String>) -> NumberQuery {
    let number = reading.number;
    let e164 = number.starts_with('+').then(|| number.clone());
    let digits = match number.strip_prefix('+') {
        Some(digits) => digits.to_owned(),
        None if number.len() > 6 => number.trim_start_matches('0').to_owned(),
        None => number,
    };
    NumberQuery {
        raw: raw.to_owned(),
        country: reading.region.map(str::to_owned),
        key: NumberKey::from_digits(&digits),
        national_len: national_len(&digits, e164.is_some()),
        is_international: reading.is_international,
        extension,
        e164,
        digits,
    }
}

#[cfg(test)]
mod tests;
