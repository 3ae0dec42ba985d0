//! The sets of contacts that are searched apart from each other: the contacts of an organisation,
//! and its trash.

use crate::domain::contact::Contact;
use crate::domain::ids::OrgNumber;

/// One of these sets. Every term, value and column of a document begins with its space, so that no
/// query can meet a document of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Space {
    org: OrgNumber,
    is_trash: bool,
}

impl Space {
    /// The contacts of an organisation that are not deleted.
    pub fn live(org: OrgNumber) -> Self {
        Self { org, is_trash: false }
    }

    /// The contacts of an organisation that are deleted and can be restored.
    pub fn trash(org: OrgNumber) -> Self {
        Self { org, is_trash: true }
    }

    /// Where a contact is searched. Nowhere if it was merged: it is brought back by undoing the
    /// merge, not out of the trash.
    pub fn of(org: OrgNumber, contact: &Contact) -> Option<Self> {
        match (contact.is_deleted(), contact.merged_into) {
            (false, _) => Some(Self::live(org)),
            (true, None) => Some(Self::trash(org)),
            (true, Some(_)) => None,
        }
    }

    /// The organisation.
    pub fn org(self) -> OrgNumber {
        self.org
    }

    /// Whether it is a trash.
    pub fn is_trash(self) -> bool {
        self.is_trash
    }

    /// What every term begins with.
    pub fn prefix(self) -> String {
        format!("{}\u{1}", self.name())
    }

    /// The space in the names of columns: letters and digits only.
    pub(super) fn name(self) -> String {
        // No hexadecimal number has a `t`.
        format!("{:x}{}", self.org.0, if self.is_trash { "t" } else { "" })
    }
}
