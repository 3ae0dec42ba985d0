//! When a certificate ends, read from its DER.
//!
//! A certificate is looked at only as far as its validity (RFC 5280, section 4.1); whether it is any
//! good is for the library to say that uses it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The second since 1970 at which a certificate ends; none if it cannot be found.
pub(super) fn not_after(der: &[u8]) -> Option<i64> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (signed, _) = element(certificate, SEQUENCE)?;
    let rest = match element(signed, VERSION) {
        Some((_, rest)) => rest,
        None => signed,
    };
    let (_, rest) = element(rest, INTEGER)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, rest) = time(validity)?;
    let (end, _) = time(rest)?;
    Some(end)
}

/// The content of the first element if it has this tag, and what stands behind it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    if found != tag {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let size = usize::from(first & 0x7f);
        if !(1..=3).contains(&size) || rest.len() < size {
            return None;
        }
        let (digits, rest) = rest.split_at(size);
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    (rest.len() >= length).then(|| rest.split_at(length))
}

/// The first element as a time, and what stands behind it.
fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest, century) = if let Some((text, rest)) = element(bytes, UTC_TIME) {
        (text, rest, None)
    } else {
        let (text, rest) = element(bytes, GENERALIZED_TIME)?;
        (text.get(2..)?, rest, Some(two(text)?))
    };
    if digits.len() != 13 || digits[12] != b'Z' {
        return None;
    }
    let pair = |at: usize| two(&digits[at..]);
    let year = pair(0)?;
    let century = century.unwrap_or(if year < 50 { 20 } else { 19 });
    let date = DateTime::new(
        i16::from(century) * 100 + i16::from(year),
        pair(2)?,
        pair(4)?,
        pair(6)?,
        pair(8)?,
        pair(10)?,
        0,
    )
    .ok()?;
    Some((date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second(), rest))
}

fn two(digits: &[u8]) -> Option<i8> {
    let digit = |at: usize| digits.get(at).filter(|d| d.is_ascii_digit()).map(|d| d - b'0');
    i8::try_from(digit(0)? * 10 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(year: i32) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 3, 4);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_found_in_both_forms_of_time() {
        // 2049 is written with two digits of the year, 2051 with four.
        assert_eq!(not_after(&made(2049)), Some(2_498_428_800));
        assert_eq!(not_after(&made(2051)), Some(2_561_500_800));
    }

    proptest! {
        #[test]
        fn what_is_no_certificate_has_no_end(bytes: Vec<u8>) {
            prop_assert!(not_after(&bytes).is_none());
        }

        #[test]
        fn a_damaged_one_does_no_harm(at in 0_usize..300, value: u8) {
            let mut der = made(2049);
            if let Some(byte) = der.get_mut(at) {
                *byte = value;
            }
            let _ = not_after(&der);
        }
    }
}
