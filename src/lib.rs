//! Ringdex: a search-engine-centric contact service.
//!
//! Modules in reading order: `domain` says what a contact is; `vault` seals what lies on disk, where
//! that is asked for; `query` is the language in which contacts are asked for; `journal`, `store`,
//! `lookup`, `index` and `search` each keep or read one form of a contact; `engine` puts them together; `dedupe` finds the
//! same person in several contacts; `import` turns files into drafts; `app` holds the use cases
//! and decides who may do what; `devices` writes what telephones read, `edge` answers them without a server; `http` and `cli` offer it all.

pub mod error;
pub mod priority;

pub mod domain;
pub mod edge;
pub mod query;
pub mod vault;

pub mod index;
pub mod journal;
pub mod lookup;
pub mod memory;
pub mod search;
pub mod store;

pub mod engine;

pub mod dedupe;
pub mod generate;
pub mod import;

pub mod app;
pub mod devices;

pub mod cli;
pub mod http;
pub mod ui;
