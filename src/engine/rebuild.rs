//! Builds a new index beside the one that serves, and lets it take over.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::bounded;

use super::error::Error;
use super::follower::{Replacement, Serving};
use super::partition::Partition;
use super::recovery::fill_index;
use crate::index::{Mirror, Schema, Sources};
use crate::journal::Journal;
use crate::store::fault::crash_point;
use crate::vault::Room;

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

impl Partition {
    /// Takes over the schema of the data directory: at once if documents stay the same, else by
    /// building the index anew while the old one serves.
    ///
    /// # Errors
    /// If a file of the schema is wrong, or as [`Partition::reindex`]; searches then go on as before.
    pub fn refresh_schema(&self) -> Result<Refreshed, Error> {
        let schema = read_schema(self.root())?;
        {
            let _no_other = self.reindexing.lock();
            let serving = self.serving().load();
            if serving.schema.hash == schema.hash {
                let reader = serving.reader.clone();
                self.serving().store(Arc::new(Serving { reader, schema }));
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
        let _one_at_a_time = self.reindexing.lock();
        let schema = read_schema(self.root())?;
        let path = {
            let generations = crate::index::Generations::new(&self.index_root())?;
            generations.fresh()?
        };
        let from = self.applied_seq();
        let sealer = self.vault().map(|vault| vault.sealer(Room::Index));
        let writer_bytes = self.options().index_writer_bytes;
        let mirror = Mirror::open(&path, schema, writer_bytes, sealer.as_ref())?;
        let mut count = 0;
        fill_index(self.store(), &mirror, &mut |done| {
            if self.is_closing() {
                return Err(Error::Closed);
            }
            count = done;
            progress(done);
            Ok(())
        })?;
        crash_point("reindex.filled");
        // Not what is applied: the scan may have met a group that is still being applied.
        let maybe = self.journal().tail();
        self.wait_applied(maybe);
        let (done, answer) = bounded(1);
        self.hand_over(Replacement { mirror, path, from, maybe, done })?;
        answer.recv().map_err(|_closed| Error::Closed)??;
        Ok(count)
    }
}
