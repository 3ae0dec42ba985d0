//! Goes through the documents that match: leaves out what is deleted or not seen, counts, keeps the
//! best of an order.

use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::DocId;

use super::archived::ArchivedDocs;
use super::budget::Budget;
use super::execute::Found;
use super::facets::SegmentCounts;
use super::listing::{Listing, key_of};
use super::lists::Scored;
use super::order::{Key, Order};
use super::sight::SightFilter;
use super::ties::{Mark, Tied};
use super::view::Segment;

/// Documents that are looked at together.
const BLOCK: u32 = 1_024;

/// A document that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BestHit {
    pub(super) key: Key,
    pub(super) segment: u32,
    pub(super) doc: DocId,
}

impl BestHit {
    /// Whether two have the same values to sort by.
    pub(super) fn ties_with(&self, other: &Self) -> bool {
        self.key[..3] == other.key[..3]
    }

    pub(super) fn tied(&self) -> Tied {
        Tied { number: self.key[3], segment: self.segment, doc: self.doc }
    }
}

/// From so many documents on a page of them may be picked out of a listing.
const MANY: usize = if cfg!(test) { 400 } else { 20_000 };
/// Searching for a document costs as much as looking at the values of so many.
const SEARCH_COST: usize = if cfg!(test) { 1 } else { 12 };

#[cfg(test)]
thread_local! {
    /// How many pages were picked out of listings.
    pub(super) static PICKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What is kept of all segments.
pub(super) struct Best {
    /// The worst on top.
    pub(super) heap: BinaryHeap<BestHit>,
    pub(super) keep: usize,
    pub(super) total: usize,
    pub(super) most_total: usize,
    /// Those that were not kept and have the same values as the worst that is.
    pub(super) left_out: Vec<Tied>,
}

impl Best {
    fn offer(&mut self, one: BestHit, is_open: impl Fn(&Key) -> bool) {
        if self.heap.len() < self.keep {
            self.heap.push(one);
            return;
        }
        let Some(mut worst) = self.heap.peek_mut() else { return };
        if one >= *worst {
            if one.ties_with(&worst) && is_open(&one.key) {
                self.left_out.push(one.tied());
            }
            return;
        }
        let out = std::mem::replace(&mut *worst, one);
        drop(worst);
        if self.heap.peek().is_some_and(|worst| worst.ties_with(&out)) {
            if is_open(&out.key) {
                self.left_out.push(out.tied());
            }
        } else {
            self.left_out.clear();
        }
    }
}

/// Where a page begins.
pub(super) struct After {
    pub(super) key: Key,
    /// Where its whole keys stand in the segment; none if its values tell it from others.
    pub(super) marks: Vec<Mark>,
}

/// Goes through the documents of one segment.
pub(super) struct Page<'a> {
    pub(super) segment: &'a Segment,
    pub(super) sight: Option<Arc<SightFilter>>,
    /// What is left out for being archived.
    pub(super) archived: Option<Arc<ArchivedDocs>>,
    /// Which segment it is.
    pub(super) at: u32,
    pub(super) order: &'a Order,
    pub(super) after: Option<After>,
    pub(super) budget: &'a Budget,
    pub(super) counts: Option<SegmentCounts<'a>>,
}

impl Page<'_> {
    /// `listing` gives the listing of the segment in the order that is asked for, if there is one.
    pub(super) fn take(
        &mut self,
        found: Found,
        listing: impl FnOnce() -> Option<Arc<Listing>>,
        best: &mut Best,
    ) {
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
            Found::Some(mut docs) => {
                if self.may_pick(&docs, best)
                    && let Some(listing) = listing()
                    && self.pick(&mut docs, &listing, best)
                {
                    return;
                }
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

    /// Whether a page of these documents may be picked out of a listing.
    fn may_pick(&self, docs: &[Scored], best: &Best) -> bool {
        let is_plain = self.after.is_none() && self.counts.is_none();
        is_plain && docs.len() >= MANY && best.keep > 0 && best.most_total == usize::MAX
    }

    /// Takes the first of many documents in the order of a listing, without looking at the values of
    /// the others; whether that was less work. By score these are the first of the highest.
    fn pick(&self, docs: &mut Vec<Scored>, listing: &Listing, best: &mut Best) -> bool {
        if let Some(alive) = self.segment.alive() {
            docs.retain(|(doc, _)| alive.is_alive(*doc));
        }
        if let Some(archived) = &self.archived {
            archived.retain_others(docs);
        }
        if let Some(sight) = &self.sight {
            sight.retain(docs);
        }
        let is_by_score = self.order.is_by_score();
        let highest = docs.iter().map(|(_, score)| *score).fold(f32::NEG_INFINITY, f32::max);
        let counts = |score: f32| !is_by_score || score >= highest;
        let counted = docs.iter().filter(|(_, score)| counts(*score)).count();
        // They are expected to stand everywhere in the listing alike, and may all stand at its end.
        let expected = best.keep.saturating_mul(listing.docs().len()) / counted.max(1);
        let most = (docs.len() / SEARCH_COST).min(expected.saturating_mul(3));
        if counted < best.keep || expected + expected / 2 > most {
            return false;
        }
        let mut first: Vec<Scored> = Vec::with_capacity(best.keep.min(most));
        for doc in listing.docs().iter().take(most) {
            if let Ok(at) = docs.binary_search_by_key(doc, |(doc, _)| *doc)
                && counts(docs[at].1)
            {
                first.push(docs[at]);
                if first.len() == best.keep {
                    break;
                }
            }
        }
        if first.len() < best.keep {
            return false;
        }
        #[cfg(test)]
        PICKED.with(|picked| picked.set(picked.get() + 1));
        best.total += docs.len();
        for (doc, score) in first {
            self.one(doc, score, best);
        }
        true
    }

    /// As [`Page::take`] with all documents of a listing, of which it looks at no more than a page
    /// may have; the first `skip` behind the place where it begins are passed over.
    pub(super) fn take_listed(&self, listing: &Listing, skip: usize, best: &mut Best) {
        let alive = self.segment.alive();
        let archived = self.archived.as_deref();
        best.total += listing.count(alive, self.segment.view.max_doc)
            - archived.map_or(0, |archived| archived.count(alive));
        let docs = listing.from(|doc| {
            self.after.as_ref().is_none_or(|after| {
                let key = key_of(self.segment, self.order, doc);
                self.is_behind(after, &key, doc)
            })
        });
        let seen = docs.iter().filter(|doc| {
            alive.is_none_or(|alive| alive.is_alive(**doc))
                && archived.is_none_or(|archived| !archived.has(**doc))
        });
        for doc in seen.skip(skip).take(best.keep) {
            self.one(*doc, 0.0, best);
        }
    }

    fn is_behind(&self, after: &After, key: &Key, doc: DocId) -> bool {
        if key[..3] == after.key[..3] && !after.marks.is_empty() {
            self.order.is_behind(doc, key[3], &after.marks, after.key[3])
        } else {
            *key > after.key
        }
    }

    fn is_over(&self, best: &Best) -> bool {
        best.total >= best.most_total || self.budget.is_over()
    }

    fn block(&mut self, block: &mut Vec<Scored>, best: &mut Best) {
        if let Some(alive) = self.segment.alive() {
            block.retain(|(doc, _)| alive.is_alive(*doc));
        }
        if let Some(archived) = &self.archived {
            archived.retain_others(block);
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
        if is_full && best.heap.peek().is_some_and(|worst| leading > worst.key[0]) {
            return;
        }
        // Where most have the same one, they lose by the next.
        let number = || self.segment.view.number.first(doc).unwrap_or(0);
        let second = self.order.second(doc, number);
        let worst = best.heap.peek().filter(|_| is_full).map(|worst| worst.key);
        let is_worse = |key: &[u64]| worst.is_some_and(|worst| *key > worst[..key.len()]);
        if is_worse(&[leading, second.value]) {
            return;
        }
        let third = self.order.third(doc, second);
        if is_worse(&[leading, second.value, third]) {
            return;
        }
        let number = number();
        let key = [leading, second.value, third, number];
        if self.after.as_ref().is_some_and(|after| !self.is_behind(after, &key, doc)) {
            return;
        }
        best.offer(BestHit { key, segment: self.at, doc }, |key| self.order.is_open(key));
    }
}
