//! What can go wrong in the store.
//!
//! sled's own error type stays inside: callers see what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// The database below failed; after a write the process must end.
    #[error("the store failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store cannot be opened, also not without its snapshot files.
    #[error(
        "store {} cannot be opened ({reason}){}; restore the newest backup of it and start again, \
         the journal then brings it up to date",
        path.display(),
        copy_note(copy.as_deref())
    )]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What the database says.
        reason: String,
        /// Where a copy of it is, as it was before anything was tried.
        copy: Option<PathBuf>,
    },
    /// The store can be read, and is not what was written into it.
    #[error("store {} does not hold what was written into it", path.display())]
    Altered {
        /// The directory.
        path: PathBuf,
    },
    /// A value that is there but cannot be read.
    #[error("the value of key {key} is damaged; run `ringdex check`")]
    DamagedValue {
        /// The key, bytes that are not ASCII escaped.
        key: String,
    },
    /// Another process has this store open.
    #[error("store {} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A key that is longer than [`super::MAX_KEY_BYTES`].
    #[error("a store key of {bytes} bytes is longer than {}", super::MAX_KEY_BYTES)]
    KeyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A key that begins with the byte 255.
    #[error("store keys that begin with the byte 255 are reserved")]
    KeyReserved,
    /// A value whose length does not fit 32 bits.
    #[error("a store value of {bytes} bytes is too large")]
    ValueTooLarge {
        /// Its length.
        bytes: usize,
    },
}

impl Error {
    /// Whether it is the bytes on disk that are not in order, rather than disk, lock or caller.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Altered { .. } | Self::DamagedValue { .. } => true,
            Self::Engine(inner) => matches!(
                inner.downcast_ref::<sled::Error>(),
                Some(sled::Error::Corruption { .. } | sled::Error::ReportableBug(_))
            ),
            Self::Io { .. }
            | Self::Locked { .. }
            | Self::KeyTooLong { .. }
            | Self::KeyReserved
            | Self::ValueTooLarge { .. } => false,
        }
    }

    pub(super) fn damaged_value(key: &[u8]) -> Self {
        Self::DamagedValue { key: key.escape_ascii().to_string() }
    }
}

impl From<sled::Error> for Error {
    fn from(error: sled::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

fn copy_note(copy: Option<&Path>) -> String {
    copy.map(|copy| format!("; a copy is in {}", copy.display())).unwrap_or_default()
}

/// Adds action and path to an error of the operating system.
pub(super) fn io_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { action, path: path.to_path_buf(), source }
}
