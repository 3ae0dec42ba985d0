//! `VAULT`, the file in which the data key of a directory stands, sealed with the master key.
//!
//! A random data key seals everything; the master key seals only the data key. So the master key
//! can be replaced at once, without touching what is encrypted. The file is replaced as a whole:
//! whatever happens, the old one or the new one is there.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Vault;
use super::error::{Error, io_error};
use super::key::{MasterKey, hex, key_id, random_key, unhex};

/// The name of the file in the data directory.
pub const FILE_NAME: &str = "VAULT";
const VERSION: u32 = 1;
const PLACE: &[u8] = b"ringdex data key 1";
const CHECK_CONTEXT: &str = "ringdex 2026-11 data key id";

/// The file, as JSON.
#[derive(Serialize, Deserialize)]
struct Envelope {
    version: u32,
    /// Which master key opens it.
    key_id: String,
    /// The data key, sealed.
    wrapped_key: String,
    /// What the data key is called, to see that the right one came out.
    check: String,
}

/// Whether a directory has a vault.
pub fn exists(root: &Path) -> bool {
    root.join(FILE_NAME).exists()
}

/// Begins the vault of a directory with a data key of its own; durable when this returns.
///
/// # Errors
/// If the file cannot be written.
pub fn create(root: &Path, master: &MasterKey) -> Result<Vault, Error> {
    let vault = Vault::new(random_key()?);
    write(root, master, &vault)?;
    Ok(vault)
}

/// Opens the vault of a directory.
///
/// # Errors
/// If the file cannot be read or is damaged, or the key is another one.
pub fn unlock(root: &Path, master: &MasterKey) -> Result<Vault, Error> {
    let path = root.join(FILE_NAME);
    let damaged = |reason: &str| Error::Damaged { path: path.clone(), reason: reason.to_owned() };
    let text = fs::read_to_string(&path).map_err(io_error("read", &path))?;
    let envelope: Envelope =
        serde_json::from_str(&text).map_err(|error| damaged(&error.to_string()))?;
    if envelope.version != VERSION {
        return Err(damaged(&format!("version {} is not known", envelope.version)));
    }
    let given = master.id();
    if envelope.key_id != given {
        let needed = envelope.key_id;
        return Err(Error::WrongKey { path: root.to_path_buf(), needed, given });
    }
    let wrapped = unhex(&envelope.wrapped_key).ok_or_else(|| damaged("it holds no key"))?;
    let opened = master.sealer().open(PLACE, &wrapped);
    let opened = Zeroizing::new(opened.map_err(|_broken| damaged("its key does not open"))?);
    let key: [u8; 32] =
        opened.as_slice().try_into().map_err(|_length| damaged("its key has another length"))?;
    let key = Zeroizing::new(key);
    if key_id(CHECK_CONTEXT, &key) != envelope.check {
        return Err(damaged("its key is another one"));
    }
    Ok(Vault::new(key))
}

/// Replaces the master key of a directory; what is sealed stays as it is.
///
/// # Errors
/// If the old key does not open it, or the file cannot be replaced; then the old key stays good.
pub fn rewrap(root: &Path, old: &MasterKey, new: &MasterKey) -> Result<(), Error> {
    let vault = unlock(root, old)?;
    write(root, new, &vault)
}

fn write(root: &Path, master: &MasterKey, vault: &Vault) -> Result<(), Error> {
    let path = root.join(FILE_NAME);
    let wrapped = master.sealer().seal(PLACE, vault.data_key.as_slice())?;
    let envelope = Envelope {
        version: VERSION,
        key_id: master.id(),
        wrapped_key: hex(&wrapped),
        check: key_id(CHECK_CONTEXT, &vault.data_key),
    };
    let mut text = serde_json::to_string(&envelope)
        .map_err(|error| Error::Damaged { path: path.clone(), reason: error.to_string() })?;
    text.push('\n');
    let aside = root.join(format!("{FILE_NAME}.new"));
    let put = || {
        let mut file = File::create(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        File::open(root)?.sync_all()
    };
    put().map_err(io_error("write", &path))
}
