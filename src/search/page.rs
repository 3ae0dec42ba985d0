//! Goes through the documents that match: leaves out what is deleted or not seen, counts, keeps the
//! best of an order.

use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::DocId;

use super::budget::Budget;
use super::execute::Found;
use super::facets::SegmentCounts;
use super::lists::Scored;
use super::sight::SightFilter;
use super::sort::{Key, Order};
use super::view::Segment;

/// Documents that are looked at together.
const BLOCK: u32 = 1_024;

/// What is kept of all segments.
pub(super) struct Best {
    /// The worst on top.
    pub(super) heap: BinaryHeap<Key>,
    pub(super) keep: usize,
    pub(super) total: usize,
    pub(super) most_total: usize,
}

/// Goes through the documents of one segment.
pub(super) struct Page<'a> {
    pub(super) segment: &'a Segment,
    pub(super) sight: Option<Arc<SightFilter>>,
    pub(super) order: Order,
    pub(super) after: Option<Key>,
    pub(super) budget: &'a Budget,
    pub(super) counts: Option<SegmentCounts<'a>>,
}

impl Page<'_> {
    pub(super) fn take(&mut self, found: Found, best: &mut Best) {
        match found {
            Found::Every => {
                let every = self.segment.view.max_doc;
                let mut from = 0;
                let mut block: Vec<Scored> = Vec::with_capacity(BLOCK as usize);
                while from < every && !self.is_over(best) {
                    let to = every.min(from + BLOCK);
                    block.clear();
                    block.extend((from..to).map(|doc| (doc, 0.0)));
                    self.block(&mut block, best);
                    from = to;
                }
            }
            Found::Some(docs) => {
                let mut block: Vec<Scored> = Vec::with_capacity(docs.len().min(BLOCK as usize));
                for docs in docs.chunks(BLOCK as usize) {
                    if self.is_over(best) {
                        break;
                    }
                    block.clear();
                    block.extend_from_slice(docs);
                    self.block(&mut block, best);
                }
            }
        }
    }

    fn is_over(&self, best: &Best) -> bool {
        best.total >= best.most_total || self.budget.is_over()
    }

    fn block(&mut self, block: &mut Vec<Scored>, best: &mut Best) {
        if let Some(alive) = self.segment.alive() {
            block.retain(|(doc, _)| alive.is_alive(*doc));
        }
        if let Some(sight) = &self.sight {
            sight.retain(block);
        }
        best.total += block.len();
        if let Some(counts) = &mut self.counts {
            for (doc, _) in &*block {
                counts.count(*doc);
            }
        }
        if best.keep == 0 {
            return;
        }
        for (doc, score) in block {
            self.one(*doc, *score, best);
        }
    }

    #[inline]
    fn one(&self, doc: DocId, score: f32, best: &mut Best) {
        let leading = self.order.leading(doc, score);
        // Most documents lose by their leading value; the rest is not even read for them.
        let is_full = best.heap.len() >= best.keep;
        if is_full && best.heap.peek().is_some_and(|worst| leading > worst[0]) {
            return;
        }
        let number = self.segment.view.number.first(doc).unwrap_or(0);
        let key = [leading, self.order.following(doc, number), number];
        if self.after.is_some_and(|after| key <= after) {
            return;
        }
        if !is_full {
            best.heap.push(key);
        } else if let Some(mut worst) = best.heap.peek_mut()
            && key < *worst
        {
            *worst = key;
        }
    }
}
