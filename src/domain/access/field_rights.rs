//! Which fields a role sees: custom fields, phone numbers and e-mail addresses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::Role;
use crate::domain::text::fold;

/// How much of a field somebody sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRight {
    /// Nothing: the field does not exist for them.
    Hidden,
    /// That there is a value and a part of it, enough to recognise and too little to use.
    Masked,
    /// All of it.
    #[default]
    Full,
}

/// A field whose visibility can be ruled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldKey {
    /// All phone numbers.
    Phones,
    /// All e-mail addresses.
    Emails,
    /// A custom field by its key, folded.
    Custom(String),
}

impl FieldKey {
    /// Reads `phones`, `emails` or `cf.KEY`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "phones" => Some(Self::Phones),
            "emails" => Some(Self::Emails),
            other => {
                let key = fold(other.strip_prefix("cf.")?);
                (!key.is_empty()).then_some(Self::Custom(key))
            }
        }
    }
}

/// The rules of an organisation: field (`phones`, `emails`, `cf.KEY`), role, right. What is not
/// named is seen in full; admins always see everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldRules(pub BTreeMap<String, BTreeMap<Role, FieldRight>>);

impl FieldRules {
    /// Why the rules cannot be taken, and for which field.
    pub fn problem(&self) -> Option<(&str, &'static str)> {
        self.0.iter().find_map(|(field, rights)| {
            let problem = match FieldKey::parse(field) {
                None => "is not a field: use phones, emails or cf.KEY",
                Some(_) if rights.contains_key(&Role::Admin) => "admins always see every field",
                Some(FieldKey::Custom(_))
                    if rights.values().any(|right| *right == FieldRight::Masked) =>
                {
                    "custom fields can be full or hidden; only phones and emails can be masked"
                }
                Some(_) => return None,
            };
            Some((field.as_str(), problem))
        })
    }

    /// What a role sees.
    pub fn rights(&self, role: Role) -> FieldRights {
        let mut rights = FieldRights::default();
        if role == Role::Admin {
            return rights;
        }
        for (field, by_role) in &self.0 {
            // What is said of machines counts for all of them.
            let right = by_role
                .get(&role)
                .or_else(|| by_role.get(&Role::Machine).filter(|_| role == Role::Lookup));
            let right = right.copied().unwrap_or_default();
            match FieldKey::parse(field) {
                Some(FieldKey::Phones) => rights.phones = right,
                Some(FieldKey::Emails) => rights.emails = right,
                Some(FieldKey::Custom(key)) if right != FieldRight::Full => {
                    rights.hidden_custom.push(key);
                }
                Some(FieldKey::Custom(_)) | None => {}
            }
        }
        rights
    }
}

/// What one caller sees of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRights {
    /// Of phone numbers.
    pub phones: FieldRight,
    /// Of e-mail addresses.
    pub emails: FieldRight,
    /// The custom fields that are not seen, by folded key.
    pub hidden_custom: Vec<String>,
}

impl Default for FieldRights {
    fn default() -> Self {
        Self { phones: FieldRight::Full, emails: FieldRight::Full, hidden_custom: Vec::new() }
    }
}

impl FieldRights {
    /// Whether every field is seen in full.
    pub fn is_full(&self) -> bool {
        self.phones == FieldRight::Full
            && self.emails == FieldRight::Full
            && self.hidden_custom.is_empty()
    }

    /// Whether every field is seen in full that anybody sees, given the keys that nobody sees.
    pub fn is_full_but(&self, withdrawn: &[String]) -> bool {
        self.phones == FieldRight::Full
            && self.emails == FieldRight::Full
            && self.hidden_custom.iter().all(|key| withdrawn.contains(key))
    }

    /// Whether a custom field is seen.
    pub fn sees_custom(&self, key: &str) -> bool {
        self.hidden_custom.is_empty() || {
            let key = fold(key);
            !self.hidden_custom.contains(&key)
        }
    }

    /// What is seen with both.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.phones = self.phones.min(other.phones);
        self.emails = self.emails.min(other.emails);
        for key in &other.hidden_custom {
            if !self.hidden_custom.contains(key) {
                self.hidden_custom.push(key.clone());
            }
        }
        self
    }
}
