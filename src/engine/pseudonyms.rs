//! Keys that are found by what somebody else calls a thing, without saying what that is.
//!
//! Keys of the store are never encrypted, so what could be guessed (a number, an address, the id
//! of a call) enters them only as a hash under a secret that each organisation has as a value.

use super::error::Error;
use super::partition::Partition;
use super::tx::Tx;
use crate::domain::ids::OrgNumber;
use crate::store::keys;

/// The secret of an organisation.
pub(super) type Secret = [u8; 32];

/// What a name of some sort hashes to.
pub(super) fn pseudonym(secret: &Secret, sort: u8, name: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(&[sort]);
    hasher.update(name);
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

fn read(bytes: Option<Vec<u8>>) -> Option<Secret> {
    bytes?.try_into().ok()
}

impl Tx<'_> {
    /// The secret of an organisation, if it has one yet.
    pub(super) fn known_secret(&self, org: OrgNumber) -> Result<Option<Secret>, Error> {
        Ok(read(self.get(&keys::organization_secret(org))?))
    }

    /// The secret of an organisation; made when it is first asked for.
    pub(super) fn secret(&mut self, org: OrgNumber) -> Result<Secret, Error> {
        if let Some(known) = self.known_secret(org)? {
            return Ok(known);
        }
        let secret: Secret = rand::random();
        self.put(&keys::organization_secret(org), secret.to_vec());
        Ok(secret)
    }
}

impl Partition {
    /// The secret of an organisation, if it has one yet.
    pub(super) fn known_secret(&self, org: OrgNumber) -> Result<Option<Secret>, Error> {
        Ok(read(self.get(&keys::organization_secret(org))?.map(crate::store::Value::into_vec)))
    }
}
