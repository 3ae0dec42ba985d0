//! Tokens of machines and people: make, list, revoke.

use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::access::{read_all, secret_hash};
use super::error::{Error, Noun};
use super::idempotency::Idempotency;
use super::secret::random_token;
use super::{App, authorize};
use crate::domain::access::{
    Caller, Organization, Permission, Permissions, Role, Scope, TokenLimits, TokenRecord,
};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::draft::Patch;
use crate::domain::members::ObjectReader;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, codec, keys};

/// A token as it is shown; never its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the members are those of `TokenRecord`")]
pub struct TokenView {
    pub id: Uuid,
    pub name: Option<String>,
    pub role: Role,
    pub scopes: Vec<Scope>,
    pub user_id: Option<Uuid>,
    pub department_id: Option<Uuid>,
    pub addresses: Vec<String>,
    pub in_url: bool,
    pub operator: bool,
    pub expires_at: Option<Timestamp>,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
}

/// A new token; the secret is shown this once and never again.
#[derive(Clone, Debug, Serialize)]
pub struct NewToken {
    /// The secret; none in the answer to a request that was sent again.
    pub token: Option<String>,
    /// The name of the organisation it belongs to.
    pub organization: String,
    /// The rest.
    #[serde(flatten)]
    pub view: TokenView,
}

/// What a token shall be.
#[derive(Clone, Debug, Default)]
pub struct TokenRequest {
    /// The organisation, by name or id; the caller's own if not given.
    pub organization: Option<String>,
    /// What its bearer is.
    pub role: Option<Role>,
    /// A name for people.
    pub name: Option<String>,
    /// What a machine may do.
    pub scopes: Vec<Scope>,
    /// The user for whom it acts, by id.
    pub user_id: Option<Uuid>,
    /// The department it is bound to, by id.
    pub department_id: Option<Uuid>,
    /// The networks from which it is taken.
    pub addresses: Vec<String>,
    /// Whether it is also taken from a URL.
    pub in_url: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl TokenRequest {
    /// Reads what somebody sent.
    ///
    /// # Errors
    /// Lists every member that does not fit.
    pub fn read(body: &Value) -> Result<Self, Error> {
        fn given<T>(patch: Patch<T>) -> Option<T> {
            match patch {
                Patch::Set(value) => Some(value),
                Patch::Keep | Patch::Clear => None,
            }
        }
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let scopes = Scope::ALL.map(Scope::as_str).join(", ");
        let request = Self {
            organization: given(members.text("organization", 100)),
            role: given(members.parsed(
                "role",
                "admin, manager, agent, machine, lookup",
                Role::parse,
            )),
            name: given(members.text("name", 100)),
            scopes: given(members.list("scopes", &scopes, Scope::ALL.len(), Scope::parse))
                .unwrap_or_default(),
            user_id: given(members.id("user_id")),
            department_id: given(members.id("department_id")),
            addresses: given(networks(&mut members)).unwrap_or_default(),
            in_url: given(members.flag("in_url")).unwrap_or_default(),
            expires_at: given(end(&mut members)),
        };
        members.finish().map_err(Error::Invalid)?;
        Ok(request)
    }
}

/// What is to become of a token.
struct TokenPatch {
    name: Patch<String>,
    addresses: Patch<Vec<String>>,
    in_url: Patch<bool>,
    expires_at: Patch<Timestamp>,
}

impl TokenPatch {
    fn read(body: &Value) -> Result<Self, Error> {
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let patch = Self {
            name: members.text("name", 100),
            addresses: networks(&mut members),
            in_url: members.flag("in_url"),
            expires_at: end(&mut members),
        };
        members.finish().map_err(Error::Invalid)?;
        Ok(patch)
    }

    fn put_into(&self, token: &mut TokenRecord) {
        if !self.name.is_keep() {
            token.name = self.name.value().cloned();
        }
        if !self.addresses.is_keep() {
            token.addresses = self.addresses.value().cloned().unwrap_or_default();
        }
        if !self.in_url.is_keep() {
            token.in_url = self.in_url.value().copied().unwrap_or_default();
        }
        if !self.expires_at.is_keep() {
            token.expires_at = self.expires_at.value().copied();
        }
    }
}

fn networks(members: &mut ObjectReader<'_>) -> Patch<Vec<String>> {
    members.list("addresses", "networks such as 203.0.113.0/24", 100, |text| {
        network(text).map(|network| network.to_string())
    })
}

fn end(members: &mut ObjectReader<'_>) -> Patch<Timestamp> {
    members.parsed("expires_at", "RFC 3339 times", |text| text.parse().ok())
}

/// A network, or the one address that it consists of.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

fn view(token: &TokenRecord) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name.clone(),
        role: token.role,
        scopes: token.scopes.clone(),
        user_id: token.user_id,
        department_id: token.department_id,
        addresses: token.addresses.clone(),
        in_url: token.in_url,
        operator: token.operator,
        expires_at: token.expires_at,
        created_by: token.created_by.clone(),
        created_at: token.created_at,
    }
}

fn changes(token: &TokenRecord) -> Vec<FieldChange> {
    let shown = serde_json::to_value(view(token)).unwrap_or(Value::Null);
    let mut changes = FieldChange::between(&Value::Null, &shown);
    changes.retain(|change| change.field != "id" && change.field != "created_at");
    changes
}

/// Refuses to touch a token that may do more than the caller. One that runs the server is for those
/// who do.
fn refuse_greater_token(caller: &Caller, known: &TokenView) -> Result<(), Error> {
    if caller.role != Role::Admin && known.role >= Role::Manager
        || known.operator && !caller.operator
    {
        return Err(Error::Forbidden(Permission::ManageUsers));
    }
    Ok(())
}

/// Refuses what a token would give beyond the networks and the end that it has itself; what another
/// one has already is not given.
fn refuse_beyond_own(
    own: &TokenLimits,
    had: Option<&TokenLimits>,
    wanted: &TokenLimits,
) -> Result<(), Error> {
    let covers = |fits: &dyn Fn(&TokenLimits) -> bool| fits(own) || had.is_some_and(fits);
    if !covers(&|limits| limits.cover_networks(&wanted.networks)) {
        let own = own.networks.iter().map(IpNet::to_string).collect::<Vec<_>>().join(", ");
        let detail = format!("must lie within the networks of the token that asks: {own}");
        return Err(Error::invalid("/addresses", "beyond_own", detail));
    }
    if let Some(end) = own.expires_at
        && !covers(&|limits| limits.cover_end(wanted.expires_at))
    {
        let detail = format!("must be no later than the end of the token that asks: {end}");
        return Err(Error::invalid("/expires_at", "beyond_own", detail));
    }
    Ok(())
}

/// The limits of a token; its networks were checked when they were read.
fn limits(addresses: &[String], expires_at: Option<Timestamp>) -> TokenLimits {
    let networks = addresses.iter().filter_map(|network| network.parse().ok()).collect();
    TokenLimits { networks, expires_at }
}

impl App {
    /// Makes a token for an organisation. Sent again under the same key, it makes no second one and
    /// answers what was made without its secret, which is kept nowhere.
    ///
    /// # Errors
    /// If the caller may not, would give more than it has, something does not fit, or the key was used
    /// for another request.
    pub fn create_token(
        &self,
        caller: &Caller,
        request: &TokenRequest,
        once: Option<Idempotency>,
    ) -> Result<NewToken, Error> {
        authorize(caller, Permission::ManageUsers)?;
        let organization = match request.organization.as_deref() {
            None => self.organization_of(caller)?,
            Some(wanted) => self
                .access()
                .find_organization(wanted)
                .filter(|o| caller.operator || o.number == caller.organization)
                .ok_or_else(|| Error::OrganizationNotFound(wanted.to_owned()))?,
        };
        if let Some(made) = self.answered::<Uuid>(caller.organization, once)? {
            return self.made_token(&organization, made);
        }
        let role = request.role.ok_or_else(|| {
            let detail = "must be one of admin, manager, agent, machine, lookup";
            Error::invalid("/role", "role", detail)
        })?;
        self.check_token(caller, &organization, role, request)?;
        let wanted = limits(&request.addresses, request.expires_at);
        refuse_beyond_own(&caller.limits, None, &wanted)?;
        let record = TokenRecord {
            id: Uuid::now_v7(),
            organization: organization.number,
            role,
            name: request.name.clone(),
            operator: false,
            scopes: request.scopes.clone(),
            user_id: request.user_id,
            department_id: request.department_id,
            addresses: request.addresses.clone(),
            in_url: request.in_url,
            expires_at: request.expires_at,
            created_by: Some(caller.actor.as_ref().to_owned()),
            created_at: self.partition.now(),
        };
        self.store_token(caller, &organization, record, &random_token("rdx"), once)
    }

    /// A token that a request has made which is sent again.
    fn made_token(&self, organization: &Organization, id: Uuid) -> Result<NewToken, Error> {
        let all = read_all::<TokenRecord>(self.partition.stored(), &[keys::TOKENS])?;
        let mut of_it = all.iter().map(|(_, token)| token);
        let made = of_it.find(|one| one.id == id && one.organization == organization.number);
        let view = view(made.ok_or(Error::NotFound(Noun::Token))?);
        Ok(NewToken { token: None, organization: organization.name.clone(), view })
    }

    /// Refuses tokens that make no sense, or that would give more than their maker has.
    fn check_token(
        &self,
        caller: &Caller,
        organization: &Organization,
        role: Role,
        request: &TokenRequest,
    ) -> Result<(), Error> {
        if role == Role::Machine && request.scopes.is_empty() {
            let detail = "a machine token needs scopes: lookup, phonebook, search, read, write, import, export, calls, admin";
            return Err(Error::invalid("/scopes", "required", detail));
        }
        if role == Role::Lookup
            && request.scopes.iter().any(|scope| !Scope::OF_LOOKUP.contains(scope))
        {
            let detail = "a lookup token looks numbers up and reads phone books; take the role \
                          machine for other scopes";
            return Err(Error::invalid("/scopes", "scopes", detail));
        }
        let may_be_in_url = role == Role::Lookup
            || !request.scopes.is_empty() && request.scopes.iter().all(|s| s.may_be_in_url());
        if request.in_url && !may_be_in_url {
            let detail = "only tokens with the scopes lookup, phonebook, search, read or calls may \
                          stand in a URL";
            return Err(Error::invalid("/in_url", "scopes", detail));
        }
        if request.expires_at.is_some_and(|end| end <= self.partition.now()) {
            return Err(Error::invalid("/expires_at", "past", "has passed already"));
        }
        if let Some(id) = request.user_id
            && self.access().user(id).is_none_or(|u| u.organization != organization.number)
        {
            return Err(Error::invalid("/user_id", "user", "is not a user of this organisation"));
        }
        if let Some(id) = request.department_id
            && self.access().departments(organization.number).iter().all(|d| d.id != id)
        {
            let detail = "is not a department of this organisation";
            return Err(Error::invalid("/department_id", "department", detail));
        }
        if caller.role == Role::Admin {
            return Ok(());
        }
        let rights = match role {
            Role::Lookup => organization.settings.permissions.permissions(role),
            Role::Machine => request
                .scopes
                .iter()
                .map(|s| s.permissions())
                .fold(Permissions::NONE, Permissions::union),
            Role::Agent | Role::Manager | Role::Admin => {
                organization.settings.permissions.permissions(role)
            }
        };
        let user = request.user_id.and_then(|id| self.access().user(id));
        let is_within = role < Role::Manager
            && caller.permissions.covers(rights)
            && (caller.department.is_none() || caller.department == request.department_id)
            && user.is_none_or(|u| u.role < Role::Manager && u.department_id == caller.department);
        if is_within { Ok(()) } else { Err(Error::Forbidden(Permission::ManageUsers)) }
    }

    pub(super) fn store_token(
        &self,
        caller: &Caller,
        organization: &Organization,
        record: TokenRecord,
        secret: &str,
        once: Option<Idempotency>,
    ) -> Result<NewToken, Error> {
        let answer = NewToken {
            token: Some(secret.to_owned()),
            organization: organization.name.clone(),
            view: view(&record),
        };
        let key = keys::token(&secret_hash(secret));
        let bytes = codec::encode(&record).map_err(EngineError::from)?;
        let (org, now) = (caller.organization, record.created_at);
        let made =
            self.partition.write::<_, Error>(organization.number, caller, false, move |tx| {
                // The same request may have come twice at once.
                if let Some(once) = once
                    && let Some(made) = once.kept::<Uuid>(tx, org, now)?
                {
                    return Ok(made);
                }
                tx.put(&key, bytes.clone());
                tx.note(AuditAction::TokenCreated, record.id, changes(&record));
                if let Some(once) = once {
                    once.keep(tx, org, now, record.id)?;
                }
                Ok(record.id)
            })?;
        if made.value == answer.view.id {
            Ok(answer)
        } else {
            self.made_token(organization, made.value)
        }
    }

    /// The tokens of the caller's organisation, newest first.
    ///
    /// # Errors
    /// If the caller may not manage them.
    pub fn list_tokens(&self, caller: &Caller) -> Result<Vec<TokenView>, Error> {
        authorize(caller, Permission::ManageUsers)?;
        let all = read_all::<TokenRecord>(self.partition.stored(), &[keys::TOKENS])?;
        let own = all.into_iter().map(|(_, token)| token);
        let mut own: Vec<TokenView> = own
            .filter(|token| token.organization == caller.organization)
            .filter(|token| {
                caller.role == Role::Admin
                    || caller.department.is_none()
                    || token.department_id == caller.department
            })
            .map(|token| view(&token))
            .collect();
        own.sort_by_key(|token| std::cmp::Reverse(token.id));
        Ok(own)
    }

    /// A token of the caller's organisation, by id.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_token(&self, caller: &Caller, id: Uuid) -> Result<TokenView, Error> {
        let mut all = self.list_tokens(caller)?.into_iter();
        all.find(|token| token.id == id).ok_or(Error::NotFound(Noun::Token))
    }

    /// Changes name, networks and end of a token, and whether it may stand in a URL; what it may do
    /// stays as it was made. A token gives itself and others no more than its own networks and end.
    ///
    /// # Errors
    /// If there is none for this caller, it has ended, something does not fit, or the token may do
    /// more than the caller.
    pub fn update_token(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
    ) -> Result<TokenView, Error> {
        let known = self.find_token(caller, id)?;
        let patch = TokenPatch::read(body)?;
        refuse_greater_token(caller, &known)?;
        if known.operator
            && (patch.addresses.value().is_some() || patch.expires_at.value().is_some())
        {
            // Nobody could take it back if there is no other one.
            let reason = "a token that runs the server is taken everywhere and does not end; revoke it instead";
            return Err(Error::InUse(reason.to_owned()));
        }
        let request = TokenRequest {
            scopes: known.scopes.clone(),
            user_id: known.user_id,
            department_id: known.department_id,
            in_url: *patch.in_url.value().unwrap_or(&known.in_url),
            expires_at: patch.expires_at.value().copied(),
            ..TokenRequest::default()
        };
        let organization = self.organization_of(caller)?;
        self.check_token(caller, &organization, known.role, &request)?;
        let (now, own) = (self.partition.now(), caller.limits.clone());
        let written = self.partition.write(caller.organization, caller, false, move |tx| {
            for (key, bytes) in tx.scan(&[keys::TOKENS])? {
                let before: TokenRecord = codec::decode(&bytes).map_err(EngineError::from)?;
                if before.id != id {
                    continue;
                }
                if before.expires_at.is_some_and(|end| end <= now) {
                    let detail = "this token has ended and cannot be changed: make a new one";
                    let ended = Error::invalid("/expires_at", "ended", detail);
                    return Err(Rejected::By(ended));
                }
                let mut after = before.clone();
                patch.put_into(&mut after);
                let had = limits(&before.addresses, before.expires_at);
                let wanted = limits(&after.addresses, after.expires_at);
                refuse_beyond_own(&own, Some(&had), &wanted).map_err(Rejected::By)?;
                let shown = |token| serde_json::to_value(view(token)).unwrap_or(Value::Null);
                let changes = FieldChange::between(&shown(&before), &shown(&after));
                if !changes.is_empty() {
                    tx.put(&key, codec::encode(&after).map_err(EngineError::from)?);
                    tx.note(AuditAction::TokenUpdated, id, changes);
                }
                return Ok(view(&after));
            }
            Err(Rejected::By(Error::NotFound(Noun::Token)))
        })?;
        Ok(written.value)
    }

    /// Ends a token at once.
    ///
    /// # Errors
    /// If there is none for this caller, or it is the last one that runs the server.
    pub fn revoke_token(&self, caller: &Caller, id: Uuid) -> Result<(), Error> {
        let wanted = self.find_token(caller, id)?;
        refuse_greater_token(caller, &wanted)?;
        self.partition.write::<(), Error>(caller.organization, caller, false, move |tx| {
            let tokens = tx.scan(&[keys::TOKENS])?;
            let decoded: Result<Vec<(Vec<u8>, TokenRecord)>, _> = tokens
                .into_iter()
                .map(|(key, bytes)| codec::decode(&bytes).map(|token| (key, token)))
                .collect();
            let decoded = decoded.map_err(EngineError::from)?;
            let others = decoded.iter().filter(|(_, token)| token.operator && token.id != id);
            if wanted.operator && others.count() == 0 {
                return Err(Rejected::By(Error::InUse(
                    "this is the last token that runs the server".to_owned(),
                )));
            }
            for (key, token) in &decoded {
                if token.id == id {
                    tx.delete(key);
                    tx.note(AuditAction::TokenRevoked, id, Vec::new());
                }
            }
            Ok(())
        })?;
        Ok(())
    }
}
