//! Which values hold some letters anywhere.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use super::super::weigh;
use super::Explainer;
use super::fields::{Key, Part};
use super::mark::{mark, push};
use super::values::{label, phone};
use super::{Explanation, ScorePart};
use crate::domain::text::{fold, fold_into, words};
use crate::query::{Field, Kind};

impl Explainer<'_> {
    /// Notes the values of a field that hold a text, and what that counts, as in `plan`.
    pub(super) fn contains(&self, out: &mut Explanation, field: &Field, text: &str) {
        let scores = self.schema.scores;
        let asked = fold(text);
        let reasons = out.why.len();
        let beside_names = scores.name_inside * 0.75;
        let mut best = 0.0_f32;
        let reason = format!("{} contains", label(field));
        match field {
            Field::Phone => phone(out, self.contact, &asked),
            Field::Custom(key) => {
                for (known, value) in &self.contact.custom_fields {
                    let Some(value) = value.as_str().filter(|_| fold(known) == *key) else {
                        continue;
                    };
                    if held(out, Key::Named("custom_fields", known), value, &asked) {
                        best = best.max(beside_names);
                    }
                }
            }
            _ => {
                let of_field = |part: &Part| match field {
                    // First and last name tell where it stands.
                    Field::Name => part.is_name(),
                    _ => part.belongs_to(field),
                };
                for shown in self.fields().all.iter().filter(|shown| of_field(&shown.part)) {
                    let (part, key, original) = (shown.part, shown.key, shown.original);
                    let is_word_by_word = field.kind() == Kind::Words && *field != Field::Company;
                    if !is_word_by_word {
                        if held(out, key, original, &asked) {
                            best = best.max(beside_names);
                        }
                        continue;
                    }
                    for wanted in words(&asked) {
                        for word in
                            shown.words().iter().filter(|word| word.text.contains(&wanted.text))
                        {
                            let written = &original[word.start..word.end];
                            if let Some((from, to)) = place_of(written, &wanted.text) {
                                mark(out, key, original, word.start + from, word.start + to);
                            }
                            let surplus = weigh::surplus(wanted.text.len(), word.text.len());
                            let counts = if part.is_name() {
                                weigh::inside(scores.name_inside)[usize::from(surplus)]
                            } else {
                                weigh::inside(scores.text_prefix)[usize::from(surplus)]
                            };
                            best = best.max(counts);
                        }
                    }
                }
            }
        }
        // Values that are not shown as text, such as birthdays, are met or the hit would be none.
        let is_told = best > 0.0 || out.why.len() > reasons;
        let is_shown = matches!(
            field,
            Field::Name
                | Field::Company
                | Field::Email
                | Field::Title
                | Field::Notes
                | Field::Tag
                | Field::Address
                | Field::Phone
        );
        if best > 0.0 || !is_told && !is_shown {
            push(&mut out.why, reason.clone());
            let score = if best > 0.0 { best } else { beside_names };
            out.parts.push(ScorePart { part: text.to_owned(), reason, score });
        }
    }
}

/// Marks a text in a value; whether it is there.
fn held(out: &mut Explanation, key: Key<'_>, value: &str, asked: &str) -> bool {
    let found = place_of(value, asked);
    if let Some((from, to)) = found {
        mark(out, key, value, from, to);
    }
    found.is_some()
}

/// Where a text stands in another that folds into something that holds it.
fn place_of(original: &str, asked: &str) -> Option<(usize, usize)> {
    let mut folded = String::with_capacity(original.len());
    // Where the letters begin and end that each folded byte comes from.
    let mut origins: Vec<(usize, usize)> = Vec::with_capacity(original.len());
    for (at, c) in original.char_indices() {
        let end = at + c.len_utf8();
        fold_into(&original[at..end], &mut folded);
        origins.resize(folded.len(), (at, end));
    }
    let from = folded.find(asked)?;
    let to = from + asked.len();
    Some((origins.get(from)?.0, origins.get(to.checked_sub(1)?)?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_letters_are_found_where_they_are_written() {
        assert_eq!(place_of("Groß O'Brien", "ss obr"), Some((3, 10)));
        assert_eq!(place_of("Müller", "ull"), Some((1, 5)));
        assert_eq!(place_of("Müller", "xx"), None);
        assert_eq!(place_of("", ""), None);
    }
}
