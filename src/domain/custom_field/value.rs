//! One value: whether it fits its definition, and in which form it is kept.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use serde_json::{Number, Value};

use super::spelling::{boolean, date, decimal};
use super::{CustomType, FieldDefinition};
use crate::domain::draft_json::check_text;
use crate::domain::issue::shorten;

/// Most characters of a short text.
const SHORT: usize = 1_000;
/// Most characters of a long text.
const LONG: usize = 65_000;
/// Whole numbers up to here are exact wherever JSON is read.
const MOST: f64 = 9_007_199_254_740_992.0;

/// Why a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Permanent machine-readable code.
    pub code: &'static str,
    /// What is expected, for a person.
    pub detail: String,
}

fn misfit<T>(code: &'static str, expected: &str, value: &Value) -> Result<T, Misfit> {
    let shown = match value {
        Value::String(text) => format!("{:?}", shorten(text)),
        other => shorten(&other.to_string()),
    };
    Err(Misfit { code, detail: format!("must be {expected}, not {shown}") })
}

/// The form in which a value is kept, nothing if it is empty.
///
/// A field that nobody has declared takes any value as it is.
///
/// # Errors
/// Why it does not fit.
pub fn convert(definition: &FieldDefinition, value: &Value) -> Result<Option<Value>, Misfit> {
    if !definition.declared {
        return Ok(Some(value.clone()));
    }
    match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::Array(values) if values.is_empty() => return Ok(None),
        _ => {}
    }
    match definition.kind {
        CustomType::ShortText => text(value, SHORT, true),
        CustomType::LongText => text(value, LONG, false),
        CustomType::Integer => integer(value),
        CustomType::Decimal => number(value),
        CustomType::Date => match value.as_str().and_then(date) {
            Some(day) => Ok(Value::String(day)),
            None => misfit("date", "a day such as 2025-12-31", value),
        },
        CustomType::Boolean => {
            let read = match value {
                Value::Bool(flag) => Some(*flag),
                Value::String(text) => boolean(text),
                Value::Number(number) => boolean(&number.to_string()),
                _ => None,
            };
            match read {
                Some(flag) => Ok(Value::Bool(flag)),
                None => misfit("boolean", "yes or no", value),
            }
        }
        CustomType::Dropdown => option(definition, value),
        CustomType::MultiSelect => options(definition, value),
    }
    .map(Some)
}

/// As [`convert`] for a value that was kept under another type: numbers, yes or no and lists become
/// text where text is wanted, and a list of one becomes that one.
///
/// # Errors
/// Why it does not fit.
pub fn recast(definition: &FieldDefinition, value: &Value) -> Result<Option<Value>, Misfit> {
    let is_text = matches!(definition.kind, CustomType::ShortText | CustomType::LongText);
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let simpler = match value {
        Value::Bool(_) if is_text || definition.kind.has_options() => plain(value),
        Value::Array(values) if is_text => {
            values.iter().map(plain).collect::<Option<Vec<_>>>().map(|all| all.join("; "))
        }
        Value::Array(values) if definition.kind != CustomType::MultiSelect => {
            let [only] = values.as_slice() else { return convert(definition, value) };
            return convert(definition, only);
        }
        _ => None,
    };
    match simpler {
        Some(text) => convert(definition, &Value::String(text)),
        None => convert(definition, value),
    }
}

fn text(value: &Value, most: usize, is_line: bool) -> Result<Value, Misfit> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return Ok(Value::String(number.to_string())),
        _ => return misfit("type", "a text", value),
    };
    if let Some(issue) = check_text("", text, most) {
        return Err(Misfit { code: issue.code, detail: issue.detail });
    }
    if is_line && text.contains(['\n', '\r']) {
        return misfit("line", "one line of text", value);
    }
    Ok(Value::String(text.to_owned()))
}

fn integer(value: &Value) -> Result<Value, Misfit> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => decimal(text, true),
        _ => None,
    };
    match read.and_then(whole) {
        Some(number) => Ok(Value::Number(number)),
        None => misfit("integer", "a whole number of at most 9007199254740992", value),
    }
}

fn whole(number: f64) -> Option<Number> {
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= MOST).then(|| Number::from(number as i64))
}

fn number(value: &Value) -> Result<Value, Misfit> {
    let read = match value {
        Value::Number(_) => return Ok(value.clone()),
        Value::String(text) => decimal(text, false),
        _ => None,
    };
    match read.and_then(|number| whole(number).or_else(|| Number::from_f64(number))) {
        Some(number) => Ok(Value::Number(number)),
        None => misfit("decimal", "a number such as 1234.5, without ambiguous commas", value),
    }
}

fn option(definition: &FieldDefinition, value: &Value) -> Result<Value, Misfit> {
    let found = match value {
        Value::String(text) => definition.option(text),
        Value::Number(number) => definition.option(&number.to_string()),
        _ => None,
    };
    match found {
        Some(option) => Ok(Value::String(option.clone())),
        None => misfit("option", &one_of(definition), value),
    }
}

fn one_of(definition: &FieldDefinition) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<&str> = definition.options.iter().take(SHOWN).map(String::as_str).collect();
    let more = if definition.options.len() > SHOWN { ", …" } else { "" };
    format!("one of {}{more}", shown.join(", "))
}

fn options(definition: &FieldDefinition, value: &Value) -> Result<Value, Misfit> {
    let mut chosen: Vec<Value> = Vec::new();
    let mut choose = |value: &Value| {
        let option = option(definition, value)?;
        if !chosen.contains(&option) {
            chosen.push(option);
        }
        Ok(())
    };
    match value {
        Value::Array(values) => values.iter().try_for_each(&mut choose)?,
        Value::String(text) if definition.option(text).is_none() => text
            .split(['|', ';'])
            .flat_map(|part| part.split(" ::: "))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .try_for_each(|part| choose(&Value::String(part.to_owned())))?,
        other => choose(other)?,
    }
    Ok(Value::Array(chosen))
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
