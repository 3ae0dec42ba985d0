//! The search index, read side: tree of conditions to documents, documents to reasons.
//!
//! Works on a snapshot and on numbers; records are fetched by `engine`. Data flows from `plan`
//! (conditions to nodes) over `execute` (nodes to documents) and `page` (documents to the best) to
//! `run`, which takes one step of the ladder after the other.

mod archived;
mod automata;
mod bounds;
mod budget;
mod cursor;
mod execute;
mod explain;
mod facets;
mod held;
mod infix;
mod join;
mod listing;
mod lists;
mod meaning;
mod node;
mod numbers;
mod order;
mod page;
mod plan;
mod rights;
mod run;
mod sight;
mod sort;
mod step;
mod suggest;
mod ties;
mod view;
mod weigh;
mod word_list;
mod words;

pub use crate::index::Space;
pub use cursor::Cursor;
pub use explain::{Compared, Explanation, ScorePart, explain};
pub use facets::{FACET_NAMES, Facet, FacetField};
pub use run::{Aliases, Caches, Hit, Hits, Request, run};
pub use sort::{SORT_NAMES, Sort, SortField};
pub use step::Step;
pub use suggest::{Completion, SuggestRequest, suggest};

/// Why a search failed; never because of the query text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused.
    #[error("search: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Tantivy(error.into())
    }
}
