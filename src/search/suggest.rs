//! Completions of values that contacts have: companies, tags, sources, cities.

use std::collections::HashMap;
use std::time::Duration;

use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Searcher, TERMINATED};

use super::Error;
use super::budget::Budget;
use super::facets::FacetField;
use super::node::Dict;
use super::run::Caches;
use super::sight::{SightFilter, SightTerms};
use super::view::Segment;
use crate::domain::access::Sight;
use crate::domain::ids::OrgNumber;
use crate::domain::text::fold;
use crate::index::{Schema, Space, bounded, value_code, value_term};
use crate::query::Field;

/// Values that are given or were counted to be; of more, those that most contacts have.
const MOST_COUNTED: usize = 200;
/// Steps between two looks at the clock.
const STEPS: u32 = 4_096;
/// Letters from which on also later words of a value are completed.
const LETTERS_INSIDE: usize = 2;

/// What to complete.
#[derive(Clone, Copy, Debug)]
pub struct SuggestRequest<'a> {
    /// The organisation.
    pub org: OrgNumber,
    /// Which contacts the caller sees; values of others are not known.
    pub sight: &'a Sight,
    /// The field: company, tag, source or city.
    pub field: &'a FacetField,
    /// What was typed.
    pub text: &'a str,
    /// Most completions.
    pub limit: usize,
}

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The value as a contact has it.
    pub text: String,
    /// How many contacts that the caller sees have it.
    pub count: u64,
}

/// Values of a field that begin like a text, then those of which a later word does; of each the
/// frequent ones first.
///
/// Cost: the dictionary between two bounds; the contacts of 200 values that the caller sees, and of
/// those that it does not see and more contacts have; at a second look all values of the field in
/// the organisation.
///
/// # Errors
/// Only if the index files cannot be read.
pub fn suggest(
    schema: &Schema,
    searcher: &Searcher,
    caches: &Caches,
    request: &SuggestRequest<'_>,
) -> Result<Vec<Completion>, Error> {
    let Some((field, column)) = place_of(request.field) else { return Ok(Vec::new()) };
    let text = fold(request.text.trim());
    let segments = caches.segments(schema, searcher)?;
    let look = Look {
        caches,
        segments: &segments,
        request,
        under: format!("{}{field}\u{1}", Space::live(request.org).prefix()),
        column,
        most_bytes: schema.limits.term_bytes,
        code: field,
        budget: Budget::new(Duration::from_millis(schema.limits.time_budget_ms)),
    };
    let mut found = look.values(&text, false)?;
    if found.len() < request.limit && text.chars().count() >= LETTERS_INSIDE {
        for more in look.values(&text, true)? {
            if found.iter().all(|known| known.text != more.text) {
                found.push(more);
            }
        }
    }
    found.truncate(request.limit);
    Ok(found)
}

/// The code of a field in the dictionary of values and its column.
fn place_of(field: &FacetField) -> Option<(&'static str, &'static str)> {
    let (field, column) = match field {
        FacetField::Company => (Field::Company, "company_value"),
        FacetField::Tag => (Field::Tag, "tag_value"),
        FacetField::Source => (Field::Source, "source_value"),
        FacetField::City => (Field::City, "city_value"),
        FacetField::TagSpelling
        | FacetField::Status
        | FacetField::Owner
        | FacetField::Queue
        | FacetField::Country
        | FacetField::Letter
        | FacetField::Custom(_) => return None,
    };
    Some((value_code(&field)?, column))
}

/// How long the lists of a value are together, and what they are, by segment.
type Lists = (u64, Vec<(usize, TermInfo)>);

struct Look<'a> {
    caches: &'a Caches,
    segments: &'a [Segment],
    request: &'a SuggestRequest<'a>,
    /// What stands in front of all values of the field.
    under: String,
    column: &'static str,
    /// The code of the field, and the longest term.
    code: &'static str,
    most_bytes: usize,
    budget: Budget,
}

impl Look<'_> {
    fn values(&self, text: &str, is_inside: bool) -> tantivy::Result<Vec<Completion>> {
        let sight = SightTerms::of(Space::live(self.request.org), self.request.sight);
        let mut filters = Vec::with_capacity(self.segments.len());
        let mut all: HashMap<String, Lists> = HashMap::new();
        for (at, segment) in self.segments.iter().enumerate() {
            filters.push(match &sight {
                Some(terms) => self.caches.filter(terms, &segment.reader)?,
                None => None,
            });
            for (folded, info) in self.terms(segment, text, is_inside)? {
                let (length, lists) = all.entry(folded).or_default();
                *length += u64::from(info.doc_freq);
                lists.push((at, info));
            }
        }
        let mut all: Vec<(String, Lists)> = all.into_iter().collect();
        all.sort_unstable_by(|(a, (most, _)), (b, (least, _))| least.cmp(most).then(a.cmp(b)));
        let mut found: Vec<Completion> = Vec::new();
        for (folded, (length, lists)) in all {
            // None of the others can have more contacts than these have.
            let is_settled = found.len() >= MOST_COUNTED
                || sight.is_none() && found.len() >= self.request.limit && {
                    let least = found.iter().map(|one| one.count).min().unwrap_or(0);
                    least >= length && self.segments.iter().all(|one| one.alive().is_none())
                };
            if is_settled || self.budget.is_over() {
                break;
            }
            let (mut count, mut written) = (0, None);
            for (at, info) in lists {
                let segment = &self.segments[at];
                let (seen, first) = self.count(segment, filters[at].as_deref(), &info)?;
                count += seen;
                if let Some(doc) = first
                    && written.is_none()
                {
                    written = self.written(segment, doc, &folded)?;
                }
            }
            if count > 0 {
                found.push(Completion { text: written.unwrap_or(folded), count });
            }
        }
        found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
        Ok(found)
    }

    /// The values in the dictionary, folded.
    fn terms(
        &self,
        segment: &Segment,
        text: &str,
        is_inside: bool,
    ) -> tantivy::Result<Vec<(String, TermInfo)>> {
        let from = if is_inside { self.under.clone() } else { format!("{}{text}", self.under) };
        let mut to = from.clone().into_bytes();
        to.push(0xff);
        let inside = format!(" {text}");
        let dict = segment.view.dict(Dict::Value).terms();
        let mut stream = dict.range().ge(from.as_bytes()).lt(&to).into_stream()?;
        let mut terms = Vec::new();
        let mut steps = 0;
        while stream.advance() {
            steps += 1;
            if steps % STEPS == 0 && self.budget.is_over() {
                break;
            }
            let value = stream.key().get(self.under.len()..).map(std::str::from_utf8);
            let Some(Ok(value)) = value else { continue };
            if !is_inside || value.contains(&inside) {
                terms.push((value.to_owned(), stream.value().clone()));
            }
        }
        Ok(terms)
    }

    /// How many contacts of a list are there and seen, and the first of them.
    fn count(
        &self,
        segment: &Segment,
        filter: Option<&SightFilter>,
        info: &TermInfo,
    ) -> tantivy::Result<(u64, Option<DocId>)> {
        let dict = segment.view.dict(Dict::Value);
        let mut docs = dict.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
        let (mut count, mut first, mut looked_at) = (0, None, 0);
        let mut doc = docs.doc();
        if filter.is_none() && segment.alive().is_none() {
            let first = Some(doc).filter(|doc| *doc != TERMINATED);
            return Ok((u64::from(info.doc_freq), first));
        }
        while doc != TERMINATED {
            let is_alive = segment.alive().is_none_or(|alive| alive.is_alive(doc));
            if is_alive && filter.is_none_or(|filter| filter.sees(doc)) {
                count += 1;
                first = first.or(Some(doc));
            }
            looked_at += 1;
            if looked_at % STEPS == 0 && self.budget.is_over() {
                break;
            }
            doc = docs.advance();
        }
        Ok((count, first))
    }

    /// A value of a contact as it is written there.
    fn written(
        &self,
        segment: &Segment,
        doc: DocId,
        folded: &str,
    ) -> tantivy::Result<Option<String>> {
        let Some(column) = segment.texts(self.column)? else { return Ok(None) };
        for ord in column.ords().values_for_doc(doc) {
            let mut text = String::new();
            if !column.ord_to_str(ord, &mut text)? {
                continue;
            }
            let value = text.split_once('\u{1}').map_or(text.as_str(), |(_, value)| value);
            let term = value_term(self.code, &fold(value));
            let term = bounded(&term, self.most_bytes);
            if term.split_once('\u{1}').is_some_and(|(_, value)| value == folded) {
                return Ok(Some(value.to_owned()));
            }
        }
        Ok(None)
    }
}
