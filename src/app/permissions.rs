//! What the caller may do and see, in words that programs and people can read.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::App;
use super::error::Error;
use crate::domain::access::{Caller, FieldRight, Permission, Preset, Role, Sight};

/// The rights of a caller, and the table of its organisation.
#[derive(Clone, Debug, Serialize)]
pub struct PermissionsView {
    /// What the caller is.
    pub role: Role,
    /// The user, if the caller is or acts for one.
    pub user_id: Option<Uuid>,
    /// The name of that user.
    pub user_name: Option<String>,
    /// The name of the organisation.
    pub organization: String,
    /// The language of the organisation, if one is set.
    pub language: Option<String>,
    /// The department to which the caller belongs.
    pub department_id: Option<Uuid>,
    /// What the table begins with.
    pub preset: Preset,
    /// Every right: whether the caller has it.
    pub permissions: BTreeMap<&'static str, bool>,
    /// Every right: the roles of people that have it.
    pub table: BTreeMap<&'static str, Vec<Role>>,
    /// Which contacts the caller sees.
    pub sees: SightView,
    /// How much of restricted fields the caller sees.
    pub fields: BTreeMap<String, FieldRight>,
    /// Whether the caller runs the server.
    pub operator: bool,
}

/// Which contacts somebody sees.
#[derive(Clone, Debug, Serialize)]
pub struct SightView {
    /// All of the organisation.
    pub everything: bool,
    /// Only those of the own department.
    pub own_department_only: bool,
    /// All of the own department, whatever their visibility.
    pub whole_department: bool,
    /// The queues whose contacts are seen.
    pub queues: Vec<Uuid>,
}

impl App {
    /// What the caller may do and see. Every caller may ask.
    ///
    /// # Errors
    /// If the organisation is gone.
    pub fn permissions_of(&self, caller: &Caller) -> Result<PermissionsView, Error> {
        let organization = self.organization_of(caller)?;
        let table = &organization.settings.permissions;
        let has = |permission: &Permission| (permission.as_str(), caller.may(*permission));
        let roles = |permission: Permission| {
            let having = |role: &Role| table.permissions(*role).has(permission);
            Role::OF_PEOPLE.into_iter().filter(having).collect()
        };
        let queues = match caller.user {
            None => Vec::new(),
            Some(user) => self
                .access()
                .queues(caller.organization)
                .iter()
                .filter(|queue| queue.members.contains(&user))
                .map(|queue| queue.id)
                .collect(),
        };
        let sees = match &caller.sight {
            Sight::Everything => SightView {
                everything: true,
                own_department_only: false,
                whole_department: true,
                queues,
            },
            Sight::Rules(rules) => SightView {
                everything: false,
                own_department_only: rules.wall.is_some(),
                whole_department: !rules.whole_departments.is_empty(),
                queues,
            },
        };
        let mut fields = BTreeMap::new();
        for (name, right) in [("phones", caller.fields.phones), ("emails", caller.fields.emails)] {
            if right != FieldRight::Full {
                fields.insert(name.to_owned(), right);
            }
        }
        // Which custom fields are hidden is not said: for this caller they do not exist.
        Ok(PermissionsView {
            role: caller.role,
            user_id: caller.user,
            user_name: caller
                .user
                .and_then(|id| self.access().user(id))
                .map(|user| user.name.clone()),
            organization: organization.name.clone(),
            language: organization.settings.language.clone(),
            department_id: caller.department,
            preset: table.preset,
            permissions: Permission::ALL.iter().map(has).collect(),
            table: Permission::ALL.iter().map(|p| (p.as_str(), roles(*p))).collect(),
            sees,
            fields,
            operator: caller.operator,
        })
    }
}
