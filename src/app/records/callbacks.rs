//! Who is to be called back: those who called, were not answered, and were not spoken to since.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::error::Error;
use super::super::{App, authorize};
use crate::domain::access::{Caller, FieldRight, Permission};
use crate::domain::ids::ContactId;
use crate::domain::record::{Record, kind_by_name};
use crate::domain::time::Timestamp;

/// Hours that are looked back if nothing is said.
const HOURS: u64 = 24;
/// Most hours that are looked back.
const MOST_HOURS: u64 = 31 * 24;
/// Most calls that are looked at, the newest ones.
const MOST_CALLS: usize = 50_000;
/// Most callers of an answer.
const MOST_CALLERS: usize = 500;

/// How calls end in which nobody was spoken to.
const NOT_ANSWERED: &[&str] = &["voicemail", "no-answer", "busy", "abandoned", "failed"];

/// Somebody who waits for a call.
#[derive(Clone, Debug, Serialize)]
pub struct Callback {
    /// The contact, if it is known who called.
    pub contact_id: Option<ContactId>,
    /// How the contact is called.
    pub display_name: Option<String>,
    /// The number that called last, as far as the caller sees numbers.
    pub number: Option<String>,
    /// When that was.
    pub last_missed_at: Timestamp,
    /// How often since somebody was last spoken to.
    pub missed: u32,
    /// The last call that was missed.
    pub call: Uuid,
    /// The queue that it came in by.
    pub queue: Option<String>,
    /// Whether calling back is allowed at all.
    pub do_not_contact: bool,
}

/// Those who wait, the last one first.
#[derive(Clone, Debug, Serialize)]
pub struct Callbacks {
    /// How many there are in all.
    pub total: usize,
    /// Whether all calls of the time were looked at.
    pub total_exact: bool,
    /// From when on calls were looked at.
    pub since: Timestamp,
    /// The callers.
    pub items: Vec<Callback>,
}

/// What tells one caller from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Contact(ContactId),
    Number(String),
}

/// What is known of a caller, going back in time.
#[derive(Default)]
struct Seen {
    is_spoken_to: bool,
    last: Option<Record>,
    missed: u32,
}

fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.values.get(field).and_then(Value::as_str)
}

fn started(record: &Record) -> Timestamp {
    text(record, "started_at").and_then(|at| at.parse().ok()).unwrap_or(record.head.created_at)
}

impl App {
    /// Those who called and wait to be called back.
    ///
    /// Cost: reads the calls of the time, 50,000 at most.
    ///
    /// # Errors
    /// If the caller may not, or so many hours are not looked back.
    pub fn callbacks(&self, caller: &Caller, hours: Option<u64>) -> Result<Callbacks, Error> {
        authorize(caller, Permission::View)?;
        let hours = hours.unwrap_or(HOURS);
        if hours == 0 || hours > MOST_HOURS {
            let detail = format!("must be 1 to {MOST_HOURS}");
            return Err(Error::invalid("/hours", "range", detail));
        }
        let back = i64::try_from(hours).unwrap_or(1).saturating_mul(3_600_000);
        // Whole minutes: asking again tells the same.
        let now = self.partition.now();
        let since = Timestamp(now.0.saturating_sub(now.0.rem_euclid(60_000))).plus_ms(-back);
        let mut calls: Vec<Record> = Vec::new();
        let number = kind_by_name("call").map_or(0, |kind| kind.info().number);
        let mut is_whole = true;
        for record in self.partition.records_back(caller.organization, number) {
            let record = record?;
            if record.head.created_at < since {
                break;
            }
            if calls.len() >= MOST_CALLS {
                is_whole = false;
                break;
            }
            if record.head.deleted_at.is_none() && started(&record) >= since {
                calls.push(record);
            }
        }
        calls.sort_by_key(|call| std::cmp::Reverse((started(call), call.head.id)));
        let mut items = self.waiting(caller, calls)?;
        let total = items.len();
        items.truncate(MOST_CALLERS);
        Ok(Callbacks { total, total_exact: is_whole, since, items })
    }

    /// Who waits, of calls from the last one back.
    fn waiting(&self, caller: &Caller, calls: Vec<Record>) -> Result<Vec<Callback>, Error> {
        let mut order: Vec<Who> = Vec::new();
        let mut seen: HashMap<Who, Seen> = HashMap::new();
        for call in calls {
            let who = match call.contact() {
                Some(contact) => match self.contact_that_stands_for(caller, contact)? {
                    Some(contact) => Who::Contact(contact),
                    None => continue,
                },
                None => match text(&call, "e164").or_else(|| text(&call, "number")) {
                    Some(number) => Who::Number(number.to_owned()),
                    None => continue,
                },
            };
            let known = seen.entry(who.clone()).or_insert_with(|| {
                order.push(who);
                Seen::default()
            });
            if known.is_spoken_to {
                continue;
            }
            let outcome = text(&call, "outcome").unwrap_or_default();
            let is_answered = match text(&call, "status") {
                Some("CONNECTED") => true,
                Some("COMPLETED") => !NOT_ANSWERED.contains(&outcome),
                _ => false,
            };
            if is_answered {
                known.is_spoken_to = true;
                continue;
            }
            let is_over = text(&call, "status") != Some("INITIATED");
            // Trying to reach somebody is not speaking to them.
            if text(&call, "direction") != Some("in") || !is_over {
                continue;
            }
            known.missed += 1;
            known.last.get_or_insert(call);
        }
        let mut items = Vec::new();
        for who in order {
            let Some(Seen { last: Some(last), missed, .. }) = seen.remove(&who) else { continue };
            let contact = match &who {
                Who::Contact(id) => self.partition.contact(caller.organization, *id)?,
                Who::Number(_) => None,
            };
            let contact = contact.map(|contact| caller.shown(contact));
            let shows_numbers = caller.fields.phones == FieldRight::Full;
            items.push(Callback {
                contact_id: contact.as_ref().map(|contact| contact.id),
                display_name: contact.as_ref().map(|contact| contact.display_name.clone()),
                number: text(&last, "number").filter(|_| shows_numbers).map(str::to_owned),
                last_missed_at: started(&last),
                missed,
                call: last.head.id,
                queue: text(&last, "queue").map(str::to_owned),
                do_not_contact: contact.is_some_and(|contact| contact.fields.status.do_not_contact),
            });
        }
        Ok(items)
    }
}
