//! How names sound, as Double Metaphone codes.
//!
//! Double Metaphone (Lawrence Philips, C/C++ Users Journal, June 2000) knows Slavic, Germanic,
//! Romance and Greek spellings and gives a second code where two ways of saying a name are usual.
//! It reads `w`, `j`, `sz` and `cz` as English does; where a word has them, the codes of the word as
//! a German or a Pole says it are added. Names of other scripts are written in Latin letters first.

use std::sync::LazyLock;

use rphonetic::DoubleMetaphone;

use super::spelling::latin;

/// Letters of the longest code.
const MOST_LETTERS: usize = 8;
/// Longest word that has a code, in bytes; longer ones are no names.
const MOST_BYTES: usize = 48;

static METAPHONE: LazyLock<DoubleMetaphone> =
    LazyLock::new(|| DoubleMetaphone::new(Some(MOST_LETTERS)));

/// The codes of a word, one to four; none of what has no sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sounds {
    codes: Vec<String>,
}

impl Sounds {
    /// The codes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(String::as_str)
    }

    fn add(&mut self, word: &str) {
        let result = METAPHONE.double_metaphone(word);
        for code in [result.primary(), result.alternate()] {
            if !code.is_empty() && !self.codes.contains(&code) {
                self.codes.push(code);
            }
        }
    }

    /// Whether two words have a code of at least that many letters in common.
    pub fn meet(&self, other: &Self, least: usize) -> bool {
        self.iter().any(|code| code.len() >= least && other.iter().any(|known| known == code))
    }
}

/// The codes of a folded word. Cost: about a microsecond.
pub fn sounds(word: &str) -> Sounds {
    if word.len() < 2 || word.len() > MOST_BYTES {
        return Sounds::default();
    }
    let written;
    let word = if word.is_ascii() {
        word
    } else {
        written = latin(word);
        &written
    };
    if !word.bytes().all(|b| b.is_ascii_alphabetic()) || word.len() < 2 {
        return Sounds::default();
    }
    let mut found = Sounds::default();
    found.add(word);
    if let Some(respelled) = respelled(word) {
        found.add(&respelled);
    }
    found
}

/// A word with the letters that other languages read otherwise, as English would write their
/// sounds; `None` if it has none.
fn respelled(word: &str) -> Option<String> {
    if !word.bytes().any(|b| matches!(b, b'w' | b'j' | b'z')) {
        return None;
    }
    let mut out = word.to_owned();
    for (theirs, ours) in [("tsch", "ch"), ("sz", "sh"), ("cz", "ch"), ("rz", "zh")] {
        if out.contains(theirs) {
            out = out.replace(theirs, ours);
        }
    }
    // An initial `wh` is one only in English.
    if !out.starts_with("wh") {
        out = out.replace('w', "v");
    }
    out = out.replace('j', "y");
    (out != word).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_sound_alike_share_a_code() {
        for (one, other) in [
            ("kowalski", "kovalsky"),
            ("meyer", "maier"),
            ("schmidt", "schmitt"),
            ("stephen", "steven"),
            ("catherine", "kathryn"),
            ("philip", "filip"),
            ("jackson", "jaxon"),
            ("jansen", "yansen"),
            ("szymanski", "shimanski"),
            ("wagner", "vagner"),
            ("иван", "ivan"),
            ("παπαδοπουλος", "papadopoulos"),
        ] {
            assert!(sounds(one).meet(&sounds(other), 2), "{one} and {other}");
        }
        assert!(!sounds("miller").meet(&sounds("smith"), 1));
        assert_eq!(sounds("1"), Sounds::default());
    }

    proptest! {
        #[test]
        fn no_word_makes_it_panic(word in "\\PC{0,60}") {
            let _ = sounds(&crate::domain::text::fold(&word));
        }
    }
}
