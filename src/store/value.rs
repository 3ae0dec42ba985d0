//! Keys and values as the store hands them out, and the tag by which a stored value is told from
//! the head of one that is kept in parts.
//!
//! ```text
//! empty         the empty value: index keys cost nothing extra
//! 0 | bytes     the value itself
//! 1 | generation u64 | length u32 | crc32 u32    the head of a value in parts, big endian
//! 2 | sealed    the value, sealed for its key
//! 3 | as 1      the head of a sealed value in parts
//! ```
//! An encrypted store holds only the last two kinds, any other only the first three. What stands in
//! parts is the sealed value as a whole, and the checksum is that of its sealed bytes.

use std::fmt;
use std::ops::Deref;

use super::error::Error;
use crate::vault::Sealer;

const INLINE: u8 = 0;
const HEAD: u8 = 1;
const SEALED: u8 = 2;
const SEALED_HEAD: u8 = 3;

/// A key as it stands in the store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) sled::IVec);

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.escape_ascii())
    }
}

/// A value; cloning it copies no bytes unless it is large.
#[derive(Clone)]
pub struct Value(Bytes);

#[derive(Clone)]
enum Bytes {
    /// With its tag, shared with sled's cache.
    Tagged(sled::IVec),
    /// Put together from parts.
    Whole(Vec<u8>),
}

impl Value {
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self(Bytes::Whole(bytes))
    }

    /// The bytes as a vector of their own.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Bytes::Tagged(_) => self.to_vec(),
            Bytes::Whole(bytes) => bytes,
        }
    }
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Tagged(bytes) => bytes.get(1..).unwrap_or_default(),
            Bytes::Whole(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// What stands under a key.
pub(super) enum Stored {
    Value(Value),
    Sealed(sled::IVec),
    Head(Head),
}

impl Stored {
    /// Tells a value from a head; `None` if it is neither.
    pub(super) fn read(bytes: sled::IVec) -> Option<Self> {
        match bytes.first() {
            None | Some(&INLINE) => Some(Self::Value(Value(Bytes::Tagged(bytes)))),
            Some(&(HEAD | SEALED_HEAD)) => Head::decode(&bytes).map(Self::Head),
            Some(&SEALED) => Some(Self::Sealed(bytes)),
            Some(_) => None,
        }
    }

    /// How many bytes there are, those in parts included.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Value(value) => value.len(),
            Self::Sealed(bytes) => bytes.len(),
            Self::Head(head) => head.length as usize,
        }
    }

    /// The value that stands under the key itself; the head if it is in parts.
    pub(super) fn reveal(self, sealer: Option<&Sealer>, key: &[u8]) -> Result<Revealed, Error> {
        match (self, sealer) {
            (Self::Head(head), sealer) if head.is_sealed == sealer.is_some() => {
                Ok(Revealed::Head(head))
            }
            (Self::Value(value), None) => Ok(Revealed::Value(value)),
            (Self::Sealed(bytes), Some(sealer)) => {
                let sealed = bytes.get(1..).unwrap_or_default();
                Ok(Revealed::Value(open(sealer, key, sealed)?))
            }
            // A value of the wrong kind was not written by this store.
            (Self::Value(_) | Self::Head(_), Some(_)) | (Self::Sealed(_) | Self::Head(_), None) => {
                Err(Error::damaged_value(key))
            }
        }
    }
}

/// What a reader finds under a key.
pub(super) enum Revealed {
    Value(Value),
    Head(Head),
}

/// Opens a value that was sealed for a key.
pub(super) fn open(sealer: &Sealer, key: &[u8], sealed: &[u8]) -> Result<Value, Error> {
    let plain = sealer.open(key, sealed).map_err(|_broken| Error::damaged_value(key))?;
    Ok(Value::whole(plain))
}

/// Whether stored bytes are the head of a value in parts, be it damaged or not.
pub(super) fn is_head(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(&(HEAD | SEALED_HEAD)))
}

/// Puts the tagged form of a small value into the buffer.
pub(super) fn tag_inline(value: &[u8], buffer: &mut Vec<u8>) {
    buffer.clear();
    if !value.is_empty() {
        buffer.push(INLINE);
        buffer.extend_from_slice(value);
    }
}

/// Puts the tagged form of a sealed value into the buffer.
pub(super) fn tag_sealed(
    sealer: &Sealer,
    key: &[u8],
    value: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(), Error> {
    buffer.clear();
    buffer.push(SEALED);
    buffer.extend_from_slice(value);
    let sealed = sealer.seal_tail(key, buffer, 1);
    sealed.map_err(|_too_large| Error::ValueTooLarge { bytes: value.len() })
}

/// What is known of a value in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Says which parts belong to it; never used twice for the same key.
    pub(super) generation: u64,
    pub(super) length: u32,
    pub(super) checksum: u32,
    /// What is in the parts is sealed.
    pub(super) is_sealed: bool,
}

impl Head {
    pub(super) fn encode(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[0] = if self.is_sealed { SEALED_HEAD } else { HEAD };
        bytes[1..9].copy_from_slice(&self.generation.to_be_bytes());
        bytes[9..13].copy_from_slice(&self.length.to_be_bytes());
        bytes[13..].copy_from_slice(&self.checksum.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            generation: u64::from_be_bytes(*generation),
            length: u32::from_be_bytes(*length),
            checksum: u32::from_be_bytes(rest.try_into().ok()?),
            is_sealed: *tag == SEALED_HEAD,
        })
    }
}
