//! Bodies of records of any kind, made of the examples in the tables of their fields.

use ringdex::domain::record::{AnyKind, FieldKind, Writable};
use serde_json::{Map, Value, json};

/// The body of a record about a contact, or about nobody.
pub(crate) fn body_of(kind: &dyn AnyKind, contact: Option<&str>) -> Value {
    let mut body = Map::new();
    for field in kind.fields() {
        let value = match (field.kind, field.writable) {
            // Users and other records are made by tests that are about them.
            (_, Writable::Never)
            | (FieldKind::User | FieldKind::Agent | FieldKind::Record(_), _) => continue,
            // No two are called the same.
            _ if kind.info().unique == Some(field.name) => json!(uuid::Uuid::now_v7()),
            (FieldKind::Contact, _) => match contact {
                Some(contact) => json!(contact),
                None => continue,
            },
            _ => serde_json::from_str(field.example).unwrap(),
        };
        body.insert(field.name.to_owned(), value);
    }
    Value::Object(body)
}

/// Whether records of a kind can be about a contact.
pub(crate) fn is_about_contacts(kind: &dyn AnyKind) -> bool {
    kind.fields().iter().any(|field| field.kind == FieldKind::Contact)
}

/// Whether records of a kind must be about a contact.
pub(crate) fn needs_contact(kind: &dyn AnyKind) -> bool {
    kind.fields().iter().any(|field| field.kind == FieldKind::Contact && field.is_required)
}
