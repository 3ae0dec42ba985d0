//! Writing answers to standard output and messages to standard error.

use std::io::{self, Write};

use serde::Serialize;

use super::error::Failure;

/// Writes lines to standard output.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Writes a value as JSON to standard output.
pub(super) fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Output(e.into()))?;
    print(&text)
}

/// Says something on standard error.
pub(super) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says on standard error what went wrong.
pub(super) fn complain(text: &str) {
    tell(&format!("ringdex: {text}"));
}
