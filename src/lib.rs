//! Ringdex: a search-engine-centric contact service.

pub mod domain;
pub mod generate;
pub mod import;
