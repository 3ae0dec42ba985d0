//! The words of the business, as pure values: no files, no clocks, no threads.

pub mod ids;
pub mod time;
