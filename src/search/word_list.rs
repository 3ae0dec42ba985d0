//! The words of names and companies of a segment in one array, to find words with typos in.
//!
//! Walking the dictionary with an automaton looks at most of its nodes where two typos are allowed.
//! Here most words are passed over by how many letters they have, for which they need not be looked
//! at, and by which, which is compared for many words at once.

use memchr::memmem;
use tantivy::InvertedIndexReader;

use super::automata::Pattern;
use crate::index::Place;

/// The places whose words are in the list.
const PLACES: [Place; 4] = [Place::Name, Place::Folded, Place::Spelling, Place::Company];

/// Words that are compared at once.
const BLOCK: usize = 512;

/// Distinct words with their places: by organisation, then the short ones first.
///
/// Memory: about 20 bytes a word and place.
#[derive(Default)]
pub(super) struct WordList {
    /// The organisations with where their words begin.
    organizations: Vec<(Box<[u8]>, usize)>,
    /// Where the bytes of each word begin; one more for the end.
    starts: Vec<u32>,
    bytes: Vec<u8>,
    /// Which letters each word has, a bit each.
    letters: Vec<u32>,
    /// How many letters it has.
    lengths: Vec<u8>,
    places: Vec<u8>,
}

impl WordList {
    /// Whether words of a place are listed.
    pub(super) fn has(place: char) -> bool {
        PLACES.iter().any(|listed| listed.letter() == place)
    }

    /// Reads a dictionary once: some 100 ms for a million terms.
    pub(super) fn of(dict: &InvertedIndexReader) -> tantivy::Result<Self> {
        let mut list = Self::default();
        list.starts.push(0);
        // The words of one organisation, until they are all known.
        let mut words: Vec<(u8, Vec<u8>, u8)> = Vec::new();
        let mut stream = dict.terms().stream()?;
        while stream.advance() {
            let key = stream.key();
            let Some(separator) = key.iter().position(|byte| *byte == 1) else { continue };
            let (prefix, rest) = key.split_at(separator + 1);
            let [word @ .., 1, place] = rest else { continue };
            if !Self::has(char::from(*place)) {
                continue;
            }
            let Ok(text) = std::str::from_utf8(word) else { continue };
            if list.organizations.last().is_none_or(|(last, _)| **last != *prefix) {
                list.add(&mut words);
                list.organizations.push((prefix.into(), list.places.len()));
            }
            words.push((length_of(text), word.to_vec(), *place));
        }
        list.add(&mut words);
        Ok(list)
    }

    fn add(&mut self, words: &mut Vec<(u8, Vec<u8>, u8)>) {
        words.sort_by_key(|(length, _, _)| *length);
        for (length, word, place) in words.drain(..) {
            self.bytes.extend_from_slice(&word);
            self.starts.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
            self.letters.push(letters_of(&String::from_utf8_lossy(&word)));
            self.lengths.push(length);
            self.places.push(place);
        }
    }

    /// Calls a function with the places of the words that hold some letters. All words are searched
    /// as one text.
    fn holding(&self, letters: &[u8], from: usize, to: usize, mut give: impl FnMut(usize)) {
        if letters.is_empty() {
            return (from..to).for_each(give);
        }
        let (begin, end) = (self.starts[from] as usize, self.starts[to] as usize);
        let finder = memmem::Finder::new(letters);
        let (mut at, mut word) = (begin, from);
        while let Some(found) = self.bytes.get(at..end).and_then(|rest| finder.find(rest)) {
            let found = at + found;
            word += self.starts[word + 1..=to].partition_point(|end| *end as usize <= found);
            let Some(end) = self.starts.get(word + 1).map(|end| *end as usize) else { return };
            if found + letters.len() <= end {
                give(word);
                at = end;
            } else {
                // It goes on in the next word.
                at = found + 1;
            }
        }
    }

    /// Calls a function with every word of an organisation, and its place, that a
    /// pattern may mean; whether it does has still to be looked at.
    pub(super) fn candidates(
        &self,
        prefix: &[u8],
        pattern: &Pattern,
        mut each: impl FnMut(&[u8], u8),
    ) {
        let Ok(at) = self.organizations.binary_search_by(|(known, _)| (**known).cmp(prefix)) else {
            return;
        };
        let from = self.organizations[at].1;
        let to = self.organizations.get(at + 1).map_or(self.places.len(), |(_, next)| *next);
        let mut give = |at: usize| {
            let range = self.starts[at] as usize..self.starts[at + 1] as usize;
            if let Some(word) = self.bytes.get(range) {
                each(word, self.places[at]);
            }
        };
        let typos = match pattern {
            Pattern::Typos(typos) | Pattern::Sounding(typos) => typos,
            Pattern::Inside(letters) => return self.holding(letters, from, to, give),
            Pattern::Keypad(_) => return (from..to).for_each(give),
        };
        let (letters, length) = (letters_of(&typos.word), length_of(&typos.word));
        let lengths = &self.lengths[from..to];
        let (least, most) = (length.saturating_sub(typos.most), length.saturating_add(typos.most));
        let first = from + lengths.partition_point(|length| *length < least);
        let last = from + lengths.partition_point(|length| *length <= most);
        let mut is_near = [false; BLOCK];
        for (block, known) in self.letters[first..last].chunks(BLOCK).enumerate() {
            for (near, known) in is_near.iter_mut().zip(known) {
                *near = are_near(letters ^ known, typos.most);
            }
            for at in (0..known.len()).filter(|at| is_near[*at]) {
                give(first + block * BLOCK + at);
            }
        }
    }
}

/// Whether letters that only one of two words has may come from so many typos: a letter that is
/// replaced takes one away and brings another. Without branches, so that many are done at once.
#[inline]
fn are_near(differing: u32, most: u8) -> bool {
    let less = |letters: u32| letters & letters.wrapping_sub(1);
    let two = less(less(differing));
    (if most < 2 { two } else { less(less(two)) }) == 0
}

/// A bit for each letter of the Latin alphabet that a word has, and six for all others.
fn letters_of(word: &str) -> u32 {
    word.chars().fold(0, |letters, letter| {
        let bit = match letter {
            'a'..='z' => u32::from(letter) - u32::from('a'),
            _ => 26 + u32::from(letter) % 6,
        };
        letters | 1 << bit
    })
}

fn length_of(word: &str) -> u8 {
    u8::try_from(word.chars().count()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(words: &[String]) -> WordList {
        let mut list = WordList::default();
        list.starts.push(0);
        for (org, from) in [("0\u{1}", 0), ("1\u{1}", 1)] {
            list.organizations.push((org.as_bytes().into(), list.places.len()));
            let of_org = words.iter().skip(from).step_by(2);
            let mut of_org = of_org.map(|w| (length_of(w), w.clone().into_bytes(), b'n')).collect();
            list.add(&mut of_org);
        }
        list
    }

    proptest! {
        /// Searching all words as one text finds what looking at each would find, and nothing of
        /// another organisation.
        #[test]
        fn words_that_hold_letters_are_those_that_match(
            words in prop::collection::vec("[ab]{1,6}", 0..40),
            letters in "[ab]{1,4}",
        ) {
            let pattern = Pattern::Inside(letters.clone().into_bytes());
            for (org, from) in [("0\u{1}", 0), ("1\u{1}", 1)] {
                let mut found: Vec<Vec<u8>> = Vec::new();
                list(&words).candidates(org.as_bytes(), &pattern, |word, _| found.push(word.to_vec()));
                let of_org = words.iter().skip(from).step_by(2);
                let mut expected: Vec<Vec<u8>> =
                    of_org.filter(|w| w.contains(&letters)).map(|w| w.clone().into_bytes()).collect();
                found.sort();
                expected.sort();
                prop_assert_eq!(found, expected);
            }
        }

        /// No word is passed over that has few enough typos.
        #[test]
        fn near_words_have_nearly_the_same_letters(
            asked in "[a-dé]{1,9}",
            word in "[a-dé]{1,9}",
            most in 1..3_u8,
        ) {
            if Pattern::typos(&asked, most).eval(word.as_bytes()).is_some() {
                let differing = letters_of(&asked) ^ letters_of(&word);
                prop_assert!(are_near(differing, most));
                prop_assert!(length_of(&asked).abs_diff(length_of(&word)) <= most);
            }
        }
    }
}
