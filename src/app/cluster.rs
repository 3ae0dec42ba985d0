//! What an application does where several machines are one server: which of them does what only one
//! does, and what the others' work changes here.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use serde::Serialize;

use super::error::Error;
use super::kept_jobs::KeptJob;
use super::secret::hex;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::engine::{Applied, Error as EngineError, Projection, Stored, codec, keys};

/// How often it is looked who leads.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Jobs that were written and have not been looked at, by key.
#[derive(Debug, Default)]
pub(super) struct ForeignJobs(Mutex<HashSet<Vec<u8>>>);

impl Projection for ForeignJobs {
    fn follow(&self, _stored: Stored<'_>, applied: &Applied<'_>) -> Result<(), EngineError> {
        if applied.touches(&[keys::JOBS]) {
            let changed = applied.changes(keys::JOBS).map(|(key, _)| key.to_vec());
            self.0.lock().extend(changed);
        }
        Ok(())
    }
}

/// The thread that looks after the cluster.
#[derive(Default)]
pub(super) struct Tending {
    is_stopping: Mutex<bool>,
    stopped: Condvar,
    has_led: AtomicBool,
}

/// A machine of the cluster.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterNode {
    /// What it is called.
    pub name: String,
    /// Where it says that it is reached.
    pub address: String,
    /// The last change that it had when it told of itself, every two seconds.
    pub applied: u64,
    /// Changes that it was behind then.
    pub behind: u64,
    /// Whether it does what only one machine does.
    pub is_leading: bool,
    /// Whether this answer is from it.
    pub is_this: bool,
}

/// How a machine stands in its cluster.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterView {
    /// Whether there are several machines at all.
    pub clustered: bool,
    /// What this machine is called.
    pub node: Option<String>,
    /// The machine that does what only one does.
    pub leader: Option<String>,
    /// The last change that this machine has applied.
    pub applied: u64,
    /// The last change that the log of the cluster has.
    pub last: u64,
    /// The hash over the last change of this machine and everything before it: machines with the same
    /// last change have the same.
    pub history: String,
    /// Changes that this machine has still to apply.
    pub behind: u64,
    /// Groups of writes that had to run again since this machine was started, because another one
    /// wrote first.
    pub conflicts: u64,
    /// Groups of writes of other machines that were applied since this machine was started.
    pub followed: u64,
    /// Why the log cannot be used at the moment.
    pub trouble: Option<String>,
    /// The machines that have told of themselves in the last ten seconds.
    pub nodes: Vec<ClusterNode>,
}

impl App {
    /// Whether this machine is to do what only one machine of a cluster does; one alone is.
    pub(super) fn is_leading(&self) -> bool {
        self.partition.is_leading()
    }

    /// How this machine stands in its cluster, and which others there are.
    ///
    /// # Errors
    /// If the caller does not run the server.
    pub fn cluster(&self, caller: &Caller) -> Result<ClusterView, Error> {
        authorize(caller, Permission::Operate)?;
        let (applied, chain) = self.partition.history_end();
        let (applied, history) = (applied.0, hex(&chain));
        let Some(standing) = self.partition.cluster() else {
            return Ok(ClusterView {
                clustered: false,
                node: None,
                leader: None,
                applied,
                history,
                last: applied,
                behind: 0,
                conflicts: 0,
                followed: 0,
                trouble: None,
                nodes: Vec::new(),
            });
        };
        let (nodes, trouble) = match self.partition.cluster_nodes() {
            Ok(nodes) => (nodes, standing.trouble.clone()),
            Err(error) => (Vec::new(), standing.trouble.clone().or(Some(error.to_string()))),
        };
        let last = standing.last.0;
        let nodes = nodes.into_iter().map(|node| ClusterNode {
            is_leading: standing.leader.as_ref() == Some(&node.name),
            is_this: node.name == standing.node,
            applied: node.last.0,
            behind: last.saturating_sub(node.last.0),
            name: node.name,
            address: node.address,
        });
        Ok(ClusterView {
            clustered: true,
            nodes: nodes.collect(),
            node: Some(standing.node),
            leader: standing.leader,
            applied,
            history,
            last: last.max(applied),
            behind: last.saturating_sub(applied),
            conflicts: standing.conflicts,
            followed: standing.followed,
            trouble,
        })
    }

    /// Whether several machines write.
    pub fn is_clustered(&self) -> bool {
        self.partition.node().is_some()
    }

    /// Whether everything up to a change can be read here, and with `in_index` found by searches; has
    /// the index hurry where it is behind. Takes microseconds.
    pub fn has_applied(&self, seq: ChangeSeq, in_index: bool) -> bool {
        self.partition.applied_seq() >= seq && (!in_index || self.partition.hurry_index(seq))
    }

    /// Does what only one machine does while this one leads, and takes over what others say of their
    /// jobs, until [`App::stop_cluster`]. One machine alone leads at once, and needs no thread.
    ///
    /// # Errors
    /// If no thread is left.
    pub fn tend_cluster(self: &Arc<Self>) -> std::io::Result<Option<JoinHandle<()>>> {
        if !self.is_clustered() {
            self.lead();
            return Ok(None);
        }
        let app = Arc::clone(self);
        let work = move || {
            let mut known = app.access.generation();
            loop {
                let is_leading = app.is_leading();
                if is_leading && !app.cluster.has_led.swap(is_leading, Ordering::Relaxed) {
                    tracing::info!("this machine does now what only one of the cluster does");
                    app.lead();
                }
                app.cluster.has_led.store(is_leading, Ordering::Relaxed);
                if std::mem::replace(&mut known, app.access.generation()) != known {
                    app.read_lead_rules();
                }
                app.take_over_foreign_jobs();
                let mut is_stopping = app.cluster.is_stopping.lock();
                if !*is_stopping {
                    app.cluster.stopped.wait_for(&mut is_stopping, LOOK_EVERY);
                }
                if *is_stopping {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("tend cluster".to_owned()).spawn(work).map(Some)
    }

    /// Ends the thread of [`App::tend_cluster`].
    pub fn stop_cluster(&self) {
        *self.cluster.is_stopping.lock() = true;
        self.cluster.stopped.notify_all();
    }

    /// Begins what only one machine does: work that a rule of an organisation asks for.
    fn lead(self: &Arc<Self>) {
        self.work_out_missing_facts().unwrap_or_else(|error| {
            tracing::error!("facts of contacts are not all known: {error}");
        });
        self.resume_field_work();
        self.resume_stage_renaming();
        self.tend_scores();
        self.tend_retention();
        self.resume_number_rereading();
        self.resume_duplicate_runs();
    }

    /// Shows the jobs of other machines as they say that they are.
    fn take_over_foreign_jobs(&self) {
        let changed = std::mem::take(&mut *self.foreign_jobs.0.lock());
        for key in changed {
            let org = key.get(1..5).and_then(|org| org.try_into().ok()).map(u32::from_be_bytes);
            let kept = self
                .partition
                .get(&key)
                .map(|value| value.and_then(|value| codec::decode::<KeptJob>(value.as_ref()).ok()));
            match (org, kept) {
                (Some(org), Ok(Some(kept))) if self.is_foreign(kept.node.as_deref()) => {
                    self.restore_job(OrgNumber(org), &kept);
                }
                (_, Err(error)) => tracing::warn!("a job of another machine is not shown: {error}"),
                _ => {}
            }
        }
    }
}
