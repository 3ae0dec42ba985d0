//! Which contacts are linked to a company record.
//!
//! The link has the number 0 in the place of the kind: contacts are no records of a kind.

use uuid::Uuid;

use super::error::Error;
use super::partition::Partition;
use super::tx::Tx;
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::store::{codec, keys};

/// What stands in a link in the place of the number of a kind.
const CONTACT: u8 = 0;

/// The key that says that a contact belongs to a company.
fn key_of(org: OrgNumber, contact: &Contact) -> Option<[u8; 46]> {
    let company = contact.company_id.filter(|_| !contact.is_deleted())?;
    Some(keys::link(org, company, contact.created_at, CONTACT, contact.id.0))
}

impl Tx<'_> {
    /// Links a contact to its company, and to no other.
    pub(super) fn follow_company(
        &mut self,
        org: OrgNumber,
        before: Option<&Contact>,
        after: Option<&Contact>,
    ) {
        let was = before.and_then(|contact| key_of(org, contact));
        let is = after.and_then(|contact| key_of(org, contact));
        if was == is {
            return;
        }
        if let Some(was) = was {
            self.delete(&was);
        }
        if let Some(is) = is {
            self.put(&is, Vec::new());
        }
    }

    /// The ids of contacts that are linked to a company, at most so many.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn contacts_of_company(
        &self,
        org: OrgNumber,
        company: Uuid,
        most: usize,
    ) -> Result<Vec<ContactId>, Error> {
        let mut found = Vec::new();
        self.each_key_back(&keys::links_of(org, company), &mut |key| {
            if let Some((_, _, CONTACT, id)) = keys::parse_link(key) {
                found.push(ContactId(id));
            }
            Ok(found.len() < most)
        })?;
        Ok(found)
    }

    /// Writes the link of a contact to its company anew.
    pub(super) fn link_company_again(&mut self, org: OrgNumber, contact: &Contact) {
        if let Some(key) = key_of(org, contact) {
            self.put(&key, Vec::new());
        }
    }
}

impl Partition {
    /// Whether the link of a contact to its company is there; contacts without one need none.
    pub(super) fn is_company_linked(
        &self,
        org: OrgNumber,
        contact: &Contact,
    ) -> Result<bool, Error> {
        key_of(org, contact).map_or(Ok(true), |key| Ok(self.get(&key)?.is_some()))
    }

    /// Whether a link from a company leads to a contact that belongs to it.
    pub(super) fn leads_to_contact(&self, key: &[u8]) -> Result<bool, Error> {
        let Some((org, _, CONTACT, id)) = keys::parse_link(key) else { return Ok(false) };
        let Some(bytes) = self.get(&keys::contact(org, ContactId(id)))? else { return Ok(false) };
        let contact: Contact = codec::decode(&bytes)?;
        Ok(key_of(org, &contact).is_some_and(|own| own == *key))
    }
}
