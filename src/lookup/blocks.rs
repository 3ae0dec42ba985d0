//! Numbers in reading order, for direct dialling behind a switchboard: `+49 30 901820` is the
//! company, `+49 30 901820-999` one of its desks.
//!
//! Only numbers of countries whose fixed lines differ much in length are held, since elsewhere
//! numbers do not grow at their end.

use std::sync::LazyLock;

use super::levels::{Entry, Levels};
use crate::domain::calling_code;
use crate::domain::ids::OrgNumber;
use crate::domain::number_key::NumberKey;

/// Lengths of fixed lines must lie at least this many digits apart.
const LEAST_SPAN: u16 = 4;
/// Shortest national number of a switchboard, in digits.
const LEAST_NATIONAL: usize = 5;
/// Most digits that a desk has behind its switchboard.
pub const MOST_DESK: usize = 5;

/// By calling code: whether fixed lines differ that much.
static IS_OPEN: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let mut open = vec![false; 1000];
    for metadata in phonenumber::metadata::DATABASE.iter() {
        let Some(fixed) = metadata.descriptors().fixed_line() else { continue };
        let lengths = fixed.possible_length();
        let span = match (lengths.iter().min(), lengths.iter().max()) {
            (Some(least), Some(most)) => most - least,
            _ => 0,
        };
        if let Some(slot) = open.get_mut(usize::from(metadata.country_code())) {
            *slot |= span >= LEAST_SPAN;
        }
    }
    open
});

/// The length of the calling code of E.164 digits, where desks are dialled behind switchboards.
fn open_code(digits: &str) -> Option<usize> {
    let (len, _region) = calling_code::split(digits)?;
    let code: usize = digits[..len].parse().ok()?;
    IS_OPEN.get(code).copied().unwrap_or(false).then_some(len)
}

/// The digits as a key of which numbers with a common beginning are neighbours.
fn forward_key(digits: &str) -> NumberKey {
    NumberKey::from_digits(&digits.chars().rev().collect::<String>())
}

/// The numbers of a partition in reading order.
#[derive(Default)]
pub(super) struct Blocks(Levels);

impl Blocks {
    pub(super) fn fill(&self, phones: &[Entry], is_e164: impl Fn(&Entry) -> bool + Sync) {
        use rayon::prelude::*;
        let entries = phones.par_iter().filter(|entry| is_e164(entry)).filter_map(forward);
        self.0.fill(entries.collect());
    }

    pub(super) fn apply(
        &self,
        removed: &[Entry],
        added: &[Entry],
        is_e164: impl Fn(&Entry) -> bool,
    ) {
        let forward = |entries: &[Entry]| -> Vec<Entry> {
            entries.iter().filter(|entry| is_e164(entry)).filter_map(forward).collect()
        };
        self.0.apply(&forward(removed), &forward(added));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Calls a function for every number that shares all but the last `desk` digits with one given
    /// as E.164 digits; for none where that leaves no switchboard.
    ///
    /// Cost: one binary search in each of a handful of arrays, plus the numbers of the block.
    pub(super) fn neighbours(
        &self,
        org: OrgNumber,
        digits: &str,
        desk: usize,
        each: impl FnMut(Entry) -> bool,
    ) {
        let Some(code_len) = open_code(digits) else { return };
        let Some(len) = digits.len().checked_sub(desk) else { return };
        if len < code_len + LEAST_NATIONAL {
            return;
        }
        let (from, to) = forward_key(digits).suffix_range(len);
        self.0.snapshot().range(org.0, from.0, to.0, each);
    }
}

fn forward(entry: &Entry) -> Option<Entry> {
    let digits = NumberKey(entry.key).digits();
    open_code(&digits)?;
    Some(Entry { key: forward_key(&digits).0, ..*entry })
}
