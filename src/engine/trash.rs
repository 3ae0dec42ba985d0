//! Which contacts are deleted and can be restored: where their records are, by contact number.
//!
//! Contacts in the trash are in no lookup table. The index finds them by number, and their records
//! are stored by id.

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, ContactNumber, OrgNumber};
use crate::index::Space;

/// The trash of all organisations: some forty bytes a contact.
#[derive(Default)]
pub(super) struct Trash(RwLock<FxHashMap<ContactNumber, (OrgNumber, ContactId)>>);

impl Trash {
    /// Takes over what a contact is now: in the trash, or out of it.
    pub(super) fn set(&self, org: OrgNumber, contact: &Contact) {
        if Space::of(org, contact).is_some_and(Space::is_trash) {
            self.0.write().insert(contact.number, (org, contact.id));
        } else if self.get(contact.number).is_some() {
            self.remove(contact.number);
        }
    }

    /// Forgets a contact that is deleted for good.
    pub(super) fn remove(&self, number: ContactNumber) {
        self.0.write().remove(&number);
    }

    /// Whose it is, and under which id.
    pub(super) fn get(&self, number: ContactNumber) -> Option<(OrgNumber, ContactId)> {
        self.0.read().get(&number).copied()
    }

    /// How many contacts there are in all.
    pub(super) fn len(&self) -> u64 {
        self.0.read().len() as u64
    }
}
