//! One contact made of several: what is taken from whom, and what is left behind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::combine::combine;
use super::list::{self, Entry};
use super::rule::Rule;
use super::slot::{self, Slot, Unit, is_empty, value};
use super::{every_member_is_known, notes};
use crate::domain::contact::{Contact, ExternalId, Visibility};
use crate::domain::draft::{MAX_NOTES, over_limits};
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::name;

/// What one contact says in a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The contact.
    pub id: ContactId,
    /// Its value.
    pub value: Value,
}

/// A field in which contacts say different things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// The field.
    pub field: String,
    /// What each of them says, those that say nothing left out.
    pub values: Vec<Held>,
    /// Whose value is taken.
    pub winner: ContactId,
    /// Why: `chosen`, the name of the rule, or `filled` where those before it say nothing.
    pub reason: String,
}

/// A value that the merged contact does not have; the record of the merge keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// The field.
    pub field: String,
    /// Whose value it is.
    pub id: ContactId,
    /// The value.
    pub value: Value,
}

/// A field to which another contact than the primary one gave something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The field.
    pub field: String,
    /// Who gave it.
    pub id: ContactId,
}

/// What becomes of contacts that are merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The merged contact, with id, number and version of the primary one.
    pub merged: Contact,
    /// Where they say different things.
    pub conflicts: Vec<Conflict>,
    /// What others gave.
    pub taken: Vec<Taken>,
    /// What is left behind.
    pub lost: Vec<Left>,
}

/// Fields that are united or worked out, so that nobody chooses.
const NOT_CHOSEN: &[&str] = &[
    "phones",
    "phone",
    "mobile",
    "emails",
    "email",
    "addresses",
    "channels",
    "tags",
    "notes",
    "status",
    "blocked",
    "do_not_contact",
    "opt_in",
    "lead_score",
    "total_calls",
    "last_contacted_at",
    "last_interaction_at",
    "last_called_at",
    "last_call_outcome",
];

/// Finds what is wrong with the fields that somebody chose; `sees` tells of which custom fields the
/// chooser knows.
pub fn check_choices(
    contacts: &[&Contact],
    choices: &BTreeMap<String, ContactId>,
    sees: &dyn Fn(&str) -> bool,
) -> Vec<FieldIssue> {
    let units = slot::units(contacts);
    let is_known = |name: &str| {
        units.iter().any(|unit| {
            let is_seen = |slot: &Slot| match slot {
                Slot::Custom(key) => sees(key),
                Slot::Member(_) | Slot::Social(_) => true,
            };
            unit.slots.iter().all(is_seen)
                && (unit.name == name || unit.slots.iter().any(|slot| slot.name() == name))
        })
    };
    let mut issues = Vec::new();
    for (field, id) in choices {
        let pointer = format!("/fields/{}", field.replace('~', "~0").replace('/', "~1"));
        if NOT_CHOSEN.contains(&field.as_str()) {
            let detail = "is united or worked out of all contacts, so nobody is chosen";
            issues.push(FieldIssue::new(pointer, "not_chosen", detail));
        } else if !is_known(&slot::canonical(field)) {
            let detail = "is not a field that these contacts can be chosen for: use name, company, title, …, custom_fields.KEY or social_profiles.NETWORK";
            issues.push(FieldIssue::new(pointer, "unknown_field", detail));
        } else if contacts.iter().all(|contact| contact.id != *id) {
            let detail = "is not one of the contacts that are merged";
            issues.push(FieldIssue::new(pointer, "unknown_contact", detail));
        }
    }
    issues
}

struct Planner<'a> {
    contacts: Vec<&'a Contact>,
    order: Vec<&'a Contact>,
    choices: BTreeMap<String, ContactId>,
    rule: &'static str,
    plan: Plan,
}

/// Plans a merge. Choices that name no field or no contact are not followed, see
/// [`check_choices`].
pub fn plan(
    primary: &Contact,
    others: &[Contact],
    choices: &BTreeMap<String, ContactId>,
    rule: &Rule,
) -> Plan {
    every_member_is_known(&primary.fields);
    let contacts: Vec<&Contact> = std::iter::once(primary).chain(others).collect();
    let mut planner = Planner {
        order: rule.order(&contacts),
        choices: choices.iter().map(|(name, id)| (slot::canonical(name), *id)).collect(),
        rule: rule.as_str(),
        plan: Plan {
            merged: primary.clone(),
            conflicts: Vec::new(),
            taken: Vec::new(),
            lost: Vec::new(),
        },
        contacts,
    };
    for unit in slot::units(&planner.contacts) {
        planner.choose(&unit);
    }
    planner.follow_names();
    planner.unite();
    planner.plan
}

impl Plan {
    /// Names what the merged contact would have more of than a contact may have.
    pub fn over_limits(&self) -> Vec<FieldIssue> {
        let mut issues = over_limits(&self.merged);
        let notes = self.merged.notes.as_deref().unwrap_or("").chars().count();
        if notes > MAX_NOTES {
            let detail = format!(
                "would have {notes} characters; at most {MAX_NOTES} are allowed: shorten those of one contact first"
            );
            issues.push(FieldIssue::new("/notes", "too_long", detail));
        }
        issues
    }
}

impl<'a> Planner<'a> {
    fn chosen(&self, name: &str) -> Option<&'a Contact> {
        let id = self.choices.get(name)?;
        self.contacts.iter().copied().find(|contact| contact.id == *id)
    }

    /// Whose values are taken first, where that is not the rule's business: who sees a contact is
    /// not changed by filling gaps.
    fn order_for(&self, unit: &Unit) -> Vec<&'a Contact> {
        let primary = self.contacts[0];
        let visible = self.chosen("visibility").unwrap_or(primary);
        match (unit.name.as_str(), visible.visibility) {
            ("visibility" | "org_department_id", _) => vec![primary],
            ("assigned_queue", Visibility::Queue) | ("assigned_to", Visibility::Owner) => {
                vec![visible]
            }
            _ => self.order.clone(),
        }
    }

    fn choose(&mut self, unit: &Unit) {
        let order = self.order_for(unit);
        let chosen = self.chosen(&unit.name);
        let first = order.iter().copied().find(|contact| unit.is_filled(contact));
        let winner = chosen.or(first).unwrap_or(order[0]);
        if chosen.is_none() && self.unite_custom(unit) {
            return;
        }
        for slot in &unit.slots {
            let of_slot = self.chosen(&slot.name());
            let mut from = of_slot.or(chosen).unwrap_or(winner);
            let is_chosen = of_slot.is_some() || chosen.is_some();
            if !is_chosen && is_empty(&slot.get(from)) {
                // The same name or company elsewhere may say more.
                let says_more =
                    |one: &&Contact| unit.is_led_alike(winner, one) && !is_empty(&slot.get(one));
                from = order.iter().copied().find(says_more).unwrap_or(from);
            }
            slot.copy(from, &mut self.plan.merged);
            let reason = match () {
                () if is_chosen => "chosen",
                () if from.id != order[0].id => "filled",
                () if order.len() == 1 => "primary",
                () => self.rule,
            };
            self.settle(slot, from.id, reason);
        }
    }

    /// Unites lists of options; whether that was all there is to do.
    fn unite_custom(&mut self, unit: &Unit) -> bool {
        let [slot @ Slot::Custom(_)] = unit.slots.as_slice() else { return false };
        let values: Vec<(ContactId, Value)> =
            self.contacts.iter().map(|one| (one.id, slot.get(one))).collect();
        let mut united: Vec<Value> = Vec::new();
        for (id, value) in values.iter().filter(|(_, value)| !is_empty(value)) {
            let Value::Array(entries) = value else { return false };
            for entry in
                entries.iter().filter(|entry| !united.contains(entry)).cloned().collect::<Vec<_>>()
            {
                united.push(entry);
                let taken = Taken { field: slot.name(), id: *id };
                if *id != self.contacts[0].id && self.plan.taken.last() != Some(&taken) {
                    self.plan.taken.push(taken);
                }
            }
        }
        if united.is_empty() {
            return false;
        }
        slot.put(Value::Array(united), &mut self.plan.merged);
        true
    }

    /// Says what was decided about a member.
    fn settle(&mut self, slot: &Slot, winner: ContactId, reason: &str) {
        let field = slot.name();
        let kept = slot.get(&self.plan.merged);
        let values: Vec<Held> = self
            .contacts
            .iter()
            .map(|one| Held { id: one.id, value: slot.get(one) })
            .filter(|held| !is_empty(&held.value))
            .collect();
        let differs = |held: &&Held| held.value != kept;
        self.plan.lost.extend(values.iter().filter(differs).map(|held| Left {
            field: field.clone(),
            id: held.id,
            value: held.value.clone(),
        }));
        if winner != self.contacts[0].id && slot.get(self.contacts[0]) != kept && !is_empty(&kept) {
            self.plan.taken.push(Taken { field: field.clone(), id: winner });
        }
        if values.iter().any(|held| held.value != values[0].value) {
            let reason = reason.to_owned();
            self.plan.conflicts.push(Conflict { field, values, winner, reason });
        }
    }

    /// Makes the display name anew where one part of the name was chosen from somebody else.
    fn follow_names(&mut self) {
        let is_chosen = |name: &str| self.chosen(name).is_some();
        let is_part_chosen = ["first_name", "last_name", "suffix"].into_iter().any(is_chosen);
        if is_chosen("display_name") || !is_part_chosen {
            return;
        }
        let named = |one: &Contact| {
            let (first, last) = (one.first_name.as_deref(), one.last_name.as_deref());
            name::join(first, last, one.suffix.as_deref())
        };
        let merged = &self.plan.merged;
        let was_made = self.contacts.iter().any(|one| {
            one.display_name == merged.display_name
                && named(one).as_ref() == Some(&one.display_name)
        });
        if let (true, Some(name)) = (was_made, named(merged)) {
            let before = std::mem::replace(&mut self.plan.merged.display_name, name);
            let lost = self.contacts.iter().filter(|one| one.display_name == before);
            let lost: Vec<Left> = lost
                .map(|one| Left {
                    field: "display_name".to_owned(),
                    id: one.id,
                    value: value(&before),
                })
                .collect();
            self.plan.lost.extend(lost);
        }
    }

    fn unite(&mut self) {
        let mut merged = self.plan.merged.clone();
        merged.fields.phones = self.list("phones", |one| &one.fields.phones);
        merged.fields.emails = self.list("emails", |one| &one.fields.emails);
        merged.fields.addresses = self.list("addresses", |one| &one.fields.addresses);
        merged.fields.channels = self.list("channels", |one| &one.fields.channels);
        merged.fields.tags = self.list("tags", |one| &one.fields.tags);
        merged.fields.notes = notes::join(&self.contacts);
        merged.merged_external_ids = self.external_ids();
        self.plan.lost.extend(combine(&mut merged, &self.contacts));
        self.plan.merged = merged;
    }

    /// What other systems call the contacts, besides the one name that the merged contact has.
    fn external_ids(&self) -> Vec<ExternalId> {
        let merged = &self.plan.merged;
        let mut all: Vec<ExternalId> = Vec::new();
        for one in &self.contacts {
            let own = one
                .external_crm_id
                .clone()
                .map(|id| ExternalId { id, provider: one.external_crm_provider.clone() });
            for known in one.merged_external_ids.iter().cloned().chain(own) {
                let is_kept = merged.external_crm_id.as_ref() == Some(&known.id)
                    && merged.external_crm_provider == known.provider;
                if !is_kept && !all.contains(&known) {
                    all.push(known);
                }
            }
        }
        all
    }

    fn list<T: Entry>(&mut self, field: &str, of: impl Fn(&Contact) -> &Vec<T>) -> Vec<T> {
        let lists: Vec<(ContactId, &[T])> =
            self.contacts.iter().map(|one| (one.id, of(one).as_slice())).collect();
        let united = list::unite(&lists);
        let field = || field.to_owned();
        self.plan.lost.extend(united.left.iter().map(|(id, entry)| Left {
            field: field(),
            id: *id,
            value: value(entry),
        }));
        self.plan.taken.extend(united.taken.iter().map(|id| Taken { field: field(), id: *id }));
        united.entries
    }
}
