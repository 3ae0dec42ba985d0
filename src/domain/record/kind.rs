//! What a kind of record is.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::field::FieldInfo;
use super::{CONTACT, Head, Record, Values};
use crate::domain::access::Permission;
use crate::domain::facts::Contribution;
use crate::domain::issue::FieldIssue;
use crate::domain::time::Timestamp;

/// What is done to a record, in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted and can be restored.
    Deleted,
    /// It was restored.
    Restored,
    /// It was deleted for good.
    Erased,
}

impl Verb {
    /// All of them, in the order of [`KindInfo::actions`].
    pub const ALL: [Self; 5] =
        [Self::Created, Self::Updated, Self::Deleted, Self::Restored, Self::Erased];

    /// The letter in the store; never changes.
    pub const fn letter(self) -> char {
        match self {
            Self::Created => 'c',
            Self::Updated => 'u',
            Self::Deleted => 'd',
            Self::Restored => 'r',
            Self::Erased => 'e',
        }
    }
}

/// What becomes of a record when the contact that it is about is deleted for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnErased {
    /// It goes as well.
    Erase,
    /// It stays, about nobody.
    Detach,
}

/// What a new record is that is called as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSame {
    /// A conflict.
    Refuse,
    /// News of that one, which may come late.
    Update,
    /// That one, said twice.
    Keep,
}

/// The names of a kind and what holds for all of its records.
#[derive(Debug)]
pub struct KindInfo {
    /// The number in the store; never changes and is never used again.
    pub number: u8,
    /// One of them: `task`.
    pub name: &'static str,
    /// Several of them, as in paths: `tasks`.
    pub plural: &'static str,
    /// What they are for, in a sentence.
    pub about: &'static str,
    /// The names of what is done to them in the audit log, in the order of [`Verb::ALL`].
    pub actions: [&'static str; 5],
    /// The paths of all of them, of one, and of restoring one.
    pub paths: [&'static str; 3],
    /// The right to read them.
    pub view: Permission,
    /// The right to make, change, delete and restore them.
    pub edit: Permission,
    /// What becomes of them with their contact.
    pub on_contact_erased: OnErased,
    /// The order of a list if none is asked for.
    pub sort: &'static str,
    /// The field that tells its records apart; no two that are not deleted have the same value.
    pub unique: Option<&'static str>,
    /// The field within which that holds; all records of the organisation if there is none.
    pub unique_within: Option<&'static str>,
    /// What a new record is that has the value of another one there.
    pub on_same: OnSame,
    /// The field with the record to which it belongs: it is about the same contact, and goes and
    /// comes back with it.
    pub owner: Option<&'static str>,
    /// What its records can tell on a timeline; its name if nothing is said.
    pub tells: &'static [&'static str],
    /// Whether a record can tell of something before the time by which it is linked.
    pub tells_earlier: bool,
    /// Numbers in answers that follow from other records when they are asked for, and what they
    /// are.
    pub derived: &'static [(&'static str, &'static str)],
}

/// Who writes a record, and when.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// When.
    pub now: Timestamp,
    /// Who.
    pub actor: &'a str,
    /// Whether this is news from elsewhere that says when it happened: it may come late.
    pub is_news: bool,
}

/// How far clocks may differ.
const CLOCKS_MS: i64 = 86_400_000;

impl Writing<'_> {
    /// Refuses a time at which something is said to have happened that has not come yet.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_future(&self, field: &str, at: Option<Timestamp>) -> Result<(), Vec<FieldIssue>> {
        match at.filter(|at| *at > self.now.plus_ms(CLOCKS_MS)) {
            None => Ok(()),
            Some(at) => {
                let detail = format!("{at} lies in the future, and this has happened");
                Err(vec![FieldIssue::new(format!("/{field}"), "future", detail)])
            }
        }
    }
}

/// Something on a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is: `deal_won`.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
}

/// A kind of record: its struct is what is stored, and says what holds.
pub trait Kind: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names and rights.
    const INFO: KindInfo;
    /// The fields, as the members of the struct are called.
    const FIELDS: &'static [FieldInfo];

    /// Brings a record in order that is about to be written.
    ///
    /// # Errors
    /// Names what cannot be, by pointer.
    fn settle(
        &mut self,
        before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let _ = (before, writing);
        Ok(())
    }

    /// What it adds to the facts of its contact while it is not deleted. What happened must have
    /// happened at [`Kind::occurred_at`], or when the record was made.
    fn facts(&self, head: &Head) -> Contribution {
        let _ = head;
        Contribution::default()
    }

    /// The number, in E.164 if it has such a form, else its digits, by which it finds its contact
    /// later, while it has none.
    fn number_of_caller(&self) -> Option<String> {
        None
    }

    /// A line about it, where no text of it is one.
    fn title(&self) -> Option<String> {
        None
    }

    /// What it tells on the timeline of its contact.
    fn events(&self, created_at: Timestamp) -> Vec<Event> {
        let at = self.occurred_at().unwrap_or(created_at);
        vec![Event { name: Self::INFO.name.to_owned(), at }]
    }

    /// When it happens, for the order of what is known about a contact; when it was made if that
    /// is all that there is to say.
    fn occurred_at(&self) -> Option<Timestamp> {
        None
    }
}

/// A kind without its type.
pub trait AnyKind: Send + Sync {
    /// Names and rights.
    fn info(&self) -> &'static KindInfo;
    /// The fields.
    fn fields(&self) -> &'static [FieldInfo];
    /// Whether its records can be about a contact.
    fn is_about_contacts(&self) -> bool {
        self.fields().iter().any(|field| field.name == CONTACT)
    }
    /// See [`Kind::settle`].
    ///
    /// # Errors
    /// Names what cannot be, by pointer.
    fn settle(
        &self,
        before: Option<&Values>,
        after: &mut Values,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>>;
    /// See [`Kind::facts`].
    fn facts(&self, record: &Record) -> Contribution;
    /// See [`Kind::number_of_caller`].
    fn number_of_caller(&self, values: &Values) -> Option<String>;
    /// See [`Kind::title`].
    fn title(&self, values: &Values) -> Option<String>;
    /// See [`Kind::events`].
    fn events(&self, record: &Record) -> Vec<Event>;
    /// See [`Kind::occurred_at`].
    fn occurred_at(&self, values: &Values) -> Option<Timestamp>;
    /// The members of the struct, by which a test holds the table of fields.
    #[cfg(test)]
    fn members(&self, values: &Values) -> Vec<String>;
}

/// A kind as a value.
pub struct Of<K>(PhantomData<fn() -> K>);

impl<K> Of<K> {
    /// The value.
    pub const NEW: Self = Self(PhantomData);
}

/// Reads the struct of a kind.
fn typed<K: Kind>(values: &Values) -> Result<K, Vec<FieldIssue>> {
    serde_json::from_value(Value::Object(values.clone()))
        .map_err(|error| vec![FieldIssue::new("", "value", error.to_string())])
}

fn untyped<K: Kind>(record: &K) -> Values {
    match serde_json::to_value(record) {
        Ok(Value::Object(values)) => values,
        _ => Values::new(),
    }
}

impl<K: Kind> AnyKind for Of<K> {
    fn info(&self) -> &'static KindInfo {
        const { &K::INFO }
    }

    fn fields(&self) -> &'static [FieldInfo] {
        K::FIELDS
    }

    fn settle(
        &self,
        before: Option<&Values>,
        after: &mut Values,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let before = before.map(typed::<K>).transpose()?;
        let mut record = typed::<K>(after)?;
        record.settle(before.as_ref(), writing)?;
        *after = untyped(&record);
        Ok(())
    }

    fn facts(&self, record: &Record) -> Contribution {
        let known = typed::<K>(&record.values);
        known.map(|known| known.facts(&record.head)).unwrap_or_default()
    }

    fn number_of_caller(&self, values: &Values) -> Option<String> {
        typed::<K>(values).ok()?.number_of_caller()
    }

    fn title(&self, values: &Values) -> Option<String> {
        typed::<K>(values).ok()?.title()
    }

    fn events(&self, record: &Record) -> Vec<Event> {
        let known = typed::<K>(&record.values);
        known.map(|known| known.events(record.head.created_at)).unwrap_or_default()
    }

    fn occurred_at(&self, values: &Values) -> Option<Timestamp> {
        typed::<K>(values).ok()?.occurred_at()
    }

    #[cfg(test)]
    fn members(&self, values: &Values) -> Vec<String> {
        typed::<K>(values)
            .map(|record| untyped(&record).into_iter().map(|(name, _)| name).collect())
            .unwrap_or_default()
    }
}
