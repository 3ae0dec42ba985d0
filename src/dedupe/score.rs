//! From weights to probabilities: priors and the soft minimum of two rivals.

use super::compare::{Comparison, Rivals};
use super::model::Settings;

/// How many duplicates, and how many pairs of a household that are none, there are per contact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Duplicates per contact.
    pub duplicates: f64,
    /// Pairs that share a phone or an address but are different people, per contact.
    pub household: f64,
    /// The duplicates per contact that were assumed when counts of names were read.
    pub assumed: f64,
}

impl Prior {
    /// What is assumed before anything is known.
    pub fn start(settings: &Settings) -> Self {
        Self {
            duplicates: settings.duplicates_at_start,
            household: settings.household_least.max(settings.duplicates_at_start),
            assumed: settings.duplicates_at_start,
        }
    }

    /// The prior weight against a stranger among `total` contacts, in bits.
    pub fn stranger(&self, total: f64) -> f64 {
        (self.duplicates / total).log2()
    }

    /// The prior weight against a household member, in bits.
    pub fn rival(&self, settings: &Settings) -> f64 {
        (self.duplicates.min(settings.household_prior_most) / self.household).log2()
    }
}

/// Bits below which a pair is nobody's duplicate.
const LEAST_BITS: f64 = -24.0;

/// The two sums of a pair in eight bytes; which rivals there are stands in `household`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    stranger: f32,
    household: f32,
}

impl Sums {
    pub(super) fn of(comparison: &Comparison) -> Self {
        let household = match comparison.rivals {
            Rivals::Both => comparison.household,
            Rivals::Stranger => f32::INFINITY,
            Rivals::Organization => f32::NEG_INFINITY,
        };
        Self { stranger: comparison.stranger, household }
    }

    /// The match weight in bits.
    pub(super) fn weight(self, stranger_prior: f64, household_prior: f64) -> f64 {
        let stranger = f64::from(self.stranger);
        if self.household == f32::NEG_INFINITY {
            return stranger;
        }
        soft_min(stranger + stranger_prior, f64::from(self.household) + household_prior)
    }

    /// What the match weight is at most; cheap.
    pub(super) fn most(self, stranger_prior: f64) -> f64 {
        let prior = if self.household == f32::NEG_INFINITY { 0.0 } else { stranger_prior };
        f64::from(self.stranger) + prior
    }

    /// The probability of the match weight; 0 where it is below one in ten million.
    pub(super) fn probability(self, stranger_prior: f64, household_prior: f64) -> f64 {
        if self.most(stranger_prior) < LEAST_BITS {
            return 0.0;
        }
        probability(self.weight(stranger_prior, household_prior))
    }
}

/// -log2(2^-a + 2^-b): below the lower of both by at most one bit.
pub(super) fn soft_min(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if high == f64::INFINITY {
        return low;
    }
    low - (1.0 + (low - high).exp2()).log2()
}

/// The probability of a match weight.
pub fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_minimum_is_below_both() {
        assert!((soft_min(3.0, 3.0) - 2.0).abs() < 1e-9);
        assert!((soft_min(-5.0, 30.0) + 5.0).abs() < 1e-6);
        assert!((soft_min(4.0, f64::INFINITY) - 4.0).abs() < 1e-9);
        assert!((probability(0.0) - 0.5).abs() < 1e-9);
    }
}
