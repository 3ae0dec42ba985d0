//! The master key: it comes from outside the data directory and opens only the data key.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::error::{Error, io_error};
use super::seal::Sealer;

/// No key file is longer; more is not read.
const MOST_FILE_BYTES: u64 = 4_096;
/// Others may read.
const WORLD_READABLE: u32 = 0o004;

/// A key of 256 bits that is kept outside the data directory.
#[derive(Clone)]
pub struct MasterKey(Arc<Zeroizing<[u8; 32]>>);

impl MasterKey {
    /// Reads a key file: one line with 64 hexadecimal digits or base64.
    ///
    /// # Errors
    /// If it cannot be read, holds no key, or may be read by every user of the machine.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(io_error("open encryption key file", path))?;
        let data = file.metadata().map_err(io_error("read encryption key file", path))?;
        let mode = data.permissions().mode() & 0o777;
        if data.is_file() && mode & WORLD_READABLE != 0 {
            return Err(Error::KeyExposed { path: path.to_path_buf(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MOST_FILE_BYTES)
            .read_to_string(&mut text)
            .map_err(io_error("read encryption key file", path))?;
        Self::parse(&text).ok_or_else(|| Error::BadKey(path.display().to_string()))
    }

    /// Reads a key as it stands in a variable of the environment.
    ///
    /// # Errors
    /// If it is no key; `place` says in the message where it stood.
    pub fn from_text(text: &str, place: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(|| Error::BadKey(place.to_owned()))
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Arc::new(random_key()?)))
    }

    /// Writes the key to a new file that only its owner may read.
    ///
    /// # Errors
    /// If there is such a file, or it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let text = Zeroizing::new(format!("{}\n", hex(self.0.as_slice())));
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(io_error("create encryption key file", path))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(io_error("write encryption key file", path))
    }

    /// What the key is called; it tells nothing of the key.
    pub fn id(&self) -> String {
        key_id("ringdex 2026-11 master key id", &self.0)
    }

    /// What seals the data key.
    pub(super) fn sealer(&self) -> Sealer {
        let context = "ringdex 2026-11 data key wrapping";
        Sealer::new(&Zeroizing::new(blake3::derive_key(context, self.0.as_slice())))
    }

    /// What seals the log of a cluster: all its machines have this key, and each a data key of its own.
    pub fn cluster_sealer(&self) -> Sealer {
        let context = "ringdex 2026-11 cluster log";
        Sealer::new(&Zeroizing::new(blake3::derive_key(context, self.0.as_slice())))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = if text.len() == 64 {
            Zeroizing::new(unhex(text)?)
        } else {
            Zeroizing::new(STANDARD.decode(text).ok()?)
        };
        let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
        Some(Self(Arc::new(Zeroizing::new(key))))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

/// 256 bits from the operating system.
pub(super) fn random_key() -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut key = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(key.as_mut_slice()).map_err(|_unavailable| Error::NoRandomness)?;
    Ok(key)
}

/// A name for a key by which it is known again.
pub(super) fn key_id(context: &str, key: &[u8; 32]) -> String {
    let hash = blake3::derive_key(context, key);
    hex(&hash[..8])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}
