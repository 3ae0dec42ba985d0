//! Which contact a row belongs to: the keys that it has, and whether the names allow it.
//!
//! The keys are looked up by the caller; this module says which ones to look for and judges what
//! was found. A shared number alone never joins two people with different names: households and
//! switchboards share numbers. Nor does it join father and son, who share their names as well.

use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Patch};
use crate::domain::email;
use crate::domain::ids::ContactId;
use crate::domain::name::{Gender, Generation, Identity};
use crate::domain::names::{FullName, NameTables, is_same_given, names_agree, names_may_agree};
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
    /// The name by which it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::ExternalCrmId => "external_crm_id",
        }
    }

    /// Reads its name.
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
    /// The name by which it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Skip => "skip",
            Self::Create => "create",
            Self::Ask => "ask",
        }
    }

    /// Reads its name.
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

/// Digits at the end of a number by which rows of one list are told from each other.
const KEY_DIGITS: usize = 6;

/// The keys of a row as text, for telling rows of one list from each other: whatever could lead
/// one to the contact of the other is equal.
pub fn keys_of(id: Option<ContactId>, draft: &Draft, keys: &[MatchKey]) -> Vec<String> {
    let mut all: Vec<String> = id.iter().map(|id| format!("i{id}")).collect();
    for key in keys {
        match key {
            MatchKey::Phone => {
                all.extend(draft.add_phones.iter().map(|phone| {
                    // Numbers with and without their country are the same.
                    let digits = phone.digits();
                    let start = digits.len().saturating_sub(KEY_DIGITS);
                    format!("p{}", digits.get(start..).unwrap_or(digits))
                }));
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

/// What tells the people behind one number or address apart: names, folded, and what contradicts
/// though the names are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Given names, folded.
    pub first: String,
    /// The last name, folded.
    pub last: String,
    generation: Option<Generation>,
    gender: Option<Gender>,
    birthday: Option<String>,
    company: Option<String>,
}

/// How two people compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They can be one.
    Same,
    /// Their names are the same, and something else says that they are two of one family.
    Relatives,
    /// Their names are different.
    Different,
}

impl Person {
    /// The person that a draft is about.
    pub fn of_draft(draft: &Draft) -> Self {
        let text = |patch: &'_ Patch<String>| patch.value().cloned();
        let (first, last) = (text(&draft.first_name), text(&draft.last_name));
        let identity = Identity::of(
            draft.display_name.value().map(String::as_str),
            first.as_deref(),
            last.as_deref(),
            draft.suffix.value().map(String::as_str),
        );
        let company = draft.company.value().cloned();
        Self { company, ..Self::of(&identity, draft.birthday.value().cloned()) }
    }

    /// The person that a contact is.
    pub fn of_contact(contact: &Contact) -> Self {
        let (first, last) = (contact.first_name.as_deref(), contact.last_name.as_deref());
        // Without names it shows a company or a number.
        let display = (first.is_some() || last.is_some()).then_some(contact.display_name.as_str());
        let identity = Identity::of(display, first, last, contact.suffix.as_deref());
        let company = contact.company.clone();
        Self { company, ..Self::of(&identity, contact.birthday.clone()) }
    }

    fn of(identity: &Identity, birthday: Option<String>) -> Self {
        Self {
            first: fold(&identity.first),
            last: fold(&identity.last),
            generation: identity.generation,
            gender: identity.gender,
            birthday,
            company: None,
        }
    }

    fn is_nameless(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }

    fn name(&self) -> FullName<'_> {
        FullName { first: &self.first, last: &self.last }
    }

    /// Whether the names are written alike.
    pub fn is_namesake(&self, other: &Self) -> bool {
        self.first == other.first && self.last == other.last && self.generation == other.generation
    }

    /// Whether these are two people whatever their names are: one of them is the other's elder,
    /// they are addressed as man and woman, or were born on different days.
    ///
    /// Where only one says that it is the younger, an equal birthday must speak for their being
    /// one: lists name the father without "senior".
    pub fn contradicts(&self, other: &Self) -> bool {
        let birthdays = match (&self.birthday, &other.birthday) {
            (Some(one), Some(other)) => Some(is_same_day(one, other)),
            _ => None,
        };
        let generations = self.generation != other.generation
            && !self.is_nameless()
            && !other.is_nameless()
            && (self.generation.is_some() && other.generation.is_some() || birthdays != Some(true));
        birthdays == Some(false) || generations || self.is_addressed_otherwise(other)
    }

    /// Whether one is addressed as a man and the other as a woman.
    fn is_addressed_otherwise(&self, other: &Self) -> bool {
        let is_other = matches!((self.gender, other.gender), (Some(x), Some(y)) if x != y);
        // "Mrs Smith" is hardly John Smith.
        let is_spouse = |one: &Self, other: &Self| {
            one.gender.is_some()
                && one.first.is_empty()
                && !other.first.is_empty()
                && one.gender != other.gender
        };
        is_other || is_spouse(self, other) || is_spouse(other, self)
    }

    /// Whether the names and forms of address leave it open that both are one person, provided
    /// that other things say so: also nicknames, other spellings and a typo in a long name. A last
    /// name may be another one only with the same given name and birthday.
    pub fn may_be(&self, other: &Self, tables: &NameTables) -> bool {
        let is_born_same = || {
            let birthdays = (self.birthday.as_ref(), other.birthday.as_ref());
            matches!(birthdays, (Some(x), Some(y)) if x == y && !x.starts_with('-'))
        };
        !self.is_addressed_otherwise(other)
            && !self.is_other_company(other, tables)
            && !have_other_middle_names(&self.first, &other.first)
            && (names_may_agree(tables, self.name(), other.name())
                || is_same_given(&self.first, &other.first) && is_born_same())
    }

    /// Whether one of them is known by the name of a company only, and it is not the company of
    /// the other.
    fn is_other_company(&self, other: &Self, tables: &NameTables) -> bool {
        let (Some(one), Some(known)) = (&self.company, &other.company) else { return false };
        (self.is_nameless() || other.is_nameless())
            && tables.without_noise(one) != tables.without_noise(known)
    }

    /// Whether these can be one person.
    pub fn likeness(&self, other: &Self, tables: &NameTables) -> Likeness {
        let names_agree = names_agree(tables, self.name(), other.name());
        if !names_agree || self.is_other_company(other, tables) {
            Likeness::Different
        } else if self.contradicts(other) || have_other_middle_names(&self.first, &other.first) {
            Likeness::Relatives
        } else {
            Likeness::Same
        }
    }

    /// Whether this says less of the name of somebody than is known: an initial, or one name of two.
    pub fn is_less_than(&self, known: &Self) -> bool {
        let is_part = |part: &str, whole: &str| {
            part == whole || part.is_empty() || {
                let initials = words(part);
                let is_initial = |word: &str| word.chars().nth(1).is_none();
                initials.iter().all(|word| is_initial(&word.text))
                    && initials.first().is_some_and(|word| whole.starts_with(&word.text))
            }
        };
        let is_generation_less = self.generation.is_none() && known.generation.is_some();
        is_part(&self.first, &known.first)
            && is_part(&self.last, &known.last)
            && (self.generation == known.generation || is_generation_less)
            && (self.first != known.first || self.last != known.last || is_generation_less)
    }
}

/// Whether two birthdays are the same, as far as both are known.
fn is_same_day(one: &str, other: &str) -> bool {
    if one.starts_with('-') || other.starts_with('-') {
        let day = |text: &str| text.get(text.len().saturating_sub(5)..).map(str::to_owned);
        return day(one) == day(other);
    }
    one == other
}

/// Whether both have a middle name, and not the same: John A. and John B. Smith.
fn have_other_middle_names(one: &str, other: &str) -> bool {
    let (one, other) = (words(one), words(other));
    match (one.get(1), other.get(1)) {
        (Some(x), Some(y)) => !(x.text.starts_with(&y.text) || y.text.starts_with(&x.text)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(display: &str, birthday: &str) -> Person {
        let birthday = (!birthday.is_empty()).then(|| birthday.to_owned());
        Person::of(&Identity::of(Some(display), None, None, None), birthday)
    }

    #[test]
    fn names_of_one_person_agree_and_those_of_a_household_do_not() {
        let tables = NameTables::shipped();
        let name = |first: &str, last: &str| Person {
            first: fold(first),
            last: fold(last),
            ..Person::default()
        };
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
            let agree = |a: &Person, b: &Person| names_agree(&tables, a.name(), b.name());
            assert_eq!(agree(&a, &b), expect, "{a:?} {b:?}");
            assert_eq!(agree(&b, &a), expect, "{b:?} {a:?}");
        }
    }

    #[test]
    fn relatives_of_one_name_are_told_apart() {
        use Likeness::{Different, Relatives, Same};
        let tables = NameTables::shipped();
        for (one, other, expect) in [
            (("John Smith Sr.", ""), ("John Smith Jr.", ""), Relatives),
            (("John Smith Jr.", ""), ("John Smith, Junior", ""), Same),
            (("John Smith", ""), ("John Smith III", ""), Relatives),
            (("John Smith", "1950-03-04"), ("John Smith III", "1950-03-04"), Same),
            (("John Smith", "1950-03-04"), ("John Smith", "1980-07-08"), Relatives),
            (("John Smith", "1950-03-04"), ("John Smith", "--03-04"), Same),
            (("John Smith", "1950-03-04"), ("John Smith", "--03-05"), Relatives),
            (("John Smith", "1950-03-04"), ("John Smith", ""), Same),
            (("Mr. J. Smith", ""), ("Mrs. J. Smith", ""), Relatives),
            (("Mr. John Smith", ""), ("John Smith", ""), Same),
            (("Mrs Smith", ""), ("Mr Smith", ""), Relatives),
            (("Mrs Smith", ""), ("John Smith", ""), Relatives),
            (("John A. Smith", ""), ("John B. Smith", ""), Relatives),
            (("John A. Smith", ""), ("John Albert Smith", ""), Same),
            (("Dr. Anna Weber", ""), ("Anna Weber", ""), Same),
            (("Walter Miller", ""), ("Walter Miller, PhD", ""), Same),
            (("Mary Smith", ""), ("John Smith", ""), Different),
        ] {
            let (a, b) = (person(one.0, one.1), person(other.0, other.1));
            assert_eq!(a.likeness(&b, &tables), expect, "{one:?} {other:?}");
            assert_eq!(b.likeness(&a, &tables), expect, "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_shorter_name_is_less_and_another_one_is_not() {
        for (row, known, expect) in [
            ("J. Smith", "John Smith", true),
            ("John", "John Smith", true),
            ("Mrs Smith", "Mary Smith", true),
            ("John Smith", "John Smith Jr.", true),
            ("John Smith", "John Smith", false),
            ("Johnny Smith", "John Smith", false),
            ("John Smith", "J. Smith", false),
            ("John Smyth", "John Smith", false),
        ] {
            assert_eq!(person(row, "").is_less_than(&person(known, "")), expect, "{row}");
        }
    }
}
