//! Many contacts that come back from the trash in one write, so that a job of them can be undone.

use std::collections::HashMap;
use std::sync::Arc;

use super::App;
use super::bulk_actions::{Outcome, tell};
use super::bulk_resume::BulkCheckpoint;
use super::contacts::brought_back;
use super::error::Error;
use super::job_undo::next_entry;
use super::likeness::LikelyDuplicate;
use super::lookup_throttle::MOST as MOST_GUESSES;
use super::overtaken::until_first;
use crate::domain::access::{Caller, PhoneUniqueness};
use crate::domain::ids::ContactId;
use crate::engine::Rejected;

impl App {
    /// Brings contacts back, each unless somebody else has a number of it that must be unique. Also
    /// answers the entry of the audit log that says so.
    pub(super) fn restore_many(
        &self,
        caller: &Caller,
        ids: &[ContactId],
        checkpoint: Option<&BulkCheckpoint>,
    ) -> Result<(Vec<Outcome>, Option<u64>), Error> {
        until_first(|| self.restore_many_now(caller, ids, checkpoint.cloned()))
    }

    fn restore_many_now(
        &self,
        caller: &Caller,
        ids: &[ContactId],
        checkpoint: Option<BulkCheckpoint>,
    ) -> Result<(Vec<Outcome>, Option<u64>), Error> {
        let (org, now) = (caller.organization, self.partition.now());
        let organization = self.organization_of(caller)?;
        let must_be_unique = organization.settings.phone_uniqueness == PhoneUniqueness::Reject;
        let gate = must_be_unique.then(|| self.number_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        let mut refused: HashMap<ContactId, Outcome> = HashMap::new();
        let mut coming: HashMap<String, LikelyDuplicate> = HashMap::new();
        for id in ids {
            match self.may_come_back(caller, *id, must_be_unique, &mut coming) {
                Ok(()) => {}
                Err(
                    error @ (Error::ContactNotFound | Error::Merged { .. } | Error::PhoneInUse(_)),
                ) => {
                    refused.insert(*id, Outcome::refused(*id, &error));
                }
                Err(error) => return Err(error),
            }
        }
        let (by, ids) = (caller.clone(), ids.to_vec());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            tx.refuse_overtaken(seen)?;
            let mut outcomes = Vec::with_capacity(ids.len());
            for id in &ids {
                if let Some(known) = refused.get(id) {
                    outcomes.push(known.clone());
                    continue;
                }
                let before = tx
                    .contact(org, *id)?
                    .filter(|contact| by.sees(contact) && contact.merged_into.is_none());
                outcomes.push(match before {
                    None => Outcome::refused(*id, &Error::ContactNotFound),
                    Some(before) if !before.is_deleted() => Outcome::Unchanged,
                    Some(before) => {
                        let after = brought_back(tx, org, &before, now, &by.actor)?;
                        tx.replace_contact(org, before, after)?;
                        Outcome::Changed
                    }
                });
            }
            let entry = Some(next_entry(tx, &by).map_err(Rejected::from)?);
            if let Some(checkpoint) = &checkpoint {
                checkpoint.put(tx, |job| tell(job, &outcomes, entry)).map_err(Rejected::from)?;
            }
            Ok((outcomes, entry))
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        Ok(written.value)
    }

    /// Which of some deleted contacts cannot come back, and why: somebody else has a number of it
    /// that must be unique.
    pub(super) fn with_taken_numbers(
        &self,
        caller: &Caller,
        ids: &[ContactId],
    ) -> Result<HashMap<ContactId, Error>, Error> {
        let (mut taken, mut coming) = (HashMap::new(), HashMap::new());
        for id in ids {
            match self.may_come_back(caller, *id, true, &mut coming) {
                // Whether it is there is asked in the write.
                Ok(()) | Err(Error::ContactNotFound | Error::Merged { .. }) => {}
                Err(error @ Error::PhoneInUse(_)) => {
                    taken.insert(*id, error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Refuses a contact that cannot come back; `coming` has the numbers of those that can.
    fn may_come_back(
        &self,
        caller: &Caller,
        id: ContactId,
        must_be_unique: bool,
        coming: &mut HashMap<String, LikelyDuplicate>,
    ) -> Result<(), Error> {
        let seen = self.seen_contact(caller, id)?;
        if seen.merged_into.is_some() {
            return Err(self.why_gone(caller, Some(&seen)));
        }
        if !must_be_unique || !seen.is_deleted() {
            return Ok(());
        }
        // They are known already, so more than anybody may bring are no more guesses.
        self.count_guesses(caller, seen.phones.len().min(MOST_GUESSES))?;
        self.refuse_known_numbers(caller, Some(id), &seen.phones)?;
        if let Some(other) = seen.phones.iter().find_map(|phone| coming.get(&phone.number)) {
            return Err(Error::PhoneInUse(vec![other.clone()]));
        }
        let own = LikelyDuplicate {
            id: id.0,
            display_name: caller.shown(Arc::clone(&seen)).display_name.clone(),
            probability: 1.0,
            why: vec!["same phone number".to_owned()],
        };
        coming.extend(seen.phones.iter().map(|phone| (phone.number.clone(), own.clone())));
        Ok(())
    }
}
