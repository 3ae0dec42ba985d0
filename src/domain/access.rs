//! Who is asking: organisations, roles, tokens, and the caller that every use case takes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::OrgNumber;
use super::phone::ValidationLevel;
use super::time::Timestamp;

/// What a token or user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May look numbers up, nothing else: PBXs, diallers, phones.
    Lookup,
    /// Works with contacts: reads, creates, edits, archives.
    Agent,
    /// An agent who also imports, exports and deletes for good.
    Manager,
    /// A manager who also makes tokens for the own organisation.
    Admin,
}

impl Role {
    /// The name in the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// Reads a role by its name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Lookup, Self::Agent, Self::Manager, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text.trim().to_lowercase())
    }
}

/// Something a caller wants to do; the one place where roles are turned into rights is
/// [`Caller::may`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look a number up.
    Lookup,
    /// Search and read contacts.
    Read,
    /// Create, edit, archive and restore contacts.
    Write,
    /// Delete contacts for good.
    Erase,
    /// Import files.
    Import,
    /// Export files.
    Export,
    /// Make tokens in the own organisation, read and change its settings.
    Administer,
    /// Make organisations, rebuild and verify the whole partition.
    Operate,
}

impl Action {
    /// The action in words, for error messages.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lookup => "look numbers up",
            Self::Read => "search and read contacts",
            Self::Write => "create and change contacts",
            Self::Erase => "delete contacts permanently",
            Self::Import => "import contacts",
            Self::Export => "export contacts",
            Self::Administer => "administer the organisation",
            Self::Operate => "operate the server",
        }
    }
}

/// Who is asking, for which organisation: an argument of every use case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The organisation; nothing outside it exists for this caller.
    pub organization: OrgNumber,
    /// What the caller may do.
    pub role: Role,
    /// The user or token, for the journal and for reading one's own writes.
    pub actor: String,
    /// Whether the caller runs the server itself, beyond one organisation.
    pub operator: bool,
}

impl Caller {
    /// Whether the caller may do something.
    pub fn may(&self, action: Action) -> bool {
        match action {
            Action::Lookup => true,
            Action::Read | Action::Write => self.role >= Role::Agent,
            Action::Erase | Action::Import | Action::Export => self.role >= Role::Manager,
            Action::Administer => self.role >= Role::Admin,
            Action::Operate => self.operator,
        }
    }
}

/// An organisation: the tenant to which contacts, tokens and settings belong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// The public identifier.
    pub id: Uuid,
    /// The dense number inside the partition.
    pub number: OrgNumber,
    /// The name, unique in the partition.
    pub name: String,
    /// The settings.
    #[serde(default)]
    pub settings: OrgSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What happens when a contact with a number that somebody already has is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneUniqueness {
    /// Nothing.
    Allow,
    /// The contact is created and the answer names the others.
    #[default]
    Warn,
    /// The contact is refused with 409.
    Reject,
}

/// The settings of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgSettings {
    /// ISO 3166 country whose national numbers are understood without a country code.
    pub default_country: Option<String>,
    /// How strictly phone numbers are checked.
    pub phone_validation: ValidationLevel,
    /// What happens when a number is already known.
    pub phone_uniqueness: PhoneUniqueness,
    /// The tag that means do not contact (compared without case).
    pub do_not_contact_tag: String,
}

impl Default for OrgSettings {
    fn default() -> Self {
        Self {
            default_country: Some("US".to_owned()),
            phone_validation: ValidationLevel::default(),
            phone_uniqueness: PhoneUniqueness::default(),
            do_not_contact_tag: "DNC".to_owned(),
        }
    }
}

/// What is kept of a token; the token itself is only shown once and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// The public identifier of the token.
    pub id: Uuid,
    /// The organisation it belongs to.
    pub organization: OrgNumber,
    /// What its bearer may do.
    pub role: Role,
    /// A name for people.
    pub name: Option<String>,
    /// Whether its bearer runs the server itself.
    #[serde(default)]
    pub operator: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl TokenRecord {
    /// The caller that a bearer of this token is.
    pub fn caller(&self) -> Caller {
        Caller {
            organization: self.organization,
            role: self.role,
            actor: format!("token:{}", self.id),
            operator: self.operator,
        }
    }
}
