//! Contact number to organisation and public id, in 20 bytes a contact, read without locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use uuid::Uuid;

use crate::domain::ids::{ContactId, ContactNumber, OrgNumber};

const CHUNK: usize = 4096;

struct Chunk {
    high: Box<[AtomicU64]>,
    low: Box<[AtomicU64]>,
    /// The organisation plus one; zero where there is no contact.
    org: Box<[AtomicU32]>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            high: (0..CHUNK).map(|_| AtomicU64::new(0)).collect(),
            low: (0..CHUNK).map(|_| AtomicU64::new(0)).collect(),
            org: (0..CHUNK).map(|_| AtomicU32::new(0)).collect(),
        }
    }
}

/// The table. Numbers are dense, so it is an array in chunks.
#[derive(Default)]
pub struct Directory {
    chunks: ArcSwap<Vec<Arc<Chunk>>>,
}

impl Directory {
    /// Sets where a number leads. Only one thread may.
    pub fn set(&self, number: ContactNumber, org: OrgNumber, id: ContactId) {
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
        directory.set(ContactNumber(9000), OrgNumber(0), id);
        assert_eq!(directory.get(ContactNumber(9000)), Some((OrgNumber(0), id)));
        assert_eq!(directory.get(ContactNumber(8999)), None);
        directory.remove(ContactNumber(9000));
        assert_eq!(directory.get(ContactNumber(9000)), None);
        directory.remove(ContactNumber(99_000));
    }
}
