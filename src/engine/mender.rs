//! The thread that looks after the search index when it is in doubt, and builds a new one when it
//! is damaged or could not be kept up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::error::Error;
use super::follower::Serving;
use super::health::{Health, SearchTask};
use super::rebuild::Builder;
use super::writer::causes;
use crate::index::{Generations, damaged_files};
use crate::vault::Sealer;

/// How long it waits after the first index that could not be built; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A search that fails over and over must not make it read all files without end.
const VERIFY_EVERY: Duration = Duration::from_secs(60);

/// What the mender thread works with.
pub(super) struct Mender {
    pub(super) builder: Arc<Builder>,
    pub(super) health: Arc<Health>,
    pub(super) serving: Arc<ArcSwap<Serving>>,
    pub(super) index_root: PathBuf,
    pub(super) sealer: Option<Sealer>,
}

impl Mender {
    /// Does what there is to do until the partition is closed.
    pub(super) fn run(self) {
        let mut pause = FIRST_PAUSE;
        let mut verified: Option<Instant> = None;
        loop {
            match self.health.next_search_task() {
                SearchTask::End => return,
                SearchTask::Verify(reason) => {
                    if verified.is_some_and(|at| at.elapsed() < VERIFY_EVERY) {
                        continue;
                    }
                    let begun = Instant::now();
                    if let Some(damage) = self.damage() {
                        self.give_up(damage);
                    } else {
                        let took = begun.elapsed().as_millis();
                        tracing::info!("the files of the index are whole ({took} ms): {reason}");
                    }
                    verified = Some(Instant::now());
                }
                SearchTask::Rebuild => match self.builder.rebuild(&mut |_| {}) {
                    Ok(_) => pause = FIRST_PAUSE,
                    Err(Error::Closed) if self.builder.is_closing() => return,
                    Err(error) => {
                        tracing::error!("the index cannot be built: {}", causes(&error));
                        self.health.pause(pause);
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                },
            }
        }
    }

    /// Refuses searches, and has the index built anew even if the process ends before that is done.
    fn give_up(&self, damage: String) {
        self.health.refuse_searches(damage);
        if let Err(error) = Generations::new(&self.index_root).and_then(|all| all.mark_suspect()) {
            tracing::error!("the search index could not be marked: {error}");
        }
    }

    /// What is wrong with the files of the index that serves, if anything is.
    fn damage(&self) -> Option<String> {
        let mut problem = String::new();
        // A merge may remove a file while it is being read: then the next look is at others.
        for _ in 0..3 {
            let current = Generations::new(&self.index_root).ok().and_then(|all| all.current());
            let path = current.map(|current| current.path).unwrap_or_default();
            let serving = self.serving.load();
            match damaged_files(serving.reader.searcher().index(), &path, self.sealer.as_ref()) {
                Ok(damaged) if damaged.is_empty() => return None,
                Ok(damaged) => return Some(format!("damaged files: {}", damaged.join(", "))),
                Err(error) => problem = causes(&error),
            }
        }
        Some(problem)
    }
}
