//! Query text to clauses. Never fails: what cannot be understood is searched as words, with a
//! warning.

use crate::domain::phone::{digit_value, is_separator};
use crate::domain::text::for_each_word;

/// A field that a query may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldName {
    /// `name:`
    Name,
    /// `phone:`
    Phone,
    /// `email:`
    Email,
    /// `company:`
    Company,
    /// `tag:`
    Tag,
    /// `status:`
    Status,
    /// `source:`
    Source,
    /// `owner:`
    Owner,
    /// `title:`
    Title,
    /// `notes:`
    Notes,
    /// `cf.KEY:`
    Custom(String),
}

/// One part of a query; all parts must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// A folded word, in any field or in one; a prefix if it is the last of the query or ends in `*`.
    Word {
        /// The field; `None` for all.
        field: Option<FieldName>,
        /// The folded word.
        text: String,
        /// Whether words that begin so match, too.
        is_prefix: bool,
        /// Whether contacts that match are left out.
        is_negative: bool,
    },
    /// A whole value of a field that has such: tag, status, source, owner, e-mail, custom field.
    Whole {
        /// The field.
        field: FieldName,
        /// The value as typed.
        value: String,
        /// Whether values that begin so match, too.
        is_prefix: bool,
        /// Whether contacts that match are left out.
        is_negative: bool,
    },
    /// Words joined by dots, `example.com`, `john.doe`: a part of an e-mail address or these words.
    Dotted {
        /// All of it, in lower case.
        whole: String,
        /// The folded words.
        words: Vec<String>,
        /// Whether words that begin as the last one match, too.
        is_prefix: bool,
        /// Whether contacts that match are left out.
        is_negative: bool,
    },
    /// Digits that stand anywhere in a number.
    Digits {
        /// The digits as typed, without international prefix.
        digits: String,
        /// Other digits that mean the same, for example without a trunk zero.
        variants: Vec<String>,
        /// Whether contacts that match are left out.
        is_negative: bool,
    },
}

/// A query in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedQuery {
    /// The parts; no parts match everything.
    pub clauses: Vec<Clause>,
    /// What was not understood as it may have been meant.
    pub warnings: Vec<String>,
}

impl ParsedQuery {
    /// The people whom it names as owners, as typed.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.clauses.iter().filter_map(|clause| match clause {
            Clause::Whole { field: FieldName::Owner, value, .. } => Some(value.as_str()),
            Clause::Whole { .. }
            | Clause::Word { .. }
            | Clause::Dotted { .. }
            | Clause::Digits { .. } => None,
        })
    }

    /// Whether it asks for digits of numbers.
    pub fn has_digits(&self) -> bool {
        self.clauses.iter().any(|clause| matches!(clause, Clause::Digits { .. }))
    }

    /// How many words, values and numbers there are in all parts.
    pub fn word_count(&self) -> usize {
        let count = |clause: &Clause| match clause {
            Clause::Dotted { words, .. } => words.len(),
            Clause::Word { .. } | Clause::Whole { .. } | Clause::Digits { .. } => 1,
        };
        self.clauses.iter().map(count).sum()
    }
}

/// Most words that are joined by dots; more are words of their own.
const MOST_DOTTED: usize = 6;
/// Fewest digits that read as a number in a query.
const MIN_DIGITS: usize = 3;

struct Token<'a> {
    text: &'a str,
    field: Option<&'a str>,
    is_negative: bool,
    is_quoted: bool,
}

/// Reads a query. At most `most_words` parts are looked at.
pub fn parse(text: &str, most_words: usize) -> ParsedQuery {
    let mut query = ParsedQuery::default();
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let tokens = tokenize(&text, &mut query.warnings);
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        // Neighbouring pieces that all are digits and signs are one number: "(234) 567".
        if token.field.is_none() && !token.is_quoted && is_number_piece(token.text) {
            let mut end = at + 1;
            while end < tokens.len()
                && tokens[end].field.is_none()
                && !tokens[end].is_quoted
                && !tokens[end].is_negative
                && is_number_piece(tokens[end].text)
            {
                end += 1;
            }
            let number: String =
                tokens[at..end].iter().map(|t| t.text).collect::<Vec<_>>().join(" ");
            if count_digits(&number) >= MIN_DIGITS {
                push_digits(&mut query, &number, token.is_negative);
                at = end;
                continue;
            }
        }
        push_token(&mut query, token);
        at += 1;
    }
    if query.clauses.len() > most_words {
        query.warnings.push(format!("only the first {most_words} words were looked at"));
        query.clauses.truncate(most_words);
    }
    let last_is_quoted = tokens.last().is_some_and(|t| t.is_quoted);
    if let Some(Clause::Word { is_prefix, .. } | Clause::Dotted { is_prefix, .. }) =
        query.clauses.last_mut()
        && !last_is_quoted
    {
        *is_prefix = true;
    }
    query
}

fn tokenize<'a>(text: &'a str, warnings: &mut Vec<String>) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut is_negative = false;
        // A minus negates in front of a word or a quote, not in front of digits or alone.
        if let Some(behind) = rest.strip_prefix('-')
            && behind.starts_with(|c: char| c.is_alphabetic() || c == '"')
        {
            is_negative = true;
            rest = behind;
        }
        let field = field_prefix(rest);
        if let Some(field) = field {
            rest = &rest[field.len() + 1..];
        }
        let (value, is_quoted, behind) = if let Some(inner) = rest.strip_prefix('"') {
            if let Some((value, behind)) = inner.split_once('"') {
                (value, true, behind)
            } else {
                warnings.push("a quote is not closed; it was taken as a word".to_owned());
                take_word(inner)
            }
        } else {
            take_word(rest)
        };
        if !value.is_empty() || is_quoted || field.is_some() {
            tokens.push(Token { text: value, field, is_negative, is_quoted });
        }
        rest = behind.trim_start();
    }
    tokens
}

fn take_word(text: &str) -> (&str, bool, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], false, &text[end..])
}

fn field_prefix(text: &str) -> Option<&str> {
    let word = text.split(char::is_whitespace).next()?;
    let (field, value) = word.split_once(':')?;
    let is_name = !field.is_empty()
        && field.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && field.starts_with(char::is_alphabetic);
    let is_url = value.starts_with("//");
    (is_name && !is_url).then_some(field)
}

fn field_name(name: &str) -> Option<FieldName> {
    let lower = name.to_lowercase();
    if let Some(key) = lower.strip_prefix("cf.") {
        return (!key.is_empty()).then(|| FieldName::Custom(key.to_owned()));
    }
    Some(match lower.as_str() {
        "name" | "first_name" | "last_name" | "display_name" => FieldName::Name,
        "phone" | "number" | "mobile" | "tel" => FieldName::Phone,
        "email" | "mail" => FieldName::Email,
        "company" | "account" => FieldName::Company,
        "tag" | "tags" => FieldName::Tag,
        "status" => FieldName::Status,
        "source" => FieldName::Source,
        "owner" | "assigned_to" | "assignee" => FieldName::Owner,
        "title" | "job_title" => FieldName::Title,
        "notes" | "note" => FieldName::Notes,
        _ => return None,
    })
}

/// Fields of the query language that are not indexed yet.
const LATER: &[&str] = &[
    "has",
    "created",
    "created_at",
    "updated",
    "updated_at",
    "lead_score",
    "last_called",
    "last_contacted",
    "last_contact",
    "list",
    "queue",
    "consent",
];

fn push_token(query: &mut ParsedQuery, token: &Token<'_>) {
    let Some(name) = token.field else {
        if token.text == "OR" && !token.is_quoted {
            query.warnings.push("OR is not understood yet; all words must match".to_owned());
            return;
        }
        push_words(query, None, token.text, token);
        return;
    };
    if LATER.contains(&name.to_lowercase().as_str()) {
        // Searched as words it would find nothing, which nobody meant.
        query.warnings.push(format!("{name}: is not understood yet and was left out"));
        return;
    }
    let Some(field) = field_name(name) else {
        query.warnings.push(format!("there is no field {name:?}; it was searched as words"));
        push_words(query, None, name, token);
        push_words(query, None, token.text, token);
        return;
    };
    if token.text.trim().is_empty() {
        query.warnings.push(format!("{name}: has no value"));
        return;
    }
    let is_comparison = token.text.starts_with(['<', '>']) || token.text.contains("..");
    if is_comparison && !token.is_quoted && matches!(field, FieldName::Custom(_)) {
        query
            .warnings
            .push(format!("{name}:{} is not understood yet and was left out", token.text));
        return;
    }
    match field {
        FieldName::Phone => {
            if count_digits(token.text) > 0 {
                push_digits(query, token.text, token.is_negative);
            } else {
                query.warnings.push(format!("phone:{} has no digits", token.text));
            }
        }
        FieldName::Name | FieldName::Company | FieldName::Title | FieldName::Notes => {
            push_words(query, Some(&field), token.text, token);
        }
        FieldName::Email
        | FieldName::Tag
        | FieldName::Status
        | FieldName::Source
        | FieldName::Owner
        | FieldName::Custom(_) => {
            let starred = token.text.strip_suffix('*').filter(|v| !v.is_empty());
            query.clauses.push(Clause::Whole {
                field,
                value: starred.unwrap_or(token.text).to_owned(),
                is_prefix: starred.is_some(),
                is_negative: token.is_negative,
            });
        }
    }
}

fn push_words(query: &mut ParsedQuery, field: Option<&FieldName>, text: &str, token: &Token<'_>) {
    let is_prefix = !token.is_quoted && text.ends_with('*');
    // A whole address is one thing, not the words around its dots.
    if field.is_none() && !token.is_quoted && crate::domain::email::parse(text).is_some() {
        query.clauses.push(Clause::Whole {
            field: FieldName::Email,
            value: text.to_owned(),
            is_prefix: true,
            is_negative: token.is_negative,
        });
        return;
    }
    if field.is_none() && !token.is_quoted && is_dotted(text) {
        let mut words = Vec::new();
        for_each_word(text, |word, _, _| words.push(word.to_owned()));
        if (2..=MOST_DOTTED).contains(&words.len()) {
            query.clauses.push(Clause::Dotted {
                whole: crate::domain::email::key(text),
                words,
                is_prefix,
                is_negative: token.is_negative,
            });
            return;
        }
    }
    let first = query.clauses.len();
    for_each_word(text, |word, _, _| {
        query.clauses.push(Clause::Word {
            field: field.cloned(),
            text: word.to_owned(),
            is_prefix: false,
            is_negative: token.is_negative,
        });
    });
    if is_prefix
        && query.clauses.len() > first
        && let Some(Clause::Word { is_prefix, .. }) = query.clauses.last_mut()
    {
        *is_prefix = true;
    }
}

/// Whether a text could be the domain or the local part of an address, with dots inside.
fn is_dotted(text: &str) -> bool {
    text.split('.').count() > 1
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '+'))
        })
}

fn push_digits(query: &mut ParsedQuery, number: &str, is_negative: bool) {
    let digits: String =
        number.chars().filter_map(digit_value).map(|d| char::from(b'0' + d)).collect();
    let mut variants = Vec::new();
    let typed_plus = number.trim_start().starts_with('+');
    // "+44 (0)20 …": the zero is only dialled inside the country.
    if number.contains("(0)") {
        let without: String = number.replacen("(0)", "", 1);
        variants
            .push(without.chars().filter_map(digit_value).map(|d| char::from(b'0' + d)).collect());
    }
    if !typed_plus {
        for prefix in ["00", "011", "0"] {
            if let Some(rest) = digits.strip_prefix(prefix)
                && rest.len() >= 4
                && !rest.starts_with('0')
            {
                variants.push(rest.to_owned());
            }
        }
    }
    variants.sort();
    variants.dedup();
    query.clauses.push(Clause::Digits { digits, variants, is_negative });
}

fn is_number_piece(text: &str) -> bool {
    text.chars().all(|c| digit_value(c).is_some() || is_separator(c) || c == '+')
}

fn count_digits(text: &str) -> usize {
    text.chars().filter(|c| digit_value(*c).is_some()).count()
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
