//! The vault: keys, and the sealing of bytes that lie on disk.
//!
//! Place in the flow: the engine unlocks the vault of a data directory and hands each layer below
//! the [`Sealer`] of its [`KeyPurpose`]; what a layer writes is sealed last and opened first. Without a
//! key there is no vault, and the layers write as they always did.
//!
//! Everything is XChaCha20-Poly1305. Its nonces have 192 bits and are random, so none ever has to
//! be remembered, also not across restored backups. What is sealed is bound to its place (the key
//! of a value, the name of a file, the position of a journal entry): moved elsewhere, it does not
//! open. That an older state of the same place was put back is not noticed here.
//!
//! It knows nothing of what is sealed, and decides nothing: whether a directory should have been
//! encrypted is for the engine to judge.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

mod envelope;
mod error;
mod key;
mod seal;
mod stream;

pub use envelope::{FILE_NAME, create, exists, rewrap, unlock};
pub use error::{Broken, Error};
pub use key::MasterKey;
pub use seal::{OVERHEAD_BYTES, Sealer};
pub use stream::{OpeningReader, SealingWriter, plain_length};

/// The part of a data directory that bytes belong to; each has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Journal entries.
    Journal,
    /// Values of the store.
    Store,
    /// Files of the index.
    Index,
    /// Uploads, error files and whatever else waits in the directory for a while.
    Staged,
    /// Backups.
    Backup,
}

impl KeyPurpose {
    /// What keys are derived with; permanent.
    fn context(self) -> &'static str {
        match self {
            Self::Journal => "ringdex 2026-11 vault journal",
            Self::Store => "ringdex 2026-11 vault store",
            Self::Index => "ringdex 2026-11 vault index",
            Self::Staged => "ringdex 2026-11 vault staged",
            Self::Backup => "ringdex 2026-11 vault backup",
        }
    }
}

/// The unlocked data key of a directory; cloning it copies no key.
#[derive(Clone)]
pub struct Vault {
    data_key: Arc<Zeroizing<[u8; 32]>>,
}

impl Vault {
    fn new(data_key: Zeroizing<[u8; 32]>) -> Self {
        Self { data_key: Arc::new(data_key) }
    }

    /// What seals and opens the bytes of a room.
    pub fn sealer(&self, room: KeyPurpose) -> Sealer {
        let key = Zeroizing::new(blake3::derive_key(room.context(), self.data_key.as_slice()));
        Sealer::new(&key)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
