//! Which letters a text has, and how many: enough to see that most texts are not alike.

/// Letters from a to z.
const LATIN: u32 = 26;

/// The letters of a text, in eight bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Letters {
    /// A bit for every letter from a to z; five for everything else but blanks.
    set: u32,
    /// Up to 255.
    len: u8,
    has_blank: bool,
    /// The first two letters; 0 where there are none.
    start: [u8; 2],
}

impl Letters {
    pub(super) fn of(text: &[u8]) -> Self {
        let bit = |byte: &u8| match byte {
            b'a'..=b'z' => 1 << (byte - b'a'),
            b' ' => 0,
            other => 1 << (LATIN + u32::from(other % 5)),
        };
        let at = |at: usize| text.get(at).copied().unwrap_or(0);
        Self {
            set: text.iter().map(bit).fold(0, |set, bit| set | bit),
            len: u8::try_from(text.len()).unwrap_or(u8::MAX),
            has_blank: text.contains(&b' '),
            start: [at(0), at(1)],
        }
    }

    /// The letters of a text whose blanks do not count.
    pub(super) fn without_blanks(text: &[u8]) -> Self {
        let letters: Vec<u8> = text.iter().copied().filter(|byte| *byte != b' ').collect();
        Self::of(&letters)
    }

    /// The first letter; 0 without one.
    pub(super) fn first(self) -> u8 {
        self.start[0]
    }

    /// The first two letters; 0 where there are none.
    pub(super) fn start(self) -> [u8; 2] {
        self.start
    }

    /// Whether the text has more than one word.
    pub(super) fn has_blank(self) -> bool {
        self.has_blank
    }

    /// Whether both texts may have the same letters from a to z.
    pub(super) fn may_be_same(self, other: Self) -> bool {
        (self.set ^ other.set) & ((1 << LATIN) - 1) == 0
    }

    /// How many letters of each text may have a partner in the other, and the lengths; `None` where
    /// a text is too long to tell.
    fn partners(self, other: Self) -> Option<Partners> {
        if self.len == u8::MAX || other.len == u8::MAX {
            return None;
        }
        // Letters that the other text does not have.
        let (m, n) = ((self.set & !other.set).count_ones(), (other.set & !self.set).count_ones());
        let (x, y) = (u32::from(self.len), u32::from(other.len));
        let most = x.saturating_sub(m).min(y.saturating_sub(n));
        Some(Partners { alone: (m, n), most: f64::from(most), len: (f64::from(x), f64::from(y)) })
    }

    /// Whether the Indel similarity of two texts certainly is below a limit.
    pub(super) fn are_no_indel(self, other: Self, least: f64) -> bool {
        self.partners(other)
            .is_some_and(|Partners { most, len, .. }| 2.0 * most < (len.0 + len.1) * (least - 1e-9))
    }

    /// Whether two texts certainly are more than two edits apart.
    pub(super) fn are_many_edits(self, other: Self) -> bool {
        // Every edit takes away one letter that the other text does not have, at most.
        self.partners(other).is_some_and(|Partners { alone: (m, n), len: (x, y), .. }| {
            m > 2 || n > 2 || (x - y).abs() > 2.0
        })
    }

    /// Whether two texts certainly are more than two edits apart, neither begins the other, and
    /// their Jaro-Winkler similarity is below a limit. Where that takes a closer look, the answer
    /// is no.
    pub(super) fn are_far(self, other: Self, least: f64) -> bool {
        let Some(Partners { alone: (m, n), most, len: (x, y) }) = self.partners(other) else {
            return false;
        };
        if m == 0 || n == 0 || !self.are_many_edits(other) {
            return false;
        }
        let jaro = (most / x + most / y + 1.0) / 3.0;
        let prefix = match (self.start[0] == other.start[0], self.start[1] == other.start[1]) {
            (true, true) => 0.4,
            (true, false) => 0.1,
            (false, _) => 0.0,
        };
        jaro + prefix * (1.0 - jaro) < least
    }
}

struct Partners {
    /// Different letters that have none.
    alone: (u32, u32),
    most: f64,
    len: (f64, f64),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rapidfuzz::distance::{indel, jaro_winkler, osa};

    use super::*;

    proptest! {
        #[test]
        fn texts_that_are_far_are_not_alike(one in "[a-f1é ]{1,9}", other in "[a-f1é ]{1,9}") {
            let (x, y) = (one.as_bytes(), other.as_bytes());
            let (m, n) = (Letters::of(x), Letters::of(y));
            prop_assert!(m.may_be_same(n) || x != y);
            if m.are_many_edits(n) {
                prop_assert!(osa::distance(x.iter().copied(), y.iter().copied()) > 2);
            }
            if m.are_no_indel(n, 0.8) {
                let similarity =
                    indel::normalized_similarity(x.iter().copied(), y.iter().copied());
                prop_assert!(similarity < 0.8);
            }
            if m.are_far(n, 0.85) {
                prop_assert!(osa::distance(x.iter().copied(), y.iter().copied()) > 2);
                let similarity = jaro_winkler::similarity(x.iter().copied(), y.iter().copied());
                prop_assert!(similarity < 0.85);
                prop_assert!(!one.starts_with(&other) && !other.starts_with(&one));
            }
        }
    }

    #[test]
    fn unlike_names_are_seen() {
        let far = |one: &str, other: &str| {
            Letters::of(one.as_bytes()).are_far(Letters::of(other.as_bytes()), 0.85)
        };
        assert!(far("john", "mary") && far("smith", "jones"));
        assert!(!far("john", "jon") && !far("anna", "annabelle"));
    }
}
