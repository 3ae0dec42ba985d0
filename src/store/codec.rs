//! The bytes of a record: a version byte, then `MessagePack` with named members.
//!
//! Names make a record readable without its schema and let members come and go; every version
//! that was ever written decodes for ever.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that is written.
const VERSION: u8 = 1;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// There are no bytes.
    #[error("the record is empty")]
    Empty,
    /// A later version of this program wrote it.
    #[error(
        "the record has format version {0}, which this version does not know: use a newer ringdex"
    )]
    UnknownVersion(u8),
    /// The bytes do not decode.
    #[error("the record is damaged: {0}")]
    Damaged(#[from] rmp_serde::decode::Error),
    /// The value cannot be written; a defect of this program.
    #[error("the record cannot be encoded: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
}

/// Encodes a record.
///
/// # Errors
/// Only if the type cannot be written in `MessagePack`.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::with_capacity(512);
    bytes.push(VERSION);
    rmp_serde::encode::write_named(&mut bytes, value)?;
    Ok(bytes)
}

/// Decodes a record.
///
/// # Errors
/// If the bytes are damaged or of an unknown version.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes.split_first() {
        None => Err(CodecError::Empty),
        Some((&VERSION, body)) => Ok(rmp_serde::from_slice(body)?),
        Some((&version, _)) => Err(CodecError::UnknownVersion(version)),
    }
}
