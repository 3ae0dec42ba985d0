//! Reads the members of a JSON object one by one, naming everything that does not fit.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use serde_json::{Map, Value};
use uuid::Uuid;

use super::draft::Patch;
use super::issue::{FieldIssue, shorten};

/// Members that answers carry and that may be sent back without effect.
const READ_ONLY: &[&str] =
    &["id", "version", "created_at", "updated_at", "created_by", "organization"];

/// The members of an object that have not been read yet.
pub struct ObjectReader<'a> {
    map: &'a Map<String, Value>,
    read: Vec<&'static str>,
    issues: Vec<FieldIssue>,
}

impl<'a> ObjectReader<'a> {
    /// Begins with all members of a value.
    ///
    /// # Errors
    /// If the value is no object.
    pub fn of(value: &'a Value) -> Result<Self, Vec<FieldIssue>> {
        match value {
            Value::Object(map) => Ok(Self { map, read: Vec::new(), issues: Vec::new() }),
            _ => Err(vec![FieldIssue::new("", "type", "must be a JSON object")]),
        }
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Result<T, (&'static str, String)>,
    ) -> Patch<T> {
        self.read.push(name);
        match self.map.get(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(value) => match read(value) {
                Ok(value) => Patch::Set(value),
                Err((code, detail)) => {
                    self.issue(name, code, detail);
                    Patch::Keep
                }
            },
        }
    }

    /// Names something else that does not fit.
    pub fn issue(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = format!("/{name}");
        // A value that does not fit is not missing as well.
        if code == "required" && self.issues.iter().any(|known| known.pointer == pointer) {
            return;
        }
        self.issues.push(FieldIssue::new(pointer, code, detail));
    }

    /// A text without control characters, trimmed, of at least one character.
    pub fn text(&mut self, name: &'static str, most: usize) -> Patch<String> {
        self.take(name, |value| {
            let Value::String(text) = value else {
                return Err(("type", "must be a string".into()));
            };
            let text = text.trim();
            if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control)
            {
                return Err(("text", format!("must have 1 to {most} printable characters")));
            }
            Ok(text.to_owned())
        })
    }

    /// A text that something else reads.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Patch<T> {
        self.take(name, |value| {
            let text = value.as_str().unwrap_or("");
            parse(text).ok_or_else(|| {
                (
                    "value",
                    format!(
                        "{} is not allowed here; use one of {expected}",
                        shorten(&value.to_string())
                    ),
                )
            })
        })
    }

    /// A secret: any text, not trimmed.
    pub fn secret(&mut self, name: &'static str) -> Patch<String> {
        self.take(name, |value| match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(("type", "must be a string".into())),
        })
    }

    /// An identifier.
    pub fn id(&mut self, name: &'static str) -> Patch<Uuid> {
        self.take(name, |value| {
            let id = value.as_str().and_then(|text| Uuid::parse_str(text).ok());
            id.ok_or_else(|| ("id", "must be an id".into()))
        })
    }

    /// Anything, for who reads it further.
    pub fn json(&mut self, name: &'static str) -> Patch<&'a Value> {
        self.take(name, Ok)
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Patch<bool> {
        self.take(name, |value| value.as_bool().ok_or(("type", "must be true or false".into())))
    }

    /// A whole number that is not negative.
    pub fn number(&mut self, name: &'static str) -> Patch<u64> {
        self.take(name, |value| {
            value.as_u64().ok_or(("type", "must be a whole number that is not negative".into()))
        })
    }

    /// A list, each entry of which is read from a text.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        most: usize,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Patch<Vec<T>> {
        self.take(name, |value| {
            let Value::Array(values) = value else { return Err(("type", "must be a list".into())) };
            if values.len() > most {
                return Err((
                    "too_many",
                    format!("has {} entries; at most {most} are allowed", values.len()),
                ));
            }
            let read = |value: &Value| {
                value.as_str().and_then(&parse).ok_or_else(|| {
                    (
                        "value",
                        format!(
                            "{} is not allowed here; use one of {expected}",
                            shorten(&value.to_string())
                        ),
                    )
                })
            };
            values.iter().map(read).collect()
        })
    }

    /// Ends reading: members that nobody asked for are named as well.
    ///
    /// # Errors
    /// Everything that did not fit.
    pub fn finish(mut self) -> Result<(), Vec<FieldIssue>> {
        for name in self.map.keys() {
            if !self.read.contains(&name.as_str()) && !READ_ONLY.contains(&name.as_str()) {
                let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                let known = self.read.join(", ");
                let detail = format!("is not known here; known are {known}");
                self.issues.push(FieldIssue::new(pointer, "unknown_member", detail));
            }
        }
        if self.issues.is_empty() { Ok(()) } else { Err(self.issues) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_read_and_the_rest_is_named() {
        let value = json!({"name": " Sales ", "members": ["a", 1], "colour": "red", "id": "x"});
        let mut members = ObjectReader::of(&value).unwrap();
        assert_eq!(members.text("name", 10), Patch::Set("Sales".to_owned()));
        assert_eq!(members.flag("disabled"), Patch::Keep);
        let list = members.list("members", "letters", 5, |text| Some(text.to_owned()));
        assert_eq!(list, Patch::Keep);
        let issues = members.finish().unwrap_err();
        let pointers: Vec<&str> = issues.iter().map(|issue| issue.pointer.as_str()).collect();
        assert_eq!(pointers, ["/members", "/colour"]);
        assert!(ObjectReader::of(&json!([])).is_err());
    }
}
