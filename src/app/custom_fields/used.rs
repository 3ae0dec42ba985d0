//! Custom fields inside the write of a contact: looked at again if definitions have changed since
//! the draft was checked, and defined if it is the first to use them.

use std::sync::Arc;

use uuid::Uuid;

use super::super::error::Error;
use super::super::people::{changes, note};
use super::{fitting, generation, put, raise_generation, read_definitions, view};
use crate::domain::access::{Caller, OrgSettings};
use crate::domain::audit::AuditAction;
use crate::domain::custom_field::{CustomType, Definitions, FieldDefinition};
use crate::domain::draft::Draft;
use crate::domain::ids::OrgNumber;
use crate::domain::issue::FieldIssue;
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx};

/// The definitions that a write goes by. Made anew whenever its closure runs.
pub(in crate::app) struct FieldsInWrite<'a> {
    definitions: Arc<Definitions>,
    caller: &'a Caller,
    settings: &'a OrgSettings,
    now: Timestamp,
}

impl<'a> FieldsInWrite<'a> {
    /// Takes the definitions that are known if nothing has changed since. Cost: reads one counter.
    pub(in crate::app) fn begin(
        tx: &Tx<'_>,
        known: &Arc<Definitions>,
        caller: &'a Caller,
        settings: &'a OrgSettings,
        now: Timestamp,
    ) -> Result<Self, Rejected<Error>> {
        let org = caller.organization;
        let state = generation(tx, org)?;
        let definitions = if state == known.generation() {
            Arc::clone(known)
        } else {
            Arc::new(Definitions::new(state, read_definitions(tx, org)?))
        };
        Ok(Self { definitions, caller, settings, now })
    }

    /// The organisation whose fields they are.
    pub(in crate::app) fn organization(&self) -> OrgNumber {
        self.caller.organization
    }

    /// Looks at the fields of a draft again if definitions have changed since it was checked.
    pub(in crate::app) fn refit(
        &self,
        draft: &mut Draft,
        is_new: bool,
    ) -> Result<(), Vec<FieldIssue>> {
        let state = Some(self.definitions.generation());
        if draft.fields_fitted == state || draft.custom_fields.is_keep() && !is_new {
            return Ok(());
        }
        let mut issues =
            self.definitions.fit(&mut draft.custom_fields, fitting(self.caller, self.settings));
        draft.fields_fitted = state;
        if is_new {
            issues.extend(self.definitions.missing(&draft.custom_fields, &self.caller.fields));
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }

    /// Defines what a draft is the first to use.
    pub(in crate::app) fn define(
        &mut self,
        tx: &mut Tx<'_>,
        draft: &Draft,
    ) -> Result<(), Rejected<Error>> {
        let last = self.definitions.iter().last().map_or(0, |one| one.position);
        let made: Vec<FieldDefinition> = self
            .definitions
            .undefined(&draft.custom_fields)
            .zip(last.saturating_add(1)..)
            .map(|((key, value), position)| FieldDefinition {
                id: Uuid::now_v7(),
                organization: self.caller.organization,
                key: key.clone(),
                label: key.clone(),
                kind: CustomType::of_value(value),
                declared: false,
                required: false,
                options: Vec::new(),
                visible_to: None,
                position,
                archived: false,
                work: None,
                version: 1,
                created_at: self.now,
                updated_at: self.now,
                created_by: Some(self.caller.actor.to_string()),
            })
            .collect();
        if made.is_empty() {
            return Ok(());
        }
        for one in &made {
            put(tx, one)?;
            note(tx, (AuditAction::FieldCreated, one.id, changes(None, Some(&view(one)))));
        }
        let state = raise_generation(tx, self.caller.organization)?;
        let all = self.definitions.iter().cloned().chain(made).collect();
        self.definitions = Arc::new(Definitions::new(state, all));
        Ok(())
    }
}
