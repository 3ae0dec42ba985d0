//! Completions of what somebody begins to type.

use std::time::Instant;

use serde::Serialize;
use uuid::Uuid;

use super::error::Error;
use super::search::{Refresh, SearchRequest};
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::text::{fold, words};
use crate::engine::search::{FacetField, SuggestRequest};
use crate::query::{Condition, Expr, Field, Shape};

/// Completions of a kind if nothing is said.
const LIMIT: usize = 8;
/// Most completions of a kind.
const MOST: usize = 50;
/// Most bytes of text that are looked at.
const MOST_BYTES: usize = 256;
/// Most words of a name.
const MOST_WORDS: usize = 8;

/// What is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the record")]
pub enum SuggestKind {
    Name,
    Company,
    Tag,
    City,
    Source,
}

impl SuggestKind {
    /// What is completed if nothing is said.
    pub const USUAL: [Self; 3] = [Self::Name, Self::Company, Self::Tag];

    /// Reads a kind by its name in the API.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "name" | "names" => Self::Name,
            "company" | "companies" => Self::Company,
            "tag" | "tags" => Self::Tag,
            "city" | "cities" => Self::City,
            "source" | "sources" => Self::Source,
            _ => return None,
        })
    }
}

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What it is.
    pub kind: SuggestKind,
    /// The whole value.
    pub text: String,
    /// How many contacts that the caller sees have it; of names, how many of those shown first.
    pub count: u64,
    /// The contact, if it is the name of only one of those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// Completions, by kind in the order asked for.
#[derive(Clone, Debug, Serialize)]
pub struct SuggestAnswer {
    /// The completions.
    pub suggestions: Vec<Suggestion>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl App {
    /// Completes a text to names, companies, tags and the like of contacts that the caller sees.
    /// Without text, the values that most contacts have.
    ///
    /// # Errors
    /// If a kind does not exist, the limit is too high, or the caller may not search.
    pub fn suggest(
        &self,
        caller: &Caller,
        text: &str,
        kinds: &[String],
        limit: Option<usize>,
    ) -> Result<SuggestAnswer, Error> {
        authorize(caller, Permission::Search)?;
        let started = Instant::now();
        let limit = limit.unwrap_or(LIMIT);
        if limit == 0 || limit > MOST {
            let detail = format!("is {limit}; 1 to {MOST} completions of a kind are given");
            return Err(Error::invalid("/limit", "range", detail));
        }
        let kind = |name: &String| {
            SuggestKind::parse(name).ok_or_else(|| {
                let detail =
                    format!("{name:?} cannot be completed; use name, company, tag, city or source");
                Error::invalid("/kind", "kind", detail)
            })
        };
        let mut kinds = kinds.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
        if kinds.is_empty() {
            kinds.extend(SuggestKind::USUAL);
        }
        let mut end = text.len().min(MOST_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let mut suggestions = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            let field = match kind {
                _ if kinds[..at].contains(kind) => continue,
                SuggestKind::Name => {
                    suggestions.extend(self.suggest_names(caller, text, limit)?);
                    continue;
                }
                SuggestKind::Company => FacetField::Company,
                SuggestKind::Tag => FacetField::Tag,
                SuggestKind::City => FacetField::City,
                SuggestKind::Source => FacetField::Source,
            };
            let found = self.partition.suggest(&SuggestRequest {
                org: caller.organization,
                sight: &caller.sight,
                field: &field,
                text,
                limit,
            })?;
            suggestions.extend(found.into_iter().map(|completion| Suggestion {
                kind: *kind,
                text: completion.text,
                count: completion.count,
                id: None,
            }));
        }
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(SuggestAnswer { suggestions, took_us })
    }

    /// Names of the contacts that are found by words of which the last has only begun.
    fn suggest_names(
        &self,
        caller: &Caller,
        text: &str,
        limit: usize,
    ) -> Result<Vec<Suggestion>, Error> {
        let mut typed = words(text);
        typed.truncate(MOST_WORDS);
        let last = typed.len().saturating_sub(1);
        let word = |(at, word): (usize, crate::domain::text::Word)| {
            let shape = if at == last { Shape::Prefix } else { Shape::Word };
            Expr::Is(Condition::Word { field: Some(Field::Name), text: word.text, shape })
        };
        let words: Vec<Expr> = typed.into_iter().enumerate().map(word).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.search_contacts(
            caller,
            &SearchRequest {
                conditions: Some(Expr::all(words)),
                sort: Some("relevance".to_owned()),
                // Some share a name.
                per_page: Some((limit * 4).max(20)),
                refresh: Refresh::Never,
                ..SearchRequest::default()
            },
        )?;
        let mut names: Vec<Suggestion> = Vec::new();
        for (contact, _) in answer.contacts {
            let folded = fold(&contact.display_name);
            match names.iter_mut().find(|known| fold(&known.text) == folded) {
                Some(known) => {
                    known.count += 1;
                    known.id = None;
                }
                None => names.push(Suggestion {
                    kind: SuggestKind::Name,
                    text: contact.display_name.clone(),
                    count: 1,
                    id: Some(contact.id.0),
                }),
            }
        }
        names.truncate(limit);
        Ok(names)
    }
}
