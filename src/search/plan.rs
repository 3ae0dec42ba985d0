//! Clauses to a tantivy query: which field, which rung of the ladder, which score.
//!
//! All terms carry the organisation, so a query cannot reach another one's documents whatever it
//! says. Scores are constants of the schema; the best rung of a word counts.

use std::collections::{BTreeMap, BTreeSet};

use tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, Occur, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use super::infix::{digits_anywhere, prefix_query};
use super::parse::{Clause, FieldName};
use super::run::Request;
use crate::domain::access::{FieldRight, FieldRights};
use crate::domain::email;
use crate::domain::ids::OrgNumber;
use crate::domain::status::Status;
use crate::domain::text::fold;
use crate::index::{EMAIL_EDGE, Schema, org_prefix};

/// How freely words match; the next step is taken only where one finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Words exactly, the last one as a prefix.
    Strict,
    /// All words as prefixes.
    Prefixes,
}

/// Which fields a search may look into.
pub(super) struct SearchRights {
    phones: bool,
    emails: bool,
    /// The custom fields that are seen, by folded key; all of them if not given.
    custom: Option<Vec<String>>,
}

impl SearchRights {
    /// Turns what a caller sees into fields. Cost: nothing for who sees all of them, else a few
    /// steps in the dictionary of each segment per custom field of the organisation.
    pub(super) fn of(
        schema: &Schema,
        searcher: &Searcher,
        org: OrgNumber,
        rights: &FieldRights,
    ) -> tantivy::Result<Self> {
        let custom = if rights.hidden_custom.is_empty() {
            None
        } else {
            let all = custom_keys(schema, searcher, org)?;
            Some(all.into_iter().filter(|key| rights.sees_custom(key)).collect())
        };
        Ok(Self {
            phones: rights.phones == FieldRight::Full,
            emails: rights.emails == FieldRight::Full,
            custom,
        })
    }

    fn sees_custom(&self, key: &str) -> bool {
        self.custom.as_ref().is_none_or(|seen| seen.iter().any(|known| known == key))
    }
}

/// The keys of all custom fields that contacts of an organisation have, folded.
fn custom_keys(
    schema: &Schema,
    searcher: &Searcher,
    org: OrgNumber,
) -> tantivy::Result<BTreeSet<String>> {
    let prefix = org_prefix(org);
    let mut keys = BTreeSet::new();
    for segment in searcher.segment_readers() {
        let terms = segment.inverted_index(schema.fields.cf)?;
        let mut from = prefix.clone();
        loop {
            let mut stream = terms.terms().range().ge(from.as_bytes()).into_stream()?;
            if !stream.advance() {
                break;
            }
            let Some(term) = std::str::from_utf8(stream.key()).ok() else { break };
            let Some(key) = term.strip_prefix(&prefix) else { break };
            let key = key.split(['\u{1}', '\u{2}']).next().unwrap_or(key);
            // Behind the values and words of this key, which begin with control characters.
            from = format!("{prefix}{key}\u{3}");
            keys.insert(key.to_owned());
        }
    }
    Ok(keys)
}

struct Planner<'a> {
    schema: &'a Schema,
    rights: &'a SearchRights,
    owners: &'a BTreeMap<String, Vec<String>>,
    prefix: String,
    step: Step,
}

/// Builds the query.
pub(super) fn plan(
    schema: &Schema,
    request: &Request<'_>,
    rights: &SearchRights,
    step: Step,
) -> Box<dyn Query> {
    let prefix = org_prefix(request.org);
    let planner = Planner { schema, rights, owners: request.owners, prefix, step };
    let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    if let Some(status) = request.status {
        parts.push((Occur::Must, planner.term(schema.fields.status, status.as_str(), 0.0)));
    }
    for clause in &request.query.clauses {
        let (part, is_negative) = planner.clause(clause);
        parts.push((if is_negative { Occur::MustNot } else { Occur::Must }, part));
    }
    // Only positive clauses carry the organisation into the result.
    if !parts.iter().any(|(occur, _)| *occur == Occur::Must) {
        parts.push((Occur::Must, planner.term(schema.fields.org, "", 0.0)));
    }
    if parts.len() == 1
        && let Some((_, only)) = parts.pop()
    {
        return only;
    }
    Box::new(BooleanQuery::new(parts))
}

impl Planner<'_> {
    fn clause(&self, clause: &Clause) -> (Box<dyn Query>, bool) {
        match clause {
            Clause::Word { field, text, is_prefix, is_negative } => {
                let is_prefix = *is_prefix || self.step == Step::Prefixes && !is_negative;
                (self.word(field.as_ref(), text, is_prefix), *is_negative)
            }
            Clause::Whole { field, value, is_prefix, is_negative } => {
                (self.whole(field, value, *is_prefix), *is_negative)
            }
            Clause::Dotted { whole, words, is_prefix, is_negative } => {
                let all_words = words.iter().enumerate().map(|(at, word)| {
                    let is_last = at + 1 == words.len();
                    let is_prefix =
                        *is_prefix && is_last || self.step == Step::Prefixes && !is_negative;
                    (Occur::Must, self.word(None, word, is_prefix))
                });
                let all_words = Box::new(BooleanQuery::new(all_words.collect()));
                let address = self.whole(&FieldName::Email, whole, *is_prefix);
                (best_of(vec![address, all_words]), *is_negative)
            }
            Clause::Digits { is_negative, .. } if !self.rights.phones => {
                (Box::new(EmptyQuery), *is_negative)
            }
            Clause::Digits { digits, variants, is_negative } => {
                let mut all: Vec<Box<dyn Query>> = Vec::with_capacity(1 + variants.len());
                for digits in std::iter::once(digits).chain(variants) {
                    all.push(digits_anywhere(self.schema, &self.prefix, digits));
                }
                (scored(best_of(all), self.schema.scores.phone), *is_negative)
            }
        }
    }

    fn word(&self, field: Option<&FieldName>, text: &str, is_prefix: bool) -> Box<dyn Query> {
        let (fields, scores) = (self.schema.fields, self.schema.scores);
        let mut rungs: Vec<Box<dyn Query>> = Vec::with_capacity(10);
        let is_short = text.chars().count() <= 3;
        let mut rung = |target: Field, exact: f32, prefix: f32, has_edge: bool| {
            rungs.push(self.term(target, text, exact));
            // Short prefixes have a term of their own, except in the long texts, where they
            // would find half of everything.
            if is_prefix && !is_short {
                rungs.push(scored(prefix_query(target, &self.prefix, text), prefix));
            } else if is_prefix && has_edge && target == fields.name {
                rungs.push(self.term(fields.name_edge, text, prefix));
            } else if is_prefix && has_edge && field.is_some() {
                rungs.push(scored(prefix_query(target, &self.prefix, text), prefix));
            }
        };
        match field {
            Some(FieldName::Name) => rung(fields.name, scores.name, scores.name_prefix, true),
            Some(FieldName::Company) => {
                rung(fields.company, scores.company, scores.company_prefix, true);
            }
            Some(FieldName::Title) => rung(fields.title, scores.text, scores.text_prefix, true),
            Some(FieldName::Notes) => rung(fields.notes, scores.text, scores.text_prefix, true),
            _ => {
                rung(fields.name, scores.name, scores.name_prefix, true);
                rung(fields.company, scores.company, scores.company_prefix, false);
                rung(fields.tag, scores.tag, scores.tag_prefix, false);
                rung(fields.text, scores.text, scores.text_prefix, false);
                match &self.rights.custom {
                    None => {
                        rung(fields.cf_text, scores.text, scores.text_prefix, false);
                    }
                    Some(keys) => {
                        for key in keys {
                            let word = format!("{key}\u{2}{text}");
                            rungs.push(self.term(fields.cf, &word, scores.text));
                            if is_prefix && !is_short {
                                let range = prefix_query(fields.cf, &self.prefix, &word);
                                rungs.push(scored(range, scores.text_prefix));
                            }
                        }
                    }
                }
                if self.rights.emails {
                    rungs.push(self.term(fields.email, text, scores.email));
                    if is_prefix && text.chars().count() <= EMAIL_EDGE {
                        rungs.push(self.term(fields.email_edge, text, scores.email_prefix));
                    } else if is_prefix {
                        let range = prefix_query(fields.email, &self.prefix, text);
                        rungs.push(scored(range, scores.email_prefix));
                    }
                }
                if is_prefix && is_short {
                    rungs.push(self.term(fields.edge, text, scores.tag_prefix));
                }
            }
        }
        best_of(rungs)
    }

    fn whole(&self, field: &FieldName, value: &str, is_prefix: bool) -> Box<dyn Query> {
        let (fields, scores) = (self.schema.fields, self.schema.scores);
        let is_hidden = match field {
            FieldName::Email => !self.rights.emails,
            FieldName::Custom(key) => !self.rights.sees_custom(&fold(key)),
            FieldName::Name
            | FieldName::Phone
            | FieldName::Company
            | FieldName::Tag
            | FieldName::Status
            | FieldName::Source
            | FieldName::Owner
            | FieldName::Title
            | FieldName::Notes => false,
        };
        if is_hidden {
            return Box::new(EmptyQuery);
        }
        let (target, text, score) = match field {
            FieldName::Email => (fields.email, email::key(value), scores.email),
            FieldName::Tag => (fields.tag, fold(value), scores.tag),
            FieldName::Status => match Status::parse(value) {
                Some(status) => (fields.status, status.as_str().to_owned(), 0.0),
                None => return Box::new(EmptyQuery),
            },
            FieldName::Source => (fields.source, fold(value), 0.0),
            FieldName::Owner => {
                let given = fold(value);
                let names = self.owners.get(&given).into_iter().flatten().chain([&given]);
                return best_of(names.map(|name| self.term(fields.owner, name, 0.0)).collect());
            }
            FieldName::Custom(key) => {
                (fields.cf, format!("{}\u{1}{}", fold(key), fold(value)), scores.text)
            }
            FieldName::Name
            | FieldName::Phone
            | FieldName::Company
            | FieldName::Title
            | FieldName::Notes => return Box::new(EmptyQuery),
        };
        let exact = self.term(target, &text, score);
        if is_prefix {
            best_of(vec![exact, scored(prefix_query(target, &self.prefix, &text), score * 0.7)])
        } else {
            exact
        }
    }

    fn term(&self, field: Field, text: &str, score: f32) -> Box<dyn Query> {
        let mut end = text.len().min(self.schema.limits.term_bytes);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let term = Term::from_field_text(field, &format!("{}{}", self.prefix, &text[..end]));
        scored(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), score)
    }
}

fn scored(query: Box<dyn Query>, score: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, score))
}

fn best_of(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match (queries.len(), queries.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            queries.push(last);
            Box::new(DisjunctionMaxQuery::new(queries))
        }
        (_, None) => Box::new(EmptyQuery),
    }
}
