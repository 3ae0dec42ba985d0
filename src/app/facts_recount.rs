//! Working out the facts of contacts once, for organisations that had records before there were
//! facts, or whose facts follow from records by earlier rules.

use std::sync::Arc;

use super::App;
use super::error::Error;
use crate::domain::access::Organization;
use crate::domain::facts;
use crate::domain::ids::OrgNumber;
use crate::engine::{Error as EngineError, Origin, codec, keys};

/// Contacts whose facts are worked out in one write.
const WRITE_CONTACTS: usize = 100;
/// Who does it, in the journal.
const ACTOR: &str = "ringdex (facts worked out)";

impl App {
    /// Works out what is missing before anything is served. Where organisations keep facts already
    /// this costs a look at each.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn work_out_missing_facts(self: &Arc<Self>) -> Result<(), Error> {
        for organization in self.access().organizations() {
            if organization.facts_rules < facts::RULES {
                self.recount_facts(organization.number)?;
            }
        }
        Ok(())
    }

    /// Puts the facts of all contacts of an organisation right; how many were wrong.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn recount_facts(&self, org: OrgNumber) -> Result<usize, Error> {
        let origin = Origin::from(ACTOR);
        for chunk in self.partition.records_with_missing_keys(org)?.chunks(WRITE_CONTACTS) {
            let chunk = chunk.to_vec();
            self.partition.write::<_, Error>(org, origin.clone(), false, move |tx| {
                for (kind, id) in &chunk {
                    tx.find_record_again(org, *kind, *id)?;
                }
                Ok(())
            })?;
        }
        let wrong = self.partition.contacts_with_wrong_facts(org)?;
        for chunk in wrong.chunks(WRITE_CONTACTS) {
            let chunk = chunk.to_vec();
            self.partition.write::<_, Error>(org, origin.clone(), false, move |tx| {
                for id in &chunk {
                    tx.recount_facts(org, *id)?;
                }
                Ok(())
            })?;
        }
        self.partition.write::<_, Error>(org, origin, false, move |tx| {
            let key = keys::organization(org);
            let Some(bytes) = tx.get(&key)? else { return Ok(()) };
            let mut organization: Organization =
                codec::decode(&bytes).map_err(EngineError::from)?;
            if organization.facts_rules < facts::RULES {
                organization.facts_rules = facts::RULES;
                tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
            }
            Ok(())
        })?;
        Ok(wrong.len())
    }
}
