//! What is done in the background so that the files of a partition stay small: snapshots and
//! trimming of the journal (`snapshots`), compaction of the store (`compaction`).

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::{Condvar, Mutex, RwLock};

use super::cancel::Cancel;
use super::error::{Error, Rejected};
use super::health::Health;
use super::image;
use super::progress::Progress;
use super::room::Room;
use super::snapshots::SnapshotOptions;
use super::tx::Tx;
use super::writer::{Needs, Origin, Request, causes, job};
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Clock;
use crate::journal::{FileJournal, Journal, SharedLog};
use crate::store::{self, Store};

/// What is due waits so many ticks for a quiet one.
const PATIENCE: u32 = 30;
/// Writes in a tick that are few.
const QUIET_WRITES: u64 = 50;

/// What the upkeep of a partition works with.
pub(super) struct Upkeep {
    pub(super) root: PathBuf,
    pub(super) journal: Arc<FileJournal>,
    pub(super) store: Arc<Store>,
    pub(super) store_options: store::Options,
    pub(super) visible: Arc<Progress>,
    pub(super) health: Arc<Health>,
    /// The log of the cluster, where there is one: its leader takes the snapshots of all machines.
    pub(super) shared: Option<Arc<dyn SharedLog>>,
    pub(super) room: Arc<Room>,
    pub(super) clock: Clock,
    pub(super) options: SnapshotOptions,
    /// To the writer, until the partition is closed.
    pub(super) requests: Mutex<Option<Sender<Request>>>,
    pub(super) closing: Condvar,
    /// Held while a snapshot is taken.
    pub(super) taking: Mutex<()>,
    /// Held while somebody copies the journal, or builds something from a place in it on.
    pub(super) reading: Arc<RwLock<()>>,
    /// Held while the store is compacted.
    pub(super) compacting: Mutex<()>,
}

impl Upkeep {
    /// Lets whatever goes on end.
    pub(super) fn close(&self) {
        *self.requests.lock() = None;
        self.closing.notify_all();
    }

    /// Lets a time pass; whether the partition is closing.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut requests = self.requests.lock();
        while requests.is_some() && !self.closing.wait_until(&mut requests, deadline).timed_out() {}
        requests.is_none()
    }

    /// Looks from time to time what is due, until the partition is closed.
    pub(super) fn run(&self) {
        let (mut waited, mut tail) = (0, self.journal.tail());
        while !self.pause(self.options.every) {
            let before = std::mem::replace(&mut tail, self.journal.tail());
            let is_quiet = tail.0 - before.0 <= QUIET_WRITES;
            if self.health.writes_stopped().is_some() {
                continue;
            }
            let (snapshot, compaction) = (self.is_snapshot_due(), self.is_compaction_due());
            if !snapshot && !compaction {
                waited = 0;
                self.report(self.trim());
                continue;
            }
            if !is_quiet && waited < PATIENCE {
                waited += 1;
                continue;
            }
            waited = 0;
            if compaction {
                self.report(self.compact(&Cancel::never(), true).map(drop));
            }
            if snapshot {
                self.report(self.take_snapshot(&Cancel::never(), true).map(drop));
            }
            tail = self.journal.tail();
        }
    }

    fn report(&self, done: Result<(), Error>) {
        let trouble = done.err().filter(|error| !matches!(error, Error::Closed));
        self.health.note_upkeep(trouble.map(|error| {
            format!("the files cannot be made smaller, which costs room only: {}", causes(&error))
        }));
    }

    /// Has the writer do something between other writes, all of which have been applied.
    pub(super) fn in_writer<T: Send + 'static>(
        &self,
        run: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, ChangeSeq), Error> {
        self.in_writer_as(image::ACTOR, run)
    }

    /// As [`Upkeep::in_writer`], in the name of somebody else.
    pub(super) fn in_writer_as<T: Send + 'static>(
        &self,
        actor: &str,
        mut run: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, ChangeSeq), Error> {
        let (job, answer) = job(move |tx| run(tx).map_err(Rejected::<Infallible>::Engine));
        let request =
            Request { job, org: OrgNumber(0), origin: Origin::from(actor), needs: Needs::Store };
        // Not held while waiting: the writer ends when nobody can send any more.
        let sender = self.requests.lock().clone().ok_or(Error::Closed)?;
        sender.send(request).map_err(|_closed| Error::Closed)?;
        drop(sender);
        match answer.recv() {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(Rejected::Engine(error))) => Err(error),
            Err(_) => Err(Error::Closed),
        }
    }

    /// Does something while nothing is removed from the journal.
    pub(super) fn while_kept<T>(&self, work: impl FnOnce() -> T) -> T {
        let _reading = self.reading.read();
        work()
    }
}
