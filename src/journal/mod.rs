//! The journal: the durable, ordered truth of every acknowledged write.
//!
//! Place in the flow: the writer thread appends a group of entries and acknowledges nothing before
//! [`Journal::append`] has returned; recovery, the follower, the audit trail and backups read.
//! Where several machines write, a [`SharedLog`] decides the order, and each machine keeps a
//! [`FileJournal`] of the same history.
//!
//! It does not know what keys and values mean, applies nothing, and decides neither when to trim
//! nor what to do after a failed write (the engine ends the process).

use std::time::Duration;

use uuid::Uuid;

use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Timestamp;

mod encoded;
mod error;
mod file;
mod frame;
mod image;
mod jetstream;
mod load;
mod repair;
mod rewrite;
mod salvage;
mod scan;
mod sealing;
mod segment;
mod shared;
mod snapshot;
mod verify;

pub use encoded::EncodedGroup;
pub use error::{Damage, Error};
pub use file::{FileJournal, Options};
pub use frame::MAX_BODY_BYTES;
pub use image::Image;
pub use jetstream::{JetStreamLog, JetStreamOptions};
pub use repair::{RepairReport, repair, restart};
pub use rewrite::rewrite;
pub use salvage::{Gap, Salvage, Salvaged};
pub use shared::{
    Place, SharedAppended, SharedError, SharedGroup, SharedLog, SharedNode, SharedTail,
};
pub use snapshot::{Copied, Snapshot, Until};

/// Whether a directory holds a journal.
///
/// # Errors
/// If the directory is there and cannot be listed.
pub fn exists(dir: &std::path::Path) -> Result<bool, Error> {
    Ok(dir.is_dir() && !load::list_segments(dir)?.is_empty())
}

/// A history, with an entry of it and the hash over that and everything before it.
pub(crate) type HistoryEnd = (Uuid, (ChangeSeq, Chain));

/// Which history the journal of a folder holds, and its last whole entry, if there is one. Reads
/// everything.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn end_of(dir: &std::path::Path) -> Result<Option<HistoryEnd>, Error> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let loaded = load::load(dir)?;
    let last = loaded.segments.last();
    Ok(last.map(|last| (last.header.incarnation, (last.last, last.chain))))
}

/// Whether the entries of a directory's journal are sealed; not, if there is none that is whole.
///
/// # Errors
/// If the directory is there and cannot be listed.
pub fn is_sealed(dir: &std::path::Path) -> Result<bool, Error> {
    if !dir.is_dir() {
        return Ok(false);
    }
    let paths = load::list_segments(dir)?;
    Ok(paths.iter().any(|path| segment::header_of(path).is_some_and(|header| header.is_sealed)))
}

/// Whether the journal of a directory, which is not open, can bring back everything; see
/// [`FileJournal::whole_from`].
///
/// # Errors
/// If the directory cannot be listed.
pub fn is_whole(dir: &std::path::Path) -> Result<bool, Error> {
    let paths = load::list_segments(dir)?;
    let headers: Vec<_> = paths.iter().filter_map(|path| segment::header_of(path)).collect();
    Ok(headers.len() == paths.len() && file::whole_from(headers.iter()).is_some())
}

/// The hash over an entry and everything before it.
pub type Chain = [u8; 32];

/// One physical change of the store, by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets a key.
    Put {
        /// The whole key.
        key: Vec<u8>,
        /// The whole value.
        value: Vec<u8>,
        /// The key did not exist before, so that a reader need not look for what it replaces.
        fresh: bool,
    },
    /// Removes a key, whether it exists or not.
    Delete {
        /// The whole key.
        key: Vec<u8>,
    },
}

impl Op {
    /// The key that is changed.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// One transaction to append: all of it happens or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// When it was decided.
    pub at: Timestamp,
    /// The organisation it belongs to.
    pub organization: OrgNumber,
    /// Who did it, as the audit trail shows it.
    pub actor: String,
    /// The caller's own identifier, by which it is found again after [`Appended::Unknown`].
    pub tx: u128,
    /// The changes, in order.
    pub ops: Vec<Op>,
}

/// One transaction as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: ChangeSeq,
    /// The place of the entry before it.
    pub after: ChangeSeq,
    /// `blake3(chain of the entry before || encoded entry)`, the same whether the journal is
    /// encrypted or not; see [`Journal::verify`].
    pub chain: Chain,
    /// When it was decided.
    pub at: Timestamp,
    /// The organisation it belongs to.
    pub organization: OrgNumber,
    /// Who did it, as the audit trail shows it.
    pub actor: String,
    /// The caller's own identifier.
    pub tx: u128,
    /// The changes, in order.
    pub ops: Vec<Op>,
}

/// The answer to an append that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Appended {
    /// The group is durable; this is the place of its last entry.
    At(ChangeSeq),
    /// The journal has moved on; nothing was written. Run the closures again on the newer state.
    Conflict,
    /// It may or may not have been written. Read on and look for the transaction; append nothing
    /// else at that place. [`FileJournal`] never answers this.
    Unknown,
}

/// What a complete walk over a journal found to be in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The first entry that is still kept, or the one to be written next.
    pub first: ChangeSeq,
    /// The last entry.
    pub last: ChangeSeq,
    /// How many entries were read.
    pub entries: u64,
    /// How many bytes were read.
    pub bytes: u64,
    /// The chain of the last entry: written down elsewhere, it proves later that nothing up to
    /// that entry was changed.
    pub chain: Chain,
}

/// A durable, ordered log of transactions.
pub trait Journal: Send + Sync + 'static {
    /// Appends a group of entries after the entry `after`, giving them the numbers that follow.
    ///
    /// When it answers [`Appended::At`] the whole group is on disk, by one write and one sync.
    /// After an error nothing is known, and every later append fails as well.
    fn append(&self, after: ChangeSeq, group: &[NewEntry]) -> Result<Appended, Error>;

    /// Reads durable entries that follow `after`, about `max_bytes` of them but at least one if
    /// there is any; waits up to `wait` for the first.
    ///
    /// Fails with [`Error::Trimmed`] if the entry after `after` is not kept any more.
    fn read(&self, after: ChangeSeq, max_bytes: usize, wait: Duration)
    -> Result<Vec<Entry>, Error>;

    /// The last durable entry, zero before the first.
    fn tail(&self) -> ChangeSeq;

    /// The first entry that can be read; one above [`Journal::tail`] if there is none.
    fn first(&self) -> ChangeSeq;

    /// Allows everything up to and including `through` to be forgotten.
    fn trim(&self, through: ChangeSeq) -> Result<(), Error>;

    /// Identifies this history; another one must never be mixed with it.
    fn incarnation(&self) -> Uuid;

    /// Reads everything and checks checksums, numbering and the hash chain.
    fn verify(&self) -> Result<Verified, Error>;
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod sealing_tests;
#[cfg(test)]
mod tests;
