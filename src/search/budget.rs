//! The time that a search may take.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Ends a search that takes too long; it then answers with what it has.
pub(super) struct Budget {
    until: Instant,
    is_spent: Cell<bool>,
    is_cut: Cell<bool>,
}

impl Budget {
    pub(super) fn new(most: Duration) -> Self {
        let now = Instant::now();
        let until = now.checked_add(most).unwrap_or(now);
        Self { until, is_spent: Cell::new(false), is_cut: Cell::new(false) }
    }

    /// Whether the time is over. Cost: a look at the clock, so ask once per thousand steps.
    pub(super) fn is_over(&self) -> bool {
        if !self.is_spent.get() && Instant::now() >= self.until {
            self.is_spent.set(true);
        }
        self.is_spent.get()
    }

    /// Notes that words were left out since there are too many.
    pub(super) fn cut(&self) {
        self.is_cut.set(true);
    }

    /// As before words were left out, and whether they were.
    pub(super) fn take_cut(&self) -> bool {
        self.is_cut.replace(false)
    }

    /// Whether words were left out, so that there may be more hits than were counted.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Whether the time was over before everything was looked at.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.get()
    }
}
