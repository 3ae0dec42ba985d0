//! Comparing single pairs, with the reasons in words.

use std::fmt;

use serde::Serialize;

use super::block_key::Rule;
use super::compare::{Comparison, Rivals, Weigher};
use super::frequency::Counts;
use super::level::{Field, Level};
use super::model::{Bits, Model};
use super::options::Options;
use super::record::Record;
use super::score::{Prior, Sums, probability, soft_min};

/// Bits below which a reason is not worth a word.
const LEAST_SHOWN: f64 = 0.05;

/// Compares one record with others: for forms, imports and explanations. Cheap to make.
///
/// The same code as the batch; about a microsecond a pair.
#[derive(Debug)]
pub struct Check<'a, C: Counts> {
    weigher: Weigher<'a, C>,
    prior: Prior,
}

/// Against whom a pair looks least like the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rival {
    /// Somebody unrelated.
    Stranger,
    /// Somebody of the same household or firm.
    Household,
}

/// One reason of a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// What was compared.
    pub field: Field,
    /// The key of the level that was reached, as in the model table.
    pub level: &'static str,
    /// Its weight in bits against the deciding rival.
    pub bits: f64,
    /// The level in words.
    pub words: String,
}

/// Why a pair has its score: `prior` and the bits of all reasons add up to `weight`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Bits before anything is compared.
    pub prior: f64,
    /// One reason for every level that was reached.
    pub reasons: Vec<Reason>,
    /// The deciding rival.
    pub rival: Rival,
    /// Match weight in bits; 0 is 50 %.
    pub weight: f64,
    /// Probability that both are the same person, 0 to 1.
    pub probability: f64,
    /// Code of the rule that proposed the pair, if one did.
    pub rule: Option<&'static str>,
}

impl<'a, C: Counts> Check<'a, C> {
    /// Takes what a comparison needs; counts and prior are those of the last batch.
    pub fn new(model: &'a Model, counts: &'a C, prior: Prior, options: &Options) -> Self {
        let weigher =
            Weigher { model, counts, duplicates: prior.assumed, use_email: options.use_email };
        Self { weigher, prior }
    }

    fn priors(&self) -> (f64, f64) {
        (self.prior.stranger(self.weigher.total()), self.prior.rival(&self.weigher.model.settings))
    }

    fn weight_of(&self, comparison: &Comparison) -> f64 {
        let (stranger, household) = self.priors();
        Sums::of(comparison).weight(stranger, household)
    }

    /// The match weight of two records in bits; 0 is 50 %.
    pub fn weight(&self, a: &Record, b: &Record) -> f64 {
        self.weight_of(&self.weigher.compare(a, b))
    }

    /// The candidates that are at least so likely the same person as a record, best first, with
    /// their places and match weights.
    pub fn matches<'r>(
        &self,
        record: &Record,
        candidates: impl IntoIterator<Item = &'r Record>,
        least: f64,
    ) -> Vec<(usize, f64)> {
        let mut found: Vec<(usize, f64)> = candidates
            .into_iter()
            .map(|candidate| self.weight(record, candidate))
            .enumerate()
            .filter(|(_, weight)| *weight >= least)
            .collect();
        found.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        found
    }

    /// Why two records have their score.
    pub fn explain(&self, a: &Record, b: &Record, rule: Option<Rule>) -> Explanation {
        let comparison = self.weigher.compare(a, b);
        let weight = self.weight_of(&comparison);
        let (stranger_prior, household_prior) = self.priors();
        let stranger = stranger_prior + f64::from(comparison.stranger);
        let household = household_prior + f64::from(comparison.household);
        let (rival, prior, gap) = match comparison.rivals {
            Rivals::Organization => (Rival::Stranger, 0.0, 0.0),
            Rivals::Stranger => (Rival::Stranger, stranger_prior, 0.0),
            Rivals::Both => {
                let gap = soft_min(stranger, household) - stranger.min(household);
                if household < stranger {
                    (Rival::Household, household_prior, gap)
                } else {
                    (Rival::Stranger, stranger_prior, gap)
                }
            }
        };
        let model = self.weigher.model;
        let reason = |level: Level, bits: f64| Reason {
            field: level.field(),
            level: level.key().1,
            bits,
            words: model.words(level).to_owned(),
        };
        let pick = |bits: Bits| match rival {
            Rival::Stranger => f64::from(bits.stranger),
            Rival::Household => f64::from(bits.household),
        };
        let mut reasons: Vec<Reason> = comparison
            .parts
            .as_slice()
            .iter()
            .map(|part| reason(part.level, pick(part.bits)))
            .collect();
        if gap.abs() >= LEAST_SHOWN {
            reasons.push(reason(Level::EitherRival, gap));
        }
        Explanation {
            prior,
            reasons,
            rival,
            weight,
            probability: probability(weight),
            rule: rule.map(Rule::code),
        }
    }
}

impl Explanation {
    /// What speaks for the same person, in words, the strongest first; if nothing does, why they
    /// were compared.
    pub fn agreements(&self) -> Vec<String> {
        let mut for_it: Vec<&Reason> =
            self.reasons.iter().filter(|reason| reason.bits >= LEAST_SHOWN).collect();
        for_it.sort_by(|one, other| other.bits.total_cmp(&one.bits));
        let words: Vec<String> = for_it.into_iter().map(|reason| reason.words.clone()).collect();
        if !words.is_empty() {
            return words;
        }
        let rule = Rule::ALL.iter().find(|rule| Some(rule.code()) == self.rule);
        rule.map(|rule| rule.words().to_owned()).into_iter().collect()
    }
}

/// One sentence: the reasons, the strongest first, and the probability.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown: Vec<&Reason> =
            self.reasons.iter().filter(|reason| reason.bits.abs() >= LEAST_SHOWN).collect();
        shown.sort_by(|one, other| other.bits.abs().total_cmp(&one.bits.abs()));
        for (at, reason) in shown.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} {:+.1}", reason.words, reason.bits)?;
        }
        if shown.is_empty() {
            f.write_str("nothing agrees or differs")?;
        }
        // Nothing is certain, so neither 0 nor 100 is said.
        write!(f, ": {:.0} %", (self.probability * 100.0).clamp(1.0, 99.0))
    }
}
