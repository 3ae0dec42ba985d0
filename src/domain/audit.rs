//! The audit log as values: who did what to what, from where, and what it changed.
//!
//! An entry names its acts and the hash of their details; the details stand apart, so that they
//! can be taken away when a contact is erased without breaking the chain of entries.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use uuid::Uuid;

use super::record::{AnyKind, KINDS, Verb, kind_by_number};
use super::time::Timestamp;

macro_rules! actions {
    ($($name:ident $code:literal $text:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum AuditAction {
            $($name,)*
            /// Something was done to a record of the kind with this number.
            Record(u8, Verb),
        }

        impl AuditAction {
            /// All actions but those on records.
            const FIXED: &[Self] = &[$(Self::$name,)*];

            /// The name in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Record(kind, verb) => {
                        kind_by_number(kind).map_or("record", |kind| kind.info().actions[verb as usize])
                    }
                }
            }

            /// The code in the store.
            fn code(self) -> Cow<'static, str> {
                match self {
                    $(Self::$name => $code.into(),)*
                    Self::Record(kind, verb) => format!("r{kind}{}", verb.letter()).into(),
                }
            }
        }
    };
}

// The short codes stand in the store and never change.
actions! {
    ContactCreated "cc" "contact.created",
    ContactUpdated "cu" "contact.updated",
    ContactDeleted "cd" "contact.deleted",
    ContactRestored "cr" "contact.restored",
    ContactErased "ce" "contact.erased",
    ContactRead "cg" "contact.read",
    ContactMerged "cm" "contact.merged",
    ContactUnmerged "cn" "contact.unmerged",
    ContactsExported "cx" "contacts.exported",
    ContactDataExported "cz" "contact.data_exported",
    BackupTaken "bt" "backup.taken",
    ContactsImported "ci" "contacts.imported",
    OrganizationCreated "oc" "organization.created",
    OrganizationUpdated "ou" "organization.updated",
    SettingsUpdated "su" "settings.updated",
    NumbersReread "nr" "phones.read_again",
    TokenCreated "tc" "token.created",
    TokenUpdated "tu" "token.updated",
    TokenRevoked "td" "token.revoked",
    UserCreated "uc" "user.created",
    UserUpdated "uu" "user.updated",
    UserDeleted "ud" "user.deleted",
    PasswordChanged "pu" "user.password_changed",
    SignedIn "si" "session.signed_in",
    SignInRefused "sr" "session.refused",
    SignedOut "so" "session.signed_out",
    DepartmentCreated "dc" "department.created",
    DepartmentUpdated "du" "department.updated",
    DepartmentDeleted "dd" "department.deleted",
    QueueCreated "qc" "queue.created",
    QueueUpdated "qu" "queue.updated",
    QueueDeleted "qd" "queue.deleted",
    SavedSearchCreated "vc" "saved_search.created",
    SavedSearchUpdated "vu" "saved_search.updated",
    SavedSearchDeleted "vd" "saved_search.deleted",
    DuplicateDecided "dp" "duplicate.decided",
    FieldCreated "fc" "custom_field.created",
    FieldUpdated "fu" "custom_field.updated",
    FieldDeleted "fd" "custom_field.deleted",
    ConsentRecorded "cq" "contact.consent_recorded",
    TagUpdated "gu" "tag.updated",
    TagsMerged "gm" "tag.merged",
    TagDeleted "gd" "tag.deleted",
    TagsOfCountry "gc" "tag.auto_country",
    ErasureRequested "xq" "erasure.requested",
    ErasureRefused "xr" "erasure.refused",
    ErasureApproved "xa" "erasure.approved",
    RecordPseudonymised "xp" "record.pseudonymised",
}

impl AuditAction {
    /// All actions.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_kind = |kind: &&dyn AnyKind| {
            let number = kind.info().number;
            Verb::ALL.map(|verb| Self::Record(number, verb))
        };
        Self::FIXED.iter().copied().chain(KINDS.iter().flat_map(of_kind))
    }

    /// Reads an action by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|action| action.as_str() == text)
    }

    /// Reads an action by its code in the store.
    fn of_code(code: &str) -> Option<Self> {
        if let Some(action) = Self::FIXED.iter().find(|action| action.code() == code) {
            return Some(*action);
        }
        let rest = code.strip_prefix('r')?;
        let verb = Verb::ALL.into_iter().find(|verb| rest.ends_with(verb.letter()))?;
        let number = rest.strip_suffix(verb.letter())?.parse().ok()?;
        Some(Self::Record(number, verb))
    }

    /// Whether it makes a record.
    pub fn is_creation(self) -> bool {
        matches!(self, Self::ContactCreated | Self::Record(_, Verb::Created))
    }

    /// Whether it takes the values of a record away for good.
    pub fn is_erasure(self) -> bool {
        matches!(
            self,
            Self::ContactErased | Self::RecordPseudonymised | Self::Record(_, Verb::Erased)
        )
    }

    /// Whether it is about contacts, which not everybody sees.
    pub fn is_about_contact(self) -> bool {
        matches!(
            self,
            Self::ContactCreated
                | Self::ContactUpdated
                | Self::ContactDeleted
                | Self::ContactRestored
                | Self::ContactErased
                | Self::ContactRead
                | Self::ContactMerged
                | Self::ContactUnmerged
                | Self::ConsentRecorded
        )
    }

    /// Whether it is about the definition of a custom field, which not everybody sees.
    pub fn is_about_custom_field(self) -> bool {
        self.as_str().starts_with("custom_field.")
    }
}

impl Serialize for AuditAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.code())
    }
}

impl<'de> Deserialize<'de> for AuditAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::of_code(&code)
            .ok_or_else(|| de::Error::custom(format!("{code:?} is not the code of an action")))
    }
}

/// One thing done to one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act(
    /// What was done.
    pub AuditAction,
    /// To what.
    pub Uuid,
    /// The hash of the details, where there are any.
    pub Option<[u8; 32]>,
);

/// What one write did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The number in the organisation's log, from 1 without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who: `user:ID`, `token:ID`, `user:ID/token:ID` where a token acts for a user, `command line`.
    pub actor: String,
    /// From which address, if over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What.
    pub acts: Vec<Act>,
    /// The hash of the entry before as it is stored; zeros in the first one.
    pub previous: [u8; 32],
}

/// Who an entry names for what somebody imports.
pub fn import_actor(actor: &str) -> String {
    format!("{actor}{BY_IMPORT}")
}

/// Who an entry names for what somebody takes back of an import.
pub fn import_undo_actor(actor: &str) -> String {
    format!("{actor}{BY_IMPORT_UNDO}")
}

/// Whether an entry is that of an import.
pub fn is_import(actor: &str) -> bool {
    actor.ends_with(BY_IMPORT)
}

/// Whether an entry takes an import back.
pub fn is_import_undo(actor: &str) -> bool {
    actor.ends_with(BY_IMPORT_UNDO)
}

/// What stands behind whoever imports.
const BY_IMPORT: &str = " (import)";
/// What stands behind whoever takes an import back.
const BY_IMPORT_UNDO: &str = " (import undo)";

/// The end of an organisation's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// One member of a record before and after; `null` where it was or is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The member.
    pub field: String,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
}

impl FieldChange {
    /// A change of a member; values that cannot be shown are `null`.
    pub fn of<T: Serialize>(field: &str, before: &T, after: &T) -> Self {
        let value = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
        Self { field: field.to_owned(), before: value(before), after: value(after) }
    }

    /// What differs between two records shown as JSON objects.
    pub fn between(before: &Value, after: &Value) -> Vec<Self> {
        let empty = serde_json::Map::new();
        let (old, new) =
            (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
        let mut fields: Vec<&String> = old.keys().chain(new.keys()).collect();
        fields.sort_unstable();
        fields.dedup();
        let value = |map: &serde_json::Map<String, Value>, field: &String| {
            map.get(field).cloned().unwrap_or(Value::Null)
        };
        fields
            .into_iter()
            .map(|field| Self {
                field: field.clone(),
                before: value(old, field),
                after: value(new, field),
            })
            .filter(|change| change.before != change.after)
            .collect()
    }
}

/// The details of an act.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditDetails {
    /// Random, so that nobody can guess erased values from the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<[u8; 16]>,
    /// What changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// The values were taken away when the record was erased.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}
