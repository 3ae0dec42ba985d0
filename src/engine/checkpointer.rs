//! The thread that makes the store power-safe, and looks whether the journal is still there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::health::Health;
use super::progress::Progress;
use super::room::Room;
use super::writer::{abort_process, causes};
use crate::journal::FileJournal;
use crate::store::Store;

/// What the keeper thread works with.
pub(super) struct Checkpointer {
    pub(super) journal: Arc<FileJournal>,
    pub(super) store: Arc<Store>,
    pub(super) applied: Arc<Progress>,
    pub(super) visible: Arc<Progress>,
    pub(super) health: Arc<Health>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) every: Duration,
    pub(super) room: Arc<Room>,
}

impl Checkpointer {
    pub(super) fn run(self) {
        let mut done = self.applied.get();
        loop {
            if self.visible.wait_until(self.every, || self.stop.load(Ordering::Acquire)) {
                return;
            }
            let trouble = self.journal.check_in_place().err();
            self.health.note_journal(trouble.map(|error| error.to_string()));
            self.room.tend();
            self.health.note_room(self.room.trouble());
            if self.applied.get() == done {
                continue;
            }
            match self.store.checkpoint() {
                Ok(through) => done = through,
                Err(error) => {
                    abort_process(&format!("the store cannot be synced: {}", causes(&error)))
                }
            }
        }
    }
}
