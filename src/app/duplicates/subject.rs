//! What a report compares: records, what they are called by, and how a page shows them.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::dedupe::Record;
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;

/// Values of one kind that a page shows of a record.
const MOST_SHOWN: usize = 3;

/// What records are called by, by their places.
pub(super) enum Ids {
    /// Contacts of the base.
    Contacts(Vec<ContactId>),
    /// Values of a column, or row numbers.
    Values(Vec<Box<str>>),
}

impl Ids {
    /// The id of the record at a place.
    pub(super) fn text(&self, place: u32) -> Cow<'_, str> {
        match self {
            Self::Contacts(ids) => {
                Cow::Owned(ids.get(place as usize).map(ToString::to_string).unwrap_or_default())
            }
            Self::Values(ids) => Cow::Borrowed(ids.get(place as usize).map_or("", AsRef::as_ref)),
        }
    }

    /// The order of two records by their ids.
    pub(super) fn order(&self, one: u32, other: u32) -> Ordering {
        match self {
            Self::Contacts(ids) => ids.get(one as usize).cmp(&ids.get(other as usize)),
            Self::Values(ids) => ids.get(one as usize).cmp(&ids.get(other as usize)),
        }
    }
}

/// How a page shows a record.
pub(super) struct Card {
    pub(super) name: Box<str>,
    pub(super) details: Box<str>,
}

impl Card {
    /// A card with a name, or what stands for it, and the values that are there.
    pub(super) fn new<'a>(name: &str, details: impl Iterator<Item = &'a str>) -> Self {
        let details: Vec<&str> =
            details.map(str::trim).filter(|text| !text.is_empty() && *text != name).collect();
        Self { name: name.trim().into(), details: details.join(" · ").into() }
    }

    /// The card of a contact as its reader may see it.
    pub(super) fn of(contact: &Contact) -> Self {
        let address = contact.addresses.first();
        let parts = address.map(|a| [&a.street, &a.postal_code, &a.city]).into_iter().flatten();
        let place = parts.flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        let phones = contact.phones.iter().take(MOST_SHOWN).map(|phone| phone.number.as_str());
        let emails = contact.emails.iter().take(MOST_SHOWN).map(|mail| mail.address.as_str());
        let rest = [contact.company.as_deref(), Some(place.as_str()), contact.birthday.as_deref()];
        Self::new(&contact.display_name, phones.chain(emails).chain(rest.into_iter().flatten()))
    }
}

/// The records of a report with their ids, and cards if somebody is to look at them.
pub(super) struct Subjects {
    pub(super) ids: Ids,
    pub(super) records: Vec<Record>,
    pub(super) cards: Option<Vec<Card>>,
    /// Rows of a list that could not be read as rows.
    pub(super) left_out: u64,
}

impl Subjects {
    pub(super) fn new(ids: Ids, has_cards: bool) -> Self {
        Self { ids, records: Vec::new(), cards: has_cards.then(Vec::new), left_out: 0 }
    }

    /// Adds a record whose id has been added.
    pub(super) fn push(&mut self, record: Record, card: Option<Card>) {
        self.records.push(record);
        if let (Some(cards), Some(card)) = (&mut self.cards, card) {
            cards.push(card);
        }
    }

    /// The card of the record at a place.
    pub(super) fn card(&self, place: u32) -> Option<&Card> {
        self.cards.as_ref()?.get(place as usize)
    }
}
