//! How the base is, for who looks after it: how much there is, how imports went, how well
//! duplicates are told, and whether searches are up to date.

use serde_json::{Value, json};

use super::error::Error;
use super::import_jobs::ImportState;
use super::search::SearchRequest;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission, Sight};
use crate::domain::time::Timestamp;
use crate::engine::{Condition, keys};

impl App {
    /// Figures of the organisation of the caller, as far as the caller sees it; those of the whole
    /// server for who runs it.
    ///
    /// Cost: counts in the index and reads the decisions about pairs.
    ///
    /// # Errors
    /// If the caller may not.
    pub fn health(&self, caller: &Caller) -> Result<Value, Error> {
        authorize(caller, Permission::Import)?;
        let contacts = self.search_contacts(
            caller,
            &SearchRequest { per_page: Some(0), with_archived: true, ..SearchRequest::default() },
        );
        // Without an index the other figures are all the more asked for.
        let contacts = contacts.map(|found| found.total).ok();
        let imports = self.list_imports(caller)?;
        let ended = imports.iter().filter(|job| job.state == ImportState::Done);
        let (mut rows, mut errors) = (0, 0);
        for job in ended {
            rows += job.counts.rows();
            errors += job.counts.errors;
        }
        let failed = imports.iter().filter(|job| job.state == ImportState::Failed).count();
        let accuracy = if caller.sight == Sight::Everything {
            self.duplicate_accuracy(caller).ok()
        } else {
            None
        };
        let Condition { writes_stopped, degraded } = self.condition();
        let stats = self.stats();
        let state = match (&writes_stopped, degraded.is_empty()) {
            (Some(_), _) => "stopped",
            (None, false) => "degraded",
            (None, true) => "ok",
        };
        let last_backup = self.partition.get(keys::LAST_BACKUP)?;
        let last_backup = last_backup.and_then(|bytes| bytes.as_ref().try_into().ok());
        let mut health = json!({
            "last_backup": last_backup.map(|bytes| Timestamp(i64::from_be_bytes(bytes))),
            "status": state,
            "contacts": contacts,
            "imports": {
                "jobs": imports.len(),
                "failed_jobs": failed,
                "rows": rows,
                "errors": errors,
                "success_rate": share(rows - errors, rows),
            },
            "duplicates": accuracy.map(|accuracy| json!({
                "decided": accuracy.decided,
                "accuracy": accuracy.agreement,
                "precision": accuracy.precision,
                "recall": accuracy.recall,
            })),
            "index": {
                "lag": stats.applied_seq.saturating_sub(stats.visible_seq),
                "segments": stats.segments,
            },
        });
        if caller.permissions.has(Permission::Operate) {
            health["storage"] = json!({
                "store_bytes": stats.store_bytes,
                "journal_bytes": stats.journal_bytes,
                "lookup_bytes": stats.lookup_bytes,
                "live_bytes": stats.live_bytes,
                "bytes_per_contact": (stats.store_bytes + stats.journal_bytes)
                    .checked_div(stats.contacts),
                "last_snapshot": (stats.snapshot_at > 0)
                    .then_some(Timestamp(stats.snapshot_at)),
            });
            health["index"]["documents"] = json!(stats.documents);
            health["journal"] = json!({"last": stats.applied_seq, "syncs": stats.journal_syncs});
            health["reasons"] =
                json!(writes_stopped.into_iter().chain(degraded).collect::<Vec<_>>());
        }
        Ok(health)
    }
}

/// A share of a whole; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| (part as f64 / of as f64 * 10_000.0).round() / 10_000.0)
}
