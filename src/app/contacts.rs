//! Creating, reading, changing and deleting contacts.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::cards::taken;
use super::custom_fields::FieldsInWrite;
use super::error::Error;
use super::idempotency::Idempotency;
use super::likeness::{LikelyDuplicate, phones_of};
use super::lookup_throttle::MOST as MOST_GUESSES;
use super::merges::erase_with_merges;
use super::overtaken::until_first;
use super::protection::{may_delete, within_bytes, within_quotas};
use super::records::{refuse_children, standing_company};
use super::write_rules::WriteRules;
use super::{App, authorize};
use crate::domain::access::{Caller, OrgSettings, Permission, PhoneUniqueness, SightKey};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::draft_json;
use crate::domain::ids::{ChangeSeq, ContactId, OrgNumber};
use crate::domain::issue::FieldIssue;
use crate::domain::phone::Phone;
use crate::domain::place::{Doubt, doubts};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Rejected, Tx, keys};

/// Most contacts of one bulk request.
const MOST_BULK: usize = 10_000;

/// What creating a contact answers.
#[derive(Debug)]
pub struct Created {
    /// The contact.
    pub contact: Arc<Contact>,
    /// Who may be the same person.
    pub duplicates: Vec<LikelyDuplicate>,
    /// The sequence of the write.
    pub seq: ChangeSeq,
    /// Whether an earlier request with the same key had created it already.
    pub is_replay: bool,
}

/// The outcome for one contact of a bulk request.
#[derive(Debug)]
pub enum BulkItem {
    /// It was created; what is doubtful about it.
    Created(ContactId, Vec<FieldIssue>),
    /// It does not fit.
    Invalid(Vec<FieldIssue>),
}

impl BulkItem {
    fn id(&self) -> Option<ContactId> {
        match self {
            Self::Created(id, _) => Some(*id),
            Self::Invalid(_) => None,
        }
    }
}

/// What creating many contacts answers.
#[derive(Debug)]
pub struct BulkCreated {
    /// The outcomes, in the order of the request.
    pub items: Vec<BulkItem>,
    /// The sequence of the write.
    pub seq: ChangeSeq,
    /// Whether an earlier request with the same key had created them already.
    pub is_replay: bool,
}

/// What must hold for a change to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// The contact has one of these versions.
    Versions(Vec<u64>),
}

impl Precondition {
    /// The version that a record must still have, if one is given.
    pub fn of_version(version: Option<u64>) -> Self {
        version.map_or(Self::None, |version| Self::Versions(vec![version]))
    }

    pub(super) fn check(&self, version: u64) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Error::RevisionConflict { current: version }),
        }
    }
}

/// How a contact is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It vanishes from everywhere and can be restored.
    Soft,
    /// It is gone, with everything that goes with it.
    Permanent,
    /// The same, refused where records would go with it.
    PermanentAlone,
}

impl Deletion {
    /// Whether nothing brings it back.
    pub fn is_permanent(self) -> bool {
        match self {
            Self::Soft => false,
            Self::Permanent | Self::PermanentAlone => true,
        }
    }
}

/// A draft with the rules that it must keep to, or why it does not fit.
type Ruled = Result<(WriteRules, Draft), Vec<FieldIssue>>;

impl App {
    /// Creates a contact.
    ///
    /// # Errors
    /// If it does not fit, or has a number that must be unique.
    pub fn create_contact(
        &self,
        caller: &Caller,
        body: &Value,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, Error> {
        authorize(caller, Permission::Create)?;
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        let mut draft = draft_json::parse(body, &settings).map_err(Error::Invalid)?;
        self.prepare_new(caller, &settings, &mut draft).map_err(Error::Invalid)?;
        self.create_from_draft(caller, &settings, &draft, idempotency, None)
    }

    /// Creates a contact under an id that somebody else has made up, with what its business card
    /// holds beside it.
    pub(super) fn create_contact_as(
        &self,
        caller: &Caller,
        body: &Value,
        id: ContactId,
        card: Vec<u8>,
    ) -> Result<Created, Error> {
        authorize(caller, Permission::Create)?;
        let settings = self.organization_of(caller)?.settings.clone();
        let mut draft = draft_json::parse(body, &settings).map_err(Error::Invalid)?;
        self.prepare_new(caller, &settings, &mut draft).map_err(Error::Invalid)?;
        self.create_from_draft(caller, &settings, &draft, None, Some(&(id, card)))
    }

    fn create_from_draft(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: &Draft,
        idempotency: Option<Idempotency>,
        given: Option<&(ContactId, Vec<u8>)>,
    ) -> Result<Created, Error> {
        until_first(|| {
            let (draft, given) = (draft.clone(), given.cloned());
            self.create_from_draft_now(caller, settings, draft, idempotency, given)
        })
    }

    fn create_from_draft_now(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: Draft,
        idempotency: Option<Idempotency>,
        given: Option<(ContactId, Vec<u8>)>,
    ) -> Result<Created, Error> {
        let org = caller.organization;
        let uniqueness = settings.phone_uniqueness;
        let id = given.as_ref().map_or_else(ContactId::generate, |(id, _)| *id);
        let now = self.partition.now();
        let actor = caller.actor.clone();
        let settings = settings.clone();
        let must_be_unique = uniqueness == PhoneUniqueness::Reject;
        let gate = must_be_unique.then(|| self.number_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        if must_be_unique && !self.is_repeated(org, idempotency)? {
            self.count_guesses(caller, phones_of(&draft).count())?;
            self.refuse_known_numbers(caller, None, phones_of(&draft))?;
        }
        let by = caller.clone();
        let rules = self.write_rules(caller, &draft)?;
        let quotas = self.organization_of(caller)?.quotas;
        let known = self.definitions(org);
        let written = self.partition.write(org, caller, false, move |tx| {
            tx.refuse_overtaken(seen)?;
            if let Some(idempotency) = idempotency
                && let Some(id) = idempotency.kept::<ContactId>(tx, org, now)?
                && let Some(contact) = tx.contact(org, id)?.filter(|contact| by.sees(contact))
            {
                return Ok((contact, true));
            }
            within_quotas(tx, &by, &quotas).map_err(Rejected::By)?;
            if let Some((id, card)) = &given {
                if tx.contact(org, *id)?.is_some() || tx.get(&keys::tombstone(org, *id))?.is_some()
                {
                    return Err(Rejected::By(taken()));
                }
                tx.put(&keys::card(org, *id), card.clone());
            }
            let mut fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
            let mut draft = draft.clone();
            let stamp = Stamp { now, actor: &actor, settings: &settings };
            let number = tx.next_number();
            let contact = fields
                .refit(&mut draft, true)
                .and_then(|()| draft.clone().create(id, number, stamp))
                .and_then(|contact| rules.permit(None, contact))
                .map_err(|issues| Rejected::By(Error::Invalid(issues)))?;
            tx.create_contact(org, contact.clone())?;
            fields.define(tx, &draft)?;
            if let Some(idempotency) = idempotency {
                idempotency.keep(tx, org, now, id)?;
            }
            // Calls from its numbers are its own now.
            Ok((tx.contact(org, id)?.unwrap_or(contact), false))
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        let (contact, is_replay) = written.value;
        let contact = Arc::new(contact);
        let duplicates = if uniqueness == PhoneUniqueness::Allow {
            Vec::new()
        } else {
            // The contact is there, whatever becomes of the question who else it may be.
            self.likely_duplicates(caller, &contact).unwrap_or_else(|error| {
                tracing::error!("duplicates of a new contact cannot be named: {error}");
                Vec::new()
            })
        };
        let contact = caller.shown(contact);
        Ok(Created { contact, duplicates, seq: written.seq, is_replay })
    }

    /// Creates many contacts in one write; those that do not fit are left out and named.
    ///
    /// # Errors
    /// If there are too many, or the caller may not.
    pub fn create_contacts(
        &self,
        caller: &Caller,
        bodies: &[Value],
    ) -> Result<(Vec<BulkItem>, ChangeSeq), Error> {
        let done = self.create_contacts_once(caller, bodies, None)?;
        Ok((done.items, done.seq))
    }

    /// Creates many contacts as [`App::create_contacts`] does, and only once for the same key.
    ///
    /// # Errors
    /// If there are too many, the key was used with another request, or the caller may not.
    pub fn create_contacts_once(
        &self,
        caller: &Caller,
        bodies: &[Value],
        idempotency: Option<Idempotency>,
    ) -> Result<BulkCreated, Error> {
        until_first(|| self.create_contacts_now(caller, bodies, idempotency))
    }

    fn create_contacts_now(
        &self,
        caller: &Caller,
        bodies: &[Value],
        idempotency: Option<Idempotency>,
    ) -> Result<BulkCreated, Error> {
        authorize(caller, Permission::Create)?;
        if bodies.len() > MOST_BULK {
            return Err(Error::invalid(
                "/contacts",
                "too_many",
                format!("has {} contacts; at most {MOST_BULK} go into one request", bodies.len()),
            ));
        }
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        let must_be_unique = settings.phone_uniqueness == PhoneUniqueness::Reject;
        let now = self.partition.now();
        let org = caller.organization;
        let mut drafts = self.drafts_of(caller, bodies, &settings);
        let gate = must_be_unique.then(|| self.number_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        if must_be_unique && !self.is_repeated(org, idempotency)? {
            let numbers = drafts.iter().flatten().flat_map(phones_of).count();
            self.count_guesses(caller, numbers)?;
            self.refuse_repeated_numbers(caller, &mut drafts)?;
        }
        let drafts: Vec<(ContactId, Ruled)> = drafts
            .into_iter()
            .map(|draft| Ok((ContactId::generate(), self.with_rules(caller, draft)?)))
            .collect::<Result<_, Error>>()?;
        let actor = caller.actor.clone();
        let quotas = organization.quotas;
        let by = caller.clone();
        let known = self.definitions(org);
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            tx.set_bulk();
            tx.refuse_overtaken(seen)?;
            let mut fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
            let kept = match idempotency {
                Some(idempotency) => idempotency.kept::<Vec<Option<ContactId>>>(tx, org, now)?,
                None => None,
            };
            let stamp = Stamp { now, actor: &actor, settings: &settings };
            let mut items = Vec::with_capacity(drafts.len());
            for (at, (id, draft)) in drafts.iter().enumerate() {
                if let Some(Some(known)) = kept.as_ref().and_then(|kept| kept.get(at)) {
                    items.push(BulkItem::Created(*known, Vec::new()));
                    continue;
                }
                let fitted = draft.clone().and_then(|(rules, mut draft)| {
                    fields.refit(&mut draft, true)?;
                    Ok((rules, draft))
                });
                let made = fitted.and_then(|(rules, draft)| {
                    let contact = draft.clone().create(*id, tx.next_number(), stamp)?;
                    Ok((rules.permit(None, contact)?, draft))
                });
                items.push(match made {
                    Ok((contact, draft)) if kept.is_none() => {
                        within_quotas(tx, &by, &quotas).map_err(Rejected::By)?;
                        let warnings = doubts(&contact).iter().map(Doubt::issue).collect();
                        tx.create_contact(org, contact)?;
                        fields.define(tx, &draft)?;
                        BulkItem::Created(*id, warnings)
                    }
                    // It did not fit when it was sent first, and would now.
                    Ok(_) => BulkItem::Invalid(vec![FieldIssue::new(
                        "",
                        "refused_before",
                        "this was refused when the request was sent first: send it with a new Idempotency-Key",
                    )]),
                    Err(issues) => BulkItem::Invalid(issues),
                });
            }
            if let (Some(idempotency), None) = (idempotency, &kept) {
                let ids: Vec<Option<ContactId>> = items.iter().map(BulkItem::id).collect();
                idempotency.keep(tx, org, now, ids)?;
            }
            Ok((items, kept.is_some()))
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        let (items, is_replay) = written.value;
        Ok(BulkCreated { items, seq: written.seq, is_replay })
    }

    /// Reads many contacts as they are sent, each by itself.
    fn drafts_of(
        &self,
        caller: &Caller,
        bodies: &[Value],
        settings: &OrgSettings,
    ) -> Vec<Result<Draft, Vec<FieldIssue>>> {
        use rayon::prelude::*;
        let mut drafts: Vec<Result<Draft, Vec<FieldIssue>>> =
            bodies.par_iter().map(|body| draft_json::parse(body, settings)).collect();
        for slot in &mut drafts {
            if let Ok(draft) = slot
                && let Err(issues) = self.prepare_new(caller, settings, draft)
            {
                *slot = Err(issues);
            }
        }
        drafts
    }

    /// A draft with the rules that a contact made of it must keep to.
    fn with_rules(
        &self,
        caller: &Caller,
        draft: Result<Draft, Vec<FieldIssue>>,
    ) -> Result<Ruled, Error> {
        let rules = draft.as_ref().ok().map(|draft| self.write_rules(caller, draft)).transpose()?;
        Ok(draft.and_then(|draft| Ok((rules.ok_or_else(Vec::new)?, draft))))
    }

    /// Turns drafts with numbers that a contact or an earlier draft has into issues.
    fn refuse_repeated_numbers(
        &self,
        caller: &Caller,
        drafts: &mut [Result<Draft, Vec<FieldIssue>>],
    ) -> Result<(), Error> {
        let mut seen: HashSet<String> = HashSet::new();
        for slot in drafts {
            let Ok(draft) = slot else { continue };
            let numbers: HashSet<String> = phones_of(draft).map(|p| p.number.clone()).collect();
            let is_known = match self.refuse_known_numbers(caller, None, phones_of(draft)) {
                Ok(()) => numbers.iter().any(|number| seen.contains(number)),
                Err(Error::PhoneInUse(_)) => true,
                Err(error) => return Err(error),
            };
            if is_known {
                *slot = Err(vec![FieldIssue::new(
                    "/phones",
                    "phone_in_use",
                    "another contact has one of these numbers",
                )]);
            } else {
                seen.extend(numbers);
            }
        }
        Ok(())
    }

    /// Reads a contact.
    ///
    /// # Errors
    /// If there is none for this caller, or it is deleted.
    pub fn read_contact(&self, caller: &Caller, id: ContactId) -> Result<Arc<Contact>, Error> {
        authorize(caller, Permission::View)?;
        let contact = self.live_contact(caller, id)?;
        if self.organization_of(caller)?.settings.audit_reads {
            self.note_read(caller, id)?;
        }
        Ok(caller.shown(contact))
    }

    /// A contact that is not deleted and that the caller sees, whole; of one that was merged it is
    /// told where it went.
    pub(super) fn live_contact(
        &self,
        caller: &Caller,
        id: ContactId,
    ) -> Result<Arc<Contact>, Error> {
        match self.partition.contact(caller.organization, id)? {
            Some(contact) if !contact.is_deleted() && caller.sees(&contact) => Ok(contact),
            gone => {
                if gone.is_none() {
                    std::hint::black_box(self.partition.decoy());
                }
                Err(self.why_gone(caller, gone.as_deref()))
            }
        }
    }

    /// A contact that is deleted and can be restored, and that the caller sees, whole.
    pub(super) fn trashed_contact(
        &self,
        caller: &Caller,
        id: ContactId,
    ) -> Result<Arc<Contact>, Error> {
        let found = self.seen_contact(caller, id)?;
        if found.is_deleted() && found.merged_into.is_none() {
            Ok(found)
        } else {
            Err(Error::ContactNotFound)
        }
    }

    /// A contact that the caller sees, deleted or not, whole.
    ///
    /// An id that nobody has takes as long as one that is out of sight: reading a record takes
    /// longer than finding none, and that could be measured.
    pub(super) fn seen_contact(
        &self,
        caller: &Caller,
        id: ContactId,
    ) -> Result<Arc<Contact>, Error> {
        match self.partition.contact(caller.organization, id)? {
            Some(contact) if caller.sees(&contact) => Ok(contact),
            Some(_) => Err(Error::ContactNotFound),
            None => {
                std::hint::black_box(self.partition.decoy());
                Err(Error::ContactNotFound)
            }
        }
    }

    /// Changes a contact by a merge patch (RFC 7396): members that are absent stay, `null` clears.
    ///
    /// # Errors
    /// If there is no such contact, it has another version, or something does not fit.
    pub fn update_contact(
        &self,
        caller: &Caller,
        id: ContactId,
        patch: &Value,
        precondition: &Precondition,
    ) -> Result<(Arc<Contact>, ChangeSeq), Error> {
        until_first(|| self.update_contact_now(caller, id, patch, precondition.clone()))
    }

    fn update_contact_now(
        &self,
        caller: &Caller,
        id: ContactId,
        patch: &Value,
        precondition: Precondition,
    ) -> Result<(Arc<Contact>, ChangeSeq), Error> {
        authorize(caller, Permission::Edit)?;
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        // Before the body is judged: of a contact that is not seen nothing is told.
        self.live_contact(caller, id)?;
        let mut draft = draft_json::parse(patch, &settings).map_err(Error::Invalid)?;
        self.prepare_change(caller, &settings, &mut draft).map_err(Error::Invalid)?;
        let (org, now, actor) = (caller.organization, self.partition.now(), caller.actor.clone());
        let must_be_unique = settings.phone_uniqueness == PhoneUniqueness::Reject
            && phones_of(&draft).next().is_some();
        let gate = must_be_unique.then(|| self.number_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        if must_be_unique {
            let before = self.live_contact(caller, id)?;
            // What it has already it may keep, whoever else has it as well.
            let is_new = |phone: &&Phone| before.phones.iter().all(|p| p.number != phone.number);
            self.refuse_known_numbers(caller, Some(id), phones_of(&draft).filter(is_new))?;
        }
        let quotas = organization.quotas;
        let rules = self.write_rules(caller, &draft)?;
        let by = caller.clone();
        let known = self.definitions(org);
        let written = self.partition.write(org, caller, false, move |tx| {
            tx.refuse_overtaken(seen)?;
            let before = tx
                .contact(org, id)?
                .filter(|contact| !contact.is_deleted() && by.sees(contact))
                .ok_or(Rejected::By(Error::ContactNotFound))?;
            precondition.check(before.version).map_err(Rejected::By)?;
            let mut fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
            let mut draft = draft.clone();
            let stamp = Stamp { now, actor: &actor, settings: &settings };
            let changed = fields
                .refit(&mut draft, false)
                .and_then(|()| draft.clone().apply(&before, stamp))
                .and_then(|after| {
                    // Also where nothing changes: what was claimed may not hold.
                    let after = after.unwrap_or_else(|| before.clone());
                    let after = rules.permit(Some(&before), after)?;
                    Ok((after != before).then_some(after))
                });
            match changed {
                Err(issues) => Err(Rejected::By(Error::Invalid(issues))),
                Ok(None) => Ok((before, false)),
                Ok(Some(after)) => {
                    within_bytes(tx, &by, &quotas, &before, &after).map_err(Rejected::By)?;
                    let is_hidden = SightKey::of(&before) != SightKey::of(&after);
                    tx.replace_contact(org, before, after.clone())?;
                    fields.define(tx, &draft)?;
                    // With the calls of its new numbers, and what was said of consent.
                    Ok((tx.contact(org, id)?.unwrap_or(after), is_hidden))
                }
            }
        })?;
        drop(gate);
        let (contact, is_hidden) = written.value;
        if is_hidden {
            self.own_writes.note_hidden(org, written.seq);
        }
        self.own_writes.note(caller, written.seq);
        Ok((caller.shown(Arc::new(contact)), written.seq))
    }

    /// Deletes a contact. A softly deleted one can still be deleted for good, and with it goes what
    /// was merged into it.
    ///
    /// # Errors
    /// If there is no such contact, it has another version, it may not be deleted now, or the
    /// caller may not. `is_forced` lets an admin delete what is critical to the system.
    pub fn delete_contact(
        &self,
        caller: &Caller,
        id: ContactId,
        deletion: Deletion,
        precondition: Precondition,
        is_forced: bool,
    ) -> Result<ChangeSeq, Error> {
        authorize(caller, Permission::Delete)?;
        if deletion.is_permanent() {
            authorize(caller, Permission::Erase)?;
            self.seen_contact(caller, id)?;
        } else {
            self.live_contact(caller, id)?;
        }
        let (org, now, actor) = (caller.organization, self.partition.now(), caller.actor.clone());
        let department = self.department_of(caller);
        let by = caller.clone();
        let written = self.partition.write(org, caller, false, move |tx| {
            let before = tx
                .contact(org, id)?
                .filter(|c| deletion.is_permanent() || !c.is_deleted())
                .filter(|c| by.sees(c))
                .ok_or(Rejected::By(Error::ContactNotFound))?;
            may_delete(&by, department.as_deref(), &before, is_forced).map_err(Rejected::By)?;
            precondition.check(before.version).map_err(Rejected::By)?;
            if deletion == Deletion::PermanentAlone {
                refuse_children(tx, org, id)?;
            }
            match deletion {
                Deletion::Permanent | Deletion::PermanentAlone => {
                    erase_with_merges(tx, org, before, now, &actor)?;
                }
                Deletion::Soft => {
                    let mut after = before.clone();
                    after.deleted_at = Some(now);
                    after.version += 1;
                    after.updated_at = now.max(before.updated_at);
                    after.updated_by = Some(actor.as_ref().to_owned());
                    tx.replace_contact(org, before, after)?;
                }
            }
            Ok(())
        })?;
        if deletion.is_permanent()
            && let Err(error) = self.forget_reports(org)
        {
            tracing::error!("reports on duplicates cannot be removed: {error}");
        }
        self.own_writes.note(caller, written.seq);
        Ok(written.seq)
    }

    /// Brings a softly deleted contact back; one that is not deleted stays as it is.
    ///
    /// # Errors
    /// If there is no such contact, it was merged into another one, or somebody has its number now
    /// where that must not be.
    pub fn restore_contact(
        &self,
        caller: &Caller,
        id: ContactId,
        precondition: &Precondition,
    ) -> Result<(Arc<Contact>, ChangeSeq), Error> {
        until_first(|| self.restore_contact_now(caller, id, precondition))
    }

    fn restore_contact_now(
        &self,
        caller: &Caller,
        id: ContactId,
        precondition: &Precondition,
    ) -> Result<(Arc<Contact>, ChangeSeq), Error> {
        authorize(caller, Permission::Delete)?;
        let found = self.seen_contact(caller, id)?;
        if found.merged_into.is_some() {
            return Err(self.why_gone(caller, Some(&found)));
        }
        let (org, now, actor) = (caller.organization, self.partition.now(), caller.actor.clone());
        let organization = self.organization_of(caller)?;
        let must_be_unique = organization.settings.phone_uniqueness == PhoneUniqueness::Reject;
        let gate = must_be_unique.then(|| self.number_gate.lock());
        let seen = gate.as_ref().map(|_| self.partition.applied_seq());
        if must_be_unique {
            // They are known already, so more than anybody may bring are no more guesses.
            self.count_guesses(caller, found.phones.len().min(MOST_GUESSES))?;
            self.refuse_known_numbers(caller, Some(id), &found.phones)?;
        }
        let (by, precondition) = (caller.clone(), precondition.clone());
        let written = self.partition.write(org, caller, false, move |tx| {
            tx.refuse_overtaken(seen)?;
            let before = tx
                .contact(org, id)?
                .filter(|contact| by.sees(contact) && contact.merged_into.is_none())
                .ok_or(Rejected::By(Error::ContactNotFound))?;
            precondition.check(before.version).map_err(Rejected::By)?;
            if !before.is_deleted() {
                return Ok(before);
            }
            let after = brought_back(tx, org, &before, now, &actor)?;
            tx.replace_contact(org, before, after.clone())?;
            Ok(after)
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        Ok((caller.shown(Arc::new(written.value)), written.seq))
    }
}

/// A contact of the trash as it comes back.
pub(super) fn brought_back(
    tx: &Tx<'_>,
    org: OrgNumber,
    before: &Contact,
    now: Timestamp,
    actor: &str,
) -> Result<Contact, EngineError> {
    let mut after = before.clone();
    after.deleted_at = None;
    after.version += 1;
    after.updated_at = now.max(before.updated_at);
    after.updated_by = Some(actor.to_owned());
    // Its company may have gone into another one meanwhile.
    if let Some(company) = before.company_id {
        after.company_id = Some(standing_company(tx, org, company)?);
    }
    Ok(after)
}
