//! Builds a new index beside the one that serves, and lets it take over.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use parking_lot::{Mutex, RwLock};

use super::error::Error;
use super::follower::{Replacement, Serving};
use super::health::Health;
use super::partition::Partition;
use super::progress::Progress;
use super::recovery::fill_index;
use crate::index::{Mirror, Schema, Sources};
use crate::journal::{FileJournal, Journal};
use crate::store::Store;
use crate::store::fault::crash_point;
use crate::vault::Sealer;

/// The folder of a data directory with files that take the place of those that are compiled in.
pub const SCHEMA_FOLDER: &str = "index-schema";

/// The schema of a data directory: what is compiled in, unless files of its own are there.
pub(super) fn read_schema(root: &Path) -> Result<Schema, Error> {
    Ok(Schema::of(&Sources::in_folder(&root.join(SCHEMA_FOLDER))?)?)
}

/// Writes the files of the schema that is compiled in, to be changed and put into a data directory.
///
/// # Errors
/// If one of them is there already, or they cannot be written.
pub fn write_schema(folder: &Path) -> Result<(), Error> {
    Ok(Sources::builtin().write_to(folder)?)
}

/// What came of a look at the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// What matches count is taken over; the index is as it should be.
    Scores,
    /// Documents are made of other things now, so the index was built anew.
    Rebuilt,
}

/// Builds indexes from the store, and hands them to the follower.
pub(super) struct Builder {
    pub(super) root: PathBuf,
    pub(super) sealer: Option<Sealer>,
    pub(super) writer_bytes: usize,
    pub(super) journal: Arc<FileJournal>,
    pub(super) store: Arc<Store>,
    pub(super) applied: Arc<Progress>,
    pub(super) replacements: Sender<Replacement>,
    pub(super) health: Arc<Health>,
    /// Held while an index is being built.
    pub(super) one_at_a_time: Mutex<()>,
    /// Held while the journal has to reach back to where the building began.
    pub(super) reading: Arc<RwLock<()>>,
    /// An index that is being built is no longer wanted.
    pub(super) is_closing: AtomicBool,
}

impl Builder {
    /// Builds an index and lets it take over; answers when it serves, with the number of contacts.
    pub(super) fn rebuild(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        let _one_at_a_time = self.one_at_a_time.lock();
        let _reading = self.reading.read();
        let schema = read_schema(&self.root)?;
        let path = crate::index::Generations::new(&self.root.join("index"))?.fresh()?;
        let built = self.build(schema, &path, progress);
        if built.is_err() {
            // What is not finished may be what fills the disk.
            let _ = std::fs::remove_dir_all(&path);
        }
        built
    }

    fn build(
        &self,
        schema: Schema,
        path: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, Error> {
        let from = self.applied.get();
        let mirror = Mirror::open(path, schema, self.writer_bytes, self.sealer.as_ref())?;
        let mut count = 0;
        fill_index(&self.store, &mirror, &mut |done| {
            if self.is_closing() {
                return Err(Error::Closed);
            }
            count = done;
            progress(done);
            Ok(())
        })?;
        crash_point("reindex.filled");
        // Not what is applied: the scan may have met a group that is still being applied.
        let maybe = self.journal.tail();
        while !self.applied.wait_for(maybe, Duration::from_secs(1)) {
            if self.is_closing() {
                return Err(Error::Closed);
            }
            // What the store has refused never comes.
            if let Some(reason) = self.health.writes_stopped() {
                return Err(Error::WritesStopped(reason.to_owned()));
            }
        }
        let (done, answer) = bounded(1);
        let replacement = Replacement { mirror, path: path.to_owned(), from, maybe, done };
        self.replacements.send(replacement).map_err(|_closed| Error::Closed)?;
        self.applied.wake();
        answer.recv().map_err(|_closed| Error::Closed)??;
        Ok(count)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }
}

impl Partition {
    /// Takes over the schema of the data directory: at once if documents stay the same, else by
    /// building the index anew while the old one serves.
    ///
    /// # Errors
    /// If a file of the schema is wrong, or as [`Partition::reindex`]; searches then go on as before.
    pub fn refresh_schema(&self) -> Result<Refreshed, Error> {
        let schema = read_schema(self.root())?;
        {
            let _no_other = self.builder().one_at_a_time.lock();
            let serving = self.serving().load();
            if serving.schema.hash == schema.hash {
                let (reader, pace) = (serving.reader.clone(), Arc::clone(&serving.pace));
                self.serving().store(Arc::new(Serving { reader, schema, pace }));
                return Ok(Refreshed::Scores);
            }
        }
        self.reindex(&mut |_| {}).map(|_contacts| Refreshed::Rebuilt)
    }

    /// Builds the index anew from the store, with the schema of the data directory, while the old one serves, then swaps them.
    ///
    /// Answers when the new one serves. `progress` is called with the number of contacts done.
    ///
    /// # Errors
    /// If the store cannot be read or the index not written; the old index then goes on serving.
    pub fn reindex(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        self.builder().rebuild(progress)
    }
}
