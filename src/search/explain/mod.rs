//! Why a contact is a hit, and which letters and digits matched: worked out from query and
//! record, so that the index need not store anything for it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::cell::OnceCell;
use std::collections::BTreeMap;

pub use self::compared::Compared;
use self::compared::{Asked, Meeting};
use self::fields::{Fields, Key, Part, Text};
use self::mark::{mark, prefix_end, push};
use self::values::{label, phone, whole};
use super::step::Step;
use super::weigh;
use crate::domain::contact::Contact;
use crate::domain::email;
use crate::domain::names::{Likeness, edits, likeness};
use crate::domain::text::{Word, fold};
use crate::index::Schema;
use crate::query::{Condition, Expr, Field, Shape};

mod compared;
mod contains;
mod fields;
mod mark;
mod score;
mod together;
mod values;

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

/// Explains a hit; `compared` is for all hits of the same search. Cost: one pass over the words of
/// the record per word of the query.
pub fn explain(
    schema: &Schema,
    expr: &Expr,
    contact: &Contact,
    step: Step,
    compared: &Compared,
) -> Explanation {
    let mut out = Explanation::default();
    let explainer = Explainer { schema, step, contact, compared, fields: OnceCell::new() };
    explainer.expr(&mut out, expr);
    out
}

struct Explainer<'a> {
    schema: &'a Schema,
    step: Step,
    contact: &'a Contact,
    compared: &'a Compared,
    /// Made for the first word; numbers and values need it not.
    fields: OnceCell<Fields<'a>>,
}

impl<'a> Explainer<'a> {
    fn fields(&self) -> &Fields<'a> {
        self.fields.get_or_init(|| Fields::of(self.contact))
    }

    fn expr(&self, out: &mut Explanation, expr: &Expr) {
        match expr {
            Expr::All(parts) | Expr::Any(parts) => {
                for part in parts {
                    self.expr(out, part);
                }
                if self.step >= Step::Near {
                    self.joined(out, parts);
                }
                if matches!(expr, Expr::All(_)) {
                    self.whole_company(out, parts);
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
            Condition::Address { address } => {
                whole(out, self.contact, &Field::Email, address, true);
                if out.why.len() == reasons {
                    self.email_typo(out, address);
                }
                address.clone()
            }
            Condition::Digits { digits, variants, pieces, extension, anywhere } => {
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
                if out.why.len() == reasons && *anywhere {
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
                self.contains(out, field, text);
                return;
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
            Condition::Value { field: Field::Email, .. }
            | Condition::Address { .. }
            | Condition::Dotted { .. } => scores.email,
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
        // What is near is looked for only where it may count: that costs several times as much.
        let mut met = self.met(field, text, shape, Likeness::Prefix);
        let loosest = self.loosest(text);
        if loosest > Likeness::Prefix && met.iter().all(|met| met.score < self.nearest()) {
            met = self.met(field, text, shape, loosest);
        }
        let Some(best) = met.iter().map(|met| met.score).reduce(f32::max) else {
            if matches!(field, None | Some(Field::Name)) && shape != Shape::Exact {
                self.otherwise(out, text, shape);
            }
            return;
        };
        // What is near is shown only where nothing better is.
        let is_near = met.iter().all(|met| met.like > Likeness::Prefix);
        for met in &met {
            let (part, key, original) = (met.shown.part, met.shown.key, met.shown.original);
            if !is_near && met.like > Likeness::Prefix {
                continue;
            }
            let is_covered = part == Part::DisplayName
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
            // A name in another script is no correction of what was typed.
            let is_instead =
                matches!(met.like, Likeness::Sound | Likeness::OneEdit | Likeness::TwoEdits)
                    && text.is_ascii() == met.word.text.is_ascii();
            if is_instead && !out.instead.iter().any(|(asked, _)| asked == text) {
                out.instead
                    .push((text.to_owned(), original[met.word.start..met.word.end].to_owned()));
            }
        }
    }

    /// The words of the record that meet a word of the query, in no looser way than one.
    fn met(
        &self,
        field: Option<&Field>,
        text: &str,
        shape: Shape,
        loosest: Likeness,
    ) -> Vec<Met<'_>> {
        let mut met = Vec::new();
        for shown in &self.fields().all {
            if field.is_some_and(|field| !shown.part.belongs_to(field)) {
                continue;
            }
            if let (Some(Field::Custom(asked)), Key::Named(_, key)) = (field, shown.key)
                && fold(key) != *asked
            {
                continue;
            }
            let is_whole =
                !shown.part.is_name() && (shown.part != Part::Company || self.step < Step::Typos);
            if is_whole && !shown.may_hold(text) {
                continue;
            }
            for word in shown.words() {
                if let Some((like, score)) = self.meeting(shown, text, word, shape, loosest) {
                    met.push(Met { shown, word, like, score });
                }
            }
        }
        met
    }

    /// The loosest way in which words of names match on this step.
    fn loosest(&self, text: &str) -> Likeness {
        match self.step {
            Step::Strict if text.chars().nth(1).is_none() => Likeness::Initial,
            Step::Strict => Likeness::Prefix,
            Step::Near => Likeness::Sound,
            Step::Typos => Likeness::TwoEdits,
            Step::Inside => Likeness::Inside,
        }
    }

    /// The most that a word counts that is only like the one that was asked for.
    fn nearest(&self) -> f32 {
        let scores = self.schema.scores;
        [
            scores.name_nickname,
            scores.name_nickname_far,
            scores.name_initial + scores.given_initial,
            scores.name_sound,
            scores.name_one_edit + scores.name_edit_length,
            weigh::inside(scores.name_inside)[0],
        ]
        .into_iter()
        .fold(0.0, f32::max)
    }

    /// How a word of the record meets one of the query, and what that counts.
    fn meeting(
        &self,
        shown: &Text<'_>,
        text: &str,
        word: &Word,
        shape: Shape,
        loosest: Likeness,
    ) -> Meeting {
        let compare = || {
            let like = self.like(shown, text, word, shape, loosest)?;
            Some((like, self.score(shown.part, like, text, &word.text)))
        };
        if !shown.part.is_name() {
            return compare();
        }
        let is_given_name = shown.part == Part::FirstName;
        let asked = Asked { text, shape, loosest, is_given_name };
        self.compared.get(asked, &shown.original[word.start..word.end], compare)
    }

    fn like(
        &self,
        shown: &Text<'_>,
        text: &str,
        word: &Word,
        shape: Shape,
        loosest: Likeness,
    ) -> Option<Likeness> {
        let part = shown.part;
        let is_prefix = shape == Shape::Prefix || shape == Shape::Word && self.step >= Step::Typos;
        if !part.is_name() {
            let is_exact = word.text == text;
            let is_begun = is_prefix && word.text.starts_with(text);
            return match (is_exact, is_begun) {
                (true, _) => Some(Likeness::Exact),
                (_, true) => Some(Likeness::Prefix),
                _ if part == Part::Company && self.step >= Step::Typos => {
                    edits(text, &word.text).filter(|like| *like == Likeness::OneEdit)
                }
                _ => None,
            };
        }
        let written = &shown.original[word.start..word.end];
        let names = &self.schema.names;
        let mut like = likeness(names, text, written, &word.text, is_prefix, loosest)?;
        // A typo in a long word says more than its sound.
        if like == Likeness::Sound
            && self.step >= Step::Typos
            && let Some(typos) = edits(text, &word.text)
            && self.score(part, typos, text, &word.text) > self.score(part, like, text, &word.text)
        {
            like = typos;
        }
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

    fn keypad(&self, out: &mut Explanation, digits: &str) {
        let pattern = super::automata::Pattern::Keypad(digits.as_bytes().to_vec());
        for shown in self.fields().names() {
            let (part, key, original) = (shown.part, shown.key, shown.original);
            for word in shown.words().iter().filter(|w| pattern.eval(w.text.as_bytes()).is_some()) {
                if part != Part::DisplayName || out.why.is_empty() {
                    push(&mut out.why, format!("{} keys", part.name()));
                }
                let begun: String = word.text.chars().take(digits.len()).collect();
                let end = prefix_end(original, word, &begun);
                mark(out, key, original, word.start, end);
            }
        }
    }

    fn email_typo(&self, out: &mut Explanation, value: &str) {
        let (asked, names) = (email::key(value), &self.schema.names);
        for (at, address) in self.contact.emails.iter().enumerate() {
            let known = email::key(&address.address);
            let like = likeness(names, &asked, &known, &known, false, Likeness::TwoEdits);
            if matches!(like, Some(Likeness::OneEdit | Likeness::TwoEdits | Likeness::Sound)) {
                push(&mut out.why, "email typo".to_owned());
                let text = &address.address;
                mark(out, Key::Item("emails", at), text, 0, text.len());
                out.instead.push((value.to_owned(), address.address.clone()));
            }
        }
    }
}

struct Met<'a> {
    shown: &'a Text<'a>,
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
            completes_last: true,
            now: crate::domain::time::Timestamp(0),
            timezone: jiff::tz::TimeZone::UTC,
            custom: &|_| None,
            custom_keys: None,
            most_words: 16,
        }
    }

    fn check(query: &str, why: &[&str], marks: &[(&str, (usize, usize))]) {
        let expr = crate::query::parse(query, &language()).expr;
        let got = explain(
            &Schema::load().unwrap(),
            &expr,
            &contact(),
            Step::Inside,
            &Compared::default(),
        );
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
