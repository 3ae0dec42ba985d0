//! Looking again where another machine has written between a look and a write.
//!
//! Some rules need more than one write sees: whether a number is anybody else's. They are looked at
//! outside of the write, with a lock of this process, and the write refuses if another machine has
//! changed contacts since ([`Tx::refuse_overtaken`](crate::engine::Tx::refuse_overtaken)). One machine
//! alone is never overtaken.

use super::error::Error;
use crate::engine::Error as EngineError;

/// How often it is looked again; after that whoever asked is told to come back.
const MOST_LOOKS: usize = 50;

/// Does something again as long as another machine comes first.
pub(super) fn until_first<T>(mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let mut done = work();
    for _ in 0..MOST_LOOKS {
        if !matches!(done, Err(Error::Engine(EngineError::Overtaken))) {
            break;
        }
        done = work();
    }
    done
}
