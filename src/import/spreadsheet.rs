//! What spreadsheets do to cells: recognisers for validation, pure functions over one cell.
//!
//! They say what happened and what the value was; whether that is accepted, warned about or
//! refused is for the validation to decide.

/// A number in scientific notation, such as `4.91512E+11`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scientific {
    /// The number written out, with zeros for the digits that are not known.
    pub(super) expanded: String,
    /// How many digits at the end are lost; 0 when the notation keeps all of them.
    pub(super) lost_digits: usize,
}

/// Reads scientific notation with a point or a comma; `None` for anything else.
pub(super) fn scientific(text: &str) -> Option<Scientific> {
    let text = text.trim().trim_start_matches('+');
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 1 || !digits(whole) || !digits(fraction) || !(6..=20).contains(&exponent) {
        return None;
    }
    if fraction.len() > exponent {
        return None;
    }
    let lost_digits = exponent - fraction.len();
    Some(Scientific {
        expanded: format!("{whole}{fraction}{}", "0".repeat(lost_digits)),
        lost_digits,
    })
}

/// The number without a decimal part that a spreadsheet added: `491511234567.0`.
pub(super) fn without_decimals(text: &str) -> Option<&str> {
    let (digits, zeros) = text.trim().split_once(['.', ','])?;
    let plain = digits.strip_prefix('+').unwrap_or(digits);
    let number = plain.len() >= 7
        && plain.starts_with(|c: char| c.is_ascii_digit())
        && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ');
    (number && (1..=6).contains(&zeros.len()) && zeros.bytes().all(|byte| byte == b'0'))
        .then_some(digits)
}

/// The digits of a number into which a spreadsheet put marks of thousands: `12,025,550,145`.
pub(super) fn without_group_marks(text: &str) -> Option<String> {
    let text = text.trim();
    let mark = text.chars().find(|c| !c.is_ascii_digit() && *c != '+')?;
    if !matches!(mark, ',' | '\'' | '\u{2019}') {
        return None;
    }
    let mut groups = text.split(mark);
    let first = groups.next()?;
    let is_of = |text: &str, least: usize| {
        (least..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_number = is_of(first.strip_prefix('+').unwrap_or(first), 1)
        && groups.clone().count() >= 2
        && groups.all(|group| is_of(group, 3));
    is_number.then(|| text.replace(mark, ""))
}

/// Whether a cell that should hold a phone number is an amount: `12025550163.5`.
pub(super) fn is_fraction(text: &str) -> bool {
    let Some((digits, fraction)) = text.trim().split_once('.') else { return false };
    let plain = digits.strip_prefix('+').unwrap_or(digits);
    plain.len() >= 7
        && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
        && (1..=6).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && fraction.bytes().any(|byte| byte != b'0')
}

/// Whether a cell holds the error of a formula or the fill of a column that was too narrow.
pub(super) fn is_error_value(text: &str) -> bool {
    let text = text.trim();
    let Some(error) = text.strip_prefix('#') else { return false };
    // In the language of whoever made it: `#BEZUG!`, `#VALEUR!`, `#¿NOMBRE?`.
    let is_word =
        |c: char| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_' | '¡' | '¿');
    let word = error.strip_suffix(['!', '?']);
    error == "N/A"
        || word.is_some_and(|word| word.chars().count() >= 3 && word.chars().all(is_word))
        || (text.len() >= 3 && text.bytes().all(|byte| byte == b'#'))
}

/// Whether a cell holds a formula in the place of its result, such as `=B2&C2` or `=SUM(A1:A9)`.
pub(super) fn is_formula(text: &str) -> bool {
    let Some(rest) = text.trim().strip_prefix('=') else { return false };
    let rest = rest.trim_start();
    let begins = rest.starts_with(|c: char| c.is_alphanumeric() || "+-($\"'@".contains(c));
    begins && (rest.contains(['(', '+', '-', '*', '/', '&', '!', '^', '$']) || is_place(rest))
}

/// Whether a text is the place of a cell: `B2`, `AC120`.
fn is_place(text: &str) -> bool {
    let column = text.trim_end_matches(|c: char| c.is_ascii_digit());
    (1..=3).contains(&column.len())
        && column.len() < text.len()
        && column.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The postal code with the zeros that a spreadsheet took from its front, if it may have.
pub(super) fn restored_postal_code(text: &str, country: &str) -> Option<String> {
    let text = text.trim();
    let (length, least) = match country {
        "US" | "DE" | "FR" | "ES" | "IT" | "MX" | "TR" | "UA" | "FI" | "EE" => (5, 3),
        "AU" | "NO" | "NZ" | "DK" => (4, 3),
        _ => return None,
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (least..length).contains(&text.len())).then(|| format!("{text:0>length$}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_told_from_texts() {
        for formula in ["=1+1", "=B2", " =B2&C2", "=SUM(A1:A9)", "=-A1", "= $A$1", "=(...)"] {
            assert!(is_formula(formula), "{formula}");
        }
        for text in ["", "=", "==", "=> see below", "= same as above", "a=b+c", "+1 202 555", "=)"]
        {
            assert!(!is_formula(text), "{text}");
        }
    }

    #[test]
    fn scientific_notation_is_recognised() {
        for (text, expect) in [
            ("4.91E+11", Some(("491000000000", 9))),
            ("4,91512E+11", Some(("491512000000", 6))),
            ("1.2025550123E+10", Some(("12025550123", 0))),
            ("+4.9e11", Some(("490000000000", 10))),
            ("4E3", None),
            ("1.5E+99", None),
            ("1.23456789E+7", None),
            ("491511234567", None),
            ("E+11", None),
            ("Hans.E+11", None),
            ("", None),
        ] {
            let found = scientific(text);
            let found = found.as_ref().map(|one| (one.expanded.as_str(), one.lost_digits));
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn other_damage_is_recognised() {
        assert_eq!(without_decimals("491511234567.0"), Some("491511234567"));
        assert_eq!(without_decimals("+12025550144.0"), Some("+12025550144"));
        assert_eq!(without_decimals("1 202 555 01 52.0"), Some("1 202 555 01 52"));
        for text in ["12025550163.5", "+12025550163.25", "1 202 555 01 63.5"] {
            assert!(is_fraction(text), "{text}");
        }
        for text in ["12025550163.0", "202.555.0163", "030.901820", "2025550163", "1.5"] {
            assert!(!is_fraction(text), "{text}");
        }
        assert_eq!(without_decimals("12.50"), None);
        assert_eq!(without_decimals("030.1234567"), None);
        assert!(is_error_value("#REF!") && is_error_value("#####"));
        for text in ["#BEZUG!", "#VALEUR!", "#¿NOMBRE?", "#DIV/0!", "#SPILL!", "#ИМЯ?"] {
            assert!(is_error_value(text), "{text}");
        }
        for text in ["##", "#1", "#wow!", "#A!", "REF!"] {
            assert!(!is_error_value(text), "{text}");
        }
    }

    #[test]
    fn marks_of_thousands_are_recognised() {
        assert_eq!(without_group_marks("12,025,550,145").as_deref(), Some("12025550145"));
        assert_eq!(without_group_marks("+12'025'550'145").as_deref(), Some("+12025550145"));
        for text in ["1,202,555,0145", "202 555 0134, 17", "12,025", "2025550145", "a,bcd,efg", ""]
        {
            assert_eq!(without_group_marks(text), None, "{text}");
        }
    }

    #[test]
    fn lost_zeros_are_recognised() {
        assert_eq!(restored_postal_code("2134", "US").as_deref(), Some("02134"));
        assert_eq!(restored_postal_code("501", "US").as_deref(), Some("00501"));
        assert_eq!(restored_postal_code("10115", "DE"), None);
        assert_eq!(restored_postal_code("1010", "AT"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(text in ".{0,30}", country in "[A-Z]{0,2}") {
            let _ = (scientific(&text), without_decimals(&text), without_group_marks(&text));
            let _ = is_error_value(&text);
            let _ = restored_postal_code(&text, &country);
        }
    }
}
