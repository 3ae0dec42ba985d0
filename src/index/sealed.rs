//! A tantivy directory whose files are sealed.
//!
//! A file is sealed while it is written, from beginning to end. It is opened once, into memory, and
//! served from there as long as anything reads it, so that searches cost what they always do; the
//! price is memory of the size of the index. Names and sizes of files stay readable. A file opens
//! only under its own name in its own generation.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

use super::directory::UnsyncedDirectory;
use super::pace::{Pace, PacedFile};
use crate::vault::{Broken, OpeningReader, Sealer, SealingWriter, plain_length};

#[derive(Clone, Debug)]
pub(super) struct SealedDirectory {
    inner: UnsyncedDirectory,
    files: SealedFiles,
    pace: Arc<Pace>,
    /// What is in memory because something reads it.
    opened: Arc<Mutex<HashMap<PathBuf, Weak<[u8]>>>>,
}

impl SealedDirectory {
    pub(super) fn open(root: &Path, sealer: Sealer, pace: Arc<Pace>) -> Result<Self, super::Error> {
        let inner = UnsyncedDirectory::open(root, Arc::clone(&pace))?;
        let files = SealedFiles { root: root.to_owned(), sealer };
        Ok(Self { inner, files, pace, opened: Arc::default() })
    }
}

/// The sealed files of one generation.
#[derive(Clone, Debug)]
pub(super) struct SealedFiles {
    pub(super) root: PathBuf,
    pub(super) sealer: Sealer,
}

impl SealedFiles {
    fn place(&self, path: &Path) -> Vec<u8> {
        let generation = self.root.file_name().unwrap_or_default();
        [generation.as_encoded_bytes(), b"/", path.as_os_str().as_encoded_bytes()].concat()
    }

    fn reader(&self, path: &Path) -> io::Result<(OpeningReader<File>, u64)> {
        let file = File::open(self.root.join(path))?;
        let length = plain_length(file.metadata()?.len()).ok_or(Broken)?;
        Ok((OpeningReader::new(file, self.sealer.clone(), &self.place(path))?, length))
    }

    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let (mut reader, length) = self.reader(path)?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, length).collect();
        if let Some(room) = Arc::get_mut(&mut bytes) {
            reader.read_exact(room)?;
        }
        // The end is part of what is sealed, also that of an empty file.
        if reader.read(&mut [0])? != 0 {
            return Err(Broken.into());
        }
        Ok(bytes)
    }

    /// Reads a file from the disk again, whatever is in memory of it; whether it is whole.
    ///
    /// # Errors
    /// If it is not there, for example since a merge has just removed it.
    pub(super) fn is_whole(&self, path: &Path) -> io::Result<bool> {
        let read = self.reader(path).and_then(|(mut file, _)| io::copy(&mut file, &mut io::sink()));
        match read {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
            Err(_) => Ok(false),
        }
    }
}

struct SealedFile(SealingWriter<File>);

impl Write for SealedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for SealedFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.finish()
    }
}

impl Directory for SealedDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let known = self.opened.lock().get(path).and_then(Weak::upgrade);
        if let Some(bytes) = known {
            return Ok(Arc::new(OwnedBytes::new(bytes)));
        }
        let bytes = self.files.read(path).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                OpenReadError::FileDoesNotExist(path.to_owned())
            } else {
                OpenReadError::wrap_io_error(error, path.to_owned())
            }
        })?;
        let mut opened = self.opened.lock();
        opened.retain(|_, bytes| bytes.strong_count() > 0);
        opened.insert(path.to_owned(), Arc::downgrade(&bytes));
        drop(opened);
        Ok(Arc::new(OwnedBytes::new(bytes)))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.opened.lock().remove(path);
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let failed = |error| OpenWriteError::wrap_io_error(error, path.to_owned());
        let target = self.files.root.join(path);
        match OpenOptions::new().write(true).create_new(true).open(target) {
            Ok(file) => {
                let sealer = self.files.sealer.clone();
                let writer = SealingWriter::new(file, sealer, &self.files.place(path));
                let file = PacedFile::new(SealedFile(writer.map_err(failed)?), &self.pace);
                Ok(BufWriter::new(Box::new(file)))
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                Err(OpenWriteError::FileAlreadyExists(path.to_owned()))
            }
            Err(e) => Err(failed(e)),
        }
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let sealed = self.inner.atomic_read(path)?;
        self.files
            .sealer
            .open(&self.files.place(path), &sealed)
            .map_err(|broken| OpenReadError::wrap_io_error(broken.into(), path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let sealed = self.files.sealer.seal(&self.files.place(path), data)?;
        self.inner.atomic_write(path, &sealed)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

#[cfg(test)]
#[path = "sealed_tests.rs"]
mod tests;
