//! Joining posting lists: all documents of some, and which of some documents they hold.

use std::collections::BinaryHeap;

use super::budget::Budget;
use super::held::Bits;
use super::lists::{List, Scored};
use super::meaning::{Apart, Expanded};
use super::view::SegmentView;

/// Lists of which so many are merged pairwise; more are joined by what they count.
const FEW_LISTS: usize = 12;
/// Searching for a document costs as much as passing so many others over.
const SEARCH_COST: usize = 12;
/// Lists of the same score of which no more than so many are looked at one by one.
const FEW_TOGETHER: usize = 3;

/// All documents of some lists, each with its best score, in order.
pub(super) fn union(
    view: &SegmentView,
    lists: &[List],
    budget: &Budget,
) -> tantivy::Result<Vec<Scored>> {
    let total: usize = lists.iter().map(List::len).sum();
    let is_dense = lists.len() > 1 && total > view.max_doc as usize / 4;
    if is_dense || lists.len() > FEW_LISTS {
        return union_by_score(view, lists, budget);
    }
    // The two shortest first, as in a Huffman code: every document is copied as seldom as can be.
    let mut parts: BinaryHeap<Shortest> = BinaryHeap::with_capacity(lists.len());
    for list in lists {
        let mut docs = Vec::with_capacity(list.len());
        list.for_each_block(view, |block| docs.extend(block.iter().map(|d| (*d, list.score))))?;
        parts.push(Shortest(docs));
    }
    loop {
        match (parts.pop(), parts.pop()) {
            (Some(a), Some(b)) => parts.push(Shortest(merge(&a.0, &b.0))),
            (Some(last), None) => return Ok(last.0),
            (None, _) => return Ok(Vec::new()),
        }
    }
}

/// Many lists: sorted if they are short, else as bits for each score, of which there are only a few.
fn union_by_score(
    view: &SegmentView,
    lists: &[List],
    budget: &Budget,
) -> tantivy::Result<Vec<Scored>> {
    let total: usize = lists.iter().map(List::len).sum();
    if !view.held.is_long(total) {
        let mut all: Vec<Scored> = Vec::with_capacity(total);
        for list in lists {
            list.for_each_block(view, |docs| all.extend(docs.iter().map(|d| (*d, list.score))))?;
        }
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        all.dedup_by_key(|(doc, _)| *doc);
        return Ok(all);
    }
    let mut groups = by_score(lists);
    groups.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut classes: Vec<(f32, Bits)> = Vec::with_capacity(groups.len());
    for (score, lists) in groups {
        classes.push((score, bits_of(view, &lists, budget)?));
    }
    Ok(Bits::best(&classes, total.min(view.max_doc as usize)))
}

/// Lists by what they count.
fn by_score<'a>(lists: impl IntoIterator<Item = &'a List>) -> Vec<(f32, Vec<&'a List>)> {
    let mut groups: Vec<(f32, Vec<&List>)> = Vec::new();
    for list in lists {
        match groups.iter_mut().find(|(score, _)| score.total_cmp(&list.score).is_eq()) {
            Some((_, group)) => group.push(list),
            None => groups.push((list.score, vec![list])),
        }
    }
    groups
}

/// A bit for each document of some lists.
fn bits_of(view: &SegmentView, lists: &[&List], budget: &Budget) -> tantivy::Result<Bits> {
    let mut bits = Bits::new(view.max_doc);
    for list in lists {
        if budget.is_over() {
            break;
        }
        list.for_each_block(view, |docs| docs.iter().for_each(|doc| bits.add(*doc)))?;
    }
    Ok(bits)
}

struct Shortest(Vec<Scored>);

impl PartialEq for Shortest {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
    }
}

impl Eq for Shortest {}

impl PartialOrd for Shortest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Shortest {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.len().cmp(&self.0.len())
    }
}

/// Two lists as one, each document once with its better score.
pub(super) fn merge(a: &[Scored], b: &[Scored]) -> Vec<Scored> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        match left.0.cmp(&right.0) {
            std::cmp::Ordering::Less => {
                out.push(*left);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                out.push(*right);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                out.push((left.0, left.1.max(right.1)));
                i += 1;
                j += 1;
            }
        }
    }
    out.extend_from_slice(&a[i..]);
    out.extend_from_slice(&b[j..]);
    out
}

/// For each of some documents in order the best score of the lists that hold it; negative where
/// none does.
pub(super) fn probe(
    view: &SegmentView,
    lists: &[List],
    docs: &[Scored],
    budget: &Budget,
) -> tantivy::Result<Vec<f32>> {
    let mut best = vec![-1.0_f32; docs.len()];
    let mut rest: Vec<&List> = Vec::with_capacity(lists.len());
    for list in lists {
        match list.bits(view, !list.is_sparse(docs))? {
            Some(bits) => bits.raise(docs, list.score, &mut best),
            None => rest.push(list),
        }
    }
    let (sparse, dense): (Vec<&List>, Vec<&List>) =
        rest.into_iter().partition(|list| list.is_sparse(docs));
    for list in sparse {
        if budget.is_over() {
            break;
        }
        list.seek(view, docs, &mut best)?;
    }
    for (score, lists) in by_score(dense) {
        let total: usize = lists.iter().map(|list| list.len()).sum();
        if lists.len() > FEW_TOGETHER && view.held.is_long(total.max(docs.len())) {
            bits_of(view, &lists, budget)?.raise(docs, score, &mut best);
            continue;
        }
        for list in lists {
            if budget.is_over() {
                break;
            }
            list.read_beside(view, docs, &mut best)?;
        }
    }
    Ok(best)
}

/// As [`probe`] for the lists of a word, of which the short ones may be joined already.
pub(super) fn probe_word(
    view: &SegmentView,
    word: &Expanded,
    docs: &[Scored],
    budget: &Budget,
) -> tantivy::Result<Vec<f32>> {
    let join = |lists: &[List]| union(view, lists, budget);
    let Some(Apart { long, short }) = word.apart(join, || !budget.is_spent())? else {
        return probe(view, &word.lists, docs, budget);
    };
    let mut best = probe(view, long, docs, budget)?;
    raise(short, docs, &mut best);
    Ok(best)
}

/// Raises the scores of those of some documents that are found among others, all in order.
fn raise(found: &[Scored], docs: &[Scored], best: &mut [f32]) {
    let is_search = docs.len() < found.len() / SEARCH_COST;
    let mut rest = found;
    for ((doc, _), best) in docs.iter().zip(best) {
        let passed = if is_search {
            rest.partition_point(|(known, _)| known < doc)
        } else {
            rest.iter().take_while(|(known, _)| known < doc).count()
        };
        rest = &rest[passed..];
        match rest.first() {
            Some((known, score)) if known == doc => *best = best.max(*score),
            Some(_) => {}
            None => return,
        }
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
mod tests;
