//! The query language: text and JSON to one tree of conditions, and back.
//!
//! Knows nothing of the index; `search` turns the tree into what the index can answer.

mod date;
mod expr;
mod field;
mod json_read;
mod json_write;
mod language;
mod lex;
mod meets;
mod member;
mod names;
mod narrow;
mod number;
mod parse;
mod print;
mod suggest;
mod tree;
mod value;
mod warning;
mod words;

pub use expr::{Condition, Expr, Shape};
pub use field::{Field, Kind};
pub use json_read::read_json;
pub use json_write::write_json;
pub use language::{Language, MOST_KEY_CHARS, MOST_LEVELS, MOST_VALUE_CHARS};
pub use meets::meets;
pub use member::{Member, nearest_member, read_member};
pub use names::{field_names, name_of};
pub use narrow::narrow;
pub use parse::{Parsed, parse};
pub use print::print;
pub use tree::Conditions;
pub use warning::Warning;

#[cfg(test)]
mod json_tests;
#[cfg(test)]
mod parse_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod test_language;
