//! The fields that a query may name.

use crate::domain::facts::Count;

/// A field that a query may name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the record")]
pub enum Field {
    Name,
    FirstName,
    LastName,
    Phone,
    Email,
    Company,
    /// The company record that the contact belongs to.
    CompanyId,
    Title,
    Notes,
    /// Street, city, region, postal code and country of all addresses, as words.
    Address,
    Tag,
    /// A list, by its id; by its name until that is known.
    List,
    Status,
    Source,
    /// The assignee.
    Owner,
    Queue,
    /// The department of the call centre that owns the contact.
    OwningDepartment,
    /// The department the person works in.
    Department,
    Role,
    Visibility,
    Country,
    City,
    PostalCode,
    Language,
    Timezone,
    PreferredChannel,
    /// The kinds of channel on which the person is known: `whatsapp`, `facebook`.
    Channel,
    /// The channel of the first contact.
    FirstChannel,
    ExternalId,
    ExternalProvider,
    LastCallOutcome,
    /// `true` or `false`.
    OptIn,
    /// Consent to marketing: `opted_in`, `opted_out`, `pending`, `unknown`.
    Consent,
    Birthday,
    CreatedAt,
    UpdatedAt,
    LastContactedAt,
    LastInteractionAt,
    LastCalledAt,
    LeadScore,
    TotalCalls,
    /// Anything that has happened: calls, contacts, interactions. Only for `has:`.
    Activities,
    /// Something that is counted: deals, tasks that are open and so on.
    Count(Count),
    /// A custom field by its folded key.
    Custom(String),
}

/// What can be asked of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, in any order.
    Words,
    /// Digits anywhere in a number.
    Digits,
    /// Whole values, beginnings and parts of them.
    Value,
    /// Numbers and ranges of them.
    Number,
    /// Days and ranges of them.
    Day,
    /// Points in time and ranges of them.
    Instant,
    /// Only whether there is anything.
    Presence,
    /// A custom field: what its value and definition allow.
    Custom,
}

impl Field {
    /// Whether every contact has it.
    pub fn is_always_there(&self) -> bool {
        matches!(
            self,
            Self::Name | Self::Status | Self::Visibility | Self::CreatedAt | Self::UpdatedAt
        )
    }

    /// What can be asked of it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name
            | Self::FirstName
            | Self::LastName
            | Self::Company
            | Self::Title
            | Self::Notes
            | Self::Address => Kind::Words,
            Self::Phone => Kind::Digits,
            Self::Email
            | Self::Tag
            | Self::List
            | Self::Status
            | Self::Source
            | Self::Owner
            | Self::Queue
            | Self::OwningDepartment
            | Self::Department
            | Self::Role
            | Self::Visibility
            | Self::Country
            | Self::City
            | Self::PostalCode
            | Self::Language
            | Self::Timezone
            | Self::PreferredChannel
            | Self::Channel
            | Self::FirstChannel
            | Self::ExternalId
            | Self::ExternalProvider
            | Self::LastCallOutcome
            | Self::CompanyId
            | Self::OptIn
            | Self::Consent => Kind::Value,
            Self::LeadScore | Self::TotalCalls | Self::Count(_) => Kind::Number,
            Self::Birthday => Kind::Day,
            Self::CreatedAt
            | Self::UpdatedAt
            | Self::LastContactedAt
            | Self::LastInteractionAt
            | Self::LastCalledAt => Kind::Instant,
            Self::Activities => Kind::Presence,
            Self::Custom(_) => Kind::Custom,
        }
    }
}
