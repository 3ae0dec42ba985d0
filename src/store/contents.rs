//! What a store holds, in two figures that grow and shrink with it, so that a store which has lost
//! or kept too much is noticed when all of it is read.
//!
//! sled takes a damaged place in its log for the end of a segment and goes on behind it: what was
//! written there is as it had been before, and nothing says so. A sum over all records, kept beside
//! the sequence of the last applied change, does.

use std::ops::{Add, AddAssign, Sub, SubAssign};

/// The bytes and the checksum of a set of records. The order in which they came does not matter,
/// and sets can be added and taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many bytes keys and values have, as their users see them.
    pub bytes: u64,
    /// The sum of the records' checksums, modulo 2^64. A record that is not as it was written goes
    /// unnoticed once in 2^32.
    pub sum: u64,
}

impl Contents {
    /// Those of one record. Costs some 50 ns for a record of 500 bytes.
    pub fn of(key: &[u8], value: &[u8]) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(key);
        hasher.update(value);
        let lengths = ((key.len() as u64) << 23) ^ value.len() as u64;
        Self {
            bytes: (key.len() + value.len()) as u64,
            sum: mix((lengths << 32) | u64::from(hasher.finalize())),
        }
    }

    pub(super) fn encode(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.sum.to_be_bytes());
        bytes[8..].copy_from_slice(&self.bytes.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (sum, bytes) = bytes.split_first_chunk::<8>()?;
        let bytes = u64::from_be_bytes(bytes.try_into().ok()?);
        Some(Self { bytes, sum: u64::from_be_bytes(*sum) })
    }
}

/// Spreads a number over all bits, so that sums of different sets differ: the finaliser of
/// `SplitMix64` (Steele, Lea and Flood, 2014).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Add for Contents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { bytes: self.bytes.wrapping_add(other.bytes), sum: self.sum.wrapping_add(other.sum) }
    }
}

impl Sub for Contents {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { bytes: self.bytes.wrapping_sub(other.bytes), sum: self.sum.wrapping_sub(other.sum) }
    }
}

impl AddAssign for Contents {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Contents {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
