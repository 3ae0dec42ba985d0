//! The options of an import as JSON.

use std::str::FromStr;

use serde_json::Value;

use super::error::Error;
use super::import_companies::CompanyMode;
use super::imports::{ImportOptions, ListMode};
use crate::domain::access::Caller;
use crate::domain::custom_field::Definitions;
use crate::domain::place::country::code_or_text;
use crate::import::match_existing::{MatchKey, OnDuplicate};
use crate::import::{Error as ImportError, default_for, parse_mapping};

/// Reads the options.
pub(super) fn read(value: &Value) -> Result<ImportOptions, Error> {
    let Value::Object(members) = value else {
        return Err(Error::invalid("/options", "type", "must be a JSON object"));
    };
    let mut options = ImportOptions::default();
    let wrong = |key: &str, detail: &str| -> Error {
        Error::invalid(&format!("/options/{key}"), "type", detail)
    };
    let texts = |key: &str, value: &Value| -> Result<Vec<String>, Error> {
        value
            .as_array()
            .and_then(|all| all.iter().map(|v| v.as_str().map(str::to_owned)).collect())
            .ok_or_else(|| wrong(key, "must be an array of strings"))
    };
    for (key, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        match key.as_str() {
            "map" => {
                for text in texts(key, value)? {
                    let mapping = parse_mapping(&text).map_err(|e| wrong(key, &e.to_string()))?;
                    options.map.columns.push(mapping);
                }
            }
            "match_keys" => {
                options.match_keys = texts(key, value)?
                    .iter()
                    .map(|text| {
                        MatchKey::parse(text)
                            .ok_or_else(|| wrong(key, "use phone, email, external_crm_id"))
                    })
                    .collect::<Result<_, _>>()?;
            }
            "tags" => options.tags = texts(key, value)?,
            "on_duplicate" => {
                options.on_duplicate = value
                    .as_str()
                    .and_then(OnDuplicate::parse)
                    .ok_or_else(|| wrong(key, "use update, skip, create or ask"))?;
            }
            "default_country" => {
                let country = value.as_str().ok_or_else(|| wrong(key, "must be a country code"))?;
                options.default_country = Some(code_or_text(country));
            }
            "match_names" => {
                options.match_names =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "keep_edited_since" => {
                let text = value.as_str().unwrap_or_default().trim();
                let time = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
                let time = time.map_err(|_no_time: jiff::Error| {
                    wrong(key, "must be a time such as 2026-01-31T12:00:00Z, or a day")
                })?;
                options.keep_edited_since = Some(time);
            }
            "companies" => {
                options.companies = value
                    .as_str()
                    .and_then(CompanyMode::parse)
                    .ok_or_else(|| wrong(key, "use none, link or create"))?;
            }
            "dry_run" => {
                options.dry_run =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "mapping" => {
                let members = value
                    .as_object()
                    .ok_or_else(|| wrong(key, "must be an object of columns and fields"))?;
                for (column, field) in members {
                    let field = field.as_str().ok_or_else(|| wrong(key, "fields are strings"))?;
                    let target =
                        field.parse().map_err(|e: ImportError| wrong(key, &e.to_string()))?;
                    options.map.columns.push((column.clone(), target));
                }
            }
            "defaults" => {
                let members = value
                    .as_object()
                    .ok_or_else(|| wrong(key, "must be an object of fields and values"))?;
                for (field, value) in members {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Bool(_) | Value::Number(_) => value.to_string(),
                        Value::Null => continue,
                        Value::Array(_) | Value::Object(_) => {
                            return Err(wrong(key, "values are texts, numbers, true or false"));
                        }
                    };
                    let default = default_for(field, &text);
                    let default = default.map_err(|error| wrong(key, &error.to_string()))?;
                    if !default.1.is_empty() {
                        options.map.defaults.push(default);
                    }
                }
            }
            "delimiter" => options.read.delimiter = Some(parsed(key, value)?),
            "sheet" => {
                let name = value.as_str().filter(|name| !name.trim().is_empty());
                let name = name.ok_or_else(|| wrong(key, "must be the name of a sheet"))?;
                options.read.sheet = Some(name.to_owned());
            }
            "encoding" => options.read.encoding = Some(parsed(key, value)?),
            "header" => {
                options.read.has_header =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "tag_separator" if value.is_null() => {}
            "tag_separator" => {
                let mut letters = value.as_str().unwrap_or_default().chars();
                let (Some(separator), None) = (letters.next(), letters.next()) else {
                    return Err(wrong(key, "must be one character"));
                };
                options.map.tag_separator = Some(separator);
            }
            "strict" => {
                options.strict =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "save_template" => {
                let name = value.as_str().map(str::trim).filter(|name| !name.is_empty());
                let name = name.ok_or_else(|| wrong(key, "must be the name of a template"))?;
                options.save_template = Some(name.to_owned());
            }
            // Read together below; the options of a template are among these already.
            "list_mode" | "list" | "template_id" => {}
            _ => return Err(wrong(key, "is not an option of an import")),
        }
    }
    options.said = Value::Object(members.clone());
    options.lists = list_mode(members)?;
    options.map.takes_lists = options.lists == ListMode::PerRow;
    Ok(options)
}

/// `list_mode` and `list`; a list that is only named is one that there is.
fn list_mode(members: &serde_json::Map<String, Value>) -> Result<ListMode, Error> {
    let wrong = |key: &str, code: &'static str, detail: &str| -> Error {
        Error::invalid(&format!("/options/{key}"), code, detail)
    };
    let list = match members.get("list") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) if !name.trim().is_empty() => Some(name.trim().to_owned()),
        Some(_) => return Err(wrong("list", "type", "must be the id or the name of a list")),
    };
    let named = |list: Option<String>| {
        list.ok_or_else(|| wrong("list", "required", "name the list that contacts join"))
    };
    match members.get("list_mode") {
        None | Some(Value::Null) => Ok(list.map_or(ListMode::None, ListMode::Existing)),
        Some(mode) => match (mode.as_str(), list) {
            (Some("none"), None) => Ok(ListMode::None),
            (Some("per_row"), None) => Ok(ListMode::PerRow),
            (Some("existing"), list) => named(list).map(ListMode::Existing),
            (Some("new"), list) => named(list).map(ListMode::New),
            (Some("none" | "per_row"), Some(_)) => {
                Err(wrong("list", "not_allowed", "goes with list_mode existing or new"))
            }
            _ => Err(wrong("list_mode", "value", "use none, existing, new or per_row")),
        },
    }
}

fn parsed<T: FromStr<Err = ImportError>>(key: &str, value: &Value) -> Result<T, Error> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|error: ImportError| {
        Error::invalid(&format!("/options/{key}"), "value", error.to_string())
    })
}

impl ImportOptions {
    /// The same for an organisation with custom fields, as far as the caller sees them.
    pub(super) fn with_declared(&self, definitions: &Definitions, caller: &Caller) -> Self {
        let mut options = self.clone();
        options.map.declared = definitions
            .iter()
            .filter(|one| {
                one.declared && !one.is_withdrawn() && caller.fields.sees_custom(&one.key)
            })
            .map(|one| (one.key.clone(), one.label.clone()))
            .collect();
        options
    }
}
