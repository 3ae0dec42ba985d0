//! Builds a new index beside the one that serves, and lets it take over.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::bounded;

use super::error::Error;
use super::follower::Replacement;
use super::partition::Partition;
use super::recovery::fill_index;
use crate::index::{Mirror, Schema};
use crate::journal::Journal;
use crate::store::fault::crash_point;
use crate::vault::Room;

/// The journal behind a change is kept as long as this lives.
struct Held<'a>(&'a AtomicU64);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.store(u64::MAX, Ordering::Release);
    }
}

impl Partition {
    /// Builds the index anew from the store while the old one serves, then swaps them.
    ///
    /// Answers when the new one serves. `progress` is called with the number of contacts done.
    ///
    /// # Errors
    /// If the store cannot be read or the index not written; the old index then goes on serving.
    pub fn reindex(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        let _one_at_a_time = self.reindexing.lock();
        let _held = self.hold_journal();
        let schema = Schema::load()?;
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
            count = done;
            progress(done);
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

    /// Keeps the journal from now on, for the new index will need it.
    fn hold_journal(&self) -> Held<'_> {
        self.hold.store(self.applied_seq().0, Ordering::Release);
        Held(&self.hold)
    }
}
