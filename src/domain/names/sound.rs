//! How names sound, as Double Metaphone codes.
//!
//! Double Metaphone (Lawrence Philips, C/C++ Users Journal, June 2000) knows Slavic, Germanic,
//! Romance and Greek spellings and gives a second code where two ways of saying a name are usual.
//! It reads `w`, `j`, `sz` and `cz` as English does; where a word has them, the codes of the word as
//! a German or a Pole says it are added, and a Polish or German group of letters is read in no other
//! way. Vowels count only at the beginning, where `o` and `u` are told from the others. Names of
//! other scripts are written in Latin letters first, with vowels where their script has none.

use std::cell::RefCell;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use rphonetic::DoubleMetaphone;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::script::{is_written_without_vowels, latin, voweled};

/// Letters of the longest code.
const MOST_LETTERS: usize = 12;
/// Longest word that has a code, in bytes; longer ones are no names.
const MOST_BYTES: usize = 48;

static METAPHONE: LazyLock<DoubleMetaphone> =
    LazyLock::new(|| DoubleMetaphone::new(Some(MOST_LETTERS)));

/// Words of which each thread remembers the codes, some 90 kB in all.
const REMEMBERED: usize = 1_024;

thread_local! {
    /// Words with their codes, each at the place that its hash names: names are asked for, and
    /// come in, again and again.
    static KNOWN: RefCell<Vec<(Box<str>, Sounds)>> = const { RefCell::new(Vec::new()) };
}

/// The codes of a word, mostly one to four; none of what has no sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sounds {
    codes: SmallVec<[Code; 4]>,
}

/// Letters and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Code {
    letters: [u8; MOST_LETTERS],
    length: u8,
}

impl Code {
    fn of(text: &str) -> Self {
        let mut letters = [0; MOST_LETTERS];
        let text = text.get(..MOST_LETTERS).unwrap_or(text);
        letters[..text.len()].copy_from_slice(text.as_bytes());
        Self { letters, length: u8::try_from(text.len()).unwrap_or(0) }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl Sounds {
    /// The codes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(Code::as_str)
    }

    fn add(&mut self, word: &str) {
        let result = METAPHONE.double_metaphone(word);
        for mut code in [result.primary(), result.alternate()] {
            if code.starts_with('A') && word.starts_with(['o', 'u']) {
                code.replace_range(..1, "O");
            }
            let short = Code::of(&code);
            if !code.is_empty() && !self.codes.contains(&short) {
                self.codes.push(short);
            }
        }
    }

    /// Letters of the longest code that two words have in common; zero if they have none.
    pub fn common(&self, other: &Self) -> usize {
        let shared = self.codes.iter().filter(|code| other.codes.contains(code));
        shared.map(|code| usize::from(code.length)).max().unwrap_or(0)
    }

    /// Whether two words have a code of at least that many letters in common.
    pub fn meet(&self, other: &Self, least: usize) -> bool {
        self.common(other) >= least.max(1)
    }
}

/// The codes of a folded word. Cost: about a microsecond, some tens of nanoseconds for those that
/// were lately asked for.
pub fn sounds(word: &str) -> Sounds {
    if word.len() < 2 || word.len() > MOST_BYTES || is_mashed(word) {
        return Sounds::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize_with(REMEMBERED, Default::default);
        }
        let hash = FxBuildHasher.hash_one(word);
        let place = usize::try_from(hash >> 32).unwrap_or(0) % REMEMBERED;
        let (text, codes) = &mut known[place];
        if **text != *word {
            *codes = codes_of(word);
            *text = word.into();
        }
        codes.clone()
    })
}

/// Whether a word is no name but keys that were hit: the same letter three times in a row.
fn is_mashed(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.windows(3).any(|run| run[0].is_ascii_alphabetic() && run[0] == run[1] && run[1] == run[2])
}

fn codes_of(word: &str) -> Sounds {
    let voweled = voweled(word);
    if !voweled.is_empty() {
        let mut found = Sounds::default();
        voweled.iter().filter(|word| word.len() > 1).for_each(|word| found.add(word));
        return found;
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
    let respelled = respelled(word);
    // Nobody who writes `cz` means what an Englishman reads there.
    if !FOREIGN.iter().any(|letters| word.contains(letters)) || respelled.is_none() {
        found.add(word);
    }
    if let Some(respelled) = respelled {
        found.add(&respelled);
    }
    found
}

/// The codes of two folded words that are said as one name, as Abd Allah is Abdullah; none of others.
pub fn sounds_together(one: &str, other: &str) -> Sounds {
    if !matches!(one, "عبد" | "ابو" | "أبو") || !is_written_without_vowels(other) {
        return Sounds::default();
    }
    sounds(&format!("{one}{other}"))
}

/// Groups of letters that only Poles and Germans write, and then mean one sound by.
const FOREIGN: [&str; 3] = ["tsch", "cz", "rz"];

/// A word with the letters that other languages read otherwise, as English would write their
/// sounds; `None` if it has none.
fn respelled(word: &str) -> Option<String> {
    if !word.bytes().any(|b| matches!(b, b'w' | b'j' | b'z')) && !word.starts_with("pf") {
        return None;
    }
    let mut out = word.to_owned();
    for (theirs, ours) in [("tsch", "ch"), ("sz", "sh"), ("cz", "ch"), ("rz", "zh")] {
        if out.contains(theirs) {
            out = out.replace(theirs, ours);
        }
    }
    if let Some(rest) = out.strip_prefix("pf") {
        out = format!("f{rest}");
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
            ("محمد", "mohammed"),
            ("القاسم", "qasim"),
            ("כהן", "cohen"),
            ("pfeiffer", "phifer"),
            ("czarnecki", "charnecki"),
        ] {
            assert!(sounds(one).meet(&sounds(other), 2), "{one} and {other}");
        }
        for (one, other) in
            [("miller", "smith"), ("kowalski", "kowalczyk"), ("owals", "els"), ("orban", "erban")]
        {
            assert!(!sounds(one).meet(&sounds(other), 1), "{one} and {other}");
        }
        assert_eq!(sounds("1"), Sounds::default());
    }

    proptest! {
        #[test]
        fn no_word_makes_it_panic(word in "\\PC{0,60}") {
            let _ = sounds(&crate::domain::text::fold(&word));
        }
    }
}
