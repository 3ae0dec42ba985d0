//! Documents of which the numbers that sort are the same, by their whole keys.
//!
//! Names that differ only behind their sixteenth byte or so are rare, so keys are read only for the
//! few documents around a page. Inside of a segment keys are compared by their place in its
//! dictionary; keys themselves only between segments.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use tantivy::DocId;
use tantivy::columnar::{BytesColumn, TermOrdHit};

use super::order::Order;

/// Numbers in the order of the whole keys of documents of one segment.
pub(super) type Ranks = [u64; 3];

/// The whole keys of a segment, which were made when the contacts were indexed.
pub(super) struct Tie(pub(super) Option<BytesColumn>);

/// Where a key stands among those of a segment.
pub(super) enum Mark {
    /// Behind all, since there is none.
    Absent,
    /// Equal to those of this rank.
    At(u64),
    /// In front of those of this rank, behind the ones before.
    Before(u64),
}

impl Mark {
    /// How a document of this rank stands to the mark.
    pub(super) fn compare(&self, rank: Option<u64>, is_descending: bool) -> Ordering {
        let order = match (rank, self) {
            (None, Self::Absent) => return Ordering::Equal,
            (None, _) => return Ordering::Greater,
            (Some(_), Self::Absent) => return Ordering::Less,
            (Some(rank), Self::At(at)) => rank.cmp(at),
            (Some(rank), Self::Before(at)) if rank >= *at => Ordering::Greater,
            (Some(_), Self::Before(_)) => Ordering::Less,
        };
        if is_descending { order.reverse() } else { order }
    }
}

impl Tie {
    /// A number in the order of the keys of this segment.
    #[inline]
    pub(super) fn rank(&self, doc: DocId) -> Option<u64> {
        self.0.as_ref()?.ords().first(doc)
    }

    /// The key of a document. Cost: reads a block of a dictionary.
    pub(super) fn key(&self, doc: DocId) -> tantivy::Result<Option<Vec<u8>>> {
        let Some(column) = &self.0 else { return Ok(None) };
        let Some(ord) = column.ords().first(doc) else { return Ok(None) };
        let mut key = Vec::new();
        Ok(column.ord_to_bytes(ord, &mut key)?.then_some(key))
    }

    /// Where a key stands in this segment.
    pub(super) fn mark(&self, key: Option<&[u8]>) -> tantivy::Result<Mark> {
        let Some(key) = key else { return Ok(Mark::Absent) };
        let Some(column) = &self.0 else { return Ok(Mark::Before(0)) };
        Ok(match column.dictionary().term_ord_or_next(key)? {
            TermOrdHit::Exact(ord) => Mark::At(ord),
            TermOrdHit::Next(ord) => Mark::Before(ord),
        })
    }
}

/// A document among others of the same values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tied {
    pub(super) number: u64,
    pub(super) segment: u32,
    pub(super) doc: DocId,
}

/// The first of some documents by their whole keys, then by number. Cost: mostly a look at one column
/// per document, since few are among the first, and between segments two keys for each that is wanted.
pub(super) fn first_of(
    tied: &[Tied],
    orders: &[Order],
    wanted: usize,
) -> tantivy::Result<Vec<Tied>> {
    let mut runs: Vec<Vec<(Ranks, Tied)>> = Vec::new();
    for (at, order) in (0..).zip(orders) {
        let own = tied.iter().filter(|one| one.segment == at);
        let first = first_of_segment(own.copied(), order, wanted);
        if !first.is_empty() {
            runs.push(first);
        }
    }
    if let [only] = runs.as_slice() {
        return Ok(only.iter().map(|(_, one)| *one).collect());
    }
    let mut heads = Vec::with_capacity(runs.len());
    for run in runs {
        heads.push(Head { keys: Vec::new(), run: run.into_iter(), next: None, ranks: None });
    }
    for head in &mut heads {
        head.advance(orders)?;
    }
    let mut out = Vec::with_capacity(wanted.min(tied.len()));
    while out.len() < wanted {
        let mut best: Option<(usize, Tied)> = None;
        for (at, head) in heads.iter().enumerate() {
            let Some(one) = head.next else { continue };
            let is_better = best.is_none_or(|(known, other)| {
                let Some(order) = orders.get(one.segment as usize) else { return false };
                let by_keys = order.compare(&head.keys, &heads[known].keys);
                by_keys.then(one.number.cmp(&other.number)) == Ordering::Less
            });
            if is_better {
                best = Some((at, one));
            }
        }
        let Some((at, one)) = best else { break };
        out.push(one);
        heads[at].advance(orders)?;
    }
    Ok(out)
}

/// The same for documents of one segment.
fn first_of_segment(
    tied: impl Iterator<Item = Tied>,
    order: &Order,
    wanted: usize,
) -> Vec<(Ranks, Tied)> {
    // The worst of the first ones on top.
    let mut first: BinaryHeap<(Ranks, Tied)> = BinaryHeap::new();
    for one in tied {
        if first.len() < wanted {
            first.push((order.ranks(one.doc), one));
            continue;
        }
        let Some(mut worst) = first.peek_mut() else { break };
        if order.rank(0, one.doc) > worst.0[0] {
            continue;
        }
        let ranked = (order.ranks(one.doc), one);
        if ranked < *worst {
            *worst = ranked;
        }
    }
    first.into_sorted_vec()
}

/// The next document of a segment with its keys.
struct Head {
    run: std::vec::IntoIter<(Ranks, Tied)>,
    next: Option<Tied>,
    ranks: Option<Ranks>,
    keys: Vec<Option<Vec<u8>>>,
}

impl Head {
    fn advance(&mut self, orders: &[Order]) -> tantivy::Result<()> {
        let Some((ranks, one)) = self.run.next() else {
            self.next = None;
            return Ok(());
        };
        // Many have the same keys.
        if self.ranks != Some(ranks)
            && let Some(order) = orders.get(one.segment as usize)
        {
            self.keys = order.keys(one.doc)?;
        }
        (self.ranks, self.next) = (Some(ranks), Some(one));
        Ok(())
    }
}
