//! Conditions to nodes: which field, which rung of the ladder, which score.
//!
//! All terms carry the organisation, so a query cannot reach another one's documents whatever it
//! says. Scores are constants of the schema; the best rung of a word counts.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::sync::Arc;

use super::automata::Pattern;
use super::bounds::range;
use super::meaning::Meanings;
use super::node::{Dict, DigitScores, Node, Source};
use super::rights::SearchRights;
use super::run::Request;
use super::step::Step;
use super::weigh;
use super::words::Words;
use crate::domain::email;
use crate::domain::names::{Noise, most_edits};
use crate::domain::place::country;
use crate::domain::status::Status;
use crate::domain::text::{Word, composed, fold, words as words_of};
use crate::index::{COMPANY_WORDS, Place, Schema, normal_value, value_code, value_term};
use crate::query::{Condition, Expr, Field, Kind, Shape};

/// Most words of which neighbours are tried as one.
const MOST_JOINED: usize = 6;

/// Conditions of a query in which addresses may still have typos.
const MOST_ADDRESSES: usize = 16;

struct Planner<'a> {
    schema: &'a Schema,
    request: &'a Request<'a>,
    words: Words<'a>,
    /// Words that were typed with accents: folded, and as typed.
    accented: Vec<(String, String)>,
}

/// Builds the query.
pub(super) fn plan(
    schema: &Schema,
    request: &Request<'_>,
    rights: &SearchRights,
    meanings: &Meanings,
    step: Step,
    is_last_resort: bool,
) -> Node {
    // Titles bound nothing.
    let says = |condition: &&Condition| match condition {
        Condition::Word { text, .. } => schema.names.noise(text).is_none(),
        _ => true,
    };
    let is_alone = request.expr.conditions().filter(says).count() < 2;
    let words = Words { schema, rights, meanings, step, is_last_resort, is_alone };
    let planner = Planner { schema, request, words, accented: accented(request.typed) };
    let mut parts = Vec::with_capacity(2);
    if let Some(status) = request.status {
        parts.push(planner.value(&Field::Status, status.as_str(), false));
    }
    parts.push(planner.expr(request.expr, false));
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            Node::All(parts)
        }
    }
}

impl Planner<'_> {
    fn expr(&self, expr: &Expr, is_negative: bool) -> Node {
        match expr {
            Expr::All(parts) if parts.is_empty() => Node::Everything,
            Expr::All(parts) => self.all(parts, is_negative),
            Expr::Any(parts) => {
                Node::Any(parts.iter().map(|part| self.expr(part, is_negative)).collect())
            }
            Expr::Not(part) => Node::Not(Box::new(self.expr(part, !is_negative))),
            Expr::Is(condition) => self.condition(condition, is_negative),
        }
    }

    fn all(&self, parts: &[Expr], is_negative: bool) -> Node {
        let required = parts.iter().filter(|part| self.noise(part).is_none()).count();
        let nodes = parts.iter().map(|part| match self.noise(part) {
            Some(noise) if required > 0 && !is_negative => self.noisy(part, noise),
            _ => self.expr(part, is_negative),
        });
        let mut nodes: Vec<Node> = nodes.collect();
        let plain: Vec<Option<&str>> = parts.iter().map(plain_word).collect();
        if !is_negative {
            nodes.extend(self.whole_company(parts));
        }
        if is_negative
            || self.words.step < Step::Near
            || plain.iter().flatten().count() > MOST_JOINED
        {
            return Node::All(nodes);
        }
        // Words that were heard as two and are written as one.
        let mut ways = Vec::new();
        for at in 1..plain.len() {
            if let (Some(one), Some(other)) = (plain[at - 1], plain[at]) {
                let mut way: Vec<Node> = Vec::with_capacity(nodes.len());
                way.extend_from_slice(&nodes[..at - 1]);
                way.push(self.joined(one, other));
                way.extend_from_slice(&nodes[at + 1..]);
                ways.push(Node::All(way));
            }
        }
        if ways.is_empty() {
            return Node::All(nodes);
        }
        ways.push(Node::All(nodes));
        Node::Any(ways)
    }

    /// Counts more where the words of the query are the whole name of a company.
    fn whole_company(&self, parts: &[Expr]) -> Option<Node> {
        let words: Vec<&str> = parts.iter().map(plain_word).collect::<Option<_>>()?;
        let says = |word: &&str| self.schema.names.noise(word) != Some(Noise::LegalForm);
        let words: Vec<&str> = words.into_iter().filter(says).collect();
        if !(2..=MOST_JOINED).contains(&words.len()) {
            return None;
        }
        let score = words.iter().map(|_| self.schema.scores.company_whole).sum();
        let term = value_term(COMPANY_WORDS, &words.join(" "));
        Some(Node::Maybe(Box::new(one_term(Dict::Value, &term, false, score))))
    }

    /// Why a part says little by itself, so that contacts without it match as well.
    fn noise(&self, part: &Expr) -> Option<Noise> {
        let noise = self.schema.names.noise(plain_word(part)?)?;
        match noise {
            Noise::Title | Noise::LegalForm => Some(noise),
            Noise::Particle => (self.words.step >= Step::Near).then_some(noise),
        }
    }

    fn noisy(&self, part: &Expr, noise: Noise) -> Node {
        let node = match (part, noise) {
            // It must not lift one company above another, yet there are people called Sa and Co.
            (Expr::Is(Condition::Word { text, shape, field: None }), Noise::LegalForm) => {
                self.words.node(Some(&Field::Name), text, *shape)
            }
            _ => self.expr(part, false),
        };
        Node::Maybe(Box::new(node))
    }

    fn joined(&self, one: &str, other: &str) -> Node {
        let score = self.schema.scores.name_spelling * 2.0;
        let text = format!("{one}{other}");
        let exact = vec![
            (Place::Name.letter(), score),
            (Place::Folded.letter(), score),
            (Place::Spelling.letter(), score),
            (Place::Company.letter(), self.schema.scores.company * 2.0),
        ];
        Node::terms(vec![Source::Word { dict: Dict::Word, text, exact }])
    }

    fn condition(&self, condition: &Condition, is_negative: bool) -> Node {
        match condition {
            Condition::Word { field, text, shape } => {
                if field.as_ref().is_some_and(|field| !self.words.rights.sees(field)) {
                    return Node::Nothing;
                }
                // What is left out is what was said, and not what is like it.
                let shape = match shape {
                    Shape::Word if is_negative => Shape::Exact,
                    shape => *shape,
                };
                let node = self.words.node(field.as_ref(), text, shape);
                match self.accented.iter().find(|(folded, _)| folded == text) {
                    Some((_, written))
                        if !is_negative && matches!(field, None | Some(Field::Name)) =>
                    {
                        let more = self.words.written(written);
                        Node::All(vec![node, Node::Maybe(Box::new(more))])
                    }
                    _ => node,
                }
            }
            Condition::Dotted { whole, words, is_prefix } => {
                let all_words = words.iter().enumerate().map(|(at, word)| {
                    let is_last = at + 1 == words.len();
                    let shape = if *is_prefix && is_last { Shape::Prefix } else { Shape::Word };
                    self.words.node(None, word, if is_negative { Shape::Exact } else { shape })
                });
                let all_words = Node::All(all_words.collect());
                Node::Any(vec![self.value(&Field::Email, whole, *is_prefix), all_words])
            }
            Condition::Digits { digits, variants, pieces, extension, anywhere } => {
                let number = self.number(digits, variants, pieces, *anywhere);
                match extension {
                    Some(extension) if !is_negative => Node::All(vec![
                        number,
                        Node::Maybe(Box::new(self.number(extension, &[], &[], *anywhere))),
                    ]),
                    _ => number,
                }
            }
            Condition::Keypad { digits } => {
                let pattern = Arc::new(Pattern::Keypad(digits.as_bytes().to_vec()));
                let scores = self.schema.scores;
                let begins = scores.name_prefix;
                let counts = [scores.name, begins, begins];
                let places = [Place::Name, Place::Folded];
                let scores = places.map(|place| (place.letter(), counts)).to_vec();
                Node::terms(vec![Source::Pattern { dict: Dict::Word, pattern, scores }])
            }
            Condition::Address { address } => {
                let whole = self.value(&Field::Email, address, true);
                if self.words.step < Step::Inside || is_negative {
                    return whole;
                }
                // As it is typed into the box; half of it may be right.
                let word = |word: &Word| self.words.node(None, &word.text, Shape::Prefix);
                Node::Any(vec![whole, Node::All(words_of(address).iter().map(word).collect())])
            }
            Condition::Value { field, value, is_prefix } => self.value(field, value, *is_prefix),
            Condition::Contains { field, text } => self.contains(field, text),
            Condition::Range { field, from, to, is_day } => {
                if self.words.rights.sees(field) {
                    range(self.request.space, field, *from, *to, *is_day)
                } else {
                    Node::Nothing
                }
            }
            Condition::Has { field } => self.has(field),
        }
    }

    /// Digits in numbers, or in several numbers where none holds all of them, and if they may be
    /// `anywhere` as a whole identifier.
    fn number(&self, digits: &str, variants: &[String], pieces: &[String], anywhere: bool) -> Node {
        let mut ways = Vec::new();
        if anywhere {
            // A decimal is the amount of its shorter form, and not the one of all of its digits.
            let shorter = variants.iter().find(|shorter| {
                digits.strip_prefix(shorter.as_str()) == Some("0")
                    || digits.strip_prefix(shorter.as_str()) == Some("00")
            });
            ways.push(self.words.identifier(shorter.map_or(digits, String::as_str)));
        }
        if self.words.rights.sees(&Field::Phone) {
            let scores = self.schema.scores;
            let scores = DigitScores {
                inside: scores.phone,
                ending: scores.phone_ending,
                whole: scores.phone_whole,
            };
            let all = std::iter::once(digits.to_owned()).chain(variants.iter().cloned());
            ways.push(Node::Digits(all.collect(), scores));
            if self.words.is_last_resort && !pieces.is_empty() {
                let each = |piece: &String| Node::Digits(vec![piece.clone()], scores);
                ways.push(Node::All(pieces.iter().map(each).collect()));
            }
        }
        Node::Any(ways)
    }

    fn value(&self, field: &Field, value: &str, is_prefix: bool) -> Node {
        if !self.words.rights.sees(field) {
            return Node::Nothing;
        }
        let scores = self.schema.scores;
        match field {
            Field::Email => self.email(value, is_prefix),
            Field::Phone => {
                let digits: String = value
                    .chars()
                    .filter_map(crate::domain::phone::digit_value)
                    .map(|digit| char::from(b'0' + digit))
                    .collect();
                if digits.is_empty() {
                    Node::Nothing
                } else {
                    self.number(&digits, &[], &[], false)
                }
            }
            Field::Status => match Status::parse(value) {
                Some(status) => whole_value(field, status.as_str(), false, 0.0),
                None => Node::Nothing,
            },
            Field::Tag => whole_value(field, value, is_prefix, scores.tag),
            Field::Owner | Field::Queue | Field::OwningDepartment => {
                let given = fold(value);
                let known = self.request.aliases.get(&(field.clone(), given.clone()));
                let names = known.into_iter().flatten().chain([&given]);
                Node::Any(names.map(|name| whole_value(field, name, is_prefix, 0.0)).collect())
            }
            Field::Custom(key) => {
                let text = format!("{key}\u{1}{}", fold(value));
                one_term(Dict::Cf, &text, is_prefix, scores.text)
            }
            Field::Country if is_prefix => {
                let begun = country::codes_beginning(value);
                let known = begun.iter().map(|code| whole_value(field, code, false, scores.text));
                let written = whole_value(field, value, true, scores.text);
                Node::Any(known.chain([written]).collect())
            }
            Field::Country | Field::City | Field::Company | Field::Title => {
                whole_value(field, &normal_value(field, value), is_prefix, scores.text)
            }
            Field::Language | Field::Timezone if !is_prefix => {
                whole_value(field, &normal_value(field, value), false, 0.0)
            }
            _ if field.kind() == Kind::Words => {
                let shape = if is_prefix { Shape::Prefix } else { Shape::Exact };
                let words = words_of(value);
                Node::All(
                    words.iter().map(|w| self.words.node(Some(field), &w.text, shape)).collect(),
                )
            }
            _ => whole_value(field, value, is_prefix, 0.0),
        }
    }

    fn email(&self, value: &str, is_prefix: bool) -> Node {
        let scores = self.schema.scores;
        let text = email::key(value);
        let dict = Dict::Email;
        let (address, part) = (Place::Address.letter(), Place::AddressPart.letter());
        let exact = vec![(address, scores.email), (part, scores.email)];
        let mut sources = vec![if is_prefix {
            let begins = vec![(address, scores.email_prefix), (part, scores.email_prefix)];
            Source::WordBegins { dict, text: text.clone(), exact, begins }
        } else {
            Source::Word { dict, text: text.clone(), exact }
        }];
        if let [word] = words_of(&text).as_slice() {
            let shape = if is_prefix { Shape::Prefix } else { Shape::Exact };
            self.words.email(&word.text, shape, &mut sources);
        }
        // Who asks for a list of addresses has them right.
        if self.words.step >= Step::Typos
            && self.request.expr.conditions().nth(MOST_ADDRESSES).is_none()
            && let Some(most) = most_edits(&text)
        {
            let pattern = Arc::new(Pattern::typos(&text, most));
            let by_typos = [scores.email, scores.email_edit, scores.email_edit / 2.0];
            let places = [Place::Address, Place::AddressPart];
            let scores = places.iter().map(|place| (place.letter(), by_typos)).collect();
            sources.push(Source::Pattern { dict, pattern, scores });
        }
        Node::terms(sources)
    }

    fn contains(&self, field: &Field, text: &str) -> Node {
        if !self.words.rights.sees(field) {
            return Node::Nothing;
        }
        let scores = self.schema.scores;
        let text = fold(text);
        if text.is_empty() {
            return self.has(field);
        }
        let place = match field {
            Field::Name => Some((&[Place::Name, Place::Folded][..], scores.name_inside)),
            Field::Title => Some((&[Place::Title][..], scores.text_prefix)),
            Field::Notes => Some((&[Place::Notes][..], scores.text_prefix)),
            Field::Address => Some((&[Place::Address][..], scores.text_prefix)),
            _ => None,
        };
        if let Some((places, score)) = place {
            // Words are what is kept, so a text with spaces is the words it is made of.
            let words = words_of(&text);
            let nodes = words.iter().map(|word| {
                let pattern = Arc::new(Pattern::Inside(word.text.as_bytes().to_vec()));
                let inside = weigh::inside(score);
                let scores = places.iter().map(|place| (place.letter(), inside)).collect();
                Node::terms(vec![Source::Pattern { dict: Dict::Word, pattern, scores }])
            });
            return Node::All(nodes.collect());
        }
        let beside_names = scores.name_inside * 0.75;
        let (dict, under, score) = match field {
            Field::Custom(key) => return contains_custom(key, text, beside_names),
            Field::Email => (Dict::Email, String::new(), beside_names),
            Field::Phone => return self.value(field, &text, false),
            _ => match value_code(field) {
                Some(code) => (Dict::Value, value_term(code, ""), beside_names),
                None => return Node::Nothing,
            },
        };
        Node::terms(vec![Source::Holds { dict, under, text, score }])
    }

    fn has(&self, field: &Field) -> Node {
        if !self.words.rights.sees(field) {
            return Node::Nothing;
        }
        let (dict, text) = match field {
            Field::Custom(key) => (Dict::Cf, key.clone()),
            // These are always there.
            Field::Status | Field::Visibility | Field::CreatedAt | Field::UpdatedAt => {
                return Node::Everything;
            }
            _ => match value_code(field) {
                Some(code) => (Dict::Value, value_term("has", code)),
                None => return Node::Nothing,
            },
        };
        one_term(dict, &text, false, 0.0)
    }
}

/// A whole value of a field.
fn whole_value(field: &Field, value: &str, is_prefix: bool, score: f32) -> Node {
    let Some(code) = value_code(field) else { return Node::Nothing };
    one_term(Dict::Value, &value_term(code, &fold(value)), is_prefix, score)
}

fn one_term(dict: Dict, text: &str, is_prefix: bool, score: f32) -> Node {
    let text = text.to_owned();
    let mut sources = vec![Source::Term { dict, text: text.clone(), score }];
    if is_prefix {
        sources.push(Source::Begins { dict, text, score: score * 0.7 });
    }
    Node::terms(sources)
}

/// A text in values of a custom field; of values that are too long for that, its words.
fn contains_custom(key: &str, text: String, score: f32) -> Node {
    let holds = |mark: char, text: String| {
        let under = format!("{key}{mark}");
        Node::terms(vec![Source::Holds { dict: Dict::Cf, under, text, score }])
    };
    let words = words_of(&text).into_iter().map(|word| holds('\u{4}', word.text)).collect();
    Node::Any(vec![holds('\u{1}', text), Node::All(words)])
}

/// The words of a text that have accents, folded and as they are written.
fn accented(typed: &str) -> Vec<(String, String)> {
    if typed.is_ascii() {
        return Vec::new();
    }
    let written = words_of(typed).into_iter().filter_map(|word| {
        let piece = &typed[word.start..word.end];
        (word.text.is_ascii() && !piece.is_ascii()).then(|| (word.text, composed(piece)))
    });
    written.take(MOST_JOINED).collect()
}

/// A plain word of the query, in any field or in the name.
fn plain_word(part: &Expr) -> Option<&str> {
    match part {
        Expr::Is(Condition::Word { field: None | Some(Field::Name), text, shape })
            if *shape != Shape::Exact =>
        {
            Some(text)
        }
        _ => None,
    }
}
