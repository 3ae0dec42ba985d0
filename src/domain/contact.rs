//! The contact record as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::audit::FieldChange;
use super::facts::Facts;
use super::ids::{ContactId, ContactNumber};
use super::phone::Phone;
use super::status::{Status, StatusFacts};
use super::time::Timestamp;

/// An e-mail address of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The address as given.
    pub address: String,
    /// `work`, `home`, … as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether this is the address to use first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub primary: bool,
}

/// A postal address of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// `work`, `home`, … as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, province, county.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// How to reach a contact on a messaging channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelId {
    /// `whatsapp`, `facebook`, `telegram`, …
    pub channel: String,
    /// The identifier there.
    pub identifier: String,
}

/// What another system calls a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalId {
    /// The identifier there.
    pub id: String,
    /// That system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// Who may see a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody in the organisation.
    #[default]
    All,
    /// Members of the assigned queue.
    Queue,
    /// The assignee.
    Owner,
}

impl Visibility {
    /// The name in the API and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Queue => "queue",
            Self::Owner => "owner",
        }
    }

    /// Reads a visibility by its name.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "all" | "everyone" | "public" => Some(Self::All),
            "queue" => Some(Self::Queue),
            "owner" | "private" => Some(Self::Owner),
            _ => None,
        }
    }
}

/// A contact: one person or organisation that calls or is called.
///
/// Empty members are not written, so that a record takes little room; unknown members of later
/// versions are skipped when reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The public identifier.
    pub id: ContactId,
    /// The dense internal number.
    pub number: ContactNumber,
    /// Grows by one with every change, from 1.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The name to show; never empty.
    pub display_name: String,
    /// Everything else, mostly absent.
    #[serde(default)]
    pub fields: Fields,
    /// What follows from the records about it; written by the engine only.
    #[serde(default, skip_serializing_if = "Facts::is_none")]
    pub facts: Facts,
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty,)*) => {
        /// The members of a contact that people fill in.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Fields {
            $($(#[doc = $doc])* #[serde(skip_serializing_if = "is_default")] pub $name: $type,)*
        }

        impl Fields {
            fn changes(&self, after: &Self) -> Vec<FieldChange> {
                let mut changes = Vec::new();
                $(if self.$name != after.$name {
                    changes.push(FieldChange::of(stringify!($name), &self.$name, &after.$name));
                })*
                changes
            }
        }
    };
}

fields! {
    /// First name, with middle names.
    first_name: Option<String>,
    /// Last name, with particles.
    last_name: Option<String>,
    /// What follows the last name: `Jr.`, `III`, `PhD`.
    suffix: Option<String>,
    /// Phone numbers, the primary one marked.
    phones: Vec<Phone>,
    /// E-mail addresses, the primary one marked.
    emails: Vec<Email>,
    /// Company as text.
    company: Option<String>,
    /// Company as a linked record.
    company_id: Option<Uuid>,
    /// Job title.
    title: Option<String>,
    /// Department the person works in at their own company.
    department: Option<String>,
    /// Buying role: decision maker, influencer, champion, blocker, end user, other.
    role: Option<String>,
    /// Postal addresses.
    addresses: Vec<Address>,
    /// Date of birth, `YYYY-MM-DD`, or `--MM-DD` without a year.
    birthday: Option<String>,
    /// Social profiles by network (`linkedin`, `twitter`).
    social_profiles: BTreeMap<String, String>,
    /// Identifiers on messaging channels.
    channels: Vec<ChannelId>,
    /// ISO 3166 country, for jurisdiction.
    country: Option<String>,
    /// Language, as given (BCP 47 preferred).
    language: Option<String>,
    /// IANA time zone.
    timezone: Option<String>,
    /// How the person wants to be reached.
    preferred_channel: Option<String>,
    /// Free text.
    notes: Option<String>,
    /// The facts behind the shown status.
    status: StatusFacts,
    /// How the contact was acquired.
    source: Option<String>,
    /// Channel of the first contact.
    first_channel: Option<String>,
    /// User who looks after the contact.
    assigned_to: Option<String>,
    /// Who may see it.
    visibility: Visibility,
    /// Queue that sees it if visibility is `queue`.
    assigned_queue: Option<String>,
    /// Department of the call centre that owns the record.
    org_department_id: Option<String>,
    /// Tags, in the spelling first used, without repetition.
    tags: Vec<String>,
    /// Custom fields as typed JSON values.
    custom_fields: BTreeMap<String, serde_json::Value>,
    /// Identifier in another system.
    external_crm_id: Option<String>,
    /// That other system.
    external_crm_provider: Option<String>,
    /// Whether the person agreed to marketing.
    opt_in: Option<bool>,
    /// 0 to 100, computed.
    lead_score: Option<u8>,
    /// Who created it.
    created_by: Option<String>,
    /// Who changed it last.
    updated_by: Option<String>,
    /// When it was deleted; such a contact is found nowhere but can be restored.
    deleted_at: Option<Timestamp>,
    /// The contact that this one was merged into; it is deleted as long as that stands.
    merged_into: Option<ContactId>,
    /// The merge that did that.
    merge_id: Option<Uuid>,
    /// The merges that stand in which this contact stayed, oldest first.
    merges: Vec<Uuid>,
    /// What other systems call the contacts that were merged into this one, so that their lists
    /// still find it.
    merged_external_ids: Vec<ExternalId>,
    /// When somebody last had contact with the person.
    last_contacted_at: Option<Timestamp>,
    /// When the person last interacted.
    last_interaction_at: Option<Timestamp>,
    /// When the person was last called.
    last_called_at: Option<Timestamp>,
    /// How that call ended.
    last_call_outcome: Option<String>,
    /// How many calls there were.
    total_calls: u32,
    /// Only an admin may delete it.
    system_critical: bool,
    /// A campaign works with it now, so it cannot be deleted.
    in_active_campaign: bool,
}

impl std::ops::Deref for Contact {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl std::ops::DerefMut for Contact {
    fn deref_mut(&mut self) -> &mut Fields {
        &mut self.fields
    }
}

impl Contact {
    /// A contact as most are, which nobody has.
    pub fn decoy() -> Self {
        let text = |text: &str| Some(text.to_owned());
        let phone = |number: &str| Phone {
            number: number.to_owned(),
            raw: number.to_owned(),
            label: text("work"),
            primary: false,
            country: text("US"),
            extension: None,
        };
        Self {
            id: ContactId(Uuid::nil()),
            number: ContactNumber(0),
            version: 1,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            display_name: "Nobody at All".to_owned(),
            fields: Fields {
                first_name: text("Nobody"),
                last_name: text("at All"),
                phones: vec![phone("+12025550100"), phone("+12025550199")],
                emails: vec![Email {
                    address: "nobody@example.com".to_owned(),
                    label: None,
                    primary: true,
                }],
                company: text("No Company Inc"),
                source: text("import"),
                tags: vec!["Nothing".to_owned()],
                created_by: text("token:00000000-0000-0000-0000-000000000000"),
                updated_by: text("token:00000000-0000-0000-0000-000000000000"),
                ..Fields::default()
            },
            facts: Facts::default(),
        }
    }

    /// The one status to show.
    pub fn shown_status(&self) -> Status {
        self.fields.status.shown()
    }

    /// The number to call first.
    pub fn primary_phone(&self) -> Option<&Phone> {
        self.phones.iter().find(|p| p.primary).or_else(|| self.phones.first())
    }

    /// The first mobile number.
    pub fn mobile_phone(&self) -> Option<&Phone> {
        self.phones.iter().find(|p| p.label.as_deref().is_some_and(is_mobile_label))
    }

    /// The address to write to first.
    pub fn primary_email(&self) -> Option<&Email> {
        self.emails.iter().find(|e| e.primary).or_else(|| self.emails.first())
    }

    /// Whether the name to show is one of the contact's own numbers or addresses, for want of
    /// another.
    pub fn is_named_by_channel(&self) -> bool {
        let name = &self.display_name;
        self.phones.iter().any(|p| p.number == *name || p.raw == *name)
            || self.emails.iter().any(|e| e.address == *name)
    }

    /// What differs in another state of this contact, custom fields one by one; who changed it
    /// and when stands elsewhere.
    pub fn changes(&self, after: &Self) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        if self.display_name != after.display_name {
            changes.push(FieldChange::of("display_name", &self.display_name, &after.display_name));
        }
        for change in self.fields.changes(&after.fields) {
            match change.field.as_str() {
                "created_by" | "updated_by" => {}
                "custom_fields" => {
                    let custom = FieldChange::between(&change.before, &change.after);
                    changes.extend(custom.into_iter().map(|change| FieldChange {
                        field: format!("custom_fields.{}", change.field),
                        ..change
                    }));
                }
                _ => changes.push(change),
            }
        }
        changes
    }

    /// The same with a value in a field, both as [`Contact::changes`] has them; nothing if it does
    /// not fit there.
    pub fn with_field(&self, field: &str, value: &serde_json::Value) -> Option<Self> {
        let mut next = self.clone();
        if let Some(key) = field.strip_prefix("custom_fields.") {
            if value.is_null() {
                next.custom_fields.remove(key);
            } else {
                next.custom_fields.insert(key.to_owned(), value.clone());
            }
            return Some(next);
        }
        if field == "display_name" {
            value.as_str()?.clone_into(&mut next.display_name);
            return Some(next);
        }
        let mut fields = serde_json::to_value(&next.fields).ok()?;
        fields.as_object_mut()?.insert(field.to_owned(), value.clone());
        next.fields = serde_json::from_value(fields).ok()?;
        Some(next)
    }

    /// What a new contact was created with, as changes from nothing.
    pub fn first_values(&self) -> Vec<FieldChange> {
        let nothing = Self {
            display_name: String::new(),
            fields: Fields::default(),
            facts: Facts::default(),
            id: self.id,
            number: self.number,
            version: 0,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        nothing.changes(self)
    }

    /// Whether another system calls it this, itself or a contact that was merged into it; a system
    /// that is not named may be any.
    pub fn has_external_id(&self, id: &str, provider: Option<&str>) -> bool {
        let fits = |known: &str, of: Option<&String>| {
            known == id && provider.is_none_or(|provider| of.is_none_or(|of| of == provider))
        };
        self.external_crm_id
            .as_deref()
            .is_some_and(|known| fits(known, self.external_crm_provider.as_ref()))
            || self.has_merged_external_id(id, provider)
    }

    /// Whether another system calls a contact this that was merged into it.
    pub fn has_merged_external_id(&self, id: &str, provider: Option<&str>) -> bool {
        self.merged_external_ids.iter().any(|known| {
            known.id == id
                && provider.is_none_or(|provider| {
                    known.provider.as_ref().is_none_or(|known| known == provider)
                })
        })
    }

    /// Whether it is deleted, so that nothing finds it.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// Whether a phone label means a mobile.
pub fn is_mobile_label(label: &str) -> bool {
    ["mobile", "cell", "cellular", "mobil", "handy"].iter().any(|m| label.eq_ignore_ascii_case(m))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
