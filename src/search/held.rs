//! Long posting lists that queries ask about, as one bit for each document.
//!
//! A common name beside a rare one is a list of tens of thousands of documents that is asked about
//! a few; decoding it takes longer than all else. Names of which this is true are few and come again
//! and again.

use std::sync::Arc;

use quick_cache::sync::Cache;
use tantivy::DocId;

use super::lists::Scored;

/// Most lists that are kept of a segment; together 32 bytes a document.
const MOST: usize = 256;
/// A list is long that holds at least one document in so many.
const LONG: u32 = 256;

/// The documents of one list.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(max_doc: u32) -> Self {
        Self(vec![0; max_doc as usize / 64 + 1])
    }

    #[inline]
    pub(super) fn add(&mut self, doc: DocId) {
        if let Some(word) = self.0.get_mut(doc as usize / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    /// All documents of some sets in order, each with the score of the first set that has it.
    pub(super) fn best(sets: &[(f32, Self)], most: usize) -> Vec<Scored> {
        let mut out = Vec::with_capacity(most);
        let words = sets.iter().map(|(_, set)| set.0.len()).max().unwrap_or(0);
        for (first, at) in (0..).step_by(64).zip(0..words) {
            let word = |set: &Self| set.0.get(at).copied().unwrap_or(0);
            let mut left = sets.iter().fold(0, |all, (_, set)| all | word(set));
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let holds = |(_, set): &&(f32, Self)| word(set) >> bit & 1 == 1;
                let score = sets.iter().find(holds).map_or(0.0, |(score, _)| *score);
                out.push((first + bit, score));
            }
        }
        out
    }

    /// Raises the scores of those of some documents that are in it.
    pub(super) fn raise(&self, docs: &[Scored], score: f32, best: &mut [f32]) {
        for ((doc, _), best) in docs.iter().zip(best) {
            if self.has(*doc) {
                *best = best.max(score);
            }
        }
    }

    #[inline]
    pub(super) fn has(&self, doc: DocId) -> bool {
        self.0.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1)
    }
}

/// The lists of a segment that are kept so, by dictionary and place in its file.
pub(super) struct HeldLists {
    lists: Cache<(u8, usize), Arc<Bits>>,
    least: usize,
}

/// Documents of a list that is long in a segment of so many.
pub(super) fn least_of_long(max_doc: u32) -> usize {
    (max_doc / LONG).max(1_024) as usize
}

impl HeldLists {
    pub(super) fn new(max_doc: u32) -> Self {
        Self { lists: Cache::new(MOST), least: least_of_long(max_doc) }
    }

    /// Whether a list of so many documents is worth keeping.
    pub(super) fn is_long(&self, documents: usize) -> bool {
        documents >= self.least
    }

    pub(super) fn get(&self, list: (u8, usize)) -> Option<Arc<Bits>> {
        self.lists.get(&list)
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.lists.clear();
    }

    pub(super) fn keep(&self, list: (u8, usize), bits: Arc<Bits>) {
        self.lists.insert(list, bits);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_are_sets(
            first in prop::collection::btree_set(0..1_000_u32, 0..80),
            second in prop::collection::btree_set(0..1_000_u32, 0..80),
        ) {
            let bits = |docs: &BTreeSet<u32>| {
                let mut bits = Bits::new(1_000);
                for doc in docs {
                    bits.add(*doc);
                }
                bits
            };
            let sets = [(2.0, bits(&first)), (1.0, bits(&second))];
            prop_assert!((0..1_100).all(|doc| sets[0].1.has(doc) == first.contains(&doc)));
            let score = |doc: u32| (doc, if first.contains(&doc) { 2.0 } else { 1.0 });
            let expected: Vec<_> = first.union(&second).map(|doc| score(*doc)).collect();
            prop_assert_eq!(Bits::best(&sets, 10), expected);
        }
    }
}
