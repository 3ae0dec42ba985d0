//! Which contacts a caller sees: the same rule for searches, lookups, exports and single records.

use serde::{Deserialize, Serialize};

use super::super::contact::{Contact, Visibility};
use super::super::text::fold;

/// What of a contact decides who sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SightKey {
    /// Who may see it.
    pub visibility: Visibility,
    /// The queue or the assignee that sees it, folded; empty where everybody does, or nobody.
    pub principal: String,
    /// The department of the call centre that owns it, folded; empty where none does.
    pub department: String,
}

impl SightKey {
    /// What decides who sees a contact.
    pub fn of(contact: &Contact) -> Self {
        let folded = |text: &Option<String>| text.as_deref().map(fold).unwrap_or_default();
        Self {
            visibility: contact.visibility,
            principal: match contact.visibility {
                Visibility::All => String::new(),
                Visibility::Queue => folded(&contact.assigned_queue),
                Visibility::Owner => folded(&contact.assigned_to),
            },
            department: folded(&contact.org_department_id),
        }
    }

    /// Visibility and principal as one word, for the index: `a`, `q` or `o`, then the principal.
    pub fn audience(&self) -> String {
        audience(self.visibility, &self.principal)
    }
}

fn audience(visibility: Visibility, principal: &str) -> String {
    match visibility {
        Visibility::All => "a".to_owned(),
        Visibility::Queue => format!("q{principal}"),
        Visibility::Owner => format!("o{principal}"),
    }
}

/// Which contacts of its organisation a caller sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// All of them.
    #[default]
    Everything,
    /// Those that the rules let through.
    Rules(SightRules),
}

/// Who somebody is to a contact. All names are folded; ids and names stand side by side, since
/// imported records name people and queues as the file did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SightRules {
    /// Only contacts of these departments exist; an empty name is "of none".
    pub wall: Option<Vec<String>>,
    /// All contacts of these departments are seen, whatever their visibility.
    pub whole_departments: Vec<String>,
    /// The queues of which the caller is a member.
    pub queues: Vec<String>,
    /// The names under which contacts are assigned to the caller.
    pub owner: Vec<String>,
}

impl Sight {
    /// Whether a contact is seen.
    pub fn sees(&self, contact: &Contact) -> bool {
        match self {
            Self::Everything => true,
            Self::Rules(rules) => rules.see(&SightKey::of(contact)),
        }
    }

    /// Whether contacts with this key are seen.
    pub fn sees_key(&self, key: &SightKey) -> bool {
        match self {
            Self::Everything => true,
            Self::Rules(rules) => rules.see(key),
        }
    }
}

impl SightRules {
    fn see(&self, key: &SightKey) -> bool {
        let is_in = |names: &[String], name: &str| names.iter().any(|n| n == name);
        if self.wall.as_ref().is_some_and(|wall| !is_in(wall, &key.department)) {
            return false;
        }
        is_in(&self.whole_departments, &key.department)
            || match key.visibility {
                Visibility::All => true,
                Visibility::Queue => {
                    !key.principal.is_empty() && is_in(&self.queues, &key.principal)
                }
                Visibility::Owner => {
                    !key.principal.is_empty() && is_in(&self.owner, &key.principal)
                }
            }
    }

    /// The audiences to which the caller belongs, as [`SightKey::audience`] writes them.
    pub fn audiences(&self) -> Vec<String> {
        let queues = self.queues.iter().map(|queue| audience(Visibility::Queue, queue));
        let owner = self.owner.iter().map(|name| audience(Visibility::Owner, name));
        let named = queues.chain(owner).filter(|name| name.len() > 1);
        std::iter::once(audience(Visibility::All, "")).chain(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(visibility: Visibility, principal: &str, department: &str) -> SightKey {
        SightKey { visibility, principal: principal.to_owned(), department: department.to_owned() }
    }

    #[test]
    fn visibility_department_and_wall_decide() {
        let agent = SightRules {
            queues: vec!["support".to_owned(), String::new()],
            owner: vec!["u1".to_owned()],
            ..SightRules::default()
        };
        assert!(agent.see(&key(Visibility::All, "", "sales")));
        assert!(agent.see(&key(Visibility::Queue, "support", "sales")));
        assert!(!agent.see(&key(Visibility::Queue, "billing", "sales")));
        assert!(!agent.see(&key(Visibility::Queue, "", "sales")), "nobody is in no queue");
        assert!(agent.see(&key(Visibility::Owner, "u1", "")));
        assert!(!agent.see(&key(Visibility::Owner, "support", "")), "a queue is no person");
        let manager =
            SightRules { whole_departments: vec!["sales".to_owned()], ..SightRules::default() };
        assert!(manager.see(&key(Visibility::Owner, "u9", "sales")));
        assert!(!manager.see(&key(Visibility::Owner, "u9", "service")));
        assert!(manager.see(&key(Visibility::All, "", "service")));
        let walled = SightRules { wall: Some(vec!["sales".to_owned()]), ..manager };
        assert!(!walled.see(&key(Visibility::All, "", "service")));
        assert!(!walled.see(&key(Visibility::All, "", "")));
        assert!(walled.see(&key(Visibility::Owner, "u9", "sales")));
    }

    #[test]
    fn audiences_agree_with_the_rule() {
        let rules = SightRules {
            queues: vec!["support".to_owned(), String::new()],
            owner: vec!["u1".to_owned()],
            ..SightRules::default()
        };
        let audiences = rules.audiences();
        for visibility in [Visibility::All, Visibility::Queue, Visibility::Owner] {
            for principal in ["", "support", "u1", "other"] {
                let principal = if visibility == Visibility::All { "" } else { principal };
                let key = key(visibility, principal, "");
                assert_eq!(audiences.contains(&key.audience()), rules.see(&key), "{key:?}");
            }
        }
    }
}
