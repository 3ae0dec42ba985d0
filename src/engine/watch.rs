//! Which contacts have been changed, for who keeps something up with those of an organisation.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::tx::ContactChange;
use crate::domain::ids::{ContactNumber, OrgNumber};

/// The numbers of the contacts of one organisation that were changed since they were last taken.
/// A number is there before its write is acknowledged.
#[derive(Debug, Default)]
pub struct ChangedContacts(Mutex<Vec<ContactNumber>>);

impl ChangedContacts {
    /// How many changes wait, repetitions included.
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether no change waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes at most so many of those that wait, each number once, ascending.
    pub fn take(&self, most: usize) -> Vec<ContactNumber> {
        let mut waiting = self.0.lock();
        let at = waiting.len().saturating_sub(most);
        let mut numbers = waiting.split_off(at);
        drop(waiting);
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Lets numbers wait again.
    pub fn put_back(&self, numbers: &[ContactNumber]) {
        self.0.lock().extend_from_slice(numbers);
    }
}

/// All watches of a partition, by organisation; none costs the writer nothing.
#[derive(Default)]
pub(super) struct ChangedByOrg {
    by_org: ArcSwap<HashMap<u32, Arc<ChangedContacts>>>,
    adding: Mutex<()>,
}

impl ChangedByOrg {
    /// The watch of an organisation: from now on its changes are noted.
    pub(super) fn of(&self, org: OrgNumber) -> Arc<ChangedContacts> {
        if let Some(watch) = self.by_org.load().get(&org.0) {
            return Arc::clone(watch);
        }
        let _adding = self.adding.lock();
        let mut all = self.by_org.load().as_ref().clone();
        let watch = Arc::clone(all.entry(org.0).or_default());
        self.by_org.store(Arc::new(all));
        watch
    }

    /// Notes what a group of writes has changed.
    pub(super) fn note(&self, changes: &[ContactChange]) {
        let by_org = self.by_org.load();
        if by_org.is_empty() {
            return;
        }
        for change in changes.iter().filter(|change| !change.is_of_facts) {
            let contact = change.after.as_ref().or(change.before.as_ref());
            if let (Some(watch), Some(contact)) = (by_org.get(&change.org.0), contact) {
                watch.0.lock().push(contact.number);
            }
        }
    }
}
