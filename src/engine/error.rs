//! What can go wrong below the use cases.

use std::path::PathBuf;

/// Why the engine cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is too little room on the disk to write.
    #[error(
        "the disk of {} has {} MiB free and a write needs {} MiB: make room, then writes are taken \
         again by themselves",
        path.display(), free >> 20, (needed >> 20) + 1
    )]
    NoRoom {
        /// The data directory.
        path: PathBuf,
        /// How many bytes are free.
        free: u64,
        /// How many would have to be.
        needed: u64,
    },
    /// Another process holds the data directory.
    #[error("data directory {} is in use by another ringdex process: stop it, or use --server", .0.display())]
    InUse(PathBuf),
    /// A newer version has written the data directory.
    #[error(
        "data directory {} has format {found}, and ringdex {} reads up to format {known}: start it \
         with the version that wrote it or a newer one, or restore a backup of before the upgrade \
         into a new directory",
        path.display(), env!("CARGO_PKG_VERSION")
    )]
    FormatTooNew {
        /// The data directory.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this version reads.
        known: u32,
    },
    /// Nobody can tell the format of the data directory.
    #[error(
        "{} does not hold the number of a format: put back what a backup of the file says, or 1 for \
         a directory that only ringdex {} and earlier ones have written",
        .0.display(), env!("CARGO_PKG_VERSION")
    )]
    FormatUnreadable(PathBuf),
    /// A file or directory could not be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is trouble with the encryption key.
    #[error(transparent)]
    Vault(#[from] crate::vault::Error),
    /// Something stands in the way of encrypting or decrypting.
    #[error("{} was set aside when damage was repaired: move it away or delete it first", .0.display())]
    SetAside(PathBuf),
    /// The directory has nothing in it to work on.
    #[error("there is no data directory at {}", .0.display())]
    NoDirectory(PathBuf),
    /// There is trouble with a backup.
    #[error(transparent)]
    Backup(#[from] super::backup::BackupError),
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
    #[error("the store has changes{}, but the journal {journal}: {repair}", up_to(*.applied))]
    Mismatch {
        /// The last change of the store, if it was looked for.
        applied: Option<u64>,
        /// What the journal holds.
        journal: String,
        /// What to do.
        repair: &'static str,
    },
    /// The store lacks changes that the journal no longer has.
    #[error("the store ends at change {applied}, and the journal begins at entry {first}")]
    StoreBehind {
        /// The last change of the store.
        applied: u64,
        /// The first entry of the journal.
        first: u64,
    },
    /// The store can neither be read nor built anew.
    #[error(
        "the store is damaged ({reason}), and the journal begins at entry {first}, since an earlier \
         version has let go of what was before, so the store cannot be built from it: restore a \
         backup with `ringdex restore`"
    )]
    StoreLost {
        /// What is wrong with the store.
        reason: String,
        /// The first entry of the journal.
        first: u64,
    },
    /// Journal and store are not there, but their index is.
    #[error(
        "{} has had contacts, but its journal and store are not there any more: put their files back, \
         or restore a backup with `ringdex restore`; to begin anew in this folder, remove its index as \
         well",
        .0.display()
    )]
    HistoryGone(PathBuf),
    /// The store cannot be read, and the journal has nothing to build it from.
    #[error(
        "the store is damaged ({reason}), and the journal is there but has no entry to build it \
         from: restore a backup with `ringdex restore`"
    )]
    JournalEmpty {
        /// What is wrong with the store.
        reason: String,
    },
    /// The journal is another one than that which the store was written from.
    #[error(
        "the store was written from journal {expected}, but the directory holds journal {found}: \
         put the right journal back, or restore a backup"
    )]
    OtherJournal {
        /// The journal that the store knows.
        expected: uuid::Uuid,
        /// The journal that is there.
        found: uuid::Uuid,
    },
    /// One write is too large to be made durable in one piece.
    #[error("a write of {bytes} bytes is larger than the limit of {limit}: send less at once")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The index is damaged or could not be kept up, and a new one is being built.
    #[error("the search index is being built anew: searches work again when that is done")]
    SearchDown,
    /// The index could not be read.
    #[error("the search index cannot be read; run `ringdex reindex`")]
    IndexUnreadable,
    /// Something failed that cannot; a defect of this program, or damage that nobody noticed.
    #[error("{0} failed unexpectedly; run `ringdex check`")]
    Defect(&'static str),
    /// Nothing is written any more.
    #[error("nothing is written any more: {0}")]
    WritesStopped(String),
    /// The directory holds another history than the cluster.
    #[error(
        "this directory holds history {here}, and the cluster {there}: a machine joins with an empty \
         directory, or with one that a backup of another machine of the cluster was restored into"
    )]
    OtherHistory {
        /// That of the directory.
        here: uuid::Uuid,
        /// That of the cluster.
        there: uuid::Uuid,
    },
    /// The log of the cluster does not answer; nothing was written.
    #[error("nothing was written, since the log of the cluster does not answer: {0}")]
    ClusterUnreachable(String),
    /// The log of the cluster took a write and did not say what became of it.
    #[error(
        "it is not known whether this was written, or will be: the log of the cluster did not answer in \
         time. Send it again with an Idempotency-Key, which makes it happen once"
    )]
    OutcomeUnknown,
    /// Another machine of the cluster has written since what a write relies on was looked at.
    #[error("another machine has written in between; nothing was changed, send it again")]
    Overtaken,
    /// Whoever asked has gone away.
    #[error("nobody waits for the answer any more")]
    Cancelled,
    /// The partition is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

fn up_to(applied: Option<u64>) -> String {
    applied.map(|seq| format!(" up to {seq}")).unwrap_or_default()
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
