//! The ledgers of consent: appended inside writes, also where a contact's `opt_in` changes, read and
//! verified.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::check::CheckReport;
use super::error::Error;
use super::partition::Partition;
use super::tx::Tx;
use crate::domain::audit::is_import;
use crate::domain::consent::{
    ALL_CHANNELS, ConsentEntry, ConsentFacts, ConsentState, MARKETING, status_of,
};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::time::Timestamp;
use crate::store::{codec, keys};

/// How a ledger that was tampered with is put right.
const RESTORE: &str = "ringdex restore SOURCE";

impl Tx<'_> {
    /// Appends what somebody agreed to or refused to the ledger of a contact as it is now.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn append_consent(
        &mut self,
        org: OrgNumber,
        contact: Contact,
        said: (ConsentState, Option<Value>),
        at: Timestamp,
        actor: &str,
    ) -> Result<ConsentEntry, Error> {
        let (state, evidence) = said;
        let mut facts = contact.facts.clone();
        let entry = ConsentEntry {
            seq: facts.consent.seq + 1,
            id: Uuid::now_v7(),
            state,
            evidence,
            recorded_at: at,
            recorded_by: actor.to_owned(),
            previous: facts.consent.hash.clone(),
        };
        self.put(&keys::consent(org, contact.id, entry.seq), codec::encode(&entry)?);
        facts.consent.take(&entry);
        self.consents.insert(contact.id);
        self.put_facts(org, contact, facts)?;
        Ok(entry)
    }

    /// Keeps in the ledger that `opt_in` of a contact has changed, unless this write has done that.
    pub(super) fn follow_opt_in(
        &mut self,
        org: OrgNumber,
        was: Option<bool>,
        after: &Contact,
    ) -> Result<(), Error> {
        if was == after.opt_in || self.consents.contains(&after.id) {
            return Ok(());
        }
        let actor = after.updated_by.clone().unwrap_or_default();
        let is_by_import = is_import(&actor);
        let state = ConsentState {
            purpose: MARKETING.to_owned(),
            channel: ALL_CHANNELS.to_owned(),
            status: status_of(after.opt_in).to_owned(),
            kind: Some(if is_by_import { "imported" } else { "explicit" }.to_owned()),
            date: after.updated_at,
            source: Some(if is_by_import { "import" } else { "opt_in" }.to_owned()),
            basis: None,
            has_evidence: false,
        };
        let Some(stored) = self.contact(org, after.id)? else { return Ok(()) };
        self.append_consent(org, stored, (state, None), after.updated_at, &actor)?;
        // A later change of the same write is news again.
        self.consents.remove(&after.id);
        Ok(())
    }

    /// Says of every channel what is said of marketing anew, if it is not so on one of them; whether
    /// it was.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn restate_opt_in(
        &mut self,
        org: OrgNumber,
        contact: Contact,
        opt_in: bool,
        at: Timestamp,
        actor: &str,
    ) -> Result<bool, Error> {
        let status = status_of(Some(opt_in));
        let known = &contact.facts.consent;
        let of_marketing = known.states.iter().filter(|state| state.purpose == MARKETING);
        let mut held = of_marketing.map(|state| known.on_channel(MARKETING, &state.channel));
        if held.all(|state| state.is_none_or(|state| state.status == status)) {
            return Ok(false);
        }
        let state = ConsentState {
            purpose: MARKETING.to_owned(),
            channel: ALL_CHANNELS.to_owned(),
            status: status.to_owned(),
            kind: Some("explicit".to_owned()),
            date: at,
            source: Some("opt_in".to_owned()),
            basis: None,
            has_evidence: false,
        };
        self.append_consent(org, contact, (state, None), at, actor)?;
        Ok(true)
    }

    /// Says in the ledger of the contact that stays what one that is merged into it has said: a
    /// refusal of either wins, by purpose and channel.
    pub(super) fn carry_consent(
        &mut self,
        org: OrgNumber,
        merged: &Contact,
        into: ContactId,
    ) -> Result<(), Error> {
        let actor = merged.updated_by.clone().unwrap_or_default();
        let refusal = status_of(Some(false));
        for state in &merged.facts.consent.states {
            let Some(stored) = self.contact(org, into)? else { return Ok(()) };
            // Nothing is to be made of the union of both afterwards.
            self.consents.insert(into);
            let known = stored.facts.consent.on_channel(&state.purpose, &state.channel);
            if known.is_some_and(|known| known.status == refusal || known.status == state.status) {
                continue;
            }
            let carried = ConsentState {
                source: Some("merge".to_owned()),
                has_evidence: false,
                ..state.clone()
            };
            self.append_consent(org, stored, (carried, None), merged.updated_at, &actor)?;
        }
        Ok(())
    }

    /// Removes the ledger of a contact that is deleted for good.
    pub(super) fn erase_consents(&mut self, org: OrgNumber, id: ContactId) -> Result<(), Error> {
        for key in self.scan(&keys::consents_of(org, id))?.into_keys() {
            self.delete(&key);
        }
        Ok(())
    }
}

impl Partition {
    /// The ledger of a contact, the oldest entry first.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn consents(&self, org: OrgNumber, id: ContactId) -> Result<Vec<ConsentEntry>, Error> {
        let prefix = keys::consents_of(org, id);
        let entries = self.scan(&prefix);
        entries.map(|entry| Ok(codec::decode(&entry?.1)?)).collect()
    }

    /// Names ledgers whose chain is broken, or that say something else than their contacts.
    pub(super) fn check_consents(&self, report: &mut CheckReport) -> Result<(), Error> {
        // What is appended meanwhile would be seen on one side only.
        let pause = self.pause_writes()?;
        let mut ledgers: HashMap<(OrgNumber, ContactId), ConsentFacts> = HashMap::new();
        for entry in self.store().scan_prefix(&[keys::CONSENTS]) {
            let (key, value) = entry?;
            let Some((org, id, seq)) = keys::parse_consent(&key) else { continue };
            let known = ledgers.entry((org, id)).or_default();
            let follows = match codec::decode::<ConsentEntry>(&value) {
                Ok(entry) => {
                    let follows =
                        entry.seq == seq && seq == known.seq + 1 && entry.previous == known.hash;
                    known.take(&entry);
                    follows
                }
                Err(_) => false,
            };
            if !follows {
                let detail = format!(
                    "entry {seq} of the consents of contact {id} is not the one that was written"
                );
                report.add("store", detail, RESTORE);
            }
        }
        for ((org, id), ledger) in &ledgers {
            let contact = self.contact(*org, *id)?;
            if contact.is_none_or(|contact| contact.facts.consent != *ledger) {
                let detail = format!("contact {id} has another consent than its ledger");
                report.add("store", detail, RESTORE);
            }
        }
        drop(pause);
        Ok(())
    }
}
