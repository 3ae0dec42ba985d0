//! Builds a new index beside the one that serves, and lets it take over.

use crossbeam_channel::bounded;

use super::error::Error;
use super::follower::Replacement;
use super::partition::Partition;
use super::recovery::fill_index;
use crate::index::{Mirror, Schema};

impl Partition {
    /// Builds the index anew from the store while the old one serves, then swaps them.
    ///
    /// Answers when the new one serves. `progress` is called with the number of contacts done.
    ///
    /// # Errors
    /// If the store cannot be read or the index not written; the old index then goes on serving.
    pub fn reindex(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        let _one_at_a_time = self.reindexing.lock();
        let schema = Schema::load()?;
        let path = {
            let generations = crate::index::Generations::new(&self.index_root())?;
            generations.fresh()?
        };
        let from = self.applied_seq();
        let mirror = Mirror::open(&path, schema, self.options().index_writer_bytes)?;
        let mut count = 0;
        fill_index(self.store(), &mirror, &mut |done| {
            count = done;
            progress(done);
        })?;
        let maybe = self.applied_seq();
        let (done, answer) = bounded(1);
        self.hand_over(Replacement { mirror, path, from, maybe, done })?;
        answer.recv().map_err(|_closed| Error::Closed)??;
        Ok(count)
    }
}
