//! What a row of an import makes of a contact, inside a write.

use super::custom_fields::FieldsInWrite;
use super::error::Error;
use super::merges::survivor_of;
use super::protection::{give_home, within_bytes, within_quotas};
use crate::domain::access::{Caller, Quotas};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Patch, Stamp};
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::status::Status;
use crate::engine::{Rejected, Tx};
use crate::import::match_existing::Person;

/// What became of a row.
pub(super) enum RowOutcome {
    Created,
    Updated,
    Unchanged,
    Invalid(String),
}

/// Writes rows inside one write.
pub(super) struct RowWriter<'a> {
    pub(super) fields: FieldsInWrite<'a>,
    pub(super) by: &'a Caller,
    pub(super) quotas: &'a Quotas,
    pub(super) stamp: Stamp<'a>,
}

impl RowWriter<'_> {
    pub(super) fn create(
        &mut self,
        tx: &mut Tx<'_>,
        id: ContactId,
        mut draft: Draft,
    ) -> Result<RowOutcome, Rejected<Error>> {
        within_quotas(tx, self.by, self.quotas).map_err(Rejected::By)?;
        if let Err(issues) = self.fields.refit(&mut draft, false) {
            return Ok(invalid(&issues));
        }
        let draft = new_of_row(self.by, draft);
        let number = tx.next_number();
        Ok(match draft.clone().create(id, number, self.stamp) {
            Ok(contact) => {
                tx.create_contact(self.by.organization, contact)?;
                self.fields.define(tx, &draft)?;
                RowOutcome::Created
            }
            Err(issues) => invalid(&issues),
        })
    }

    pub(super) fn update(
        &mut self,
        tx: &mut Tx<'_>,
        existing: ContactId,
        new: ContactId,
        mut draft: Draft,
    ) -> Result<RowOutcome, Rejected<Error>> {
        let org = self.by.organization;
        // Merged since it was found.
        let existing = survivor_of(existing, &|id| tx.contact(org, id))?;
        let before = tx.contact(org, existing)?;
        let Some(before) = before.filter(|one| !one.is_deleted() && self.by.sees(one)) else {
            // Deleted since it was found.
            return self.create(tx, new, draft);
        };
        if let Err(issues) = self.fields.refit(&mut draft, false) {
            return Ok(invalid(&issues));
        }
        Ok(match for_update(&draft, &before).apply(&before, self.stamp) {
            Ok(None) => RowOutcome::Unchanged,
            Ok(Some(after)) => {
                within_bytes(tx, self.by, self.quotas, &before, &after).map_err(Rejected::By)?;
                tx.replace_contact(org, before, after)?;
                self.fields.define(tx, &draft)?;
                RowOutcome::Updated
            }
            Err(issues) => invalid(&issues),
        })
    }
}

/// What a row says about a contact that it makes.
pub(super) fn new_of_row(by: &Caller, mut draft: Draft) -> Draft {
    give_home(by, &mut draft);
    if draft.source.is_keep() {
        draft.source = Patch::Set("import".to_owned());
    }
    draft
}

/// Whether a row says something that a contact does not have.
pub(super) fn changes(draft: &Draft, before: &Contact, stamp: Stamp<'_>) -> bool {
    !matches!(for_update(draft, before).apply(before, stamp), Ok(None))
}

/// What a row says about a contact that exists: it adds and corrects, but a plain "active" in a
/// list does not lift a block or a wish not to be contacted, nor does a "no" in a column of
/// refusals; an initial does not take the place of a name; and what another system calls one that
/// was merged does not become the name of the survivor.
pub(super) fn for_update(draft: &Draft, before: &Contact) -> Draft {
    let mut draft = draft.clone();
    if draft.status == Patch::Set(Status::Active) && before.shown_status() != Status::Active {
        draft.status = Patch::Keep;
    }
    for refusal in [&mut draft.do_not_contact, &mut draft.email_opt_out, &mut draft.blocked] {
        if *refusal != Patch::Set(true) {
            *refusal = Patch::Keep;
        }
    }
    if before.opt_in == Some(false) {
        draft.opt_in = Patch::Keep;
    }
    if Person::of_draft(&draft).is_less_than(&Person::of_contact(before)) {
        draft.display_name = Patch::Keep;
        (draft.first_name, draft.last_name) = (Patch::Keep, Patch::Keep);
    }
    let provider = draft.external_crm_provider.value().map(String::as_str);
    let id = draft.external_crm_id.value();
    if id.is_some_and(|id| before.has_merged_external_id(id, provider)) {
        (draft.external_crm_id, draft.external_crm_provider) = (Patch::Keep, Patch::Keep);
    }
    draft
}

pub(super) fn invalid(issues: &[FieldIssue]) -> RowOutcome {
    RowOutcome::Invalid(
        issues
            .iter()
            .map(|i| format!("{}: {}", i.pointer, i.detail))
            .collect::<Vec<_>>()
            .join("; "),
    )
}
