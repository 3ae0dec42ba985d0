//! Who looks like somebody that is known already: shared numbers and addresses.
//!
//! Where an organisation wants every number only once this refuses the second; elsewhere it names
//! the others. The thorough search for duplicates is another thing.

use std::sync::Arc;

use serde::Serialize;

use super::App;
use super::error::Error;
use crate::domain::access::{Caller, FieldRight};
use crate::domain::contact::{Contact, Email};
use crate::domain::draft::Draft;
use crate::domain::email;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::phone::{Phone, parse_query};
use crate::domain::text::fold;
use crate::engine::lookup::{IdentityKind, Rule};

/// Most likely duplicates that an answer names.
const MOST_DUPLICATES: usize = 5;
/// A reason that has to be verified with the record.
const SAME_EMAIL: &str = "same e-mail address";

/// A contact that may be the same person as the one that was created.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LikelyDuplicate {
    /// The other contact.
    pub id: uuid::Uuid,
    /// Its name.
    pub display_name: String,
    /// How likely it is the same person, 0 to 1; a rough figure from shared numbers, addresses
    /// and names.
    pub probability: f64,
    /// What they have in common.
    pub why: Vec<String>,
}

impl App {
    /// Refuses numbers that a contact other than this one has. Only contacts that the caller sees
    /// count: a refusal would tell of the others.
    pub(super) fn refuse_known_numbers<'a>(
        &self,
        caller: &Caller,
        own: Option<ContactId>,
        phones: impl IntoIterator<Item = &'a Phone>,
    ) -> Result<(), Error> {
        let org = caller.organization;
        let mut known: Vec<LikelyDuplicate> = Vec::new();
        for phone in phones {
            let query = parse_query(&phone.number, None);
            for candidate in self.partition.table().find(org, &query, &caller.sight).candidates {
                if !matches!(candidate.rule, Rule::Exact | Rule::National | Rule::Extension) {
                    continue;
                }
                let contact = self.partition.contact_by_number(org, candidate.number)?;
                let contact = contact.filter(|contact| caller.sees(contact));
                if let Some(contact) = contact.filter(|contact| Some(contact.id) != own)
                    && known.iter().all(|known| known.id != contact.id.0)
                {
                    known.push(LikelyDuplicate {
                        id: contact.id.0,
                        display_name: caller.shown(contact).display_name.clone(),
                        probability: 1.0,
                        why: vec!["same phone number".to_owned()],
                    });
                }
                if known.len() >= MOST_DUPLICATES {
                    break;
                }
            }
        }
        if known.is_empty() { Ok(()) } else { Err(Error::PhoneInUse(known)) }
    }

    /// Contacts that share a number or an address with one. A cheap first estimate: a shared
    /// number alone is weak, since households and switchboards share them; with the same name
    /// it is strong.
    pub(super) fn likely_duplicates(
        &self,
        caller: &Caller,
        contact: &Contact,
    ) -> Result<Vec<LikelyDuplicate>, Error> {
        let org = caller.organization;
        let table = self.partition.table();
        let mut reasons: Vec<(ContactNumber, &'static str)> = Vec::new();
        let sees_phones = caller.fields.phones == FieldRight::Full;
        for phone in contact.phones.iter().filter(|_| sees_phones) {
            let query = parse_query(&phone.number, None);
            let found = table.find(org, &query, &caller.sight).candidates;
            let strong = found.iter().filter(|c| c.rule != Rule::Suffix).take(50);
            reasons.extend(strong.map(|c| (c.number, "same phone number")));
        }
        // Addresses that the caller may not see are no reason that it may read.
        let sees_emails = caller.fields.emails == FieldRight::Full;
        for address in contact.emails.iter().filter(|_| sees_emails) {
            let found = table.find_identity(org, IdentityKind::Email, &address.address);
            reasons.extend(found.into_iter().take(50).map(|(n, _)| (n, SAME_EMAIL)));
        }
        reasons.retain(|(number, _)| *number != contact.number);
        reasons.sort_unstable();
        reasons.dedup();
        let mut likely: Vec<LikelyDuplicate> = Vec::new();
        for group in reasons.chunk_by(|a, b| a.0 == b.0) {
            let other = self.partition.contact_by_number(org, group[0].0)?;
            let Some(other) = other.filter(|other| caller.sees(other)) else { continue };
            // The table knows addresses by their hashes only.
            let has_address = |address: &Email| {
                other.emails.iter().any(|e| email::key(&e.address) == email::key(&address.address))
            };
            let mut why: Vec<String> = group
                .iter()
                .filter(|(_, why)| *why != SAME_EMAIL || contact.emails.iter().any(has_address))
                .map(|(_, why)| (*why).to_owned())
                .collect();
            if why.is_empty() {
                continue;
            }
            // A name may be an address or number that is not for the caller's eyes.
            let shown = caller.shown(Arc::clone(&other));
            let same_name = shown.display_name == other.display_name
                && fold(&other.display_name) == fold(&contact.display_name);
            let same_first = match (&other.first_name, &contact.first_name) {
                (Some(a), Some(b)) => fold(a) == fold(b),
                _ => false,
            };
            let probability = match (same_name, same_first, why.len()) {
                (true, _, _) => 0.98,
                (false, true, _) => 0.8,
                (false, false, 1) => 0.4,
                (false, false, _) => 0.7,
            };
            if same_name {
                why.push("same name".to_owned());
            }
            likely.push(LikelyDuplicate {
                id: other.id.0,
                display_name: shown.display_name.clone(),
                probability,
                why,
            });
        }
        likely.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        likely.truncate(MOST_DUPLICATES);
        Ok(likely)
    }
}

/// The numbers that a draft brings.
pub(super) fn phones_of(draft: &Draft) -> impl Iterator<Item = &Phone> {
    draft
        .phones
        .value()
        .into_iter()
        .flatten()
        .chain(draft.phone.value())
        .chain(draft.mobile.value())
        .chain(&draft.add_phones)
}
