//! Phone numbers: what was typed is kept, E.164 is derived where it can be.
//!
//! The `phonenumber` crate (a port of Google's libphonenumber) reads national numbers. Numbers that
//! already are international take a fast path through [`calling_code`], which a property test
//! holds against the crate: it is what imports and lookups meet most.

use serde::{Deserialize, Serialize};

use super::calling_code;
use super::number_key::NumberKey;

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
/// several microseconds for national ones (regular expressions of the metadata).
///
/// # Errors
/// Says why the text is no number, see [`PhoneError`].
pub fn parse(
    raw: &str,
    default_country: Option<&str>,
    level: ValidationLevel,
) -> Result<Phone, PhoneError> {
    let typed = Typed::read(raw)?;
    let (number, country) = typed.resolve(default_country);
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let least = if number.starts_with('+') { 7 } else { 2 };
    if digits.len() < least {
        return Err(PhoneError::TooShort);
    }
    if digits.len() > 15 {
        return Err(PhoneError::TooLong);
    }
    // Internal extensions have no country and are legal at every level.
    if level != ValidationLevel::Shape && digits.len() > 6 {
        check_metadata(&number, level)?;
    }
    Ok(Phone {
        number,
        raw: raw.trim().to_owned(),
        label: None,
        primary: false,
        country: country.map(str::to_owned),
        extension: typed.extension,
    })
}

fn check_metadata(number: &str, level: ValidationLevel) -> Result<(), PhoneError> {
    if !number.starts_with('+') {
        return Err(PhoneError::NoCountry);
    }
    let parsed = phonenumber::parse(None, number).map_err(|_e| PhoneError::NotPossible)?;
    let metadata = calling_code::region(&number[1..])
        .and_then(|region| phonenumber::metadata::DATABASE.by_id(region))
        .ok_or(PhoneError::NotPossible)?;
    let national = number.len() - 1 - parsed.code().value().to_string().len();
    if !possible_lengths(metadata).any(|len| len == national) {
        return Err(PhoneError::NotPossible);
    }
    if level == ValidationLevel::Valid && !phonenumber::is_valid(&parsed) {
        return Err(PhoneError::NotValid);
    }
    Ok(())
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
    let Ok(typed) = Typed::read(raw) else { return empty() };
    if typed.digits.len() > 20 {
        return empty();
    }
    let (number, country) = typed.resolve(default_country);
    let e164 = number.starts_with('+').then(|| number.clone());
    let digits = match number.strip_prefix('+') {
        Some(digits) => digits.to_owned(),
        None if number.len() > 6 => number.trim_start_matches('0').to_owned(),
        None => number,
    };
    NumberQuery {
        raw: raw.to_owned(),
        country: country.map(str::to_owned),
        key: NumberKey::from_digits(&digits),
        national_len: national_len(&digits, e164.is_some()),
        is_international: typed.is_international(),
        extension: typed.extension,
        e164,
        digits,
    }
}

/// The value of a decimal digit in the scripts that phone numbers are written in.
pub fn digit_value(c: char) -> Option<u8> {
    let base = match c {
        '0'..='9' => '0',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(base)).ok()
}

/// Whether a character may stand between the digits of a number.
pub fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '·' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The characters of a number, sorted out.
struct Typed {
    plus: bool,
    digits: String,
    extension: Option<String>,
}

impl Typed {
    fn read(raw: &str) -> Result<Self, PhoneError> {
        let text = raw.trim();
        let text = strip_prefix_ignore_case(text, "tel:").unwrap_or(text);
        let text = strip_prefix_ignore_case(text, "sip:").unwrap_or(text);
        if text.len() > 200 {
            return Err(PhoneError::TooLong);
        }
        if is_scientific(text) {
            return Err(PhoneError::ScientificNotation);
        }
        let (main, extension) = split_extension(text);
        let mut typed = Self { plus: false, digits: String::with_capacity(16), extension };
        let mut letters = 0;
        for c in main.chars() {
            if let Some(digit) = digit_value(c) {
                typed.digits.push(char::from(b'0' + digit));
            } else if matches!(c, '+' | '\u{ff0b}') && typed.digits.is_empty() {
                typed.plus = true;
            } else if let Some(digit) = keypad_digit(c) {
                letters += 1;
                typed.digits.push(digit);
            } else if !is_separator(c) {
                return Err(PhoneError::Characters);
            }
        }
        if typed.digits.is_empty() {
            return Err(PhoneError::NoDigits);
        }
        // Letters on keys ("1-800-FLOWERS") come after at least three digits; "John" is no number.
        if letters > 0 && typed.digits.len() < letters + 3 {
            return Err(PhoneError::Characters);
        }
        Ok(typed)
    }

    fn is_international(&self) -> bool {
        self.plus || self.digits.starts_with("00") && self.digits.len() > 8
    }

    /// The number to store, with `+` if it is E.164, and its region.
    fn resolve(&self, default_country: Option<&str>) -> (String, Option<&'static str>) {
        let international = if self.plus {
            // Some write the international prefix behind a plus as well.
            Some(self.digits.strip_prefix("00").unwrap_or(&self.digits))
        } else if self.is_international() {
            self.digits.strip_prefix("00")
        } else {
            None
        };
        if let Some(digits) = international {
            return resolve_international(digits);
        }
        if self.digits.len() <= 6 {
            return (self.digits.clone(), None);
        }
        if let Some(country) = default_country
            && let Some(found) = resolve_national(&self.digits, country)
        {
            return found;
        }
        (self.digits.clone(), None)
    }
}

/// What the metadata says of the national numbers of a region, for the fast path.
struct Shape {
    /// Bit n is set if numbers of n digits exist.
    lengths: u32,
    /// What is dialled before the number inside the country.
    trunk_prefix: Option<String>,
}

static SHAPES: std::sync::LazyLock<std::collections::HashMap<String, Shape>> =
    std::sync::LazyLock::new(|| {
        phonenumber::metadata::DATABASE
            .iter()
            .map(|metadata| {
                let lengths =
                    possible_lengths(metadata).fold(0, |mask, len| mask | 1 << len.min(31));
                let trunk_prefix = metadata.national_prefix().map(str::to_owned);
                (metadata.id().to_owned(), Shape { lengths, trunk_prefix })
            })
            .collect()
    });

fn resolve_international(digits: &str) -> (String, Option<&'static str>) {
    let plain = || (format!("+{digits}"), calling_code::region(digits));
    let Some((code_len, main)) = calling_code::split(digits) else { return plain() };
    let national = &digits[code_len..];
    // A trunk prefix behind the country code, "+44 (0)20 …", is the only thing that the
    // metadata would change; Italy and a few others keep their zero.
    // With one it has another first digit or a digit too many.
    let may_hold_trunk_prefix = SHAPES.get(main).is_none_or(|shape| {
        shape.lengths & 1_u32.checked_shl(u32::try_from(national.len()).unwrap_or(31)).unwrap_or(0)
            == 0
            || national.starts_with('0')
            || shape
                .trunk_prefix
                .as_ref()
                .is_some_and(|prefix| national.starts_with(prefix.as_str()))
    });
    if !may_hold_trunk_prefix {
        return plain();
    }
    match phonenumber::parse(None, format!("+{digits}")) {
        Ok(parsed) => from_parsed(&parsed),
        Err(_) => plain(),
    }
}

fn resolve_national(digits: &str, country: &str) -> Option<(String, Option<&'static str>)> {
    let id = country.parse::<phonenumber::country::Id>().ok()?;
    if digits.len() == 10
        && calling_code::code_of(country) == Some("1")
        && !digits.starts_with(['0', '1'])
    {
        let full = format!("+1{digits}");
        let region = calling_code::region(&full[1..]);
        return Some((full, region));
    }
    let parsed = phonenumber::parse(Some(id), digits).ok()?;
    let (number, region) = from_parsed(&parsed);
    let metadata = phonenumber::metadata::DATABASE.by_id(country)?;
    let code_len = parsed.code().value().to_string().len();
    let national = &number[1 + code_len..];
    if parsed.code().value() != metadata.country_code() {
        return Some((number, region));
    }
    // Seven digits without an area code would become a wrong full number, and so would the trunk
    // prefix and number of another country.
    let is_nanp = parsed.code().value() == 1;
    let is_foreign = is_nanp && national.starts_with(['0', '1']);
    let lengths = || possible_lengths(metadata);
    let fits = lengths().min().is_none_or(|least| national.len() >= least)
        && lengths().max().is_none_or(|most| national.len() <= most);
    (fits && !is_foreign).then_some((number, region))
}

/// Lengths in digits of the national significant numbers that a country uses.
fn possible_lengths(metadata: &phonenumber::Metadata) -> impl Iterator<Item = usize> {
    let kinds = metadata.descriptors();
    [
        Some(kinds.general()),
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.voip(),
        kinds.uan(),
        kinds.personal_number(),
        kinds.pager(),
    ]
    .into_iter()
    .flatten()
    .flat_map(|kind| kind.possible_length().iter().map(|len| usize::from(*len)))
}

fn from_parsed(parsed: &phonenumber::PhoneNumber) -> (String, Option<&'static str>) {
    let zeros = usize::from(parsed.national().zeros());
    let number =
        format!("+{}{}{}", parsed.code().value(), "0".repeat(zeros), parsed.national().value());
    let region = calling_code::region(&number[1..]);
    (number, region)
}

/// Splits `… x123`, `… ext. 123`, `…;ext=123`, `…#123` into number and extension.
fn split_extension(text: &str) -> (&str, Option<String>) {
    let digits_at_end = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| digit_value(*c).is_some())
        .map(|(at, _)| at)
        .last();
    let Some(at) = digits_at_end else {
        // RFC 3966 parameters without an extension, such as ";phone-context=…".
        return (text.split(';').next().unwrap_or(text), None);
    };
    let extension: String =
        text[at..].chars().filter_map(digit_value).map(|d| char::from(b'0' + d)).collect();
    let before = text[..at].trim_end();
    let lower = before.to_lowercase();
    for marker in [
        ";ext=",
        "extension",
        "ext.",
        "ext",
        "durchwahl",
        "доб.",
        "доб",
        "poste",
        "int.",
        "x.",
        "x",
        "#",
        "~",
    ] {
        if !lower.ends_with(marker) || lower.len() != before.len() {
            continue;
        }
        let main =
            before[..before.len() - marker.len()].trim_end_matches([' ', ',', ';', '.', '-']);
        let main_digits = main.chars().filter(|c| digit_value(*c).is_some()).count();
        // "1-800-TEX9" has no extension: what is left must be a number of its own.
        let is_letter_marker = marker.starts_with('x');
        let stands_alone = !is_letter_marker || !main.ends_with(char::is_alphabetic);
        if main_digits >= 3 && extension.len() <= 7 && stands_alone {
            return (main, Some(extension));
        }
    }
    (text, None)
}

/// The key of a telephone keypad (ITU-T E.161) on which a Latin letter stands.
pub(crate) fn keypad_digit(c: char) -> Option<char> {
    Some(match c.to_ascii_lowercase() {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        'w'..='z' => '9',
        _ => return None,
    })
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

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
