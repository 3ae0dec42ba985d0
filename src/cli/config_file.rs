//! The configuration file: TOML whose keys are the names of options, read with their lines.

use std::fmt;
use std::path::Path;

use clap::Arg;
use rapidfuzz::distance::osa;
use toml::de::{DeTable, DeValue};

use super::error::Failure;
use super::settings::name_of;

/// Larger than any file of options; a wrong path may lead to anything.
const MOST_BYTES: u64 = 1 << 20;

/// What the file says of an option.
pub(super) struct Entry {
    /// The name of the option.
    pub(super) key: String,
    /// The line it stands in, from 1.
    pub(super) line: usize,
    /// What it says.
    pub(super) value: Given,
}

/// A value of the file.
pub(super) enum Given {
    /// `true` or `false`.
    Truth(bool),
    /// A text or a whole number.
    One(String),
    /// Several of these.
    List(Vec<String>),
    /// What no option takes: what kind of value it is.
    Other(&'static str),
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(truth) => write!(f, "{truth}"),
            Self::One(text) => write!(f, "{text:?}"),
            Self::List(texts) => write!(f, "{texts:?}"),
            Self::Other(kind) => write!(f, "({kind})"),
        }
    }
}

/// Reads a file.
///
/// # Errors
/// If it cannot be read, or is no TOML: always bad usage, with the line.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Failure> {
    let refuse = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
    let help = "name a file that can be read, or leave --config and RINGDEX_CONFIG out";
    let size = std::fs::metadata(path).map_err(|error| refuse(format!("{error}: {help}")))?.len();
    if size > MOST_BYTES {
        return Err(refuse(format!("{size} bytes are too many for a file of options: {help}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(format!("{error}: {help}")))?;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(&text, span.start));
        let said = text.lines().nth(line - 1).unwrap_or_default().trim();
        // The line may have a secret in it: only what stands before the value is said.
        let said = said.split('=').next().unwrap_or_default().trim();
        Failure::Usage(format!(
            "{}:{line}: {said}: no valid TOML: {}; write NAME = VALUE, texts in quotes",
            path.display(),
            error.message().trim()
        ))
    })?;
    let mut entries: Vec<Entry> = table
        .into_inner()
        .into_iter()
        .map(|(key, value)| Entry {
            line: line_at(&text, key.span().start),
            key: key.into_inner().into_owned(),
            value: given(value.get_ref()),
        })
        .collect();
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn given(value: &DeValue<'_>) -> Given {
    if let DeValue::Array(list) = value {
        let texts: Option<Vec<String>> = list.iter().map(|value| one(value.get_ref())).collect();
        return texts.map_or(Given::Other("a list of other things than texts"), Given::List);
    }
    match (value.as_bool(), one(value)) {
        (Some(truth), _) => Given::Truth(truth),
        (None, Some(text)) => Given::One(text),
        (None, None) => Given::Other(match value {
            DeValue::Table(_) => "a section",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Datetime(_) => "a date",
            DeValue::String(_) | DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Array(_) => {
                "something else"
            }
        }),
    }
}

fn one(value: &DeValue<'_>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let number = value.as_integer()?;
    let decimal = i64::from_str_radix(number.as_str(), number.radix());
    Some(decimal.map_or_else(|_| number.as_str().to_owned(), |number| number.to_string()))
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Says that there is no such option, and which one is probably meant.
pub(super) fn unknown(path: &Path, entry: &Entry, options: &[Arg]) -> Failure {
    let place = format!("{}:{}: {}", path.display(), entry.line, entry.key);
    if matches!(entry.value, Given::Other("a section")) {
        return Failure::Usage(format!(
            "{place}: there are no sections: write the options of `ringdex serve` at the top"
        ));
    }
    let wanted = entry.key.to_ascii_lowercase().replace('_', "-");
    let nearest = options
        .iter()
        .map(|arg| (osa::distance(wanted.chars(), name_of(arg).chars()), name_of(arg)))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let advice = match nearest {
        Some((_, name)) => format!("is {name} meant?"),
        None => "`ringdex config example` names all".to_owned(),
    };
    Failure::Usage(format!("{place}: there is no such option: {advice}"))
}
