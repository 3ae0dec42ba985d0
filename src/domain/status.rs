//! Whether and how a contact may be reached: independent facts, shown as one status.

use serde::{Deserialize, Serialize};

/// The shown status: the union of what call centres, mailers and CRMs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use.
    Active,
    /// Kept, not in use.
    Inactive,
    /// May not start conversations or calls with us.
    Blocked,
    /// Does not want our e-mails.
    Unsubscribed,
    /// E-mails come back.
    Bounced,
    /// May not be called or written to.
    DoNotContact,
    /// Put away.
    Archived,
}

impl Status {
    /// All statuses, in the order in which forms offer them.
    pub const ALL: [Self; 7] = [
        Self::Active,
        Self::Inactive,
        Self::Blocked,
        Self::Unsubscribed,
        Self::Bounced,
        Self::DoNotContact,
        Self::Archived,
    ];

    /// The name in the API and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::DoNotContact => "do_not_contact",
            Self::Archived => "archived",
        }
    }

    /// Reads a status as people write it: any case, spaces, dashes, `DNC`.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text
            .trim()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        Some(match plain.as_str() {
            "active" => Self::Active,
            "inactive" => Self::Inactive,
            "blocked" => Self::Blocked,
            "unsubscribed" => Self::Unsubscribed,
            "bounced" => Self::Bounced,
            "donotcontact" | "dnc" | "donotcall" => Self::DoNotContact,
            "archived" => Self::Archived,
            _ => return None,
        })
    }
}

/// Where a contact is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// In use.
    #[default]
    Active,
    /// Kept, not in use.
    Inactive,
    /// Put away.
    Archived,
}

impl Lifecycle {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Archived => "archived",
        }
    }

    /// Reads one by its name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        [Self::Active, Self::Inactive, Self::Archived].into_iter().find(|one| one.as_str() == text)
    }
}

/// What is known about the contact's e-mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailState {
    /// Nothing against it.
    #[default]
    Ok,
    /// The person does not want e-mails.
    Unsubscribed,
    /// E-mails come back.
    Bounced,
}

impl EmailState {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
        }
    }

    /// Reads one by its name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        [Self::Ok, Self::Unsubscribed, Self::Bounced].into_iter().find(|one| one.as_str() == text)
    }
}

/// The facts behind the shown status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusFacts {
    /// Where the contact is in its life.
    pub lifecycle: Lifecycle,
    /// May not start conversations or calls with us.
    pub blocked: bool,
    /// May not be called or written to.
    pub do_not_contact: bool,
    /// What is known about its e-mail.
    pub email: EmailState,
}

impl StatusFacts {
    /// The one status to show: the strongest fact wins.
    pub fn shown(self) -> Status {
        if self.blocked {
            Status::Blocked
        } else if self.do_not_contact {
            Status::DoNotContact
        } else {
            match (self.lifecycle, self.email) {
                (Lifecycle::Archived, _) => Status::Archived,
                (Lifecycle::Inactive, _) => Status::Inactive,
                (Lifecycle::Active, EmailState::Unsubscribed) => Status::Unsubscribed,
                (Lifecycle::Active, EmailState::Bounced) => Status::Bounced,
                (Lifecycle::Active, EmailState::Ok) => Status::Active,
            }
        }
    }

    /// Sets the fact that a shown status stands for.
    ///
    /// `active` clears all facts, since somebody says that nothing stands against the contact;
    /// every other status leaves the independent facts as they are.
    pub fn set(&mut self, status: Status) {
        match status {
            Status::Active => *self = Self::default(),
            Status::Inactive => self.lifecycle = Lifecycle::Inactive,
            Status::Archived => self.lifecycle = Lifecycle::Archived,
            Status::Blocked => self.blocked = true,
            Status::DoNotContact => self.do_not_contact = true,
            Status::Unsubscribed => self.email = EmailState::Unsubscribed,
            Status::Bounced => self.email = EmailState::Bounced,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_set_on_a_fresh_contact_is_shown() {
        for status in Status::ALL {
            let mut facts = StatusFacts::default();
            facts.set(status);
            assert_eq!(facts.shown(), status);
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
    }

    #[test]
    fn do_not_contact_survives_other_facts() {
        let mut facts = StatusFacts::default();
        facts.set(Status::DoNotContact);
        facts.set(Status::Inactive);
        assert_eq!(facts.shown(), Status::DoNotContact);
        facts.set(Status::Active);
        assert_eq!(facts.shown(), Status::Active);
    }
}
