//! Words of other scripts in Latin letters, as passports and people write them.
//!
//! Greek follows ELOT 743, Cyrillic the usual English practice (BGN/PCGN); everything else the tables
//! of `deunicode`. Arabic and Hebrew leave most vowels away: see [`voweled`].

use deunicode::deunicode_char;

/// A word in Latin letters, folded, without spaces; empty if it has none.
pub fn latin(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    let mut before = None;
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        let next = letters.peek().copied();
        if let Some(text) = greek(before, c, next).or_else(|| cyrillic(c)) {
            out.push_str(text);
        } else {
            push_plain(c, &mut out);
        }
        before = Some(c);
    }
    out
}

/// The ways in which a word of another script is written in Latin letters, the usual one first.
pub fn latins(word: &str) -> Vec<String> {
    let mut all = vec![latin(word)];
    let mut plain = String::with_capacity(word.len());
    word.chars().for_each(|c| push_plain(c, &mut plain));
    all.push(plain);
    all.dedup();
    all.retain(|text| !text.is_empty() && text != word);
    all
}

/// A word of a script without vowels as it may be said, with and without its article: with a vowel
/// between any two consonants and with none, and with either vowel where it may begin with one.
/// Enough for how it sounds. Empty for other scripts.
pub(super) fn voweled(word: &str) -> Vec<String> {
    if !is_written_without_vowels(word) {
        return Vec::new();
    }
    // In compounds the article of God is not said apart: Abdullah.
    let word = word.replace("الله", "اله");
    let bare = word.strip_prefix("ال").filter(|rest| rest.chars().count() > 2);
    let mut all: Vec<String> = Vec::with_capacity(4);
    for form in bare.into_iter().chain([word.as_str()]) {
        let rest = form.trim_start_matches(MAY_BEGIN_WITH_A_VOWEL);
        let beginnings: &[&str] = if rest.len() < form.len() { &["a", "o"] } else { &[""] };
        for beginning in beginnings {
            for is_voweled in [true, false] {
                let said = said(beginning, rest, is_voweled);
                if !all.contains(&said) {
                    all.push(said);
                }
            }
        }
    }
    all
}

/// Letters that say only that some vowel begins the word.
const MAY_BEGIN_WITH_A_VOWEL: [char; 5] = ['ا', 'أ', 'إ', 'آ', 'ع'];

fn said(beginning: &str, word: &str, is_voweled: bool) -> String {
    let mut out = beginning.to_owned();
    let mut letter = String::new();
    for c in word.chars() {
        letter.clear();
        push_plain(c, &mut letter);
        if is_voweled && out.ends_with(is_consonant) && letter.starts_with(is_consonant) {
            out.push('a');
        }
        out.push_str(&letter);
    }
    out
}

/// Whether a word is of a script that leaves most vowels away.
pub(super) fn is_written_without_vowels(word: &str) -> bool {
    word.chars().any(is_abjad)
}

fn is_abjad(c: char) -> bool {
    matches!(u32::from(c), 0x590..=0x6ff | 0x750..=0x77f | 0xfb1d..=0xfdff | 0xfe70..=0xfeff)
}

fn is_consonant(c: char) -> bool {
    c.is_ascii_alphabetic() && !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u')
}

fn push_plain(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
    } else if let Some(text) = deunicode_char(c) {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        out.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
}

/// A folded Greek letter; two letters for one sound are read together.
fn greek(before: Option<char>, c: char, next: Option<char>) -> Option<&'static str> {
    let is_voiced = |c: Option<char>| c.is_some_and(|c| "αεηιουωβγδζλμνρ".contains(c));
    Some(match (before, c, next) {
        (Some('ο'), 'υ', _) => "u",
        (Some('α' | 'ε' | 'η'), 'υ', next) => {
            if is_voiced(next) {
                "v"
            } else {
                "f"
            }
        }
        (_, 'γ', Some('γ' | 'ξ' | 'χ')) | (_, 'ν', _) => "n",
        (_, 'α', _) => "a",
        (_, 'β', _) => "v",
        (_, 'γ', _) => "g",
        (_, 'δ', _) => "d",
        (_, 'ε', _) => "e",
        (_, 'ζ', _) => "z",
        (_, 'η' | 'ι', _) => "i",
        (_, 'θ', _) => "th",
        (_, 'κ', _) => "k",
        (_, 'λ', _) => "l",
        (_, 'μ', _) => "m",
        (_, 'ξ', _) => "x",
        (_, 'ο' | 'ω', _) => "o",
        (_, 'π', _) => "p",
        (_, 'ρ', _) => "r",
        (_, 'σ' | 'ς', _) => "s",
        (_, 'τ', _) => "t",
        (_, 'υ', _) => "y",
        (_, 'φ', _) => "f",
        (_, 'χ', _) => "ch",
        (_, 'ψ', _) => "ps",
        _ => return None,
    })
}

/// A folded Cyrillic letter where `deunicode` writes another than passports do.
fn cyrillic(c: char) -> Option<&'static str> {
    Some(match c {
        'ю' => "yu",
        'я' => "ya",
        'є' => "ye",
        'э' => "e",
        'ы' => "y",
        'ъ' | 'ь' => "",
        'х' => "kh",
        'ц' => "ts",
        'щ' => "shch",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_written_as_passports_do() {
        for (word, expect) in [
            ("παπαδοπουλοσ", "papadopoulos"),
            ("κωνσταντινοσ", "konstantinos"),
            ("χατζηδακη", "chatzidaki"),
            ("ευαγγελια", "evangelia"),
            ("γιαννησ", "giannis"),
            ("юлия", "yuliya"),
            ("щербакова", "shcherbakova"),
            ("чаиковскии", "chaikovskii"),
            ("александр", "aleksandr"),
            ("شيخ", "shykh"),
        ] {
            assert_eq!(latin(word), expect, "{word}");
        }
    }

    #[test]
    fn scripts_without_vowels_get_some() {
        assert_eq!(voweled("محمد"), ["mahamad", "mhmd"]);
        assert_eq!(voweled("القاسم")[0], "qasam");
        assert!(voweled("احمد").contains(&"ahmd".to_owned()));
        assert!(voweled("عمر").contains(&"omar".to_owned()));
        assert_eq!(voweled("иван"), Vec::<String>::new());
    }
}
