//! Extensions behind a number: `x12`, `ext. 12`, `anexo 12`, `,,12#`, `(Durchwahl 12)`.

use super::digit::{digit_count, digit_value, digits_of};

/// Words for an extension, in small letters; longer words first where one ends like another.
const WORDS: &[&str] = &[
    // English and the words of libphonenumber.
    "extension",
    "exten",
    "extens",
    "extn",
    "ext",
    "xtn",
    "ex",
    "local",
    "loc",
    "x",
    "х",
    // German, Dutch, Scandinavian.
    "nebenstelle",
    "nebenst",
    "durchwahl",
    "durchw",
    "klappe",
    "kl",
    "apparat",
    "app",
    "nst",
    "dw",
    "toestel",
    "tst",
    "anknytning",
    "ankn",
    "lokal",
    "lok",
    "alanumero",
    "alanro",
    "alanr",
    "ala",
    "binnenlijn",
    "intern",
    "samband",
    "samb",
    "sisenumber",
    "sise",
    "iekšējais",
    "iekš",
    "vidinis",
    "vid",
    // Spanish, Portuguese, Italian, French, Romanian.
    "extensión",
    "extensiòn",
    "estensione",
    "extensao",
    "extensão",
    "anexo",
    "ramal",
    "interno",
    "int",
    "interior",
    "derivato",
    "poste",
    "post",
    // Greek.
    "εσωτερικό",
    "εσωτ",
    // Polish, Czech, Slovak, Hungarian, Turkish.
    "wewnętrzny",
    "wewnetrzny",
    "wewn",
    "wew",
    "klapka",
    "interní",
    "interni",
    "kućni",
    "kucni",
    "lokál",
    "linka",
    "mellék",
    "mellek",
    "mell",
    "dahili",
    "dah",
    // Russian, Ukrainian, Bulgarian.
    "добавочный",
    "доб",
    "внутренний",
    "внутрішній",
    "додатковий",
    "дод",
    "добав",
    "вътрешен",
    "локал",
    "лок",
    "внутр",
    "вн",
    "вътр",
    // Arabic, Hebrew, Thai, Chinese, Japanese, Korean.
    "تحويلة",
    "داخلي",
    "שלוחה",
    "ต่อ",
    "分机",
    "分機",
    "转",
    "轉",
    "内线",
    "内線",
    "內線",
    "내선",
    // Vietnamese, Indonesian.
    "số máy lẻ",
    "máy lẻ",
    "nội bộ",
    "pesawat",
];

/// Most digits of an extension behind a mere pause.
const MOST_DIGITS: usize = 9;
/// Most digits of an extension behind a word for it.
const MOST_BEHIND_WORD: usize = 15;
/// What stands between the word and the digits: `ext no. 12`.
const NUMBER_WORDS: &[&str] = &["number", "no.", "no", "nr.", "nr", "№"];
/// Fewest digits that are a number of their own in front of a word for an extension.
const LEAST_MAIN: usize = 3;
/// Fewest digits in front of a mere pause.
const LEAST_BEFORE_PAUSE: usize = 7;

/// Splits a text into the number and the digits of its extension.
pub(super) fn split(text: &str) -> Option<(&str, String)> {
    let text = text.trim_end_matches([' ', '\t', '\u{a0}', ')', ']', '#', '＃', '.', ';']);
    let at = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| digit_value(*c).is_some())
        .map(|(at, _)| at)
        .last()?;
    let extension = digits_of(&text[at..]);
    if at == 0 || extension.len() > MOST_BEHIND_WORD {
        return None;
    }
    let before = &text[..at];
    let paused = || before_pause(before).filter(|_| extension.len() <= MOST_DIGITS);
    let main = before_word(before).or_else(paused)?;
    Some((main, extension))
}

/// A text without `no.` at its end, and without a `#` behind a word.
fn without_number_word(text: &str) -> &str {
    let has_word = |rest: &str| WORDS.iter().any(|word| strip_word(rest, word).is_some());
    let found = NUMBER_WORDS.iter().chain(&["#"]).find_map(|word| {
        let at = text.len().checked_sub(word.len())?;
        let rest = text.get(..at)?.trim_end_matches(is_filler);
        (text.get(at..)?.eq_ignore_ascii_case(word) && has_word(rest)).then_some(rest)
    });
    found.unwrap_or(text)
}

fn before_word(before: &str) -> Option<&str> {
    let marked = before.trim_end_matches(is_filler);
    let marked = without_number_word(marked);
    let main = match marked.strip_suffix(['#', '＃', '~', '～']) {
        Some(main) => main,
        None => WORDS.iter().find_map(|word| strip_word(marked, word))?,
    };
    let main = main.trim_end_matches(|c| is_filler(c) || matches!(c, ',' | ';'));
    // `1-800-TEX9` has no extension: what is left must be a number of its own.
    (digit_count(main) >= LEAST_MAIN).then_some(main)
}

/// Commas, semicolons and the letters `p` and `w` are pauses in what a modem dials; some write `*11`.
fn before_pause(before: &str) -> Option<&str> {
    let trimmed = before.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let is_pause = |c: char| matches!(c, ',' | ';' | 'p' | 'P' | 'w' | 'W' | '，' | '*');
    let main = trimmed.trim_end_matches(|c: char| is_pause(c) || c.is_whitespace());
    let is_paused = trimmed.ends_with(is_pause) && main.ends_with(|c| digit_value(c).is_some());
    (is_paused && digit_count(main) >= LEAST_BEFORE_PAUSE).then_some(main)
}

/// What may stand between a number, the word and the extension.
fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '.' | ':' | '=' | '-' | '(' | '[' | '/' | '\u{2010}'..='\u{2015}')
}

/// Takes a whole word off the end of a text, whatever its case and width.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = text.char_indices().rev();
    let mut start = text.len();
    for expect in word.chars().rev() {
        let (at, c) = rest.next()?;
        let c = match c {
            '\u{ff21}'..='\u{ff5a}' => char::from_u32(u32::from(c) - 0xfee0)?,
            c => c,
        };
        let mut lower = c.to_lowercase();
        if lower.next() != Some(expect) || lower.next().is_some() {
            return None;
        }
        start = at;
    }
    let main = &text[..start];
    (!main.ends_with(char::is_alphabetic)).then_some(main)
}
