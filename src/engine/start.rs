//! How far the opening of a data directory has come, for whoever waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Long work that has to be done before a data directory can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartWork {
    /// The servers that keep the log of the cluster do not answer yet.
    AwaitCluster,
    /// The store is built anew from the journal.
    RebuildStore,
    /// What the journal let go of under an earlier version is written into it again.
    CompleteJournal,
    /// The search index is built from the store.
    BuildIndex,
}

impl StartWork {
    /// All kinds.
    pub const ALL: [Self; 4] =
        [Self::AwaitCluster, Self::RebuildStore, Self::CompleteJournal, Self::BuildIndex];

    /// A name for figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwaitCluster => "await_cluster",
            Self::RebuildStore => "rebuild_store",
            Self::CompleteJournal => "complete_journal",
            Self::BuildIndex => "build_index",
        }
    }

    /// What is being done, as a sentence without its end.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitCluster => "the servers that keep the log of the cluster do not answer yet",
            Self::RebuildStore => "the store is being built anew from the journal",
            Self::CompleteJournal => "the journal is being completed from the store",
            Self::BuildIndex => "the search index is being built",
        }
    }
}

/// What is being done, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartState {
    /// The work.
    pub work: StartWork,
    /// Entries or contacts done.
    pub done: u64,
    /// How many there are; zero if that is not known.
    pub total: u64,
}

/// The progress of an opening; clones show the same.
#[derive(Clone, Debug, Default)]
pub struct StartProgress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stage: Mutex<Stage>,
    changed: Condvar,
    done: AtomicU64,
    total: AtomicU64,
}

#[derive(Debug, Default)]
struct Stage {
    work: Option<StartWork>,
    is_open: bool,
}

impl StartProgress {
    /// Notes that something begins that takes long.
    pub fn begin(&self, work: StartWork, total: u64) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
        self.0.stage.lock().work = Some(work);
    }

    /// Notes how far it has come.
    pub fn advance(&self, done: u64) {
        self.0.done.store(done, Ordering::Relaxed);
    }

    /// Notes that it is done.
    pub fn end(&self) {
        self.0.stage.lock().work = None;
    }

    /// Notes that there is nothing more to wait for.
    pub fn open(&self) {
        self.0.stage.lock().is_open = true;
        self.0.changed.notify_all();
    }

    /// What is being done now; `None` while nothing takes long.
    pub fn state(&self) -> Option<StartState> {
        let work = self.0.stage.lock().work?;
        let (done, total) = (&self.0.done, &self.0.total);
        Some(StartState {
            work,
            done: done.load(Ordering::Relaxed),
            total: total.load(Ordering::Relaxed),
        })
    }

    /// Waits until there is nothing more to wait for, at most for a time; whether that is so.
    pub fn wait(&self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let mut stage = self.0.stage.lock();
        while !stage.is_open && !self.0.changed.wait_until(&mut stage, deadline).timed_out() {}
        stage.is_open
    }
}
