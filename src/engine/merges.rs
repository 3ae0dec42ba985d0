//! Records of merges: read and written inside a write, listed, and verified against contacts.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::check::{CheckReport, RESTORE};
use super::error::Error;
use super::partition::Partition;
use super::tx::{Tx, signed};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::merge::MergeRecord;
use crate::store::{codec, keys};

impl Tx<'_> {
    /// Reads the record of a merge.
    pub fn merge(&self, org: OrgNumber, id: Uuid) -> Result<Option<MergeRecord>, Error> {
        match self.get(&keys::merge(org, id))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// Writes the record of a merge. What it takes counts as what its organisation keeps.
    pub fn put_merge(&mut self, record: &MergeRecord) -> Result<(), Error> {
        let key = keys::merge(record.organization, record.id);
        let before = self.get(&key)?.map_or(0, |bytes| bytes.len());
        let bytes = codec::encode(record)?;
        self.count(record.organization, 0, signed(bytes.len()) - signed(before));
        self.put(&key, bytes);
        Ok(())
    }
}

impl Partition {
    /// Reads the record of a merge.
    pub fn merge(&self, org: OrgNumber, id: Uuid) -> Result<Option<MergeRecord>, Error> {
        match self.get(&keys::merge(org, id))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// Goes over the merges of an organisation, newest first, those before an id if one is given.
    pub fn merges_before(
        &self,
        org: OrgNumber,
        before: Option<Uuid>,
    ) -> impl Iterator<Item = Result<MergeRecord, Error>> {
        let from = keys::space_of(keys::MERGES, org);
        let to = keys::merge(org, before.unwrap_or(Uuid::max()));
        self.store().scan_range(&from, &to).rev().map(|entry| Ok(codec::decode(&entry?.1)?))
    }

    /// Reads what the records of merges ask of contacts.
    pub(super) fn merge_links(&self, organizations: &HashSet<u32>) -> Result<MergeLinks, Error> {
        let mut links = MergeLinks::default();
        for entry in self.store().scan_prefix(&[keys::MERGES]) {
            let (key, value) = entry?;
            let record = match codec::decode::<MergeRecord>(&value) {
                Ok(record) => record,
                Err(error) => {
                    links.troubles.push(format!("the merge under {key:?}: {error}"));
                    continue;
                }
            };
            let org = record.organization.0;
            if *key != keys::merge(record.organization, record.id) {
                links.troubles.push(format!("merge {} stands under another key", record.id));
            }
            if !organizations.contains(&org) {
                links.troubles.push(format!("merge {} belongs to no organisation", record.id));
            }
            if record.is_active() {
                links.standing.insert((org, record.primary, record.id));
                let link = (record.primary, record.id);
                links.asked.extend(record.present().map(|other| ((org, other), link)));
            }
        }
        Ok(links)
    }

    /// Says what is wrong with merges, after all contacts were looked at. A merge meanwhile could
    /// be seen in one place and not yet in the other: then all is looked at again at rest.
    pub(super) fn check_merges(
        &self,
        links: MergeLinks,
        organizations: &HashSet<u32>,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        if links.end().is_empty() {
            return Ok(());
        }
        let pause = self.pause_writes()?;
        let mut links = self.merge_links(organizations)?;
        for entry in self.store().scan_prefix(&[keys::CONTACTS]) {
            let (key, value) = entry?;
            // What cannot be read is told where contacts are verified.
            if let (Some((org, _)), Ok(contact)) =
                (keys::parse_contact(&key), codec::decode(&value))
            {
                links.see(org, &contact);
            }
        }
        for trouble in links.end() {
            report.add("store", trouble, RESTORE);
        }
        drop(pause);
        Ok(())
    }
}

/// Merges as their records tell of them, compared with contacts one by one: whoever was merged leads
/// to a contact that is there, and both sides say the same.
#[derive(Default)]
pub(super) struct MergeLinks {
    /// The links that records ask for and that have not been found yet.
    asked: HashMap<(u32, ContactId), (ContactId, Uuid)>,
    /// The merges that survivors must name and that have not been found yet.
    standing: HashSet<(u32, ContactId, Uuid)>,
    /// The links that were found.
    found: HashMap<(u32, ContactId), ContactId>,
    troubles: Vec<String>,
}

impl MergeLinks {
    /// Compares a contact.
    pub(super) fn see(&mut self, org: OrgNumber, contact: &Contact) {
        let id = contact.id;
        let link = contact.merged_into.zip(contact.merge_id);
        if self.asked.remove(&(org.0, id)) != link {
            self.troubles.push(format!("contact {id} and the record of its merge disagree"));
        }
        if let Some(into) = contact.merged_into {
            if !contact.is_deleted() {
                self.troubles.push(format!("contact {id} was merged and is still there"));
            }
            self.found.insert((org.0, id), into);
        }
        for merge in &contact.merges {
            if !self.standing.remove(&(org.0, id, *merge)) {
                let trouble = format!("contact {id} names merge {merge}, which does not stand");
                self.troubles.push(trouble);
            }
        }
    }

    /// Everything that is wrong, once all contacts were seen.
    ///
    /// That a link leads to a contact that is there follows from both sides agreeing, for the
    /// survivor names the merge; that links end is looked at here.
    fn end(self) -> Vec<String> {
        let Self { asked, standing, found, mut troubles } = self;
        let unfound = asked.keys().map(|(_, id)| id).chain(standing.iter().map(|(_, id, _)| id));
        troubles.extend(
            unfound.map(|id| format!("a merge names contact {id}, which does not know of it")),
        );
        for (org, id) in found.keys() {
            let (mut at, mut steps) = (*id, 0);
            while let Some(into) = found.get(&(*org, at)).filter(|_| steps <= found.len()) {
                (at, steps) = (*into, steps + 1);
            }
            if steps > found.len() {
                troubles.push(format!("contact {id} was merged in a circle"));
            }
        }
        troubles.sort_unstable();
        troubles
    }
}
