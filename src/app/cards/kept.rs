//! A card, and what is kept of it beside the contact.

use std::sync::Arc;

use calcard::vcard::{VCard, VCardEntry, VCardParameter, VCardProperty, VCardVersion};
use serde::{Deserialize, Serialize};

use super::super::exports::CardVersion;
use super::super::exports::cards::card_of;
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::import::vcard::{CardMembers, OWN_PROPERTY};

/// Most bytes of properties that are kept.
const MOST_KEPT: usize = 512 << 10;

/// What a card holds beside its contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Beside {
    /// What its writer calls it, if that is not the id of the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Its identifier, if that is not the id of the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<String>,
    /// A card of the properties that no contact holds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) properties: String,
    /// Grows with every change of this.
    pub(super) revision: u64,
}

/// A card of some properties.
fn card_text(entries: &[VCardEntry]) -> String {
    let mut text = String::new();
    if !entries.is_empty() {
        let card = VCard { entries: entries.to_vec() };
        // Writing to a string cannot fail.
        let _ = card.write_to(&mut text, VCardVersion::V4_0);
    }
    if text.len() > MOST_KEPT { String::new() } else { text }
}

impl Beside {
    /// Of a new card.
    pub(super) fn of(id: ContactId, name: &str, sent: &CardMembers) -> Self {
        Self {
            name: Some(name.to_owned()).filter(|name| *name != id.to_string()),
            uid: sent.uid.clone(),
            properties: card_text(&sent.kept),
            revision: 0,
        }
    }

    /// Behind a change.
    pub(super) fn with(&self, sent: &CardMembers) -> Self {
        let properties = card_text(&sent.kept);
        let revision = self.revision + u64::from(properties != self.properties);
        Self { properties, revision, ..self.clone() }
    }
}

/// A contact as a card.
#[derive(Clone, Debug)]
pub struct Card {
    /// The contact as the caller sees it.
    pub contact: Arc<Contact>,
    pub(super) beside: Beside,
}

impl Card {
    /// What its writer calls it.
    pub fn name(&self) -> String {
        self.beside.name.clone().unwrap_or_else(|| self.contact.id.to_string())
    }

    /// What tells its states apart, in quotes.
    pub fn etag(&self) -> String {
        match self.beside.revision {
            0 => format!("\"{}\"", self.contact.version),
            revision => format!("\"{}-{revision}\"", self.contact.version),
        }
    }

    /// The card as text.
    pub fn text(&self, version: CardVersion) -> String {
        let version = match version {
            CardVersion::V3 => VCardVersion::V3_0,
            CardVersion::V4 => VCardVersion::V4_0,
        };
        let contact = &self.contact;
        let mut card = card_of(contact, version);
        card.entries.retain(
            |entry| !matches!(&entry.name, VCardProperty::Other(name) if name == OWN_PROPERTY),
        );
        for entry in &mut card.entries {
            if let (VCardProperty::Uid, Some(uid)) = (&entry.name, &self.beside.uid) {
                *entry = VCardEntry::new(VCardProperty::Uid).with_value(uid.clone());
            }
        }
        let mut text = |name: VCardProperty, text: &str| {
            card.entries.push(VCardEntry::new(name).with_value(text.to_owned()));
        };
        if let Some(language) = &contact.language {
            text(VCardProperty::Lang, language);
        }
        for channel in &contact.channels {
            text(VCardProperty::Impp, &format!("{}:{}", channel.channel, channel.identifier));
        }
        for (network, address) in &contact.social_profiles {
            let entry = if network == "website" {
                VCardEntry::new(VCardProperty::Url)
            } else {
                let name = VCardProperty::Other("X-SOCIALPROFILE".to_owned());
                VCardEntry::new(name).with_param(VCardParameter::typ(network.clone()))
            };
            card.entries.push(entry.with_value(address.clone()));
        }
        if let Ok(kept) = VCard::parse(&self.beside.properties) {
            let is_frame = |name: &VCardProperty| {
                matches!(name, VCardProperty::Begin | VCardProperty::End | VCardProperty::Version)
            };
            card.entries.extend(kept.entries.into_iter().filter(|entry| !is_frame(&entry.name)));
        }
        let mut out = String::with_capacity(512);
        // Writing to a string cannot fail.
        let _ = card.write_to(&mut out, version);
        out
    }
}
