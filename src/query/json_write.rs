//! A tree to a filter in JSON, such that reading it gives the tree again.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::date;
use super::expr::{Condition, Expr, Shape};
use super::field::{Field, Kind};
use super::names::name_of;
use super::number;
use super::print::whole;

/// Writes a tree in the plain form as a filter. Dates are written absolutely, points in time in
/// UTC, so it does not depend on a timezone.
pub fn write_json(expr: &Expr) -> Value {
    match expr {
        Expr::All(parts) => json!({ "all": each(parts) }),
        Expr::Any(parts) => list(parts).unwrap_or_else(|| json!({ "any": each(parts) })),
        Expr::Not(inner) => json!({ "not": write_json(inner) }),
        Expr::Is(condition) => write_condition(condition),
    }
}

fn each(parts: &[Expr]) -> Vec<Value> {
    parts.iter().map(write_json).collect()
}

/// Whole values of one field.
fn list(parts: &[Expr]) -> Option<Value> {
    let Some(Expr::Is(Condition::Value { field, .. })) = parts.first() else { return None };
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Expr::Is(Condition::Value { field: other, value, is_prefix: false })
                if other == field =>
            {
                values.push(value.as_str());
            }
            Expr::All(_) | Expr::Any(_) | Expr::Not(_) | Expr::Is(_) => return None,
        }
    }
    (values.len() > 1).then(|| json!({"field": name_of(field), "op": "any_of", "value": values}))
}

fn write_condition(condition: &Condition) -> Value {
    let (field, op, value) = match condition {
        // A filter asks these for a whole value; one word of it is asked for in query text.
        Condition::Word {
            field: Some(field @ (Field::Company | Field::Title)),
            text,
            shape: Shape::Exact,
        } => return json!({"text": format!("{}:\"{text}\"", name_of(field))}),
        Condition::Word { field, text, shape } => {
            let op = match shape {
                Shape::Word => "word",
                Shape::Prefix => "begins",
                Shape::Exact => "is",
            };
            (field.as_ref().map_or_else(|| "any".to_owned(), name_of), op, json!(text))
        }
        Condition::Dotted { whole, is_prefix, .. } => {
            ("any".to_owned(), if *is_prefix { "begins" } else { "word" }, json!(whole))
        }
        Condition::Address { address } => return json!({"text": address}),
        Condition::Digits { digits, variants, pieces, extension, anywhere } => {
            let text = number::written(digits, variants, pieces, extension.as_deref());
            if *anywhere {
                return json!({"text": text});
            }
            ("phone".to_owned(), "contains", json!(text))
        }
        Condition::Keypad { digits } => ("t9".to_owned(), "is", json!(digits)),
        Condition::Value { field, value, is_prefix } => {
            (name_of(field), if *is_prefix { "begins" } else { "is" }, json!(value))
        }
        Condition::Contains { field, text } => (name_of(field), "contains", json!(text)),
        Condition::Range { field, from, to, is_day } => {
            return write_range(field, *from, *to, *is_day);
        }
        Condition::Has { field } => {
            return json!({"field": name_of(field), "op": "exists"});
        }
    };
    json!({"field": field, "op": op, "value": value})
}

fn write_range(field: &Field, from: Bound<f64>, to: Bound<f64>, is_day: bool) -> Value {
    let write = |bound: f64| {
        if is_day {
            date::day_of_number(whole(bound)).map_or(Value::Null, |day| json!(day.to_string()))
        } else if field.kind() == Kind::Instant {
            json!(date::write_moment(whole(bound)))
        } else {
            write_number(bound)
        }
    };
    // A day that stands behind a sign is another one in text and JSON alike: whole days only.
    let (from, to) = if is_day { (from_day(from), to_day(to)) } else { (from, to) };
    let from = match from {
        Bound::Included(from) => Some(("gte", write(from))),
        Bound::Excluded(from) => Some(("gt", write(from))),
        Bound::Unbounded => None,
    };
    let to = match to {
        Bound::Included(to) => Some(("lte", write(to))),
        Bound::Excluded(to) => Some(("lt", write(to))),
        Bound::Unbounded => None,
    };
    let field = name_of(field);
    match (from, to) {
        (Some((op, value)), None) | (None, Some((op, value))) => {
            json!({"field": field, "op": op, "value": value})
        }
        (from, to) => {
            let ends: Map<String, Value> =
                from.into_iter().chain(to).map(|(op, value)| (op.to_owned(), value)).collect();
            json!({"field": field, "op": "range", "value": ends})
        }
    }
}

/// The first day as an included one.
fn from_day(from: Bound<f64>) -> Bound<f64> {
    match from {
        Bound::Excluded(day) => Bound::Included(day + 1.0),
        Bound::Included(_) | Bound::Unbounded => from,
    }
}

/// The end of days as an excluded one.
fn to_day(to: Bound<f64>) -> Bound<f64> {
    match to {
        Bound::Included(day) => Bound::Excluded(day + 1.0),
        Bound::Excluded(_) | Bound::Unbounded => to,
    }
}

#[expect(clippy::float_cmp, reason = "whole numbers are compared with themselves")]
fn write_number(number: f64) -> Value {
    // Whole numbers without a fraction, as people write them.
    if number == number.trunc() && number.abs() < 9e15 {
        json!(whole(number))
    } else {
        json!(number)
    }
}
