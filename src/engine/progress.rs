//! A sequence that grows, and threads that wait for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::domain::ids::ChangeSeq;

/// A growing sequence.
#[derive(Debug, Default)]
pub(super) struct Progress {
    value: AtomicU64,
    /// The highest value that somebody has waited for.
    wanted: AtomicU64,
    lock: Mutex<()>,
    grown: Condvar,
}

impl Progress {
    pub(super) fn get(&self) -> ChangeSeq {
        ChangeSeq(self.value.load(Ordering::Acquire))
    }

    pub(super) fn set(&self, seq: ChangeSeq) {
        self.value.fetch_max(seq.0, Ordering::AcqRel);
        self.wake();
    }

    /// Wakes everybody who waits, so that they look at something else than the value.
    pub(super) fn wake(&self) {
        // Taken, so that nobody is between looking and waiting.
        drop(self.lock.lock());
        self.grown.notify_all();
    }

    /// Waits until the value is reached, at most for a time; whether it is.
    pub(super) fn wait_for(&self, seq: ChangeSeq, at_most: Duration) -> bool {
        !self.want(seq) || self.wait_until(at_most, || self.get() >= seq)
    }

    /// Notes that somebody is about to wait for a value; whether it is still to come.
    pub(super) fn want(&self, seq: ChangeSeq) -> bool {
        let is_ahead = self.get() < seq;
        if is_ahead {
            self.wanted.fetch_max(seq.0, Ordering::AcqRel);
        }
        is_ahead
    }

    /// The highest value that somebody has waited for; what is behind it is in a hurry.
    pub(super) fn wanted(&self) -> ChangeSeq {
        ChangeSeq(self.wanted.load(Ordering::Acquire))
    }

    /// Waits until something holds after a wake-up, at most for a time; whether it does.
    pub(super) fn wait_until(&self, at_most: Duration, holds: impl Fn() -> bool) -> bool {
        if holds() {
            return true;
        }
        let deadline = Instant::now() + at_most;
        let mut guard = self.lock.lock();
        while !holds() {
            if self.grown.wait_until(&mut guard, deadline).timed_out() {
                return holds();
            }
        }
        true
    }
}
