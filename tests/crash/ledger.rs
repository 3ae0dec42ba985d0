//! What the supervisor knows of every contact: what was acknowledged, and what was only begun.
//!
//! The content of a contact follows from its marker and revision, so that a line of a few bytes
//! says what must be found. The ledger does not look into the store; `verify` does.

use std::collections::BTreeMap;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::ContactId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::groups::{self, Group, Step};

/// One line from a child. The intent comes before the call, the acknowledgement behind it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Line {
    /// The store was verified; the ledger with everything pending decided is on disk.
    Verified,
    /// Something is wrong.
    Failed(String),
    /// An operation on one contact begins.
    Intent { marker: String, pending: Pending },
    /// It is acknowledged.
    Ack { marker: String, id: ContactId, version: u64, digest: Option<String> },
    /// A bulk request begins.
    Batch { name: String, size: usize },
    /// It is acknowledged, with the ids in order.
    BatchAck { name: String, ids: Vec<ContactId> },
    /// The counter that all threads share is about to grow by one.
    Count,
    /// It has grown.
    Counted,
    /// Another thread was faster; it has not grown.
    NotCounted,
    /// A group of contacts is merged or taken apart.
    Group { at: usize, step: Step },
    /// The index was rebuilt.
    Reindexed,
}

/// A line with the time at which it was said, in nanoseconds of the real-time clock: before what it
/// says begins, or behind what it says has happened.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) at: u64,
    pub(crate) line: Line,
}

/// What was begun on a contact and not yet acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pending {
    Create,
    Update { revision: u64 },
    Delete,
    Erase,
    Restore,
}

/// Where a contact is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Not created as far as is known.
    Absent,
    Live,
    Deleted,
    Erased,
}

/// What is known of one contact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) id: Option<ContactId>,
    pub(crate) state: State,
    pub(crate) revision: u64,
    pub(crate) version: u64,
    /// Hash of the whole record as it was acknowledged, where the answer carried it.
    pub(crate) digest: Option<String>,
    pub(crate) pending: Option<Pending>,
}

/// Everything that is known.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) contacts: BTreeMap<String, Known>,
    /// Bulk requests that are not acknowledged, with their sizes.
    pub(crate) batches: BTreeMap<String, usize>,
    /// The least and the most that the shared counter can be.
    pub(crate) counter: (u64, u64),
    pub(crate) counter_id: Option<ContactId>,
    /// Groups of contacts that are merged and taken apart.
    pub(crate) groups: Vec<Group>,
    /// How many children have come; part of new markers.
    pub(crate) round: u64,
}

impl Ledger {
    pub(crate) fn load(path: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(path).expect("ledger")).expect("ledger")
    }

    pub(crate) fn save(&self, path: &Path) {
        let file = std::fs::File::create(path).expect("ledger file");
        serde_json::to_writer(std::io::BufWriter::new(file), self).expect("ledger");
    }

    /// Takes note of a line; how many writes it acknowledges.
    pub(crate) fn note(&mut self, line: &Line) -> u64 {
        match line {
            Line::Intent { marker, pending } => {
                let known = self.contacts.entry(marker.clone()).or_insert(Known::absent());
                assert_eq!(known.pending, None, "{marker} is worked on twice at once");
                known.pending = Some(*pending);
                0
            }
            Line::Ack { marker, id, version, digest } => {
                let known = self.contacts.get_mut(marker).expect("an intent before");
                known.id = Some(*id);
                known.happened(*version);
                known.digest.clone_from(digest);
                1
            }
            Line::Batch { name, size } => {
                self.batches.insert(name.clone(), *size);
                0
            }
            Line::BatchAck { name, ids } => {
                assert_eq!(self.batches.remove(name), Some(ids.len()), "batch {name}");
                for (at, id) in ids.iter().enumerate() {
                    self.contacts.insert(batch_marker(name, at), Known::created(*id));
                }
                ids.len() as u64
            }
            Line::Count => {
                self.counter.1 += 1;
                0
            }
            Line::Counted => {
                self.counter.0 += 1;
                1
            }
            Line::NotCounted => {
                self.counter.1 -= 1;
                0
            }
            Line::Group { at, step } => {
                groups::note(&mut self.groups, *at, *step);
                u64::from(!matches!(step, Step::Begun))
            }
            Line::Verified | Line::Failed(_) | Line::Reindexed => 0,
        }
    }
}

impl Known {
    pub(crate) fn absent() -> Self {
        Self {
            id: None,
            state: State::Absent,
            revision: 0,
            version: 0,
            digest: None,
            pending: None,
        }
    }

    pub(crate) fn created(id: ContactId) -> Self {
        Self { id: Some(id), state: State::Live, version: 1, ..Self::absent() }
    }

    /// What was pending has happened.
    pub(crate) fn happened(&mut self, version: u64) {
        let pending = self.pending.take().expect("something pending");
        (self.state, self.revision) = match pending {
            Pending::Create | Pending::Restore => (State::Live, self.revision),
            Pending::Update { revision } => (State::Live, revision),
            Pending::Delete => (State::Deleted, self.revision),
            Pending::Erase => (State::Erased, self.revision),
        };
        self.version = version;
        self.digest = None;
    }
}

/// The marker of one contact of a bulk request.
pub(crate) fn batch_marker(name: &str, at: usize) -> String {
    format!("{name}/{at}")
}

/// What a contact says in one revision.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) notes: Option<String>,
    pub(crate) revision: u64,
}

const FIRST: [&str; 12] = [
    "John",
    "Zoë",
    "José",
    "Anna Maria",
    "Łukasz",
    "Иван",
    "Mary",
    "Ingrid",
    "Omar",
    "Jo",
    "Peter",
    "Sinéad",
];
const LAST: [&str; 12] = [
    "Doe",
    "Müller",
    "O'Brien",
    "van Beethoven",
    "Smith",
    "Петров",
    "Johansson",
    "Li",
    "Doering",
    "Nguyễn",
    "Smithson",
    "Groß",
];

/// The content of a contact, always the same for a marker and revision.
pub(crate) fn content(marker: &str, revision: u64) -> Content {
    let mut rng =
        StdRng::from_seed(*blake3::hash(format!("{marker}#{revision}").as_bytes()).as_bytes());
    let first = FIRST[rng.random_range(0..FIRST.len())];
    let last = LAST[rng.random_range(0..LAST.len())];
    let area = [202, 312, 415][rng.random_range(0..3)];
    let phone = format!("+1{area}555{:04}", rng.random_range(0..10_000));
    let notes = match rng.random_range(0..12) {
        // Large enough to be kept in parts.
        0 => Some(format!("{marker} ").repeat(rng.random_range(300..2_000))),
        1..=4 => Some(format!("note {}", rng.random_range(0..1_000))),
        _ => None,
    };
    Content {
        name: format!("{first} {last}"),
        phone,
        notes: notes.map(|n| n.trim().to_owned()),
        revision,
    }
}

impl Content {
    /// The body of a create or, with everything said, of a patch.
    pub(crate) fn body(&self, marker: &str) -> Value {
        json!({
            "name": self.name,
            "phones": [{"number": self.phone, "label": "work"}],
            "notes": self.notes,
            "external_crm_id": marker,
            "custom_fields": {"revision": self.revision},
        })
    }

    /// Why a record does not have this content; nothing if it has.
    pub(crate) fn differs(&self, contact: &Contact) -> Option<String> {
        let phones: Vec<&str> = contact.phones.iter().map(|p| p.number.as_str()).collect();
        if contact.display_name != self.name {
            return Some(format!("name {:?}, not {:?}", contact.display_name, self.name));
        }
        if phones != [self.phone.as_str()] {
            return Some(format!("phones {phones:?}, not {:?}", self.phone));
        }
        if contact.notes != self.notes {
            let lengths =
                (contact.notes.as_ref().map(String::len), self.notes.as_ref().map(String::len));
            return Some(format!("other notes, lengths {lengths:?}"));
        }
        let revision = contact.custom_fields.get("revision");
        if revision.and_then(Value::as_u64) != Some(self.revision) {
            return Some(format!("revision {revision:?}, not {}", self.revision));
        }
        None
    }
}

/// Hash of a whole record.
pub(crate) fn digest(contact: &Contact) -> String {
    let bytes = serde_json::to_vec(contact).expect("a record serialises");
    blake3::hash(&bytes).to_hex()[..16].to_owned()
}
