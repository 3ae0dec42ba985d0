//! What there is to review: pairs and groups, page by page.

use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::super::App;
use super::super::error::Error;
use super::check::ExplanationView;
use super::decision::authorize_review;
use super::live::{Base, Built, Currency, Weighing};
use super::report::{ReportView, likelihood};
use crate::dedupe::{MatchGroup, Record, ScoredPair};
use crate::domain::access::{Caller, Sight};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, ContactNumber};

/// Entries of a page unless told.
const PER_PAGE: usize = 50;
/// Entries of a page at most.
const MOST_PER_PAGE: usize = 200;
/// Changed contacts that a request settles before it answers.
const MOST_SETTLED: usize = 500;
/// Entries that are looked at for a caller who does not see all contacts.
const MOST_SCANNED: usize = 50_000;

/// Which part of the list is wanted.
#[derive(Clone, Debug)]
pub struct DuplicateQuery {
    /// Pairs or groups.
    pub view: ReportView,
    /// How likely a pair must be, 0 to 1; a group is listed if one of its pairs is.
    pub min_probability: f64,
    /// Entries of a page.
    pub per_page: Option<usize>,
    /// The end of the page before.
    pub cursor: Option<String>,
    /// Only what one contact is in.
    pub contact: Option<ContactId>,
}

/// A pair to look at.
#[derive(Clone, Debug)]
pub struct PairEntry {
    /// The two contacts, the older first.
    pub contacts: [Arc<Contact>; 2],
    /// How likely, and why.
    pub explanation: ExplanationView,
}

/// A member of a group.
#[derive(Clone, Debug)]
pub struct MemberEntry {
    /// The contact.
    pub contact: Arc<Contact>,
    /// The probability of the likeliest pair that ties it to another member.
    pub probability: f64,
    /// Whether it belongs to those that pairs of their own tie together, each at least as likely
    /// as was asked for.
    pub selected: bool,
}

/// A pair that holds a group together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TieEntry {
    /// The one.
    pub id_a: Uuid,
    /// The other.
    pub id_b: Uuid,
    /// How likely, and why.
    #[serde(flatten)]
    pub explanation: ExplanationView,
}

/// A group to look at.
#[derive(Clone, Debug)]
pub struct GroupEntry {
    /// How many contacts merging would probably save.
    pub value: f64,
    /// The probability of the weakest pair along which it grew.
    pub probability: f64,
    /// The contacts, the oldest first.
    pub members: Vec<MemberEntry>,
    /// The pairs that hold it together, the likeliest first.
    pub ties: Vec<TieEntry>,
}

/// The entries of a page.
#[derive(Clone, Debug)]
pub enum DuplicateEntries {
    /// The likeliest first.
    Pairs(Vec<PairEntry>),
    /// Those first that merging saves most.
    Groups(Vec<GroupEntry>),
}

/// A page of what there is to review.
#[derive(Clone, Debug)]
pub struct DuplicatePage {
    /// The entries.
    pub entries: DuplicateEntries,
    /// How many there are in all.
    pub total: usize,
    /// Whether the total is exact.
    pub total_exact: bool,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// How current it is.
    pub currency: Currency,
    /// The figures of the last comparison of all contacts, for callers who see them all.
    pub built: Option<Built>,
    /// How many contacts a comparison that runs has read, for callers who see them all.
    pub progress: Option<u64>,
}

/// A place in the list: how high an entry ranks, and by which contacts it is told from others.
struct Place {
    rank: u32,
    ids: Vec<ContactId>,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let rank = u32::from_str_radix(parts.next()?, 16).ok()?;
        let ids: Option<Vec<ContactId>> = parts.map(|id| id.parse().ok()).collect();
        ids.filter(|ids| matches!(ids.len(), 1 | 2)).map(|ids| Self { rank, ids })
    }

    fn text(&self) -> String {
        let ids: Vec<String> = self.ids.iter().map(ToString::to_string).collect();
        format!("{:x}.{}", self.rank, ids.join("."))
    }
}

/// What a page is made of, before contacts are read.
struct Found<T> {
    entries: Vec<T>,
    total: usize,
    total_exact: bool,
    next: Option<Place>,
}

impl App {
    /// A page of the pairs or groups that are to be reviewed; always as current as it says, without
    /// a run. Callers who do not see all contacts are shown what is among those that they see.
    ///
    /// Cost: counting the likely ones, and the records and comparisons of the page.
    ///
    /// # Errors
    /// If the caller may not merge, does not see phones and e-mails in full, or the cursor does not
    /// fit.
    pub fn list_duplicates(
        &self,
        caller: &Caller,
        query: &DuplicateQuery,
    ) -> Result<DuplicatePage, Error> {
        authorize_review(caller)?;
        let about = match query.contact {
            Some(id) => Some(self.live_contact(caller, id)?.number.0),
            None => None,
        };
        let live = self.live_duplicates(caller.organization);
        self.ready_duplicates(&live, MOST_SETTLED)?;
        let place = match &query.cursor {
            None => None,
            Some(text) => Some(Place::parse(text).ok_or_else(wrong_cursor)?),
        };
        let (currency, progress) = (live.currency(), live.progress());
        let sees_all = caller.sight == Sight::Everything;
        let guard = live.base.read();
        let Some(base) = guard.as_ref() else {
            let entries = match query.view {
                ReportView::Pairs => DuplicateEntries::Pairs(Vec::new()),
                ReportView::Groups => DuplicateEntries::Groups(Vec::new()),
            };
            let progress = progress.filter(|_| sees_all);
            return Ok(DuplicatePage {
                entries,
                total: 0,
                total_exact: false,
                next_cursor: None,
                currency,
                built: None,
                progress,
            });
        };
        let (weighing, built) = (Arc::clone(&base.weighing), sees_all.then_some(base.built));
        let page = match query.view {
            ReportView::Pairs => {
                let found = self.find_pairs(caller, base, query, about, place.as_ref())?;
                // Others may change it while records are read.
                drop(guard);
                let entries = self.pair_entries(caller, &weighing, &found.entries)?;
                found.page(DuplicateEntries::Pairs(entries))
            }
            ReportView::Groups => {
                let found = self.find_groups(caller, base, query, about, place.as_ref())?;
                drop(guard);
                let least = super::bits_of(query.min_probability);
                let entries = self.group_entries(caller, &weighing, &found.entries, least)?;
                found.page(DuplicateEntries::Groups(entries))
            }
        };
        Ok(DuplicatePage { currency, built, progress: progress.filter(|_| sees_all), ..page })
    }

    fn numbers_of(&self, caller: &Caller, place: &Place, count: usize) -> Result<Vec<u32>, Error> {
        if place.ids.len() != count {
            return Err(wrong_cursor());
        }
        let number = |id: &ContactId| -> Result<u32, Error> {
            let contact = self.partition.contact(caller.organization, *id)?;
            contact.map(|contact| contact.number.0).ok_or_else(wrong_cursor)
        };
        place.ids.iter().map(number).collect()
    }

    fn id_of(&self, caller: &Caller, number: u32) -> Option<ContactId> {
        let (org, id) = self.partition.table().directory().get(ContactNumber(number))?;
        (org == caller.organization).then_some(id)
    }

    fn find_pairs(
        &self,
        caller: &Caller,
        base: &Base,
        query: &DuplicateQuery,
        about: Option<u32>,
        place: Option<&Place>,
    ) -> Result<Found<ScoredPair>, Error> {
        let place = match place {
            None => None,
            Some(place) => {
                let numbers = self.numbers_of(caller, place, 2)?;
                Some((place.rank, (numbers[0], numbers[1])))
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
        let least = super::bits_of(query.min_probability) as f32;
        let mut seer = self.partition.table().directory().seer(&caller.sight);
        let mut sees = |number: u32| seer.sees(ContactNumber(number));
        let is_about = |pair: &ScoredPair| about.is_none_or(|own| pair.a == own || pair.b == own);
        let likely = |(_, pair): &(_, ScoredPair)| pair.weight >= least;
        let mut seen = |pair: &ScoredPair| is_about(pair) && sees(pair.a) && sees(pair.b);
        let is_simple = caller.sight == Sight::Everything && about.is_none();
        let (total, total_exact) = if is_simple {
            (base.graph.count_pairs(least), true)
        } else {
            let all = base.graph.pairs_behind(None).take_while(likely).take(MOST_SCANNED);
            let (mut looked_at, mut total) = (0, 0);
            for (_, pair) in all {
                looked_at += 1;
                total += usize::from(seen(&pair));
            }
            (total, looked_at < MOST_SCANNED)
        };
        let per_page = per_page(query);
        let behind = base.graph.pairs_behind(place).take_while(likely).take(MOST_SCANNED);
        let mut found: Vec<_> = behind.filter(|(_, pair)| seen(pair)).take(per_page + 1).collect();
        let has_more = found.len() > per_page;
        found.truncate(per_page);
        let next = found.last().filter(|_| has_more).and_then(|((rank, (a, b)), _)| {
            Some(Place { rank: *rank, ids: vec![self.id_of(caller, *a)?, self.id_of(caller, *b)?] })
        });
        let entries = found.into_iter().map(|(_, pair)| pair).collect();
        Ok(Found { entries, total, total_exact, next })
    }

    fn find_groups(
        &self,
        caller: &Caller,
        base: &Base,
        query: &DuplicateQuery,
        about: Option<u32>,
        place: Option<&Place>,
    ) -> Result<Found<MatchGroup>, Error> {
        let place = match place {
            None => None,
            Some(place) => Some((place.rank, self.numbers_of(caller, place, 1)?[0])),
        };
        let least = super::bits_of(query.min_probability);
        let mut seer = self.partition.table().directory().seer(&caller.sight);
        let sees_all = caller.sight == Sight::Everything;
        let mut fits = |group: &MatchGroup| {
            // What was put aside does not bring a group back, however likely it is.
            let is_likely = |tie: &ScoredPair| {
                f64::from(tie.weight) >= least && base.graph.is_shown(tie.a, tie.b)
            };
            group.ties.iter().any(is_likely)
                && about.is_none_or(|own| group.members.contains(&own))
                && (sees_all || group.members.iter().all(|one| seer.sees(ContactNumber(*one))))
        };
        let most = if sees_all { usize::MAX } else { MOST_SCANNED };
        let (mut looked_at, mut total) = (0, 0);
        for (_, group) in base.graph.groups_behind(None).take(most) {
            looked_at += 1;
            total += usize::from(fits(group));
        }
        let total_exact = looked_at < most;
        let per_page = per_page(query);
        let behind = base.graph.groups_behind(place).take(most);
        let mut found: Vec<_> =
            behind.filter(|(_, group)| fits(group)).take(per_page + 1).collect();
        let has_more = found.len() > per_page;
        found.truncate(per_page);
        let next = found.last().filter(|_| has_more).and_then(|((rank, first), _)| {
            Some(Place { rank: *rank, ids: vec![self.id_of(caller, *first)?] })
        });
        let entries = found.into_iter().map(|(_, group)| group.clone()).collect();
        Ok(Found { entries, total, total_exact, next })
    }

    /// A contact as the caller sees it, if it is still there.
    fn shown_number(&self, caller: &Caller, number: u32) -> Result<Option<Arc<Contact>>, Error> {
        let contact = self.partition.peek_contact(caller.organization, ContactNumber(number))?;
        let contact = contact.filter(|contact| caller.sees(contact));
        Ok(contact.map(|contact| caller.shown(contact)))
    }

    fn pair_entries(
        &self,
        caller: &Caller,
        weighing: &Weighing,
        pairs: &[ScoredPair],
    ) -> Result<Vec<PairEntry>, Error> {
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let (one, other) =
                (self.shown_number(caller, pair.a)?, self.shown_number(caller, pair.b)?);
            let (Some(one), Some(other)) = (one, other) else { continue };
            let explanation = explain(weighing, &one, &other, pair);
            entries.push(PairEntry { contacts: [one, other], explanation });
        }
        Ok(entries)
    }

    fn group_entries(
        &self,
        caller: &Caller,
        weighing: &Weighing,
        groups: &[MatchGroup],
        least: f64,
    ) -> Result<Vec<GroupEntry>, Error> {
        let mut entries = Vec::with_capacity(groups.len());
        for group in groups {
            let selected = likely_part(group, least);
            let mut members: Vec<(u32, MemberEntry)> = Vec::with_capacity(group.members.len());
            for number in &group.members {
                let ties = group.ties.iter().filter(|tie| tie.a == *number || tie.b == *number);
                let weight = ties.map(|tie| tie.weight).fold(f32::NEG_INFINITY, f32::max);
                if let Some(contact) = self.shown_number(caller, *number)? {
                    let probability = super::rounded(likelihood(weight), 6);
                    let selected = selected.contains(number);
                    members.push((*number, MemberEntry { contact, probability, selected }));
                }
            }
            let find = |number: u32| members.iter().find(|(known, _)| *known == number);
            let tie = |tie: &ScoredPair| {
                let (one, other) = (&find(tie.a)?.1.contact, &find(tie.b)?.1.contact);
                let explanation = explain(weighing, one, other, tie);
                Some(TieEntry { id_a: one.id.0, id_b: other.id.0, explanation })
            };
            let ties: Vec<TieEntry> = group.ties.iter().filter_map(tie).collect();
            if members.len() > 1 {
                entries.push(GroupEntry {
                    value: super::rounded(f64::from(group.value), 3),
                    probability: super::rounded(likelihood(group.weakest), 6),
                    members: members.into_iter().map(|(_, member)| member).collect(),
                    ties,
                });
            }
        }
        Ok(entries)
    }
}

impl<T> Found<T> {
    fn page(self, entries: DuplicateEntries) -> DuplicatePage {
        DuplicatePage {
            entries,
            total: self.total,
            total_exact: self.total_exact,
            next_cursor: self.next.map(|next| next.text()),
            currency: Currency::Current,
            built: None,
            progress: None,
        }
    }
}

/// The most members of a group that likely pairs tie together; among as many, those of the
/// likeliest pair.
fn likely_part(group: &MatchGroup, least: f64) -> Vec<u32> {
    let parts = group.parts(|tie| f64::from(tie.weight) >= least);
    // The last of those that are equal is taken.
    parts.into_iter().rev().max_by_key(Vec::len).unwrap_or_default()
}

fn per_page(query: &DuplicateQuery) -> usize {
    query.per_page.unwrap_or(PER_PAGE).clamp(1, MOST_PER_PAGE)
}

pub(super) fn wrong_cursor() -> Error {
    Error::invalid("/cursor", "cursor", "is not a cursor of this list: begin again without one")
}

fn explain(
    weighing: &Weighing,
    one: &Contact,
    other: &Contact,
    pair: &ScoredPair,
) -> ExplanationView {
    let record = |contact| Record::of(contact, &weighing.tools.standard);
    let explanation = weighing.check().explain(&record(one), &record(other), Some(pair.rule));
    ExplanationView::from(&explanation)
}
