//! Scores of contacts, kept up by every write that changes what they follow from.

use std::fmt::Debug;

use super::error::Error;
use super::tx::Tx;
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::lead_score::LeadScore;
use crate::domain::time::Timestamp;

/// Works out scores by the rules of organisations.
pub trait Scorer: Debug + Send + Sync {
    /// The score of a contact; none where its organisation has no rules.
    fn score(&self, org: OrgNumber, contact: &Contact, now: Timestamp) -> Option<LeadScore>;
}

impl Tx<'_> {
    /// Gives a contact that is about to be stored the score that it has now.
    pub(super) fn put_score(&self, org: OrgNumber, contact: &mut Contact) {
        if let Some(scorer) = self.scorer {
            contact.facts.lead_score = scorer.score(org, contact, self.now);
        }
    }

    /// Stores a contact with the score that it has now; whether it is another one.
    ///
    /// # Errors
    /// If it cannot be read or encoded.
    pub fn score_again(&mut self, org: OrgNumber, id: ContactId) -> Result<bool, Error> {
        let Some(contact) = self.contact(org, id)? else { return Ok(false) };
        let mut facts = contact.facts.clone();
        facts.lead_score = self.scorer.and_then(|scorer| scorer.score(org, &contact, self.now));
        let is_changed = facts.lead_score != contact.facts.lead_score;
        self.put_facts(org, contact, facts)?;
        Ok(is_changed)
    }
}
