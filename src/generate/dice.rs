//! Random choices out of a `ChaCha8` stream.
//!
//! The arithmetic is our own and uses integers only, so that the same seed gives the same people
//! on every platform and with every version of the `rand` crates.
//! It does not know what is chosen: names and places are in [`super::tables`].

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// A source of choices.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Takes a stream of a generator: `stream` says which, so that equal streams give equal dice.
    pub(super) fn new(base: &ChaCha8Rng, stream: u64) -> Self {
        let mut rng = base.clone();
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number from 0 to `bound - 1`; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(bound);
        // The product is below bound * 2^32, so the upper half fits.
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A number from 0 to `bound - 1`, for bounds that may pass 32 bits.
    pub(super) fn below_u64(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        f64::from(self.0.next_u32()) / 4_294_967_296.0 < probability
    }

    /// One of the items, each as likely as the others; the default for an empty slice.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let bound = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let place = usize::try_from(self.below(bound)).unwrap_or(0);
        items.get(place).copied().unwrap_or_default()
    }

    /// The place chosen by running totals of weights, such as 5, 8, 10 for the weights 5, 3, 2.
    pub(super) fn weighted(&mut self, totals: &[u32]) -> usize {
        let roll = self.below(totals.last().copied().unwrap_or(0));
        totals.partition_point(|&total| total <= roll)
    }

    /// A decimal digit from `low` to 9.
    pub(super) fn digit(&mut self, low: u32) -> char {
        char::from_digit(low + self.below(10 - low), 10).unwrap_or('0')
    }

    /// Fills a pattern: `x` any digit, `n` a digit from 2 to 9, `A` a letter, the rest as it is.
    pub(super) fn fill(&mut self, pattern: &str) -> String {
        let mut out = String::with_capacity(pattern.len());
        for shape in pattern.chars() {
            out.push(match shape {
                'x' => self.digit(0),
                'n' => self.digit(2),
                'A' => char::from(self.pick(b"ABCDEFGHJKLMNPRSTUVWXYZ")),
                other => other,
            });
        }
        out
    }
}
