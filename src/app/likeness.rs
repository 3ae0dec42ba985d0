//! Who looks like somebody that is known already: shared numbers and addresses.
//!
//! Where an organisation wants every number only once this refuses the second; elsewhere it names
//! who may be the same person, by the comparison of `duplicates`.

use serde::Serialize;

use super::App;
use super::duplicates::Subject;
use super::error::Error;
use crate::domain::access::Caller;
use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::ids::ContactId;
use crate::domain::phone::{Phone, parse_query};

/// Most likely duplicates that an answer names.
const MOST_DUPLICATES: usize = 5;

/// A contact that may be the same person as the one that was created.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LikelyDuplicate {
    /// The other contact.
    pub id: uuid::Uuid,
    /// Its name.
    pub display_name: String,
    /// How likely it is the same person, 0 to 1.
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
                if !candidate.rule.is_same_line() {
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

    /// Contacts that may be the same person as one that has just been created, the likeliest first:
    /// those that are worth a look, and those that have one of its numbers or addresses unless they
    /// are almost certainly somebody else.
    pub(super) fn likely_duplicates(
        &self,
        caller: &Caller,
        contact: &Contact,
    ) -> Result<Vec<LikelyDuplicate>, Error> {
        let subject = Subject { contact, own: Some(contact.number), names_holders: true };
        let found = self.likely_same(caller, &subject, None, MOST_DUPLICATES)?;
        let likely = found.into_iter().map(|found| LikelyDuplicate {
            id: found.contact.id.0,
            display_name: found.contact.display_name.clone(),
            probability: found.explanation.probability,
            why: found.explanation.agreements(),
        });
        Ok(likely.collect())
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
