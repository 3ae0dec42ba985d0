//! Records beside contacts: tasks, deals, notes and what is like them.
//!
//! A kind of record is a struct with its rules and a table of its fields (`kinds`). Everything
//! else follows from these two, once for all kinds: reading and refusing what is sent (`fields`),
//! storing, listing, rights, audit entries, paths, their description and commands.

mod field;
mod kind;
mod kinds;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use field::{ChannelField, FieldInfo, FieldKind, Writable, read};
pub use kind::{AnyKind, Event, Kind, KindInfo, Of, OnErased, OnSame, Verb, Writing};
pub use kinds::{KINDS, kind_by_name, kind_by_number};

use super::ids::OrgNumber;
use super::time::Timestamp;

/// The fields of a record that its kind knows, by name.
pub type Values = Map<String, Value>;

/// A record of any kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What every record has.
    pub head: Head,
    /// What its kind gives it; every field of the kind, `null` where there is nothing.
    pub values: Values,
}

/// What every record has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The public identifier; grows with time.
    pub id: Uuid,
    /// Whose it is.
    pub organization: OrgNumber,
    /// Grows by one with each change.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was deleted; such a record can be restored.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

/// Members that every record has and nobody writes.
pub const HEAD_MEMBERS: &[&str] =
    &["id", "version", "created_at", "updated_at", "created_by", "updated_by", "deleted_at"];

/// Members of answers that follow from other records, see [`KindInfo::derived`].
pub const DERIVED_MEMBERS: &[&str] = &["contacts_count", "open_deals", "open_deals_value"];

/// What tells a record from all others of its kind, if it has such a thing.
pub fn unique_name(kind: &dyn AnyKind, values: &Values) -> Option<String> {
    let text = |field: &str| values.get(field).and_then(Value::as_str).map(str::trim);
    let name = text(kind.info().unique?)?;
    Some(match kind.info().unique_within {
        Some(within) => format!("{}\0{name}", text(within)?.to_lowercase()),
        None => name.to_owned(),
    })
}

impl Record {
    /// The record as it is shown: its own members and those of its kind side by side.
    pub fn to_json(&self) -> Value {
        let mut shown = self.values.clone();
        let head = &self.head;
        shown.insert("id".to_owned(), Value::String(head.id.to_string()));
        shown.insert("version".to_owned(), head.version.into());
        shown.insert("created_by".to_owned(), Value::String(head.created_by.clone()));
        shown.insert("updated_by".to_owned(), Value::String(head.updated_by.clone()));
        let mut time = |name: &str, at: Timestamp| {
            shown.insert(name.to_owned(), serde_json::to_value(at).unwrap_or(Value::Null));
        };
        time("created_at", head.created_at);
        time("updated_at", head.updated_at);
        if let Some(at) = head.deleted_at {
            time("deleted_at", at);
        }
        Value::Object(shown)
    }

    /// An id among the fields.
    pub fn id_of(&self, field: &str) -> Option<Uuid> {
        self.values.get(field)?.as_str()?.parse().ok()
    }

    /// The contact that the record is about.
    pub fn contact(&self) -> Option<Uuid> {
        self.id_of(CONTACT)
    }
}

/// The field that says which contact a record is about.
pub const CONTACT: &str = "contact_id";

/// The field of a company that went into another one.
pub const MERGED_INTO: &str = "merged_into";

/// The code of an issue where something cannot come into a state from the one in which it is.
pub const IMPOSSIBLE_STEP: &str = "impossible_step";
