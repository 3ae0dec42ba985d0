//! How a partition is kept.

use std::sync::Arc;
use std::time::Duration;

use super::projection::Projection;
use super::scores::Scorer;
use super::snapshots::SnapshotOptions;
use super::start::StartProgress;
use crate::domain::time::Clock;
use crate::journal::{self, SharedLog};
use crate::vault::MasterKey;

/// How a partition is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Memory for pages of the store, in bytes.
    pub store_cache_bytes: u64,
    /// Memory for documents that are not committed yet, in bytes.
    pub index_writer_bytes: usize,
    /// Files of the index up to this size in all are read at the start before it serves; larger
    /// ones are looked at while it does. Reading takes about a second for a gigabyte.
    pub verified_index_bytes: u64,
    /// Records kept decoded.
    pub cards: usize,
    /// A new journal segment is begun when the present one has this size.
    pub journal_segment_bytes: u64,
    /// When snapshots are taken, and how much of the journal is kept behind them.
    pub snapshots: SnapshotOptions,
    /// The store is made power-safe this often.
    pub checkpoint_every: Duration,
    /// The clock.
    pub clock: Clock,
    /// What opens an encrypted data directory. A new directory is encrypted if there is one.
    pub encryption_key: Option<MasterKey>,
    /// Where the opening tells how far it has come.
    pub start: StartProgress,
    /// Whether a directory is opened that a restore has not finished; for the restore itself.
    pub is_restore: bool,
    /// What scores contacts, if they are scored.
    pub scorer: Option<Arc<dyn Scorer>>,
    /// What follows every applied write.
    pub projections: Vec<Arc<dyn Projection>>,
    /// The log that decides the order of writes, where several machines write.
    pub shared: Option<Arc<dyn SharedLog>>,
    /// What this machine is called in a cluster.
    pub node: Option<Arc<str>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            store_cache_bytes: 384 << 20,
            index_writer_bytes: 96 << 20,
            verified_index_bytes: 64 << 20,
            cards: 60_000,
            journal_segment_bytes: journal::Options::default().segment_bytes,
            snapshots: SnapshotOptions::default(),
            checkpoint_every: Duration::from_secs(30),
            clock: Clock::system(),
            encryption_key: None,
            start: StartProgress::default(),
            is_restore: false,
            scorer: None,
            projections: Vec::new(),
            shared: None,
            node: None,
        }
    }
}
