//! Digits anywhere in a number: windows of the index find candidates, arithmetic on the numbers
//! themselves confirms them.

use super::node::{Dict, DigitScores, Source};
use crate::index::WINDOW;

/// The windows that a number with these digits in a row must have, one of each source, and what
/// then confirms it. Up to five digits are one window or begin one; fewer than that are a window of
/// their own where a number ends with them.
pub(super) fn windows(digits: &str, scores: DigitScores) -> (Vec<Vec<Source>>, Option<Infix>) {
    let (dict, score) = (Dict::Phone, scores.inside);
    if digits.len() < WINDOW {
        let text = digits.to_owned();
        let ending = Source::Term { dict, text: text.clone(), score: scores.ending };
        return (vec![vec![ending, Source::Begins { dict, text, score }]], None);
    }
    let window = |at: usize| Source::Term { dict, text: digits[at..at + WINDOW].to_owned(), score };
    let Some(infix) = Infix::new(digits) else {
        // More digits than any number has; no window holds this.
        return (vec![vec![Source::Term { dict, text: "none".to_owned(), score }]], None);
    };
    // Windows side by side, and the last one; overlap costs nothing.
    let mut starts: Vec<usize> = (0..=digits.len() - WINDOW).step_by(WINDOW).collect();
    if starts.last() != Some(&(digits.len() - WINDOW)) {
        starts.push(digits.len() - WINDOW);
    }
    (starts.into_iter().map(|at| vec![window(at)]).collect(), Some(infix))
}

/// Digits to be found inside a number that is written behind a leading 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Infix {
    value: u64,
    modulus: u64,
}

impl Infix {
    /// `None` for more digits than any indexed number has.
    pub(super) fn new(digits: &str) -> Option<Self> {
        let len = u32::try_from(digits.len()).ok()?;
        Some(Self { value: digits.parse().ok()?, modulus: 10_u64.checked_pow(len)? })
    }

    /// What the digits count in a number: nothing if it does not hold them.
    pub(super) fn score_in(self, number: u64, scores: DigitScores) -> Option<f32> {
        if number == self.modulus + self.value {
            Some(scores.whole)
        } else if number > self.modulus && number % self.modulus == self.value {
            Some(scores.ending)
        } else {
            self.is_in(number).then_some(scores.inside)
        }
    }

    /// Whether the digits stand in a row somewhere behind the leading 1.
    pub(super) fn is_in(self, mut number: u64) -> bool {
        while number >= self.modulus {
            if number % self.modulus == self.value {
                return true;
            }
            number /= 10;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arithmetic_agrees_with_text(number in "[0-2]{1,18}", digits in "[0-2]{1,6}") {
            let value: u64 = format!("1{number}").parse().expect("fits");
            let infix = Infix::new(&digits).expect("short");
            prop_assert_eq!(infix.is_in(value), number.contains(&digits));
            let scores = DigitScores { inside: 1.0, ending: 2.0, whole: 3.0 };
            let expected = match () {
                () if number == digits => Some(3.0),
                () if number.ends_with(&digits) => Some(2.0),
                () => number.contains(&digits).then_some(1.0),
            };
            prop_assert_eq!(infix.score_in(value, scores), expected);
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        assert!(Infix::new(&"9".repeat(25)).is_none());
    }
}
