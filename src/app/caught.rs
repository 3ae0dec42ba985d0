//! Work in the background that panics fails like other work, and says so: nobody waits for it for
//! ever.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::Error;
use crate::engine::Error as EngineError;

/// Does something; a panic is a failure like others. What it has half done must be of no use to
/// anybody afterwards, or kept by the engine, where a write is whole or not there.
pub(super) fn caught<T>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| {
        tracing::error!("{what} ended by a panic");
        Err(EngineError::Defect(what).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure() {
        let failed = caught::<()>("the job", || panic!("it cannot be"));
        assert!(failed.unwrap_err().to_string().starts_with("the job failed unexpectedly"));
        assert!(caught("the job", || Ok(true)).is_ok_and(|is_done| is_done));
    }
}
