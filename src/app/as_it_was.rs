//! A contact as it was at a time: as it is now, with the changes since taken back.
//!
//! The audit log knows every change of a contact. What follows from records about it, such as
//! counts and consent, is not among them and is left out.

use serde_json::{Map, Value, json};

use super::App;
use super::authorize;
use super::error::Error;
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::FieldChange;
use crate::domain::contact::Contact;
use crate::domain::draft_json::FACTS;
use crate::domain::facts::Facts;
use crate::domain::ids::ContactId;
use crate::domain::time::Timestamp;
use crate::domain::view::ContactView;

/// Most changes that are taken back.
const MOST_CHANGES: usize = 5_000;
/// What is left out beside what follows from records.
const OF_NOW: &[&str] = &[
    "version",
    "updated_at",
    "updated_by",
    "lead_score",
    "last_contacted_at",
    "last_interaction_at",
    "last_called_at",
    "last_call_outcome",
    "total_calls",
];

impl App {
    /// A contact as it was at a time.
    ///
    /// Cost: reads its changes since then.
    ///
    /// # Errors
    /// If there is no such contact for the caller, or it was not there yet.
    pub fn contact_as_it_was(
        &self,
        caller: &Caller,
        id: ContactId,
        at: Timestamp,
    ) -> Result<Value, Error> {
        authorize(caller, Permission::View)?;
        let now = self.live_contact(caller, id)?;
        let org = caller.organization;
        if at < now.created_at {
            let detail = format!("lies before the contact was made, {}", now.created_at);
            return Err(Error::invalid("/at", "range", detail));
        }
        let mut fields = fields_of(&now);
        let mut name = now.display_name.clone();
        let (mut last, mut changes) = ((now.updated_at, now.updated_by.clone()), 0_usize);
        let mut numbers = self.partition.audit_numbers_of(org, id.0)?;
        numbers.sort_unstable();
        while let Some(number) = numbers.pop() {
            let Some(entry) = self.partition.audit_entry(org, number)? else { continue };
            if entry.at <= at {
                last = (entry.at, Some(entry.actor));
                break;
            }
            changes += 1;
            if changes > MOST_CHANGES {
                let detail = format!("is more than {MOST_CHANGES} changes ago");
                return Err(Error::invalid("/at", "range", detail));
            }
            let details = self.partition.audit_details(org, id.0, number)?.unwrap_or_default();
            for change in details.changes.into_iter().rev() {
                take_back(&mut fields, &mut name, change);
            }
        }
        let mut was = (*now).clone();
        was.fields = serde_json::from_value(Value::Object(fields)).map_err(|error| {
            Error::invalid("/at", "value", format!("cannot be shown any more: {error}"))
        })?;
        was.display_name = name;
        was.facts = Facts::default();
        let shown = caller.shown(was.into());
        let mut view = json!(ContactView::of(&shown));
        if let Some(members) = view.as_object_mut() {
            members.retain(|name, _| {
                !FACTS.contains(&name.as_str()) && !OF_NOW.contains(&name.as_str())
            });
            members.insert("as_of".to_owned(), json!(at));
            members.insert("updated_at".to_owned(), json!(last.0));
            members.insert("updated_by".to_owned(), json!(last.1));
            members.insert("changes_since".to_owned(), json!(changes));
        }
        Ok(view)
    }
}

fn fields_of(contact: &Contact) -> Map<String, Value> {
    match json!(contact.fields) {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// Puts the value in the place of a member that it had before a change.
fn take_back(fields: &mut Map<String, Value>, name: &mut String, change: FieldChange) {
    let FieldChange { field, before, .. } = change;
    if field == "display_name" {
        if let Value::String(before) = before {
            *name = before;
        }
        return;
    }
    let (into, key) = match field.strip_prefix("custom_fields.") {
        Some(key) => {
            let custom = fields.entry("custom_fields").or_insert_with(|| json!({}));
            let Value::Object(custom) = custom else { return };
            (custom, key)
        }
        None => (fields, field.as_str()),
    };
    if before.is_null() {
        into.remove(key);
    } else {
        into.insert(key.to_owned(), before);
    }
}
