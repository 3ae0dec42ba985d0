//! The search index, read side: text to query, query to hits, hits to reasons.
//!
//! Works on a snapshot and on numbers; records are fetched by `engine`.

mod cursor;
mod explain;
mod infix;
mod parse;
mod plan;
mod run;
mod sight;

pub use cursor::Cursor;
pub use explain::{Explanation, explain};
pub use parse::{Clause, FieldName, ParsedQuery, parse};
pub use run::{Hit, Hits, Request, Sort, run};
pub use sight::SightFilters;

/// Why a search failed; never because of the query text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused.
    #[error("search: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
}
