//! What can go wrong with backups.

use std::io;
use std::path::PathBuf;

use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;

/// Why there is no backup, or why one cannot be restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The target has something in it.
    #[error("{} is not empty: name a directory that does not exist yet", .0.display())]
    TargetNotEmpty(PathBuf),
    /// Another process prepares the same target.
    #[error("{} is being written by another ringdex process", .0.display())]
    TargetInUse(PathBuf),
    /// It cannot be written.
    #[error("the backup cannot be written: {0}")]
    Write(#[source] io::Error),
    /// A directory is not a backup, or one that was not finished.
    #[error(
        "{} is not a backup: it has no file BACKUP, which is written when a backup is complete",
        .0.display()
    )]
    NoManifest(PathBuf),
    /// A data directory was to be opened, and this is a backup.
    #[error(
        "{} is a backup: `ringdex restore {} --data-dir NEW` makes a data directory of it",
        .0.display(),
        .0.display()
    )]
    IsBackup(PathBuf),
    /// A data directory was to be opened that a restore has not finished.
    #[error(
        "{} was left by a restore that did not end: delete it and restore again",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// What a backup says of itself cannot be read.
    #[error("{} cannot be read: {}", .0.display(), .1)]
    Manifest(PathBuf, String),
    /// The earlier backup is one of another journal.
    #[error("{} is a backup of another journal: name one of the same data directory", .0.display())]
    OtherBase(PathBuf),
    /// Something of it is missing or changed.
    #[error("the backup is not whole: {0}; take another one")]
    Torn(String),
    /// It does not reach back so far.
    #[error("the backup begins with entry {first}{}: --to must not be before", decided(*.at))]
    Before {
        /// The first entry up to which it can be restored.
        first: ChangeSeq,
        /// When that was decided.
        at: Option<Timestamp>,
    },
    /// It ends before.
    #[error("the backup ends with entry {last}{}: --to names a later one", decided(*.at))]
    Behind {
        /// The last entry.
        last: ChangeSeq,
        /// When that was decided.
        at: Option<Timestamp>,
    },
    /// What was restored is not in order.
    #[error("what was restored is not in order ({0}); nothing was put in place")]
    NotClean(String),
}

fn decided(at: Option<Timestamp>) -> String {
    at.map(|at| format!(" of {at}")).unwrap_or_default()
}
