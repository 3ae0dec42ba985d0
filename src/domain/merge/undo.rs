//! Taking a merge back: the three states of every member, and what cannot be told from them.
//!
//! The state before the merge, the merged state as it was written, and the state now are compared.
//! What is as it was written goes back to where it came from. What was added or changed since stays
//! with the survivor and is named; where a value was changed that had come from another contact,
//! it is not known whose change it was, so that is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::notes;
use super::slot::{self, Slot, Unit, is_empty, value};
use super::undo_list::{List, States};
use crate::domain::contact::{Address, ChannelId, Contact, Email};
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::phone::Phone;

/// Whose a change is that was made since the merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The contact that stayed.
    Survivor,
    /// One that comes back.
    Contact(ContactId),
}

/// A change since the merge that stays with the survivor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeptChange {
    /// The field.
    pub field: String,
    /// What the merge had written; `null` for what was added.
    pub before: Value,
    /// What it is now; `null` for what was removed.
    pub now: Value,
}

/// A change since the merge of which it is not known whose it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UndoConflict {
    /// The field, as `resolve` names it.
    pub field: String,
    /// What the merge had written.
    pub before: Value,
    /// What it is now.
    pub now: Value,
    /// What may be answered: ids of contacts, or `survivor`.
    pub choices: Vec<String>,
}

/// What undoing a merge gives back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// The contact that stayed.
    pub survivor: Contact,
    /// The contacts that come back, with what was theirs.
    pub others: Vec<Contact>,
    /// What stays with the survivor though it came after the merge.
    pub kept: Vec<KeptChange>,
    /// What must be said first.
    pub conflicts: Vec<UndoConflict>,
    /// What is wrong with the answers.
    pub problems: Vec<FieldIssue>,
    /// The fields in which something was unclear, answered or not.
    pub asked: BTreeSet<String>,
}

/// Names answers that nobody asked for.
pub fn unasked(answers: &BTreeMap<String, Whose>, asked: &BTreeSet<String>) -> Vec<FieldIssue> {
    let unasked = answers.keys().filter(|field| !asked.contains(*field));
    let detail = "is not asked: nothing is unclear there";
    unasked.map(|field| FieldIssue::new(pointer(field), "not_asked", detail)).collect()
}

/// Asks, and notes what was answered.
pub(super) struct Questions<'a> {
    answers: &'a BTreeMap<String, Whose>,
    used: BTreeSet<String>,
    kept: Vec<KeptChange>,
    conflicts: Vec<UndoConflict>,
    problems: Vec<FieldIssue>,
}

fn pointer(field: &str) -> String {
    format!("/resolve/{}", field.replace('~', "~0").replace('/', "~1"))
}

impl Questions<'_> {
    pub(super) fn keep(&mut self, kept: KeptChange) {
        self.kept.push(kept);
    }

    fn keep_all(&mut self, kept: Vec<KeptChange>) {
        self.kept.extend(kept);
    }

    pub(super) fn ask(
        &mut self,
        field: String,
        before: Value,
        now: Value,
        holders: &[ContactId],
    ) -> Option<Whose> {
        let answer = self.answers.get(&field).copied();
        self.used.insert(field.clone());
        match answer {
            Some(Whose::Contact(id)) if !holders.contains(&id) => {
                let detail = "is not a contact from which this value came";
                self.problems.push(FieldIssue::new(pointer(&field), "unknown_contact", detail));
                None
            }
            Some(whose) => Some(whose),
            None => {
                let mut choices: Vec<String> = holders.iter().map(ToString::to_string).collect();
                choices.push("survivor".to_owned());
                self.conflicts.push(UndoConflict { field, before, now, choices });
                None
            }
        }
    }
}

const PHONES: List<Phone> =
    List { name: "phones", get: |c| &c.fields.phones, get_mut: |c| &mut c.fields.phones };
const EMAILS: List<Email> =
    List { name: "emails", get: |c| &c.fields.emails, get_mut: |c| &mut c.fields.emails };
const ADDRESSES: List<Address> =
    List { name: "addresses", get: |c| &c.fields.addresses, get_mut: |c| &mut c.fields.addresses };
const CHANNELS: List<ChannelId> =
    List { name: "channels", get: |c| &c.fields.channels, get_mut: |c| &mut c.fields.channels };
const TAGS: List<String> =
    List { name: "tags", get: |c| &c.fields.tags, get_mut: |c| &mut c.fields.tags };

/// Works out what undoing a merge gives back.
///
/// `before` and `merged` are the contact that stayed as it was before and as the merge wrote it,
/// `now` is as it is; `others` are the contacts that went into it, as they are kept. Versions,
/// times of changes and marks of deletion and merging are the business of the caller.
pub fn undo(
    before: &Contact,
    merged: &Contact,
    now: &Contact,
    others: &[Contact],
    answers: &BTreeMap<String, Whose>,
) -> Undo {
    let mut asked = Questions {
        answers,
        used: BTreeSet::new(),
        kept: Vec::new(),
        conflicts: Vec::new(),
        problems: Vec::new(),
    };
    let mut survivor = now.clone();
    let mut others = others.to_vec();
    let states = States { before, merged, now };
    let all: Vec<&Contact> = [before, merged, now].into_iter().chain(&others).collect();
    let units: Vec<Unit> = slot::units(&all).into_iter().chain(slot::facts()).collect();
    for unit in &units {
        undo_unit(unit, states, &mut survivor, &mut others, &mut asked);
    }
    PHONES.undo(states, &mut survivor, &mut others, &mut asked);
    EMAILS.undo(states, &mut survivor, &mut others, &mut asked);
    ADDRESSES.undo(states, &mut survivor, &mut others, &mut asked);
    CHANNELS.undo(states, &mut survivor, &mut others, &mut asked);
    TAGS.undo(states, &mut survivor, &mut others, &mut asked);
    undo_notes(states, &mut survivor, &mut others, &mut asked);
    undo_counts(states, &mut survivor, &mut asked);
    let Questions { kept, conflicts, problems, used, .. } = asked;
    Undo { survivor, others, kept, conflicts, problems, asked: used }
}

/// Makes what a merge would have written without a contact that is erased comparable with what it
/// wrote: where both differ, the survivor has what came from the erased one, which is its own now.
/// There nobody has changed anything, and nothing is to be asked.
pub(super) fn without_erased(before: &Contact, written: &Contact, without: &mut Contact) {
    let units = slot::units(&[before, written, without]).into_iter().chain(slot::facts());
    for unit in units {
        let differs = |slot: &Slot| slot.get(written) != slot.get(without);
        let is_list = unit.slots.iter().any(|slot| slot.get(without).is_array());
        if !is_list && unit.slots.iter().any(differs) {
            unit.slots.iter().for_each(|slot| slot.copy(before, without));
        }
    }
    PHONES.retain_common(written, without);
    EMAILS.retain_common(written, without);
    ADDRESSES.retain_common(written, without);
    CHANNELS.retain_common(written, without);
    TAGS.retain_common(written, without);
}

fn undo_unit(
    unit: &Unit,
    States { before, merged, now }: States<'_>,
    survivor: &mut Contact,
    others: &mut [Contact],
    asked: &mut Questions<'_>,
) {
    let changed: Vec<_> =
        unit.slots.iter().filter(|slot| slot.get(merged) != slot.get(now)).collect();
    if changed.is_empty() {
        unit.slots.iter().for_each(|slot| slot.copy(before, survivor));
        return;
    }
    let kept: Vec<KeptChange> = changed
        .iter()
        .map(|slot| KeptChange { field: slot.name(), before: slot.get(merged), now: slot.get(now) })
        .collect();
    if let [slot @ Slot::Custom(_)] = unit.slots.as_slice()
        && let Some(options) = rebased(&slot.get(before), &slot.get(merged), &slot.get(now))
    {
        slot.copy(before, survivor);
        if options != slot.get(before) {
            slot.put(options, survivor);
        }
        asked.keep_all(kept);
        return;
    }
    let is_own = unit.slots.iter().all(|slot| slot.get(merged) == slot.get(before));
    let holders: Vec<ContactId> = others
        .iter()
        .filter(|other| {
            changed.iter().any(|slot| {
                let written = slot.get(merged);
                let came_from = |value: &Value| *value == written || is_part(value, &written);
                written != slot.get(before) && !is_empty(&written) && came_from(&slot.get(other))
            })
        })
        .map(|other| other.id)
        .collect();
    if is_own || holders.is_empty() {
        let unchanged = unit.slots.iter().filter(|slot| slot.get(merged) == slot.get(now));
        unchanged.for_each(|slot| slot.copy(before, survivor));
        asked.keep_all(kept);
        return;
    }
    let shown = |contact: &Contact| match unit.slots.as_slice() {
        [slot] => slot.get(contact),
        slots => Value::Object(slots.iter().map(|slot| (slot.name(), slot.get(contact))).collect()),
    };
    match asked.ask(unit.name.clone(), shown(merged), shown(now), &holders) {
        None => {}
        Some(Whose::Survivor) => asked.keep_all(kept),
        Some(Whose::Contact(id)) => {
            unit.slots.iter().for_each(|slot| slot.copy(before, survivor));
            if let Some(holder) = others.iter_mut().find(|other| other.id == id) {
                for slot in changed {
                    slot.copy(now, holder);
                }
            }
        }
    }
}

/// The options of one of the merged contacts, with what was added or taken away since; none if it
/// is no list of options, or one was taken away that had come from others.
fn rebased(before: &Value, merged: &Value, now: &Value) -> Option<Value> {
    let nothing = Vec::new();
    let own = if is_empty(before) { &nothing } else { before.as_array()? };
    let (merged, now) = (merged.as_array()?, now.as_array()?);
    if merged.iter().any(|option| !now.contains(option) && !own.contains(option)) {
        return None;
    }
    let stays = own.iter().filter(|option| now.contains(option));
    let added = now.iter().filter(|option| !merged.contains(option) && !own.contains(option));
    Some(Value::Array(stays.chain(added).cloned().collect()))
}

/// Whether a list of options went into a longer one.
fn is_part(value: &Value, whole: &Value) -> bool {
    match (value, whole) {
        (Value::Array(part), Value::Array(whole)) => {
            !part.is_empty() && part.iter().all(|entry| whole.contains(entry))
        }
        _ => false,
    }
}

fn undo_notes(
    States { before, merged, now }: States<'_>,
    survivor: &mut Contact,
    others: &mut [Contact],
    asked: &mut Questions<'_>,
) {
    if now.notes == merged.notes {
        survivor.notes.clone_from(&before.notes);
        return;
    }
    let kept = KeptChange {
        field: "notes".to_owned(),
        before: value(&merged.notes),
        now: value(&now.notes),
    };
    let holders: Vec<ContactId> =
        others.iter().filter(|other| other.notes.is_some()).map(|other| other.id).collect();
    if merged.notes == before.notes || holders.is_empty() {
        asked.keep(kept);
        return;
    }
    let (was, is) = (merged.notes.as_deref().unwrap_or(""), now.notes.as_deref().unwrap_or(""));
    let own = before.notes.as_deref();
    let rebased = notes::without(own, was, is, others).or_else(|| notes::rebase(own, was, is));
    if let Some(rebased) = rebased {
        survivor.notes = (!rebased.is_empty()).then_some(rebased);
        asked.keep(KeptChange { now: value(&survivor.notes), ..kept });
        return;
    }
    match asked.ask("notes".to_owned(), kept.before.clone(), kept.now.clone(), &holders) {
        None => {}
        Some(Whose::Survivor) => asked.keep(kept),
        Some(Whose::Contact(id)) => {
            survivor.notes.clone_from(&before.notes);
            if let Some(holder) = others.iter_mut().find(|other| other.id == id) {
                holder.notes.clone_from(&now.notes);
            }
        }
    }
}

/// What counts up or moves on by itself: what came since the merge stays.
fn undo_counts(
    States { before, merged, now }: States<'_>,
    survivor: &mut Contact,
    asked: &mut Questions<'_>,
) {
    survivor.created_at = before.created_at;
    survivor.created_by.clone_from(&before.created_by);
    survivor.merged_external_ids.clone_from(&before.merged_external_ids);
    macro_rules! moved {
        ($($field:ident)*) => {
            $(if now.$field == merged.$field {
                survivor.fields.$field.clone_from(&before.fields.$field);
            } else {
                asked.keep(KeptChange {
                    field: stringify!($field).to_owned(),
                    before: value(&merged.$field),
                    now: value(&now.$field),
                });
            })*
        };
    }
    moved!(lead_score last_contacted_at last_interaction_at);
    if (now.last_called_at, &now.last_call_outcome)
        == (merged.last_called_at, &merged.last_call_outcome)
    {
        survivor.last_called_at = before.last_called_at;
        survivor.last_call_outcome.clone_from(&before.last_call_outcome);
    } else {
        let shown = |one: &Contact| value(&one.last_called_at);
        let (was, is) = (shown(merged), shown(now));
        asked.keep(KeptChange { field: "last_called_at".to_owned(), before: was, now: is });
    }
    if let Some(since) = now.total_calls.checked_sub(merged.total_calls) {
        survivor.total_calls = before.total_calls.saturating_add(since);
    }
    if now.total_calls != merged.total_calls {
        let (was, is) = (value(&merged.total_calls), value(&survivor.total_calls));
        asked.keep(KeptChange { field: "total_calls".to_owned(), before: was, now: is });
    }
}
