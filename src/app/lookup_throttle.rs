//! How often somebody may ask for a number who may not see numbers in full: as often as calls come
//! in, and far less often than guessing hidden digits takes.
//!
//! One rule for every answer that would tell whether somebody has a number: it counts here, like a
//! lookup, or it is not given. What is only compared by numbers (matching rows of an import and
//! changing contacts by them, duplicates) leaves them out for such callers, and searches do not look
//! into them.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use uuid::Uuid;

use super::App;
use super::error::Error;
use crate::domain::access::{Caller, FieldRight};
use crate::domain::time::Timestamp;

/// Numbers that one person may ask for in a window.
pub(super) const MOST: usize = 30;
/// The window.
const WINDOW_MS: i64 = 60_000;
/// Callers that are remembered; windows that have ended are forgotten first.
const MOST_CALLERS: usize = 100_000;

/// Numbers asked for by person, with the end of their window.
#[derive(Default)]
pub(super) struct LookupThrottle {
    counts: Mutex<HashMap<Who, (usize, Timestamp)>>,
}

/// Who guesses: a person by all its tokens and sessions, or a token that is nobody's.
#[derive(PartialEq, Eq, Hash)]
enum Who {
    User(Uuid),
    Actor(Arc<str>),
}

impl Who {
    fn of(caller: &Caller) -> Self {
        caller.user.map_or_else(|| Self::Actor(Arc::clone(&caller.actor)), Self::User)
    }
}

impl LookupThrottle {
    /// Counts so many numbers that are asked for at once; none of them if they are too many.
    fn count(&self, caller: &Caller, numbers: usize, now: Timestamp) -> Result<(), Error> {
        if numbers > MOST {
            return Err(Error::DeniedOnRecord(
                "you may bring at most 30 numbers a minute where each may be there only once, \
                 since you may not see numbers in full",
            ));
        }
        let mut counts = self.counts.lock();
        if counts.len() >= MOST_CALLERS {
            counts.retain(|_, (_, end)| *end > now);
        }
        let fresh = (0, now.plus_ms(WINDOW_MS));
        let (count, end) = counts.entry(Who::of(caller)).or_insert(fresh);
        if *end <= now {
            (*count, *end) = fresh;
        }
        if *count + numbers > MOST {
            let ms = u64::try_from(end.0 - now.0).unwrap_or(0);
            return Err(Error::TooOften { seconds: ms.div_ceil(1_000).max(1) });
        }
        *count += numbers;
        Ok(())
    }
}

impl App {
    /// Counts numbers whose answer tells whether somebody has them, for a caller who may not see
    /// numbers in full.
    ///
    /// # Errors
    /// If it asks too often.
    pub(super) fn count_guesses(&self, caller: &Caller, numbers: usize) -> Result<(), Error> {
        if caller.fields.phones == FieldRight::Full || numbers == 0 {
            return Ok(());
        }
        self.guesses.count(caller, numbers, self.partition.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OrgNumber;

    #[test]
    fn guessing_is_slow_and_waiting_helps() {
        let guesses = LookupThrottle::default();
        let caller = Caller::operator(OrgNumber(1), "somebody");
        let now = Timestamp(1_000_000);
        for _ in 0..MOST {
            assert!(guesses.count(&caller, 1, now).is_ok());
        }
        assert!(matches!(guesses.count(&caller, 1, now), Err(Error::TooOften { seconds: 60 })));
        let later = now.plus_ms(WINDOW_MS);
        assert!(guesses.count(&caller, 29, later).is_ok());
        assert!(matches!(guesses.count(&caller, 2, later), Err(Error::TooOften { .. })));
        assert!(guesses.count(&caller, 1, later).is_ok(), "what was refused counted nothing");
        let too_many = guesses.count(&caller, 31, later.plus_ms(WINDOW_MS));
        assert!(matches!(too_many, Err(Error::DeniedOnRecord(_))));
    }
}
