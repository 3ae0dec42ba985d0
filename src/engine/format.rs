//! The number of the format of a data directory: what a newer version has written is refused before
//! anything of it is touched.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::error::Error;

/// The file with the number.
pub(super) const FILE_NAME: &str = "FORMAT";
/// The format that is written. It goes up when an earlier version would misread a directory.
const CURRENT: u32 = 1;
/// The format of a directory without the file: that of versions that did not write it.
const FIRST: u32 = 1;

/// Makes sure that a directory, if it is there, is of a format that this version reads.
///
/// # Errors
/// If it is of a newer one, or nobody can tell.
pub(super) fn admit(root: &Path) -> Result<(), Error> {
    let path = root.join(FILE_NAME);
    let found = match fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            match text.trim().parse::<u32>() {
                Ok(found) if found >= FIRST => found,
                Ok(_) | Err(_) => return Err(Error::FormatUnreadable(path)),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => FIRST,
        Err(source) => return Err(Error::Io { path, source }),
    };
    if found > CURRENT {
        return Err(Error::FormatTooNew { path: root.to_owned(), found, known: CURRENT });
    }
    Ok(())
}

/// Writes the number where it is missing. A disk that is full or cannot be written to keeps nobody
/// from reading: without the file it is the first format.
pub(super) fn note(root: &Path) {
    let path = root.join(FILE_NAME);
    if path.exists() {
        return;
    }
    let new = root.join("FORMAT.new");
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(format!("{CURRENT}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(root)?.sync_all()
    };
    if let Err(error) = write() {
        let _ = fs::remove_file(&new);
        tracing::warn!("{} cannot be written: {error}", path.display());
    }
}
