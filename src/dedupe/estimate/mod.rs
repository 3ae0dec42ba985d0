//! Weights learnt from a base: what the levels of the shipped table would have to weigh there.
//!
//! From what persons have decided ([`estimate_from_decisions`]), or without any decision by
//! expectation and maximisation ([`estimate_from_pairs`]). Both move the shipped weights as far as
//! there is evidence; settings, limits, words and what follows from several fields together stay.
//! The result is a table in the form of the shipped one, which whoever wants it has to bring
//! himself: nothing here changes what is compared with.

mod decisions;
mod evidence;
mod expectation;
mod table;
#[cfg(test)]
mod tests;

pub use decisions::{DecidedPair, estimate_from_decisions};
pub use expectation::estimate_from_pairs;

/// Decisions about pairs that are as likely as not that count as much as the shipped weight of a
/// level.
const DECISIONS_OF_SHIPPED: f64 = 25.0;
/// Pairs at a level that count as much as its shipped weight where nobody has decided.
const PAIRS_OF_SHIPPED: f64 = 50.0;
/// Bits by which a weight moves at most.
const MOST_MOVED: f64 = 4.0;

/// Why no weights can be estimated.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum EstimateError {
    /// There are no decisions of one of the two kinds.
    #[error(
        "there is nothing to learn from: {same} decisions say that two contacts are the same person, {different} that they are not; both are needed"
    )]
    NoDecisions {
        /// Usable decisions that two contacts are one person.
        same: usize,
        /// Usable decisions that they are two.
        different: usize,
    },
    /// There are hardly any pairs that may be the same person.
    #[error(
        "there is nothing to learn from: among {compared} pairs that were compared only some {expected:.0} are the same person; {least} are needed"
    )]
    FewPairs {
        /// Pairs that were compared.
        compared: usize,
        /// How many of them probably are the same person.
        expected: f64,
        /// How many are needed.
        least: u32,
    },
    /// The shipped table cannot be read or compared with, which is a defect.
    #[error("{0}")]
    Defect(String),
}

/// A weight that was looked at.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EstimateRow {
    /// Section of the table.
    pub field: &'static str,
    /// Its line.
    pub level: &'static str,
    /// The number of that line: `bits`, `rarity`, `share` or `home`.
    pub weight: &'static str,
    /// The number as it is shipped.
    pub shipped: f64,
    /// The number as it was estimated.
    pub estimated: f64,
    /// How many pairs reached the level; of those that nobody has decided the probably same ones.
    pub pairs: u64,
}

/// A table of weights that was estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The table, with a heading that says where it is from.
    pub table: String,
    /// Every weight that was looked at, in the order of the table.
    pub rows: Vec<EstimateRow>,
}
