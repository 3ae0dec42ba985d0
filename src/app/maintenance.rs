//! Looking after the partition: verifying, rebuilding, figures.

use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::engine::{CheckReport, Stats};

impl App {
    /// Verifies everything against everything.
    ///
    /// # Errors
    /// If the caller does not run the server, or something cannot be read at all.
    pub fn check(
        &self,
        caller: &Caller,
        progress: &mut dyn FnMut(u64),
    ) -> Result<CheckReport, Error> {
        authorize(caller, Permission::Operate)?;
        Ok(self.partition.check(progress)?)
    }

    /// Rebuilds the search index while the old one serves; how many contacts it holds.
    ///
    /// # Errors
    /// If the caller does not run the server, or the index cannot be written.
    pub fn reindex(&self, caller: &Caller, progress: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        authorize(caller, Permission::Operate)?;
        Ok(self.partition.reindex(progress)?)
    }

    /// Figures for metrics.
    pub fn stats(&self) -> Stats {
        self.partition.stats()
    }
}
