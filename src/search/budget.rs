//! The time that a search may take.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Ends a search that takes too long; it then answers with what it has.
pub(super) struct Budget {
    until: Instant,
    is_spent: Cell<bool>,
}

impl Budget {
    pub(super) fn new(most: Duration) -> Self {
        let now = Instant::now();
        let until = now.checked_add(most).unwrap_or(now);
        Self { until, is_spent: Cell::new(false) }
    }

    /// Whether the time is over. Cost: a look at the clock, so ask once per thousand steps.
    pub(super) fn is_over(&self) -> bool {
        if !self.is_spent.get() && Instant::now() >= self.until {
            self.is_spent.set(true);
        }
        self.is_spent.get()
    }

    /// Whether something was left out.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.get()
    }
}
