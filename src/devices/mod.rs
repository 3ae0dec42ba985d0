//! What telephones and their systems read, each maker in a format of its own: phone books, and the
//! template of a telephone system.
//!
//! Pure: makes bytes of entries. Who may read what is decided before, and how it is sent behind.

pub mod books;
pub mod dav;
mod entry;
pub mod ldap;
mod template;
mod xml;

pub use entry::{Entry, Line, LineKind};
pub use template::three_cx_template;
