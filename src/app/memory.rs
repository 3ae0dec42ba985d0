//! Keeps the memory of the server within its budget: what is only kept to be faster is let go of when
//! it runs short, and what needs much is refused until there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::App;
use crate::memory;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// Caches are let go of no more often than this: filling them again costs searches. Where it does not
/// help, it is done half as often each time.
const REST: Duration = Duration::from_secs(20);
/// At least so often.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// Searches are refused no longer than this: what has not given memory back by then never will, and
/// whoever calls is better served slowly than not at all.
const REFUSAL: Duration = Duration::from_secs(30);

/// What the thread that watches the memory tells others.
#[derive(Default)]
pub(super) struct MemoryState {
    budget: AtomicU64,
    used: AtomicU64,
    is_short: AtomicBool,
    is_refusing: AtomicBool,
    is_stopping: Mutex<bool>,
    stopped: Condvar,
}

impl App {
    /// Watches the memory of the process until [`App::stop_memory`]: from nine tenths of a budget in
    /// bytes on caches are let go of, beyond it [`App::refuses_for_memory`].
    ///
    /// # Errors
    /// If no thread is left.
    pub fn tend_memory(self: &Arc<Self>, budget: u64) -> std::io::Result<JoinHandle<()>> {
        let app = Arc::clone(self);
        app.memory.budget.store(budget, Ordering::Relaxed);
        std::thread::Builder::new().name("memory".to_owned()).spawn(move || {
            let mut seen = Seen { freed_at: None, rest: REST, short_since: None };
            loop {
                app.look_at_memory(budget, &mut seen);
                let mut is_stopping = app.memory.is_stopping.lock();
                if !*is_stopping {
                    app.memory.stopped.wait_for(&mut is_stopping, EVERY);
                }
                if *is_stopping {
                    return;
                }
            }
        })
    }

    /// Ends the thread of [`App::tend_memory`].
    pub fn stop_memory(&self) {
        *self.memory.is_stopping.lock() = true;
        self.memory.stopped.notify_all();
    }

    /// Whether what needs much memory should wait: searches, exports, what reads everything. Lookups,
    /// calls and writes go on.
    pub fn refuses_for_memory(&self) -> bool {
        self.memory.is_refusing.load(Ordering::Relaxed)
    }

    /// The budget and what is used of it, in bytes; both 0 where nobody watches it.
    pub fn memory_figures(&self) -> (u64, u64) {
        let figure = |of: &AtomicU64| of.load(Ordering::Relaxed);
        (figure(&self.memory.budget), figure(&self.memory.used))
    }

    /// What is wrong with the memory, if anything.
    pub(super) fn memory_trouble(&self) -> Option<String> {
        let (budget, used) = self.memory_figures();
        let so = if self.refuses_for_memory() {
            "searches and exports are refused for a moment"
        } else {
            "refusing searches did not help: give it more"
        };
        self.memory.is_short.load(Ordering::Relaxed).then(|| {
            format!(
                "the server uses {} MiB of memory, more than the {} MiB that it may (--memory); {so}",
                used >> 20,
                budget >> 20
            )
        })
    }

    fn look_at_memory(&self, budget: u64, seen: &mut Seen) {
        let Some(used) = memory::resident() else { return };
        if used <= budget / 10 * 9 {
            seen.rest = REST;
        } else if seen.freed_at.is_none_or(|at| at.elapsed() >= seen.rest) {
            self.partition.let_go_of_caches();
            // Whatever is still in use when the time has come again has not helped.
            seen.rest = seen.freed_at.map_or(REST, |_| (seen.rest * 2).min(LONGEST_REST));
            seen.freed_at = Some(Instant::now());
            let (used, budget) = (used >> 20, budget >> 20);
            tracing::warn!("{used} of {budget} MiB of memory are in use; caches are let go of");
        }
        let is_short = used > budget;
        seen.short_since = is_short.then(|| seen.short_since.unwrap_or_else(Instant::now));
        let refuses = seen.short_since.is_some_and(|since| since.elapsed() < REFUSAL);
        self.memory.used.store(used, Ordering::Relaxed);
        self.memory.is_refusing.store(refuses, Ordering::Relaxed);
        self.memory.is_short.store(is_short, Ordering::Relaxed);
    }
}

/// What the thread that watches the memory has seen and done.
struct Seen {
    freed_at: Option<Instant>,
    rest: Duration,
    short_since: Option<Instant>,
}
