//! A tantivy directory that does not sync, since the index is a mirror.
//!
//! A killed process loses nothing, because the kernel still holds what it wrote. After a power
//! loss files may be cut or empty; [`super::generation`] notices that by the boot it was written in.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

use super::pace::{Pace, PacedFile};

#[derive(Clone, Debug)]
pub(super) struct UnsyncedDirectory {
    inner: MmapDirectory,
    root: PathBuf,
    pace: Arc<Pace>,
}

impl UnsyncedDirectory {
    pub(super) fn open(root: &Path, pace: Arc<Pace>) -> Result<Self, super::Error> {
        let inner = MmapDirectory::open(root).map_err(tantivy::TantivyError::from)?;
        Ok(Self { inner, root: root.to_owned(), pace })
    }
}

struct UnsyncedFile(File);

impl Write for UnsyncedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for UnsyncedFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.flush()
    }
}

impl Directory for UnsyncedDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.root.join(path));
        match file {
            Ok(file) => {
                let file = PacedFile::new(UnsyncedFile(file), &self.pace);
                Ok(BufWriter::new(Box::new(file)))
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                Err(OpenWriteError::FileAlreadyExists(path.to_owned()))
            }
            Err(e) => Err(OpenWriteError::wrap_io_error(e, path.to_owned())),
        }
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let target = self.root.join(path);
        let aside = self.root.join(format!("{}.tmp", path.display()));
        File::create(&aside)?.write_all(data)?;
        std::fs::rename(aside, target)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        // Readers are reloaded by hand after every commit.
        Ok(WatchHandle::empty())
    }
}
