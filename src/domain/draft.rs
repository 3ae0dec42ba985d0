//! A change to a contact, checked and normalised: what creating, patching and importing share.
//!
//! Reading values out of JSON or CSV and parsing them is done before, on the calling thread;
//! [`Draft::apply`] only puts them together and is cheap enough for the writer thread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::access::OrgSettings;
use super::channel::add_numbers;
use super::consent::ConsentCells;
use super::contact::{Address, ChannelId, Contact, Email, Fields, Visibility};
use super::draft_lists::{has_tag, unite_tags};
use super::facts::Facts;
use super::ids::{ContactId, ContactNumber};
use super::issue::FieldIssue;
use super::name;
use super::phone::Phone;
use super::status::{EmailState, Lifecycle, Status};
use super::tag;
use super::text::fold;
use super::time::Timestamp;

/// What a change does to one member.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    pub(super) fn apply_value(self, slot: &mut T) {
        match self {
            Self::Keep => {}
            Self::Clear => *slot = T::default(),
            Self::Set(value) => *slot = value,
        }
    }
}

/// What a fact is set to, if anything was sent.
fn or_default<T: Default>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Keep => None,
        Patch::Clear => Some(T::default()),
        Patch::Set(value) => Some(value),
    }
}

/// A checked change to a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the members are those of `contact::Fields`")]
pub struct Draft {
    pub display_name: Patch<String>,
    /// Another name for the display name; whichever differs from what is shown counts.
    pub name: Patch<String>,
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    pub suffix: Patch<String>,
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
    /// Where the contact is in its life; `None` is active.
    pub lifecycle: Patch<Lifecycle>,
    /// What is known about its e-mail.
    pub email_state: Patch<EmailState>,
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
    /// Takes tags away, in whatever spelling.
    pub remove_tags: Vec<String>,
    /// What a row of an import says of the display name without how it addresses the person; none if
    /// it does not.
    pub unaddressed_name: Option<Patch<String>>,
    /// Names of static lists that a row of an import puts it on; who writes it sees to that.
    pub lists: Vec<String>,
    /// What a row of an import says about consent; who writes it sees to that.
    pub consent: Option<ConsentCells>,
    /// Members that nobody writes, with the values that were sent: they must be what holds.
    pub claims: Vec<(String, Value)>,
    pub custom_fields: Patch<BTreeMap<String, Patch<Value>>>,
    /// The state of the definitions that the custom fields have been made to fit.
    pub fields_fitted: Option<u64>,
    pub external_crm_id: Patch<String>,
    pub external_crm_provider: Patch<String>,
    pub opt_in: Patch<bool>,
    /// Whether the person does not want e-mails.
    pub email_opt_out: Patch<bool>,
    pub last_contacted_at: Patch<Timestamp>,
    pub last_interaction_at: Patch<Timestamp>,
    pub system_critical: Patch<bool>,
    pub in_active_campaign: Patch<bool>,
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
/// Most characters of the notes of one contact.
pub const MAX_NOTES: usize = 100_000;
/// Most characters of a short text such as a name.
pub const MAX_TEXT: usize = 255;
/// Most characters of the name of a list.
pub const MAX_LIST_NAME: usize = 200;
/// Most characters of a tag.
pub const MAX_TAG: usize = 100;
/// Most characters of a text in a custom field.
pub const MAX_CUSTOM_TEXT: usize = 65_536;
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
            facts: Facts::default(),
        };
        self.put_into(&mut contact, stamp.settings)?;
        if contact.first_channel.is_none()
            && let Some(first) = contact.channels.first()
        {
            contact.first_channel = Some(first.channel.to_lowercase());
        }
        if contact.source.is_none() {
            contact.source = Some("manual".to_owned());
        }
        let lacking = stamp.settings.required_fields.lacking(&contact);
        if lacking.is_empty() { Ok(contact) } else { Err(lacking) }
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
        // What it lacked before is nobody's fault now.
        let known = stamp.settings.required_fields.lacking(base);
        let mut lacking = stamp.settings.required_fields.lacking(&contact);
        lacking.retain(|issue| !known.contains(issue));
        if !lacking.is_empty() {
            return Err(lacking);
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
        // A record that is sent back says what follows from its activities, too.
        let known = contact.facts.last_activity_at;
        if self.last_interaction_at.value().copied() <= known && known.is_some()
            || self.last_interaction_at.value().copied() == contact.last_interaction()
        {
            self.last_interaction_at = Patch::Keep;
        }
        if known.is_some() && self.last_contacted_at.value().copied() <= known
            || self.last_contacted_at.value().copied() == contact.last_contacted()
        {
            self.last_contacted_at = Patch::Keep;
        }
        let naming = Naming::of(contact);
        let is_renamed = self.put_names(contact);
        let was_tagged = has_tag(&contact.tags, &settings.do_not_contact_tag);
        let had_country = !settings.auto_tag_country || tag::country_of(&contact.phones).is_some();
        self.put_phones(&mut contact.fields.phones);
        if !had_country {
            self.add_tags.extend(tag::country_of(&contact.phones));
        }
        self.put_emails(&mut contact.fields.emails);
        let fields = &mut contact.fields;
        self.company.apply_to(&mut fields.company);
        self.company_id.apply_to(&mut fields.company_id);
        self.title.apply_to(&mut fields.title);
        self.department.apply_to(&mut fields.department);
        self.role.apply_to(&mut fields.role);
        self.addresses.apply_value(&mut fields.addresses);
        self.birthday.apply_to(&mut fields.birthday);
        put_map(self.social_profiles, &mut fields.social_profiles);
        if let Patch::Set(channels) = &self.channels {
            add_numbers(fields, channels, settings.default_country.as_deref());
        }
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
        self.system_critical.apply_value(&mut fields.system_critical);
        self.in_active_campaign.apply_value(&mut fields.in_active_campaign);

        self.tags.apply_value(&mut fields.tags);
        fields.tags.append(&mut self.add_tags);
        if !self.remove_tags.is_empty() {
            let gone: Vec<String> = self.remove_tags.iter().map(|tag| fold(tag)).collect();
            fields.tags.retain(|tag| !gone.contains(&fold(tag)));
        }
        unite_tags(&mut fields.tags);
        let before = fields.status;
        // The do-not-contact tag and the fact are two views of one thing.
        let is_tagged = has_tag(&fields.tags, &settings.do_not_contact_tag);
        if is_tagged != was_tagged {
            fields.status.do_not_contact = is_tagged;
        }
        // So are the shown status and the facts: a record that is sent back after an edit carries
        // all of them, and only what differs from what was shown was meant.
        let status = match self.status {
            Patch::Set(status) => Some(status),
            Patch::Clear => Some(Status::Active),
            Patch::Keep => None,
        };
        if let Some(status) = status.filter(|status| *status != before.shown()) {
            fields.status.set(status);
        }
        let known = before;
        if let Some(lifecycle) = or_default(self.lifecycle)
            && lifecycle != known.lifecycle
        {
            fields.status.lifecycle = lifecycle;
        }
        if let Some(email) = or_default(self.email_state)
            && email != known.email
        {
            fields.status.email = email;
        }
        let flag = |patch: Patch<bool>, before: bool, slot: &mut bool| match patch {
            Patch::Set(value) if value != before => *slot = value,
            Patch::Clear if before => *slot = false,
            Patch::Keep | Patch::Clear | Patch::Set(_) => {}
        };
        flag(self.blocked, before.blocked, &mut fields.status.blocked);
        flag(self.do_not_contact, before.do_not_contact, &mut fields.status.do_not_contact);
        let was_opted_out = before.email == EmailState::Unsubscribed;
        let mut is_opted_out = fields.status.email == EmailState::Unsubscribed;
        let shown = is_opted_out;
        flag(self.email_opt_out, was_opted_out, &mut is_opted_out);
        if is_opted_out != shown {
            fields.status.email =
                if is_opted_out { EmailState::Unsubscribed } else { EmailState::Ok };
        }
        let tag = settings.do_not_contact_tag.trim();
        let is_news = fields.status.do_not_contact && !before.do_not_contact;
        if is_news && !tag.is_empty() && !has_tag(&fields.tags, tag) {
            fields.tags.push(tag.to_owned());
        }
        if !fields.status.do_not_contact && has_tag(&fields.tags, &settings.do_not_contact_tag) {
            fields.tags.retain(|tag| fold(tag) != fold(&settings.do_not_contact_tag));
        }
        if !is_renamed {
            naming.follow(contact);
        }
        finish(contact)
    }

    /// Puts the names in; whether the display name was set to something else.
    fn put_names(&mut self, contact: &mut Contact) -> bool {
        let is_new =
            |patch: &Patch<String>| patch.value().is_some_and(|name| *name != contact.display_name);
        let (given, other) =
            (std::mem::take(&mut self.display_name), std::mem::take(&mut self.name));
        let given =
            if given.is_keep() || !is_new(&given) && is_new(&other) { other } else { given };
        let is_renamed = is_new(&given);
        let parts_sent = !self.first_name.is_keep() || !self.last_name.is_keep();
        let fields = &mut contact.fields;
        std::mem::take(&mut self.first_name).apply_to(&mut fields.first_name);
        std::mem::take(&mut self.last_name).apply_to(&mut fields.last_name);
        let suffix = std::mem::take(&mut self.suffix);
        let is_suffix_sent = !suffix.is_keep();
        suffix.apply_to(&mut fields.suffix);
        match given {
            Patch::Set(full) if is_renamed => {
                if !parts_sent {
                    let split = name::split(&full);
                    fields.first_name = split.first;
                    fields.last_name = split.last;
                    if !is_suffix_sent {
                        fields.suffix = split.suffix;
                    }
                }
                contact.display_name = full;
            }
            Patch::Clear => contact.display_name.clear(),
            Patch::Set(_) | Patch::Keep => {}
        }
        is_renamed
    }
}

/// How a contact came by its display name.
struct Naming {
    /// The name that would be made of the rest of the contact.
    made: Option<String>,
    /// Whether the display name is that, or the other spelling of first and last name.
    is_made: bool,
    /// Titles that stand in front of the names in the display name only.
    title: Option<String>,
}

impl Naming {
    fn of(contact: &Contact) -> Self {
        let made = made_name(contact);
        let split = name::split(&contact.display_name);
        let is_split = (split.first.is_some() || split.last.is_some())
            && split.first == contact.first_name
            && split.last == contact.last_name
            && split.suffix == contact.suffix;
        let is_made = is_split || made.as_ref() == Some(&contact.display_name);
        Self { is_made, made, title: split.title.filter(|_| is_split) }
    }

    /// Makes the display name anew if it was made of something that has changed.
    fn follow(self, contact: &mut Contact) {
        let made = made_name(contact);
        if !self.is_made || made == self.made {
            return;
        }
        let is_named = contact.first_name.is_some() || contact.last_name.is_some();
        contact.display_name = match (self.title, made) {
            (Some(title), Some(name)) if is_named => format!("{title} {name}"),
            _ => String::new(),
        };
    }
}

fn made_name(contact: &Contact) -> Option<String> {
    let fields = &contact.fields;
    let (first, last) = (fields.first_name.as_deref(), fields.last_name.as_deref());
    name::join(first, last, fields.suffix.as_deref())
        .or_else(|| fields.company.clone())
        .or_else(|| contact.primary_phone().map(|p| p.number.clone()))
        .or_else(|| contact.primary_email().map(|e| e.address.clone()))
        .or_else(|| fields.channels.first().map(|c| c.identifier.clone()))
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

fn finish(contact: &mut Contact) -> Result<(), Vec<FieldIssue>> {
    if contact.display_name.is_empty() {
        match made_name(contact) {
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
    let issues = over_limits(contact);
    if issues.is_empty() { Ok(()) } else { Err(issues) }
}

/// Names what a contact has more of than is allowed.
pub fn over_limits(contact: &Contact) -> Vec<FieldIssue> {
    let mut issues = Vec::new();
    let fields = &contact.fields;
    for (pointer, count, most) in [
        ("/phones", fields.phones.len(), MAX_ENTRIES),
        ("/emails", fields.emails.len(), MAX_ENTRIES),
        ("/addresses", fields.addresses.len(), MAX_ENTRIES),
        ("/channels", fields.channels.len(), MAX_ENTRIES),
        ("/social_profiles", fields.social_profiles.len(), MAX_ENTRIES),
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
    issues
}
