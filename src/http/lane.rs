//! Threads for one kind of work, so that it is not in the way of another.
//!
//! Lookups, calls and writes share the blocking threads of the workers. Searches and what reads
//! everything have threads of their own, as many as may run at once, and step back behind calls.

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use crate::priority::{Rank, step_back};

/// Some threads that take work in order of arrival.
pub(super) struct Lane(Option<Runtime>);

impl Lane {
    /// A lane of so many threads; they are started when they are needed.
    pub(super) fn new(name: &str, threads: usize, rank: Rank) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(threads.max(1))
            .thread_name(name)
            .on_thread_start(move || step_back(rank))
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Does work on one of its threads. Who goes away does not end it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        match &self.0 {
            Some(runtime) => runtime.spawn_blocking(work).await,
            None => tokio::task::spawn_blocking(work).await,
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Waiting for its threads is not for whoever drops this, which may be a worker.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_panics_ends_alone() {
        let lane = Lane::new("searches", 1, Rank::Search).unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        let failed = runtime.block_on(lane.run(|| assert_eq!(1, 2, "meant")));
        assert!(failed.is_err());
        assert_eq!(runtime.block_on(lane.run(|| 7)).unwrap(), 7);
    }
}
