//! How often somebody may ask for a number who may not see numbers in full: as often as calls come
//! in, and far less often than guessing hidden digits takes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::error::Error;
use crate::domain::access::Caller;
use crate::domain::time::Timestamp;

/// Lookups of one caller in a window.
const MOST: u32 = 30;
/// The window.
const WINDOW_MS: i64 = 60_000;
/// Callers that are remembered; windows that have ended are forgotten first.
const MOST_CALLERS: usize = 100_000;

/// Lookups by caller, with the end of their window.
#[derive(Default)]
pub(super) struct Guesses {
    counts: Mutex<HashMap<Arc<str>, (u32, Timestamp)>>,
}

impl Guesses {
    /// Counts a lookup.
    pub(super) fn count(&self, caller: &Caller, now: Timestamp) -> Result<(), Error> {
        let mut counts = self.counts.lock();
        if counts.len() >= MOST_CALLERS {
            counts.retain(|_, (_, end)| *end > now);
        }
        let fresh = (0, now.plus_ms(WINDOW_MS));
        let (count, end) = counts.entry(Arc::clone(&caller.actor)).or_insert(fresh);
        if *end <= now {
            (*count, *end) = fresh;
        }
        if *count >= MOST {
            let ms = u64::try_from(end.0 - now.0).unwrap_or(0);
            return Err(Error::TooOften { seconds: ms.div_ceil(1_000).max(1) });
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OrgNumber;

    #[test]
    fn guessing_is_slow_and_waiting_helps() {
        let guesses = Guesses::default();
        let caller = Caller::operator(OrgNumber(1), "somebody");
        let now = Timestamp(1_000_000);
        for _ in 0..MOST {
            assert!(guesses.count(&caller, now).is_ok());
        }
        assert!(matches!(guesses.count(&caller, now), Err(Error::TooOften { seconds: 60 })));
        assert!(guesses.count(&caller, now.plus_ms(WINDOW_MS)).is_ok());
    }
}
