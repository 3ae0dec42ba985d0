//! Tests of phone number parsing.

use proptest::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};

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
        // A calling code or trunk digit is split off only where the rest fits.
        ("91234 56789", Some("IN"), "+919123456789"),
        ("393 123 4567", Some("IT"), "+393931234567"),
        ("(55) 99912-3456", Some("BR"), "+5555999123456"),
        ("474 01 234", Some("NO"), "+4747401234"),
        ("8 (812) 123-45-67", Some("RU"), "+78121234567"),
        ("+7 812 123-45-68", Some("RU"), "+78121234568"),
        ("8 800 123-45-67", Some("RU"), "+78001234567"),
        // Countries whose whole numbers are short.
        ("20 12 34", Some("FO"), "+298201234"),
        ("712 345", Some("AD"), "+376712345"),
        // The country's own international prefix comes before `00`.
        ("011 33 1 23 45 67 89", Some("US"), "+33123456789"),
        ("0011 44 20 7946 0123", Some("AU"), "+442079460123"),
        ("001 44 20 7946 0124", Some("HK"), "+442079460124"),
        ("001 44 20 7946 0124", Some("SG"), "+442079460124"),
        ("001 44 20 7946 0124", Some("TH"), "+442079460124"),
        ("001 44 20 7946 0124", Some("KR"), "+442079460124"),
        ("000 44 20 7946 0124", Some("KE"), "+442079460124"),
        ("009 44 20 7946 0124", Some("NG"), "+442079460124"),
        ("00 21 44 20 7946 0124", Some("BR"), "+442079460124"),
        ("0044 20 7946 0124", Some("BR"), "+442079460124"),
        ("0044 20 7946 0124", Some("US"), "+442079460124"),
        // A plus that got lost.
        ("442079460124", Some("US"), "+442079460124"),
        ("4930901820", Some("DE"), "+4930901820"),
        // Digits of other scripts, and characters that nobody can see.
        ("০৩০ ৯০১৮২০", Some("DE"), "+4930901820"),
        ("๐๒ ๑๒๓ ๔๕๖๗", Some("TH"), "+6621234567"),
        ("\u{202a}+49\u{200b} 30 \u{2060}901820\u{202c}", None, "+4930901820"),
        // Addresses.
        ("sip:+12025550170@pbx.example.com", None, "+12025550170"),
        ("\"Max\" <sip:+12025550170@10.0.0.1:5060;transport=udp>;tag=a", None, "+12025550170"),
        ("sips:2025550170:secret@pbx.example.com", Some("US"), "+12025550170"),
        ("tel:2025550170;phone-context=+1", None, "+12025550170"),
        ("tel:7042;phone-context=example.com", None, "7042"),
        ("+12025550170@pbx.example.com", None, "+12025550170"),
        ("%252B12025550170", None, "+12025550170"),
        ("%2B1%20202%20555%200170", None, "+12025550170"),
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
fn extensions_are_read_in_words_and_pauses() {
    for (raw, extension) in [
        ("+1-202-555-0123-x11", "11"),
        ("202-555-0123x13", "13"),
        ("202-555-0123 ext 14", "14"),
        ("+12025550123,,16#", "16"),
        ("+1 202 555 0123, 17", "17"),
        ("+1 202 555 0123 extn 18", "18"),
        ("+1 202 555 0123 int 19", "19"),
        ("+1 202 555 0123 anexo 20", "20"),
        ("+1 202 555 0123 ramal 21", "21"),
        ("tel:+1-202-555-0123;ext=22", "22"),
        ("tel:202-555-0123;ext=22;phone-context=+1", "22"),
        ("(202)555-0123,,,023#", "023"),
        ("+1 202 555 0123 (ext. 24)", "24"),
        ("+1 202 555 0123 Extension: 25", "25"),
        ("+1 202 555 0123 wew. 26", "26"),
        ("+1 202 555 0123 доб. 27", "27"),
        ("+1 202 555 0123 (Durchwahl 28)", "28"),
        ("+12025550123p29", "29"),
        ("+1 202 555 0123 内線30", "30"),
        ("+1 202 555 0123 ＥＸＴ ３１", "31"),
    ] {
        let phone = parse(raw, Some("US"), ValidationLevel::Shape).expect(raw);
        assert_eq!(
            (phone.number.as_str(), phone.extension.as_deref()),
            ("+12025550123", Some(extension)),
            "{raw}"
        );
    }
    // Letters on keys are no words for an extension, and two numbers are not one.
    assert_eq!(number("1-800-TEX-0123", Some("US")), "+18008390123");
    assert_eq!(number("202 555 0123, 202 555 0124", Some("US")), "phone_characters");
}

#[test]
fn letters_that_make_a_number_whole_are_no_word_beside_it() {
    for (raw, expected) in [
        ("1-800-555-CALL", "+18005552255"),
        ("+1 202 555 HELP", "+12025554357"),
        ("1-800-FLOWERS", "+18003569377"),
        ("[Sales] 2025550170", "+12025550170"),
    ] {
        let query = parse_query(raw, Some("US"));
        assert_eq!(query.e164.as_deref(), Some(expected), "{raw}");
    }
}

#[test]
fn what_telephone_systems_put_in_front_is_taken_off() {
    for raw in [
        "L0#2025550170",
        "*67 202 555 0170",
        "*672025550170",
        "*31#2025550170",
        "#31#2025550170",
        "%252B12025550170",
        "9,12025550170",
        "9,,2025550170",
        "0w2025550170",
        "tel:+1-202-555-0170",
        "\"J. Doe\" <sip:2025550170@pbx>",
    ] {
        let query = parse_query(raw, Some("US"));
        assert_eq!(query.e164.as_deref(), Some("+12025550170"), "{raw}");
    }
    let query = parse_query("202 555 0170 #204", Some("US"));
    assert_eq!(
        (query.e164.as_deref(), query.extension.as_deref()),
        (Some("+12025550170"), Some("204"))
    );
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
        ("1800flowers@example.com", "phone_characters"),
        ("sip:anonymous@anonymous.invalid", "phone_characters"),
        ("*67 202 555 0170", "phone_characters"),
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
fn a_word_or_a_day_beside_a_number_is_no_part_of_it() {
    let read = |raw: &str| parse(raw, Some("DE"), ValidationLevel::Shape).map(|phone| phone.number);
    for raw in [
        "030 901820 Fax",
        "040 123456 priv",
        "0171 1234567 Mama",
        "2025550123 US",
        "T12025550134",
        "12025550179E0",
        "1/12/2025",
        "31.12.2025",
    ] {
        assert!(read(raw).is_err(), "{raw}: {:?}", read(raw));
    }
    assert_eq!(read("+1 800 FLOWERS").unwrap(), "+18003569377");
    assert_eq!(read("0800 REIMANN").unwrap(), "+498007346266");
    for (raw, extension) in [
        ("030 901820 App. 22", "22"),
        ("+1 202 555 0134 ext no. 22", "22"),
        ("+1 202 555 0134 ext.#22", "22"),
        ("+1 202 555 0134 extension 12345678", "12345678"),
        ("+12025550134,,123456789#", "123456789"),
    ] {
        let read = parse(raw, Some("DE"), ValidationLevel::Shape).unwrap();
        assert_eq!(read.extension.as_deref(), Some(extension), "{raw}");
    }
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
    fn the_fast_path_agrees_with_the_metadata(digits in "[1-9][0-9]{6,13}") {
        let raw = format!("+{digits}");
        // What is left of a few without a trunk prefix is too short for us.
        if let Ok(parsed) = PHONE_NUMBER_UTIL.parse(&raw, None)
            && parsed.to_string().len() > 7
        {
            prop_assert_eq!(number(&raw, None), parsed.to_string());
        }
        // A second opinion.
        let got = number(&raw, None);
        if let Ok(parsed) = phonenumber::parse(None, &raw)
            && phonenumber::is_valid(&parsed)
            && reading::is_whole_number(&got[1..])
        {
            prop_assert_eq!(got, parsed.format().mode(phonenumber::Mode::E164).to_string());
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

/// The kinds of numbers of which the library has examples.
const KINDS: &[PhoneNumberType] = &[
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::UAN,
    PhoneNumberType::PersonalNumber,
];

/// What is dialled in a country before an international number, where it is one sequence of digits.
fn international_prefix(region: &str) -> Option<String> {
    let metadata = phonenumber::metadata::DATABASE.by_id(region)?;
    let pattern: String = metadata.international_prefix()?.as_str().split_whitespace().collect();
    pattern.bytes().all(|b| b.is_ascii_digit()).then_some(pattern)
}

#[test]
fn every_country_kind_and_notation_is_read_as_the_library_reads_it() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        let name = region.as_region_str();
        for kind in KINDS {
            let Ok(example) =
                PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, *kind)
            else {
                continue;
            };
            if !PHONE_NUMBER_UTIL.is_valid_number(&example) {
                continue;
            }
            let expect = example.to_string();
            let (code, national) =
                (example.country_code, example.get_national_significant_number());
            let at_home: Option<&str> = Some(name.as_str());
            let mut notations: Vec<(String, Option<&str>)> = vec![
                (expect.clone(), None),
                (format!("tel:{expect}"), None),
                (format!("sip:{expect}@pbx.example.com;user=phone"), None),
                (format!("00{code}{national}"), None),
                (example.format_as(rlibphonenumber::PhoneNumberFormat::International).into(), None),
                (example.format_as(rlibphonenumber::PhoneNumberFormat::RFC3966).into(), None),
                (example.format_as(rlibphonenumber::PhoneNumberFormat::National).into(), at_home),
            ];
            // Where the zero belongs to the number it is the number's own that is in brackets.
            let rest = national.strip_prefix('0').unwrap_or(&national);
            let is_ambiguous =
                rest != national && reading::is_whole_number(&format!("{code}{rest}"));
            if !is_ambiguous {
                notations.push((format!("+{code} (0) {rest}"), None));
            }
            if let Some(prefix) = international_prefix(&name) {
                notations.push((format!("{prefix} {code} {national}"), at_home));
            }
            notations.push((national.clone(), at_home));
            let lost_plus = format!("{code}{national}");
            let reads_as = PHONE_NUMBER_UTIL.parse(&lost_plus, Some(region));
            if reads_as.is_ok_and(|parsed| parsed.to_string() == expect) {
                notations.push((lost_plus, at_home));
            }
            for (raw, country) in notations {
                checked += 1;
                let got = number(&raw, country);
                if got != expect {
                    wrong.push(format!(
                        "{name} {kind:?}: {raw:?} in {country:?} gives {got}, not {expect}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}: {wrong:#?}", wrong.len());
    assert!(checked > 8_000, "only {checked} notations were compared");
}
