//! Erasing a person: anybody who works with a contact asks for it, an admin decides, and what was
//! done is certified.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::error::{Error, Noun};
use super::merges::erase_with_merges;
use super::protection::may_delete;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::erasure::{Certificate, Erasure, ErasureState};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::members::ObjectReader;
use crate::domain::record::{CONTACT, OnErased};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Origin, Rejected, Tx, all_that_are, codec, keys};

/// Most erasures of an organisation that wait for a decision.
const MOST_OPEN: usize = 10_000;
/// Erasures of one page.
const PER_PAGE: usize = 50;
/// Most erasures of one page.
const MOST_PER_PAGE: usize = 500;
/// Who erases again what a backup has brought back, in the audit log.
const RESTORER: &str = "ringdex (erasures of before)";

/// What of a call tells whose it was.
const TELLING: [&str; 5] = ["e164", "internal_number", "notes", "recording_url", CONTACT];

/// Erasures, the one that was asked for last first.
#[derive(Debug, Serialize)]
pub struct ErasurePage {
    /// How many there are.
    pub total: usize,
    /// The page, from 1.
    pub page: usize,
    /// How many a page has.
    pub per_page: usize,
    /// The erasures.
    pub items: Vec<Erasure>,
}

fn read(tx: &Tx<'_>, org: OrgNumber, id: Uuid) -> Result<Erasure, Rejected<Error>> {
    match tx.get(&keys::erasure(org, id))? {
        Some(bytes) => Ok(codec::decode(&bytes).map_err(EngineError::from)?),
        None => Err(Rejected::By(Error::NotFound(Noun::Erasure))),
    }
}

fn put(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    erasure: &Erasure,
    action: AuditAction,
) -> Result<(), EngineError> {
    let key = keys::erasure(org, erasure.id);
    tx.put(&key, codec::encode(erasure)?);
    let about = FieldChange::of("contact_id", &None, &Some(erasure.contact_id));
    tx.note(action, erasure.id, vec![about]);
    Ok(())
}

fn reason_of(body: &Value) -> Result<Option<String>, Error> {
    let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
    let reason = members.text("reason", 2_000);
    members.finish().map_err(Error::Invalid)?;
    Ok(reason.value().cloned())
}

fn decided(erasure: &Erasure) -> Rejected<Error> {
    let state = match erasure.state {
        ErasureState::Requested => "still open",
        ErasureState::Refused => "refused already",
        ErasureState::Done => "done already",
    };
    Rejected::By(Error::ImpossibleStep(format!("this erasure is {state}")))
}

impl App {
    /// Asks for the erasure of a contact; one that was asked for already is answered, and `false`.
    ///
    /// # Errors
    /// If there is no such contact for the caller, or the caller may not change contacts.
    pub fn request_erasure(
        &self,
        caller: &Caller,
        id: ContactId,
        body: &Value,
    ) -> Result<(Erasure, bool), Error> {
        authorize(caller, Permission::Edit)?;
        let contact = self.seen_contact(caller, id)?;
        if contact.merged_into.is_some() {
            return Err(self.why_gone(caller, Some(&contact)));
        }
        let (org, now) = (caller.organization, self.now());
        let made = Erasure {
            id: Uuid::now_v7(),
            contact_id: id.0,
            state: ErasureState::Requested,
            reason: reason_of(body)?,
            requested_by: caller.actor.as_ref().to_owned(),
            requested_at: now,
            decided_by: None,
            decided_at: None,
            refusal: None,
            certificate: None,
        };
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let mut open = 0;
            for bytes in tx.scan(&keys::space_of(keys::ERASURES, org))?.into_values() {
                let known: Erasure = codec::decode(&bytes).map_err(EngineError::from)?;
                if known.state == ErasureState::Requested {
                    open += 1;
                    if known.contact_id == id.0 {
                        return Ok((known, false));
                    }
                }
            }
            if open >= MOST_OPEN {
                let detail = format!("{MOST_OPEN} erasures wait for a decision: decide some first");
                return Err(Rejected::By(Error::InUse(detail)));
            }
            put(tx, org, &made, AuditAction::ErasureRequested)?;
            Ok((made.clone(), true))
        })?;
        self.own_writes.note(caller, written.seq);
        Ok(written.value)
    }

    /// The erasures of the organisation; those who do not decide see what they have asked for.
    ///
    /// # Errors
    /// If the caller does not work with contacts.
    pub fn list_erasures(
        &self,
        caller: &Caller,
        state: Option<ErasureState>,
        page: Option<usize>,
        per_page: Option<usize>,
    ) -> Result<ErasurePage, Error> {
        authorize(caller, Permission::Edit)?;
        let per_page = per_page.unwrap_or(PER_PAGE).clamp(1, MOST_PER_PAGE);
        let page = page.unwrap_or(1).max(1);
        let mut items = Vec::new();
        for entry in self.partition.scan(&keys::space_of(keys::ERASURES, caller.organization)) {
            let erasure: Erasure = codec::decode(&entry?.1).map_err(EngineError::from)?;
            if is_seen_by(caller, &erasure) && state.is_none_or(|state| erasure.state == state) {
                items.push(erasure);
            }
        }
        items.reverse();
        let total = items.len();
        let from = (page - 1).saturating_mul(per_page);
        let items = items.into_iter().skip(from).take(per_page).collect();
        Ok(ErasurePage { total, page, per_page, items })
    }

    /// An erasure, with its certificate once it is done.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn find_erasure(&self, caller: &Caller, id: Uuid) -> Result<Erasure, Error> {
        authorize(caller, Permission::Edit)?;
        let found = self.partition.get(&keys::erasure(caller.organization, id))?;
        let found = found.map(|bytes| codec::decode::<Erasure>(&bytes).map_err(EngineError::from));
        let found = found.transpose()?.filter(|erasure| is_seen_by(caller, erasure));
        found.ok_or(Error::NotFound(Noun::Erasure))
    }

    /// Refuses an erasure.
    ///
    /// # Errors
    /// If there is none, it is decided already, or the caller does not decide.
    pub fn refuse_erasure(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
    ) -> Result<Erasure, Error> {
        authorize(caller, Permission::ManageSettings)?;
        let refusal = reason_of(body)?;
        let (org, now, actor) = (caller.organization, self.now(), caller.actor.clone());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let before = read(tx, org, id)?;
            if before.state != ErasureState::Requested {
                return Err(decided(&before));
            }
            let after = Erasure {
                state: ErasureState::Refused,
                decided_by: Some(actor.as_ref().to_owned()),
                decided_at: Some(now),
                refusal: refusal.clone(),
                ..before
            };
            put(tx, org, &after, AuditAction::ErasureRefused)?;
            Ok(after)
        })?;
        Ok(written.value)
    }

    /// Approves an erasure and does it: the contact goes for good with all records about it and
    /// with those that were merged into it; calls stay without number, name and notes.
    ///
    /// # Errors
    /// If there is none, it is decided already, the contact may not go now, or the caller does not
    /// decide.
    pub fn approve_erasure(&self, caller: &Caller, id: Uuid) -> Result<Erasure, Error> {
        authorize(caller, Permission::ManageSettings)?;
        authorize(caller, Permission::Erase)?;
        let (org, now, by) = (caller.organization, self.now(), caller.clone());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let before = read(tx, org, id)?;
            if before.state != ErasureState::Requested {
                return Err(decided(&before));
            }
            let contact = tx.contact(org, ContactId(before.contact_id))?;
            let contact = contact.filter(|contact| by.sees(contact));
            if let Some(contact) = &contact {
                may_delete(&by, None, contact, true).map_err(Rejected::By)?;
            }
            let done = erase_person(tx, org, &before, contact, now, &by.actor)?;
            put(tx, org, &done, AuditAction::ErasureApproved)?;
            Ok(done)
        })?;
        self.own_writes.note(caller, written.seq);
        if let Err(error) = self.forget_reports(org) {
            tracing::error!("reports on duplicates cannot be removed: {error}");
        }
        Ok(written.value)
    }

    /// Erases again whom a backup from before their erasure has brought back; how many there were.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn erase_again(&self, contacts: &[Uuid]) -> Result<usize, Error> {
        let mut erased = 0;
        for organization in self.access().organizations() {
            let org = organization.number;
            for id in contacts {
                if self.partition.contact(org, ContactId(*id))?.is_none() {
                    continue;
                }
                let (now, id) = (self.now(), *id);
                let origin = Origin { actor: RESTORER.into(), address: None };
                self.partition.write::<_, Error>(org, origin, false, move |tx| {
                    let request = Erasure {
                        id: Uuid::now_v7(),
                        contact_id: id,
                        state: ErasureState::Requested,
                        reason: None,
                        requested_by: RESTORER.to_owned(),
                        requested_at: now,
                        decided_by: None,
                        decided_at: None,
                        refusal: None,
                        certificate: None,
                    };
                    let contact = tx.contact(org, ContactId(id))?;
                    let done = erase_person(tx, org, &request, contact, now, RESTORER)?;
                    put(tx, org, &done, AuditAction::ErasureApproved)?;
                    Ok(())
                })?;
                erased += 1;
            }
        }
        Ok(erased)
    }
}

fn is_seen_by(caller: &Caller, erasure: &Erasure) -> bool {
    caller.may(Permission::ManageSettings) || erasure.requested_by == caller.actor.as_ref()
}

/// Erases a contact and everything about it. One that is gone already is certified as gone.
fn erase_person(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    request: &Erasure,
    contact: Option<Contact>,
    now: Timestamp,
    actor: &str,
) -> Result<Erasure, Rejected<Error>> {
    let mut certificate = Certificate {
        erasure_id: request.id,
        contacts: vec![request.contact_id],
        erased: std::collections::BTreeMap::new(),
        pseudonymised: std::collections::BTreeMap::new(),
        requested_by: request.requested_by.clone(),
        requested_at: request.requested_at,
        erased_by: actor.to_owned(),
        erased_at: now,
        hash: String::new(),
    };
    if let Some(contact) = contact {
        let all = {
            let (reader, merges) = (|id| tx.contact(org, id), |id| tx.merge(org, id));
            all_that_are(&reader, &merges, contact.id)?
        };
        let alias = format!("erased-{}", &request.id.simple().to_string()[20..]);
        for one in &all {
            count_consents(tx, org, ContactId(*one), &mut certificate)?;
            for (kind, record) in tx.records_about(org, *one)? {
                let plural = kind.info().plural.to_owned();
                match kind.info().on_contact_erased {
                    OnErased::Erase => *certificate.erased.entry(plural).or_default() += 1,
                    OnErased::Detach => {
                        *certificate.pseudonymised.entry(plural).or_default() += 1;
                        let mut after = record.clone();
                        for name in TELLING {
                            after.values.insert(name.to_owned(), Value::Null);
                        }
                        after.values.insert("number".to_owned(), Value::String(alias.clone()));
                        after.head.version += 1;
                        after.head.updated_at = now.max(record.head.updated_at);
                        actor.clone_into(&mut after.head.updated_by);
                        tx.pseudonymise_record(kind, &record, &after)?;
                    }
                }
            }
        }
        certificate.erased.insert("contacts".to_owned(), all.len() as u64);
        certificate.contacts = all;
        erase_with_merges(tx, org, contact, now, actor)?;
    }
    Ok(Erasure {
        state: ErasureState::Done,
        reason: None,
        decided_by: Some(actor.to_owned()),
        decided_at: Some(now),
        certificate: Some(certificate.sealed()),
        ..request.clone()
    })
}

fn count_consents(
    tx: &Tx<'_>,
    org: OrgNumber,
    contact: ContactId,
    certificate: &mut Certificate,
) -> Result<(), EngineError> {
    let entries = tx.scan(&keys::consents_of(org, contact))?.len() as u64;
    if entries > 0 {
        *certificate.erased.entry("consents".to_owned()).or_default() += entries;
    }
    Ok(())
}
