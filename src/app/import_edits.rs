//! What people have changed since a list was made is not overwritten by it, where that is wanted.

use std::collections::{BTreeSet, HashMap};

use super::App;
use super::error::Error;
use super::import_rows::for_update;
use super::import_run::{RowDecision, Run};
use super::imports::CheckedRow;
use crate::domain::audit::{AuditAction, is_import, is_import_undo};
use crate::domain::contact::{Contact, Fields};
use crate::domain::draft::Stamp;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::time::Timestamp;
use crate::import::{IssueCode, RowIssue};

/// The fields of contacts that people have changed.
pub(super) type EditedFields = HashMap<ContactId, BTreeSet<String>>;

/// A contact as a row makes it, but for what people have changed; nothing if nothing is left to be
/// changed.
pub(super) fn but_for_edits(
    before: &Contact,
    mut after: Contact,
    edited: Option<&BTreeSet<String>>,
) -> Option<Contact> {
    let Some(edited) = edited else { return Some(after) };
    for change in before.changes(&after) {
        if edited.contains(&change.field)
            && let Some(kept) = after.with_field(&change.field, &change.before)
        {
            after = kept;
        }
    }
    (!before.changes(&after).is_empty()).then_some(after)
}

impl App {
    /// The fields of a contact that people have changed since a time. Cost: reads its entries of the
    /// audit log, if it was changed since at all.
    fn edited_since(
        &self,
        org: OrgNumber,
        contact: &Contact,
        since: Timestamp,
    ) -> Result<BTreeSet<String>, Error> {
        let mut fields = BTreeSet::new();
        if contact.updated_at <= since {
            return Ok(fields);
        }
        let mut numbers = self.partition.audit_numbers_of(org, contact.id.0)?;
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            let Some(entry) = self.partition.audit_entry(org, number)? else { continue };
            if entry.at <= since {
                break;
            }
            // Neither by an import nor by the server itself.
            if is_import(&entry.actor)
                || is_import_undo(&entry.actor)
                || entry.actor.starts_with("ringdex (")
            {
                continue;
            }
            if let Some(details) = self.partition.audit_details(org, contact.id.0, number)? {
                fields.extend(details.changes.into_iter().map(|change| change.field));
            }
            let mut acts = entry.acts.iter();
            if acts.any(|act| act.0 == AuditAction::ContactCreated && act.1 == contact.id.0) {
                let nobody = Contact { fields: Fields::default(), ..contact.clone() };
                fields.extend(nobody.changes(contact).into_iter().map(|change| change.field));
                fields.insert("display_name".to_owned());
            }
        }
        Ok(fields)
    }
}

impl Run<'_> {
    /// Notes what people have changed of the contacts that rows would change, and names what stays.
    pub(super) fn note_edits(
        &mut self,
        work: &[RowDecision],
        rows: &[CheckedRow],
    ) -> Result<(), Error> {
        let Some(since) = self.options.keep_edited_since else { return Ok(()) };
        let org = self.caller.organization;
        for (decision, row) in work.iter().zip(rows) {
            let RowDecision::Update(id, draft) = decision else { continue };
            let Some(before) = self.known_contact(*id)? else { continue };
            let edited = self.app.edited_since(org, &before, since)?;
            if edited.is_empty() {
                continue;
            }
            let stamp =
                Stamp { now: self.app.partition.now(), actor: "", settings: self.settings() };
            if let Ok(Some(after)) = for_update(draft, &before).apply(&before, stamp) {
                let changes = before.changes(&after);
                let kept = changes.iter().filter(|change| edited.contains(&change.field));
                let kept: Vec<&str> = kept.map(|change| change.field.as_str()).collect();
                if !kept.is_empty() {
                    let reason = format!("{} kept: somebody has changed it since", kept.join(", "));
                    let issue = RowIssue::warning(row.line, IssueCode::EditKept, reason);
                    self.warn(&issue.suggest("import without keep_edited_since to overwrite it"));
                }
            }
            self.edited.insert(*id, edited);
        }
        Ok(())
    }
}
