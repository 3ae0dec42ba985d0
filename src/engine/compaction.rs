//! Compaction: the store is copied into another directory, without what sled leaves behind of
//! values that were changed, and the copy takes its place while the partition serves.
//!
//! ```text
//! store/                 serves
//! store.compacted-N/     the copy, worthless until STORE names it
//! STORE                  the name of the directory that counts
//! ```
//! The copy is made from a scan and brought up to date from the journal; the last entries are
//! applied by the writer, between two writes. The next opening gives the copy the usual name.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::applier::as_change;
use super::cancel::Cancel;
use super::error::Error;
use super::image::is_image;
use super::upkeep::Upkeep;
use crate::domain::ids::ChangeSeq;
use crate::journal::{FileJournal, Journal};
use crate::store::fault::crash_point;
use crate::store::{self, Change, Key, Store, Value};

/// The file that names the directory of the store that counts.
const MARKER: &str = "STORE";
/// What the names of copies begin with.
const COPY: &str = "store.compacted-";
/// Records that are copied at once.
const BATCH: usize = 500;
/// The writer applies what is left when it is no more than so many entries.
const LAST_ENTRIES: u64 = 200;
/// How much room a copy takes while it is made, in sizes of what the store holds; 1.9 was measured.
const SIZE_OF_COPY: u64 = 3;
/// Room that is not worth the work.
const SPARE_BYTES: u64 = 256 << 20;
/// How long readers of the old files are waited for before they are removed; what they have open
/// they can read to the end.
const READERS_PATIENCE: Duration = Duration::from_secs(30);

/// What a compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The size of the store before, in bytes.
    pub before: u64,
    /// The size of the store now, in bytes.
    pub after: u64,
}

impl Upkeep {
    /// Whether the store takes more than three times the room of what it holds.
    pub(super) fn is_compaction_due(&self) -> bool {
        self.store.size_on_disk() > SPARE_BYTES + 3 * self.store.live_bytes()
    }

    /// Copies the store aside and puts the copy in its place; in the background half of the time is
    /// left to others. Reads and writes go on.
    ///
    /// Cost: reads and writes everything; for that time both copies need room, and memory for pages.
    ///
    /// # Errors
    /// If the partition closes, it is cancelled, or something cannot be read or written. Then
    /// everything is as before.
    pub(super) fn compact(&self, cancel: &Cancel, in_background: bool) -> Result<Compacted, Error> {
        let _one = self.compacting.lock();
        let before = self.store.size_on_disk();
        self.room.check_work(SIZE_OF_COPY * self.store.live_bytes())?;
        let dir = free_name(&self.root);
        let done = self.while_kept(|| self.copy_and_exchange(&dir, cancel, in_background));
        if done.is_err() {
            // What cannot be removed now is removed at the next opening.
            let _ = fs::remove_dir_all(&dir);
        }
        done?;
        let after = self.store.size_on_disk();
        tracing::info!("the store was compacted from {before} to {after} bytes");
        Ok(Compacted { before, after })
    }

    fn copy_and_exchange(
        &self,
        dir: &Path,
        cancel: &Cancel,
        in_background: bool,
    ) -> Result<(), Error> {
        let (copy, _) = Store::open(dir, &self.store_options)?;
        let mut at = self.store.applied_seq();
        let mut scan = self.store.scan_prefix(b"");
        loop {
            let begun = Instant::now();
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let batch: Vec<(Key, Value)> = scan.by_ref().take(BATCH).collect::<Result<_, _>>()?;
            if batch.is_empty() {
                break;
            }
            copy.apply(batch.iter().map(|(key, value)| Change::Put { key, value }), at)?;
            crash_point("compact.copied");
            let pause = if in_background { begun.elapsed() } else { Duration::ZERO };
            if self.pause(pause) {
                return Err(Error::Closed);
            }
        }
        drop(scan);
        while self.journal.tail().0 - at.0 > LAST_ENTRIES {
            at = catch_up(&self.journal, &copy, at)?;
        }
        // So that little is left to be synced while writes wait.
        copy.checkpoint()?;
        let (store, journal, root) = (self.store.clone(), self.journal.clone(), self.root.clone());
        let mut copy = Some(copy);
        let (old, _) = self.in_writer(move |_| {
            let Some(copy) = copy.take() else { return Err(Error::Closed) };
            let mut at = at;
            while at < journal.tail() {
                at = catch_up(&journal, &copy, at)?;
            }
            if copy.contents() != store.contents() {
                return Err(store::Error::Altered { path: store.directory() }.into());
            }
            copy.checkpoint()?;
            crash_point("compact.ready");
            mark(&root, &copy.directory())?;
            crash_point("compact.marked");
            Ok(store.exchange(copy))
        })?;
        crash_point("compact.exchanged");
        let deadline = Instant::now() + READERS_PATIENCE;
        while old.is_read() && Instant::now() < deadline && !self.pause(READERS_PATIENCE / 600) {}
        let old_dir = old.close();
        if let Err(error) = fs::remove_dir_all(&old_dir) {
            tracing::warn!(
                "{} is not needed any more and cannot be removed: {error}",
                old_dir.display()
            );
        }
        Ok(())
    }
}

/// Applies some entries behind a place to a copy; up to where it is now.
fn catch_up(journal: &FileJournal, copy: &Store, at: ChangeSeq) -> Result<ChangeSeq, Error> {
    let entries = journal.read(at, 4 << 20, Duration::ZERO)?;
    let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(at) };
    let changing = entries.iter().filter(|entry| !is_image(entry));
    copy.apply(changing.flat_map(|entry| entry.ops.iter().map(as_change)), last)?;
    Ok(last)
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// The first name for a copy that is not taken.
fn free_name(root: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let candidate = root.join(format!("{COPY}{number}"));
        if !candidate.exists() {
            return candidate;
        }
        number += 1;
    }
}

/// Says durably that a directory holds the store from now on.
fn mark(root: &Path, dir: &Path) -> Result<(), Error> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (path, new) = (root.join(MARKER), root.join(format!("{MARKER}.new")));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(name.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)
    });
    written.map_err(io_error(&path))?;
    sync_directory(root)
}

fn sync_directory(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error(dir))
}

/// Finishes what a compaction has left: the copy that counts gets the usual name, others go. Nobody
/// may have the store open.
///
/// # Errors
/// If something cannot be read, renamed or removed.
pub(super) fn settle(root: &Path) -> Result<(), Error> {
    let marker = root.join(MARKER);
    match fs::read_to_string(&marker) {
        Ok(name) => {
            let copy = root.join(&name);
            if name.starts_with(COPY) && !name.contains('/') && copy.is_dir() {
                let store = root.join("store");
                if store.exists() {
                    fs::remove_dir_all(&store).map_err(io_error(&store))?;
                    crash_point("compact.settling");
                }
                fs::rename(&copy, &store).map_err(io_error(&copy))?;
                sync_directory(root)?;
                crash_point("compact.settled");
            }
            fs::remove_file(&marker).map_err(io_error(&marker))?;
            sync_directory(root)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error(&marker)(error)),
    }
    for entry in fs::read_dir(root).map_err(io_error(root))? {
        let path = entry.map_err(io_error(root))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(COPY) {
            fs::remove_dir_all(&path).map_err(io_error(&path))?;
        } else if name == format!("{MARKER}.new") {
            fs::remove_file(&path).map_err(io_error(&path))?;
        }
    }
    Ok(())
}
