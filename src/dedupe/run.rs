//! The whole batch: records to scored pairs.

use rayon::prelude::*;

use super::block::{self, Candidate, MOST_RECORDS};
use super::block_key::Rule;
use super::compare::Weigher;
use super::compare_name::Held;
use super::frequency::{Counts, Frequencies};
use super::model::Model;
use super::options::Options;
use super::record::Record;
use super::score::{Prior, Sums, probability};

/// Pairs from which the priors are estimated, at most.
const MOST_SAMPLED: usize = 100_000;
/// Bits by which a weight may differ from what it is kept as.
const ROUNDING: f64 = 1e-3;
/// Pairs that one thread takes at a time.
const COMPARED_AT_ONCE: usize = 1 << 14;
/// Pairs whose records are fetched from memory together.
const TOUCHED_AT_ONCE: usize = 16;

/// Why a batch cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are more records than a pair can name.
    #[error("{0} contacts are too many to compare at once; at most {MOST_RECORDS} are possible")]
    TooMany(usize),
}

/// Two records and how likely they are the same person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredPair {
    /// Place of the first record.
    pub a: u32,
    /// Place of the second, always higher.
    pub b: u32,
    /// Match weight in bits; 0 is 50 %.
    pub weight: f32,
    /// The rule that proposed the pair.
    pub rule: Rule,
}

impl ScoredPair {
    /// The probability that both are the same person.
    pub fn probability(&self) -> f64 {
        probability(f64::from(self.weight))
    }
}

/// What a batch gave.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Pairs whose weight is at least [`Options::keep`], in order of their places.
    pub pairs: Vec<ScoredPair>,
    /// How many pairs were compared.
    pub compared: usize,
    /// How many pairs each rule was the first to propose.
    pub proposed: Vec<(Rule, usize)>,
    /// For every rule, pairs with an equal key that the limit on block sizes left out; another
    /// rule may have proposed some of them.
    pub left_out: Vec<(Rule, u64)>,
    /// The estimated priors.
    pub prior: Prior,
}

/// Proposes, compares and scores the pairs of a batch.
///
/// Cost: at a million contacts some five comparisons a record. Memory: 16 bytes a compared pair.
///
/// # Errors
/// If there are more records than a pair can name.
pub fn pairs(
    records: &[Record],
    frequencies: &Frequencies,
    model: &Model,
    options: &Options,
) -> Result<Scored, Error> {
    if records.len() > MOST_RECORDS {
        return Err(Error::TooMany(records.len()));
    }
    let settings = &model.settings;
    let rules: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| options.allows(*rule)).collect();
    let found = block::candidates(records, &rules);
    let mut weigher = Weigher {
        model,
        counts: frequencies,
        duplicates: settings.duplicates_at_start,
        use_email: options.use_email,
    };
    // The density of duplicates decides how counts of names are read, so it is estimated from a
    // sample first.
    let step = found.pairs.len().div_ceil(MOST_SAMPLED).max(1);
    let sample: Vec<Candidate> = found.pairs.iter().step_by(step).copied().collect();
    let held: Vec<Held> = records.par_iter().map(|record| weigher.held(record)).collect();
    let (sums, households) = compare_all(&weigher, records, &held, &sample);
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let (scale, total) = (step as f64, records.len().max(1) as f64);
    let mut prior = Prior::start(settings);
    estimate(&mut prior, &sums, households, scale, total, model);
    weigher.duplicates = prior.duplicates;
    prior.assumed = prior.duplicates;
    let (sums, households) = compare_all(&weigher, records, &held, &found.pairs);
    prior.duplicates = settings.duplicates_at_start;
    estimate(&mut prior, &sums, households, 1.0, total, model);

    let (stranger, household) = (prior.stranger(weigher.total()), prior.rival(settings));
    let pairs = found
        .pairs
        .par_iter()
        .zip(&sums)
        .filter_map(|(candidate, sums)| {
            if sums.most(stranger) + ROUNDING < options.keep {
                return None;
            }
            let (a, b) = candidate.places();
            #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
            let weight = sums.weight(stranger, household) as f32;
            let is_kept = f64::from(weight) >= options.keep
                && options.accepts(&records[a as usize], &records[b as usize]);
            is_kept.then(|| ScoredPair { a, b, weight, rule: candidate.rule() })
        })
        .collect();
    let mut proposed: Vec<(Rule, usize)> = Rule::ALL.iter().map(|rule| (*rule, 0)).collect();
    for candidate in &found.pairs {
        proposed[candidate.rule() as usize].1 += 1;
    }
    proposed.retain(|(_, count)| *count > 0);
    Ok(Scored { proposed, pairs, compared: found.pairs.len(), left_out: found.left_out, prior })
}

/// The sums of all pairs, and how many pairs are two people of one household.
fn compare_all<C: Counts>(
    weigher: &Weigher<'_, C>,
    records: &[Record],
    held: &[Held],
    candidates: &[Candidate],
) -> (Vec<Sums>, usize) {
    let blocks: Vec<(Vec<Sums>, usize)> = candidates
        .par_chunks(COMPARED_AT_ONCE)
        .map(|block| {
            let mut sums = Vec::with_capacity(block.len());
            let mut households = 0;
            for some in block.chunks(TOUCHED_AT_ONCE) {
                let touched = some.iter().fold(0, |sum, candidate| {
                    let (_, b) = candidate.places();
                    sum ^ records[b as usize].touch() ^ u64::from(held[b as usize].first)
                });
                std::hint::black_box(touched);
                for candidate in some {
                    let (a, b) = candidate.places();
                    let (a, b) = (a as usize, b as usize);
                    let compared = weigher.compare_held(&records[a], held[a], &records[b], held[b]);
                    households += usize::from(compared.is_household);
                    sums.push(Sums::of(&compared));
                }
            }
            (sums, households)
        })
        .collect();
    let households = blocks.iter().map(|(_, households)| households).sum();
    let mut sums = Vec::with_capacity(candidates.len());
    for (block, _) in blocks {
        sums.extend(block);
    }
    (sums, households)
}

/// Estimates how many duplicates and household pairs there are.
fn estimate(
    prior: &mut Prior,
    sums: &[Sums],
    households: usize,
    scale: f64,
    total: f64,
    model: &Model,
) {
    let settings = &model.settings;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let household = 2.0 * households as f64 * scale / total;
    prior.household = household.clamp(settings.household_least, settings.household_most);
    for _ in 0..settings.rounds {
        let (stranger, rival) =
            (prior.stranger(total.max(settings.base_least)), prior.rival(settings));
        // Summed in blocks of fixed size, so that the result does not depend on the threads.
        let blocks: Vec<f64> = sums
            .par_chunks(1 << 16)
            .map(|block| block.iter().map(|s| s.probability(stranger, rival)).sum())
            .collect();
        let expected: f64 = blocks.iter().sum();
        prior.duplicates = (2.0 * scale * expected / total)
            .clamp(settings.duplicates_least, settings.duplicates_most);
    }
}
