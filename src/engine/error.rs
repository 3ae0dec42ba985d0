//! What can go wrong below the use cases.

use std::path::PathBuf;

/// Why the engine cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the data directory.
    #[error("data directory {} is in use by another ringdex process: stop it, or use --server", .0.display())]
    InUse(PathBuf),
    /// A file or directory could not be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] crate::journal::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A record could not be read or written.
    #[error(transparent)]
    Codec(#[from] crate::store::codec::CodecError),
    /// The index refused.
    #[error(transparent)]
    Index(#[from] crate::index::Error),
    /// A search failed.
    #[error(transparent)]
    Search(#[from] crate::search::Error),
    /// Store and journal do not belong together any more.
    #[error("the store has changes up to {applied}, but the journal {journal}: {repair}")]
    Mismatch {
        /// The last change of the store.
        applied: u64,
        /// What the journal holds.
        journal: String,
        /// What to do.
        repair: &'static str,
    },
    /// The partition is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

/// Why a write did not happen.
#[derive(Debug)]
pub enum Rejected<E> {
    /// The closure said no; nothing was changed.
    By(E),
    /// The engine could not.
    Engine(Error),
}

impl<E> From<Error> for Rejected<E> {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}
