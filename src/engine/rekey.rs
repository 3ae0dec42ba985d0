//! Encrypts a data directory, decrypts it, or gives it another key, while nothing serves from it.
//!
//! The master key alone is replaced in place, at once. Everything else rewrites journal and store:
//!
//! 1. the new ones are written to `rekey.new` beside the old ones, synced and read again;
//! 2. the file `REKEY` says that they are whole: from here on the new ones count;
//! 3. they take the places of the old ones, which are removed, and the file goes.
//!
//! Killed before 2, the directory is as it was; killed behind it, the next start finishes 3. The
//! index is built anew at the next start. Removed files may still be on the disk for whoever reads
//! it below the file system; that is for whoever runs the machine to consider.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::cluster;
use super::error::Error;
use super::lock::lock;
use super::recovery::open_vault;
use crate::journal::{self, FileJournal, Journal};
use crate::store::fault::crash_point;
use crate::store::{self, Store};
use crate::vault::{self, KeyPurpose, MasterKey, Vault};

/// Where the new files are prepared.
const ASIDE: &str = "rekey.new";
/// The file that says that the new files count.
const DECISION: &str = "REKEY";
const TO_PLAIN: &str = "plain";
const TO_SEALED: &str = "encrypted";
/// What is taken over; all other parts of a directory are built anew or stay.
const PARTS: [&str; 2] = ["journal", "store"];
/// What is thrown away: the index is built anew, and uploads and reports are not kept for ever.
const DROPPED: [&str; 3] = ["index", "imports", "runs"];

/// What was rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rekeyed {
    /// Journal entries.
    pub entries: u64,
    /// Values of the store.
    pub records: u64,
    /// What else is in the directory; it was left as it is.
    pub untouched: Vec<PathBuf>,
}

/// Whether there is a data directory, be it one that is half exchanged.
pub fn is_data_directory(root: &Path) -> bool {
    ["journal", "journal.new", ASIDE].iter().any(|name| root.join(name).is_dir())
}

/// Replaces the master key of an encrypted directory; nothing is rewritten.
///
/// # Errors
/// If the directory is in use or not encrypted, or the old key does not open it.
pub fn rewrap(root: &Path, old: Option<&MasterKey>, new: &MasterKey) -> Result<(), Error> {
    let _lock = lock_existing(root)?;
    settle(root)?;
    match (open_vault(root, old)?, old) {
        (Some(_), Some(old)) => Ok(vault::rewrap(root, old, new)?),
        _ => Err(vault::Error::NotEncrypted(root.to_owned()).into()),
    }
}

/// Rewrites journal and store: from `old`, if the directory is encrypted, to a new data key under
/// `new`, or to files that everybody can read if there is none.
///
/// Entries, their numbers and the hash chain of the journal stay as they are.
///
/// # Errors
/// If the directory is in use or damaged, or the key does not fit; then it stays as it was.
pub fn rekey(
    root: &Path,
    old: Option<&MasterKey>,
    new: Option<&MasterKey>,
) -> Result<Rekeyed, Error> {
    let _lock = lock_existing(root)?;
    cluster::refuse_member(root)?;
    settle(root)?;
    let old = open_vault(root, old)?;
    if let Some(path) = set_aside_file(&root.join("journal"))? {
        return Err(Error::SetAside(path));
    }
    let aside = root.join(ASIDE);
    fs::create_dir_all(&aside).map_err(io(&aside))?;
    let new = new.map(|key| vault::create(&aside, key)).transpose()?;
    let done = copy(root, &aside, old.as_ref(), new.as_ref())?;
    sync_all(&aside)?;
    crash_point("rekey.prepared");
    decide(root, if new.is_some() { TO_SEALED } else { TO_PLAIN })?;
    crash_point("rekey.decided");
    settle(root)?;
    Ok(Rekeyed { untouched: untouched(root)?, ..done })
}

/// Finishes or takes back what an interrupted [`rekey`] has left; the directory must be locked.
pub(super) fn settle(root: &Path) -> Result<(), Error> {
    let (aside, decision) = (root.join(ASIDE), root.join(DECISION));
    if !decision.exists() {
        return remove(&aside);
    }
    let target = fs::read_to_string(&decision).map_err(io(&decision))?;
    for name in DROPPED {
        remove(&root.join(name))?;
    }
    for name in PARTS {
        let (prepared, place) = (aside.join(name), root.join(name));
        if prepared.exists() {
            remove(&place)?;
            crash_point("rekey.removed");
            fs::rename(&prepared, &place).map_err(io(&place))?;
            sync_directory(root)?;
            crash_point("rekey.moved");
        }
    }
    let (prepared, place) = (aside.join(vault::FILE_NAME), root.join(vault::FILE_NAME));
    if prepared.exists() {
        fs::rename(&prepared, &place).map_err(io(&place))?;
    } else if target.trim() == TO_PLAIN && place.exists() {
        fs::remove_file(&place).map_err(io(&place))?;
    }
    sync_directory(root)?;
    crash_point("rekey.exchanged");
    remove(&aside)?;
    fs::remove_file(&decision).map_err(io(&decision))?;
    sync_directory(root)
}

/// Writes journal and store anew and reads them again.
fn copy(
    root: &Path,
    aside: &Path,
    old: Option<&Vault>,
    new: Option<&Vault>,
) -> Result<Rekeyed, Error> {
    let sealer = |vault: Option<&Vault>, room: KeyPurpose| vault.map(|vault| vault.sealer(room));
    let mut done = Rekeyed::default();
    let (from, to) = (root.join("journal"), aside.join("journal"));
    if journal::exists(&from)? {
        let (old, new) = (sealer(old, KeyPurpose::Journal), sealer(new, KeyPurpose::Journal));
        done.entries = journal::rewrite(&from, &to, old.as_ref(), new.as_ref())?;
        let options = journal::Options { sealer: new, ..journal::Options::default() };
        if FileJournal::open(&to, options)?.verify()?.entries != done.entries {
            return Err(Error::Defect("copying the journal"));
        }
    }
    crash_point("rekey.journal_copied");
    let (from, to) = (root.join("store"), aside.join("store"));
    if Store::has_data(&from) {
        let (old, new) = (sealer(old, KeyPurpose::Store), sealer(new, KeyPurpose::Store));
        done.records = store::rewrite(&from, &to, old.as_ref(), new.as_ref())?;
        let options = store::Options { sealer: new, ..store::Options::default() };
        let (copy, _) = Store::open(&to, &options)?;
        let mut found = 0;
        copy.scan_prefix(b"").try_for_each(|value| value.map(|_| found += 1))?;
        if found != done.records {
            return Err(Error::Defect("copying the store"));
        }
    }
    Ok(done)
}

fn lock_existing(root: &Path) -> Result<File, Error> {
    if !is_data_directory(root) {
        return Err(Error::NoDirectory(root.to_owned()));
    }
    lock(root)
}

/// A file of the journal that a repair has kept; it would be lost, or stay readable.
fn set_aside_file(journal: &Path) -> Result<Option<PathBuf>, Error> {
    let is_aside = |path: &PathBuf| path.to_string_lossy().contains(".log.damaged");
    Ok(list(journal)?.into_iter().find(is_aside))
}

fn untouched(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_known = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        PARTS
            .iter()
            .chain(&["LOCK", vault::FILE_NAME, super::format::FILE_NAME, super::room::RESERVE])
            .any(|known| name == *known)
    };
    Ok(list(root)?.into_iter().filter(|path| !is_known(path)).collect())
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).map_err(io(dir))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(io(dir))?;
    paths.sort();
    Ok(paths)
}

/// Writes the file from which on the new files count.
fn decide(root: &Path, target: &str) -> Result<(), Error> {
    let (place, new) = (root.join(DECISION), root.join(ASIDE).join(DECISION));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(target.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &place)
    };
    write().map_err(io(&place))?;
    sync_directory(root)
}

fn remove(dir: &Path) -> Result<(), Error> {
    if dir.exists() { fs::remove_dir_all(dir).map_err(io(dir)) } else { Ok(()) }
}

/// Syncs a directory with everything in it.
fn sync_all(dir: &Path) -> Result<(), Error> {
    for path in list(dir)? {
        if path.is_dir() {
            sync_all(&path)?;
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(io(&path))?;
        }
    }
    sync_directory(dir)
}

fn sync_directory(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(io(dir))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}
