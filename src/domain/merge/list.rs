//! Lists of several contacts as one, without near-twins.

use serde::Serialize;

use crate::domain::contact::{Address, ChannelId, Email};
use crate::domain::email;
use crate::domain::ids::ContactId;
use crate::domain::phone::Phone;
use crate::domain::text::fold;

/// Digits of a number without country from which it is taken for a national number.
const NATIONAL_DIGITS: usize = 8;

/// What of two entries that mean the same is left behind when one of them stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing.
    None,
    /// Something that only the second one said.
    Second,
    /// Something that only the first one said.
    First,
}

/// An entry of a list of a contact.
pub(super) trait Entry: Clone + PartialEq + Serialize {
    /// What tells it from other entries.
    fn key(&self) -> String;

    /// Whether it means the same as another one.
    fn is_twin(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// Takes over what a twin says and it does not.
    fn absorb(&mut self, twin: &Self) -> Loss;

    /// Whether it is the first one to use, for lists that have such a mark.
    fn primary(&mut self) -> Option<&mut bool> {
        None
    }

    /// The same without the mark.
    fn unmarked(&self) -> Self {
        let mut entry = self.clone();
        if let Some(mark) = entry.primary() {
            *mark = false;
        }
        entry
    }
}

/// Takes a label over where there is none; whether another one is left behind.
fn absorb_label(label: &mut Option<String>, twin: Option<&String>) -> Loss {
    match (label.as_ref(), twin) {
        (None, Some(new)) => *label = Some(new.clone()),
        (Some(one), Some(two)) if fold(one) != fold(two) => return Loss::Second,
        (_, _) => {}
    }
    Loss::None
}

/// Whether a number without country is the national form of one with it.
fn is_national_form(plain: &Phone, full: &Phone) -> bool {
    let digits = plain.number.trim_start_matches('0');
    !plain.number.starts_with('+')
        && full.number.starts_with('+')
        && digits.len() >= NATIONAL_DIGITS
        && full.number.len() <= digits.len() + 4
        && full.number.ends_with(digits)
}

impl Entry for Phone {
    fn key(&self) -> String {
        match &self.extension {
            Some(extension) => format!("{};{extension}", self.number),
            None => self.number.clone(),
        }
    }

    fn is_twin(&self, other: &Self) -> bool {
        self.extension == other.extension
            && (self.number == other.number
                || is_national_form(self, other)
                || is_national_form(other, self))
    }

    fn absorb(&mut self, twin: &Self) -> Loss {
        let label = absorb_label(&mut self.label, twin.label.as_ref());
        if self.number == twin.number {
            if self.country.is_none() {
                self.country.clone_from(&twin.country);
            }
            return label;
        }
        if is_national_form(twin, self) {
            return Loss::Second;
        }
        self.number.clone_from(&twin.number);
        self.country.clone_from(&twin.country);
        Loss::First
    }

    fn primary(&mut self) -> Option<&mut bool> {
        Some(&mut self.primary)
    }
}

impl Entry for Email {
    fn key(&self) -> String {
        email::key(&self.address)
    }

    fn absorb(&mut self, twin: &Self) -> Loss {
        absorb_label(&mut self.label, twin.label.as_ref())
    }

    fn primary(&mut self) -> Option<&mut bool> {
        Some(&mut self.primary)
    }
}

fn parts(address: &Address) -> [String; 5] {
    [&address.street, &address.city, &address.region, &address.postal_code, &address.country]
        .map(|part| part.as_deref().map(fold).unwrap_or_default())
}

/// Whether everything that one address says stands in the other.
fn is_within(one: &Address, other: &Address) -> bool {
    parts(one).iter().zip(&parts(other)).all(|(part, whole)| part.is_empty() || part == whole)
}

impl Entry for Address {
    fn key(&self) -> String {
        parts(self).join("|")
    }

    fn is_twin(&self, other: &Self) -> bool {
        is_within(self, other) || is_within(other, self)
    }

    fn absorb(&mut self, twin: &Self) -> Loss {
        let label = absorb_label(&mut self.label, twin.label.as_ref());
        if !is_within(twin, self) {
            let own = self.label.take();
            *self = Self { label: own, ..twin.clone() };
        }
        label
    }
}

impl Entry for ChannelId {
    fn key(&self) -> String {
        format!("{}:{}", fold(&self.channel), self.identifier)
    }

    fn absorb(&mut self, _twin: &Self) -> Loss {
        Loss::None
    }
}

impl Entry for String {
    fn key(&self) -> String {
        fold(self)
    }

    fn absorb(&mut self, _twin: &Self) -> Loss {
        Loss::None
    }
}

/// The lists of several contacts as one.
pub(super) struct United<T> {
    /// The entries, those of the first contact first.
    pub(super) entries: Vec<T>,
    /// Entries of which something is left behind, with the contacts whose they were.
    pub(super) left: Vec<(ContactId, T)>,
    /// Contacts that gave entries of their own.
    pub(super) taken: Vec<ContactId>,
}

/// Puts lists together; the first one stays as it is, its mark included.
pub(super) fn unite<T: Entry>(lists: &[(ContactId, &[T])]) -> United<T> {
    let mut united = United { entries: Vec::new(), left: Vec::new(), taken: Vec::new() };
    let mut owners: Vec<ContactId> = Vec::new();
    for (at, (id, list)) in lists.iter().enumerate() {
        for entry in *list {
            let known = (at > 0).then(|| united.entries.iter().position(|e: &T| e.is_twin(entry)));
            if let Some(known) = known.flatten() {
                let before = united.entries[known].clone();
                match united.entries[known].absorb(entry) {
                    Loss::None => {}
                    Loss::Second => united.left.push((*id, entry.clone())),
                    Loss::First => united.left.push((owners[known], before)),
                }
                continue;
            }
            united.entries.push(if at == 0 { entry.clone() } else { entry.unmarked() });
            owners.push(*id);
            if at > 0 && united.taken.last() != Some(id) {
                united.taken.push(*id);
            }
        }
    }
    mark_one(&mut united.entries);
    united
}

/// Sees to it that exactly one entry has the mark, where entries can have one.
pub(super) fn mark_one<T: Entry>(entries: &mut [T]) {
    let chosen = entries.iter_mut().position(|entry| entry.primary().is_some_and(|mark| *mark));
    let chosen = chosen.unwrap_or(0);
    for (at, entry) in entries.iter_mut().enumerate() {
        if let Some(mark) = entry.primary() {
            *mark = at == chosen;
        }
    }
}
