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
/// Caches are let go of no more often than this: filling them again costs searches.
const REST: Duration = Duration::from_secs(20);

/// What the thread that watches the memory tells others.
#[derive(Default)]
pub(super) struct MemoryState {
    budget: AtomicU64,
    used: AtomicU64,
    is_short: AtomicBool,
    is_stopping: Mutex<bool>,
    stopped: Condvar,
}

impl App {
    /// Watches the memory of the process until [`App::stop_memory`]: from nine tenths of a budget in
    /// bytes on caches are let go of, beyond it [`App::is_memory_short`].
    ///
    /// # Errors
    /// If no thread is left.
    pub fn tend_memory(self: &Arc<Self>, budget: u64) -> std::io::Result<JoinHandle<()>> {
        let app = Arc::clone(self);
        app.memory.budget.store(budget, Ordering::Relaxed);
        std::thread::Builder::new().name("memory".to_owned()).spawn(move || {
            let mut freed_at: Option<Instant> = None;
            loop {
                app.look_at_memory(budget, &mut freed_at);
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
    pub fn is_memory_short(&self) -> bool {
        self.memory.is_short.load(Ordering::Relaxed)
    }

    /// The budget and what is used of it, in bytes; both 0 where nobody watches it.
    pub fn memory_figures(&self) -> (u64, u64) {
        let figure = |of: &AtomicU64| of.load(Ordering::Relaxed);
        (figure(&self.memory.budget), figure(&self.memory.used))
    }

    /// What is wrong with the memory, if anything.
    pub(super) fn memory_trouble(&self) -> Option<String> {
        let (budget, used) = self.memory_figures();
        self.is_memory_short().then(|| {
            format!(
                "the server uses {} MiB of memory, more than the {} MiB that it may (--memory), so \
                 searches and exports are refused for the moment",
                used >> 20,
                budget >> 20
            )
        })
    }

    fn look_at_memory(&self, budget: u64, freed_at: &mut Option<Instant>) {
        let Some(mut used) = memory::resident() else { return };
        if used > budget / 10 * 9 && freed_at.is_none_or(|at| at.elapsed() >= REST) {
            self.partition.let_go_of_caches();
            *freed_at = Some(Instant::now());
            let before = used;
            used = memory::resident().unwrap_or(used);
            tracing::warn!(
                "{} of {} MiB of memory were in use; caches are let go of, {} MiB are left",
                before >> 20,
                budget >> 20,
                used >> 20
            );
        }
        self.memory.used.store(used, Ordering::Relaxed);
        self.memory.is_short.store(used > budget, Ordering::Relaxed);
    }
}
