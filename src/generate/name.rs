//! Names of people: chosen by frequency, derived from stems, and compounded.
//!
//! A list of a hundred surnames would make a million people look alike, so a share of them is
//! built from stems and endings, and a share of two surnames. Knows nothing of companies or phones.

use super::country::Culture;
use super::dice::Dice;
use super::fold::romanise;
use super::tables::{Names, Ranked, Word};

/// A name in its own script and in Latin letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) native: String,
    pub(super) latin: String,
}

impl Name {
    fn new(word: Word, culture: Culture) -> Self {
        Self { native: word.native.to_owned(), latin: latin_of(word, culture) }
    }

    /// The name as somebody of this script writes it.
    pub(super) fn text(&self, native: bool) -> &str {
        if native { &self.native } else { &self.latin }
    }
}

fn latin_of(word: Word, culture: Culture) -> String {
    if culture.is_cyrillic() {
        romanise(word.latin, culture == Culture::Ukrainian)
    } else {
        word.latin.to_owned()
    }
}

fn ranked(list: &Ranked, dice: &mut Dice) -> Word {
    list.words.get(dice.weighted(&list.totals)).copied().unwrap_or_default()
}

/// A given name.
pub(super) fn given(names: &Names, culture: Culture, female: bool, dice: &mut Dice) -> Name {
    Name::new(ranked(if female { &names.female } else { &names.male }, dice), culture)
}

/// A family name, in the form of men where the sexes differ.
pub(super) fn family(names: &Names, culture: Culture, dice: &mut Dice) -> Name {
    let first = single(names, culture, dice);
    match culture.compound() {
        Some((percent, mark)) if dice.percent(percent) => {
            let second = single(names, culture, dice);
            Name {
                native: format!("{}{mark}{}", first.native, second.native),
                latin: format!("{}{mark}{}", first.latin, second.latin),
            }
        }
        _ => first,
    }
}

fn single(names: &Names, culture: Culture, dice: &mut Dice) -> Name {
    if dice.percent(70) {
        return Name::new(ranked(&names.last, dice), culture);
    }
    let (stem, suffix) = (dice.pick(&names.stem), dice.pick(&names.suffix));
    let native = glue(stem.native, suffix.native);
    let latin = if culture.is_cyrillic() {
        romanise(&native, culture == Culture::Ukrainian)
    } else {
        glue(stem.latin, suffix.latin)
    };
    Name { native, latin }
}

/// Joins a stem and an ending: particles get a space, `Mc` keeps the capital after it.
fn glue(stem: &str, suffix: &str) -> String {
    let particle = stem.starts_with(char::is_lowercase);
    if particle {
        format!("{stem} {suffix}")
    } else if matches!(stem, "Mc" | "Mac" | "O'" | "Fitz") {
        format!("{stem}{suffix}")
    } else {
        format!("{stem}{}", suffix.to_lowercase())
    }
}

/// The form of a family name that a woman bears.
pub(super) fn feminine(name: &Name, culture: Culture) -> Name {
    if culture.is_cyrillic() {
        let native = cyrillic(&name.native);
        let latin = romanise(&native, culture == Culture::Ukrainian);
        return Name { native, latin };
    }
    let text = if culture == Culture::Polish {
        name.native.split('-').map(polish).collect::<Vec<_>>().join("-")
    } else if culture == Culture::Czech {
        czech(&name.native)
    } else {
        return name.clone();
    };
    Name { native: text.clone(), latin: text }
}

fn polish(name: &str) -> String {
    for ending in ["ski", "cki", "dzki"] {
        if name.ends_with(ending) {
            return format!("{}a", name.strip_suffix('i').unwrap_or(name));
        }
    }
    name.to_owned()
}

fn czech(name: &str) -> String {
    if let Some(stem) = name.strip_suffix('ý') {
        return format!("{stem}á");
    }
    if name.ends_with('í') {
        return name.to_owned();
    }
    if let Some(stem) = name.strip_suffix('a') {
        return format!("{stem}ová");
    }
    for (ending, short) in [("ek", "k"), ("ec", "c"), ("ěk", "k")] {
        if let Some(stem) = name.strip_suffix(ending) {
            return format!("{stem}{short}ová");
        }
    }
    format!("{name}ová")
}

fn cyrillic(name: &str) -> String {
    for (ending, feminine) in [("ский", "ская"), ("ський", "ська"), ("цький", "цька")]
    {
        if let Some(stem) = name.strip_suffix(ending) {
            return format!("{stem}{feminine}");
        }
    }
    if ["ов", "ев", "ёв", "ин"].iter().any(|ending| name.ends_with(ending)) {
        return format!("{name}а");
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn women_bear_the_feminine_form() {
        for (culture, name, expect) in [
            (Culture::Polish, "Kowalski", "Kowalska"),
            (Culture::Polish, "Nowak-Górecki", "Nowak-Górecka"),
            (Culture::Czech, "Novotný", "Novotná"),
            (Culture::Czech, "Hájek", "Hájková"),
            (Culture::Czech, "Svoboda", "Svobodová"),
            (Culture::Russian, "Иванов", "Иванова"),
            (Culture::Russian, "Чайковский", "Чайковская"),
            (Culture::Ukrainian, "Шевченко", "Шевченко"),
            (Culture::English, "Smith", "Smith"),
        ] {
            let name = Name { native: name.to_owned(), latin: name.to_owned() };
            assert_eq!(feminine(&name, culture).native, expect);
        }
    }

    #[test]
    fn stems_are_glued_as_their_language_does() {
        assert_eq!(glue("van der", "Heide"), "van der Heide");
        assert_eq!(glue("Ooster", "Heide"), "Oosterheide");
        assert_eq!(glue("Mc", "Bride"), "McBride");
        assert_eq!(glue("Stein", "bauer"), "Steinbauer");
    }
}
