//! Ringdex: a search-engine-centric contact service.

pub mod domain;
pub mod index;
pub mod lookup;
pub mod search;
