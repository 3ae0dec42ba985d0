//! The facts of contacts, kept up by the writes that cause them.
//!
//! A record counts for the contact that it is about and for all that this one was merged into.
//! Counts move by what a record adds before and after a write; the last call and activity are
//! looked for anew, newest first, only where the record that was the last one goes.

use std::collections::HashSet;

use uuid::Uuid;

use super::error::Error;
use super::tx::Tx;
use crate::domain::contact::Contact;
use crate::domain::facts::{Contribution, Facts};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::merge::MergeRecord;
use crate::domain::record::{AnyKind, Record, kind_by_number};
use crate::store::keys;

/// Longest chain of merges that is followed.
const MOST_MERGES: usize = 1_000;

/// A contact and all that were merged into it: records about any of them are about the same person.
///
/// # Errors
/// If one cannot be read.
pub fn all_that_are(
    read: &dyn Fn(ContactId) -> Result<Option<Contact>, Error>,
    read_merge: &dyn Fn(Uuid) -> Result<Option<MergeRecord>, Error>,
    id: ContactId,
) -> Result<Vec<Uuid>, Error> {
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    let mut left = vec![id];
    while let Some(id) = left.pop() {
        if !seen.insert(id) || seen.len() > MOST_MERGES {
            continue;
        }
        let contact = read(id)?;
        // One that has come back is somebody else again.
        let is_here =
            all.is_empty() || contact.as_ref().is_some_and(|one| one.merged_into.is_some());
        if !is_here {
            continue;
        }
        all.push(id.0);
        let Some(contact) = contact else { continue };
        for merge in &contact.merges {
            if let Some(merge) = read_merge(*merge)? {
                left.extend(merge.present());
            }
        }
    }
    Ok(all)
}

/// What a record adds to the facts of its contact; nothing while it is deleted.
fn contribution(kind: &dyn AnyKind, record: &Record) -> Contribution {
    if record.head.deleted_at.is_some() { Contribution::default() } else { kind.facts(record) }
}

impl Tx<'_> {
    /// Brings the facts of the contacts up to a record that was written or removed.
    pub(super) fn follow_record(
        &mut self,
        kind: &dyn AnyKind,
        before: Option<&Record>,
        after: Option<&Record>,
    ) -> Result<(), Error> {
        let about = |record: Option<&Record>| record.and_then(|one| one.contact().map(ContactId));
        let adds = |record: Option<&Record>| {
            record.map_or_else(Contribution::default, |record| contribution(kind, record))
        };
        let (from, to) = (about(before), about(after));
        let (was, is) = (adds(before), adds(after));
        if from == to && was == is {
            return Ok(());
        }
        let Some(org) = before.or(after).map(|record| record.head.organization) else {
            return Ok(());
        };
        if from == to {
            return from.map_or(Ok(()), |id| self.move_facts(org, id, &was, &is));
        }
        let nothing = Contribution::default();
        if let Some(from) = from {
            self.move_facts(org, from, &was, &nothing)?;
        }
        to.map_or(Ok(()), |to| self.move_facts(org, to, &nothing, &is))
    }

    /// Takes one contribution from a contact and gives it another, and so to all that it was merged
    /// into.
    fn move_facts(
        &mut self,
        org: OrgNumber,
        id: ContactId,
        was: &Contribution,
        is: &Contribution,
    ) -> Result<(), Error> {
        let (mut at, mut seen) = (Some(id), HashSet::new());
        while let Some(id) = at.filter(|id| seen.insert(*id)) {
            let Some(contact) = self.contact(org, id)? else { break };
            let mut facts = contact.facts.clone();
            facts.counts.add(&was.counts, false);
            facts.counts.add(&is.counts, true);
            let lost_call = was.call.as_ref().is_some_and(|call| {
                facts.last_call.as_ref().is_some_and(|last| last.id == call.id)
                    && is.call.as_ref().is_none_or(|now| now.at < call.at)
            });
            let lost_activity = was.activity_at.is_some()
                && was.activity_at == facts.last_activity_at
                && is.activity_at < was.activity_at;
            if lost_call || lost_activity {
                self.look_for_latest(&contact, org, &mut facts)?;
            }
            facts.take_latest(is.call.as_ref(), is.activity_at);
            facts.move_lists(&was.lists, &is.lists);
            at = contact.merged_into;
            self.put_facts(org, contact, facts)?;
        }
        Ok(())
    }

    /// Looks for the last call and the last activity among all records about a contact, the newest
    /// first.
    fn look_for_latest(
        &self,
        contact: &Contact,
        org: OrgNumber,
        facts: &mut Facts,
    ) -> Result<(), Error> {
        (facts.last_call, facts.last_activity_at) = (None, None);
        let read = |id| self.contact(org, id);
        for one in all_that_are(&read, &|id| self.merge(org, id), contact.id)? {
            let (mut has_call, mut has_activity) = (false, false);
            let each = &mut |key: &[u8]| {
                let Some((_, _, number, id)) = keys::parse_link(key) else { return Ok(true) };
                let Some(kind) = kind_by_number(number) else { return Ok(true) };
                let Some(record) = self.record(org, number, id)? else { return Ok(true) };
                let adds = contribution(kind, &record);
                facts.take_latest(adds.call.as_ref(), adds.activity_at);
                has_call |= adds.call.is_some();
                has_activity |= adds.activity_at.is_some();
                Ok(!(has_call && has_activity))
            };
            self.each_key_back(&keys::links_of(org, one), each)?;
        }
        Ok(())
    }

    /// Puts a contact on a static list, or takes it off; whether that changes anything.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn set_on_list(
        &mut self,
        org: OrgNumber,
        contact: Contact,
        list: Uuid,
        is_member: bool,
    ) -> Result<bool, Error> {
        let mut facts = contact.facts.clone();
        if !facts.set_list(list, is_member) {
            return Ok(false);
        }
        self.put_facts(org, contact, facts)?;
        Ok(true)
    }

    /// Stores the facts of a contact if they say something else; nothing else of it changes.
    pub(super) fn put_facts(
        &mut self,
        org: OrgNumber,
        before: Contact,
        mut facts: Facts,
    ) -> Result<(), Error> {
        if facts.says_the_same(&before.facts) {
            return Ok(());
        }
        // Nobody has a copy yet of what this write creates.
        let is_new = self.created.contains(&before.id);
        facts.revision = before.facts.revision.wrapping_add(u32::from(!is_new));
        let after = Contact { facts, ..before.clone() };
        self.replace_facts(org, before, after)
    }

    /// Gives the facts of a contact that was merged to the one that stands for it, or takes them
    /// back.
    pub(super) fn follow_merge(
        &mut self,
        org: OrgNumber,
        id: ContactId,
        was_in: Option<ContactId>,
        is_in: Option<ContactId>,
    ) -> Result<(), Error> {
        if was_in == is_in {
            return Ok(());
        }
        let Some(contact) = self.contact(org, id)? else { return Ok(()) };
        if let Some(is_in) = is_in {
            self.carry_consent(org, &contact, is_in)?;
        }
        let own = contact.facts;
        if own.is_none() {
            return Ok(());
        }
        let lists = own.all_lists();
        let all = Contribution {
            counts: own.counts,
            call: own.last_call,
            activity_at: own.last_activity_at,
            lists,
        };
        let nothing = Contribution::default();
        if let Some(was_in) = was_in {
            self.move_facts(org, was_in, &all, &nothing)?;
        }
        is_in.map_or(Ok(()), |is_in| self.move_facts(org, is_in, &nothing, &all))
    }
}
