//! How an organisation looks for duplicates, and what persons have decided about pairs.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// How an organisation looks for duplicates. Telephone numbers always count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DuplicateSettings {
    /// Whether e-mail addresses count.
    pub match_email: bool,
    /// Only pairs with an equal phone number, e-mail address or names, and without typos in names.
    pub exact_only: bool,
    /// Least similarity of whole names in percent, 0 to 100, by Levenshtein distance; `None` leaves
    /// it to the weights.
    pub name_similarity: Option<u8>,
}

impl Default for DuplicateSettings {
    fn default() -> Self {
        Self { match_email: true, exact_only: false, name_similarity: None }
    }
}

/// What somebody has decided about two contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They are different people: never shown or merged automatically again.
    NotDuplicate,
    /// It is to be decided later.
    Later,
    /// They are the same person and were merged.
    Same,
}

impl Verdict {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDuplicate => "not_duplicate",
            Self::Later => "later",
            Self::Same => "same",
        }
    }
}

/// A decision about two contacts, kept for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Until when a pair is put aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How likely the pair was then, 0 to 1, if it had been compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

impl Decision {
    /// Whether it keeps a pair out of the list at a moment.
    pub fn hides(&self, now: Timestamp) -> bool {
        match self.verdict {
            Verdict::NotDuplicate | Verdict::Same => true,
            Verdict::Later => self.until.is_none_or(|until| until > now),
        }
    }
}
