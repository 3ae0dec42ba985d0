//! Digits of a number packed so that equal endings stand together.

/// Up to sixteen digits, last digit first, four bits each, filled with zeros; a digit `d` is
/// stored as `d + 1`. Numbers with a common ending of `n` digits share their first `4 n` bits, so
/// in a sorted list they are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberKey(pub u64);

/// How many digits a key holds; E.164 has at most fifteen.
pub const MAX_DIGITS: usize = 16;

impl NumberKey {
    /// Packs the last sixteen digits of a string; everything that is no ASCII digit is skipped.
    pub fn from_digits(digits: &str) -> Self {
        let mut key = 0;
        let mut shift = 64;
        for byte in digits.bytes().rev().filter(u8::is_ascii_digit).take(MAX_DIGITS) {
            shift -= 4;
            key |= u64::from(byte - b'0' + 1) << shift;
        }
        Self(key)
    }

    /// The number of digits.
    pub fn len(self) -> usize {
        MAX_DIGITS - self.0.trailing_zeros() as usize / 4
    }

    /// Whether there is no digit.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many digits two numbers have in common at their end.
    pub fn common_suffix(self, other: Self) -> usize {
        ((self.0 ^ other.0).leading_zeros() as usize / 4).min(self.len()).min(other.len())
    }

    /// The key of the last `digits` digits.
    #[must_use]
    pub fn suffix(self, digits: usize) -> Self {
        Self(self.0 & suffix_mask(digits))
    }

    /// The smallest and largest key that end in the last `digits` digits of this one.
    pub fn suffix_range(self, digits: usize) -> (Self, Self) {
        let mask = suffix_mask(digits);
        (Self(self.0 & mask), Self(self.0 & mask | !mask))
    }

    /// The digits in reading order.
    pub fn digits(self) -> String {
        (0..self.len())
            .rev()
            .map(|at| {
                let nibble = self.0 >> (60 - 4 * at) & 0xf;
                char::from(b'0' + u8::try_from(nibble.saturating_sub(1)).unwrap_or(0))
            })
            .collect()
    }
}

fn suffix_mask(digits: usize) -> u64 {
    match digits {
        0 => 0,
        n if n >= MAX_DIGITS => u64::MAX,
        n => !(u64::MAX >> (4 * n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_key_has_no_digits() {
        assert_eq!(NumberKey::from_digits("").len(), 0);
        assert_eq!(NumberKey::from_digits("0000").len(), 4);
        assert_eq!(NumberKey::from_digits("").common_suffix(NumberKey::from_digits("1")), 0);
    }

    proptest! {
        #[test]
        fn digits_come_back(digits in "[0-9]{0,16}") {
            prop_assert_eq!(NumberKey::from_digits(&digits).digits(), digits);
        }

        #[test]
        fn common_suffix_is_that_of_the_strings(a in "[0-2]{0,16}", b in "[0-2]{0,16}") {
            let expect = a.bytes().rev().zip(b.bytes().rev()).take_while(|(x, y)| x == y).count();
            let (a, b) = (NumberKey::from_digits(&a), NumberKey::from_digits(&b));
            prop_assert_eq!(a.common_suffix(b), expect);
        }

        #[test]
        fn suffix_ranges_hold_just_the_equal_endings(a in "[0-1]{1,16}", b in "[0-1]{1,16}", n in 1_usize..9) {
            let n = n.min(a.len());
            let (from, to) = NumberKey::from_digits(&a).suffix_range(n);
            let key = NumberKey::from_digits(&b);
            prop_assert_eq!(from <= key && key <= to, b.ends_with(&a[a.len() - n..]));
        }
    }
}
