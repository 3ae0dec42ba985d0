//! Which contact a row belongs to: the keys that it has, and whether the names allow it.
//!
//! The keys are looked up by the caller; this module says which ones to look for and judges what
//! was found. A shared number alone never joins two people with different names: households and
//! switchboards share numbers.

use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::email;
use crate::domain::name;
use crate::domain::text::{fold, words};

/// What can tell that a row belongs to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchKey {
    /// A phone number; mobile numbers count.
    Phone,
    /// An e-mail address.
    Email,
    /// The identifier in another system.
    ExternalCrmId,
}

impl MatchKey {
    /// All keys, the strongest first.
    pub const ALL: [Self; 3] = [Self::ExternalCrmId, Self::Email, Self::Phone];

    /// Reads a key by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "phone" | "mobile" => Self::Phone,
            "email" => Self::Email,
            "external_crm_id" => Self::ExternalCrmId,
            _ => return None,
        })
    }
}

/// What happens to a row that belongs to a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// The contact takes over what the row says.
    #[default]
    Update,
    /// The row is passed over.
    Skip,
    /// Another contact is created.
    Create,
    /// The row is put aside for a person to decide.
    Ask,
}

impl OnDuplicate {
    /// Reads a choice by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "update" => Self::Update,
            "skip" => Self::Skip,
            "create" => Self::Create,
            "ask" => Self::Ask,
            _ => return None,
        })
    }
}

/// The keys of a draft as text, for telling rows of one file from each other.
pub fn keys_of(draft: &Draft, keys: &[MatchKey]) -> Vec<String> {
    let mut all = Vec::new();
    for key in keys {
        match key {
            MatchKey::Phone => {
                all.extend(draft.add_phones.iter().map(|p| format!("p{}", p.number)));
            }
            MatchKey::Email => {
                all.extend(draft.add_emails.iter().map(|e| format!("e{}", email::key(&e.address))));
            }
            MatchKey::ExternalCrmId => {
                all.extend(draft.external_crm_id.value().map(|id| format!("x{id}")));
            }
        }
    }
    all
}

/// The words of a draft's first and last name, folded.
pub fn name_of_draft(draft: &Draft) -> (String, String) {
    let first = draft.first_name.value().cloned();
    let last = draft.last_name.value().cloned();
    if first.is_none() && last.is_none() {
        let split = name::split(draft.display_name.value().map_or("", String::as_str));
        return (fold(&split.first.unwrap_or_default()), fold(&split.last.unwrap_or_default()));
    }
    (fold(&first.unwrap_or_default()), fold(&last.unwrap_or_default()))
}

/// The words of a contact's first and last name, folded.
pub fn name_of_contact(contact: &Contact) -> (String, String) {
    (
        fold(contact.first_name.as_deref().unwrap_or("")),
        fold(contact.last_name.as_deref().unwrap_or("")),
    )
}

/// Whether two names can be those of one person.
///
/// A missing name can be anybody's. Otherwise first and last names must both agree, also when
/// they are swapped; of first names one may be the beginning of the other (`J`, `Jon`,
/// `Jonathan`). Two people behind one switchboard often share a first name, and two of one
/// household the last one, so neither alone is enough.
pub fn names_agree(a: &(String, String), b: &(String, String)) -> bool {
    if a.0.is_empty() && a.1.is_empty() || b.0.is_empty() && b.1.is_empty() {
        return true;
    }
    if a.0 == b.1 && a.1 == b.0 {
        return true;
    }
    let last_agrees = a.1.is_empty() || b.1.is_empty() || a.1 == b.1;
    if a.0.is_empty() || b.0.is_empty() {
        return last_agrees;
    }
    let (first_a, first_b) = (words(&a.0), words(&b.0));
    let first_agrees = match (first_a.first(), first_b.first()) {
        (Some(x), Some(y)) => x.text.starts_with(&y.text) || y.text.starts_with(&x.text),
        _ => a.0 == b.0,
    };
    first_agrees && last_agrees
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_person_agree_and_those_of_a_household_do_not() {
        let name = |first: &str, last: &str| (fold(first), fold(last));
        for (a, b, expect) in [
            (name("John", "Doe"), name("john", "DOE"), true),
            (name("J", "Doe"), name("John", "Doe"), true),
            (name("Jon", "Doe"), name("Jonathan", "Doe"), true),
            (name("Doe", "John"), name("John", "Doe"), true),
            (name("John", "Doe"), name("John", "Smith"), false),
            (name("John", ""), name("John", "Doe"), true),
            (name("", ""), name("John", "Doe"), true),
            (name("John", "Doe"), name("Jane", "Doe"), false),
            (name("", "Doe"), name("Jane", "Doe"), true),
            (name("", "Smith"), name("Jane", "Doe"), false),
        ] {
            assert_eq!(names_agree(&a, &b), expect, "{a:?} {b:?}");
            assert_eq!(names_agree(&b, &a), expect, "{b:?} {a:?}");
        }
    }
}
