//! Figures about a partition.

use super::partition::Partition;
use crate::index::MergeTimes;
use crate::journal::Journal as _;
use crate::store::keys;

/// Figures about a partition.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Stats {
    pub contacts: u64,
    pub documents: u64,
    pub segments: usize,
    /// How long merging parts of the index worked since the start, and stood still for searches.
    pub merges: MergeTimes,
    pub phones: usize,
    pub lookup_bytes: usize,
    pub store_bytes: u64,
    pub journal_bytes: u64,
    pub journal_syncs: u64,
    /// The first entry that is kept.
    pub journal_first: u64,
    /// The first entry of the newest snapshot, or of a journal that has all its entries.
    pub snapshot_from: u64,
    /// When the newest snapshot was complete, in milliseconds since 1970; zero if there is none.
    pub snapshot_at: i64,
    /// How many bytes the keys and values of the store have.
    pub live_bytes: u64,
    /// When the last backup was taken through the server, in milliseconds since 1970; zero if none
    /// was.
    pub backup_at: i64,
    pub applied_seq: u64,
    pub visible_seq: u64,
    pub cluster_behind: u64,
    pub cluster_conflicts: u64,
    pub is_leading: bool,
    /// Memory that the process holds and may hold, in bytes; 0 where nobody watches it.
    pub memory_bytes: u64,
    pub memory_budget: u64,
    pub degraded: u64,
    pub writes_stopped: bool,
}

impl Partition {
    /// Figures for metrics. Cost: looks at the sizes of all files.
    pub fn stats(&self) -> Stats {
        let searcher = self.searcher();
        let condition = self.condition();
        let image = self.upkeep().newest();
        let cluster = self.cluster();
        let last_backup = self.get(keys::LAST_BACKUP).ok().flatten();
        let last_backup = last_backup.and_then(|bytes| bytes.as_ref().try_into().ok());
        Stats {
            contacts: self.contact_count(),
            documents: searcher.num_docs(),
            segments: searcher.segment_readers().len(),
            merges: self.serving().load().pace.times(),
            phones: self.table().phone_count(),
            lookup_bytes: self.table().memory_bytes(),
            store_bytes: self.store().size_on_disk(),
            journal_bytes: self.journal().byte_size(),
            journal_syncs: self.journal().sync_count(),
            journal_first: self.journal().first().0,
            snapshot_from: image.map_or(0, |image| image.from.0),
            snapshot_at: image.and_then(|image| image.at).map_or(0, |at| at.0),
            backup_at: last_backup.map_or(0, i64::from_be_bytes),
            live_bytes: self.store().live_bytes(),
            applied_seq: self.applied_seq().0,
            visible_seq: self.visible_seq().0,
            cluster_behind: cluster.as_ref().map_or(0, |one| one.last.0 - one.applied.0),
            cluster_conflicts: cluster.as_ref().map_or(0, |one| one.conflicts),
            is_leading: self.is_leading(),
            memory_bytes: 0,
            memory_budget: 0,
            degraded: condition.degraded.len() as u64,
            writes_stopped: condition.writes_stopped.is_some(),
        }
    }
}
