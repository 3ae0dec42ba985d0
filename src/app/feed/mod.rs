//! The change feed: what has happened to contacts and records since a place, for one caller.
//!
//! Told is what the caller sees now. What it could see, and does not see any more, is told as gone,
//! without values; what it never saw is not told. A place stands for what the caller may see as well:
//! if that changes, the caller must begin again, since other contacts than those that changed have
//! come into view or left it.

mod position;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub use position::FeedPosition;

use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission, Sight};
use crate::domain::audit::AuditAction;
use crate::domain::ids::{ChangeSeq, ContactId};
use crate::domain::record::{Verb, kind_by_name, kind_by_number};
use crate::domain::time::Timestamp;
use crate::domain::view::{ContactView, Showing};
use crate::engine::{FeedAct, FeedEntry};

/// Events of an answer if nothing is said.
const EVENTS: usize = 100;
/// Most events of an answer, not counting the rest of a write.
const MOST_EVENTS: usize = 1_000;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeEvent {
    /// The place behind it.
    pub id: String,
    /// What happened: `contact.updated`, `call.created`; `contact.gone` if the contact is not seen any
    /// more.
    pub event: &'static str,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// The kind of the record: contact, call and so on.
    pub kind: &'static str,
    /// The id of the record.
    pub record_id: Uuid,
    /// Whether it is not there any more, for this caller.
    pub gone: bool,
    /// The record as it is now; `null` if it is gone.
    pub data: Value,
    /// What stands for it now, if it is gone because it was merged and the caller sees that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Uuid>,
}

impl ChangeEvent {
    /// Whether it is among those that are asked for: `*`, `contact.*`, `contact.updated`; all are if
    /// none is named. Who follows a kind is told that something of it is gone.
    pub fn is_wanted(&self, wanted: &[String]) -> bool {
        wanted.is_empty()
            || wanted.iter().any(|name| {
                name == "*"
                    || name == self.event
                    || name.strip_suffix(".*") == Some(self.kind)
                    || self.gone && name.split('.').next() == Some(self.kind)
            })
    }
}

/// A part of what happened.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The events, oldest first.
    pub events: Vec<ChangeEvent>,
    /// The place behind them: what to ask with next.
    pub next_since: String,
    /// Whether there is more already.
    pub has_more: bool,
}

impl App {
    /// The place behind everything that has happened so far.
    ///
    /// # Errors
    /// If the caller may not read contacts.
    pub fn feed_now(&self, caller: &Caller) -> Result<FeedPosition, Error> {
        authorize(caller, Permission::View)?;
        Ok(FeedPosition::new(self.partition.history(), self.partition.applied_seq(), caller))
    }

    /// What has happened since a place; nothing yet if none is given. `0` is the beginning.
    ///
    /// # Errors
    /// If the caller may not, the text is no place, or one behind which it cannot be told any more.
    pub fn changes(
        &self,
        caller: &Caller,
        since: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Changes, Error> {
        let now = self.feed_now(caller)?;
        let Some(since) = since else {
            return Ok(Changes {
                events: Vec::new(),
                next_since: now.to_string(),
                has_more: false,
            });
        };
        let from = FeedPosition::read(since, &now)?;
        let (changes, _) = self.changes_from(caller, from.seq, limit)?;
        Ok(changes)
    }

    /// What has happened behind a change, and up to which one that was looked at.
    ///
    /// # Errors
    /// As [`Self::changes`].
    pub fn changes_from(
        &self,
        caller: &Caller,
        after: ChangeSeq,
        limit: Option<usize>,
    ) -> Result<(Changes, ChangeSeq), Error> {
        authorize(caller, Permission::View)?;
        let limit = limit.unwrap_or(EVENTS).clamp(1, MOST_EVENTS);
        let history = self.partition.history();
        let part = self.partition.acts_after(caller.organization, after, limit)?;
        let part = part.ok_or(Error::FeedGone(position::TRIMMED))?;
        let showing = self.showing(caller.organization)?;
        let mut events = Vec::new();
        for entry in &part.entries {
            let place = FeedPosition::new(history, entry.seq, caller).to_string();
            for act in &entry.acts {
                events.extend(self.event_of(caller, entry, act, &place, &showing)?);
            }
        }
        let next_since = FeedPosition::new(history, part.through, caller).to_string();
        Ok((Changes { events, next_since, has_more: part.has_more }, part.through))
    }

    /// Waits until something has changed behind a place, at most for a time; the last change.
    pub fn wait_for_changes(&self, after: ChangeSeq, at_most: std::time::Duration) -> ChangeSeq {
        self.partition.wait_applied(after, at_most)
    }

    /// The last change that is durable and readable.
    pub fn last_change(&self) -> ChangeSeq {
        self.partition.applied_seq()
    }

    /// The same caller with the rights that it has now; `None` if it may not ask any more.
    pub fn renewed(&self, caller: &Caller) -> Option<Caller> {
        let now = self.partition.now();
        self.access().caller_of_actor(caller.organization, &caller.actor, now)
    }

    pub(super) fn event_of(
        &self,
        caller: &Caller,
        entry: &FeedEntry,
        act: &FeedAct,
        place: &str,
        showing: &Showing,
    ) -> Result<Option<ChangeEvent>, Error> {
        let told = if let AuditAction::Record(number, verb) = act.action {
            let data = self.record_of_act(caller, number, verb, act)?;
            let kind = kind_by_number(number).map_or("record", |kind| kind.info().name);
            data.map(|data| (kind, act.action.as_str(), data))
        } else {
            let told = self.contact_of_act(caller, act, showing)?;
            told.map(|(event, data)| ("contact", event, data))
        };
        let Some((kind, event, data)) = told else { return Ok(None) };
        let gone = data.is_null();
        let merged_into = if gone { self.merged_into(caller, kind, act.id)? } else { None };
        Ok(Some(ChangeEvent {
            id: place.to_owned(),
            event,
            at: entry.at,
            by: entry.actor.clone(),
            kind,
            record_id: act.id,
            gone,
            data,
            merged_into,
        }))
    }

    /// What stands for a contact or company that was merged, if the caller sees it.
    fn merged_into(&self, caller: &Caller, kind: &str, id: Uuid) -> Result<Option<Uuid>, Error> {
        if kind == "contact" {
            let found = self.partition.contact(caller.organization, ContactId(id))?;
            let why = self.why_gone(caller, found.as_deref());
            return if let Error::Merged { into, .. } = why { Ok(Some(into.0)) } else { Ok(None) };
        }
        match kind_by_name(kind) {
            Some(kind) => self.merged_record(caller, kind, id),
            None => Ok(None),
        }
    }

    /// What happened to a contact and how it is now, `null` if it is gone; `None` if the caller is to
    /// know nothing of it.
    fn contact_of_act(
        &self,
        caller: &Caller,
        act: &FeedAct,
        showing: &Showing,
    ) -> Result<Option<(&'static str, Value)>, Error> {
        let found = self.partition.contact(caller.organization, ContactId(act.id))?;
        let seen = found.filter(|contact| !contact.is_deleted() && caller.sees(contact));
        if let Some(contact) = seen {
            let shown = caller.shown(contact);
            return Ok(Some((act.action.as_str(), json!(ContactView::with(&shown, showing)))));
        }
        let takes_away = [AuditAction::ContactDeleted, AuditAction::ContactErased];
        let is_named = takes_away.contains(&act.action);
        let event = if is_named { act.action.as_str() } else { "contact.gone" };
        Ok(could_see(caller, act).then_some((event, Value::Null)))
    }

    /// A record as it is now, `null` if it is gone; `None` if the caller is to know nothing of it.
    fn record_of_act(
        &self,
        caller: &Caller,
        number: u8,
        verb: Verb,
        act: &FeedAct,
    ) -> Result<Option<Value>, Error> {
        let Some(kind) = kind_by_number(number) else { return Ok(None) };
        if !caller.may(kind.info().view) {
            return Ok(None);
        }
        match self.find_record(caller, kind, act.id) {
            Ok(found) => return Ok(Some(found.json)),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let is_seen = match act.about {
            Some(contact) => {
                let found = self.partition.contact(caller.organization, ContactId(contact))?;
                found.is_some_and(|found| !found.is_deleted() && caller.sees(&found))
            }
            // Of what is gone for good nobody knows any more whose it was.
            None => verb != Verb::Erased || caller.sight == Sight::Everything,
        };
        Ok(is_seen.then_some(Value::Null))
    }
}

/// Whether the caller could see a contact before or behind an act.
fn could_see(caller: &Caller, act: &FeedAct) -> bool {
    caller.sight == Sight::Everything || act.seen_by.iter().any(|key| caller.sight.sees_key(key))
}
