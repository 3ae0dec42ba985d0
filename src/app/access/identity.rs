//! Users and tokens to identities: what role, department, queues and settings come to.

use std::sync::Arc;

use crate::domain::access::{
    Department, FieldRights, Identity, Organization, Permission, Permissions, Queue, Role, Sight,
    SightRules, TokenLimits, TokenRecord, User,
};
use crate::domain::custom_field::Definitions;
use crate::domain::text::fold;

/// What stands around a user or token.
pub(super) struct IdentityContext<'a> {
    pub(super) organization: &'a Organization,
    /// The department to which it belongs, if that exists.
    pub(super) department: Option<&'a Department>,
    /// The queues that the user serves.
    pub(super) queues: Vec<&'a Queue>,
    /// The custom fields of the organisation, if it has any.
    pub(super) definitions: Option<&'a Definitions>,
}

/// Takes away what nobody sees.
pub(super) fn without_withdrawn(rights: FieldRights, definitions: &Definitions) -> FieldRights {
    let hidden_custom = definitions.withdrawn().collect();
    rights.and(&FieldRights { hidden_custom, ..FieldRights::default() })
}

impl IdentityContext<'_> {
    /// The identity of a user.
    pub(super) fn user(&self, user: &User) -> Identity {
        let owner = vec![fold(&user.id.to_string()), fold(&user.email)];
        Identity {
            actor: format!("user:{}", user.id).into(),
            user: Some(user.id),
            ..self.person(user.role, owner)
        }
    }

    /// The identity of a token that acts for a user: at most what both may.
    pub(super) fn token_of_user(&self, token: &TokenRecord, user: &User) -> Identity {
        let role = if token.role.is_machine() { user.role } else { token.role.min(user.role) };
        let lesser = User { role, ..user.clone() };
        let identity = self.user(&lesser);
        let rights = self.rights_of_token(token);
        Identity {
            permissions: identity.permissions.intersection(rights),
            fields: identity.fields.and(&self.fields(token.role)),
            actor: format!("user:{}/token:{}", user.id, token.id).into(),
            ..identity
        }
    }

    /// The identity of a token that acts for itself.
    pub(super) fn token(&self, token: &TokenRecord) -> Identity {
        let base = if token.role.is_machine() {
            self.machine(token.role)
        } else {
            self.person(token.role, vec![fold(&token.id.to_string())])
        };
        let permissions = self.rights_of_token(token);
        // Who may change the rules of fields is not bound by them.
        let fields = if permissions.has(Permission::ManageSettings) {
            self.definitions.map_or_else(FieldRights::default, |definitions| {
                without_withdrawn(FieldRights::default(), definitions)
            })
        } else {
            base.fields.clone()
        };
        Identity {
            fields,
            permissions: permissions.with(Permission::Operate, token.operator),
            actor: actor(token),
            operator: token.operator,
            ..base
        }
    }

    fn rights_of_token(&self, token: &TokenRecord) -> Permissions {
        let table = self.organization.settings.permissions.permissions(token.role);
        let scopes = token.scopes.iter().map(|scope| scope.permissions());
        let scoped = scopes.fold(Permissions::NONE, Permissions::union);
        match token.role {
            Role::Lookup | Role::Agent | Role::Manager | Role::Admin if token.scopes.is_empty() => {
                table
            }
            Role::Lookup | Role::Machine => scoped,
            Role::Agent | Role::Manager | Role::Admin => table.intersection(scoped),
        }
    }

    fn fields(&self, role: Role) -> FieldRights {
        let ruled = self.organization.settings.field_visibility.rights(role);
        let Some(definitions) = self.definitions else { return ruled };
        let hidden_custom = definitions.hidden_from(role).collect();
        ruled.and(&FieldRights { hidden_custom, ..FieldRights::default() })
    }

    /// A machine sees the whole organisation, or one department if it is bound to that.
    fn machine(&self, role: Role) -> Identity {
        let sight = match self.department {
            None => Sight::Everything,
            Some(_) => Sight::Rules(SightRules {
                wall: Some(self.department_names()),
                whole_departments: self.department_names(),
                ..SightRules::default()
            }),
        };
        self.identity(role, sight)
    }

    fn person(&self, role: Role, owner: Vec<String>) -> Identity {
        let has_walls = self.organization.settings.permissions.preset.has_department_walls();
        let is_manager = role == Role::Manager;
        let sight = if role == Role::Admin
            // A manager of no department looks after all of them.
            || is_manager && self.department.is_none() && !has_walls
        {
            Sight::Everything
        } else {
            let names = |queue: &&Queue| [fold(&queue.id.to_string()), fold(&queue.name)];
            Sight::Rules(SightRules {
                wall: has_walls.then(|| self.department_names()),
                whole_departments: if is_manager { self.department_names() } else { Vec::new() },
                queues: self.queues.iter().flat_map(names).collect(),
                owner,
            })
        };
        self.identity(role, sight)
    }

    /// The names under which contacts belong to the department; those of no department if there
    /// is none.
    fn department_names(&self) -> Vec<String> {
        match self.department {
            None => vec![String::new()],
            Some(department) => {
                let mut names = vec![fold(&department.id.to_string()), fold(&department.name)];
                // A name of marks alone folds to nothing, which would mean no department.
                names.retain(|name| !name.is_empty());
                names
            }
        }
    }

    fn identity(&self, role: Role, sight: Sight) -> Identity {
        Identity {
            organization: self.organization.number,
            role,
            permissions: self.organization.settings.permissions.permissions(role),
            sight,
            fields: self.fields(role),
            actor: Arc::from(""),
            user: None,
            department: self.department.map(|department| department.id),
            operator: false,
            limits: TokenLimits::default(),
        }
    }
}

fn actor(token: &TokenRecord) -> Arc<str> {
    format!("token:{}", token.id).into()
}
