//! Everything that is kept about a person, as one document, for the person to have.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::audit::AuditQuery;
use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Caller, FieldRight, Permission};
use crate::domain::audit::AuditAction;
use crate::domain::ids::ContactId;
use crate::domain::record::KINDS;
use crate::domain::view::ContactView;

impl App {
    /// Everything that is kept about a contact and about those that were merged into it: the
    /// record, the records about it by kind, merges, and every change with who made it. The audit
    /// log says who took it.
    ///
    /// Cost: reads all of it; the answer is as large.
    ///
    /// # Errors
    /// If there is no such contact for the caller, or the caller may not export or does not see
    /// everything of a contact.
    pub fn personal_data(&self, caller: &Caller, id: ContactId) -> Result<Value, Error> {
        authorize(caller, Permission::Export)?;
        let whole =
            caller.fields.phones == FieldRight::Full && caller.fields.emails == FieldRight::Full;
        if !whole {
            let message = "you do not see everything of a contact, so you cannot hand it out: ask \
                           somebody who does";
            return Err(Error::DeniedOnRecord(message));
        }
        let contact = caller.shown(self.live_contact(caller, id)?);
        let org = caller.organization;
        let all = self.all_that_are(caller, contact.id)?;
        let mut merged = Vec::new();
        for other in all.iter().filter(|other| **other != contact.id.0) {
            if let Some(other) = self.partition.contact(org, ContactId(*other))? {
                let other = caller.shown(other);
                merged.push(serde_json::to_value(ContactView::of(&other)).unwrap_or_default());
            }
        }
        let mut records: Map<String, Value> = KINDS
            .iter()
            .filter(|kind| kind.is_about_contacts())
            .map(|kind| (kind.info().plural.to_owned(), json!([])))
            .collect();
        let mut changes = Vec::new();
        for one in &all {
            self.add_personal_records(caller, *one, &mut records)?;
            self.add_personal_changes(caller, *one, &mut changes)?;
        }
        let by = contact.id;
        self.partition.write::<(), Error>(org, caller, false, move |tx| {
            tx.note(AuditAction::ContactDataExported, by.0, Vec::new());
            Ok(())
        })?;
        let organization = self.organization_of(caller)?;
        let mut document = json!({
            "exported_at": self.partition.now(),
            "organization": organization.name,
            "contact": ContactView::with(&contact, &self.showing(org)?),
            "consents": self.consents_of(caller, contact.id)?,
            "merged_contacts": merged,
            "card_properties": self.card_properties(org, contact.id)?,
            "changes": changes,
        });
        if let Value::Object(document) = &mut document {
            document.extend(records);
        }
        Ok(document)
    }

    fn add_personal_records(
        &self,
        caller: &Caller,
        contact: Uuid,
        records: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        for found in self.partition.records_about(caller.organization, contact, None) {
            let (kind, record) = found?;
            if let Some(Value::Array(list)) = records.get_mut(kind.info().plural) {
                list.push(record.to_json());
            }
        }
        Ok(())
    }

    fn add_personal_changes(
        &self,
        caller: &Caller,
        contact: Uuid,
        changes: &mut Vec<Value>,
    ) -> Result<(), Error> {
        let org = caller.organization;
        let everything = AuditQuery::default();
        for number in self.partition.audit_numbers_of(org, contact)? {
            let Some(entry) = self.partition.audit_entry(org, number)? else { continue };
            for act in entry.acts.iter().filter(|act| act.1 == contact) {
                if let Some(line) = self.audit_line(caller, &entry, act, &everything)? {
                    changes.push(serde_json::to_value(line).unwrap_or_default());
                }
            }
        }
        Ok(())
    }
}
