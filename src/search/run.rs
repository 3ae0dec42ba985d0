//! Runs a query on a snapshot, step by step down the ladder.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use tantivy::{Searcher, SegmentReader};

use super::Error;
use super::budget::Budget;
use super::cursor::Cursor;
use super::execute::{Context, find};
use super::facets::{Counts, Facet, FacetField, SegmentCounts};
use super::lists::Terms;
use super::page::{Best, Page};
use super::plan::plan;
use super::rights::SearchRights;
use super::sight::{SightFilter, SightFilters, SightTerms};
use super::sort::{Order, Sort, SortField, custom_column};
use super::step::Step;
use super::view::{Segment, Views};
use crate::domain::access::{FieldRights, Sight};
use crate::domain::ids::{ContactNumber, OrgNumber};
use crate::domain::status::Status;
use crate::index::{Schema, org_prefix};
use crate::query::{Condition, Expr, Field, Shape};

/// Other names of people, queues and departments, by the field and the folded name given.
pub type Aliases = BTreeMap<(Field, String), Vec<String>>;

/// What to search for and how much of it to give back.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The organisation.
    pub org: OrgNumber,
    /// The query.
    pub expr: &'a Expr,
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
    /// Only contacts with this shown status.
    pub status: Option<Status>,
    /// The order.
    pub sort: &'a Sort,
    /// Begin behind this place; if it belongs to another sort it is ignored.
    pub after: Option<Cursor>,
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
    /// Its place in the order.
    pub cursor: Cursor,
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
    /// Whether there are more behind this page.
    pub has_more: bool,
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
}

impl Caches {
    /// The segments of a snapshot.
    pub(super) fn segments(
        &self,
        schema: &Schema,
        searcher: &Searcher,
    ) -> tantivy::Result<Vec<Segment>> {
        self.sights.sweep(searcher);
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
        custom: custom_column(request.sort, request.org, &segments)?,
        budget: Budget::new(
            request.time_budget.unwrap_or(Duration::from_millis(schema.limits.time_budget_ms)),
        ),
        request,
    };
    let mut hits = run.step(Step::Strict, false)?;
    if !has_loose_words(request.expr) {
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
    for step in [Step::Typos, Step::Inside] {
        if hits.total > 0 || hits.is_partial {
            break;
        }
        hits = run.step(step, true)?;
    }
    Ok(hits)
}

/// Whether there are words that can be matched more freely.
fn has_loose_words(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().any(has_loose_words),
        Expr::Not(_) => false,
        Expr::Is(condition) => match condition {
            Condition::Word { shape, .. } => *shape != Shape::Exact,
            Condition::Value { field, .. } => matches!(field, Field::Email),
            Condition::Dotted { .. } => true,
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
    custom: Option<String>,
    budget: Budget,
    request: &'a Request<'a>,
}

impl Run<'_> {
    fn step(&self, step: Step, is_last_resort: bool) -> Result<Hits, Error> {
        let request = self.request;
        let node = plan(self.schema, request, &self.rights, step, is_last_resort);
        let prefix = org_prefix(request.org);
        let sight = SightTerms::of(request.org, request.sight);
        let wanted = request.offset.saturating_add(request.limit);
        let tag = request.sort.tag();
        let mut best = Best {
            heap: BinaryHeap::new(),
            // One more, to know whether there is a next page.
            keep: if request.limit == 0 { 0 } else { wanted.saturating_add(1) },
            total: 0,
            most_total: request.most_total.unwrap_or(usize::MAX),
        };
        let mut counts = Counts::default();
        for segment in self.segments {
            let context = Context {
                segment,
                terms: Terms {
                    view: &segment.view,
                    prefix: &prefix,
                    most_expansions: self.schema.ladder.most_expansions,
                    most_bytes: self.schema.limits.term_bytes,
                    budget: &self.budget,
                },
                budget: &self.budget,
            };
            let found = find(&context, &node)?;
            let mut page = Page {
                segment,
                sight: match &sight {
                    Some(terms) => self.caches.filter(terms, &segment.reader)?,
                    None => None,
                },
                order: Order::of(request.sort, self.custom.as_deref(), segment)?,
                after: request.after.filter(|cursor| cursor.sort == tag).map(|cursor| cursor.key),
                budget: &self.budget,
                counts: if request.facets.is_empty() {
                    None
                } else {
                    Some(SegmentCounts::of(request.facets, request.org, segment)?)
                },
            };
            page.take(found, &mut best);
            if let Some(of_segment) = page.counts {
                of_segment.add_to(&mut counts)?;
            }
            if best.total >= best.most_total || self.budget.is_over() {
                break;
            }
        }
        let is_cut = best.total >= best.most_total;
        let total = best.total.min(best.most_total);
        let kept = best.heap.into_sorted_vec();
        let has_more = kept.len() > wanted;
        let is_relevance = request.sort.field == SortField::Relevance;
        let hits = kept
            .into_iter()
            .skip(request.offset)
            .take(request.limit)
            .map(|key| Hit {
                number: ContactNumber(u32::try_from(key[2]).unwrap_or(u32::MAX)),
                score: if is_relevance { score_of(key[0]) } else { 0.0 },
                cursor: Cursor { sort: tag, key },
            })
            .collect();
        Ok(Hits {
            hits,
            total,
            is_exact: !is_cut && !self.budget.is_spent() && !self.budget.is_cut(),
            is_partial: self.budget.is_spent(),
            has_more,
            step,
            facets: counts.facets(request.facet_values),
        })
    }
}

fn score_of(leading: u64) -> f32 {
    f32::from_bits(u32::MAX - u32::try_from(leading).unwrap_or(u32::MAX))
}
