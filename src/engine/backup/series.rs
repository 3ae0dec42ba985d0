//! A folder of backups, of which some are kept.

use std::path::{Path, PathBuf};

use super::folder::is_prepared;
use super::{BackupError, BackupManifest, io_error, read_manifest};
use crate::domain::time::Timestamp;
use crate::engine::error::Error;
use crate::engine::partition::Partition;

/// What names of backups in a series begin with.
const PREFIX: &str = "ringdex-";

impl Partition {
    /// Adds a backup to a folder of them and removes the oldest beyond `keep`; what has not changed
    /// since the newest one is linked. Files in the folder that are no backups of this journal stay.
    ///
    /// # Errors
    /// See [`Partition::back_up_into`]; also if an old one cannot be removed.
    pub fn back_up_in_series(&self, folder: &Path, keep: usize) -> Result<BackupManifest, Error> {
        std::fs::create_dir_all(folder).map_err(io_error(folder))?;
        sweep(folder)?;
        let mut known = self.backups_in(folder)?;
        let name = format!("{}{}", self.series_prefix(), compact(self.now()));
        let target = folder.join(name);
        let base = known.last().map(|(_, path)| path.clone());
        let made = match self.back_up_into(&target, base.as_deref()) {
            // What is linked may have been damaged since: a copy has nothing to do with it.
            Err(Error::Backup(BackupError::Torn(_))) if base.is_some() => {
                self.back_up_into(&target, None)?
            }
            made => made?,
        };
        known.push((made.made_at, target));
        let surplus = known.len().saturating_sub(keep.max(1));
        for (_, old) in known.drain(..surplus) {
            // Out of its place first, so that half of one is never taken for a backup.
            let going = old.with_extension("going");
            std::fs::rename(&old, &going).map_err(io_error(&old))?;
            std::fs::remove_dir_all(&going).map_err(io_error(&going))?;
        }
        Ok(made)
    }

    /// The complete backups of this journal in a folder, the oldest first.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn backups_in(&self, folder: &Path) -> Result<Vec<(Timestamp, PathBuf)>, Error> {
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error(folder))?,
        };
        let (mut known, prefix) = (Vec::new(), self.series_prefix());
        let is_digit = |c: char| c.is_ascii_digit();
        for entry in entries {
            let path = entry.map_err(io_error(folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let name = name.strip_suffix('Z').unwrap_or_default();
            if !name.strip_prefix(&*prefix).is_some_and(|rest| rest.starts_with(is_digit)) {
                continue;
            }
            if let Ok(manifest) = read_manifest(&path)
                && manifest.journal == self.journal_id()
            {
                known.push((manifest.made_at, path));
            }
        }
        known.sort();
        Ok(known)
    }
}

impl Partition {
    /// What the names of backups of this machine begin with: others of its cluster have the same
    /// journal, and may use the same folder.
    fn series_prefix(&self) -> String {
        self.node().map_or_else(|| PREFIX.to_owned(), |node| format!("{PREFIX}{node}-"))
    }
}

/// Removes what attempts have left that did not come to their end, and backups that were half
/// removed.
fn sweep(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(io_error(folder))? {
        let path = entry.map_err(io_error(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let is_left = match ending {
            Some("going") => true,
            Some("partial") => !is_prepared(&path),
            _ => false,
        };
        if is_left && name.starts_with(PREFIX) {
            std::fs::remove_dir_all(&path).map_err(io_error(&path))?;
        }
    }
    Ok(())
}

/// A time for the name of a file: `20261130T123000Z`.
fn compact(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split('.').next().unwrap_or_default().trim_end_matches('Z');
    let digits: String = whole.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_time() {
        assert_eq!(compact(Timestamp(1_700_000_000_000)), "20231114T221320Z");
        assert!(compact(Timestamp(1_700_000_000_999)) < compact(Timestamp(1_700_000_001_000)));
    }
}
