//! The contacts as entries of an LDAP directory: names, attributes and filters.
//!
//! Pure. Connections, rights and searching are the business of others.

mod entry;
mod filter;
mod name;
mod schema;
mod typed;

pub use entry::{Attribute, CONTAINER_CLASSES, Selection, attributes};
pub use filter::{PeopleFilter, wanted};
pub(super) use filter::{all, any, condition, digits};
pub use name::{Base, Suffix};
pub use schema::{SUBSCHEMA, subschema};
pub use typed::typed_name;
