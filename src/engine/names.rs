//! What is known of names, for use cases that compare contacts.

use std::sync::Arc;

use super::error::Error;
use super::partition::Partition;
use crate::domain::names::NameTables;
use crate::index::Schema;

impl Partition {
    /// The tables of names that searches use now.
    pub fn names(&self) -> Arc<NameTables> {
        Arc::clone(&self.serving().load().schema.names)
    }
}

/// The tables of names that are compiled in.
///
/// # Errors
/// If they are wrong, which a unit test excludes.
pub fn builtin_names() -> Result<Arc<NameTables>, Error> {
    Ok(Schema::load()?.names)
}
