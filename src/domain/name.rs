//! Personal names: how one given string and separate first and last names become each other.

/// First and last name as split from one string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitName {
    /// Everything before the last name.
    pub first: Option<String>,
    /// The last name.
    pub last: Option<String>,
}

/// Splits a full name.
///
/// `Doe, John` is last name first; otherwise the last word is the last name, together with the
/// particles before it (`Ludwig van Beethoven`); a single word is a first name.
pub fn split(full: &str) -> SplitName {
    let full = full.trim();
    if let Some((last, first)) = full.split_once(',') {
        let (first, last) = (non_empty(first), non_empty(last));
        if first.is_some() && last.is_some() {
            return SplitName { first, last };
        }
    }
    let full = full.trim_matches([',', ' ']);
    let words: Vec<&str> = full.split_whitespace().collect();
    match words.as_slice() {
        [] => SplitName::default(),
        [only] => SplitName { first: Some((*only).to_owned()), last: None },
        words => {
            let mut cut = words.len() - 1;
            while cut > 1 && is_particle(words[cut - 1]) {
                cut -= 1;
            }
            SplitName { first: Some(words[..cut].join(" ")), last: Some(words[cut..].join(" ")) }
        }
    }
}

/// Joins first and last name into a display name; `None` if both are missing.
pub fn join(first: Option<&str>, last: Option<&str>) -> Option<String> {
    match (first, last) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

fn is_particle(word: &str) -> bool {
    // Only lower-case particles: "Van Morrison" is a first and a last name.
    matches!(
        word,
        "van"
            | "von"
            | "der"
            | "den"
            | "de"
            | "del"
            | "della"
            | "di"
            | "da"
            | "dos"
            | "das"
            | "du"
            | "la"
            | "le"
            | "ter"
            | "ten"
            | "te"
            | "zu"
            | "zum"
            | "zur"
            | "bin"
            | "ibn"
            | "al"
            | "el"
            | "af"
            | "av"
    )
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_split() {
        let check = |full: &str, first: Option<&str>, last: Option<&str>| {
            let got = split(full);
            assert_eq!((got.first.as_deref(), got.last.as_deref()), (first, last), "{full:?}");
        };
        check("John Doe", Some("John"), Some("Doe"));
        check("Doe, John", Some("John"), Some("Doe"));
        check("  Anna Maria   Schmidt ", Some("Anna Maria"), Some("Schmidt"));
        check("Ludwig van Beethoven", Some("Ludwig"), Some("van Beethoven"));
        check("Maria de la Cruz", Some("Maria"), Some("de la Cruz"));
        check("van Beethoven", Some("van"), Some("Beethoven"));
        check("Madonna", Some("Madonna"), None);
        check("Doe,", Some("Doe"), None);
        check("Иван Доу", Some("Иван"), Some("Доу"));
        check("", None, None);
        check(" , ", None, None);
    }
}
