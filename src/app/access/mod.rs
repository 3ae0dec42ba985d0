//! Tokens, people and organisations in memory, so that a request is admitted without reading the
//! store.

mod identity;
mod known;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use uuid::Uuid;

use crate::domain::access::{Caller, Department, Identity, Organization, Queue, User};
use crate::domain::custom_field::Definitions;
use crate::domain::draft::{Draft, Patch};
use crate::domain::ids::OrgNumber;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{Applied, Error as EngineError, Projection, Stored};

use known::AccessSnapshot;
pub(super) use known::{Kind, read_all};

/// The hash of a secret: it has 256 random bits, so a fast hash is as good as a slow one.
pub(super) fn secret_hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such token, or what it stands for is gone.
    Unknown,
    /// It has ended.
    Expired,
    /// It is not taken from this address.
    Address,
    /// It is not taken from a URL.
    InUrl,
}

/// How a token reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// In a header.
    InHeader,
    /// In the URL, where logs and histories may keep it.
    InUrl,
}

/// Who may use the partition.
#[derive(Default)]
pub struct Access {
    known: ArcSwap<AccessSnapshot>,
    /// Counts how often it was read.
    generation: AtomicU64,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Projection for Access {
    fn follow(&self, stored: Stored<'_>, applied: &Applied<'_>) -> Result<(), EngineError> {
        if !applied.touches(&known::SPACES) {
            return Ok(());
        }
        let is_changed = |space: &u8| applied.changes(*space).any(|(key, _)| known::is_part(key));
        if known::SPACES.iter().any(is_changed) {
            self.read(stored)?;
        }
        Ok(())
    }
}

/// Who works on a data directory from the command line.
const COMMAND_LINE: &str = "command line";
/// Who looks at a demonstration.
const DEMONSTRATION: &str = "demo";
/// Who runs the server, as records call it.
const OPERATORS: [&str; 2] = [COMMAND_LINE, DEMONSTRATION];

impl Access {
    /// Reads everything.
    pub(super) fn read(&self, stored: Stored<'_>) -> Result<(), EngineError> {
        self.known.store(Arc::new(AccessSnapshot::read(stored)?));
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Another number whenever something here has changed.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The caller that bears a token.
    ///
    /// # Errors
    /// Why the token is not taken.
    pub fn authenticate(
        &self,
        token: &str,
        presented: Presented,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let known = self.known.load();
        let entry = known.tokens.get(&secret_hash(token)).ok_or(Refusal::Unknown)?;
        if entry.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::Expired);
        }
        if presented == Presented::InUrl && !entry.in_url {
            return Err(Refusal::InUrl);
        }
        // From the machine itself there is no address to hold against it.
        if let Some(address) = address
            && !entry.networks.is_empty()
            && !entry.networks.iter().any(|network| network.contains(&address))
        {
            return Err(Refusal::Address);
        }
        Ok(Caller::new(Arc::clone(&entry.identity), address))
    }

    /// The caller that a signed-in user is; none if the user is gone or disabled.
    pub fn caller_of_user(&self, user: Uuid, address: Option<IpAddr>) -> Option<Caller> {
        let known = self.known.load();
        let entry = known.users.get(&user)?;
        let identity = entry.identity.as_ref()?;
        Some(Caller::new(Arc::clone(identity), address))
    }

    /// The caller that bears this name in records, with the rights that it has now; none if it is
    /// gone, disabled or has ended. Who runs the server is in no record, and is there always: no user
    /// and no token is called so.
    pub(super) fn caller_of_actor(
        &self,
        org: OrgNumber,
        actor: &str,
        now: Timestamp,
    ) -> Option<Caller> {
        let known = self.known.load();
        let tokens = known.tokens.values().filter(|token| token.expires_at.is_none_or(|e| e > now));
        let users = known.users.values().filter_map(|user| user.identity.as_ref());
        let mut all = tokens.map(|token| &token.identity).chain(users);
        let found = all.find(|one| one.organization == org && one.actor.as_ref() == actor);
        let found = found.map(|identity| Caller::new(Arc::clone(identity), None));
        found.or_else(|| {
            let is_operator = OPERATORS.contains(&actor) && self.organization(org).is_some();
            is_operator.then(|| self.admit(&Caller::operator(org, actor)))
        })
    }

    /// A user by id.
    pub fn user(&self, id: Uuid) -> Option<Arc<User>> {
        self.known.load().users.get(&id).map(|entry| Arc::clone(&entry.user))
    }

    /// A user by the address to sign in with, in whatever organisation.
    pub fn user_by_email(&self, email: &str) -> Option<Arc<User>> {
        let known = self.known.load();
        let id = known.emails.get(&fold(email.trim()))?;
        known.users.get(id).map(|entry| Arc::clone(&entry.user))
    }

    /// A user by who they are at the provider of single sign-on.
    pub fn user_by_subject(&self, subject: &str) -> Option<Arc<User>> {
        let known = self.known.load();
        let mut users = known.users.values().map(|entry| &entry.user);
        users.find(|user| user.subject.as_deref() == Some(subject)).cloned()
    }

    /// The users of an organisation by name.
    pub fn users(&self, org: OrgNumber) -> Vec<Arc<User>> {
        let known = self.known.load();
        let users = known.users.values().map(|entry| &entry.user);
        let mut users: Vec<_> = users.filter(|u| u.organization == org).cloned().collect();
        users.sort_by_cached_key(|user| (fold(&user.name), user.id));
        users
    }

    /// Whether there is any user at all.
    pub fn has_users(&self) -> bool {
        !self.known.load().users.is_empty()
    }

    /// The departments of an organisation by name.
    pub fn departments(&self, org: OrgNumber) -> Vec<Arc<Department>> {
        let known = self.known.load();
        let all = known.departments.values().filter(|d| d.organization == org);
        let mut all: Vec<_> = all.cloned().collect();
        all.sort_by_cached_key(|department| (fold(&department.name), department.id));
        all
    }

    /// The queues of an organisation by name.
    pub fn queues(&self, org: OrgNumber) -> Vec<Arc<Queue>> {
        let known = self.known.load();
        let mut all: Vec<_> =
            known.queues.values().filter(|q| q.organization == org).cloned().collect();
        all.sort_by_cached_key(|queue| (fold(&queue.name), queue.id));
        all
    }

    /// A department by id or name.
    pub fn find_department(&self, org: OrgNumber, text: &str) -> Option<Arc<Department>> {
        let known = self.known.load();
        let id = known.id_of(org, Kind::Department, text)?;
        known.departments.get(&id).filter(|d| d.organization == org).cloned()
    }

    /// A queue by id or name.
    pub fn find_queue(&self, org: OrgNumber, text: &str) -> Option<Arc<Queue>> {
        let known = self.known.load();
        let id = known.id_of(org, Kind::Queue, text)?;
        known.queues.get(&id).filter(|q| q.organization == org).cloned()
    }

    /// A user by id, address, or name where only one has it.
    pub fn find_user(&self, org: OrgNumber, text: &str) -> Option<Arc<User>> {
        let known = self.known.load();
        let by_address = known.emails.get(&fold(text.trim())).copied();
        let own = |id: Uuid| {
            let user = &known.users.get(&id)?.user;
            (user.organization == org).then(|| Arc::clone(user))
        };
        by_address.and_then(own).or_else(|| known.id_of(org, Kind::User, text).and_then(own))
    }

    /// Whether several records have a name, so that it names none of them.
    pub(super) fn is_name_of_several(&self, org: OrgNumber, kind: Kind, text: &str) -> bool {
        self.known.load().is_name_of_several(org, kind, text)
    }

    /// Puts ids where a draft names people, queues and departments that are known; other names
    /// stay as they are, since lists of other systems name whom they like.
    pub(super) fn resolve_names(&self, org: OrgNumber, draft: &mut Draft) {
        if let Patch::Set(text) = &mut draft.assigned_to
            && let Some(user) = self.find_user(org, text)
        {
            *text = user.id.to_string();
        }
        if let Patch::Set(text) = &mut draft.assigned_queue
            && let Some(queue) = self.find_queue(org, text)
        {
            *text = queue.id.to_string();
        }
        if let Patch::Set(text) = &mut draft.org_department_id
            && let Some(department) = self.find_department(org, text)
        {
            *text = department.id.to_string();
        }
    }

    /// Whether there is a token of somebody who runs the server.
    pub(super) fn has_operator(&self) -> bool {
        self.known.load().tokens.values().any(|entry| entry.identity.operator)
    }

    /// An organisation by its number.
    pub fn organization(&self, number: OrgNumber) -> Option<Arc<Organization>> {
        self.known.load().organizations.get(&number.0).cloned()
    }

    /// An organisation by its name or public id.
    pub fn find_organization(&self, name_or_id: &str) -> Option<Arc<Organization>> {
        let known = self.known.load();
        known
            .organizations
            .values()
            .find(|o| o.name == name_or_id || o.id.to_string() == name_or_id)
            .cloned()
    }

    /// All organisations, by number.
    pub fn organizations(&self) -> Vec<Arc<Organization>> {
        let mut all: Vec<_> = self.known.load().organizations.values().cloned().collect();
        all.sort_by_key(|o| o.number);
        all
    }

    /// The custom fields of an organisation; reading them takes no lock.
    pub fn definitions(&self, org: OrgNumber) -> Arc<Definitions> {
        self.known.load().definitions.get(&org.0).cloned().unwrap_or_default()
    }

    /// A caller that is in no record, such as who works on a data directory, as somebody who does
    /// not see what nobody sees.
    #[must_use]
    pub fn admit(&self, caller: &Caller) -> Caller {
        let definitions = self.definitions(caller.organization);
        if definitions.withdrawn().next().is_none() {
            return caller.clone();
        }
        let identity: &Identity = caller;
        let fields = identity::without_withdrawn(identity.fields.clone(), &definitions);
        Caller::new(Arc::new(Identity { fields, ..identity.clone() }), caller.address)
    }

    /// The caller that everybody on this machine is to a demonstration: it may do everything.
    pub fn visitor_of(organization: OrgNumber) -> Caller {
        Caller::operator(organization, DEMONSTRATION)
    }

    /// The caller that works on a data directory from the command line: it may do everything.
    pub fn operator_of(organization: OrgNumber) -> Caller {
        Caller::operator(organization, COMMAND_LINE)
    }
}
