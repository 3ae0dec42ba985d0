//! What of a list belongs to whom when a merge is undone.

use super::list::{Entry, mark_one};
use super::slot::value;
use super::undo::{KeptChange, Questions, Whose};
use crate::domain::contact::Contact;
use serde_json::Value;

/// A list of a contact.
pub(super) struct List<T> {
    pub(super) name: &'static str,
    pub(super) get: fn(&Contact) -> &Vec<T>,
    pub(super) get_mut: fn(&mut Contact) -> &mut Vec<T>,
}

/// The three states of the contact that stayed.
#[derive(Clone, Copy)]
pub(super) struct States<'a> {
    pub(super) before: &'a Contact,
    pub(super) merged: &'a Contact,
    pub(super) now: &'a Contact,
}

fn find<'a, T: Entry>(entries: &'a [T], like: &T) -> Option<&'a T> {
    let key = like.key();
    entries.iter().find(|entry| entry.key() == key)
}

impl<T: Entry> List<T> {
    fn field(&self, entry: &T) -> String {
        format!("{}/{}", self.name, entry.key())
    }

    /// Leaves only those entries that both have alike.
    pub(super) fn retain_common(&self, written: &Contact, without: &mut Contact) {
        let written = (self.get)(written);
        (self.get_mut)(without).retain(|entry| {
            find(written, entry).is_some_and(|same| same.unmarked() == entry.unmarked())
        });
    }

    /// Gives every list its own entries back.
    ///
    /// What was added since stays with the survivor. Of an entry that was the survivor's own, a
    /// change stays; of one that only others had, somebody must say whose change it was.
    pub(super) fn undo(
        &self,
        states: States<'_>,
        survivor: &mut Contact,
        others: &mut [Contact],
        asked: &mut Questions<'_>,
    ) {
        let (before, merged, now) =
            ((self.get)(states.before), (self.get)(states.merged), (self.get)(states.now));
        let mut entries = before.clone();
        if now != merged {
            for entry in merged {
                match find(now, entry) {
                    Some(same) if same.unmarked() == entry.unmarked() => {}
                    changed => self.change(entry, changed, &mut entries, others, asked),
                }
            }
            for added in now.iter().filter(|entry| find(merged, entry).is_none()) {
                if find(&entries, added).is_none() {
                    entries.push(added.unmarked());
                }
                asked.keep(KeptChange {
                    field: self.name.to_owned(),
                    before: Value::Null,
                    now: value(added),
                });
            }
            let first = |list: &Vec<T>| {
                let mut list = list.clone();
                list.iter_mut().find_map(|e| e.primary().is_some_and(|mark| *mark).then(|| e.key()))
            };
            let (marked, was_marked) = (first(now), first(merged));
            let is_here = |key: &String| entries.iter().any(|entry| entry.key() == *key);
            if let Some(key) = marked.filter(|key| Some(key) != was_marked.as_ref() && is_here(key))
            {
                for entry in &mut entries {
                    let is_marked = entry.key() == key;
                    if let Some(mark) = entry.primary() {
                        *mark = is_marked;
                    }
                }
            }
            mark_one(&mut entries);
        }
        *(self.get_mut)(survivor) = entries;
    }

    /// An entry of the merged contact that was changed or removed since.
    fn change(
        &self,
        was: &T,
        is: Option<&T>,
        entries: &mut Vec<T>,
        others: &mut [Contact],
        asked: &mut Questions<'_>,
    ) {
        let now = is.map_or(Value::Null, value);
        let kept = KeptChange { field: self.name.to_owned(), before: value(was), now: now.clone() };
        let own = entries.iter().position(|entry| entry.key() == was.key());
        if let Some(at) = own {
            replace(entries, at, is);
            asked.keep(kept);
            return;
        }
        let holders: Vec<_> = others
            .iter()
            .filter(|other| find((self.get)(other), was).is_some())
            .map(|other| other.id)
            .collect();
        if holders.is_empty() {
            entries.extend(is.cloned());
            asked.keep(kept);
            return;
        }
        match asked.ask(self.field(was), value(was), now, &holders) {
            None => {}
            Some(Whose::Survivor) => {
                entries.extend(is.map(Entry::unmarked));
                asked.keep(kept);
            }
            Some(Whose::Contact(id)) => {
                let Some(holder) = others.iter_mut().find(|other| other.id == id) else { return };
                let list = (self.get_mut)(holder);
                if let Some(at) = list.iter().position(|entry| entry.key() == was.key()) {
                    replace(list, at, is);
                    mark_one(list);
                }
            }
        }
    }
}

/// Puts another entry in the place of one, with its mark, or removes it.
fn replace<T: Entry>(entries: &mut Vec<T>, at: usize, by: Option<&T>) {
    let Some(by) = by else {
        entries.remove(at);
        return;
    };
    let mut new = by.unmarked();
    let was_marked = entries[at].primary().is_some_and(|mark| *mark);
    if let Some(mark) = new.primary() {
        *mark = was_marked;
    }
    entries[at] = new;
}
