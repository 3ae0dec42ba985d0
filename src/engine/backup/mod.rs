//! Backups: the journal with what opens it, copied and verified.
//!
//! ```text
//! BACKUP                 what it is, and the size and hash of every file; written last
//! entries/NNNN.log       the journal, as it lies in the data directory
//! VAULT                  the sealed data key of an encrypted directory
//! index-schema/*         files of the schema that take the place of those compiled in
//! ```
//! The journal is only trimmed behind a snapshot, so it brings back everything, as of any moment
//! since then. The store and the index are built from it; running uploads and reports are not part of a backup. The folder is
//! not called `journal`, so that no server takes a backup for a data directory.

mod error;
mod folder;
mod restore;
mod series;
mod tar;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use error::BackupError;
pub use restore::{Restored, restore};

use super::error::Error;
use super::lock::lock;
use super::options::Options;
use super::partition::Partition;
use super::rebuild::SCHEMA_FOLDER;
use super::recovery::open_vault;
use super::rekey;
use super::repair::settle_journal;
use crate::domain::ids::ChangeSeq;
use crate::domain::time::{Clock, Timestamp};
use crate::journal::{self, Snapshot, Verified};
use crate::store::{self, Store};
use crate::vault::{self, KeyPurpose, MasterKey, Sealer};
use folder::{Folder, FolderSink};
use tar::TarSink;

/// The file that says what a backup is. Without it there is none.
pub(super) const MANIFEST: &str = "BACKUP";
/// The folder of the journal in a backup.
const ENTRIES: &str = "entries";
/// The only format so far.
const FORMAT: u32 = 1;

/// What a backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The format of the backup.
    pub format: u32,
    /// The program that made it.
    pub program: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The identity of the journal.
    pub journal: Uuid,
    /// Restoring it takes the key of the data directory.
    pub is_encrypted: bool,
    /// The first entry.
    pub first: ChangeSeq,
    /// The last entry: everything that was acknowledged up to here is in it.
    pub last: ChangeSeq,
    /// When the last entry was decided.
    pub last_at: Option<Timestamp>,
    /// The hash over all entries.
    pub chain: String,
    /// The files, with their sizes and hashes.
    pub files: Vec<BackupFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Its path below the backup.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its BLAKE3 hash in hexadecimal digits.
    pub blake3: String,
}

/// Takes the files of a backup, one after the other.
trait Sink {
    /// Begins a file of a known size.
    fn begin(&mut self, name: &str, bytes: u64) -> io::Result<()>;
    /// Adds to the file that was begun last.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Ends the file.
    fn end(&mut self) -> io::Result<()>;
    /// Takes a file of an earlier backup as it is, if it can.
    fn link(&mut self, _name: &str, _from: &Path) -> io::Result<bool> {
        Ok(false)
    }
}

/// An earlier backup, of which files that are still the same need no copy.
struct Base {
    folder: PathBuf,
    files: HashMap<String, BackupFile>,
}

impl Base {
    /// The backup in a folder, if it is one of the same journal.
    fn of(folder: &Path, journal: Uuid) -> Result<Self, Error> {
        let manifest = read_manifest(folder)?;
        if manifest.journal != journal {
            return Err(BackupError::OtherBase(folder.to_owned()).into());
        }
        let files = manifest.files.into_iter().map(|file| (file.name.clone(), file)).collect();
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Where it has a file of this name and size that holds what `read` reads; with its hash.
    fn same(
        &self,
        name: &str,
        bytes: u64,
        read: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), Error>,
    ) -> Result<Option<(PathBuf, BackupFile)>, Error> {
        let Some(known) = self.files.get(name).filter(|known| known.bytes == bytes) else {
            return Ok(None);
        };
        let mut hasher = blake3::Hasher::new();
        read(&mut |piece| {
            hasher.update(piece);
            Ok(())
        })?;
        let is_same = hasher.finalize().to_hex().as_str() == known.blake3;
        Ok(is_same.then(|| (self.folder.join(name), known.clone())))
    }
}

/// Writes a file of which all is at hand.
fn put(sink: &mut dyn Sink, name: &str, bytes: &[u8]) -> io::Result<BackupFile> {
    sink.begin(name, bytes.len() as u64)?;
    sink.write(bytes)?;
    sink.end()?;
    let blake3 = blake3::hash(bytes).to_hex().to_string();
    Ok(BackupFile { name: name.to_owned(), bytes: bytes.len() as u64, blake3 })
}

/// Writes a backup of a verified snapshot.
fn write(
    root: &Path,
    snapshot: &Snapshot,
    verified: &Verified,
    made_at: Timestamp,
    (sink, base): (&mut dyn Sink, Option<&Base>),
    progress: &mut dyn FnMut(u64),
) -> Result<BackupManifest, Error> {
    let failed = |source| Error::Backup(BackupError::Write(source));
    let mut files = Vec::new();
    let vault = root.join(vault::FILE_NAME);
    if vault.is_file() {
        let bytes = std::fs::read(&vault).map_err(io_error(&vault))?;
        files.push(put(sink, vault::FILE_NAME, &bytes).map_err(failed)?);
    }
    let schema = root.join(SCHEMA_FOLDER);
    if schema.is_dir() {
        let mut names: Vec<_> = std::fs::read_dir(&schema)
            .map_err(io_error(&schema))?
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| folder::is_safe_name(name))
            .collect();
        names.sort();
        for name in names {
            let path = schema.join(&name);
            let bytes = std::fs::read(&path).map_err(io_error(&path))?;
            files.push(put(sink, &format!("{SCHEMA_FOLDER}/{name}"), &bytes).map_err(failed)?);
        }
    }
    let mut done = 0;
    for (at, (name, bytes)) in snapshot.files().enumerate() {
        let name = format!("{ENTRIES}/{name}");
        if let Some(base) = base
            && let Some((from, known)) =
                base.same(&name, bytes, |take| Ok(snapshot.read(at, &mut |piece| take(piece))?))?
            && sink.link(&name, &from).map_err(failed)?
        {
            done += bytes;
            progress(done);
            files.push(known);
            continue;
        }
        let mut hasher = blake3::Hasher::new();
        sink.begin(&name, bytes).map_err(failed)?;
        snapshot.read(at, &mut |piece| {
            hasher.update(piece);
            done += piece.len() as u64;
            sink.write(piece)
        })?;
        sink.end().map_err(failed)?;
        progress(done);
        let blake3 = hasher.finalize().to_hex().to_string();
        files.push(BackupFile { name, bytes, blake3 });
    }
    let manifest = BackupManifest {
        format: FORMAT,
        program: format!("ringdex {}", env!("CARGO_PKG_VERSION")),
        made_at,
        journal: snapshot.incarnation()?,
        is_encrypted: snapshot.is_sealed(),
        first: verified.first,
        last: verified.last,
        last_at: snapshot.newest(),
        chain: blake3::Hash::from_bytes(verified.chain).to_hex().to_string(),
        files,
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|e| failed(e.into()))?;
    put(sink, MANIFEST, text.as_bytes()).map_err(failed)?;
    Ok(manifest)
}

impl Partition {
    /// Writes a backup of everything that is acknowledged now as a tar archive, while work goes on.
    ///
    /// # Errors
    /// If the journal is not in order, or the archive cannot be written.
    pub fn back_up(&self, out: &mut dyn Write) -> Result<BackupManifest, Error> {
        self.upkeep().while_kept(|| {
            let snapshot = self.journal().snapshot();
            let verified = snapshot.verify()?;
            let mut sink = TarSink::new(out);
            let (root, made_at) = (self.root(), self.now());
            let to: (&mut dyn Sink, Option<&Base>) = (&mut sink, None);
            let manifest = write(root, &snapshot, &verified, made_at, to, &mut |_| {})?;
            sink.finish().map_err(|source| Error::Backup(BackupError::Write(source)))?;
            Ok(manifest)
        })
    }

    /// Writes a backup of everything that is acknowledged now into a new directory, while work goes
    /// on, and reads it again. What is the same in an earlier backup is linked instead of copied.
    ///
    /// # Errors
    /// If the journal is not in order, the target has something in it, the earlier backup is none of
    /// this journal, or something cannot be written; then there is no backup.
    pub fn back_up_into(
        &self,
        target: &Path,
        base: Option<&Path>,
    ) -> Result<BackupManifest, Error> {
        let base = base.map(|base| Base::of(base, self.journal_id())).transpose()?;
        let folder = Folder::begin(target, "partial")?;
        self.upkeep().while_kept(|| {
            let snapshot = self.journal().snapshot();
            let verified = snapshot.verify()?;
            let mut sink = FolderSink::new(folder.path());
            let to: (&mut dyn Sink, Option<&Base>) = (&mut sink, base.as_ref());
            write(self.root(), &snapshot, &verified, self.now(), to, &mut |_| {})
        })?;
        let manifest = read_manifest(folder.path())?;
        let sealer = self.vault().map(|vault| vault.sealer(KeyPurpose::Journal));
        verify_copy(folder.path(), &manifest, sealer.as_ref())?;
        folder.finish()?;
        Ok(manifest)
    }

    /// The identity of the journal.
    pub fn journal_id(&self) -> Uuid {
        journal::Journal::incarnation(self.journal())
    }
}

/// Copies the journal of a data directory that no server holds into a new directory, and verifies
/// the copy. `progress` is called with the number of bytes done.
///
/// # Errors
/// If the directory is in use or damaged, the key does not fit, or the target has something in it;
/// then there is no backup.
pub fn back_up(
    root: &Path,
    key: Option<&MasterKey>,
    target: &Path,
    base: Option<&Path>,
    progress: &mut dyn FnMut(u64),
) -> Result<BackupManifest, Error> {
    if !rekey::is_data_directory(root) {
        return Err(Error::NoDirectory(root.to_owned()));
    }
    let folder = Folder::begin(target, "partial")?;
    complete_journal(root, key)?;
    let _lock = lock(root)?;
    let vault = open_vault(root, key)?;
    let sealer = |room: KeyPurpose| vault.as_ref().map(|vault| vault.sealer(room));
    let journal = root.join("journal");
    let snapshot = Snapshot::of(&journal, sealer(KeyPurpose::Journal).as_ref())?;
    refuse_store_ahead(root, sealer(KeyPurpose::Store), &snapshot)?;
    let base = match base {
        Some(base) => Some(Base::of(base, snapshot.incarnation()?)?),
        None => None,
    };
    let verified = snapshot.verify()?;
    let mut sink = FolderSink::new(folder.path());
    let now = Clock::system().now();
    let to: (&mut dyn Sink, Option<&Base>) = (&mut sink, base.as_ref());
    let manifest = write(root, &snapshot, &verified, now, to, progress)?;
    verify_copy(folder.path(), &manifest, sealer(KeyPurpose::Journal).as_ref())?;
    folder.finish()?;
    Ok(manifest)
}

/// Reads a backup again, a directory or a tar archive: sizes, hashes, checksums, numbering, and the
/// hash chain. The chain of an encrypted one takes the key; answers also whether it was followed.
///
/// # Errors
/// If it is not whole, or the key does not fit.
pub fn verify_backup(
    source: &Path,
    key: Option<&MasterKey>,
) -> Result<(BackupManifest, bool), Error> {
    if source.is_file() {
        let unpacked = std::env::temp_dir().join(format!("ringdex-verify-{}", Uuid::now_v7()));
        let folder = Folder::begin(&unpacked, "unpacked")?;
        let mut archive = std::fs::File::open(source).map_err(io_error(source))?;
        tar::unpack(&mut archive, &mut FolderSink::new(folder.path()), &mut |_| {})
            .map_err(|error| BackupError::Torn(error.to_string()))?;
        return verify_backup(folder.path(), key);
    }
    let manifest = read_manifest(source)?;
    let vault = match (manifest.is_encrypted, key) {
        (true, Some(_)) => open_vault(source, key)?,
        (true, None) | (false, _) => None,
    };
    let sealer = vault.as_ref().map(|vault| vault.sealer(KeyPurpose::Journal));
    verify_copy(source, &manifest, sealer.as_ref())?;
    let is_followed = !manifest.is_encrypted || sealer.is_some();
    Ok((manifest, is_followed))
}

/// Takes a backup that a server sends into a new directory, and verifies it.
///
/// # Errors
/// If it is cut short or something of it is not as the server says, or the target has something in
/// it; then there is no backup.
pub fn receive_backup(
    archive: &mut dyn io::Read,
    target: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<BackupManifest, Error> {
    let folder = Folder::begin(target, "partial")?;
    tar::unpack(archive, &mut FolderSink::new(folder.path()), progress)
        .map_err(|source| Error::Backup(BackupError::Torn(source.to_string())))?;
    let manifest = read_manifest(folder.path())?;
    verify_copy(folder.path(), &manifest, None)?;
    folder.finish()?;
    Ok(manifest)
}

/// Refuses what is no data directory, or none yet: a server would begin a new one in it.
pub(super) fn refuse_backup(root: &Path, is_restore: bool) -> Result<(), Error> {
    if root.join(MANIFEST).is_file() {
        return Err(BackupError::IsBackup(root.to_owned()).into());
    }
    if !is_restore && root.join(restore::UNFINISHED).exists() {
        return Err(BackupError::Unfinished(root.to_owned()).into());
    }
    Ok(())
}

/// Makes sure that the journal can bring back everything: one that an earlier version has trimmed
/// is completed by opening the directory.
fn complete_journal(root: &Path, key: Option<&MasterKey>) -> Result<(), Error> {
    {
        let _lock = lock(root)?;
        rekey::settle(root)?;
        settle_journal(root)?;
        let journal = root.join("journal");
        if !journal::exists(&journal)? || journal::is_whole(&journal)? {
            return Ok(());
        }
    }
    let options = Options { encryption_key: key.cloned(), ..Options::default() };
    Partition::open(root, options).map(drop)
}

/// A store that has more than the journal would be missing from a backup.
fn refuse_store_ahead(
    root: &Path,
    sealer: Option<Sealer>,
    snapshot: &Snapshot,
) -> Result<(), Error> {
    let dir = root.join("store");
    if !Store::has_data(&dir) {
        return Ok(());
    }
    let options = store::Options { sealer, ..store::Options::default() };
    match Store::open(&dir, &options) {
        Ok((store, _)) if store.applied_seq() > snapshot.last() => Err(Error::Mismatch {
            applied: Some(store.applied_seq().0),
            journal: format!("ends at {}", snapshot.last()),
            repair: "put its missing files back, or begin a new journal behind the store with `ringdex check --repair-journal`, and back up again",
        }),
        // A damaged store is not needed.
        Ok(_) => Ok(()),
        Err(error) if error.is_damage() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads what a folder says it is.
fn read_manifest(folder: &Path) -> Result<BackupManifest, Error> {
    let path = folder.join(MANIFEST);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(BackupError::NoManifest(folder.to_owned()).into());
        }
        Err(error) => return Err(io_error(&path)(error)),
    };
    let manifest: BackupManifest = serde_json::from_slice(&text)
        .map_err(|error| BackupError::Manifest(path.clone(), error.to_string()))?;
    if manifest.format != FORMAT {
        let says = format!("its format {} is not known to this version", manifest.format);
        return Err(BackupError::Manifest(path, says).into());
    }
    Ok(manifest)
}

/// Reads all files of a backup again: sizes, hashes, checksums, numbering, and the hash chain where
/// that can be read.
fn verify_copy(
    folder: &Path,
    manifest: &BackupManifest,
    sealer: Option<&Sealer>,
) -> Result<Snapshot, Error> {
    for file in &manifest.files {
        if !file.name.split('/').all(folder::is_safe_name) {
            return Err(
                BackupError::Torn(format!("{:?} is not a name of a file", file.name)).into()
            );
        }
        let path = folder.join(&file.name);
        let mut hasher = blake3::Hasher::new();
        let read = std::fs::File::open(&path).and_then(|mut open| io::copy(&mut open, &mut hasher));
        match read {
            Ok(bytes) if bytes == file.bytes => {}
            Ok(bytes) => {
                let says = format!("{} has {bytes} bytes, not {}", file.name, file.bytes);
                return Err(BackupError::Torn(says).into());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::Torn(format!("{} is missing", file.name)).into());
            }
            Err(error) => return Err(io_error(&path)(error)),
        }
        if hasher.finalize().to_hex().as_str() != file.blake3 {
            return Err(BackupError::Torn(format!("{} was changed", file.name)).into());
        }
    }
    let snapshot = Snapshot::of(&folder.join(ENTRIES), sealer)?;
    let differs = |what: &str| Err(BackupError::Torn(format!("its {what} is another one")).into());
    if snapshot.last() != manifest.last {
        return differs("last entry");
    }
    if snapshot.whole_from().is_none() {
        return differs("beginning");
    }
    if snapshot.is_sealed() == sealer.is_some() {
        let chain = blake3::Hash::from_bytes(snapshot.verify()?.chain);
        if chain.to_hex().as_str() != manifest.chain {
            return differs("hash chain");
        }
    }
    Ok(snapshot)
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}
