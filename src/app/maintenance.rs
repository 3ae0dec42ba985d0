//! Looking after the partition: verifying, rebuilding, figures.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::AuditAction;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::engine::{self, Cancel, CheckReport, Condition, Refreshed, Rejected, Stats};

/// What a compaction came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Compaction {
    /// The store.
    pub store: Sizes,
    /// The journal, which has grown by the snapshot before it let go of what was older.
    pub journal: Sizes,
    /// How many bytes the keys and values of the store have.
    pub live_bytes: u64,
    /// The size of the snapshot; `None` if nothing had been written since the last one.
    pub snapshot_bytes: Option<u64>,
}

/// Bytes on disk.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sizes {
    /// How many there were.
    pub before: u64,
    /// How many there are.
    pub after: u64,
}

impl App {
    /// Verifies everything against everything.
    ///
    /// # Errors
    /// If the caller does not run the server, or something cannot be read at all.
    pub fn check(
        &self,
        caller: &Caller,
        progress: &mut dyn FnMut(u64),
    ) -> Result<CheckReport, Error> {
        authorize(caller, Permission::Operate)?;
        Ok(self.partition.check(progress)?)
    }

    /// Rebuilds the search index while the old one serves; how many contacts it holds.
    ///
    /// # Errors
    /// If the caller does not run the server, or the index cannot be written.
    pub fn reindex(&self, caller: &Caller, progress: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        authorize(caller, Permission::Operate)?;
        for organization in self.access().organizations() {
            self.recount_facts(organization.number)?;
        }
        Ok(self.partition.reindex(progress)?)
    }

    /// Makes the files smaller while everything goes on: takes a snapshot into the journal, lets go of
    /// what is older than what is to be kept, and rewrites the store without what the database has
    /// left behind. Happens by itself as well, when it is worth it.
    ///
    /// Cost: reads and writes everything once; both copies of the store need room meanwhile.
    ///
    /// # Errors
    /// If the caller does not run the server, it was cancelled, or something cannot be read or
    /// written; then nothing is lost and nothing is smaller.
    pub fn compact(&self, caller: &Caller, cancel: &Cancel) -> Result<Compaction, Error> {
        authorize(caller, Permission::Operate)?;
        let before = self.partition.stats().journal_bytes;
        let snapshot = self.partition.take_snapshot(cancel)?;
        let store = self.partition.compact_store(cancel)?;
        let after = self.partition.stats();
        Ok(Compaction {
            store: Sizes { before: store.before, after: store.after },
            journal: Sizes { before, after: after.journal_bytes },
            live_bytes: after.live_bytes,
            snapshot_bytes: snapshot.map(|taken| taken.bytes),
        })
    }

    /// Writes a backup of everything that is acknowledged now, of all organisations, as a tar
    /// archive; the audit log says that it was asked for.
    ///
    /// # Errors
    /// If the caller does not run the server, the journal is not in order, or nobody takes it.
    pub fn back_up(&self, caller: &Caller, out: &mut dyn Write) -> Result<(), Error> {
        authorize(caller, Permission::Operate)?;
        let journal = self.partition.journal_id();
        let noted = self.partition.write(caller.organization, caller, false, move |tx| {
            tx.note(AuditAction::BackupTaken, journal, Vec::new());
            Ok::<(), Rejected<Error>>(())
        });
        match noted {
            // What can be read can be saved, also where nothing can be written any more.
            Ok(_) | Err(Rejected::Engine(engine::Error::WritesStopped(_))) => {}
            Err(rejected) => return Err(rejected.into()),
        }
        self.partition.back_up(out)?;
        self.note_last_backup(caller.organization, &caller.actor);
        Ok(())
    }

    /// Takes over a changed schema of the search index in the background, and builds the index
    /// anew if need be; what becomes of it is logged.
    pub fn follow_schema(self: &Arc<Self>) {
        self.in_background("schema", |app| match app.partition.refresh_schema() {
            Ok(Refreshed::Scores) => tracing::info!("the schema of the search was read"),
            Ok(Refreshed::Rebuilt) => tracing::info!("the search index was built anew"),
            Err(error) => tracing::error!("the search goes on as before: {error}"),
        });
    }

    /// Builds the index anew in the background if its schema has changed since it was built.
    pub fn renew_outdated_index(self: &Arc<Self>) {
        if self.partition.is_index_outdated() {
            tracing::info!("the schema of the search has changed: a new index is being built");
            self.follow_schema();
        }
    }

    /// What is wrong with the server's files, if anything.
    pub fn condition(&self) -> Condition {
        let mut condition = self.partition.condition();
        if let Some(trouble) = self.partition.cluster_trouble() {
            condition.degraded.push(trouble);
        }
        condition.degraded.extend(self.backup_trouble());
        condition.degraded.extend(self.memory_trouble());
        condition
    }

    /// Reads something, to show that it can be read.
    ///
    /// # Errors
    /// If the store fails.
    pub fn answers(&self) -> Result<(), Error> {
        self.partition.contact(OrgNumber(1), ContactId(uuid::Uuid::nil()))?;
        Ok(())
    }

    /// Figures for metrics.
    pub fn stats(&self) -> Stats {
        let (memory_budget, memory_bytes) = self.memory_figures();
        Stats { memory_bytes, memory_budget, ..self.partition.stats() }
    }
}
