//! In which way a word that was asked for is like a word that is written.

use super::spelling::{collapsed, spellings};
use super::{NameTables, sounds};

/// How a word of a name was met, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same word.
    Exact,
    /// The same name in another spelling: `Müller`, `Mueller`.
    Spelling,
    /// The word begins so.
    Prefix,
    /// The names are said for each other: `Bob`, `Robert`.
    Nickname,
    /// One of them is an initial of the other.
    Initial,
    /// They sound alike.
    Sound,
    /// One letter differs, is missing, too many or swapped with its neighbour.
    OneEdit,
    /// Two of these.
    TwoEdits,
    /// The word holds the letters somewhere inside.
    Inside,
}

/// Letters of the shortest word in which a typo is looked for.
pub(crate) const ONE_EDIT_FROM: usize = 4;
/// Letters of the shortest word in which two are.
pub(crate) const TWO_EDITS_FROM: usize = 8;

/// How a folded word that was asked for meets a word of a name; the best way, if any.
pub fn likeness(
    tables: &NameTables,
    asked: &str,
    written: &str,
    folded: &str,
    is_prefix: bool,
) -> Option<Likeness> {
    if asked == folded {
        return Some(Likeness::Exact);
    }
    let mut is_spelling = collapsed(asked).is_some_and(|short| short == folded);
    let mut begins = folded.starts_with(asked);
    spellings(written, folded, |other| {
        is_spelling |= other == asked;
        begins |= other.starts_with(asked);
    });
    let mut letters = asked.chars();
    let is_initial = letters.next().is_some() && letters.next().is_none();
    if is_spelling {
        Some(Likeness::Spelling)
    } else if is_prefix && begins {
        Some(Likeness::Prefix)
    } else if tables.are_nicknames(asked, folded) {
        Some(Likeness::Nickname)
    } else if is_initial && begins || folded.chars().count() == 1 && asked.starts_with(folded) {
        Some(Likeness::Initial)
    } else if sounds(asked).meet(&sounds(folded), 1) {
        Some(Likeness::Sound)
    } else {
        edits(asked, folded).or_else(|| folded.contains(asked).then_some(Likeness::Inside))
    }
}

/// Whether a folded word is one with one or two typos. Cost: below a microsecond for words of usual
/// length, next to nothing where lengths differ by more.
pub(crate) fn edits(asked: &str, folded: &str) -> Option<Likeness> {
    match distance(asked, folded, most_edits(asked)?)? {
        1 => Some(Likeness::OneEdit),
        2 => Some(Likeness::TwoEdits),
        _ => None,
    }
}

/// How many letters differ, are missing, too many or swapped with their neighbours, no letter
/// touched twice; `None` if these are more than `most`.
fn distance(one: &str, other: &str, most: u8) -> Option<u8> {
    let one: Vec<char> = one.chars().collect();
    let count = other.chars().count();
    if one.len().abs_diff(count) > usize::from(most) {
        return None;
    }
    let width = one.len() + 1;
    // The rows of the usual table: two letters ago, one letter ago, now.
    let mut earlier: Vec<u8> = vec![u8::MAX; width];
    let mut before: Vec<u8> = (0..=u8::MAX).take(width).collect();
    let mut now: Vec<u8> = vec![0; width];
    if before.len() < width {
        return None;
    }
    let mut last = None;
    for (row, theirs) in other.chars().enumerate() {
        now[0] = u8::try_from(row + 1).ok()?;
        for (at, ours) in one.iter().enumerate() {
            let changed = before[at].saturating_add(u8::from(*ours != theirs));
            let added = before[at + 1].min(now[at]).saturating_add(1);
            let mut best = changed.min(added);
            if at > 0 && last == Some(*ours) && one[at - 1] == theirs {
                best = best.min(earlier[at - 1].saturating_add(1));
            }
            now[at + 1] = best;
        }
        if now.iter().all(|typos| *typos > most) {
            return None;
        }
        last = Some(theirs);
        std::mem::swap(&mut earlier, &mut before);
        std::mem::swap(&mut before, &mut now);
    }
    before.last().copied().filter(|typos| *typos <= most)
}

/// How many typos are looked for in a folded word; `None` for those that are too short or long.
pub(crate) fn most_edits(word: &str) -> Option<u8> {
    let letters = word.chars().count();
    match letters {
        _ if word.len() > 64 => None,
        TWO_EDITS_FROM.. => Some(2),
        ONE_EDIT_FROM.. => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use levenshtein_automata::{Distance, LevenshteinAutomatonBuilder};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::text::fold;

    #[test]
    fn words_are_like_each_other_in_the_best_way() {
        let tables = NameTables::parse("en\trobert\tbob,rob\n", "", "", "").unwrap();
        for (asked, written, is_prefix, expect) in [
            ("john", "John", false, Some(Likeness::Exact)),
            ("mueller", "Müller", false, Some(Likeness::Spelling)),
            ("muller", "Mueller", false, Some(Likeness::Spelling)),
            ("joh", "John", true, Some(Likeness::Prefix)),
            ("muell", "Müller", true, Some(Likeness::Prefix)),
            ("joh", "Johnathan", false, Some(Likeness::Inside)),
            ("bob", "Robert", false, Some(Likeness::Nickname)),
            ("j", "John", false, Some(Likeness::Initial)),
            ("john", "J", false, Some(Likeness::Initial)),
            ("kowalski", "Kovalsky", false, Some(Likeness::Sound)),
            ("jonh", "Johr", false, None),
            ("masrha", "Marsha", false, Some(Likeness::OneEdit)),
            ("fernadnes", "Fernandez", false, Some(Likeness::TwoEdits)),
            ("wals", "Kowalski", false, Some(Likeness::Inside)),
            ("ivan", "Иван", false, Some(Likeness::Spelling)),
            ("x", "John", false, None),
        ] {
            let got = likeness(&tables, asked, written, &fold(written), is_prefix);
            assert_eq!(got, expect, "{asked} and {written}");
        }
    }

    proptest! {
        /// The index finds typos with automata, reasons count them; both must agree.
        #[test]
        fn typos_are_counted_as_automata_count_them(
            one in "[abcé]{0,9}",
            other in "[abcé]{0,9}",
            most in 1..3_u8,
        ) {
            let dfa = LevenshteinAutomatonBuilder::new(most, true).build_dfa(&one);
            let expected = match dfa.eval(&other) {
                Distance::Exact(typos) => Some(typos),
                Distance::AtLeast(_) => None,
            };
            prop_assert_eq!(distance(&one, &other, most), expected);
        }
    }
}
