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

    /// Leaves the id of a company out of a row that the organisation does not have.
    pub(super) fn drop_unknown_company(&self, row: &mut CheckedRow) {
        let Some(valid) = &mut row.valid else { return };
        let Patch::Set(id) = valid.draft.company_id else { return };
        // Where that cannot be read, nothing can be written either.
        if matches!(self.app.unknown_company(self.caller, &valid.draft), Ok(None)) {
            return;
        }
        valid.draft.company_id = Patch::Keep;
        let issue = self.left_out(row.line, "there is no company with this id");
        if issue.severity == Severity::Error {
            row.valid = None;
        }
        row.issues.push(issue.at("company_id", &id.to_string()));
    }

    /// Leaves lists out of a row to which contacts belong by a query.
    pub(super) fn drop_dynamic_lists(&self, row: &mut CheckedRow) {
        let Some(valid) = &mut row.valid else { return };
        let is_dynamic = |name: &String| self.lists.is_dynamic(name);
        let names: Vec<String> =
            valid.draft.lists.extract_if(.., |name| is_dynamic(name)).collect();
        for name in names {
            let reason = "is a dynamic list: whoever meets its query belongs to it";
            let (column, cell) = self.cell(row, "list", &name);
            let issue = self.left_out(row.line, reason).at(column, &cell);
            if issue.severity == Severity::Error {
                row.valid = None;
            }
            row.issues.push(issue.suggest("name a static list, or one that there is not"));
        }
    }

    /// Leaves the visibility out of a row that only a queue or an owner would see, where neither the
    /// row nor its contact has one; says so.
    pub(super) fn drop_hiding(
        &self,
        row: &CheckedRow,
        draft: &mut Draft,
        before: Option<&Contact>,
    ) -> Option<RowIssue> {
        let is_of_owner = draft.visibility == Patch::Set(Visibility::Owner);
        // Who imports becomes the owner of new contacts that are for their owner alone.
        if is_of_owner && before.is_none() && self.caller.user.is_some() {
            return None;
        }
        if !stay_in_sight(draft, before) {
            return None;
        }
        let (visibility, reason, remedy) = if is_of_owner {
            (
                Visibility::Owner,
                "only an owner would see the contact, and it has none",
                "fill in assigned_to, or use another visibility",
            )
        } else {
            (
                Visibility::Queue,
                "only a queue would see the contact, and it has none",
                "fill in assigned_queue, or use another visibility",
            )
        };
        let (column, cell) = self.cell(row, "visibility", visibility.as_str());
        Some(self.left_out(row.line, reason).at(column, &cell).suggest(remedy))
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
    let has_owner = match &draft.assigned_to {
        Patch::Set(_) => true,
        Patch::Clear => false,
        Patch::Keep => before.is_some_and(|contact| contact.assigned_to.is_some()),
    };
    let is_hiding = draft.visibility == Patch::Set(Visibility::Queue) && !has_queue
        || draft.visibility == Patch::Set(Visibility::Owner) && !has_owner;
    if is_hiding {
        draft.visibility = Patch::Keep;
    }
    is_hiding
}
