//! Bodies of records of any kind, made of the examples in the tables of their fields.

use ringdex::domain::record::{AnyKind, FieldKind, Writable, kind_by_name};
use serde_json::{Map, Value, json};

use super::server::Client;

/// The body of a record about a contact, or about nobody; what it must belong to is made.
pub(crate) fn body_of(client: &Client, kind: &dyn AnyKind, contact: Option<&str>) -> Value {
    let mut body = Map::new();
    for field in kind.fields() {
        let value = match (field.kind, field.writable) {
            (FieldKind::Record(of), _) if field.is_required => {
                let of = kind_by_name(of).unwrap();
                let owner = body_of(client, of, contact);
                json!(client.post(of.info().paths[0], &owner).expect(201).id())
            }
            // Users and other records are made by tests that are about them.
            (_, Writable::Never | Writable::Derived)
            | (FieldKind::User | FieldKind::Agent | FieldKind::Record(_), _) => continue,
            // No two are called the same.
            _ if kind.info().unique == Some(field.name)
                || (kind.info().name, field.name) == ("list", "name") =>
            {
                json!(uuid::Uuid::now_v7())
            }
            // Whoever is called so would be the contact.
            _ if field.name == "identifier" && contact.is_none() => continue,
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

/// Whether who makes a record says which contact it is about.
pub(crate) fn names_contact(kind: &dyn AnyKind) -> bool {
    let mut fields = kind.fields().iter();
    fields.any(|field| field.kind == FieldKind::Contact && field.writable == Writable::Always)
}

/// Whether records of a kind can be about a contact.
pub(crate) fn is_about_contacts(kind: &dyn AnyKind) -> bool {
    kind.fields().iter().any(|field| field.kind == FieldKind::Contact)
}

/// Whether records of a kind must be about a contact.
pub(crate) fn needs_contact(kind: &dyn AnyKind) -> bool {
    kind.fields().iter().any(|field| field.kind == FieldKind::Contact && field.is_required)
}
