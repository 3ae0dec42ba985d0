//! A filter in JSON to a tree, naming everything that does not fit.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use serde_json::{Map, Value};

use super::date::Op;
use super::expr::{Expr, Shape};
use super::field::Field;
use super::language::{Language, MOST_LEVELS, MOST_VALUE_CHARS};
use super::lex::Mark;
use super::names::{self, Named, Target};
use super::parse::{Parsed, keypad, parse};
use super::tree::Load;
use super::value::{self, Ask};
use super::warning::Warning;
use super::words;
use crate::domain::issue::{FieldIssue, shorten};

/// The operators that a condition may name.
const OPERATORS: &[&str] = &[
    "is", "is_not", "begins", "contains", "word", "gt", "gte", "lt", "lte", "between", "range",
    "within", "exists", "any_of", "all_of", "none_of",
];
/// Most issues that are named at once.
const MOST_ISSUES: usize = 20;

/// Reads a filter; see `docs/query-language.md` for its shape. `language.most_words` bounds how
/// much it asks for. Warnings come from query text inside of it; their spans are those of
/// that text.
///
/// # Errors
/// Everything that does not fit, by JSON pointers into the value.
pub fn read_json(value: &Value, language: &Language<'_>) -> Result<Parsed, Vec<FieldIssue>> {
    let mut reader =
        Reader { language, issues: Vec::new(), warnings: Vec::new(), load: Load::default() };
    let expr = if value.as_object().is_some_and(Map::is_empty) || is_all_of_nothing(value) {
        Some(Expr::default())
    } else {
        reader.filter("", value, 1)
    };
    match expr {
        Some(expr) if reader.issues.is_empty() => {
            if expr.levels() > MOST_LEVELS {
                return Err(vec![too_deep("")]);
            }
            if !expr.load().fits_in(language.room()) {
                return Err(vec![too_many("", language.room())]);
            }
            Ok(Parsed { expr, warnings: reader.warnings })
        }
        _ => Err(reader.issues),
    }
}

fn is_all_of_nothing(value: &Value) -> bool {
    let Some(map) = value.as_object() else { return false };
    map.len() == 1 && map.get("all").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn too_deep(at: &str) -> FieldIssue {
    let detail = format!("filters stand more than {MOST_LEVELS} levels deep in each other");
    FieldIssue::new(at, "too_deep", detail)
}

fn too_many(at: &str, room: Load) -> FieldIssue {
    let Load { words, values } = room;
    let detail = format!(
        "has more than the {words} words, numbers and parts of values or the {values} whole values, \
         ranges and presences that are allowed"
    );
    FieldIssue::new(at, "too_many", detail)
}

struct Reader<'a> {
    language: &'a Language<'a>,
    issues: Vec<FieldIssue>,
    warnings: Vec<Warning>,
    load: Load,
}

impl Reader<'_> {
    /// Names something that does not fit.
    fn issue<T>(&mut self, at: &str, code: &'static str, detail: impl Into<String>) -> Option<T> {
        if self.issues.len() < MOST_ISSUES {
            self.issues.push(FieldIssue::new(at, code, detail));
        }
        None
    }

    fn filter(&mut self, at: &str, value: &Value, level: usize) -> Option<Expr> {
        if level > MOST_LEVELS {
            self.issues.push(too_deep(at));
            return None;
        }
        let Value::Object(map) = value else {
            return self.issue(at, "type", "must be a JSON object");
        };
        let kinds = ["all", "any", "not", "text", "field"];
        let mut named = kinds.into_iter().filter(|kind| map.contains_key(*kind));
        let (Some(kind), None) = (named.next(), named.next()) else {
            let detail = format!("must have exactly one of {}", kinds.join(", "));
            return self.issue(at, "filter_kind", detail);
        };
        let mut is_clean = true;
        for member in map.keys() {
            if member != kind && !(kind == "field" && matches!(member.as_str(), "op" | "value")) {
                let pointer = format!("{at}/{}", member.replace('~', "~0").replace('/', "~1"));
                let detail = format!("is not known beside {kind}");
                self.issue::<()>(&pointer, "unknown_member", detail);
                is_clean = false;
            }
        }
        let inner = map.get(kind)?;
        let pointer = format!("{at}/{kind}");
        let found = match kind {
            "all" => self.list(&pointer, inner, level).map(Expr::all),
            "any" => self.list(&pointer, inner, level).map(Expr::any),
            "not" => self.filter(&pointer, inner, level + 1).map(Expr::negate),
            "text" => self.text(&pointer, inner),
            _ => self.condition(at, map, inner),
        };
        found.filter(|_| is_clean)
    }

    fn list(&mut self, at: &str, value: &Value, level: usize) -> Option<Vec<Expr>> {
        let Value::Array(values) = value else { return self.issue(at, "type", "must be a list") };
        if values.is_empty() {
            return self.issue(at, "empty", "must have at least one filter");
        }
        let before = self.issues.len();
        let room = self.language.room();
        let mut out = Vec::with_capacity(values.len().min(room.values));
        for (index, value) in values.iter().enumerate() {
            if !self.load.fits_in(room) || self.issues.len() >= MOST_ISSUES {
                break;
            }
            out.extend(self.filter(&format!("{at}/{index}"), value, level + 1));
        }
        if !self.load.fits_in(room) {
            self.issues.push(too_many(at, room));
        }
        (self.issues.len() == before).then_some(out)
    }

    fn text(&mut self, at: &str, value: &Value) -> Option<Expr> {
        let Value::String(text) = value else {
            return self.issue(at, "type", "must be a string");
        };
        let parsed = parse(text, self.language);
        if parsed.expr.is_everything() {
            return self.issue(at, "empty", "there is nothing to search for in it");
        }
        self.warnings.extend(parsed.warnings);
        self.load = self.load.plus(parsed.expr.load());
        Some(parsed.expr)
    }

    fn condition(&mut self, at: &str, map: &Map<String, Value>, field: &Value) -> Option<Expr> {
        let named = format!("{at}/field");
        let Value::String(name) = field else {
            return self.issue(&named, "type", "must be a string");
        };
        let op = match map.get("op") {
            None => "is",
            Some(Value::String(op)) => op.as_str(),
            Some(_) => return self.issue(&format!("{at}/op"), "type", "must be a string"),
        };
        if !OPERATORS.contains(&op) {
            let detail =
                format!("{} is not allowed here; use one of {}", shorten(op), OPERATORS.join(", "));
            return self.issue(&format!("{at}/op"), "value", detail);
        }
        let target = if name == "any" { None } else { Some(self.target(&named, name)?) };
        let value = map.get("value").unwrap_or(&Value::Null);
        let at = if map.contains_key("value") { format!("{at}/value") } else { at.to_owned() };
        let target = target.as_ref();
        match op {
            "any_of" => self.each(&at, target, value).map(Expr::any),
            "all_of" => self.each(&at, target, value).map(Expr::all),
            "none_of" => self.each(&at, target, value).map(|each| Expr::any(each).negate()),
            "is_not" => self.one(&at, target, "is", value).map(Expr::negate),
            _ => self.one(&at, target, op, value),
        }
    }

    fn target(&mut self, at: &str, name: &str) -> Option<Target> {
        let (named, undeclared) = names::find(name, self.language);
        if let Some(near) = undeclared {
            let hint = if near.is_empty() { near } else { format!("; did you mean {near}?") };
            let detail = format!("there is no custom field {}{hint}", shorten(name));
            return self.issue(at, "unknown_field", detail);
        }
        match named {
            Named::Known(target @ (Target::Field(_) | Target::Keypad)) => Some(target),
            Named::NotYet => self.issue(at, "field_not_available", "is not available yet"),
            Named::Unknown(Some(near)) => {
                let detail = format!("there is no field {}; did you mean {near}?", shorten(name));
                self.issue(at, "unknown_field", detail)
            }
            Named::Known(Target::Has | Target::Without | Target::TagPart)
            | Named::Unknown(None) => {
                let detail = format!("there is no field {}", shorten(name));
                self.issue(at, "unknown_field", detail)
            }
        }
    }

    fn each(&mut self, at: &str, target: Option<&Target>, value: &Value) -> Option<Vec<Expr>> {
        let Value::Array(values) = value else { return self.issue(at, "type", "must be a list") };
        if values.is_empty() {
            return self.issue(at, "empty", "must have at least one value");
        }
        let room = self.language.room();
        if values.len() > room.values {
            self.issues.push(too_many(at, room));
            return None;
        }
        let before = self.issues.len();
        let mut out = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            out.extend(self.one(&format!("{at}/{index}"), target, "is", value));
            if !self.load.fits_in(room) {
                self.issues.push(too_many(at, room));
                break;
            }
        }
        (self.issues.len() == before).then_some(out)
    }

    fn one(&mut self, at: &str, target: Option<&Target>, op: &str, value: &Value) -> Option<Expr> {
        let answer = match target {
            None => self.anywhere(at, op, value)?,
            Some(Target::Field(field)) => self.of_field(at, field, op, value)?,
            Some(Target::Keypad | Target::Has | Target::Without | Target::TagPart) => {
                keypad(&self.scalar(at, value)?)
            }
        };
        match answer {
            Ok(expr) => {
                self.load = self.load.plus(expr.load());
                Some(expr)
            }
            Err(detail) => self.issue(at, "value", detail),
        }
    }

    /// Words in any field.
    fn anywhere(&mut self, at: &str, op: &str, value: &Value) -> Option<value::Answer> {
        let text = self.scalar(at, value)?;
        let found = match op {
            "is" => words::words(None, &text, Shape::Exact, Shape::Exact),
            "word" => words::bare(&text, Shape::Word),
            "begins" => words::bare(&text, Shape::Prefix),
            _ => {
                let detail = format!("any field can be asked is, word or begins, not {op}");
                return self.issue(at, "operator", detail);
            }
        };
        if found.is_empty() {
            return self.issue(at, "value", "has no words");
        }
        Some(Ok(Expr::all(found)))
    }

    fn of_field(
        &mut self,
        at: &str,
        field: &Field,
        op: &str,
        value: &Value,
    ) -> Option<value::Answer> {
        let is_words = value::has_words(field, self.language);
        let plain = |text, is_quoted, mark| Ask::Plain { text, is_quoted, mark, last: Shape::Word };
        let ask = match op {
            "exists" => {
                return match value {
                    Value::Null | Value::Bool(true) => Some(Ok(value::has(field))),
                    Value::Bool(false) => Some(Ok(value::has(field).negate())),
                    _ => self.issue(at, "type", "must be true or false"),
                };
            }
            "is" => {
                let text = self.scalar(at, value)?;
                if let Some(whole) = value::whole(field, &text) {
                    return Some(Ok(whole));
                }
                plain(text, true, Mark::Plain)
            }
            "word" if is_words => plain(self.scalar(at, value)?, false, Mark::Whole),
            "begins" => plain(self.scalar(at, value)?, false, Mark::Begins),
            "contains" => plain(self.scalar(at, value)?, false, Mark::Contains),
            "word" => {
                let detail = format!("{} has no words", names::name_of(field));
                return self.issue(at, "operator", detail);
            }
            "within" => Ask::Compare(Op::AtMost, self.scalar(at, value)?),
            "between" => match value {
                Value::Array(ends) if ends.len() == 2 => {
                    let from = self.scalar(&format!("{at}/0"), &ends[0])?;
                    let to = self.scalar(&format!("{at}/1"), &ends[1])?;
                    Ask::Between(Some((from, false)), Some((to, false)))
                }
                _ => return self.issue(at, "type", "must be a list of two values"),
            },
            "range" => self.range(at, value)?,
            _ => {
                let op = match op {
                    "gt" => Op::Above,
                    "gte" => Op::AtLeast,
                    "lt" => Op::Below,
                    _ => Op::AtMost,
                };
                Ask::Compare(op, self.scalar(at, value)?)
            }
        };
        Some(value::ask(field, ask, self.language))
    }

    /// `{"gte": 5, "lt": 10}`
    fn range(&mut self, at: &str, value: &Value) -> Option<Ask> {
        let Value::Object(map) = value else {
            return self.issue(at, "type", "must be an object of gt, gte, lt and lte");
        };
        let (mut from, mut to) = (None, None);
        for (name, value) in map {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            let end = match name.as_str() {
                "gt" | "gte" => &mut from,
                "lt" | "lte" => &mut to,
                _ => {
                    return self.issue(
                        &at,
                        "unknown_member",
                        "is not known here; use gt, gte, lt or lte",
                    );
                }
            };
            if end.is_some() {
                return self.issue(&at, "value", "stands beside another bound of that side");
            }
            *end = Some((self.scalar(&at, value)?, matches!(name.as_str(), "gt" | "lt")));
        }
        if from.is_none() && to.is_none() {
            return self.issue(at, "empty", "must have one of gt, gte, lt, lte");
        }
        Some(Ask::Between(from, to))
    }

    /// A text, number or truth as text.
    fn scalar(&mut self, at: &str, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return self.issue(at, "type", "must be a string, a number, true or false");
            }
        };
        if text.is_empty()
            || text.chars().count() > MOST_VALUE_CHARS
            || text.chars().any(char::is_control)
        {
            let detail = format!("must have 1 to {MOST_VALUE_CHARS} printable characters");
            return self.issue(at, "text", detail);
        }
        Some(text)
    }
}
