//! What every handler may use.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use tokio::sync::Semaphore;

use super::metrics::Metrics;
use crate::app::App;
use crate::domain::access::Caller;

/// Shared by all workers.
pub(super) struct State {
    pub(super) app: Arc<App>,
    /// Who requests without a token from this machine are, in demonstration mode.
    pub(super) demo: Option<Caller>,
    pub(super) metrics: Metrics,
    /// Searches that may run or wait at once.
    pub(super) search_places: Semaphore,
    /// Passwords that are hashed at once.
    pub(super) sign_in_places: Semaphore,
    /// Set when the server begins to shut down.
    pub(super) is_stopping: Arc<AtomicBool>,
    pub(super) limits: Limits,
    /// Dropped behind all others: tells who waits for it that nothing is held any more.
    pub(super) _held: Sender<()>,
}

/// Most bytes of bodies, by kind.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units stand in names")]
pub(super) struct Limits {
    pub(super) json_bytes: usize,
    pub(super) bulk_bytes: usize,
    pub(super) upload_bytes: u64,
}
