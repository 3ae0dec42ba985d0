//! A place in the change feed, as callers keep it.

use std::fmt;

use uuid::Uuid;

use super::super::error::Error;
use crate::domain::access::Caller;
use crate::domain::ids::ChangeSeq;

/// Why it cannot be told what happened since a place.
pub(super) const TRIMMED: &str =
    "what happened since then is not known any more: read everything again, and go on from there";
const ANOTHER: &str =
    "this place is of another history, such as that of a backup: read everything again";
const OTHER_SIGHT: &str =
    "what you may see has changed since then: read everything again, and go on from there";

/// A place: behind which change, of which history, for what sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    history: u32,
    /// The change.
    pub seq: ChangeSeq,
    sight: u32,
}

impl FeedPosition {
    /// The place behind a change, for a caller.
    pub(super) fn new(history: Uuid, seq: ChangeSeq, caller: &Caller) -> Self {
        let (high, _) = history.as_u64_pair();
        let (_, low) = history.as_u64_pair();
        // What decides what is told: sight, fields, rights.
        let told = format!("{:?}{:?}{:?}", caller.sight, caller.fields, caller.permissions);
        let [a, b, c, d, ..] = *blake3::hash(told.as_bytes()).as_bytes();
        #[expect(clippy::cast_possible_truncation, reason = "as much as tells histories apart")]
        let history = (high ^ low) as u32;
        Self { history, seq, sight: u32::from_be_bytes([a, b, c, d]) }
    }

    /// Reads a place; `now` is one of the same caller.
    pub(super) fn read(text: &str, now: &Self) -> Result<Self, Error> {
        let text = text.trim();
        if text == "0" {
            return Ok(Self { seq: ChangeSeq(0), ..*now });
        }
        let wrong =
            || Error::invalid("/since", "value", "must be the next_since of an answer, or 0");
        let mut parts = text.split('-');
        let hex = |part: Option<&str>| u32::from_str_radix(part?, 16).ok();
        let (history, seq) = (hex(parts.next()), parts.next().and_then(|seq| seq.parse().ok()));
        let (sight, rest) = (hex(parts.next()), parts.next());
        let (Some(history), Some(seq), Some(sight), None) = (history, seq, sight, rest) else {
            return Err(wrong());
        };
        if history != now.history {
            return Err(Error::FeedGone(ANOTHER));
        }
        if sight != now.sight {
            return Err(Error::FeedGone(OTHER_SIGHT));
        }
        Ok(Self { history, seq: ChangeSeq(seq), sight })
    }

    /// Whether a caller sees the same as the one of another place.
    pub fn has_same_sight(&self, other: &Self) -> bool {
        self.sight == other.sight
    }

    /// Reads a place that a caller names, and refuses one from which it cannot go on.
    ///
    /// # Errors
    /// If it is none, or not one of this caller as it is now.
    pub fn of_caller(&self, text: &str) -> Result<Self, Error> {
        Self::read(text, self)
    }
}

impl fmt::Display for FeedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}-{:08x}", self.history, self.seq.0, self.sight)
    }
}
