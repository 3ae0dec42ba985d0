//! What of a journal directory is good: used by opening, which cuts a torn tail and refuses
//! everything else, and by repairing.
//!
//! The rule of the torn tail: a frame that is not in order may be cut only in the last segment, and
//! only if no valid frame of a *later group* follows. A group is one write and one sync, and the
//! next group is written only after that sync. So what is cut was never acknowledged, or is the
//! very last group; frames of the same group may well follow, for a power loss keeps pages of an
//! unsynced write in any order. Changes nothing.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::{Damage, Error, io_error};
use super::scan::Scanner;
use super::segment::{Segment, Stop, WALK_CHUNK};

/// How long a lock may outlive its holder: a process that this one has just forked, to run a
/// program, holds it as well until that program begins.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// The segments up to the first trouble.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) segments: Vec<Segment>,
    pub(super) trouble: Option<DamagedPlace>,
}

/// The first place that is not in order.
#[derive(Debug)]
pub(super) struct DamagedPlace {
    pub(super) path: PathBuf,
    pub(super) offset: u64,
    pub(super) damage: Damage,
    /// It is the tail of an unfinished write and can be cut without losing anything acknowledged.
    pub(super) torn: bool,
    /// The whole file has to go, not only its tail.
    pub(super) whole_file: bool,
    /// The segments behind it.
    pub(super) later: Vec<PathBuf>,
}

impl DamagedPlace {
    pub(super) fn into_error(self) -> Error {
        Error::Damaged { path: self.path, offset: self.offset, damage: self.damage }
    }
}

/// Keeps other processes out as long as it lives.
pub(super) fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
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

/// The segment files of a directory in their order.
pub(super) fn list_segments(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        let numbered = path
            .file_stem()
            .and_then(OsStr::to_str)
            .is_some_and(|stem| stem.bytes().all(|byte| byte.is_ascii_digit()));
        if numbered && path.extension() == Some(OsStr::new("log")) {
            paths.push(path);
        }
    }
    paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    Ok(paths)
}

/// Reads a whole directory; fails only if the operating system does.
pub(super) fn load(dir: &Path) -> Result<Loaded, Error> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut paths = list_segments(dir)?.into_iter();
    while let Some(path) = paths.next() {
        let (segment, stop) = match Segment::open(&path) {
            Ok(opened) => opened,
            Err(Error::Damaged { path, offset, damage }) => {
                let later = paths.collect();
                let trouble =
                    DamagedPlace { path, offset, damage, torn: false, whole_file: true, later };
                return Ok(Loaded { segments, trouble: Some(trouble) });
            }
            Err(error) => return Err(error),
        };
        if let Some(damage) = segments.last().and_then(|before| break_between(before, &segment)) {
            let later = paths.collect();
            let trouble =
                DamagedPlace { path, offset: 0, damage, torn: false, whole_file: true, later };
            return Ok(Loaded { segments, trouble: Some(trouble) });
        }
        if let Some(before) = segments.last_mut() {
            before.close();
        }
        if let Some(Stop { offset, damage }) = stop {
            let later: Vec<PathBuf> = paths.collect();
            let torn = later.is_empty() && is_torn(&segment, offset)?;
            segments.push(segment);
            let trouble = DamagedPlace { path, offset, damage, torn, whole_file: false, later };
            return Ok(Loaded { segments, trouble: Some(trouble) });
        }
        segments.push(segment);
    }
    Ok(Loaded { segments, trouble: None })
}

/// Why one segment cannot follow another.
fn break_between(before: &Segment, after: &Segment) -> Option<Damage> {
    let expected = before.last.next();
    if after.header.incarnation != before.header.incarnation {
        Some(Damage::Incarnation)
    } else if after.header.first != expected {
        Some(Damage::Sequence { expected, found: after.header.first })
    } else if after.header.chain_before != before.chain {
        Some(Damage::Chain {
            expected: Box::new(before.chain),
            found: Box::new(after.header.chain_before),
        })
    } else {
        None
    }
}

/// Whether nothing of a later group follows the place in the last segment.
pub(super) fn is_torn(segment: &Segment, offset: u64) -> Result<bool, Error> {
    let (file, path) = (segment.handle.file()?, segment.path());
    let length = file.metadata().map_err(io_error("read", path))?.len();
    let mut scanner = Scanner::new(&file, path, segment.seed(), offset..length, WALK_CHUNK);
    let mut last = segment.last;
    let broken = last.next();
    while let Some(found) = scanner.resync(last)? {
        if found.group_first() > broken.0 {
            return Ok(false);
        }
        last = found.seq;
    }
    Ok(true)
}
