//! Comparison levels of given and family names.

use std::cmp::Ordering;

use super::compare::{Part, Parts, Weigher};
use super::frequency::{Counts, Kind};
use super::letters::Letters;
use super::level::Level;
use super::record::{Record, Text};
use super::standard::hash;
use super::text_measure::{WordSets, edits, is_jaro_winkler, word_sets};

/// Which name is compared; the swapped ones with the other kind of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    First,
    Last,
    FirstSwapped,
    LastSwapped,
}

impl Name {
    fn is_first(self) -> bool {
        matches!(self, Self::First | Self::FirstSwapped)
    }

    fn pick(self, first: Level, last: Level) -> Level {
        if self.is_first() { first } else { last }
    }
}

/// Bits from which on a name counts as one that agrees.
const AGREEING: f32 = 2.0;

/// What the names of two records gave.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameLevels {
    pub(super) first: Option<Part>,
    pub(super) last: Option<Part>,
    pub(super) swapped: Option<Part>,
    pub(super) namesakes: Option<Part>,
}

impl NameLevels {
    pub(super) fn push_to(&self, parts: &mut Parts) {
        for part in [self.first, self.last, self.swapped, self.namesakes].into_iter().flatten() {
            parts.push(part);
        }
    }

    /// Bits against a stranger, before the limit for namesakes.
    pub(super) fn sum(&self) -> f32 {
        [self.first, self.last, self.swapped].iter().flatten().map(|part| part.bits.stranger).sum()
    }

    /// Orders by bits, and by levels where these are equal.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let parts = |one: Option<Part>, other: Option<Part>| match (one, other) {
            (Some(one), Some(other)) => one.order(&other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        self.sum()
            .total_cmp(&other.sum())
            .then(parts(self.first, other.first))
            .then(parts(self.last, other.last))
    }

    /// Whether both names agree as they stand, so that they are not swapped.
    pub(super) fn is_sure(&self) -> bool {
        let agrees = |part: Option<Part>| part.is_some_and(|part| part.bits.stranger > 0.0);
        agrees(self.first) && agrees(self.last)
    }

    /// Whether both names say something.
    pub(super) fn are_two_names(&self) -> bool {
        let agrees = |part: Option<Part>| part.is_some_and(|part| part.bits.stranger > AGREEING);
        agrees(self.first) && agrees(self.last)
    }

    /// Whether the last names contradict.
    pub(super) fn has_other_last(&self) -> bool {
        self.last.is_some_and(|part| part.bits.stranger < 0.0)
    }
}

/// A name of a record, and how many hold it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bearer<'a> {
    pub(super) record: &'a Record,
    pub(super) name: Text,
    pub(super) letters: Letters,
    pub(super) holders: u32,
}

/// A record, and what the base knows of its names; looked up once per record in a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    pub(super) record: &'a Record,
    pub(super) held: Held,
}

impl<'a> Side<'a> {
    pub(super) fn first(self) -> Bearer<'a> {
        self.given(self.held.first)
    }

    pub(super) fn last(self) -> Bearer<'a> {
        self.surname(self.held.last)
    }

    /// The given name with its holders in whichever column it is usual.
    pub(super) fn given_anywhere(self) -> Bearer<'a> {
        self.given(self.held.given_anywhere)
    }

    /// The family name with its holders in whichever column it is usual.
    pub(super) fn surname_anywhere(self) -> Bearer<'a> {
        self.surname(self.held.surname_anywhere)
    }

    fn given(self, holders: u32) -> Bearer<'a> {
        let Self { record, .. } = self;
        Bearer { record, name: record.given, letters: record.given_letters, holders }
    }

    fn surname(self, holders: u32) -> Bearer<'a> {
        let Self { record, .. } = self;
        Bearer { record, name: record.surname, letters: record.surname_letters, holders }
    }
}

/// How many records hold the names of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) full_name: u32,
    /// Its names with their holders in whichever column each is usual.
    pub(super) given_anywhere: u32,
    pub(super) surname_anywhere: u32,
    /// How much speaks for the names standing in the wrong columns, in bits.
    pub(super) swap: f32,
}

/// How much the column in which a name usually stands speaks for its standing in the wrong one, in
/// bits, by how many hold it in its own and in the other column.
fn misplaced(name: Text, here: u32, there: u32) -> f64 {
    if name.hash == 0 {
        return 0.0;
    }
    // The record itself is one of the holders in its own column.
    let here = f64::from(here) - 0.5;
    let there = if there <= 1 { 0.5 } else { f64::from(there) + 0.5 };
    (there / here).log2()
}

impl<C: Counts> Weigher<'_, C> {
    /// Looks up the names of a record.
    pub(super) fn held(&self, record: &Record) -> Held {
        let holders = |kind, name: Text| self.counts.holders(kind, name.hash);
        let (given, surname) = (record.given, record.surname);
        let (first, given_last) = (holders(Kind::First, given), holders(Kind::Last, given));
        let (last, surname_first) = (holders(Kind::Last, surname), holders(Kind::First, surname));
        let swap = misplaced(given, first, given_last) + misplaced(surname, last, surname_first);
        #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
        Held {
            first,
            last,
            full_name: self.counts.holders(Kind::FullName, record.full_name()),
            given_anywhere: first.max(given_last),
            surname_anywhere: last.max(surname_first),
            swap: swap as f32,
        }
    }

    /// -log2 of the share of people with a name: those that hold it, without the duplicates that
    /// are to be expected among them.
    fn name_rarity(&self, name: Name, holders: f64) -> f64 {
        let settings = &self.model.settings;
        let floor =
            if name.is_first() { settings.first_name_floor } else { settings.last_name_floor };
        let others = (holders - 1.0 - self.duplicates).max(f64::midpoint(1.0, self.duplicates));
        -(others / self.total()).max(floor).min(1.0).log2()
    }

    /// Compares two names of which it is known how many hold them.
    pub(super) fn compare_name(
        &self,
        name: Name,
        one: Bearer<'_>,
        other: Bearer<'_>,
    ) -> Option<Part> {
        let (a, b) = (one.record, other.record);
        let (rarer, commoner) = (one.holders.min(other.holders), one.holders.max(other.holders));
        let (rarer, commoner) = (f64::from(rarer), f64::from(commoner));
        let letters = (one.letters, other.letters);
        let (one, other) = (one.name, other.name);
        if one.hash == 0 || other.hash == 0 {
            return None;
        }
        let (x, y) = (a.bytes(one.span), b.bytes(other.span));
        if x.len() == 1 || y.len() == 1 {
            let level = if x[0] == y[0] {
                name.pick(Level::FirstInitial, Level::LastInitial)
            } else {
                name.pick(Level::FirstOtherInitial, Level::LastOtherInitial)
            };
            return Some(self.fixed(level));
        }
        if one.hash == other.hash {
            let rarity = self.name_rarity(name, commoner);
            return Some(self.part(name.pick(Level::FirstExact, Level::LastExact), rarity));
        }
        let settings = &self.model.settings;
        let is_far = letters.0.are_far(letters.1, settings.near_jaro_winkler);
        let has_words = letters.0.has_blank() || letters.1.has_blank();
        let are_nicknames = || name == Name::First && a.are_nicknames(b);
        if is_far && !has_words && !are_nicknames() {
            return Some(self.fixed(name.pick(Level::FirstDifferent, Level::LastDifferent)));
        }
        let rarity = || self.name_rarity(name, commoner);
        let edits = if is_far { None } else { edits(x, y) };
        let is_similar = || !is_far && is_jaro_winkler(x, y, settings.near_jaro_winkler);
        let is_slip = match edits {
            Some(1) => true,
            Some(2) => x.len().min(y.len()) >= 6 && is_similar(),
            _ => false,
        };
        if is_slip && rarer <= (settings.typo_share * commoner).max(2.0) {
            return Some(self.part(name.pick(Level::FirstTypo, Level::LastTypo), rarity()));
        }
        let words = if has_words {
            word_sets(a.words(one.span), b.words(other.span))
        } else {
            WordSets::Disjoint
        };
        if words == WordSets::Subset {
            let kind = if name.is_first() { Kind::FirstWord } else { Kind::LastWord };
            let fewest = a
                .words(one.span)
                .filter(|word| b.words(other.span).any(|known| known == *word))
                .map(|word| self.holders(kind, hash(word)))
                .fold(f64::INFINITY, f64::min);
            let level = name.pick(Level::FirstSubset, Level::LastSubset);
            return Some(self.part(level, self.name_rarity(name, fewest)));
        }
        if are_nicknames() {
            return Some(self.part(Level::FirstNickname, rarity()));
        }
        let short = x.len().min(y.len());
        if short >= 3 && x[..short] == y[..short] {
            return Some(self.part(name.pick(Level::FirstPrefix, Level::LastPrefix), rarity()));
        }
        let level = if edits == Some(1) {
            name.pick(Level::FirstOneEdit, Level::LastOneEdit)
        } else if edits.is_some() && short > 3 || is_similar() {
            name.pick(Level::FirstNear, Level::LastNear)
        } else if words == WordSets::Overlap {
            name.pick(Level::FirstOverlap, Level::LastOverlap)
        } else {
            name.pick(Level::FirstDifferent, Level::LastDifferent)
        };
        Some(self.fixed(level))
    }
}
