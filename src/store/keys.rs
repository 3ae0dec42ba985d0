//! Every key space of the store and its encoding.
//!
//! A key is one byte that names the space, then the organisation, then what identifies the value;
//! numbers are big-endian, so that a scan meets them in order. Keys of one organisation never
//! stand between those of another.
//!
//! Keys are not encrypted, also where values are: they consist of ids, numbers that count, and
//! hashes of secrets, and must never hold a name, a number or an address, not even as a hash, since
//! those can be guessed. An id tells when its contact was created.
//!
//! | space | key | value |
//! |---|---|---|
//! | `C` | organisation, contact id | contact |
//! | `D` | organisation, contact id | what is kept of a contact that was deleted for good |
//! | `I` | organisation, hash of token, path and key | answer to replay |
//! | `M` | name | the next contact and organisation number, the identity of the journal |
//! | `O` | organisation | organisation |
//! | `T` | hash of the token | token |

use crate::domain::ids::{ContactId, OrgNumber};

/// The space of contacts.
pub const CONTACTS: u8 = b'C';
/// The space of what is kept of contacts that were deleted for good.
pub const TOMBSTONES: u8 = b'D';
/// The space of answers kept for repeated requests.
pub const IDEMPOTENCY: u8 = b'I';
/// The space of counters.
pub const META: u8 = b'M';
/// The space of organisations.
pub const ORGANIZATIONS: u8 = b'O';
/// The space of tokens.
pub const TOKENS: u8 = b'T';

/// The key of the next free contact number.
pub const NEXT_CONTACT_NUMBER: &[u8] = b"Mnext_contact_number";
/// The key of the next free organisation number.
pub const NEXT_ORG_NUMBER: &[u8] = b"Mnext_org_number";

/// The key of the identity of the journal that the store is written from.
pub const JOURNAL: &[u8] = b"Mjournal";

/// The key of a contact.
pub fn contact(organization: OrgNumber, id: ContactId) -> [u8; 21] {
    let mut key = [0; 21];
    key[0] = CONTACTS;
    key[1..5].copy_from_slice(&organization.0.to_be_bytes());
    key[5..].copy_from_slice(id.0.as_bytes());
    key
}

/// The prefix of all contacts of an organisation.
pub fn contacts_of(organization: OrgNumber) -> [u8; 5] {
    let mut key = [0; 5];
    key[0] = CONTACTS;
    key[1..].copy_from_slice(&organization.0.to_be_bytes());
    key
}

/// Reads organisation and id out of the key of a contact.
pub fn parse_contact(key: &[u8]) -> Option<(OrgNumber, ContactId)> {
    let rest = key.strip_prefix(&[CONTACTS])?;
    let (organization, id) = rest.split_first_chunk::<4>()?;
    let id: [u8; 16] = id.try_into().ok()?;
    Some((OrgNumber(u32::from_be_bytes(*organization)), ContactId(uuid::Uuid::from_bytes(id))))
}

/// The key of what is kept of a contact that was deleted for good.
pub fn tombstone(organization: OrgNumber, id: ContactId) -> [u8; 21] {
    let mut key = contact(organization, id);
    key[0] = TOMBSTONES;
    key
}

/// The key of an organisation.
pub fn organization(number: OrgNumber) -> [u8; 5] {
    let mut key = [0; 5];
    key[0] = ORGANIZATIONS;
    key[1..].copy_from_slice(&number.0.to_be_bytes());
    key
}

/// The key of a token, from the hash of the token.
pub fn token(hash: &[u8; 32]) -> [u8; 33] {
    let mut key = [0; 33];
    key[0] = TOKENS;
    key[1..].copy_from_slice(hash);
    key
}

/// The key of an answer kept for a repeated request.
pub fn idempotency(organization: OrgNumber, hash: &[u8; 32]) -> [u8; 37] {
    let mut key = [0; 37];
    key[0] = IDEMPOTENCY;
    key[1..5].copy_from_slice(&organization.0.to_be_bytes());
    key[5..].copy_from_slice(hash);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_keys_come_back() {
        let id = ContactId::generate();
        let key = contact(OrgNumber(7), id);
        assert_eq!(parse_contact(&key), Some((OrgNumber(7), id)));
        assert!(key.starts_with(&contacts_of(OrgNumber(7))));
        assert_eq!(parse_contact(b"Cshort"), None);
        assert_eq!(parse_contact(&token(&[0; 32])), None);
    }
}
