//! The permission table of an organisation: a preset and what was changed in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::permission::{Permission, Permissions};
use super::role::Role;

/// The table that an organisation begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preset {
    /// Agents work with the contacts they see, managers also import, export and merge.
    #[default]
    #[serde(rename = "default")]
    Default,
    /// Only managers and admins manage contacts; a department is a wall for everybody but admins.
    #[serde(rename = "s1-strict")]
    Strict,
    /// What somebody sees, that may they also change, merge and delete.
    #[serde(rename = "s4-visibility")]
    Visibility,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 3] = [Self::Default, Self::Strict, Self::Visibility];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "s1-strict",
            Self::Visibility => "s4-visibility",
        }
    }

    /// Whether nobody but admins sees contacts of other departments.
    pub fn has_department_walls(self) -> bool {
        self == Self::Strict
    }

    fn permissions(self, role: Role) -> Permissions {
        use Permission as P;
        const READ: [P; 4] = [P::Lookup, P::Phonebook, P::Search, P::View];
        let reads = Permissions::of(&READ);
        let with = |more: &[P]| reads.union(Permissions::of(more));
        match (self, role) {
            (_, Role::Lookup) => Permissions::of(&[P::Lookup, P::Phonebook]),
            (_, Role::Admin | Role::Machine) => Permissions::ALL,
            (Self::Default, Role::Agent) => with(&[P::Create, P::Edit, P::Delete]),
            (Self::Strict, Role::Agent) => reads,
            (Self::Visibility, Role::Agent) => {
                with(&[P::Create, P::Edit, P::Delete, P::Merge, P::Export, P::ManageTags])
            }
            (Self::Default | Self::Strict, Role::Manager) => with(&[
                P::Create,
                P::Edit,
                P::Delete,
                P::Export,
                P::Import,
                P::Merge,
                P::ManageTags,
            ]),
            (Self::Visibility, Role::Manager) => with(&[
                P::Create,
                P::Edit,
                P::Delete,
                P::Export,
                P::Import,
                P::Merge,
                P::ManageTags,
                P::ManageFields,
            ]),
        }
    }
}

/// What was changed in the preset for one role: right to whether it is given.
pub type Changes = BTreeMap<Permission, bool>;

/// Which role may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PermissionTable {
    /// What the table begins with.
    pub preset: Preset,
    /// Changes for agents.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agent: Changes,
    /// Changes for managers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub manager: Changes,
}

impl PermissionTable {
    /// The rights of a role. Admins always have all, or nobody could mend the table; machines
    /// have what their scopes say.
    pub fn permissions(&self, role: Role) -> Permissions {
        let preset = self.preset.permissions(role);
        let changes = match role {
            Role::Agent => &self.agent,
            Role::Manager => &self.manager,
            Role::Admin | Role::Machine | Role::Lookup => return preset,
        };
        changes.iter().fold(preset, |all, (permission, allowed)| all.with(*permission, *allowed))
    }

    /// The rights that only admins can have, because they would make admins of others.
    pub const ADMIN_ONLY: [Permission; 2] = [Permission::ManageSettings, Permission::Operate];

    /// A change that cannot be made, if there is one: role and right.
    pub fn forbidden_change(&self) -> Option<(Role, Permission)> {
        [(Role::Agent, &self.agent), (Role::Manager, &self.manager)].into_iter().find_map(
            |(role, changes)| {
                let found = changes.iter().find(|(p, allowed)| {
                    **allowed && Self::ADMIN_ONLY.contains(p)
                        || role == Role::Agent && **allowed && **p == Permission::ManageUsers
                });
                found.map(|(permission, _)| (role, *permission))
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_grow_with_the_role_and_changes_count() {
        for preset in Preset::ALL {
            let table = PermissionTable { preset, ..PermissionTable::default() };
            let rights = Role::OF_PEOPLE.map(|role| table.permissions(role));
            assert!(rights[1].covers(rights[0]) && rights[2].covers(rights[1]), "{preset:?}");
            assert!(!rights[1].has(Permission::Erase), "erasure is for admins");
        }
        let mut table = PermissionTable { preset: Preset::Strict, ..PermissionTable::default() };
        assert!(!table.permissions(Role::Agent).has(Permission::Edit));
        table.agent.insert(Permission::Edit, true);
        table.manager.insert(Permission::Export, false);
        assert!(table.permissions(Role::Agent).has(Permission::Edit));
        assert!(!table.permissions(Role::Manager).has(Permission::Export));
        assert_eq!(table.forbidden_change(), None);
        table.manager.insert(Permission::ManageSettings, true);
        assert_eq!(table.forbidden_change(), Some((Role::Manager, Permission::ManageSettings)));
    }
}
