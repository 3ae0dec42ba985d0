//! The word lists under `data/`, parsed once per generator.
//!
//! A file has `[section]` lines, each followed by comma-separated words or, for places, by lines
//! of their own. A word may read `native=romanised`. Files are compiled in: nothing is read here.

use super::country::{COUNTRIES, Culture};

/// A word in its own script and in Latin letters; both are equal for most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) native: &'static str,
    pub(super) latin: &'static str,
}

impl Word {
    fn parse(text: &'static str) -> Self {
        match text.split_once('=') {
            Some((native, latin)) => Self { native: native.trim(), latin: latin.trim() },
            None => Self { native: text.trim(), latin: text.trim() },
        }
    }
}

/// Words with running totals of Zipf weights: the first is a few times as frequent as the tenth.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    pub(super) words: Vec<Word>,
    pub(super) totals: Vec<u32>,
}

impl Ranked {
    fn new(words: Vec<Word>) -> Self {
        let mut total = 0_u32;
        let totals = (0_u32..)
            .zip(&words)
            .map(|(rank, _)| {
                total += 1_000_000 / (rank + 3);
                total
            })
            .collect();
        Self { words, totals }
    }
}

/// The names of one culture.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) female: Ranked,
    pub(super) male: Ranked,
    pub(super) last: Ranked,
    pub(super) stem: Vec<Word>,
    pub(super) suffix: Vec<Word>,
}

/// A town with the shapes of its postal codes and landlines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct City {
    pub(super) name: Word,
    pub(super) region: Word,
    pub(super) postal: &'static str,
    pub(super) landline: &'static str,
}

/// The towns and streets of one country.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) cities: Vec<City>,
    pub(super) streets: Vec<Word>,
    pub(super) kinds: Vec<Word>,
}

/// All that people and companies are made of.
pub(super) struct Tables {
    names: Vec<Names>,
    places: Vec<Places>,
    nicknames: Vec<(&'static str, Vec<Word>)>,
    pub(super) brands: Vec<Word>,
    pub(super) sectors: Vec<Word>,
    pub(super) titles: Vec<Word>,
    pub(super) departments: Vec<Word>,
    pub(super) tags: Ranked,
    pub(super) sources: Ranked,
    pub(super) notes: Vec<Word>,
}

impl Tables {
    /// Parses the lists that are compiled in.
    pub(super) fn load() -> Self {
        let business = include_str!("data/business.txt");
        let mut nicknames: Vec<(&str, Vec<Word>)> = lines(include_str!("data/nicknames.txt"))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, forms)| (name.trim(), split(forms)))
            .collect();
        nicknames.sort_unstable_by_key(|(name, _)| *name);
        Self {
            names: Culture::ALL.iter().map(|culture| names_of(culture.text())).collect(),
            places: COUNTRIES.iter().map(|country| places_of(country.code)).collect(),
            nicknames,
            brands: words_of(business, "brand"),
            sectors: words_of(business, "sector"),
            titles: words_of(business, "title"),
            departments: words_of(business, "department"),
            tags: Ranked::new(words_of(business, "tag")),
            sources: Ranked::new(words_of(business, "source")),
            notes: words_of(business, "note"),
        }
    }

    /// The names of a culture.
    pub(super) fn names(&self, culture: Culture) -> &Names {
        &self.names[culture as usize]
    }

    /// The places of a country, by its place in [`COUNTRIES`].
    pub(super) fn places(&self, country: usize) -> &Places {
        &self.places[country]
    }

    /// The forms in daily use of a given name; empty when none is known.
    pub(super) fn nicknames(&self, name: &str) -> &[Word] {
        match self.nicknames.binary_search_by_key(&name, |(known, _)| *known) {
            Ok(place) => &self.nicknames[place].1,
            Err(_) => &[],
        }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn section(text: &'static str, name: &str) -> impl Iterator<Item = &'static str> {
    lines(text)
        .skip_while(move |line| line.trim_matches(['[', ']']) != name || !line.starts_with('['))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
}

fn split(list: &'static str) -> Vec<Word> {
    list.split(',').map(Word::parse).filter(|word| !word.native.is_empty()).collect()
}

fn words_of(text: &'static str, name: &str) -> Vec<Word> {
    section(text, name).flat_map(split).collect()
}

fn names_of(text: &'static str) -> Names {
    Names {
        female: Ranked::new(words_of(text, "female")),
        male: Ranked::new(words_of(text, "male")),
        last: Ranked::new(words_of(text, "last")),
        stem: words_of(text, "stem"),
        suffix: words_of(text, "suffix"),
    }
}

fn places_of(code: &str) -> Places {
    let mut places = Places::default();
    for line in section(include_str!("data/places.txt"), code) {
        if let Some(streets) = line.strip_prefix("street:") {
            places.streets = split(streets);
        } else if let Some(kinds) = line.strip_prefix("kind:") {
            places.kinds = split(kinds);
        } else {
            let mut parts = line.split('|');
            let mut next = || parts.next().unwrap_or_default();
            places.cities.push(City {
                name: Word::parse(next()),
                region: Word::parse(next()),
                postal: next(),
                landline: next(),
            });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_words_and_every_city_a_landline() {
        let tables = Tables::load();
        for (culture, names) in Culture::ALL.iter().zip(&tables.names) {
            assert!(names.female.words.len() >= 28, "{culture:?}");
            assert!(names.male.words.len() >= 28, "{culture:?}");
            assert!(names.last.words.len() >= 40, "{culture:?}");
            assert!(names.stem.len() * names.suffix.len() >= 50, "{culture:?}");
        }
        for (country, places) in COUNTRIES.iter().zip(&tables.places) {
            assert!(places.cities.len() >= 6 && places.streets.len() >= 9, "{}", country.code);
            for city in &places.cities {
                assert!(city.landline.contains('-'), "{city:?}");
                assert!(!city.postal.is_empty(), "{city:?}");
            }
        }
        assert_eq!(tables.nicknames("William").first().map(|word| word.native), Some("Bill"));
        assert!(tables.nicknames("Nobody").is_empty());
        for list in [&tables.brands, &tables.sectors, &tables.titles, &tables.notes] {
            assert!(list.len() >= 10);
        }
    }
}
