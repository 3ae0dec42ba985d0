//! What has happened with a contact, in one order: records that are about it, and what the audit
//! log says was changed.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::audit::AuditQuery;
use super::super::error::Error;
use super::super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::ids::ContactId;
use crate::domain::record::{AnyKind, Event, KINDS, Record, kind_by_number};
use crate::domain::time::Timestamp;

/// Events of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Most events of a page.
const MOST_PER_PAGE: usize = 500;
/// Most changes of a contact that are looked at, the newest ones.
const MOST_CHANGES: usize = 5_000;
/// What changes are called.
const CHANGES: &[&str] = &["created", "merge", "field_change", "assignment", "tag", "consent"];

/// Which events are asked for.
#[derive(Clone, Debug, Default)]
pub struct TimelineQuery {
    /// Only of these types; all if there are none.
    pub types: Vec<String>,
    /// The oldest first, not the newest.
    pub is_ascending: bool,
    /// Events of a page.
    pub per_page: Option<usize>,
    /// Begin behind this place.
    pub cursor: Option<String>,
}

/// Something that has happened.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineEvent {
    /// What tells it from others of the contact.
    pub id: String,
    /// What it is: `task`, `note`, `deal_won`, `field_change` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub occurred_at: Timestamp,
    /// Who did it: a name where there is one.
    pub by: String,
    /// What it is about, in a line.
    pub title: String,
    /// The record that tells more.
    pub record: EventRecord,
    /// What was changed.
    pub changes: Vec<FieldChange>,
}

/// A record that an event is about.
#[derive(Clone, Debug, Serialize)]
pub struct EventRecord {
    /// Its kind: `contact`, `task` and so on.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
}

/// A page of events.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// The events.
    pub events: Vec<TimelineEvent>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

impl App {
    /// What has happened with a contact and with all that were merged into it.
    ///
    /// Cost: reads what is on the page, and the deals of the contact.
    ///
    /// # Errors
    /// If there is no such contact for the caller, or a type, the page or the cursor is none.
    pub fn read_timeline(
        &self,
        caller: &Caller,
        id: ContactId,
        query: &TimelineQuery,
    ) -> Result<Timeline, Error> {
        authorize(caller, Permission::View)?;
        let contact = self.live_contact(caller, id)?.id;
        refuse_unknown_types(&query.types)?;
        let per_page = query.per_page.unwrap_or(PER_PAGE);
        if per_page == 0 || per_page > MOST_PER_PAGE {
            let detail = format!("must be 1 to {MOST_PER_PAGE}");
            return Err(Error::invalid("/per_page", "range", detail));
        }
        let after = query.cursor.as_deref().map(decode).transpose()?;
        let from = after.as_ref().map(|(at, _)| *at);
        let mut merger = Merger { is_ascending: query.is_ascending, pending: BinaryHeap::new() };
        let mut sources = Vec::new();
        for one in self.all_that_are(caller, contact)? {
            self.add_early(caller, one, query, &mut merger)?;
            let wants = move |kind: &dyn AnyKind| is_wanted(kind, &query.types);
            let links =
                self.partition.links_in_order(caller.organization, one, from, query.is_ascending);
            let links = links.filter_map(move |link| match link {
                Ok((at, number, id)) => {
                    let kind = kind_by_number(number)?;
                    // What tells of earlier things is there already.
                    let is_new = wants(kind) && !kind.info().tells_earlier;
                    is_new.then_some(Ok((at, Told::Record(kind, id))))
                }
                Err(error) => Some(Err(error.into())),
            });
            sources.push((Box::new(links) as Source<'_>).peekable());
            let changes = self.changes_in_order(caller, ContactId(one), from, query)?;
            sources.push(changes.peekable());
        }
        let is_behind = |event: &TimelineEvent| match &after {
            None => true,
            Some((at, id)) if query.is_ascending => (event.occurred_at, &event.id) > (*at, id),
            Some((at, id)) => (event.occurred_at, &event.id) < (*at, id),
        };
        let mut events: Vec<TimelineEvent> = Vec::new();
        while events.len() <= per_page {
            let next = next_source(&mut sources, query.is_ascending);
            if let Some(event) = merger.take_before(next.map(|(_, at)| at)) {
                let is_asked = query.types.is_empty() || query.types.contains(&event.kind);
                if is_asked && is_behind(&event) {
                    events.push(event);
                }
                continue;
            }
            let Some((source, _)) = next else { break };
            let Some(told) = sources[source].next() else { break };
            match told?.1 {
                Told::Record(kind, id) => self.add_record(caller, kind, id, &mut merger)?,
                Told::Change(contact, number) => {
                    self.add_changes(caller, contact, number, &mut merger)?;
                }
            }
        }
        let has_more = events.len() > per_page;
        events.truncate(per_page);
        let next_cursor = events.last().filter(|_| has_more).map(encode);
        Ok(Timeline { events, next_cursor })
    }

    /// What records tell that can be about earlier times than those by which they are linked: few,
    /// so they are all read before.
    fn add_early(
        &self,
        caller: &Caller,
        contact: Uuid,
        query: &TimelineQuery,
        merger: &mut Merger,
    ) -> Result<(), Error> {
        let is_early =
            |kind: &dyn AnyKind| kind.info().tells_earlier && is_wanted(kind, &query.types);
        let found = self.partition.contact(caller.organization, ContactId(contact))?;
        // Only deals tell of earlier things, and they are counted.
        let has_some = found.is_some_and(|contact| contact.facts.counts.deals > 0);
        if !has_some || !KINDS.iter().any(|kind| is_early(*kind)) {
            return Ok(());
        }
        for link in self.partition.links_in_order(caller.organization, contact, None, true) {
            let (_, number, id) = link?;
            if let Some(kind) = kind_by_number(number).filter(|kind| is_early(*kind)) {
                self.add_record(caller, kind, id, merger)?;
            }
        }
        Ok(())
    }

    fn add_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Uuid,
        merger: &mut Merger,
    ) -> Result<(), Error> {
        let (org, number) = (caller.organization, kind.info().number);
        let record = self.partition.record(org, number, id)?;
        let Some(record) = record.filter(|record| record.head.deleted_at.is_none()) else {
            return Ok(());
        };
        let by = self.name_of_actor(org, &record.head.created_by);
        let by = by.unwrap_or_else(|| record.head.created_by.clone());
        for event in kind.events(&record) {
            merger.add(of_record(kind, &record, event, &by));
        }
        Ok(())
    }

    /// The changes of a contact in the order of time, from a time on, the newest ones only if there
    /// are very many.
    fn changes_in_order<'a>(
        &'a self,
        caller: &Caller,
        contact: ContactId,
        from: Option<Timestamp>,
        query: &TimelineQuery,
    ) -> Result<Source<'a>, Error> {
        let is_told =
            query.types.is_empty() || query.types.iter().any(|one| CHANGES.contains(&one.as_str()));
        if !is_told {
            return Ok(Box::new(std::iter::empty()));
        }
        let org = caller.organization;
        let mut numbers = self.partition.audit_numbers_of(org, contact.0)?;
        numbers.drain(..numbers.len().saturating_sub(MOST_CHANGES));
        if !query.is_ascending {
            numbers.reverse();
        }
        let is_ascending = query.is_ascending;
        let told = numbers.into_iter().filter_map(move |number| {
            match self.partition.audit_entry(org, number) {
                Ok(Some(entry)) => {
                    let is_before = from.is_some_and(|from| {
                        if is_ascending { entry.at < from } else { entry.at > from }
                    });
                    (!is_before).then_some(Ok((entry.at, Told::Change(contact, number))))
                }
                Ok(None) => None,
                Err(error) => Some(Err(error.into())),
            }
        });
        Ok(Box::new(told))
    }

    fn add_changes(
        &self,
        caller: &Caller,
        contact: ContactId,
        number: u64,
        merger: &mut Merger,
    ) -> Result<(), Error> {
        let everything = AuditQuery::default();
        let Some(entry) = self.partition.audit_entry(caller.organization, number)? else {
            return Ok(());
        };
        for (at, act) in entry.acts.iter().enumerate() {
            if act.1 != contact.0 || act.0 == AuditAction::ContactRead {
                continue;
            }
            let Some(line) = self.audit_line(caller, &entry, act, &everything)? else {
                continue;
            };
            let (kind, title) = kind_of_change(act.0, &line.changes);
            merger.add(TimelineEvent {
                // So that the ids of one moment sort as what they tell of.
                id: format!("{number:016}.{at:04}"),
                kind: kind.to_owned(),
                occurred_at: line.at,
                by: line.actor_name.unwrap_or(line.actor),
                title,
                record: EventRecord { kind: "contact".to_owned(), id: contact.0 },
                changes: line.changes,
            });
        }
        Ok(())
    }
}

/// What is told next by a source, before it is read.
enum Told {
    Record(&'static dyn AnyKind, Uuid),
    Change(ContactId, u64),
}

/// Something that tells of events in the order that is asked for.
type Source<'a> = Box<dyn Iterator<Item = Result<(Timestamp, Told), Error>> + 'a>;

/// Which source has what comes next, and when that was.
fn next_source(
    sources: &mut [std::iter::Peekable<Source<'_>>],
    is_ascending: bool,
) -> Option<(usize, Timestamp)> {
    let mut best: Option<(usize, Timestamp)> = None;
    for (at, source) in sources.iter_mut().enumerate() {
        match source.peek() {
            Some(Ok((time, _))) => {
                let is_better = |(_, known): (usize, Timestamp)| {
                    if is_ascending { *time < known } else { *time > known }
                };
                if best.is_none_or(is_better) {
                    best = Some((at, *time));
                }
            }
            // What went wrong is told when it is taken.
            Some(Err(_)) => return Some((at, Timestamp(0))),
            None => {}
        }
    }
    best
}

/// Events that were read and wait until nothing can come in front of them.
struct Merger {
    is_ascending: bool,
    pending: BinaryHeap<Pending>,
}

/// An event at its place: the first to be told is the greatest.
struct Pending {
    is_ascending: bool,
    event: TimelineEvent,
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |one: &Self| (one.event.occurred_at, one.event.id.clone());
        let order = place(self).cmp(&place(other));
        if self.is_ascending { order.reverse() } else { order }
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pending {}

impl Merger {
    fn add(&mut self, event: TimelineEvent) {
        self.pending.push(Pending { is_ascending: self.is_ascending, event });
    }

    /// The first event, if it is in front of everything that sources can still tell.
    fn take_before(&mut self, next: Option<Timestamp>) -> Option<TimelineEvent> {
        let first = self.pending.peek()?.event.occurred_at;
        let is_first =
            next.is_none_or(|next| if self.is_ascending { first < next } else { first > next });
        if is_first { self.pending.pop().map(|pending| pending.event) } else { None }
    }
}

/// Refuses to look for what nothing is called: an empty page would hide the mistake.
fn refuse_unknown_types(types: &[String]) -> Result<(), Error> {
    let about = KINDS.iter().filter(|kind| kind.is_about_contacts());
    let told = about.flat_map(|kind| match kind.info().tells {
        [] => std::slice::from_ref(&kind.info().name),
        tells => tells,
    });
    let mut known: Vec<&str> = told.chain(CHANGES).copied().collect();
    known.sort_unstable();
    match types.iter().find(|one| !known.contains(&one.as_str())) {
        None => Ok(()),
        Some(other) => {
            let detail = format!("{other:?} is not a type; use some of {}", known.join(", "));
            Err(Error::invalid("/type", "value", detail))
        }
    }
}

/// Whether records of a kind can tell something that is asked for.
fn is_wanted(kind: &dyn AnyKind, types: &[String]) -> bool {
    types.is_empty() || types.iter().any(|one| kind.info().tells.contains(&one.as_str()))
}

fn of_record(kind: &dyn AnyKind, record: &Record, event: Event, by: &str) -> TimelineEvent {
    let text = kind.fields().iter().find(|field| field.is_searched);
    let text = text.and_then(|field| record.values.get(field.name)).and_then(Value::as_str);
    let own = kind.title(&record.values);
    let text = own.as_deref().or(text).unwrap_or_default();
    let title: String = text.lines().next().unwrap_or_default().into();
    TimelineEvent {
        id: format!("{}.{}", record.head.id, event.name),
        kind: event.name,
        occurred_at: event.at,
        by: by.to_owned(),
        title: title.chars().take(200).collect(),
        record: EventRecord { kind: kind.info().name.to_owned(), id: record.head.id },
        changes: Vec::new(),
    }
}

/// What a change is called, and a line about it.
fn kind_of_change(action: AuditAction, changes: &[FieldChange]) -> (&'static str, String) {
    let plain = [
        (AuditAction::ContactCreated, "created", "Created"),
        (AuditAction::ContactMerged, "merge", "Merged"),
        (AuditAction::ContactUnmerged, "merge", "Merge undone"),
        (AuditAction::ContactDeleted, "field_change", "Deleted"),
        (AuditAction::ContactRestored, "field_change", "Restored"),
        (AuditAction::ConsentRecorded, "consent", "Consent recorded"),
    ];
    if let Some((_, kind, title)) = plain.into_iter().find(|(known, ..)| *known == action) {
        return (kind, title.to_owned());
    }
    let mut names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    names.dedup();
    let is_all =
        |known: &[&str]| !names.is_empty() && names.iter().all(|name| known.contains(name));
    let kind = if is_all(&["assigned_to", "assigned_queue", "visibility"]) {
        "assignment"
    } else if is_all(&["tags"]) {
        "tag"
    } else if is_all(&["opt_in"]) {
        "consent"
    } else {
        "field_change"
    };
    (kind, format!("Changed {}", names.join(", ")))
}

fn encode(event: &TimelineEvent) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", event.occurred_at.0, event.id))
}

fn decode(cursor: &str) -> Result<(Timestamp, String), Error> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (at, id) = text.split_once(' ')?;
        Some((Timestamp(at.parse().ok()?), id.to_owned()))
    };
    read().ok_or_else(|| {
        Error::invalid("/cursor", "cursor", "is not a cursor from an earlier answer")
    })
}
