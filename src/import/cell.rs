//! What a cell says before its field is looked at, once guards of spreadsheets are off: placeholders
//! mean empty, errors of formulas mean nothing.

use super::map::MappedRow;
use super::spreadsheet::is_error_value;
use super::target::Target;

/// Longest placeholder in bytes; longer cells are not compared.
const LONGEST: usize = 16;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A formula could not be worked out, or its column was too narrow.
    Damaged,
    /// This.
    Text(&'a str),
}

/// Reads a cell of a row. `is_choice` says whether the text is a value that its field knows, which
/// no placeholder is then.
pub(super) fn read<'a>(
    text: &'a str,
    target: &Target,
    row: &MappedRow<'_>,
    is_choice: impl FnOnce(&str) -> bool,
) -> Cell<'a> {
    let text = text.trim();
    if text.is_empty() {
        return Cell::Empty;
    }
    if text.len() <= LONGEST && is_placeholder(text, target, row) && !is_choice(text) {
        return Cell::Empty;
    }
    if is_error_value(text) { Cell::Damaged } else { Cell::Text(text) }
}

fn is_placeholder(text: &str, target: &Target, row: &MappedRow<'_>) -> bool {
    if text
        .chars()
        .all(|c| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '.' | '?'))
    {
        return true;
    }
    if matches!(target, Target::Phone(_) | Target::Phones) {
        // 000-000-0000
        let mut digits = text.chars().filter(char::is_ascii_digit).peekable();
        if digits.peek().is_some() && digits.all(|digit| digit == '0') {
            return true;
        }
    }
    if is_untold(text) && is_of_consent(target) {
        return false;
    }
    is_sure(text) || is_word(text) && !(is_of_name(target) && is_name(text, target, row))
}

/// Whoever does not know whether somebody agreed to calls has no clear yes, which counts as a no.
fn is_of_consent(target: &Target) -> bool {
    matches!(
        target,
        Target::DoNotContact
            | Target::MayContact
            | Target::EmailOptOut
            | Target::OptOut
            | Target::OptIn
    )
}

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|one| one.eq_ignore_ascii_case(text))
}

/// Whether a text says that something is not known, rather than nothing.
fn is_untold(text: &str) -> bool {
    is_one_of(&UNTOLD, text) || is_one_of(&UNTOLD_WORDS, text)
}

/// What says that something is not known, and is nobody's name.
const UNTOLD: [&str; 6] =
    ["not set", "(not set)", "not available", "not provided", "not specified", "keine angabe"];

/// What says that something is not known, and may be a word of its own.
const UNTOLD_WORDS: [&str; 6] = ["unknown", "unbekannt", "inconnu", "desconocido", "tbd", "t.b.d."];

fn is_of_name(target: &Target) -> bool {
    matches!(target, Target::Name | Target::FirstName | Target::MiddleName | Target::LastName)
}

/// What programs write for nothing, and nobody for something.
fn is_sure(text: &str) -> bool {
    const SURE: [&str; 22] = [
        "\\N", "#N/A", "#N/D", "#NV", "n/a", "n.a.", "k.a.", "k. a.", "s/d", "<null>", "(null)",
        "[null]", "(none)", "(blank)", "(empty)", "(leer)", "<none>", "<empty>", "n. a.", "n.d.",
        "n/d", "-/-",
    ];
    is_one_of(&SURE, text) || is_one_of(&UNTOLD, text)
}

/// What programs write for nothing, and what may be a word of its own.
fn is_word(text: &str) -> bool {
    is_one_of(&["null", "none", "nan", "nil", "undefined"], text) || is_one_of(&UNTOLD_WORDS, text)
}

/// Whether such a word is a name: it is written like one, or like the other names of its row. Ada
/// Null keeps her name, also in a list in capitals.
fn is_name(text: &str, target: &Target, row: &MappedRow<'_>) -> bool {
    let is_like = |other: &str| {
        case_of(text) == case_of(other) && !is_word(other) && other.chars().any(char::is_alphabetic)
    };
    let others =
        row.values.iter().filter(|value| value.target != target && is_of_name(value.target));
    others.map(|value| value.value).any(is_like)
}

#[derive(PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
    Mixed,
}

fn case_of(text: &str) -> Case {
    let has_lower = text.chars().any(char::is_lowercase);
    match (has_lower, text.chars().any(char::is_uppercase)) {
        (true, true) => Case::Mixed,
        (false, true) => Case::Upper,
        (_, false) => Case::Lower,
    }
}
