//! Searching and listing contacts.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::query::{Query, Understood};
use super::search_members::check_fields;
use super::{App, authorize};
use crate::domain::access::{Caller, FieldRight, Permission, Sight};
use crate::domain::contact::Contact;
use crate::domain::status::Status;
use crate::domain::text::words;
use crate::domain::view::Showing;
use crate::domain::view::{MatchView, ScoreView};
use crate::engine::search::{
    self, Cursor, FACET_NAMES, Facet, FacetField, SORT_NAMES, Sort, SortField, Space,
};
use crate::query::{Expr, Warning};

/// How long a caller's search waits for its own writes.
const OWN_WRITES_WAIT: Duration = Duration::from_secs(1);
/// How long a search waits that asks to see everything.
const REFRESH_WAIT: Duration = Duration::from_secs(10);
/// Most contacts of a page.
pub(crate) const MOST_PER_PAGE: usize = 1_000;
/// Contacts of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Pages are counted up to this many contacts; cursors go on for ever.
const MOST_OFFSET: usize = 1_000_000;
/// Values of a facet if nothing is said.
const FACET_VALUES: usize = 20;
/// Most values of a facet.
const MOST_FACET_VALUES: usize = 1_000;
/// Most facets of a search.
const MOST_FACETS: usize = 12;

/// Which writes a search must see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// The caller's own.
    #[default]
    Own,
    /// All that are acknowledged.
    Wait,
    /// Whatever is visible.
    Never,
}

/// A search.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// What is asked for.
    pub query: Query,
    /// Conditions that must hold as well.
    pub conditions: Option<Expr>,
    /// The order; by relevance with a query, newest first without.
    pub sort: Option<String>,
    /// The page, from 1.
    pub page: Option<usize>,
    /// Contacts of a page.
    pub per_page: Option<usize>,
    /// Begin behind this place.
    pub cursor: Option<String>,
    /// Begin with what sorts at or behind this text, in orders by text.
    pub start: Option<String>,
    /// Only contacts with this status.
    pub status: Option<String>,
    /// Whether the trash is searched: the contacts that are deleted and can be restored.
    pub is_trash: bool,
    /// Whether archived contacts are among the others, also if nobody asks about the status.
    pub with_archived: bool,
    /// Which writes to see.
    pub refresh: Refresh,
    /// After so many matches the search ends; the total is then a lower bound.
    pub most_total: Option<usize>,
    /// Names of fields whose values are counted over the whole result.
    pub facets: Vec<String>,
    /// Most values of each.
    pub facet_values: Option<usize>,
    /// Whether hits say what each part of the query adds to their score.
    pub explain: bool,
    /// Names and values of members of the query string that may stand for conditions.
    pub members: Vec<(String, String)>,
    /// The members of contacts to give; all if empty.
    pub fields: Vec<String>,
}

/// A contact as its caller sees it, with why it matches.
pub(super) type ShownHit = (Arc<Contact>, Option<MatchView>);

/// A page of contacts.
pub struct SearchAnswer {
    /// The contacts with why they match.
    pub contacts: Vec<ShownHit>,
    /// How many there are in all.
    pub total: usize,
    /// Whether the total is exact; otherwise it is a lower bound.
    pub total_exact: bool,
    /// Whether the time was over before everything was looked at.
    pub partial: bool,
    /// The page, from 1.
    pub page: usize,
    /// Contacts of a page.
    pub per_page: usize,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// Whether writes that should be seen are not yet.
    pub stale: bool,
    /// What was not understood as it may have been meant.
    pub warnings: Vec<Warning>,
    /// The query with the words that were probably meant, where nothing matched what was said.
    pub did_you_mean: Option<String>,
    /// The counts that were asked for, by the name that was asked for.
    pub facets: BTreeMap<String, Facet>,
    /// The members of contacts that were asked for; all if empty.
    pub fields: Vec<String>,
    /// The lists of the organisation.
    pub lists: Showing,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl App {
    /// Searches the contacts of the caller's organisation.
    ///
    /// # Errors
    /// If sort, page, cursor, status or facets are none; never because of the query text.
    pub fn search_contacts(
        &self,
        caller: &Caller,
        request: &SearchRequest,
    ) -> Result<SearchAnswer, Error> {
        authorize(caller, Permission::Search)?;
        let space = if request.is_trash {
            // As for those who restore.
            authorize(caller, Permission::Delete)?;
            Space::trash(caller.organization)
        } else {
            Space::live(caller.organization)
        };
        let started = Instant::now();
        let question = self.question_of(caller, request)?;
        let sort = question.sort(caller, request)?;
        let (page, per_page, offset) = page_of(request)?;
        let (after, start) = place(request, &sort)?;
        let status = status_of(request)?;
        let facets = facets_of(caller, &request.facets)?;
        let facet_fields: Vec<FacetField> = facets.iter().map(|(_, field)| field.clone()).collect();
        let stale = self.wait_for_writes(caller, request.refresh);
        // Archived fields are hidden from everybody.
        let sees_all = caller.fields.hidden_custom.is_empty();
        let custom_keys = if sees_all { Vec::new() } else { self.custom_keys(caller) };
        let expr = &question.expr;
        let mut found = self.partition.search(&search::Request {
            space,
            expr,
            // Whoever asks about the status is told about archived ones.
            hides_archived: !request.is_trash
                && !request.with_archived
                && status.is_none()
                && !expr.asks_status(),
            is_strict: request.query.is_strict,
            typed: &request.query.q,
            aliases: &self.aliases(caller, expr),
            sight: &caller.sight,
            fields: &caller.fields,
            custom_keys: &custom_keys,
            status,
            sort: &sort,
            after,
            start,
            offset: if request.cursor.is_some() { 0 } else { offset },
            limit: per_page,
            most_total: request.most_total.filter(|most| *most > 0),
            facets: &facet_fields,
            facet_values: request.facet_values.unwrap_or(FACET_VALUES).min(MOST_FACET_VALUES),
            time_budget: None,
        })?;
        let next_cursor = found.next.as_ref().map(Cursor::encode);
        // Who takes the first hit as it is, and does not ask how it matches, gets no stranger.
        let takes_first = per_page == 1
            && !request.fields.is_empty()
            && !request.fields.iter().any(|field| field == "match");
        if found.step >= search::Step::Typos && takes_first {
            found.contacts.clear();
            found.total = 0;
        }
        let hits = std::mem::take(&mut found.contacts);
        let (contacts, corrected) = self.explained(caller, request, &question, hits, found.step);
        let counts = facets
            .into_iter()
            .filter_map(|(name, field)| Some((name, found.facets.remove(&field)?)))
            .collect();
        Ok(SearchAnswer {
            contacts,
            total: found.total,
            total_exact: found.is_exact && !stale && !self.has_unseen_work(caller),
            partial: found.is_partial,
            page,
            per_page,
            next_cursor,
            stale,
            warnings: question.warnings,
            did_you_mean: question.meant.or(corrected),
            facets: counts,
            fields: request.fields.clone(),
            lists: self.showing(caller.organization)?,
            took_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        })
    }

    /// What a search asks, of its query, its conditions and its members together.
    fn question_of(&self, caller: &Caller, request: &SearchRequest) -> Result<Question, Error> {
        let Understood { text, expr, mut warnings, meant, sort } =
            self.understand(caller, &request.query)?;
        let (members, unknown) = self.read_members(caller, &request.members)?;
        warnings.extend(unknown);
        check_fields(&request.fields)?;
        if caller.fields.phones != FieldRight::Full
            && (expr.has_digits() || members.as_ref().is_some_and(Expr::has_digits))
        {
            warnings.push(Warning {
                message: "numbers are not searched, since you may not see them; look a whole \
                          number up instead"
                    .to_owned(),
                suggestion: None,
                start: 0,
                end: request.query.q.len(),
            });
        }
        let mut parts = vec![expr];
        parts.extend(request.conditions.clone());
        parts.extend(members);
        parts.retain(|part| !part.is_everything());
        let expr = self.with_lists_resolved(caller, Expr::all(parts), &mut warnings)?;
        Ok(Question { text, expr, warnings, meant, saved_sort: sort })
    }

    /// The hits as the caller sees them, with why they match, and the query as it was probably
    /// meant, if the first of them says so.
    fn explained(
        &self,
        caller: &Caller,
        request: &SearchRequest,
        question: &Question,
        hits: Vec<(Arc<Contact>, search::Hit)>,
        step: search::Step,
    ) -> (Vec<ShownHit>, Option<String>) {
        let is_weak = step >= search::Step::Typos;
        let compared = search::Compared::default();
        let mut meant = None;
        let mut contacts = Vec::with_capacity(hits.len());
        for (at, (contact, hit)) in hits.into_iter().enumerate() {
            // Explained as it is shown: reasons and marks tell nothing of hidden fields.
            let contact = caller.shown(contact);
            let explanation = self.partition.explain(&question.text, &contact, step, &compared);
            // What is further down was less probably meant.
            if at == 0 && is_weak {
                meant = corrected(&request.query.q, &explanation.instead);
            }
            let parts = request.explain.then(|| {
                let part = |part: search::ScorePart| ScoreView {
                    part: part.part,
                    reason: part.reason,
                    score: part.score,
                };
                explanation.parts.into_iter().map(part).collect()
            });
            let matched = MatchView {
                score: hit.score,
                why: explanation.why,
                highlights: explanation.highlights,
                weak: is_weak,
                explanation: parts,
            };
            contacts.push((contact, Some(matched)));
        }
        (contacts, meant)
    }

    /// Whether an import or another job of the caller writes what searches do not see yet.
    fn has_unseen_work(&self, caller: &Caller) -> bool {
        self.partition.visible_seq() < self.partition.applied_seq()
            && (self.has_running_import(caller) || self.has_running_job(caller))
    }

    /// Waits as a search asks; whether what it should see is still missing.
    pub(in crate::app) fn wait_for_writes(&self, caller: &Caller, refresh: Refresh) -> bool {
        let (seq, at_most) = match refresh {
            Refresh::Never => return false,
            // What is hidden from the caller meanwhile must not be counted any more.
            Refresh::Own if caller.sight != Sight::Everything => {
                let hidden = self.own_writes.last_hidden(caller.organization);
                (self.own_writes.last(caller).max(hidden), OWN_WRITES_WAIT)
            }
            Refresh::Own => (self.own_writes.last(caller), OWN_WRITES_WAIT),
            Refresh::Wait => (self.partition.applied_seq(), REFRESH_WAIT),
        };
        !self.partition.wait_visible(seq, at_most)
    }
}

/// What a search asks.
struct Question {
    /// The query text alone: what hits are ranked and explained by.
    text: Expr,
    /// All that must match.
    expr: Expr,
    warnings: Vec<Warning>,
    /// The query text with the names of fields that were probably meant.
    meant: Option<String>,
    /// The order of the saved search.
    saved_sort: Option<String>,
}

impl Question {
    /// The order that was asked for, or the one that fits the question.
    fn sort(&self, caller: &Caller, request: &SearchRequest) -> Result<Sort, Error> {
        let given = request.sort.as_deref().filter(|sort| !sort.is_empty());
        match given.or(self.saved_sort.as_deref()) {
            Some(name) => sort_of(caller, name),
            // What was deleted last; nothing changes a contact in the trash.
            None if request.is_trash => sort_of(caller, "-updated_at"),
            None if self.text.is_everything() => Ok(Sort::NEWEST),
            None => Ok(Sort::RELEVANCE),
        }
    }
}

/// The page that is asked for, from 1, how many contacts it has, and how many are before it.
fn page_of(request: &SearchRequest) -> Result<(usize, usize, usize), Error> {
    let per_page = request.per_page.unwrap_or(PER_PAGE);
    // No contacts at all is a way to ask for the total alone.
    if per_page > MOST_PER_PAGE {
        return Err(Error::invalid(
            "/per_page",
            "range",
            format!("is {per_page}; at most {MOST_PER_PAGE} contacts go on a page"),
        ));
    }
    let page = request.page.unwrap_or(1);
    let offset = page.saturating_sub(1).saturating_mul(per_page);
    if page == 0 || offset > MOST_OFFSET {
        return Err(Error::invalid(
            "/page",
            "range",
            format!(
                "is {page}; pages count from 1 and reach {MOST_OFFSET} contacts, a cursor reaches all"
            ),
        ));
    }
    Ok((page, per_page, offset))
}

/// The status that contacts must have, if one is asked for.
fn status_of(request: &SearchRequest) -> Result<Option<Status>, Error> {
    let Some(text) = request.status.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let unknown = || {
        let all = Status::ALL.map(Status::as_str).join(", ");
        Error::invalid("/status", "status", format!("{text:?} is not a status: use one of {all}"))
    };
    Status::parse(text).map(Some).ok_or_else(unknown)
}

/// The order of a name. Orders by hidden fields would tell their values.
fn sort_of(caller: &Caller, name: &str) -> Result<Sort, Error> {
    let sort = Sort::parse(name).filter(|sort| match &sort.field {
        SortField::Custom(key) => caller.fields.sees_custom(key),
        _ => true,
    });
    sort.ok_or_else(|| {
        Error::invalid("/sort", "sort", format!("{name:?} is not a sort: use {SORT_NAMES}"))
    })
}

/// Where a page begins: behind a place, or at a text.
fn place<'a>(
    request: &'a SearchRequest,
    sort: &Sort,
) -> Result<(Option<Cursor>, Option<&'a str>), Error> {
    let cursor = request.cursor.as_deref().filter(|text| !text.is_empty());
    let start = request.start.as_deref().filter(|text| !text.is_empty());
    match (cursor, start) {
        (Some(_), Some(_)) => Err(Error::invalid(
            "/start",
            "cursor",
            "cannot be given together with a cursor, which already is a place",
        )),
        (Some(text), None) => {
            let cursor = Cursor::decode(text).ok_or_else(|| {
                Error::invalid("/cursor", "cursor", "is not a cursor from an earlier answer")
            })?;
            // Taken in another order it would begin anew, and a walk would never end.
            if !sort.made(&cursor) {
                return Err(Error::invalid(
                    "/cursor",
                    "cursor",
                    "belongs to another sort: repeat query and sort of the answer it comes from",
                ));
            }
            Ok((Some(cursor), None))
        }
        (None, Some(_)) if !sort.is_by_text() => Err(Error::invalid(
            "/start",
            "sort",
            "needs an order by name, last_name, first_name or company",
        )),
        (None, start) => Ok((None, start)),
    }
}

/// The fields to count by the names given.
fn facets_of(caller: &Caller, names: &[String]) -> Result<Vec<(String, FacetField)>, Error> {
    let mut facets: Vec<(String, FacetField)> = Vec::with_capacity(names.len());
    if names.len() > MOST_FACETS {
        let detail = format!("are {}; at most {MOST_FACETS} are counted at once", names.len());
        return Err(Error::invalid("/facets", "range", detail));
    }
    for name in names {
        let field = FacetField::parse(name).filter(|field| match field {
            FacetField::Custom(key) => caller.fields.sees_custom(key),
            _ => true,
        });
        let Some(field) = field else {
            let detail = format!("{name:?} cannot be counted: use {FACET_NAMES}");
            return Err(Error::invalid("/facets", "facet", detail));
        };
        facets.push((name.clone(), field));
    }
    Ok(facets)
}

/// A query text with the words of a hit in place of those that it has not; `None` if none of them
/// stands in the text.
fn corrected(q: &str, instead: &[(String, String)]) -> Option<String> {
    let mut out = String::with_capacity(q.len());
    let mut at = 0;
    for word in words(q) {
        if let Some((_, meant)) = instead.iter().find(|(asked, _)| *asked == word.text) {
            out.push_str(&q[at..word.start]);
            out.push_str(&meant.to_lowercase());
            at = word.end;
        }
    }
    if at == 0 {
        return instead.iter().find(|(asked, _)| asked == q.trim()).map(|(_, meant)| meant.clone());
    }
    out.push_str(&q[at..]);
    Some(out)
}
