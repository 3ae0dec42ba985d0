//! Runs a query on a snapshot, step by step down the ladder.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use tantivy::{Searcher, SegmentReader};

use super::Error;
use super::archived::Archived;
use super::budget::Budget;
use super::cursor::Cursor;
use super::execute::{Context, find};
use super::facets::{Counts, Facet, FacetField, SegmentCounts};
use super::listing::{Lister, Listing, ListingRequest};
use super::lists::Terms;
use super::meaning::Meanings;
use super::node::Node;
use super::order::{CustomSort, Order};
use super::page::{After, Best, BestHit, Page};
use super::plan::plan;
use super::rights::SearchRights;
use super::sight::{SightFilter, SightFilters, SightTerms};
use super::sort::{Sort, SortField};
use super::step::Step;
use super::ties::{Tied, first_of};
use super::view::{Segment, Views};
use crate::domain::access::{FieldRights, Sight};
use crate::domain::ids::ContactNumber;
use crate::domain::names::most_edits;
use crate::domain::status::Status;
use crate::index::{Schema, Space};
use crate::query::{Condition, Expr, Field, Shape};

/// Other names of people, queues and departments, by the field and the folded name given.
pub type Aliases = BTreeMap<(Field, String), Vec<String>>;

/// What to search for and how much of it to give back.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Whose contacts, or whose trash.
    pub space: Space,
    /// The query.
    pub expr: &'a Expr,
    /// Whether only the first step of the ladder is taken.
    pub is_strict: bool,
    /// The query as typed, for accents; empty if it was not typed.
    pub typed: &'a str,
    /// Other names of what the query names.
    pub aliases: &'a Aliases,
    /// Which contacts the caller sees; the others neither match nor count.
    pub sight: &'a Sight,
    /// Which fields the caller sees; nothing is found by the others.
    pub fields: &'a FieldRights,
    /// The folded keys of the custom fields that the caller sees; not needed by who sees all.
    pub custom_keys: &'a [String],
    /// Whether archived contacts are left out.
    pub hides_archived: bool,
    /// Only contacts with this shown status.
    pub status: Option<Status>,
    /// The order.
    pub sort: &'a Sort,
    /// Begin behind this place; if it belongs to another sort it is ignored.
    pub after: Option<Cursor>,
    /// Begin in front of what begins with this text, in orders by text.
    pub start: Option<&'a str>,
    /// How many hits to pass over.
    pub offset: usize,
    /// How many hits to give back.
    pub limit: usize,
    /// After so many matches the search ends; the total is then a lower bound.
    pub most_total: Option<usize>,
    /// Fields whose values are counted over the whole result.
    pub facets: &'a [FacetField],
    /// Most values of each.
    pub facet_values: usize,
    /// The time it may take; that of the schema if not given.
    pub time_budget: Option<Duration>,
}

/// One hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The contact.
    pub number: ContactNumber,
    /// Its score; 0 where the order is not by relevance.
    pub score: f32,
}

/// A page of hits.
#[derive(Clone, Debug)]
pub struct Hits {
    /// The hits of the page.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
    /// Whether the total is exact, and the order that of all hits.
    pub is_exact: bool,
    /// Whether the time was over before everything was looked at.
    pub is_partial: bool,
    /// Where the next page begins, if there are more behind this one.
    pub next: Option<Cursor>,
    /// How far down the ladder the search went.
    pub step: Step,
    /// The counts that were asked for.
    pub facets: BTreeMap<FacetField, Facet>,
}

/// What searches keep between each other.
#[derive(Default)]
pub struct Caches {
    views: Views,
    sights: SightFilters,
    archived: Archived,
    lister: Lister,
    pub(super) meanings: Meanings,
}

impl Caches {
    /// Reads what queries need of the segments of a snapshot that nobody searches yet.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn warm(&self, schema: &Schema, searcher: &Searcher) -> Result<(), Error> {
        Ok(self.views.warm(schema, searcher)?)
    }

    /// Forgets what is only kept to be faster, to give memory back.
    pub fn let_go(&self) {
        self.views.let_go();
        self.sights.clear();
        self.archived.clear();
        self.meanings.clear();
    }

    /// The segments of a snapshot.
    pub(super) fn segments(
        &self,
        schema: &Schema,
        searcher: &Searcher,
    ) -> tantivy::Result<Vec<Segment>> {
        if self.sights.sweep(searcher) {
            self.archived.sweep(searcher);
        }
        self.views.of(schema, searcher)
    }

    /// What a caller sees of a segment; none if all of it.
    pub(super) fn filter(
        &self,
        terms: &SightTerms,
        reader: &SegmentReader,
    ) -> tantivy::Result<Option<Arc<SightFilter>>> {
        self.sights.get(terms, reader)
    }
}

/// Runs a search.
///
/// Cost: the documents of the part of the query that has the fewest are read once; the other parts
/// are asked about these. Memory is that of these documents.
///
/// # Errors
/// Only if the index files cannot be read.
pub fn run(
    schema: &Schema,
    searcher: &Searcher,
    caches: &Caches,
    request: &Request<'_>,
) -> Result<Hits, Error> {
    let segments = caches.segments(schema, searcher)?;
    let run = Run {
        schema,
        segments: &segments,
        caches,
        rights: SearchRights::of(request.fields, request.custom_keys),
        custom: CustomSort::of(request.sort, request.space, &segments)?,
        budget: Budget::new(
            request.time_budget.unwrap_or(Duration::from_millis(schema.limits.time_budget_ms)),
        ),
        request,
    };
    let mut hits = run.step(Step::Strict, false)?;
    if request.is_strict || !has_loose_words(request.expr) {
        return Ok(hits);
    }
    // The total does not depend on the page, so all pages of one search take the same steps.
    if hits.total >= schema.ladder.enough || hits.is_partial {
        return Ok(hits);
    }
    if hits.total > 0 {
        let near = run.step(Step::Near, false)?;
        return Ok(if near.total > hits.total { near } else { hits });
    }
    // Nothing is as it was said: what is near in different ways stands together, the nearest first.
    let alone = word_alone(request.expr);
    if alone.is_none_or(|word| most_edits(word).is_some()) {
        hits = run.step(Step::Typos, true)?;
    }
    // Of a single word its middle is meant as often as its sound, and there are few of these.
    let is_enough = if alone.is_some() { schema.ladder.enough } else { 1 };
    if hits.total < is_enough && !hits.is_partial {
        hits = run.step(Step::Inside, true)?;
    }
    Ok(hits)
}

/// The word, if nothing else is asked for.
fn word_alone(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Is(Condition::Word { field: None | Some(Field::Name), text, shape }) => {
            (*shape != Shape::Exact).then_some(text)
        }
        Expr::All(_) | Expr::Any(_) | Expr::Not(_) | Expr::Is(_) => None,
    }
}

/// Whether there are words that can be matched more freely.
fn has_loose_words(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().any(has_loose_words),
        Expr::Not(_) => false,
        Expr::Is(condition) => match condition {
            Condition::Word { shape, .. } => *shape != Shape::Exact,
            Condition::Value { field, .. } => matches!(field, Field::Email),
            Condition::Dotted { .. } | Condition::Address { .. } => true,
            Condition::Digits { pieces, .. } => !pieces.is_empty(),
            Condition::Keypad { .. }
            | Condition::Contains { .. }
            | Condition::Range { .. }
            | Condition::Has { .. } => false,
        },
    }
}

struct Run<'a> {
    schema: &'a Schema,
    segments: &'a [Segment],
    caches: &'a Caches,
    rights: SearchRights,
    /// The column of the custom field that is sorted by.
    custom: Option<CustomSort>,
    budget: Budget,
    request: &'a Request<'a>,
}

impl Run<'_> {
    fn step(&self, step: Step, is_last_resort: bool) -> Result<Hits, Error> {
        let request = self.request;
        let meanings = &self.caches.meanings;
        let node = plan(self.schema, request, &self.rights, meanings, step, is_last_resort);
        let prefix = request.space.prefix();
        let sight = SightTerms::of(request.space, request.sight);
        let listings = self.listings(&node, sight.is_some());
        // One listing alone need not be gone through up to the page.
        let (skip, offset) = match &listings[..] {
            [Some(_)] => (request.offset, 0),
            _ => (0, request.offset),
        };
        let wanted = offset.saturating_add(request.limit);
        let tag = request.sort.tag();
        let start =
            request.start.and_then(|text| request.sort.place_of(text, &self.schema.collation));
        let after = start.as_ref().or(request.after.as_ref()).filter(|after| after.sort == tag);
        let mut best = Best {
            heap: BinaryHeap::new(),
            // One more, to know whether there is a next page.
            keep: if request.limit == 0 { 0 } else { wanted.saturating_add(1) },
            total: 0,
            most_total: request.most_total.unwrap_or(usize::MAX),
            left_out: Vec::new(),
        };
        let mut orders: Vec<Order> = Vec::with_capacity(self.segments.len());
        let mut counts = Counts::default();
        for ((at, segment), listing) in (0..).zip(self.segments).zip(&listings) {
            let context = Context {
                segment,
                terms: Terms {
                    view: &segment.view,
                    space: request.space,
                    prefix: &prefix,
                    most_expansions: self.schema.ladder.most_expansions,
                    most_bytes: self.schema.limits.term_bytes,
                    budget: &self.budget,
                },
                budget: &self.budget,
            };
            let order = Order::of(request.sort, self.custom, request.space, segment)?;
            let mut page = Page {
                segment,
                at,
                archived: if request.hides_archived {
                    self.caches.archived.get(&context, request.space)?
                } else {
                    None
                },
                sight: match &sight {
                    Some(terms) => self.caches.filter(terms, &segment.reader)?,
                    None => None,
                },
                after: match after {
                    Some(cursor) => Some(After { key: cursor.key, marks: order.marks(cursor)? }),
                    None => None,
                },
                order: &order,
                budget: &self.budget,
                counts: if request.facets.is_empty() {
                    None
                } else {
                    Some(SegmentCounts::of(request.facets, request.space, segment)?)
                },
            };
            if let Some(listing) = listing {
                page.take_listed(listing, skip, &mut best);
            } else {
                let found = find(&context, &node)?;
                let listing = || self.caches.lister.get(segment, &self.listed());
                page.take(found, listing, &mut best);
            }
            if let Some(of_segment) = page.counts {
                of_segment.add_to(&mut counts)?;
            }
            orders.push(order);
            if best.total >= best.most_total || self.budget.is_over() {
                break;
            }
        }
        let is_cut = best.total >= best.most_total;
        let total = best.total.min(best.most_total);
        let mut kept = best.heap.into_sorted_vec();
        let page = offset..wanted;
        settle(&mut kept, &best.left_out, &orders, &page)?;
        let next = match kept.get(..wanted) {
            Some([.., last]) if kept.len() > wanted => Some(place_of(last, &orders, tag)?),
            _ => None,
        };
        let is_relevance = request.sort.field == SortField::Relevance;
        let hits = kept
            .into_iter()
            .skip(offset)
            .take(request.limit)
            .map(|one| Hit {
                number: ContactNumber(u32::try_from(one.key[3]).unwrap_or(u32::MAX)),
                score: if is_relevance { score_of(one.key[0]) } else { 0.0 },
            })
            .collect();
        Ok(Hits {
            hits,
            total,
            is_exact: !is_cut && !self.budget.is_spent() && !self.budget.is_cut(),
            is_partial: self.budget.is_spent(),
            next,
            step,
            facets: counts.facets(request.facet_values),
        })
    }
}

impl Run<'_> {
    /// What listings are of that hold the hits in the order that is asked for.
    fn listed(&self) -> ListingRequest {
        ListingRequest {
            space: self.request.space,
            sort: self.request.sort.clone(),
            custom: self.custom,
            most_bytes: self.schema.limits.term_bytes,
        }
    }

    /// Of each segment the listing that all hits are in, if it is the whole list that is asked for.
    fn listings(&self, node: &Node, is_limited: bool) -> Vec<Option<Arc<Listing>>> {
        let is_whole = matches!(node, Node::Everything)
            && !is_limited
            && self.request.facets.is_empty()
            && self.request.limit > 0;
        let wanted = self.listed();
        let of = |segment| is_whole.then(|| self.caches.lister.get(segment, &wanted)).flatten();
        self.segments.iter().map(of).collect()
    }
}

/// Puts those of a page that have the same values into the order of their whole keys; those of the
/// last values that were left out may stand before those that were kept.
fn settle(
    kept: &mut [BestHit],
    left_out: &[Tied],
    orders: &[Order],
    page: &std::ops::Range<usize>,
) -> tantivy::Result<()> {
    let mut from = 0;
    while let Some(first) = kept.get(from).copied() {
        let run = kept[from..].iter().take_while(|one| one.ties_with(&first)).count();
        let to = from + run;
        let is_cut = to == kept.len() && !left_out.is_empty();
        let is_open = orders.get(first.segment as usize).is_some_and(|o| o.is_open(&first.key));
        if is_open && (run > 1 || is_cut) && to > page.start && from < page.end {
            let mut tied: Vec<Tied> = kept[from..to].iter().map(BestHit::tied).collect();
            if is_cut {
                tied.extend_from_slice(left_out);
            }
            for (place, one) in kept[from..to].iter_mut().zip(first_of(&tied, orders, run)?) {
                place.key[3] = one.number;
                (place.segment, place.doc) = (one.segment, one.doc);
            }
        }
        from = to;
    }
    Ok(())
}

/// The place of a hit.
fn place_of(hit: &BestHit, orders: &[Order], sort: u32) -> tantivy::Result<Cursor> {
    let order = orders.get(hit.segment as usize).filter(|order| order.is_open(&hit.key));
    let texts = match order {
        Some(order) => order.keys(hit.doc)?,
        None => Vec::new(),
    };
    Ok(Cursor { sort, key: hit.key, texts })
}

fn score_of(leading: u64) -> f32 {
    f32::from_bits(u32::MAX - u32::try_from(leading).unwrap_or(u32::MAX))
}
