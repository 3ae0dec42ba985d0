//! Contacts as business cards that address books read and write one by one: `CardDAV`.
//!
//! A card is a contact. What a card holds that no contact does is kept beside it, together with what
//! its writer calls it, so that it comes back as it was. A change of a card changes those members that
//! differ from what its writer was shown, so what is hidden or cut short on the way stays as it is.

mod kept;
mod patch;

use std::sync::Arc;

use uuid::Uuid;

pub use kept::Card;

use self::kept::Beside;
use super::contacts::{Deletion, Precondition};
use super::error::Error;
use super::exports::CardVersion;
use super::query::Query;
use super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::AuditAction;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::engine::{Error as EngineError, codec, keys};
use crate::import::vcard::{CardMembers, card_members};

/// Most cards of a book.
const MOST_CARDS: usize = 20_000;
/// Longest name of a card.
const MOST_NAME: usize = 255;

/// All cards that somebody sees.
#[derive(Clone, Debug)]
pub struct CardBook {
    /// The cards.
    pub cards: Vec<Card>,
    /// The place behind which changes are told.
    pub place: String,
    /// Whether there are more than a book holds.
    pub is_cut: bool,
}

/// What became of a card.
#[derive(Clone, Debug)]
pub enum CardChange {
    /// It is there.
    There(Box<Card>),
    /// The card of this name is not there any more.
    Gone(String),
}

/// What has happened to cards since a place.
#[derive(Clone, Debug)]
pub struct CardChanges {
    /// What became of each, once.
    pub changes: Vec<CardChange>,
    /// The place behind that.
    pub place: String,
    /// Whether there is more already.
    pub has_more: bool,
}

/// What must hold for a card to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardCondition {
    /// Tags of which the card has one; any card if it is a star.
    pub matches: Option<Vec<String>>,
    /// Whether there must be no such card.
    pub is_new: bool,
}

impl CardCondition {
    fn check(&self, card: Option<&Card>) -> Result<(), Error> {
        let current = card.map_or(0, |card| card.contact.version);
        let is_met = match (&self.matches, card) {
            (Some(tags), Some(card)) => {
                let own = card.etag();
                tags.iter().any(|tag| tag == "*" || *tag == own)
            }
            (Some(_), None) => false,
            (None, card) => !(self.is_new && card.is_some()),
        };
        if is_met { Ok(()) } else { Err(Error::RevisionConflict { current }) }
    }
}

/// A card that was written.
#[derive(Clone, Debug)]
pub struct CardPut {
    /// The card.
    pub card: Card,
    /// Whether it is new.
    pub is_new: bool,
}

/// The id of a card is taken by somebody whom nobody sees, or was.
pub(super) fn taken() -> Error {
    Error::InUse("there was a card of this name, and there can be no other: use a new name".into())
}

/// The contact that a card of this name is: names are ids, or stand for one.
fn id_of(organization: OrgNumber, name: &str) -> Option<ContactId> {
    if name.is_empty() || name.len() > MOST_NAME {
        return None;
    }
    if name.len() == 36
        && let Ok(id) = Uuid::parse_str(name)
    {
        return Some(ContactId(id));
    }
    let mut hasher = blake3::Hasher::new_derive_key("ringdex card of a name");
    hasher.update(&organization.0.to_be_bytes());
    hasher.update(name.as_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    Some(ContactId(uuid::Builder::from_custom_bytes(bytes).into_uuid()))
}

impl App {
    fn beside(&self, org: OrgNumber, id: ContactId) -> Result<Beside, Error> {
        match self.partition.get(&keys::card(org, id))? {
            Some(bytes) => Ok(codec::decode(&bytes).map_err(EngineError::from)?),
            None => Ok(Beside::default()),
        }
    }

    /// The properties that the card of a contact holds beside it; none if there are no such.
    pub(super) fn card_properties(
        &self,
        org: OrgNumber,
        id: ContactId,
    ) -> Result<Option<String>, Error> {
        Ok(Some(self.beside(org, id)?.properties).filter(|properties| !properties.is_empty()))
    }

    fn card_of(
        &self,
        caller: &Caller,
        contact: Arc<crate::domain::contact::Contact>,
    ) -> Result<Card, Error> {
        let beside = self.beside(caller.organization, contact.id)?;
        Ok(Card { contact, beside })
    }

    /// A card by its name.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn read_card(&self, caller: &Caller, name: &str) -> Result<Card, Error> {
        authorize(caller, Permission::View)?;
        let id = id_of(caller.organization, name).ok_or(Error::ContactNotFound)?;
        let contact = self.read_contact(caller, id)?;
        self.card_of(caller, contact)
    }

    /// All cards that the caller sees, or those that a filter finds, as many as a book holds.
    ///
    /// # Errors
    /// If the caller may not, or the filter is none.
    pub fn read_cards(
        &self,
        caller: &Caller,
        filter: Option<serde_json::Value>,
        most: Option<usize>,
    ) -> Result<CardBook, Error> {
        authorize(caller, Permission::View)?;
        authorize(caller, Permission::Search)?;
        // Taken first: what happens meanwhile is told again.
        let place = self.feed_now(caller)?.to_string();
        let most = most.unwrap_or(MOST_CARDS).min(MOST_CARDS);
        let mut request = SearchRequest {
            query: Query { filter, ..Query::default() },
            sort: Some("name".to_owned()),
            per_page: Some(MOST_PER_PAGE.min(most.max(1))),
            with_archived: true,
            refresh: Refresh::Wait,
            ..SearchRequest::default()
        };
        let mut cards = Vec::new();
        loop {
            let found = self.search_contacts(caller, &request)?;
            for (contact, _) in found.contacts {
                if cards.len() == most {
                    return Ok(CardBook { cards, place, is_cut: true });
                }
                cards.push(self.card_of(caller, contact)?);
            }
            match found.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => return Ok(CardBook { cards, place, is_cut: false }),
            }
        }
    }

    /// What has happened to cards since a place.
    ///
    /// # Errors
    /// If the caller may not, or from this place it cannot be told.
    pub fn card_changes(
        &self,
        caller: &Caller,
        since: &str,
        limit: Option<usize>,
    ) -> Result<CardChanges, Error> {
        authorize(caller, Permission::View)?;
        let told = self.changes(caller, Some(since), Some(limit.unwrap_or(1_000)))?;
        let mut ids: Vec<Uuid> = Vec::new();
        for event in told.events.iter().filter(|event| event.kind == "contact") {
            if !ids.contains(&event.record_id) {
                ids.push(event.record_id);
            }
        }
        let mut changes = Vec::with_capacity(ids.len());
        for id in ids.into_iter().map(ContactId) {
            changes.push(match self.live_contact(caller, id) {
                Ok(contact) => {
                    let card = self.card_of(caller, caller.shown(contact))?;
                    CardChange::There(Box::new(card))
                }
                Err(Error::ContactNotFound | Error::Merged { .. }) => {
                    let beside = self.beside(caller.organization, id)?;
                    CardChange::Gone(beside.name.unwrap_or_else(|| id.to_string()))
                }
                Err(error) => return Err(error),
            });
        }
        Ok(CardChanges { changes, place: told.next_since, has_more: told.has_more })
    }

    /// Writes a card: a new contact, or changes of one.
    ///
    /// # Errors
    /// If it is no card, does not fit, the condition is not met, or the caller may not.
    pub fn put_card(
        &self,
        caller: &Caller,
        name: &str,
        text: &str,
        condition: &CardCondition,
    ) -> Result<CardPut, Error> {
        let invalid = |detail: &str| Error::invalid("", "card", detail);
        let id = id_of(caller.organization, name)
            .ok_or_else(|| invalid("the name of a card has 1 to 255 characters"))?;
        let sent = card_members(text)
            .ok_or_else(|| invalid("must be one vCard 3.0 or 4.0 of a person or a company"))?;
        match self.read_card(caller, name) {
            Ok(card) => {
                condition.check(Some(&card))?;
                let card = self.change_card(caller, &card, &sent)?;
                Ok(CardPut { card, is_new: false })
            }
            Err(Error::ContactNotFound | Error::Merged { .. }) => {
                condition.check(None)?;
                let beside = Beside::of(id, name, &sent);
                let bytes = codec::encode(&beside).map_err(EngineError::from)?;
                let body = patch::whole(sent.members);
                let created = self.create_contact_as(caller, &body, id, bytes)?;
                Ok(CardPut { card: Card { contact: created.contact, beside }, is_new: true })
            }
            Err(error) => Err(error),
        }
    }

    fn change_card(&self, caller: &Caller, card: &Card, sent: &CardMembers) -> Result<Card, Error> {
        authorize(caller, Permission::Edit)?;
        // What its writer was shown.
        let shown = card_members(&card.text(CardVersion::V4)).unwrap_or_default();
        let body = patch::changes(&shown.members, &sent.members, &caller.fields);
        let mut contact = Arc::clone(&card.contact);
        if body.as_object().is_some_and(|members| !members.is_empty()) {
            let unchanged = Precondition::Versions(vec![contact.version]);
            (contact, _) = self.update_contact(caller, contact.id, &body, &unchanged)?;
        }
        let beside = card.beside.with(sent);
        if beside != card.beside {
            let (org, id) = (caller.organization, contact.id);
            let bytes = codec::encode(&beside).map_err(EngineError::from)?;
            let written = self.partition.write::<(), Error>(org, caller, false, move |tx| {
                tx.put(&keys::card(org, id), bytes.clone());
                tx.note(AuditAction::ContactUpdated, id.0, Vec::new());
                Ok(())
            })?;
            self.own_writes.note(caller, written.seq);
        }
        Ok(Card { contact, beside })
    }

    /// Deletes a card, so that its contact can be restored.
    ///
    /// # Errors
    /// If there is none, the condition is not met, or the caller may not.
    pub fn delete_card(
        &self,
        caller: &Caller,
        name: &str,
        condition: &CardCondition,
    ) -> Result<(), Error> {
        authorize(caller, Permission::Delete)?;
        let card = self.read_card(caller, name)?;
        condition.check(Some(&card))?;
        let unchanged = match condition.matches {
            Some(_) => Precondition::Versions(vec![card.contact.version]),
            None => Precondition::None,
        };
        self.delete_contact(caller, card.contact.id, Deletion::Soft, unchanged, false)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ids_or_stand_for_one() {
        let id = "0190A000-0000-7000-8000-00000000000A";
        assert_eq!(id_of(OrgNumber(1), id).unwrap().to_string(), id.to_lowercase());
        let named = id_of(OrgNumber(1), "jane").unwrap();
        assert_eq!(named, id_of(OrgNumber(1), "jane").unwrap());
        assert_ne!(named, id_of(OrgNumber(2), "jane").unwrap());
        assert_ne!(named, id_of(OrgNumber(1), "Jane").unwrap());
        assert_eq!(id_of(OrgNumber(1), ""), None);
        assert_eq!(id_of(OrgNumber(1), &"x".repeat(300)), None);
    }
}
