//! Words of names that were compared before: the hits of one search share most of theirs.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::domain::names::Likeness;
use crate::query::Shape;

/// How a word of a name meets one that was asked for, and what that counts.
pub(super) type Meeting = Option<(Likeness, f32)>;

/// What is compared with words of names.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Asked<'a> {
    pub(super) text: &'a str,
    pub(super) shape: Shape,
    pub(super) loosest: Likeness,
    /// Initials of given names count more than others.
    pub(super) is_given_name: bool,
}

/// What was compared while the hits of one search on one step of the ladder are explained.
#[derive(Debug, Default)]
pub struct Compared(RefCell<Vec<OfAsked>>);

#[derive(Debug)]
struct OfAsked {
    text: String,
    shape: Shape,
    loosest: Likeness,
    is_given_name: bool,
    met: FxHashMap<Box<str>, Meeting>,
}

impl OfAsked {
    fn asked(&self) -> Asked<'_> {
        let Self { text, shape, loosest, is_given_name, .. } = self;
        Asked { text, shape: *shape, loosest: *loosest, is_given_name: *is_given_name }
    }
}

impl Compared {
    /// How a word as it is written meets what was asked for; compares them if that was not done.
    pub(super) fn get(
        &self,
        asked: Asked<'_>,
        written: &str,
        compare: impl FnOnce() -> Meeting,
    ) -> Meeting {
        let find = |known: &[OfAsked]| known.iter().position(|one| one.asked() == asked);
        let place = find(&self.0.borrow());
        if let Some(met) = place.and_then(|at| self.0.borrow()[at].met.get(written).copied()) {
            return met;
        }
        let met = compare();
        let mut known = self.0.borrow_mut();
        let at = place.unwrap_or_else(|| {
            let Asked { text, shape, loosest, is_given_name } = asked;
            let (text, met) = (text.to_owned(), FxHashMap::default());
            known.push(OfAsked { text, shape, loosest, is_given_name, met });
            known.len() - 1
        });
        known[at].met.insert(written.into(), met);
        met
    }
}
