//! What is asked of a field, by what the field can be asked: to conditions, or a reason why not.

use std::ops::Bound;

use super::date::{self, Bounds, Op, Scale, Unit, When};
use super::expr::{Condition, Expr, Shape};
use super::field::{Field, Kind};
use super::language::{Language, MOST_VALUE_CHARS};
use super::lex::Mark;
use super::names::name_of;
use super::number;
use super::words::words;
use crate::domain::custom_field::CustomType;
use crate::domain::status::Status;
use crate::domain::text::fold;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// A value.
    Plain {
        /// The value.
        text: String,
        /// Whether it stood in quotes: then it has no meaning beside itself.
        is_quoted: bool,
        /// The stars around it.
        mark: Mark,
        /// How freely the last word matches if there is no star.
        last: Shape,
    },
    /// `>5`
    Compare(Op, String),
    /// `5..10`; each end perhaps without the value itself.
    Between(Option<(String, bool)>, Option<(String, bool)>),
}

/// What came of it, or why it cannot be asked.
pub(super) type Answer = Result<Expr, String>;

/// Whether signs and `..` in a value of a field compare.
pub(super) fn compares(field: &Field) -> bool {
    match field.kind() {
        Kind::Number | Kind::Day | Kind::Instant | Kind::Custom => true,
        Kind::Words | Kind::Digits | Kind::Value | Kind::Presence => false,
    }
}

/// Asks something of a field.
pub(super) fn ask(field: &Field, ask: Ask, language: &Language<'_>) -> Answer {
    let name = name_of(field);
    if let Ask::Plain { mark: Mark::Anything, is_quoted: false, .. } = &ask {
        return Ok(has(field));
    }
    let ask = match ask {
        Ask::Plain { text, is_quoted, mark, last } => {
            let text = clean(&text);
            if text.is_empty() {
                return Err(format!("{name}: has no value"));
            }
            Ask::Plain { text, is_quoted, mark, last }
        }
        Ask::Compare(op, text) => Ask::Compare(op, clean(&text)),
        Ask::Between(..) => ask,
    };
    match field.kind() {
        Kind::Words => in_words(field, ask),
        Kind::Digits => in_digits(ask),
        Kind::Value => in_values(field, ask),
        Kind::Number => in_numbers(field, &ask),
        Kind::Day | Kind::Instant => in_time(field, &ask, language),
        Kind::Presence => presence(field, &ask),
        Kind::Custom => in_custom(field, ask, language),
    }
}

/// Whether a field holds anything.
pub(super) fn has(field: &Field) -> Expr {
    Expr::Is(Condition::Has { field: field.clone() })
}

/// Trims a value, makes control characters spaces and cuts what is too long.
pub(super) fn clean(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text: String = text.trim().chars().take(MOST_VALUE_CHARS).collect();
    text.trim_end().to_owned()
}

/// A whole value of a field of words that has such: its case and accents do not matter.
pub(super) fn whole(field: &Field, text: &str) -> Option<Expr> {
    let text = clean(text);
    (matches!(field, Field::Company | Field::Title) && !text.is_empty())
        .then(|| value(field, text, false))
}

fn in_words(field: &Field, ask: Ask) -> Answer {
    if let Ask::Compare(Op::Equal, text) = &ask
        && let Some(whole) = whole(field, text)
    {
        return Ok(whole);
    }
    let (text, all, last) = match ask {
        Ask::Plain { text, mark: Mark::Contains, .. } => {
            return Ok(Expr::Is(Condition::Contains { field: field.clone(), text }));
        }
        Ask::Plain { text, mark: Mark::Begins, is_quoted, .. } => {
            (text, if is_quoted { Shape::Exact } else { Shape::Word }, Shape::Prefix)
        }
        Ask::Plain { text, is_quoted: true, .. } | Ask::Compare(Op::Equal, text) => {
            (text, Shape::Exact, Shape::Exact)
        }
        Ask::Plain { text, mark: Mark::Whole, .. } => (text, Shape::Word, Shape::Word),
        Ask::Plain { text, mark: Mark::Plain | Mark::Anything, last, .. } => {
            (text, Shape::Word, last)
        }
        Ask::Compare(_, _) | Ask::Between(..) => {
            return Err(format!("{}: has words, which cannot be compared", name_of(field)));
        }
    };
    let found = words(Some(field), &text, all, last);
    if found.is_empty() {
        return Err(format!("{}:{text} has no words", name_of(field)));
    }
    Ok(Expr::all(found))
}

fn in_digits(ask: Ask) -> Answer {
    let text = match ask {
        Ask::Plain { text, .. } | Ask::Compare(Op::Equal, text) => text,
        Ask::Compare(..) | Ask::Between(..) => {
            return Err("phone: has digits, which cannot be compared".to_owned());
        }
    };
    let run = number::run(&text);
    if number::may_have_extension(&text[..run])
        && let Some((digits, read)) = number::extension(&text[run..])
        && run + read == text.len()
    {
        let all = number::with_extension(&text[..run], Some(digits));
        return Ok(number::of_phones(all));
    }
    let has_digits = number::count_digits(&text) > 0;
    // "555-PIZZA" and "PIZZA" are dialled by the letters on the keys, "call 555" is not.
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let is_keys =
        letters >= 3 && text.chars().all(|c| c.is_ascii_alphabetic() || number::is_number_char(c));
    let text = if is_keys { number::keys(&text) } else { text };
    if !has_digits && !is_keys {
        return Err(format!("phone:{text} has no digits"));
    }
    Ok(number::of_phones(number::numbers(&text)))
}

fn in_values(field: &Field, ask: Ask) -> Answer {
    let name = name_of(field);
    match ask {
        Ask::Plain { text, mark: mark @ (Mark::Contains | Mark::Begins), .. }
            if *field == Field::Status =>
        {
            let asked = fold(&text);
            let is_beginning = mark == Mark::Begins;
            statuses(&text, |known| {
                if is_beginning { known.starts_with(&asked) } else { known.contains(&asked) }
            })
        }
        Ask::Plain { text, mark: Mark::Contains, .. } => {
            Ok(Expr::Is(Condition::Contains { field: field.clone(), text }))
        }
        Ask::Plain { text, mark: Mark::Begins, .. } => Ok(value(field, text, true)),
        Ask::Plain { text, is_quoted: false, .. } if is_none(field, &text) => {
            Ok(has(field).negate())
        }
        Ask::Plain { text, .. } | Ask::Compare(Op::Equal, text) => {
            if *field == Field::OptIn {
                let truth = truth(&text);
                let truth = truth.ok_or_else(|| format!("{name}: is yes or no, not {text:?}"))?;
                return Ok(value(field, truth.to_owned(), false));
            }
            if *field == Field::Status {
                let status = Status::parse(&text).map(Status::as_str);
                return statuses(&text, |known| status == Some(known));
            }
            Ok(value(field, text, false))
        }
        Ask::Compare(..) | Ask::Between(..) => {
            Err(format!("{name}: cannot be compared; put the value in quotes if it begins so"))
        }
    }
}

/// The statuses that are meant, of which there are only these.
fn statuses(text: &str, is_meant: impl Fn(&str) -> bool) -> Answer {
    let all = Status::ALL.map(Status::as_str);
    let meant = all.into_iter().filter(|known| is_meant(known));
    let meant: Vec<Expr> =
        meant.map(|known| value(&Field::Status, known.to_owned(), false)).collect();
    if meant.is_empty() {
        return Err(format!("status: is one of {}, not {text:?}", all.join(", ")));
    }
    Ok(Expr::any(meant))
}

fn value(field: &Field, value: String, is_prefix: bool) -> Expr {
    Expr::Is(Condition::Value { field: field.clone(), value, is_prefix })
}

/// `owner:none`: for fields that hold one of us.
pub(super) fn is_none(field: &Field, text: &str) -> bool {
    matches!(field, Field::Owner | Field::Queue | Field::OwningDepartment)
        && ["none", "nobody", "unassigned"].contains(&text.to_lowercase().as_str())
}

fn truth(text: &str) -> Option<&'static str> {
    Some(match text.to_lowercase().as_str() {
        "yes" | "true" | "1" | "y" | "on" => "true",
        "no" | "false" | "0" | "n" | "off" => "false",
        _ => return None,
    })
}

fn presence(field: &Field, ask: &Ask) -> Answer {
    let name = name_of(field);
    if let Ask::Plain { text, .. } | Ask::Compare(_, text) = ask
        && let Some(truth) = truth(text)
    {
        let has = has(field);
        return Ok(if truth == "true" { has } else { has.negate() });
    }
    Err(format!("{name}: can only be asked as has:{name}"))
}

/// Reads a number: sign, digits, decimal point, exponent.
pub(super) fn number_of(text: &str) -> Option<f64> {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
        && text.contains(|c: char| c.is_ascii_digit());
    let number = is_plain.then(|| text.parse::<f64>().ok()).flatten()?;
    // Minus zero is zero.
    number.is_finite().then_some(number + 0.0)
}

fn in_numbers(field: &Field, ask: &Ask) -> Answer {
    let name = name_of(field);
    let read = |text: &str| {
        number_of(text.trim()).ok_or_else(|| {
            format!("{name}: needs a number such as {name}:50 or {name}:>=50, not {text:?}")
        })
    };
    let (from, to) = match ask {
        Ask::Plain { text, .. } | Ask::Compare(Op::Equal, text) => {
            let number = read(text)?;
            (Bound::Included(number), Bound::Included(number))
        }
        Ask::Compare(op, text) => {
            let number = read(text)?;
            match op {
                Op::Above => (Bound::Excluded(number), Bound::Unbounded),
                Op::AtLeast => (Bound::Included(number), Bound::Unbounded),
                Op::Below => (Bound::Unbounded, Bound::Excluded(number)),
                Op::AtMost => (Bound::Unbounded, Bound::Included(number)),
                Op::Equal => (Bound::Included(number), Bound::Included(number)),
            }
        }
        Ask::Between(from, to) => {
            let end = |end: &Option<(String, bool)>| -> Result<Bound<f64>, String> {
                Ok(match end {
                    None => Bound::Unbounded,
                    Some((text, true)) => Bound::Excluded(read(text)?),
                    Some((text, false)) => Bound::Included(read(text)?),
                })
            };
            (end(from)?, end(to)?)
        }
    };
    range(field, from, to, false)
}

fn in_time(field: &Field, ask: &Ask, language: &Language<'_>) -> Answer {
    let is_day = field.kind() != Kind::Instant;
    let unit = if is_day { Unit::Day } else { Unit::Instant };
    let scale = Scale { unit, language };
    let name = name_of(field);
    if *field == Field::Birthday
        && let Some(found) = yearless(field, ask, language)
    {
        return Ok(found);
    }
    let read = |text: &str| {
        date::read(text, language).ok_or_else(|| {
            format!("{name}: needs a date such as {name}:2025-01-31, {name}:>=2025-01 or {name}:<30d, not {text:?}")
        })
    };
    let bounds: Option<Bounds> = match ask {
        Ask::Plain { text, .. } => scale.compare(Op::Equal, read(text)?),
        Ask::Compare(op, text) => scale.compare(*op, read(text)?),
        Ask::Between(from, to) => {
            let lower = match from {
                None => Some(Bound::Unbounded),
                Some((text, is_behind)) => scale.lower(read(text)?, *is_behind),
            };
            let upper = match to {
                None => Some(Bound::Unbounded),
                Some((text, is_before)) => scale.upper(read(text)?, *is_before),
            };
            lower.zip(upper)
        }
    };
    let Some((from, to)) = bounds else {
        return Err(format!("{name}: the date is outside the calendar"));
    };
    // Days since 1970 and milliseconds of these years are far below 2^53.
    #[expect(clippy::cast_precision_loss, reason = "as the sentence above says")]
    let float = |bound: Bound<i64>| bound.map(|at| at as f64);
    range(field, float(from), float(to), is_day)
}

/// Birthdays that are asked for without a year: they are kept as `YYYY-MM-DD` or `--MM-DD`.
fn yearless(field: &Field, ask: &Ask, language: &Language<'_>) -> Option<Expr> {
    let Ask::Plain { text, mark, .. } = ask else { return None };
    let contains = |text: String| Expr::Is(Condition::Contains { field: field.clone(), text });
    if *mark == Mark::Contains {
        return Some(contains(text.clone()));
    }
    let on = |date: jiff::civil::Date| contains(format!("-{:02}-{:02}", date.month(), date.day()));
    if let Some((month, day)) = date::month_and_day(text) {
        return Some(contains(format!("-{month:02}-{day:02}")));
    }
    let is_word = text.starts_with(char::is_alphabetic);
    let When::Days(first, next) = date::read(text, language).filter(|_| is_word)? else {
        return None;
    };
    let days = date::day_number(next) - date::day_number(first);
    if days <= 7 {
        return Some(Expr::any(
            first.series(jiff::ToSpan::day(1)).take_while(|d| *d < next).map(on).collect(),
        ));
    }
    (days <= 31).then(|| contains(format!("-{:02}-", first.month())))
}

fn in_custom(field: &Field, ask: Ask, language: &Language<'_>) -> Answer {
    let Field::Custom(key) = field else { return in_values(field, ask) };
    let declared = (language.custom)(key);
    let name = name_of(field);
    if let Ask::Plain { mark: Mark::Begins | Mark::Contains, .. } = ask {
        return in_values(field, ask);
    }
    let is_plain = matches!(ask, Ask::Plain { .. } | Ask::Compare(Op::Equal, _));
    match declared {
        Some(CustomType::Integer | CustomType::Decimal) => in_numbers(field, &ask),
        Some(CustomType::Date) => in_time(field, &ask, language),
        Some(CustomType::Boolean) => match &ask {
            Ask::Plain { text, .. } | Ask::Compare(Op::Equal, text) => match truth(text) {
                Some(truth) => Ok(value(field, truth.to_owned(), false)),
                None => Err(format!("{name}: is yes or no, not {text:?}")),
            },
            Ask::Compare(..) | Ask::Between(..) => {
                Err(format!("{name}: is yes or no and cannot be compared"))
            }
        },
        Some(CustomType::MultiSelect) if !is_plain => {
            Err(format!("{name}: has options, which cannot be compared"))
        }
        Some(
            CustomType::ShortText
            | CustomType::LongText
            | CustomType::Dropdown
            | CustomType::MultiSelect,
        )
        | None => {
            if is_plain {
                let is_text =
                    !matches!(declared, Some(CustomType::Dropdown | CustomType::MultiSelect));
                return if is_text { in_text(field, ask) } else { in_values(field, ask) };
            }
            let ends: Vec<&str> = match &ask {
                Ask::Plain { text, .. } | Ask::Compare(_, text) => vec![text],
                Ask::Between(from, to) => {
                    from.iter().chain(to).map(|(text, _)| text.as_str()).collect()
                }
            };
            if ends.iter().all(|end| number_of(end.trim()).is_some()) {
                in_numbers(field, &ask)
            } else if ends.iter().all(|end| date::is_date(end.trim(), language)) {
                in_time(field, &ask, language)
            } else {
                Err(format!(
                    "{name}: {} is neither a number nor a date and cannot be compared",
                    ends.join("..")
                ))
            }
        }
    }
}

/// Whether a custom field has words that can be asked for.
pub(super) fn has_words(field: &Field, language: &Language<'_>) -> bool {
    let Field::Custom(key) = field else { return field.kind() == Kind::Words };
    matches!((language.custom)(key), None | Some(CustomType::ShortText | CustomType::LongText))
}

/// A text: the whole value, or words of it. In quotes only the whole value.
fn in_text(field: &Field, ask: Ask) -> Answer {
    let Ask::Plain { text, is_quoted: false, mark, .. } = &ask else {
        return in_values(field, ask);
    };
    let found = words(Some(field), text, Shape::Word, Shape::Word);
    if found.is_empty() {
        return in_values(field, ask);
    }
    if *mark == Mark::Whole {
        return Ok(Expr::all(found));
    }
    Ok(Expr::any(vec![in_values(field, ask)?, Expr::all(found)]))
}

/// A range that something can lie in.
fn range(field: &Field, from: Bound<f64>, to: Bound<f64>, is_day: bool) -> Answer {
    let is_empty = match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (
            Bound::Included(from) | Bound::Excluded(from),
            Bound::Included(to) | Bound::Excluded(to),
        ) => from >= to,
        (Bound::Unbounded, Bound::Unbounded) => return Ok(has(field)),
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    };
    if is_empty {
        return Err(format!("{}: nothing lies between these two", name_of(field)));
    }
    Ok(Expr::Is(Condition::Range { field: field.clone(), from, to, is_day }))
}
