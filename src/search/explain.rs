//! Why a contact is a hit, and which letters and digits matched: worked out from query and
//! record, so that the index need not store anything for it.

use std::collections::BTreeMap;

use super::parse::{Clause, FieldName, ParsedQuery};
use crate::domain::contact::Contact;
use crate::domain::email;
use crate::domain::text::{Word, fold, words};

/// Reasons and marks of one hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Reasons such as `last_name prefix`, best first, each once.
    pub why: Vec<String>,
    /// Matched ranges by field, for example `display_name` or `phones/0`, as start and end in
    /// UTF-16 code units of the text in the answer.
    pub highlights: BTreeMap<String, Vec<(usize, usize)>>,
}

/// Explains a hit. Cost: one pass over the words of the record per call.
pub fn explain(query: &ParsedQuery, contact: &Contact, is_relaxed: bool) -> Explanation {
    let mut out = Explanation::default();
    if query.clauses.is_empty() {
        return out;
    }
    let fields = Fields::of(contact);
    for clause in &query.clauses {
        match clause {
            Clause::Word { is_negative: true, .. }
            | Clause::Whole { is_negative: true, .. }
            | Clause::Dotted { is_negative: true, .. }
            | Clause::Digits { is_negative: true, .. } => {}
            Clause::Word { field, text, is_prefix, .. } => {
                fields.word(&mut out, field.as_ref(), text, *is_prefix || is_relaxed);
            }
            Clause::Whole { field, value, is_prefix, .. } => {
                whole(&mut out, contact, field, value, *is_prefix);
            }
            Clause::Dotted { whole: text, words, is_prefix, .. } => {
                whole(&mut out, contact, &FieldName::Email, text, *is_prefix);
                for (at, word) in words.iter().enumerate() {
                    let is_prefix = *is_prefix && at + 1 == words.len() || is_relaxed;
                    fields.word(&mut out, None, word, is_prefix);
                }
            }
            Clause::Digits { digits, variants, .. } => {
                for digits in std::iter::once(digits).chain(variants) {
                    phone(&mut out, contact, digits);
                }
            }
        }
    }
    out
}

/// Names of fields with their texts and words.
struct Fields<'a> {
    all: Vec<(Part, String, &'a str, Vec<Word>)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    FirstName,
    LastName,
    DisplayName,
    Company,
    Email,
    Tag,
    Title,
    Notes,
    Other(&'static str),
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::DisplayName => "name",
            Self::Company => "company",
            Self::Email => "email",
            Self::Tag => "tag",
            Self::Title => "title",
            Self::Notes => "notes",
            Self::Other(name) => name,
        }
    }

    fn belongs_to(self, field: &FieldName) -> bool {
        match field {
            FieldName::Name => matches!(self, Self::FirstName | Self::LastName | Self::DisplayName),
            FieldName::Company => self == Self::Company,
            FieldName::Title => self == Self::Title,
            FieldName::Notes => self == Self::Notes,
            FieldName::Email => self == Self::Email,
            FieldName::Tag => self == Self::Tag,
            FieldName::Phone
            | FieldName::Status
            | FieldName::Source
            | FieldName::Owner
            | FieldName::Custom(_) => false,
        }
    }
}

impl<'a> Fields<'a> {
    fn of(contact: &'a Contact) -> Self {
        let mut all = Vec::with_capacity(12);
        let mut add = |part: Part, key: String, text: &'a str| {
            all.push((part, key, text, words(text)));
        };
        if let Some(name) = &contact.last_name {
            add(Part::LastName, "last_name".to_owned(), name);
        }
        if let Some(name) = &contact.first_name {
            add(Part::FirstName, "first_name".to_owned(), name);
        }
        add(Part::DisplayName, "display_name".to_owned(), &contact.display_name);
        for (at, address) in contact.emails.iter().enumerate() {
            add(Part::Email, format!("emails/{at}"), &address.address);
        }
        if let Some(company) = &contact.company {
            add(Part::Company, "company".to_owned(), company);
        }
        for (at, tag) in contact.tags.iter().enumerate() {
            add(Part::Tag, format!("tags/{at}"), tag);
        }
        if let Some(title) = &contact.title {
            add(Part::Title, "title".to_owned(), title);
        }
        for (name, text) in [
            ("department", &contact.department),
            ("role", &contact.role),
            ("external_crm_id", &contact.external_crm_id),
        ] {
            if let Some(text) = text {
                add(Part::Other(name), name.to_owned(), text);
            }
        }
        for (at, address) in contact.addresses.iter().enumerate() {
            for (name, text) in [
                ("street", &address.street),
                ("city", &address.city),
                ("region", &address.region),
                ("postal_code", &address.postal_code),
                ("country", &address.country),
            ] {
                if let Some(text) = text {
                    add(Part::Other("address"), format!("addresses/{at}/{name}"), text);
                }
            }
        }
        for (key, value) in &contact.custom_fields {
            if let Some(text) = value.as_str() {
                add(Part::Other("custom field"), format!("custom_fields/{key}"), text);
            }
        }
        if let Some(notes) = &contact.notes {
            add(Part::Notes, "notes".to_owned(), notes);
        }
        Self { all }
    }

    fn word(&self, out: &mut Explanation, field: Option<&FieldName>, text: &str, is_prefix: bool) {
        for (part, key, original, words) in &self.all {
            if field.is_some_and(|field| !part.belongs_to(field)) {
                continue;
            }
            for word in words {
                let is_exact = word.text == text;
                let is_begun = is_prefix && word.text.starts_with(text);
                if !(is_exact || is_begun) {
                    continue;
                }
                let is_covered = *part == Part::DisplayName
                    && out
                        .why
                        .iter()
                        .any(|w| w.starts_with("first_name") || w.starts_with("last_name"));
                if !is_covered {
                    push(
                        &mut out.why,
                        format!("{} {}", part.name(), if is_exact { "word" } else { "prefix" }),
                    );
                }
                let end = if is_exact { word.end } else { prefix_end(original, word, text) };
                mark(out, key, original, word.start, end);
            }
        }
    }
}

/// Where in the original text the part of a word ends that folds into this prefix.
fn prefix_end(original: &str, word: &Word, prefix: &str) -> usize {
    let piece = &original[word.start..word.end];
    for (at, c) in piece.char_indices() {
        let end = at + c.len_utf8();
        if fold(&piece[..end]).len() >= prefix.len() {
            return word.start + end;
        }
    }
    word.end
}

fn whole(
    out: &mut Explanation,
    contact: &Contact,
    field: &FieldName,
    value: &str,
    is_prefix: bool,
) {
    let matches = |candidate: &str, asked: &str| {
        candidate == asked || is_prefix && candidate.starts_with(asked)
    };
    match field {
        FieldName::Email => {
            let asked = email::key(value);
            for (at, address) in contact.emails.iter().enumerate() {
                let known = email::key(&address.address);
                let start = if matches(&known, &asked) {
                    Some(0)
                } else {
                    known.split_once('@').and_then(|(local, domain)| {
                        matches(domain, &asked)
                            .then_some(local.len() + 1)
                            .or((local == asked).then_some(0))
                    })
                };
                if let Some(start) = start {
                    let exact = if known == asked { "address" } else { "part" };
                    push(&mut out.why, format!("email {exact}"));
                    if known.len() == address.address.len() {
                        mark(
                            out,
                            &format!("emails/{at}"),
                            &address.address,
                            start,
                            start + asked.len(),
                        );
                    }
                }
            }
        }
        FieldName::Tag => {
            let asked = fold(value);
            for (at, tag) in contact.tags.iter().enumerate() {
                if matches(&fold(tag), &asked)
                    || words(tag).iter().any(|w| matches(&w.text, &asked))
                {
                    push(&mut out.why, "tag".to_owned());
                    mark(out, &format!("tags/{at}"), tag, 0, tag.len());
                }
            }
        }
        FieldName::Status => push(&mut out.why, "status".to_owned()),
        FieldName::Source => push(&mut out.why, "source".to_owned()),
        FieldName::Owner => push(&mut out.why, "owner".to_owned()),
        FieldName::Custom(key) => push(&mut out.why, format!("custom field {key}")),
        FieldName::Name
        | FieldName::Phone
        | FieldName::Company
        | FieldName::Title
        | FieldName::Notes => {}
    }
}

fn phone(out: &mut Explanation, contact: &Contact, digits: &str) {
    for (at, phone) in contact.phones.iter().enumerate() {
        let known = phone.digits();
        if let Some(start) = known.find(digits) {
            let place = if known.len() == digits.len() {
                "exact"
            } else if start + digits.len() == known.len() {
                "ending"
            } else if start == 0 {
                "beginning"
            } else {
                "infix"
            };
            push(&mut out.why, format!("phone {place}"));
            let shift = phone.number.len() - known.len();
            mark(
                out,
                &format!("phones/{at}"),
                &phone.number,
                start + shift,
                start + shift + digits.len(),
            );
            continue;
        }
        let typed: String = phone
            .raw
            .chars()
            .filter_map(crate::domain::phone::digit_value)
            .map(|d| char::from(b'0' + d))
            .collect();
        if typed.contains(digits) {
            push(&mut out.why, "phone as typed".to_owned());
        } else if phone.extension.as_deref().is_some_and(|e| e.contains(digits)) {
            push(&mut out.why, "phone extension".to_owned());
        }
    }
}

fn push(why: &mut Vec<String>, reason: String) {
    if !why.contains(&reason) {
        why.push(reason);
    }
}

fn mark(out: &mut Explanation, key: &str, text: &str, start: usize, end: usize) {
    // Lower case can be longer than upper case, so a place in the one may be none in the other.
    if !text.is_char_boundary(start) || !text.is_char_boundary(end) {
        return;
    }
    let units = |to: usize| text[..to].encode_utf16().count();
    let range = (units(start), units(end));
    let ranges = out.highlights.entry(key.to_owned()).or_default();
    if !ranges.contains(&range) {
        ranges.push(range);
        ranges.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::parse;

    fn contact() -> Contact {
        let json = serde_json::json!({
            "id": uuid::Uuid::nil(), "number": 1, "version": 1,
            "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
            "display_name": "José O'Brien", "fields": {"first_name": "José", "last_name": "O'Brien",
            "company": "Acme Inc", "tags": ["VIP"],
            "phones": [{"number": "+12025550123", "raw": "(202) 555-0123"}],
            "emails": [{"address": "Jose@Acme.com"}]},
        });
        serde_json::from_value(json).expect("contact")
    }

    fn check(query: &str, why: &[&str], marks: &[(&str, (usize, usize))]) {
        let got = explain(&parse(query, 16), &contact(), false);
        assert_eq!(got.why, why, "{query}");
        for (key, range) in marks {
            assert!(
                got.highlights.get(*key).is_some_and(|r| r.contains(range)),
                "{query}: {key} in {got:?}"
            );
        }
    }

    #[test]
    fn reasons_and_marks_name_what_matched() {
        check("obr", &["last_name prefix"], &[("display_name", (5, 9)), ("last_name", (0, 4))]);
        check(
            "jose",
            &["first_name word", "email word"],
            &[("display_name", (0, 4)), ("emails/0", (0, 4))],
        );
        check("5550", &["phone infix"], &[("phones/0", (5, 9))]);
        check("0123", &["phone ending"], &[("phones/0", (8, 12))]);
        check("+1 202 555 0123", &["phone exact"], &[("phones/0", (1, 12))]);
        check("jose@acme.com", &["email address"], &[("emails/0", (0, 13))]);
        check("tag:vip", &["tag"], &[("tags/0", (0, 3))]);
        check("acme", &["email word", "company word"], &[("company", (0, 4))]);
        check("-acme", &[], &[]);
    }
}
