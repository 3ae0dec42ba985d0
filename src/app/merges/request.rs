//! What requests to merge and to undo say.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::super::error::Error;
use crate::domain::draft::Patch;
use crate::domain::ids::ContactId;
use crate::domain::issue::{FieldIssue, shorten};
use crate::domain::members::ObjectReader;
use crate::domain::merge::{Rule, Whose};

/// Most contacts of one merge.
pub(in crate::app) const MOST_CONTACTS: usize = 50;
/// Most sources of a rule, and most fields that are chosen.
const MOST_NAMED: usize = 500;

/// A request to merge.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::app) struct MergeRequest {
    pub(in crate::app) primary: ContactId,
    pub(in crate::app) others: Vec<ContactId>,
    pub(in crate::app) fields: BTreeMap<String, ContactId>,
    pub(in crate::app) rule: Rule,
    pub(in crate::app) versions: BTreeMap<ContactId, u64>,
    pub(in crate::app) is_dry_run: bool,
}

fn id_of(value: &Value) -> Option<ContactId> {
    value.as_str().and_then(|text| Uuid::parse_str(text).ok()).map(ContactId)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads an object member by member.
fn entries<T>(
    name: &str,
    given: &Patch<&Value>,
    expected: &str,
    issues: &mut Vec<FieldIssue>,
    read: impl Fn(&str, &Value) -> Option<T>,
) -> Vec<T> {
    let Patch::Set(value) = given else { return Vec::new() };
    let Value::Object(map) = value else {
        issues.push(FieldIssue::new(format!("/{name}"), "type", "must be a JSON object"));
        return Vec::new();
    };
    if map.len() > MOST_NAMED {
        let detail = format!("has {} members; at most {MOST_NAMED} are allowed", map.len());
        issues.push(FieldIssue::new(format!("/{name}"), "too_many", detail));
        return Vec::new();
    }
    let mut all = Vec::with_capacity(map.len());
    for (key, value) in map {
        if let Some(read) = read(key, value) {
            all.push(read);
        } else {
            let pointer = format!("/{name}/{}", escaped(key));
            let detail = format!("{} is not {expected}", shorten(&value.to_string()));
            issues.push(FieldIssue::new(pointer, "value", detail));
        }
    }
    all
}

impl MergeRequest {
    pub(super) fn read(body: &Value) -> Result<Self, Error> {
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let mut issues = Vec::new();
        let primary = members.id("primary");
        let others = members.list("others", "ids", usize::MAX, |text| Uuid::parse_str(text).ok());
        let fields = members.json("fields");
        let rule =
            members.parsed("rule", &Rule::NAMES.join(", "), |text| Rule::parse(text, Vec::new()));
        let sources =
            members.list("sources", "names of sources", MOST_NAMED, |text| Some(text.to_owned()));
        let versions = members.json("versions");
        let is_dry_run = members.flag("dry_run").value().copied().unwrap_or(false);
        let fields =
            entries("fields", &fields, "the id of a contact", &mut issues, |name, value| {
                Some((name.to_owned(), id_of(value)?))
            });
        let is_version = "a version, by the id of a contact";
        let versions = entries("versions", &versions, is_version, &mut issues, |id, version| {
            Some((ContactId(Uuid::parse_str(id).ok()?), version.as_u64()?))
        });
        if primary == Patch::Clear || primary.is_keep() && body.get("primary").is_none() {
            members.issue("primary", "required", "name the contact that stays");
        }
        if let Patch::Clear | Patch::Keep = others
            && !body.get("others").is_some_and(Value::is_array)
        {
            members.issue("others", "required", "name the contacts that go into it");
        }
        let sources = sources.value().cloned().unwrap_or_default();
        let rule = match rule.value().cloned().unwrap_or_default() {
            Rule::SourceOrder(_) if sources.is_empty() => {
                members.issue("sources", "required", "name the sources, the best one first");
                Rule::default()
            }
            Rule::SourceOrder(_) => Rule::SourceOrder(sources),
            rule @ (Rule::Primary | Rule::Newest | Rule::Oldest | Rule::MostComplete) => rule,
        };
        issues.extend(members.finish().err().unwrap_or_default());
        let primary = primary.value().copied().unwrap_or_default();
        let others = others.value().cloned().unwrap_or_default();
        if issues.is_empty() {
            check_ids(primary, &others, &mut issues);
        }
        let ids: Vec<ContactId> =
            std::iter::once(primary).chain(others.iter().copied()).map(ContactId).collect();
        for (id, _) in versions.iter().filter(|(id, _)| !ids.contains(id)) {
            let pointer = format!("/versions/{id}");
            let detail = "is not one of the contacts that are merged";
            issues.push(FieldIssue::new(pointer, "unknown_contact", detail));
        }
        if !issues.is_empty() {
            return Err(Error::Invalid(issues));
        }
        Ok(Self {
            primary: ContactId(primary),
            others: others.into_iter().map(ContactId).collect(),
            fields: fields.into_iter().collect(),
            rule,
            versions: versions.into_iter().collect(),
            is_dry_run,
        })
    }
}

fn check_ids(primary: Uuid, others: &[Uuid], issues: &mut Vec<FieldIssue>) {
    if others.is_empty() {
        issues.push(FieldIssue::new("/others", "required", "name at least one other contact"));
    }
    if others.len() >= MOST_CONTACTS {
        let detail = format!(
            "{} contacts are too many at once; at most {MOST_CONTACTS} are merged, so merge in steps",
            others.len() + 1
        );
        issues.push(FieldIssue::new("/others", "too_many", detail));
        return;
    }
    for (at, id) in others.iter().enumerate() {
        let pointer = format!("/others/{at}");
        if *id == primary {
            let detail = "is the primary contact: a contact cannot be merged with itself";
            issues.push(FieldIssue::new(pointer, "same_contact", detail));
        } else if others[..at].contains(id) {
            issues.push(FieldIssue::new(pointer, "repeated", "is named twice"));
        }
    }
}

/// A request to undo a merge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UndoRequest {
    pub(super) resolve: BTreeMap<String, Whose>,
    pub(super) is_dry_run: bool,
}

impl UndoRequest {
    pub(super) fn read(body: &Value) -> Result<Self, Error> {
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let mut issues = Vec::new();
        let resolve = members.json("resolve");
        let is_dry_run = members.flag("dry_run").value().copied().unwrap_or(false);
        let expected = "the id of a contact, or \"survivor\"";
        let resolve = entries("resolve", &resolve, expected, &mut issues, |field, value| {
            let whose = match value.as_str()? {
                "survivor" => Whose::Survivor,
                _ => Whose::Contact(id_of(value)?),
            };
            Some((field.to_owned(), whose))
        });
        issues.extend(members.finish().err().unwrap_or_default());
        if !issues.is_empty() {
            return Err(Error::Invalid(issues));
        }
        Ok(Self { resolve: resolve.into_iter().collect(), is_dry_run })
    }
}
