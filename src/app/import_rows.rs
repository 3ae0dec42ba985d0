//! What a row of an import makes of a contact, inside a write.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::custom_fields::FieldsInWrite;
use super::error::Error;
use super::exports::plain;
use super::import_edits::{EditedFields, but_for_edits};
use super::import_references::stay_in_sight;
use super::merges::survivor_of;
use super::protection::{assign_default_department, within_bytes, within_quotas};
use crate::domain::access::{Caller, Quotas};
use crate::domain::contact::{Address, Contact};
use crate::domain::draft::{Draft, Patch, Stamp};
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::name;
use crate::domain::place::Place;
use crate::domain::status::Status;
use crate::domain::text::fold;
use crate::engine::{Rejected, Tx};
use crate::import::match_existing::Person;

/// What became of a row.
pub(super) enum RowOutcome {
    Created,
    Updated,
    Unchanged,
    Invalid(String),
}

/// Writes rows inside one write.
pub(super) struct RowWriter<'a> {
    /// What people have changed and is not overwritten.
    pub(super) edited: &'a EditedFields,
    pub(super) fields: FieldsInWrite<'a>,
    pub(super) by: &'a Caller,
    pub(super) quotas: &'a Quotas,
    pub(super) stamp: Stamp<'a>,
}

impl RowWriter<'_> {
    pub(super) fn create(
        &mut self,
        tx: &mut Tx<'_>,
        id: ContactId,
        mut draft: Draft,
    ) -> Result<RowOutcome, Rejected<Error>> {
        within_quotas(tx, self.by, self.quotas).map_err(Rejected::By)?;
        if let Err(issues) = self.fields.refit(&mut draft, false) {
            return Ok(invalid(&issues));
        }
        let draft = new_of_row(self.by, draft);
        let number = tx.next_number();
        Ok(match draft.clone().create(id, number, self.stamp) {
            Ok(contact) => {
                tx.create_contact(self.by.organization, contact)?;
                self.fields.define(tx, &draft)?;
                RowOutcome::Created
            }
            Err(issues) => invalid(&issues),
        })
    }

    pub(super) fn update(
        &mut self,
        tx: &mut Tx<'_>,
        existing: ContactId,
        new: ContactId,
        mut draft: Draft,
    ) -> Result<RowOutcome, Rejected<Error>> {
        let org = self.by.organization;
        // Merged since it was found.
        let existing = survivor_of(existing, &|id| tx.contact(org, id))?;
        let before = tx.contact(org, existing)?;
        let Some(before) = before.filter(|one| !one.is_deleted() && self.by.sees(one)) else {
            // Deleted since it was found.
            return self.create(tx, new, draft);
        };
        if let Err(issues) = self.fields.refit(&mut draft, false) {
            return Ok(invalid(&issues));
        }
        let applied = for_update(&draft, &before).apply(&before, self.stamp);
        let edited = self.edited.get(&existing);
        let applied =
            applied.map(|after| after.and_then(|after| but_for_edits(&before, after, edited)));
        Ok(match applied {
            Ok(None) => RowOutcome::Unchanged,
            Ok(Some(after)) => {
                within_bytes(tx, self.by, self.quotas, &before, &after).map_err(Rejected::By)?;
                tx.replace_contact(org, before, after)?;
                self.fields.define(tx, &draft)?;
                RowOutcome::Updated
            }
            Err(issues) => invalid(&issues),
        })
    }
}

/// A row whose contact joins lists.
pub(super) struct JoiningRow<'a> {
    pub(super) by: &'a Caller,
    /// The contact that the row changes, as it was found; the new one if it makes one.
    pub(super) existing: ContactId,
    /// The contact that it makes, if that is gone.
    pub(super) new: ContactId,
    pub(super) lists: &'a [Uuid],
}

impl JoiningRow<'_> {
    /// The contact that the row has made, changed or left as it was.
    pub(super) fn contact(
        &self,
        tx: &mut Tx<'_>,
        outcome: &RowOutcome,
    ) -> Result<ContactId, Rejected<Error>> {
        let org = self.by.organization;
        Ok(match outcome {
            RowOutcome::Created => self.new,
            RowOutcome::Updated | RowOutcome::Unchanged | RowOutcome::Invalid(_) => {
                survivor_of(self.existing, &|id| tx.contact(org, id))?
            }
        })
    }

    /// Puts the contact on its lists, behind what became of the row; that is a change as well.
    pub(super) fn join(
        &mut self,
        tx: &mut Tx<'_>,
        outcome: RowOutcome,
        put_on: &mut BTreeMap<Uuid, Vec<ContactId>>,
    ) -> Result<RowOutcome, Rejected<Error>> {
        if self.lists.is_empty() || matches!(outcome, RowOutcome::Invalid(_)) {
            return Ok(outcome);
        }
        let org = self.by.organization;
        let id = self.contact(tx, &outcome)?;
        let mut is_changed = false;
        for list in self.lists {
            let Some(contact) = tx.contact(org, id)?.filter(|one| self.by.sees(one)) else { break };
            if tx.set_on_list(org, contact, *list, true)? {
                put_on.entry(*list).or_default().push(id);
                is_changed = true;
            }
        }
        let is_news = is_changed && matches!(outcome, RowOutcome::Unchanged);
        Ok(if is_news { RowOutcome::Updated } else { outcome })
    }
}

/// What a row says about a contact that it makes.
pub(super) fn new_of_row(by: &Caller, mut draft: Draft) -> Draft {
    assign_default_department(by, &mut draft);
    stay_in_sight(&mut draft, None);
    if draft.source.is_keep() {
        draft.source = Patch::Set("import".to_owned());
    }
    draft
}

/// Whether a row says something that a contact does not have.
pub(super) fn changes(draft: &Draft, before: &Contact, stamp: Stamp<'_>) -> bool {
    !matches!(for_update(draft, before).apply(before, stamp), Ok(None))
}

/// What a row says about a contact that exists: it adds and corrects, but a plain "active" in a
/// list does not lift a block or a wish not to be contacted, nor does a "no" in a column of
/// refusals; an initial does not take the place of a name; and what another system calls one that
/// was merged does not become the name of the survivor.
pub(super) fn for_update(draft: &Draft, before: &Contact) -> Draft {
    let mut draft = draft.clone();
    stay_in_sight(&mut draft, Some(before));
    if draft.status == Patch::Set(Status::Active) && before.shown_status() != Status::Active {
        draft.status = Patch::Keep;
    }
    for refusal in [&mut draft.do_not_contact, &mut draft.email_opt_out, &mut draft.blocked] {
        if *refusal != Patch::Set(true) {
            *refusal = Patch::Keep;
        }
    }
    if before.opt_in == Some(false) {
        draft.opt_in = Patch::Keep;
    }
    if Person::of_draft(&draft).is_less_than(&Person::of_contact(before)) {
        draft.display_name = Patch::Keep;
        (draft.first_name, draft.last_name) = (Patch::Keep, Patch::Keep);
    }
    // How somebody is addressed stands in front of a plain name, and replaces no title of it and no
    // name of its own.
    if let (Some(unaddressed), Patch::Set(given)) =
        (draft.unaddressed_name.take(), &draft.display_name)
    {
        let (first, last) = (before.first_name.as_deref(), before.last_name.as_deref());
        let made = name::join(first, last, before.suffix.as_deref());
        let is_plain = made.as_ref() == Some(&before.display_name)
            && given.strip_suffix(before.display_name.as_str()).is_some_and(|it| it.ends_with(' '));
        if *given != before.display_name && !is_plain {
            draft.display_name = unaddressed;
        }
    }
    if let Patch::Set(channels) = &mut draft.channels {
        let added = channels.drain(..).filter(|one| !before.channels.contains(one));
        let all: Vec<_> =
            before.channels.iter().cloned().chain(added.collect::<Vec<_>>()).collect();
        *channels = all;
    }
    // Cells have no types: 7 is no other value than 7.
    if let Patch::Set(fields) = &mut draft.custom_fields {
        fields.retain(|key, given| match (given.value(), before.custom_fields.get(key)) {
            (Some(given), Some(known)) => plain(given) != plain(known),
            _ => true,
        });
    }
    // Exports write the country of an address where a contact has none of its own.
    let is_of_address = |country: &String| {
        let known = before.addresses.iter().filter_map(|one| one.country.as_ref());
        known.into_iter().any(|one| Place::Country.read(one.clone()) == *country)
    };
    if before.country.is_none() && draft.country.value().is_some_and(is_of_address) {
        draft.country = Patch::Keep;
    }
    if let Patch::Set(given) = std::mem::take(&mut draft.addresses) {
        draft.addresses = addresses(given, before);
    }
    let provider = draft.external_crm_provider.value().map(String::as_str);
    let id = draft.external_crm_id.value();
    if id.is_some_and(|id| before.has_merged_external_id(id, provider)) {
        (draft.external_crm_id, draft.external_crm_provider) = (Patch::Keep, Patch::Keep);
    }
    draft
}

/// What a row says about the addresses of a contact: a list has one address where a contact may have
/// several, so one that is known is no news, one of the same label or that says more of a known one
/// takes its place, and another one is added.
fn addresses(given: Vec<Address>, before: &Contact) -> Patch<Vec<Address>> {
    let known = &before.addresses;
    let mut all = known.clone();
    for address in given {
        // A list has one column for the country of a contact and that of its address.
        let is_countrys = address.country.is_some() && address.country == before.country;
        let elsewhere = Address { country: None, ..address.clone() };
        if all
            .iter()
            .any(|one| says_all_of(one, &address) || is_countrys && says_all_of(one, &elsewhere))
        {
            continue;
        }
        let is_lone = all.len() == 1 && address.label.is_none();
        let at = all
            .iter()
            .position(|one| says_all_of(&address, one))
            .or_else(|| {
                let is_labelled = |one: &Address| one.label.is_some() && one.label == address.label;
                all.iter().position(is_labelled)
            })
            .or_else(|| is_lone.then_some(0));
        match at {
            Some(at) => {
                let label = address.label.clone().or_else(|| all[at].label.clone());
                all[at] = Address { label, ..address };
            }
            None => all.push(address),
        }
    }
    if all == *known { Patch::Keep } else { Patch::Set(all) }
}

/// Whether an address says everything that another one says. A postal code without its leading zeros
/// is the same one: reading a list puts them back, whoever stored it as it was typed.
fn says_all_of(one: &Address, other: &Address) -> bool {
    let country = |one: &Address| {
        let text = one.country.as_deref()?;
        Some(Place::Country.read(text.to_owned()))
    };
    let postal = |one: &Address| {
        let code = one.postal_code.as_deref()?;
        let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
        Some(if is_number { code.trim_start_matches('0') } else { code }.to_owned())
    };
    let parts = |one: &Address| {
        let [street, city, state] = [&one.street, &one.city, &one.region].map(Clone::clone);
        [street, city, state, postal(one), country(one)]
    };
    let covers = |(one, other): (Option<String>, Option<String>)| {
        other.is_none_or(|other| one.is_some_and(|one| fold(&one) == fold(&other)))
    };
    parts(one).into_iter().zip(parts(other)).all(covers)
}

pub(super) fn invalid(issues: &[FieldIssue]) -> RowOutcome {
    RowOutcome::Invalid(
        issues
            .iter()
            .map(|i| format!("{}: {}", i.pointer, i.detail))
            .collect::<Vec<_>>()
            .join("; "),
    )
}
