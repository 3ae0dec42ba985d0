//! The texts of a contact that reasons can name, cut into words.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::cell::OnceCell;
use std::fmt;

use crate::domain::contact::Contact;
use crate::domain::text::{Word, words};
use crate::index::country_names;
use crate::query::Field;

/// The texts of a contact.
pub(super) struct Fields<'a> {
    pub(super) all: Vec<Text<'a>>,
}

/// A text and where it stands.
pub(super) struct Text<'a> {
    pub(super) part: Part,
    pub(super) key: Key<'a>,
    pub(super) original: &'a str,
    /// Whether folding does nothing but make its letters small.
    is_plain: bool,
    /// Cut when they are first asked for.
    words: OnceCell<Vec<Word>>,
}

impl<'a> Text<'a> {
    fn new(part: Part, key: Key<'a>, original: &'a str) -> Self {
        let is_plain = original.bytes().all(|b| b.is_ascii() && !matches!(b, b'\'' | b'`'));
        Self { part, key, original, is_plain, words: OnceCell::new() }
    }

    pub(super) fn words(&self) -> &[Word] {
        self.words.get_or_init(|| words(self.original))
    }

    /// Whether a word of it may hold a folded text. Costs a fraction of cutting it into words.
    pub(super) fn may_hold(&self, asked: &str) -> bool {
        if !self.is_plain || asked.is_empty() {
            return true;
        }
        let mut parts = self.original.as_bytes().windows(asked.len());
        parts.any(|part| part.eq_ignore_ascii_case(asked.as_bytes()))
    }
}

/// The place of a text in the record, written out only for marks.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    Field(&'static str),
    Item(&'static str, usize),
    Address(usize, &'static str),
    Channel(usize),
    Named(&'static str, &'a str),
    /// What the record says in another form, such as the name of a country: nothing to be marked.
    Unwritten,
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Item(list, at) => write!(f, "{list}/{at}"),
            Self::Address(at, name) => write!(f, "addresses/{at}/{name}"),
            Self::Channel(at) => write!(f, "channels/{at}/identifier"),
            Self::Named(map, name) => write!(f, "{map}/{name}"),
            Self::Unwritten => Ok(()),
        }
    }
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
        let mut add = |part: Part, key: Key<'a>, text: &'a str| {
            all.push(Text::new(part, key, text));
        };
        if let Some(name) = &contact.last_name {
            add(Part::LastName, Key::Field("last_name"), name);
        }
        if let Some(name) = &contact.first_name {
            add(Part::FirstName, Key::Field("first_name"), name);
        }
        add(Part::DisplayName, Key::Field("display_name"), &contact.display_name);
        for (at, address) in contact.emails.iter().enumerate() {
            add(Part::Email, Key::Item("emails", at), &address.address);
        }
        if let Some(company) = &contact.company {
            add(Part::Company, Key::Field("company"), company);
        }
        for (at, tag) in contact.tags.iter().enumerate() {
            add(Part::Tag, Key::Item("tags", at), tag);
        }
        if let Some(title) = &contact.title {
            add(Part::Title, Key::Field("title"), title);
        }
        for (name, text) in [
            ("department", &contact.department),
            ("role", &contact.role),
            ("external_crm_id", &contact.external_crm_id),
        ] {
            if let Some(text) = text {
                add(Part::Other(name), Key::Field(name), text);
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
                    add(Part::Other("address"), Key::Address(at, name), text);
                }
            }
            for name in country_names(address) {
                add(Part::Other("address"), Key::Unwritten, name);
            }
        }
        for (at, channel) in contact.channels.iter().enumerate() {
            add(Part::Other("channel"), Key::Channel(at), &channel.identifier);
        }
        for (name, profile) in &contact.social_profiles {
            add(Part::Other("social profile"), Key::Named("social_profiles", name), profile);
        }
        for (key, value) in &contact.custom_fields {
            if let Some(text) = value.as_str() {
                add(Part::Other("custom field"), Key::Named("custom_fields", key), text);
            }
        }
        if let Some(notes) = &contact.notes {
            add(Part::Notes, Key::Field("notes"), notes);
        }
        Self { all }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Text<'a>> {
        self.all.iter().filter(|text| text.part.is_name())
    }
}
