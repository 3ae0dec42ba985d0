//! Files that wait in the data directory for a while: uploads, and the error files of imports.
//!
//! In an encrypted directory they are sealed while they are written and opened while they are read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::App;
use crate::vault::{OpeningReader, Room, Sealer, SealingWriter};

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

impl App {
    /// Begins a file in the folder of imports.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create_staged_file(&self, path: &Path) -> io::Result<StagedWriter> {
        let file = File::create(path)?;
        Ok(StagedWriter(match self.staged_sealer() {
            None => Writer::Plain(file),
            Some(sealer) => Writer::Sealed(SealingWriter::new(file, sealer, &place(path))?),
        }))
    }

    /// Opens a file in the folder of imports.
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

    /// All of a file in the folder of imports, or what is whole of it while it is being written.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_staged_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.open_staged_file(path)?.read_to_end(&mut bytes) {
            // The end of a sealed file is missing until it is finished.
            Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(error),
            Ok(_) | Err(_) => Ok(bytes),
        }
    }

    fn staged_sealer(&self) -> Option<Sealer> {
        self.partition.vault().map(|vault| vault.sealer(Room::Staged))
    }
}

fn place(path: &Path) -> Vec<u8> {
    path.file_name().unwrap_or_default().as_encoded_bytes().to_vec()
}
