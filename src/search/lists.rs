//! Posting lists: which ones the terms of a query have in a segment, and joining them.
//!
//! All scores are constants of the ladder, so that documents need no frequencies and no norms, and
//! joining lists is all there is to do (`join`). The shortest part of a query is read whole; the others are
//! only asked about the documents that it leaves.

use std::sync::Arc;

use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

use super::automata::{Pattern, Walk};
use super::budget::Budget;
use super::held::Bits;
use super::meaning::{Expanded, Looked, Meaning};
use super::node::{Dict, Source};
use super::view::SegmentView;
use super::word_list::WordList;
use crate::index::{BEHIND, Space, bounded, word_room};

/// A document and what it counts.
pub(super) type Scored = (DocId, f32);

/// How many times longer than the documents a list may be to be read as a whole.
const DENSE: usize = 48;
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
    pub(super) fn is_sparse(&self, docs: &[Scored]) -> bool {
        self.len() / DENSE > docs.len()
    }

    /// A bit for each of its documents, if the list is so long that these are kept, and are there
    /// or may be made.
    pub(super) fn bits(
        &self,
        view: &SegmentView,
        may_make: bool,
    ) -> tantivy::Result<Option<Arc<Bits>>> {
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
    pub(super) fn for_each_block(
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

    /// Raises the scores of those of some documents that it holds, by a search for each.
    pub(super) fn seek(
        &self,
        view: &SegmentView,
        docs: &[Scored],
        best: &mut [f32],
    ) -> tantivy::Result<()> {
        let mut postings = self.open(view)?;
        let mut at = postings.doc();
        for ((doc, _), best) in docs.iter().zip(best) {
            if at < *doc {
                at = postings.seek(*doc);
            }
            if at == *doc {
                *best = best.max(self.score);
            } else if at == TERMINATED {
                break;
            }
        }
        Ok(())
    }

    /// The same by reading all of it: decoding a block costs less than a search for each of the
    /// documents in it.
    pub(super) fn read_beside(
        &self,
        view: &SegmentView,
        docs: &[Scored],
        best: &mut [f32],
    ) -> tantivy::Result<()> {
        let mut from = 0;
        self.for_each_block(view, |block| {
            let Some(last) = block.last() else { return };
            if docs.get(from).is_none_or(|(doc, _)| doc > last) {
                return;
            }
            let to = from + docs[from..].partition_point(|(doc, _)| doc <= last);
            for_each_common(block, &docs[from..to], |at| {
                best[from + at] = best[from + at].max(self.score);
            });
            from = to;
        })
    }
}

/// What is needed to look terms up in a segment.
pub(super) struct Terms<'a> {
    pub(super) view: &'a SegmentView,
    pub(super) space: Space,
    /// The space, in front of every term.
    pub(super) prefix: &'a str,
    pub(super) most_expansions: usize,
    /// Longest term in bytes.
    pub(super) most_bytes: usize,
    pub(super) budget: &'a Budget,
}

impl Terms<'_> {
    /// The lists of all terms of a condition, remembered if it is a word.
    pub(super) fn of(&self, meaning: &Meaning) -> tantivy::Result<Arc<Expanded>> {
        let was_cut = self.budget.take_cut();
        let expanded = self.view.expansions.get(self.space, meaning, |sources| {
            let mut lists = Vec::new();
            for source in sources {
                self.lists(source, &mut lists)?;
            }
            let (is_cut, is_whole) = (self.budget.is_cut(), !self.budget.is_spent());
            Ok::<_, tantivy::TantivyError>(Looked { lists, is_cut, is_whole })
        })?;
        if was_cut || expanded.is_cut {
            self.budget.cut();
        }
        Ok(expanded)
    }

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

/// Calls a function with the place of every document of `docs` that a block holds. The shorter of
/// the two is gone through, and the other one searched, unless they are about equally long.
fn for_each_common(block: &[DocId], docs: &[Scored], mut each: impl FnMut(usize)) {
    let mut at = 0;
    if docs.len() < block.len() / 8 {
        let mut rest = block;
        for (at, (doc, _)) in docs.iter().enumerate() {
            rest = &rest[rest.partition_point(|known| known < doc)..];
            if rest.first() == Some(doc) {
                each(at);
            }
        }
        return;
    }
    let is_long = docs.len() / 8 > block.len();
    for doc in block {
        if is_long {
            at += docs[at..].partition_point(|(known, _)| known < doc);
        } else {
            while docs.get(at).is_some_and(|(known, _)| known < doc) {
                at += 1;
            }
        }
        if docs.get(at).is_some_and(|(known, _)| known == doc) {
            each(at);
        }
    }
}
