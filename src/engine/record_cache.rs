//! Decoded records of contacts that are asked for often, never older than the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

use crate::domain::contact::Contact;
use crate::domain::ids::ContactNumber;

/// Counters against which cached records are held; several contacts share one, which at worst
/// costs a read from the store.
const EPOCHS: usize = 4096;

/// The share of records of pages, so that searches do not push out those that are looked up.
const PAGES: usize = 3;

/// The cache.
pub(super) struct RecordCache {
    cache: Cache<u32, (u64, Arc<Contact>)>,
    /// Records that were on the pages of searches.
    pages: Cache<u32, (u64, Arc<Contact>)>,
    epochs: Box<[AtomicU64]>,
}

impl RecordCache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            cache: Cache::new(capacity - capacity / PAGES),
            pages: Cache::new(capacity / PAGES),
            epochs: (0..EPOCHS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.cache.clear();
        self.pages.clear();
    }

    fn epoch(&self, number: ContactNumber) -> &AtomicU64 {
        &self.epochs[number.0 as usize % EPOCHS]
    }

    /// The record, if it is here and the contact has not been changed since it was read.
    pub(super) fn get(&self, number: ContactNumber) -> Option<Arc<Contact>> {
        let (epoch, contact) = self.cache.get(&number.0).or_else(|| self.pages.get(&number.0))?;
        (epoch == self.epoch(number).load(Ordering::Acquire)).then_some(contact)
    }

    /// To be asked before the store is read, and given to [`RecordCache::put`] with what was read.
    pub(super) fn ticket(&self, number: ContactNumber) -> u64 {
        self.epoch(number).load(Ordering::Acquire)
    }

    pub(super) fn put(&self, number: ContactNumber, ticket: u64, contact: Arc<Contact>) {
        self.cache.insert(number.0, (ticket, contact));
    }

    /// As [`RecordCache::put`], for records of the pages of searches.
    pub(super) fn put_page(&self, number: ContactNumber, ticket: u64, contact: Arc<Contact>) {
        self.pages.insert(number.0, (ticket, contact));
    }

    /// To be called after the store has changed and before that is acknowledged.
    pub(super) fn invalidate(&self, number: ContactNumber) {
        self.epoch(number).fetch_add(1, Ordering::AcqRel);
    }
}
