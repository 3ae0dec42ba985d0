//! Secrets that this side makes: tokens and sessions.

use std::fmt::Write as _;

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A new secret of 256 random bits; what stands in front tells people and scanners what it is.
pub(super) fn random_token(kind: &str) -> String {
    let bytes: [u8; 32] = rand::random();
    format!("{kind}_{}", hex(&bytes))
}
