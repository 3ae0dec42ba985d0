//! Consent: recorded in the ledger of a contact, read, and asked for many numbers at once.

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::Error;
use super::idempotency::Idempotency;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::consent::{
    ALL_CHANNELS, BASES, CHANNELS, ConsentEntry, ConsentState, MARKETING, PURPOSES, STATUSES,
    TYPES, opt_in_of,
};
use crate::domain::contact::Contact;
use crate::domain::draft::Patch;
use crate::domain::ids::ContactId;
use crate::domain::members::ObjectReader;
use crate::domain::phone::parse_query;
use crate::domain::time::{Timestamp, day_number};
use crate::engine::lookup::Refusals;
use crate::engine::{Error as EngineError, Rejected, Tx, codec, keys};

/// Entries that the ledger of one contact may have.
const MOST_ENTRIES: u32 = 10_000;
/// Entries of a page if nothing is said.
const PER_PAGE: usize = 500;
/// Most entries of a page.
const MOST_PER_PAGE: usize = 1_000;
/// Most bytes of evidence as JSON.
const MOST_EVIDENCE: usize = 16_384;
/// Most numbers of one check.
const MOST_NUMBERS: usize = 100_000;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What an answer says of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberCheck {
    /// The number as it was sent.
    pub number: String,
    /// Whether it may be called, as far as wishes go.
    pub allowed: bool,
    /// Why not.
    pub why: Vec<&'static str>,
}

/// What was sent, as a state and what proves it.
fn read_consent(body: &Value, now: Timestamp) -> Result<(ConsentState, Option<Value>), Error> {
    let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
    let mut word = |name: &'static str, words: &'static [&'static str]| {
        let form = words.join(", ");
        let found = members.parsed(name, &form, |text| {
            let text = text.trim().to_lowercase().replace([' ', '-'], "_");
            words.iter().find(|word| **word == text).map(|word| (*word).to_owned())
        });
        found.value().cloned()
    };
    let purpose = word("purpose", PURPOSES);
    let channel = word("channel", CHANNELS);
    let status = word("status", STATUSES);
    let kind = word("type", TYPES);
    let basis = word("basis", BASES);
    if status.is_none() {
        members.issue("status", "required", format!("must be one of {}", STATUSES.join(", ")));
    }
    let date = members.parsed("date", "a time or a day such as 2026-12-31", |text| {
        let text = text.trim();
        let of_day = || day_number(text).map(|day| Timestamp(day * DAY_MS));
        text.parse::<Timestamp>().ok().or_else(of_day)
    });
    let date = date.value().copied().unwrap_or(now);
    if date.0 > now.0 + DAY_MS {
        members.issue("date", "value", "lies in the future");
    }
    let source = members.text("source", 500);
    let evidence = match members.json("evidence") {
        Patch::Set(value) => {
            let fits = (value.is_string() || value.is_object())
                && value.to_string().len() <= MOST_EVIDENCE;
            if !fits {
                let detail = format!("must be text or an object of at most {MOST_EVIDENCE} bytes");
                members.issue("evidence", "value", detail);
            }
            Some(value.clone())
        }
        Patch::Clear | Patch::Keep => None,
    };
    members.finish().map_err(Error::Invalid)?;
    let state = ConsentState {
        purpose: purpose.unwrap_or_else(|| MARKETING.to_owned()),
        channel: channel.unwrap_or_else(|| ALL_CHANNELS.to_owned()),
        status: status.unwrap_or_default(),
        kind,
        date,
        source: source.value().cloned(),
        basis,
        has_evidence: evidence.is_some(),
    };
    Ok((state, evidence))
}

fn shown(contact: ContactId, entry: &ConsentEntry) -> Value {
    let mut shown = json!(entry.state);
    for (name, value) in [
        ("id", json!(entry.id)),
        ("seq", json!(entry.seq)),
        ("contact_id", json!(contact)),
        ("evidence", json!(entry.evidence)),
        ("recorded_at", json!(entry.recorded_at)),
        ("recorded_by", json!(entry.recorded_by)),
        ("previous", json!(entry.previous)),
        ("hash", json!(entry.hash())),
    ] {
        shown[name] = value;
    }
    if let Some(members) = shown.as_object_mut() {
        members.remove("has_evidence");
    }
    shown
}

/// Adds to the ledger of a contact. For marketing `opt_in` follows.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    by: &Caller,
    contact: Contact,
    said: (ConsentState, Option<Value>),
    now: Timestamp,
) -> Result<ConsentEntry, EngineError> {
    let (org, id, state) = (by.organization, contact.id, said.0.clone());
    let known = contact.facts.consent.on_channel(&state.purpose, &state.channel);
    let was = known.map(|known| known.status.clone());
    let field = format!("consent.{}.{}", state.purpose, state.channel);
    let change = FieldChange::of(&field, &was, &Some(state.status.clone()));
    let entry = tx.append_consent(org, contact, said, now, &by.actor)?;
    let agreed = opt_in_of(&state.status);
    if state.purpose == MARKETING
        && let Some(before) = tx.contact(org, id)?.filter(|one| one.opt_in != agreed)
    {
        let mut after = before.clone();
        after.opt_in = agreed;
        after.version += 1;
        after.updated_at = now.max(before.updated_at);
        after.updated_by = Some(by.actor.as_ref().to_owned());
        tx.replace_contact(org, before, after)?;
    }
    // The last action names what is done to a contact in one write.
    tx.note(AuditAction::ConsentRecorded, id.0, vec![change]);
    Ok(entry)
}

impl App {
    /// Records what somebody agreed to or refused. For marketing `opt_in` follows.
    ///
    /// # Errors
    /// If there is no such contact for the caller, something does not fit, or the caller may not.
    pub fn record_consent(
        &self,
        caller: &Caller,
        id: ContactId,
        body: &Value,
        idempotency: Option<Idempotency>,
    ) -> Result<Value, Error> {
        authorize(caller, Permission::Edit)?;
        self.live_contact(caller, id)?;
        let now = self.partition.now();
        let (state, evidence) = read_consent(body, now)?;
        let (org, by) = (caller.organization, caller.clone());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let found = tx.contact(org, id)?.filter(|c| !c.is_deleted() && by.sees(c));
            let before = found.ok_or(Rejected::By(Error::ContactNotFound))?;
            if let Some(idempotency) = idempotency
                && let Some(seq) = idempotency.kept::<u32>(tx, org, now)?
                && let Some(bytes) = tx.get(&keys::consent(org, id, seq))?
            {
                return Ok(codec::decode(&bytes).map_err(EngineError::from)?);
            }
            if before.facts.consent.seq >= MOST_ENTRIES {
                let detail = format!("the ledger of this contact has {MOST_ENTRIES} entries");
                return Err(Rejected::By(Error::InUse(detail)));
            }
            let entry = enter(tx, &by, before, (state.clone(), evidence.clone()), now)?;
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, entry.seq)?;
            }
            Ok(entry)
        })?;
        self.own_writes.note(caller, written.seq);
        Ok(shown(id, &written.value))
    }

    /// The ledger of a contact with those of all that were merged into it, the newest first.
    ///
    /// # Errors
    /// If there is no such contact for the caller, or the caller may not.
    pub fn list_consents(
        &self,
        caller: &Caller,
        id: ContactId,
        page: Option<usize>,
        per_page: Option<usize>,
    ) -> Result<Value, Error> {
        authorize(caller, Permission::View)?;
        let per_page = per_page.unwrap_or(PER_PAGE);
        if per_page == 0 || per_page > MOST_PER_PAGE {
            let detail = format!("must be 1 to {MOST_PER_PAGE}");
            return Err(Error::invalid("/per_page", "range", detail));
        }
        let page = page.unwrap_or(1);
        if page == 0 {
            return Err(Error::invalid("/page", "range", "pages count from 1"));
        }
        let mut items = self.consents_of(caller, self.live_contact(caller, id)?.id)?;
        let total = items.len();
        let from = (page - 1).saturating_mul(per_page).min(total);
        items.drain(..from);
        items.truncate(per_page);
        Ok(json!({"total": total, "total_exact": true, "page": page, "per_page": per_page,
            "items": items}))
    }

    /// The entries of the ledgers of a contact that the caller sees.
    pub(super) fn consents_of(&self, caller: &Caller, id: ContactId) -> Result<Vec<Value>, Error> {
        let mut entries: Vec<(ContactId, ConsentEntry)> = Vec::new();
        for one in self.all_that_are(caller, id)? {
            let ledger = self.partition.consents(caller.organization, ContactId(one))?;
            entries.extend(ledger.into_iter().map(|entry| (ContactId(one), entry)));
        }
        entries.sort_by_key(|(_, entry)| std::cmp::Reverse((entry.recorded_at, entry.id)));
        Ok(entries.iter().map(|(of, entry)| shown(*of, entry)).collect())
    }

    /// Whether the caller may ask whose numbers may be called.
    ///
    /// # Errors
    /// If not.
    pub fn may_check_numbers(&self, caller: &Caller) -> Result<(), Error> {
        authorize(caller, Permission::Lookup)
    }

    /// Says of many numbers whether somebody has asked not to be called there.
    ///
    /// Cost: one look into the table for each number, and none at records.
    ///
    /// # Errors
    /// If there are too many, or the caller may not.
    pub fn check_numbers(
        &self,
        caller: &Caller,
        numbers: Vec<String>,
        country: Option<&str>,
    ) -> Result<Vec<NumberCheck>, Error> {
        authorize(caller, Permission::Lookup)?;
        if numbers.len() > MOST_NUMBERS {
            let detail = format!(
                "has {} numbers; at most {MOST_NUMBERS} are checked at once",
                numbers.len()
            );
            return Err(Error::invalid("/numbers", "too_many", detail));
        }
        self.count_guesses(caller, numbers.len())?;
        let organization = self.organization_of(caller)?;
        let country = country
            .map(|country| country.trim().to_uppercase())
            .or_else(|| organization.settings.default_country.clone());
        let table = self.partition.table();
        let check = |number: String| {
            let query = parse_query(&number, country.as_deref());
            let found = table.find(caller.organization, &query, &caller.sight);
            let same = found.candidates.iter().filter(|one| one.rule.is_same_line());
            let all = same.fold(Refusals::default(), |all, one| {
                all.with(table.directory().refusals(one.number))
            });
            let why = all.why();
            NumberCheck { number, allowed: why.is_empty(), why }
        };
        Ok(numbers.into_par_iter().map(check).collect())
    }
}
