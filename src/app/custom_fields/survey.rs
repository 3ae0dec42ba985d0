//! How contacts use custom fields: how many hold one, and which values would not fit a change.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::super::App;
use super::super::error::Error;
use super::task::{Fate, fate};
use crate::domain::access::Caller;
use crate::domain::contact::Contact;
use crate::domain::custom_field::{Definitions, FieldDefinition, OnMisfit};
use crate::domain::ids::ContactId;
use crate::domain::text::fold;

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
    /// How many live contacts that the caller sees hold which field, by folded key.
    pub(super) fn count_fields(
        &self,
        caller: &Caller,
        definitions: &Definitions,
    ) -> Result<HashMap<String, u64>, Error> {
        let mut by_key: HashMap<String, u64> =
            definitions.iter().map(|one| (one.key.clone(), 0)).collect();
        let mut others: HashMap<String, u64> = HashMap::new();
        self.partition.for_each_contact(caller.organization, |batch| {
            for contact in batch.iter().filter(|contact| caller.sees(contact)) {
                for key in contact.fields.custom_fields.keys() {
                    match by_key.get_mut(key) {
                        Some(count) => *count += 1,
                        None => *others.entry(fold(key)).or_default() += 1,
                    }
                }
            }
            true
        })?;
        for (key, count) in by_key {
            *others.entry(fold(&key)).or_default() += count;
        }
        Ok(others)
    }

    /// What a change of a field would meet, or its deletion if there is no intent. Counts are of
    /// the whole organisation, since all of it would change.
    pub(super) fn survey_field(
        &self,
        caller: &Caller,
        definition: &FieldDefinition,
        intent: Option<Intent<'_>>,
    ) -> Result<Survey, Error> {
        let folded = fold(&definition.key);
        let mut survey = Survey::default();
        let gone: Vec<&String> = intent.map_or_else(Vec::new, |intent| {
            let options = intent.before.options.iter();
            options.filter(|option| intent.after.option(option).is_none()).collect()
        });
        self.partition.for_each_contact(caller.organization, |batch| {
            for contact in &batch {
                let Some(value) = held(contact, &definition.key, &folded) else { continue };
                survey.contacts += 1;
                let Some(intent) = intent else { continue };
                for option in &gone {
                    let uses = |value: &Value| value.as_str() == Some(option.as_str());
                    if uses(value) || value.as_array().is_some_and(|all| all.iter().any(uses)) {
                        *survey.options.entry((*option).clone()).or_default() += 1;
                    }
                }
                let fate = fate(intent.after, intent.replace, OnMisfit::Refuse, value);
                if let Fate::Misfit(misfit) = fate {
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
