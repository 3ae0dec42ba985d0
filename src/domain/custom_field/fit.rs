//! The custom fields of one change against all definitions: keys take the spelling of their
//! definition, values the form of their type, and what does not fit is named.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::{Definitions, FieldDefinition, MAX_FIELDS, convert};
use crate::domain::access::{FieldRights, Role};
use crate::domain::draft::Patch;
use crate::domain::issue::{FieldIssue, shorten};
use crate::domain::text::fold;

/// The custom fields of a draft.
pub type FieldPatch = Patch<BTreeMap<String, Patch<Value>>>;

/// Most keys that a message lists.
const SHOWN_KEYS: usize = 20;

/// Who makes a change, and what an organisation allows.
#[derive(Clone, Copy, Debug)]
pub struct Fitting<'a> {
    /// Which fields the caller sees.
    pub rights: &'a FieldRights,
    /// What the caller is.
    pub role: Role,
    /// Whether a key that nobody has defined makes a definition.
    pub adhoc: bool,
    /// Whether messages may name fields that were only used, maybe out of the caller's sight.
    pub names_used: bool,
}

/// The JSON pointer to the value of a key in a contact.
pub fn pointer(key: &str) -> String {
    format!("/custom_fields/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn hidden(pointer: String) -> FieldIssue {
    let detail = "may not be set by you, since you do not see all of it";
    FieldIssue::new(pointer, "field_hidden", detail)
}

fn required(definition: &FieldDefinition) -> FieldIssue {
    let detail = format!("{:?} is required: it needs a value", definition.label);
    FieldIssue::new(pointer(&definition.key), "required", detail)
}

impl Definitions {
    /// Makes the custom fields of a change fit.
    pub fn fit(&self, fields: &mut FieldPatch, fitting: Fitting<'_>) -> Vec<FieldIssue> {
        match fields {
            Patch::Keep => Vec::new(),
            Patch::Clear => self.fit_clear(fields, fitting),
            Patch::Set(values) => {
                let mut fitted = BTreeMap::new();
                let mut issues = Vec::new();
                let mut seen = HashSet::new();
                let mut new = 0;
                for (key, value) in std::mem::take(values) {
                    let folded = fold(&key);
                    let fits = self.fit_one(&folded, &key, value, fitting, &mut new);
                    match fits {
                        Err(issue) => issues.push(issue),
                        Ok(_) if !seen.insert(folded) => {
                            let detail = "names the same field as another member";
                            issues.push(FieldIssue::new(pointer(&key), "key", detail));
                        }
                        Ok((key, value)) => {
                            fitted.insert(key, value);
                        }
                    }
                }
                *values = fitted;
                issues
            }
        }
    }

    /// All fields are cleared: those that nobody sees stay, and what is required cannot go.
    fn fit_clear(&self, fields: &mut FieldPatch, fitting: Fitting<'_>) -> Vec<FieldIssue> {
        let withdrawn: Vec<String> = self.withdrawn().collect();
        if fitting.rights.hidden_custom.iter().any(|key| !withdrawn.contains(key)) {
            return vec![hidden("/custom_fields".to_owned())];
        }
        let issues: Vec<FieldIssue> = self.required().map(required).collect();
        if issues.is_empty() && !withdrawn.is_empty() {
            let seen = self.iter().filter(|one| !one.is_withdrawn());
            *fields = Patch::Set(seen.map(|one| (one.key.clone(), Patch::Clear)).collect());
        }
        issues
    }

    fn fit_one(
        &self,
        folded: &str,
        key: &str,
        value: Patch<Value>,
        fitting: Fitting<'_>,
        new: &mut usize,
    ) -> Result<(String, Patch<Value>), FieldIssue> {
        let issue =
            |code, detail: &str| Err(FieldIssue::new(pointer(key), code, detail.to_owned()));
        if folded.is_empty() {
            return issue("key", "a key needs a letter or digit");
        }
        let Some(definition) = self.get(folded) else {
            if fitting.rights.hidden_custom.iter().any(|known| known == folded) {
                return Err(hidden(pointer(key)));
            }
            if matches!(value, Patch::Set(_)) {
                if !fitting.adhoc {
                    return Err(self.unknown(key, fitting));
                }
                *new += 1;
                if self.iter().len() + *new > MAX_FIELDS {
                    let detail = format!(
                        "would be one custom field more than the {MAX_FIELDS} that an organisation can have"
                    );
                    return issue("too_many_fields", &detail);
                }
            }
            return Ok((key.to_owned(), value));
        };
        if definition.is_withdrawn() && definition.is_for(fitting.role) {
            return if definition.is_deleting() {
                issue("field_deleting", "is being deleted: wait until that is done")
            } else {
                issue("field_archived", "is archived: bring the field back before it is used")
            };
        }
        if definition.is_withdrawn() || fitting.rights.hidden_custom.iter().any(|k| k == folded) {
            return Err(hidden(pointer(key)));
        }
        let value = match value {
            Patch::Set(value) => match convert(definition, &value) {
                Ok(fits) => fits.map_or(Patch::Clear, Patch::Set),
                Err(misfit) => return issue(misfit.code, &misfit.detail),
            },
            other @ (Patch::Keep | Patch::Clear) => other,
        };
        if value == Patch::Clear && definition.required {
            return Err(FieldIssue { pointer: pointer(key), ..required(definition) });
        }
        Ok((definition.key.clone(), value))
    }

    fn unknown(&self, key: &str, fitting: Fitting<'_>) -> FieldIssue {
        let seen = self.iter().filter(|one| {
            !one.is_withdrawn()
                && (one.declared || fitting.names_used)
                && !fitting.rights.hidden_custom.contains(&fold(&one.key))
        });
        let mut keys: Vec<&str> = seen.map(|one| one.key.as_str()).take(SHOWN_KEYS + 1).collect();
        if keys.len() > SHOWN_KEYS {
            keys[SHOWN_KEYS] = "…";
        }
        let known = match keys.as_slice() {
            [] => "there are none yet".to_owned(),
            keys => format!("known are {}", keys.join(", ")),
        };
        let detail =
            format!("{:?} is not a custom field of this organisation; {known}", shorten(key));
        FieldIssue::new(pointer(key), "unknown_field", detail)
    }

    /// What a new contact with these fields lacks of what its creator sees.
    pub fn missing(&self, fields: &FieldPatch, rights: &FieldRights) -> Vec<FieldIssue> {
        let given = |definition: &FieldDefinition| {
            let value = fields.value().and_then(|values| values.get(&definition.key));
            matches!(value, Some(Patch::Set(_)))
        };
        let lacks = |one: &&FieldDefinition| !given(one) && rights.sees_custom(&one.key);
        self.required().filter(lacks).map(required).collect()
    }

    /// The fields that fitted fields use and nobody has defined, with their values.
    pub fn undefined<'a>(
        &'a self,
        fields: &'a FieldPatch,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let values = fields.value().into_iter().flatten();
        values.filter_map(|(key, value)| {
            let value = value.value()?;
            (!self.has_key(key)).then_some((key, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::custom_field::{CustomType, FieldMigration, FieldWork, sample};
    use crate::domain::time::Timestamp;

    fn definitions() -> Definitions {
        let field = |key: &str, kind| FieldDefinition {
            key: key.to_owned(),
            label: key.to_owned(),
            ..sample(kind)
        };
        let work = FieldWork {
            job: uuid::Uuid::nil(),
            actor: String::new(),
            since: Timestamp(0),
            task: FieldMigration::Delete,
        };
        let all = vec![
            FieldDefinition { required: true, ..field("Budget", CustomType::Integer) },
            FieldDefinition { archived: true, ..field("old", CustomType::ShortText) },
            FieldDefinition { work: Some(work), ..field("going", CustomType::ShortText) },
            FieldDefinition {
                visible_to: Some(vec![Role::Manager]),
                ..field("salary", CustomType::Integer)
            },
            FieldDefinition { declared: false, ..field("free", CustomType::ShortText) },
        ];
        Definitions::new(1, all)
    }

    fn rights(role: Role) -> FieldRights {
        let hidden_custom = definitions().hidden_from(role).collect();
        FieldRights { hidden_custom, ..FieldRights::default() }
    }

    /// The fitted fields and the codes of what does not fit, by pointer.
    fn fit(fields: &Value, role: Role, adhoc: bool) -> (Value, Vec<(String, &'static str)>) {
        let read = |value: &Value| {
            if value.is_null() { Patch::Clear } else { Patch::Set(value.clone()) }
        };
        let mut patch: FieldPatch = fields.as_object().map_or(Patch::Clear, |members| {
            Patch::Set(members.iter().map(|(key, value)| (key.clone(), read(value))).collect())
        });
        let rights = rights(role);
        let issues = definitions()
            .fit(&mut patch, Fitting { rights: &rights, role, adhoc, names_used: true });
        let shown = patch.value().map_or(Value::Null, |values| {
            let shown =
                values.iter().map(|(k, v)| (k.clone(), v.value().cloned().unwrap_or_default()));
            Value::Object(shown.collect())
        });
        (shown, issues.into_iter().map(|issue| (issue.pointer, issue.code)).collect())
    }

    #[test]
    fn fields_take_the_form_of_their_definitions() {
        let (fields, issues) =
            fit(&json!({"BUDGET": "7", "Free": [1], "new": true}), Role::Agent, true);
        assert_eq!(fields, json!({"Budget": 7, "free": [1], "new": true}));
        assert_eq!(issues, []);
        for (fields, role, adhoc, expect) in [
            (json!({"budget": "x"}), Role::Agent, true, "integer"),
            (json!({"budget": null}), Role::Agent, true, "required"),
            (json!({"budget": ""}), Role::Agent, true, "required"),
            (json!({"old": 1}), Role::Admin, true, "field_archived"),
            (json!({"going": 1}), Role::Admin, true, "field_deleting"),
            (json!({"salary": 1}), Role::Agent, true, "field_hidden"),
            (json!({"new": 1}), Role::Agent, false, "unknown_field"),
            (json!({"'": 1}), Role::Agent, true, "key"),
            (json!({"free": 1, "FREE": 2}), Role::Agent, true, "key"),
            (json!(null), Role::Agent, true, "field_hidden"),
            (json!(null), Role::Manager, true, "required"),
        ] {
            let (_, issues) = fit(&fields, role, adhoc);
            assert_eq!(issues.len(), 1, "{fields} {issues:?}");
            assert_eq!(issues[0].1, expect, "{fields}");
        }
        assert_eq!(fit(&json!({"salary": "9"}), Role::Manager, true).0, json!({"salary": 9}));
        assert_eq!(fit(&json!({"new": null}), Role::Agent, false).1, []);
    }

    #[test]
    fn a_new_contact_needs_what_is_required_and_seen() {
        let all = definitions();
        let full = rights(Role::Admin);
        assert_eq!(all.missing(&Patch::Keep, &full)[0].pointer, "/custom_fields/Budget");
        let given = Patch::Set([("Budget".to_owned(), Patch::Set(json!(1)))].into());
        assert!(all.missing(&given, &full).is_empty());
        let blind =
            FieldRights { hidden_custom: vec!["budget".to_owned()], ..FieldRights::default() };
        assert!(all.missing(&Patch::Keep, &blind).is_empty());
    }
}
