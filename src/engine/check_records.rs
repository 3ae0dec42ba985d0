//! Records of all kinds verified: readable, under their own key, and linked to their contact.

use std::collections::{HashMap, HashSet};

use super::check::{CheckReport, RESTORE};
use super::error::Error;
use super::partition::Partition;
use super::pseudonyms::Secret;
use super::records::keys_of;
use crate::domain::ids::OrgNumber;
use crate::domain::record::{Record, kind_by_number};
use crate::store::{codec, keys};

impl Partition {
    /// Verifies records and links against each other. Cost: reads both spaces once; memory is that
    /// of the keys of links.
    pub(super) fn check_records(
        &self,
        organizations: &HashSet<u32>,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        if self.troubles_of_records(organizations)?.is_empty() {
            return Ok(());
        }
        // One that is changed meanwhile could have two links.
        let pause = self.pause_writes()?;
        for trouble in self.troubles_of_records(organizations)? {
            report.add("store", trouble, RESTORE);
        }
        drop(pause);
        Ok(())
    }

    fn troubles_of_records(&self, organizations: &HashSet<u32>) -> Result<Vec<String>, Error> {
        let mut troubles = Vec::new();
        let mut links: HashSet<Vec<u8>> = HashSet::new();
        for space in [keys::LINKS, keys::NAMES] {
            for entry in self.store().scan_prefix(&[space]) {
                links.insert(entry?.0.to_vec());
            }
        }
        let mut of_companies = Vec::new();
        for key in &links {
            if keys::parse_link(key).is_some_and(|(_, _, number, _)| number == 0)
                && self.leads_to_contact(key)?
            {
                of_companies.push(key.clone());
            }
        }
        for key in of_companies {
            links.remove(&key);
        }
        let mut secrets: HashMap<OrgNumber, Option<Secret>> = HashMap::new();
        for entry in self.store().scan_prefix(&[keys::RECORDS]) {
            let (key, value) = entry?;
            let name = keys::name(&key).unwrap_or_else(|| "record".to_owned());
            let kind = key.get(5).and_then(|number| kind_by_number(*number));
            let (Some(kind), Ok(record)) = (kind, codec::decode::<Record>(&value)) else {
                troubles.push(format!("{name} cannot be read"));
                continue;
            };
            let head = &record.head;
            if *key != keys::record(head.organization, kind.info().number, head.id) {
                troubles.push(format!("{name} is under the key of another"));
            }
            if !organizations.contains(&head.organization.0) {
                troubles.push(format!("{name} belongs to no organisation"));
            }
            let secret = if let Some(known) = secrets.get(&head.organization) {
                *known
            } else {
                let known = self.known_secret(head.organization)?;
                *secrets.entry(head.organization).or_insert(known)
            };
            for (key, _) in keys_of(secret.as_ref(), kind, &record) {
                if !links.remove(&key) {
                    troubles.push(format!("{name} is not linked to its contact"));
                }
            }
        }
        troubles.extend(links.iter().map(|key| match keys::parse_link(key) {
            Some((_, contact, _, id)) => {
                format!("contact {contact} is linked to {id}, which is not about it")
            }
            None => format!("what has the key {key:?} is called so no more"),
        }));
        Ok(troubles)
    }
}
