//! State above the store that follows what is applied to it, whoever wrote it: a caller of this
//! process, or another machine of the same cluster.

use std::fmt::Debug;

use super::error::Error;
use crate::journal::Op;
use crate::store::{Store, Value};

/// State above the store that follows every applied write.
pub trait Projection: Debug + Send + Sync {
    /// Takes over what was just applied. Runs on the writer thread before anybody is told that the
    /// writes are done, so it must be quick and must not wait for another write.
    ///
    /// # Errors
    /// If what it follows cannot be read. Then nothing more is written, for it would be decided
    /// by a state that is not true any more.
    fn follow(&self, stored: Stored<'_>, applied: &Applied<'_>) -> Result<(), Error>;
}

/// Reads the store with all writes that have been applied.
#[derive(Clone, Copy)]
pub struct Stored<'a>(pub(super) &'a Store);

impl<'a> Stored<'a> {
    /// Reads a value.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        Ok(self.0.get(key)?)
    }

    /// Goes over all values of a key space.
    pub fn scan(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Vec<u8>, Value), Error>> + use<'a> {
        self.0.scan_prefix(prefix).map(|entry| match entry {
            Ok((key, value)) => Ok((key.to_vec(), value)),
            Err(error) => Err(error.into()),
        })
    }
}

/// Writes that were just applied, in order.
pub struct Applied<'a> {
    writes: Vec<&'a [Op]>,
    /// One bit for each first byte of a key that was changed.
    spaces: [u64; 4],
}

impl<'a> Applied<'a> {
    pub(super) fn new(writes: Vec<&'a [Op]>) -> Self {
        let mut spaces = [0; 4];
        for op in writes.iter().copied().flatten() {
            if let Some(space) = op.key().first() {
                spaces[usize::from(space >> 6)] |= 1 << (space & 63);
            }
        }
        Self { writes, spaces }
    }

    /// Whether a key of any of these spaces was changed.
    pub fn touches(&self, spaces: &[u8]) -> bool {
        spaces.iter().any(|space| self.spaces[usize::from(space >> 6)] >> (space & 63) & 1 == 1)
    }

    /// The changes of keys of a space, in order: the key, and the new value unless it was removed.
    pub fn changes(&self, space: u8) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + '_ {
        let of_space = move |op: &&Op| op.key().first() == Some(&space);
        self.writes.iter().copied().flatten().filter(of_space).map(|op| match op {
            Op::Put { key, value, .. } => (key.as_slice(), Some(value.as_slice())),
            Op::Delete { key } => (key.as_slice(), None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spaces_of_changed_keys_are_touched() {
        let put = |key: &[u8]| Op::Put { key: key.to_vec(), value: vec![1], fresh: false };
        let first = [put(b"Cx"), Op::Delete { key: b"Sx".to_vec() }];
        let second = [put(&[0xff, 1])];
        let applied = Applied::new(vec![&first, &second]);
        assert!(applied.touches(b"C") && applied.touches(b"AS") && applied.touches(&[0xff]));
        assert!(!applied.touches(b"ABDT") && !applied.touches(&[0x3f, 0x7f, 0xbf]));
        let sessions: Vec<_> = applied.changes(b'S').collect();
        assert_eq!(sessions, [(&b"Sx"[..], None)]);
        assert_eq!(applied.changes(b'C').count(), 1);
    }
}
