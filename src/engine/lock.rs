//! One process at a time for a data directory.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::compaction;
use super::error::Error;

/// How long a lock may outlive its holder: a process that this one has just forked, to run a
/// program, holds it as well until that program begins.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// Keeps other processes out of a data directory, which is made if need be. What a compaction has
/// left is brought in order then.
pub(super) fn lock(root: &Path) -> Result<File, Error> {
    super::format::admit(root)?;
    let path = root.join("LOCK");
    let io = |source| Error::Io { path: path.clone(), source };
    std::fs::create_dir_all(root).map_err(io)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => {
                compaction::settle(root)?;
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_PATIENCE / 50);
            }
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(root.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
    }
}
