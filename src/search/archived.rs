//! Archived contacts, which are left out of lists and searches that do not ask about the status.
//!
//! Which documents of a segment are archived is read once from their posting list. Most segments
//! have a few or none, so that lists stay as fast as without.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use tantivy::fastfield::AliveBitSet;
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher};

use super::budget::Budget;
use super::execute::{Context, Found, find};
use super::lists::{Scored, Terms};
use super::node::{Dict, Node, Source};
use crate::domain::status::Status;
use crate::index::{Space, value_code, value_term};
use crate::query::Field;

/// Segments of spaces that are remembered.
const MOST: usize = 16_384;
/// Longer than any takes.
const TIME: Duration = Duration::from_secs(60);

/// The archived documents of a space in a segment, deleted ones among them.
pub(super) struct ArchivedDocs {
    /// In order.
    docs: Vec<DocId>,
    /// One bit a document up to the last.
    bits: Vec<u64>,
}

impl ArchivedDocs {
    fn of(docs: Vec<DocId>) -> Self {
        let mut bits = vec![0_u64; docs.last().map_or(0, |last| *last as usize / 64 + 1)];
        for doc in &docs {
            bits[*doc as usize / 64] |= 1 << (doc % 64);
        }
        Self { docs, bits }
    }

    /// Whether a document is archived.
    #[inline]
    pub(super) fn has(&self, doc: DocId) -> bool {
        self.bits.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1)
    }

    /// Leaves out what is archived.
    pub(super) fn retain_others(&self, block: &mut Vec<Scored>) {
        block.retain(|(doc, _)| !self.has(*doc));
    }

    /// How many of them are not deleted.
    pub(super) fn count(&self, alive: Option<&AliveBitSet>) -> usize {
        match alive {
            None => self.docs.len(),
            Some(alive) => self.docs.iter().filter(|doc| alive.is_alive(**doc)).count(),
        }
    }
}

/// The archived documents of segments that were searched lately; none where there are none.
pub(super) struct Archived(Cache<(SegmentId, Space), Option<Arc<ArchivedDocs>>>);

impl Default for Archived {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Archived {
    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.0.clear();
    }

    /// Those of one segment.
    pub(super) fn get(
        &self,
        context: &Context<'_>,
        space: Space,
    ) -> tantivy::Result<Option<Arc<ArchivedDocs>>> {
        // Nothing in a segment changes but what is deleted.
        let key = (context.segment.reader.segment_id(), space);
        self.0.get_or_insert_with(&key, || {
            let Some(code) = value_code(&Field::Status) else { return Ok(None) };
            let text = value_term(code, Status::Archived.as_str());
            let term = Source::Term { dict: Dict::Value, text, score: 0.0 };
            // Half a list must not be remembered, so it is not bound to the time of a search.
            let budget = Budget::new(TIME);
            let terms = Terms { budget: &budget, ..context.terms };
            let context = Context { segment: context.segment, terms, budget: &budget };
            let docs: Vec<DocId> = match find(&context, &Node::terms(vec![term]))? {
                Found::Every => (0..context.segment.view.max_doc).collect(),
                Found::Some(docs) => docs.into_iter().map(|(doc, _)| doc).collect(),
            };
            Ok((!docs.is_empty()).then(|| Arc::new(ArchivedDocs::of(docs))))
        })
    }

    /// Lets go of segments that a snapshot no longer has.
    pub(super) fn sweep(&self, searcher: &Searcher) {
        let readers = searcher.segment_readers();
        self.0.retain(|(id, _), _| readers.iter().any(|reader| reader.segment_id() == *id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archived_documents_are_left_out_and_no_others() {
        let archived = ArchivedDocs::of(vec![0, 63, 64, 200]);
        let mut block: Vec<Scored> = (0..300).map(|doc| (doc, 1.0)).collect();
        archived.retain_others(&mut block);
        assert_eq!(block.len(), 296);
        assert!(block.iter().all(|(doc, _)| ![0, 63, 64, 200].contains(doc)));
        assert_eq!(archived.count(None), 4);
    }
}
