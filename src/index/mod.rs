//! The search index, write side: a mirror of the store in tantivy, which can be thrown away.
//!
//! Owns schema, documents, files and commits. Questions are asked by `search`.

mod cutter;
mod directory;
mod document;
mod fingerprint;
mod generation;
mod merging;
mod mirror;
mod pace;
mod schema;
mod sealed;
mod space;

pub use cutter::{BEHIND, EDGE, EMAIL_EDGE, Place, WINDOW, apart, bounded, value_term, word_room};
pub use document::{
    COMPANY_WORDS, Column, DAYS_BEFORE_1970, column_name, count_key, country_names, normal_value,
    value_code,
};
pub(crate) use document::{ordered, text_as_key};
pub use fingerprint::{Fingerprint, FingerprintReader};
pub use generation::{Current, Generations};
pub use mirror::{Mirror, damaged_files};
pub use pace::{MergeTimes, Pace};
pub use schema::{Fields, Ladder, Limits, Schema, Scores, Sources};
pub use space::Space;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused.
    #[error("search index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
    /// A file of the index could not be read or written.
    #[error("search index file {path}: {source}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The schema file that is compiled in is wrong; a defect of this program.
    #[error("index schema: {0}")]
    Schema(String),
}

impl Error {
    fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
