//! What is known of personal names: which are said for each other, which sound alike, how else
//! they are spelled, and which words around them are noise.
//!
//! Index, search, reasons and duplicate keys use the same functions, so that what is written and
//! what is asked for meet.

mod agree;
mod hangul;
mod likeness;
mod readings;
mod script;
mod sound;
mod spelling;
mod tables;

pub use agree::{FullName, is_same_given, names_agree, names_may_agree};
pub use likeness::{Likeness, likeness};
pub(crate) use likeness::{edits, most_edits};
pub use script::{latin, latins};
pub use sound::{Sounds, sounds, sounds_together};
pub use spelling::{collapsed, joined, spellings};
pub use tables::{NameTables, Noise};
