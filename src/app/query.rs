//! Reading queries as the caller's organisation means them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use jiff::tz::TimeZone;

use super::App;
use super::error::Error;
use crate::domain::access::Caller;
use crate::domain::text::fold;
use crate::engine::search::Aliases;
use crate::query::{Condition, Expr, Field, Language, Parsed};

/// Longest query text that is looked at, in bytes.
const MOST_QUERY_BYTES: usize = 16_384;

impl App {
    /// Calls a function with the language in which the caller's organisation asks.
    pub(super) fn with_language<T>(
        &self,
        caller: &Caller,
        run: impl FnOnce(&Language<'_>) -> T,
    ) -> Result<T, Error> {
        let settings = &self.organization_of(caller)?.settings;
        let timezone = settings
            .timezone
            .as_deref()
            .map_or(Some(TimeZone::UTC), |name| TimeZone::get(name).ok());
        Ok(run(&Language {
            now: self.partition.now(),
            timezone: timezone.unwrap_or(TimeZone::UTC),
            custom: &|_| None,
            custom_keys: None,
            most_words: self.partition.limits().query_words,
        }))
    }

    /// Reads a query text.
    pub(super) fn read_query(&self, caller: &Caller, q: &str) -> Result<Parsed, Error> {
        let mut end = q.len().min(MOST_QUERY_BYTES);
        while !q.is_char_boundary(end) {
            end -= 1;
        }
        let mut parsed =
            self.with_language(caller, |language| crate::query::parse(&q[..end], language))?;
        if end < q.len() {
            parsed.warnings.push(crate::query::Warning {
                message: format!("only the first {MOST_QUERY_BYTES} bytes were looked at"),
                suggestion: None,
                start: end,
                end: q.len(),
            });
        }
        Ok(parsed)
    }

    /// The names under which the people, queues and departments are kept that a query names.
    pub(super) fn aliases(&self, caller: &Caller, expr: &Expr) -> Aliases {
        let mut aliases = Aliases::new();
        for condition in expr.conditions() {
            let Condition::Value { field, value, .. } = condition else { continue };
            let names: Vec<String> = match field {
                Field::Owner => {
                    let given = if value == "me" {
                        caller.user.and_then(|id| self.access().user(id))
                    } else {
                        self.access().find_user(caller.organization, value)
                    };
                    let names = given
                        .map(|user| [user.id.to_string(), user.email.clone(), user.name.clone()]);
                    names.into_iter().flatten().map(|name| fold(&name)).collect()
                }
                Field::Queue => {
                    let queue = self.access().find_queue(caller.organization, value);
                    let names = queue.map(|queue| [queue.id.to_string(), queue.name.clone()]);
                    names.into_iter().flatten().map(|name| fold(&name)).collect()
                }
                Field::OwningDepartment => {
                    let department = self.access().find_department(caller.organization, value);
                    let names = department.map(|one| [one.id.to_string(), one.name.clone()]);
                    names.into_iter().flatten().map(|name| fold(&name)).collect()
                }
                _ => continue,
            };
            aliases.insert((field.clone(), fold(value)), names);
        }
        aliases
    }
}
