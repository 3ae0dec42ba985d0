//! The facts of contacts worked out from all records, to verify those that are stored.

use std::collections::{HashMap, HashSet};

use super::check::CheckReport;
use super::error::Error;
use super::partition::Partition;
use super::records::keys_of;
use super::tx::Tx;
use uuid::Uuid;

use crate::domain::contact::Contact;
use crate::domain::facts::Facts;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::record::{Record, kind_by_number};
use crate::store::{codec, keys};

/// How facts that are wrong are put right.
const RECOUNT: &str = "ringdex reindex";

/// Facts by contact.
pub(super) type FactsByContact = HashMap<(OrgNumber, ContactId), Facts>;

impl Partition {
    /// What follows for contacts from the records of an organisation, or of all. Cost: reads all
    /// records; memory is that of the facts of the contacts that have some.
    pub(super) fn expected_facts(&self, org: Option<OrgNumber>) -> Result<FactsByContact, Error> {
        let mut expected = FactsByContact::new();
        let prefix = match org {
            Some(org) => keys::space_of(keys::RECORDS, org).to_vec(),
            None => vec![keys::RECORDS],
        };
        for entry in self.store().scan_prefix(&prefix) {
            let (key, value) = entry?;
            let kind = key.get(5).and_then(|number| kind_by_number(*number));
            // What cannot be read is named where records are verified.
            let (Some(kind), Ok(record)) = (kind, codec::decode::<Record>(&value)) else {
                continue;
            };
            if record.head.deleted_at.is_some() {
                continue;
            }
            let adds = kind.facts(&record);
            let (mut at, mut seen) = (record.contact().map(ContactId), HashSet::new());
            while let Some(id) = at.filter(|id| seen.insert(*id)) {
                let Some(contact) = self.contact(record.head.organization, id)? else { break };
                let facts = expected.entry((record.head.organization, id)).or_default();
                facts.counts.add(&adds.counts, true);
                facts.take_latest(adds.call.as_ref(), adds.activity_at);
                at = contact.merged_into;
            }
        }
        Ok(expected)
    }

    /// Names contacts of which the facts are not what their records say.
    pub(super) fn check_facts(
        &self,
        suspects: &HashSet<(OrgNumber, ContactId)>,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        if suspects.is_empty() {
            return Ok(());
        }
        // A record that is written meanwhile would be counted on one side only.
        let pause = self.pause_writes()?;
        let expected = self.expected_facts(None)?;
        for (org, id) in suspects {
            let Some(contact) = self.contact(*org, *id)? else { continue };
            if !self.is_company_linked(*org, &contact)? {
                report.add("store", format!("contact {id} is not linked to its company"), RECOUNT);
            }
            let expected = expected.get(&(*org, *id)).cloned().unwrap_or_default();
            if !contact.facts.says_the_same(&expected.with_own_of(&contact.facts)) {
                let detail = format!("contact {id} has other facts than its records give");
                report.add("store", detail, RECOUNT);
            }
        }
        drop(pause);
        Ok(())
    }

    /// The records of an organisation, by number of kind and id, of which a key is missing by which
    /// they are found: earlier versions knew fewer.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn records_with_missing_keys(&self, org: OrgNumber) -> Result<Vec<(u8, Uuid)>, Error> {
        let secret = self.known_secret(org)?;
        let mut missing = Vec::new();
        for entry in self.store().scan_prefix(&keys::space_of(keys::RECORDS, org)) {
            let (key, value) = entry?;
            let kind = key.get(5).and_then(|number| kind_by_number(*number));
            let (Some(kind), Ok(record)) = (kind, codec::decode::<Record>(&value)) else {
                continue;
            };
            for (key, _) in keys_of(secret.as_ref(), kind, &record) {
                if self.get(&key)?.is_none() {
                    missing.push((kind.info().number, record.head.id));
                    break;
                }
            }
        }
        Ok(missing)
    }

    /// The contacts of an organisation of which the facts are not what their records say.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn contacts_with_wrong_facts(&self, org: OrgNumber) -> Result<Vec<ContactId>, Error> {
        let mut expected = self.expected_facts(Some(org))?;
        let mut wrong = Vec::new();
        for entry in self.store().scan_prefix(&keys::contacts_of(org)) {
            let contact: Contact = codec::decode(&entry?.1)?;
            let facts = expected.remove(&(org, contact.id)).unwrap_or_default();
            if !contact.facts.says_the_same(&facts.with_own_of(&contact.facts))
                || !self.is_company_linked(org, &contact)?
            {
                wrong.push(contact.id);
            }
        }
        Ok(wrong)
    }
}

impl Tx<'_> {
    /// Writes the keys anew by which a record is found.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn find_record_again(&mut self, org: OrgNumber, kind: u8, id: Uuid) -> Result<(), Error> {
        let Some(record) = self.record(org, kind, id)? else { return Ok(()) };
        let Some(kind) = kind_by_number(kind) else { return Ok(()) };
        let secret = self.secret(org)?;
        for (key, value) in keys_of(Some(&secret), kind, &record) {
            self.put(&key, value);
        }
        Ok(())
    }

    /// Works the facts of a contact out anew from the records about it and about what was merged
    /// into it. Cost: reads all of them.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn recount_facts(&mut self, org: OrgNumber, id: ContactId) -> Result<(), Error> {
        let Some(contact) = self.contact(org, id)? else { return Ok(()) };
        self.link_company_again(org, &contact);
        let known = &contact.facts;
        let mut facts = Facts { revision: known.revision, ..Facts::default() }.with_own_of(known);
        let read = |id| self.contact(org, id);
        for one in super::facts::all_that_are(&read, &|id| self.merge(org, id), id)? {
            for (kind, record) in self.records_about(org, one)? {
                if record.head.deleted_at.is_none() {
                    let adds = kind.facts(&record);
                    facts.counts.add(&adds.counts, true);
                    facts.take_latest(adds.call.as_ref(), adds.activity_at);
                }
            }
        }
        self.put_facts(org, contact, facts)
    }
}
