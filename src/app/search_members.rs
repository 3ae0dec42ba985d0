//! Members of the query string of a list beside the query: conditions by the names of fields, and
//! which members of contacts are wanted.

use super::App;
use super::error::Error;
use crate::domain::access::Caller;
use crate::domain::view::MEMBERS;
use crate::query::{Expr, Member, Warning, nearest_member, read_member};

/// Members that are no conditions, or conditions of their own kind.
pub const SEARCH_MEMBERS: &[&str] = &[
    "q",
    "filter",
    "saved_search",
    "tag",
    "tags",
    "tag_mode",
    "tag_contains",
    "sort",
    "start",
    "page",
    "per_page",
    "cursor",
    "deleted",
    "facets",
    "facet_values",
    "total_limit",
    "explain",
    "refresh",
    "fields",
    "only",
    "search_in",
    "token",
];

/// Most members that are conditions.
const MOST_MEMBERS: usize = 32;

impl App {
    /// The conditions that members stand for, and warnings of those that stand for nothing.
    ///
    /// # Errors
    /// If a field cannot be asked what a member says, or there are too many.
    pub(super) fn read_members(
        &self,
        caller: &Caller,
        members: &[(String, String)],
    ) -> Result<(Option<Expr>, Vec<Warning>), Error> {
        if members.is_empty() {
            return Ok((None, Vec::new()));
        }
        if let Some((name, _)) = members.get(MOST_MEMBERS) {
            let detail = format!("is one of more than {MOST_MEMBERS} conditions");
            return Err(Error::invalid(&pointer(name), "too_many", detail));
        }
        self.with_language(caller, true, true, |language| {
            let (mut parts, mut warnings) = (Vec::new(), Vec::new());
            for (name, value) in members {
                match read_member(name, value, language) {
                    Ok(Member::Condition(expr)) => {
                        self.refuse_unknown_lists(caller, &expr, &pointer(name))?;
                        parts.push(expr);
                    }
                    Ok(Member::Unknown(field)) => {
                        let others = SEARCH_MEMBERS.iter().copied();
                        let near = nearest_member(name, others, field);
                        let hint = near
                            .as_ref()
                            .map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
                        let name: String = name.chars().take(100).collect();
                        warnings.push(Warning {
                            message: format!("there is no member {name}; it was left out{hint}"),
                            suggestion: None,
                            start: 0,
                            end: 0,
                        });
                    }
                    Err(detail) => return Err(Error::invalid(&pointer(name), "value", detail)),
                }
            }
            Ok(((!parts.is_empty()).then(|| Expr::all(parts)), warnings))
        })?
    }
}

fn pointer(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Refuses names of members that contacts do not have.
pub(super) fn check_fields(fields: &[String]) -> Result<(), Error> {
    let is_known = |name: &String| {
        MEMBERS.contains(&name.as_str()) || name.strip_prefix("cf.").is_some_and(|k| !k.is_empty())
    };
    let Some(unknown) = fields.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let near = nearest_member(unknown, MEMBERS.iter().copied(), None);
    let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let unknown: String = unknown.chars().take(100).collect();
    Err(Error::invalid("/fields", "field", format!("contacts have no {unknown:?}{hint}")))
}
