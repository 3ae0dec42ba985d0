//! What a caller may write into a contact, what keeps a contact from being deleted, and quotas.

use super::App;
use super::error::Error;
use crate::domain::access::{
    Caller, Department, FieldRight, OrgSettings, Permission, Quotas, Role, Sight,
};
use crate::domain::contact::{Contact, Visibility};
use crate::domain::draft::{Draft, Patch};
use crate::domain::issue::FieldIssue;
use crate::domain::record::Record;
use crate::domain::text::fold;
use crate::engine::{Tx, codec};

/// Whether a department is meant by the text in a contact.
fn is_department(text: Option<&str>, department: &Department) -> bool {
    text.is_some_and(|text| {
        let text = fold(text);
        text == fold(&department.id.to_string()) || text == fold(&department.name)
    })
}

/// Refuses to delete what may not be deleted now. The caller is known to see the contact.
pub(super) fn may_delete(
    caller: &Caller,
    department: Option<&Department>,
    contact: &Contact,
    is_forced: bool,
) -> Result<(), Error> {
    if caller.role < Role::Admin
        && let Some(department) = department
        && !is_department(contact.org_department_id.as_deref(), department)
    {
        return Err(Error::DeniedOnRecord("you may delete contacts of your own department only"));
    }
    let mut reasons = Vec::new();
    if contact.in_active_campaign {
        reasons.push("in_active_campaign");
    }
    if contact.system_critical && !(is_forced && caller.role == Role::Admin) {
        reasons.push("system_critical");
    }
    if reasons.is_empty() { Ok(()) } else { Err(Error::DeleteBlocked(reasons)) }
}

/// Names changes of what protects a contact from being deleted, by whom it protects it from. A new
/// contact has no protection before.
pub(super) fn forbidden_protection(
    caller: &Caller,
    before: Option<&Contact>,
    after: &Contact,
) -> Vec<FieldIssue> {
    let mut issues = Vec::new();
    let is_changed = |of: fn(&Contact) -> bool| before.is_some_and(of) != of(after);
    if is_changed(|c| c.system_critical) && !caller.may(Permission::ManageSettings) {
        let detail = "only an admin may change whether a contact is critical to the system";
        issues.push(FieldIssue::new("/system_critical", "forbidden", detail));
    }
    // Machines are what campaigns are run by.
    if is_changed(|c| c.in_active_campaign) && caller.role == Role::Agent {
        let detail = "only a manager may change whether a contact is in an active campaign";
        issues.push(FieldIssue::new("/in_active_campaign", "forbidden", detail));
    }
    issues
}

/// Refuses one more contact than an organisation may keep. How much it has is told to those who see
/// all of it.
pub(super) fn within_quotas(tx: &Tx<'_>, caller: &Caller, quotas: &Quotas) -> Result<(), Error> {
    let usage = tx.usage(caller.organization);
    let is_full = quotas.contacts.is_some_and(|most| usage.contacts >= most)
        || quotas.storage_bytes.is_some_and(|most| usage.bytes >= most);
    if is_full && caller.sight != Sight::Everything {
        return Err(Error::QuotaExceeded(
            "this organisation keeps as much as it may: ask an admin".to_owned(),
        ));
    }
    if let Some(most) = quotas.contacts.filter(|most| usage.contacts >= *most) {
        return Err(Error::QuotaExceeded(format!(
            "this organisation has {} contacts and may keep {most}: delete some for good, or ask who runs the server for more",
            usage.contacts
        )));
    }
    if let Some(most) = quotas.storage_bytes.filter(|most| usage.bytes >= *most) {
        return Err(Error::QuotaExceeded(format!(
            "contacts, records and merges of this organisation take {} bytes and may take {most}: delete some for good, or ask who runs the server for more",
            usage.bytes
        )));
    }
    Ok(())
}

/// Refuses a change that makes a record larger where the organisation keeps as much as it may.
pub(super) fn within_bytes(
    tx: &Tx<'_>,
    caller: &Caller,
    quotas: &Quotas,
    before: &Contact,
    after: &Contact,
) -> Result<(), Error> {
    let Some(most) = quotas.storage_bytes else { return Ok(()) };
    if tx.usage(caller.organization).bytes < most || bytes_of(after) <= bytes_of(before) {
        return Ok(());
    }
    Err(Error::QuotaExceeded(
        "this organisation keeps as much as it may, so contacts cannot grow: shorten or delete some, or ask an admin".to_owned(),
    ))
}

/// Refuses to keep more where an organisation takes as much as it may.
pub(super) fn within_storage(tx: &Tx<'_>, caller: &Caller, quotas: &Quotas) -> Result<(), Error> {
    if is_stored_full(tx, caller, quotas) {
        return Err(Error::QuotaExceeded(
            "this organisation keeps as much as it may, and a merge keeps what undoing it needs: delete some contacts for good, or ask an admin".to_owned(),
        ));
    }
    Ok(())
}

fn is_stored_full(tx: &Tx<'_>, caller: &Caller, quotas: &Quotas) -> bool {
    quotas.storage_bytes.is_some_and(|most| tx.usage(caller.organization).bytes >= most)
}

/// Refuses a record that is new or grows where an organisation keeps as much as it may.
pub(super) fn within_records(
    tx: &Tx<'_>,
    caller: &Caller,
    quotas: &Quotas,
    before: Option<&Record>,
    after: &Record,
) -> Result<(), Error> {
    let bytes = |record: &Record| codec::encode(record).map_or(0, |bytes| bytes.len());
    if !is_stored_full(tx, caller, quotas)
        || before.is_some_and(|before| bytes(after) <= bytes(before))
    {
        return Ok(());
    }
    Err(Error::QuotaExceeded(
        "this organisation keeps as much as it may, so records can neither be added nor grow: delete some for good, or ask an admin".to_owned(),
    ))
}

fn bytes_of(contact: &Contact) -> usize {
    codec::encode(contact).map_or(0, |bytes| bytes.len())
}

impl App {
    /// Makes a draft of a new contact fit who creates it: names become ids, and it belongs to
    /// the creator's department unless it says otherwise.
    pub(super) fn prepare_new(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &mut Draft,
    ) -> Result<(), Vec<FieldIssue>> {
        let mut issues = self.check_row(caller, settings, draft).err().unwrap_or_default();
        let definitions = self.definitions(caller.organization);
        issues.extend(definitions.missing(&draft.custom_fields, &caller.fields));
        if !issues.is_empty() {
            return Err(issues);
        }
        assign_default_department(caller, draft);
        Ok(())
    }

    /// Makes a draft fit that becomes a new contact or is added to one; what is seen in part may
    /// be added to.
    pub(super) fn check_row(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &mut Draft,
    ) -> Result<(), Vec<FieldIssue>> {
        self.check_draft(caller, settings, draft, FieldRight::Masked)
    }

    /// Makes a draft of a change fit who makes it. Lists that are seen in part or not at all
    /// cannot be replaced: what is not seen would be lost.
    pub(super) fn prepare_change(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &mut Draft,
    ) -> Result<(), Vec<FieldIssue>> {
        self.check_draft(caller, settings, draft, FieldRight::Full)
    }

    /// Turns names into ids and refuses what the caller may not say; numbers and addresses take
    /// at least the right that is given.
    fn check_draft(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &mut Draft,
        least: FieldRight,
    ) -> Result<(), Vec<FieldIssue>> {
        self.access().resolve_names(caller.organization, draft);
        let mut issues = self.forbidden_values(caller, settings, draft);
        issues.extend(self.fit_fields(caller, settings, draft));
        if caller.fields.phones < least && brings_phones(draft) {
            issues.push(hidden("/phones"));
        }
        if caller.fields.emails < least && brings_emails(draft) {
            issues.push(hidden("/emails"));
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }

    /// What neither a new contact nor a change may say, whoever makes it.
    fn forbidden_values(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &Draft,
    ) -> Vec<FieldIssue> {
        let mut issues = Vec::new();
        let is_walled = if caller.role.is_machine() {
            caller.department.is_some()
        } else {
            settings.permissions.preset.has_department_walls() && caller.role < Role::Admin
        };
        if is_walled {
            let own = self.department_of(caller);
            let leaves = match &draft.org_department_id {
                Patch::Keep => false,
                Patch::Clear => own.is_some(),
                Patch::Set(text) => !own.is_some_and(|own| is_department(Some(text), &own)),
            };
            if leaves {
                let detail = "you may keep contacts in your own department only";
                issues.push(FieldIssue::new("/org_department_id", "forbidden", detail));
            }
        }
        issues
    }
}

/// Gives a new contact the department of who creates it, unless it names another.
pub(super) fn assign_default_department(caller: &Caller, draft: &mut Draft) {
    if draft.org_department_id.is_keep()
        && let Some(department) = caller.department
    {
        draft.org_department_id = Patch::Set(department.to_string());
    }
    // A contact for its owner alone that has none would be out of everybody's sight.
    if draft.visibility == Patch::Set(Visibility::Owner)
        && draft.assigned_to.value().is_none()
        && let Some(user) = caller.user
    {
        draft.assigned_to = Patch::Set(user.to_string());
    }
}

fn hidden(pointer: &str) -> FieldIssue {
    FieldIssue::new(
        pointer,
        "field_hidden",
        "may not be set by you, since you do not see all of it",
    )
}

fn brings_phones(draft: &Draft) -> bool {
    !draft.phones.is_keep()
        || !draft.phone.is_keep()
        || !draft.mobile.is_keep()
        || !draft.add_phones.is_empty()
}

fn brings_emails(draft: &Draft) -> bool {
    !draft.emails.is_keep() || !draft.email.is_keep() || !draft.add_emails.is_empty()
}
