//! In which way a word that was asked for is like a word that is written.

use rapidfuzz::distance::osa;

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

/// How a folded word that was asked for meets a word of a name; the best way, if any that is not
/// looser than `loosest`. Cost: little for tight ways; about a microsecond for sounds and typos.
pub fn likeness(
    tables: &NameTables,
    asked: &str,
    written: &str,
    folded: &str,
    is_prefix: bool,
    loosest: Likeness,
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
    } else if loosest < Likeness::Nickname {
        None
    } else if tables.are_nicknames(asked, folded) {
        Some(Likeness::Nickname)
    } else if is_initial && begins || folded.chars().count() == 1 && asked.starts_with(folded) {
        Some(Likeness::Initial)
    } else if loosest < Likeness::Sound {
        None
    } else if sounds(asked).meet(&sounds(folded), 1) {
        Some(Likeness::Sound)
    } else {
        let inside = || folded.contains(asked).then_some(Likeness::Inside);
        edits(asked, folded).or_else(inside).filter(|like| *like <= loosest)
    }
}

/// Whether a folded word is one with one or two typos (optimal string alignment). Cost: below a
/// microsecond for words of usual length.
pub(crate) fn edits(asked: &str, folded: &str) -> Option<Likeness> {
    match typos(asked, folded, most_edits(asked)?)? {
        1 => Some(Likeness::OneEdit),
        2 => Some(Likeness::TwoEdits),
        _ => None,
    }
}

/// How many typos one word is from another, if that is not more than `most`.
fn typos(one: &str, other: &str, most: u8) -> Option<usize> {
    let args = osa::Args::default().score_cutoff(usize::from(most));
    osa::distance_with_args(one.chars(), other.chars(), &args)
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
            let got =
                likeness(&tables, asked, written, &fold(written), is_prefix, Likeness::Inside);
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
                Distance::Exact(typos) => Some(usize::from(typos)),
                Distance::AtLeast(_) => None,
            };
            prop_assert_eq!(typos(&one, &other, most), expected);
        }
    }
}
