//! Merging gives way to searches: while somebody searches it works a quarter of the time, in short
//! pieces, and stands still in between.
//!
//! Merges are threads of tantivy, which cannot be told to wait. All that they make goes through the
//! directory, some kilobytes at a time, and there they are held up. Niceness alone does not do: it
//! counts only where threads want the same processor, and two of them share caches, memory and often
//! a core.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tantivy::directory::{AntiCallToken, TerminatingWrite};

use crate::priority::{Rank, step_back};

/// So long after a search others are expected.
const SEARCHING: Duration = Duration::from_millis(100);
/// While somebody searches merging pauses so many times as long as it has worked.
const PAUSES: u32 = 3;
/// It works at least so long between pauses, since waking costs as well.
const WORKS: Duration = Duration::from_micros(250);
/// Longest pause. Some of what merging does between two writes takes tenths of a second.
const LONGEST: Duration = Duration::from_millis(50);

/// What searches and merges of an index know of each other.
#[derive(Debug)]
pub struct Pace {
    begun: Instant,
    /// When somebody searched last, in microseconds since it was begun.
    searched: AtomicU64,
    worked: AtomicU64,
    paused: AtomicU64,
    is_stopped: AtomicBool,
}

impl Default for Pace {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        let is_stopped = AtomicBool::new(false);
        Self { begun: Instant::now(), searched: zero(), worked: zero(), paused: zero(), is_stopped }
    }
}

/// How long merging took since the index was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergeTimes {
    /// How long merges worked.
    pub worked: Duration,
    /// How long they stood still for searches.
    pub paused: Duration,
}

impl Pace {
    /// Says that somebody searches.
    pub fn search(&self) {
        self.searched.store(self.now().max(1), Ordering::Relaxed);
    }

    /// How long merging took so far.
    pub fn times(&self) -> MergeTimes {
        let time = |of: &AtomicU64| Duration::from_micros(of.load(Ordering::Relaxed));
        MergeTimes { worked: time(&self.worked), paused: time(&self.paused) }
    }

    /// Ends what is being merged, at the next thing that it writes; the parts stay as they are. What
    /// it has written is removed when the index is opened again.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
    }

    fn now(&self) -> u64 {
        micros(self.begun.elapsed())
    }

    fn is_searched(&self) -> bool {
        let searched = self.searched.load(Ordering::Relaxed);
        searched > 0 && self.now().saturating_sub(searched) < micros(SEARCHING)
    }

    /// How long merging is to pause after so much work.
    fn pause_after(&self, worked: Duration) -> Duration {
        if self.is_searched() { (worked * PAUSES).min(LONGEST) } else { Duration::ZERO }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How the threads begin on which tantivy merges.
const MERGE_THREADS: &str = "merge_thread";

thread_local! {
    /// When this thread began what it is doing, or last paused. A merge writes several files at once.
    static SINCE: Cell<Instant> = Cell::new(Instant::now());
    /// Whether this thread has stepped back behind searches.
    static STEPPED_BACK: Cell<bool> = const { Cell::new(false) };
}

/// A file that may be written by a merge: then piece by piece, with pauses.
pub(super) struct PacedFile<W> {
    inner: W,
    /// None where it is not a merge that writes.
    pace: Option<Arc<Pace>>,
}

impl<W> PacedFile<W> {
    /// A file that the current thread writes; one that merges steps back by it, once.
    pub(super) fn new(inner: W, pace: &Arc<Pace>) -> Self {
        let merges = |name: &str| name.starts_with(MERGE_THREADS);
        let is_merge = std::thread::current().name().is_some_and(merges);
        if is_merge {
            SINCE.set(Instant::now());
            if !STEPPED_BACK.replace(true) {
                step_back(Rank::Background);
            }
        }
        Self { inner, pace: is_merge.then(|| Arc::clone(pace)) }
    }

    /// Pauses a merge that is in the way of searches, and fails one that is to stop.
    fn give_way(&self) -> io::Result<()> {
        let Some(pace) = &self.pace else { return Ok(()) };
        if pace.is_stopped.load(Ordering::Acquire) {
            return Err(io::Error::other("merging was stopped, since the index is closed"));
        }
        let worked = SINCE.get().elapsed();
        if worked < WORKS {
            return Ok(());
        }
        pace.worked.fetch_add(micros(worked), Ordering::Relaxed);
        let pause = pace.pause_after(worked);
        if !pause.is_zero() {
            std::thread::sleep(pause);
            pace.paused.fetch_add(micros(pause), Ordering::Relaxed);
        }
        SINCE.set(Instant::now());
        Ok(())
    }
}

impl<W: Write> Write for PacedFile<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.give_way()?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: TerminatingWrite> TerminatingWrite for PacedFile<W> {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.inner.terminate_ref(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_pauses_only_while_somebody_searches() {
        let pace = Pace::default();
        let worked = Duration::from_millis(2);
        assert_eq!(pace.pause_after(worked), Duration::ZERO);
        pace.search();
        assert_eq!(pace.pause_after(worked), worked * PAUSES);
        assert_eq!(pace.pause_after(Duration::from_secs(9)), LONGEST);
        pace.searched.store(1, Ordering::Relaxed);
        let long_ago = Pace { begun: pace.begun.checked_sub(SEARCHING * 2).unwrap(), ..pace };
        assert_eq!(long_ago.pause_after(worked), Duration::ZERO);
    }

    #[test]
    fn only_merges_are_held_up() {
        let pace = Arc::new(Pace::default());
        pace.search();
        let write = |name: &str, pace: Arc<Pace>| {
            let work = move || {
                let mut file = PacedFile::new(Vec::new(), &pace);
                SINCE.set(Instant::now().checked_sub(WORKS * 2).unwrap());
                file.write_all(b"postings").unwrap();
                file.inner
            };
            std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap().join().unwrap()
        };
        assert_eq!(write("follower", Arc::clone(&pace)), b"postings");
        assert_eq!(pace.times(), MergeTimes::default());
        assert_eq!(write("merge_thread_0", Arc::clone(&pace)), b"postings");
        let times = pace.times();
        assert!(times.worked >= WORKS * 2 && times.paused >= times.worked * PAUSES);
    }

    #[test]
    fn merges_that_are_to_stop_fail_and_nothing_else_does() {
        let pace = Arc::new(Pace::default());
        pace.stop();
        let write = |name: &str, pace: Arc<Pace>| {
            let work = move || PacedFile::new(Vec::new(), &pace).write_all(b"postings").is_ok();
            std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap().join().unwrap()
        };
        assert!(write("follower", Arc::clone(&pace)));
        assert!(!write("merge_thread_0", pace));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn merges_step_back_at_their_first_file() {
        let niceness = |name: &str| {
            let work = || {
                let _file = PacedFile::new(Vec::<u8>::new(), &Arc::default());
                rustix::process::getpriority_process(None).unwrap()
            };
            std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap().join().unwrap()
        };
        let own = rustix::process::getpriority_process(None).unwrap();
        assert_eq!(niceness("follower"), own);
        assert_eq!(niceness("merge_thread_3"), 10);
    }
}
