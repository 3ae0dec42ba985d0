//! How well scores agree with what persons have decided.

use serde::Serialize;

use super::super::App;
use super::super::error::Error;
use super::decision::authorize_review;
use crate::domain::access::{Caller, Sight};
use crate::domain::duplicates::Verdict;

/// The bounds of the bands in which probabilities are counted.
const BANDS: [f64; 7] = [0.0, 0.1, 0.5, 0.8, 0.9, 0.99, 1.0];

/// Decisions about pairs of similar probability.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AccuracyBand {
    /// From this probability on.
    pub from: f64,
    /// Below this one; the last band holds its bound.
    pub to: f64,
    /// Merged.
    pub same: usize,
    /// Told apart.
    pub different: usize,
}

/// How well scores agree with decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Accuracy {
    /// Pairs that persons have decided, and that had a score then.
    pub decided: usize,
    /// Pairs that persons have decided without a score.
    pub unscored: usize,
    /// The share of decided pairs where the score was on the same side of 50 %; none without any.
    pub agreement: Option<f64>,
    /// The share of merged pairs among those that had at least 50 %.
    pub precision: Option<f64>,
    /// The share of merged pairs that had at least 50 %.
    pub recall: Option<f64>,
    /// Decisions by probability.
    pub bands: Vec<AccuracyBand>,
}

fn share(part: usize, whole: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let share = (whole > 0).then(|| part as f64 / whole as f64);
    share.map(|share| super::rounded(share, 4))
}

impl App {
    /// How well scores agree with what persons have decided about all contacts.
    ///
    /// # Errors
    /// If the caller may not merge, or does not see all contacts.
    pub fn duplicate_accuracy(&self, caller: &Caller) -> Result<Accuracy, Error> {
        authorize_review(caller)?;
        if caller.sight != Sight::Everything {
            return Err(Error::DeniedOnRecord("these figures are for those who see all contacts"));
        }
        let mut bands: Vec<AccuracyBand> = BANDS
            .windows(2)
            .map(|bounds| AccuracyBand { from: bounds[0], to: bounds[1], same: 0, different: 0 })
            .collect();
        let mut unscored = 0;
        for (_, _, decision) in self.decisions(caller.organization)? {
            if decision.verdict == Verdict::Later {
                continue;
            }
            let Some(probability) = decision.probability else {
                unscored += 1;
                continue;
            };
            let at = bands.partition_point(|band| band.to <= probability).min(bands.len() - 1);
            match decision.verdict {
                Verdict::Same => bands[at].same += 1,
                Verdict::NotDuplicate | Verdict::Later => bands[at].different += 1,
            }
        }
        let sum = |pick: fn(&AccuracyBand) -> usize, least: f64| -> usize {
            bands.iter().filter(|band| band.from >= least).map(pick).sum()
        };
        let (same, different) = (sum(|band| band.same, 0.0), sum(|band| band.different, 0.0));
        let (found, wrong) = (sum(|band| band.same, 0.5), sum(|band| band.different, 0.5));
        Ok(Accuracy {
            decided: same + different,
            unscored,
            agreement: share(found + different - wrong, same + different),
            precision: share(found, found + wrong),
            recall: share(found, same),
            bands,
        })
    }
}
