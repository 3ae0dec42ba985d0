//! Why a contact is a hit, and which letters and digits matched: worked out from query and
//! record, so that the index need not store anything for it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::collections::BTreeMap;

use super::step::Step;
use super::weigh;
use crate::domain::contact::Contact;
use crate::domain::email;
use crate::domain::names::{Likeness, likeness, sounds};
use crate::domain::text::{Word, fold, words};
use crate::index::Schema;
use crate::query::{Condition, Expr, Field, Shape};

/// Reasons and marks of one hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// Reasons such as `last_name prefix`, best first, each once.
    pub why: Vec<String>,
    /// Matched ranges by field, for example `display_name` or `phones/0`, as start and end in
    /// UTF-16 code units of the text in the answer.
    pub highlights: BTreeMap<String, Vec<(usize, usize)>>,
    /// What each part of the query counts, by the rung of the ladder on which it matched.
    pub parts: Vec<ScorePart>,
    /// Words of the query that matched only by likeness, with the words of the record.
    pub instead: Vec<(String, String)>,
}

/// What a part of the query adds to the score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScorePart {
    /// The part of the query.
    pub part: String,
    /// Where it matched and how.
    pub reason: String,
    /// What that counts.
    pub score: f32,
}

/// Explains a hit. Cost: one pass over the words of the record per word of the query.
pub fn explain(schema: &Schema, expr: &Expr, contact: &Contact, step: Step) -> Explanation {
    let mut out = Explanation::default();
    let explainer = Explainer { schema, step, contact, fields: Fields::of(contact) };
    explainer.expr(&mut out, expr);
    out
}

struct Explainer<'a> {
    schema: &'a Schema,
    step: Step,
    contact: &'a Contact,
    fields: Fields<'a>,
}

impl Explainer<'_> {
    fn expr(&self, out: &mut Explanation, expr: &Expr) {
        match expr {
            Expr::All(parts) | Expr::Any(parts) => {
                for part in parts {
                    self.expr(out, part);
                }
                if self.step >= Step::Near {
                    self.joined(out, parts);
                }
            }
            Expr::Not(_) => {}
            Expr::Is(condition) => self.condition(out, condition),
        }
    }

    fn condition(&self, out: &mut Explanation, condition: &Condition) {
        let reasons = out.why.len();
        let part = match condition {
            Condition::Word { field, text, shape } => {
                self.word(out, field.as_ref(), text, *shape);
                return;
            }
            Condition::Dotted { whole: text, words, is_prefix } => {
                whole(out, self.contact, &Field::Email, text, *is_prefix);
                if out.why.len() == reasons {
                    for (at, word) in words.iter().enumerate() {
                        let is_last = at + 1 == words.len();
                        let shape = if *is_prefix && is_last { Shape::Prefix } else { Shape::Word };
                        self.word(out, None, word, shape);
                    }
                    return;
                }
                text.clone()
            }
            Condition::Digits { digits, variants, pieces, extension } => {
                for digits in std::iter::once(digits).chain(variants) {
                    phone(out, self.contact, digits);
                }
                if out.why.len() == reasons {
                    for piece in pieces {
                        phone(out, self.contact, piece);
                    }
                }
                if let Some(extension) = extension {
                    phone(out, self.contact, extension);
                }
                if out.why.len() == reasons {
                    self.word(out, None, digits, Shape::Exact);
                    return;
                }
                digits.clone()
            }
            Condition::Keypad { digits } => {
                self.keypad(out, digits);
                digits.clone()
            }
            Condition::Value { field, value, is_prefix } => {
                whole(out, self.contact, field, value, *is_prefix);
                if out.why.len() == reasons && *field == Field::Email {
                    self.email_typo(out, value);
                }
                value.clone()
            }
            Condition::Contains { field, text } => {
                push(&mut out.why, format!("{} contains", label(field)));
                text.clone()
            }
            Condition::Range { field, .. } => {
                push(&mut out.why, label(field));
                label(field)
            }
            Condition::Has { field } => {
                push(&mut out.why, format!("has {}", label(field)));
                label(field)
            }
        };
        let scores = self.schema.scores;
        let score = match condition {
            Condition::Digits { .. } => match out.why.get(reasons).map(String::as_str) {
                Some("phone exact") => scores.phone_whole,
                Some("phone ending") => scores.phone_ending,
                _ => scores.phone,
            },
            Condition::Keypad { .. } => scores.name_prefix,
            Condition::Value { field: Field::Email, .. } | Condition::Dotted { .. } => scores.email,
            Condition::Value { field: Field::Tag, .. } => scores.tag,
            Condition::Value { field: Field::Custom(_), .. } => scores.text,
            _ => 0.0,
        };
        if let Some(reason) = out.why.get(reasons) {
            out.parts.push(ScorePart { part, reason: reason.clone(), score });
        }
    }

    /// The best way in which a word met each word of each field.
    fn word(&self, out: &mut Explanation, field: Option<&Field>, text: &str, shape: Shape) {
        let mut met: Vec<Met<'_>> = Vec::new();
        for (at, (part, _, original, words)) in self.fields.all.iter().enumerate() {
            if field.is_some_and(|field| !part.belongs_to(field)) {
                continue;
            }
            for word in words {
                if let Some(like) = self.like(*part, text, original, word, shape) {
                    let score = self.score(*part, like, text, &word.text);
                    met.push(Met { at, word, like, score });
                }
            }
        }
        let Some(best) = met.iter().map(|met| met.score).reduce(f32::max) else { return };
        // What is near is shown only where nothing better is.
        let is_near = met.iter().all(|met| met.like > Likeness::Prefix);
        for met in &met {
            let (part, key, original, _) = &self.fields.all[met.at];
            if !is_near && met.like > Likeness::Prefix {
                continue;
            }
            let is_covered = *part == Part::DisplayName
                && out
                    .why
                    .iter()
                    .any(|w| w.starts_with("first_name") || w.starts_with("last_name"));
            let reason = format!("{} {}", part.name(), rung(met.like));
            if !is_covered {
                push(&mut out.why, reason.clone());
            }
            if met.score >= best && !out.parts.iter().any(|known| known.part == text) {
                out.parts.push(ScorePart { part: text.to_owned(), reason, score: met.score });
            }
            let (start, end) = marked(original, met, text);
            mark(out, key, original, start, end);
            let is_instead =
                matches!(met.like, Likeness::Sound | Likeness::OneEdit | Likeness::TwoEdits);
            if is_instead && !out.instead.iter().any(|(asked, _)| asked == text) {
                out.instead
                    .push((text.to_owned(), original[met.word.start..met.word.end].to_owned()));
            }
        }
    }

    fn like(
        &self,
        part: Part,
        text: &str,
        original: &str,
        word: &Word,
        shape: Shape,
    ) -> Option<Likeness> {
        let is_prefix = shape == Shape::Prefix || shape == Shape::Word && self.step >= Step::Typos;
        if !part.is_name() {
            let is_exact = word.text == text;
            let is_begun = is_prefix && word.text.starts_with(text);
            return match (is_exact, is_begun) {
                (true, _) => Some(Likeness::Exact),
                (_, true) => Some(Likeness::Prefix),
                _ if part == Part::Company && self.step >= Step::Typos => {
                    let written = &original[word.start..word.end];
                    likeness(&self.schema.names, text, written, &word.text, false)
                        .filter(|like| *like == Likeness::OneEdit)
                }
                _ => None,
            };
        }
        let written = &original[word.start..word.end];
        let like = likeness(&self.schema.names, text, written, &word.text, is_prefix)?;
        let step = match like {
            Likeness::Exact | Likeness::Spelling | Likeness::Prefix => Step::Strict,
            Likeness::Initial if text.chars().count() == 1 => Step::Strict,
            Likeness::Nickname | Likeness::Initial | Likeness::Sound => Step::Near,
            Likeness::OneEdit | Likeness::TwoEdits => Step::Typos,
            Likeness::Inside => Step::Inside,
        };
        let is_loose = shape != Shape::Exact || like == Likeness::Exact;
        (self.step >= step && is_loose).then_some(like)
    }

    fn score(&self, part: Part, like: Likeness, asked: &str, word: &str) -> f32 {
        let scores = self.schema.scores;
        let by_typos = weigh::typos(&scores, scores.name, asked.chars().count());
        let is_word = like == Likeness::Exact;
        match part {
            Part::FirstName | Part::LastName | Part::DisplayName => match like {
                Likeness::Exact => scores.name,
                Likeness::Spelling => scores.name_spelling,
                Likeness::Prefix => scores.name_prefix,
                Likeness::Nickname => match self.schema.names.nicknames(asked, word) {
                    Some(true) => scores.name_nickname,
                    _ => scores.name_nickname_far,
                },
                Likeness::Initial => scores.name_initial,
                Likeness::Sound => weigh::sound(&scores, sounds(asked).common(&sounds(word))),
                Likeness::OneEdit => by_typos[1],
                Likeness::TwoEdits => by_typos[2],
                Likeness::Inside => {
                    let surplus = weigh::surplus(asked.len(), word.len());
                    weigh::inside(scores.name_inside)[usize::from(surplus)]
                }
            },
            Part::Email => {
                if is_word {
                    scores.email
                } else {
                    scores.email_prefix
                }
            }
            Part::Company => match like {
                Likeness::Exact => scores.company,
                Likeness::Prefix => scores.company_prefix,
                _ => scores.company_edit,
            },
            Part::Tag => {
                if is_word {
                    scores.tag
                } else {
                    scores.tag_prefix
                }
            }
            Part::Title | Part::Notes | Part::Other(_) => {
                if is_word {
                    scores.text
                } else {
                    scores.text_prefix
                }
            }
        }
    }

    /// Words that are written together in the one and apart in the other.
    fn joined(&self, out: &mut Explanation, parts: &[Expr]) {
        let plain = |part: &Expr| match part {
            Expr::Is(Condition::Word { text, shape, .. }) if *shape != Shape::Exact => {
                Some(text.clone())
            }
            _ => None,
        };
        let asked: Vec<Option<String>> = parts.iter().map(plain).collect();
        for (part, key, original, words) in
            self.fields.all.iter().filter(|(part, ..)| part.is_name())
        {
            for pair in asked.windows(2) {
                let [Some(one), Some(other)] = pair else { continue };
                let both = format!("{one}{other}");
                for word in words.iter().filter(|word| word.text == both) {
                    push(&mut out.why, format!("{} written together", part.name()));
                    mark(out, key, original, word.start, word.end);
                }
            }
        }
    }

    fn keypad(&self, out: &mut Explanation, digits: &str) {
        let pattern = super::automata::Pattern::Keypad(digits.as_bytes().to_vec());
        for (part, key, original, words) in
            self.fields.all.iter().filter(|(part, ..)| part.is_name())
        {
            for word in words.iter().filter(|w| pattern.eval(w.text.as_bytes()).is_some()) {
                if *part != Part::DisplayName || out.why.is_empty() {
                    push(&mut out.why, format!("{} keys", part.name()));
                }
                let begun: String = word.text.chars().take(digits.len()).collect();
                let end = prefix_end(original, word, &begun);
                mark(out, key, original, word.start, end);
            }
        }
    }

    fn email_typo(&self, out: &mut Explanation, value: &str) {
        let asked = email::key(value);
        for (at, address) in self.contact.emails.iter().enumerate() {
            let known = email::key(&address.address);
            let like = likeness(&self.schema.names, &asked, &known, &known, false);
            if matches!(like, Some(Likeness::OneEdit | Likeness::TwoEdits | Likeness::Sound)) {
                push(&mut out.why, "email typo".to_owned());
                let text = &address.address;
                mark(out, &format!("emails/{at}"), text, 0, text.len());
                out.instead.push((value.to_owned(), address.address.clone()));
            }
        }
    }
}

struct Met<'a> {
    at: usize,
    word: &'a Word,
    like: Likeness,
    score: f32,
}

/// What the rungs of the ladder are called in reasons.
fn rung(like: Likeness) -> &'static str {
    match like {
        Likeness::Exact => "word",
        Likeness::Spelling => "spelling",
        Likeness::Prefix => "prefix",
        Likeness::Nickname => "nickname",
        Likeness::Initial => "initial",
        Likeness::Sound => "sounds like",
        Likeness::OneEdit => "one typo",
        Likeness::TwoEdits => "two typos",
        Likeness::Inside => "inside",
    }
}

/// The letters of a word that matched.
fn marked(original: &str, met: &Met<'_>, text: &str) -> (usize, usize) {
    let word = met.word;
    match met.like {
        Likeness::Prefix | Likeness::Initial if word.text.starts_with(text) => {
            (word.start, prefix_end(original, word, text))
        }
        Likeness::Inside => match word.text.find(text) {
            Some(at) => {
                let start =
                    if at == 0 { word.start } else { prefix_end(original, word, &word.text[..at]) };
                (start, prefix_end(original, word, &word.text[..at + text.len()]))
            }
            None => (word.start, word.end),
        },
        _ => (word.start, word.end),
    }
}

fn label(field: &Field) -> String {
    match field {
        Field::Custom(key) => format!("custom field {key}"),
        _ => crate::query::name_of(field),
    }
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

    fn is_name(self) -> bool {
        matches!(self, Self::FirstName | Self::LastName | Self::DisplayName)
    }

    fn belongs_to(self, field: &Field) -> bool {
        match field {
            Field::Name => self.is_name(),
            Field::FirstName => self == Self::FirstName,
            Field::LastName => self == Self::LastName,
            Field::Company => self == Self::Company,
            Field::Title => self == Self::Title,
            Field::Notes => self == Self::Notes,
            Field::Email => self == Self::Email,
            Field::Tag => self == Self::Tag,
            Field::Address => self == Self::Other("address"),
            Field::Custom(_) => self == Self::Other("custom field"),
            _ => false,
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

fn whole(out: &mut Explanation, contact: &Contact, field: &Field, value: &str, is_prefix: bool) {
    let matches = |candidate: &str, asked: &str| {
        candidate == asked || is_prefix && candidate.starts_with(asked)
    };
    match field {
        Field::Email => {
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
        Field::Tag => {
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
        _ => push(&mut out.why, label(field)),
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

    fn language() -> crate::query::Language<'static> {
        crate::query::Language {
            now: crate::domain::time::Timestamp(0),
            timezone: jiff::tz::TimeZone::UTC,
            custom: &|_| None,
            custom_keys: None,
            most_words: 16,
        }
    }

    fn check(query: &str, why: &[&str], marks: &[(&str, (usize, usize))]) {
        let expr = crate::query::parse(query, &language()).expr;
        let got = explain(&Schema::load().unwrap(), &expr, &contact(), Step::Inside);
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
