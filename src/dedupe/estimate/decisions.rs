//! Weights from what persons have decided.
//!
//! Pairs are shown for decision because they are likely, so the shares of levels among them are
//! not those among all pairs. What can be learnt from them without bias is what levels must weigh
//! for the scores to agree with the decisions: a logistic regression whose weights are held at the
//! shipped ones by a normal prior.

use std::f64::consts::LN_2;

use super::super::compare::Weigher;
use super::super::frequency::Counts;
use super::super::level::Level;
use super::super::model::Model;
use super::super::options::Options;
use super::super::record::Record;
use super::super::score::{Prior, probability};
use super::evidence::{Evidence, Moved, Priors};
use super::table::rewritten;
use super::{DECISIONS_OF_SHIPPED, Estimate, EstimateError, MOST_MOVED};

/// Steps towards the best weights, at most.
const MOST_STEPS: usize = 500;
/// Bits below which a step is the last one.
const LAST_STEP: f64 = 1e-4;
/// What a decision about a pair that is as likely as not says about a weight, in bits.
const EVEN: f64 = 0.25 * LN_2 * LN_2;

/// Two records about which somebody has decided.
#[derive(Clone, Copy, Debug)]
pub struct DecidedPair<'a> {
    /// One record.
    pub a: &'a Record,
    /// The other one.
    pub b: &'a Record,
    /// Whether they are the same person.
    pub is_same: bool,
}

/// Estimates what levels must weigh for scores to agree with decisions. Counts and prior are those
/// of the base, compared by the shipped model.
///
/// Cost: some hundred passes over the decisions.
///
/// # Errors
/// If no decision says that two records are one person, or none that they are two.
pub fn estimate_from_decisions<C: Counts>(
    decided: &[DecidedPair<'_>],
    counts: &C,
    prior: Prior,
    options: &Options,
) -> Result<Estimate, EstimateError> {
    let model = Model::shipped().map_err(|error| EstimateError::Defect(error.to_string()))?;
    let same = decided.iter().filter(|pair| pair.is_same).count();
    let different = decided.len() - same;
    if same == 0 || different == 0 {
        return Err(EstimateError::NoDecisions { same, different });
    }
    let weigher =
        Weigher { model: &model, counts, duplicates: prior.assumed, use_email: options.use_email };
    let priors = Priors {
        stranger: prior.stranger(weigher.total()),
        household: prior.rival(&model.settings),
    };
    let pairs: Vec<(Evidence, bool)> = decided
        .iter()
        .map(|pair| (Evidence::of(&model, &weigher.compare(pair.a, pair.b)), pair.is_same))
        .collect();
    let moved = fitted(&model, &pairs, priors);
    let mut reached = vec![0_u64; Level::ALL.len()];
    for (evidence, _) in &pairs {
        for level in &evidence.reached {
            reached[level.level as usize] += 1;
        }
    }
    let heading = format!(
        "Weights estimated from {} decisions: {same} that two contacts are the same person, \
         {different} that they are not.\nEvery weight is held at the shipped one as if by {} \
         decisions about pairs that are as likely as not.",
        decided.len(),
        DECISIONS_OF_SHIPPED,
    );
    rewritten(&model, &moved, &reached, &heading)
}

/// The weights under which the decisions are likeliest, given the prior.
pub(super) fn fitted(model: &Model, pairs: &[(Evidence, bool)], priors: Priors) -> Moved {
    let len = Level::ALL.len();
    let held = DECISIONS_OF_SHIPPED * EVEN;
    let mut moved = Moved::nothing();
    for _ in 0..MOST_STEPS {
        // Slopes, and bounds of the curvature that let all weights move at once (De Pierro 1995).
        let (mut slope, mut bound) = (vec![0.0; 2 * len], vec![held; 2 * len]);
        for (evidence, is_same) in pairs {
            let (weight, stranger, household) = evidence.weight(&moved, priors);
            let wrong = f64::from(u8::from(*is_same)) - probability(weight);
            let parts = evidence.reached.iter().map(|reached| {
                let own = stranger * reached.stranger + household * reached.household;
                let is_own = model.number(reached.level).home_times == 0.0;
                (reached.level as usize, own, if is_own { household } else { 0.0 })
            });
            let all: f64 = parts.clone().map(|(_, own, home)| own + home).sum();
            for (at, own, home) in parts {
                for (at, part) in [(at, own), (len + at, home)] {
                    slope[at] += LN_2 * wrong * part;
                    bound[at] += EVEN * part * all;
                }
            }
        }
        let mut longest: f64 = 0.0;
        for at in 0..2 * len {
            let weights = if at < len { &mut moved.stranger } else { &mut moved.household };
            let weight = &mut weights[at % len];
            let next = *weight + (slope[at] - held * *weight) / bound[at];
            let next = next.clamp(-MOST_MOVED, MOST_MOVED);
            longest = longest.max((next - *weight).abs());
            *weight = next;
        }
        if longest < LAST_STEP {
            break;
        }
    }
    moved
}
