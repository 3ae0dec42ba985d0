//! How far an import is, kept in the same write as its rows: an import that the end of the server has
//! interrupted goes on behind that, so that no row is done twice and none is lost.
//!
//! A checkpoint is a few numbers. Why rows were refused stands beside it, row by row, until the import
//! has ended: the file of rejected rows is written anew when the list is read again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::App;
use super::error::Error;
use super::import_names::Taken;
use super::import_questions::KeptRow;
use super::import_rows::RowOutcome;
use super::import_write::Put;
use super::imports::{CheckedRow, ImportOptions, ListMode};
use crate::domain::access::Caller;
use crate::domain::ids::OrgNumber;
use crate::engine::{Error as EngineError, Tx, codec, keys};
use crate::import::{Counts, IssueCode, RowIssue, Severity};

/// Behind the lines of lists: what is kept of refused rows, by their place in the list.
const REFUSED_FROM: u64 = 1 << 63;
/// Where the checkpoint stands.
const CHECKPOINT: u64 = u64::MAX;
/// Keys that are removed at once.
const REMOVE_AT_ONCE: usize = 1_000;

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// So many rows from the first one on are done.
    pub(super) rows: u64,
    /// But for these: they wait for what others make.
    #[serde(default)]
    pub(super) waiting: Vec<u64>,
    /// What became of those that are done.
    pub(super) counts: Counts,
    /// Warnings about them.
    #[serde(default)]
    pub(super) warnings: u64,
    /// The list that all contacts join.
    #[serde(default)]
    pub(super) list: Option<Uuid>,
    /// Whether the audit log says what the import came to.
    #[serde(default)]
    pub(super) is_told: bool,
}

impl Checkpoint {
    /// Whether a row is done.
    pub(super) fn has_done(&self, place: u64) -> bool {
        place < self.rows && self.waiting.binary_search(&place).is_err()
    }

    /// Whether all of some rows are done.
    pub(super) fn has_done_all(&self, from: u64, count: usize) -> bool {
        let end = from + count as u64;
        end <= self.rows && !self.waiting.iter().any(|place| (from..end).contains(place))
    }

    /// The options of an import that goes on: the list that it was to make is there.
    pub(super) fn going_on(&self, options: &ImportOptions) -> ImportOptions {
        let lists = match (&options.lists, self.list) {
            (ListMode::New(_), Some(id)) => ListMode::Existing(id.to_string()),
            (mode, _) => mode.clone(),
        };
        ImportOptions { lists, ..options.clone() }
    }
}

/// Counts what became of a row.
pub(super) fn count(counts: &mut Counts, outcome: &RowOutcome) {
    match outcome {
        RowOutcome::Created => counts.imported += 1,
        RowOutcome::Updated => counts.updated += 1,
        RowOutcome::Unchanged => counts.unchanged += 1,
        RowOutcome::Invalid(_) => counts.errors += 1,
    }
}

/// Why a row is refused that a write does not take.
pub(super) fn invalid_row(line: u64, reason: &str) -> RowIssue {
    RowIssue::error(line, IssueCode::TextInvalid, reason)
}

/// What a write keeps of how far its import is.
pub(super) struct CheckpointInWrite {
    org: OrgNumber,
    import: Uuid,
    before: Checkpoint,
    /// Place and line of the rows that it writes.
    rows: Vec<(u64, u64)>,
}

impl CheckpointInWrite {
    /// `before` is what the import is at when the rows are written, without what becomes of them.
    pub(super) fn new(
        org: OrgNumber,
        import: Uuid,
        before: Checkpoint,
        rows: &[CheckedRow],
    ) -> Self {
        let rows = rows.iter().map(|row| (row.place, row.line)).collect();
        Self { org, import, before, rows }
    }

    /// The list that all contacts join.
    pub(super) fn joins(&mut self, list: Option<Uuid>) {
        self.before.list = list;
    }

    /// Keeps it, with what became of the rows.
    pub(super) fn put(
        &self,
        tx: &mut Tx<'_>,
        outcomes: &[RowOutcome],
        taken: &Taken,
    ) -> Result<(), EngineError> {
        let mut after = self.before.clone();
        after.list = after.list.map(|list| taken.list(list));
        for (outcome, (place, line)) in outcomes.iter().zip(&self.rows) {
            count(&mut after.counts, outcome);
            if let RowOutcome::Invalid(reason) = outcome {
                let issue = invalid_row(*line, reason);
                let (key, bytes) = refused_row(self.org, self.import, *place, &[issue])?;
                tx.put(&key, bytes);
            }
        }
        put_checkpoint(tx, self.org, self.import, after)
    }
}

fn put_checkpoint(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    import: Uuid,
    checkpoint: Checkpoint,
) -> Result<(), EngineError> {
    let bytes = codec::encode(&KeptRow::Checkpoint(Box::new(checkpoint)))?;
    tx.put(&keys::import_row(org, import, CHECKPOINT), bytes);
    Ok(())
}

/// What is kept of a refused row, by its place in the list.
pub(super) fn refused_row(
    org: OrgNumber,
    import: Uuid,
    place: u64,
    issues: &[RowIssue],
) -> Result<Put, EngineError> {
    let errors = issues.iter().filter(|issue| issue.severity == Severity::Error);
    let kept = KeptRow::Refused(errors.cloned().collect());
    let key = keys::import_row(org, import, REFUSED_FROM + place).to_vec();
    Ok((key, codec::encode(&kept)?))
}

/// Whether a key of the rows of imports holds how far one is.
pub(super) fn is_of_checkpoint(key: &[u8]) -> bool {
    key.get(21).is_some_and(|first| *first >= 1 << 7)
}

impl App {
    /// How far an import is that has written something.
    pub(super) fn import_checkpoint(
        &self,
        org: OrgNumber,
        import: Uuid,
    ) -> Result<Option<Checkpoint>, Error> {
        let Some(bytes) = self.partition.get(&keys::import_row(org, import, CHECKPOINT))? else {
            return Ok(None);
        };
        let kept: KeptRow = codec::decode(bytes.as_ref()).map_err(EngineError::from)?;
        Ok(match kept {
            KeptRow::Checkpoint(checkpoint) => Some(*checkpoint),
            KeptRow::Asked(_) | KeptRow::Answered(_) | KeptRow::Refused(_) => None,
        })
    }

    /// How far the import of these options is.
    pub(super) fn checkpoint_of(
        &self,
        caller: &Caller,
        options: &ImportOptions,
    ) -> Result<Option<Checkpoint>, Error> {
        match options.job {
            Some(job) if !options.dry_run => self.import_checkpoint(caller.organization, job),
            _ => Ok(None),
        }
    }

    /// Why a row was refused that is done.
    pub(super) fn refusal_of_row(
        &self,
        org: OrgNumber,
        import: Uuid,
        place: u64,
    ) -> Result<Option<Vec<RowIssue>>, Error> {
        let key = keys::import_row(org, import, REFUSED_FROM + place);
        let Some(bytes) = self.partition.get(&key)? else { return Ok(None) };
        let kept: KeptRow = codec::decode(bytes.as_ref()).map_err(EngineError::from)?;
        Ok(match kept {
            KeptRow::Refused(issues) => Some(issues),
            KeptRow::Asked(_) | KeptRow::Answered(_) | KeptRow::Checkpoint(_) => None,
        })
    }

    /// Keeps that the audit log says what an import came to, in the write that says so.
    pub(super) fn put_told(
        tx: &mut Tx<'_>,
        org: OrgNumber,
        import: Uuid,
        counts: Counts,
    ) -> Result<(), EngineError> {
        let key = keys::import_row(org, import, CHECKPOINT);
        let Some(bytes) = tx.get(&key)? else { return Ok(()) };
        let kept: KeptRow = codec::decode(&bytes)?;
        let KeptRow::Checkpoint(known) = kept else { return Ok(()) };
        put_checkpoint(tx, org, import, Checkpoint { is_told: true, counts, ..*known })
    }

    /// Forgets how far an import was that has ended.
    pub(super) fn forget_checkpoint(&self, org: OrgNumber, import: Uuid) {
        let mut old: Vec<Vec<u8>> = Vec::new();
        for entry in self.partition.scan(&keys::import_rows(org, import)) {
            match entry {
                Ok((key, _)) if is_of_checkpoint(&key) => old.push(key),
                Ok(_) => {}
                Err(error) => tracing::warn!("what is kept of import {import} stays: {error}"),
            }
        }
        if let Err(error) = self.remove_import_rows(org, &old) {
            tracing::warn!("what is kept of import {import} stays: {error}");
        }
    }

    /// Removes what is kept of rows of imports.
    pub(super) fn remove_import_rows(&self, org: OrgNumber, old: &[Vec<u8>]) -> Result<(), Error> {
        for keys in old.chunks(REMOVE_AT_ONCE) {
            let keys = keys.to_vec();
            self.partition.write::<(), Error>(org, "ringdex (imports)", false, move |tx| {
                for key in &keys {
                    tx.delete(key);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
