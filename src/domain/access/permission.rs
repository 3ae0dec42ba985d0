//! What a caller may do, one right at a time.

use serde::{Deserialize, Serialize};

/// One right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Look a number up.
    Lookup,
    /// Read phone books of devices.
    Phonebook,
    /// Search and list contacts.
    Search,
    /// Read whole contacts.
    View,
    /// Create contacts.
    Create,
    /// Change contacts.
    Edit,
    /// Delete contacts so that they can be restored, and restore them.
    Delete,
    /// Delete contacts for good.
    Erase,
    /// Export contacts.
    Export,
    /// Import contacts.
    Import,
    /// Merge duplicates.
    Merge,
    /// Make, rename and remove tags.
    ManageTags,
    /// Define custom fields.
    ManageFields,
    /// Manage users, departments, queues and tokens.
    ManageUsers,
    /// Change settings, permissions and field visibility.
    ManageSettings,
    /// Read the audit log.
    ReadAudit,
    /// Report calls, as telephone systems do.
    ReportCalls,
    /// Run the server itself, beyond one organisation; in no organisation's table.
    Operate,
}

impl Permission {
    /// All rights that an organisation's table gives, in the order in which it shows them.
    pub const ALL: [Self; 17] = [
        Self::Lookup,
        Self::Phonebook,
        Self::Search,
        Self::View,
        Self::Create,
        Self::Edit,
        Self::Delete,
        Self::Erase,
        Self::Export,
        Self::Import,
        Self::Merge,
        Self::ManageTags,
        Self::ManageFields,
        Self::ManageUsers,
        Self::ManageSettings,
        Self::ReadAudit,
        Self::ReportCalls,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Phonebook => "phonebook",
            Self::Search => "search",
            Self::View => "view",
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Erase => "erase",
            Self::Export => "export",
            Self::Import => "import",
            Self::Merge => "merge",
            Self::ManageTags => "manage_tags",
            Self::ManageFields => "manage_fields",
            Self::ManageUsers => "manage_users",
            Self::ManageSettings => "manage_settings",
            Self::ReadAudit => "read_audit",
            Self::ReportCalls => "report_calls",
            Self::Operate => "operate",
        }
    }

    /// Reads a right by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == text)
    }

    /// The right in words, for error messages: "you may not …".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lookup => "look numbers up",
            Self::Phonebook => "read phone books",
            Self::Search => "search contacts",
            Self::View => "read contacts",
            Self::Create => "create contacts",
            Self::Edit => "change contacts",
            Self::Delete => "delete contacts",
            Self::Erase => "delete contacts permanently",
            Self::Export => "export contacts",
            Self::Import => "import contacts",
            Self::Merge => "merge contacts",
            Self::ManageTags => "manage tags",
            Self::ManageFields => "define custom fields",
            Self::ManageUsers => "manage users, departments, queues and tokens",
            Self::ManageSettings => "change the settings of the organisation",
            Self::ReadAudit => "read the audit log",
            Self::ReportCalls => "report calls",
            Self::Operate => "operate the server",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// No right.
    pub const NONE: Self = Self(0);

    /// Every right that an organisation's table can give.
    pub const ALL: Self = Self::of(&Permission::ALL);

    /// These rights.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < permissions.len() {
            bits |= permissions[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Whether a right is among them.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// With a right added or taken away.
    #[must_use]
    pub const fn with(self, permission: Permission, is_allowed: bool) -> Self {
        if is_allowed { Self(self.0 | permission.bit()) } else { Self(self.0 & !permission.bit()) }
    }

    /// All rights of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights that both have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether every right of another set is in this one.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The rights, in the order in which they are shown.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        permissions.into_iter().fold(Self::NONE, |all, one| all.with(one, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_added_and_taken_away() {
        let some = Permissions::of(&[Permission::View, Permission::Operate]);
        assert!(some.has(Permission::View) && !some.has(Permission::Edit));
        assert!(some.has(Permission::Operate) && !Permissions::ALL.has(Permission::Operate));
        let more = some.with(Permission::Edit, true).with(Permission::View, false);
        assert_eq!(more.iter().collect::<Vec<_>>(), [Permission::Edit]);
        assert!(Permissions::ALL.covers(more.with(Permission::Operate, false)));
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
        }
    }
}
