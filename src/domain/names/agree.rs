//! Whether two names can be those of one person, so that one may take the place of the other
//! without asking.
//!
//! People of one household share numbers, addresses and a last name; what tells them apart is the
//! given name. So a given name agrees only if it is the same, said for the other, an initial, or
//! one slip of the pen away from it. All names here are folded.

use rapidfuzz::distance::osa;

use super::super::text::words;
use super::spelling::collapsed;
use super::{NameTables, latin};

/// Letters of the shortest name in which a typo is believed: Tim and Tom are two people.
const TYPO_FROM: usize = 5;
/// Words at the end of a name that make it the one of a descendant or nephew.
const OF_A_RELATIVE: [&str; 7] =
    ["neto", "netto", "bisneto", "sobrinho", "filho", "nieto", "sobrino"];

/// The names of somebody, folded; empty if unknown.
#[derive(Clone, Copy, Debug)]
pub struct FullName<'a> {
    /// Given names.
    pub first: &'a str,
    /// The last name.
    pub last: &'a str,
}

impl FullName<'_> {
    fn is_unspaced(self) -> bool {
        [self.first, self.last].iter().any(|name| name.contains(is_unspaced))
    }

    /// Both names without blanks, in either order.
    fn squeezed(self) -> [String; 2] {
        let (first, last) = (squeezed(self.first), squeezed(self.last));
        [format!("{first}{last}"), format!("{last}{first}")]
    }

    fn has_one_name(self) -> bool {
        self.first.is_empty() != self.last.is_empty()
    }
}

/// Whether two people have the same names, as far as they are known.
///
/// A missing name can be anybody's. Otherwise first and last names must both agree, also when
/// they are swapped; one first name may be the initial of the other or a short form of it that
/// begins alike (`J`, `Jon`, `Jonathan`). Two people behind one switchboard often share a first
/// name, and two of one household the last one, so neither alone is enough.
pub fn names_agree(tables: &NameTables, one: FullName<'_>, other: FullName<'_>) -> bool {
    if is_nameless(one) || is_nameless(other) {
        return true;
    }
    match (one.is_unspaced(), other.is_unspaced()) {
        (true, true) => return unspaced_agree(one, other),
        (false, false) => {}
        // One is the other in another script, at best.
        _ => return false,
    }
    if one.first == other.last && one.last == other.first {
        return true;
    }
    let last_agrees = one.last.is_empty() || other.last.is_empty() || one.last == other.last;
    last_agrees && given_agree(tables, one.first, other.first)
}

/// Whether two names can be those of one person where more than a name speaks for it: also
/// nicknames, other spellings and a typo in a long name.
pub fn names_may_agree(tables: &NameTables, one: FullName<'_>, other: FullName<'_>) -> bool {
    if names_agree(tables, one, other) {
        return true;
    }
    match (one.is_unspaced(), other.is_unspaced()) {
        (true, true) => return false,
        (false, false) => {}
        _ => {
            let written = |name: FullName<'_>| name.squeezed().map(|whole| latin(&whole));
            let known = written(other);
            return written(one).iter().any(|whole| !whole.is_empty() && known.contains(whole));
        }
    }
    is_longer_name(one, other)
        || is_longer_name(other, one)
        || last_may_agree(one.last, other.last) && given_may_agree(tables, one.first, other.first)
}

/// Whether two given names begin with the same word. Of a script without spaces this is never
/// said: its names often stand with the last name first.
pub fn is_same_given(one: &str, other: &str) -> bool {
    let (x, y) = (words(one), words(other));
    let is_same = x.first().map(|word| &word.text) == y.first().map(|word| &word.text);
    !one.contains(is_unspaced) && !x.is_empty() && is_same
}

fn is_nameless(name: FullName<'_>) -> bool {
    name.first.is_empty() && name.last.is_empty()
}

fn given_agree(tables: &NameTables, one: &str, other: &str) -> bool {
    if one.is_empty() || other.is_empty() || one == other {
        return true;
    }
    let (x, y) = (words(one), words(other));
    let (Some(x), Some(y)) = (x.first(), y.first()) else { return false };
    let (x, y) = (x.text.as_str(), y.text.as_str());
    let is_initial = |short: &str, long: &str| is_letter(short) && long.starts_with(short);
    let begins = x.starts_with(y) || y.starts_with(x);
    x == y || is_initial(x, y) || is_initial(y, x) || begins && tables.are_nicknames(x, y)
}

fn given_may_agree(tables: &NameTables, one: &str, other: &str) -> bool {
    if given_agree(tables, one, other) || tables.are_nicknames(one, other) {
        return true;
    }
    let (x, y) = (words(one), words(other));
    let (Some(x), Some(y)) = (x.first(), y.first()) else { return false };
    let (x, y) = (x.text.as_str(), y.text.as_str());
    let is_known = |word: &str| !tables.all_classes(word).is_empty();
    tables.are_nicknames(x, y)
        || is_small_form(tables, x, y)
        || is_small_form(tables, y, x)
        || is_spelling(x, y)
        // Francis and Frances are no slip of the pen.
        || is_typo(x, y) && !(is_known(x) && is_known(y))
}

/// Whether a name is one that is said for the other with an ending that makes it small: Dickie,
/// Ronny.
fn is_small_form(tables: &NameTables, small: &str, name: &str) -> bool {
    ["ie", "ey", "y", "i"].iter().filter_map(|ending| small.strip_suffix(ending)).any(|stem| {
        let mut letters = stem.chars().rev();
        let is_doubled = letters.next() == letters.next();
        let single = if is_doubled { stem.get(..stem.len() - 1) } else { None };
        let is_said = |stem: &str| stem == name || tables.are_nicknames(stem, name);
        stem.len() >= 3 && (is_said(stem) || single.is_some_and(is_said))
    })
}

fn last_may_agree(one: &str, other: &str) -> bool {
    if one.is_empty() || other.is_empty() || one == other {
        return true;
    }
    let (x, y) = (words(one), words(other));
    let holds = |all: &[super::super::text::Word], part: &[super::super::text::Word]| {
        !part.is_empty() && part.iter().all(|word| all.iter().any(|known| known.text == word.text))
    };
    let (whole_x, whole_y) = (squeezed(one), squeezed(other));
    holds(&x, &y) || holds(&y, &x) || is_spelling(&whole_x, &whole_y) || is_typo(&whole_x, &whole_y)
}

/// Whether a name is the other with more last names, but none that makes it a relative's:
/// `Juan Pérez` and `Juan Pérez García`.
fn is_longer_name(more: FullName<'_>, less: FullName<'_>) -> bool {
    let all = |name: FullName<'_>| words(&format!("{} {}", name.first, name.last));
    let (more, less) = (all(more), all(less));
    less.len() >= 2
        && more.len() > less.len()
        && more.iter().zip(&less).all(|(one, other)| one.text == other.text)
        && more[less.len()..].iter().all(|word| !OF_A_RELATIVE.contains(&word.text.as_str()))
}

/// Whether two names of a script without spaces are the same, as a whole or as far as they are
/// known: a part of one says nothing, since another name may begin so.
fn unspaced_agree(one: FullName<'_>, other: FullName<'_>) -> bool {
    let is_part = |less: FullName<'_>, more: FullName<'_>| {
        less.has_one_name() && {
            let [name, _] = less.squeezed();
            [more.first, more.last].iter().any(|part| squeezed(part) == name)
        }
    };
    let known = other.squeezed();
    one.squeezed().iter().any(|whole| known.contains(whole))
        || is_part(one, other)
        || is_part(other, one)
}

/// Whether two words are one name in two scripts or with its umlauts written out.
fn is_spelling(one: &str, other: &str) -> bool {
    let plain = |word: &str| {
        let word = if word.is_ascii() { word.to_owned() } else { latin(word) };
        collapsed(&word).unwrap_or(word)
    };
    let one = plain(one);
    !one.is_empty() && one == plain(other)
}

/// Whether two long words differ by one slip of the pen, and not as the names of a man and a
/// woman do: at their end, by a vowel.
fn is_typo(one: &str, other: &str) -> bool {
    let letters = |word: &str| -> Vec<char> { word.chars().collect() };
    let (x, y) = (letters(one), letters(other));
    let is_long = |word: &[char]| {
        word.len() >= TYPO_FROM && word.iter().all(|c| c.is_lowercase() || *c == '-')
    };
    if !is_long(&x) || !is_long(&y) || x[0] != y[0] {
        return false;
    }
    let args = osa::Args::default().score_cutoff(1);
    if osa::distance_with_args(x.iter().copied(), y.iter().copied(), &args) != Some(1) {
        return false;
    }
    let same = x.iter().zip(&y).take_while(|(a, b)| a == b).count();
    let is_at_end = same + 1 >= x.len().max(y.len());
    let ends_in_vowel = |word: &[char]| {
        word.last().is_some_and(|c| {
            matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'а' | 'е' | 'и' | 'о' | 'я' | 'ь')
                || matches!(c, 'α' | 'η' | 'ο' | 'ι')
        })
    };
    !(is_at_end && (ends_in_vowel(&x) || ends_in_vowel(&y)))
}

fn is_letter(word: &str) -> bool {
    word.chars().nth(1).is_none()
}

fn squeezed(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '・' | '·' | '-' | ',')).collect()
}

/// Whether a letter is of a script in which names are written without spaces between their parts.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1100}'..='\u{11ff}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{3130}'..='\u{318f}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::Identity;
    use crate::domain::text::fold;

    fn compare(one: &str, other: &str, how: impl Fn(FullName<'_>, FullName<'_>) -> bool) -> bool {
        let read = |name: &str| {
            let name = Identity::of(Some(name), None, None, None);
            (fold(&name.first), fold(&name.last))
        };
        let (one, other) = (read(one), read(other));
        let (a, b) = (
            FullName { first: &one.0, last: &one.1 },
            FullName { first: &other.0, last: &other.1 },
        );
        assert_eq!(how(a, b), how(b, a), "{one:?} {other:?}");
        how(a, b)
    }

    #[test]
    fn another_given_name_is_another_person_whatever_else_agrees() {
        let tables = NameTables::shipped();
        for (one, other) in [
            ("Tim Lee", "Tom Lee"),
            ("Robert Smith", "Roberta Smith"),
            ("Karl Weber", "Karla Weber"),
            ("Carl Harrow", "Cora Harrow"),
            ("Louis Smith", "Louise Smith"),
            ("Josef Huber", "Josefa Huber"),
            ("Anna Smith", "Annabel Smith"),
            ("John Smith", "Jane Smith"),
            ("Anna Weber", "Otto Weber"),
            ("Peter Weber", "Petra Weber"),
            ("Mario Rossi", "Maria Rossi"),
            ("Paolo Rossi", "Paola Rossi"),
            ("Francis Hill", "Frances Hill"),
            ("Jenny Hill", "Penny Hill"),
            ("Александр Петров", "Александра Петрова"),
            ("João Silva Neto", "João Silva Filho"),
            ("João Silva", "João Silva Neto"),
            ("Acme Reception", "Acme Billing"),
            ("Reception", "Billing"),
            ("Line 12345", "Line 12346"),
            ("李 明", "李 红"),
            ("李明", "李明华"),
            ("李明", "Li Hong"),
            ("佐藤 太郎", "佐藤 花子"),
            ("田中太郎", "田中次郎"),
            ("김민수", "김민서"),
            ("นาย สมชาย ใจดี", "นาง สมหญิง ใจดี"),
        ] {
            assert!(!compare(one, other, |a, b| names_may_agree(&tables, a, b)), "{one}, {other}");
        }
    }

    #[test]
    fn the_same_given_name_is_known_in_another_form() {
        let tables = NameTables::shipped();
        for (one, other, is_strict) in [
            ("John Smith", "JOHN SMITH", true),
            ("J. Smith", "John Smith", true),
            ("Jon Smith", "Jonathan Smith", true),
            ("Smith", "Smith", true),
            ("田中太郎", "田中 太郎", true),
            ("太郎 田中", "田中太郎", true),
            ("田中", "田中 太郎", true),
            ("Bob Smith", "Robert Smith", false),
            ("Robert Fetherstone", "Robert Featherstone", false),
            ("Christoper Hill", "Christopher Hill", false),
            ("Jörg Weber", "Joerg Weber", false),
            ("Иван Петров", "Ivan Petrov", false),
            ("李明", "Li Ming", false),
            ("Anna Weber", "Anna Weber-Kohl", false),
            ("Juan Pérez", "Juan Pérez García", false),
        ] {
            assert!(compare(one, other, |a, b| names_may_agree(&tables, a, b)), "{one}, {other}");
            let strictly = compare(one, other, |a, b| names_agree(&tables, a, b));
            assert_eq!(strictly, is_strict, "{one}, {other}");
        }
    }
}
