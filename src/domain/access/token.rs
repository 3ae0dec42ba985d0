//! What is kept of a token.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::role::{Role, Scope};
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;

/// What is kept of a token; the token itself is only shown once and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// The public identifier of the token.
    pub id: Uuid,
    /// The organisation it belongs to.
    pub organization: OrgNumber,
    /// What its bearer is.
    pub role: Role,
    /// A name for people.
    pub name: Option<String>,
    /// Whether its bearer runs the server itself.
    #[serde(default)]
    pub operator: bool,
    /// What a machine may do; a further limit where the role is a person's.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// The user for whom it acts.
    #[serde(default)]
    pub user_id: Option<Uuid>,
    /// The only department whose contacts it sees; its own for a manager's or agent's token.
    #[serde(default)]
    pub department_id: Option<Uuid>,
    /// The networks from which it is taken, as CIDR; from everywhere if there are none.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether it is also taken from a URL, for devices that can set no headers.
    #[serde(default)]
    pub in_url: bool,
    /// When it ends.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}
