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
//! | `A` | organisation, number | entry of the audit log |
//! | `C` | organisation, contact id | contact |
//! | `D` | organisation, contact id | what is kept of a contact that was deleted for good |
//! | `E` | organisation, id of a record, number | details of what the log's entry did to the record |
//! | `F` | organisation, definition id | definition of a custom field |
//! | `G` | organisation, merge id | merge of contacts |
//! | `H` | organisation, contact id, number | entry of the ledger of consent of a contact |
//! | `I` | organisation, hash of token, path and key | answer to replay |
//! | `J` | organisation, job id | import or bulk action, and how far it got |
//! | `K` | organisation, number of the kind, id | record of a kind: task and so on |
//! | `L` | organisation, id of a contact or record, time, number of the kind, id | that a record is about a contact, belongs to another record, or comes from a number that nobody has |
//! | `M` | name | the next contact and organisation number, the identity of the journal, the ends of the audit logs, the states of the definitions |
//! | `N` | organisation, two contact ids, the lower first | decision about a pair |
//! | `O` | organisation | organisation |
//! | `P` | organisation, department id | department |
//! | `Q` | organisation, queue id | queue |
//! | `R` | organisation, run id | run that looked for duplicates |
//! | `S` | hash of the secret | session |
//! | `T` | hash of the token | token |
//! | `U` | organisation, user id | user |
//! | `V` | organisation, search id | saved search |
//! | `W` | organisation | colours of tags |
//! | `X` | organisation, hash under a secret of the organisation | id of the record or contact that is called so |
//! | `Z` | organisation, webhook id, number | what a webhook sends; without a number its secret and how far it is |
//! | `Y` | organisation, hash under a secret of the organisation | id of the contact that is called so on a channel |
//! | `q` | organisation, import id, row | a row that an import asks about, or that was answered |
//! | `e` | organisation, erasure id | erasure that was asked for, and its certificate |

use uuid::Uuid;

use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::record::kind_by_number;
use crate::domain::time::Timestamp;

/// The space of the entries of the audit logs.
pub const AUDIT: u8 = b'A';
/// The space of contacts.
pub const CONTACTS: u8 = b'C';
/// The space of what is kept of contacts that were deleted for good.
pub const TOMBSTONES: u8 = b'D';
/// The space of the details of the audit logs.
pub const AUDIT_DETAILS: u8 = b'E';
/// The space of the definitions of custom fields.
pub const FIELDS: u8 = b'F';
/// The space of merges of contacts.
pub const MERGES: u8 = b'G';
/// The space of the ledgers of consent.
pub const CONSENTS: u8 = b'H';
/// The space of answers kept for repeated requests.
pub const IDEMPOTENCY: u8 = b'I';
/// The space of imports and bulk actions.
pub const JOBS: u8 = b'J';
/// The space of records of all kinds.
pub const RECORDS: u8 = b'K';
/// The space of links from contacts to the records that are about them.
pub const LINKS: u8 = b'L';
/// The space of counters.
pub const META: u8 = b'M';
/// The space of decisions about pairs of contacts.
pub const DECISIONS: u8 = b'N';
/// The space of organisations.
pub const ORGANIZATIONS: u8 = b'O';
/// The space of departments.
pub const DEPARTMENTS: u8 = b'P';
/// The space of queues.
pub const QUEUES: u8 = b'Q';
/// The space of runs that look for duplicates.
pub const DUPLICATE_RUNS: u8 = b'R';
/// The space of sessions.
pub const SESSIONS: u8 = b'S';
/// The space of tokens.
pub const TOKENS: u8 = b'T';
/// The space of users.
pub const USERS: u8 = b'U';
/// The space of saved searches.
pub const SAVED_SEARCHES: u8 = b'V';
/// The space of the colours of tags.
pub const TAG_STYLES: u8 = b'W';

/// The space of what records and contacts are called elsewhere: ids of calls, of messages, on
/// channels.
pub const NAMES: u8 = b'X';

/// The space of what contacts are called on channels.
pub const CHANNELS: u8 = b'Y';

/// The space of erasures.
pub const ERASURES: u8 = b'e';

/// The space of rows that imports ask about.
pub const IMPORT_ROWS: u8 = b'q';

/// The prefix of the rows that an import asks about.
pub fn import_rows(organization: OrgNumber, import: Uuid) -> [u8; 21] {
    with_organization(IMPORT_ROWS, organization, import.as_bytes())
}

/// The key of a row that an import asks about.
pub fn import_row(organization: OrgNumber, import: Uuid, row: u64) -> [u8; 29] {
    let mut key = [0; 29];
    key[..21].copy_from_slice(&import_rows(organization, import));
    key[21..].copy_from_slice(&row.to_be_bytes());
    key
}

/// The space of webhooks: what is kept of them beside their records, and what they send.
pub const HOOKS: u8 = b'Z';

/// The space of what business cards hold of contacts beside their records.
pub const CARDS: u8 = b'c';

/// The key of what the business card of a contact holds beside its record.
pub fn card(organization: OrgNumber, id: ContactId) -> [u8; 21] {
    with_organization(CARDS, organization, id.0.as_bytes())
}

/// The key of what is kept of a webhook, and the prefix of what it sends.
pub fn hook(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(HOOKS, organization, id.as_bytes())
}

/// The key of something that a webhook sends.
pub fn hook_delivery(organization: OrgNumber, id: Uuid, number: u64) -> [u8; 29] {
    let mut key = [0; 29];
    key[..21].copy_from_slice(&hook(organization, id));
    key[21..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The key of the next free contact number.
pub const NEXT_CONTACT_NUMBER: &[u8] = b"Mnext_contact_number";
/// The key of the next free organisation number.
pub const NEXT_ORG_NUMBER: &[u8] = b"Mnext_org_number";

/// The key of the time of the last backup that was taken through the server.
pub const LAST_BACKUP: &[u8] = b"Mlast_backup";

/// The key that says which image of the store begins or is complete, where machines of a cluster
/// mark that in their journals.
pub const IMAGE_MARK: &[u8] = b"Mimage";

/// The key of the identity of the journal that the store is written from.
pub const JOURNAL: &[u8] = b"Mjournal";

/// What a key holds, in words for people; `None` for what no user has made: logs, counters, answers.
pub fn name(key: &[u8]) -> Option<String> {
    let what = match *key.first()? {
        CONTACTS => "contact",
        TOMBSTONES => "erased contact",
        FIELDS => "custom field",
        MERGES => "merge",
        JOBS => "job",
        IMPORT_ROWS => "row of an import",
        DEPARTMENTS => "department",
        QUEUES => "queue",
        DUPLICATE_RUNS => "run that looked for duplicates",
        USERS => "user",
        SAVED_SEARCHES => "saved search",
        ERASURES => "erasure",
        DECISIONS => "decision about contact",
        ORGANIZATIONS => return Some("an organisation".to_owned()),
        CONSENTS => {
            let id = key.get(5..21).and_then(|id| Uuid::from_slice(id).ok())?;
            return Some(format!("consent of contact {id}"));
        }
        TAG_STYLES => return Some("the colours of tags".to_owned()),
        SESSIONS => return Some("a session".to_owned()),
        TOKENS => return Some("a token".to_owned()),
        RECORDS => {
            let kind = kind_by_number(*key.get(5)?)?.info().name;
            let id = key.get(6..22).and_then(|id| Uuid::from_slice(id).ok())?;
            return Some(format!("{kind} {id}"));
        }
        _ => return None,
    };
    let id = key.get(5..21).and_then(|id| Uuid::from_slice(id).ok())?;
    Some(format!("{what} {id}"))
}

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
    Some((OrgNumber(u32::from_be_bytes(*organization)), ContactId(Uuid::from_bytes(id))))
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

fn with_organization<const N: usize>(space: u8, organization: OrgNumber, rest: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    key[0] = space;
    key[1..5].copy_from_slice(&organization.0.to_be_bytes());
    key[5..].copy_from_slice(rest);
    key
}

/// The prefix of all keys of an organisation in a space.
pub fn space_of(space: u8, organization: OrgNumber) -> [u8; 5] {
    with_organization(space, organization, &[])
}

/// The key of an entry of the ledger of consent of a contact.
pub fn consent(organization: OrgNumber, contact: ContactId, seq: u32) -> [u8; 25] {
    let mut rest = [0; 20];
    rest[..16].copy_from_slice(contact.0.as_bytes());
    rest[16..].copy_from_slice(&seq.to_be_bytes());
    with_organization(CONSENTS, organization, &rest)
}

/// The prefix of the ledger of consent of a contact.
pub fn consents_of(organization: OrgNumber, contact: ContactId) -> [u8; 21] {
    with_organization(CONSENTS, organization, contact.0.as_bytes())
}

/// Reads organisation, contact and number out of the key of an entry of a ledger.
pub fn parse_consent(key: &[u8]) -> Option<(OrgNumber, ContactId, u32)> {
    let rest = key.strip_prefix(&[CONSENTS])?;
    let (organization, rest) = rest.split_first_chunk::<4>()?;
    let (id, seq) = rest.split_first_chunk::<16>()?;
    let seq: [u8; 4] = seq.try_into().ok()?;
    let organization = OrgNumber(u32::from_be_bytes(*organization));
    Some((organization, ContactId(Uuid::from_bytes(*id)), u32::from_be_bytes(seq)))
}

/// The key of the colours of the tags of an organisation.
pub fn tag_styles(organization: OrgNumber) -> [u8; 5] {
    space_of(TAG_STYLES, organization)
}

/// The key of a department.
pub fn department(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(DEPARTMENTS, organization, id.as_bytes())
}

/// The key of a queue.
pub fn queue(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(QUEUES, organization, id.as_bytes())
}

/// The key of a user.
pub fn user(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(USERS, organization, id.as_bytes())
}

/// The key of a record of a kind.
pub fn record(organization: OrgNumber, kind: u8, id: Uuid) -> [u8; 22] {
    let mut rest = [kind; 17];
    rest[1..].copy_from_slice(id.as_bytes());
    with_organization(RECORDS, organization, &rest)
}

/// The prefix of all records of a kind; ids grow with time, so a scan meets the oldest first.
pub fn records_of(organization: OrgNumber, kind: u8) -> [u8; 6] {
    with_organization(RECORDS, organization, &[kind])
}

/// The prefix of everything that is about a contact, in the order in which it happens.
pub fn links_of(organization: OrgNumber, contact: Uuid) -> [u8; 21] {
    with_organization(LINKS, organization, contact.as_bytes())
}

/// The key of what is called so; the hash is that of [`organization_secret`].
pub fn named(organization: OrgNumber, hash: [u8; 16]) -> [u8; 21] {
    with_organization(NAMES, organization, &hash)
}

/// The key of who is called so on a channel; the hash is that of [`organization_secret`].
pub fn on_channel(organization: OrgNumber, hash: [u8; 16]) -> [u8; 21] {
    with_organization(CHANNELS, organization, &hash)
}

/// The key of the secret under which an organisation hashes what must not be read in keys.
pub fn organization_secret(organization: OrgNumber) -> [u8; 11] {
    let mut key = [0; 11];
    key[..7].copy_from_slice(b"Msecret");
    key[7..].copy_from_slice(&organization.0.to_be_bytes());
    key
}

/// The key that says that a record is about a contact, or belongs to another record.
pub fn link(organization: OrgNumber, contact: Uuid, at: Timestamp, kind: u8, id: Uuid) -> [u8; 46] {
    let mut key = [0; 46];
    key[..21].copy_from_slice(&links_of(organization, contact));
    // Times before 1970 sort in front.
    let at = at.0.cast_unsigned() ^ (1 << 63);
    key[21..29].copy_from_slice(&at.to_be_bytes());
    key[29] = kind;
    key[30..].copy_from_slice(id.as_bytes());
    key
}

/// Reads the time out of the key of a link.
pub fn time_of_link(key: &[u8]) -> Option<Timestamp> {
    let at = key.get(21..29)?.try_into().ok().map(u64::from_be_bytes)?;
    Some(Timestamp((at ^ (1 << 63)).cast_signed()))
}

/// Reads contact, kind and record out of the key of a link.
pub fn parse_link(key: &[u8]) -> Option<(OrgNumber, Uuid, u8, Uuid)> {
    let rest = key.strip_prefix(&[LINKS])?;
    let (organization, rest) = rest.split_first_chunk::<4>()?;
    let (contact, rest) = rest.split_first_chunk::<16>()?;
    let (_, rest) = rest.split_first_chunk::<8>()?;
    let (kind, id) = rest.split_first()?;
    let id: [u8; 16] = id.try_into().ok()?;
    Some((
        OrgNumber(u32::from_be_bytes(*organization)),
        Uuid::from_bytes(*contact),
        *kind,
        Uuid::from_bytes(id),
    ))
}

/// The key of a saved search.
pub fn saved_search(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(SAVED_SEARCHES, organization, id.as_bytes())
}

/// The key of an erasure; ids grow with time, so a scan meets the oldest first.
pub fn erasure(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(ERASURES, organization, id.as_bytes())
}

/// The key of a run that looks for duplicates.
pub fn duplicate_run(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(DUPLICATE_RUNS, organization, id.as_bytes())
}

/// The key of an import or bulk action.
pub fn job(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(JOBS, organization, id.as_bytes())
}

/// Reads the id out of the key of a run that looks for duplicates.
pub fn parse_duplicate_run(key: &[u8]) -> Option<Uuid> {
    let (_, id) = key.strip_prefix(&[DUPLICATE_RUNS])?.split_first_chunk::<4>()?;
    Some(Uuid::from_bytes(id.try_into().ok()?))
}

/// The key of a merge; ids grow with time, so a scan meets the oldest first.
pub fn merge(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(MERGES, organization, id.as_bytes())
}

/// The key of a session, from the hash of its secret.
pub fn session(hash: &[u8; 32]) -> [u8; 33] {
    let mut key = token(hash);
    key[0] = SESSIONS;
    key
}

/// The key of an entry of the audit log.
pub fn audit(organization: OrgNumber, number: u64) -> [u8; 13] {
    with_organization(AUDIT, organization, &number.to_be_bytes())
}

/// The prefix of the details of everything that was done to a record.
pub fn audit_details_of(organization: OrgNumber, record: Uuid) -> [u8; 21] {
    with_organization(AUDIT_DETAILS, organization, record.as_bytes())
}

/// The key of the details of what an entry of the log did to a record.
pub fn audit_details(organization: OrgNumber, record: Uuid, number: u64) -> [u8; 29] {
    let mut key = [0; 29];
    key[..21].copy_from_slice(&audit_details_of(organization, record));
    key[21..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Reads record and number out of the key of details.
pub fn parse_audit_details(key: &[u8]) -> Option<(OrgNumber, Uuid, u64)> {
    let rest = key.strip_prefix(&[AUDIT_DETAILS])?;
    let (organization, rest) = rest.split_first_chunk::<4>()?;
    let (record, number) = rest.split_first_chunk::<16>()?;
    let number: [u8; 8] = number.try_into().ok()?;
    Some((
        OrgNumber(u32::from_be_bytes(*organization)),
        Uuid::from_bytes(*record),
        u64::from_be_bytes(number),
    ))
}

/// The key of the end of an organisation's audit log.
pub fn audit_head(organization: OrgNumber) -> Vec<u8> {
    [b"Maudit".as_slice(), &organization.0.to_be_bytes()].concat()
}

/// The key of the decision about two contacts, whose order does not matter.
pub fn decision(organization: OrgNumber, one: ContactId, other: ContactId) -> [u8; 37] {
    let mut key = [0; 37];
    key[..21].copy_from_slice(&with_organization::<21>(
        DECISIONS,
        organization,
        one.min(other).0.as_bytes(),
    ));
    key[21..].copy_from_slice(one.max(other).0.as_bytes());
    key
}

/// Reads the two contacts out of the key of a decision.
pub fn parse_decision(key: &[u8]) -> Option<(OrgNumber, ContactId, ContactId)> {
    let rest = key.strip_prefix(&[DECISIONS])?;
    let (organization, rest) = rest.split_first_chunk::<4>()?;
    let (one, other) = rest.split_first_chunk::<16>()?;
    let other: [u8; 16] = other.try_into().ok()?;
    Some((
        OrgNumber(u32::from_be_bytes(*organization)),
        ContactId(Uuid::from_bytes(*one)),
        ContactId(Uuid::from_bytes(other)),
    ))
}

/// The key of the definition of a custom field.
pub fn field(organization: OrgNumber, id: Uuid) -> [u8; 21] {
    with_organization(FIELDS, organization, id.as_bytes())
}

/// The prefix of the counters of changes of definitions.
pub const FIELD_GENERATIONS: &[u8] = b"Mfields";

/// The key of the counter of changes of an organisation's definitions.
pub fn field_generation(organization: OrgNumber) -> [u8; 11] {
    let mut key = [0; 11];
    key[..7].copy_from_slice(FIELD_GENERATIONS);
    key[7..].copy_from_slice(&organization.0.to_be_bytes());
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

    #[test]
    fn keys_of_decisions_know_no_order() {
        let (one, other) = (ContactId::generate(), ContactId::generate());
        let key = decision(OrgNumber(7), other, one);
        assert_eq!(key, decision(OrgNumber(7), one, other));
        let sorted = (OrgNumber(7), one.min(other), one.max(other));
        assert_eq!(parse_decision(&key), Some(sorted));
        assert_eq!(parse_decision(&contact(OrgNumber(7), one)), None);
    }
}
