//! How names are read whose characters do not tell: Japanese and Korean ones in Latin letters.

use std::collections::HashMap;

use super::hangul::{is_syllable, romanised};

/// Letters of the longest family name in the table.
const MOST_FAMILY: usize = 3;
/// Characters of the longest given name that is taken for one behind a family name.
const MOST_GIVEN: usize = 3;

/// Readings by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    family: HashMap<String, Vec<String>>,
    given: HashMap<String, Vec<String>>,
}

impl Readings {
    /// Reads `kind TAB name TAB reading,reading` lines; `#` begins notes.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut all = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let cells: Vec<&str> = line.split('\t').collect();
            let (table, name, readings) = match cells[..] {
                ["f", name, readings] => (&mut all.family, name, readings),
                ["g", name, readings] => (&mut all.given, name, readings),
                _ => return Err(format!("readings, line {}: not f or g, name, readings", at + 1)),
            };
            let readings = readings.split(',').map(|reading| reading.trim().to_owned());
            table.entry(name.to_owned()).or_default().extend(readings);
        }
        Ok(all)
    }

    /// Calls a function with the readings of every name in a text: family names in front, with or
    /// without a space behind them, and given names. Cost: a few lookups per word of other scripts.
    pub(super) fn each(&self, text: &str, mut each: impl FnMut(&str)) {
        for token in text.split_whitespace().filter(|token| !token.is_ascii()) {
            let ends: Vec<usize> =
                token.char_indices().map(|(at, c)| at + c.len_utf8()).take(MOST_FAMILY).collect();
            let family = ends.iter().rev().find_map(|end| {
                let (family, given) = token.split_at(*end);
                let readings = self.family.get(family)?;
                // A single Chinese character begins many names; a Korean one is a family name.
                let is_family = given.is_empty()
                    || self.given.contains_key(given)
                    || given.chars().count() <= MOST_GIVEN
                        && (family.chars().count() > 1 || family.chars().all(is_syllable));
                is_family.then_some((readings, given))
            });
            let (family, given) = match family {
                Some((readings, given)) => (Some(readings), given),
                None => (None, token),
            };
            let readings = family.into_iter().chain(self.given.get(given));
            readings.flatten().for_each(|reading| each(reading));
            for reading in &romanised(given) {
                each(reading);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_a_space() {
        let all = Readings::parse(
            "# note\nf\t田中\ttanaka\nf\t林\thayashi\ng\t太郎\ttaro,tarou\nf\t이\tlee,yi\n",
        )
        .unwrap();
        for (name, expect) in [
            ("田中 太郎", &["tanaka", "taro", "tarou"][..]),
            ("田中太郎", &["tanaka", "taro", "tarou"]),
            ("林太郎", &["hayashi", "taro", "tarou"]),
            ("林小明", &[]),
            ("이지은", &["lee", "yi", "jieun", "jeeeun", "jiun", "jeeun"]),
            ("Tanaka", &[]),
        ] {
            let mut got = Vec::new();
            all.each(name, |reading| got.push(reading.to_owned()));
            assert_eq!(got, expect, "{name}");
        }
        assert!(Readings::parse("x\ty\n").unwrap_err().contains("line 1"));
    }
}
