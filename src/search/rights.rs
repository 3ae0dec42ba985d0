//! Which fields a search may look into.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use crate::domain::access::{FieldRight, FieldRights};
use crate::query::Field;

/// Which fields a search may look into.
pub(super) struct SearchRights {
    phones: bool,
    emails: bool,
    /// The custom fields that are seen, by folded key; all of them if not given.
    pub(super) custom: Option<Vec<String>>,
}

impl SearchRights {
    /// Turns what a caller sees into fields; `custom` are the folded keys of the custom fields that
    /// are seen, for who does not see all of them.
    pub(super) fn of(rights: &FieldRights, custom: &[String]) -> Self {
        let sees_all = rights.hidden_custom.is_empty();
        Self {
            phones: rights.phones == FieldRight::Full,
            emails: rights.emails == FieldRight::Full,
            custom: (!sees_all).then(|| custom.to_vec()),
        }
    }

    /// Whether anything may be found by a field.
    pub(super) fn sees(&self, field: &Field) -> bool {
        match field {
            Field::Phone => self.phones,
            Field::Email => self.emails,
            Field::Custom(key) => {
                self.custom.as_ref().is_none_or(|seen| seen.iter().any(|known| known == key))
            }
            _ => true,
        }
    }
}
