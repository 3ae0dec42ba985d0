//! Which entries of the audit log an import has written: those between its first and its last that are
//! its own, and those of answers to its questions.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::App;
use super::import_jobs::{ImportJob, UndoState};
use super::jobs::JobKind;
use super::kept_jobs::KeptWork;
use crate::domain::audit::{AuditEntry, import_actor, is_import_undo};
use crate::domain::ids::OrgNumber;

/// Where the entries of an import stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImportEntries {
    /// The first and the last one that it may have written.
    between: Option<(u64, u64)>,
    /// Those that answers to its questions have written.
    answers: Vec<u64>,
}

impl ImportEntries {
    /// Those of an import as it is shown.
    pub(super) fn of(import: &ImportJob) -> Self {
        Self { between: import.audit_entries, answers: import.answer_entries.clone() }
    }

    /// Their numbers, answers before the rest and the last ones first.
    pub(super) fn last_first(&self) -> impl Iterator<Item = u64> {
        let (first, last) = self.between.unwrap_or((1, 0));
        let answers: HashSet<u64> = self.answers.iter().copied().collect();
        let rest = (first..=last).rev().filter(move |number| !answers.contains(number));
        let answers: Vec<u64> = self.answers.iter().rev().copied().collect();
        answers.into_iter().chain(rest)
    }
}

/// Entries of one writer.
struct Span {
    actor: String,
    first: u64,
    last: u64,
    answers: HashSet<u64>,
}

impl Span {
    fn new(actor: &str, entries: &ImportEntries) -> Self {
        let (first, last) = entries.between.unwrap_or((1, 0));
        let answers = entries.answers.iter().copied().collect();
        Self { actor: import_actor(actor), first, last, answers }
    }

    fn has(&self, entry: &AuditEntry) -> bool {
        self.answers.contains(&entry.number)
            || entry.actor == self.actor && (self.first..=self.last).contains(&entry.number)
    }
}

/// Tells the entries of an import from others.
pub(super) struct OwnEntries {
    own: Span,
    /// Answers to the questions of other imports, which may stand between its own.
    foreign: HashSet<u64>,
    /// Other imports that were taken back.
    undone: Vec<Span>,
}

impl OwnEntries {
    /// Whether the import has written an entry.
    pub(super) fn has(&self, entry: &AuditEntry) -> bool {
        self.own.has(entry) && !self.foreign.contains(&entry.number)
    }

    /// Whether nothing is left of what an entry did: it took an import back, or its import was taken
    /// back.
    pub(super) fn is_void(&self, entry: &AuditEntry) -> bool {
        is_import_undo(&entry.actor) || self.undone.iter().any(|span| span.has(entry))
    }
}

impl App {
    /// Says that an import is being taken back, where it can be; how it stood before.
    pub(super) fn begin_import_undo(&self, id: Uuid, shown: &ImportJob) -> UndoState {
        let mut jobs = self.import_jobs.jobs.lock();
        let Some(kept) = jobs.get_mut(&id) else { return UndoState::None };
        match kept.job.undo_state {
            UndoState::None | UndoState::Available => {
                if shown.undo_state == UndoState::Available {
                    kept.job.undo_state = UndoState::Running;
                }
                shown.undo_state
            }
            state @ (UndoState::Running | UndoState::Done) => state,
        }
    }

    /// Says of imports whose taking back goes on that they are being taken back.
    pub(super) fn restore_import_undos(&self) {
        for (_, kept) in self.bulk_jobs_to_resume() {
            if let KeptWork::Bulk(job) = &kept.work
                && job.kind == JobKind::ImportUndo
                && let Some(import) = job.undo_of
                && let Some(known) = self.import_jobs.jobs.lock().get_mut(&import)
            {
                known.job.undo_state = UndoState::Running;
            }
        }
    }

    /// The imports of an organisation, with whoever has started them.
    fn imports_of(&self, org: OrgNumber) -> Vec<(String, ImportJob)> {
        let jobs = self.import_jobs.jobs.lock();
        let own = jobs.values().filter(|kept| kept.org == org);
        own.map(|kept| (kept.actor.to_string(), kept.job.clone())).collect()
    }

    /// The entries of an import beside those of the others of its organisation.
    pub(super) fn own_entries(
        &self,
        org: OrgNumber,
        import: Uuid,
        entries: &ImportEntries,
    ) -> OwnEntries {
        let own = Span::new(&self.actor_of_import(org, import), entries);
        let (mut foreign, mut undone) = (HashSet::new(), Vec::new());
        for (actor, other) in self.imports_of(org) {
            if other.id == import {
                continue;
            }
            foreign.extend(other.answer_entries.iter().copied());
            if other.undo_state == UndoState::Done {
                undone.push(Span::new(&actor, &ImportEntries::of(&other)));
            }
        }
        OwnEntries { own, foreign, undone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn entries_come_from_the_last_one_on_with_answers_before_the_rest() {
        let entries = ImportEntries { between: Some((3, 7)), answers: vec![5, 12] };
        assert_eq!(entries.last_first().collect::<Vec<_>>(), [12, 5, 7, 6, 4, 3]);
        assert_eq!(ImportEntries::default().last_first().count(), 0);
    }

    #[test]
    fn an_import_owns_what_it_wrote_and_its_answers_and_nothing_of_others() {
        let entry = |number, actor: &str| AuditEntry {
            number,
            at: Timestamp(0),
            actor: actor.to_owned(),
            address: None,
            acts: Vec::new(),
            previous: [0; 32],
        };
        let between = |first, last| ImportEntries { between: Some((first, last)), answers: vec![] };
        let own = ImportEntries { answers: vec![20], ..between(3, 7) };
        let own = OwnEntries {
            own: Span::new("ada", &own),
            foreign: HashSet::from([5]),
            undone: vec![Span::new("ada", &between(9, 10))],
        };
        for (number, actor, is_own, is_void) in [
            (3, "ada (import)", true, false),
            (5, "ada (import)", false, false),
            (7, "ada (import)", true, false),
            (8, "ada (import)", false, false),
            (4, "ada", false, false),
            (4, "ben (import)", false, false),
            (20, "ben (import)", true, false),
            (9, "ada (import)", false, true),
            (30, "ben (import undo)", false, true),
        ] {
            let entry = entry(number, actor);
            assert_eq!((own.has(&entry), own.is_void(&entry)), (is_own, is_void), "{entry:?}");
        }
    }
}
