//! Opening a store with the guards that sled 0.34.7 needs.
//!
//! - A snapshot that was being written when the process ended (`snap.*.generating`) is taken for a
//!   finished one, so it is deleted before.
//! - A damaged snapshot makes opening fail or panic although the log is whole: the directory is
//!   copied aside, the snapshots are taken away, and sled reads its log from the beginning.
//! - A damaged log can open as an empty store: the report says whether there had been one, and up
//!   to where it is applied; the engine compares that with the journal.
//!
//! Restoring a backup is not done here.

use std::any::Any;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::error::{Error, io_error};
use super::{Contents, Files, Options, Store, Writer, parts, read_applied, read_contents};
use crate::domain::ids::ChangeSeq;

/// sled's log.
const DATA_FILE: &str = "db";
const LOCK_FILE: &str = "lock";
/// How long a lock may outlive its holder: a process that this one has just forked, to run a
/// program, holds it as well until that program begins.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// What was found when a store was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// There had been a store in the directory.
    pub existed: bool,
    /// The last change that is applied; zero also for a store that has lost everything.
    pub applied: ChangeSeq,
    /// What the store held after a change, that of `applied` or an earlier one, if that was noted.
    pub noted: Option<(ChangeSeq, Contents)>,
    /// How many unfinished snapshots were deleted; harmless.
    pub unfinished_snapshots: u64,
    /// How many values were cleared of what a crash had left of them; harmless.
    pub swept_values: u64,
    /// What was set aside because the store did not open at first.
    pub set_aside: Option<SetAside>,
}

/// A copy of a store that did not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where the copy is; it can be deleted when the store has proved whole.
    pub copy: PathBuf,
    /// What the database said.
    pub reason: String,
}

/// Why an attempt to open failed.
enum Refusal {
    /// The bytes on disk are not in order, as far as sled can tell.
    Damaged(String),
    /// sled's own lock, which it takes beside ours, is still held.
    Locked,
    /// It has nothing to do with what is on disk.
    Other(Error),
}

pub(super) fn open(dir: &Path, options: &Options) -> Result<(Store, OpenReport), Error> {
    fs::create_dir_all(dir).map_err(io_error("create", dir))?;
    let lock = Arc::new(lock(dir)?);
    let existed = data_bytes(dir) > 0;
    let unfinished = list(dir, |name| is_snapshot(name) && name.ends_with(".generating"))?;
    remove(&unfinished)?;

    let mut set_aside = None;
    let opened = match attempt(dir, options) {
        Err(Refusal::Damaged(reason)) => {
            let snapshots = list(dir, is_snapshot)?;
            if snapshots.is_empty() {
                return Err(Error::Damaged { path: dir.to_path_buf(), reason, copy: None });
            }
            let copy = copy_aside(dir)?;
            tracing::error!(
                store = %dir.display(), copy = %copy.display(), reason,
                "the store did not open, reading its whole log without the snapshot"
            );
            remove(&snapshots)?;
            set_aside = Some(SetAside { copy, reason });
            attempt(dir, options)
        }
        opened => opened,
    };
    let Found { db, applied, noted, swept_values, is_new } = match opened {
        Ok(opened) => opened,
        Err(Refusal::Other(error)) => return Err(error),
        Err(Refusal::Locked) => return Err(Error::Locked { path: dir.to_path_buf() }),
        Err(Refusal::Damaged(reason)) => {
            let copy = set_aside.map(|set_aside| set_aside.copy);
            return Err(Error::Damaged { path: dir.to_path_buf(), reason, copy });
        }
    };
    let data_path = dir.join(DATA_FILE);
    let data_file = File::open(&data_path).map_err(io_error("open", &data_path))?;
    let tree = sled::Tree::clone(&db);
    let contents = noted.map(|(_, contents)| contents).unwrap_or_default();
    let files = Files { tree, db, dir: dir.to_path_buf(), data_file, _lock: lock };
    let store = Store {
        files: ArcSwap::from_pointee(files),
        sealer: options.sealer.clone(),
        applied: AtomicU64::new(applied.0),
        live: AtomicU64::new(contents.bytes),
        writer: Mutex::new(Writer { buffer: Vec::new(), contents, is_sure: is_new }),
    };
    let report = OpenReport {
        existed,
        applied,
        noted,
        unfinished_snapshots: unfinished.len() as u64,
        swept_values,
        set_aside,
    };
    Ok((store, report))
}

pub(super) fn data_bytes(dir: &Path) -> u64 {
    fs::metadata(dir.join(DATA_FILE)).map_or(0, |data| data.len())
}

/// What was read from a store that has been opened.
struct Found {
    db: sled::Db,
    applied: ChangeSeq,
    noted: Option<(ChangeSeq, Contents)>,
    swept_values: u64,
    /// There is nothing in it yet.
    is_new: bool,
}

/// Opens sled, waiting for its lock where that is about to be released.
fn attempt(dir: &Path, options: &Options) -> Result<Found, Refusal> {
    let begun = Instant::now();
    loop {
        match attempt_once(dir, options) {
            Err(Refusal::Locked) if begun.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_PATIENCE / 100);
            }
            done => return done,
        }
    }
}

/// Opens sled and reads the first things from it, in a way that outlives a panic.
fn attempt_once(dir: &Path, options: &Options) -> Result<Found, Refusal> {
    let attempt = || -> Result<Found, Error> {
        // The mode is left alone: in 0.34.7 it is a setting that nothing reads. Compression would
        // need the zstd feature and costs more than it saves on records of 500 bytes.
        let db = sled::Config::new()
            .path(dir)
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(options.flush_every_ms)
            .open()?;
        let noted = read_contents(&db)?;
        // It is noted just before the sequence is, when everything is applied.
        let applied = read_applied(&db)?.max(noted.map_or(ChangeSeq::ZERO, |(at, _)| at));
        let is_new = applied == ChangeSeq::ZERO
            && db.range::<[u8; 1], _>(..[super::RESERVED]).next().is_none();
        let swept_values = parts::sweep(&db)?;
        parts::guard(&db)?;
        Ok(Found { db, applied, noted, swept_values, is_new })
    };
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(error)) => Err(judge(error)),
        Err(panic) => Err(Refusal::Damaged(panic_text(panic.as_ref()))),
    }
}

/// Tells damage from a lock, a disk that is full or a directory that must not be written.
fn judge(error: Error) -> Refusal {
    let Error::Engine(inner) = &error else { return Refusal::Damaged(error.to_string()) };
    match inner.downcast_ref::<sled::Error>() {
        Some(sled::Error::Io(io)) if io.to_string().starts_with("could not acquire lock") => {
            Refusal::Locked
        }
        Some(sled::Error::Io(io))
            if matches!(
                io.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::OutOfMemory
            ) =>
        {
            Refusal::Other(error)
        }
        _ => Refusal::Damaged(inner.to_string()),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("no message"))
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io_error("create", &path))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_PATIENCE / 100);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { path: dir.to_path_buf() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io { action: "lock", path, source });
            }
        }
    }
}

fn is_snapshot(name: &str) -> bool {
    name.starts_with("snap.")
}

fn list(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let entry = entry.map_err(io_error("list", dir))?;
        if entry.file_name().to_str().is_some_and(&wanted) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn remove(paths: &[PathBuf]) -> Result<(), Error> {
    paths.iter().try_for_each(|path| fs::remove_file(path).map_err(io_error("remove", path)))
}

/// Copies the directory beside itself, as `store.damaged-1` or the next number that is free.
fn copy_aside(dir: &Path) -> Result<PathBuf, Error> {
    let mut number = 1;
    let copy = loop {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let candidate = PathBuf::from(name);
        if !candidate.exists() {
            break candidate;
        }
        number += 1;
    };
    copy_directory(dir, &copy)?;
    Ok(copy)
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(io_error("create", to))?;
    for entry in fs::read_dir(from).map_err(io_error("list", from))? {
        let entry = entry.map_err(io_error("list", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(io_error("read", &source))?.is_dir() {
            copy_directory(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(io_error("copy", &source))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
