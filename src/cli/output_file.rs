//! Standard output, or a file that takes the place of another only when it is complete.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::Failure;

/// Where the answer of a command goes.
pub(super) struct OutputFile {
    /// Dropped before its file is renamed or removed.
    out: Option<BufWriter<Box<dyn Write + Send>>>,
    /// The file that is written and the one that it is to become; `None` for standard output.
    file: Option<Unfinished>,
}

impl OutputFile {
    /// Begins a file beside the one that is named; without a name it is standard output.
    pub(super) fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self { out: Some(BufWriter::new(Box::new(io::stdout()))), file: None });
        };
        // A device or a pipe takes what is written; a file of its name would take its place.
        let is_replaced = std::fs::metadata(path).map_or(true, |known| known.is_file());
        let mut part = path.to_owned().into_os_string();
        if is_replaced {
            part.push(".part");
        }
        let part = PathBuf::from(part);
        let failed = |source| Failure::Io { path: path.to_owned(), source };
        let out: Box<dyn Write + Send> = Box::new(File::create(&part).map_err(failed)?);
        let file = Unfinished { part, path: path.to_owned(), is_complete: !is_replaced };
        Ok(Self { out: Some(BufWriter::new(out)), file: Some(file) })
    }

    /// What a failure to write means.
    pub(super) fn failure(&self, source: io::Error) -> Failure {
        match &self.file {
            Some(file) => Failure::Io { path: file.path.clone(), source },
            None => Failure::Output(source),
        }
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush().map_err(|source| self.failure(source))?;
        self.out = None;
        if let Some(file) = self.file.as_mut().filter(|file| !file.is_complete) {
            std::fs::rename(&file.part, &file.path)
                .map_err(|source| Failure::Io { path: file.path.clone(), source })?;
            file.is_complete = true;
        }
        Ok(())
    }

    fn out(&mut self) -> io::Result<&mut BufWriter<Box<dyn Write + Send>>> {
        self.out.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out()?.flush()
    }
}

/// A file that is removed unless it is complete.
struct Unfinished {
    part: PathBuf,
    path: PathBuf,
    is_complete: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_complete {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
