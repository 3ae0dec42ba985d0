//! Changing a definition: what only says something new takes effect at once, what would not fit the
//! values of contacts is said before anything changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::jobs::BulkJob;
use super::super::people::{changes, check_version, note, read};
use super::super::{App, Cancel, authorize};
use super::input::FieldInput;
use super::survey::{Intent, Survey};
use super::{FieldView, put, raise_generation, read_definitions, renumber, view};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::AuditAction;
use crate::domain::custom_field::{FieldDefinition, FieldMigration, FieldWork, OnMisfit};
use crate::domain::text::{counted, fold};
use crate::engine::{Rejected, keys};

/// What changing a definition comes to.
#[derive(Debug)]
pub enum FieldChanged {
    /// It was only asked what would happen.
    Trial(Survey),
    /// It is changed; values that contacts have are converted by the job.
    Done(Box<FieldView>, Option<BulkJob>),
}

/// Refuses to change what the values of a field are while they are being changed.
pub(super) fn refuse_busy(definition: &FieldDefinition) -> Result<(), Rejected<Error>> {
    let Some(work) = &definition.work else { return Ok(()) };
    let what = if work.task == FieldMigration::Delete { "deleted" } else { "converted" };
    Err(Rejected::By(Error::InUse(format!(
        "the values of this field are being {what}: wait for job {}",
        work.job
    ))))
}

/// Whether values that contacts have must be looked at for a change.
fn converts(before: &FieldDefinition, after: &FieldDefinition) -> bool {
    before.kind != after.kind
        || before.declared != after.declared
        || before.options.iter().any(|option| !after.options.contains(option))
}

/// What takes the place of options that are gone, by their folded form.
fn replacements(
    wanted: Option<&Value>,
    before: &FieldDefinition,
    after: &FieldDefinition,
) -> Result<BTreeMap<String, Option<String>>, Error> {
    let issue = |at: &str, detail: &str| Err(Error::invalid(at, "value", detail));
    let replacement = |value: &Value| match value {
        Value::Null => Some(None),
        Value::String(text) => after.option(text).map(|option| Some(option.clone())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let gone: Vec<String> = before
        .options
        .iter()
        .filter(|option| after.option(option).is_none())
        .map(|option| fold(option))
        .collect();
    match wanted {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(members)) => {
            let mut all = BTreeMap::new();
            for (option, value) in members {
                let at = format!("/replace_with/{}", option.replace('~', "~0").replace('/', "~1"));
                if !gone.contains(&fold(option)) {
                    return issue(&at, "is not an option that this change takes away");
                }
                let Some(value) = replacement(value) else {
                    return issue(&at, "must be an option that stays, or null");
                };
                all.insert(fold(option), value);
            }
            Ok(all)
        }
        Some(value) => match replacement(value) {
            Some(value) => Ok(gone.into_iter().map(|option| (option, value.clone())).collect()),
            None => issue(
                "/replace_with",
                "must be an option that stays, or an object from options that go to such ones or null",
            ),
        },
    }
}

fn describe(survey: Survey, after: &FieldDefinition, on_misfit: OnMisfit) -> Survey {
    let (contacts, misfits) = (survey.contacts, survey.misfits);
    let kind = after.kind.as_str();
    let misfit = counted(misfits, "value does not fit", "values do not fit");
    let what = match (misfits, on_misfit) {
        (0, _) => "all values fit".to_owned(),
        (_, OnMisfit::Refuse) => format!(
            "{misfit} {kind}: correct that, or send on_misfit \"clear\" to remove what does not fit, \"keep\" to leave it, or replace_with for options"
        ),
        (_, OnMisfit::Clear) => format!("{misfit}, to be removed"),
        (_, OnMisfit::Keep) => format!("{misfit}, to stay as before"),
    };
    let holders = counted(contacts, "contact holds", "contacts hold");
    Survey { detail: format!("{holders} {:?}; {what}", after.label), ..survey }
}

impl App {
    /// Changes a definition; what was not sent stays.
    ///
    /// Another type or fewer options change values that contacts have. If some of them would not
    /// fit, nothing happens unless `on_misfit` or `replace_with` says what becomes of them; else
    /// the definition counts at once and a job converts the values. With `dry_run` it is only said
    /// what would happen.
    ///
    /// # Errors
    /// If there is no such field, something does not fit, or the caller may not.
    pub fn update_custom_field(
        self: &Arc<Self>,
        caller: &Caller,
        key: &str,
        body: &Value,
        dry_run: bool,
        precondition: &Precondition,
        cancel: &Cancel,
    ) -> Result<FieldChanged, Error> {
        authorize(caller, Permission::ManageFields)?;
        let found = self.seen_definition(caller, key)?;
        let input = FieldInput::read(body, false)?;
        precondition.check(found.version)?;
        let mut wanted = found.clone();
        input.put_into(&mut wanted)?;
        let replace = replacements(input.replace_with.as_ref(), &found, &wanted)?;
        let is_trial = dry_run || input.dry_run;
        let does_convert = converts(&found, &wanted);
        if does_convert || found.is_deleting() {
            refuse_busy(&found)?;
        }
        if does_convert || is_trial {
            let intent = Intent { before: &found, after: &wanted, replace: &replace };
            let survey =
                self.survey_field(caller, &found, does_convert.then_some(intent), cancel)?;
            let survey = describe(survey, &wanted, input.on_misfit);
            if is_trial {
                return Ok(FieldChanged::Trial(survey));
            }
            if survey.misfits > 0 && input.on_misfit == OnMisfit::Refuse {
                return Err(Error::FieldInUse(Box::new(survey)));
            }
        }
        let (org, id, now) = (caller.organization, found.id, self.partition.now());
        let (precondition, actor) = (precondition.clone(), caller.actor.as_ref().to_owned());
        let job = Uuid::now_v7();
        let written = self.partition.write(org, caller, false, move |tx| {
            let before: FieldDefinition = read(tx, &keys::field(org, id), Noun::CustomField)?;
            check_version(&precondition, before.version)?;
            let mut after = before.clone();
            input.put_into(&mut after).map_err(Rejected::By)?;
            if converts(&before, &after) || before.is_deleting() {
                refuse_busy(&before)?;
            }
            if converts(&before, &after) {
                // What was looked at must be what changes.
                if converts(&found, &before) || converts(&before, &found) {
                    return Err(Rejected::By(Error::RevisionConflict { current: before.version }));
                }
                let task = FieldMigration::Convert {
                    replace: replace.clone(),
                    on_misfit: input.on_misfit,
                };
                after.work = Some(FieldWork { job, actor: actor.clone(), since: now, task });
            }
            let mut others = read_definitions(tx, org)?;
            others.retain(|one| one.id != id);
            if let Some(place) = input.position {
                let last = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
                after.position = place.clamp(1, last);
            }
            if after == before {
                return Ok(before);
            }
            after.version += 1;
            after.updated_at = now;
            put(tx, &after)?;
            let changed = changes(Some(&view(&before)), Some(&view(&after)));
            note(tx, (AuditAction::FieldUpdated, id, changed));
            if after.position != before.position {
                let at = (after.position as usize).saturating_sub(1).min(others.len());
                others.insert(at, after.clone());
                renumber(tx, &mut others, now)?;
            }
            raise_generation(tx, org)?;
            Ok(after)
        })?;
        let after = written.value;
        let is_ours = after.work.as_ref().is_some_and(|work| work.job == job);
        let job = is_ours.then(|| self.start_field_work(&after)).transpose()?;
        Ok(FieldChanged::Done(Box::new(view(&after)), job))
    }
}
