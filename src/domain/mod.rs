//! The words of the business, as pure values: no files or clocks of their own, no threads.

pub mod access;
pub mod audit;
pub mod calling_code;
pub mod collation;
pub mod contact;
pub mod custom_field;
pub mod date;
pub mod draft;
pub mod draft_json;
mod draft_lists;
pub mod duplicates;
pub mod email;
pub mod guarded_csv;
pub mod ids;
pub mod issue;
pub mod members;
pub mod merge;
pub mod name;
pub mod names;
pub mod number_key;
pub mod phone;
pub mod place;
pub mod saved_search;
pub mod status;
pub mod text;
pub mod time;
pub mod view;
