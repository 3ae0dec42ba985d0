//! Deleting for good what has to do with merges: nothing of an erased contact stays in a record.

use std::collections::HashSet;

use super::super::error::Error;
use super::super::records::erase_records_about;
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx, keys};

/// Erases a contact with everything that was merged into it, since that is the same person, and
/// takes their values out of the records of merges.
///
/// A merge of which only some contacts are erased stands for the others.
pub(in crate::app) fn erase_with_merges(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    contact: Contact,
    now: Timestamp,
    actor: &str,
) -> Result<(), Rejected<Error>> {
    forget_decisions(tx, org, contact.id)?;
    if let (Some(merge), id) = (contact.merge_id, contact.id)
        && let Some(mut record) = tx.merge(org, merge)?
    {
        let stay = record.present().filter(|other| *other != id).collect::<Vec<_>>();
        let stay = read_all(tx, org, &stay)?;
        record.forget(id, &stay);
        let is_active = record.is_active();
        tx.put_merge(&record)?;
        if !is_active {
            close(tx, org, record.primary, merge, now, actor)?;
        }
    }
    let mut seen = HashSet::from([contact.id]);
    let mut left = vec![contact];
    while let Some(contact) = left.pop() {
        for merge in &contact.merges {
            let Some(mut record) = tx.merge(org, *merge)? else { continue };
            let inside: Vec<ContactId> = record.present().collect();
            let inside = read_all(tx, org, &inside)?;
            record.erased.clone_from(&record.others);
            record.forget(contact.id, &[]);
            tx.put_merge(&record)?;
            left.extend(inside.into_iter().filter(|one| seen.insert(one.id)));
        }
        erase_records_about(tx, org, contact.id, now, actor)?;
        tx.erase_contact(org, contact, now, actor)?;
    }
    Ok(())
}

fn read_all(tx: &Tx<'_>, org: OrgNumber, ids: &[ContactId]) -> Result<Vec<Contact>, EngineError> {
    ids.iter().filter_map(|id| tx.contact(org, *id).transpose()).collect()
}

/// Takes a merge that nobody can come back from off the contact that stayed.
fn close(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    survivor: ContactId,
    merge: uuid::Uuid,
    now: Timestamp,
    actor: &str,
) -> Result<(), Rejected<Error>> {
    let Some(before) = tx.contact(org, survivor)? else { return Ok(()) };
    let mut after = before.clone();
    after.merges.retain(|known| *known != merge);
    after.version += 1;
    after.updated_at = now.max(before.updated_at);
    after.updated_by = Some(actor.to_owned());
    tx.replace_contact(org, before, after)?;
    Ok(())
}

/// Removes what was decided about pairs of which one contact is erased: nobody can ask for it any
/// more. Cost: a scan of the decisions of the organisation.
fn forget_decisions(tx: &mut Tx<'_>, org: OrgNumber, id: ContactId) -> Result<(), Rejected<Error>> {
    let decisions = tx.scan(&keys::space_of(keys::DECISIONS, org))?;
    for key in decisions.into_keys() {
        let is_about =
            keys::parse_decision(&key).is_some_and(|(_, one, other)| one == id || other == id);
        if is_about {
            tx.delete(&key);
        }
    }
    Ok(())
}
