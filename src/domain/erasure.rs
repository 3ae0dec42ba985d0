//! The erasure of a person: asked for, decided, done, and certified.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Timestamp;

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// Somebody has asked for it.
    Requested,
    /// An admin has refused it.
    Refused,
    /// It was approved and done.
    Done,
}

/// What proves an erasure, without saying whose it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The erasure.
    pub erasure_id: Uuid,
    /// The contact and those that were merged into it.
    pub contacts: Vec<Uuid>,
    /// How many records of each sort went.
    pub erased: BTreeMap<String, u64>,
    /// How many records of each sort stay without number, name and text.
    pub pseudonymised: BTreeMap<String, u64>,
    /// Who asked for it, and when.
    pub requested_by: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Who approved it.
    pub erased_by: String,
    /// When it was done.
    pub erased_at: Timestamp,
    /// BLAKE3 over all of the above, in hexadecimal.
    #[serde(default)]
    pub hash: String,
}

impl Certificate {
    /// The certificate with its hash.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.hash = String::new();
        let bytes = serde_json::to_vec(&self).unwrap_or_default();
        self.hash = blake3::hash(&bytes).to_hex().to_string();
        self
    }
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The public identifier.
    pub id: Uuid,
    /// The contact.
    pub contact_id: Uuid,
    /// How far it is.
    pub state: ErasureState,
    /// Why it is asked for; gone once it is done.
    pub reason: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// What proves it.
    pub certificate: Option<Certificate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_was_altered_has_another_hash() {
        let certificate = Certificate {
            erasure_id: Uuid::nil(),
            contacts: vec![Uuid::nil()],
            erased: BTreeMap::from([("notes".to_owned(), 2)]),
            pseudonymised: BTreeMap::new(),
            requested_by: "user:1".to_owned(),
            requested_at: Timestamp(1),
            erased_by: "user:2".to_owned(),
            erased_at: Timestamp(2),
            hash: String::new(),
        };
        let sealed = certificate.sealed();
        assert_eq!(sealed.clone().sealed(), sealed);
        let altered = Certificate { erased_at: Timestamp(3), ..sealed.clone() };
        assert_ne!(altered.sealed().hash, sealed.hash);
    }
}
