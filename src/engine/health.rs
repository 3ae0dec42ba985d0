//! What does not work as it should, for whoever asks whether the server is ready.

use std::sync::OnceLock;

use parking_lot::Mutex;

/// What works and what does not.
#[derive(Debug, Default)]
pub(super) struct Health {
    stopped: OnceLock<String>,
    journal: Mutex<Option<String>>,
}

/// What is wrong with a partition; all is well if there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Nothing is written any more, for this reason; only a start after a repair changes that.
    pub writes_stopped: Option<String>,
    /// What works less well than it should, each with its reason.
    pub degraded: Vec<String>,
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
        let mut known = self.journal.lock();
        if let Some(trouble) = &trouble
            && known.as_ref() != Some(trouble)
        {
            tracing::error!("{trouble}");
        }
        *known = trouble;
    }

    /// What is wrong now.
    pub(super) fn condition(&self) -> Condition {
        Condition {
            writes_stopped: self.writes_stopped().map(str::to_owned),
            degraded: self.journal.lock().iter().cloned().collect(),
        }
    }
}
