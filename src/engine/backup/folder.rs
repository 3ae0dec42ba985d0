//! Directories that are prepared beside their place and appear there when they are complete.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{BackupError, Sink, io_error};
use crate::engine::error::Error;
use crate::store::fault::crash_point;

/// The file in a directory that is being prepared, locked as long as that goes on.
const PREPARING: &str = "PREPARING";

/// A directory that is being prepared; removed unless it is finished.
pub(super) struct Folder {
    target: PathBuf,
    path: PathBuf,
    is_finished: bool,
    _lock: File,
}

impl Folder {
    /// Begins to prepare a directory in `TARGET.kind`; what an earlier attempt has left there goes.
    ///
    /// # Errors
    /// If the target has something in it, or another process prepares it.
    pub(super) fn begin(target: &Path, kind: &str) -> Result<Self, Error> {
        refuse_full(target)?;
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{kind}"));
        let path = target.with_file_name(name);
        fs::create_dir_all(&path).map_err(io_error(&path))?;
        let mark = path.join(PREPARING);
        let locked = File::create(&mark).map_err(io_error(&mark))?;
        if locked.try_lock().is_err() {
            return Err(BackupError::TargetInUse(path).into());
        }
        // Begun anew under the same lock.
        for entry in fs::read_dir(&path).map_err(io_error(&path))? {
            let old = entry.map_err(io_error(&path))?.path();
            if old.is_dir() {
                fs::remove_dir_all(&old).map_err(io_error(&old))?;
            } else if !old.ends_with(PREPARING) {
                fs::remove_file(&old).map_err(io_error(&old))?;
            }
        }
        Ok(Self { target: target.to_owned(), path, is_finished: false, _lock: locked })
    }

    /// Where it is prepared.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes everything durable and puts it in its place.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let mark = self.path.join(PREPARING);
        fs::remove_file(&mark).map_err(io_error(&mark))?;
        sync_all(&self.path)?;
        crash_point("backup.prepared");
        refuse_full(&self.target)?;
        fs::rename(&self.path, &self.target).map_err(io_error(&self.target))?;
        self.is_finished = true;
        match self.target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => sync(parent),
            None => sync(Path::new(".")),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether another process prepares a directory at the moment.
pub(super) fn is_prepared(path: &Path) -> bool {
    File::open(path.join(PREPARING)).is_ok_and(|mark| mark.try_lock().is_err())
}

/// Refuses a target that has something in it.
fn refuse_full(target: &Path) -> Result<(), Error> {
    match fs::read_dir(target).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(true) => Err(BackupError::TargetNotEmpty(target.to_owned()).into()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(BackupError::TargetNotEmpty(target.to_owned()).into())
        }
        Err(error) => Err(io_error(target)(error)),
    }
}

/// Whether a name stays within the folder that it is put into.
pub(super) fn is_safe_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Writes the files of a backup into a folder.
pub(super) struct FolderSink {
    root: PathBuf,
    open: Option<File>,
}

impl FolderSink {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), open: None }
    }
}

impl Sink for FolderSink {
    fn begin(&mut self, name: &str, _bytes: u64) -> io::Result<()> {
        if !name.split('/').all(is_safe_name) {
            return Err(io::Error::other(format!("{name:?} is not a name of a file")));
        }
        let path = self.root.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        self.open = Some(File::create_new(path)?);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        crash_point("backup.write");
        match &mut self.open {
            Some(file) => file.write_all(bytes),
            None => Err(io::Error::other("no file was begun")),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(file) => file.sync_all(),
            None => Ok(()),
        }
    }

    fn link(&mut self, name: &str, from: &Path) -> io::Result<bool> {
        let path = self.root.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        match fs::hard_link(from, path) {
            Ok(()) => Ok(true),
            // Another disk, or one that has no links, or not so many: then it is copied.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Syncs a directory with everything in it.
fn sync_all(dir: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(dir).map_err(io_error(dir))? {
        let path = entry.map_err(io_error(dir))?.path();
        if path.is_dir() {
            sync_all(&path)?;
        } else {
            sync(&path)?;
        }
    }
    sync(dir)
}

fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(io_error(path))
}
