//! How contacts use custom fields: how many hold one, and which values would not fit a change.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::super::error::Error;
use super::super::{App, Cancel, Refresh};
use super::task::{ValueChange, fate};
use crate::domain::access::{Caller, FieldRights, Sight};
use crate::domain::contact::Contact;
use crate::domain::custom_field::{FieldDefinition, OnMisfit};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::text::fold;
use crate::engine::search::{self, Sort, SortField, Space};
use crate::query::{Condition, Expr, Field};

/// Most contacts that are listed one by one.
const MOST_EXAMPLES: usize = 100;

/// A value that would not fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Misfitting {
    /// The contact.
    pub contact_id: ContactId,
    /// Its name.
    pub display_name: String,
    /// The value.
    pub value: Value,
    /// Why it does not fit.
    pub reason: String,
}

/// What a change would meet in the contacts of the organisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Survey {
    /// In words.
    pub detail: String,
    /// How many contacts hold a value.
    pub contacts: u64,
    /// How many of the values would not fit.
    pub misfits: u64,
    /// The first of them that the caller sees.
    pub examples: Vec<Misfitting>,
    /// How many contacts use options that would be taken away.
    pub options: BTreeMap<String, u64>,
}

/// A change whose effect is asked for.
#[derive(Clone, Copy)]
pub(super) struct Intent<'a> {
    pub(super) before: &'a FieldDefinition,
    pub(super) after: &'a FieldDefinition,
    pub(super) replace: &'a BTreeMap<String, Option<String>>,
}

/// The value of a field in a contact, whatever the spelling of the key.
pub(super) fn held<'a>(contact: &'a Contact, key: &str, folded: &str) -> Option<&'a Value> {
    let fields = &contact.fields.custom_fields;
    if fields.is_empty() {
        return None;
    }
    fields.get(key).or_else(|| Some(fields.iter().find(|(known, _)| fold(known) == folded)?.1))
}

impl App {
    /// How many live contacts of what somebody sees hold a field. Counted in the index, so it costs
    /// what a search does; what was written a moment ago may not be counted yet.
    pub(super) fn count_field(
        &self,
        organization: OrgNumber,
        (sight, rights): (&Sight, &FieldRights),
        key: &str,
    ) -> Result<u64, Error> {
        let expr = Expr::Is(Condition::Has { field: Field::Custom(fold(key)) });
        let found = self.partition.search(&search::Request {
            space: Space::live(organization),
            hides_archived: false,
            expr: &expr,
            is_strict: true,
            typed: "",
            aliases: &search::Aliases::default(),
            sight,
            fields: rights,
            custom_keys: &[],
            status: None,
            sort: &Sort { field: SortField::CreatedAt, is_descending: false },
            after: None,
            start: None,
            offset: 0,
            limit: 0,
            most_total: None,
            facets: &[],
            facet_values: 0,
            time_budget: None,
        })?;
        if found.is_partial {
            return Err(Error::Overloaded("counting took too long; try again in a moment"));
        }
        Ok(found.total as u64)
    }

    /// What a change of a field would meet, or its deletion if there is no intent. Counts are of
    /// the whole organisation, since all of it would change.
    pub(super) fn survey_field(
        &self,
        caller: &Caller,
        definition: &FieldDefinition,
        intent: Option<Intent<'_>>,
        cancel: &Cancel,
    ) -> Result<Survey, Error> {
        let folded = fold(&definition.key);
        let mut survey = Survey::default();
        let Some(intent) = intent else {
            // Only how many there are is asked for, which the index knows.
            self.wait_for_writes(caller, Refresh::Wait);
            let all = (&Sight::Everything, &FieldRights::default());
            survey.contacts = self.count_field(caller.organization, all, &definition.key)?;
            return Ok(survey);
        };
        let options = intent.before.options.iter();
        let gone: Vec<&String> =
            options.filter(|option| intent.after.option(option).is_none()).collect();
        self.partition.for_each_contact(caller.organization, cancel, |batch| {
            for contact in &batch {
                let Some(value) = held(contact, &definition.key, &folded) else { continue };
                survey.contacts += 1;
                for option in &gone {
                    let uses = |value: &Value| value.as_str() == Some(option.as_str());
                    if uses(value) || value.as_array().is_some_and(|all| all.iter().any(uses)) {
                        *survey.options.entry((*option).clone()).or_default() += 1;
                    }
                }
                let fate = fate(intent.after, intent.replace, OnMisfit::Refuse, value);
                if let ValueChange::Misfit(misfit) = fate {
                    survey.misfits += 1;
                    if survey.examples.len() < MOST_EXAMPLES && caller.sees(contact) {
                        survey.examples.push(Misfitting {
                            contact_id: contact.id,
                            display_name: caller.shown(contact.clone().into()).display_name.clone(),
                            value: value.clone(),
                            reason: misfit.detail,
                        });
                    }
                }
            }
            true
        })?;
        Ok(survey)
    }
}
