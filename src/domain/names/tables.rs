//! Nicknames and noise words, as read from `index-schema`.

use std::collections::HashMap;

use super::super::text::for_each_word;
use super::readings::Readings;
use super::script::latins;

/// A word that says little by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// `dr`, `mrs`, `jr`: around a name, not of it.
    Title,
    /// `van`, `de la`, `bin`: of a name, and left out as often as not.
    Particle,
    /// `gmbh`, `inc`: of a company, and of thousands of others.
    LegalForm,
}

/// The tables.
#[derive(Clone, Debug, Default)]
pub struct NameTables {
    classes: HashMap<String, Vec<u32>>,
    /// The formal name of each class.
    formal: Vec<String>,
    noise: HashMap<String, Noise>,
    readings: Readings,
}

impl NameTables {
    /// Reads the tables. Nicknames: `language TAB name TAB other,names` a line; the others: a word
    /// a line. Lines that begin with `#` are notes.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn parse(
        nicknames: &str,
        titles: &str,
        particles: &str,
        legal_forms: &str,
    ) -> Result<Self, String> {
        let mut tables = Self::default();
        for (class, (at, line)) in lines(nicknames).enumerate() {
            let mut columns = line.split('\t');
            let (Some(_language), Some(name), Some(others), None) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            else {
                return Err(format!("nicknames, line {at}: not language, name and other names"));
            };
            let class = u32::try_from(class).map_err(|_many| "too many nicknames".to_owned())?;
            tables.formal.push(name.trim().to_owned());
            for word in std::iter::once(name).chain(others.split(',')) {
                let word = word.trim();
                if word.is_empty() {
                    return Err(format!("nicknames, line {at}: an empty name"));
                }
                let classes = tables.classes.entry(word.to_owned()).or_default();
                if !classes.contains(&class) {
                    classes.push(class);
                }
            }
        }
        for (text, noise) in
            [(legal_forms, Noise::LegalForm), (particles, Noise::Particle), (titles, Noise::Title)]
        {
            for (_, word) in lines(text) {
                tables.noise.insert(word.to_owned(), noise);
            }
        }
        Ok(tables)
    }

    /// The nicknames that are shipped.
    #[cfg(test)]
    pub(crate) fn shipped() -> Self {
        let nicknames = include_str!("../../../index-schema/nicknames.tsv");
        Self::parse(nicknames, "", "", "").unwrap_or_default()
    }

    /// With how names are read whose characters do not tell: `f or g TAB name TAB readings` a line.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn with_readings(mut self, text: &str) -> Result<Self, String> {
        self.readings = Readings::parse(text)?;
        Ok(self)
    }

    /// Calls a function with the folded readings of the names in a text. Cost: nothing for Latin
    /// letters, else a few lookups per word.
    pub fn readings(&self, name: &str, each: impl FnMut(&str)) {
        if !name.is_ascii() {
            self.readings.each(name, each);
        }
    }

    /// The classes of names that are said for each other to which a folded word belongs.
    pub fn classes(&self, word: &str) -> &[u32] {
        self.classes.get(word).map_or(&[], Vec::as_slice)
    }

    /// The same for a word of any script: also those of what it is in Latin letters; with each
    /// whether the word is the formal name of the class. Cost: some lookups, and for words of other
    /// scripts writing them in Latin letters.
    pub fn all_classes(&self, word: &str) -> Vec<(u32, bool)> {
        let mut all: Vec<(u32, bool)> = Vec::new();
        let mut add = |word: &str| {
            for class in self.classes(word) {
                let is_formal =
                    self.formal.get(*class as usize).is_some_and(|formal| formal == word);
                if !all.iter().any(|(known, _)| known == class) {
                    all.push((*class, is_formal));
                }
            }
        };
        add(word);
        if !word.is_ascii() {
            for written in latins(word) {
                add(&written);
            }
        }
        all
    }

    /// Whether two different folded words are names of the same person.
    pub fn are_nicknames(&self, one: &str, other: &str) -> bool {
        self.nicknames(one, other).is_some()
    }

    /// Whether two different folded words are names of the same person, and if so, whether one of
    /// them is the formal name: Bob is Robert more surely than he is Rob.
    pub fn nicknames(&self, one: &str, other: &str) -> Option<bool> {
        if one == other {
            return None;
        }
        let others = self.all_classes(other);
        let mut best = None;
        for (class, is_formal) in self.all_classes(one) {
            if let Some((_, is_other_formal)) = others.iter().find(|(known, _)| *known == class) {
                best = Some(best == Some(true) || is_formal || *is_other_formal);
            }
        }
        best
    }

    /// The folded words of the name of a company, without legal forms and other noise.
    pub fn without_noise(&self, company: &str) -> String {
        let mut out = String::with_capacity(company.len());
        for_each_word(company, |word, _, _| {
            if self.noise(word) != Some(Noise::LegalForm) {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(word);
            }
        });
        out
    }

    /// Whether a folded word says little by itself, and why.
    pub fn noise(&self, word: &str) -> Option<Noise> {
        self.noise.get(word).copied()
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_class_are_said_for_each_other() {
        let tables = NameTables::parse(
            "# note\nen\trobert\tbob,rob\nen\talexander\talex\nen\talexandra\talex\n",
            "dr\n",
            "van\n",
            "gmbh\n",
        )
        .unwrap();
        assert!(tables.are_nicknames("bob", "robert"));
        assert!(tables.are_nicknames("alex", "alexandra"));
        assert!(!tables.are_nicknames("alexander", "alexandra"));
        assert!(!tables.are_nicknames("bob", "bob"));
        assert!(!tables.are_nicknames("bob", "alex"));
        assert_eq!(tables.nicknames("bob", "robert"), Some(true));
        assert_eq!(tables.nicknames("bob", "rob"), Some(false));
        assert_eq!(tables.all_classes("алех"), tables.all_classes("alekh"));
        assert_eq!(tables.noise("van"), Some(Noise::Particle));
        assert_eq!(tables.noise("bob"), None);
    }

    #[test]
    fn wrong_lines_are_named() {
        let error = NameTables::parse("en\trobert\tbob\nnonsense\n", "", "", "").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }
}
