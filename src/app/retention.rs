//! Putting away and deleting contacts with which nothing happens any more, by the rules of the
//! organisation: tried, or done as a job, also each night where the rules say so.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::error::Error;
use super::jobs::{BulkJob, JobKind, MOST_REFUSALS, Refusal};
use super::lead_scores::{has_new_day, read_condition};
use super::merges::erase_with_merges;
use super::protection::may_delete;
use super::{Access, App, authorize};
use crate::domain::access::{Caller, Organization, Permission};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::lead_score::last_sign;
use crate::domain::members::ObjectReader;
use crate::domain::retention::{Disposal, Retention, read};
use crate::domain::status::Lifecycle;
use crate::domain::time::Timestamp;
use crate::engine::search::Aliases;
use crate::engine::{Cancel, Error as EngineError, Rejected, Tx, codec, keys};
use crate::error::HasCode;
use crate::query::{Expr, Language, meets};

/// Contacts changed in one write.
const WRITE_CONTACTS: usize = 200;
/// Writes that the index may be behind; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;
/// Contacts that a trial shows of each rule.
const EXAMPLES: usize = 10;

/// The runs of organisations that are on their way.
#[derive(Default)]
pub(super) struct RetentionRuns(Mutex<HashMap<u32, Uuid>>);

/// A contact that a rule is due for.
#[derive(Debug, Serialize)]
pub struct RetentionExample {
    /// The contact.
    pub id: ContactId,
    /// Its name.
    pub display_name: String,
    /// When something last happened with it.
    pub last_activity_at: Timestamp,
}

/// What a rule would do.
#[derive(Debug, Serialize)]
pub struct RuleTrial {
    /// The place of the rule.
    pub rule: usize,
    /// What it does.
    pub action: Disposal,
    /// After how many days.
    pub after_days: u64,
    /// To how many contacts.
    pub total: u64,
    /// How many of them are protected from being deleted, and stay.
    pub protected: u64,
    /// The first of them.
    pub examples: Vec<RetentionExample>,
}

/// What a run would do.
#[derive(Debug, Default, Serialize)]
pub struct RetentionTrial {
    /// To how many contacts it would do something.
    pub total: u64,
    /// How many contacts stay as they are.
    pub kept: u64,
    /// By rule; a contact counts for the strongest one alone.
    pub rules: Vec<RuleTrial>,
}

/// What a run became.
#[derive(Debug)]
pub enum RetentionStart {
    /// Nothing was changed.
    Trial(RetentionTrial),
    /// It runs.
    Started(Box<BulkJob>),
}

/// The rules with their conditions as they are meant now.
struct Rules {
    retention: Retention,
    conditions: Vec<Option<Expr>>,
    aliases: Aliases,
    now: Timestamp,
}

impl Rules {
    fn due(&self, contact: &Contact) -> Option<usize> {
        let named = |field: &_, value: &str| {
            let key = (Clone::clone(field), crate::domain::text::fold(value));
            self.aliases.get(&key).cloned().unwrap_or_default()
        };
        self.retention.due(contact, self.now, |at| {
            let condition = self.conditions.get(at).and_then(Option::as_ref);
            condition.is_some_and(|expr| meets(expr, contact, &named))
        })
    }
}

impl App {
    /// Refuses rules of which a condition is not understood.
    pub(super) fn check_retention(&self, caller: &Caller, value: &Value) -> Result<(), Error> {
        let current = self.organization_of(caller)?.settings.retention.clone();
        let Ok(read) = read(value, &current) else { return Ok(()) };
        let Ok(retention) = serde_json::from_value::<Retention>(read) else { return Ok(()) };
        let rules = retention.rules.iter().enumerate();
        let conditions = rules.filter_map(|(at, rule)| {
            Some((format!("/retention/rules/{at}/when"), rule.when.as_ref()?))
        });
        self.check_conditions(caller, conditions)
    }

    fn retention_rules(&self, organization: &Organization) -> Rules {
        let retention = organization.settings.retention.clone();
        let caller = Access::operator_of(organization.number);
        let read = |language: &Language<'_>| {
            let rules = retention.rules.iter();
            rules.map(|rule| read_condition(rule.when.as_ref()?, language)).collect::<Vec<_>>()
        };
        let conditions = self.with_language(&caller, true, false, read).unwrap_or_default();
        let mut aliases = Aliases::new();
        for expr in conditions.iter().flatten() {
            aliases.extend(self.aliases(&caller, expr));
        }
        Rules { retention, conditions, aliases, now: self.now() }
    }

    /// Applies the rules of the setting `retention`, or tries them.
    ///
    /// # Errors
    /// If the body does not fit, the caller does not manage settings or may not delete, or nobody
    /// waits any more.
    pub fn run_retention(
        self: &Arc<Self>,
        caller: &Caller,
        body: &Value,
        cancel: &Cancel,
    ) -> Result<RetentionStart, Error> {
        authorize(caller, Permission::ManageSettings)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let is_trial = members.flag("dry_run").value().copied().unwrap_or(false);
        members.finish().map_err(Error::Invalid)?;
        let organization = self.organization_of(caller)?;
        if is_trial {
            let rules = self.retention_rules(&organization);
            return self.try_retention(caller, &rules, cancel).map(RetentionStart::Trial);
        }
        let retention = &organization.settings.retention;
        if retention.rules.iter().any(|rule| rule.action != Disposal::Archive) {
            authorize(caller, Permission::Erase)?;
        }
        let job = self.start_retention(&organization, caller)?;
        Ok(RetentionStart::Started(Box::new(job)))
    }

    fn try_retention(
        &self,
        caller: &Caller,
        rules: &Rules,
        cancel: &Cancel,
    ) -> Result<RetentionTrial, Error> {
        let all = rules.retention.rules.iter().enumerate();
        let all = all.map(|(at, rule)| RuleTrial {
            rule: at,
            action: rule.action,
            after_days: rule.after_days,
            total: 0,
            protected: 0,
            examples: Vec::new(),
        });
        let mut trial = RetentionTrial { rules: all.collect(), ..RetentionTrial::default() };
        self.partition.for_each_contact(caller.organization, cancel, |batch| {
            for contact in &batch {
                let due = rules.due(contact).and_then(|at| trial.rules.get_mut(at));
                let Some(due) = due else {
                    trial.kept += 1;
                    continue;
                };
                if is_protected(caller, contact, due.action) {
                    due.protected += 1;
                    trial.kept += 1;
                    continue;
                }
                due.total += 1;
                trial.total += 1;
                if due.examples.len() < EXAMPLES {
                    due.examples.push(RetentionExample {
                        id: contact.id,
                        display_name: contact.display_name.clone(),
                        last_activity_at: last_sign(contact),
                    });
                }
            }
            true
        })?;
        Ok(trial)
    }

    /// Starts the runs that are due each night.
    pub fn tend_retention(self: &Arc<Self>) {
        if !self.is_leading() {
            return;
        }
        let now = self.now();
        for organization in self.access().organizations() {
            let retention = &organization.settings.retention;
            let is_on = retention.automatic && !retention.rules.is_empty();
            if !is_on || !has_new_day(&organization.settings, organization.retained_at, now) {
                continue;
            }
            let by = Caller::operator(organization.number, "ringdex (retention)");
            if let Err(error) = self.start_retention(&organization, &by) {
                tracing::error!("rules of retention are not applied: {error}");
            }
        }
    }

    fn start_retention(
        self: &Arc<Self>,
        organization: &Organization,
        caller: &Caller,
    ) -> Result<BulkJob, Error> {
        let (org, job) =
            (organization.number, BulkJob::new(JobKind::Retention, Uuid::now_v7(), self.now()));
        let mut running = self.retention_runs.0.lock();
        let known = running.get(&org.0).and_then(|id| self.job_of_anybody(*id));
        if let Some(known) = known.filter(|known| known.finished_at.is_none()) {
            return Ok(known);
        }
        let actor = Arc::clone(&caller.actor);
        self.keep_running_job(org, actor, Permission::ManageSettings, &job);
        running.insert(org.0, job.id);
        drop(running);
        let (rules, by, id) = (self.retention_rules(organization), caller.clone(), job.id);
        self.run_job(id, move |app| app.apply_retention(org, &by, id, rules))?;
        Ok(job)
    }

    fn apply_retention(
        &self,
        org: OrgNumber,
        caller: &Caller,
        job: Uuid,
        rules: Rules,
    ) -> Result<(), Error> {
        let mut due: Vec<ContactId> = Vec::new();
        self.partition.for_each_record(org, |batch| {
            due.extend(batch.iter().filter(|one| rules.due(one).is_some()).map(|one| one.id));
            !self.is_stopping_job(job)
        })?;
        self.update_job(job, |job| job.total = due.len() as u64);
        let rules = Arc::new(rules);
        for chunk in due.chunks(WRITE_CONTACTS) {
            if self.is_stopping_job(job) {
                return Err(Error::Overloaded("the server was shut down before the end"));
            }
            let (chunk, rules, by) = (chunk.to_vec(), Arc::clone(&rules), caller.clone());
            let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
                let (mut changed, mut refused) = (0, Vec::new());
                for id in &chunk {
                    // Something may have happened with it meanwhile.
                    let Some(contact) = tx.contact(org, *id)? else { continue };
                    let Some(at) = rules.due(&contact) else { continue };
                    let Some(rule) = rules.retention.rules.get(at) else { continue };
                    match dispose(tx, &by, contact, rule.action, rules.now) {
                        Ok(()) => changed += 1,
                        Err(Rejected::By(error)) => refused.push(Refusal {
                            id: *id,
                            code: error.code().as_str().to_owned(),
                            detail: error.to_string(),
                        }),
                        Err(error) => return Err(error),
                    }
                }
                Ok((changed, refused))
            })?;
            self.partition.pace(written.seq, MOST_WRITES_BEHIND);
            let (changed, refused) = written.value;
            self.update_job(job, |job| {
                job.changed += changed;
                job.refused += refused.len() as u64;
                let room = MOST_REFUSALS.saturating_sub(job.refusals.len());
                job.refusals.extend(refused.into_iter().take(room));
            });
        }
        self.note_retention(org, caller)?;
        self.forget_reports(org)
    }

    fn note_retention(&self, org: OrgNumber, caller: &Caller) -> Result<(), Error> {
        let now = self.now();
        self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let key = keys::organization(org);
            let Some(bytes) = tx.get(&key)? else { return Ok(()) };
            let mut organization: Organization =
                codec::decode(&bytes).map_err(EngineError::from)?;
            organization.retained_at = Some(now);
            tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
            Ok(())
        })?;
        Ok(())
    }
}

fn is_protected(caller: &Caller, contact: &Contact, action: Disposal) -> bool {
    action != Disposal::Archive && may_delete(caller, None, contact, false).is_err()
}

fn dispose(
    tx: &mut Tx<'_>,
    by: &Caller,
    before: Contact,
    action: Disposal,
    now: Timestamp,
) -> Result<(), Rejected<Error>> {
    if action != Disposal::Archive {
        may_delete(by, None, &before, false).map_err(Rejected::By)?;
    }
    let mut after = before.clone();
    after.version += 1;
    after.updated_at = now.max(before.updated_at);
    after.updated_by = Some(by.actor.as_ref().to_owned());
    match action {
        Disposal::Archive => after.fields.status.lifecycle = Lifecycle::Archived,
        Disposal::Delete => after.deleted_at = Some(now),
        Disposal::Erase => {
            return erase_with_merges(tx, by.organization, before, now, &by.actor);
        }
    }
    tx.replace_contact(by.organization, before, after)?;
    Ok(())
}
