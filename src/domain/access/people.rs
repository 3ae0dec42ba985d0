//! People of an organisation, the departments they belong to and the queues they serve.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::role::Role;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;

/// A department of the call centre: it owns contacts and has people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// The public identifier.
    pub id: Uuid,
    /// The organisation.
    pub organization: OrgNumber,
    /// The name, unique in the organisation.
    pub name: String,
    /// Grows with every change, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who made it, as the audit log calls them; not known of what is older than this member.
    #[serde(default)]
    pub created_by: Option<String>,
}

/// A queue: calls wait in it for its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The public identifier.
    pub id: Uuid,
    /// The organisation.
    pub organization: OrgNumber,
    /// The name, unique in the organisation.
    pub name: String,
    /// The users who serve it.
    #[serde(default)]
    pub members: Vec<Uuid>,
    /// Grows with every change, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who made it, as the audit log calls them; not known of what is older than this member.
    #[serde(default)]
    pub created_by: Option<String>,
}

/// A person who works with Ringdex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The public identifier.
    pub id: Uuid,
    /// The organisation.
    pub organization: OrgNumber,
    /// The e-mail address to sign in with, unique in the partition without regard to case.
    pub email: String,
    /// The name for people.
    pub name: String,
    /// What the user is.
    pub role: Role,
    /// The department the user belongs to.
    #[serde(default)]
    pub department_id: Option<Uuid>,
    /// Whether the user may not sign in.
    #[serde(default)]
    pub disabled: bool,
    /// The password as a PHC string of Argon2id; none if the user signs in elsewhere only.
    #[serde(default)]
    pub password: Option<String>,
    /// Who the user is at the provider of single sign-on: issuer and subject.
    #[serde(default)]
    pub subject: Option<String>,
    /// Grows with every change, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who made it, as the audit log calls them; not known of what is older than this member.
    #[serde(default)]
    pub created_by: Option<String>,
}
