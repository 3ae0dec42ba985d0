//! Weights from pairs that nobody has decided, by expectation and maximisation.
//!
//! The model of Fellegi and Sunter (1969) with fields that are independent given whether a pair is
//! one person: how likely each pair is says how often matches reach a level (m), pairs taken at
//! random say how often others do (u), and both give the weights by which pairs are scored anew.
//! Pairs were chosen by what they share, which says nothing about the fields they were not chosen
//! by: m of a field is taken from those only (Linacre and others, 2022). The weights against
//! household members are not estimated.

use std::collections::BTreeMap;

use rayon::prelude::*;
use smallvec::SmallVec;

use super::super::block_key::Rule;
use super::super::compare::Weigher;
use super::super::frequency::Frequencies;
use super::super::level::{Field, Level};
use super::super::model::Model;
use super::super::options::Options;
use super::super::record::Record;
use super::super::run::pairs;
use super::super::score::{Prior, probability};
use super::evidence::{Evidence, Moved, Priors};
use super::table::rewritten;
use super::{Estimate, EstimateError, MOST_MOVED, PAIRS_OF_SHIPPED};

/// Pairs that are looked at of those that share something, and of those taken at random.
const MOST_PAIRS: usize = 300_000;
/// Pairs that must be the same person.
const LEAST_SAME: u32 = 20;
/// Rounds of scoring and estimating, at most.
const MOST_ROUNDS: usize = 50;
/// Bits below which a round is the last one.
const LAST_MOVE: f64 = 0.01;

/// Levels that say the same agreement, and differ in who else holds the value.
const TWINS: [(Level, Level); 3] = [
    (Level::PhoneSame, Level::PhoneShared),
    (Level::EmailSame, Level::EmailShared),
    (Level::AddressSame, Level::AddressShared),
];

/// Equal values, of which it is counted how many hold them: their u is known.
const COUNTED: [Level; 13] = [
    Level::FirstExact,
    Level::LastExact,
    Level::PhoneSame,
    Level::PhoneShared,
    Level::EmailSame,
    Level::EmailShared,
    Level::AddressSame,
    Level::AddressShared,
    Level::PostalSame,
    Level::CitySame,
    Level::CompanySame,
    Level::BirthSame,
    Level::IdSame,
];

/// Estimates the weights of levels from the pairs of a base, with the shipped ones to begin with.
///
/// Cost: a comparison of everything, then some rounds over a sample of its pairs. Memory: that of a
/// comparison, and some 500 bytes for each of up to 300,000 pairs.
///
/// # Errors
/// If hardly any of the pairs is the same person, or there are too many records.
pub fn estimate_from_pairs(
    records: &[Record],
    counts: &Frequencies,
    options: &Options,
) -> Result<Estimate, EstimateError> {
    let defect = |error: &dyn std::error::Error| EstimateError::Defect(error.to_string());
    let model = Model::shipped().map_err(|error| defect(&error))?;
    let all = Options { keep: f64::NEG_INFINITY, ..options.clone() };
    let scored = pairs(records, counts, &model, &all).map_err(|error| defect(&error))?;
    let weigher = Weigher {
        model: &model,
        counts,
        duplicates: scored.prior.assumed,
        use_email: options.use_email,
    };
    let step = scored.pairs.len().div_ceil(MOST_PAIRS).max(1);
    let chosen: Vec<Chosen> = scored
        .pairs
        .par_iter()
        .step_by(step)
        .map(|pair| {
            let (a, b) = (&records[pair.a as usize], &records[pair.b as usize]);
            Chosen {
                evidence: Evidence::of(&model, &weigher.compare(a, b)),
                by: chosen_by(a, b, options),
            }
        })
        .filter(|pair| !pair.evidence.is_organization)
        .collect();
    let random: Vec<Evidence> = random_pairs(records.len())
        .into_par_iter()
        .map(|(a, b)| Evidence::of(&model, &weigher.compare(&records[a], &records[b])))
        .filter(|evidence| !evidence.is_organization)
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let scale = 2.0 * step as f64 / records.len().max(1) as f64;
    let base = Base { model: &model, total: weigher.total(), scale, prior: scored.prior };
    let (moved, reached, expected) = base.estimated(&chosen, &random)?;
    let heading = format!(
        "Weights estimated by expectation and maximisation from {} of the {} pairs among {} \
         contacts\nthat share something, of which some {expected:.0} are the same person, and {} \
         pairs taken at random.\nEvery weight is held at the shipped one as if by {} pairs.",
        chosen.len(),
        scored.compared,
        records.len(),
        random.len(),
        PAIRS_OF_SHIPPED,
    );
    rewritten(&model, &moved, &reached, &heading)
}

/// A pair that shares something.
pub(super) struct Chosen {
    pub(super) evidence: Evidence,
    /// For every rule that would have chosen it, the fields that it looks at, as bits.
    pub(super) by: SmallVec<[u16; 4]>,
}

impl Chosen {
    /// Whether it would have been chosen whatever it has in a field.
    fn is_chosen_without(&self, field: Field) -> bool {
        self.by.iter().any(|fields| fields & bit(field) == 0)
    }
}

fn bit(field: Field) -> u16 {
    1 << field as u16
}

/// What the pairs are of.
pub(super) struct Base<'a> {
    pub(super) model: &'a Model,
    pub(super) total: f64,
    /// Duplicates per record for one same pair among the chosen ones.
    pub(super) scale: f64,
    pub(super) prior: Prior,
}

/// How often levels were reached.
struct Tally {
    levels: Vec<f64>,
    fields: BTreeMap<&'static str, f64>,
    /// For every level, how many people hold its values by chance: sum of shares, and of how many.
    chance: Vec<(f64, f64)>,
}

impl Tally {
    fn new() -> Self {
        let len = Level::ALL.len();
        Self { levels: vec![0.0; len], fields: BTreeMap::new(), chance: vec![(0.0, 0.0); len] }
    }

    fn add(
        &mut self,
        model: &Model,
        evidence: &Evidence,
        part: f64,
        takes: impl Fn(Field) -> bool,
    ) {
        for reached in evidence.reached.iter().filter(|reached| takes(reached.level.field())) {
            let at = reached.level as usize;
            self.levels[at] += part;
            *self.fields.entry(reached.level.key().0).or_default() += part;
            if let Some(bits) = reached.bits {
                let rarity = bits - model.number(reached.level).bits();
                let (sum, count) = &mut self.chance[at];
                *sum += part * (-rarity).exp2();
                *count += part;
            }
        }
    }

    /// The share of a level among the pairs whose field was compared.
    fn share(&self, level: Level) -> f64 {
        let all = self.fields.get(level.key().0).copied().unwrap_or_default();
        self.levels[level as usize] / all.max(f64::MIN_POSITIVE)
    }
}

impl Base<'_> {
    /// The moved weights, the same pairs at every level, and how many there are.
    pub(super) fn estimated(
        &self,
        chosen: &[Chosen],
        random: &[Evidence],
    ) -> Result<(Moved, Vec<u64>, f64), EstimateError> {
        let settings = &self.model.settings;
        let mut prior = self.prior;
        let mut moved = Moved::nothing();
        let mut matches = Tally::new();
        let mut expected = 0.0;
        for _ in 0..MOST_ROUNDS {
            let priors =
                Priors { stranger: prior.stranger(self.total), household: prior.rival(settings) };
            let likely = |evidence: &Evidence| probability(evidence.weight(&moved, priors).0);
            matches = Tally::new();
            expected = 0.0;
            for pair in chosen {
                let part = likely(&pair.evidence);
                expected += part;
                matches.add(self.model, &pair.evidence, part, |f| pair.is_chosen_without(f));
            }
            if expected < f64::from(LEAST_SAME) {
                let compared = chosen.len();
                return Err(EstimateError::FewPairs { compared, expected, least: LEAST_SAME });
            }
            let mut others = Tally::new();
            for evidence in random {
                others.add(self.model, evidence, 1.0 - likely(evidence), |_| true);
            }
            let next = self.next(&matches, &others);
            let longest = (next.stranger.iter().zip(&moved.stranger))
                .map(|(one, other)| (one - other).abs())
                .fold(0.0, f64::max);
            moved = next;
            prior.duplicates =
                (expected * self.scale).clamp(settings.duplicates_least, settings.duplicates_most);
            if longest < LAST_MOVE {
                break;
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of pairs"
        )]
        let reached = matches.levels.iter().map(|count| count.round() as u64).collect();
        Ok((moved, reached, expected))
    }

    /// The weights that fit what was counted, as far as there is enough of it.
    fn next(&self, matches: &Tally, others: &Tally) -> Moved {
        let mut moved = Moved::nothing();
        for level in Level::ALL.iter().copied() {
            let at = level as usize;
            let number = self.model.number(level);
            let twin = TWINS.iter().find(|(one, other)| *one == level || *other == level);
            let (m, count) = match twin {
                Some((one, other)) => (
                    matches.share(*one) + matches.share(*other),
                    matches.levels[*one as usize] + matches.levels[*other as usize],
                ),
                None => (matches.share(level), matches.levels[at]),
            };
            let (bits, count) = if COUNTED.contains(&level) {
                (m.log2(), count)
            } else {
                // How much rarer than usual the values are of which matches reach the level.
                let chance = if number.form == "bits" {
                    1.0
                } else {
                    matches.chance[at].0 / matches.chance[at].1
                };
                let bits = (m / others.share(level)).log2() + chance.log2();
                (bits, count.min(others.levels[at]))
            };
            let by = bits - number.bits();
            if count > 0.0 && by.is_finite() {
                let trust = count / (count + PAIRS_OF_SHIPPED);
                moved.stranger[at] = (trust * by).clamp(-MOST_MOVED, MOST_MOVED);
            }
        }
        moved
    }
}

/// Numbers that follow each other, scattered evenly (`SplitMix64`; Steele and others, 2014).
pub(super) fn scattered(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Two different places each, spread evenly; the same for the same number of records.
fn random_pairs(len: usize) -> Vec<(usize, usize)> {
    if len < 2 {
        return Vec::new();
    }
    let wanted = MOST_PAIRS.min(len.saturating_mul(len - 1) / 2);
    let place = |seed: u64| usize::try_from(scattered(seed) >> 16).unwrap_or(0);
    (0_u64..)
        .take(wanted)
        .map(|n| (place(2 * n + 1) % len, place(2 * n + 2) % len))
        .filter(|(a, b)| a != b)
        .collect()
}

/// For every rule by which two records meet, the fields that it looks at.
fn chosen_by(a: &Record, b: &Record, options: &Options) -> SmallVec<[u16; 4]> {
    let mut by = SmallVec::new();
    for rule in Rule::ALL.iter().copied().filter(|rule| options.allows(*rule)) {
        let mut keys: SmallVec<[u64; 8]> = SmallVec::new();
        rule.keys(a, &mut |key| keys.push(key));
        let mut is_met = false;
        rule.keys(b, &mut |key| is_met |= keys.contains(&key));
        if is_met && rule.admits(a, b) {
            by.push(fields_of(rule).iter().fold(0, |bits, field| bits | bit(*field)));
        }
    }
    by
}

/// The fields in which pairs of a rule agree, or are likelier to.
fn fields_of(rule: Rule) -> &'static [Field] {
    use Field::{Address, Birthday, City, Company, Email, FirstName, LastName, Phone, PostalCode};
    match rule {
        Rule::Phone => &[Phone],
        // The domain of an address tells the company.
        Rule::Email | Rule::EmailName => &[Email, Company],
        Rule::NationalId => &[Field::NationalId],
        Rule::Names | Rule::Skeletons => &[FirstName, LastName],
        Rule::Address => &[Address, PostalCode, City],
        Rule::Birthday => &[Birthday, FirstName, LastName],
        Rule::LastCompany => &[LastName, Company],
        Rule::FirstCompany => &[FirstName, Company],
        Rule::LastPostal | Rule::LastCity | Rule::SkeletonPostal => &[LastName, PostalCode, City],
        Rule::FirstPostal | Rule::FirstCity | Rule::InitialsCity => {
            &[FirstName, LastName, PostalCode, City]
        }
        Rule::LastYear => &[LastName, Birthday],
        Rule::FirstYear => &[FirstName, LastName, Birthday],
        Rule::InitialsCompany => &[FirstName, LastName, Company],
        Rule::Company | Rule::CompanyStart | Rule::Street | Rule::Inside => {
            &[FirstName, LastName, Phone, Email, Address, PostalCode, City, Company, Birthday]
        }
    }
}
