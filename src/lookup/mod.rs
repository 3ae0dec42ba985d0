//! Number in any form to contacts, in memory.
//!
//! A mirror of the store: rebuilt from it at start, updated by the writer before a write is
//! acknowledged. Readers never take a lock. It knows numbers, not records; ranking by what the
//! records say happens in `app`.

mod blocks;
mod directory;
mod levels;
mod refusals;
mod sights;
mod table;

pub use blocks::MOST_DESK;
pub use directory::{Directory, Seer};
pub use levels::Entry;
pub use refusals::Refusals;
pub use table::{Candidate, IdentityKind, Initials, Matches, Rule, Table, TableChange};
pub(crate) use table::{identity_entries, phone_entries};
