//! What can go wrong with keys and with what they seal.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the vault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The directory is encrypted and there is no key.
    #[error(
        "data directory {} is encrypted: give its key with --encryption-key-file FILE, \
         RINGDEX_ENCRYPTION_KEY_FILE or RINGDEX_ENCRYPTION_KEY",
        .0.display()
    )]
    KeyNeeded(PathBuf),
    /// The key is that of another directory.
    #[error(
        "the encryption key given (id {given}) does not open data directory {}, which needs the \
         key with id {needed}",
        path.display()
    )]
    WrongKey {
        /// The directory.
        path: PathBuf,
        /// Which key it is encrypted with.
        needed: String,
        /// Which one was given.
        given: String,
    },
    /// There is a key for a directory that was begun without one.
    #[error(
        "an encryption key was given, but data directory {} is not encrypted: encrypt it with \
         `ringdex rekey --new-encryption-key-file FILE`, or go on without the key",
        .0.display()
    )]
    NotEncrypted(PathBuf),
    /// Sealed files are there, but not the file that holds their key.
    #[error(
        "data directory {} is encrypted, but its file VAULT is missing: put it back from a \
         backup, nothing in the directory can be read without it",
        .0.display()
    )]
    VaultLost(PathBuf),
    /// Files that are not sealed stand where they must be.
    #[error(
        "{} is not encrypted, but its data directory is: somebody has put it there; restore the \
         right file from a backup",
        .0.display()
    )]
    PlainFile(PathBuf),
    /// `VAULT` is not as it was written.
    #[error("{} is damaged ({reason}): put it back from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was given as a key is none.
    #[error(
        "the encryption key in {0} is not valid: it must be 32 bytes on one line, as 64 \
         hexadecimal digits or as base64; `ringdex keygen FILE` makes one"
    )]
    BadKey(String),
    /// Everybody on the machine may read the key.
    #[error(
        "encryption key file {} can be read by every user of this machine (mode {mode:o}): \
         `chmod 600` it, and take a new key if others may have seen it",
        path.display()
    )]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers for a key")]
    NoRandomness,
    /// Sealed bytes did not open.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// Sealed bytes that do not open: changed, cut, in another place, or sealed with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed data is damaged, or stands in another place than it was written for")]
pub struct Broken;

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        Self::new(io::ErrorKind::InvalidData, broken)
    }
}

/// Adds action and path to an error of the operating system.
pub(super) fn io_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { action, path: path.to_path_buf(), source }
}
