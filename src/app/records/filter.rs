//! Conditions on records as a tree in JSON: the shape that filters of contacts have, over the
//! fields of a kind.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::super::App;
use super::super::error::Error;
use crate::domain::access::Caller;
use crate::domain::issue::shorten;
use crate::domain::record::{AnyKind, FieldKind, Record};
use crate::domain::text::{fold, words};
use crate::domain::time::{Timestamp, day_number};

/// What a condition may ask.
const OPERATORS: &[&str] = &[
    "is", "is_not", "any_of", "none_of", "begins", "contains", "gt", "gte", "lt", "lte", "between",
    "exists",
];
/// Most conditions of a tree.
const MOST_CONDITIONS: usize = 100;
/// How deep conditions stand in each other.
const MOST_LEVELS: usize = 8;
/// What every record has, and what it holds.
const OF_HEAD: &[(&str, FieldKind)] = &[
    ("id", FieldKind::Text(36)),
    ("version", FieldKind::Count),
    ("created_at", FieldKind::Time),
    ("updated_at", FieldKind::Time),
    ("created_by", FieldKind::Text(255)),
    ("updated_by", FieldKind::Text(255)),
];

/// A tree of conditions.
#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// Words that begin words of what is searched.
    Text(Vec<String>),
    Field {
        name: &'static str,
        kind: FieldKind,
        test: Test,
    },
}

/// What holds of a field.
#[derive(Debug, PartialEq)]
pub(super) enum Test {
    /// It is one of these; `null` is nothing.
    AnyOf(Vec<Value>),
    Begins(String),
    Contains(String),
    /// It stands so to a value.
    Compares(&'static [Ordering], Value),
    Exists(bool),
}

impl Filter {
    /// The fields that are asked for.
    pub(super) fn fields(&self, into: &mut Vec<&'static str>) {
        match self {
            Self::All(filters) | Self::Any(filters) => {
                for filter in filters {
                    filter.fields(into);
                }
            }
            Self::Not(filter) => filter.fields(into),
            Self::Text(_) => {}
            Self::Field { name, .. } => into.push(name),
        }
    }

    /// Whether a record meets it; `has_words` says whether words are in the record.
    pub(super) fn meets(&self, record: &Record, has_words: &dyn Fn(&[String]) -> bool) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.meets(record, has_words)),
            Self::Any(filters) => filters.iter().any(|filter| filter.meets(record, has_words)),
            Self::Not(filter) => !filter.meets(record, has_words),
            Self::Text(words) => has_words(words),
            Self::Field { name, kind, test } => test.holds(*kind, &value_of(record, name)),
        }
    }
}

/// A value of a record, also of what every record has.
fn value_of(record: &Record, name: &str) -> Value {
    let head = &record.head;
    match name {
        "id" => json!(head.id),
        "version" => json!(head.version),
        "created_at" => json!(head.created_at),
        "updated_at" => json!(head.updated_at),
        "created_by" => json!(head.created_by),
        "updated_by" => json!(head.updated_by),
        _ => record.values.get(name).cloned().unwrap_or(Value::Null),
    }
}

impl Test {
    fn holds(&self, kind: FieldKind, value: &Value) -> bool {
        let texts = |test: &dyn Fn(&str) -> bool| match value {
            Value::String(text) => test(&fold(text)),
            Value::Array(entries) => {
                entries.iter().filter_map(Value::as_str).any(|text| test(&fold(text)))
            }
            _ => false,
        };
        match self {
            Self::Exists(wanted) => is_something(value) == *wanted,
            Self::AnyOf(allowed) => allowed.iter().any(|wanted| match (wanted, value) {
                (Value::Null, value) => !is_something(value),
                (wanted, Value::Array(entries)) => {
                    entries.iter().any(|entry| order(kind, entry, wanted) == Some(Ordering::Equal))
                }
                (wanted, value) => order(kind, value, wanted) == Some(Ordering::Equal),
            }),
            Self::Begins(wanted) => texts(&|text| text.starts_with(wanted.as_str())),
            Self::Contains(wanted) => texts(&|text| text.contains(wanted.as_str())),
            Self::Compares(orders, wanted) => {
                order(kind, value, wanted).is_some_and(|order| orders.contains(&order))
            }
        }
    }
}

fn is_something(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|entries| !entries.is_empty())
}

/// How two values of a field stand to each other; nothing if they cannot be compared.
fn order(kind: FieldKind, one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::String(one), Value::String(other)) if kind == FieldKind::Time => {
            Some(one.parse::<Timestamp>().ok()?.cmp(&other.parse::<Timestamp>().ok()?))
        }
        (Value::String(one), Value::String(other)) => Some(fold(one).cmp(&fold(other))),
        _ => None,
    }
}

/// Reads the tree.
pub(super) fn read(
    app: &App,
    caller: &Caller,
    kind: &'static dyn AnyKind,
    text: &str,
) -> Result<Filter, Error> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Error::invalid("/filter", "syntax", format!("is not JSON: {error}")))?;
    let mut reader = Reader { app, caller, kind, conditions: 0 };
    reader.filter("/filter", &value, 1)
}

struct Reader<'a> {
    app: &'a App,
    caller: &'a Caller,
    kind: &'static dyn AnyKind,
    conditions: usize,
}

impl Reader<'_> {
    fn filter(&mut self, at: &str, value: &Value, level: usize) -> Result<Filter, Error> {
        let Value::Object(members) = value else {
            return Err(Error::invalid(at, "type", "must be a JSON object"));
        };
        self.conditions += 1;
        if level > MOST_LEVELS || self.conditions > MOST_CONDITIONS {
            let detail = format!(
                "has more than {MOST_CONDITIONS} conditions, or more than {MOST_LEVELS} levels"
            );
            return Err(Error::invalid("/filter", "too_many", detail));
        }
        let kinds = ["all", "any", "not", "text", "field"];
        let mut named = kinds.into_iter().filter(|kind| members.contains_key(*kind));
        let (Some(kind), None) = (named.next(), named.next()) else {
            let detail = format!("must have exactly one of {}", kinds.join(", "));
            return Err(Error::invalid(at, "filter_kind", detail));
        };
        let is_known =
            |name: &str| name == kind || kind == "field" && matches!(name, "op" | "value");
        if let Some(other) = members.keys().find(|name| !is_known(name)) {
            let other = shorten(other);
            let detail = format!("has {other}, which is not known beside {kind}");
            return Err(Error::invalid(at, "unknown_member", detail));
        }
        let inner = members.get(kind).unwrap_or(&Value::Null);
        let below = format!("{at}/{kind}");
        match kind {
            "all" => Ok(Filter::All(self.list(&below, inner, level)?)),
            "any" => Ok(Filter::Any(self.list(&below, inner, level)?)),
            "not" => Ok(Filter::Not(Box::new(self.filter(&below, inner, level + 1)?))),
            "text" => {
                let text = inner.as_str().unwrap_or_default();
                let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
                if words.is_empty() {
                    return Err(Error::invalid(&below, "empty", "must be a text with words"));
                }
                Ok(Filter::Text(words))
            }
            _ => self.condition(at, members),
        }
    }

    fn list(&mut self, at: &str, value: &Value, level: usize) -> Result<Vec<Filter>, Error> {
        let filters = value.as_array().filter(|filters| !filters.is_empty());
        let Some(filters) = filters else {
            return Err(Error::invalid(at, "empty", "must be a list of at least one filter"));
        };
        let filters = filters.iter().enumerate();
        filters
            .map(|(index, filter)| self.filter(&format!("{at}/{index}"), filter, level + 1))
            .collect()
    }

    fn condition(&self, at: &str, members: &Map<String, Value>) -> Result<Filter, Error> {
        let (name, kind) = self.field(at, members.get("field").and_then(Value::as_str))?;
        let op = match members.get("op") {
            None => "is",
            Some(op) => op.as_str().unwrap_or_default(),
        };
        let value = members.get("value").unwrap_or(&Value::Null);
        let at_value = format!("{at}/value");
        let one = |value: &Value| self.value(&at_value, name, kind, value);
        let each = || {
            let values = value.as_array().filter(|values| !values.is_empty());
            let values = values.filter(|values| values.len() <= MOST_CONDITIONS);
            let Some(values) = values else {
                let detail = format!("must be a list of 1 to {MOST_CONDITIONS} values");
                return Err(Error::invalid(&at_value, "type", detail));
            };
            values.iter().map(one).collect::<Result<Vec<_>, _>>()
        };
        let compares =
            |orders| Ok::<_, Error>(Test::Compares(orders, some(&at_value, one(value)?)?));
        let test = match op {
            "is" | "is_not" => Test::AnyOf(vec![one(value)?]),
            "any_of" | "none_of" => Test::AnyOf(each()?),
            "begins" | "contains" => {
                let text = value.as_str().map(fold).filter(|text| !text.is_empty());
                let Some(text) = text else {
                    return Err(Error::invalid(&at_value, "type", "must be a text"));
                };
                if op == "begins" { Test::Begins(text) } else { Test::Contains(text) }
            }
            "gt" => compares(&[Ordering::Greater])?,
            "gte" => compares(&[Ordering::Greater, Ordering::Equal])?,
            "lt" => compares(&[Ordering::Less])?,
            "lte" => compares(&[Ordering::Less, Ordering::Equal])?,
            "between" => {
                let values = each()?;
                let [from, to] = values.as_slice() else {
                    return Err(Error::invalid(&at_value, "type", "must be a list of two values"));
                };
                let field = |orders, value: &Value| {
                    let test = Test::Compares(orders, some(&at_value, value.clone())?);
                    Ok::<_, Error>(Filter::Field { name, kind, test })
                };
                return Ok(Filter::All(vec![
                    field(&[Ordering::Greater, Ordering::Equal], from)?,
                    field(&[Ordering::Less, Ordering::Equal], to)?,
                ]));
            }
            "exists" => match value {
                Value::Null => Test::Exists(true),
                Value::Bool(wanted) => Test::Exists(*wanted),
                _ => return Err(Error::invalid(&at_value, "type", "must be true or false")),
            },
            other => {
                let detail = format!(
                    "{} is not allowed here; use one of {}",
                    shorten(other),
                    OPERATORS.join(", ")
                );
                return Err(Error::invalid(&format!("{at}/op"), "value", detail));
            }
        };
        let filter = Filter::Field { name, kind, test };
        let is_turned = matches!(op, "is_not" | "none_of");
        Ok(if is_turned { Filter::Not(Box::new(filter)) } else { filter })
    }

    fn field(&self, at: &str, name: Option<&str>) -> Result<(&'static str, FieldKind), Error> {
        let stored = self.kind.fields().iter().filter(|field| field.is_stored());
        let mut known = stored
            .filter(|field| !matches!(field.kind, FieldKind::Object | FieldKind::Earlier))
            .map(|field| (field.name, field.kind))
            .chain(OF_HEAD.iter().copied());
        let found = known.clone().find(|(known, _)| Some(*known) == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = known.by_ref().map(|(name, _)| name).collect();
            let named = shorten(name.unwrap_or_default());
            let detail = format!("there is no field {named:?}; use one of {}", names.join(", "));
            Error::invalid(&format!("{at}/field"), "unknown_field", detail)
        })
    }

    /// A value as records have it.
    fn value(
        &self,
        at: &str,
        name: &'static str,
        kind: FieldKind,
        value: &Value,
    ) -> Result<Value, Error> {
        let misfit = |detail: &str| Err(Error::invalid(at, "value", detail));
        let text = match value {
            Value::Null => return Ok(Value::Null),
            Value::String(text) => text.trim().to_owned(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return misfit("must be a single value"),
        };
        match kind {
            FieldKind::Time => {
                let is_day = day_number(&text).is_some();
                let text = if is_day { format!("{text}T00:00:00Z") } else { text };
                match text.parse::<Timestamp>() {
                    Ok(at) => Ok(json!(at)),
                    Err(_) => misfit("must be a time as in \"2026-12-31T17:00:00Z\", or a day"),
                }
            }
            FieldKind::Day if day_number(&text).is_none() => {
                misfit("must be a day as in \"2026-12-31\"")
            }
            _ => {
                self.app.filter_value(self.caller, name, kind, &text).map_err(|error| match error {
                    Error::Invalid(issues) => Error::Invalid(
                        issues
                            .into_iter()
                            .map(|mut issue| {
                                at.clone_into(&mut issue.pointer);
                                issue
                            })
                            .collect(),
                    ),
                    other => other,
                })
            }
        }
    }
}

/// A value that is something.
fn some(at: &str, value: Value) -> Result<Value, Error> {
    if value.is_null() {
        return Err(Error::invalid(at, "required", "must be a value to compare with"));
    }
    Ok(value)
}
