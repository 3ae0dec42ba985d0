//! The integration tests, one binary; see the modules.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests and their helpers fail by panicking"
)]

mod access;
mod address_book;
mod browser;
mod cluster;
mod consents;
mod contacts;
mod conventions;
mod counts;
mod custom;
mod duplicates;
mod edge;
mod engine;
mod erasures;
mod errors;
mod exports;
mod feed;
mod filters;
mod fuzz;
mod imports;
mod jobs;
mod lead_score;
mod list_members;
mod lists;
mod long_values;
mod lookup;
mod meaning;
mod merges;
mod numbers;
mod openapi;
mod orders;
mod people;
mod readme;
mod records;
mod retention;
mod said;
mod scenarios;
mod search;
mod source_systems;
mod suggest;
mod support;
mod tags;
mod telephones;
mod tenancy;
mod tidy;
mod vault;
