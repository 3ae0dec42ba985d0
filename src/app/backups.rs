//! Backups that the server takes by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::App;
use super::error::Error;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::keys;
use crate::priority::{Rank, step_back};

/// How long after one that has failed the next is tried.
const RETRY: Duration = Duration::from_secs(600);
/// How often it is looked whether one is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Who takes them.
const ACTOR: &str = "ringdex (backups)";

/// Where backups go, how often, and how many are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// The folder.
    pub folder: PathBuf,
    /// How much time lies between two of them.
    pub every: Duration,
    /// How many are kept; at least one.
    pub keep: usize,
}

/// What the thread that takes backups tells others.
#[derive(Default)]
pub(super) struct BackupState {
    is_stopping: Mutex<bool>,
    stopped: Condvar,
    trouble: Mutex<Option<String>>,
}

impl App {
    /// Takes backups by a plan until [`App::stop_backups`].
    ///
    /// # Errors
    /// If no thread is left.
    pub fn tend_backups(self: &Arc<Self>, plan: BackupPlan) -> std::io::Result<JoinHandle<()>> {
        let app = Arc::clone(self);
        std::thread::Builder::new().name("backups".to_owned()).spawn(move || {
            step_back(Rank::Background);
            let mut failed_at: Option<Instant> = None;
            loop {
                let may_try = failed_at.is_none_or(|at| at.elapsed() >= RETRY);
                if may_try && app.is_backup_due(&plan) {
                    let done = app.back_up_by(&plan);
                    failed_at = done.is_err().then(Instant::now);
                    app.note_backup(&plan, done);
                }
                let mut is_stopping = app.backups.is_stopping.lock();
                if !*is_stopping {
                    app.backups.stopped.wait_for(&mut is_stopping, LOOK_EVERY.min(plan.every));
                }
                if *is_stopping {
                    return;
                }
            }
        })
    }

    /// Ends the thread of [`App::tend_backups`]; a backup that is being taken is ended first.
    pub fn stop_backups(&self) {
        *self.backups.is_stopping.lock() = true;
        self.backups.stopped.notify_all();
    }

    /// What is wrong with the backups by plan, if anything.
    pub(super) fn backup_trouble(&self) -> Option<String> {
        self.backups.trouble.lock().clone()
    }

    fn is_backup_due(&self, plan: &BackupPlan) -> bool {
        let every = i64::try_from(plan.every.as_millis()).unwrap_or(i64::MAX);
        match self.partition.backups_in(&plan.folder) {
            Ok(known) => known.last().is_none_or(|(at, _)| {
                // One of a clock that was ahead is no reason to wait for it.
                at.plus_ms(every) <= self.now() || *at > self.now()
            }),
            // It fails again when it is tried, and is told then.
            Err(_) => true,
        }
    }

    fn back_up_by(&self, plan: &BackupPlan) -> Result<Timestamp, Error> {
        let made = self.partition.back_up_in_series(&plan.folder, plan.keep)?;
        self.note_last_backup(OrgNumber(0), ACTOR);
        tracing::info!("backed up into {}, up to change {}", plan.folder.display(), made.last);
        Ok(made.made_at)
    }

    /// Keeps that a backup has just been taken.
    pub(super) fn note_last_backup(&self, org: OrgNumber, actor: &str) {
        let now = self.now();
        let noted = self.partition.write::<_, Error>(org, actor, false, move |tx| {
            tx.put(keys::LAST_BACKUP, now.0.to_be_bytes().to_vec());
            Ok(())
        });
        if let Err(error) = noted.map_err(Error::from) {
            tracing::warn!("the time of the backup is not kept: {error}");
        }
    }

    fn note_backup(&self, plan: &BackupPlan, done: Result<Timestamp, Error>) {
        let trouble = done.err().map(|error| {
            format!("no backup could be taken into {}: {error}", plan.folder.display())
        });
        if let Some(trouble) = &trouble {
            tracing::error!("{trouble}");
        }
        *self.backups.trouble.lock() = trouble;
    }
}
