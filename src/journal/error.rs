//! What can go wrong in the journal, with the file, the place and the way out.
//!
//! Knows nothing of error codes and statuses; those belong to the layers above.

use std::io;
use std::path::{Path, PathBuf};

use super::Chain;
use crate::domain::ids::ChangeSeq;

impl Error {
    /// Whether there was no room for a write, and the journal is as it was before.
    pub fn is_no_room(&self) -> bool {
        matches!(self, Self::NoRoom { .. })
    }
}

/// An error of the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no room for the entries; nothing was written.
    #[error("there is no room to write {}", path.display())]
    NoRoom {
        /// The segment file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Bytes that were written once are not there any more as they were.
    #[error(
        "journal {} is damaged at byte {offset}: {damage}; restore it from a backup, or cut it \
         there with `ringdex check --repair-journal`",
        path.display()
    )]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// The first byte that is not in order.
        offset: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The entries asked for have been trimmed.
    #[error("the journal begins at entry {first}, earlier ones have been trimmed")]
    Trimmed {
        /// The first entry that is kept.
        first: ChangeSeq,
    },
    /// An earlier write failed, so what is on disk is not known; the process must end.
    #[error("the journal failed to write before and takes no more entries; restart to recover")]
    Poisoned,
    /// A file of the journal was removed or replaced while it was in use.
    #[error(
        "the journal file {} was removed or replaced while it was in use: put the folder back as \
         it was, or restore a backup, and start again",
        path.display()
    )]
    Displaced {
        /// The segment file.
        path: PathBuf,
    },
    /// An entry that could not be read back.
    #[error("a journal entry of {bytes} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// Its size when encoded.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Its files are encrypted and should not be, or the other way round.
    #[error(transparent)]
    Vault(#[from] crate::vault::Error),
    /// Another process has this journal open.
    #[error("journal {} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
}

/// What is wrong with damaged bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The segment header does not carry its checksum or its mark.
    #[error("the segment header is not valid")]
    Header,
    /// The segment was written by a program that is newer than this one.
    #[error("segment version {0} is not known")]
    Version(u8),
    /// The segment belongs to another history.
    #[error("the segment belongs to another journal")]
    Incarnation,
    /// No frame begins here.
    #[error("no frame begins here")]
    Mark,
    /// The frame ends behind the end of the file, or is larger than a frame can be.
    #[error("the frame is cut short")]
    Short,
    /// The checksum does not match.
    #[error("the checksum does not match")]
    Checksum,
    /// The entry is sealed and does not open.
    #[error("the sealed entry does not open: it was changed, moved, or sealed with another key")]
    Sealed,
    /// The entry is not sealed in a journal that is encrypted.
    #[error("the entry is not sealed, as all of this journal are")]
    NotSealed,
    /// The frame is whole but cannot be understood.
    #[error("the entry cannot be decoded")]
    Body,
    /// An entry is missing or out of order.
    #[error("entry {expected} should be here, found {found}")]
    Sequence {
        /// The number that follows from the entry before.
        expected: ChangeSeq,
        /// The number that was found.
        found: ChangeSeq,
    },
    /// The entry was changed after it was written, or one before it was.
    #[error("the hash chain is broken: {} should be {}", hex(found), hex(expected))]
    Chain {
        /// The hash computed from the entries.
        expected: Box<Chain>,
        /// The hash that was found.
        found: Box<Chain>,
    },
}

/// The first bytes of a hash, enough to compare by eye.
fn hex(chain: &Chain) -> String {
    let first = chain.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{first:016x}")
}

/// Adds action and path to an error of the operating system.
pub(super) fn io_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { action, path: path.to_path_buf(), source }
}
