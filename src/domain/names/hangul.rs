//! Korean given names in Latin letters: the official romanisation, and how people write their own
//! names instead of it.

/// Syllables of the longest name that is written in other ways than the official one.
const MOST_SYLLABLES: usize = 3;
/// Most ways in which a name is written.
const MOST_WAYS: usize = 24;

const INITIALS: [&str; 19] = [
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p",
    "h",
];
/// The official way first.
const VOWELS: [&[&str]; 21] = [
    &["a"],
    &["ae"],
    &["ya"],
    &["yae"],
    &["eo", "u"],
    &["e"],
    &["yeo", "you", "yu"],
    &["ye"],
    &["o"],
    &["wa"],
    &["wae"],
    &["oe"],
    &["yo"],
    &["u", "oo"],
    &["wo"],
    &["we"],
    &["wi"],
    &["yu", "yoo"],
    &["eu", "u"],
    &["ui", "ee"],
    &["i", "ee"],
];
const FINALS: [&str; 28] = [
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p",
    "t", "t", "ng", "t", "t", "k", "t", "p", "t",
];

/// Whether a character is a Korean syllable.
pub(super) fn is_syllable(c: char) -> bool {
    matches!(u32::from(c), 0xac00..=0xd7a3)
}

/// The ways in which a name of Korean syllables is written in Latin letters, the official one
/// first; none of anything else.
pub(super) fn romanised(name: &str) -> Vec<String> {
    let mut ways = vec![String::new()];
    let count = name.chars().count();
    if count == 0 || !name.chars().all(is_syllable) {
        return Vec::new();
    }
    for c in name.chars() {
        let at = (u32::from(c) - 0xac00) as usize;
        let (initial, vowel, last) = (at / (21 * 28), at / 28 % 21, at % 28);
        let vowels = if count > MOST_SYLLABLES { &VOWELS[vowel][..1] } else { VOWELS[vowel] };
        let mut longer = Vec::with_capacity(ways.len() * vowels.len());
        for vowel in vowels {
            for way in &ways {
                longer.push(format!("{way}{}{vowel}{}", INITIALS[initial], FINALS[last]));
            }
        }
        longer.truncate(MOST_WAYS);
        ways = longer;
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_people_do() {
        for (name, written) in [
            ("지훈", &["jihun", "jihoon"][..]),
            ("서준", &["seojun", "sujun", "seojoon"]),
            ("영희", &["yeonghui", "younghee", "yunghui"]),
            ("은", &["eun", "un"]),
        ] {
            let ways = romanised(name);
            assert_eq!(ways[0], written[0]);
            assert!(written.iter().all(|way| ways.iter().any(|known| known == way)), "{ways:?}");
        }
        assert!(romanised("太郎").is_empty() && romanised("").is_empty());
        assert_eq!(romanised(&"지".repeat(50)).len(), 1);
    }
}
