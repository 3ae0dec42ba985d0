//! What kind of caller somebody is.

use serde::{Deserialize, Serialize};

use super::permission::{Permission, Permissions};

/// What kind of caller a user or token is; what that allows stands in the organisation's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A machine that looks numbers up and reads phone books, and nothing else: PBXs, diallers,
    /// phones.
    Lookup,
    /// A machine that may do what its scopes say.
    Machine,
    /// Works with contacts.
    Agent,
    /// Looks after the contacts and people of a department.
    Manager,
    /// Looks after the organisation.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Lookup, Self::Machine, Self::Agent, Self::Manager, Self::Admin];

    /// The roles that people can have.
    pub const OF_PEOPLE: [Self; 3] = [Self::Agent, Self::Manager, Self::Admin];

    /// The name in the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Machine => "machine",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// Reads a role by its name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether this is a machine, which belongs to no department or queue by itself.
    pub fn is_machine(self) -> bool {
        matches!(self, Self::Lookup | Self::Machine)
    }
}

/// What a machine token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look numbers up.
    Lookup,
    /// Read phone books.
    Phonebook,
    /// Search contacts.
    Search,
    /// Search and read contacts.
    Read,
    /// Read, create, change, delete, merge and tag contacts.
    Write,
    /// Import files.
    Import,
    /// Export files.
    Export,
    /// Report calls, as telephone systems do.
    Calls,
    /// Everything in the organisation.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 9] = [
        Self::Lookup,
        Self::Phonebook,
        Self::Search,
        Self::Read,
        Self::Write,
        Self::Import,
        Self::Export,
        Self::Calls,
        Self::Admin,
    ];

    /// What a token of the role `lookup` is for.
    pub const OF_LOOKUP: [Self; 2] = [Self::Lookup, Self::Phonebook];

    /// The name in the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Phonebook => "phonebook",
            Self::Search => "search",
            Self::Read => "read",
            Self::Write => "write",
            Self::Import => "import",
            Self::Export => "export",
            Self::Calls => "calls",
            Self::Admin => "admin",
        }
    }

    /// Reads a scope by its name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    /// Whether it may stand in a URL of a device that sends no headers: it only reads, or adds what
    /// such a device tells.
    pub fn may_be_in_url(self) -> bool {
        matches!(self, Self::Lookup | Self::Phonebook | Self::Search | Self::Read | Self::Calls)
    }

    /// What it allows.
    pub fn permissions(self) -> Permissions {
        use Permission as P;
        match self {
            Self::Lookup => Permissions::of(&[P::Lookup]),
            Self::Phonebook => Permissions::of(&[P::Phonebook]),
            Self::Search => Permissions::of(&[P::Lookup, P::Search]),
            Self::Read => Permissions::of(&[P::Lookup, P::Phonebook, P::Search, P::View]),
            Self::Write => Permissions::of(&[
                P::Lookup,
                P::Search,
                P::View,
                P::Create,
                P::Edit,
                P::Delete,
                P::Merge,
                P::ManageTags,
            ]),
            Self::Import => Permissions::of(&[P::Import]),
            Self::Export => Permissions::of(&[P::Search, P::Export]),
            Self::Calls => Permissions::of(&[P::ReportCalls]),
            Self::Admin => Permissions::ALL,
        }
    }
}
