//! Bringing names, numbers and addresses into the form in which they are compared.
//!
//! Everything becomes lower-case words of Latin letters and digits; noise such as titles, legal
//! forms and kinds of streets is dropped or shortened. Done once per contact, not per pair.

use std::hash::Hasher as _;
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::model::{Model, Words};
use crate::domain::calling_code;
use crate::domain::names::{NameTables, Noise, latin};
use crate::domain::text::for_each_word;

/// Longest text that is looked at, in bytes; names and addresses are shorter.
const MOST_BYTES: usize = 400;
/// Most words of one field.
const MOST_WORDS: usize = 12;
/// Digits of a telephone number that are compared, from its end.
const PHONE_DIGITS: usize = 9;
/// Shorter numbers are internal ones that many firms have.
const LEAST_PHONE_DIGITS: usize = 5;

/// What is needed to standardise contacts: name tables and word lists. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Standard {
    names: Arc<NameTables>,
    words: Arc<Words>,
}

/// A non-cryptographic 64-bit hash that stands for a value; the same within a process.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// Two hashes as one; the order counts.
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(one);
    hasher.write_u64(other);
    hasher.finish()
}

/// An e-mail address in parts.
pub(super) struct EmailParts {
    pub(super) local: String,
    pub(super) domain: String,
    pub(super) is_role: bool,
    pub(super) is_free: bool,
}

/// A street with its house number, if there is one.
#[derive(Default)]
pub(super) struct Street {
    /// Words in alphabetical order, joined by blanks.
    pub(super) words: String,
    /// The first word with a digit, at most eight bytes.
    pub(super) number: String,
}

impl Standard {
    /// Takes the tables of names and the word lists of a model.
    pub fn new(names: Arc<NameTables>, model: &Model) -> Self {
        Self { names, words: Arc::new(model.words.clone()) }
    }

    /// The words of a text in Latin letters and digits.
    pub(super) fn words(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        for_each_word(shortened(text), |word, _, _| {
            if out.len() < MOST_WORDS {
                let word = if word.is_ascii() { word.to_owned() } else { latin(word) };
                if !word.is_empty() {
                    out.push(word);
                }
            }
        });
        out
    }

    /// The words of a given name: without titles and initials of middle names.
    pub(super) fn given(&self, text: &str) -> Vec<String> {
        let mut words = Self::words(text);
        self.drop_noise(&mut words, &[Noise::Title]);
        if let [only] = words.as_slice()
            && only.len() > 1
            && self.names.noise(only) == Some(Noise::Title)
            && self.names.classes(only).is_empty()
        {
            return Vec::new();
        }
        retain_if_any(&mut words, |word| word.len() > 1);
        if words.iter().all(|word| word.len() == 1) {
            words.truncate(1);
        }
        words
    }

    /// The words of a family name: without titles and particles.
    pub(super) fn surname(&self, text: &str) -> Vec<String> {
        let mut words = Self::words(text);
        self.drop_noise(&mut words, &[Noise::Title, Noise::Particle]);
        retain_if_any(&mut words, |word| word.len() > 1);
        words
    }

    /// The words of a company: without legal forms, letters of abbreviations joined.
    pub(super) fn company(&self, text: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut is_letters = false;
        for word in Self::words(text) {
            let is_letter = word.len() == 1;
            match words.last_mut() {
                Some(last) if is_letters && is_letter => last.push_str(&word),
                _ => words.push(word),
            }
            is_letters = is_letter;
        }
        self.drop_noise(&mut words, &[Noise::LegalForm]);
        words
    }

    /// A street and house number.
    pub(super) fn street(&self, text: &str) -> Street {
        let mut words = Self::words(text);
        let number = words
            .iter()
            .position(|word| word.len() <= 8 && word.bytes().any(|b| b.is_ascii_digit()))
            .map(|at| words.remove(at))
            .unwrap_or_default();
        for word in &mut words {
            if let Some(short) = self.words.street_kinds.get(word.as_str()) {
                word.clone_from(short);
            } else {
                // Where the kind of street is glued on, as in German.
                for (long, short) in [("strasse", "str"), ("straat", "str"), ("gatan", "g")] {
                    if let Some(stem) = word.strip_suffix(long)
                        && stem.len() > 2
                    {
                        *word = format!("{stem}{short}");
                    }
                }
            }
        }
        words.sort_unstable();
        Street { words: words.join(" "), number }
    }

    /// An e-mail address without its tag and, at Gmail, without dots; `None` if it is none.
    pub(super) fn email(&self, text: &str) -> Option<EmailParts> {
        let lower = shortened(text.trim()).to_lowercase();
        let (local, domain) = lower.rsplit_once('@')?;
        let local = local.split('+').next().filter(|l| !l.is_empty()).unwrap_or(local);
        let domain = if domain == "googlemail.com" { "gmail.com" } else { domain };
        let local = if domain == "gmail.com" { local.replace('.', "") } else { local.to_owned() };
        if local.is_empty() || domain.is_empty() {
            return None;
        }
        let provider = domain.split('.').next().unwrap_or(domain);
        Some(EmailParts {
            is_role: self.words.role_mailboxes.contains(&local),
            is_free: self.words.free_mail.contains(provider),
            domain: domain.to_owned(),
            local,
        })
    }

    /// The last digits of a telephone number without extension, country code where it can be
    /// told, and leading zeros; `None` if too few are left.
    pub(super) fn phone(text: &str) -> Option<u32> {
        let text = shortened(text.trim());
        let mut digits = String::with_capacity(16);
        let is_plus = text.starts_with('+');
        for (at, c) in text.char_indices() {
            if let Some(digit) = crate::domain::phone::digit_value(c) {
                digits.push(char::from(b'0' + digit));
            } else if digits.len() >= 6 && matches!(c, 'x' | 'X' | 'e' | 'E' | '#' | ';' | '~') {
                break;
            } else if c == '(' && is_plus && text[at..].starts_with("(0)") {
                // The trunk prefix: written, but not dialled behind a country code.
                let rest = Self::phone(&format!("+{digits}{}", &text[at + 3..]));
                return rest;
            }
        }
        let international = if is_plus {
            Some(digits.as_str())
        } else {
            digits.strip_prefix("00").filter(|rest| rest.len() > 8)
        };
        let national = match international {
            Some(digits) => match calling_code::split(digits) {
                Some((len, _)) => &digits[len..],
                None => digits,
            },
            None => digits.as_str(),
        };
        let national = national.trim_start_matches('0');
        if national.len() < LEAST_PHONE_DIGITS {
            return None;
        }
        national[national.len().saturating_sub(PHONE_DIGITS)..].parse().ok()
    }

    /// Letters and digits of a postal code or identity number.
    pub(super) fn code(text: &str) -> String {
        let mut out = String::new();
        for c in shortened(text).chars().filter(|c| c.is_alphanumeric()) {
            out.extend(c.to_lowercase());
        }
        out
    }

    /// A date `YYYY-MM-DD`, or `--MM-DD` without a year, as the number `YYYYMMDD`; 0 if it is none.
    pub(super) fn date(text: &str) -> u32 {
        let text = text.trim();
        let (year, rest) = match text.strip_prefix("--") {
            Some(rest) => ("0", rest),
            None => match text.split_once('-') {
                Some(parts) => parts,
                None => return 0,
            },
        };
        let Some((month, day)) = rest.split_once('-') else { return 0 };
        let day = day.get(..2).unwrap_or(day);
        match (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>()) {
            (Ok(year), Ok(month), Ok(day)) if year < 10_000 && month < 100 && day < 100 => {
                year * 10_000 + month * 100 + day
            }
            _ => 0,
        }
    }

    /// The words of a family name without particles.
    pub(super) fn without_particles(&self, mut words: Vec<String>) -> Vec<String> {
        self.drop_noise(&mut words, &[Noise::Particle]);
        words
    }

    /// The classes of names that are said for each other to which a given name belongs; `raw` is
    /// the name as written, since tables know other scripts as they are.
    pub(super) fn nickname_classes(&self, words: &[String], raw: &str) -> Vec<u32> {
        let mut out: Vec<u32> = Vec::new();
        let mut add = |word: &str| {
            for class in self.names.classes(word) {
                if !out.contains(class) {
                    out.push(*class);
                }
            }
            !out.is_empty()
        };
        let Some(first) = words.first() else { return out };
        if !raw.is_ascii() {
            let mut is_first = true;
            for_each_word(shortened(raw), |word, _, _| {
                if std::mem::take(&mut is_first) {
                    add(word);
                }
            });
        }
        if words.len() > 1 && add(&words.join(" ")) {
            return out;
        }
        if add(first) {
            return out;
        }
        // Dickie and Ronny are Dick and Ron with an ending that makes them small.
        for ending in ["ie", "ey", "y", "i"] {
            if let Some(stem) = first.strip_suffix(ending)
                && stem.len() >= 3
            {
                let bytes = stem.as_bytes();
                let is_doubled = bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
                if add(stem) || is_doubled && add(&stem[..stem.len() - 1]) {
                    break;
                }
            }
        }
        out
    }

    /// Drops words that say little; a single letter is an initial rather than a title.
    fn drop_noise(&self, words: &mut Vec<String>, kinds: &[Noise]) {
        retain_if_any(words, |word| {
            word.len() == 1 || !self.names.noise(word).is_some_and(|kind| kinds.contains(&kind))
        });
    }
}

/// Keeps what meets a condition, or everything if nothing does.
fn retain_if_any(words: &mut Vec<String>, keep: impl Fn(&str) -> bool) {
    if words.iter().any(|word| keep(word)) {
        words.retain(|word| keep(word));
    }
}

fn shortened(text: &str) -> &str {
    if text.len() <= MOST_BYTES {
        return text;
    }
    let mut end = MOST_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standard() -> Standard {
        let names = NameTables::parse("en\trobert\tbob\n", "dr\njr\n", "van\nde\n", "gmbh\nsa\n");
        Standard::new(Arc::new(names.unwrap()), &Model::shipped().unwrap())
    }

    #[test]
    fn names_and_companies_lose_their_noise() {
        let standard = standard();
        assert_eq!(standard.given("Dr. Robert J."), ["robert"]);
        assert_eq!(standard.given("J."), ["j"]);
        assert_eq!(standard.surname("van de Berg Jr"), ["berg"]);
        assert_eq!(standard.surname("Müller-Łuk"), ["muller", "luk"]);
        assert_eq!(standard.surname("Иванов"), ["ivanov"]);
        assert_eq!(standard.company("A.B.C. Motors S.A."), ["abc", "motors"]);
        assert_eq!(standard.company("GmbH"), ["gmbh"]);
    }

    #[test]
    fn numbers_of_a_line_become_equal() {
        for (one, other) in [
            ("+44 (0)20 7234 5678", "020 7234 5678 ext. 12"),
            ("070-034 12 09", "+46 70 034 12 09"),
            ("0047 22345678", "22 34 56 78"),
            ("(212) 345-6789x123", "+1 212 345 6789"),
            ("８ (903) 123-45-67", "+7 903 1234567"),
        ] {
            assert!(Standard::phone(one).is_some(), "{one}");
            assert_eq!(Standard::phone(one), Standard::phone(other), "{one} and {other}");
        }
        for text in ["1234", "", "x", "00"] {
            assert_eq!(Standard::phone(text), None, "{text}");
        }
    }

    #[test]
    fn streets_are_parted_from_their_number() {
        let street = standard().street("12 Herschell Circuit, Killarney");
        assert_eq!(
            (street.words.as_str(), street.number.as_str()),
            ("cct herschell killarney", "12")
        );
        let street = standard().street("Lindenstraße 7a");
        assert_eq!((street.words.as_str(), street.number.as_str()), ("lindenstr", "7a"));
    }

    #[test]
    fn dates_and_addresses_of_mail_are_read() {
        assert_eq!(Standard::date("1980-12-31"), 19_801_231);
        assert_eq!(Standard::date("--12-31"), 1231);
        assert_eq!(Standard::date("31.12.1980"), 0);
        let mail = standard().email(" J.Doe+x@GMAIL.com ").unwrap();
        assert_eq!(
            (mail.local.as_str(), mail.domain.as_str(), mail.is_free),
            ("jdoe", "gmail.com", true)
        );
        assert!(standard().email("info@acme.de").unwrap().is_role);
        assert!(standard().email("nobody").is_none());
    }
}
