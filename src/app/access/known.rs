//! One state of everything that decides who may do what.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::identity::IdentityContext;
use crate::domain::access::{
    Department, Identity, Organization, Queue, TokenLimits, TokenRecord, User,
};
use crate::domain::custom_field::{Definitions, FieldDefinition};
use crate::domain::ids::OrgNumber;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Stored, codec, keys};

/// A token as it is looked up.
pub(super) struct KnownToken {
    pub(super) identity: Arc<Identity>,
    pub(super) networks: Vec<IpNet>,
    pub(super) in_url: bool,
    pub(super) expires_at: Option<Timestamp>,
}

/// A user with what the user may do; disabled ones may nothing.
pub(super) struct KnownUser {
    pub(super) user: Arc<User>,
    pub(super) identity: Option<Arc<Identity>>,
}

/// Tokens by their hashes, the rest by its ids.
#[derive(Default)]
pub(super) struct AccessSnapshot {
    pub(super) tokens: HashMap<[u8; 32], KnownToken>,
    pub(super) users: HashMap<Uuid, KnownUser>,
    /// User by folded address.
    pub(super) emails: HashMap<String, Uuid>,
    pub(super) departments: HashMap<Uuid, Arc<Department>>,
    pub(super) queues: HashMap<Uuid, Arc<Queue>>,
    pub(super) organizations: HashMap<u32, Arc<Organization>>,
    pub(super) definitions: HashMap<u32, Arc<Definitions>>,
    /// Ids by organisation, kind and folded name; `None` where several have the name.
    names: HashMap<(u32, Kind, String), Option<Uuid>>,
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::app) enum Kind {
    User,
    Department,
    Queue,
}

/// The spaces of what [`AccessSnapshot`] is made of; counters of definitions are among the other counters.
pub(super) const SPACES: [u8; 7] = [
    keys::ORGANIZATIONS,
    keys::DEPARTMENTS,
    keys::QUEUES,
    keys::USERS,
    keys::TOKENS,
    keys::FIELDS,
    keys::META,
];

/// Whether a change of a key changes what [`AccessSnapshot`] is made of.
pub(super) fn is_part(key: &[u8]) -> bool {
    match key.first() {
        Some(&keys::META) => key.starts_with(keys::FIELD_GENERATIONS),
        Some(space) => SPACES.contains(space),
        None => false,
    }
}

/// Reads all records of a space with their keys.
pub(in crate::app) fn read_all<T: DeserializeOwned>(
    stored: Stored<'_>,
    prefix: &[u8],
) -> Result<Vec<(Vec<u8>, T)>, EngineError> {
    let mut all = Vec::new();
    for entry in stored.scan(prefix) {
        let (key, value) = entry?;
        all.push((key, codec::decode(&value)?));
    }
    Ok(all)
}

/// Reads the definitions of all organisations.
fn read_definitions(stored: Stored<'_>) -> Result<HashMap<u32, Arc<Definitions>>, EngineError> {
    // The counters first: where something changes in between, the definitions are newer than
    // their counter says, and whoever relies on it looks again.
    let mut generations: HashMap<u32, u64> = HashMap::new();
    for entry in stored.scan(keys::FIELD_GENERATIONS) {
        let (key, value) = entry?;
        let org = key[keys::FIELD_GENERATIONS.len()..].try_into().map_or(0, u32::from_be_bytes);
        generations.insert(org, value.as_ref().try_into().map_or(0, u64::from_be_bytes));
    }
    let mut all: HashMap<u32, Vec<FieldDefinition>> = HashMap::new();
    for (_, one) in read_all::<FieldDefinition>(stored, &[keys::FIELDS])? {
        all.entry(one.organization.0).or_default().push(one);
    }
    let of = |(org, generation)| {
        (org, Arc::new(Definitions::new(generation, all.remove(&org).unwrap_or_default())))
    };
    Ok(generations.into_iter().map(of).collect())
}

impl AccessSnapshot {
    /// Reads everything and works out all identities.
    pub(super) fn read(stored: Stored<'_>) -> Result<Self, EngineError> {
        let mut known = Self::default();
        for (_, one) in read_all::<Organization>(stored, &[keys::ORGANIZATIONS])? {
            known.organizations.insert(one.number.0, Arc::new(one));
        }
        known.definitions = read_definitions(stored)?;
        for (_, one) in read_all::<Department>(stored, &[keys::DEPARTMENTS])? {
            known.note_name(one.organization, Kind::Department, &one.name, one.id);
            known.departments.insert(one.id, Arc::new(one));
        }
        for (_, one) in read_all::<Queue>(stored, &[keys::QUEUES])? {
            known.note_name(one.organization, Kind::Queue, &one.name, one.id);
            known.queues.insert(one.id, Arc::new(one));
        }
        let mut queues_of: HashMap<Uuid, Vec<Arc<Queue>>> = HashMap::new();
        for queue in known.queues.values() {
            for member in &queue.members {
                queues_of.entry(*member).or_default().push(Arc::clone(queue));
            }
        }
        for (_, user) in read_all::<User>(stored, &[keys::USERS])? {
            let queues = queues_of.get(&user.id).map_or(&[][..], Vec::as_slice);
            let surroundings = known.surroundings(user.organization.0, user.department_id, queues);
            let identity = surroundings
                .filter(|_| !user.disabled)
                .map(|surroundings| Arc::new(surroundings.user(&user)));
            known.emails.insert(fold(&user.email), user.id);
            known.note_name(user.organization, Kind::User, &user.name, user.id);
            known.users.insert(user.id, KnownUser { user: Arc::new(user), identity });
        }
        for (key, token) in read_all::<TokenRecord>(stored, &[keys::TOKENS])? {
            let Ok(hash) = <[u8; 32]>::try_from(&key[1..]) else { continue };
            if let Some(entry) = known.token(&token, &queues_of) {
                known.tokens.insert(hash, entry);
            }
        }
        Ok(known)
    }

    fn note_name(&mut self, org: OrgNumber, kind: Kind, name: &str, id: Uuid) {
        let slot = self.names.entry((org.0, kind, fold(name)));
        slot.and_modify(|known| *known = None).or_insert(Some(id));
    }

    /// The id of a record that a text names by its id or its name; it may be another
    /// organisation's if it is an id.
    pub(super) fn id_of(&self, org: OrgNumber, kind: Kind, text: &str) -> Option<Uuid> {
        let text = text.trim();
        match Uuid::parse_str(text) {
            Ok(id) => Some(id),
            Err(_) => self.names.get(&(org.0, kind, fold(text))).copied().flatten(),
        }
    }

    /// Whether several records have a name.
    pub(super) fn is_name_of_several(&self, org: OrgNumber, kind: Kind, text: &str) -> bool {
        self.names.get(&(org.0, kind, fold(text.trim()))).is_some_and(Option::is_none)
    }

    fn surroundings<'a>(
        &'a self,
        organization: u32,
        department: Option<Uuid>,
        queues: &'a [Arc<Queue>],
    ) -> Option<IdentityContext<'a>> {
        let organization = self.organizations.get(&organization)?;
        let definitions = self.definitions.get(&organization.number.0).map(AsRef::as_ref);
        let department = match department {
            None => None,
            // A department that is gone gives nothing: no way back to "all of them".
            Some(id) => Some(self.departments.get(&id)?.as_ref()),
        };
        let queues = queues
            .iter()
            .map(AsRef::as_ref)
            .filter(|queue| queue.organization == organization.number)
            .collect();
        Some(IdentityContext { organization, department, queues, definitions })
    }

    fn token(
        &self,
        token: &TokenRecord,
        queues_of: &HashMap<Uuid, Vec<Arc<Queue>>>,
    ) -> Option<KnownToken> {
        let identity = match token.user_id {
            None => self
                .surroundings(token.organization.0, token.department_id, &[])
                .map(|surroundings| surroundings.token(token))?,
            Some(id) => {
                let user = &self.users.get(&id)?.user;
                if user.disabled || user.organization != token.organization {
                    return None;
                }
                let queues = queues_of.get(&id).map_or(&[][..], Vec::as_slice);
                self.surroundings(token.organization.0, user.department_id, queues)
                    .map(|surroundings| surroundings.token_of_user(token, user))?
            }
        };
        // Checked when the token was made; with one that cannot be read any more it is not taken.
        let networks: Result<Vec<IpNet>, _> =
            token.addresses.iter().map(|network| network.parse()).collect();
        let networks = networks.ok()?;
        let limits = TokenLimits { networks: networks.clone(), expires_at: token.expires_at };
        Some(KnownToken {
            identity: Arc::new(Identity { limits, ..identity }),
            networks,
            in_url: token.in_url,
            expires_at: token.expires_at,
        })
    }
}
