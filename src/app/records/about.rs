//! What records are about: the contact, through merges, and what becomes of them when it goes.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::super::error::Error;
use super::super::merges::survivor;
use super::super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::record::{AnyKind, CONTACT, KINDS, OnErased, Record};
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx, all_that_are};

/// How many records of each kind go with a contact that is deleted for good, by the plural of the
/// kind, and how many stay: `tasks`, `calls_kept`.
pub type DeleteImpact = BTreeMap<String, u64>;

/// Counts the records that are about a contact and all that were merged into it.
fn impact_of(records: &[(&'static dyn AnyKind, Record)], impact: &mut DeleteImpact) {
    for (kind, record) in records {
        if record.head.deleted_at.is_none() {
            *impact.entry(member_of(*kind)).or_default() += 1;
        }
    }
}

/// The member of a [`DeleteImpact`] that counts a kind.
fn member_of(kind: &dyn AnyKind) -> String {
    let info = kind.info();
    match info.on_contact_erased {
        OnErased::Erase => info.plural.to_owned(),
        OnErased::Detach => format!("{}_kept", info.plural),
    }
}

/// The kinds of which there are none, too.
fn no_impact() -> DeleteImpact {
    let about = KINDS.iter().filter(|kind| kind.is_about_contacts());
    about.map(|kind| (member_of(*kind), 0)).collect()
}

/// Refuses to delete a contact for good with which records would go.
pub(in crate::app) fn refuse_children(
    tx: &Tx<'_>,
    org: OrgNumber,
    contact: ContactId,
) -> Result<(), Rejected<Error>> {
    let mut impact = no_impact();
    let read = |id: ContactId| tx.contact(org, id);
    let read_merge = |id: Uuid| tx.merge(org, id);
    for one in all_that_are(&read, &read_merge, contact)? {
        impact_of(&tx.records_about(org, one)?, &mut impact);
    }
    let goes = |(member, count): (&String, &u64)| *count > 0 && !member.ends_with("_kept");
    if impact.iter().any(goes) { Err(Rejected::By(Error::HasChildren(impact))) } else { Ok(()) }
}

/// Erases what goes with a contact that is deleted for good, and detaches the rest. Cost: reads
/// what is about the contact.
pub(in crate::app) fn erase_records_about(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    contact: ContactId,
    now: Timestamp,
    actor: &str,
) -> Result<(), Rejected<Error>> {
    for (kind, before) in tx.records_about(org, contact.0)? {
        match kind.info().on_contact_erased {
            OnErased::Erase => tx.erase_record(kind, &before)?,
            OnErased::Detach => {
                let mut after = before.clone();
                after.values.insert(CONTACT.to_owned(), Value::Null);
                after.head.version += 1;
                after.head.updated_at = now.max(before.head.updated_at);
                actor.clone_into(&mut after.head.updated_by);
                tx.put_record(kind, Some(&before), &after)?;
            }
        }
    }
    Ok(())
}

impl App {
    /// The id of the contact that stands for another one now, if the caller sees it and it is not
    /// deleted.
    pub(super) fn contact_that_stands_for(
        &self,
        caller: &Caller,
        id: Uuid,
    ) -> Result<Option<ContactId>, Error> {
        let org = caller.organization;
        let read = |id: ContactId| {
            Ok(self.partition.contact(org, id)?.map(|contact| contact.as_ref().clone()))
        };
        let (_, found) = survivor(ContactId(id), &read)?;
        Ok(found
            .filter(|contact| !contact.is_deleted() && caller.sees(contact))
            .map(|contact| contact.id))
    }

    /// A contact and all that were merged into it, for which records were made.
    pub(in crate::app) fn all_that_are(
        &self,
        caller: &Caller,
        id: ContactId,
    ) -> Result<Vec<Uuid>, Error> {
        let org = caller.organization;
        let read = |id: ContactId| {
            Ok(self.partition.contact(org, id)?.map(|contact| contact.as_ref().clone()))
        };
        Ok(all_that_are(&read, &|id| self.partition.merge(org, id), id)?)
    }

    /// What goes with a contact that is deleted for good.
    ///
    /// # Errors
    /// If there is none for this caller, or the caller may not delete.
    pub fn delete_impact(&self, caller: &Caller, id: ContactId) -> Result<DeleteImpact, Error> {
        authorize(caller, Permission::Delete)?;
        self.seen_contact(caller, id)?;
        let org = caller.organization;
        let mut impact = no_impact();
        for one in self.all_that_are(caller, id)? {
            for found in self.partition.records_about(org, one, None) {
                impact_of(&[found?], &mut impact);
            }
        }
        Ok(impact)
    }
}
