//! Going over records in key order, forwards or backwards.
//!
//! Values in parts are put together on the way; a record that is deleted meanwhile is left out.
//! A damaged value is one item and the scan goes on; a damaged page is the last item.

use super::error::Error;
use super::value::{Key, Revealed, Stored, Value};
use super::{RESERVED, parts};
use crate::vault::Sealer;

/// An iterator over the records of a range, from either end.
pub struct Scan {
    tree: sled::Tree,
    iter: sled::Iter,
    sealer: Option<Sealer>,
    /// The database could not go on; it would answer with the same error for ever.
    failed: bool,
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan").finish_non_exhaustive()
    }
}

impl Scan {
    pub(super) fn prefix(tree: &sled::Tree, sealer: Option<&Sealer>, prefix: &[u8]) -> Self {
        // The first key behind all that begin with the prefix: the last byte that can grow, grown.
        let mut to = prefix.to_vec();
        while to.pop_if(|last| *last == u8::MAX).is_some() {}
        match to.last_mut() {
            Some(last) => *last += 1,
            None => to.push(RESERVED),
        }
        Self::range(tree, sealer, prefix, &to)
    }

    pub(super) fn range(
        tree: &sled::Tree,
        sealer: Option<&Sealer>,
        from: &[u8],
        to: &[u8],
    ) -> Self {
        let to = to.min(&[RESERVED]);
        // sled does not take ranges that run backwards.
        let from = from.min(to);
        let iter = tree.range(from..to);
        Self { tree: tree.clone(), iter, sealer: sealer.cloned(), failed: false }
    }

    /// The record that comes next, with its value as it lies in the store: opening sealed values
    /// can be left to several threads, see [`super::Store::open_record`].
    pub fn next_unopened(&mut self) -> Option<Result<Unopened, Error>> {
        if self.failed {
            return None;
        }
        let found = self.iter.next()?;
        Some(self.take(found))
    }

    fn take(&mut self, found: sled::Result<(sled::IVec, sled::IVec)>) -> Result<Unopened, Error> {
        let (key, bytes) = found.inspect_err(|_| self.failed = true)?;
        let stored = Stored::read(bytes).ok_or_else(|| Error::damaged_value(&key))?;
        Ok(Unopened { key: Key(key), stored })
    }

    fn resolve(
        &mut self,
        found: sled::Result<(sled::IVec, sled::IVec)>,
    ) -> Result<Option<(Key, Value)>, Error> {
        self.take(found)?.open(&self.tree, self.sealer.as_ref())
    }
}

/// A record whose value has been found and not opened yet.
pub struct Unopened {
    key: Key,
    stored: Stored,
}

impl Unopened {
    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// How many bytes its value takes in the store, parts included.
    pub fn bytes(&self) -> usize {
        self.stored.bytes()
    }

    /// The record; `None` if it was deleted meanwhile.
    pub(super) fn open(
        self,
        tree: &sled::Tree,
        sealer: Option<&Sealer>,
    ) -> Result<Option<(Key, Value)>, Error> {
        let value = match self.stored.reveal(sealer, &self.key)? {
            Revealed::Value(value) => Some(value),
            Revealed::Head(_) => parts::get(tree, sealer, &self.key)?,
        };
        Ok(value.map(|value| (self.key, value)))
    }
}

impl Iterator for Scan {
    type Item = Result<(Key, Value), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let found = self.iter.next()?;
            if let Some(record) = self.resolve(found).transpose() {
                return Some(record);
            }
        }
        None
    }
}

impl DoubleEndedIterator for Scan {
    fn next_back(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let found = self.iter.next_back()?;
            if let Some(record) = self.resolve(found).transpose() {
                return Some(record);
            }
        }
        None
    }
}
