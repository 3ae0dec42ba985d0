//! String measures on bytes: optimal string alignment, Jaro-Winkler, Indel, sets of words.
//!
//! Optimal string alignment counts a swap of neighbours as one edit (restricted Damerau and
//! Levenshtein); Jaro-Winkler is of Winkler (1990). `rapidfuzz` does the work; what is cheap to
//! rule out is ruled out before.

use rapidfuzz::distance::{indel, jaro_winkler, levenshtein, osa};

use super::record::Record;

/// Edits between two texts if they are at most two.
pub(super) fn edits(one: &[u8], other: &[u8]) -> Option<u8> {
    if one == other {
        return Some(0);
    }
    if one.len().abs_diff(other.len()) > 2 {
        return None;
    }
    let (one, other) = trimmed(one, other);
    match (one.len(), other.len()) {
        (0, n) | (n, 0) => return u8::try_from(n).ok().filter(|n| *n <= 2),
        (1, 1) => return Some(1),
        (2, 2) if one[0] == other[1] && one[1] == other[0] => return Some(1),
        (1, 2) | (2, 1 | 2) => return Some(2),
        _ => {}
    }
    let args = osa::Args::default().score_cutoff(2);
    osa::distance_with_args(one.iter().copied(), other.iter().copied(), &args)
        .and_then(|edits| u8::try_from(edits).ok())
}

/// Whether two texts differ by exactly one edit.
pub(super) fn is_one_edit(one: &[u8], other: &[u8]) -> bool {
    if one == other || one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let (one, other) = trimmed(one, other);
    match (one.len(), other.len()) {
        (0 | 1, 1) | (1, 0) => true,
        (2, 2) => one[0] == other[1] && one[1] == other[0],
        _ => false,
    }
}

/// Both texts without their common beginning and end, which no edit needs to touch.
fn trimmed<'a>(one: &'a [u8], other: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[start..], &other[start..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// Whether the Jaro-Winkler similarity of two texts is at least so high.
pub(super) fn is_jaro_winkler(one: &[u8], other: &[u8], least: f64) -> bool {
    if most_jaro_winkler(one, other) < least {
        return false;
    }
    let args = jaro_winkler::Args::default().score_cutoff(least);
    jaro_winkler::similarity_with_args(one.iter().copied(), other.iter().copied(), &args)
        .is_some_and(|similarity| similarity >= least)
}

/// A bound that the Jaro-Winkler similarity cannot exceed: as if all letters that occur in both
/// texts matched in order.
fn most_jaro_winkler(one: &[u8], other: &[u8]) -> f64 {
    let letters = |text: &[u8]| text.iter().fold(0_u64, |set, byte| set | 1 << (byte & 63));
    let (m, n) = (letters(one), letters(other));
    let share = |text: &[u8], set: u64| {
        let common = text.iter().filter(|byte| set >> (**byte & 63) & 1 == 1).count();
        f64::from(u32::try_from(common).unwrap_or(0))
            / f64::from(u32::try_from(text.len().max(1)).unwrap_or(1))
    };
    let jaro = (share(one, n) + share(other, m) + 1.0) / 3.0;
    let prefix = one.iter().zip(other).take(4).take_while(|(a, b)| a == b).count();
    jaro + f64::from(u8::try_from(prefix).unwrap_or(4)) * 0.1 * (1.0 - jaro)
}

/// Whether the Indel similarity of two texts, blanks not counted, is at least so high.
pub(super) fn is_indel(one: &[u8], other: &[u8], least: f64) -> bool {
    let shorter = one.len().min(other.len()) + 4;
    let longer = one.len().max(other.len());
    // Two thirds as long at least, or the similarity cannot be reached.
    if shorter * 3 < longer * 2 {
        return false;
    }
    let letters =
        |text: &'_ [u8]| -> Vec<u8> { text.iter().copied().filter(|byte| *byte != b' ').collect() };
    let args = indel::Args::default().score_cutoff(least);
    indel::normalized_similarity_with_args(letters(one), letters(other), &args)
        .is_some_and(|similarity| similarity >= least)
}

/// Normalised Levenshtein similarity of two texts, 0 to 1: one less the edits by the length of
/// the longer text.
pub(super) fn levenshtein_similarity(one: &[u8], other: &[u8]) -> f64 {
    levenshtein::normalized_similarity(one.iter().copied(), other.iter().copied())
}

/// How the words of two texts are contained in each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordSets {
    /// All words of one are in the other.
    Subset,
    /// Some words are in both.
    Overlap,
    /// None is.
    Disjoint,
}

/// Compares texts of at most a few words.
pub(super) fn word_sets<'a>(
    one: impl Iterator<Item = &'a [u8]> + Clone,
    other: impl Iterator<Item = &'a [u8]> + Clone,
) -> WordSets {
    let (mut first, mut second, mut common) = (0, 0, 0);
    for word in one {
        first += 1;
        if other.clone().any(|known| known == word) {
            common += 1;
        }
    }
    second += other.count();
    match common {
        0 => WordSets::Disjoint,
        n if n == first || n == second => WordSets::Subset,
        _ => WordSets::Overlap,
    }
}

/// Whether two records certainly are of different people, by their given names and by what tells
/// people of one name apart.
pub(super) fn are_clearly_different(one: &Record, other: &Record) -> bool {
    if one.is_other_person(other) {
        return true;
    }
    if one.given.hash == other.given.hash || one.given.hash == 0 || other.given.hash == 0 {
        return false;
    }
    // Swapped names are the same names.
    if one.given.hash == other.surname.hash || other.given.hash == one.surname.hash {
        return false;
    }
    let (a, b) = (one.bytes(one.given.span), other.bytes(other.given.span));
    let short = a.len().min(b.len()).min(3);
    if a[..short] == b[..short] || one.are_nicknames(other) {
        return false;
    }
    if word_sets(one.words(one.given.span), other.words(other.given.span)) != WordSets::Disjoint {
        return false;
    }
    edits(a, b).is_none() && !is_jaro_winkler(a, b, 0.85)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn edits_are_counted_up_to_two() {
        for (one, other, expect) in [
            ("john", "john", Some(0)),
            ("john", "jon", Some(1)),
            ("john", "jhon", Some(1)),
            ("john", "jean", Some(2)),
            ("kowalski", "kovalsky", Some(2)),
            ("john", "mary", None),
            ("", "ab", Some(2)),
            ("", "abc", None),
        ] {
            assert_eq!(edits(one.as_bytes(), other.as_bytes()), expect, "{one} {other}");
        }
    }

    #[test]
    fn similarity_is_a_share_of_the_longer_name() {
        assert!(levenshtein_similarity(b"john doe", b"jon doe") >= 0.85);
        assert!(levenshtein_similarity(b"john doe", b"jane doe") < 0.85);
    }

    proptest! {
        #[test]
        fn short_cuts_agree_with_the_measure(one in "[ab]{0,6}", other in "[ab]{0,6}") {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let exact = osa::distance(one.iter().copied(), other.iter().copied());
            prop_assert_eq!(edits(one, other).map(usize::from), (exact <= 2).then_some(exact));
            prop_assert_eq!(is_one_edit(one, other), exact == 1);
            let similarity = jaro_winkler::similarity(one.iter().copied(), other.iter().copied());
            let is_bound = most_jaro_winkler(one, other) >= similarity - 1e-9;
            prop_assert!(is_bound || one.is_empty() || other.is_empty());
        }
    }
}
