//! Members of which a contact has one value each, and which of them belong together.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::contact::Contact;
use crate::domain::status::{EmailState, Lifecycle};
use crate::domain::text::fold;

/// A member with one value.
pub(super) struct Member {
    name: &'static str,
    get: fn(&Contact) -> Value,
    copy: fn(&Contact, &mut Contact),
}

macro_rules! member {
    ($field:ident) => {
        Member {
            name: stringify!($field),
            get: |contact| value(&contact.fields.$field),
            copy: |from, to| to.fields.$field.clone_from(&from.fields.$field),
        }
    };
    (status.$field:ident as $name:literal) => {
        Member {
            name: $name,
            get: |contact| value(&contact.fields.status.$field),
            copy: |from, to| to.fields.status.$field = from.fields.status.$field,
        }
    };
}

/// Members that are chosen, by the name of what belongs together; the first one leads.
static CHOSEN: &[(&str, &[Member])] = &[
    (
        "name",
        &[
            Member {
                name: "display_name",
                get: |contact| json!(contact.display_name),
                copy: |from, to| to.display_name.clone_from(&from.display_name),
            },
            member!(first_name),
            member!(last_name),
            member!(suffix),
        ],
    ),
    ("company", &[member!(company), member!(company_id)]),
    ("title", &[member!(title)]),
    ("department", &[member!(department)]),
    ("role", &[member!(role)]),
    ("birthday", &[member!(birthday)]),
    ("country", &[member!(country)]),
    ("language", &[member!(language)]),
    ("timezone", &[member!(timezone)]),
    ("preferred_channel", &[member!(preferred_channel)]),
    ("source", &[member!(source)]),
    ("first_channel", &[member!(first_channel)]),
    ("visibility", &[member!(visibility)]),
    ("assigned_to", &[member!(assigned_to)]),
    ("assigned_queue", &[member!(assigned_queue)]),
    ("org_department_id", &[member!(org_department_id)]),
    ("external_crm_id", &[member!(external_crm_id), member!(external_crm_provider)]),
];

/// Members that are worked out when contacts are merged, and of which a later change may be
/// somebody else's when that is undone.
static FACTS: &[(&str, &[Member])] = &[
    ("blocked", &[member!(status.blocked as "blocked")]),
    ("do_not_contact", &[member!(status.do_not_contact as "do_not_contact")]),
    ("lifecycle", &[member!(status.lifecycle as "lifecycle")]),
    ("email_state", &[member!(status.email as "email_state")]),
    ("opt_in", &[member!(opt_in)]),
    ("system_critical", &[member!(system_critical)]),
    ("in_active_campaign", &[member!(in_active_campaign)]),
];

/// One member of a contact, or one entry of its maps.
#[derive(Clone)]
pub(super) enum Slot {
    Member(&'static Member),
    Social(String),
    Custom(String),
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Slot {
    /// The name in answers.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Member(member) => member.name.to_owned(),
            Self::Social(key) => format!("social_profiles.{key}"),
            Self::Custom(key) => format!("custom_fields.{key}"),
        }
    }

    /// The value of a contact; `null` if it has none.
    pub(super) fn get(&self, contact: &Contact) -> Value {
        match self {
            Self::Member(member) => (member.get)(contact),
            Self::Social(key) => value(&contact.social_profiles.get(key)),
            Self::Custom(key) => contact.custom_fields.get(key).cloned().unwrap_or(Value::Null),
        }
    }

    /// Gives a contact the value of another one, also if that has none.
    pub(super) fn copy(&self, from: &Contact, to: &mut Contact) {
        match self {
            Self::Member(member) => (member.copy)(from, to),
            Self::Social(key) => match from.social_profiles.get(key) {
                Some(value) => drop(to.social_profiles.insert(key.clone(), value.clone())),
                None => drop(to.social_profiles.remove(key)),
            },
            Self::Custom(key) => match from.custom_fields.get(key) {
                Some(value) => drop(to.custom_fields.insert(key.clone(), value.clone())),
                None => drop(to.custom_fields.remove(key)),
            },
        }
    }

    /// Sets a custom field; other members are copied.
    pub(super) fn put(&self, value: Value, to: &mut Contact) {
        if let Self::Custom(key) = self {
            to.custom_fields.insert(key.clone(), value);
        }
    }
}

/// Members that belong together: they come from one contact.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) slots: Vec<Slot>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Unit {
    fn of((name, members): &'static (&'static str, &'static [Member])) -> Self {
        Self { name: (*name).to_owned(), slots: members.iter().map(Slot::Member).collect() }
    }

    fn single(slot: Slot) -> Self {
        Self { name: slot.name(), slots: vec![slot] }
    }

    /// Whether a contact says anything here. A name that is only one of the contact's own numbers
    /// or addresses says nothing.
    pub(super) fn is_filled(&self, contact: &Contact) -> bool {
        if self.name == "name" {
            return contact.first_name.is_some()
                || contact.last_name.is_some()
                || !contact.is_named_by_channel();
        }
        self.slots.iter().any(|slot| !is_empty(&slot.get(contact)))
    }

    /// Whether two contacts say the same in what leads.
    pub(super) fn is_led_alike(&self, one: &Contact, other: &Contact) -> bool {
        let leader = |contact: &Contact| match self.slots.first().map(|slot| slot.get(contact)) {
            Some(Value::String(text)) => fold(&text),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        leader(one) == leader(other)
    }
}

/// What is chosen, for contacts with these entries in their maps.
pub(super) fn units(contacts: &[&Contact]) -> Vec<Unit> {
    let mut units: Vec<Unit> = CHOSEN.iter().map(Unit::of).collect();
    let social: BTreeSet<&String> =
        contacts.iter().flat_map(|contact| contact.fields.social_profiles.keys()).collect();
    units.extend(social.into_iter().map(|key| Unit::single(Slot::Social(key.clone()))));
    let custom: BTreeSet<&String> =
        contacts.iter().flat_map(|contact| contact.fields.custom_fields.keys()).collect();
    units.extend(custom.into_iter().map(|key| Unit::single(Slot::Custom(key.clone()))));
    units
}

/// What is worked out and may have been changed since.
pub(super) fn facts() -> impl Iterator<Item = Unit> {
    FACTS.iter().map(Unit::of)
}

/// The spelling of a name that stands in answers.
pub(super) fn canonical(name: &str) -> String {
    name.strip_prefix("cf.").map_or_else(|| name.to_owned(), |key| format!("custom_fields.{key}"))
}

/// How many members a contact fills, custom fields apart: who sees only some of these must not
/// learn of the others.
pub(super) fn filled(contact: &Contact) -> usize {
    let single = CHOSEN
        .iter()
        .flat_map(|(_, members)| members.iter())
        .filter(|member| !is_empty(&(member.get)(contact)))
        .count();
    let fields = &contact.fields;
    single
        + fields.phones.len()
        + fields.emails.len()
        + fields.addresses.len()
        + fields.channels.len()
        + fields.social_profiles.len()
        + fields.tags.len()
        + usize::from(fields.notes.is_some())
}

pub(super) fn value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Whether a value says nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The stricter of two states of the e-mail.
pub(super) fn stricter(one: EmailState, other: EmailState) -> EmailState {
    let rank = |state: EmailState| match state {
        EmailState::Ok => 0,
        EmailState::Bounced => 1,
        EmailState::Unsubscribed => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Who is in use anywhere is in use.
pub(super) fn livelier(one: Lifecycle, other: Lifecycle) -> Lifecycle {
    let rank = |state: Lifecycle| match state {
        Lifecycle::Active => 0,
        Lifecycle::Inactive => 1,
        Lifecycle::Archived => 2,
    };
    if rank(other) < rank(one) { other } else { one }
}

/// Whether contacts can say different things in a field of this name.
pub fn is_single(name: &str) -> bool {
    let is_keyed =
        ["custom_fields.", "cf.", "social_profiles."].iter().any(|prefix| name.starts_with(prefix));
    let (units, parts) =
        (CHOSEN.iter().map(|(unit, _)| *unit), CHOSEN.iter().flat_map(|(_, all)| *all));
    is_keyed || units.chain(parts.map(|member| member.name)).any(|known| known == name)
}
