//! Creating, reading, changing and deleting contacts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Action, Caller, OrgSettings, PhoneUniqueness};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::draft_json;
use crate::domain::ids::{ChangeSeq, ContactId, OrgNumber};
use crate::domain::issue::FieldIssue;
use crate::domain::phone::parse_query;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::lookup::{IdentityKind, Rule};
use crate::engine::{Error as EngineError, Rejected, Tx};
use crate::engine::{codec, keys};

/// Answers are kept for repeated requests this long.
const IDEMPOTENCY_MS: i64 = 24 * 3_600_000;
/// Most contacts of one bulk request.
const MOST_BULK: usize = 10_000;
/// Most likely duplicates that a create names.
const MOST_DUPLICATES: usize = 5;

/// A contact that may be the same person as the one that was created.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LikelyDuplicate {
    /// The other contact.
    pub id: uuid::Uuid,
    /// Its name.
    pub display_name: String,
    /// How likely it is the same person, 0 to 1; a rough figure from shared numbers, addresses
    /// and names.
    pub probability: f32,
    /// What they have in common.
    pub why: Vec<String>,
}

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
    /// It was created.
    Created(ContactId),
    /// It does not fit.
    Invalid(Vec<FieldIssue>),
}

/// The key under which a client may repeat a request without doing it twice.
#[derive(Clone, Copy, Debug)]
pub struct Idempotency {
    /// Hash of caller, path and key.
    pub key: [u8; 32],
    /// Hash of the body.
    pub fingerprint: [u8; 32],
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
    fn check(&self, version: u64) -> Result<(), Error> {
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
    /// It is gone.
    Permanent,
}

#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    fingerprint: [u8; 32],
    contact: ContactId,
    at: Timestamp,
}

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
        authorize(caller, Action::Write)?;
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        let draft = draft_json::parse(body, &settings).map_err(Error::Invalid)?;
        self.create_from_draft(caller, &settings, draft, idempotency)
    }

    fn create_from_draft(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        draft: Draft,
        idempotency: Option<Idempotency>,
    ) -> Result<Created, Error> {
        let org = caller.organization;
        let uniqueness = settings.phone_uniqueness;
        // Looked for before the write, so that a contact is not its own duplicate; only where
        // numbers must be unique does it have to be looked for inside the write as well.
        let id = ContactId::generate();
        let now = self.partition.now();
        let actor = caller.actor.clone();
        let settings = settings.clone();
        let must_be_unique = uniqueness == PhoneUniqueness::Reject;
        if must_be_unique {
            self.refuse_known_numbers(org, &draft)?;
        }
        let gate = must_be_unique.then(|| self.create_gate.lock());
        if must_be_unique {
            self.refuse_known_numbers(org, &draft)?;
        }
        let written = self.partition.write(org, &caller.actor, false, move |tx| {
            if let Some(idempotency) = idempotency
                && let Some(contact) = kept_answer(tx, org, idempotency, now)?
            {
                return Ok((contact, true));
            }
            let stamp = Stamp { now, actor: &actor, settings: &settings };
            let number = tx.next_number();
            let contact = draft
                .clone()
                .create(id, number, stamp)
                .map_err(|issues| Rejected::By(Error::Invalid(issues)))?;
            tx.create_contact(org, contact.clone())?;
            if let Some(idempotency) = idempotency {
                keep_answer(tx, org, idempotency, id, now)?;
            }
            Ok((contact, false))
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        let (contact, is_replay) = written.value;
        let contact = Arc::new(contact);
        let duplicates = if uniqueness == PhoneUniqueness::Allow {
            Vec::new()
        } else {
            self.likely_duplicates(org, &contact)?
        };
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
        use rayon::prelude::*;
        authorize(caller, Action::Write)?;
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
        let gate = must_be_unique.then(|| self.create_gate.lock());
        let mut seen_numbers = std::collections::HashSet::new();
        let drafts: Vec<Result<Draft, Vec<FieldIssue>>> =
            bodies.par_iter().map(|body| draft_json::parse(body, &settings)).collect();
        let drafts: Vec<(ContactId, Result<Draft, Vec<FieldIssue>>)> = drafts
            .into_iter()
            .map(|draft| {
                let draft = draft.and_then(|draft| {
                    if !must_be_unique {
                        return Ok(draft);
                    }
                    let repeats = phones_of(&draft)
                        .map(|phone| phone.number.clone())
                        .filter(|number| !seen_numbers.insert(number.clone()))
                        .count()
                        > 0;
                    if repeats || self.refuse_known_numbers(org, &draft).is_err() {
                        return Err(vec![FieldIssue::new(
                            "/phones",
                            "phone_in_use",
                            "another contact has one of these numbers",
                        )]);
                    }
                    Ok(draft)
                });
                (ContactId::generate(), draft)
            })
            .collect();
        let actor = caller.actor.clone();
        let written = self.partition.write::<_, Error>(org, &caller.actor, false, move |tx| {
            let stamp = Stamp { now, actor: &actor, settings: &settings };
            let mut items = Vec::with_capacity(drafts.len());
            for (id, draft) in &drafts {
                let made =
                    draft.clone().and_then(|draft| draft.create(*id, tx.next_number(), stamp));
                items.push(match made {
                    Ok(contact) => {
                        tx.create_contact(org, contact)?;
                        BulkItem::Created(*id)
                    }
                    Err(issues) => BulkItem::Invalid(issues),
                });
            }
            Ok(items)
        })?;
        drop(gate);
        self.own_writes.note(caller, written.seq);
        Ok((written.value, written.seq))
    }

    /// Reads a contact.
    ///
    /// # Errors
    /// If there is none for this caller, or it is deleted.
    pub fn read_contact(&self, caller: &Caller, id: ContactId) -> Result<Arc<Contact>, Error> {
        authorize(caller, Action::Read)?;
        self.partition
            .contact(caller.organization, id)?
            .filter(|contact| !contact.is_deleted())
            .ok_or(Error::ContactNotFound)
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
        precondition: Precondition,
    ) -> Result<(Arc<Contact>, ChangeSeq), Error> {
        authorize(caller, Action::Write)?;
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        let draft = draft_json::parse(patch, &settings).map_err(Error::Invalid)?;
        let (org, now, actor) = (caller.organization, self.partition.now(), caller.actor.clone());
        let written = self.partition.write(org, &caller.actor, false, move |tx| {
            let before = live_contact(tx, org, id)?;
            precondition.check(before.version).map_err(Rejected::By)?;
            let stamp = Stamp { now, actor: &actor, settings: &settings };
            match draft.clone().apply(&before, stamp) {
                Err(issues) => Err(Rejected::By(Error::Invalid(issues))),
                Ok(None) => Ok(before),
                Ok(Some(after)) => {
                    tx.replace_contact(org, before, after.clone())?;
                    Ok(after)
                }
            }
        })?;
        self.own_writes.note(caller, written.seq);
        Ok((Arc::new(written.value), written.seq))
    }

    /// Deletes a contact. A softly deleted one can still be deleted for good.
    ///
    /// # Errors
    /// If there is no such contact, it has another version, or the caller may not.
    pub fn delete_contact(
        &self,
        caller: &Caller,
        id: ContactId,
        deletion: Deletion,
        precondition: Precondition,
    ) -> Result<ChangeSeq, Error> {
        authorize(caller, Action::Write)?;
        if deletion == Deletion::Permanent {
            authorize(caller, Action::Erase)?;
        }
        let (org, now, actor) = (caller.organization, self.partition.now(), caller.actor.clone());
        let written = self.partition.write(org, &caller.actor, false, move |tx| {
            let before = tx
                .contact(org, id)?
                .filter(|c| deletion == Deletion::Permanent || !c.is_deleted())
                .ok_or(Rejected::By(Error::ContactNotFound))?;
            precondition.check(before.version).map_err(Rejected::By)?;
            match deletion {
                Deletion::Permanent => tx.erase_contact(org, before, now, &actor)?,
                Deletion::Soft => {
                    let mut after = before.clone();
                    after.deleted_at = Some(now);
                    after.version += 1;
                    after.updated_at = now.max(before.updated_at);
                    after.updated_by = Some(actor.clone());
                    tx.replace_contact(org, before, after)?;
                }
            }
            Ok(())
        })?;
        self.own_writes.note(caller, written.seq);
        Ok(written.seq)
    }

    /// Brings a softly deleted contact back; one that is not deleted stays as it is.
    ///
    /// # Errors
    /// If there is no such contact.
    pub fn restore_contact(
        &self,
        caller: &Caller,
        id: ContactId,
    ) -> Result<(Arc<Contact>, ChangeSeq), Error> {
        authorize(caller, Action::Write)?;
        let (org, now, actor) = (caller.organization, self.partition.now(), caller.actor.clone());
        let written = self.partition.write(org, &caller.actor, false, move |tx| {
            let before = tx.contact(org, id)?.ok_or(Rejected::By(Error::ContactNotFound))?;
            if !before.is_deleted() {
                return Ok(before);
            }
            let mut after = before.clone();
            after.deleted_at = None;
            after.version += 1;
            after.updated_at = now.max(before.updated_at);
            after.updated_by = Some(actor.clone());
            tx.replace_contact(org, before, after.clone())?;
            Ok(after)
        })?;
        self.own_writes.note(caller, written.seq);
        Ok((Arc::new(written.value), written.seq))
    }

    fn refuse_known_numbers(&self, org: OrgNumber, draft: &Draft) -> Result<(), Error> {
        let mut known = Vec::new();
        for phone in phones_of(draft) {
            let query = parse_query(&phone.number, None);
            for candidate in self.partition.table().find(org, &query).candidates {
                if !matches!(candidate.rule, Rule::Exact | Rule::National | Rule::Extension) {
                    continue;
                }
                if let Some(contact) = self.partition.contact_by_number(org, candidate.number)? {
                    known.push(LikelyDuplicate {
                        id: contact.id.0,
                        display_name: contact.display_name.clone(),
                        probability: 1.0,
                        why: vec!["same phone number".to_owned()],
                    });
                }
                if known.len() >= MOST_DUPLICATES {
                    break;
                }
            }
        }
        if known.is_empty() { Ok(()) } else { Err(Error::PhoneInUse(known)) }
    }

    /// Contacts that share a number or an address with one. A cheap first estimate: a shared
    /// number alone is weak, since households and switchboards share them; with the same name
    /// it is strong.
    fn likely_duplicates(
        &self,
        org: OrgNumber,
        contact: &Contact,
    ) -> Result<Vec<LikelyDuplicate>, Error> {
        let table = self.partition.table();
        let mut reasons: Vec<(crate::domain::ids::ContactNumber, &'static str)> = Vec::new();
        for phone in &contact.phones {
            let query = parse_query(&phone.number, None);
            let found = table.find(org, &query).candidates;
            let strong = found.iter().filter(|c| c.rule != Rule::Suffix).take(50);
            reasons.extend(strong.map(|c| (c.number, "same phone number")));
        }
        for address in &contact.emails {
            let found = table.find_identity(org, IdentityKind::Email, &address.address);
            reasons.extend(found.into_iter().take(50).map(|(n, _)| (n, "same e-mail address")));
        }
        reasons.retain(|(number, _)| *number != contact.number);
        reasons.sort_unstable();
        reasons.dedup();
        let mut likely: Vec<LikelyDuplicate> = Vec::new();
        for group in reasons.chunk_by(|a, b| a.0 == b.0) {
            let Some(other) = self.partition.contact_by_number(org, group[0].0)? else { continue };
            let mut why: Vec<String> = group.iter().map(|(_, why)| (*why).to_owned()).collect();
            let same_name = fold(&other.display_name) == fold(&contact.display_name);
            let same_first = match (&other.first_name, &contact.first_name) {
                (Some(a), Some(b)) => fold(a) == fold(b),
                _ => false,
            };
            let probability = match (same_name, same_first, group.len()) {
                (true, _, _) => 0.98,
                (false, true, _) => 0.8,
                (false, false, 1) => 0.4,
                (false, false, _) => 0.7,
            };
            if same_name {
                why.push("same name".to_owned());
            }
            likely.push(LikelyDuplicate {
                id: other.id.0,
                display_name: other.display_name.clone(),
                probability,
                why,
            });
        }
        likely.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        likely.truncate(MOST_DUPLICATES);
        Ok(likely)
    }
}

fn phones_of(draft: &Draft) -> impl Iterator<Item = &crate::domain::phone::Phone> {
    draft
        .phones
        .value()
        .into_iter()
        .flatten()
        .chain(draft.phone.value())
        .chain(draft.mobile.value())
        .chain(&draft.add_phones)
}

fn live_contact(tx: &Tx<'_>, org: OrgNumber, id: ContactId) -> Result<Contact, Rejected<Error>> {
    tx.contact(org, id)?
        .filter(|contact| !contact.is_deleted())
        .ok_or(Rejected::By(Error::ContactNotFound))
}

fn kept_answer(
    tx: &Tx<'_>,
    org: OrgNumber,
    idempotency: Idempotency,
    now: Timestamp,
) -> Result<Option<Contact>, Rejected<Error>> {
    let Some(bytes) = tx.get(&keys::idempotency(org, &idempotency.key))? else { return Ok(None) };
    let kept: KeptAnswer = codec::decode(&bytes).map_err(EngineError::from)?;
    if kept.at.plus_ms(IDEMPOTENCY_MS) < now {
        return Ok(None);
    }
    if kept.fingerprint != idempotency.fingerprint {
        return Err(Rejected::By(Error::IdempotencyMismatch));
    }
    Ok(tx.contact(org, kept.contact)?)
}

fn keep_answer(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    idempotency: Idempotency,
    contact: ContactId,
    at: Timestamp,
) -> Result<(), Rejected<Error>> {
    let kept = KeptAnswer { fingerprint: idempotency.fingerprint, contact, at };
    let bytes = codec::encode(&kept).map_err(EngineError::from)?;
    tx.put(&keys::idempotency(org, &idempotency.key), bytes);
    Ok(())
}
