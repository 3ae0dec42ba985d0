//! The fields of a kind, and reading them out of what is sent.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{CONTACT, DERIVED_MEMBERS, HEAD_MEMBERS, Values};
use crate::domain::draft::Patch;
use crate::domain::issue::{FieldIssue, shorten};
use crate::domain::members::ObjectReader;
use crate::domain::text::{one_line, visible};
use crate::domain::time::{Timestamp, day_number};

/// Most entries of a list, and most members of an object.
const MOST_ENTRIES: usize = 100;
/// 2200-01-01: nobody means a later time.
const TOO_LATE: Timestamp = Timestamp(7_258_118_400_000);
/// The year of that.
const TOO_LATE_YEAR: u16 = 2_200;
/// Greatest count; as seconds more than thirty years.
const MOST_COUNT: u64 = 1_000_000_000;
/// Most bytes of an object as JSON.
const MOST_OBJECT_BYTES: usize = 16_384;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldKind {
    /// A line of so many characters at most.
    Text(usize),
    /// Text of several lines, of so many characters at most.
    Prose(usize),
    /// True or false.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A point in time, as RFC 3339 has it.
    Time,
    /// A day, as `2026-12-31`.
    Day,
    /// A number from 0 on with two decimals at most.
    Amount,
    /// A whole number from 0 on.
    Count,
    /// A web address.
    Link,
    /// The id of a contact.
    Contact,
    /// A user, by id, e-mail or name.
    User,
    /// A user where there is one of that name; else whatever another system calls the person.
    Agent,
    /// Lines, each of so many characters at most.
    Texts(usize),
    /// An object of anything.
    Object,
    /// The id of a record of the kind of this name.
    Record(&'static str),
    /// Three letters, as ISO 4217 has it.
    Currency,
    /// What it was earlier; nobody writes it.
    Earlier,
}

/// Who writes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writable {
    /// Whoever may write the record.
    Always,
    /// Nobody: it follows from other things.
    Never,
    /// Nobody, and it is not stored: it is worked out each time the record is shown.
    Derived,
}

/// A field of a kind.
#[derive(Debug)]
pub struct FieldInfo {
    /// The member.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What it means, in a sentence.
    pub about: &'static str,
    /// An example, as JSON.
    pub example: &'static str,
    /// Whether every record must have it.
    pub is_required: bool,
    /// The word of a choice that holds if nothing is said.
    pub default: Option<&'static str>,
    /// Who writes it.
    pub writable: Writable,
    /// Whether words of a query are looked for in it.
    pub is_searched: bool,
    /// What it holds of people that not everybody sees in full.
    pub channel: Option<ChannelField>,
}

/// What a field holds by which people are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelField {
    /// A number or an address.
    Identifier,
    /// A number in whatever form, an address of a telephone among them.
    Number,
}

impl FieldInfo {
    /// A field that may be missing and that everybody writes.
    pub const fn new(
        name: &'static str,
        kind: FieldKind,
        about: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            about,
            example,
            is_required: false,
            default: None,
            writable: Writable::Always,
            is_searched: false,
            channel: None,
        }
    }

    /// The contact that a record is about.
    pub const fn contact() -> Self {
        let example = r#""018f0000-0000-7000-8000-000000000000""#;
        Self::new(CONTACT, FieldKind::Contact, "the contact that it is about", example)
    }

    /// The field, which every record must have.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The field, in which words of queries are looked for.
    #[must_use]
    pub const fn searched(self) -> Self {
        Self { is_searched: true, ..self }
    }

    /// The field, which holds numbers or addresses of people.
    #[must_use]
    pub const fn channel(self) -> Self {
        Self { channel: Some(ChannelField::Identifier), ..self }
    }

    /// The field, which holds a number of somebody in whatever form.
    #[must_use]
    pub const fn number(self) -> Self {
        Self { channel: Some(ChannelField::Number), ..self }
    }

    /// The field, with a word that holds if nothing is said.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The field, written by some.
    #[must_use]
    pub const fn written(self, writable: Writable) -> Self {
        Self { writable, ..self }
    }

    /// Whether it is kept with the record.
    pub fn is_stored(&self) -> bool {
        self.writable != Writable::Derived
    }

    /// The value if nothing is said.
    pub fn first(&self) -> Value {
        match (self.kind, self.default) {
            (_, None) => Value::Null,
            (FieldKind::Flag, Some(word)) => json!(word == "true"),
            (_, Some(word)) => json!(word),
        }
    }
}

/// Reads what is sent for a new record, or for a change of one: all fields of the record as they
/// will be.
///
/// # Errors
/// Everything that does not fit, by pointer.
pub fn read(
    fields: &'static [FieldInfo],
    body: &Value,
    before: Option<&Values>,
) -> Result<Values, Vec<FieldIssue>> {
    let mut members = ObjectReader::of(body)?;
    let mut values = Values::new();
    for field in fields {
        if !field.is_stored() {
            // An answer that is sent back says it again.
            let _ = members.json(field.name);
            continue;
        }
        let known = before.and_then(|before| before.get(field.name)).cloned();
        let given = members.json(field.name);
        let is_fixed = field.writable == Writable::Never;
        let value = match given {
            Patch::Keep => known.clone().unwrap_or_else(|| field.first()),
            Patch::Clear => field.first(),
            Patch::Set(value) => fit(field.kind, value).unwrap_or_else(|(code, detail)| {
                members.issue(field.name, code, detail);
                Value::Null
            }),
        };
        if is_fixed && value != known.clone().unwrap_or(Value::Null) && !is_kept(&given) {
            let detail = "is read-only: it follows from other things";
            members.issue(field.name, "read_only", detail);
        }
        if field.is_required && value.is_null() {
            members.issue(field.name, "required", format!("is required: {}", field.about));
        }
        values.insert(field.name.to_owned(), value);
    }
    for name in HEAD_MEMBERS.iter().chain(DERIVED_MEMBERS) {
        // An answer that is sent back says them again.
        let _ = members.json(name);
    }
    members.finish()?;
    Ok(values)
}

fn is_kept<T>(patch: &Patch<T>) -> bool {
    matches!(patch, Patch::Keep)
}

type Misfit = (&'static str, String);

/// The value of a field in the form in which it is stored.
fn fit(kind: FieldKind, value: &Value) -> Result<Value, Misfit> {
    match kind {
        FieldKind::Text(most) => line(value, most).map(Value::String),
        FieldKind::Prose(most) => {
            let text = text(value)?;
            let text = visible(text.trim()).into_owned();
            let has_controls =
                text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
            if text.is_empty() || text.chars().count() > most || has_controls {
                return Err(("text", format!("must have 1 to {most} printable characters")));
            }
            Ok(Value::String(text))
        }
        FieldKind::Flag if value.is_boolean() => Ok(value.clone()),
        FieldKind::Flag => Err(("type", format!("must be true or false, not {}", shown(value)))),
        FieldKind::Choice(words) => {
            let word = words.iter().find(|word| value.as_str() == Some(word));
            word.map(|word| json!(word)).ok_or_else(|| {
                (
                    "value",
                    format!(
                        "{} is not allowed here; use one of {}",
                        shown(value),
                        words.join(", ")
                    ),
                )
            })
        }
        FieldKind::Time => {
            let at = value.as_str().and_then(|text| text.trim().parse::<Timestamp>().ok());
            let year = value.as_str().and_then(|text| text.trim().get(..4)?.parse::<u16>().ok());
            if at.is_some_and(|at| at >= TOO_LATE) || year.is_some_and(|year| year >= TOO_LATE_YEAR)
            {
                return Err(("time", format!("{} must be before the year 2200", shown(value))));
            }
            at.and_then(|at| serde_json::to_value(at).ok()).ok_or_else(|| {
                let detail = "must be a time as in \"2026-12-31T17:00:00Z\"";
                ("time", format!("{} {detail}", shown(value)))
            })
        }
        FieldKind::Day => {
            match value.as_str().map(str::trim).filter(|day| day_number(day).is_some()) {
                Some(day) => Ok(json!(day)),
                None => {
                    Err(("date", format!("{} must be a day as in \"2026-12-31\"", shown(value))))
                }
            }
        }
        FieldKind::Amount => match value.as_f64().filter(|amount| (0.0..1e13).contains(amount)) {
            Some(amount) => Ok(json!((amount * 100.0).round() / 100.0)),
            None => Err(("number", format!("{} must be a number from 0 on", shown(value)))),
        },
        FieldKind::Count => {
            if value.as_u64().is_some_and(|count| count <= MOST_COUNT) {
                return Ok(value.clone());
            }
            let detail = format!("must be a whole number from 0 to {MOST_COUNT}");
            Err(("number", format!("{} {detail}", shown(value))))
        }
        FieldKind::Contact => match value.as_str().and_then(|id| Uuid::parse_str(id.trim()).ok()) {
            Some(id) => Ok(json!(id)),
            None => Err(("id", format!("{} is not the id of a contact", shown(value)))),
        },
        FieldKind::Record(of) => {
            match value.as_str().and_then(|id| Uuid::parse_str(id.trim()).ok()) {
                Some(id) => Ok(json!(id)),
                None => Err(("id", format!("{} is not the id of a {of}", shown(value)))),
            }
        }
        FieldKind::Currency => {
            let code = value.as_str().map(|code| code.trim().to_ascii_uppercase());
            match code
                .filter(|code| code.len() == 3 && code.bytes().all(|c| c.is_ascii_uppercase()))
            {
                Some(code) => Ok(json!(code)),
                None => Err(("currency", format!("{} must be a code as EUR", shown(value)))),
            }
        }
        FieldKind::Link => {
            let text = line(value, 2_000)?;
            let is_web = url::Url::parse(&text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
            if is_web {
                return Ok(Value::String(text));
            }
            Err((
                "url",
                format!("{} must be a web address as in \"https://example.com/1\"", shown(value)),
            ))
        }
        FieldKind::Earlier => Ok(value.clone()),
        FieldKind::User | FieldKind::Agent => line(value, 255).map(Value::String),
        FieldKind::Texts(most) => {
            let Value::Array(entries) = value else {
                return Err(("type", "must be a list".into()));
            };
            if entries.len() > MOST_ENTRIES {
                let detail =
                    format!("has {} entries; at most {MOST_ENTRIES} are allowed", entries.len());
                return Err(("too_many", detail));
            }
            let entries = entries.iter().map(|entry| line(entry, most).map(Value::String));
            entries.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        FieldKind::Object => {
            let Value::Object(members) = value else {
                return Err(("type", "must be an object".into()));
            };
            if members.len() > MOST_ENTRIES || value.to_string().len() > MOST_OBJECT_BYTES {
                let detail =
                    format!("has more than {MOST_ENTRIES} members or {MOST_OBJECT_BYTES} bytes");
                return Err(("too_many", detail));
            }
            Ok(value.clone())
        }
    }
}

fn text(value: &Value) -> Result<&str, Misfit> {
    value.as_str().ok_or_else(|| ("type", format!("must be a string, not {}", shown(value))))
}

fn line(value: &Value, most: usize) -> Result<String, Misfit> {
    let text = one_line(text(value)?.trim()).into_owned();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(("text", format!("must have 1 to {most} printable characters")));
    }
    Ok(text)
}

fn shown(value: &Value) -> String {
    shorten(&value.to_string())
}
