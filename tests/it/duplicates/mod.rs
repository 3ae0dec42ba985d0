//! Duplicates: reports, the check while typing, the list to review and what is decided about it.

mod auto_merge;
mod check;
mod estimate;
mod given_names;
mod identity;
mod report;
mod resume;
mod review;
mod runs;
mod same_number;
