//! Digits to E.164, as libphonenumber reads them.
//!
//! `rlibphonenumber` decides what is a trunk prefix, an international prefix or a calling code,
//! since only the metadata of a country knows. Two fast paths leave out its regular expressions
//! where they cannot change anything; a property test holds both against it.

use std::sync::LazyLock;

use regex_syntax::hir::literal::Extractor;
use rlibphonenumber::{
    CountryCodeSource, NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberType, Region,
    ValidationError,
};

use super::{PhoneError, ValidationLevel};
use crate::domain::calling_code;

/// Whole numbers of up to this many digits are internal extensions, unless the country has
/// numbers that are as short.
const MOST_EXTENSION: usize = 6;
/// Fewest digits, with calling code, of the shortest numbers there are.
const LEAST_SHORT: usize = 5;
/// Fewest digits behind `00` that can be an international number.
const LEAST_INTERNATIONAL: usize = 7;

/// A number and what is known of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// E.164 with `+` where it could be derived, else the plain digits.
    pub(super) number: String,
    /// The region that the number belongs to.
    pub(super) region: Option<&'static str>,
    /// Whether the calling code was written, not assumed.
    pub(super) is_international: bool,
}

impl Reading {
    fn international(digits: &str) -> Self {
        Self {
            number: format!("+{digits}"),
            region: calling_code::region(digits),
            is_international: true,
        }
    }

    fn of(parsed: &PhoneNumber, is_international: bool) -> Self {
        Self { is_international, ..Self::international(&e164_digits(parsed)) }
    }
}

/// Reads digits that were written behind a `+`.
///
/// `without_zero` are the same digits without a zero in brackets behind the calling code, as in
/// `+47 (0)22 …`: it is left out where the number is in an assigned range without it. In Italy, for
/// one, it belongs to the number.
pub(super) fn international(digits: &str, without_zero: Option<&str>) -> Reading {
    // Some write the international prefix behind a plus as well.
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    if let Some(shorter) = without_zero
        && is_valid(shorter)
    {
        return international(shorter, None);
    }
    if !may_hold_trunk_prefix(digits) {
        return Reading::international(digits);
    }
    match PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None) {
        Ok(parsed) => Reading::of(&parsed, true),
        Err(_unreadable) => Reading::international(digits),
    }
}

/// Reads digits without a `+`, as somebody in a country would dial them.
pub(super) fn dialled(digits: &str, country: Option<&str>) -> Reading {
    let region = country.and_then(|country| country.parse::<Region>().ok());
    if let Some(found) = region.and_then(|region| in_country(digits, region)) {
        return found;
    }
    if let Some(rest) = digits.strip_prefix("00")
        && (rest.len() >= LEAST_INTERNATIONAL || is_valid(rest))
    {
        return international(rest, None);
    }
    if region.is_some() && digits.len() > LEAST_INTERNATIONAL && is_valid(digits) {
        // A `+` that got lost on the way.
        return international(digits, None);
    }
    Reading { number: digits.to_owned(), region: None, is_international: false }
}

fn in_country(digits: &str, region: Region) -> Option<Reading> {
    let is_nanp = PHONE_NUMBER_UTIL.get_country_code_for_region(region)? == 1;
    if is_nanp && digits.len() == 10 && !digits.starts_with(['0', '1']) {
        let mut found = Reading::international(&format!("1{digits}"));
        found.is_international = false;
        return Some(found);
    }
    let parsed = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(digits, Some(region)).ok()?;
    if parsed.country_code_source() == CountryCodeSource::FromNumberWithIdd {
        // Behind the country's own international prefix.
        let has_code = calling_code::split(&e164_digits(&parsed)).is_some();
        return has_code.then(|| Reading::of(&parsed, true));
    }
    let found = || Some(Reading::of(&parsed, false));
    let trunk = phonenumber::metadata::DATABASE
        .by_id(region.as_region_str().as_str())
        .and_then(phonenumber::Metadata::national_prefix)
        .unwrap_or_default();
    if is_assigned(&parsed) {
        return found();
    }
    if digits.len() <= MOST_EXTENSION {
        return None;
    }
    let rest = digits.strip_prefix("00");
    if rest.is_some_and(|rest| rest.len() >= LEAST_INTERNATIONAL) {
        return None;
    }
    // In a country that dials a trunk prefix, a number without one that is in no assigned range
    // may be that of another country, without its plus.
    if !is_nanp && !trunk.is_empty() && !digits.starts_with(trunk) && is_valid(digits) {
        return None;
    }
    // The trunk prefix and number of another country make no number of this one.
    let is_foreign = is_nanp && e164_digits(&parsed)[1..].starts_with(['0', '1']);
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed) {
        Ok(NumberLengthType::IsPossible) | Err(ValidationError::InvalidLength) if !is_foreign => {
            found()
        }
        _ => None,
    }
}

/// Refuses numbers that a validation level does not allow.
pub(super) fn check(number: &str, level: ValidationLevel) -> Result<(), PhoneError> {
    if !number.starts_with('+') {
        return Err(PhoneError::NoCountry);
    }
    let parsed =
        PHONE_NUMBER_UTIL.parse(number, None).map_err(|_unreadable| PhoneError::NotPossible)?;
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed) {
        Ok(NumberLengthType::IsPossible) => {}
        Ok(NumberLengthType::IsPossibleLocalOnly) | Err(_) => return Err(PhoneError::NotPossible),
    }
    if level == ValidationLevel::Valid && !is_assigned(&parsed) {
        return Err(PhoneError::NotValid);
    }
    Ok(())
}

/// Whether there may be desks behind international digits: they are a fixed line, or a number in no
/// assigned range, as one with a desk behind it may be.
pub fn may_have_desks(digits: &str) -> bool {
    let kind = PHONE_NUMBER_UTIL
        .parse(format!("+{digits}"), None)
        .map_or(PhoneNumberType::Unknown, |parsed| PHONE_NUMBER_UTIL.get_number_type(&parsed));
    matches!(
        kind,
        PhoneNumberType::FixedLine | PhoneNumberType::FixedLineOrMobile | PhoneNumberType::Unknown
    )
}

/// A number behind the digit for an outside line, `9 1 202 555 0134`: where the rest is in an
/// assigned range of the country, or one in full.
pub(super) fn behind_outside_line(digits: &str, country: Option<&str>) -> Option<Reading> {
    let rest = digits.strip_prefix('9').filter(|rest| rest.len() > MOST_EXTENSION)?;
    let found = dialled(rest, Some(country?));
    found.number.strip_prefix('+').is_some_and(is_valid).then_some(found)
}

/// Whether international digits are a number in an assigned range, however short.
pub(super) fn is_whole_number(digits: &str) -> bool {
    digits.len() >= LEAST_SHORT && is_valid(digits)
}

fn is_assigned(parsed: &PhoneNumber) -> bool {
    PHONE_NUMBER_UTIL.is_valid_number(parsed)
}

/// Whether international digits are in an assigned range as they are.
fn is_valid(digits: &str) -> bool {
    PHONE_NUMBER_UTIL
        .parse(format!("+{digits}"), None)
        .is_ok_and(|parsed| is_assigned(&parsed) && e164_digits(&parsed) == digits)
}

fn e164_digits(parsed: &PhoneNumber) -> String {
    format!("{}{}", parsed.country_code, parsed.get_national_significant_number())
}

/// Whether the metadata may change international digits: only if the national number begins like
/// what the country strips off national numbers.
fn may_hold_trunk_prefix(digits: &str) -> bool {
    let Some((code_len, _region)) = calling_code::split(digits) else { return false };
    let code: usize = digits[..code_len].parse().unwrap_or(0);
    let first = digits.as_bytes().get(code_len).map_or(0, |byte| byte - b'0');
    FIRST_OF_PREFIX.get(code).is_none_or(|mask| mask & 1 << first != 0)
}

/// By calling code: bit `d` is set if what is stripped off national numbers may begin with `d`.
///
/// The pattern is that of `phonenumber`, since `rlibphonenumber` does not give its own away; both
/// are the same metadata.
static FIRST_OF_PREFIX: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut masks = vec![0; 1000];
    for metadata in phonenumber::metadata::DATABASE.iter() {
        let code = usize::from(metadata.country_code());
        // The pattern stands for the trunk prefix where it is more than that.
        let pattern = match metadata.national_prefix_for_parsing() {
            Some(regex) => regex.as_str().split_whitespace().collect(),
            None => metadata.national_prefix().unwrap_or_default().to_owned(),
        };
        if let Some(mask) = masks.get_mut(code) {
            *mask |= first_digits(&pattern);
        }
    }
    masks
});

/// The digits with which what a pattern matches may begin, as bits; all if that is unclear.
fn first_digits(pattern: &str) -> u16 {
    const ALL: u16 = 0x3ff;
    if pattern.is_empty() {
        return 0;
    }
    let Ok(hir) = regex_syntax::parse(pattern) else { return ALL };
    let prefixes = Extractor::new().extract(&hir);
    let Some(literals) = prefixes.literals() else { return ALL };
    literals.iter().fold(0, |mask, literal| match literal.as_bytes().first() {
        Some(digit @ b'0'..=b'9') => mask | 1 << (digit - b'0'),
        _ => ALL,
    })
}
