//! Tests of phone number parsing.

use proptest::prelude::*;

use super::*;

fn number(raw: &str, country: Option<&str>) -> String {
    parse(raw, country, ValidationLevel::Shape).map_or_else(|e| e.code().to_owned(), |p| p.number)
}

#[test]
fn numbers_become_e164_where_possible() {
    for (raw, country, expect) in [
        ("(202) 555-0123", Some("US"), "+12025550123"),
        ("+1 (202) 555-0123", None, "+12025550123"),
        ("202.555.0123", Some("US"), "+12025550123"),
        ("1-202-555-0123", Some("US"), "+12025550123"),
        ("0012025550123", None, "+12025550123"),
        ("011 49 30 901820", Some("US"), "+4930901820"),
        ("030 901820", Some("DE"), "+4930901820"),
        ("+49 (0)30 901820", None, "+4930901820"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("020 7946 0958", Some("GB"), "+442079460958"),
        ("+993 8 60000000", None, "+99360000000"),
        ("06 698 12345", Some("IT"), "+390669812345"),
        ("8 (495) 123-45-67", Some("RU"), "+74951234567"),
        ("tel:+1-202-555-0123", None, "+12025550123"),
        ("1-800-FLOWERS", Some("US"), "+18003569377"),
        ("＋１ ２０２ ５５５ ０１２３", None, "+12025550123"),
        // The source systems' own samples are neither possible nor valid.
        ("+1234567890", Some("US"), "+1234567890"),
        ("+15551234567", None, "+15551234567"),
        ("15551234567", Some("US"), "+15551234567"),
        ("5551234567", Some("US"), "+15551234567"),
        // Without a country nothing is guessed.
        ("030 901820", None, "030901820"),
        ("204", Some("US"), "204"),
        ("5550123", Some("US"), "5550123"),
        // The trunk prefix of another country makes no number of this one.
        ("030 1234567", Some("US"), "0301234567"),
        ("030 12345678", Some("US"), "03012345678"),
        ("030 1234567890", Some("CA"), "0301234567890"),
    ] {
        assert_eq!(number(raw, country), expect, "{raw:?} in {country:?}");
    }
}

#[test]
fn extensions_are_split_off() {
    for raw in [
        "+1 202 555 0123 x204",
        "+12025550123;ext=204",
        "(202) 555-0123 ext. 204",
        "202 555 0123 #204",
        "202-555-0123x204",
        "202-555-0123, extension 204",
    ] {
        let phone = parse(raw, Some("US"), ValidationLevel::Shape).expect(raw);
        assert_eq!(
            (phone.number.as_str(), phone.extension.as_deref()),
            ("+12025550123", Some("204")),
            "{raw}"
        );
        assert_eq!(phone.raw, raw);
    }
}

#[test]
fn what_is_no_number_is_refused_with_its_reason() {
    for (raw, expect) in [
        ("", "phone_no_digits"),
        ("n/a", "phone_characters"),
        ("John", "phone_characters"),
        ("1", "phone_too_short"),
        ("+12345", "phone_too_short"),
        ("1234567890123456", "phone_too_long"),
        ("4.91E+11", "phone_scientific_notation"),
        ("4,91E+11", "phone_scientific_notation"),
        ("john@example.com", "phone_characters"),
        ("+1 202 555 0123 or 0124?", "phone_characters"),
        ("\u{0}123456", "phone_characters"),
    ] {
        assert_eq!(number(raw, None), expect, "{raw:?}");
    }
}

#[test]
fn levels_get_stricter() {
    let code = |raw: &str, level| parse(raw, None, level).map_or_else(PhoneError::code, |_| "ok");
    assert_eq!(code("+1234567890", ValidationLevel::Shape), "ok");
    assert_eq!(code("+1234567890", ValidationLevel::Possible), "phone_not_possible");
    assert_eq!(code("+15551234567", ValidationLevel::Possible), "ok");
    assert_eq!(code("+15551234567", ValidationLevel::Valid), "phone_not_valid");
    assert_eq!(code("+12025550123", ValidationLevel::Valid), "ok");
    assert_eq!(code("2025550123", ValidationLevel::Valid), "phone_no_country");
    assert_eq!(code("204", ValidationLevel::Valid), "ok");
}

#[test]
fn queries_carry_every_form() {
    let query = parse_query("(202) 555-0123", Some("US"));
    assert_eq!(query.e164.as_deref(), Some("+12025550123"));
    assert_eq!((query.national_len, query.is_international), (10, false));
    let query = parse_query("030 901820", None);
    assert_eq!((query.e164, query.digits.as_str(), query.national_len), (None, "30901820", 8));
    assert!(parse_query("anonymous", Some("US")).digits.is_empty());
    assert!(parse_query("", None).digits.is_empty());
    assert!(parse_query(&"9".repeat(500), None).digits.is_empty());
}

/// Every way in which people write one number.
fn formats(code: &str, national: &str) -> Vec<String> {
    let spaced: String = national
        .chars()
        .enumerate()
        .flat_map(|(i, c)| if i % 3 == 2 { vec![c, ' '] } else { vec![c] })
        .collect();
    let (a, b) = national.split_at(3);
    vec![
        format!("+{code}{national}"),
        format!("00{code}{national}"),
        format!("+{code} {spaced}"),
        format!("+{code}-{a}-{b}"),
        format!("+{code} ({a}) {b}"),
        format!("  +{code}.{a}.{b} "),
        format!("tel:+{code}{national}"),
        format!("+{code}/{a}/{b}"),
    ]
}

proptest! {
    #[test]
    fn any_formatting_of_a_number_gives_one_key(
        code in prop::sample::select(vec!["1", "44", "49", "33", "48", "7", "380", "353", "61", "91"]),
        national in "[2-7][0-9]{8,9}",
    ) {
        let expect = format!("+{code}{national}");
        for raw in formats(code, &national) {
            prop_assert_eq!(number(&raw, Some("FR")), expect.clone(), "{}", raw);
            prop_assert_eq!(parse_query(&raw, None).key, NumberKey::from_digits(&expect));
        }
    }

    #[test]
    fn the_fast_path_agrees_with_the_metadata(digits in "[1-9][0-9]{8,12}") {
        let raw = format!("+{digits}");
        if let Ok(parsed) = phonenumber::parse(None, &raw)
            && phonenumber::is_valid(&parsed)
        {
            let expect = parsed.format().mode(phonenumber::Mode::E164).to_string();
            prop_assert_eq!(number(&raw, None), expect);
        }
    }

    #[test]
    fn no_text_makes_it_panic(raw in "\\PC{0,40}", tail in "[0-9x#+;. ()E-]{0,30}") {
        let text = format!("{raw}{tail}");
        for country in [None, Some("US"), Some("DE"), Some("??")] {
            let _ = parse(&text, country, ValidationLevel::Valid);
            let query = parse_query(&text, country);
            prop_assert!(query.digits.len() <= 40);
        }
    }
}
