//! What a change of a contact must keep to that can only be judged beside the contact as it is:
//! protections, references that lead nowhere, members that nobody writes.
//!
//! Sending back what holds already is always allowed: clients read a record, edit a part of it and
//! send all of it.

use serde_json::Value;
use uuid::Uuid;

use super::App;
use super::error::Error;
use super::imports::today;
use super::protection::forbidden_protection;
use super::references::{UnknownReference, unknown_references};
use crate::domain::access::Caller;
use crate::domain::contact::{Contact, Visibility};
use crate::domain::date::{self, Rules};
use crate::domain::draft::{Draft, Patch};
use crate::domain::issue::FieldIssue;
use crate::domain::place::{Doubt, doubts};
use crate::domain::record::{Record, kind_by_name};
use crate::domain::time::Timestamp;
use crate::domain::view::ContactView;

/// Reads the member of a contact that holds a reference.
type ReadReference = fn(&Contact) -> Option<&str>;

/// The rules for one change of one caller.
#[derive(Clone)]
pub(super) struct WriteRules {
    caller: Caller,
    /// References that lead nowhere: the member, how to read it, what is wrong.
    unknown: Vec<(ReadReference, FieldIssue)>,
    /// The company that the change names, if there is none with this id.
    unknown_company: Option<(Uuid, FieldIssue)>,
    /// Members that nobody writes, with the values sent.
    claims: Vec<(String, Value)>,
    /// Whether a country, language or time zone that is none is refused.
    strict_places: bool,
    /// The company that a draft names, and what it is called, unless the draft says that itself.
    company: Option<(Uuid, String)>,
    /// What the organisation is called.
    organization: [String; 2],
}

impl App {
    /// The rules for a draft whose names have been resolved.
    pub(super) fn write_rules(&self, caller: &Caller, draft: &Draft) -> Result<WriteRules, Error> {
        let unknown = unknown_references(self.access(), caller.organization, draft);
        let named = |one: UnknownReference| {
            let detail = format!("{}: send an id, or a name that only one has", one.detail());
            let pointer = format!("/{}", one.reference.member);
            (one.reference.of, FieldIssue::new(pointer, "reference", detail))
        };
        let unknown = unknown.into_iter().map(named).collect();
        let organization = self.organization_of(caller)?;
        let company = self.company_of_draft(caller, draft)?;
        let is_named = matches!(draft.company, Patch::Set(_));
        Ok(WriteRules {
            caller: caller.clone(),
            unknown,
            company: company.filter(|_| !is_named).and_then(|company| {
                let name = company.values.get("name")?.as_str()?;
                Some((company.head.id, name.to_owned()))
            }),
            unknown_company: self.unknown_company(caller, draft)?,
            claims: draft.claims.clone(),
            strict_places: organization.settings.strict_places,
            organization: [organization.id.to_string(), organization.name.clone()],
        })
    }

    /// The company that a draft names, if it is there.
    fn company_of_draft(&self, caller: &Caller, draft: &Draft) -> Result<Option<Record>, Error> {
        let Patch::Set(id) = draft.company_id else { return Ok(None) };
        let number = kind_by_name("company").map_or(0, |kind| kind.info().number);
        let company = self.partition.record(caller.organization, number, id)?;
        Ok(company.filter(|company| company.head.deleted_at.is_none()))
    }

    /// The company that a draft names and that is none of the organisation.
    pub(super) fn unknown_company(
        &self,
        caller: &Caller,
        draft: &Draft,
    ) -> Result<Option<(Uuid, FieldIssue)>, Error> {
        let Patch::Set(id) = draft.company_id else { return Ok(None) };
        if self.company_of_draft(caller, draft)?.is_some() {
            return Ok(None);
        }
        let detail = "there is no company with this id: make one at /api/v1/companies, or leave \
                      it out";
        Ok(Some((id, FieldIssue::new("/company_id", "company", detail))))
    }
}

/// What is wrong with a visibility that takes a contact out of the sight of everybody but those who
/// see all.
pub(super) fn out_of_sight(before: Option<&Contact>, after: &Contact) -> Option<FieldIssue> {
    let is_lost = |contact: &Contact| match contact.visibility {
        Visibility::All => false,
        Visibility::Queue => contact.assigned_queue.is_none(),
        Visibility::Owner => contact.assigned_to.is_none(),
    };
    if !is_lost(after) || before.is_some_and(is_lost) {
        return None;
    }
    let detail = match after.visibility {
        Visibility::Owner => {
            "a contact that only its owner sees needs one: set assigned_to to a user, or use another \
             visibility"
        }
        Visibility::All | Visibility::Queue => {
            "a contact that only a queue sees needs one: set assigned_queue, or use another visibility"
        }
    };
    Some(FieldIssue::new("/visibility", "required", detail))
}

impl App {
    /// Says of the birthday of a contact that it cannot be one, if so.
    ///
    /// # Errors
    /// If the organisation of the caller is gone.
    pub fn birthday_warning(
        &self,
        caller: &Caller,
        contact: &Contact,
    ) -> Result<Option<FieldIssue>, Error> {
        let organization = self.organization_of(caller)?;
        let today = today(self.partition.now(), organization.settings.timezone.as_deref());
        let day = contact.birthday.as_deref().and_then(|text| date::read(text, Rules::STRICT));
        let doubt = day.and_then(|day| date::birthday_doubt(day, today));
        Ok(doubt.map(|doubt| FieldIssue::new("/birthday", "birthday_doubtful", doubt)))
    }
}

impl WriteRules {
    /// A contact as it is to be written, if the change keeps to the rules. A new contact has none
    /// before.
    ///
    /// # Errors
    /// Names everything that does not.
    pub(super) fn permit(
        &self,
        before: Option<&Contact>,
        mut after: Contact,
    ) -> Result<Contact, Vec<FieldIssue>> {
        if let Some((id, name)) = &self.company
            && after.company_id == Some(*id)
            && before.and_then(|before| before.company_id) != Some(*id)
        {
            after.company = Some(name.clone());
        }
        let mut issues = forbidden_protection(&self.caller, before, &after);
        for (read, issue) in &self.unknown {
            if before.and_then(*read) != read(&after) {
                issues.push(issue.clone());
            }
        }
        issues.extend(out_of_sight(before, &after));
        if let Some((company, issue)) = &self.unknown_company
            && before.and_then(|before| before.company_id) != Some(*company)
        {
            issues.push(issue.clone());
        }
        if self.strict_places {
            let known = before.map(doubts).unwrap_or_default();
            let is_known = |doubt: &Doubt| {
                known.iter().any(|one| one.place == doubt.place && one.text == doubt.text)
            };
            let new = doubts(&after).into_iter().filter(|doubt| !is_known(doubt));
            issues.extend(new.map(|doubt| doubt.issue()));
        }
        self.check_claims(before, &mut issues);
        if issues.is_empty() { Ok(after) } else { Err(issues) }
    }

    fn check_claims(&self, before: Option<&Contact>, issues: &mut Vec<FieldIssue>) {
        if self.claims.is_empty() {
            return;
        }
        let present = before.and_then(|before| serde_json::to_value(ContactView::of(before)).ok());
        for (member, claimed) in &self.claims {
            let holds = match member.as_str() {
                "organization_id" | "organisation_id" | "tenant_id" | "tenant" => claimed
                    .as_str()
                    .is_some_and(|text| self.organization.iter().any(|known| known == text)),
                // A call that has come meanwhile makes nobody's edit stale.
                "total_calls" | "last_called_at" | "last_call_outcome"
                    if before.is_some_and(|before| before.facts.counts.calls > 0) =>
                {
                    true
                }
                // Which are shown depends on who asks.
                "lists" => {
                    let is_empty = claimed.as_array().is_some_and(Vec::is_empty);
                    let facts = before.map(|before| &before.facts);
                    is_empty
                        && facts.is_none_or(|facts| {
                            facts.own_lists.is_empty() && facts.merged_lists.is_empty()
                        })
                }
                _ => match &present {
                    Some(present) => same(claimed, present.get(member).unwrap_or(&Value::Null)),
                    // A new contact has no calls and no score yet.
                    None => match claimed {
                        Value::Number(number) => number.as_u64() == Some(0),
                        Value::Array(entries) => entries.is_empty(),
                        Value::Object(members) => members.is_empty(),
                        Value::Null | Value::Bool(_) | Value::String(_) => false,
                    },
                },
            };
            if !holds {
                let detail = match present.as_ref().and_then(|present| present.get(member)) {
                    Some(value) => format!("is read-only, and is {value}: leave it out"),
                    None => "is read-only: leave it out".to_owned(),
                };
                let pointer = format!("/{}", member.replace('~', "~0").replace('/', "~1"));
                issues.push(FieldIssue::new(pointer, "read_only", detail));
            }
        }
    }
}

/// Whether two values are the same, times also where they are written otherwise.
fn same(one: &Value, other: &Value) -> bool {
    let time = |value: &Value| serde_json::from_value::<Timestamp>(value.clone()).ok();
    one == other || one.is_string() && time(one).is_some_and(|at| Some(at) == time(other))
}
