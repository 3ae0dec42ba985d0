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
    /// What is merged without asking.
    pub auto_merge: AutoMerge,
}

impl DuplicateSettings {
    /// Whether the same duplicates are found with other settings.
    pub fn finds_as(&self, other: &Self) -> bool {
        Self { auto_merge: other.auto_merge.clone(), ..self.clone() } == *other
    }
}

impl Default for DuplicateSettings {
    fn default() -> Self {
        Self {
            match_email: true,
            exact_only: false,
            name_similarity: None,
            auto_merge: AutoMerge::default(),
        }
    }
}

/// Which contact stays when contacts are merged without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Survivor {
    /// The one that was created first.
    #[default]
    Oldest,
    /// The one that was changed last.
    Newest,
}

/// What is merged without asking. Off unless somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoMerge {
    /// Whether it happens by itself; a run can be asked for in any case.
    pub enabled: bool,
    /// How likely every pair that holds a group together must be, in hundredths of a percent.
    #[serde(with = "share")]
    pub min_probability: u16,
    /// Which contact stays.
    pub survivor: Survivor,
    /// Whose values are taken: `primary`, `newest`, `oldest` or `most_complete`.
    pub rule: String,
    /// Fields in which contacts must not say different things.
    pub agree: Vec<String>,
    /// Most merges a day, counted in UTC.
    pub daily_limit: u32,
}

impl Default for AutoMerge {
    fn default() -> Self {
        Self {
            enabled: false,
            min_probability: 9_900,
            survivor: Survivor::default(),
            rule: "primary".to_owned(),
            // Sister and brother with one phone differ by a letter.
            agree: ["first_name", "birthday", "external_crm_id"].map(str::to_owned).to_vec(),
            daily_limit: 100,
        }
    }
}

impl AutoMerge {
    /// The least probability, 0 to 1.
    pub fn least(&self) -> f64 {
        f64::from(self.min_probability) / 10_000.0
    }
}

/// A share from 0 to 1 that is kept in hundredths of a percent, so that it can be compared.
mod share {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "asked for by serde")]
    pub(super) fn serialize<S: Serializer>(share: &u16, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_f64(f64::from(*share) / 10_000.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
        let share = f64::deserialize(from)?;
        if !(0.5..=1.0).contains(&share) {
            return Err(de::Error::custom("must be a probability from 0.5 to 1"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 5000 to 10000"
        )]
        Ok((share * 10_000.0).round() as u16)
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
    /// What had been decided before a merge, which its undo brings back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Self>>,
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
