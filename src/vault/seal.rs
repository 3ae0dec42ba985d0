//! Sealing one piece of bytes: encrypted, and bound to the place where it stands.
//!
//! ```text
//! sealed   ciphertext | tag [16] | nonce [24]
//! ```
//! Tag and nonce stand behind, so that a buffer is sealed and opened without moving its bytes.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};

use super::error::Broken;

const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// How many bytes sealing adds.
pub const OVERHEAD_BYTES: usize = TAG_BYTES + NONCE_BYTES;

/// Seals and opens with one key; cloning it copies no key.
#[derive(Clone)]
pub struct Sealer(Arc<XChaCha20Poly1305>);

impl Sealer {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Arc::new(XChaCha20Poly1305::new(key.into())))
    }

    /// Seals bytes for a place.
    ///
    /// # Errors
    /// Only for more than 256 GiB.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut buffer = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        buffer.extend_from_slice(plain);
        self.seal_tail(place, &mut buffer, 0)?;
        Ok(buffer)
    }

    /// Seals the end of a buffer where it stands; the buffer grows by [`OVERHEAD_BYTES`].
    ///
    /// # Errors
    /// Only for more than 256 GiB.
    pub fn seal_tail(&self, place: &[u8], buffer: &mut Vec<u8>, from: usize) -> Result<(), Broken> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let tag = self.lock(&nonce, place, buffer.get_mut(from..).ok_or(Broken)?)?;
        buffer.extend_from_slice(&tag);
        buffer.extend_from_slice(&nonce);
        Ok(())
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// If the bytes are not exactly what was sealed, or not for this place.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut buffer = sealed.to_vec();
        self.open_tail(place, &mut buffer, 0)?;
        Ok(buffer)
    }

    /// Opens the end of a buffer where it stands; the buffer shrinks by [`OVERHEAD_BYTES`].
    ///
    /// # Errors
    /// If the bytes are not exactly what was sealed, or not for this place.
    pub fn open_tail(&self, place: &[u8], buffer: &mut Vec<u8>, from: usize) -> Result<(), Broken> {
        let sealed = buffer.get_mut(from..).ok_or(Broken)?;
        let (rest, nonce) = sealed.split_last_chunk_mut::<NONCE_BYTES>().ok_or(Broken)?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or(Broken)?;
        self.unlock(nonce, place, text, tag)?;
        buffer.truncate(buffer.len() - OVERHEAD_BYTES);
        Ok(())
    }

    /// Encrypts in place under a nonce that is never used again.
    pub(super) fn lock(
        &self,
        nonce: &[u8; NONCE_BYTES],
        place: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], Broken> {
        let tag = self.0.encrypt_inout_detached(nonce.into(), place, text.into());
        tag.map(Into::into).map_err(|_too_large| Broken)
    }

    pub(super) fn unlock(
        &self,
        nonce: &[u8; NONCE_BYTES],
        place: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), Broken> {
        let opened = self.0.decrypt_inout_detached(nonce.into(), place, text.into(), tag.into());
        opened.map_err(|_not_authentic| Broken)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}
