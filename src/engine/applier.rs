//! One way to apply: what is in the journal is taken over by the store, the lookup table and
//! everything else in memory, whoever wrote it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Error;
use super::image::is_image;
use super::progress::Progress;
use super::projection::{Applied, Projection, Stored};
use super::record_cache::RecordCache;
use super::trash::Trash;
use super::tx::{ContactChange, Numbers, UsageDelta, signed};
use super::watch::ChangedByOrg;
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::journal::{Entry, Op};
use crate::lookup::{Table, TableChange};
use crate::store::fault::crash_point;
use crate::store::{Change, Store, codec, keys};

/// What follows the journal on the writer thread.
pub(super) struct Applier {
    pub(super) store: Arc<Store>,
    pub(super) table: Arc<Table>,
    pub(super) cards: Arc<RecordCache>,
    pub(super) applied: Arc<Progress>,
    pub(super) contact_count: Arc<AtomicU64>,
    pub(super) trash: Arc<Trash>,
    pub(super) watches: Arc<ChangedByOrg>,
    pub(super) projections: Vec<Arc<dyn Projection>>,
}

/// Why something was not applied.
pub(super) enum NotApplied {
    /// The store cannot be written: only a start knows what is on disk.
    Store(Error),
    /// Something above the store is not what the store says.
    Projection(Error),
}

impl Applier {
    /// Takes writes over, in order, of which these are the changes of contacts, up to a place.
    pub(super) fn apply(
        &self,
        writes: Vec<&[Op]>,
        contacts: &[ContactChange],
        seq: ChangeSeq,
    ) -> Result<(), NotApplied> {
        let changes = writes.iter().copied().flatten().map(as_change);
        self.store.apply(changes, seq).map_err(|error| NotApplied::Store(error.into()))?;
        crash_point("writer.applied");
        mirror_changes(&self.table, &self.trash, contacts);
        for change in contacts {
            if let Some(before) = &change.before {
                self.cards.invalidate(before.number);
            }
            let (was, is) = (is_live(change.before.as_ref()), is_live(change.after.as_ref()));
            if is && !was {
                self.contact_count.fetch_add(1, Ordering::Relaxed);
            } else if was && !is {
                self.contact_count.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.watches.note(contacts);
        let applied = Applied::new(writes);
        let stored = Stored(&self.store);
        for projection in &self.projections {
            projection.follow(stored, &applied).map_err(NotApplied::Projection)?;
        }
        self.applied.set(seq);
        Ok(())
    }

    /// What entries that another machine has written change: contacts, what organisations keep, and
    /// how far contact numbers are used.
    ///
    /// Cost: decodes each contact before and after.
    pub(super) fn foreign(
        &self,
        entries: &[Entry],
        numbers: &mut Numbers,
    ) -> Result<Foreign, Error> {
        let mut foreign = Foreign::default();
        let mut latest: HashMap<&[u8], Option<&[u8]>> = HashMap::new();
        for op in entries.iter().filter(|entry| !is_image(entry)).flat_map(|entry| &entry.ops) {
            let (key, value) = match op {
                Op::Put { key, value, .. } => (key.as_slice(), Some(value.as_slice())),
                Op::Delete { key } => (key.as_slice(), None),
            };
            if !matches!(key.first(), Some(&keys::CONTACTS | &keys::MERGES | &keys::RECORDS)) {
                if key == keys::NEXT_CONTACT_NUMBER {
                    let value = value.and_then(|value| value.try_into().ok());
                    numbers.known = numbers.known.max(value.map_or(0, u32::from_be_bytes));
                }
                continue;
            }
            let before = match latest.insert(key, value) {
                Some(before) => before.map(<[u8]>::to_vec),
                None => self.store.get(key)?.map(crate::store::Value::into_vec),
            };
            let org = key.get(1..5).and_then(|org| org.try_into().ok());
            let org = OrgNumber(org.map_or(0, u32::from_be_bytes));
            let (was, is) =
                (before.as_deref().map_or(0, <[u8]>::len), value.map_or(0, <[u8]>::len));
            let mut delta = UsageDelta { contacts: 0, bytes: signed(is) - signed(was) };
            if key.first() == Some(&keys::CONTACTS) {
                delta.contacts = i64::from(value.is_some()) - i64::from(before.is_some());
                let before: Option<Contact> = before.as_deref().map(codec::decode).transpose()?;
                let after: Option<Contact> = value.map(codec::decode).transpose()?;
                if let Some(after) = &after {
                    numbers.note_used(after.number.0);
                }
                let is_of_facts = match (&before, &after) {
                    (Some(before), Some(after)) => {
                        before.version == after.version && before.is_deleted() == after.is_deleted()
                    }
                    _ => false,
                };
                foreign.contacts.push(ContactChange { org, is_of_facts, before, after });
            }
            foreign.usages.push((org.0, delta));
        }
        Ok(foreign)
    }
}

/// What entries of another machine change besides the store.
#[derive(Default)]
pub(super) struct Foreign {
    pub(super) contacts: Vec<ContactChange>,
    pub(super) usages: Vec<(u32, UsageDelta)>,
}

fn is_live(contact: Option<&Contact>) -> bool {
    contact.is_some_and(|c| !c.is_deleted())
}

fn mirror_changes(table: &Table, trash: &Trash, changes: &[ContactChange]) {
    let mut live: Vec<TableChange<'_>> = Vec::with_capacity(changes.len());
    for change in changes {
        // Of facts only the directory holds something: whom nobody may call.
        if change.is_of_facts {
            if let Some(after) = change.after.as_ref().filter(|after| !after.is_deleted()) {
                table.directory().set(change.org, after);
            }
            continue;
        }
        let alive =
            |contact: &'_ Option<Contact>| contact.as_ref().is_some_and(|c| !c.is_deleted());
        match (&change.before, &change.after) {
            (_, Some(after)) if alive(&change.after) => {
                table.directory().set(change.org, after);
            }
            (Some(before), _) => table.directory().remove(before.number),
            (None, _) => {}
        }
        match (&change.before, &change.after) {
            (_, Some(after)) => trash.set(change.org, after),
            (Some(before), None) => trash.remove(before.number),
            (None, None) => {}
        }
        live.push(TableChange {
            org: change.org,
            before: change.before.as_ref().filter(|c| !c.is_deleted()),
            after: change.after.as_ref().filter(|c| !c.is_deleted()),
        });
    }
    // The same contact twice in one group must be taken over in order.
    let mut seen = HashSet::new();
    let mut start = 0;
    for at in 0..live.len() {
        let number = live[at].before.or(live[at].after).map(|c| c.number);
        if let Some(number) = number
            && !seen.insert(number)
        {
            table.apply(&live[start..at]);
            seen.clear();
            seen.insert(number);
            start = at;
        }
    }
    table.apply(&live[start..]);
}

pub(super) fn as_change(op: &Op) -> Change<'_> {
    match op {
        Op::Put { key, value, .. } => Change::Put { key, value },
        Op::Delete { key } => Change::Delete { key },
    }
}
