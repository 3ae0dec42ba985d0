//! Users: make, list, change, disable, remove.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::organizations::{change_settings, merge_settings};
use super::super::{App, NewSession, authorize, passwords};
use super::{NAME, all, authorize_names, changes, check_version, may_manage, note, read, write};
use crate::domain::access::{Caller, Department, Permission, Queue, Role, User};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::draft::Patch;
use crate::domain::email;
use crate::domain::ids::OrgNumber;
use crate::domain::members::ObjectReader;
use crate::domain::saved_search::SavedSearch;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx, keys};

/// A user as it is shown; whoever does not manage people sees name and department only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the members are those of `User`")]
pub struct UserView {
    pub id: Uuid,
    pub name: String,
    pub department_id: Option<Uuid>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub managed: Option<ManagedUser>,
}

/// What only those see who manage people, and everybody of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManagedUser {
    pub email: String,
    pub role: Role,
    pub disabled: bool,
    pub has_password: bool,
    pub subject: Option<String>,
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: Option<String>,
}

pub(super) fn view(user: &User) -> UserView {
    UserView {
        id: user.id,
        name: user.name.clone(),
        department_id: user.department_id,
        managed: Some(ManagedUser {
            email: user.email.clone(),
            role: user.role,
            disabled: user.disabled,
            has_password: user.password.is_some(),
            subject: user.subject.clone(),
            version: user.version,
            created_at: user.created_at,
            updated_at: user.updated_at,
            created_by: user.created_by.clone(),
        }),
    }
}

fn view_for(caller: &Caller, user: &User) -> UserView {
    let full = view(user);
    let manages = caller.may(Permission::ManageUsers)
        && (caller.role == Role::Admin
            || caller.department.is_none()
            || caller.department == user.department_id);
    let is_full = manages || caller.user == Some(user.id);
    if is_full { full } else { UserView { managed: None, ..full } }
}

/// A user of whom nothing is known yet.
pub(super) fn new_user(organization: OrgNumber, now: Timestamp) -> User {
    User {
        id: Uuid::now_v7(),
        organization,
        email: String::new(),
        name: String::new(),
        role: Role::Agent,
        department_id: None,
        disabled: false,
        password: None,
        subject: None,
        version: 1,
        created_at: now,
        updated_at: now,
        created_by: None,
    }
}

/// What somebody sent about a user.
struct Input {
    email: Patch<String>,
    name: Patch<String>,
    role: Patch<Role>,
    department: Patch<Uuid>,
    disabled: Patch<bool>,
    password: Patch<String>,
    subject: Patch<String>,
}

impl Input {
    fn read(body: &Value, is_new: bool) -> Result<Self, Error> {
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let roles = "agent, manager, admin";
        let input = Self {
            email: members.parsed("email", "addresses such as jane@example.com", email::parse),
            name: members.text("name", NAME),
            role: members
                .parsed("role", roles, |text| Role::parse(text).filter(|role| !role.is_machine())),
            department: members.id("department_id"),
            disabled: members.flag("disabled"),
            password: members.secret("password"),
            subject: members.text("subject", 500),
        };
        // Parts of the answer that may come back.
        let _ = members.flag("has_password");
        let must = |patch: &Patch<String>| *patch == Patch::Clear || is_new && patch.is_keep();
        if must(&input.email) {
            members.issue("email", "required", "a user signs in with an e-mail address");
        }
        if must(&input.name) {
            members.issue("name", "required", "a user needs a name");
        }
        if input.role == Patch::Clear || is_new && input.role.is_keep() {
            members.issue("role", "required", format!("must be one of {roles}"));
        }
        if let Patch::Set(password) = &input.password
            && let Err(detail) = passwords::check(password)
        {
            members.issue("password", "password", detail);
        }
        members.finish().map_err(Error::Invalid)?;
        Ok(input)
    }

    fn apply_to(&self, user: &mut User, password: Option<&String>) {
        if let Patch::Set(email) = &self.email {
            user.email.clone_from(email);
        }
        if let Patch::Set(name) = &self.name {
            user.name.clone_from(name);
        }
        if let Patch::Set(role) = self.role {
            user.role = role;
        }
        match self.department {
            Patch::Keep => {}
            Patch::Clear => user.department_id = None,
            Patch::Set(id) => user.department_id = Some(id),
        }
        match &self.disabled {
            Patch::Keep => {}
            Patch::Clear => user.disabled = false,
            Patch::Set(disabled) => user.disabled = *disabled,
        }
        match &self.password {
            Patch::Keep => {}
            Patch::Clear => user.password = None,
            Patch::Set(_) => user.password = password.cloned(),
        }
        match &self.subject {
            Patch::Keep => {}
            Patch::Clear => user.subject = None,
            Patch::Set(subject) => user.subject = Some(subject.clone()),
        }
    }
}

/// What the set-up asks about the organisation, as changes of its settings.
fn settings_of(members: &mut ObjectReader<'_>) -> Map<String, Value> {
    ["default_country", "timezone", "language"]
        .into_iter()
        .filter_map(|name| match members.text(name, 100) {
            Patch::Set(text) => Some((name.to_owned(), Value::String(text))),
            Patch::Keep | Patch::Clear => None,
        })
        .collect()
}

/// Refuses an address or subject that another user has, and a department that does not exist.
/// Addresses are unique in the whole partition, since they say who signs in; whether somebody
/// outside the organisation has one is not said.
pub(super) fn check(tx: &Tx<'_>, user: &User) -> Result<(), Rejected<Error>> {
    let users: Vec<User> = all(tx, &[keys::USERS])?;
    let others = || users.iter().filter(|other| other.id != user.id);
    if others().any(|other| fold(&other.email) == fold(&user.email)) {
        return Err(Rejected::By(Error::invalid(
            "/email",
            "email_unusable",
            "this address cannot be used: take another one",
        )));
    }
    if user.subject.is_some() && others().any(|other| other.subject == user.subject) {
        return Err(Rejected::By(Error::invalid(
            "/subject",
            "subject_unusable",
            "this subject cannot be used",
        )));
    }
    if let Some(id) = user.department_id
        && tx.get(&keys::department(user.organization, id))?.is_none()
    {
        let detail = "is not a department of this organisation";
        return Err(Rejected::By(Error::invalid("/department_id", "department", detail)));
    }
    Ok(())
}

/// Refuses to leave an organisation that has users without an admin who can sign in.
fn keeps_an_admin(
    tx: &Tx<'_>,
    org: OrgNumber,
    before: &User,
    after: Option<&User>,
) -> Result<(), Rejected<Error>> {
    let is_admin = |user: &User| user.role == Role::Admin && !user.disabled;
    if !is_admin(before) || after.is_some_and(is_admin) {
        return Ok(());
    }
    let users: Vec<User> = all(tx, &keys::space_of(keys::USERS, org))?;
    if users.iter().any(|user| user.id != before.id && is_admin(user)) {
        Ok(())
    } else {
        Err(Rejected::By(Error::InUse("this is the last admin: make another one first".to_owned())))
    }
}

impl App {
    /// The users of the caller's organisation, by name.
    ///
    /// # Errors
    /// If the caller may neither search contacts nor manage people.
    pub fn list_users(&self, caller: &Caller) -> Result<Vec<UserView>, Error> {
        authorize_names(caller)?;
        let users = self.access().users(caller.organization);
        Ok(users.iter().map(|user| view_for(caller, user)).collect())
    }

    /// A user of the caller's organisation, by id.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_user(&self, caller: &Caller, id: Uuid) -> Result<UserView, Error> {
        if caller.user != Some(id) {
            authorize_names(caller)?;
        }
        self.access()
            .user(id)
            .filter(|user| user.organization == caller.organization)
            .map(|user| view_for(caller, &user))
            .ok_or(Error::NotFound(Noun::User))
    }

    /// Makes the first user, an admin, and signs it in.
    ///
    /// # Errors
    /// If the caller does not run the server, there are users already, or something does not fit.
    pub fn set_up(
        &self,
        caller: &Caller,
        body: &Value,
        address: Option<IpAddr>,
    ) -> Result<NewSession, Error> {
        authorize(caller, Permission::Operate)?;
        let taken = || Error::InUse("there are users already: sign in".to_owned());
        if self.access().has_users() {
            return Err(taken());
        }
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let (email, name) = (members.text("email", 254), members.text("name", NAME));
        let password = members.secret("password");
        if password.value().is_none() {
            members.issue("password", "required", "the first user signs in with a password");
        }
        let settings = settings_of(&mut members);
        members.finish().map_err(Error::Invalid)?;
        // Before a password is hashed for nothing.
        merge_settings(&self.organization_of(caller)?.settings, &settings)?;
        let whole = json!({"email": email.value(), "name": name.value(),
            "password": password.value(), "role": Role::Admin});
        let input = Input::read(&whole, true)?;
        let hash = input.password.value().map(|p| passwords::hash(p)).transpose()?;
        let mut user = new_user(caller.organization, self.partition.now());
        user.created_by = Some(caller.actor.to_string());
        input.apply_to(&mut user, hash.as_ref());
        self.partition.write(caller.organization, caller, false, {
            let user = user.clone();
            move |tx| {
                // Two at once: one of them is the first.
                if !tx.scan(&[keys::USERS])?.is_empty() {
                    return Err(Rejected::By(taken()));
                }
                check(tx, &user)?;
                write(tx, &keys::user(user.organization, user.id), &user)?;
                let after = changes(None, Some(&view(&user)));
                note(tx, (AuditAction::UserCreated, user.id, after));
                change_settings(tx, user.organization, &settings)?;
                Ok(())
            }
        })?;
        self.begin_session(&user, address)
    }

    /// Makes a user. Cost: hashing a password takes tens of milliseconds of one core.
    ///
    /// # Errors
    /// If something does not fit, or the caller may not.
    pub fn create_user(&self, caller: &Caller, body: &Value) -> Result<UserView, Error> {
        authorize(caller, Permission::ManageUsers)?;
        let input = Input::read(body, true)?;
        let mut user = new_user(caller.organization, self.partition.now());
        user.created_by = Some(caller.actor.to_string());
        input.apply_to(&mut user, None);
        self.may_give(caller, &user)?;
        let password = input.password.value().map(|p| passwords::hash(p)).transpose()?;
        input.apply_to(&mut user, password.as_ref());
        self.partition.write(caller.organization, caller, false, {
            let user = user.clone();
            move |tx| {
                check(tx, &user)?;
                write(tx, &keys::user(user.organization, user.id), &user)?;
                let after = changes(None, Some(&view(&user)));
                note(tx, (AuditAction::UserCreated, user.id, after));
                Ok(())
            }
        })?;
        Ok(view(&user))
    }

    /// Changes a user; members that are absent stay.
    ///
    /// # Errors
    /// If there is none, something does not fit, or the caller may not.
    pub fn update_user(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
    ) -> Result<UserView, Error> {
        authorize(caller, Permission::ManageUsers)?;
        let input = Input::read(body, false)?;
        // Before a password is hashed, which costs.
        let present = self.access().user(id).filter(|u| u.organization == caller.organization);
        self.may_give(caller, present.as_deref().ok_or(Error::NotFound(Noun::User))?)?;
        let password = input.password.value().map(|p| passwords::hash(p)).transpose()?;
        let (org, now, precondition) =
            (caller.organization, self.partition.now(), precondition.clone());
        let by = caller.clone();
        let written = self.partition.write(org, caller, false, move |tx| {
            let key = keys::user(org, id);
            let before: User = read(tx, &key, Noun::User)?;
            check_version(&precondition, before.version)?;
            may_manage(&by, before.role, before.department_id).map_err(Rejected::By)?;
            let mut after = before.clone();
            input.apply_to(&mut after, password.as_ref());
            may_manage(&by, after.role, after.department_id).map_err(Rejected::By)?;
            if after == before {
                return Ok((view(&before), false));
            }
            check(tx, &after)?;
            keeps_an_admin(tx, org, &before, Some(&after))?;
            after.version += 1;
            after.updated_at = now;
            write(tx, &key, &after)?;
            let changed = changes(Some(&view(&before)), Some(&view(&after)));
            note(tx, (AuditAction::UserUpdated, id, changed));
            let ends_sessions = after.disabled || after.password != before.password;
            if after.password != before.password {
                note(tx, (AuditAction::PasswordChanged, id, Vec::new()));
            }
            Ok((view(&after), ends_sessions))
        })?;
        let (view, ends_sessions) = written.value;
        if ends_sessions {
            self.end_sessions_of(caller, id)?;
        }
        Ok(view)
    }

    /// Removes a user; tokens that act for it end, and it leaves all queues. Contacts keep it as
    /// their assignee.
    ///
    /// # Errors
    /// If there is none, it is the last admin, or the caller may not.
    pub fn delete_user(
        &self,
        caller: &Caller,
        id: Uuid,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        authorize(caller, Permission::ManageUsers)?;
        let (org, now, precondition) =
            (caller.organization, self.partition.now(), precondition.clone());
        let by = caller.clone();
        self.partition.write(org, caller, false, move |tx| {
            let key = keys::user(org, id);
            let before: User = read(tx, &key, Noun::User)?;
            check_version(&precondition, before.version)?;
            may_manage(&by, before.role, before.department_id).map_err(Rejected::By)?;
            keeps_an_admin(tx, org, &before, None)?;
            tx.delete(&key);
            // Nobody else sees what was private, so nobody could remove it any more.
            let searches: Vec<SavedSearch> = all(tx, &keys::space_of(keys::SAVED_SEARCHES, org))?;
            let owner = format!("user:{id}");
            for search in searches.iter().filter(|one| one.owner == owner && !one.shared) {
                tx.delete(&keys::saved_search(org, search.id));
                note(tx, (AuditAction::SavedSearchDeleted, search.id, Vec::new()));
            }
            let queues: Vec<Queue> = all(tx, &keys::space_of(keys::QUEUES, org))?;
            for mut queue in queues.into_iter().filter(|queue| queue.members.contains(&id)) {
                let before = queue.members.clone();
                queue.members.retain(|member| *member != id);
                queue.version += 1;
                queue.updated_at = now;
                write(tx, &keys::queue(org, queue.id), &queue)?;
                let left = vec![FieldChange::of("members", &before, &queue.members)];
                note(tx, (AuditAction::QueueUpdated, queue.id, left));
            }
            note(tx, (AuditAction::UserDeleted, id, changes(Some(&view(&before)), None)));
            Ok(())
        })?;
        self.end_sessions_of(caller, id)
    }

    /// Refuses to manage a user who may do more than the caller: whoever sets a password can sign
    /// in with it.
    fn may_give(&self, caller: &Caller, user: &User) -> Result<(), Error> {
        may_manage(caller, user.role, user.department_id)?;
        let organization = self.organization_of(caller)?;
        let rights = organization.settings.permissions.permissions(user.role);
        if caller.role == Role::Admin || caller.permissions.covers(rights) {
            Ok(())
        } else {
            Err(Error::Forbidden(Permission::ManageUsers))
        }
    }

    /// The department of a user's own, by id, if it exists.
    pub fn department_of(&self, caller: &Caller) -> Option<std::sync::Arc<Department>> {
        let id = caller.department?;
        self.access().departments(caller.organization).into_iter().find(|d| d.id == id)
    }
}
