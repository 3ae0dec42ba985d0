//! The model: what every comparison level weighs, read from one table.
//!
//! The shipped table is `model.toml` in this directory; a changed copy can be read in its place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::level::Level;

/// The table that is shipped, with its explanations, as a person reads it.
pub const TABLE: &str = include_str!("model.toml");

/// Why a model table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is no TOML of that shape.
    #[error("the model table cannot be read: {0}")]
    Read(#[from] toml::de::Error),
    /// A level has no line.
    #[error("the model table has no {section}.{key}")]
    Missing {
        /// Section.
        section: &'static str,
        /// Key.
        key: &'static str,
    },
    /// A line is of no level.
    #[error("the model table has {section}.{key}, which is not a level")]
    Unknown {
        /// Section.
        section: String,
        /// Key.
        key: String,
    },
    /// A weight is not given in exactly one way.
    #[error("{section}.{key} must have one of bits, rarity and share")]
    Weight {
        /// Section.
        section: &'static str,
        /// Key.
        key: &'static str,
    },
}

/// Numbers that are of no single level; the table says what each is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the table says it beside each value")]
pub struct Settings {
    pub threshold: f64,
    pub suggest: f64,
    pub base_least: f64,
    pub duplicates_at_start: f64,
    pub duplicates_least: f64,
    pub duplicates_most: f64,
    pub rounds: usize,
    pub household_least: f64,
    pub household_most: f64,
    pub household_prior_most: f64,
    pub first_name_floor: f64,
    pub last_name_floor: f64,
    pub typo_share: f64,
    pub near_jaro_winkler: f64,
    pub near_company: f64,
    pub near_street: f64,
    pub holders_least: f64,
    pub holders_grouped: u32,
    pub sparse_birthday: f64,
    pub place_conflict: f64,
    pub place_agreement: f64,
    pub guard_mean: f64,
    pub guard_clip: f64,
    pub guard_unscored: f64,
    pub guard_component: usize,
}

/// Word lists for bringing values into comparable form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) role_mailboxes: BTreeSet<String>,
    pub(super) free_mail: BTreeSet<String>,
    #[serde(rename = "street_words")]
    pub(super) street_kinds: BTreeMap<String, String>,
}

/// A line of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    bits: Option<f64>,
    rarity: Option<f64>,
    share: Option<f64>,
    #[serde(default)]
    plus: f64,
    at_most: Option<f64>,
    at_least: Option<f64>,
    home: Option<f64>,
    home_times: Option<f64>,
    #[serde(default)]
    home_holders: f64,
    words: String,
}

/// How the weight against a stranger is worked out.
#[derive(Clone, Copy, Debug)]
enum Base {
    Bits,
    Rarity,
    Share,
}

/// The numbers of a line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    /// `bits`, `rarity` or `share`.
    pub(super) form: &'static str,
    /// Its value.
    pub(super) value: f64,
    plus: f64,
    pub(super) home: f64,
    pub(super) home_times: f64,
}

impl Number {
    /// What it says in bits, without what is known of single values.
    pub(super) fn bits(self) -> f64 {
        if self.form == "share" { self.value.log2() + self.plus } else { self.value + self.plus }
    }
}

/// What a level weighs.
#[derive(Clone, Debug)]
struct Weight {
    base: Base,
    number: Number,
    value: f64,
    at_most: f64,
    at_least: f64,
    home: f64,
    home_times: f64,
    home_holders: f64,
    words: String,
}

/// Weights against the two rivals, in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bits {
    /// Against a stranger.
    pub stranger: f32,
    /// Against a member of the same household or firm.
    pub household: f32,
}

/// The weights of all levels.
#[derive(Clone, Debug)]
pub struct Model {
    /// Numbers that are of no single level.
    pub settings: Settings,
    pub(super) words: Words,
    weights: Vec<Weight>,
}

#[derive(Deserialize)]
struct Table {
    settings: Settings,
    standard: Words,
    #[serde(flatten)]
    levels: BTreeMap<String, BTreeMap<String, Line>>,
}

/// Levels that tables from before them do not have; of these the shipped line counts.
const LATER: &[(&str, &str)] = &[("context", "other_person")];

fn shipped_line(section: &'static str, key: &'static str) -> Result<Line, ModelError> {
    let mut table: Table = toml::from_str(TABLE)?;
    let line = table.levels.get_mut(section).and_then(|lines| lines.remove(key));
    line.ok_or(ModelError::Missing { section, key })
}

impl Model {
    /// The model that is shipped.
    ///
    /// # Errors
    /// None with the shipped table; a test reads it.
    pub fn shipped() -> Result<Self, ModelError> {
        Self::parse(TABLE)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Says which line is missing, unknown or ambiguous.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let mut table: Table = toml::from_str(text)?;
        let mut weights = Vec::with_capacity(Level::ALL.len());
        for level in Level::ALL {
            let (section, key) = level.key();
            let own = table.levels.get_mut(section).and_then(|lines| lines.remove(key));
            let line = match own {
                Some(line) => line,
                None if LATER.contains(&(section, key)) => shipped_line(section, key)?,
                None => return Err(ModelError::Missing { section, key }),
            };
            let (base, form, value) = match (line.bits, line.rarity, line.share) {
                (Some(bits), None, None) => (Base::Bits, "bits", bits),
                (None, Some(rarity), None) => (Base::Rarity, "rarity", rarity),
                (None, None, Some(share)) => (Base::Share, "share", share),
                _ => return Err(ModelError::Weight { section, key }),
            };
            let (home, home_times) = (line.home.unwrap_or(0.0), line.home_times.unwrap_or(0.0));
            let number = Number { form, value, plus: line.plus, home, home_times };
            weights.push(Weight {
                base,
                number,
                value: number.bits(),
                at_most: line.at_most.unwrap_or(f64::INFINITY),
                at_least: line.at_least.unwrap_or(f64::NEG_INFINITY),
                home,
                home_times,
                home_holders: line.home_holders,
                words: line.words,
            });
        }
        for (section, lines) in table.levels {
            if let Some(key) = lines.into_keys().next() {
                return Err(ModelError::Unknown { section, key });
            }
        }
        Ok(Self { settings: table.settings, words: table.standard, weights })
    }

    /// What a level of a value weighs that `holders` of `total` contacts have by chance.
    pub(super) fn shared(&self, level: Level, total: f64, holders: f64) -> Bits {
        let mut bits = self.bits(level, (total / holders).log2());
        let less = self.weights[level as usize].home_holders * holders.max(1.0).log2();
        #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
        {
            bits.household -= less as f32;
        }
        bits
    }

    /// What a level weighs.
    ///
    /// `rarity` is -log2 of the share of contacts that hold the value, for names; or log2(N/k) for
    /// other values; levels of fixed weight do not look at it.
    pub(super) fn bits(&self, level: Level, rarity: f64) -> Bits {
        let weight = &self.weights[level as usize];
        let bits = match weight.base {
            Base::Bits => weight.value,
            Base::Rarity | Base::Share => rarity + weight.value,
        };
        let bits = bits.min(weight.at_most).max(weight.at_least);
        #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
        Bits { stranger: bits as f32, household: (weight.home + weight.home_times * bits) as f32 }
    }

    /// The numbers of the line of a level.
    pub(super) fn number(&self, level: Level) -> Number {
        self.weights[level as usize].number
    }

    /// How a level is said.
    pub fn words(&self, level: Level) -> &str {
        &self.weights[level as usize].words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_complete() {
        let model = Model::shipped().unwrap();
        for (at, level) in Level::ALL.iter().enumerate() {
            assert_eq!(*level as usize, at);
            assert!(!model.words(*level).is_empty(), "{level:?}");
        }
    }

    #[test]
    fn a_table_from_before_a_level_has_the_shipped_one() {
        let older: String = TABLE
            .lines()
            .filter(|line| !line.starts_with("other_person"))
            .fold(String::new(), |text, line| text + line + "\n");
        assert_ne!(older, TABLE);
        let bits = |model: &Model| model.bits(Level::OtherPerson, 0.0);
        let (older, shipped) = (Model::parse(&older).unwrap(), Model::shipped().unwrap());
        assert_eq!(bits(&older), bits(&shipped));
        assert!(bits(&shipped).stranger < -10.0 && bits(&shipped).household < -10.0);
    }

    #[test]
    fn what_is_wrong_in_a_table_is_named() {
        let unknown =
            TABLE.replace("\n[country]\n", "\n[country]\nplanet = { bits = 1, words = \"x\" }\n");
        assert_eq!(
            Model::parse(&unknown).unwrap_err().to_string(),
            "the model table has country.planet, which is not a level"
        );
        let missing = TABLE.replace("\ndistrict ", "\n# district ");
        assert_eq!(
            Model::parse(&missing).unwrap_err().to_string(),
            "the model table has no postal_code.district"
        );
        let twice = TABLE.replace(
            "{ bits = 6.0, words = \"same postal district\" }",
            "{ bits = 6.0, rarity = 1.0, words = \"x\" }",
        );
        assert!(Model::parse(&twice).unwrap_err().to_string().contains("must have one of"));
    }
}
