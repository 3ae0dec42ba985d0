//! Owners, queues and departments that a list names. What the organisation does not have is left
//! out and named, so that no row hides its contact from everybody.

use super::import_run::Run;
use super::imports::CheckedRow;
use super::references::unknown_references;
use crate::domain::contact::{Contact, Visibility};
use crate::domain::draft::{Draft, Patch};
use crate::import::{IssueCode, RowIssue, Severity};

impl Run<'_> {
    /// Leaves out of a row what it names and nobody knows; where all rows or none are wanted, the
    /// row is refused.
    pub(super) fn drop_unknown_references(&self, row: &mut CheckedRow) {
        let Some(valid) = &row.valid else { return };
        let (access, org) = (self.app.access(), self.caller.organization);
        for one in unknown_references(access, org, &valid.draft) {
            let noun = one.reference.noun;
            let remedy = if one.is_ambiguous {
                format!("write the id of the {noun}, or give each a name of its own")
            } else {
                format!("create the {noun}, or map the column elsewhere")
            };
            let issue = self.left_out(row.line, &one.detail()).suggest(remedy);
            let (column, cell) = self.cell(row, one.reference.member, &one.text);
            let issue = issue.at(column, &cell);
            if issue.severity == Severity::Warning
                && let Some(valid) = &mut row.valid
            {
                one.leave_out(&mut valid.draft);
            }
            row.issues.push(issue);
        }
        if row.issues.iter().any(|issue| issue.severity == Severity::Error) {
            row.valid = None;
        }
    }

    /// Leaves the visibility out of a row that only a queue would see, where neither the row nor its
    /// contact has a queue; says so.
    pub(super) fn drop_hiding(
        &self,
        row: &CheckedRow,
        draft: &mut Draft,
        before: Option<&Contact>,
    ) -> Option<RowIssue> {
        if !stay_in_sight(draft, before) {
            return None;
        }
        let (column, cell) = self.cell(row, "visibility", Visibility::Queue.as_str());
        let issue = self.left_out(row.line, "only a queue would see the contact, and it has none");
        Some(issue.at(column, &cell).suggest("fill in assigned_queue, or use another visibility"))
    }

    fn left_out(&self, line: u64, reason: &str) -> RowIssue {
        let code = IssueCode::ValueUnknown;
        if self.options.strict {
            RowIssue::error(line, code, reason)
        } else {
            RowIssue::warning(line, code, format!("{reason}; the cell is left out"))
        }
    }

    /// The column of a row that goes to a field, and what is in it.
    fn cell(&self, row: &CheckedRow, field: &str, text: &str) -> (String, String) {
        let of_field = self.columns.iter().filter(|one| one.target.as_deref() == Some(field));
        let cells = of_field.map(|one| (&one.name, row.cells.get(one.index).unwrap_or_default()));
        let mut filled: Vec<_> = cells.filter(|(_, cell)| !cell.trim().is_empty()).collect();
        filled.sort_by_key(|(_, cell)| cell.trim() != text);
        match filled.first() {
            Some((name, cell)) => ((*name).clone(), (*cell).to_owned()),
            None => (field.to_owned(), text.to_owned()),
        }
    }
}

/// Takes a visibility out of a draft with which nobody would see the contact; whether it did.
pub(super) fn stay_in_sight(draft: &mut Draft, before: Option<&Contact>) -> bool {
    let has_queue = match &draft.assigned_queue {
        Patch::Set(_) => true,
        Patch::Clear => false,
        Patch::Keep => before.is_some_and(|contact| contact.assigned_queue.is_some()),
    };
    let is_hiding = draft.visibility == Patch::Set(Visibility::Queue) && !has_queue;
    if is_hiding {
        draft.visibility = Patch::Keep;
    }
    is_hiding
}
