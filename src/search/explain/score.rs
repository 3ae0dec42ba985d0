//! What the ways in which a word matched count, as in `words`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use super::super::weigh;
use super::Explainer;
use super::fields::Part;
use crate::domain::names::{Likeness, sounds};

impl Explainer<'_> {
    pub(super) fn score(&self, part: Part, like: Likeness, asked: &str, word: &str) -> f32 {
        let scores = self.schema.scores;
        let by_typos = weigh::typos(&scores, scores.name, asked.chars().count());
        let is_word = like == Likeness::Exact;
        match part {
            Part::FirstName | Part::LastName | Part::DisplayName => match like {
                Likeness::Exact => scores.name,
                Likeness::Spelling => scores.name_spelling,
                Likeness::Prefix if part == Part::FirstName && asked.chars().count() == 1 => {
                    scores.name_prefix + scores.given_initial
                }
                Likeness::Prefix => scores.name_prefix,
                Likeness::Nickname => match self.schema.names.nicknames(asked, word) {
                    Some(true) => scores.name_nickname,
                    _ => scores.name_nickname_far,
                },
                Likeness::Initial if asked.chars().nth(1).is_some() => scores.name_initial_far,
                Likeness::Initial if part == Part::FirstName => {
                    scores.name_initial + scores.given_initial
                }
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
}
