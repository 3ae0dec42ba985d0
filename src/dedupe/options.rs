//! What a user can set.

use super::block_key::Rule;
use super::record::Record;
use super::text_measure::levenshtein_similarity;

/// How duplicates are looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Match weight in bits from which on pairs are the same person.
    pub threshold: f64,
    /// Match weight in bits from which on pairs are kept at all; at most the threshold.
    pub keep: f64,
    /// Whether e-mail addresses count. Telephone numbers always do.
    pub use_email: bool,
    /// Only pairs with an equal phone number, e-mail address or identity number, or with equal
    /// names, and without typos in the names.
    pub exact_only: bool,
    /// Least similarity of whole names in percent, 0 to 100: normalised Levenshtein in the better
    /// order of the names. At 85 John Doe and Jon Doe match, at 100 only equal names. Pairs of
    /// which one has no name are not affected.
    pub name_similarity: Option<u8>,
}

impl Options {
    /// The options that the model's settings ask for.
    pub fn of(model: &super::Model) -> Self {
        Self {
            threshold: model.settings.threshold,
            keep: model.settings.suggest,
            use_email: true,
            exact_only: false,
            name_similarity: None,
        }
    }

    /// Whether a blocking rule is used.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other rules are not exact")]
    pub(super) fn allows(&self, rule: Rule) -> bool {
        match rule {
            Rule::Email | Rule::EmailName if !self.use_email => false,
            Rule::Phone | Rule::Email | Rule::NationalId | Rule::Names | Rule::Company => true,
            _ => !self.exact_only,
        }
    }

    /// Whether the names of two records are alike enough, and do not say that these are two people.
    pub fn accepts(&self, a: &Record, b: &Record) -> bool {
        if a.is_other_person(b) {
            return false;
        }
        let least = if self.exact_only { 100 } else { self.name_similarity.unwrap_or(0) };
        if least == 0 || a.has_no_person() || b.has_no_person() {
            return true;
        }
        let (a, b) = (a.name_parts(), b.name_parts());
        let join = |one: &[u8], other: &[u8]| [one, b" ", other].concat();
        let (one, other) = (join(a.0, a.1), join(b.0, b.1));
        let similarity = levenshtein_similarity(&one, &other)
            .max(levenshtein_similarity(&one, &join(b.1, b.0)))
            .max(levenshtein_similarity(&join(a.1, a.0), &other));
        similarity * 100.0 + 1e-9 >= f64::from(least)
    }
}
