//! Holds an opened data directory against the ledger: nothing acknowledged is missing, nothing is
//! there by half, nothing has come from nowhere, and search and lookup agree with the records.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringdex::app::{App, Refresh, SearchRequest};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::domain::text::words;
use ringdex::engine::Cancel;
use ringdex::engine::lookup::Rule;
use serde_json::Value;

use crate::child::{caller, organization_of};
use crate::groups;
use crate::ledger::{Known, Ledger, Pending, State, batch_marker, content, digest};

/// Contacts whose name and number are searched for.
const SAMPLE: usize = 8;

type Live = BTreeMap<String, Contact>;

/// Verifies; afterwards the ledger says of everything pending whether it happened.
pub(crate) fn verify(app: &App, ledger: &mut Ledger, seed: u64) -> Vec<String> {
    let mut failures = Vec::new();
    let mut live: BTreeMap<OrgNumber, Live> = BTreeMap::new();
    for organization in [OrgNumber(1), OrgNumber(2)] {
        let contacts = live.entry(organization).or_default();
        let scan = app.partition().for_each_contact(organization, &Cancel::never(), |batch| {
            for contact in batch {
                let marker = contact.external_crm_id.clone().unwrap_or_default();
                if organization_of(&marker) != organization {
                    failures.push(format!("{marker} is in organisation {organization:?}"));
                }
                if contacts.insert(marker.clone(), contact).is_some() {
                    failures.push(format!("{marker} is there twice"));
                }
            }
            true
        });
        if let Err(error) = scan {
            failures.push(format!("the store cannot be read: {error}"));
        }
    }
    decide_batches(&live, ledger, &mut failures);
    for (marker, known) in &mut ledger.contacts {
        if let Err(failure) = decide(app, marker, known, &live) {
            failures.push(format!("{marker}: {failure}; known {known:?}"));
        }
    }
    decide_counter(&live, ledger, &mut failures);
    groups::verify(app, ledger, &mut failures);
    for marker in live.values().flat_map(BTreeMap::keys) {
        if marker != "a-counter"
            && ledger.contacts.get(marker).is_none_or(|known| known.state != State::Live)
        {
            failures.push(format!("{marker} is there although it must not be"));
        }
    }
    match app.check(&caller(OrgNumber(1)), &mut |_| {}) {
        Ok(report) if report.is_clean() => {}
        Ok(report) => failures.push(format!("check finds trouble: {:?}", report.troubles)),
        Err(error) => failures.push(format!("check fails: {error}")),
    }
    let mut rng = StdRng::seed_from_u64(seed);
    for (organization, live) in &live {
        if let Err(failure) = searches_agree(app, *organization, live, &mut rng) {
            failures.push(failure);
        }
    }
    failures
}

/// A bulk request that was not acknowledged is there as a whole or not at all.
fn decide_batches(
    live: &BTreeMap<OrgNumber, Live>,
    ledger: &mut Ledger,
    failures: &mut Vec<String>,
) {
    for (name, size) in std::mem::take(&mut ledger.batches) {
        let live = &live[&organization_of(&name)];
        let found: Vec<(String, &Contact)> = (0..size)
            .filter_map(|at| {
                let marker = batch_marker(&name, at);
                live.get(&marker).map(|contact| (marker, contact))
            })
            .collect();
        if !found.is_empty() && found.len() != size {
            failures.push(format!("batch {name}: {} of {size} are there", found.len()));
        }
        for (marker, contact) in found {
            ledger.contacts.insert(marker, Known::created(contact.id));
        }
    }
}

fn decide_counter(
    live: &BTreeMap<OrgNumber, Live>,
    ledger: &mut Ledger,
    failures: &mut Vec<String>,
) {
    let Some(contact) = live[&OrgNumber(1)].get("a-counter") else {
        failures.push("the counter is gone".to_owned());
        return;
    };
    let count = contact.custom_fields.get("count").and_then(Value::as_u64).unwrap_or(0);
    let (least, most) = ledger.counter;
    if count < least || count > most {
        failures.push(format!("the counter is {count}, not {least} to {most}"));
    }
    if contact.version != count + 1 {
        failures.push(format!("the counter is {count} in version {}", contact.version));
    }
    ledger.counter = (count, count);
}

/// Compares one contact with what is known, and decides what was pending on it.
fn decide(
    app: &App,
    marker: &str,
    known: &mut Known,
    live: &BTreeMap<OrgNumber, Live>,
) -> Result<(), String> {
    let organization = organization_of(marker);
    let stored = match known.id {
        Some(id) => app.partition().contact(organization, id).map_err(|e| e.to_string())?,
        None => live[&organization].get(marker).cloned().map(std::sync::Arc::new),
    };
    let stored = stored.as_deref();
    if let Some(pending) = known.pending {
        let happened = match pending {
            Pending::Create => stored.is_some(),
            Pending::Erase => stored.is_none(),
            Pending::Update { .. } | Pending::Delete | Pending::Restore => {
                let found = stored.ok_or("is gone although it was only being changed")?.version;
                if found != known.version && found != known.version + 1 {
                    return Err(format!("has version {found}"));
                }
                found == known.version + 1
            }
        };
        if happened {
            known.happened(stored.map_or(0, |contact| contact.version));
            known.id = known.id.or(stored.map(|contact| contact.id));
        }
        known.pending = None;
    }
    let is_listed = live[&organization].contains_key(marker);
    match (known.state, stored) {
        (State::Absent | State::Erased, None) if !is_listed => Ok(()),
        (State::Live | State::Deleted, Some(contact)) => {
            if contact.version != known.version {
                return Err(format!("has version {}", contact.version));
            }
            if contact.is_deleted() != (known.state == State::Deleted)
                || is_listed == contact.is_deleted()
            {
                return Err(format!("deleted_at is {:?}", contact.deleted_at));
            }
            if let Some(difference) = content(marker, known.revision).differs(contact) {
                return Err(difference);
            }
            match &known.digest {
                Some(acknowledged) if *acknowledged != digest(contact) => {
                    Err(format!("differs from what was acknowledged: {contact:?}"))
                }
                _ => Ok(()),
            }
        }
        (state, found) => Err(format!("{state:?}, but found {:?}", found.map(|c| c.version))),
    }
}

/// Searches and looks up a sample, and compares with what the records themselves say.
fn searches_agree(
    app: &App,
    organization: OrgNumber,
    live: &Live,
    rng: &mut StdRng,
) -> Result<(), String> {
    let caller = caller(organization);
    let search = |q: String| -> Result<(BTreeSet<ContactId>, usize), String> {
        let mut found = BTreeSet::new();
        let mut cursor = None;
        loop {
            let request = SearchRequest {
                query: q.as_str().into(),
                per_page: Some(1_000),
                cursor: cursor.take(),
                refresh: Refresh::Wait,
                ..SearchRequest::default()
            };
            let answer = app.search_contacts(&caller, &request).map_err(|e| e.to_string())?;
            if answer.stale {
                return Err(format!("{q:?}: the index does not catch up"));
            }
            found.extend(answer.contacts.iter().map(|(contact, _)| contact.id));
            match answer.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok((found, answer.total)),
            }
        }
    };
    let compare = |q: &str, fits: &dyn Fn(&Contact) -> bool| -> Result<(), String> {
        let expected: BTreeSet<ContactId> =
            live.values().filter(|c| fits(c)).map(|c| c.id).collect();
        let (found, total) = search(q.to_owned())?;
        if found != expected || total != expected.len() {
            let missing: Vec<_> = expected.difference(&found).collect();
            let extra: Vec<_> = found.difference(&expected).collect();
            return Err(format!(
                "organisation {}: search {q:?} gives {} (total {total}) instead of {}: missing {missing:?}, too many {extra:?}",
                organization.0,
                found.len(),
                expected.len(),
            ));
        }
        Ok(())
    };
    compare("", &|_| true)?;
    let all: Vec<&Contact> = live.values().filter(|c| !c.phones.is_empty()).collect();
    for _ in 0..SAMPLE.min(all.len()) {
        let contact = all[rng.random_range(0..all.len())];
        let asked: Vec<String> = words(&contact.display_name).into_iter().map(|w| w.text).collect();
        compare(&format!("name:\"{}\"", contact.display_name), &|c| {
            let there = words(&c.display_name);
            asked.iter().all(|word| there.iter().any(|w| w.text == *word))
        })?;
        let phone = &contact.phones[0];
        let digits = phone.digits();
        let length = rng.random_range(3..=8);
        let at = rng.random_range(0..=digits.len() - length);
        let infix = &digits[at..at + length];
        // A zero in front may be a trunk prefix and then stands for two queries.
        if !infix.starts_with('0') {
            compare(infix, &|c| c.phones.iter().any(|p| p.digits().contains(infix)))?;
        }
        let answer = app
            .lookup_number(&caller, &phone.number, None, Some(100))
            .map_err(|e| e.to_string())?;
        let found: BTreeSet<ContactId> = answer
            .results
            .iter()
            .filter(|result| result.rule == Rule::Exact)
            .map(|result| result.contact.id)
            .collect();
        let expected: BTreeSet<ContactId> = live
            .values()
            .filter(|c| c.phones.iter().any(|p| p.number == phone.number))
            .map(|c| c.id)
            .collect();
        if found != expected {
            return Err(format!("lookup {}: {found:?} instead of {expected:?}", phone.number));
        }
    }
    Ok(())
}
