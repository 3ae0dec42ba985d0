//! What a list is asked for as members of the query string: `tag=VIP&tag_mode=all&owner=none`.
//!
//! Members that are named like fields of the query language mean what they mean there.

use actix_web::{HttpRequest, web};
use serde_json::Value;

use super::error::Problem;
use crate::app::{Error, Query, SEARCH_MEMBERS};
use crate::error::ErrorCode;
use crate::query::{Condition, Expr, Field};

/// The names and values that a list or search was asked with.
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    /// The members of the query string of a request.
    pub(super) fn of_query(request: &HttpRequest) -> Result<Self, Problem> {
        web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map(|members| Self(members.into_inner()))
            .map_err(|error| {
                Problem::new(ErrorCode::Malformed, format!("the query string: {error}"))
            })
    }

    /// The members of a JSON object as they would stand in a query string.
    pub(super) fn of_json(value: &Value) -> Self {
        let mut all = Vec::new();
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::String(text) => all.push((name.clone(), text.clone())),
                Value::Number(number) => all.push((name.clone(), number.to_string())),
                Value::Bool(flag) => all.push((name.clone(), flag.to_string())),
                Value::Array(values) => {
                    let texts = values.iter().filter_map(Value::as_str);
                    all.extend(texts.map(|text| (name.clone(), text.to_owned())));
                }
                // A filter, which stands in query strings as text.
                Value::Object(_) => all.push((name.clone(), value.to_string())),
                Value::Null => {}
            }
        }
        Self(all)
    }

    /// Names and values that stand somewhere else.
    pub(super) fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Adds names and values, which count before those that are there.
    pub(super) fn add(&mut self, pairs: Vec<(String, String)>) {
        self.0.extend(pairs);
    }

    /// Calls members what they are called here, unless something is called so already.
    pub(super) fn rename(&mut self, names: &[(&str, &str)]) {
        for (from, to) in names {
            if self.last(to).is_some() {
                continue;
            }
            let named = self.0.iter_mut().filter(|(name, _)| name == from);
            named.for_each(|(name, _)| (*to).clone_into(name));
        }
    }

    /// The last value of a name.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, value)| known == name && !value.is_empty());
        values.next_back().map(|(_, value)| value.as_str())
    }

    /// The last value of a name, also if it is empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        values.next_back().map(|(_, value)| value.as_str())
    }

    /// The last value of a name as a whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        self.read(name, |text| text.parse().ok()).map_err(|()| not_a_number(name))
    }

    /// The last value of a name as a whole number from 1 on.
    pub(super) fn count(&self, name: &str) -> Result<Option<usize>, Problem> {
        self.read(name, |text| text.parse().ok().filter(|number| *number > 0))
            .map_err(|()| misfit(name, "value", "must be a whole number from 1 on"))
    }

    /// The last value of a name as a number from 0 to 1.
    pub(super) fn probability(&self, name: &str) -> Result<Option<f64>, Problem> {
        self.read(name, |text| text.parse().ok().filter(|number| (0.0..=1.0).contains(number)))
            .map_err(|()| misfit(name, "value", "must be a number from 0 to 1"))
    }

    fn read<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ()> {
        self.last(name).map(|text| parse(text).ok_or(())).transpose()
    }

    /// All values of a name, also those that are joined by commas.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.whole(name)
            .flat_map(|value| value.split(',').map(|one| one.trim().to_owned()))
            .filter(|one| !one.is_empty())
            .collect()
    }

    /// All values of a name as they stand.
    pub(super) fn each(&self, name: &str) -> Vec<String> {
        self.whole(name).map(str::to_owned).collect()
    }

    fn whole<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(known, value)| known == name && !value.is_empty());
        values.map(|(_, value)| value.as_str())
    }

    /// The last value of a name as true or false; false if there is none.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.last(name) {
            None | Some("false" | "0" | "no") => Ok(false),
            Some("true" | "1" | "yes") => Ok(true),
            Some(_) => Err(misfit(name, "value", "must be true or false")),
        }
    }

    /// The members of contacts that are wanted. `only` is the older name of `fields`.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut fields = self.all("fields");
        fields.extend(self.all("only"));
        fields
    }

    /// The members that are not known here; they may be named like fields.
    pub(super) fn others(&self) -> Vec<(String, String)> {
        self.given_beside(SEARCH_MEMBERS)
    }

    /// Names and values of all members but some, with empty ones left out.
    pub(super) fn given_beside(&self, known: &[&str]) -> Vec<(String, String)> {
        let is_other = |(name, value): &&(String, String)| {
            !value.is_empty() && !known.contains(&name.as_str())
        };
        self.0.iter().filter(is_other).cloned().collect()
    }

    /// Refuses members that nobody reads: what was asked for would be something else.
    pub(super) fn refuse_others(&self, known: &[&str]) -> Result<(), Problem> {
        // Every answer can be asked for some of its members.
        let is_known = |name: &str| known.contains(&name) || ["fields", "only"].contains(&name);
        match self.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let detail = format!("is not known here; known are {}", known.join(", "));
                let name = name.replace('~', "~0").replace('/', "~1");
                Err(misfit(&name, "unknown_member", &detail))
            }
        }
    }

    /// What `q`, `filter` and `saved_search` ask for.
    pub(super) fn query(&self) -> Result<Query, Problem> {
        let q = self.last("q").unwrap_or_default();
        let query = Query::of_texts(q, self.last("filter"), self.last("saved_search"))?;
        Ok(Query { fields: self.all("search_in"), ..query })
    }

    /// The conditions that all other members stand for; `None` if there are none.
    pub(super) fn conditions(&self) -> Result<Option<Expr>, Problem> {
        let mut parts = Vec::new();
        let listed = self.all("tags");
        let tags = self.whole("tag").chain(listed.iter().map(String::as_str));
        let tags: Vec<Expr> = tags.map(|tag| value(Field::Tag, tag)).collect();
        let mode = self.last("tag_mode").unwrap_or("all");
        match mode {
            _ if tags.is_empty() => {}
            "all" => parts.extend(tags),
            "any" => parts.push(Expr::any(tags)),
            "none" => parts.push(Expr::any(tags).negate()),
            _ => {
                let detail = format!("{mode:?} is not allowed here; use any, all or none");
                return Err(Error::invalid("/tag_mode", "mode", detail).into());
            }
        }
        for text in self.whole("tag_contains") {
            let text = text.to_owned();
            parts.push(Expr::Is(Condition::Contains { field: Field::Tag, text }));
        }
        Ok((!parts.is_empty()).then(|| Expr::all(parts)))
    }
}

fn misfit(name: &str, code: &'static str, detail: &str) -> Problem {
    Error::invalid(&format!("/{name}"), code, detail).into()
}

/// The error of a member that must be a whole number.
pub(super) fn not_a_number(name: &str) -> Problem {
    misfit(name, "type", "must be a whole number")
}

fn value(field: Field, text: &str) -> Expr {
    Expr::Is(Condition::Value { field, value: text.to_owned(), is_prefix: false })
}
