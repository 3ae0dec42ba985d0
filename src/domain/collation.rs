//! The order of names and other texts as people expect it: the Unicode collation algorithm with the
//! tailoring of a language.
//!
//! Keys are made once per value, when it is indexed; what compares bytes then compares texts.

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::Locale;

/// Longest key in bytes: more than any name has.
const MOST_BYTES: usize = 2_048;

/// Makes keys in the order of one language.
pub struct Collation {
    full: CollatorBorrowed<'static>,
    letters: CollatorBorrowed<'static>,
}

impl Collation {
    /// The order of a language by its BCP 47 tag, perhaps with a variant: `sv`, `de-u-co-phonebk`;
    /// `und` is that of no language in particular.
    ///
    /// # Errors
    /// If the tag is none.
    pub fn of(language: &str) -> Result<Self, String> {
        let locale: Locale =
            language.parse().map_err(|error| format!("{language:?} is not a language: {error}"))?;
        let with = |strength| {
            let mut options = CollatorOptions::default();
            options.strength = Some(strength);
            Collator::try_new((&locale).into(), options)
                .map_err(|error| format!("the order of {language:?}: {error}"))
        };
        Ok(Self { full: with(Strength::Tertiary)?, letters: with(Strength::Primary)? })
    }

    /// The bytes by which a text sorts. No byte is 0.
    pub fn key(&self, text: &str) -> Vec<u8> {
        key_by(&self.full, text)
    }

    /// The bytes with which the keys of all texts begin that begin with these letters, in whatever
    /// case and with whatever accents.
    pub fn beginning(&self, text: &str) -> Vec<u8> {
        key_by(&self.letters, text)
    }
}

impl std::fmt::Debug for Collation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Collation")
    }
}

fn key_by(collator: &CollatorBorrowed<'static>, text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() + 8);
    let Ok(()) = collator.write_sort_key_to(text.trim(), &mut key);
    key.truncate(MOST_BYTES);
    key
}

/// The first sixteen bytes of a key as two numbers of the same order.
pub fn halves(key: &[u8]) -> (u64, u64) {
    (eighth(key, 0, 0), eighth(key, 8, 0))
}

/// The highest such numbers of keys that begin so.
pub fn last_halves(beginning: &[u8]) -> (u64, u64) {
    (eighth(beginning, 0, u8::MAX), eighth(beginning, 8, u8::MAX))
}

fn eighth(key: &[u8], from: usize, fill: u8) -> u64 {
    let mut bytes = [fill; 8];
    let rest = key.get(from..).unwrap_or_default();
    let taken = rest.len().min(8);
    bytes[..taken].copy_from_slice(&rest[..taken]);
    u64::from_be_bytes(bytes)
}

/// Whether a key ends inside of the eight bytes that this number stands for.
pub fn ends_in(number: u64) -> bool {
    number.to_be_bytes()[7] == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted<'a>(language: &str, names: &[&'a str]) -> Vec<&'a str> {
        let collation = Collation::of(language).unwrap();
        let mut names = names.to_vec();
        names.sort_by_key(|name| collation.key(name));
        names
    }

    #[test]
    fn names_stand_where_a_language_has_them() {
        let names =
            ["Zed", "Ärger", "adam", "Özil", "Adam B", "Adams", "Olsen", "Ångström", "Ozil"];
        assert_eq!(
            sorted("und", &names),
            ["adam", "Adam B", "Adams", "Ångström", "Ärger", "Olsen", "Ozil", "Özil", "Zed"]
        );
        assert_eq!(
            sorted("sv", &names),
            ["adam", "Adam B", "Adams", "Olsen", "Ozil", "Zed", "Ångström", "Ärger", "Özil"]
        );
        assert_eq!(sorted("cs", &["Chalupa", "Horak", "Cihlar"]), ["Cihlar", "Horak", "Chalupa"]);
        assert_eq!(
            sorted("de-u-co-phonebk", &["Müller", "Mufti", "Muktar"]),
            ["Müller", "Mufti", "Muktar"]
        );
        assert!(Collation::of("no such language").is_err());
    }

    #[test]
    fn what_begins_alike_lies_between_two_numbers() {
        let collation = Collation::of("und").unwrap();
        for (begin, name, is_in) in [
            ("m", "Müller", true),
            ("M", "m", true),
            ("m", "Ma Mi", true),
            ("m", "Nash", false),
            ("m", "Lund", false),
            ("mü", "Muller", true),
            ("д", "Доу", true),
        ] {
            let beginning = collation.beginning(begin);
            let place = halves(&collation.key(name));
            let is_between = (halves(&beginning)..=last_halves(&beginning)).contains(&place);
            assert_eq!(is_between, is_in, "{name} from {begin}");
        }
    }

    proptest! {
        #[test]
        fn keys_have_no_zeros_and_halves_keep_their_order(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            let collation = Collation::of("und").unwrap();
            let (a, b) = (collation.key(&a), collation.key(&b));
            prop_assert!(!a.contains(&0));
            if halves(&a) < halves(&b) {
                prop_assert!(a < b);
            }
            if halves(&a) == halves(&b) && ends_in(halves(&a).1) {
                prop_assert_eq!(a, b);
            }
        }
    }
}
