//! The companies of an import: what a row calls a company leads to the one that is called so, or
//! makes it, where that is wanted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::error::{Error, Noun};
use super::import_names::NewCompanies;
use super::import_run::RowDecision;
use super::import_trial::Trial;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::draft::{Draft, Patch};
use crate::domain::ids::ContactId;
use crate::domain::record::{self, AnyKind, Head, Record, Writing, kind_by_name};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;

/// Most companies that are known by name; others are linked by nobody.
const MOST_COMPANIES: usize = 200_000;

/// What an import does with the companies that rows name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompanyMode {
    /// Contacts are called so, and belong to none.
    None,
    /// They belong to the company that is called so, where there is exactly one.
    #[default]
    Link,
    /// What there is not is made.
    Create,
}

impl CompanyMode {
    /// The name by which it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Link => "link",
            Self::Create => "create",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Link, Self::Create].into_iter().find(|one| one.as_str() == text.trim())
    }
}

/// A company as rows find it.
struct Known {
    id: Uuid,
    name: String,
    /// Whether another one is called so as well.
    is_ambiguous: bool,
}

/// The companies that an import knows.
#[derive(Default)]
pub(super) struct ImportCompanies {
    mode: CompanyMode,
    by_name: Option<HashMap<String, Known>>,
    /// What the next write makes.
    new: Vec<Record>,
    /// All that was made.
    made: Arc<HashSet<Uuid>>,
    /// When others were looked at last.
    seen_at: Timestamp,
}

impl ImportCompanies {
    pub(super) fn new(mode: CompanyMode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// The companies that the next write makes, which looks at `now` whether others have made them.
    pub(super) fn take_new(&mut self, now: Timestamp) -> NewCompanies {
        let companies = std::mem::take(&mut self.new);
        let seen_at = self.seen_at;
        if !companies.is_empty() {
            Arc::make_mut(&mut self.made).extend(companies.iter().map(|one| one.head.id));
            self.seen_at = now;
        }
        NewCompanies { companies, own: Arc::clone(&self.made), seen_at }
    }

    /// Takes the companies of others in the place of those that it was to make.
    pub(super) fn are_there(&mut self, taken: HashMap<Uuid, (Uuid, String)>) {
        for (made, (id, name)) in taken {
            let Some(by_name) = &mut self.by_name else { continue };
            if let Some(known) = by_name.get_mut(&fold(&name)).filter(|known| known.id == made) {
                *known = Known { id, name, is_ambiguous: false };
            }
        }
    }

    /// Leads rows to their companies. A contact that is called so already stays as it is: nobody
    /// has asked for it to belong to a company.
    pub(super) fn lead(
        &mut self,
        app: &App,
        caller: &Caller,
        trial: Option<&Trial>,
        work: &mut [RowDecision],
    ) -> Result<(), Error> {
        if self.mode == CompanyMode::None {
            return Ok(());
        }
        for decision in work {
            let (existing, draft) = match decision {
                RowDecision::Create(draft) => (None, draft),
                RowDecision::Update(id, draft) => (Some(*id), draft),
                RowDecision::Skip | RowDecision::Ask(_) | RowDecision::Refuse(_) => continue,
            };
            let (Patch::Set(text), Patch::Keep) = (&draft.company, &draft.company_id) else {
                continue;
            };
            let text = text.trim().to_owned();
            if text.is_empty() {
                continue;
            }
            if let Some(id) = existing
                && let Some(belongs) = is_called(app, caller, trial, id, &text)?
            {
                if belongs {
                    // It is called as its company is.
                    draft.company = Patch::Keep;
                }
                continue;
            }
            self.lead_row(app, caller, draft, &text)?;
        }
        Ok(())
    }

    fn lead_row(
        &mut self,
        app: &App,
        caller: &Caller,
        draft: &mut Draft,
        text: &str,
    ) -> Result<(), Error> {
        let kind = company_kind()?;
        let by_name = if let Some(known) = &mut self.by_name {
            known
        } else {
            self.seen_at = app.partition().now();
            self.by_name.insert(known_companies(app, caller, kind)?)
        };
        let folded = fold(text);
        if !by_name.contains_key(&folded) && self.mode == CompanyMode::Create {
            let made = named_record(caller, kind, text, app.partition().now())?;
            let known = Known { id: made.head.id, name: text.to_owned(), is_ambiguous: false };
            by_name.insert(folded.clone(), known);
            self.new.push(made);
        }
        if let Some(known) = by_name.get(&folded).filter(|known| !known.is_ambiguous) {
            draft.company_id = Patch::Set(known.id);
            draft.company = Patch::Set(known.name.clone());
        }
        Ok(())
    }
}

fn company_kind() -> Result<&'static dyn AnyKind, Error> {
    kind_by_name("company").ok_or(Error::NotFound(Noun::Record("company")))
}

/// Refuses to make companies for who may not.
pub(super) fn check_mode(caller: &Caller, mode: CompanyMode) -> Result<(), Error> {
    let edit = company_kind().map_or(Permission::Edit, |kind| kind.info().edit);
    if mode == CompanyMode::Create { authorize(caller, edit) } else { Ok(()) }
}

/// Whether a contact that is called after a company already belongs to one.
fn is_called(
    app: &App,
    caller: &Caller,
    trial: Option<&Trial>,
    id: ContactId,
    text: &str,
) -> Result<Option<bool>, Error> {
    let known = match trial.and_then(|trial| trial.by_id(id)) {
        Some(known) => Some(known),
        None => app.partition().contact(caller.organization, id)?,
    };
    let called = known.filter(|contact| {
        contact.company.as_ref().is_some_and(|called| fold(called) == fold(text))
    });
    Ok(called.map(|contact| contact.company_id.is_some()))
}

/// The companies of an organisation by name.
fn known_companies(
    app: &App,
    caller: &Caller,
    kind: &dyn AnyKind,
) -> Result<HashMap<String, Known>, Error> {
    let mut by_name: HashMap<String, Known> = HashMap::new();
    let all = app.partition().records_back(caller.organization, kind.info().number);
    for company in all.take(MOST_COMPANIES) {
        let company = company?;
        let name = company.values.get("name").and_then(serde_json::Value::as_str);
        let Some(name) = name.filter(|_| company.head.deleted_at.is_none()) else { continue };
        let known = Known { id: company.head.id, name: name.to_owned(), is_ambiguous: false };
        by_name.entry(fold(name)).and_modify(|one| one.is_ambiguous = true).or_insert(known);
    }
    Ok(by_name)
}

/// A record of which only the name is known.
pub(super) fn named_record(
    caller: &Caller,
    kind: &'static dyn AnyKind,
    name: &str,
    now: Timestamp,
) -> Result<Record, Error> {
    let body = json!({"name": name});
    let mut values = record::read(kind.fields(), &body, None).map_err(Error::Invalid)?;
    let actor = caller.actor.as_ref();
    let writing = Writing { now, actor, is_news: false };
    kind.settle(None, &mut values, writing).map_err(Error::Invalid)?;
    let head = Head {
        id: Uuid::now_v7(),
        organization: caller.organization,
        version: 1,
        created_at: now,
        updated_at: now,
        created_by: actor.to_owned(),
        updated_by: actor.to_owned(),
        deleted_at: None,
    };
    Ok(Record { head, values })
}
