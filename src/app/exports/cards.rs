//! Contacts as business cards: vCard 4.0 (RFC 6350) or 3.0 (RFC 2426).
//!
//! What the standard has no property for stands in `X-RINGDEX` with its member as parameter, so that
//! an import of the file changes nothing; other programs pass it over.

use std::io::Write;

use calcard::common::PartialDateTime;
use calcard::vcard::{
    VCard, VCardEntry, VCardParameter, VCardParameterName, VCardProperty, VCardType, VCardValue,
    VCardValueType, VCardVersion,
};
use serde_json::Value;

use crate::domain::contact::{Address, Contact};
use crate::domain::phone::Phone;
use crate::domain::status::EmailState;
use crate::import::vcard::{OWN_KEY, OWN_PROPERTY};

/// The version of a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardVersion {
    /// 3.0, for Outlook and older telephones.
    V3,
    /// 4.0.
    #[default]
    V4,
}

impl CardVersion {
    /// Reads `3.0` or `4.0`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "3" | "3.0" => Some(Self::V3),
            "4" | "4.0" => Some(Self::V4),
            _ => None,
        }
    }
}

/// Writes the card of a contact.
pub(super) fn write(
    contact: &Contact,
    version: CardVersion,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let version = match version {
        CardVersion::V3 => VCardVersion::V3_0,
        CardVersion::V4 => VCardVersion::V4_0,
    };
    let mut text = String::with_capacity(512);
    let written = card_of(contact, version).write_to(&mut text, version);
    written.map_err(std::io::Error::other)?;
    out.write_all(text.as_bytes())
}

pub(in crate::app) fn card_of(contact: &Contact, version: VCardVersion) -> VCard {
    let mut card = Card { entries: Vec::with_capacity(16), is_v4: version == VCardVersion::V4_0 };
    card.text(VCardProperty::Uid, &format!("urn:uuid:{}", contact.id));
    card.text(VCardProperty::Rev, &compact(&contact.updated_at.to_string()));
    card.text(VCardProperty::Fn, &contact.display_name);
    let part = |text: &Option<String>| VCardValue::Text(text.clone().unwrap_or_default());
    let name = VCardEntry::new(VCardProperty::N);
    card.entries.push(name.with_values(vec![
        part(&contact.last_name),
        part(&contact.first_name),
        part(&None),
        part(&None),
        part(&contact.suffix),
    ]));
    card.phones_and_emails(contact);
    if contact.company.is_some() || contact.department.is_some() {
        let mut parts = vec![part(&contact.company)];
        parts.extend(contact.department.is_some().then(|| part(&contact.department)));
        card.entries.push(VCardEntry::new(VCardProperty::Org).with_values(parts));
    }
    card.some(VCardProperty::Title, contact.title.as_deref());
    card.some(VCardProperty::Role, contact.role.as_deref());
    for address in &contact.addresses {
        card.address(address);
    }
    card.birthday(contact.birthday.as_deref());
    if !contact.tags.is_empty() {
        let tags = contact.tags.iter().cloned().map(VCardValue::Text).collect();
        card.entries.push(VCardEntry::new(VCardProperty::Categories).with_values(tags));
    }
    card.some(VCardProperty::Note, contact.notes.as_deref());
    card.some(VCardProperty::Tz, contact.timezone.as_deref());
    card.beside_the_standard(contact);
    VCard { entries: card.entries }
}

/// A card that is being put together.
struct Card {
    entries: Vec<VCardEntry>,
    is_v4: bool,
}

impl Card {
    fn text(&mut self, name: VCardProperty, text: &str) {
        self.entries.push(VCardEntry::new(name).with_value(text.to_owned()));
    }

    fn some(&mut self, name: VCardProperty, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn own(&mut self, key: &str, text: String) {
        let name = VCardParameterName::Other(OWN_KEY.to_owned());
        let entry = VCardEntry::new(VCardProperty::Other(OWN_PROPERTY.to_owned()));
        let entry = entry.with_param(VCardParameter::new(name, key.to_owned()));
        self.entries.push(entry.with_value(text));
    }

    fn phones_and_emails(&mut self, contact: &Contact) {
        for phone in &contact.phones {
            let mut entry = VCardEntry::new(VCardProperty::Tel);
            if self.is_v4 {
                entry.add_param(VCardParameter::value(VCardValueType::Uri));
            }
            for kind in kinds_of(phone) {
                entry.add_param(VCardParameter::typ(kind));
            }
            self.preferred(&mut entry, phone.primary);
            self.entries.push(entry.with_value(number_of(phone, self.is_v4)));
        }
        for email in &contact.emails {
            let mut entry = VCardEntry::new(VCardProperty::Email);
            if let Some(kind) = email.label.as_deref().and_then(place) {
                entry.add_param(VCardParameter::typ(kind));
            }
            self.preferred(&mut entry, email.primary);
            self.entries.push(entry.with_value(email.address.clone()));
        }
    }

    fn preferred(&self, entry: &mut VCardEntry, is_first: bool) {
        if is_first && self.is_v4 {
            entry.add_param(VCardParameter::pref(1_u32));
        } else if is_first {
            entry.add_param(VCardParameter::typ("PREF".to_owned()));
        }
    }

    fn address(&mut self, address: &Address) {
        let mut entry = VCardEntry::new(VCardProperty::Adr);
        if let Some(kind) = address.label.as_deref().and_then(place) {
            entry.add_param(VCardParameter::typ(kind));
        }
        let parts = [
            &None,
            &None,
            &address.street,
            &address.city,
            &address.region,
            &address.postal_code,
            &address.country,
        ];
        let parts = parts.map(|part| VCardValue::Text(part.clone().unwrap_or_default()));
        self.entries.push(entry.with_values(parts.into()));
    }

    fn birthday(&mut self, birthday: Option<&str>) {
        let Some(text) = birthday else { return };
        let (year, rest) = match text.strip_prefix("--") {
            Some(rest) => (None, rest),
            None => match text.split_once('-') {
                Some((year, rest)) => (year.parse().ok(), rest),
                None => return,
            },
        };
        if let Some((month, day)) = rest.split_once('-') {
            let date = PartialDateTime {
                year,
                month: month.parse().ok(),
                day: day.parse().ok(),
                ..PartialDateTime::default()
            };
            let entry = VCardEntry::new(VCardProperty::Bday);
            self.entries.push(entry.with_value(VCardValue::PartialDateTime(date)));
        }
    }

    fn beside_the_standard(&mut self, contact: &Contact) {
        let texts = [
            ("country", &contact.country),
            ("language", &contact.language),
            ("preferred_channel", &contact.preferred_channel),
            ("source", &contact.source),
            ("assigned_to", &contact.assigned_to),
            ("assigned_queue", &contact.assigned_queue),
            ("org_department_id", &contact.org_department_id),
            ("external_crm_id", &contact.external_crm_id),
            ("external_crm_provider", &contact.external_crm_provider),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                self.own(key, Value::from(text.as_str()).to_string());
            }
        }
        let status = &contact.fields.status;
        self.own("lifecycle", Value::from(status.lifecycle.as_str()).to_string());
        self.own("visibility", Value::from(contact.visibility.as_str()).to_string());
        let facts = [
            ("do_not_contact", status.do_not_contact.then_some(true)),
            ("blocked", status.blocked.then_some(true)),
            ("email_opt_out", (status.email == EmailState::Unsubscribed).then_some(true)),
            ("opt_in", contact.opt_in),
        ];
        for (key, fact) in facts {
            if let Some(fact) = fact {
                self.own(key, fact.to_string());
            }
        }
        if !contact.social_profiles.is_empty() {
            self.own("social_profiles", json(&contact.social_profiles));
        }
        if !contact.channels.is_empty() {
            self.own("channels", json(&contact.channels));
        }
        for (key, value) in &contact.custom_fields {
            self.own(&format!("cf.{key}"), value.to_string());
        }
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// `20250131T120000Z`, as cards write times.
fn compact(time: &str) -> String {
    let seconds = time.split('.').next().unwrap_or_default().trim_end_matches('Z');
    let mut out: String = seconds.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    out.push('Z');
    out
}

fn number_of(phone: &Phone, is_v4: bool) -> String {
    match (&phone.extension, is_v4) {
        (None, true) => format!("tel:{}", phone.number),
        (None, false) => phone.number.clone(),
        (Some(extension), true) => format!("tel:{};ext={extension}", phone.number),
        (Some(extension), false) => format!("{} x{extension}", phone.number),
    }
}

fn kinds_of(phone: &Phone) -> Vec<VCardType> {
    match phone.label.as_deref() {
        Some("mobile") => vec![VCardType::Cell],
        Some("fax") => vec![VCardType::Fax],
        Some("pager") => vec![VCardType::Pager],
        Some(label) => place(label).into_iter().collect(),
        None => Vec::new(),
    }
}

fn place(label: &str) -> Option<VCardType> {
    match label {
        "work" => Some(VCardType::Work),
        "home" => Some(VCardType::Home),
        "main" => Some(VCardType::MainNumber),
        _ => None,
    }
}
