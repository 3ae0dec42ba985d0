//! The stages of deals: that a deal is in one that there is, and bears its name when it is renamed.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::App;
use super::error::Error;
use super::jobs::{BulkJob, JobKind};
use crate::domain::access::{Caller, Organization, Permission};
use crate::domain::deal_stage::{DealStage, first_with};
use crate::domain::ids::OrgNumber;
use crate::domain::issue::shorten;
use crate::domain::record::{AnyKind, Record, Values, kind_by_name};
use crate::engine::{Error as EngineError, Origin, codec, keys};

/// Deals changed in one write.
const WRITE_DEALS: usize = 500;
/// Writes that the index may be behind; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;
/// Who renames, in the audit log.
const ACTOR: &str = "ringdex (deal stages)";

fn text<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Value::as_str)
}

impl App {
    /// Puts a deal into a stage that the organisation has, and gives stage and status one meaning.
    /// `body` is what was sent, `known` the deal as it is.
    pub(super) fn fit_stage(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        known: Option<&Values>,
        body: &Value,
        values: &mut Values,
    ) -> Result<(), Error> {
        if kind.info().name != "deal" {
            return Ok(());
        }
        let organization = self.organization_of(caller)?;
        let stages = &organization.settings.deal_stages;
        if stages.is_empty() {
            return Ok(());
        }
        let is_news = |name: &str| {
            let is_sent = body.get(name).is_some_and(|value| !value.is_null());
            is_sent && known.is_none_or(|known| known.get(name) != values.get(name))
        };
        let (is_stage_news, is_status_news) = (is_news("stage"), is_news("status"));
        let status = text(values, "status").unwrap_or("open").to_owned();
        let stage = text(values, "stage").map(str::to_owned);
        let found = stage.as_deref().and_then(|name| stages.iter().find(|one| one.is_called(name)));
        if is_stage_news {
            let Some(found) = found else {
                return Err(unknown_stage(stages, stage.as_deref().unwrap_or_default()));
            };
            let means = found.status.as_str();
            if is_status_news && status != means {
                let detail = format!(
                    "a deal in the stage {:?} is {means}, not {status}: leave one of both out",
                    found.name
                );
                return Err(Error::invalid("/status", "contradiction", detail));
            }
            values.insert("stage".to_owned(), json!(found.name));
            values.insert("status".to_owned(), json!(means));
        } else if known.is_none() || is_status_news {
            // Where no stage means this, the deal stays where it was decided.
            let fits = found.is_some_and(|found| found.status.as_str() == status);
            if let Some(first) = first_with(stages, &status).filter(|_| !fits) {
                values.insert("stage".to_owned(), json!(first.name));
            }
        }
        Ok(())
    }

    /// Gives deals the new names of their stages, where a renaming is not done.
    pub fn resume_stage_renaming(self: &Arc<Self>) {
        for organization in self.access().organizations() {
            if let Err(error) = self.start_stage_renaming(&organization) {
                tracing::error!("stages of deals are not renamed: {error}");
            }
        }
    }

    pub(super) fn start_stage_renaming(
        self: &Arc<Self>,
        organization: &Organization,
    ) -> Result<(), Error> {
        let stages = &organization.settings.deal_stages;
        if stages.iter().all(|stage| stage.was.is_empty()) {
            return Ok(());
        }
        let (org, stages) = (organization.number, stages.clone());
        let job = BulkJob::new(JobKind::StageRenaming, Uuid::now_v7(), self.now());
        let id = job.id;
        self.keep_running_job(org, ACTOR.into(), Permission::ManageSettings, &job);
        self.run_job(id, move |app| app.rename_stages(org, id, &stages))
    }

    fn rename_stages(&self, org: OrgNumber, job: Uuid, stages: &[DealStage]) -> Result<(), Error> {
        let Some(kind) = kind_by_name("deal") else { return Ok(()) };
        let number = kind.info().number;
        let new_name = |record: &Record| renamed(stages, record);
        let mut ids = Vec::new();
        for record in self.partition.records_back(org, number) {
            let record = record?;
            if new_name(&record).is_some() {
                ids.push(record.head.id);
            }
        }
        self.update_job(job, |job| job.total = ids.len() as u64);
        let origin = Origin { actor: ACTOR.into(), address: None };
        for chunk in ids.chunks(WRITE_DEALS) {
            if self.is_stopping_jobs() {
                return Err(Error::Overloaded(
                    "the server was shut down before the end; this goes on at the next start",
                ));
            }
            let (chunk, stages, now) = (chunk.to_vec(), stages.to_vec(), self.now());
            let written =
                self.partition.write::<_, Error>(org, origin.clone(), false, move |tx| {
                    let mut changed = 0;
                    for id in &chunk {
                        let Some(before) = tx.record(org, number, *id)? else { continue };
                        let Some(name) = renamed(&stages, &before) else { continue };
                        let mut after = before.clone();
                        after.values.insert("stage".to_owned(), json!(name));
                        after.head.version += 1;
                        after.head.updated_at = now.max(before.head.updated_at);
                        ACTOR.clone_into(&mut after.head.updated_by);
                        tx.put_record(kind, Some(&before), &after)?;
                        changed += 1;
                    }
                    Ok(changed)
                })?;
            self.partition.pace(written.seq, MOST_WRITES_BEHIND);
            self.update_job(job, |job| job.changed += written.value);
        }
        self.forget_earlier_names(org, stages, origin)
    }

    /// Takes names off the stages that no deal bears any more; those of a later renaming stay.
    fn forget_earlier_names(
        &self,
        org: OrgNumber,
        done: &[DealStage],
        origin: Origin,
    ) -> Result<(), Error> {
        let done = done.to_vec();
        self.partition.write::<_, Error>(org, origin, false, move |tx| {
            let key = keys::organization(org);
            let Some(bytes) = tx.get(&key)? else { return Ok(()) };
            let mut organization: Organization =
                codec::decode(&bytes).map_err(EngineError::from)?;
            for stage in &mut organization.settings.deal_stages {
                let ended = done.iter().filter(|one| one.name == stage.name);
                let ended: Vec<&String> = ended.flat_map(|one| &one.was).collect();
                stage.was.retain(|name| !ended.contains(&name));
            }
            tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
            Ok(())
        })?;
        Ok(())
    }
}

/// The name that the stage of a deal has now, if it bears an earlier one.
fn renamed(stages: &[DealStage], deal: &Record) -> Option<String> {
    let name = text(&deal.values, "stage")?;
    let stage = stages.iter().find(|stage| stage.is_called(name))?;
    (!stage.was.is_empty() && stage.name != name).then(|| stage.name.clone())
}

fn unknown_stage(stages: &[DealStage], name: &str) -> Error {
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let detail = format!(
        "{:?} is not a stage of this organisation; use one of {}",
        shorten(name),
        names.join(", ")
    );
    Error::invalid("/stage", "value", detail)
}
