//! One write as its closure sees it: the store, the changes of the group before it, its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::Error;
use super::image;
use super::scores::Scorer;
use crate::domain::access::SightKey;
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactId, ContactNumber, OrgNumber};
use crate::domain::time::Timestamp;
use crate::journal::{NewEntry, Op};
use crate::store::{Store, codec, keys};

/// Contact numbers are reserved in blocks, so that not every create writes the counter.
const NUMBER_BLOCK: u32 = 1_000;

/// What is kept of a contact that was deleted for good: no name, no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Its dense number, so that the index can forget it.
    pub number: ContactNumber,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Who deleted it.
    pub deleted_by: String,
    /// Who could see it, so that those who followed it are told; not where a name says that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<SightKey>,
}

/// A contact before and after a write.
#[derive(Debug)]
pub(super) struct ContactChange {
    pub(super) org: OrgNumber,
    /// Only the facts differ: whose it is, its numbers and its names are the same.
    pub(super) is_of_facts: bool,
    pub(super) before: Option<Contact>,
    pub(super) after: Option<Contact>,
}

/// The last change of every key, as a place in the changes of one write.
type Places = HashMap<Vec<u8>, usize>;

/// What the writes of a group before this one have changed, by key, without copying values.
#[derive(Default)]
pub(super) struct Overlay {
    places: HashMap<Vec<u8>, (usize, usize)>,
}

impl Overlay {
    /// Takes over the last change of every key of an entry that stands at a place of its group.
    pub(super) fn add(&mut self, entry: usize, own: Places) {
        self.places.extend(own.into_iter().map(|(key, op)| (key, (entry, op))));
    }
}

/// The writes of a group so far.
#[derive(Clone, Copy)]
pub(super) struct GroupView<'a> {
    pub(super) entries: &'a [NewEntry],
    pub(super) overlay: &'a Overlay,
}

impl<'a> GroupView<'a> {
    fn get(self, key: &[u8]) -> Option<&'a Op> {
        let (entry, op) = self.overlay.places.get(key)?;
        self.entries.get(*entry)?.ops.get(*op)
    }

    fn changes(self) -> impl Iterator<Item = &'a Op> {
        self.overlay.places.values().filter_map(move |(e, o)| self.entries.get(*e)?.ops.get(*o))
    }
}

fn value_of(op: &Op) -> Option<&Vec<u8>> {
    match op {
        Op::Put { value, .. } => Some(value),
        Op::Delete { .. } => None,
    }
}

/// The counter of contact numbers: the next free one, the end of the block that is reserved for this
/// machine, and the end of what any machine has reserved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) next: u32,
    pub(super) reserved: u32,
    pub(super) known: u32,
}

impl Numbers {
    /// Those of a store of which this is the highest number that is used or reserved.
    pub(super) fn behind(highest: u32) -> Self {
        Self { next: highest + 1, reserved: 0, known: highest }
    }

    /// Takes a number; whether the end of the block has to be written down.
    fn take(&mut self) -> (u32, bool) {
        let mut number = self.next;
        let is_new_block = number > self.reserved;
        if is_new_block {
            number = number.max(self.known.saturating_add(1));
            self.reserved = number.saturating_add(NUMBER_BLOCK);
            self.known = self.reserved;
        }
        self.next = number + 1;
        (number, is_new_block)
    }

    /// Notes a number that has been written, though not by a write that is known to be.
    pub(super) fn note_used(&mut self, number: u32) {
        self.known = self.known.max(number);
        if (self.next..=self.reserved).contains(&number) {
            self.next = number + 1;
        }
    }
}

/// What an organisation keeps: contacts that exist or can be restored, and the bytes of these, of the
/// records about them and of their merges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Contacts.
    pub contacts: u64,
    /// Bytes of all of it as stored.
    pub bytes: u64,
}

impl Usage {
    /// Takes a change over.
    pub(super) fn add(&mut self, delta: UsageDelta) {
        self.contacts = self.contacts.saturating_add_signed(delta.contacts);
        self.bytes = self.bytes.saturating_add_signed(delta.bytes);
    }
}

/// What a write adds to an organisation's contacts, or takes away.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UsageDelta {
    pub(super) contacts: i64,
    pub(super) bytes: i64,
}

impl UsageDelta {
    /// What takes it back.
    pub(super) fn reversed(self) -> Self {
        Self { contacts: -self.contacts, bytes: -self.bytes }
    }
}

/// What organisations keep, by number.
pub(super) type Usages = HashMap<u32, Usage>;

pub(super) fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// A write in progress. Everything is undone if its closure fails.
pub struct Tx<'a> {
    store: &'a Store,
    group: GroupView<'a>,
    /// The last change of every key, as a place in `ops`.
    own: Places,
    pub(super) ops: Vec<Op>,
    pub(super) changes: Vec<ContactChange>,
    pub(super) numbers: Numbers,
    pub(super) acts: Vec<Noted>,
    usages: &'a Usages,
    /// The last change of contacts that another machine has made.
    others: ChangeSeq,
    deltas: HashMap<u32, UsageDelta>,
    is_bulk: bool,
    /// What scores contacts, and when.
    pub(super) scorer: Option<&'a dyn Scorer>,
    pub(super) now: Timestamp,
    /// Contacts that this write creates.
    pub(super) created: HashSet<ContactId>,
    /// Contacts of which the ledger of consent has been written already.
    pub(super) consents: HashSet<ContactId>,
}

/// What a write comes to.
pub(super) struct Parts {
    pub(super) ops: Vec<Op>,
    pub(super) changes: Vec<ContactChange>,
    pub(super) own: Places,
    pub(super) numbers: Numbers,
    pub(super) deltas: HashMap<u32, UsageDelta>,
}

/// Something done that the audit log will say.
pub(super) struct Noted {
    pub(super) action: AuditAction,
    pub(super) record: Uuid,
    pub(super) changes: Vec<FieldChange>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(
        store: &'a Store,
        group: GroupView<'a>,
        numbers: Numbers,
        usages: &'a Usages,
        others: ChangeSeq,
        (scorer, now): (Option<&'a dyn Scorer>, Timestamp),
    ) -> Self {
        Self {
            store,
            group,
            own: HashMap::new(),
            ops: Vec::new(),
            changes: Vec::new(),
            numbers,
            acts: Vec::new(),
            usages,
            others,
            deltas: HashMap::new(),
            is_bulk: false,
            scorer,
            now,
            created: HashSet::new(),
            consents: HashSet::new(),
        }
    }

    /// Takes the next records of the store, about so many bytes, as operations of an image; where
    /// it goes on, unless that was the end. Only right where the store has all writes before this.
    pub(super) fn image_part(
        &mut self,
        from: &[u8],
        most_bytes: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut scan = self.store.scan_range(from, &[u8::MAX]).peekable();
        // Not among `own`: later writes of the group find the same in the store.
        self.ops = image::next_part(&mut scan, most_bytes)?;
        let last = self.ops.last().map(|op| [op.key(), &[0]].concat());
        Ok(last.filter(|_| scan.peek().is_some()))
    }

    pub(super) fn into_parts(self) -> Parts {
        Parts {
            ops: self.ops,
            changes: self.changes,
            own: self.own,
            numbers: self.numbers,
            deltas: self.deltas,
        }
    }

    /// What an organisation keeps, with the writes before this one and what this one has done.
    pub fn usage(&self, org: OrgNumber) -> Usage {
        let mut usage = self.usages.get(&org.0).copied().unwrap_or_default();
        usage.add(self.deltas.get(&org.0).copied().unwrap_or_default());
        usage
    }

    /// Refuses to go on if another machine has changed contacts since the state of `seen` was looked
    /// at: whoever looks outside of a write, with a lock of this process, calls it first inside; `None` if nothing was.
    ///
    /// # Errors
    /// [`Error::Overtaken`]: look again.
    pub fn refuse_overtaken(&self, seen: Option<ChangeSeq>) -> Result<(), Error> {
        if seen.is_some_and(|seen| self.others > seen) { Err(Error::Overtaken) } else { Ok(()) }
    }

    pub(super) fn count(&mut self, org: OrgNumber, contacts: i64, bytes: i64) {
        let delta = self.deltas.entry(org.0).or_default();
        delta.contacts += contacts;
        delta.bytes += bytes;
    }

    fn changed(&self, key: &[u8]) -> Option<&Op> {
        self.own.get(key).and_then(|at| self.ops.get(*at)).or_else(|| self.group.get(key))
    }

    /// Reads a value.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if let Some(op) = self.changed(key) {
            return Ok(value_of(op).cloned());
        }
        Ok(self.store.get(key)?.map(crate::store::Value::into_vec))
    }

    /// Sets a value.
    pub fn put(&mut self, key: &[u8], value: Vec<u8>) {
        self.put_op(key, value, false);
    }

    fn put_op(&mut self, key: &[u8], value: Vec<u8>, fresh: bool) {
        self.own.insert(key.to_vec(), self.ops.len());
        self.ops.push(Op::Put { key: key.to_vec(), value, fresh });
    }

    /// Removes a value.
    pub fn delete(&mut self, key: &[u8]) {
        self.own.insert(key.to_vec(), self.ops.len());
        self.ops.push(Op::Delete { key: key.to_vec() });
    }

    /// Reads a contact, deleted ones included.
    pub fn contact(&self, org: OrgNumber, id: ContactId) -> Result<Option<Contact>, Error> {
        match self.get(&keys::contact(org, id))? {
            Some(bytes) => Ok(Some(codec::decode(&bytes)?)),
            None => Ok(None),
        }
    }

    /// Goes over all stored values of a key space; with those of this group. For small spaces.
    pub fn scan(&self, prefix: &[u8]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Error> {
        let mut all = BTreeMap::new();
        for entry in self.store.scan_prefix(prefix) {
            let (key, value) = entry?;
            all.insert(key.to_vec(), value.into_vec());
        }
        let own = self.own.values().filter_map(|at| self.ops.get(*at));
        for op in self.group.changes().chain(own).filter(|op| op.key().starts_with(prefix)) {
            match value_of(op) {
                Some(value) => all.insert(op.key().to_vec(), value.clone()),
                None => all.remove(op.key()),
            };
        }
        Ok(all)
    }

    /// Calls a function with the keys of a key space, the last one first, until it wants no more;
    /// with those of this group.
    pub fn each_key_back(
        &self,
        prefix: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let own = self.own.values().filter_map(|at| self.ops.get(*at));
        let changed: BTreeMap<&[u8], bool> = (self.group.changes().chain(own))
            .filter(|op| op.key().starts_with(prefix))
            .map(|op| (op.key(), value_of(op).is_some()))
            .collect();
        let mut changed = changed.into_iter().rev().peekable();
        for entry in self.store.scan_prefix(prefix).rev() {
            let (key, _) = entry?;
            while let Some((new, is_there)) = changed.next_if(|(new, _)| *new > &*key) {
                if is_there && !each(new)? {
                    return Ok(());
                }
            }
            let is_there = changed.next_if(|(new, _)| *new == &*key).is_none_or(|(_, is)| is);
            if is_there && !each(&key)? {
                return Ok(());
            }
        }
        for (new, is_there) in changed {
            if is_there && !each(new)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Many contacts are created: the audit log names them without repeating their values.
    pub fn set_bulk(&mut self) {
        self.is_bulk = true;
    }

    pub(super) fn is_bulk(&self) -> bool {
        self.is_bulk
    }

    /// Says in the audit log what this write does to a record that is no contact; contacts are
    /// noted where they are stored.
    pub fn note(&mut self, action: AuditAction, record: Uuid, changes: Vec<FieldChange>) {
        self.acts.push(Noted { action, record, changes });
    }

    /// Takes the next contact number; it is used up even if the write fails later.
    pub fn next_number(&mut self) -> ContactNumber {
        let (number, is_new_block) = self.numbers.take();
        if is_new_block {
            let reserved = self.numbers.reserved.to_be_bytes().to_vec();
            self.put(keys::NEXT_CONTACT_NUMBER, reserved);
        }
        ContactNumber(number)
    }

    /// Stores a new contact.
    pub fn create_contact(&mut self, org: OrgNumber, mut contact: Contact) -> Result<(), Error> {
        self.put_score(org, &mut contact);
        let bytes = codec::encode(&contact)?;
        self.created.insert(contact.id);
        self.count(org, 1, signed(bytes.len()));
        // A free key of its own, so the index need not look for what it replaces.
        self.put_op(&keys::contact(org, contact.id), bytes, true);
        let values = if self.is_bulk { Vec::new() } else { contact.first_values() };
        self.note(AuditAction::ContactCreated, contact.id.0, values);
        self.adopt_unknown(org, None, &contact)?;
        self.follow_channels(org, None, Some(&contact))?;
        self.follow_company(org, None, Some(&contact));
        let consent = contact.opt_in.is_some().then(|| contact.clone());
        self.changes.push(ContactChange {
            org,
            is_of_facts: false,
            before: None,
            after: Some(contact),
        });
        consent.map_or(Ok(()), |contact| self.follow_opt_in(org, None, &contact))
    }

    /// Stores a changed contact.
    pub fn replace_contact(
        &mut self,
        org: OrgNumber,
        before: Contact,
        after: Contact,
    ) -> Result<(), Error> {
        let action = match (before.is_deleted(), after.is_deleted()) {
            (false, true) => AuditAction::ContactDeleted,
            (true, false) => AuditAction::ContactRestored,
            (true, true) | (false, false) => AuditAction::ContactUpdated,
        };
        self.replace_contact_as(org, before, after, action)
    }

    /// Stores a changed contact; the audit log says that this was done to it.
    pub fn replace_contact_as(
        &mut self,
        org: OrgNumber,
        before: Contact,
        mut after: Contact,
        action: AuditAction,
    ) -> Result<(), Error> {
        // Facts follow from records, and may have changed since this write has read the contact.
        let key = keys::contact(org, after.id);
        after.facts = if self.own.contains_key(key.as_slice()) {
            self.contact(org, after.id)?.map(|stored| stored.facts).unwrap_or_default()
        } else {
            before.facts.clone()
        };
        self.put_score(org, &mut after);
        let bytes = codec::encode(&after)?;
        self.count(org, 0, signed(bytes.len()) - signed(codec::encode(&before)?.len()));
        self.put_op(&keys::contact(org, after.id), bytes, false);
        self.note(action, after.id.0, before.changes(&after));
        self.follow_merge(org, after.id, before.merged_into, after.merged_into)?;
        self.adopt_unknown(org, Some(&before), &after)?;
        self.follow_channels(org, Some(&before), Some(&after))?;
        self.follow_company(org, Some(&before), Some(&after));
        let was = before.opt_in;
        let consent = (was != after.opt_in).then(|| after.clone());
        self.changes.push(ContactChange {
            org,
            is_of_facts: false,
            before: Some(before),
            after: Some(after),
        });
        consent.map_or(Ok(()), |after| self.follow_opt_in(org, was, &after))
    }

    /// Stores a contact of which only the facts have changed. The audit log has what caused it.
    pub(super) fn replace_facts(
        &mut self,
        org: OrgNumber,
        before: Contact,
        mut after: Contact,
    ) -> Result<(), Error> {
        self.put_score(org, &mut after);
        let bytes = codec::encode(&after)?;
        self.count(org, 0, signed(bytes.len()) - signed(codec::encode(&before)?.len()));
        self.put_op(&keys::contact(org, after.id), bytes, false);
        self.changes.push(ContactChange {
            org,
            is_of_facts: true,
            before: Some(before),
            after: Some(after),
        });
        Ok(())
    }

    /// Removes a contact for good; only its tombstone stays.
    pub fn erase_contact(
        &mut self,
        org: OrgNumber,
        before: Contact,
        deleted_at: Timestamp,
        deleted_by: &str,
    ) -> Result<(), Error> {
        self.follow_merge(org, before.id, before.merged_into, None)?;
        self.follow_channels(org, Some(&before), None)?;
        self.follow_company(org, Some(&before), None);
        let is_id = |text: &str| text.is_empty() || Uuid::parse_str(text).is_ok();
        let tombstone = Tombstone {
            number: before.number,
            deleted_at,
            deleted_by: deleted_by.to_owned(),
            seen_by: Some(SightKey::of(&before))
                .filter(|key| is_id(&key.principal) && is_id(&key.department)),
        };
        self.count(org, -1, -signed(codec::encode(&before)?.len()));
        self.erase_consents(org, before.id)?;
        self.delete(&keys::card(org, before.id));
        self.delete(&keys::contact(org, before.id));
        self.put(&keys::tombstone(org, before.id), codec::encode(&tombstone)?);
        self.erase_details(org, before.id.0)?;
        self.note(AuditAction::ContactErased, before.id.0, Vec::new());
        self.changes.push(ContactChange {
            org,
            is_of_facts: false,
            before: Some(before),
            after: None,
        });
        Ok(())
    }
}
