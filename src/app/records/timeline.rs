//! What has happened with a contact, in one order: records that are about it, and what the audit
//! log says was changed.

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
use crate::domain::record::{AnyKind, Event, Record, kind_by_number};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, codec, keys};

/// Events of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Most events of a page.
const MOST_PER_PAGE: usize = 500;
/// Most changes of a contact that are looked at, the newest ones.
const MOST_CHANGES: usize = 5_000;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
    /// Cost: reads the records about the contact and at most 5,000 of its changes.
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
        let per_page = query.per_page.unwrap_or(PER_PAGE);
        if per_page == 0 || per_page > MOST_PER_PAGE {
            let detail = format!("must be 1 to {MOST_PER_PAGE}");
            return Err(Error::invalid("/per_page", "range", detail));
        }
        let after = query.cursor.as_deref().map(decode).transpose()?;
        let mut events = Vec::new();
        for one in self.all_that_are(caller, contact)? {
            self.add_records(caller, one, &mut events)?;
            self.add_changes(caller, ContactId(one), &mut events)?;
        }
        if !query.types.is_empty() {
            events.retain(|event| query.types.contains(&event.kind));
        }
        events.sort_unstable_by(|one, other| {
            let order = (one.occurred_at, &one.id).cmp(&(other.occurred_at, &other.id));
            if query.is_ascending { order } else { order.reverse() }
        });
        if let Some((at, id)) = after {
            events.retain(|event| {
                let place = (event.occurred_at, &event.id);
                if query.is_ascending { place > (at, &id) } else { place < (at, &id) }
            });
        }
        let has_more = events.len() > per_page;
        events.truncate(per_page);
        let next_cursor = events.last().filter(|_| has_more).map(encode);
        Ok(Timeline { events, next_cursor })
    }

    fn add_records(
        &self,
        caller: &Caller,
        contact: Uuid,
        events: &mut Vec<TimelineEvent>,
    ) -> Result<(), Error> {
        let org = caller.organization;
        for entry in self.partition.scan(&keys::links_of(org, contact)) {
            let Some((_, _, number, id)) = keys::parse_link(&entry?.0) else { continue };
            let Some(kind) = kind_by_number(number) else { continue };
            let Some(bytes) = self.partition.get(&keys::record(org, number, id))? else { continue };
            let record: Record = codec::decode(&bytes).map_err(EngineError::from)?;
            if record.head.deleted_at.is_some() {
                continue;
            }
            let by = self.name_of_actor(org, &record.head.created_by);
            let by = by.unwrap_or_else(|| record.head.created_by.clone());
            for event in kind.events(&record) {
                events.push(of_record(kind, &record, event, &by));
            }
        }
        Ok(())
    }

    fn add_changes(
        &self,
        caller: &Caller,
        contact: ContactId,
        events: &mut Vec<TimelineEvent>,
    ) -> Result<(), Error> {
        let org = caller.organization;
        let everything = AuditQuery::default();
        let numbers = self.partition.audit_numbers_of(org, contact.0)?;
        for number in numbers.into_iter().rev().take(MOST_CHANGES) {
            let Some(entry) = self.partition.audit_entry(org, number)? else { continue };
            for (at, act) in entry.acts.iter().enumerate() {
                if act.1 != contact.0 || act.0 == AuditAction::ContactRead {
                    continue;
                }
                let Some(line) = self.audit_line(caller, &entry, act, &everything)? else {
                    continue;
                };
                let (kind, title) = kind_of_change(act.0, &line.changes);
                events.push(TimelineEvent {
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
        }
        Ok(())
    }
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
