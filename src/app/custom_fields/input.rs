//! What a request says about a definition.

use serde_json::Value;

use super::super::error::Error;
use crate::domain::access::Role;
use crate::domain::custom_field::{
    CustomType, FieldDefinition, MAX_FIELDS, MAX_NAME, MAX_OPTIONS, OnMisfit,
};
use crate::domain::draft::Patch;
use crate::domain::issue::FieldIssue;
use crate::domain::members::ObjectReader;
use crate::domain::text::{fold, words};

const TYPES: &str =
    "short_text, long_text, integer, decimal, date, boolean, dropdown, multi_select";

/// The members of a request; what was not sent stays as it is.
#[derive(Default)]
pub(super) struct FieldInput {
    key: Option<String>,
    label: Option<String>,
    pub(super) kind: Option<CustomType>,
    pub(super) declared: Option<bool>,
    required: Option<bool>,
    options: Option<Vec<String>>,
    /// The roles that see it besides admins; cleared for everybody.
    visible_to: Patch<Vec<Role>>,
    archived: Option<bool>,
    pub(super) position: Option<u32>,
    pub(super) on_misfit: OnMisfit,
    /// Options that take the place of some that are taken away.
    pub(super) replace_with: Option<Value>,
    pub(super) dry_run: bool,
}

fn name_of(text: &str) -> Option<String> {
    let text = text.trim();
    let fits =
        !text.is_empty() && text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// The roles that see a field besides admins, cleared for everybody; nothing if it is no such
/// value.
fn roles(value: &Value) -> Option<Patch<Vec<Role>>> {
    if let Some(text) = value.as_str() {
        return match fold(text.trim()).as_str() {
            "everybody" | "everyone" | "all" => Some(Patch::Clear),
            "manager" | "managers" | "manager+" | "manager and above" => {
                Some(Patch::Set(vec![Role::Manager]))
            }
            "admin" | "admins" => Some(Patch::Set(Vec::new())),
            _ => None,
        };
    }
    let listed = value.as_array()?.iter().map(|role| Role::parse(role.as_str()?));
    let listed: Vec<Role> = listed.collect::<Option<_>>()?;
    let ruled = Role::ALL.into_iter().filter(|role| *role != Role::Admin);
    let seeing: Vec<Role> = ruled.clone().filter(|role| listed.contains(role)).collect();
    Some(if seeing.len() < ruled.count() { Patch::Set(seeing) } else { Patch::Clear })
}

impl FieldInput {
    pub(super) fn read(body: &Value, is_new: bool) -> Result<Self, Error> {
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let mut input = Self::default();
        // In some systems the name is the key, in others what people read.
        let name = members.text("name", MAX_NAME).value().cloned();
        input.label = members.text("label", MAX_NAME).value().cloned();
        input.key = members.text("key", MAX_NAME).value().cloned();
        if input.label.is_none() {
            input.label = name;
        } else if input.key.is_none() && is_new {
            input.key = name;
        }
        input.kind = members.parsed("type", TYPES, CustomType::parse).value().copied();
        input.declared = members.flag("declared").value().copied();
        input.required = members.flag("required").value().copied();
        input.archived = members.flag("archived").value().copied();
        let position = members.number("position");
        let order = members.number("order");
        input.position = position
            .value()
            .or(order.value())
            .map(|place| u32::try_from(*place).unwrap_or(u32::MAX).max(1));
        let options = members.list(
            "options",
            &format!("texts of 1 to {MAX_NAME} characters"),
            MAX_OPTIONS,
            name_of,
        );
        input.options = match options {
            Patch::Keep => None,
            Patch::Clear => Some(Vec::new()),
            Patch::Set(options) => Some(options),
        };
        let mut seen = std::collections::HashSet::new();
        for option in input.options.iter().flatten() {
            if !seen.insert(fold(option)) {
                members.issue("options", "value", format!("{option:?} is there twice"));
            }
        }
        input.visible_to = match members.json("visible_to") {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(value) => roles(value).unwrap_or_else(|| {
                let detail = "must be everybody, manager, admin, or a list of roles: lookup, machine, agent, manager, admin";
                members.issue("visible_to", "value", detail);
                Patch::Keep
            }),
        };
        let on_misfit = members.parsed("on_misfit", "refuse, clear, keep", OnMisfit::parse);
        input.on_misfit = on_misfit.value().copied().unwrap_or_default();
        input.replace_with = match members.json("replace_with") {
            Patch::Set(value) => Some(value.clone()),
            Patch::Keep | Patch::Clear => None,
        };
        input.dry_run = members.flag("dry_run").value().copied().unwrap_or(false);
        // What answers say may be sent back.
        for shown in ["state", "job", "usage"] {
            members.json(shown);
        }
        members.finish().map_err(Error::Invalid)?;
        Ok(input)
    }

    /// Key and label of a new field; one of them is made of the other where it is not given.
    pub(super) fn key_and_label(&self) -> Result<(String, String), Error> {
        let made = || {
            let words = words(self.label.as_deref()?);
            let key = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("_");
            let key: String = key.chars().take(MAX_NAME).collect();
            (!key.is_empty()).then_some(key)
        };
        let Some(key) = self.key.clone().or_else(made) else {
            let detail = "a custom field needs a key, or a label to make it of";
            return Err(Error::invalid("/key", "required", detail));
        };
        if fold(&key).is_empty() {
            return Err(Error::invalid("/key", "key", "a key needs a letter or digit"));
        }
        let label = self.label.clone().unwrap_or_else(|| key.clone());
        Ok((key, label))
    }

    /// Whether it says something about which values fit, which makes a field declared.
    pub(super) fn says_values(&self, before: &FieldDefinition) -> bool {
        self.kind.is_some_and(|kind| kind != before.kind)
            || self.options.as_ref().is_some_and(|options| *options != before.options)
            || self.required.is_some_and(|required| required != before.required)
            || self.declared.is_some_and(|declared| declared && !before.declared)
    }

    /// Puts what was sent into a definition, except its place.
    pub(super) fn put_into(&self, definition: &mut FieldDefinition) -> Result<(), Error> {
        let mut issues = Vec::new();
        if self.key.as_ref().is_some_and(|key| fold(key) != fold(&definition.key)) {
            let detail = "never changes: change the label, or define another field";
            issues.push(FieldIssue::new("/key", "immutable", detail));
        }
        if self.declared == Some(false) && definition.declared {
            let detail = "a declared field stays declared";
            issues.push(FieldIssue::new("/declared", "value", detail));
        }
        definition.declared |= self.says_values(definition);
        if let Some(label) = &self.label {
            definition.label.clone_from(label);
        }
        if let Some(kind) = self.kind {
            definition.kind = kind;
        }
        if let Some(required) = self.required {
            definition.required = required;
        }
        match &self.options {
            Some(options) => definition.options.clone_from(options),
            None if !definition.kind.has_options() => definition.options.clear(),
            None => {}
        }
        match &self.visible_to {
            Patch::Keep => {}
            Patch::Clear => definition.visible_to = None,
            Patch::Set(roles) => definition.visible_to = Some(roles.clone()),
        }
        if let Some(archived) = self.archived {
            definition.archived = archived;
        }
        let has_options = !definition.options.is_empty();
        if definition.kind.has_options() && definition.declared && !has_options {
            let detail = format!("a {} needs at least one option", definition.kind.as_str());
            issues.push(FieldIssue::new("/options", "required", detail));
        }
        if !definition.kind.has_options() && has_options {
            let detail = format!("a field of type {} has no options", definition.kind.as_str());
            issues.push(FieldIssue::new("/options", "value", detail));
        }
        if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
    }
}

/// Reads an order: a list of keys or ids, alone or as `order` or `keys`.
pub(super) fn read_order(body: &Value) -> Result<Vec<String>, Error> {
    let members = body.as_object().filter(|members| members.len() == 1);
    let list = members.map_or(Some(body), |members| members.get("order").or(members.get("keys")));
    let list = list.and_then(Value::as_array).filter(|list| list.len() <= MAX_FIELDS);
    let names = list.and_then(|list| {
        list.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    let detail = "must be {\"order\": [keys or ids]}";
    names.ok_or_else(|| Error::invalid("/order", "required", detail))
}
