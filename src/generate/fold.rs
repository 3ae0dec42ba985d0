//! Text in plain ASCII, for e-mail addresses and domains, and Cyrillic in Latin letters.
//!
//! Good enough for synthetic people; the search index folds names by rules of its own.

use unicode_normalization::UnicodeNormalization as _;

/// Lowercase ASCII letters and digits of a text; everything else is dropped.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.nfkd() {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'A'..='Z' => out.push(letter.to_ascii_lowercase()),
            other => out.push_str(special(other)),
        }
    }
    out
}

/// The text without accents, in the same letter case.
pub(super) fn without_accents(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.nfkd() {
        let plain = special(letter);
        if letter.is_ascii() || (plain.is_empty() && !is_mark(letter)) {
            out.push(letter);
        } else if letter.is_uppercase() {
            let mut letters = plain.chars();
            out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        } else {
            out.push_str(plain);
        }
    }
    out
}

fn is_mark(letter: char) -> bool {
    ('\u{300}'..'\u{370}').contains(&letter)
}

fn special(letter: char) -> &'static str {
    match letter {
        'ß' => "ss",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' => "d",
        'ı' => "i",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        _ => "",
    }
}

/// Cyrillic in Latin letters; other text comes back as it was.
pub(super) fn romanise(text: &str, ukrainian: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        let latin = match lower {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' if ukrainian => "h",
            'г' | 'ґ' => "g",
            'д' => "d",
            'е' | 'э' => "e",
            'ё' => "yo",
            'є' => "ye",
            'ж' => "zh",
            'з' => "z",
            'и' if ukrainian => "y",
            'и' | 'і' => "i",
            'ї' => "yi",
            'й' | 'ы' => "y",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' => "u",
            'ф' => "f",
            'х' => "kh",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "shch",
            'ю' => "yu",
            'я' => "ya",
            'ъ' | 'ь' => "",
            _ => {
                out.push(letter);
                continue;
            }
        };
        if lower == letter {
            out.push_str(latin);
        } else {
            let mut letters = latin.chars();
            out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_romanises() {
        for (text, expect) in [
            ("Müller-Łukasz", "mullerlukasz"),
            ("O'Brien", "obrien"),
            ("Groß", "gross"),
            ("van der Berg", "vanderberg"),
            ("İrem", "irem"),
        ] {
            assert_eq!(slug(text), expect);
        }
        assert_eq!(without_accents("José Łuk Groß"), "Jose Luk Gross");
        assert_eq!(without_accents("Иван"), "Иван");
        assert_eq!(romanise("Щербаков", false), "Shcherbakov");
        assert_eq!(romanise("Григорій", true), "Hryhoriy");
        assert_eq!(romanise("Smith", true), "Smith");
    }
}
