//! What is wrong with a value that somebody sent, and where it stands.

use serde::Serialize;

/// One thing wrong with an input: where, which code, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldIssue {
    /// JSON pointer (RFC 6901) to the value, such as `/phones/0/number`.
    pub pointer: String,
    /// Permanent machine-readable code, such as `phone_shape`.
    pub code: &'static str,
    /// What is wrong and what to do, for a person.
    pub detail: String,
}

impl FieldIssue {
    /// Makes an issue.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// Shortens a value for a message to at most 60 characters.
pub fn shorten(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}
