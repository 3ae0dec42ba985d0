//! A tree to query text, such that reading the text gives the tree again.

use std::ops::Bound;

use super::date;
use super::expr::{Condition, Expr, Shape};
use super::field::{Field, Kind};
use super::language::Language;
use super::lex::Mark;
use super::names::{self, name_of};
use super::number;
use super::value::Ask;
use crate::domain::phone::is_separator;

/// Writes a tree in the plain form as query text.
///
/// Dates are days in the timezone where they begin and end with days, otherwise points in time.
/// A last word that is no beginning is marked, `doe~`, and so are words of digits.
pub fn print(expr: &Expr, language: &Language<'_>) -> String {
    let mut printer = Printer { out: String::new(), language, ends_bare: false };
    match expr {
        Expr::All(parts) => printer.all(parts),
        Expr::Any(parts) => printer.any(parts),
        Expr::Not(_) | Expr::Is(_) => printer.part(expr),
    }
    if printer.ends_bare {
        printer.out.push('~');
    }
    printer.out
}

struct Printer<'a> {
    out: String,
    language: &'a Language<'a>,
    /// Whether the text ends with a word that has no mark.
    ends_bare: bool,
}

impl Printer<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.ends_bare = false;
    }

    fn all(&mut self, parts: &[Expr]) {
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.push(" ");
            }
            self.part(part);
        }
    }

    fn any(&mut self, parts: &[Expr]) {
        if let Some(list) = list_or_text(parts, self.language) {
            self.push(&list);
            return;
        }
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.push(" OR ");
            }
            match part {
                // It binds more than what is around it.
                Expr::All(inner) if !inner.is_empty() => self.all(inner),
                Expr::All(_) | Expr::Any(_) | Expr::Not(_) | Expr::Is(_) => self.part(part),
            }
        }
    }

    fn part(&mut self, expr: &Expr) {
        match expr {
            Expr::Is(condition) => self.condition(condition),
            Expr::Any(parts) if list_or_text(parts, self.language).is_some() => self.any(parts),
            Expr::All(parts) => {
                self.push("(");
                self.all(parts);
                self.push(")");
            }
            Expr::Any(parts) => {
                self.push("(");
                self.any(parts);
                self.push(")");
            }
            Expr::Not(inner) => {
                let before = self.out.len();
                self.push("-");
                self.part(inner);
                // A minus in front of digits is a sign of a number.
                let is_read = self.out[before + 1..]
                    .starts_with(|c: char| c.is_alphabetic() || matches!(c, '"' | '('));
                if !is_read {
                    self.out.replace_range(before..=before, "NOT ");
                }
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Word { field, text, shape } => {
                if let Some(field) = field {
                    self.push(&head(field));
                }
                match shape {
                    Shape::Exact => self.push(&quote(text)),
                    Shape::Prefix => self.push(&format!("{text}*")),
                    Shape::Word => {
                        self.push(text);
                        // What could be a part of a number is told apart by its mark.
                        let is_digits = text.chars().all(number::is_number_char)
                            || number::ends_in_extension(text);
                        let has_sign = text.chars().any(is_separator);
                        // Without it the whole value would be meant as well.
                        let is_custom = matches!(field, Some(Field::Custom(_)));
                        if is_custom || field.is_none() && (is_digits || has_sign) {
                            self.push("~");
                        } else {
                            self.ends_bare = true;
                        }
                    }
                }
            }
            Condition::Dotted { whole, is_prefix, .. } => {
                self.push(&format!("{whole}{}", if *is_prefix { '*' } else { '~' }));
            }
            Condition::Address { address } => self.push(address),
            Condition::Digits { digits, variants, pieces, extension, anywhere } => {
                let text = number::written(digits, variants, pieces, extension.as_deref());
                if *anywhere {
                    // It would be read as a part of a number in front of it.
                    let is_apart = self.out.ends_with("OR ") || self.out.ends_with('(');
                    if !is_apart && self.out.contains(|c: char| c.is_ascii_digit()) {
                        self.push("NOT NOT ");
                    }
                    self.push(&text);
                    return;
                }
                let is_quoted = text.starts_with('(') || text.contains(' ');
                let text = if is_quoted { quote(&text) } else { text };
                self.push(&format!("phone:{text}"));
            }
            Condition::Keypad { digits } => self.push(&format!("t9:{digits}")),
            // Without the sign its words would be meant.
            Condition::Value { field, value, is_prefix: false } if field.kind() == Kind::Words => {
                self.push(&format!("{}={}", head(field), quote(value)));
            }
            Condition::Value { field, value, is_prefix } => {
                let star = if *is_prefix { "*" } else { "" };
                let text =
                    format!("{}{}{star}", head(field), value_text(field, value, self.language));
                self.push(&text);
            }
            Condition::Contains { field, text } => {
                self.push(&format!("{}*{}*", head(field), value_text(field, text, self.language)));
            }
            Condition::Range { field, from, to, is_day } => {
                let text = format!("{}{}", head(field), self.range(field, *from, *to, *is_day));
                self.push(&text);
            }
            Condition::Has { field } => {
                let name = name_of(field);
                let is_plain = name.chars().all(names::is_name_char);
                self.push(&format!("has:{}", if is_plain { name } else { quote(&name) }));
            }
        }
    }

    fn range(&self, field: &Field, from: Bound<f64>, to: Bound<f64>, is_day: bool) -> String {
        if is_day {
            return days(from, to);
        }
        if field.kind() == Kind::Instant {
            return self.moments(from, to);
        }
        if let (Bound::Included(from), Bound::Included(to)) = (from, to)
            && same(from, to)
            && field.kind() == Kind::Number
        {
            return write_number(from);
        }
        join(from.map(write_number), to.map(write_number))
    }

    fn moments(&self, from: Bound<f64>, to: Bound<f64>) -> String {
        let timezone = &self.language.timezone;
        let day_of = |at: f64| date::day_that_starts(whole(at), timezone);
        let moment = |at: f64| date::write_moment(whole(at));
        let first = match from {
            Bound::Included(at) => day_of(at),
            Bound::Excluded(_) | Bound::Unbounded => None,
        };
        let from = match first {
            Some(day) => Bound::Included(day.to_string()),
            None => from.map(moment),
        };
        // A point in time is written as a day only if that day comes back.
        let next = match to {
            Bound::Excluded(at) => day_of(at),
            Bound::Included(_) | Bound::Unbounded => None,
        };
        let Some(next) = next else { return join(from, to.map(moment)) };
        if from == Bound::Unbounded {
            return format!("<{next}");
        }
        let Ok(last) = next.yesterday() else { return join(from, to.map(moment)) };
        if first == Some(last) {
            return last.to_string();
        }
        join(from, Bound::Included(last.to_string()))
    }
}

fn days(from: Bound<f64>, to: Bound<f64>) -> String {
    let day = |number: i64| date::day_of_number(number).map_or_else(String::new, |d| d.to_string());
    let from = match from {
        Bound::Included(from) => Bound::Included(day(whole(from))),
        Bound::Excluded(from) => Bound::Included(day(whole(from).saturating_add(1))),
        Bound::Unbounded => Bound::Unbounded,
    };
    let to = match to {
        Bound::Included(to) => Bound::Included(day(whole(to))),
        Bound::Excluded(to) if from == Bound::Unbounded => Bound::Excluded(day(whole(to))),
        Bound::Excluded(to) => Bound::Included(day(whole(to).saturating_sub(1))),
        Bound::Unbounded => Bound::Unbounded,
    };
    join(from, to)
}

/// Two bounds as text; both at once, or one with a sign.
fn join(from: Bound<String>, to: Bound<String>) -> String {
    match (from, to) {
        (Bound::Included(from), Bound::Unbounded) => format!(">={from}"),
        (Bound::Excluded(from), Bound::Unbounded) => format!(">{from}"),
        (Bound::Unbounded, Bound::Included(to)) => format!("<={to}"),
        (Bound::Unbounded, Bound::Excluded(to)) => format!("<{to}"),
        (Bound::Included(from), Bound::Included(to)) => format!("{from}..{to}"),
        (Bound::Included(from), Bound::Excluded(to)) => format!("{from}..<{to}"),
        (Bound::Excluded(from), Bound::Included(to)) => format!(">{from}..{to}"),
        (Bound::Excluded(from), Bound::Excluded(to)) => format!(">{from}..<{to}"),
        (Bound::Unbounded, Bound::Unbounded) => "..".to_owned(),
    }
}

#[expect(clippy::float_cmp, reason = "bounds of one value are copies of each other")]
fn same(from: f64, to: f64) -> bool {
    from == to
}

/// A number as it is read again: with an exponent where there would be many zeros.
pub(super) fn write_number(number: f64) -> String {
    let plain = number.to_string();
    if plain.len() > 20 { format!("{number:e}") } else { plain }
}

/// A bound in days or milliseconds as a whole number.
#[expect(clippy::cast_possible_truncation, reason = "bounds of time are whole and below 2^53")]
pub(super) fn whole(bound: f64) -> i64 {
    bound as i64
}

/// `tag:a,b`: whole values of one field.
fn list(parts: &[Expr], language: &Language<'_>) -> Option<String> {
    let Some(Expr::Is(Condition::Value { field, .. })) = parts.first() else { return None };
    if field.kind() == Kind::Words {
        return None;
    }
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Expr::Is(Condition::Value { field: other, value, is_prefix: false })
                if other == field =>
            {
                values.push(value_text(field, value, language));
            }
            Expr::All(_) | Expr::Any(_) | Expr::Not(_) | Expr::Is(_) => return None,
        }
    }
    (values.len() > 1).then(|| format!("{}{}", head(field), values.join(",")))
}

/// The name of a field with its colon.
fn head(field: &Field) -> String {
    if let Field::Custom(key) = field {
        return format!("{}{}:", names::CUSTOM_DOT, names::quoted_key(key));
    }
    format!("{}:", name_of(field))
}

/// A value, in quotes unless it is plain.
fn value_text(field: &Field, value: &str, language: &Language<'_>) -> String {
    // Without quotes words of a custom field would be meant as well.
    let is_told = matches!(field, Field::Custom(_)) && super::value::has_words(field, language);
    let is_plain = !is_told && is_plain(value) && !super::value::is_none(field, value);
    if is_plain { value.to_owned() } else { quote(value) }
}

/// Whether a value needs no quotes.
fn is_plain(value: &str) -> bool {
    value.starts_with(char::is_alphanumeric)
        && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '@' | '.' | '+' | '_' | '-'))
        && !value.contains("..")
}

/// What is written as one condition.
fn list_or_text(parts: &[Expr], language: &Language<'_>) -> Option<String> {
    list(parts, language).or_else(|| in_text(parts, language))
}

/// `cf.hobby:sailing`: a whole value of a text, or its words.
fn in_text(parts: &[Expr], language: &Language<'_>) -> Option<String> {
    let Some(Expr::Is(Condition::Value { field, value, is_prefix: false })) = parts.first() else {
        return None;
    };
    let text = value.clone();
    let ask = Ask::Plain { text, is_quoted: false, mark: Mark::Plain, last: Shape::Word };
    let is_custom = matches!(field, Field::Custom(_)) && is_plain(value);
    let same =
        is_custom && super::value::ask(field, ask, language) == Ok(Expr::Any(parts.to_vec()));
    same.then(|| format!("{}{value}", head(field)))
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
