//! The query language: text and JSON to one tree of conditions, and back.
//!
//! Knows nothing of the index; `search` turns the tree into what the index can answer.

mod expr;
mod field;

pub use expr::{Condition, Expr, Shape};
pub use field::{Field, Kind};
