//! A change to a contact, checked and normalised: what creating, patching and importing share.
//!
//! Reading values out of JSON or CSV and parsing them is done before, on the calling thread;
//! [`Draft::apply`] only puts them together and is cheap enough for the writer thread.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::access::OrgSettings;
use super::contact::{Address, ChannelId, Contact, Email, Fields, Visibility, is_mobile_label};
use super::email;
use super::ids::{ContactId, ContactNumber};
use super::issue::FieldIssue;
use super::name;
use super::phone::Phone;
use super::status::Status;
use super::text::fold;
use super::time::Timestamp;

/// What a change does to one member.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Patch<T> {
    /// Nothing: it was not sent.
    #[default]
    Keep,
    /// Empties it: `null` was sent.
    Clear,
    /// Sets it.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether nothing was sent.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value that is set, if any.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    fn apply_to(self, slot: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *slot = None,
            Self::Set(value) => *slot = Some(value),
        }
    }
}

impl<T: Default> Patch<T> {
    fn apply_value(self, slot: &mut T) {
        match self {
            Self::Keep => {}
            Self::Clear => *slot = T::default(),
            Self::Set(value) => *slot = value,
        }
    }
}

/// A checked change to a contact.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the members are those of `contact::Fields`")]
pub struct Draft {
    pub display_name: Patch<String>,
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    /// Replaces all numbers.
    pub phones: Patch<Vec<Phone>>,
    /// Sets the primary number.
    pub phone: Patch<Phone>,
    /// Sets the first mobile number.
    pub mobile: Patch<Phone>,
    /// Adds numbers that are not there yet.
    pub add_phones: Vec<Phone>,
    /// Replaces all addresses.
    pub emails: Patch<Vec<Email>>,
    /// Sets the primary address.
    pub email: Patch<String>,
    /// Adds addresses that are not there yet.
    pub add_emails: Vec<Email>,
    pub company: Patch<String>,
    pub company_id: Patch<Uuid>,
    pub title: Patch<String>,
    pub department: Patch<String>,
    pub role: Patch<String>,
    pub addresses: Patch<Vec<Address>>,
    pub birthday: Patch<String>,
    pub social_profiles: Patch<BTreeMap<String, Patch<String>>>,
    pub channels: Patch<Vec<ChannelId>>,
    pub country: Patch<String>,
    pub language: Patch<String>,
    pub timezone: Patch<String>,
    pub preferred_channel: Patch<String>,
    pub notes: Patch<String>,
    pub status: Patch<Status>,
    pub blocked: Patch<bool>,
    pub do_not_contact: Patch<bool>,
    pub source: Patch<String>,
    pub first_channel: Patch<String>,
    pub assigned_to: Patch<String>,
    pub visibility: Patch<Visibility>,
    pub assigned_queue: Patch<String>,
    pub org_department_id: Patch<String>,
    /// Replaces all tags.
    pub tags: Patch<Vec<String>>,
    /// Adds tags that are not there yet.
    pub add_tags: Vec<String>,
    pub custom_fields: Patch<BTreeMap<String, Patch<Value>>>,
    pub external_crm_id: Patch<String>,
    pub external_crm_provider: Patch<String>,
    pub opt_in: Patch<bool>,
    pub last_contacted_at: Patch<Timestamp>,
    pub last_interaction_at: Patch<Timestamp>,
}

/// What [`Draft::apply`] needs besides the draft.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// The time of the change.
    pub now: Timestamp,
    /// Who makes it.
    pub actor: &'a str,
    /// The settings of the organisation.
    pub settings: &'a OrgSettings,
}

/// Most bytes that the custom fields of one contact may take as JSON.
pub const MAX_CUSTOM_FIELDS_BYTES: usize = 64 * 1024;
/// Most phones, e-mails, addresses or channel identifiers of one contact.
pub const MAX_ENTRIES: usize = 100;
/// Most tags of one contact.
pub const MAX_TAGS: usize = 500;

impl Draft {
    /// Makes a new contact.
    ///
    /// # Errors
    /// Lists what is missing or too much.
    pub fn create(
        self,
        id: ContactId,
        number: ContactNumber,
        stamp: Stamp<'_>,
    ) -> Result<Contact, Vec<FieldIssue>> {
        let mut contact = Contact {
            id,
            number,
            version: 1,
            created_at: stamp.now,
            updated_at: stamp.now,
            display_name: String::new(),
            fields: Fields {
                created_by: Some(stamp.actor.to_owned()),
                updated_by: Some(stamp.actor.to_owned()),
                ..Fields::default()
            },
        };
        self.put_into(&mut contact, stamp.settings)?;
        if contact.source.is_none() {
            contact.source = Some("manual".to_owned());
        }
        Ok(contact)
    }

    /// Changes a contact; `None` if that changes nothing.
    ///
    /// # Errors
    /// Lists what would be missing or too much.
    pub fn apply(
        self,
        base: &Contact,
        stamp: Stamp<'_>,
    ) -> Result<Option<Contact>, Vec<FieldIssue>> {
        let mut contact = base.clone();
        self.put_into(&mut contact, stamp.settings)?;
        if contact == *base {
            return Ok(None);
        }
        contact.version += 1;
        contact.updated_at = stamp.now.max(base.updated_at);
        contact.updated_by = Some(stamp.actor.to_owned());
        Ok(Some(contact))
    }

    fn put_into(
        mut self,
        contact: &mut Contact,
        settings: &OrgSettings,
    ) -> Result<(), Vec<FieldIssue>> {
        self.put_names(contact);
        let had_dnc_tag = has_tag(&contact.tags, &settings.do_not_contact_tag);
        self.put_reach(contact);
        let fields = &mut contact.fields;
        self.company.apply_to(&mut fields.company);
        self.company_id.apply_to(&mut fields.company_id);
        self.title.apply_to(&mut fields.title);
        self.department.apply_to(&mut fields.department);
        self.role.apply_to(&mut fields.role);
        self.addresses.apply_value(&mut fields.addresses);
        self.birthday.apply_to(&mut fields.birthday);
        put_map(self.social_profiles, &mut fields.social_profiles);
        self.channels.apply_value(&mut fields.channels);
        self.country.apply_to(&mut fields.country);
        self.language.apply_to(&mut fields.language);
        self.timezone.apply_to(&mut fields.timezone);
        self.preferred_channel.apply_to(&mut fields.preferred_channel);
        self.notes.apply_to(&mut fields.notes);
        self.source.apply_to(&mut fields.source);
        self.first_channel.apply_to(&mut fields.first_channel);
        self.assigned_to.apply_to(&mut fields.assigned_to);
        self.visibility.apply_value(&mut fields.visibility);
        self.assigned_queue.apply_to(&mut fields.assigned_queue);
        self.org_department_id.apply_to(&mut fields.org_department_id);
        put_map(self.custom_fields, &mut fields.custom_fields);
        self.external_crm_id.apply_to(&mut fields.external_crm_id);
        self.external_crm_provider.apply_to(&mut fields.external_crm_provider);
        self.opt_in.apply_to(&mut fields.opt_in);
        self.last_contacted_at.apply_to(&mut fields.last_contacted_at);
        self.last_interaction_at.apply_to(&mut fields.last_interaction_at);

        self.tags.apply_value(&mut fields.tags);
        fields.tags.append(&mut self.add_tags);
        unite_tags(&mut fields.tags);
        // The do-not-contact tag and the fact are two views of one thing.
        let has_dnc_tag = has_tag(&fields.tags, &settings.do_not_contact_tag);
        if has_dnc_tag != had_dnc_tag {
            fields.status.do_not_contact = has_dnc_tag;
        }
        match self.status {
            Patch::Set(status) => fields.status.set(status),
            Patch::Clear => fields.status.set(Status::Active),
            Patch::Keep => {}
        }
        self.blocked.apply_value(&mut fields.status.blocked);
        self.do_not_contact.apply_value(&mut fields.status.do_not_contact);
        if !fields.status.do_not_contact && has_tag(&fields.tags, &settings.do_not_contact_tag) {
            fields.tags.retain(|tag| fold(tag) != fold(&settings.do_not_contact_tag));
        }
        finish(contact)
    }

    fn put_names(&mut self, contact: &mut Contact) {
        let given = std::mem::take(&mut self.display_name);
        let parts_sent = !self.first_name.is_keep() || !self.last_name.is_keep();
        let fields = &mut contact.fields;
        std::mem::take(&mut self.first_name).apply_to(&mut fields.first_name);
        std::mem::take(&mut self.last_name).apply_to(&mut fields.last_name);
        match given {
            Patch::Set(full) => {
                if !parts_sent && full != contact.display_name {
                    let split = name::split(&full);
                    fields.first_name = split.first;
                    fields.last_name = split.last;
                }
                contact.display_name = full;
            }
            Patch::Clear => contact.display_name.clear(),
            Patch::Keep if parts_sent => contact.display_name.clear(),
            Patch::Keep => {}
        }
    }

    fn put_reach(&mut self, contact: &mut Contact) {
        let fields = &mut contact.fields;
        std::mem::take(&mut self.phones).apply_value(&mut fields.phones);
        match std::mem::take(&mut self.phone) {
            Patch::Keep => {}
            Patch::Clear => {
                let at = fields.phones.iter().position(|p| p.primary).unwrap_or(0);
                if at < fields.phones.len() {
                    fields.phones.remove(at);
                }
            }
            Patch::Set(phone) => put_primary(&mut fields.phones, phone),
        }
        let mobile_at =
            fields.phones.iter().position(|p| p.label.as_deref().is_some_and(is_mobile_label));
        match std::mem::take(&mut self.mobile) {
            Patch::Keep => {}
            Patch::Clear => {
                if let Some(at) = mobile_at {
                    fields.phones.remove(at);
                }
            }
            Patch::Set(mut phone) => {
                phone.label = Some("mobile".to_owned());
                match mobile_at {
                    Some(at) => {
                        phone.primary = fields.phones[at].primary;
                        fields.phones[at] = phone;
                    }
                    None => fields.phones.push(phone),
                }
            }
        }
        fields.phones.append(&mut self.add_phones);
        unite_phones(&mut fields.phones);

        std::mem::take(&mut self.emails).apply_value(&mut fields.emails);
        let primary_at = fields.emails.iter().position(|e| e.primary).unwrap_or(0);
        match std::mem::take(&mut self.email) {
            Patch::Keep => {}
            Patch::Clear => {
                if primary_at < fields.emails.len() {
                    fields.emails.remove(primary_at);
                }
            }
            Patch::Set(address) => {
                let known = fields
                    .emails
                    .iter()
                    .position(|e| email::key(&e.address) == email::key(&address));
                for entry in &mut fields.emails {
                    entry.primary = false;
                }
                match (known, fields.emails.get_mut(primary_at)) {
                    (Some(at), _) => fields.emails[at].primary = true,
                    (None, Some(primary)) => {
                        primary.address = address;
                        primary.primary = true;
                    }
                    (None, None) => {
                        fields.emails.push(Email { address, label: None, primary: true });
                    }
                }
            }
        }
        fields.emails.append(&mut self.add_emails);
        unite_emails(&mut fields.emails);
    }
}

fn put_primary(phones: &mut Vec<Phone>, mut phone: Phone) {
    let primary_at = phones.iter().position(|p| p.primary).unwrap_or(0);
    let known = phones.iter().position(|p| same_phone(p, &phone));
    for entry in phones.iter_mut() {
        entry.primary = false;
    }
    phone.primary = true;
    match (known, phones.get_mut(primary_at)) {
        (Some(at), _) => {
            phone.label = phones[at].label.take();
            phones[at] = phone;
        }
        (None, Some(primary)) => {
            phone.label = primary.label.take();
            *primary = phone;
        }
        (None, None) => phones.push(phone),
    }
}

fn put_map<T>(patch: Patch<BTreeMap<String, Patch<T>>>, map: &mut BTreeMap<String, T>) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => map.clear(),
        Patch::Set(entries) => {
            for (key, value) in entries {
                match value {
                    Patch::Keep => {}
                    Patch::Clear => {
                        map.remove(&key);
                    }
                    Patch::Set(value) => {
                        map.insert(key, value);
                    }
                }
            }
        }
    }
}

fn same_phone(a: &Phone, b: &Phone) -> bool {
    a.number == b.number && a.extension == b.extension
}

fn unite_phones(phones: &mut Vec<Phone>) {
    let mut at = 0;
    while at < phones.len() {
        let (before, rest) = phones.split_at_mut(at);
        if let Some(first) = before.iter_mut().find(|p| same_phone(p, &rest[0])) {
            first.primary |= rest[0].primary;
            if first.label.is_none() {
                first.label = rest[0].label.take();
            }
            phones.remove(at);
        } else {
            at += 1;
        }
    }
    mark_one_primary(phones, |p| &mut p.primary);
}

fn unite_emails(emails: &mut Vec<Email>) {
    let mut at = 0;
    while at < emails.len() {
        let (before, rest) = emails.split_at_mut(at);
        let key = email::key(&rest[0].address);
        if let Some(first) = before.iter_mut().find(|e| email::key(&e.address) == key) {
            first.primary |= rest[0].primary;
            if first.label.is_none() {
                first.label = rest[0].label.take();
            }
            emails.remove(at);
        } else {
            at += 1;
        }
    }
    mark_one_primary(emails, |e| &mut e.primary);
}

fn mark_one_primary<T>(entries: &mut [T], flag: impl Fn(&mut T) -> &mut bool) {
    let chosen = entries.iter_mut().position(|entry| *flag(entry)).unwrap_or(0);
    for (at, entry) in entries.iter_mut().enumerate() {
        *flag(entry) = at == chosen;
    }
}

fn has_tag(tags: &[String], tag: &str) -> bool {
    let folded = fold(tag);
    !folded.is_empty() && tags.iter().any(|t| fold(t) == folded)
}

fn unite_tags(tags: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    tags.retain(|tag| seen.insert(fold(tag)));
}

fn finish(contact: &mut Contact) -> Result<(), Vec<FieldIssue>> {
    if contact.display_name.is_empty() {
        let fields = &contact.fields;
        let name = name::join(fields.first_name.as_deref(), fields.last_name.as_deref())
            .or_else(|| fields.company.clone())
            .or_else(|| contact.primary_phone().map(|p| p.number.clone()))
            .or_else(|| contact.primary_email().map(|e| e.address.clone()))
            .or_else(|| fields.channels.first().map(|c| c.identifier.clone()));
        match name {
            Some(name) => contact.display_name = name,
            None => {
                return Err(vec![FieldIssue::new(
                    "",
                    "contact_empty",
                    "a contact needs at least a name, a company, a phone, an e-mail or a channel identifier",
                )]);
            }
        }
    }
    let mut issues = Vec::new();
    let fields = &contact.fields;
    for (pointer, count, most) in [
        ("/phones", fields.phones.len(), MAX_ENTRIES),
        ("/emails", fields.emails.len(), MAX_ENTRIES),
        ("/addresses", fields.addresses.len(), MAX_ENTRIES),
        ("/channels", fields.channels.len(), MAX_ENTRIES),
        ("/tags", fields.tags.len(), MAX_TAGS),
    ] {
        if count > most {
            issues.push(FieldIssue::new(
                pointer,
                "too_many",
                format!("has {count} entries; at most {most} are allowed"),
            ));
        }
    }
    if !fields.custom_fields.is_empty() {
        let bytes = serde_json::to_vec(&fields.custom_fields).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_CUSTOM_FIELDS_BYTES {
            issues.push(FieldIssue::new(
                "/custom_fields",
                "custom_fields_too_large",
                format!(
                    "take {bytes} bytes as JSON; at most {MAX_CUSTOM_FIELDS_BYTES} are allowed"
                ),
            ));
        }
    }
    if issues.is_empty() { Ok(()) } else { Err(issues) }
}
