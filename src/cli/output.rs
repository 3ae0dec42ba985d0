//! Writing answers to standard output and messages to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::error::Failure;

/// Writes lines to standard output.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() { escape(text) } else { Cow::Borrowed(text) };
    let text = shown.as_ref();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Writes a value as JSON to standard output.
pub(super) fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Output(e.into()))?;
    print(&text)
}

/// Writes rows to standard output below headings, each column as wide as its widest cell; nothing
/// if there are no rows.
pub(super) fn print_table(headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let headings = headings.iter().map(|heading| heading.replace('_', " ").to_uppercase());
    let headings: Vec<String> = headings.collect();
    let all = || std::iter::once(&headings).chain(rows);
    let width = |at: usize| {
        all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    for row in all() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            let blanks = width.saturating_sub(cell.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', blanks));
        }
        print(line.trim_end())?;
    }
    Ok(())
}

/// Does something with each of several ids; those with which it cannot be done are named, and the
/// last reason is that of the command.
pub(super) fn for_each<T: std::fmt::Display>(
    ids: &[T],
    run: impl Fn(&T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut failed = None;
    for id in ids {
        if let Err(failure) = run(id) {
            if ids.len() > 1 {
                tell(&format!("{id}: {failure}"));
            }
            failed = Some(failure);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Says something on standard error.
pub(super) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says on standard error what went wrong.
pub(super) fn complain(text: &str) {
    tell(&format!("ringdex: {}", in_own_words(text)));
}

/// A text whose control characters cannot do anything to a terminal.
fn escape(text: &str) -> Cow<'_, str> {
    let is_harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::new(), |mut out, c| {
        if is_harmless(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
        out
    });
    Cow::Owned(escaped)
}

/// A message with the options as they are called here: it may come from a server, or from what
/// works for both.
fn in_own_words(text: &str) -> String {
    const NAMES: [(&str, &str); 4] = [
        ("`map`", "--map"),
        ("`on_duplicate`", "--on-duplicate"),
        ("`confirm=true`", "--yes"),
        ("`cascade=true`", "--cascade"),
    ];
    NAMES.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_do_nothing_to_a_terminal() {
        assert_eq!(escape("\u{1b}[31mJo\u{9b}2J\r\n\tx"), "\\u{1b}[31mJo\\u{9b}2J\\u{d}\n\tx");
        assert!(matches!(escape("José\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn options_are_called_as_they_are_here() {
        assert_eq!(in_own_words("say where with `map` \"A=b\""), "say where with --map \"A=b\"");
        assert_eq!(in_own_words("with `confirm=true` it goes"), "with --yes it goes");
    }
}
