//! The duplicates of organisations, kept up with their contacts.
//!
//! A build reads all contacts of an organisation, finds pairs and groups as a report does and
//! keeps what single contacts are compared by: blocking keys, counts, the prior. From then on
//! every change is taken over: the keys at once, the pairs and groups of the changed contacts by
//! `settle`. When many contacts have changed since, another build follows, for counts and prior
//! drift. Small organisations are built by whoever asks first; large ones in the background by
//! `tend`, and until then numbers and addresses lead to candidates. Nothing is stored but what
//! persons have decided (`decision`): a restart builds again.
//!
//! Works with all contacts and all fields of the organisation; what a caller may see of the
//! results is decided where they are shown.

mod build;
mod follow;
mod tend;

pub(super) use follow::MOST_CANDIDATES;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex, RwLock};
use serde::{Deserialize, Serialize};

use super::super::App;
use super::super::error::Error;
use super::run_job::Runs;
use super::tools::{KeptTools, Tools};
use crate::dedupe::{Check, Frequencies, Graph, KeyTable, Options, Prior};
use crate::domain::ids::{ContactNumber, OrgNumber};
use crate::domain::time::Timestamp;
use crate::engine::ChangedContacts;

/// Up to this size, the first request builds it inline.
const SMALL: usize = 2_000;
/// Changes that whoever asks takes over; more are left to the background.
pub(super) const MOST_INLINE: usize = 1_000;

/// What pairs are weighed by.
pub(super) struct Weighing {
    pub(super) tools: Arc<Tools>,
    pub(super) options: Options,
    pub(super) counts: Frequencies,
    pub(super) prior: Prior,
}

impl Weighing {
    /// Compares single pairs.
    pub(super) fn check(&self) -> Check<'_, Frequencies> {
        Check::new(&self.tools.model, &self.counts, self.prior, &self.options)
    }
}

/// What a build leaves.
pub(super) struct Base {
    pub(super) weighing: Arc<Weighing>,
    pub(super) keys: KeyTable,
    pub(super) graph: Graph,
    pub(super) built: Built,
    /// Changes since it was built.
    changed: usize,
}

/// The figures of a build.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// When it began.
    pub at: Timestamp,
    /// Contacts that were compared.
    pub contacts: usize,
    /// Pairs that were looked at.
    pub compared: usize,
    /// Pairs with a common key that were too many to look at all.
    pub left_out: u64,
    /// Duplicates per contact, as estimated.
    pub duplicates_per_contact: f64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A state of a base: when it was built, and how many changes have come since.
type BaseState = (Timestamp, usize);

/// What waits to be taken over.
#[derive(Default)]
struct Pending {
    /// Contacts whose pairs are to be found again.
    dirty: BTreeSet<u32>,
    /// Changes taken over while a build runs, which will not have seen them.
    replay: Option<Vec<ContactNumber>>,
}

/// The duplicates of one organisation.
pub(super) struct Live {
    pub(super) org: OrgNumber,
    watch: Arc<ChangedContacts>,
    /// Held by whoever takes changes over, for a moment; before `base`.
    pending: Mutex<Pending>,
    /// Held by whoever finds pairs and groups again; before `pending`.
    settling: Mutex<()>,
    /// When what persons have decided is to be read again; held while it is.
    decisions: Mutex<Option<Timestamp>>,
    /// Grows when settings want other duplicates.
    generation: AtomicU64,
    pub(super) base: RwLock<Option<Base>>,
    /// Held by whoever builds.
    building: Mutex<()>,
    /// Contacts read by the build that runs; `u64::MAX` if none does.
    read: AtomicU64,
    /// Too many contacts to be built by whoever asks.
    is_large: AtomicBool,
    /// The background is to build.
    is_wanted: AtomicBool,
    /// When it was last looked for what is to be merged without asking, and in which state.
    merged_from: Mutex<Option<(Instant, Option<BaseState>)>>,
}

/// How current the duplicates of an organisation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Currency {
    /// Everything that was written before is in them.
    Current,
    /// Some changes are still to be taken over.
    Following,
    /// Contacts are being compared for the first time.
    Building,
}

/// The duplicates of all organisations that have asked for them.
#[derive(Default)]
pub(in crate::app) struct LiveDuplicates {
    by_org: Mutex<HashMap<u32, Arc<Live>>>,
    wake: Mutex<bool>,
    woken: Condvar,
    is_stopping: AtomicBool,
    pub(super) tools: KeptTools,
    /// What was asked for and runs.
    pub(super) runs: Runs,
    /// Held by what merges without asking.
    pub(super) auto_merging: Mutex<()>,
}

impl LiveDuplicates {
    fn all(&self) -> Vec<Arc<Live>> {
        self.by_org.lock().values().cloned().collect()
    }

    fn wake(&self) {
        *self.wake.lock() = true;
        self.woken.notify_all();
    }

    /// What persons have decided in an organisation, or which contacts are merged, has changed.
    pub(in crate::app) fn decided(&self, org: OrgNumber) {
        let live = self.by_org.lock().get(&org.0).cloned();
        if let Some(live) = live {
            *live.decisions.lock() = Some(Timestamp(0));
        }
    }

    /// Settings of an organisation have changed: what was found is not what would be.
    pub(in crate::app) fn forget(&self, org: OrgNumber) {
        let live = self.by_org.lock().get(&org.0).cloned();
        if let Some(live) = live {
            let _pending = live.pending.lock();
            live.generation.fetch_add(1, Ordering::Relaxed);
            *live.base.write() = None;
            live.is_wanted.store(true, Ordering::Relaxed);
        }
    }
}

impl Live {
    /// How many contacts the build that runs has read.
    pub(super) fn progress(&self) -> Option<u64> {
        Some(self.read.load(Ordering::Relaxed)).filter(|read| *read != u64::MAX)
    }

    /// How current it is.
    pub(super) fn currency(&self) -> Currency {
        if self.base.read().is_none() {
            return Currency::Building;
        }
        let waits = !self.watch.is_empty() || !self.pending.lock().dirty.is_empty();
        if waits { Currency::Following } else { Currency::Current }
    }

    fn is_overdue(&self) -> bool {
        self.base.read().as_ref().is_none_or(Base::is_overdue)
    }
}

impl Base {
    /// So many contacts have changed that counts and prior are no longer those of the base.
    fn is_overdue(&self) -> bool {
        self.changed > self.built.contacts / 5 + 50
    }
}

impl App {
    /// The duplicates of an organisation; from now on its changes are noted.
    pub(super) fn live_duplicates(&self, org: OrgNumber) -> Arc<Live> {
        let mut all = self.duplicates.by_org.lock();
        let live = all.entry(org.0).or_insert_with(|| {
            Arc::new(Live {
                org,
                watch: self.partition.watch(org),
                pending: Mutex::default(),
                settling: Mutex::default(),
                decisions: Mutex::default(),
                generation: AtomicU64::new(0),
                base: RwLock::new(None),
                building: Mutex::default(),
                read: AtomicU64::new(u64::MAX),
                is_large: AtomicBool::new(false),
                is_wanted: AtomicBool::new(false),
                merged_from: Mutex::default(),
            })
        });
        Arc::clone(live)
    }

    /// Brings the duplicates of an organisation up to date as far as that is quick: builds small
    /// ones, asks the background to build large ones, takes over some changes; of `settled`
    /// contacts also pairs and groups.
    pub(super) fn ready_duplicates(&self, live: &Live, settled: usize) -> Result<(), Error> {
        self.follow_changes(live, MOST_INLINE)?;
        if live.is_overdue() {
            let is_small = !live.is_large.load(Ordering::Relaxed);
            if is_small && self.build_duplicates(live, Some(SMALL))? {
                self.follow_changes(live, MOST_INLINE)?;
            } else {
                live.is_wanted.store(true, Ordering::Relaxed);
                self.duplicates.wake();
            }
        }
        self.settle(live, settled)?;
        Ok(())
    }
}
