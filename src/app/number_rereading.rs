//! Reading the stored phone numbers of an organisation again, once, after the reader of numbers
//! has become better.
//!
//! The organisation notes with which reader its numbers were read, so what is interrupted begins
//! again at the next start; a number that was read again already stays as it is.

use std::sync::Arc;

use uuid::Uuid;

use super::App;
use super::error::Error;
use super::jobs::{BulkJob, JobKind};
use crate::domain::access::{Organization, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::phone::{READER_VERSION, reread};
use crate::domain::text::counted;
use crate::engine::{Error as EngineError, Origin, codec, keys};

/// Contacts changed in one write.
const WRITE_CONTACTS: usize = 500;
/// Writes that the index may be behind; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;
/// Who does it, in the audit log.
const ACTOR: &str = "ringdex (numbers read again)";

impl App {
    /// Reads the numbers of organisations again whose numbers an older reader has read; each is a
    /// job in the background that those see who manage settings.
    pub fn resume_number_rereading(self: &Arc<Self>) {
        for organization in self.access().organizations() {
            if organization.numbers_read_by >= READER_VERSION {
                continue;
            }
            let job = BulkJob::new(JobKind::NumberRereading, Uuid::now_v7(), self.now());
            let (org, actor) = (organization.number, Arc::<str>::from(ACTOR));
            if self.keep_running_job(org, actor, Permission::ManageSettings, &job).is_some() {
                continue;
            }
            let country = organization.settings.default_country.clone();
            let started = self.run_job(job.id, move |app| {
                let done = app.reread_numbers(org, job.id, country.as_deref());
                if let Err(error) = &done {
                    tracing::warn!("numbers are not all read again: {error}");
                }
                done
            });
            if let Err(error) = started {
                tracing::error!("numbers are not read again: {error}");
            }
        }
    }

    fn reread_numbers(
        &self,
        org: OrgNumber,
        job: Uuid,
        country: Option<&str>,
    ) -> Result<(), Error> {
        let mut ids: Vec<ContactId> = Vec::new();
        let mut total = 0;
        self.partition.for_each_record(org, |batch| {
            total += batch.len() as u64;
            let differs = |one: &&Contact| with_numbers_reread(one, country).is_some();
            ids.extend(batch.iter().filter(differs).map(|contact| contact.id));
            !self.is_stopping_jobs()
        })?;
        self.update_job(job, |job| {
            job.total = total;
            job.unchanged = total - ids.len() as u64;
        });
        let origin = Origin { actor: ACTOR.into(), address: None };
        for chunk in ids.chunks(WRITE_CONTACTS) {
            if self.is_stopping_jobs() {
                break;
            }
            let (chunk, now) = (chunk.to_vec(), self.partition.now());
            let country = country.map(str::to_owned);
            let written =
                self.partition.write::<_, Error>(org, origin.clone(), false, move |tx| {
                    let mut changed = 0;
                    for id in &chunk {
                        let Some(before) = tx.contact(org, *id)? else { continue };
                        let after = with_numbers_reread(&before, country.as_deref());
                        let Some(mut after) = after else { continue };
                        after.version += 1;
                        after.updated_at = now.max(before.updated_at);
                        after.updated_by = Some(ACTOR.to_owned());
                        tx.replace_contact(org, before, after)?;
                        changed += 1;
                    }
                    Ok(changed)
                })?;
            self.partition.pace(written.seq, MOST_WRITES_BEHIND);
            self.update_job(job, |job| job.changed += written.value);
        }
        if self.is_stopping_jobs() {
            return Err(Error::Overloaded(
                "the server was shut down before the end; this goes on at the next start",
            ));
        }
        let changed = ids.len();
        self.partition.write::<_, Error>(org, origin, false, move |tx| {
            let key = keys::organization(org);
            let Some(bytes) = tx.get(&key)? else { return Ok(()) };
            let mut organization: Organization =
                codec::decode(&bytes).map_err(EngineError::from)?;
            organization.numbers_read_by = READER_VERSION;
            tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
            let counted = FieldChange::of("contacts_changed", &None, &Some(changed));
            tx.note(AuditAction::NumbersReread, organization.id, vec![counted]);
            Ok(())
        })?;
        if changed > 0 {
            let changed = counted(changed as u64, "contact", "contacts");
            tracing::info!("phone numbers of {changed} of {total} were read again");
        }
        Ok(())
    }
}

/// A contact with its numbers as they are read today; none if they are so already.
fn with_numbers_reread(contact: &Contact, default_country: Option<&str>) -> Option<Contact> {
    let mut after: Option<Contact> = None;
    for (at, phone) in contact.phones.iter().enumerate() {
        let countries = [contact.country.as_deref(), default_country, phone.country.as_deref()];
        if let Some(reread) = reread(phone, &countries) {
            let after = after.get_or_insert_with(|| contact.clone());
            if let Some(slot) = after.phones.get_mut(at) {
                *slot = reread;
            }
        }
    }
    after
}
