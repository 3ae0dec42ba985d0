//! The audit log: written with the change it tells of, in the same write, and chained by hashes.
//!
//! Every entry holds the hash of the entry before as it is stored, and the end of the log is kept
//! apart, so that an entry that was altered, or taken away anywhere, is found by a check. Values
//! stand in details of their own under a salted hash; erasing a contact takes them away and
//! leaves who did what when.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use uuid::Uuid;

use super::check::{CheckReport, RESTORE};
use super::error::Error;
use super::partition::Partition;
use super::tx::{Noted, Tx};
use super::writer::Origin;
use crate::domain::audit::{Act, AuditAction, AuditDetails, AuditEntry, AuditHead};
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::store::{codec, keys};

/// How far the clock may have been set back between making an id and writing it.
const CLOCK_STEP_MS: i64 = 2_000;
/// How long a bulk write may wait for its turn.
const WRITE_WAIT_MS: i64 = 60_000;
/// Entries that are looked at for the bulk write that created a record.
const MOST_SCANNED: usize = 20_000;

impl Tx<'_> {
    /// Turns what was noted into an entry of the log. Called once, behind the closure.
    pub(super) fn seal_audit(
        &mut self,
        org: OrgNumber,
        at: Timestamp,
        origin: &Origin,
    ) -> Result<(), Error> {
        let noted = std::mem::take(&mut self.acts);
        if noted.is_empty() {
            return Ok(());
        }
        let head_key = keys::audit_head(org);
        let head: AuditHead = match self.get(&head_key)? {
            Some(bytes) => codec::decode(&bytes)?,
            None => AuditHead::default(),
        };
        let number = head.number + 1;
        let mut acts = Vec::with_capacity(noted.len());
        for noted in unite(noted) {
            if self.is_bulk() && noted.action == AuditAction::ContactCreated {
                // Found by the time in its id; a key for each would take a third of the store.
                acts.push(Act(noted.action, noted.record, None));
                continue;
            }
            let details = AuditDetails {
                salt: (!noted.changes.is_empty()).then(rand::random),
                changes: noted.changes,
                erased: noted.action.is_erasure(),
            };
            let bytes = codec::encode(&details)?;
            let hash = details.salt.is_some().then(|| *blake3::hash(&bytes).as_bytes());
            self.put(&keys::audit_details(org, noted.record, number), bytes);
            acts.push(Act(noted.action, noted.record, hash));
        }
        let entry = AuditEntry {
            number,
            at,
            actor: origin.actor.as_ref().to_owned(),
            address: origin.address.map(|address| address.to_string()),
            acts,
            previous: head.hash,
        };
        let bytes = codec::encode(&entry)?;
        let head = AuditHead { number, hash: *blake3::hash(&bytes).as_bytes() };
        self.put(&keys::audit(org, number), bytes);
        self.put(&head_key, codec::encode(&head)?);
        Ok(())
    }

    /// Takes away the values of everything that was ever done to a record.
    pub(super) fn erase_details(&mut self, org: OrgNumber, record: Uuid) -> Result<(), Error> {
        let erased = codec::encode(&AuditDetails { erased: true, ..AuditDetails::default() })?;
        for key in self.scan(&keys::audit_details_of(org, record))?.into_keys() {
            self.put(&key, erased.clone());
        }
        self.acts.iter_mut().filter(|noted| noted.record == record).for_each(|noted| {
            noted.changes.clear();
        });
        Ok(())
    }
}

/// Puts what was done to one record in one write together; the last action names it, unless the record
/// was made there.
fn unite(noted: Vec<Noted>) -> Vec<Noted> {
    let mut places: HashMap<Uuid, usize> = HashMap::with_capacity(noted.len());
    let mut united: Vec<Noted> = Vec::with_capacity(noted.len());
    for mut one in noted {
        if let Some(at) = places.get(&one.record) {
            let known = &mut united[*at];
            known.changes.append(&mut one.changes);
            if !known.action.is_creation() || one.action.is_erasure() {
                known.action = one.action;
            }
        } else {
            places.insert(one.record, united.len());
            united.push(one);
        }
    }
    united
}

impl Partition {
    /// The end of an organisation's audit log.
    pub fn audit_head(&self, org: OrgNumber) -> Result<AuditHead, Error> {
        match self.get(&keys::audit_head(org))? {
            Some(bytes) => Ok(codec::decode(&bytes)?),
            None => Ok(AuditHead::default()),
        }
    }

    /// An entry of an organisation's audit log.
    pub fn audit_entry(&self, org: OrgNumber, number: u64) -> Result<Option<AuditEntry>, Error> {
        match self.get(&keys::audit(org, number))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// What an entry did to a record.
    pub fn audit_details(
        &self,
        org: OrgNumber,
        record: Uuid,
        number: u64,
    ) -> Result<Option<AuditDetails>, Error> {
        match self.get(&keys::audit_details(org, record, number))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// The numbers of the entries that did something to a record, oldest first.
    pub fn audit_numbers_of(&self, org: OrgNumber, record: Uuid) -> Result<Vec<u64>, Error> {
        let mut numbers: Vec<u64> = self.bulk_creation_of(org, record)?.into_iter().collect();
        for entry in self.scan(&keys::audit_details_of(org, record)) {
            let (key, _) = entry?;
            numbers.extend(keys::parse_audit_details(&key).map(|(_, _, number)| number));
        }
        Ok(numbers)
    }

    /// The entry of the bulk write that created a record. No key leads there: the id says when it
    /// was made, entries stand in order of time, and the write came a moment later.
    fn bulk_creation_of(&self, org: OrgNumber, record: Uuid) -> Result<Option<u64>, Error> {
        let Some(made) = record.get_timestamp() else { return Ok(None) };
        let (seconds, nanos) = made.to_unix();
        let made_ms = i64::try_from(seconds).unwrap_or(i64::MAX / 2_000) * 1_000
            + i64::from(nanos / 1_000_000);
        let earliest = Timestamp(made_ms).plus_ms(-CLOCK_STEP_MS);
        let latest = Timestamp(made_ms).plus_ms(WRITE_WAIT_MS);
        let last = self.audit_head(org)?.number;
        let (mut low, mut high) = (1, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.audit_entry(org, middle)? {
                Some(entry) if entry.at < earliest => low = middle + 1,
                Some(_) | None => high = middle,
            }
        }
        for number in (low..=last).take(MOST_SCANNED) {
            let Some(entry) = self.audit_entry(org, number)? else { continue };
            if entry.at > latest {
                break;
            }
            let creates = |act: &Act| act.0 == AuditAction::ContactCreated && act.1 == record;
            // One that has details of its own is found by them.
            if entry.acts.iter().any(|act| creates(act) && act.2.is_none()) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Follows the chain of every audit log and compares all details with their hashes.
    pub(super) fn check_audit(
        &self,
        organizations: impl Iterator<Item = u32>,
        report: &mut CheckReport,
    ) -> Result<(), Error> {
        for org in std::iter::once(0).chain(organizations) {
            self.check_audit_of(OrgNumber(org), report)?;
        }
        Ok(())
    }

    fn check_audit_of(&self, org: OrgNumber, report: &mut CheckReport) -> Result<(), Error> {
        // The log may grow meanwhile: what is in it up to its present end is looked at.
        let head = self.audit_head(org)?;
        // The hash of the entry before; unknown behind one that is missing.
        let mut previous = Some([0; 32]);
        let mut erased: HashMap<Uuid, u64> = HashMap::new();
        let mut without_values: Vec<(Uuid, u64)> = Vec::new();
        let mut missing: Vec<RangeInclusive<u64>> = Vec::new();
        for number in 1..=head.number {
            let Some(bytes) = self.get(&keys::audit(org, number))? else {
                match missing.last_mut().filter(|range| *range.end() + 1 == number) {
                    Some(range) => *range = *range.start()..=number,
                    None => missing.push(number..=number),
                }
                previous = None;
                continue;
            };
            let hash = *blake3::hash(&bytes).as_bytes();
            let Ok(entry) = codec::decode::<AuditEntry>(&bytes) else {
                report.add("audit", format!("entry {number} cannot be read"), RESTORE);
                previous = Some(hash);
                continue;
            };
            let follows = previous.is_none_or(|previous| entry.previous == previous);
            if !follows || entry.number != number {
                let detail = format!("entry {} or {number} was altered", number - 1);
                report.add("audit", detail, RESTORE);
            }
            previous = Some(hash);
            report.audit_entries += 1;
            for Act(action, record, hash) in entry.acts {
                if action.is_erasure() {
                    erased.insert(record, number);
                }
                let Some(hash) = hash else { continue };
                let Some(bytes) = self.get(&keys::audit_details(org, record, number))? else {
                    let detail = format!("the details of entry {number} were removed");
                    report.add("audit", detail, RESTORE);
                    continue;
                };
                if codec::decode::<AuditDetails>(&bytes).is_ok_and(|details| details.erased) {
                    without_values.push((record, number));
                } else if *blake3::hash(&bytes).as_bytes() != hash {
                    let detail = format!("the details of entry {number} were altered");
                    report.add("audit", detail, RESTORE);
                }
            }
        }
        for range in &missing {
            let detail = match (range.start(), range.end()) {
                (first, last) if first == last => format!("entry {first} was removed"),
                (first, last) => format!("entries {first} to {last} were removed"),
            };
            report.add("audit", detail, RESTORE);
        }
        let last_missing = missing.last().map_or(0, |range| *range.end());
        if previous.is_some_and(|previous| previous != head.hash) {
            let detail = format!("the last entry, {}, was altered", head.number);
            report.add("audit", detail, RESTORE);
        }
        for (record, number) in without_values {
            // A contact may be erased while this runs; then its entry is behind the end seen above.
            // An entry that is missing may have been that of the erasure.
            let is_known = last_missing > number
                || erased.get(&record).is_some_and(|at| *at > number)
                || self.audit_numbers_of(org, record)?.last().is_some_and(|at| *at > head.number);
            if !is_known {
                let detail = format!("the details of entry {number} were taken away");
                report.add("audit", detail, RESTORE);
            }
        }
        Ok(())
    }
}
