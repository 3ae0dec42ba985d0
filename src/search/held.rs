//! Long posting lists that queries ask about, as one bit for each document.
//!
//! A common name beside a rare one is a list of tens of thousands of documents that is asked about
//! a few; decoding it takes longer than all else. Names of which this is true are few and come again
//! and again.

use std::sync::Arc;

use quick_cache::sync::Cache;
use tantivy::DocId;

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

    /// The documents in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = DocId> {
        (0..).zip(&self.0).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }

    #[inline]
    pub(super) fn has(&self, doc: DocId) -> bool {
        self.0.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1)
    }
}

/// The lists of a segment that are kept so, by dictionary and place in its file.
pub(super) struct HeldLists {
    lists: Cache<(u8, usize), Arc<Bits>>,
    least: u32,
}

impl HeldLists {
    pub(super) fn new(max_doc: u32) -> Self {
        Self { lists: Cache::new(MOST), least: (max_doc / LONG).max(1_024) }
    }

    /// Whether a list of so many documents is worth keeping.
    pub(super) fn is_long(&self, documents: usize) -> bool {
        documents >= self.least as usize
    }

    pub(super) fn get(&self, list: (u8, usize)) -> Option<Arc<Bits>> {
        self.lists.get(&list)
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
        fn bits_are_a_set(docs in prop::collection::btree_set(0..1_000_u32, 0..80)) {
            let mut bits = Bits::new(1_000);
            for doc in &docs {
                bits.add(*doc);
            }
            prop_assert_eq!(bits.iter().collect::<BTreeSet<_>>(), docs.clone());
            prop_assert!((0..1_100).all(|doc| bits.has(doc) == docs.contains(&doc)));
        }
    }
}
