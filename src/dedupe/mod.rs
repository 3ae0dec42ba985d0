//! Finding contacts that are the same person.
//!
//! Contacts are standardised once ([`Record`]), counted ([`Frequencies`]), paired by blocking
//! rules, compared field by field, weighed against two rivals, a stranger and a household member
//! ([`Model`]), scored ([`pairs`]) and joined into groups ([`cluster`]). [`Check`] compares one
//! record with a few others by the same code and says why ([`Explanation`]). What the weights would
//! have to be in a base is worked out apart ([`Estimate`]).
//! Pure: no files, no store; threads only inside `rayon`.

mod block;
mod block_key;
mod cluster;
mod compare;
mod compare_channel;
mod compare_fact;
mod compare_name;
mod compare_place;
mod estimate;
mod explain;
mod frequency;
mod graph;
mod key_table;
mod letters;
mod level;
mod model;
mod options;
mod record;
mod run;
mod scattered;
mod score;
mod standard;
#[cfg(test)]
mod tests;
mod text_measure;

pub use block::MOST_RECORDS;
pub use block_key::{Rule, common_rule};
pub use cluster::{Apart, Cluster, cluster, join};
pub use compare::Part;
pub use estimate::{
    DecidedPair, Estimate, EstimateError, EstimateRow, estimate_from_decisions, estimate_from_pairs,
};
pub use explain::{Check, Explanation, Reason, Rival};
pub use frequency::{Counts, Frequencies, Kind};
pub use graph::{Graph, GroupPlace, Join, MatchGroup, Near, PairPlace};
pub use key_table::KeyTable;
pub use level::{Field, Level};
pub use model::{Bits, Model, ModelError, Settings, TABLE};
pub use options::Options;
pub use record::{Input, PlaceInput, Record};
pub use run::{Error, Scored, ScoredPair, pairs};
pub use score::{Prior, probability};
pub use standard::Standard;
