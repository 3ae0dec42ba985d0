//! Patterns that are walked through a dictionary: words with typos, words that hold letters, words
//! that begin with what the keys of a telephone stand for.
//!
//! Terms are the organisation, a word and the place where it stands; a pattern looks at the word
//! alone, and nothing but the organisation asked for is ever walked.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

use super::weigh::surplus;
use crate::domain::names::sounds;
use crate::domain::phone::keypad_digit;

/// Which words are meant.
pub(super) enum Pattern {
    /// Words with some typos.
    Typos(Typos),
    /// Words that sound alike, with at most two other letters.
    Sounding(Typos),
    /// Words that hold these letters.
    Inside(Vec<u8>),
    /// Words that begin with letters on these keys, 2 to 9.
    Keypad(Vec<u8>),
}

/// Words with at most so many typos. The state machine is that of Schulz and Mihov, "Fast string
/// correction with Levenshtein automata" (2002), with swapped neighbours as one typo.
pub(super) struct Typos {
    pub(super) word: String,
    pub(super) most: u8,
    dfa: DFA,
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Typos(_) => "Typos",
            Self::Sounding(_) => "Sounding",
            Self::Inside(_) => "Inside",
            Self::Keypad(_) => "Keypad",
        })
    }
}

impl Pattern {
    pub(super) fn typos(word: &str, most: u8) -> Self {
        Self::Typos(Typos::of(word, most))
    }

    pub(super) fn sounding(word: &str) -> Self {
        Self::Sounding(Typos::of(word, 2))
    }
}

impl Typos {
    fn of(word: &str, most: u8) -> Self {
        // The tables for a number of typos are the same for all words, and take a millisecond.
        static TABLES: [LazyLock<LevenshteinAutomatonBuilder>; 2] = [
            LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true)),
            LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true)),
        ];
        let tables = if most < 2 { &TABLES[0] } else { &TABLES[1] };
        Self { word: word.to_owned(), most, dfa: tables.build_dfa(word) }
    }
}

impl Pattern {
    fn start(&self) -> u32 {
        match self {
            Self::Typos(typos) | Self::Sounding(typos) => typos.dfa.initial_state(),
            Self::Inside(_) | Self::Keypad(_) => 0,
        }
    }

    fn step(&self, state: u32, byte: u8) -> Option<u32> {
        match self {
            Self::Typos(typos) | Self::Sounding(typos) => {
                Some(typos.dfa.transition(state, byte)).filter(|state| *state != SINK_STATE)
            }
            Self::Inside(letters) => Some(next_inside(letters, state, byte)),
            Self::Keypad(keys) => match keys.get(state as usize) {
                None => Some(state),
                Some(key) => (key_of(byte) == Some(*key)).then_some(state + 1),
            },
        }
    }

    /// The number of typos where the word matches.
    fn typos_at(&self, state: u32) -> Option<u8> {
        match self {
            Self::Typos(typos) | Self::Sounding(typos) => match typos.dfa.distance(state) {
                Distance::Exact(typos) => Some(typos),
                Distance::AtLeast(_) => None,
            },
            Self::Inside(letters) => (state as usize == letters.len()).then_some(0),
            Self::Keypad(keys) => (state as usize == keys.len()).then_some(0),
        }
    }

    /// How far a word is from what was asked for, if it matches: the number of typos, or 0 to 2 by
    /// how many other letters it has.
    pub(super) fn eval(&self, word: &[u8]) -> Option<u8> {
        if let Self::Inside(asked) = self {
            let is_inside = word.windows(asked.len().max(1)).any(|part| part == asked.as_slice());
            return is_inside.then(|| surplus(asked.len(), word.len()));
        }
        let mut state = self.start();
        for byte in word {
            state = self.step(state, *byte)?;
        }
        let typos = self.typos_at(state)?;
        if let Self::Sounding(asked) = self {
            let word = std::str::from_utf8(word).ok()?;
            return sounds(word).meet(&sounds(&asked.word), 1).then_some(typos);
        }
        Some(match self {
            Self::Typos(_) | Self::Sounding(_) => typos,
            Self::Inside(asked) | Self::Keypad(asked) => surplus(asked.len(), word.len()),
        })
    }
}

/// How many of the letters are met after one more byte; found letters stay found.
fn next_inside(letters: &[u8], state: u32, byte: u8) -> u32 {
    let met = state as usize;
    if met == letters.len() {
        return state;
    }
    // The longest end of what was read that begins the letters; words are short.
    let mut read: Vec<u8> = letters[..met].to_vec();
    read.push(byte);
    while !letters.starts_with(&read) {
        read.remove(0);
    }
    u32::try_from(read.len()).unwrap_or(0)
}

/// The key of a telephone on which a letter or digit stands.
pub(super) fn key_of(byte: u8) -> Option<u8> {
    if byte.is_ascii_digit() {
        return Some(byte);
    }
    keypad_digit(char::from(byte)).and_then(|key| u8::try_from(key).ok())
}

/// A pattern between an organisation and the place of a word.
pub(super) struct Walk<'a> {
    pub(super) prefix: &'a [u8],
    pub(super) pattern: &'a Pattern,
}

#[derive(Clone, Copy)]
pub(super) enum At {
    /// So many bytes of the organisation were read.
    Prefix(usize),
    /// Inside the word.
    Word(u32),
    /// Behind a word that matches: the separator was read, then the place.
    Place(bool),
    Dead,
}

impl Automaton for Walk<'_> {
    type State = At;

    fn start(&self) -> At {
        if self.prefix.is_empty() { At::Word(self.pattern.start()) } else { At::Prefix(0) }
    }

    fn is_match(&self, state: &At) -> bool {
        matches!(state, At::Place(true))
    }

    fn can_match(&self, state: &At) -> bool {
        !matches!(state, At::Dead)
    }

    fn accept(&self, state: &At, byte: u8) -> At {
        match *state {
            At::Prefix(read) if self.prefix.get(read) == Some(&byte) => {
                if read + 1 == self.prefix.len() {
                    At::Word(self.pattern.start())
                } else {
                    At::Prefix(read + 1)
                }
            }
            At::Word(at) if byte == 1 => {
                if self.pattern.typos_at(at).is_some() {
                    At::Place(false)
                } else {
                    At::Dead
                }
            }
            At::Word(at) => self.pattern.step(at, byte).map_or(At::Dead, At::Word),
            At::Place(false) => At::Place(true),
            At::Prefix(_) | At::Place(true) | At::Dead => At::Dead,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inside_agrees_with_text(word in "[ab]{0,12}", letters in "[ab]{1,5}") {
            let pattern = Pattern::Inside(letters.clone().into_bytes());
            prop_assert_eq!(pattern.eval(word.as_bytes()).is_some(), word.contains(&letters));
        }

        #[test]
        fn keys_agree_with_letters(word in "[a-z]{0,8}", keys in "[2-9]{1,4}") {
            let pattern = Pattern::Keypad(keys.clone().into_bytes());
            let pressed: Vec<u8> = word.bytes().filter_map(key_of).collect();
            prop_assert_eq!(
                pattern.eval(word.as_bytes()).is_some(),
                pressed.starts_with(keys.as_bytes())
            );
        }
    }

    #[test]
    fn typos_are_counted_and_swaps_are_one() {
        let pattern = Pattern::typos("smith", 1);
        assert_eq!(pattern.eval(b"smith"), Some(0));
        assert_eq!(pattern.eval(b"smtih"), Some(1));
        assert_eq!(pattern.eval(b"smiht"), Some(1));
        assert_eq!(pattern.eval(b"smyth"), Some(1));
        assert_eq!(pattern.eval(b"smythe"), None);
        assert_eq!(pattern.eval(b"jones"), None);
    }

    #[test]
    fn a_walk_stays_in_its_organisation() {
        let pattern = Pattern::typos("ab", 1);
        let walk = Walk { prefix: b"1\x01", pattern: &pattern };
        let matches = |term: &[u8]| {
            let end = term.iter().fold(walk.start(), |state, byte| walk.accept(&state, *byte));
            walk.is_match(&end)
        };
        assert!(matches(b"1\x01ab\x01n"));
        assert!(matches(b"1\x01b\x01n"));
        assert!(!matches(b"2\x01ab\x01n"));
        assert!(!matches(b"11\x01ab\x01n"));
        assert!(!matches(b"1\x01abcd\x01n"));
        assert!(!matches(b"1\x01ab"));
    }
}
