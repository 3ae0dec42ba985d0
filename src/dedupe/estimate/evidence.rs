//! What a pair says about the weights of the levels that it reached.

use smallvec::SmallVec;

use super::super::compare::{Comparison, Rivals};
use super::super::level::{Field, Level};
use super::super::model::Model;
use super::super::score::soft_min;

/// A level that a pair reached, and by how much its score moves if the weight of the level does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) level: Level,
    /// Of a change of the weight against a stranger: the part that counts against one.
    pub(super) stranger: f64,
    /// The part that counts against a household member.
    pub(super) household: f64,
    /// Its weight against a stranger, unless another level counts in its place.
    pub(super) bits: Option<f64>,
}

/// A compared pair.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    stranger: f64,
    /// Infinite where no household is likely.
    household: f64,
    pub(super) is_organization: bool,
    pub(super) reached: SmallVec<[Reached; 10]>,
}

/// How far weights are moved, by level.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    /// The weights against a stranger.
    pub(super) stranger: Vec<f64>,
    /// The weights against a household member.
    pub(super) household: Vec<f64>,
}

impl Moved {
    pub(super) fn nothing() -> Self {
        Self { stranger: vec![0.0; Level::ALL.len()], household: vec![0.0; Level::ALL.len()] }
    }
}

/// The priors that belong to a base, in bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Priors {
    pub(super) stranger: f64,
    pub(super) household: f64,
}

impl Evidence {
    pub(super) fn of(model: &Model, comparison: &Comparison) -> Self {
        let parts = comparison.parts.as_slice();
        let usual = model.bits(Level::Namesakes, 0.0).stranger;
        // Where a limit for namesakes holds, what the names weigh does not matter.
        let is_limited =
            parts.iter().any(|p| p.level == Level::Namesakes && p.bits.stranger < usual);
        #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
        let agreement = model.settings.place_agreement as f32;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the other fields always count")]
        let is_own = |field: Field, bits: f32| match field {
            // Of places and of what colleagues share only the best counts.
            Field::Address | Field::PostalCode | Field::City => {
                bits != 0.0 && (bits - agreement).abs() > f32::EPSILON
            }
            Field::Phone | Field::Company => bits != 0.0,
            _ => true,
        };
        let reached = parts
            .iter()
            .filter(|part| part.field() != Field::Context)
            .map(|part| {
                let is_name = matches!(part.field(), Field::FirstName | Field::LastName);
                let is_own = is_own(part.field(), part.bits.stranger);
                Reached {
                    level: part.level,
                    stranger: f64::from(u8::from(is_own && !(is_name && is_limited))),
                    household: model.number(part.level).home_times,
                    bits: is_own.then(|| f64::from(part.bits.stranger)),
                }
            })
            .collect();
        let household = match comparison.rivals {
            Rivals::Both => f64::from(comparison.household),
            Rivals::Stranger | Rivals::Organization => f64::INFINITY,
        };
        Self {
            stranger: f64::from(comparison.stranger),
            household,
            is_organization: comparison.rivals == Rivals::Organization,
            reached,
        }
    }

    /// A pair that is weighed against a stranger only.
    #[cfg(test)]
    pub(super) fn made(stranger: f64, reached: SmallVec<[Reached; 10]>) -> Self {
        Self { stranger, household: f64::INFINITY, is_organization: false, reached }
    }

    /// The match weight with moved weights, and the part of a change against a stranger, and
    /// against a household member, by which it would move further.
    pub(super) fn weight(&self, moved: &Moved, priors: Priors) -> (f64, f64, f64) {
        let (mut stranger, mut household) = (self.stranger, self.household);
        for reached in &self.reached {
            let at = reached.level as usize;
            stranger += reached.stranger * moved.stranger[at];
            household += reached.household * moved.stranger[at] + moved.household[at];
        }
        if self.is_organization {
            return (stranger, 1.0, 0.0);
        }
        let (stranger, household) = (stranger + priors.stranger, household + priors.household);
        let share = 1.0 / (1.0 + (stranger - household).exp2());
        (soft_min(stranger, household), share, 1.0 - share)
    }
}
