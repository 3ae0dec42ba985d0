//! The files of imports: uploads, until their import has ended, and the rows that were not taken, for
//! a week. Those outlive a restart, and are sealed like everything else where the directory is.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::App;
use super::error::Error;
use super::exports::job::FILE as EXPORTED;
use super::import_jobs::ImportJob;
use super::staged::remove_staged_file;
use crate::domain::time::Timestamp;

/// What the name of a file of rejected rows ends in.
const REJECTED: &str = ".errors.csv";
/// Rejected rows are kept this long, in milliseconds.
const KEEP_REJECTED: i64 = 7 * 24 * 3_600_000;

impl App {
    /// The folder of uploaded files and error files.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn imports_folder(&self) -> Result<PathBuf, Error> {
        let folder = self.partition.root().join("imports");
        std::fs::create_dir_all(&folder)
            .map_err(|source| crate::engine::Error::Io { path: folder.clone(), source })?;
        Ok(folder)
    }

    /// Where the rejected rows of an import are.
    pub(super) fn errors_path(&self, id: Uuid) -> Result<PathBuf, Error> {
        Ok(self.imports_folder()?.join(format!("{id}{REJECTED}")))
    }

    /// Removes what an earlier process has left of uploads that no import needs.
    pub(super) fn clear_uploads(&self) -> Result<(), Error> {
        let needed = self.needed_uploads()?;
        self.remove_import_files(&|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_needed = needed.iter().any(|one| one == name);
            import_of(path).is_none() && !name.ends_with(EXPORTED) && !is_needed
        })
    }

    /// Removes rejected rows that are old, and those of imports that are not remembered.
    pub(super) fn clear_rejected_rows(&self) -> Result<(), Error> {
        self.remove_import_files(&|path| {
            import_of(path).is_some_and(|id| !self.has_rejected_rows_of(id))
        })
    }

    fn remove_import_files(&self, is_done_with: &dyn Fn(&Path) -> bool) -> Result<(), Error> {
        let folder = self.imports_folder()?;
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if is_done_with(&entry.path()) {
                remove_staged_file(&entry.path());
            }
        }
        Ok(())
    }
}

/// The import whose rejected rows a file holds.
fn import_of(path: &Path) -> Option<Uuid> {
    path.file_name()?.to_str()?.strip_suffix(REJECTED)?.parse().ok()
}

/// Whether the rejected rows of an import have been there for so long that nobody gets them any
/// more.
pub(super) fn are_rejected_rows_old(job: &ImportJob, now: Timestamp) -> bool {
    job.finished_at.is_some_and(|at| now.0.saturating_sub(at.0) > KEEP_REJECTED)
}
