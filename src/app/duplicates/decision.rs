//! What persons decide about pairs: different people, or later; remembered for ever.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::error::Error;
use super::super::{App, Cancel, authorize};
use crate::dedupe::Apart;
use crate::domain::access::{Caller, FieldRight, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::draft::Patch;
use crate::domain::duplicates::{Decision, Verdict};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::members::ObjectReader;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, codec, keys};

/// Contacts that can be told apart at once.
const MOST_IDS: usize = 50;
/// Decisions on a page.
const MOST_PER_PAGE: usize = 1_000;

/// A decision as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionView {
    /// The two contacts.
    pub ids: [Uuid; 2],
    /// `not_duplicate`, `later` or `same`.
    pub verdict: &'static str,
    /// When it was made.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Until when the pair is put aside.
    pub until: Option<Timestamp>,
    /// How likely the pair was then, 0 to 1.
    pub probability: Option<f64>,
}

fn view(one: ContactId, other: ContactId, decision: &Decision) -> DecisionView {
    DecisionView {
        ids: [one.0, other.0],
        verdict: decision.verdict.as_str(),
        at: decision.at,
        by: decision.by.clone(),
        until: decision.until,
        probability: decision.probability,
    }
}

/// Reviewing takes the right to merge, and what is compared in full.
pub(super) fn authorize_review(caller: &Caller) -> Result<(), Error> {
    authorize(caller, Permission::Merge)?;
    if caller.fields.phones == FieldRight::Full && caller.fields.emails == FieldRight::Full {
        return Ok(());
    }
    Err(Error::DeniedOnRecord(
        "reviewing duplicates needs phone numbers and e-mail addresses in full, for they are what is compared",
    ))
}

/// What persons have decided, by the numbers of contacts.
#[derive(Default)]
pub(super) struct Decided {
    /// Pairs that are different people.
    pub(super) apart: Apart,
    /// Pairs that are put aside.
    pub(super) later: Apart,
    /// When the first of them comes back.
    pub(super) until: Option<Timestamp>,
}

/// Pairs of numbers as pairs of places in a list of numbers; those that are not in it left out.
pub(super) fn places_of(pairs: &Apart, numbers: &[u32]) -> Apart {
    if pairs.is_empty() {
        return Apart::new();
    }
    let places: HashMap<u32, u32> = numbers.iter().copied().zip(0..).collect();
    pairs
        .iter()
        .filter_map(|(one, other)| Some((*places.get(one)?, *places.get(other)?)))
        .map(|(one, other)| (one.min(other), one.max(other)))
        .collect()
}

/// What a request decides.
struct DecisionRequest {
    ids: Vec<ContactId>,
    verdict: Verdict,
    until: Option<Timestamp>,
}

fn read_wish(body: &Value) -> Result<DecisionRequest, Error> {
    let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
    let ids = members.list("ids", "ids of contacts", MOST_IDS, |text| text.parse().ok());
    let verdict = members.parsed("verdict", "not_duplicate, later", |text| match text {
        "not_duplicate" => Some(Verdict::NotDuplicate),
        "later" => Some(Verdict::Later),
        _ => None,
    });
    let until =
        members.parsed("until", "times such as 2027-01-31T08:00:00Z", |text| text.parse().ok());
    let mut ids: Vec<ContactId> = ids.value().cloned().unwrap_or_default();
    let given = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if given < 2 || ids.len() < given {
        members.issue("ids", "too_few", "must be the ids of at least two different contacts");
    }
    let verdict = verdict.value().copied().unwrap_or(Verdict::NotDuplicate);
    if verdict != Verdict::Later && !matches!(until, Patch::Keep | Patch::Clear) {
        members.issue("until", "value", "is for pairs that are put aside: \"verdict\": \"later\"");
    }
    members.finish().map_err(Error::Invalid)?;
    Ok(DecisionRequest { ids, verdict, until: until.value().copied() })
}

fn pairs_of(ids: &[ContactId]) -> impl Iterator<Item = (ContactId, ContactId)> + '_ {
    ids.iter()
        .enumerate()
        .flat_map(|(at, one)| ids[at + 1..].iter().map(move |other| (*one, *other)))
}

impl App {
    /// Says of contacts that each is somebody else, or that they are to be looked at later. Saying
    /// it again changes nothing but the time.
    ///
    /// # Errors
    /// If the caller may not merge, does not see one of them, or the request does not fit.
    pub fn decide_duplicates(
        &self,
        caller: &Caller,
        body: &Value,
    ) -> Result<Vec<DecisionView>, Error> {
        authorize_review(caller)?;
        let wish = read_wish(body)?;
        for id in &wish.ids {
            self.live_contact(caller, *id)?;
        }
        let (org, now, by) = (caller.organization, self.partition.now(), caller.actor.to_string());
        let live = self.live_duplicates(org);
        self.ready_duplicates(&live, MOST_IDS)?;
        let mut decisions = Vec::new();
        for (one, other) in pairs_of(&wish.ids) {
            let probability = self.known_probability(&live, one, other)?;
            let (verdict, until, by) = (wish.verdict, wish.until, by.clone());
            decisions.push((
                one,
                other,
                Decision { verdict, at: now, by, until, probability, before: None },
            ));
        }
        let shown = decisions.iter().map(|(one, other, made)| view(*one, *other, made)).collect();
        self.partition.write::<_, Error>(org, caller, false, move |tx| {
            for (one, other, decision) in &decisions {
                let key = keys::decision(org, *one, *other);
                let before = tx.get(&key)?.map(|bytes| codec::decode::<Decision>(&bytes));
                let before = before.transpose().map_err(EngineError::from)?;
                let is_apart = before.is_some_and(|known| known.verdict == Verdict::NotDuplicate);
                if is_apart && decision.verdict == Verdict::Later {
                    // There is nothing left to decide.
                    continue;
                }
                tx.put(&key, codec::encode(decision).map_err(EngineError::from)?);
                tx.note(
                    AuditAction::DuplicateDecided,
                    one.0,
                    vec![
                        FieldChange::of("verdict", &None, &Some(decision.verdict.as_str())),
                        FieldChange::of("other", &None, &Some(other.0)),
                    ],
                );
            }
            Ok(())
        })?;
        self.duplicates.decided(org);
        Ok(shown)
    }

    /// Takes what was decided about two contacts back.
    ///
    /// # Errors
    /// If the caller may not merge, does not see both, or nothing was decided.
    pub fn withdraw_decision(&self, caller: &Caller, ids: &[String]) -> Result<(), Error> {
        authorize_review(caller)?;
        let parsed: Vec<ContactId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let (&[one, other], 2) = (parsed.as_slice(), ids.len()) else {
            return Err(Error::invalid("/ids", "value", "must be the ids of two contacts"));
        };
        if one == other {
            return Err(Error::invalid("/ids", "value", "must be two different contacts"));
        }
        for id in [one, other] {
            self.seen_contact(caller, id)?;
        }
        let org = caller.organization;
        self.partition.write(org, caller, false, move |tx| {
            let key = keys::decision(org, one, other);
            let Some(bytes) = tx.get(&key)? else {
                return Err(Rejected::By(Error::NotFound(super::super::error::Noun::Decision)));
            };
            let before: Decision = codec::decode(&bytes).map_err(EngineError::from)?;
            tx.delete(&key);
            tx.note(
                AuditAction::DuplicateDecided,
                one.0,
                vec![
                    FieldChange::of("verdict", &Some(before.verdict.as_str()), &None),
                    FieldChange::of("other", &Some(other.0), &None),
                ],
            );
            Ok(())
        })?;
        self.duplicates.decided(org);
        Ok(())
    }

    /// The decisions about contacts that the caller sees, the newest first, at most `most`, and how
    /// many there are in all.
    ///
    /// Cost: reads all decisions of the organisation.
    ///
    /// # Errors
    /// If the caller may not merge.
    pub fn list_decisions(
        &self,
        caller: &Caller,
        most: usize,
        cancel: &Cancel,
    ) -> Result<(usize, Vec<DecisionView>), Error> {
        authorize_review(caller)?;
        let mut found: Vec<DecisionView> = Vec::new();
        for (one, other, decision) in self.decisions(caller.organization)? {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled.into());
            }
            let sees = |id| -> Result<bool, Error> {
                let contact = self.partition.contact(caller.organization, id)?;
                Ok(contact.is_some_and(|contact| caller.sees(&contact)))
            };
            if sees(one)? && sees(other)? {
                found.push(view(one, other, &decision));
            }
        }
        found.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.ids.cmp(&other.ids)));
        let total = found.len();
        found.truncate(most.min(MOST_PER_PAGE));
        Ok((total, found))
    }

    /// All decisions of an organisation.
    pub(super) fn decisions(
        &self,
        org: OrgNumber,
    ) -> Result<Vec<(ContactId, ContactId, Decision)>, Error> {
        let mut all = Vec::new();
        for entry in self.partition.scan(&keys::space_of(keys::DECISIONS, org)) {
            let (key, value) = entry?;
            if let Some((_, one, other)) = keys::parse_decision(&key) {
                all.push((one, other, codec::decode(value.as_ref()).map_err(EngineError::from)?));
            }
        }
        Ok(all)
    }

    /// The pairs that persons have told apart, and those that they have put aside, by the numbers
    /// of their contacts; of a contact that was merged the one that it went into.
    pub(super) fn decided_numbers(&self, org: OrgNumber) -> Result<Decided, Error> {
        let now = self.partition.now();
        let mut decided = Decided::default();
        let mut numbers: HashMap<ContactId, Option<u32>> = HashMap::new();
        let mut number = |id: ContactId| -> Result<Option<u32>, Error> {
            if let Some(known) = numbers.get(&id) {
                return Ok(*known);
            }
            let found = self.surviving(org, id)?;
            numbers.insert(id, found);
            Ok(found)
        };
        for (one, other, decision) in self.decisions(org)? {
            if decision.verdict == Verdict::Same || !decision.hides(now) {
                continue;
            }
            let (Some(one), Some(other)) = (number(one)?, number(other)?) else { continue };
            if one == other {
                continue;
            }
            let pair = (one.min(other), one.max(other));
            if decision.verdict == Verdict::Later {
                decided.later.insert(pair);
                decided.until = decided.until.into_iter().chain(decision.until).min();
            } else {
                decided.apart.insert(pair);
            }
        }
        Ok(decided)
    }

    /// The number of a contact, or of the one that it was merged into.
    fn surviving(&self, org: OrgNumber, id: ContactId) -> Result<Option<u32>, Error> {
        let id = self.survivor(org, id)?;
        Ok(self.partition.contact(org, id)?.map(|contact| contact.number.0))
    }

    /// What a merge says about its pairs: they were the same person, and how likely that had been.
    pub(in crate::app) fn merge_decisions(
        &self,
        caller: &Caller,
        primary: ContactId,
        others: &[ContactId],
    ) -> Result<Vec<(ContactId, Decision)>, Error> {
        let live = self.live_duplicates(caller.organization);
        let decide = |other: &ContactId| {
            let decision = Decision {
                verdict: Verdict::Same,
                at: self.partition.now(),
                by: caller.actor.to_string(),
                until: None,
                probability: self.known_probability(&live, primary, *other)?,
                before: None,
            };
            Ok((*other, decision))
        };
        others.iter().map(decide).collect()
    }
}
