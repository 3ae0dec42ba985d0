//! Puts journal, store, lookup, index and search together: the only place that knows all of them.
//!
//! Knows contacts as records and changes as batches; who may do what is decided above, in `app`.

mod applier;
mod audit;
mod backup;
mod cancel;
mod channels;
mod check;
mod check_facts;
mod check_records;
mod checkpointer;
mod cluster;
mod compaction;
mod companies;
mod consents;
mod error;
mod facts;
mod feed;
mod follower;
mod format;
mod health;
mod image;
mod lock;
mod mender;
mod merges;
mod names;
mod options;
mod partition;
mod progress;
mod projection;
mod proof;
mod pseudonyms;
mod rebuild;
mod record_cache;
mod records;
mod recovery;
mod rekey;
mod repair;
mod room;
mod scores;
mod searching;
mod snapshots;
mod start;
mod stats;
mod trash;
mod tx;
mod upkeep;
mod watch;
mod writer;

pub use backup::{
    BackupError, BackupFile, BackupManifest, Restored, back_up, receive_backup, restore,
    verify_backup,
};
pub use cancel::Cancel;
pub use check::{CheckReport, Finding};
pub use cluster::{ClusterStanding, is_member};
pub use compaction::Compacted;
pub use error::{Error, Rejected};
pub use facts::all_that_are;
pub use feed::{FeedAct, FeedEntry, FeedPart};
pub use health::Condition;
pub use names::builtin_names;
pub use options::Options;
pub use partition::Partition;
pub use projection::{Applied, Projection, Stored};
pub use rebuild::{Refreshed, SCHEMA_FOLDER, write_schema};
pub use rekey::{Rekeyed, is_data_directory, rekey, rewrap};
pub use repair::{JournalRepair, LostWrites, repair_journal};
pub use scores::Scorer;
pub use searching::SearchPage;
pub use snapshots::{SnapshotOptions, SnapshotTaken};
pub use start::{StartProgress, StartState, StartWork};
pub use stats::Stats;
pub use tx::{Tombstone, Tx};
pub use watch::ChangedContacts;
pub use writer::{Origin, PendingWrite, Written};

// What the use cases need of the layers below; they reach them through here only.
pub use crate::journal::{
    EncodedGroup, JetStreamLog, JetStreamOptions, Place, SharedAppended, SharedError, SharedGroup,
    SharedLog, SharedNode, SharedTail, Until,
};
pub use crate::store::{codec, keys};
pub use crate::{lookup, search};
