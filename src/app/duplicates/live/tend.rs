//! The background: builds what is too large for whoever asks, and takes over what has piled up.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuilder;

use super::{App, Error, Live, MOST_INLINE};
use crate::priority::{Rank, step_back};

/// How often it looks for changes that nobody has asked about.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is to be merged without asking is looked for at most this often, for it looks at all groups.
const MERGE_EVERY: Duration = Duration::from_secs(10);
/// Contacts settled before others get the lock.
const SETTLE_AT_ONCE: usize = 200;

impl App {
    /// Keeps the duplicates of all organisations up in the background until
    /// [`App::stop_duplicates`], and removes reports that are old.
    ///
    /// # Errors
    /// If no thread is left.
    pub fn tend_duplicates(self: &Arc<Self>) -> std::io::Result<JoinHandle<()>> {
        let app = Arc::clone(self);
        // Half of the processors stay for those who wait for an answer.
        let threads = std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2));
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .start_handler(|_| step_back(Rank::Background))
            .build();
        let pool = pool.map_err(std::io::Error::other)?;
        std::thread::Builder::new().name("duplicates".to_owned()).spawn(move || {
            let mut waited: HashMap<u32, usize> = HashMap::new();
            let mut swept = None;
            while app.wait_for_work() {
                app.sweep_reports(&mut swept);
                for live in app.duplicates.all() {
                    let last = waited.entry(live.org.0).or_default();
                    if let Err(error) = pool.install(|| app.tend(&live, last)) {
                        tracing::error!("the duplicates cannot be kept up: {error}");
                    }
                }
            }
        })
    }

    /// Ends the background; it stops between two contacts.
    pub fn stop_duplicates(&self) {
        self.duplicates.is_stopping.store(true, Ordering::Relaxed);
        self.duplicates.wake();
    }

    /// Waits until somebody asks or it is time to look; whether to go on.
    fn wait_for_work(&self) -> bool {
        let mut wake = self.duplicates.wake.lock();
        if !*wake && !self.is_stopping_duplicates() {
            self.duplicates.woken.wait_for(&mut wake, LOOK_EVERY);
        }
        *wake = false;
        !self.is_stopping_duplicates()
    }

    /// Whether the background is to end.
    pub(in crate::app::duplicates) fn is_stopping_duplicates(&self) -> bool {
        self.duplicates.is_stopping.load(Ordering::Relaxed)
    }

    /// Does what is to do for one organisation; `last` is how many changes waited last time.
    fn tend(&self, live: &Live, last: &mut usize) -> Result<(), Error> {
        let waiting = live.watch.len();
        let is_growing = waiting > *last;
        *last = waiting;
        let contacts = live.base.read().as_ref().map(|base| base.built.contacts);
        let is_wanted = live.is_wanted.load(Ordering::Relaxed);
        let is_flood = contacts.is_some_and(|contacts| waiting > contacts / 10 + 5 * MOST_INLINE);
        if contacts.is_none() && !is_wanted {
            // Nobody has asked yet, and a build reads everything, unless it has begun meanwhile.
            if let Some(_building) = live.building.try_lock()
                && live.base.read().is_none()
            {
                live.watch.take(usize::MAX);
            }
            return Ok(());
        }
        if is_flood && is_growing {
            // An import goes on: comparing everything again comes cheaper when it is over.
            return Ok(());
        }
        if is_flood || contacts.is_some() && live.is_overdue() || is_wanted {
            live.is_wanted.store(false, Ordering::Relaxed);
            self.build_duplicates(live, None)?;
        }
        self.follow_changes(live, usize::MAX)?;
        while !self.is_stopping_duplicates() && self.settle(live, SETTLE_AT_ONCE)? > 0 {}
        let state = live.base.read().as_ref().map(|base| (base.built.at, base.changed));
        let mut last = live.merged_from.lock();
        let is_due = last.is_none_or(|(at, from)| from != state && at.elapsed() >= MERGE_EVERY);
        if state.is_some() && is_due {
            self.auto_merge_by_itself(live.org)?;
            *last = Some((Instant::now(), state));
        }
        Ok(())
    }
}
