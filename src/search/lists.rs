//! Posting lists: which ones the terms of a query have in a segment, and joining them.
//!
//! All scores are constants of the ladder, so that documents need no frequencies and no norms, and
//! joining lists is all there is to do. The shortest part of a query is read whole; the others are
//! only asked about the documents that it leaves.

use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

use super::automata::{Pattern, Walk};
use super::budget::Budget;
use super::held::Bits;
use super::node::{Dict, Source};
use super::view::SegmentView;
use super::word_list::WordList;
use crate::index::{BEHIND, bounded, word_room};

/// A document and what it counts.
pub(super) type Scored = (DocId, f32);

/// Lists of which so many are merged pairwise; more are joined by what they count.
const FEW_LISTS: usize = 12;
/// How many times longer than the documents a list may be to be read as a whole.
const DENSE: usize = 48;
/// Lists of the same score of which no more than so many are looked at one by one.
const FEW_TOGETHER: usize = 3;
/// Steps between two looks at the clock.
const STEPS: usize = 4_096;

/// One posting list and what its documents count.
pub(super) struct List {
    pub(super) dict: Dict,
    pub(super) info: TermInfo,
    pub(super) score: f32,
}

impl List {
    pub(super) fn len(&self) -> usize {
        self.info.doc_freq as usize
    }

    /// Whether it is so much longer than some documents that it is better searched for each of them.
    fn is_sparse(&self, docs: &[Scored]) -> bool {
        self.len() / DENSE > docs.len()
    }

    /// A bit for each of its documents, if the list is so long that these are kept, and are there
    /// or may be made.
    fn bits(&self, view: &SegmentView, may_make: bool) -> tantivy::Result<Option<Arc<Bits>>> {
        if !view.held.is_long(self.len()) {
            return Ok(None);
        }
        let place = (self.dict as u8, self.info.postings_range.start);
        if let Some(bits) = view.held.get(place) {
            return Ok(Some(bits));
        }
        if !may_make {
            return Ok(None);
        }
        let mut bits = Bits::new(view.max_doc);
        self.for_each_block(view, |docs| docs.iter().for_each(|doc| bits.add(*doc)))?;
        let bits = Arc::new(bits);
        view.held.keep(place, Arc::clone(&bits));
        Ok(Some(bits))
    }

    fn open(&self, view: &SegmentView) -> tantivy::Result<SegmentPostings> {
        Ok(view
            .dict(self.dict)
            .read_postings_from_terminfo(&self.info, IndexRecordOption::Basic)?)
    }

    /// Calls a function with all documents in blocks.
    fn for_each_block(
        &self,
        view: &SegmentView,
        mut each: impl FnMut(&[DocId]),
    ) -> tantivy::Result<()> {
        let mut blocks = view
            .dict(self.dict)
            .read_block_postings_from_terminfo(&self.info, IndexRecordOption::Basic)?;
        loop {
            let docs = blocks.docs();
            if docs.is_empty() {
                return Ok(());
            }
            each(docs);
            blocks.advance();
        }
    }
}

/// What is needed to look terms up in a segment.
pub(super) struct Terms<'a> {
    pub(super) view: &'a SegmentView,
    /// The organisation, in front of every term.
    pub(super) prefix: &'a str,
    pub(super) most_expansions: usize,
    /// Longest term in bytes.
    pub(super) most_bytes: usize,
    pub(super) budget: &'a Budget,
}

impl Terms<'_> {
    /// The lists of all terms of a source.
    pub(super) fn lists(&self, source: &Source, out: &mut Vec<List>) -> tantivy::Result<()> {
        match source {
            Source::Term { dict, text, score } => {
                let text = bounded(text, self.most_bytes);
                let key = [self.prefix.as_bytes(), text.as_bytes()].concat();
                if let Some(info) = self.view.dict(*dict).terms().get(key)? {
                    out.push(List { dict: *dict, info, score: *score });
                }
                Ok(())
            }
            Source::Begins { dict, text, score } => {
                let from = [self.prefix.as_bytes(), text.as_bytes()].concat();
                self.range(*dict, &from, 0xff, out, |_| Some(*score))
            }
            Source::Holds { dict, under, text, score } => {
                let from = [self.prefix.as_bytes(), under.as_bytes()].concat();
                let finder = text.as_bytes();
                self.range(*dict, &from, 0xff, out, |rest| {
                    // What stands for the rest of a long text is no part of it.
                    let rest = rest.split(|byte| *byte == BEHIND).next().unwrap_or(rest);
                    rest.windows(finder.len().max(1)).any(|part| part == finder).then_some(*score)
                })
            }
            Source::Word { dict, text, exact } => {
                let text = bounded(text, word_room(self.most_bytes));
                let from = [self.prefix.as_bytes(), text.as_bytes(), b"\x01"].concat();
                self.range(*dict, &from, 0xff, out, |rest| match rest {
                    [place] => score_at(exact, *place),
                    _ => None,
                })
            }
            Source::WordBegins { dict, text, exact, begins } => {
                let from = [self.prefix.as_bytes(), text.as_bytes()].concat();
                self.range(*dict, &from, 0xff, out, |rest| match rest {
                    [1, place] => score_at(exact, *place).or_else(|| score_at(begins, *place)),
                    [.., 1, place] => score_at(begins, *place),
                    _ => None,
                })
            }
            Source::Pattern { dict, pattern, scores } => self.walk(*dict, pattern, scores, out),
        }
    }

    /// The lists of all terms that begin with some bytes and go on with none above `last`.
    fn range(
        &self,
        dict: Dict,
        from: &[u8],
        last: u8,
        out: &mut Vec<List>,
        score: impl Fn(&[u8]) -> Option<f32>,
    ) -> tantivy::Result<()> {
        let mut to = from.to_vec();
        to.push(last);
        let mut stream = self.view.dict(dict).terms().range().ge(from).lt(&to).into_stream()?;
        let mut steps = 0;
        while stream.advance() {
            if let Some(score) = score(&stream.key()[from.len()..]) {
                out.push(List { dict, info: stream.value().clone(), score });
            }
            steps += 1;
            if steps % STEPS == 0 && self.budget.is_over() {
                break;
            }
        }
        Ok(())
    }

    fn walk(
        &self,
        dict: Dict,
        pattern: &Pattern,
        scores: &[(char, [f32; 3])],
        out: &mut Vec<List>,
    ) -> tantivy::Result<()> {
        if dict == Dict::Word && scores.iter().all(|(place, _)| WordList::has(*place)) {
            return self.listed(pattern, scores, out);
        }
        let walk = Walk { prefix: self.prefix.as_bytes(), pattern };
        let mut found: Vec<List> = Vec::new();
        let mut stream = self.view.dict(dict).terms().search(&walk).into_stream()?;
        let mut steps = 0;
        while stream.advance() {
            steps += 1;
            if steps % STEPS == 0 && self.budget.is_over() {
                break;
            }
            let Some([word @ .., 1, place]) = stream.key().get(self.prefix.len()..) else {
                continue;
            };
            let place = char::from(*place);
            let Some((_, by_distance)) = scores.iter().find(|(known, _)| *known == place) else {
                continue;
            };
            let distance = pattern.eval(word).map_or(0, usize::from);
            let score = by_distance.get(distance).copied().unwrap_or(0.0);
            if score > 0.0 {
                found.push(List { dict, info: stream.value().clone(), score });
            }
        }
        self.keep_likely(pattern, &mut found, out);
        Ok(())
    }

    /// As [`Terms::walk`], for words of names and companies.
    fn listed(
        &self,
        pattern: &Pattern,
        scores: &[(char, [f32; 3])],
        out: &mut Vec<List>,
    ) -> tantivy::Result<()> {
        let dict = Dict::Word;
        let terms = self.view.dict(dict).terms();
        let mut keys: Vec<(Vec<u8>, f32)> = Vec::new();
        self.view.words()?.candidates(self.prefix.as_bytes(), pattern, |word, place| {
            let known = scores.iter().find(|(known, _)| *known == char::from(place));
            let Some((_, by_distance)) = known else { return };
            let Some(distance) = pattern.eval(word) else { return };
            let score = by_distance.get(usize::from(distance)).copied().unwrap_or(0.0);
            if score > 0.0 {
                keys.push(([self.prefix.as_bytes(), word, &[1, place]].concat(), score));
            }
        });
        let mut found: Vec<List> = Vec::with_capacity(keys.len());
        for (key, score) in keys {
            if let Some(info) = terms.get(key)? {
                found.push(List { dict, info, score });
            }
        }
        self.keep_likely(pattern, &mut found, out);
        Ok(())
    }

    /// Keeps of words with typos the nearest and the most frequent, which are the likeliest to be
    /// meant. Who asks for a part of a word means every word that has it.
    fn keep_likely(&self, pattern: &Pattern, found: &mut Vec<List>, out: &mut Vec<List>) {
        if matches!(pattern, Pattern::Typos(_)) && found.len() > self.most_expansions {
            found.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.len().cmp(&a.len())));
            found.truncate(self.most_expansions);
            self.budget.cut();
        }
        out.append(found);
    }
}

fn score_at(scores: &[(char, f32)], place: u8) -> Option<f32> {
    scores.iter().find(|(known, _)| *known == char::from(place)).map(|(_, score)| *score)
}

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
    let mut take = |bits: &Bits, score: f32| {
        for ((doc, _), best) in docs.iter().zip(&mut best) {
            if bits.has(*doc) {
                *best = best.max(score);
            }
        }
    };
    let mut rest: Vec<&List> = Vec::with_capacity(lists.len());
    for list in lists {
        match list.bits(view, !list.is_sparse(docs))? {
            Some(bits) => take(&bits, list.score),
            None => rest.push(list),
        }
    }
    // Short lists together, if there are many.
    let mut alone: Vec<&List> = Vec::with_capacity(rest.len());
    let (sparse, dense): (Vec<&List>, Vec<&List>) =
        rest.into_iter().partition(|list| list.is_sparse(docs));
    alone.extend(sparse);
    for (score, lists) in by_score(dense) {
        let total: usize = lists.iter().map(|list| list.len()).sum();
        if lists.len() > FEW_TOGETHER && view.held.is_long(total.max(docs.len())) {
            take(&bits_of(view, &lists, budget)?, score);
        } else {
            alone.extend(lists);
        }
    }
    for list in alone {
        if budget.is_over() {
            break;
        }
        if list.is_sparse(docs) {
            let mut postings = list.open(view)?;
            let mut at = postings.doc();
            for ((doc, _), best) in docs.iter().zip(&mut best) {
                if at < *doc {
                    at = postings.seek(*doc);
                }
                if at == *doc {
                    *best = best.max(list.score);
                } else if at == TERMINATED {
                    break;
                }
            }
            continue;
        }
        // Decoding a block of the list costs less than a search for each of the documents in it.
        let mut from = 0;
        list.for_each_block(view, |block| {
            let Some(last) = block.last() else { return };
            if docs.get(from).is_none_or(|(doc, _)| doc > last) {
                return;
            }
            let to = from + docs[from..].partition_point(|(doc, _)| doc <= last);
            if (to - from) / 8 > block.len() {
                let mut at = from;
                for doc in block {
                    at += docs[at..to].partition_point(|(known, _)| known < doc);
                    if at < to && docs[at].0 == *doc {
                        best[at] = best[at].max(list.score);
                    }
                }
            } else if to - from < block.len() / 8 {
                let mut rest = block;
                for at in from..to {
                    rest = &rest[rest.partition_point(|doc| *doc < docs[at].0)..];
                    if rest.first() == Some(&docs[at].0) {
                        best[at] = best[at].max(list.score);
                    }
                }
            } else {
                let mut at = from;
                for doc in block {
                    while at < to && docs[at].0 < *doc {
                        at += 1;
                    }
                    if at < to && docs[at].0 == *doc {
                        best[at] = best[at].max(list.score);
                    }
                }
            }
            from = to;
        })?;
    }
    Ok(best)
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
