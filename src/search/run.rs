//! Runs a query on a snapshot: one pass that counts everything and keeps the best.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocId, Score, Searcher, SegmentOrdinal, SegmentReader};

use super::Error;
use super::cursor::Cursor;
use super::parse::ParsedQuery;
use super::plan::{SearchRights, Step, plan};
use super::sight::{SightFilter, SightFilters, SightTerms};
use crate::domain::access::{FieldRights, Sight};
use crate::domain::ids::{ContactNumber, OrgNumber};
use crate::domain::status::Status;
use crate::index::Schema;

/// The order of hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Best score first, then by name.
    Relevance,
    /// By folded display name.
    Name,
    /// The other way round.
    NameDescending,
    /// Oldest first.
    Created,
    /// Newest first.
    CreatedDescending,
    /// Longest unchanged first.
    Updated,
    /// Last changed first.
    UpdatedDescending,
}

impl Sort {
    /// Reads a sort by its name in the API.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "relevance" => Self::Relevance,
            "name" | "display_name" => Self::Name,
            "-name" | "-display_name" => Self::NameDescending,
            "created_at" => Self::Created,
            "-created_at" => Self::CreatedDescending,
            "updated_at" => Self::Updated,
            "-updated_at" => Self::UpdatedDescending,
            _ => return None,
        })
    }

    /// Whether a cursor comes from a result in this order.
    pub fn made(self, cursor: &Cursor) -> bool {
        cursor.sort == self.tag()
    }

    fn tag(self) -> u8 {
        match self {
            Self::Relevance => 0,
            Self::Name => 1,
            Self::NameDescending => 2,
            Self::Created => 3,
            Self::CreatedDescending => 4,
            Self::Updated => 5,
            Self::UpdatedDescending => 6,
        }
    }
}

/// What to search for and how much of it to give back.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The organisation.
    pub org: OrgNumber,
    /// The query.
    pub query: &'a ParsedQuery,
    /// Other names of the people whom the query names as owners, by the folded name given.
    pub owners: &'a BTreeMap<String, Vec<String>>,
    /// Which contacts the caller sees; the others neither match nor count.
    pub sight: &'a Sight,
    /// Which fields the caller sees; nothing is found by the others.
    pub fields: &'a FieldRights,
    /// Only contacts with this shown status.
    pub status: Option<Status>,
    /// The order.
    pub sort: Sort,
    /// Begin behind this place; if it belongs to another sort it is ignored.
    pub after: Option<Cursor>,
    /// How many hits to pass over.
    pub offset: usize,
    /// How many hits to give back.
    pub limit: usize,
}

/// One hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The contact.
    pub number: ContactNumber,
    /// Its score; 0 where the order is not by relevance.
    pub score: f32,
    /// Its place in the order.
    pub cursor: Cursor,
}

/// A page of hits.
#[derive(Clone, Debug)]
pub struct Hits {
    /// The hits of the page.
    pub hits: Vec<Hit>,
    /// How many there are in all, exactly.
    pub total: usize,
    /// Whether there are more behind this page.
    pub has_more: bool,
    /// Whether words matched only as prefixes, since nothing matched strictly.
    pub is_relaxed: bool,
}

/// Runs a search.
///
/// Cost: every matching document is visited once; memory is that of the hits up to the end of
/// the page.
///
/// # Errors
/// Only if the index files cannot be read.
pub fn run(
    schema: &Schema,
    searcher: &Searcher,
    filters: &SightFilters,
    request: &Request<'_>,
) -> Result<Hits, Error> {
    filters.sweep(searcher);
    let strict = run_step(schema, searcher, filters, request, Step::Strict)?;
    let words = request.query.word_count();
    // The total does not depend on the cursor, so all pages of one search take the same step.
    if strict.total > 0 || words < 2 {
        return Ok(strict);
    }
    let relaxed = run_step(schema, searcher, filters, request, Step::Prefixes)?;
    Ok(Hits { is_relaxed: relaxed.total > 0, ..relaxed })
}

fn run_step(
    schema: &Schema,
    searcher: &Searcher,
    filters: &SightFilters,
    request: &Request<'_>,
    step: Step,
) -> Result<Hits, Error> {
    let rights = SearchRights::of(schema, searcher, request.org, request.fields)?;
    let query = plan(schema, request, &rights, step);
    let wanted = request.offset.saturating_add(request.limit);
    let collector = PageCollector {
        sight: SightTerms::of(request.org, request.sight).map(|terms| (filters, terms)),
        sort: request.sort,
        after: request.after.filter(|c| c.sort == request.sort.tag()).map(|c| c.key),
        // One more, to know whether there is a next page.
        keep: wanted.saturating_add(1),
    };
    let (mut kept, total) = searcher.search(&query, &collector)?;
    kept.sort_unstable();
    let has_more = kept.len() > wanted;
    let hits = kept
        .into_iter()
        .skip(request.offset)
        .take(request.limit)
        .map(|key| Hit {
            number: ContactNumber(u32::try_from(key[2]).unwrap_or(u32::MAX)),
            score: match request.sort {
                Sort::Relevance => score_of(key[0]),
                Sort::Name
                | Sort::NameDescending
                | Sort::Created
                | Sort::CreatedDescending
                | Sort::Updated
                | Sort::UpdatedDescending => 0.0,
            },
            cursor: Cursor { sort: request.sort.tag(), key },
        })
        .collect();
    Ok(Hits { hits, total, has_more, is_relaxed: false })
}

/// Documents whose sight is looked at together.
const BLOCK: usize = 128;

/// Two sort values, smaller first, then the contact number.
type Key = [u64; 3];

struct PageCollector<'a> {
    sight: Option<(&'a SightFilters, SightTerms)>,
    sort: Sort,
    after: Option<Key>,
    keep: usize,
}

struct SegmentPage {
    sight: Option<Arc<SightFilter>>,
    /// Used over and over for blocks of documents.
    buffers: (Vec<Option<u64>>, Vec<usize>),
    /// Documents with their scores whose sight is looked at together.
    waiting: (Vec<DocId>, Vec<Score>),
    sort: Sort,
    after: Option<Key>,
    keep: usize,
    number: Column<u64>,
    first: Option<Column<u64>>,
    second: Option<Column<u64>>,
    /// The worst on top.
    heap: BinaryHeap<Key>,
    total: usize,
}

impl Collector for PageCollector<'_> {
    type Fruit = (Vec<Key>, usize);
    type Child = SegmentPage;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<SegmentPage> {
        let column = |name: &str| reader.fast_fields().u64(name);
        let (first, second) = match self.sort {
            Sort::Relevance => (Some(column("name_key0")?), None),
            Sort::Name | Sort::NameDescending => {
                (Some(column("name_key0")?), Some(column("name_key1")?))
            }
            Sort::Created | Sort::CreatedDescending => (Some(column("created_at")?), None),
            Sort::Updated | Sort::UpdatedDescending => (Some(column("updated_at")?), None),
        };
        let sight = match &self.sight {
            Some((filters, terms)) => filters.get(terms, reader)?,
            None => None,
        };
        Ok(SegmentPage {
            sight,
            buffers: Default::default(),
            waiting: Default::default(),
            sort: self.sort,
            after: self.after,
            keep: self.keep,
            number: column("number")?,
            first,
            second,
            heap: BinaryHeap::new(),
            total: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, fruits: Vec<(Vec<Key>, usize)>) -> tantivy::Result<(Vec<Key>, usize)> {
        let total = fruits.iter().map(|(_, total)| total).sum();
        let mut all: Vec<Key> = fruits.into_iter().flat_map(|(keys, _)| keys).collect();
        if all.len() > self.keep && self.keep > 0 {
            all.select_nth_unstable(self.keep - 1);
            all.truncate(self.keep);
        }
        Ok((all, total))
    }
}

impl SegmentCollector for SegmentPage {
    type Fruit = (Vec<Key>, usize);

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.sight.is_none() {
            return self.take(doc, score);
        }
        self.waiting.0.push(doc);
        self.waiting.1.push(score);
        if self.waiting.0.len() >= BLOCK {
            self.take_waiting();
        }
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        let Some(sight) = &self.sight else {
            for doc in docs {
                self.take(*doc, 0.0);
            }
            return;
        };
        let (mut values, mut seen) = std::mem::take(&mut self.buffers);
        sight.seen(docs, &mut values, &mut seen);
        for at in &seen {
            self.take(docs[*at], 0.0);
        }
        self.buffers = (values, seen);
    }

    fn harvest(mut self) -> (Vec<Key>, usize) {
        self.take_waiting();
        (self.heap.into_vec(), self.total)
    }
}

impl SegmentPage {
    /// Takes those of the documents that wait that are seen.
    fn take_waiting(&mut self) {
        let Some(sight) = &self.sight else { return };
        let (mut values, mut seen) = std::mem::take(&mut self.buffers);
        let (docs, scores) = std::mem::take(&mut self.waiting);
        sight.seen(&docs, &mut values, &mut seen);
        for at in &seen {
            self.take(docs[*at], scores[*at]);
        }
        self.buffers = (values, seen);
        self.waiting = (docs, scores);
        self.waiting.0.clear();
        self.waiting.1.clear();
    }

    /// Counts a document that is seen, and keeps it if it is among the best.
    #[inline]
    fn take(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        let read = |column: &Option<Column<u64>>| {
            column.as_ref().and_then(|column| column.first(doc)).unwrap_or(0)
        };
        let leading = match self.sort {
            Sort::Relevance => u64::from(u32::MAX - score.max(0.0).to_bits()),
            Sort::Name | Sort::Created | Sort::Updated => read(&self.first),
            Sort::NameDescending | Sort::CreatedDescending | Sort::UpdatedDescending => {
                !read(&self.first)
            }
        };
        // Most documents lose by their leading value; the rest is not even read for them.
        let is_full = self.heap.len() >= self.keep;
        if is_full && self.heap.peek().is_some_and(|worst| leading > worst[0]) {
            return;
        }
        let number = self.number.first(doc).unwrap_or(0);
        let following = match self.sort {
            Sort::Relevance => read(&self.first),
            Sort::Name => read(&self.second),
            Sort::NameDescending => !read(&self.second),
            Sort::CreatedDescending | Sort::UpdatedDescending => !number,
            Sort::Created | Sort::Updated => 0,
        };
        let key = [leading, following, number];
        if self.after.is_some_and(|after| key <= after) {
            return;
        }
        if !is_full {
            self.heap.push(key);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && key < *worst
        {
            *worst = key;
        }
    }
}

fn score_of(leading: u64) -> f32 {
    f32::from_bits(u32::MAX - u32::try_from(leading).unwrap_or(u32::MAX))
}
