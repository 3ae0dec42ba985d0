//! Makes a new data directory of a backup, as of its end or of an earlier moment.
//!
//! Everything is done beside the place of the new directory, which appears there when journal,
//! store and index are built and agree with each other.

use std::path::Path;

use super::folder::{Folder, FolderSink};
use super::{BackupError, ENTRIES, SCHEMA_FOLDER, io_error, read_manifest, tar, verify_copy};
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;
use crate::engine::error::Error;
use crate::engine::options::Options;
use crate::engine::partition::Partition;
use crate::engine::recovery::open_vault;
use crate::journal::{Snapshot, Until};
use crate::store::fault::crash_point;
use crate::vault::{self, KeyPurpose};

/// The file that marks a data directory that is not complete.
pub(in crate::engine) const UNFINISHED: &str = "UNFINISHED";

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The last entry.
    pub last: ChangeSeq,
    /// When it was decided.
    pub at: Option<Timestamp>,
    /// How many contacts there are that are not deleted.
    pub contacts: u64,
    /// How many entries were checked.
    pub entries: u64,
}

/// Makes a data directory at `target` of a backup, which is a directory or a tar archive.
/// `options` say how it is opened, and take the key of an encrypted one.
///
/// # Errors
/// If the backup is not whole, the key does not fit, it does not reach to `until`, or the target has
/// something in it; then there is no new directory.
pub fn restore(
    source: &Path,
    target: &Path,
    until: Until,
    options: &Options,
) -> Result<Restored, Error> {
    if source.is_file() {
        let unpacked = Folder::begin(target, "unpacked")?;
        let mut archive = std::fs::File::open(source).map_err(io_error(source))?;
        tar::unpack(&mut archive, &mut FolderSink::new(unpacked.path()), &mut |_| {})
            .map_err(|error| BackupError::Torn(error.to_string()))?;
        return restore_folder(unpacked.path(), target, until, options);
    }
    restore_folder(source, target, until, options)
}

fn restore_folder(
    source: &Path,
    target: &Path,
    until: Until,
    options: &Options,
) -> Result<Restored, Error> {
    let manifest = read_manifest(source)?;
    let key = options.encryption_key.as_ref();
    let vault = match (manifest.is_encrypted, vault::exists(source)) {
        (true, true) => open_vault(source, key)?,
        (true, false) => return Err(vault::Error::VaultLost(source.to_owned()).into()),
        // It would begin a vault in the backup.
        (false, _) if key.is_some() => {
            return Err(vault::Error::NotEncrypted(source.to_owned()).into());
        }
        (false, _) => None,
    };
    let sealer = vault.as_ref().map(|vault| vault.sealer(KeyPurpose::Journal));
    let snapshot = verify_copy(source, &manifest, sealer.as_ref())?;
    if let Until::Entry(last) = until
        && last > manifest.last
    {
        return Err(BackupError::Behind { last: manifest.last, at: manifest.last_at }.into());
    }
    let folder = Folder::begin(target, "restoring")?;
    let root = folder.path();
    let mark = root.join(UNFINISHED);
    std::fs::File::create(&mark).map_err(io_error(&mark))?;
    let others = manifest.files.iter().filter(|file| !file.name.starts_with(ENTRIES));
    for file in others {
        if file.name != vault::FILE_NAME && !file.name.starts_with(SCHEMA_FOLDER) {
            continue;
        }
        let (from, to) = (source.join(&file.name), root.join(&file.name));
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(io_error(parent))?;
        }
        std::fs::copy(&from, &to).map_err(io_error(&from))?;
    }
    let copied = snapshot.copy_until(&root.join("journal"), until)?;
    crash_point("restore.copied");
    if copied.last == ChangeSeq::ZERO || !copied.is_whole {
        return Err(before(&snapshot));
    }
    let opened = Options { is_restore: true, ..options.clone() };
    let restored = {
        let partition = Partition::open(root, opened)?;
        let report = partition.check(&mut |_| {})?;
        if let Some(trouble) = report.troubles.first() {
            return Err(BackupError::NotClean(trouble.detail.clone()).into());
        }
        Restored {
            last: copied.last,
            at: copied.at,
            contacts: partition.contact_count(),
            entries: report.journal_entries,
        }
    };
    crash_point("restore.built");
    std::fs::remove_file(&mark).map_err(io_error(&mark))?;
    folder.finish()?;
    Ok(restored)
}

/// That a backup does not reach back so far, and how far it does.
fn before(snapshot: &Snapshot) -> Error {
    match snapshot.whole_until() {
        Ok((first, at)) => BackupError::Before { first, at }.into(),
        Err(error) => error.into(),
    }
}
