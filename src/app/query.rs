//! Reading queries as the caller's organisation means them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use jiff::tz::TimeZone;
use serde_json::Value;

use super::App;
use super::custom_fields::sees;
use super::error::Error;
use super::search::{Refresh, SearchRequest};
use crate::domain::access::Caller;
use crate::domain::issue::FieldIssue;
use crate::domain::text::fold;
use crate::engine::search::Aliases;
use crate::query::{Condition, Expr, Field, Language, Parsed, Warning, narrow, read_json};

/// Longest query text that is looked at, in bytes.
const MOST_QUERY_BYTES: usize = 16_384;

/// What somebody asks for; all of it must match.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Query text.
    pub q: String,
    /// A tree of conditions in JSON, as docs/query-language.md has it.
    pub filter: Option<Value>,
    /// A list, by its id or its name.
    pub list: Option<String>,
    /// A saved search, by its id or its name.
    pub saved_search: Option<String>,
    /// The fields into which plain words of the text look; all that they can if there are none.
    pub fields: Vec<String>,
    /// Whether words match only as they are written, see [`Expr::as_typed`].
    pub is_strict: bool,
}

impl Query {
    /// Query text, JSON text of a filter, and a saved search; empty ones ask for nothing.
    ///
    /// # Errors
    /// If the filter is not JSON.
    pub fn of_texts(q: &str, filter: Option<&str>, saved: Option<&str>) -> Result<Self, Error> {
        let filter = match filter.map(str::trim).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(serde_json::from_str(text).map_err(|error| {
                Error::invalid("/filter", "json", format!("is not JSON: {error}"))
            })?),
        };
        let saved_search = saved.filter(|name| !name.trim().is_empty()).map(str::to_owned);
        Ok(Self { q: q.to_owned(), filter, saved_search, ..Self::default() })
    }

    /// Whether it asks for all contacts.
    pub fn is_everything(&self) -> bool {
        self.q.trim().is_empty()
            && self.filter.is_none()
            && self.list.is_none()
            && self.saved_search.is_none()
    }
}

impl<T: Into<String>> From<T> for Query {
    /// Query text alone.
    fn from(q: T) -> Self {
        Self { q: q.into(), ..Self::default() }
    }
}

/// A query as it was understood.
pub(super) struct Understood {
    /// What stands in query text: what hits are ranked and explained by.
    pub(super) text: Expr,
    /// Everything that must match.
    pub(super) expr: Expr,
    /// What was not understood as it may have been meant.
    pub(super) warnings: Vec<Warning>,
    /// The query text with the names that were probably meant; `None` if all are known.
    pub(super) meant: Option<String>,
    /// The order that the saved search has.
    pub(super) sort: Option<String>,
}

/// A query text with what its warnings suggest in place of what they are about.
fn corrected(q: &str, warnings: &[Warning]) -> Option<String> {
    let mut out = String::with_capacity(q.len());
    let mut at = 0;
    for warning in warnings {
        let Some(suggestion) = &warning.suggestion else { continue };
        // A place that was corrected already, or is none of this text.
        let Some(before) = q.get(at..warning.start) else { continue };
        out.push_str(before);
        out.push_str(suggestion);
        at = warning.end;
    }
    if at == 0 {
        return None;
    }
    out.push_str(q.get(at..)?);
    Some(out)
}

impl App {
    /// Calls a function with the language in which the caller's organisation asks.
    ///
    /// Cost: with fields a copy of the key of every custom field that the caller sees.
    pub(super) fn with_language<T>(
        &self,
        caller: &Caller,
        has_fields: bool,
        completes_last: bool,
        run: impl FnOnce(&Language<'_>) -> T,
    ) -> Result<T, Error> {
        let definitions = self.definitions(caller.organization);
        // As in the list of fields: the key of one that is only used may stand in contacts that the
        // caller does not see, and must be neither suggested nor told apart from one that is not.
        let is_listed = |key: &str| definitions.get(key).is_some_and(|one| sees(caller, one));
        let custom_keys = has_fields.then(|| {
            let keys =
                definitions.iter().filter(|one| !one.is_withdrawn()).map(|one| fold(&one.key));
            keys.filter(|key| is_listed(key)).collect::<Vec<String>>()
        });
        let settings = &self.organization_of(caller)?.settings;
        let timezone = settings
            .timezone
            .as_deref()
            .map_or(Some(TimeZone::UTC), |name| TimeZone::get(name).ok());
        Ok(run(&Language {
            now: self.partition.now(),
            timezone: timezone.unwrap_or(TimeZone::UTC),
            custom: &|key| definitions.kind(key).filter(|_| is_listed(key)),
            custom_keys: custom_keys.as_deref(),
            completes_last,
            most_words: self.partition.limits().query_words,
        }))
    }

    /// The folded keys of the custom fields that the caller sees.
    pub(super) fn custom_keys(&self, caller: &Caller) -> Vec<String> {
        let definitions = self.definitions(caller.organization);
        let keys = definitions.iter().filter(|one| !one.is_withdrawn()).map(|one| fold(&one.key));
        keys.filter(|key| caller.fields.sees_custom(key)).collect()
    }

    /// Reads a query text.
    fn read_query(&self, caller: &Caller, q: &str, is_strict: bool) -> Result<Parsed, Error> {
        let mut end = q.len().min(MOST_QUERY_BYTES);
        while !q.is_char_boundary(end) {
            end -= 1;
        }
        // Most queries are a name or a number; they need not know the fields.
        let has_fields = q.contains([':', '<', '>', '=']);
        let mut parsed = self.with_language(caller, has_fields, !is_strict, |language| {
            crate::query::parse(&q[..end], language)
        })?;
        // Signs and emoji ask for nothing that a contact has.
        let says_nothing = !q.contains(char::is_alphanumeric);
        if says_nothing && parsed.expr.is_everything() && !parsed.warnings.is_empty() {
            parsed.expr = Expr::any(Vec::new());
        }
        if end < q.len() {
            parsed.warnings.push(Warning {
                message: format!("only the first {MOST_QUERY_BYTES} bytes were looked at"),
                suggestion: None,
                start: end,
                end: q.len(),
            });
        }
        Ok(parsed)
    }

    /// Reads a filter tree, naming everything that does not fit by pointers below `at`.
    fn read_filter(&self, caller: &Caller, filter: &Value, at: &str) -> Result<Parsed, Error> {
        self.with_language(caller, true, true, |language| read_json(filter, language))?.map_err(
            |issues| {
                let below = |issue: FieldIssue| FieldIssue {
                    pointer: format!("{at}{}", issue.pointer),
                    ..issue
                };
                Error::Invalid(issues.into_iter().map(below).collect())
            },
        )
    }

    /// Reads what somebody asks for: query text, filter and saved search must all match.
    ///
    /// # Errors
    /// If the filter does not fit or there is no such saved search; never because of query text.
    pub(super) fn understand(&self, caller: &Caller, query: &Query) -> Result<Understood, Error> {
        let Parsed { expr: mut text, mut warnings } =
            self.read_query(caller, &query.q, query.is_strict)?;
        let meant = corrected(&query.q, &warnings);
        if !query.fields.is_empty() {
            text = self.narrowed(caller, text, &query.fields)?;
        }
        let mut parts = Vec::new();
        let mut add = |filter: &Value, at: &str| {
            let read = self.read_filter(caller, filter, at)?;
            self.refuse_unknown_lists(caller, &read.expr, at)?;
            parts.push(read.expr);
            warnings.extend(read.warnings);
            Ok::<_, Error>(())
        };
        if let Some(filter) = &query.filter {
            add(filter, "/filter")?;
        }
        let saved = match &query.saved_search {
            Some(name) => Some(self.saved_search_named(caller, name)?),
            None => None,
        };
        if let Some(filter) = saved.as_ref().and_then(|saved| saved.filter.as_ref()) {
            add(filter, "/saved_search/filter")?;
        }
        if let Some(q) = saved.as_ref().and_then(|saved| saved.q.as_deref()) {
            // Its warnings were shown when it was saved, and their places are not in this text.
            let kept = self.read_query(caller, q, query.is_strict)?.expr;
            text = if text.is_everything() { kept } else { Expr::all(vec![text, kept]) };
        }
        if let Some(name) = &query.list {
            let value = name.clone();
            let on = Condition::Value { field: Field::List, value, is_prefix: false };
            self.refuse_unknown_lists(caller, &Expr::Is(on.clone()), "/list")?;
            parts.push(Expr::Is(on));
        }
        if query.is_strict {
            text = text.as_typed();
            parts = parts.into_iter().map(Expr::as_typed).collect();
        }
        parts.insert(0, text.clone());
        parts.retain(|part| !part.is_everything());
        let expr = match parts.len() {
            0 => Expr::default(),
            _ => Expr::all(parts),
        };
        Ok(Understood { text, expr, warnings, meant, sort: saved.and_then(|saved| saved.sort) })
    }

    /// A query whose plain words look only into some fields.
    fn narrowed(&self, caller: &Caller, expr: Expr, fields: &[String]) -> Result<Expr, Error> {
        self.with_language(caller, true, true, |language| narrow(expr, fields, language))?.map_err(
            |(name, near)| {
                let hint = near.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
                Error::invalid("/search_in", "field", format!("there is no field {name:?}{hint}"))
            },
        )
    }

    /// Refuses a query of which something was not understood: a search shows more then, which is
    /// seen; an action would be done to contacts that nobody meant, and an export would hand them
    /// out. `at` points to the query text.
    pub(super) fn refuse_vague_query(
        &self,
        caller: &Caller,
        query: &Query,
        at: &str,
    ) -> Result<(), Error> {
        if query.is_everything() {
            return Ok(());
        }
        let request = SearchRequest {
            query: query.clone(),
            per_page: Some(0),
            refresh: Refresh::Never,
            ..SearchRequest::default()
        };
        let warnings = self.search_contacts(caller, &request)?.warnings;
        if warnings.is_empty() {
            return Ok(());
        }
        let issue = |warning: Warning| {
            let (from, to) = warning.utf16_span(&query.q);
            let place = format!("{} (characters {from} to {to})", warning.message);
            FieldIssue::new(at, "query", if to > from { place } else { warning.message })
        };
        Err(Error::Invalid(warnings.into_iter().map(issue).collect()))
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
