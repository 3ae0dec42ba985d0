//! What does not work as it should, for whoever asks whether the server is ready.
//!
//! Writes that had to stop stay stopped until a start. The search index is a mirror: where it is in
//! doubt it is looked at, and where it is damaged or cannot be kept up, searches are refused until
//! a new one serves; everything else goes on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// What works and what does not.
#[derive(Debug, Default)]
pub(super) struct Health {
    stopped: OnceLock<String>,
    journal: Mutex<Option<String>>,
    upkeep: Mutex<Option<String>>,
    room: Mutex<Option<String>>,
    is_search_down: AtomicBool,
    search: Mutex<Search>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Search {
    /// Why searches are refused.
    down: Option<String>,
    /// Why the index should be looked at.
    doubt: Option<String>,
    is_closing: bool,
}

/// What is wrong with a partition; all is well if there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Nothing is written any more, for this reason; only a start after a repair changes that.
    pub writes_stopped: Option<String>,
    /// What works less well than it should, each with its reason.
    pub degraded: Vec<String>,
}

/// What is to be done about the search index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SearchTask {
    /// Look whether its files are whole.
    Verify(String),
    /// Build a new one.
    Rebuild,
    /// Nothing any more: the partition is closing.
    End,
}

impl Health {
    /// Notes that nothing may be written any more; the first reason stays.
    pub(super) fn stop_writes(&self, reason: &str) {
        if self.stopped.set(reason.to_owned()).is_ok() {
            tracing::error!("nothing is written any more: {reason}");
        }
    }

    /// Why nothing may be written any more. Costs one atomic read.
    pub(super) fn writes_stopped(&self) -> Option<&str> {
        self.stopped.get().map(String::as_str)
    }

    /// Notes what is wrong with the older files of the journal, or that nothing is.
    pub(super) fn note_journal(&self, trouble: Option<String>) {
        note(&self.journal, trouble);
    }

    /// Notes that there is no room for writes, or that there is.
    pub(super) fn note_room(&self, trouble: Option<String>) {
        note(&self.room, trouble);
    }

    /// Notes why files cannot be made smaller, or that they can.
    pub(super) fn note_upkeep(&self, trouble: Option<String>) {
        note(&self.upkeep, trouble);
    }

    /// Notes that the files of the index should be looked at.
    pub(super) fn doubt_search(&self, reason: String) {
        let mut search = self.search.lock();
        if search.down.is_none() {
            search.doubt.get_or_insert(reason);
            self.changed.notify_all();
        }
    }

    /// Refuses searches until a new index serves.
    pub(super) fn refuse_searches(&self, reason: String) {
        tracing::error!("searches are refused and the index is built anew: {reason}");
        let mut search = self.search.lock();
        search.doubt = None;
        search.down.get_or_insert(reason);
        self.is_search_down.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    /// A new index serves.
    pub(super) fn allow_searches(&self) {
        let mut search = self.search.lock();
        search.doubt = None;
        if search.down.take().is_some() {
            tracing::info!("the new search index serves");
        }
        self.is_search_down.store(false, Ordering::Release);
    }

    /// Whether searches are refused. Costs one atomic read.
    pub(super) fn is_search_down(&self) -> bool {
        self.is_search_down.load(Ordering::Acquire)
    }

    /// Waits for something to do about the index; the doubt that it answers is taken.
    pub(super) fn next_search_task(&self) -> SearchTask {
        let mut search = self.search.lock();
        loop {
            if search.is_closing {
                return SearchTask::End;
            }
            if search.down.is_some() {
                return SearchTask::Rebuild;
            }
            if let Some(reason) = search.doubt.take() {
                return SearchTask::Verify(reason);
            }
            self.changed.wait(&mut search);
        }
    }

    /// Lets a time pass, unless the partition is closing.
    pub(super) fn pause(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut search = self.search.lock();
        while !search.is_closing && !self.changed.wait_until(&mut search, deadline).timed_out() {}
    }

    /// Lets whoever waits for tasks end.
    pub(super) fn close(&self) {
        self.search.lock().is_closing = true;
        self.changed.notify_all();
    }

    /// What is wrong now.
    pub(super) fn condition(&self) -> Condition {
        let search = self.search.lock().down.clone();
        let search = search
            .map(|reason| format!("searches are refused until a new index is built: {reason}"));
        Condition {
            writes_stopped: self.writes_stopped().map(str::to_owned),
            degraded: search
                .into_iter()
                .chain(self.journal.lock().clone())
                .chain(self.upkeep.lock().clone())
                .chain(self.room.lock().clone())
                .collect(),
        }
    }
}

/// Keeps a trouble, and logs it when it is a new one.
fn note(known: &Mutex<Option<String>>, trouble: Option<String>) {
    let mut known = known.lock();
    if let Some(trouble) = &trouble
        && known.as_ref() != Some(trouble)
    {
        tracing::error!("{trouble}");
    }
    *known = trouble;
}
