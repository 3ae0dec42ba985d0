//! Contact number to organisation, public id and who may see it, in 25 bytes a contact, read
//! without locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};
use uuid::Uuid;

use super::refusals::Refusals;
use super::sights::{Keys, Sights};
use crate::domain::access::{Sight, SightKey};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, ContactNumber, OrgNumber};

const CHUNK: usize = 4096;

struct Chunk {
    high: Box<[AtomicU64]>,
    low: Box<[AtomicU64]>,
    /// The organisation plus one; zero where there is no contact.
    org: Box<[AtomicU32]>,
    /// Which of the known combinations decides who sees it.
    sight: Box<[AtomicU32]>,
    /// What its contact has refused.
    refusals: Box<[AtomicU8]>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            high: (0..CHUNK).map(|_| AtomicU64::new(0)).collect(),
            low: (0..CHUNK).map(|_| AtomicU64::new(0)).collect(),
            org: (0..CHUNK).map(|_| AtomicU32::new(0)).collect(),
            sight: (0..CHUNK).map(|_| AtomicU32::new(0)).collect(),
            refusals: (0..CHUNK).map(|_| AtomicU8::new(0)).collect(),
        }
    }
}

/// Whom somebody sees. Remembers its answers by combination, so that many contacts cost little
/// more than finding their places.
pub struct Seer<'a> {
    chunks: Guard<Arc<Vec<Arc<Chunk>>>>,
    keys: Keys,
    sight: &'a Sight,
    /// By number of the combination; `None` where nobody has asked yet.
    known: Vec<Option<bool>>,
}

impl Seer<'_> {
    /// Whether a contact is seen.
    pub fn sees(&mut self, number: ContactNumber) -> bool {
        let (chunk, at) = position(number);
        let Some(chunk) = self.chunks.get(chunk) else { return false };
        let combination = chunk.sight[at].load(Ordering::Relaxed) as usize;
        if let Some(Some(known)) = self.known.get(combination) {
            return *known;
        }
        // One that was met only after this began is of a contact that has just been changed.
        let Some(key) = self.keys.get(combination) else { return false };
        let is_seen = self.sight.sees_key(key);
        if self.known.len() <= combination {
            self.known.resize((combination + 1).next_power_of_two(), None);
        }
        self.known[combination] = Some(is_seen);
        is_seen
    }
}

/// The table. Numbers are dense, so it is an array in chunks.
#[derive(Default)]
pub struct Directory {
    chunks: ArcSwap<Vec<Arc<Chunk>>>,
    sights: Sights,
}

impl Directory {
    /// Sets where the number of a contact leads and who sees it. Only one thread may.
    pub fn set(&self, org: OrgNumber, contact: &Contact) {
        let sight = self.sights.number(SightKey::of(contact));
        let refusals = Refusals::of(contact);
        self.put(contact.number, org, contact.id, (sight, refusals));
    }

    fn put(
        &self,
        number: ContactNumber,
        org: OrgNumber,
        id: ContactId,
        (sight, refusals): (u32, Refusals),
    ) {
        let (chunk, at) = position(number);
        let mut chunks = self.chunks.load_full();
        if chunks.len() <= chunk {
            let mut grown = chunks.as_ref().clone();
            while grown.len() <= chunk {
                grown.push(Arc::new(Chunk::new()));
            }
            chunks = Arc::new(grown);
            self.chunks.store(Arc::clone(&chunks));
        }
        let (high, low) = id.0.as_u64_pair();
        let chunk = &chunks[chunk];
        chunk.high[at].store(high, Ordering::Relaxed);
        chunk.low[at].store(low, Ordering::Relaxed);
        chunk.sight[at].store(sight, Ordering::Relaxed);
        chunk.refusals[at].store(refusals.0, Ordering::Relaxed);
        // Published last: a reader that sees the organisation sees the id.
        chunk.org[at].store(org.0 + 1, Ordering::Release);
    }

    /// Forgets a number. Only one thread may.
    pub fn remove(&self, number: ContactNumber) {
        let (chunk, at) = position(number);
        if let Some(chunk) = self.chunks.load().get(chunk) {
            chunk.org[at].store(0, Ordering::Release);
        }
    }

    /// Forgets everything. Only one thread may.
    pub fn clear(&self) {
        self.chunks.store(Arc::new(Vec::new()));
    }

    /// Tells whom of many contacts somebody sees; what is not there is not seen.
    pub fn seer<'a>(&self, sight: &'a Sight) -> Seer<'a> {
        Seer { chunks: self.chunks.load(), keys: self.sights.keys(), sight, known: Vec::new() }
    }

    /// What the contact of a number has refused.
    pub fn refusals(&self, number: ContactNumber) -> Refusals {
        let (chunk, at) = position(number);
        let chunks = self.chunks.load();
        chunks.get(chunk).map_or_else(Refusals::default, |chunk| {
            Refusals(chunk.refusals[at].load(Ordering::Relaxed))
        })
    }

    /// Where a number leads.
    pub fn get(&self, number: ContactNumber) -> Option<(OrgNumber, ContactId)> {
        let (chunk, at) = position(number);
        let chunks = self.chunks.load();
        let chunk = chunks.get(chunk)?;
        let org = chunk.org[at].load(Ordering::Acquire).checked_sub(1)?;
        let (high, low) =
            (chunk.high[at].load(Ordering::Relaxed), chunk.low[at].load(Ordering::Relaxed));
        Some((OrgNumber(org), ContactId(Uuid::from_u64_pair(high, low))))
    }
}

fn position(number: ContactNumber) -> (usize, usize) {
    let number = number.0 as usize;
    (number / CHUNK, number % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_to_contacts_until_removed() {
        let directory = Directory::default();
        let id = ContactId::generate();
        assert_eq!(directory.get(ContactNumber(9000)), None);
        directory.put(ContactNumber(9000), OrgNumber(0), id, (0, Refusals::default()));
        assert_eq!(directory.get(ContactNumber(9000)), Some((OrgNumber(0), id)));
        assert_eq!(directory.get(ContactNumber(8999)), None);
        directory.remove(ContactNumber(9000));
        assert_eq!(directory.get(ContactNumber(9000)), None);
        directory.remove(ContactNumber(99_000));
    }
}
