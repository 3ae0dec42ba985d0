//! Files that wait in the data directory for a while: uploads, error files of imports, reports.
//!
//! In an encrypted directory they are sealed while they are written and opened while they are read.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::App;
use crate::vault::{KeyPurpose, OpeningReader, Sealer, SealingWriter};

/// A file that is being written; whole only after [`StagedWriter::finish`].
pub struct StagedWriter(Writer);

enum Writer {
    Plain(File),
    Sealed(SealingWriter<File>),
}

impl StagedWriter {
    /// Writes the end of the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Writer::Plain(file) => file.flush(),
            Writer::Sealed(file) => file.finish(),
        }
    }

    fn sync(&self) -> io::Result<()> {
        match &self.0 {
            Writer::Plain(file) => file.sync_all(),
            Writer::Sealed(file) => file.get_ref().sync_all(),
        }
    }
}

impl Write for StagedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Writer::Plain(file) => file.write(bytes),
            Writer::Sealed(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Writer::Plain(file) => file.flush(),
            Writer::Sealed(file) => file.flush(),
        }
    }
}

/// A file that is being read.
pub struct StagedReader(Reader);

enum Reader {
    Plain(File),
    Sealed(OpeningReader<File>),
}

impl Read for StagedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Reader::Plain(file) => file.read(out),
            Reader::Sealed(file) => file.read(out),
        }
    }
}

/// A file that is removed when this is dropped, unless it is kept: whatever ends the writing of it,
/// also that nobody waits for it any more.
#[derive(Debug)]
pub struct Unkept(Option<PathBuf>);

impl Unkept {
    /// What is or will be at this place.
    pub fn new(path: PathBuf) -> Self {
        Self(Some(path))
    }

    /// Leaves the file where it is.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unkept {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            remove_staged_file(&path);
        }
    }
}

impl App {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create_staged_file(&self, path: &Path) -> io::Result<StagedWriter> {
        self.create_staged_at(path, path)
    }

    /// Writes a file as a whole: beside its place until it is on the disk, so that nobody ever
    /// finds a part of it, and so that one that was there stays until then.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn replace_staged_file(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let aside = path.with_extension("part");
        let unkept = Unkept::new(aside.clone());
        let mut out = BufWriter::new(self.create_staged_at(&aside, path)?);
        write(&mut out)?;
        out.flush()?;
        out.get_mut().finish()?;
        out.get_ref().sync()?;
        std::fs::rename(&aside, path)?;
        unkept.keep();
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    /// Begins a file that is to stand in another place.
    fn create_staged_at(&self, path: &Path, stands: &Path) -> io::Result<StagedWriter> {
        let file = File::create(path)?;
        Ok(StagedWriter(match self.staged_sealer() {
            None => Writer::Plain(file),
            Some(sealer) => Writer::Sealed(SealingWriter::new(file, sealer, &place(stands))?),
        }))
    }

    /// Opens a file that was begun here.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open_staged_file(&self, path: &Path) -> io::Result<StagedReader> {
        let file = File::open(path)?;
        Ok(StagedReader(match self.staged_sealer() {
            None => Reader::Plain(file),
            Some(sealer) => Reader::Sealed(OpeningReader::new(file, sealer, &place(path))?),
        }))
    }

    /// All of a file that is finished.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn read_staged_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open_staged_file(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What is whole of a file that may still be written.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_growing_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.open_staged_file(path)?.read_to_end(&mut bytes) {
            // The end of a sealed file is missing until it is finished.
            Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(error),
            Ok(_) | Err(_) => Ok(bytes),
        }
    }

    fn staged_sealer(&self) -> Option<Sealer> {
        self.partition.vault().map(|vault| vault.sealer(KeyPurpose::Staged))
    }
}

/// Removes a file, if it is there.
pub(super) fn remove_staged_file(file: &Path) {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("{} cannot be removed: {error}", file.display());
        }
        Ok(()) | Err(_) => {}
    }
}

fn place(path: &Path) -> Vec<u8> {
    path.file_name().unwrap_or_default().as_encoded_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing_and_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::open(&dir.path().join("data"), Options::default()).unwrap();
        let folder = dir.path().join("files");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("one.report");
        app.replace_staged_file(&path, &mut |out| out.write_all(b"whole")).unwrap();
        let failed = app.replace_staged_file(&path, &mut |out| {
            out.write_all(b"half of it")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(app.read_staged_file(&path).unwrap(), b"whole");
    }
}
