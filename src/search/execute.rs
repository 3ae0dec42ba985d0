//! Documents of a segment that meet a query, with what they count.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::ops::{Bound, RangeInclusive};
use std::sync::Arc;

use tantivy::columnar::Column;

use super::budget::Budget;
use super::infix::{Infix, windows};
use super::join::{merge, probe, probe_word, union};
use super::lists::{List, Scored, Terms};
use super::meaning::Expanded;
use super::node::{ColumnName, Dict, DigitScores, Node, Source};
use super::view::Segment;

/// What a segment is asked with.
pub(super) struct Context<'a> {
    pub(super) segment: &'a Segment,
    pub(super) terms: Terms<'a>,
    pub(super) budget: &'a Budget,
}

/// The documents of a segment that match.
pub(super) enum Found {
    /// All there are.
    Every,
    /// These, in order.
    Some(Vec<Scored>),
}

/// A node with the lists that it has in this segment.
enum Ready {
    Nothing,
    Everything(Vec<List>),
    Lists(Arc<Expanded>),
    /// Windows that must all be there, and the digits to be confirmed.
    Digits(Vec<DigitLists>, DigitScores),
    Column(InColumn),
    All(Vec<Ready>),
    Any(Vec<Ready>),
    Not(Box<Ready>),
    Maybe(Box<Ready>),
}

/// Values of a column between two bounds.
struct InColumn {
    name: String,
    column: Column<u64>,
    values: RangeInclusive<u64>,
    /// Whether it holds only contacts of one organisation.
    is_own: bool,
}

struct DigitLists {
    /// One of each must hold the document.
    windows: Vec<Vec<List>>,
    /// Checked on the numbers themselves where windows alone do not tell.
    infix: Option<Infix>,
}

/// Finds the documents of a segment that meet a query; deleted ones among them.
pub(super) fn find(context: &Context<'_>, node: &Node) -> tantivy::Result<Found> {
    let ready = context.ready(node)?;
    if let Ready::Everything(lists) = &ready
        && context.holds_every_document(lists)
    {
        return Ok(Found::Every);
    }
    Ok(Found::Some(context.evaluate(&ready)?))
}

impl Context<'_> {
    fn holds_every_document(&self, lists: &[List]) -> bool {
        lists.iter().any(|list| list.len() == self.segment.view.max_doc as usize)
    }

    fn everything(&self) -> tantivy::Result<Vec<List>> {
        let mut lists = Vec::new();
        let all = Source::Term { dict: Dict::Org, text: String::new(), score: 0.0 };
        self.terms.lists(&all, &mut lists)?;
        Ok(lists)
    }

    fn ready(&self, node: &Node) -> tantivy::Result<Ready> {
        Ok(match node {
            Node::Nothing => Ready::Nothing,
            Node::Everything => Ready::Everything(self.everything()?),
            Node::Terms(meaning) => {
                let expanded = self.terms.of(meaning)?;
                if expanded.lists.is_empty() { Ready::Nothing } else { Ready::Lists(expanded) }
            }
            Node::Digits(all, scores) => {
                let mut ready = Vec::with_capacity(all.len());
                for digits in all {
                    let mut lists = Vec::new();
                    let (sources, infix) = windows(digits, *scores);
                    for sources in sources {
                        let mut of_window = Vec::new();
                        for source in &sources {
                            self.terms.lists(source, &mut of_window)?;
                        }
                        lists.push(of_window);
                    }
                    if lists.iter().all(|window| !window.is_empty()) {
                        ready.push(DigitLists { windows: lists, infix });
                    }
                }
                if ready.is_empty() { Ready::Nothing } else { Ready::Digits(ready, *scores) }
            }
            Node::Column(range) => {
                let (name, is_own) = match &range.column {
                    ColumnName::Fixed(name) => (*name, false),
                    ColumnName::Custom(name) => (name.as_str(), true),
                };
                let Some(values) = inclusive(range.from, range.to) else {
                    return Ok(Ready::Nothing);
                };
                match self.segment.column(name)? {
                    Some(column) => match within(&column, values) {
                        Some(values) => Ready::Column(InColumn {
                            name: name.to_owned(),
                            column,
                            values,
                            is_own,
                        }),
                        None => Ready::Nothing,
                    },
                    None => Ready::Nothing,
                }
            }
            Node::All(parts) => Ready::All(self.all_ready(parts)?),
            Node::Any(parts) => Ready::Any(self.all_ready(parts)?),
            Node::Not(part) => Ready::Not(Box::new(self.ready(part)?)),
            Node::Maybe(part) => Ready::Maybe(Box::new(self.ready(part)?)),
        })
    }

    fn all_ready(&self, parts: &[Node]) -> tantivy::Result<Vec<Ready>> {
        parts.iter().map(|part| self.ready(part)).collect()
    }

    /// About how many documents a part yields.
    fn cost(&self, ready: &Ready) -> usize {
        let every = self.segment.view.max_doc as usize;
        let sum = |lists: &[List]| lists.iter().map(List::len).sum::<usize>();
        match ready {
            Ready::Nothing => 0,
            Ready::Lists(expanded) => expanded.documents(),
            Ready::Digits(all, _) => all
                .iter()
                .map(|one| one.windows.iter().map(|lists| sum(lists)).min().unwrap_or(0))
                .sum(),
            Ready::Everything(_) | Ready::Column(_) | Ready::Not(_) | Ready::Maybe(_) => every,
            Ready::All(parts) => parts.iter().map(|part| self.cost(part)).min().unwrap_or(every),
            Ready::Any(parts) => parts.iter().map(|part| self.cost(part)).sum(),
        }
    }

    fn evaluate(&self, ready: &Ready) -> tantivy::Result<Vec<Scored>> {
        let view = &*self.segment.view;
        match ready {
            Ready::Nothing => Ok(Vec::new()),
            Ready::Everything(lists) => union(view, lists, self.budget),
            Ready::Lists(expanded) => {
                expanded.joined(|lists| union(view, lists, self.budget), || !self.budget.is_spent())
            }
            Ready::Digits(all, scores) => {
                let mut found = Vec::new();
                for one in all {
                    let docs = self.digits(one, *scores)?;
                    found = if found.is_empty() { docs } else { merge(&found, &docs) };
                }
                Ok(found)
            }
            Ready::Column(InColumn { name, column, values, is_own }) => {
                let mut docs = self.segment.docs_between(name, column, values);
                docs.dedup();
                let mut docs: Vec<Scored> = docs.into_iter().map(|doc| (doc, 0.0)).collect();
                if !is_own {
                    self.refine(&Ready::Everything(self.everything()?), &mut docs)?;
                }
                Ok(docs)
            }
            Ready::All(parts) => self.all(parts),
            Ready::Any(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found = merge(&found, &self.evaluate(part)?);
                }
                Ok(found)
            }
            Ready::Not(_) => {
                let mut docs = union(view, &self.everything()?, self.budget)?;
                self.refine(ready, &mut docs)?;
                Ok(docs)
            }
            Ready::Maybe(part) => {
                let mut docs = union(view, &self.everything()?, self.budget)?;
                self.add(part, &mut docs)?;
                Ok(docs)
            }
        }
    }

    fn all(&self, parts: &[Ready]) -> tantivy::Result<Vec<Scored>> {
        let mut order: Vec<(usize, &Ready)> =
            parts.iter().map(|part| (self.cost(part), part)).collect();
        // What leaves documents out comes first, what only adds to scores last.
        order.sort_by_key(|(cost, part)| {
            let turn = match part {
                Ready::Maybe(_) => 2,
                Ready::Not(_) => 1,
                _ => 0,
            };
            (turn, *cost)
        });
        let mut rest = order.into_iter().map(|(_, part)| part).peekable();
        let begins = rest.next_if(|part| !matches!(part, Ready::Not(_) | Ready::Maybe(_)));
        let mut docs = match begins {
            Some(part) => self.evaluate(part)?,
            None => union(&self.segment.view, &self.everything()?, self.budget)?,
        };
        for part in rest {
            if docs.is_empty() {
                break;
            }
            self.refine(part, &mut docs)?;
        }
        Ok(docs)
    }

    /// Keeps the documents that match a part, and adds what it counts.
    fn refine(&self, ready: &Ready, docs: &mut Vec<Scored>) -> tantivy::Result<()> {
        match ready {
            Ready::Nothing => docs.clear(),
            Ready::Everything(lists) if self.holds_every_document(lists) => {}
            Ready::Everything(lists) => self.probe(lists, docs)?,
            Ready::Lists(expanded) => {
                let best = probe_word(&self.segment.view, expanded, docs, self.budget)?;
                keep(docs, &best);
            }
            Ready::Column(InColumn { column, values, .. }) => {
                docs.retain(|(doc, _)| column.values_for_doc(*doc).any(|v| values.contains(&v)));
            }
            Ready::All(parts) => {
                for part in parts {
                    self.refine(part, docs)?;
                }
            }
            Ready::Not(part) => {
                let mut out = docs.clone();
                self.refine(part, &mut out)?;
                if self.budget.is_spent() {
                    // Who is left out is not known to the end; better nobody than one of these.
                    docs.clear();
                    return Ok(());
                }
                let mut out = out.into_iter().peekable();
                docs.retain(|(doc, _)| out.next_if(|(met, _)| met == doc).is_none());
            }
            Ready::Maybe(part) => self.add(part, docs)?,
            Ready::Digits(all, scores) => {
                let mut found: Vec<Scored> = Vec::new();
                for one in all {
                    let mut left: Vec<Scored> = docs.iter().map(|(doc, _)| (*doc, 0.0)).collect();
                    self.refine_digits(one, *scores, &mut left)?;
                    found = merge(&found, &left);
                }
                keep(docs, &scores_of(docs, &found));
            }
            Ready::Any(parts) => {
                let mut found: Vec<Scored> = Vec::new();
                for part in parts {
                    let mut left: Vec<Scored> = docs.iter().map(|(doc, _)| (*doc, 0.0)).collect();
                    self.refine(part, &mut left)?;
                    found = merge(&found, &left);
                }
                keep(docs, &scores_of(docs, &found));
            }
        }
        Ok(())
    }

    /// Keeps the documents that some lists hold, and adds what these count.
    fn probe(&self, lists: &[List], docs: &mut Vec<Scored>) -> tantivy::Result<()> {
        let best = probe(&self.segment.view, lists, docs, self.budget)?;
        keep(docs, &best);
        Ok(())
    }

    /// Adds what a part counts to the documents that meet it.
    fn add(&self, part: &Ready, docs: &mut [Scored]) -> tantivy::Result<()> {
        let mut met: Vec<Scored> = docs.iter().map(|(doc, _)| (*doc, 0.0)).collect();
        self.refine(part, &mut met)?;
        let more = scores_of(docs, &met);
        for ((_, score), more) in docs.iter_mut().zip(more) {
            *score += more.max(0.0);
        }
        Ok(())
    }

    fn digits(&self, one: &DigitLists, scores: DigitScores) -> tantivy::Result<Vec<Scored>> {
        let length = |lists: &Vec<List>| lists.iter().map(List::len).sum::<usize>();
        let Some(shortest) = one.windows.iter().min_by_key(|lists| length(lists)) else {
            return Ok(Vec::new());
        };
        let mut docs = union(&self.segment.view, shortest, self.budget)?;
        if one.infix.is_some() {
            self.refine_digits(one, scores, &mut docs)?;
        }
        Ok(docs)
    }

    /// Leaves of some documents those with the digits, and gives them what these count.
    fn refine_digits(
        &self,
        one: &DigitLists,
        scores: DigitScores,
        docs: &mut Vec<Scored>,
    ) -> tantivy::Result<()> {
        // Where the numbers themselves are checked anyway, windows only save checks.
        let is_few = docs.len() < 64 && one.infix.is_some();
        for lists in one.windows.iter().filter(|_| !is_few) {
            let best = probe(&self.segment.view, lists, docs, self.budget)?;
            keep(docs, &best);
        }
        if let Some(infix) = one.infix {
            let numbers = self.segment.view.numbers();
            docs.retain_mut(|(doc, counted)| {
                let of_doc = numbers.of(*doc).iter();
                let met = of_doc.filter_map(|number| infix.score_in(*number, scores));
                let best = met.reduce(f32::max);
                *counted = best.unwrap_or(0.0);
                best.is_some()
            });
        }
        Ok(())
    }
}

/// Keeps the documents that have a score, and adds it.
fn keep(docs: &mut Vec<Scored>, scores: &[f32]) {
    let mut scores = scores.iter();
    docs.retain_mut(|(_, score)| match scores.next() {
        Some(more) if *more >= 0.0 => {
            *score += more;
            true
        }
        _ => false,
    });
}

/// What each of some documents counts among those found; negative where it is not.
fn scores_of(docs: &[Scored], found: &[Scored]) -> Vec<f32> {
    let mut found = found.iter().peekable();
    docs.iter()
        .map(|(doc, _)| found.next_if(|(met, _)| met == doc).map_or(-1.0, |(_, score)| *score))
        .collect()
}

/// A range cut to the values that a column has; `None` if it has none of them. Columns take a range
/// that ends below their least value for one that ends there.
fn within(column: &Column<u64>, range: RangeInclusive<u64>) -> Option<RangeInclusive<u64>> {
    let (from, to) = range.into_inner();
    let (from, to) = (from.max(column.min_value()), to.min(column.max_value()));
    (from <= to).then_some(from..=to)
}

fn inclusive(from: Bound<u64>, to: Bound<u64>) -> Option<RangeInclusive<u64>> {
    let from = match from {
        Bound::Included(value) => value,
        Bound::Excluded(value) => value.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let to = match to {
        Bound::Included(value) => value,
        Bound::Excluded(value) => value.checked_sub(1)?,
        Bound::Unbounded => u64::MAX,
    };
    (from <= to).then_some(from..=to)
}
