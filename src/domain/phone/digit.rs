//! Which characters are digits of a number, and which may stand between them.

/// The zeros of all decimal digits of Unicode (general category Nd). Each is followed by the nine
/// other digits of its script. A test holds the table against `rlibphonenumber`.
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x1_04a0, 0x1_0d30, 0x1_0d40, 0x1_1066, 0x1_10f0, 0x1_1136, 0x1_11d0, 0x1_12f0, 0x1_1450,
    0x1_14d0, 0x1_1650, 0x1_16c0, 0x1_16d0, 0x1_16da, 0x1_1730, 0x1_18e0, 0x1_1950, 0x1_1bf0,
    0x1_1c50, 0x1_1d50, 0x1_1da0, 0x1_1de0, 0x1_1f50, 0x1_6130, 0x1_6a60, 0x1_6ac0, 0x1_6b50,
    0x1_6d70, 0x1_ccf0, 0x1_d7ce, 0x1_d7d8, 0x1_d7e2, 0x1_d7ec, 0x1_d7f6, 0x1_e140, 0x1_e2f0,
    0x1_e4f0, 0x1_e5f1, 0x1_e950, 0x1_fbf0,
];

/// The value of a decimal digit of any script.
pub fn digit_value(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = u32::from(c);
    let zero = ZEROS[ZEROS.partition_point(|zero| *zero <= code) - 1];
    u8::try_from(code - zero).ok().filter(|value| *value < 10)
}

/// The digits of a text in ASCII; everything else is left out.
pub fn digits_of(text: &str) -> String {
    text.chars().filter_map(digit_value).map(|digit| char::from(b'0' + digit)).collect()
}

/// How many digits a text has.
pub(super) fn digit_count(text: &str) -> usize {
    text.chars().filter(|c| digit_value(*c).is_some()).count()
}

/// Whether a character may stand between the digits of a number.
pub fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || super::super::text::is_invisible(c)
        || matches!(
            c,
            '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'
                ..='\u{2015}'
                    | '\u{2212}'
                    | '·'
                    | '\u{30fc}'
                    | '\u{ff08}'
                    | '\u{ff09}'
                    | '\u{ff0d}'
                    | '\u{ff0e}'
                    | '\u{ff0f}'
        )
}

/// Whether a character may stand between the digits of a number that is stored: also some that mean
/// something else in a query.
pub(super) fn is_between_digits(c: char) -> bool {
    is_separator(c) || matches!(c, '~' | '\u{2053}' | '\u{223c}' | '\u{ff5e}' | '•' | '∙')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_are_read_as_the_library_reads_them() {
        let mut scripts = 0;
        for c in char::MIN..=char::MAX {
            if !c.is_numeric() {
                assert_eq!(digit_value(c), None, "{c:?}");
                continue;
            }
            let library = rlibphonenumber::PHONE_NUMBER_UTIL.normalize_digits_only(c.to_string());
            let own = digit_value(c).map(|d| d.to_string()).unwrap_or_default();
            // Older tables of either side may lack the newest scripts, but never disagree.
            if !library.is_empty() && !own.is_empty() {
                assert_eq!(own, library, "{c:?}");
                scripts += usize::from(own == "0");
            }
            assert!(library.is_empty() || !own.is_empty(), "{c:?} is a digit for the library only");
        }
        assert!(scripts > 50, "only {scripts} scripts were compared");
    }
}
