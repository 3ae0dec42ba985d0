//! What a word of the query stands for on each step of the ladder.

use std::sync::Arc;

use super::automata::Pattern;
use super::meaning::Meanings;
use super::node::{Dict, Node, Scores, Source};
use super::rights::SearchRights;
use super::step::Step;
use super::weigh;
use crate::domain::names::{NameTables, most_edits};
use crate::domain::names::{collapsed, latins, sounds};
use crate::index::{EDGE, EMAIL_EDGE, Place, Schema, apart, value_term};
use crate::query::{Field, Shape};

/// From so many digits on they are meant as a number before anything else.
const LONG_NUMBER: usize = 7;

/// From so many digits on they are a customer number rather than an amount.
const LONG_AMOUNT: usize = 5;
/// Letters from which on names that are written together are also found by their beginning: more
/// than most given names have.
const LONG_BEGINNING: usize = 9;

/// Letters from which on a code says enough without a look at the letters of the words.
const SHORT_CODE: usize = 3;

/// Letters from which on a short code says enough beside exact hits.
const LONG_WORD: usize = 5;

/// Turns words into nodes.
pub(super) struct Words<'a> {
    pub(super) schema: &'a Schema,
    pub(super) rights: &'a SearchRights,
    pub(super) meanings: &'a Meanings,
    pub(super) step: Step,
    /// Whether this is the only step that finds anything, so that it may reach further.
    pub(super) is_last_resort: bool,
    /// Whether other conditions bound what a short sound may bring.
    pub(super) is_alone: bool,
}

impl Words<'_> {
    fn names(&self) -> &NameTables {
        &self.schema.names
    }

    /// A word that stands anywhere, or in one field of words.
    pub(super) fn node(&self, field: Option<&Field>, text: &str, shape: Shape) -> Node {
        if let Some(key) = self.key(field, text, shape) {
            let make = || {
                let mut sources = Vec::with_capacity(12);
                match field {
                    None => self.anywhere(text, shape, &mut sources),
                    Some(_) => self.name(text, shape, &mut sources),
                }
                sources
            };
            return Node::Terms(self.meanings.get(self.schema, &key, make));
        }
        let mut sources = Vec::with_capacity(6);
        match field {
            None => self.anywhere(text, shape, &mut sources),
            Some(Field::Name) => self.name(text, shape, &mut sources),
            Some(field @ (Field::FirstName | Field::LastName)) => {
                self.part_of_name(field, text, shape, &mut sources);
            }
            Some(Field::Company) => self.company(text, shape, &mut sources),
            Some(Field::Title) => self.in_place(Place::Title, text, shape, &mut sources),
            Some(Field::Notes) => self.in_place(Place::Notes, text, shape, &mut sources),
            Some(Field::Address) => self.in_place(Place::Address, text, shape, &mut sources),
            Some(Field::Tag) => self.in_place(Place::Tag, text, shape, &mut sources),
            Some(Field::Custom(key)) => self.custom(key, text, shape, &mut sources),
            Some(_) => return Node::Nothing,
        }
        Node::terms(sources)
    }

    /// All that decides what a word stands for beside the schema, for words that are remembered:
    /// those of names, as they are asked by who sees all custom fields.
    fn key(&self, field: Option<&Field>, text: &str, shape: Shape) -> Option<Vec<u8>> {
        if self.rights.custom.is_some() || !matches!(field, None | Some(Field::Name)) {
            return None;
        }
        let how = [
            u8::from(field.is_some()),
            u8::from(self.rights.sees(&Field::Email)),
            shape as u8,
            self.step as u8,
            u8::from(self.is_last_resort),
            u8::from(self.is_alone),
        ];
        Some([&how, text.as_bytes()].concat())
    }

    /// Whether the word is taken as the beginning of one.
    fn begins(&self, shape: Shape) -> bool {
        match shape {
            Shape::Prefix => true,
            Shape::Word => self.step >= Step::Typos,
            Shape::Exact => false,
        }
    }

    /// What a word of a name counts; in quotes only as it is written.
    fn in_names(&self, shape: Shape) -> Scores {
        let scores = self.schema.scores;
        let mut exact =
            vec![(Place::Name.letter(), scores.name), (Place::Folded.letter(), scores.name_folded)];
        if shape != Shape::Exact {
            exact.push((Place::Spelling.letter(), scores.name_spelling));
        }
        exact
    }

    fn anywhere(&self, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        let begins = self.begins(shape);
        let is_short = text.chars().count() <= EDGE;
        let mut exact = self.in_names(shape);
        exact.extend([
            (Place::Company.letter(), scores.company),
            (Place::Tag.letter(), scores.tag),
            (Place::Title.letter(), scores.text),
            (Place::Notes.letter(), scores.text),
            (Place::Address.letter(), scores.text),
            (Place::Text.letter(), scores.text),
        ]);
        let mut beginnings = vec![
            (Place::Name.letter(), scores.name_prefix),
            (Place::Folded.letter(), scores.name_prefix),
            (Place::Spelling.letter(), scores.name_prefix),
            (Place::Company.letter(), scores.company_prefix),
            (Place::Tag.letter(), scores.tag_prefix),
            (Place::Title.letter(), scores.text_prefix),
            (Place::Notes.letter(), scores.text_prefix),
            (Place::Address.letter(), scores.text_prefix),
            (Place::Text.letter(), scores.text_prefix),
        ];
        match &self.rights.custom {
            None => {
                exact.push((Place::Custom.letter(), scores.text));
                beginnings.push((Place::Custom.letter(), scores.text_prefix));
            }
            Some(keys) => {
                for key in keys {
                    self.custom(key, text, shape, out);
                }
            }
        }
        let is_initial = shape == Shape::Word && text.chars().count() == 1;
        if begins && is_short {
            // Short prefixes have a term of their own, except in the long texts, where they would
            // find half of everything.
            exact.push((Place::NameEdge.letter(), scores.name_prefix));
            exact.push((Place::OtherEdge.letter(), scores.tag_prefix));
            exact.push((Place::GivenInitial.letter(), scores.name_prefix + scores.given_initial));
        } else if is_initial {
            exact.push((Place::NameEdge.letter(), scores.name_initial));
            exact.push((Place::GivenInitial.letter(), scores.name_initial + scores.given_initial));
        }
        let (dict, text) = (Dict::Word, text.to_owned());
        out.push(if begins && !is_short {
            Source::WordBegins { dict, text: text.clone(), exact, begins: beginnings }
        } else {
            Source::Word { dict, text: text.clone(), exact }
        });
        if self.rights.sees(&Field::Email) {
            self.email(&text, shape, out);
        }
        if shape != Shape::Exact {
            self.together(&text, shape, out);
            self.looser(&text, out);
        }
    }

    /// A name that has the accents that were typed.
    pub(super) fn written(&self, text: &str) -> Node {
        let text = text.to_owned();
        let exact = vec![(Place::Written.letter(), self.schema.scores.name_accents)];
        Node::terms(vec![Source::Word { dict: Dict::Word, text, exact }])
    }

    /// Digits as a whole identifier or customer number, or as a word of a name: `Kiosk 00007`.
    pub(super) fn identifier(&self, digits: &str) -> Node {
        let scores = self.schema.scores;
        // Few digits that are somebody's identifier are rarely meant as a part of a number; three
        // or four in a custom field may be any amount.
        let before_infixes = f32::midpoint(scores.phone_ending, scores.phone_whole);
        let score = if digits.len() < LONG_NUMBER { before_infixes } else { scores.identifier };
        let is_amount = digits.len() < LONG_AMOUNT;
        let of_custom = if is_amount { scores.identifier } else { score };
        let mut exact = vec![(Place::Identifier.letter(), score)];
        if self.rights.sees(&Field::Phone) {
            exact.push((Place::ChannelIdentifier.letter(), score));
        }
        let mut sources = Vec::with_capacity(1);
        match &self.rights.custom {
            None => exact.push((Place::CustomIdentifier.letter(), of_custom)),
            Some(keys) => sources.extend(keys.iter().map(|key| {
                let text = format!("{key}\u{1}{digits}");
                Source::Term { dict: Dict::Cf, text, score: of_custom }
            })),
        }
        exact.extend([
            (Place::Name.letter(), scores.name),
            (Place::Company.letter(), scores.company),
            (Place::Tag.letter(), scores.tag),
        ]);
        let (dict, text) = (Dict::Word, digits.to_owned());
        sources.push(if self.begins(Shape::Word) {
            let begins = vec![
                (Place::Name.letter(), scores.name_prefix),
                (Place::Company.letter(), scores.company_prefix),
            ];
            Source::WordBegins { dict, text, exact, begins }
        } else {
            Source::Word { dict, text, exact }
        });
        Node::terms(sources)
    }

    pub(super) fn email(&self, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        let (dict, word) = (Dict::Email, apart(text));
        let mut exact = vec![(Place::AddressWord.letter(), scores.email)];
        let begins = self.begins(shape);
        if begins && text.chars().count() > EMAIL_EDGE {
            let begins = vec![(Place::AddressWord.letter(), scores.email_prefix)];
            out.push(Source::WordBegins { dict, text: word, exact, begins });
        } else {
            if begins {
                exact.push((Place::AddressEdge.letter(), scores.email_prefix));
            }
            out.push(Source::Word { dict, text: word, exact });
        }
    }

    fn name(&self, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        let (dict, word) = (Dict::Word, text.to_owned());
        let mut exact = self.in_names(shape);
        let letters = text.chars().count();
        if self.begins(shape) && letters > EDGE {
            let begins = vec![
                (Place::Name.letter(), scores.name_prefix),
                (Place::Folded.letter(), scores.name_prefix),
                (Place::Spelling.letter(), scores.name_prefix),
            ];
            out.push(Source::WordBegins { dict, text: word, exact, begins });
        } else {
            if self.begins(shape) {
                exact.push((Place::NameEdge.letter(), scores.name_prefix));
                let initial = scores.name_prefix + scores.given_initial;
                exact.push((Place::GivenInitial.letter(), initial));
            } else if shape == Shape::Word && letters == 1 {
                let initial = scores.name_initial + scores.given_initial;
                exact.push((Place::NameEdge.letter(), scores.name_initial));
                exact.push((Place::GivenInitial.letter(), initial));
            }
            out.push(Source::Word { dict, text: word, exact });
        }
        if shape != Shape::Exact {
            self.together(text, shape, out);
            self.looser(text, out);
        }
    }

    /// A word that is several in the name: `maryann` for Mary Ann.
    fn together(&self, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        let (dict, text, place) = (Dict::Word, apart(text), Place::Joined.letter());
        let exact = vec![(place, scores.name_spelling)];
        out.push(if self.begins(shape) && text.chars().count() > LONG_BEGINNING {
            Source::WordBegins { dict, text, exact, begins: vec![(place, scores.name_prefix)] }
        } else {
            Source::Word { dict, text, exact }
        });
    }

    /// First or last name alone: these have values of their own, and names that are like them are
    /// looked for in the whole name.
    fn part_of_name(&self, field: &Field, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let Some(code) = crate::index::value_code(field) else { return };
        let scores = self.schema.scores;
        let (dict, term) = (Dict::Value, value_term(code, text));
        if self.begins(shape) {
            out.push(Source::Begins { dict, text: term.clone(), score: scores.name_prefix });
        }
        out.push(Source::Term { dict, text: term, score: scores.name });
        if shape != Shape::Exact {
            self.looser(text, out);
        }
    }

    fn company(&self, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        self.placed(Place::Company, text, shape, [scores.company, scores.company_prefix], out);
        if shape != Shape::Exact && self.step >= Step::Typos {
            typos(text, &[(Place::Company, [scores.company, scores.company_edit, 0.0])], out);
        }
    }

    fn in_place(&self, place: Place, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        self.placed(place, text, shape, [scores.text, scores.text_prefix], out);
    }

    fn placed(
        &self,
        place: Place,
        text: &str,
        shape: Shape,
        [word, prefix]: [f32; 2],
        out: &mut Vec<Source>,
    ) {
        let (dict, text) = (Dict::Word, text.to_owned());
        let exact = vec![(place.letter(), word)];
        out.push(if self.begins(shape) {
            Source::WordBegins { dict, text, exact, begins: vec![(place.letter(), prefix)] }
        } else {
            Source::Word { dict, text, exact }
        });
    }

    fn custom(&self, key: &str, text: &str, shape: Shape, out: &mut Vec<Source>) {
        let scores = self.schema.scores;
        let (dict, term) = (Dict::Cf, format!("{key}\u{2}{text}"));
        if self.begins(shape) && text.chars().count() > EDGE {
            out.push(Source::Begins { dict, text: term.clone(), score: scores.text_prefix });
        }
        out.push(Source::Term { dict, text: term, score: scores.text });
    }

    /// The looser rungs for words of names.
    fn looser(&self, text: &str, out: &mut Vec<Source>) {
        if self.step < Step::Near {
            return;
        }
        let scores = self.schema.scores;
        for (class, is_formal) in self.names().all_classes(text) {
            let far = if is_formal { scores.name_nickname } else { scores.name_nickname_far };
            for (kind, score) in [('f', scores.name_nickname), ('n', far)] {
                let text = format!("{kind}{class:x}");
                out.push(Source::Term { dict: Dict::Like, text, score });
            }
        }
        let usual = self.schema.ladder.sound_letters;
        // John and Jane sound alike to a code; who typed John and found him does not mean her.
        let is_long = text.chars().count() >= LONG_WORD || self.is_last_resort;
        let is_bounded = !self.is_alone && is_long;
        let less = usize::from(is_bounded) + usize::from(self.step >= Step::Typos);
        let least = usual.saturating_sub(less);
        let mut short = 0;
        for code in sounds(text).iter().filter(|code| code.len() >= least) {
            if code.len() < SHORT_CODE {
                short = short.max(code.len());
                continue;
            }
            let score = weigh::sound(&scores, code.len());
            out.push(Source::Term { dict: Dict::Like, text: format!("s{code}"), score });
        }
        if short > 0 {
            // Anna and John share a code; the letters must be alike, too.
            let pattern = Arc::new(Pattern::sounding(text));
            let score = weigh::sound(&scores, short);
            let places = [Place::Name, Place::Folded, Place::Spelling];
            let scores = places.map(|place| (place.letter(), [score; 3]));
            out.push(Source::Pattern { dict: Dict::Word, pattern, scores: scores.to_vec() });
        }
        let mut word = |text: String, score: f32| {
            let places = [Place::Name, Place::Folded, Place::Spelling];
            let exact = places.map(|place| (place.letter(), score)).to_vec();
            out.push(Source::Word { dict: Dict::Word, text, exact });
        };
        if let Some(short) = collapsed(text) {
            word(short, scores.name_spelling);
        }
        if !text.is_ascii() {
            for text in latins(text) {
                word(text, scores.name_spelling);
            }
        }
        let mut letters = text.chars();
        if let (Some(first), Some(_)) = (letters.next(), letters.next())
            && self.is_last_resort
            && !self.is_alone
        {
            // The record has only an initial, and the rest of the name bounds whose.
            let places = [Place::Name, Place::Folded];
            let exact = places.map(|place| (place.letter(), scores.name_initial_far)).to_vec();
            out.push(Source::Word { dict: Dict::Word, text: first.to_string(), exact });
        }
        if self.step >= Step::Typos {
            let by_typos = weigh::typos(&scores, scores.name, text.chars().count());
            typos(
                text,
                &[
                    (Place::Name, by_typos),
                    (Place::Folded, by_typos),
                    (Place::Spelling, by_typos),
                    (Place::Company, [scores.company, scores.company_edit, 0.0]),
                ],
                out,
            );
        }
        if self.step >= Step::Inside && text.chars().count() >= 3 {
            let pattern = Arc::new(Pattern::Inside(text.as_bytes().to_vec()));
            let inside = weigh::inside(scores.name_inside);
            let places = [Place::Name, Place::Folded];
            let scores = places.map(|place| (place.letter(), inside)).to_vec();
            out.push(Source::Pattern { dict: Dict::Word, pattern, scores });
        }
    }
}

fn typos(text: &str, places: &[(Place, [f32; 3])], out: &mut Vec<Source>) {
    let Some(most) = most_edits(text) else { return };
    let pattern = Arc::new(Pattern::typos(text, most));
    let scores = places.iter().map(|(place, scores)| (place.letter(), *scores)).collect();
    out.push(Source::Pattern { dict: Dict::Word, pattern, scores });
}
