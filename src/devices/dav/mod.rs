//! What address books ask by `CardDAV` (RFC 6352), and the form of the answers.
//!
//! Pure: reads and writes XML. Entities of documents are not resolved, and how deep and long they may
//! be is bounded.

mod answer;
mod request;
mod tree;

pub use answer::{Resource, failure, multistatus, unchanged};
pub use request::{Properties, Report, changed_properties, propfind, report};
pub use tree::{CARDDAV, DAV, Name, Node, SERVER};
