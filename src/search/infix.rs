//! Digits anywhere in a number: windows of the index find candidates, arithmetic on the numbers
//! themselves confirms them.

use super::node::{Dict, Source};
use crate::index::WINDOW;

/// The windows that a number with these digits in a row must have, one of each source, and what
/// then confirms it. Up to five digits are one window or begin one.
pub(super) fn windows(digits: &str, score: f32) -> (Vec<Source>, Option<Infix>) {
    let dict = Dict::Phone;
    if digits.len() < WINDOW {
        return (vec![Source::Begins { dict, text: digits.to_owned(), score }], None);
    }
    let window = |at: usize| Source::Term { dict, text: digits[at..at + WINDOW].to_owned(), score };
    if digits.len() == WINDOW {
        return (vec![window(0)], None);
    }
    let Some(infix) = Infix::new(digits) else {
        // More digits than any number has; no window holds this.
        return (vec![Source::Term { dict, text: "none".to_owned(), score }], None);
    };
    // Windows side by side, and the last one; overlap costs nothing.
    let mut starts: Vec<usize> = (0..=digits.len() - WINDOW).step_by(WINDOW).collect();
    if starts.last() != Some(&(digits.len() - WINDOW)) {
        starts.push(digits.len() - WINDOW);
    }
    (starts.into_iter().map(window).collect(), Some(infix))
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
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        assert!(Infix::new(&"9".repeat(25)).is_none());
    }
}
