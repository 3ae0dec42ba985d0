//! So many at once, a few who wait a moment, and the rest told to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Problem;
use crate::error::ErrorCode;

/// A place behind a gate; free again when dropped.
pub(super) type Place = OwnedSemaphorePermit;

/// Bounds how many of a kind work at once.
pub(super) struct Gate {
    /// What passes it, for messages: "searches".
    what: &'static str,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    patience: Duration,
}

impl Gate {
    /// A gate with so many places, where so many wait that long for one.
    pub(super) fn new(
        what: &'static str,
        places: usize,
        most_waiting: usize,
        patience: Duration,
    ) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { what, places, waiting: AtomicUsize::new(0), most_waiting, patience }
    }

    /// Takes a place, waiting for one in order of arrival.
    ///
    /// Give the place to the work itself: a caller that goes away must not let in another one while
    /// the work goes on.
    pub(super) async fn enter(&self) -> Result<Place, Problem> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let Some(_waiting) = Waiting::begin(&self.waiting, self.most_waiting) else {
            return Err(self.full());
        };
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.patience, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(self.full()),
        }
    }

    fn full(&self) -> Problem {
        let detail = format!("too many {} at once; try again in a moment", self.what);
        Problem::new(ErrorCode::Overloaded, detail)
    }
}

/// One that waits; counted as long as it does.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let one_more = |now: usize| (now < most).then_some(now + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(work)
    }

    #[test]
    fn who_finds_no_place_is_told_so() {
        let gate = Gate::new("exports", 1, 0, Duration::from_secs(60));
        run(async {
            let place = gate.enter().await.unwrap();
            assert!(gate.enter().await.is_err());
            drop(place);
            assert!(gate.enter().await.is_ok());
        });
    }

    #[test]
    fn some_wait_and_get_the_next_place() {
        let gate = Gate::new("searches", 1, 1, Duration::from_secs(60));
        run(async {
            let place = gate.enter().await.unwrap();
            let mut second = std::pin::pin!(gate.enter());
            assert!(futures_util::poll!(second.as_mut()).is_pending());
            assert!(gate.enter().await.is_err(), "the queue is full");
            drop(place);
            assert!(second.await.is_ok());
            assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        });
    }

    #[test]
    fn patience_ends_and_who_leaves_is_not_counted() {
        let gate = Gate::new("searches", 0, 1, Duration::from_millis(1));
        run(async {
            assert!(gate.enter().await.is_err());
            {
                let mut left = Box::pin(gate.enter());
                assert!(futures_util::poll!(left.as_mut()).is_pending());
            }
            assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        });
    }
}
