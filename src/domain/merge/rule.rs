//! Which contact's value is taken where nobody chose.

use serde::{Deserialize, Serialize};

use super::slot;
use crate::domain::contact::Contact;
use crate::domain::text::fold;

/// Which contact's value is taken first; the next one fills what it leaves empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The primary contact, then the others as they were named.
    #[default]
    Primary,
    /// The contact that was changed last.
    Newest,
    /// The contact that was created first.
    Oldest,
    /// The contact that says most.
    MostComplete,
    /// The contact whose source stands first in this list.
    SourceOrder(Vec<String>),
}

impl Rule {
    /// The names of the rules in the API.
    pub const NAMES: [&str; 5] = ["primary", "newest", "oldest", "most_complete", "source_order"];

    /// The name in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::MostComplete => "most_complete",
            Self::SourceOrder(_) => "source_order",
        }
    }

    /// Reads a rule by its name; the sources are those of `source_order`.
    pub fn parse(name: &str, sources: Vec<String>) -> Option<Self> {
        Some(match name {
            "primary" => Self::Primary,
            "newest" => Self::Newest,
            "oldest" => Self::Oldest,
            "most_complete" => Self::MostComplete,
            "source_order" => Self::SourceOrder(sources),
            _ => return None,
        })
    }

    /// The contacts in the order in which their values are taken; those that are equal stay as
    /// they were named, the primary first.
    pub(super) fn order<'a>(&self, contacts: &[&'a Contact]) -> Vec<&'a Contact> {
        let mut ordered = contacts.to_vec();
        match self {
            Self::Primary => {}
            Self::Newest => ordered.sort_by_key(|one| std::cmp::Reverse(one.updated_at)),
            Self::Oldest => ordered.sort_by_key(|one| one.created_at),
            Self::MostComplete => ordered.sort_by_key(|one| std::cmp::Reverse(slot::filled(one))),
            Self::SourceOrder(sources) => {
                let sources: Vec<String> = sources.iter().map(|source| fold(source)).collect();
                ordered.sort_by_key(|one| {
                    let source = one.source.as_deref().map(fold);
                    sources
                        .iter()
                        .position(|known| Some(known) == source.as_ref())
                        .unwrap_or(sources.len())
                });
            }
        }
        ordered
    }
}
