//! Sealed bodies: how an entry lies in a journal that is encrypted.
//!
//! ```text
//! plain    1 | seq | place in group | at | organisation, actor, tx, changes
//! sealed   2 | seq | place in group | at | sealed( organisation, actor, tx, changes )
//! ```
//! What stands in front stays readable, so that scanning, cutting a torn tail and repairing need no
//! key. It is bound to the sealed part, together with the incarnation and the chain of the entry.
//!
//! The hash chain runs over the *plain* bodies. So it stays the same when the journal is encrypted,
//! decrypted or given another key, and what was written down of it elsewhere stays a proof; only
//! verifying it takes the key. It gives nothing of an entry away to be guessed, for the transaction
//! id in every body has 74 random bits. What is sealed is authentic besides.

use uuid::Uuid;

use super::Chain;
use super::error::Damage;
use super::frame::{PLAIN_VERSION, SEALED_VERSION};
use crate::vault::Sealer;

/// Seals and opens the bodies of one journal.
#[derive(Clone, Debug)]
pub(super) struct Sealing {
    sealer: Sealer,
    incarnation: Uuid,
}

impl Sealing {
    pub(super) fn new(sealer: Sealer, incarnation: Uuid) -> Self {
        Self { sealer, incarnation }
    }

    /// Seals the body that stands at the end of a buffer; `head` bytes of it stay readable.
    pub(super) fn seal(
        &self,
        buffer: &mut Vec<u8>,
        body: usize,
        head: usize,
        chain: &Chain,
    ) -> Result<(), Damage> {
        if let Some(version) = buffer.get_mut(body) {
            *version = SEALED_VERSION;
        }
        let place = self.place(chain, buffer.get(body..body + head).unwrap_or_default());
        self.sealer.seal_tail(&place, buffer, body + head).map_err(|_too_large| Damage::Sealed)
    }

    /// The plain body of a sealed one, put into `plain`.
    pub(super) fn open(
        &self,
        body: &[u8],
        head: usize,
        chain: &Chain,
        plain: &mut Vec<u8>,
    ) -> Result<(), Damage> {
        let place = self.place(chain, body.get(..head).unwrap_or_default());
        plain.clear();
        plain.extend_from_slice(body);
        self.sealer.open_tail(&place, plain, head).map_err(|_broken| Damage::Sealed)?;
        if let Some(version) = plain.first_mut() {
            *version = PLAIN_VERSION;
        }
        Ok(())
    }

    fn place(&self, chain: &Chain, head: &[u8]) -> Vec<u8> {
        [self.incarnation.as_bytes(), &chain[..], head].concat()
    }
}
