//! Organisations and their tokens.

use serde::Serialize;
use uuid::Uuid;

use super::access::token_hash;
use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Action, Caller, OrgSettings, Organization, Role, TokenRecord};
use crate::domain::ids::OrgNumber;
use crate::domain::issue::FieldIssue;
use crate::engine::{Error as EngineError, Rejected};
use crate::engine::{codec, keys};

/// An organisation as it is shown.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the members are those of `Organization`")]
pub struct OrganizationView {
    pub id: Uuid,
    pub name: String,
    pub settings: OrgSettings,
    pub created_at: crate::domain::time::Timestamp,
}

/// A new token; the secret is shown this once and never again.
#[derive(Clone, Debug, Serialize)]
pub struct NewToken {
    /// The public identifier.
    pub id: Uuid,
    /// The secret.
    pub token: String,
    /// What its bearer may do.
    pub role: Role,
    /// The organisation it belongs to.
    pub organization: String,
    /// A name for people.
    pub name: Option<String>,
}

fn view(organization: &Organization) -> OrganizationView {
    OrganizationView {
        id: organization.id,
        name: organization.name.clone(),
        settings: organization.settings.clone(),
        created_at: organization.created_at,
    }
}

impl App {
    /// Makes the organisation `default` and an admin token on the first start; the token, if one
    /// was made and not given.
    ///
    /// A token that is given (`--admin-token`) is made valid on every start.
    ///
    /// # Errors
    /// If the engine cannot write.
    pub fn bootstrap(&self, admin_token: Option<&str>) -> Result<Option<String>, Error> {
        let is_first = self.access().organizations().is_empty();
        let operator = super::Access::operator_of(OrgNumber(0));
        if is_first {
            self.create_organization(&operator, "default", None)?;
        }
        let Some(organization) = self.access().organizations().into_iter().next() else {
            return Ok(None);
        };
        match admin_token {
            Some(token) if self.access().authenticate(token).is_some() => Ok(None),
            Some(token) => {
                self.store_token(&organization, Role::Admin, Some("admin"), true, token)?;
                Ok(None)
            }
            // Also where a crash came between the organisation and its token.
            None if !self.access().has_operator() => {
                let token = random_token();
                self.store_token(&organization, Role::Admin, Some("admin"), true, &token)?;
                Ok(Some(token))
            }
            None => Ok(None),
        }
    }

    /// Makes an organisation.
    ///
    /// # Errors
    /// If the name is taken or empty, or the caller does not run the server.
    pub fn create_organization(
        &self,
        caller: &Caller,
        name: &str,
        default_country: Option<&str>,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Action::Operate)?;
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Error::invalid("/name", "name", "must have 1 to 100 printable characters"));
        }
        let mut settings = OrgSettings::default();
        if let Some(country) = default_country {
            settings.default_country = Some(check_country(country)?);
        }
        let now = self.partition.now();
        let id = Uuid::now_v7();
        let actor = caller.actor.clone();
        let written = self.partition.write(OrgNumber(0), &actor, false, move |tx| {
            let taken = tx
                .scan(&[keys::ORGANIZATIONS])?
                .values()
                .filter_map(|value| codec::decode::<Organization>(value).ok())
                .any(|o| o.name == name);
            if taken {
                return Err(Rejected::By(Error::OrganizationExists(name.clone())));
            }
            let next = match tx.get(keys::NEXT_ORG_NUMBER)? {
                Some(bytes) => bytes.try_into().map_or(1, u32::from_be_bytes),
                None => 1,
            };
            let organization = Organization {
                id,
                number: OrgNumber(next),
                name: name.clone(),
                settings: settings.clone(),
                created_at: now,
            };
            let bytes = codec::encode(&organization).map_err(EngineError::from)?;
            tx.put(&keys::organization(organization.number), bytes);
            tx.put(keys::NEXT_ORG_NUMBER, (next + 1).to_be_bytes().to_vec());
            Ok(view(&organization))
        })?;
        self.access.reload(&self.partition)?;
        Ok(written.value)
    }

    /// Lists the organisations: all for who runs the server, else the own one.
    pub fn list_organizations(&self, caller: &Caller) -> Vec<OrganizationView> {
        self.access()
            .organizations()
            .iter()
            .filter(|o| caller.operator || o.number == caller.organization)
            .map(|o| view(o))
            .collect()
    }

    /// Changes the settings of the own organisation; members that are absent stay.
    ///
    /// # Errors
    /// If a value does not fit or the caller may not.
    pub fn update_settings(
        &self,
        caller: &Caller,
        patch: &serde_json::Value,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Action::Administer)?;
        let serde_json::Value::Object(members) = patch else {
            return Err(Error::invalid("", "type", "settings must be a JSON object"));
        };
        let (members, number) = (members.clone(), caller.organization);
        let written = self.partition.write(number, &caller.actor, false, move |tx| {
            let key = keys::organization(number);
            let Some(bytes) = tx.get(&key)? else {
                return Err(Rejected::By(Error::OrganizationNotFound(number.0.to_string())));
            };
            let mut organization: Organization =
                codec::decode(&bytes).map_err(EngineError::from)?;
            organization.settings =
                merge_settings(&organization.settings, &members).map_err(Rejected::By)?;
            tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
            Ok(view(&organization))
        })?;
        self.access.reload(&self.partition)?;
        Ok(written.value)
    }

    /// Makes a token for an organisation, named by name or id.
    ///
    /// # Errors
    /// If the caller may not, or there is no such organisation for it.
    pub fn create_token(
        &self,
        caller: &Caller,
        organization: Option<&str>,
        role: Role,
        name: Option<&str>,
    ) -> Result<NewToken, Error> {
        authorize(caller, Action::Administer)?;
        let organization = match organization {
            None => self.organization_of(caller)?,
            Some(wanted) => self
                .access()
                .find_organization(wanted)
                .filter(|o| caller.operator || o.number == caller.organization)
                .ok_or_else(|| Error::OrganizationNotFound(wanted.to_owned()))?,
        };
        let token = random_token();
        self.store_token(&organization, role, name, false, &token)
    }

    fn store_token(
        &self,
        organization: &Organization,
        role: Role,
        name: Option<&str>,
        operator: bool,
        token: &str,
    ) -> Result<NewToken, Error> {
        let record = TokenRecord {
            id: Uuid::now_v7(),
            organization: organization.number,
            role,
            name: name.map(str::to_owned),
            operator,
            created_at: self.partition.now(),
        };
        let answer = NewToken {
            id: record.id,
            token: token.to_owned(),
            role,
            organization: organization.name.clone(),
            name: record.name.clone(),
        };
        let key = keys::token(&token_hash(token));
        let bytes = codec::encode(&record).map_err(EngineError::from)?;
        self.partition.write::<(), Error>(organization.number, "tokens", false, move |tx| {
            tx.put(&key, bytes.clone());
            Ok(())
        })?;
        self.access.reload(&self.partition)?;
        Ok(answer)
    }

    pub(super) fn organization_of(
        &self,
        caller: &Caller,
    ) -> Result<std::sync::Arc<Organization>, Error> {
        self.access()
            .organization(caller.organization)
            .ok_or_else(|| Error::OrganizationNotFound(caller.organization.0.to_string()))
    }
}

/// Settings with some members changed; every member that does not fit is named.
fn merge_settings(
    current: &OrgSettings,
    changes: &serde_json::Map<String, serde_json::Value>,
) -> Result<OrgSettings, Error> {
    let mut settings = current.clone();
    let mut issues = Vec::new();
    for (key, value) in changes {
        let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        let mut merged = serde_json::to_value(&settings)
            .map_err(|e| Error::invalid("", "type", e.to_string()))?;
        let Some(slot) = merged.get_mut(key) else {
            issues.push(FieldIssue::new(pointer, "unknown_member", "is no setting"));
            continue;
        };
        slot.clone_from(value);
        match serde_json::from_value(merged) {
            Ok(merged) => settings = merged,
            Err(error) => issues.push(FieldIssue::new(pointer, "type", error.to_string())),
        }
    }
    let tag = &settings.do_not_contact_tag;
    if tag.chars().count() > 100 || tag.chars().any(char::is_control) {
        let detail = "must have at most 100 printable characters";
        issues.push(FieldIssue::new("/do_not_contact_tag", "tag", detail));
    }
    match settings.default_country.as_deref().map(check_country).transpose() {
        Ok(country) => settings.default_country = country,
        Err(Error::Invalid(mut more)) => issues.append(&mut more),
        Err(error) => return Err(error),
    }
    if issues.is_empty() { Ok(settings) } else { Err(Error::Invalid(issues)) }
}

pub(super) fn check_country(text: &str) -> Result<String, Error> {
    let country = text.trim().to_uppercase();
    if country.parse::<phonenumber::country::Id>().is_ok() {
        Ok(country)
    } else {
        Err(Error::invalid(
            "/default_country",
            "country",
            format!("{text:?} is no ISO 3166 country code such as US or DE"),
        ))
    }
}

fn random_token() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().fold(String::from("rdx_"), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
