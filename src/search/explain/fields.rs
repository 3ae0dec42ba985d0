//! The texts of a contact that reasons can name, cut into words.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use crate::domain::contact::Contact;
use crate::domain::text::{Word, words};
use crate::query::Field;

/// Names of fields with their texts and words.
pub(super) struct Fields<'a> {
    pub(super) all: Vec<(Part, String, &'a str, Vec<Word>)>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    FirstName,
    LastName,
    DisplayName,
    Company,
    Email,
    Tag,
    Title,
    Notes,
    Other(&'static str),
}

impl Part {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::DisplayName => "name",
            Self::Company => "company",
            Self::Email => "email",
            Self::Tag => "tag",
            Self::Title => "title",
            Self::Notes => "notes",
            Self::Other(name) => name,
        }
    }

    pub(super) fn is_name(self) -> bool {
        matches!(self, Self::FirstName | Self::LastName | Self::DisplayName)
    }

    pub(super) fn belongs_to(self, field: &Field) -> bool {
        match field {
            Field::Name => self.is_name(),
            Field::FirstName => self == Self::FirstName,
            Field::LastName => self == Self::LastName,
            Field::Company => self == Self::Company,
            Field::Title => self == Self::Title,
            Field::Notes => self == Self::Notes,
            Field::Email => self == Self::Email,
            Field::Tag => self == Self::Tag,
            Field::Address => self == Self::Other("address"),
            Field::Custom(_) => self == Self::Other("custom field"),
            _ => false,
        }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn of(contact: &'a Contact) -> Self {
        let mut all = Vec::with_capacity(12);
        let mut add = |part: Part, key: String, text: &'a str| {
            all.push((part, key, text, words(text)));
        };
        if let Some(name) = &contact.last_name {
            add(Part::LastName, "last_name".to_owned(), name);
        }
        if let Some(name) = &contact.first_name {
            add(Part::FirstName, "first_name".to_owned(), name);
        }
        add(Part::DisplayName, "display_name".to_owned(), &contact.display_name);
        for (at, address) in contact.emails.iter().enumerate() {
            add(Part::Email, format!("emails/{at}"), &address.address);
        }
        if let Some(company) = &contact.company {
            add(Part::Company, "company".to_owned(), company);
        }
        for (at, tag) in contact.tags.iter().enumerate() {
            add(Part::Tag, format!("tags/{at}"), tag);
        }
        if let Some(title) = &contact.title {
            add(Part::Title, "title".to_owned(), title);
        }
        for (name, text) in [
            ("department", &contact.department),
            ("role", &contact.role),
            ("external_crm_id", &contact.external_crm_id),
        ] {
            if let Some(text) = text {
                add(Part::Other(name), name.to_owned(), text);
            }
        }
        for (at, address) in contact.addresses.iter().enumerate() {
            for (name, text) in [
                ("street", &address.street),
                ("city", &address.city),
                ("region", &address.region),
                ("postal_code", &address.postal_code),
                ("country", &address.country),
            ] {
                if let Some(text) = text {
                    add(Part::Other("address"), format!("addresses/{at}/{name}"), text);
                }
            }
        }
        for (at, channel) in contact.channels.iter().enumerate() {
            add(Part::Other("channel"), format!("channels/{at}/identifier"), &channel.identifier);
        }
        for (name, profile) in &contact.social_profiles {
            add(Part::Other("social profile"), format!("social_profiles/{name}"), profile);
        }
        for (key, value) in &contact.custom_fields {
            if let Some(text) = value.as_str() {
                add(Part::Other("custom field"), format!("custom_fields/{key}"), text);
            }
        }
        if let Some(notes) = &contact.notes {
            add(Part::Notes, "notes".to_owned(), notes);
        }
        Self { all }
    }
}
