//! Records of all kinds inside a write: the record, what links it to its contact, and the audit log.

use uuid::Uuid;

use super::error::Error;
use super::tx::Tx;
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::ids::OrgNumber;
use crate::domain::record::{AnyKind, Record, Values, Verb, kind_by_number};
use crate::store::{codec, keys};

impl Tx<'_> {
    /// Reads a record, deleted ones included.
    pub fn record(&self, org: OrgNumber, kind: u8, id: Uuid) -> Result<Option<Record>, Error> {
        match self.get(&keys::record(org, kind, id))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// Stores a record that is new or has changed.
    pub fn put_record(
        &mut self,
        kind: &dyn AnyKind,
        before: Option<&Record>,
        after: &Record,
    ) -> Result<(), Error> {
        let org = after.head.organization;
        let (was, is) = (before.and_then(|one| link_of(kind, one)), link_of(kind, after));
        if was != is {
            if let Some(was) = was {
                self.delete(&was);
            }
            if let Some(is) = is {
                self.put(&is, Vec::new());
            }
        }
        let number = kind.info().number;
        self.put(&keys::record(org, number, after.head.id), codec::encode(after)?);
        let was_deleted = before.map(|before| before.head.deleted_at.is_some());
        let verb = match (was_deleted, after.head.deleted_at.is_some()) {
            (None, _) => Verb::Created,
            (Some(false), true) => Verb::Deleted,
            (Some(true), false) => Verb::Restored,
            (Some(false), false) | (Some(true), true) => Verb::Updated,
        };
        self.follow_record(kind, before, Some(after))?;
        let nothing = Values::new();
        let changes = changes(before.map_or(&nothing, |before| &before.values), &after.values);
        self.note(AuditAction::Record(number, verb), after.head.id, changes);
        Ok(())
    }

    /// Removes a record for good, and its values out of the audit log.
    pub fn erase_record(&mut self, kind: &dyn AnyKind, before: &Record) -> Result<(), Error> {
        let (org, number) = (before.head.organization, kind.info().number);
        if let Some(link) = link_of(kind, before) {
            self.delete(&link);
        }
        self.delete(&keys::record(org, number, before.head.id));
        self.follow_record(kind, Some(before), None)?;
        self.erase_details(org, before.head.id)?;
        self.note(AuditAction::Record(number, Verb::Erased), before.head.id, Vec::new());
        Ok(())
    }

    /// The records that are about a contact, in the order in which they happen, deleted ones
    /// included.
    pub fn records_about(
        &self,
        org: OrgNumber,
        contact: Uuid,
    ) -> Result<Vec<(&'static dyn AnyKind, Record)>, Error> {
        let mut found = Vec::new();
        for key in self.scan(&keys::links_of(org, contact))?.into_keys() {
            let Some((_, _, number, id)) = keys::parse_link(&key) else { continue };
            let (kind, record) = (kind_by_number(number), self.record(org, number, id)?);
            found.extend(kind.zip(record));
        }
        Ok(found)
    }
}

/// The key that says which contact a record is about, if it is about one.
pub(super) fn link_of(kind: &dyn AnyKind, record: &Record) -> Option<[u8; 46]> {
    let at = kind.occurred_at(&record.values).unwrap_or(record.head.created_at);
    let (org, number) = (record.head.organization, kind.info().number);
    Some(keys::link(org, record.contact()?, at, number, record.head.id))
}

fn changes(before: &Values, after: &Values) -> Vec<FieldChange> {
    let value = |values: &Values| serde_json::Value::Object(values.clone());
    FieldChange::between(&value(before), &value(after))
}
