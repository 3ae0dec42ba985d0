//! The caller that every use case takes.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use ipnet::IpNet;
use uuid::Uuid;

use super::field_rights::FieldRights;
use super::permission::{Permission, Permissions};
use super::role::Role;
use super::sight::Sight;
use crate::domain::contact::Contact;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;

/// Who somebody is and what that allows, worked out once from user, token and settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The organisation; nothing outside it exists for this caller.
    pub organization: OrgNumber,
    /// What the caller is.
    pub role: Role,
    /// What the caller may do.
    pub permissions: Permissions,
    /// Which contacts the caller sees.
    pub sight: Sight,
    /// Which fields of them.
    pub fields: FieldRights,
    /// The user or token, for the journal and for reading one's own writes.
    pub actor: Arc<str>,
    /// The user, if the caller is or acts for one.
    pub user: Option<Uuid>,
    /// The department to which the caller belongs.
    pub department: Option<Uuid>,
    /// Whether the caller runs the server itself, beyond one organisation.
    pub operator: bool,
    /// What bounds the token that the caller bears.
    pub limits: TokenLimits,
}

/// From where and until when a token is taken; people who have signed in have no such limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenLimits {
    /// The networks from which it is taken; from everywhere if there are none.
    pub networks: Vec<IpNet>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl TokenLimits {
    /// Whether no address that these networks leave out is in the others.
    pub fn cover_networks(&self, others: &[IpNet]) -> bool {
        let is_within = |one: &IpNet| self.networks.iter().any(|own| own.contains(one));
        self.networks.is_empty() || !others.is_empty() && others.iter().all(is_within)
    }

    /// Whether another end comes no later.
    pub fn cover_end(&self, other: Option<Timestamp>) -> bool {
        self.expires_at.is_none_or(|own| other.is_some_and(|other| other <= own))
    }
}

/// Who is asking, from where, for which organisation: an argument of every use case. Cheap to
/// clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    identity: Arc<Identity>,
    /// Where the request comes from, if over the network.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// A caller who is somebody and asks from somewhere.
    pub fn new(identity: Arc<Identity>, address: Option<IpAddr>) -> Self {
        Self { identity, address }
    }

    /// Who runs the server, at work for an organisation: may do and sees everything.
    pub fn operator(organization: OrgNumber, actor: &str) -> Self {
        let identity = Identity {
            organization,
            role: Role::Admin,
            permissions: Permissions::ALL.with(Permission::Operate, true),
            sight: Sight::Everything,
            fields: FieldRights::default(),
            actor: actor.into(),
            user: None,
            department: None,
            operator: true,
            limits: TokenLimits::default(),
        };
        Self { identity: Arc::new(identity), address: None }
    }

    /// Whether the caller may do something.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// The same caller with more rights: for a use case that asked for a right of its own, and does
    /// with these a part of what they allow.
    #[must_use]
    pub fn with(&self, permissions: Permissions) -> Self {
        let identity: &Identity = self;
        let permissions = identity.permissions.union(permissions);
        let identity = Identity { permissions, ..identity.clone() };
        Self { identity: Arc::new(identity), address: self.address }
    }

    /// Whether the caller sees a contact of the own organisation.
    pub fn sees(&self, contact: &Contact) -> bool {
        self.sight.sees(contact)
    }

    /// A contact as the caller sees it, whole or with fields taken out.
    pub fn shown(&self, contact: Arc<Contact>) -> Arc<Contact> {
        if self.fields.is_full() {
            contact
        } else {
            Arc::new(super::redact(&contact, &self.fields))
        }
    }
}

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}
