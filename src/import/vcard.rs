//! One business card to one contact: vCard 2.1, 3.0 and 4.0 (RFC 6350, RFC 9554).
//!
//! A card becomes the JSON of a contact and is checked like a line of JSON. What our own exports
//! write beside the standard stands in `X-RINGDEX` properties (see `app/exports/cards`).

use calcard::Entry;
use calcard::common::PartialDateTime;
use calcard::jscontact::JSContact;
use calcard::vcard::{VCard, VCardEntry, VCardParameterName, VCardProperty, VCardType, VCardValue};
use serde_json::{Map, Value, json};

pub use super::cards::COLUMN;
use super::issue::{IssueCode, RowIssue};
use super::json_lines::{JsonRow, validate_members};
use super::read::MAX_ROW_BYTES;
use super::validate::{RowContext, ValidRow};

/// The property in which exports write what no standard property holds; its parameter
/// [`OWN_KEY`] says which member of a contact it is.
pub const OWN_PROPERTY: &str = "X-RINGDEX";
/// The parameter of [`OWN_PROPERTY`].
pub const OWN_KEY: &str = "KEY";
/// The provider of external ids that are the identifiers of cards.
const UID_PROVIDER: &str = "vCard";

/// Reads the contact of a card.
pub fn validate_card(row: &JsonRow, context: &RowContext) -> (Option<ValidRow>, Vec<RowIssue>) {
    let text = row.cells.get(0).unwrap_or_default();
    let refused = |code, reason: String, what: &str| {
        let issue = RowIssue::error(row.line, code, reason).at(COLUMN, text).suggest(what);
        (None, vec![issue])
    };
    if text.len() > MAX_ROW_BYTES {
        let reason = format!("the card is longer than {MAX_ROW_BYTES} bytes");
        return refused(IssueCode::RowTooLong, reason, "shorten its texts");
    }
    let card = match VCard::parse(text) {
        Ok(card) if card.property(&VCardProperty::End).is_some() || is_closed(text) => card,
        Ok(_) | Err(Entry::UnterminatedComponent(_)) => {
            let reason = "the card has no END:VCARD".to_owned();
            return refused(IssueCode::CardInvalid, reason, "end each card by a line END:VCARD");
        }
        Err(_) => {
            let reason = "the card cannot be read".to_owned();
            return refused(IssueCode::CardInvalid, reason, "export it again as vCard 3.0 or 4.0");
        }
    };
    read_card(row.line, text, &card, context)
}

/// Reads the contact of a card in JSON (RFC 9553), which is that of the vCard that it stands for
/// (RFC 9555).
pub(super) fn validate_jscontact(
    line: u64,
    text: &str,
    context: &RowContext,
) -> (Option<ValidRow>, Vec<RowIssue>) {
    let card = JSContact::<String, String>::parse(text).ok().and_then(JSContact::into_vcard);
    if let Some(card) = card {
        return read_card(line, text, &card, context);
    }
    let issue = RowIssue::error(line, IssueCode::CardInvalid, "the card cannot be read");
    (None, vec![issue.at("contact", text).suggest("write it as RFC 9553 says")])
}

fn read_card(
    line: u64,
    text: &str,
    card: &VCard,
    context: &RowContext,
) -> (Option<ValidRow>, Vec<RowIssue>) {
    let kind = card.property(&VCardProperty::Kind).map(|entry| text_of(entry, 0));
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("group")) {
        let reason = "the card is a group of people, not a contact";
        let issue = RowIssue::error(line, IssueCode::CardInvalid, reason).at(COLUMN, text);
        return (None, vec![issue.suggest("make a list of the contacts instead")]);
    }
    let mut reading = Reading::default();
    for entry in &card.entries {
        reading.take(entry);
    }
    let Reading { members, unknown, .. } = reading.finish();
    let (valid, mut issues) = validate_members(line, members, context);
    if !unknown.is_empty() && valid.is_some() {
        let reason = "no field of a contact holds this; it is left out";
        let issue = RowIssue::warning(line, IssueCode::ValueLeftOut, reason);
        issues.push(issue.at(unknown.join(", "), "").suggest("keep it in the notes if it matters"));
    }
    (valid, issues)
}

/// What a card says of a contact, for those who write cards one by one.
#[derive(Debug, Default)]
pub struct CardMembers {
    /// Members of a contact as JSON has them.
    pub members: Map<String, Value>,
    /// The identifier that the card has elsewhere.
    pub uid: Option<String>,
    /// Properties that no member holds.
    pub kept: Vec<VCardEntry>,
}

/// Reads a card; none if it is no card of one person or company. What our own exports write beside
/// the standard is passed over.
pub fn card_members(text: &str) -> Option<CardMembers> {
    let card = VCard::parse(text).ok()?;
    let kind = card.property(&VCardProperty::Kind).map(|entry| text_of(entry, 0));
    if !is_closed(text) || kind.is_some_and(|kind| kind.eq_ignore_ascii_case("group")) {
        return None;
    }
    let uid = card.property(&VCardProperty::Uid).map(|entry| text_of(entry, 0));
    let (mut reading, mut kept) = (Reading::default(), Vec::new());
    let is_own = |name: &VCardProperty| {
        let VCardProperty::Other(name) = name else { return false };
        name.eq_ignore_ascii_case(OWN_PROPERTY)
    };
    for entry in card.entries {
        if entry.name == VCardProperty::Uid || is_own(&entry.name) {
            continue;
        }
        let is_further_page =
            entry.name == VCardProperty::Url && reading.social.contains_key("website");
        reading.unknown.clear();
        if !is_further_page {
            reading.take(&entry);
        }
        let is_unknown = !reading.unknown.is_empty() || is_further_page;
        if is_unknown {
            kept.push(entry);
        }
    }
    Some(CardMembers {
        members: reading.finish().members,
        uid: uid.filter(|uid| !uid.is_empty()),
        kept,
    })
}

fn is_closed(text: &str) -> bool {
    text.trim_end().to_ascii_lowercase().ends_with("end:vcard")
}

/// What a card says, as far as it was read.
#[derive(Default)]
struct Reading {
    members: Map<String, Value>,
    phones: Vec<Value>,
    emails: Vec<Value>,
    addresses: Vec<Value>,
    channels: Vec<Value>,
    tags: Vec<Value>,
    notes: Vec<String>,
    social: Map<String, Value>,
    custom: Map<String, Value>,
    /// Labels of Apple by the group of the property that they belong to.
    labels: Vec<(String, String)>,
    groups: Vec<(String, usize, bool)>,
    /// Names of properties that nothing holds.
    unknown: Vec<String>,
}

impl Reading {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is named in a warning")]
    fn take(&mut self, entry: &VCardEntry) {
        let all = || texts(entry);
        match &entry.name {
            VCardProperty::Begin
            | VCardProperty::End
            | VCardProperty::Version
            | VCardProperty::Kind
            | VCardProperty::Prodid
            | VCardProperty::Rev
            | VCardProperty::Created => {}
            VCardProperty::Fn => self.set("display_name", text_of(entry, 0)),
            VCardProperty::N => {
                let part = |at: usize| component(entry, at);
                self.set("last_name", part(0));
                let given = [part(1), part(2)].map(|name| name.trim().to_owned());
                self.set("first_name", given.join(" "));
                self.set("suffix", part(4));
            }
            VCardProperty::Tel => self.take_phone(entry),
            VCardProperty::Email => {
                let address = text_of(entry, 0);
                let address = address.trim().trim_start_matches("mailto:").to_owned();
                if !address.is_empty() {
                    self.grouped(entry, self.emails.len(), false);
                    let label = label_of(entry, &[VCardType::Work, VCardType::Home]);
                    let is_first = is_preferred(entry);
                    self.emails
                        .push(json!({"address": address, "label": label, "primary": is_first}));
                }
            }
            VCardProperty::Adr => self.take_address(entry),
            VCardProperty::Org => {
                let parts: Vec<String> = (0..4).map(|at| component(entry, at)).collect();
                self.set("company", parts[0].clone());
                let units: Vec<&str> = parts[1..]
                    .iter()
                    .map(|part| part.trim())
                    .filter(|part| !part.is_empty())
                    .collect();
                self.set("department", units.join(", "));
            }
            VCardProperty::Title => self.set("title", text_of(entry, 0)),
            VCardProperty::Role => self.set("role", text_of(entry, 0)),
            VCardProperty::Note => self.notes.extend(all()),
            VCardProperty::Categories => {
                let tags = all().into_iter().filter(|tag| !tag.trim().is_empty());
                self.tags.extend(tags.map(Value::from));
            }
            VCardProperty::Bday => self.set("birthday", birthday(entry)),
            VCardProperty::Lang => self.set("language", text_of(entry, 0)),
            VCardProperty::Tz => {
                // An offset is no time zone.
                let zone = text_of(entry, 0);
                if zone.contains('/') {
                    self.set("timezone", zone);
                }
            }
            VCardProperty::Url => {
                self.social.entry("website").or_insert_with(|| text_of(entry, 0).into());
            }
            VCardProperty::Impp => self.take_channel(&text_of(entry, 0)),
            VCardProperty::Socialprofile => self.take_social(entry),
            VCardProperty::Uid => {
                let uid = text_of(entry, 0);
                let plain = uid.trim_start_matches("urn:uuid:").to_owned();
                if plain.parse::<uuid::Uuid>().is_ok() {
                    self.set("id", plain);
                } else if !plain.is_empty() {
                    self.members.entry("external_crm_id").or_insert(plain.into());
                    self.members.entry("external_crm_provider").or_insert(UID_PROVIDER.into());
                }
            }
            VCardProperty::Other(name) => self.take_other(name, entry),
            other => {
                let name = other.as_str().to_owned();
                if !self.unknown.contains(&name) {
                    self.unknown.push(name);
                }
            }
        }
    }

    fn take_other(&mut self, name: &str, entry: &VCardEntry) {
        let upper = name.to_ascii_uppercase();
        match upper.as_str() {
            OWN_PROPERTY => self.take_own(entry),
            "X-ABLABEL" => {
                if let Some(group) = &entry.group {
                    let label = text_of(entry, 0);
                    let label = label.trim_start_matches("_$!<").trim_end_matches(">!$_");
                    self.labels.push((group.clone(), label.to_lowercase()));
                }
            }
            "X-SOCIALPROFILE" => self.take_social(entry),
            "X-WHATSAPP" => self.take_channel(&format!("whatsapp:{}", text_of(entry, 0))),
            _ if upper.starts_with("X-AB") || upper.starts_with("X-APPLE") || upper == "AGENT" => {}
            _ => {
                if !self.unknown.contains(&upper) && self.unknown.len() < 20 {
                    self.unknown.push(upper);
                }
            }
        }
    }

    /// Reads what an export of ours has written.
    fn take_own(&mut self, entry: &VCardEntry) {
        let is_key = |name: &VCardParameterName| matches!(name, VCardParameterName::Other(name) if name.eq_ignore_ascii_case(OWN_KEY));
        let own = entry.params.iter().find(|param| is_key(&param.name));
        let key = own.and_then(|param| param.value.as_text()).map(str::to_owned);
        let Some(key) = key else { return };
        let text = text_of(entry, 0);
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        match key.strip_prefix("cf.") {
            Some(field) => {
                self.custom.insert(field.to_owned(), value);
            }
            None => {
                self.members.insert(key, value);
            }
        }
    }

    fn take_phone(&mut self, entry: &VCardEntry) {
        let text = text_of(entry, 0);
        let number = text.trim();
        let number = number.strip_prefix("tel:").unwrap_or(number);
        if number.is_empty() {
            return;
        }
        let order = [
            VCardType::Fax,
            VCardType::Pager,
            VCardType::Cell,
            VCardType::MainNumber,
            VCardType::Work,
            VCardType::Home,
        ];
        self.grouped(entry, self.phones.len(), true);
        let label = label_of(entry, &order);
        self.phones.push(json!({"number": number, "label": label, "primary": is_preferred(entry)}));
    }

    fn take_address(&mut self, entry: &VCardEntry) {
        let part = |at: usize| component(entry, at);
        // The extended address, such as a suite, is a part of the street for us.
        let street = [part(2), part(1)];
        let street: Vec<&str> =
            street.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        let members = [
            ("street", street.join(", ")),
            ("city", part(3)),
            ("region", part(4)),
            ("postal_code", part(5)),
            ("country", part(6)),
        ];
        let mut address = Map::new();
        for (name, text) in members {
            if !text.trim().is_empty() {
                address.insert(name.to_owned(), text.trim().into());
            }
        }
        if !address.is_empty() {
            if let Some(label) = label_of(entry, &[VCardType::Work, VCardType::Home]) {
                address.insert("label".to_owned(), label.into());
            }
            self.addresses.push(address.into());
        }
    }

    fn take_channel(&mut self, text: &str) {
        if let Some((channel, identifier)) = text.split_once(':')
            && !identifier.trim().is_empty()
        {
            let channel = channel.trim().to_lowercase();
            self.channels.push(json!({"channel": channel, "identifier": identifier.trim()}));
        }
    }

    fn take_social(&mut self, entry: &VCardEntry) {
        let text = text_of(entry, 0);
        let service = entry.params.iter().find_map(|param| {
            let is_name =
                matches!(param.name, VCardParameterName::ServiceType | VCardParameterName::Type);
            param.value.as_text().filter(|_| is_name).map(str::to_lowercase)
        });
        let service = service.unwrap_or_else(|| "profile".to_owned());
        if !text.is_empty() {
            self.social.entry(service).or_insert_with(|| text.into());
        }
    }

    fn set(&mut self, member: &str, text: impl AsRef<str>) {
        let text = text.as_ref().trim();
        if !text.is_empty() {
            self.members.entry(member).or_insert_with(|| text.into());
        }
    }

    fn grouped(&mut self, entry: &VCardEntry, at: usize, is_phone: bool) {
        if let Some(group) = &entry.group {
            self.groups.push((group.clone(), at, is_phone));
        }
    }

    /// Puts the collections in their places.
    fn finish(mut self) -> Self {
        for (group, at, is_phone) in std::mem::take(&mut self.groups) {
            let label = self.labels.iter().find(|(known, _)| *known == group);
            let values = if is_phone { &mut self.phones } else { &mut self.emails };
            if let (Some((_, label)), Some(value)) = (label, values.get_mut(at)) {
                value["label"] = label.clone().into();
            }
        }
        let notes: Vec<String> =
            self.notes.drain(..).filter(|note| !note.trim().is_empty()).collect();
        let lists = [
            ("phones", std::mem::take(&mut self.phones)),
            ("emails", std::mem::take(&mut self.emails)),
            ("addresses", std::mem::take(&mut self.addresses)),
            ("channels", std::mem::take(&mut self.channels)),
            ("tags", std::mem::take(&mut self.tags)),
        ];
        for (name, list) in lists {
            if !list.is_empty() {
                self.members.entry(name).or_insert(list.into());
            }
        }
        if !notes.is_empty() {
            self.members.entry("notes").or_insert(notes.join("\n").into());
        }
        let maps = [
            ("social_profiles", std::mem::take(&mut self.social)),
            ("custom_fields", std::mem::take(&mut self.custom)),
        ];
        for (name, map) in maps {
            if !map.is_empty() {
                self.members.entry(name).or_insert(map.into());
            }
        }
        self
    }
}

/// The texts of a property.
fn texts(entry: &VCardEntry) -> Vec<String> {
    let values = entry.values.iter().filter_map(|value| {
        if let VCardValue::Component(parts) = value {
            return Some(parts.join(","));
        }
        value.as_text().map(str::to_owned)
    });
    values.collect()
}

fn text_of(entry: &VCardEntry, at: usize) -> String {
    texts(entry).into_iter().nth(at).unwrap_or_default()
}

/// A part of a structured value; several words of a part are joined.
fn component(entry: &VCardEntry, at: usize) -> String {
    match entry.values.get(at) {
        Some(VCardValue::Component(parts)) => parts.join(" "),
        Some(value) => value.as_text().unwrap_or_default().to_owned(),
        None => String::new(),
    }
}

/// The first of some types that a property has, as a label of ours.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types that are asked for")]
fn label_of(entry: &VCardEntry, order: &[VCardType]) -> Option<&'static str> {
    let types: Vec<&VCardType> =
        entry.params.iter().filter_map(|param| param.value.as_type()?.iana().copied()).collect();
    let found = order.iter().find(|wanted| types.contains(wanted))?;
    Some(match found {
        VCardType::Fax => "fax",
        VCardType::Pager => "pager",
        VCardType::Cell => "mobile",
        VCardType::MainNumber => "main",
        VCardType::Work => "work",
        VCardType::Home => "home",
        _ => return None,
    })
}

fn is_preferred(entry: &VCardEntry) -> bool {
    entry.params.iter().any(|param| {
        let is_type = param.name == VCardParameterName::Type
            && param.value.as_text().is_some_and(|text| text.eq_ignore_ascii_case("pref"));
        let is_first = param.name == VCardParameterName::Pref
            && param.value.as_text().is_none_or(|text| text == "1")
            && param.value.as_integer().and_then(|number| number.iana().copied()).unwrap_or(1) == 1;
        is_type || is_first
    })
}

/// A birthday as ISO 8601, without a year `--12-31`.
fn birthday(entry: &VCardEntry) -> String {
    match entry.values.first() {
        Some(VCardValue::PartialDateTime(PartialDateTime {
            year,
            month: Some(month),
            day: Some(day),
            ..
        })) => match year {
            Some(year) => format!("{year:04}-{month:02}-{day:02}"),
            None => format!("--{month:02}-{day:02}"),
        },
        Some(value) => value.as_text().unwrap_or_default().to_owned(),
        None => String::new(),
    }
}
