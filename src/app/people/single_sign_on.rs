//! Signing in with what a provider of single sign-on has proved.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::error::{Error, Noun};
use super::super::{App, NewSession};
use super::users::{check, new_user, view};
use super::{NAME, changes, note, read, write};
use crate::domain::access::{Organization, User};
use crate::domain::audit::AuditAction;
use crate::domain::email;
use crate::domain::ids::OrgNumber;
use crate::engine::{Origin, Rejected, keys};

/// Who somebody is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenUser {
    /// The provider.
    pub issuer: String,
    /// The name of the account there, which never changes hands.
    pub subject: String,
    /// The address, only if the provider has verified it.
    pub email: Option<String>,
    /// The name for people.
    pub name: Option<String>,
}

/// Who may come in by single sign-on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignOnRules {
    /// The only organisation whose users may, by name or id, to which new users belong; if not
    /// given users of all may, and new ones belong to the first.
    pub organization: Option<String>,
    /// Whether somebody who is not known becomes an agent.
    pub creates_users: bool,
}

impl App {
    /// Signs in whom a provider has proved: by the account, else by the verified address of a user
    /// who has not come from there before, whose account is then remembered.
    ///
    /// # Errors
    /// If there is no such user, which is not told apart from one that may not sign in.
    pub fn sign_in_by_provider(
        &self,
        proven: &ProvenUser,
        rules: &SignOnRules,
        address: Option<IpAddr>,
    ) -> Result<NewSession, Error> {
        let organization = match rules.organization.as_deref() {
            None => None,
            Some(wanted) => Some(
                self.access()
                    .find_organization(wanted)
                    .ok_or_else(|| Error::OrganizationNotFound(wanted.to_owned()))?,
            ),
        };
        let is_let_in = |user: &User| {
            !user.disabled && organization.as_ref().is_none_or(|o| o.number == user.organization)
        };
        let subject = format!("{} {}", proven.issuer, proven.subject);
        if let Some(user) = self.access().user_by_subject(&subject) {
            if !is_let_in(&user) {
                return Err(Error::SignInRefused);
            }
            return self.begin_session(&user, address);
        }
        let address_of_user = proven.email.as_deref().and_then(email::parse);
        let Some(email) = address_of_user else { return Err(Error::SignInRefused) };
        let user = match self.access().user_by_email(&email) {
            // An address can get another owner; the account that came first stays.
            Some(user) if is_let_in(&user) && user.subject.is_none() => {
                self.remember_subject(&user, &subject, address)?
            }
            None if rules.creates_users => {
                let organization = organization
                    .or_else(|| self.access().organizations().into_iter().next())
                    .ok_or(Error::SignInRefused)?;
                self.create_proven(&organization, &email, &subject, proven, address)?
            }
            Some(_) | None => return Err(Error::SignInRefused),
        };
        self.begin_session(&user, address)
    }

    fn remember_subject(
        &self,
        user: &Arc<User>,
        subject: &str,
        address: Option<IpAddr>,
    ) -> Result<User, Error> {
        let (org, id, now) = (user.organization, user.id, self.partition.now());
        let subject = subject.to_owned();
        let written = self.partition.write(org, origin(id, address), false, move |tx| {
            let key = keys::user(org, id);
            let before: User = read(tx, &key, Noun::User)?;
            if before.disabled || before.subject.as_ref().is_some_and(|known| *known != subject) {
                return Err(Rejected::By(Error::SignInRefused));
            }
            let mut after = before.clone();
            after.subject = Some(subject.clone());
            after.version += 1;
            after.updated_at = now;
            check(tx, &after)?;
            write(tx, &key, &after)?;
            let changed = changes(Some(&view(&before)), Some(&view(&after)));
            note(tx, (AuditAction::UserUpdated, id, changed));
            Ok(after)
        })?;
        Ok(written.value)
    }

    fn create_proven(
        &self,
        organization: &Organization,
        email: &str,
        subject: &str,
        proven: &ProvenUser,
        address: Option<IpAddr>,
    ) -> Result<User, Error> {
        let number: OrgNumber = organization.number;
        let mut user = new_user(number, self.partition.now());
        email.clone_into(&mut user.email);
        user.subject = Some(subject.to_owned());
        user.created_by = Some(format!("user:{}", user.id));
        let name = proven.name.as_deref().unwrap_or(email).chars().filter(|c| !c.is_control());
        let name: String = name.take(NAME).collect();
        user.name = if name.trim().is_empty() { email.to_owned() } else { name.trim().to_owned() };
        let made = user.clone();
        self.partition.write(number, origin(user.id, address), false, move |tx| {
            check(tx, &made)?;
            write(tx, &keys::user(number, made.id), &made)?;
            note(tx, (AuditAction::UserCreated, made.id, changes(None, Some(&view(&made)))));
            Ok(())
        })?;
        Ok(user)
    }
}

fn origin(user: uuid::Uuid, address: Option<IpAddr>) -> Origin {
    Origin { actor: format!("user:{user}").into(), address }
}
