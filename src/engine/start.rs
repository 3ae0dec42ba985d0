//! How far the opening of a data directory has come, for whoever waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Long work that has to be done before a data directory can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartWork {
    /// The store is built anew from the journal.
    RebuildStore,
    /// What the journal let go of under an earlier version is written into it again.
    CompleteJournal,
    /// The search index is built from the store.
    BuildIndex,
}

impl StartWork {
    /// What is being done, as a sentence without its end.
    pub fn as_str(self) -> &'static str {
        match self {
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
    work: Mutex<Option<StartWork>>,
    begun: Condvar,
    done: AtomicU64,
    total: AtomicU64,
}

impl StartProgress {
    pub(super) fn begin(&self, work: StartWork, total: u64) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
        *self.0.work.lock() = Some(work);
        self.0.begun.notify_all();
    }

    pub(super) fn advance(&self, done: u64) {
        self.0.done.store(done, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        *self.0.work.lock() = None;
    }

    /// What is being done now; `None` while nothing takes long.
    pub fn state(&self) -> Option<StartState> {
        let work = (*self.0.work.lock())?;
        let (done, total) = (&self.0.done, &self.0.total);
        Some(StartState {
            work,
            done: done.load(Ordering::Relaxed),
            total: total.load(Ordering::Relaxed),
        })
    }

    /// Waits until something begins that takes long, at most for a time; whether it did.
    pub fn wait_for_work(&self, at_most: Duration) -> bool {
        let mut work = self.0.work.lock();
        if work.is_none() {
            let _ = self.0.begun.wait_for(&mut work, at_most);
        }
        work.is_some()
    }
}
