//! Folding of names and other short texts into comparable words.
//!
//! Index, query, highlighting and duplicate keys all use these functions, so that what is
//! written and what is asked for meet in the same form.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// One word of a text: its folded form and where it stands in the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The folded form.
    pub text: String,
    /// Byte offset of the first byte of the word in the original text.
    pub start: usize,
    /// Byte offset behind the last byte of the word in the original text.
    pub end: usize,
}

/// Appends the folded form of a text: compatibility forms and Latin, Greek and Cyrillic accents
/// removed, lower case, `ß ø ł đ ı æ œ` spelled out, apostrophes dropped.
///
/// Marks of other scripts are kept, since there they are letters.
pub fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.extend(
            text.chars().filter(|c| *c != '\'' && *c != '`').map(|c| c.to_ascii_lowercase()),
        );
        return;
    }
    let stripped = text.nfkd().filter(|c| !is_stripped(*c)).nfc();
    for c in stripped {
        for lower in c.to_lowercase() {
            match lower {
                'ß' => out.push_str("ss"),
                'ø' => out.push('o'),
                'ł' => out.push('l'),
                'đ' | 'ð' => out.push('d'),
                'ı' => out.push('i'),
                'æ' => out.push_str("ae"),
                'œ' => out.push_str("oe"),
                'þ' => out.push_str("th"),
                'ς' => out.push('σ'),
                // Capital İ lower-cases into i and a combining dot.
                '\u{307}' => {}
                other => out.push(other),
            }
        }
    }
}

/// The folded form of a text, see [`fold_into`].
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// A text in small letters with its accents, composed: how names are compared by those who type
/// accents.
pub fn composed(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// Splits a text into folded words.
///
/// Words are those of Unicode UAX 29, joined over apostrophes and dots inside numbers as that
/// standard says; Han, Hiragana and Thai text becomes single characters, since it has no spaces.
/// Cost: one pass over the text, one allocation per word.
pub fn words(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    for_each_word(text, |folded, start, end| {
        out.push(Word { text: folded.to_owned(), start, end });
    });
    out
}

/// Calls a function with the folded form, start and end of every word, without allocating per word.
pub fn for_each_word(text: &str, mut each: impl FnMut(&str, usize, usize)) {
    let mut buffer = String::new();
    if text.is_ascii() {
        for_each_ascii_word(text, &mut buffer, &mut each);
        return;
    }
    for (start, piece) in text.unicode_word_indices() {
        if piece.chars().next().is_some_and(is_unspaced_script) {
            for (offset, c) in piece.char_indices() {
                let from = start + offset;
                emit(&mut buffer, &piece[offset..offset + c.len_utf8()], from, &mut each);
            }
        } else {
            // UAX 29 keeps `example.com` and `a_b` together; a person types them apart as well.
            let mut from = 0;
            for (offset, c) in piece.char_indices() {
                if matches!(c, '.' | '_' | ':' | ',' | ';') {
                    emit(&mut buffer, &piece[from..offset], start + from, &mut each);
                    from = offset + c.len_utf8();
                }
            }
            emit(&mut buffer, &piece[from..], start + from, &mut each);
        }
    }
}

fn for_each_ascii_word(text: &str, buffer: &mut String, each: &mut impl FnMut(&str, usize, usize)) {
    let bytes = text.as_bytes();
    let mut start = None;
    for at in 0..=bytes.len() {
        let inside = bytes.get(at).is_some_and(|b| {
            b.is_ascii_alphanumeric() || (matches!(b, b'\'' | b'`') && start.is_some())
        });
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let end = text[from..at].trim_end_matches(['\'', '`']).len() + from;
                emit(buffer, &text[from..end], from, each);
                start = None;
            }
            _ => {}
        }
    }
}

fn emit(buffer: &mut String, piece: &str, start: usize, each: &mut impl FnMut(&str, usize, usize)) {
    buffer.clear();
    fold_into(piece, buffer);
    if !buffer.is_empty() {
        each(buffer, start, start + piece.len());
    }
}

fn is_stripped(c: char) -> bool {
    is_invisible(c)
        || is_joiner(c)
        || matches!(
            c,
            '\u{300}'
                ..='\u{36f}'
                    | '\''
                    | '`'
                    | '\u{2018}'
                    | '\u{2019}'
                    | '\u{2bc}'
                    | '\u{2bb}'
                    | '\u{b4}'
        )
}

/// Whether a character shows nothing and says nothing: zero-width spaces, soft hyphens, byte-order
/// marks, marks and overrides of direction, fillers. Joiners are no such characters, since some
/// scripts and emoji need them.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}')
}

/// Variation selectors and tags: they say how the character in front of them is shown, and show
/// nothing themselves.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a selector says something about the character in front of it.
fn is_selected(before: char, selector: char) -> bool {
    match selector {
        '\u{e0000}'..='\u{e007f}' => before == '\u{1f3f4}' || is_selector(before),
        // Keys are shown as 1\u{fe0f}\u{20e3}.
        _ if before.is_ascii() => before.is_ascii_digit() || matches!(before, '#' | '*'),
        _ => !before.is_whitespace() && !is_selector(before) && !is_joiner(before),
    }
}

/// Zero-width joiner and non-joiner: spelling in Persian and Indic scripts, glue inside of emoji.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A text without what nobody can see, see [`is_invisible`]; joiners stay between characters of
/// scripts that have a use for them, selectors behind what they can select.
///
/// Cost: nothing for ASCII, one pass otherwise.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_doubtful = |c: char| is_invisible(c) || is_joiner(c) || is_selector(c);
    if text.is_ascii() || !text.chars().any(is_doubtful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().filter(|c| !is_invisible(*c)).peekable();
    let has_joiners = |c: char| !c.is_ascii() && !is_joiner(c) && !c.is_whitespace();
    while let Some(c) = rest.next() {
        let before = out.chars().next_back();
        let is_needed = if is_selector(c) {
            before.is_some_and(|before| is_selected(before, c))
        } else {
            !is_joiner(c)
                || before.is_some_and(has_joiners) && rest.peek().copied().is_some_and(has_joiners)
        };
        if is_needed {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// How many there are of something: `1 row`, `2 rows`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A text as one line: line breaks and tabs, with the spaces around them, become one space.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let is_break = |c: char| {
        matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    if !text.contains(is_break) {
        return Cow::Borrowed(text);
    }
    let lines = text.split(is_break).map(str::trim).filter(|line| !line.is_empty());
    Cow::Owned(lines.collect::<Vec<_>>().join(" "))
}

fn is_unspaced_script(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff
        | 0x3040..=0x309f | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
        | 0x2_0000..=0x3_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let got: Vec<String> = words(text).into_iter().map(|w| w.text).collect();
        assert_eq!(got, expect, "words of {text:?}");
    }

    #[test]
    fn words_fold_as_people_type() {
        check("John Doe", &["john", "doe"]);
        check("José ÁLVAREZ-Núñez", &["jose", "alvarez", "nunez"]);
        check("O'Brien", &["obrien"]);
        check("O’Brien", &["obrien"]);
        check("Groß Łukasz Søren", &["gross", "lukasz", "soren"]);
        check("Доу Иван", &["доу", "иван"]);
        check("王小明", &["王", "小", "明"]);
        check("jane.doe@example.com", &["jane", "doe", "example", "com"]);
        check("İstanbul", &["istanbul"]);
        check("'quoted' rock 'n roll", &["quoted", "rock", "n", "roll"]);
        check("", &[]);
        check("—", &[]);
    }

    #[test]
    fn what_nobody_can_see_is_left_out() {
        for (text, expect) in [
            ("zoe\u{200b}@example.com", "zoe@example.com"),
            ("\u{feff}Ada\u{ad}line \u{202e}Fielder\u{2069}", "Adaline Fielder"),
            ("\u{2060}\u{200e}", ""),
            ("Jo\u{200d}hn \u{200c}Doe", "John Doe"),
            // Persian spelling and joined emoji need their joiners.
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}💻", "👩\u{200d}💻"),
            ("\u{fe0f}", ""),
            ("\u{e0041}\u{e0020}", ""),
            ("Ad\u{fe0f}a\u{e0041}", "Ada"),
            ("❤\u{fe0f} 1\u{fe0f}\u{20e3}", "❤\u{fe0f} 1\u{fe0f}\u{20e3}"),
            ("葛\u{e0100}城", "葛\u{e0100}城"),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴\u{e0067}\u{e0062}\u{e007f}"),
            ("Zoë", "Zoë"),
        ] {
            assert_eq!(visible(text), expect, "{text:?}");
        }
    }

    #[test]
    fn line_breaks_become_spaces() {
        assert_eq!(one_line("Ada \r\n Lovelace"), "Ada Lovelace");
        assert_eq!(one_line("Ada  Lovelace"), "Ada  Lovelace");
        assert_eq!(one_line("\u{2028}\t"), "");
    }

    #[test]
    fn offsets_point_into_the_original() {
        let text = "Zoë O’Neil, жук";
        for word in words(text) {
            assert_eq!(fold(&text[word.start..word.end]), word.text);
        }
    }

    #[test]
    fn ascii_and_unicode_paths_agree() {
        for text in ["John O'Doe", "a-b c_d", "x.y 1,5", "it's  fine"] {
            let ascii: Vec<_> = words(text).into_iter().map(|w| w.text).collect();
            let unicode: Vec<_> = words(&format!("{text} é")).into_iter().map(|w| w.text).collect();
            assert_eq!(ascii, unicode[..unicode.len() - 1], "{text}");
        }
    }
}
