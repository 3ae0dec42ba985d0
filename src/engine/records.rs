//! Records of all kinds inside a write: the record, its keys, what follows from it, and the audit
//! log.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use super::error::Error;
use super::partition::Partition;
use super::pseudonyms::{Secret, pseudonym};
use super::tx::{Tx, signed};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::ids::OrgNumber;
use crate::domain::phone::{national_len, parse_query};
use crate::domain::record::{
    AnyKind, CONTACT, FieldKind, Record, Values, Verb, kind_by_number, unique_name,
};
use crate::domain::time::Timestamp;
use crate::store::{Key, Value, codec, keys};

/// Most calls of an unknown number that become those of its contact; older ones stay with nobody.
const MOST_ADOPTED: usize = 5_000;
/// Fewer digits than these are no national number.
const LEAST_NATIONAL: usize = 7;
/// What numbers that nobody has are hashed as, beside the kinds.
const UNKNOWN_NUMBERS: u8 = 200;

impl Tx<'_> {
    /// Reads a record, deleted ones included.
    pub fn record(&self, org: OrgNumber, kind: u8, id: Uuid) -> Result<Option<Record>, Error> {
        match self.get(&keys::record(org, kind, id))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// The record that is not deleted and has this value in the field that tells records of its
    /// kind apart.
    pub fn record_named(
        &self,
        org: OrgNumber,
        kind: &dyn AnyKind,
        name: &str,
    ) -> Result<Option<Record>, Error> {
        let Some(secret) = self.known_secret(org)? else { return Ok(None) };
        let number = kind.info().number;
        let key = keys::named(org, pseudonym(&secret, number, name.as_bytes()));
        let id = self.get(&key)?.and_then(|id| Uuid::from_slice(&id).ok());
        id.map_or(Ok(None), |id| self.record(org, number, id))
    }

    /// Stores a record that is new or has changed.
    pub fn put_record(
        &mut self,
        kind: &dyn AnyKind,
        before: Option<&Record>,
        after: &Record,
    ) -> Result<(), Error> {
        self.store_record(kind, before, after)?;
        let number = kind.info().number;
        let was_deleted = before.map(|before| before.head.deleted_at.is_some());
        let verb = match (was_deleted, after.head.deleted_at.is_some()) {
            (None, _) => Verb::Created,
            (Some(false), true) => Verb::Deleted,
            (Some(true), false) => Verb::Restored,
            (Some(false), false) | (Some(true), true) => Verb::Updated,
        };
        let nothing = Values::new();
        let changes = changes(before.map_or(&nothing, |before| &before.values), &after.values);
        self.note(AuditAction::Record(number, verb), after.head.id, changes);
        Ok(())
    }

    /// Stores a record of which only what follows from others has changed: the audit log has what
    /// caused it.
    pub fn store_record(
        &mut self,
        kind: &dyn AnyKind,
        before: Option<&Record>,
        after: &Record,
    ) -> Result<(), Error> {
        let org = after.head.organization;
        let is_hashed = [before, Some(after)].into_iter().flatten().any(|one| is_hashed(kind, one));
        let secret = if is_hashed { Some(self.secret(org)?) } else { None };
        let was = before.map(|before| keys_of(secret.as_ref(), kind, before)).unwrap_or_default();
        let is = keys_of(secret.as_ref(), kind, after);
        for gone in was.difference(&is) {
            self.delete(&gone.0);
        }
        for new in is.difference(&was) {
            self.put(&new.0, new.1.clone());
        }
        let key = keys::record(org, kind.info().number, after.head.id);
        let bytes = codec::encode(after)?;
        let was = if before.is_some() { self.get(&key)?.map_or(0, |bytes| bytes.len()) } else { 0 };
        self.count(org, 0, signed(bytes.len()) - signed(was));
        self.put(&key, bytes);
        self.follow_record(kind, before, Some(after))
    }

    /// Removes a record for good, and its values out of the audit log.
    pub fn erase_record(&mut self, kind: &dyn AnyKind, before: &Record) -> Result<(), Error> {
        let (org, number) = (before.head.organization, kind.info().number);
        let secret = self.known_secret(org)?;
        for (key, _) in keys_of(secret.as_ref(), kind, before) {
            self.delete(&key);
        }
        let key = keys::record(org, number, before.head.id);
        let was = self.get(&key)?.map_or(0, |bytes| bytes.len());
        self.count(org, 0, -signed(was));
        self.delete(&key);
        self.follow_record(kind, Some(before), None)?;
        self.erase_details(org, before.head.id)?;
        self.note(AuditAction::Record(number, Verb::Erased), before.head.id, Vec::new());
        Ok(())
    }

    /// Stores a record of which everything is gone that tells whose it was, here and in the audit log.
    pub fn pseudonymise_record(
        &mut self,
        kind: &dyn AnyKind,
        before: &Record,
        after: &Record,
    ) -> Result<(), Error> {
        self.store_record(kind, Some(before), after)?;
        self.erase_details(after.head.organization, after.head.id)?;
        self.note(AuditAction::RecordPseudonymised, after.head.id, Vec::new());
        Ok(())
    }

    /// The records that are about a contact, or belong to a record, in the order in which they
    /// happen, deleted ones included.
    pub fn records_about(
        &self,
        org: OrgNumber,
        target: Uuid,
    ) -> Result<Vec<(&'static dyn AnyKind, Record)>, Error> {
        let mut found = Vec::new();
        for key in self.scan(&keys::links_of(org, target))?.into_keys() {
            let Some((_, _, number, id)) = keys::parse_link(&key) else { continue };
            let (kind, record) = (kind_by_number(number), self.record(org, number, id)?);
            found.extend(kind.zip(record));
        }
        Ok(found)
    }

    /// Gives a contact the records that came from its new numbers while nobody had them.
    pub(super) fn adopt_unknown(
        &mut self,
        org: OrgNumber,
        before: Option<&Contact>,
        after: &Contact,
    ) -> Result<(), Error> {
        if after.is_deleted() || after.phones.is_empty() || self.known_secret(org)?.is_none() {
            return Ok(());
        }
        let before = before.filter(|before| !before.is_deleted());
        let has = |number: &str| {
            before.is_some_and(|before| before.phones.iter().any(|phone| phone.number == number))
        };
        let new = after.phones.iter().filter(|phone| !has(&phone.number));
        for number in new.flat_map(|phone| names_of_number(&phone.number)) {
            for (kind, found) in self.records_of_unknown(org, &number, MOST_ADOPTED)? {
                let mut adopted = found.clone();
                adopted.values.insert(CONTACT.to_owned(), json!(after.id));
                adopted.head.version += 1;
                self.put_record(kind, Some(&found), &adopted)?;
            }
        }
        Ok(())
    }

    /// The records that came from a number, in E.164 or as digits, while nobody had it, the last ones
    /// first.
    pub fn records_of_unknown(
        &self,
        org: OrgNumber,
        number: &str,
        most: usize,
    ) -> Result<Vec<(&'static dyn AnyKind, Record)>, Error> {
        let Some(secret) = self.known_secret(org)? else { return Ok(Vec::new()) };
        let target = unknown_target(&secret, number);
        let mut found = Vec::new();
        self.each_key_back(&keys::links_of(org, target), &mut |key| {
            let Some((_, _, number, id)) = keys::parse_link(key) else { return Ok(true) };
            found.extend(kind_by_number(number).zip(self.record(org, number, id)?));
            Ok(found.len() < most)
        })?;
        Ok(found)
    }
}

impl Partition {
    /// Reads a record, deleted ones included.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn record(&self, org: OrgNumber, kind: u8, id: Uuid) -> Result<Option<Record>, Error> {
        match self.get(&keys::record(org, kind, id))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// The records that are about a contact, or belong to a record, in the order in which they
    /// happen, deleted ones included; of one kind only if its number is given.
    pub fn records_about(
        &self,
        org: OrgNumber,
        target: Uuid,
        kind: Option<u8>,
    ) -> impl Iterator<Item = Result<(&'static dyn AnyKind, Record), Error>> + '_ {
        self.links_in_order(org, target, None, true).filter_map(move |link| {
            let read = || {
                let (_, number, id) = link?;
                if kind.is_some_and(|kind| kind != number) {
                    return Ok(None);
                }
                Ok(kind_by_number(number).zip(self.record(org, number, id)?))
            };
            read().transpose()
        })
    }

    /// The id of the record that is not deleted and is called so among those of its kind.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn record_id_named(
        &self,
        org: OrgNumber,
        kind: &dyn AnyKind,
        name: &str,
    ) -> Result<Option<Uuid>, Error> {
        let Some(secret) = self.known_secret(org)? else { return Ok(None) };
        let key = keys::named(org, pseudonym(&secret, kind.info().number, name.as_bytes()));
        Ok(self.get(&key)?.and_then(|id| Uuid::from_slice(&id).ok()))
    }

    /// The records of a kind, the one that was made last first.
    pub fn records_back(
        &self,
        org: OrgNumber,
        kind: u8,
    ) -> impl Iterator<Item = Result<Record, Error>> + '_ {
        let found = self.store().scan_prefix(&keys::records_of(org, kind)).rev();
        found.map(|entry| Ok(codec::decode(&entry?.1)?))
    }

    /// The links of a contact in the order of time, the last ones first or the first ones first,
    /// from a time on: when, the number of the kind, the record.
    pub fn links_in_order(
        &self,
        org: OrgNumber,
        target: Uuid,
        from: Option<Timestamp>,
        is_ascending: bool,
    ) -> Box<dyn Iterator<Item = Result<(Timestamp, u8, Uuid), Error>> + '_> {
        let parse = |entry: Result<(Key, Value), crate::store::Error>| {
            let (key, _) = entry?;
            let (_, _, number, id) =
                keys::parse_link(&key).ok_or_else(|| Error::Defect("a link"))?;
            Ok((keys::time_of_link(&key).unwrap_or_default(), number, id))
        };
        let first = keys::link(org, target, Timestamp(i64::MIN), 0, Uuid::nil());
        let last = keys::link(org, target, Timestamp(i64::MAX), u8::MAX, Uuid::max());
        if is_ascending {
            let from = from.map_or(first, |from| keys::link(org, target, from, 0, Uuid::nil()));
            Box::new(self.store().scan_range(&from, &last).map(parse))
        } else {
            let to = from.map_or(last, |to| keys::link(org, target, to, u8::MAX, Uuid::max()));
            Box::new(self.store().scan_range(&first, &to).rev().map(parse))
        }
    }
}

/// What stands in links in the place of a contact where nobody has the number.
fn unknown_target(secret: &Secret, number: &str) -> Uuid {
    uuid::Builder::from_custom_bytes(pseudonym(secret, UNKNOWN_NUMBERS, number.as_bytes()))
        .into_uuid()
}

/// What a number of a contact may be called where it called while nobody had it: as it is kept, by
/// its digits, and by those of the national number where its country was not known.
fn names_of_number(number: &str) -> Vec<String> {
    let digits = parse_query(number, None).digits;
    let national = digits.get(digits.len() - national_len(&digits, number.starts_with('+'))..);
    let mut names = vec![number.to_owned()];
    for name in [Some(digits.as_str()), national].into_iter().flatten() {
        // Shorter ones are internal numbers of others.
        if name.len() >= LEAST_NATIONAL && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The number by which a record finds its contact later, while it has none.
fn unknown_number(kind: &dyn AnyKind, record: &Record) -> Option<String> {
    if record.contact().is_some() { None } else { kind.number_of_caller(&record.values) }
}

/// The value that tells a record from others of its kind, while it is not deleted.
fn name_of(kind: &dyn AnyKind, record: &Record) -> Option<String> {
    if record.head.deleted_at.is_some() { None } else { unique_name(kind, &record.values) }
}

fn is_hashed(kind: &dyn AnyKind, record: &Record) -> bool {
    name_of(kind, record).is_some() || unknown_number(kind, record).is_some()
}

/// A key with its value.
type Pair = (Vec<u8>, Vec<u8>);

/// The keys by which a record is found: from its contact or the number that it came from, from the
/// records that it names, and by what it is called.
pub(super) fn keys_of(
    secret: Option<&Secret>,
    kind: &dyn AnyKind,
    record: &Record,
) -> BTreeSet<Pair> {
    let at = kind.occurred_at(&record.values).unwrap_or(record.head.created_at);
    let (org, number, id) = (record.head.organization, kind.info().number, record.head.id);
    let named = kind.fields().iter().filter(|field| matches!(field.kind, FieldKind::Record(_)));
    let targets = named.filter_map(|field| record.id_of(field.name)).chain(record.contact());
    let unknown = unknown_number(kind, record).zip(secret);
    let unknown = unknown.map(|(number, secret)| unknown_target(secret, &number));
    let links = targets.chain(unknown);
    let mut keys: BTreeSet<Pair> = links
        .map(|target| (keys::link(org, target, at, number, id).to_vec(), Vec::new()))
        .collect();
    if let Some((name, secret)) = name_of(kind, record).zip(secret) {
        let key = keys::named(org, pseudonym(secret, number, name.as_bytes()));
        keys.insert((key.to_vec(), id.as_bytes().to_vec()));
    }
    keys
}

fn changes(before: &Values, after: &Values) -> Vec<FieldChange> {
    let value = |values: &Values| serde_json::Value::Object(values.clone());
    FieldChange::between(&value(before), &value(after))
}
