//! What telephones and their systems ask for and tell: names of callers, phone books, calls.
//!
//! Each of these has a right of its own, so that a token for a device can do nothing else.

mod calls;
mod directory;
mod names;
mod phone_book;
mod snapshot;

pub use calls::{CallReport, Ringing};
pub use directory::{DirectoryPage, DirectoryQuery};
pub use names::{NameFormat, NameStyle, Standing, caller_name, standing};
pub use phone_book::{BookPage, BookQuery};
pub use snapshot::NumberBook;
