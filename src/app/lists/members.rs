//! Who is put on static lists, and taken off.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::bulk_actions::{BulkStart, BulkTrial, Deed};
use super::super::bulk_request::{BulkMode, read_selection};
use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::import_companies::named_record;
use super::super::imports::ListMode;
use super::super::jobs::BulkJob;
use super::super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::ids::ContactId;
use crate::domain::list::{ContactList, ListBook, list_kind};
use crate::domain::record::{Record, Verb, kind_by_name};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::Tx;

/// Contacts of a selection that are changed before the request is answered.
const MOST_AT_ONCE: u64 = 1_000;

/// What became of a change of the members of a list.
#[derive(Debug)]
pub enum MembersChanged {
    /// Nothing was changed.
    Trial(BulkTrial),
    /// It is done.
    Done(Box<BulkJob>),
    /// It runs.
    Started(Box<BulkJob>),
}

impl App {
    /// Puts contacts on a static list, or takes them off.
    ///
    /// Few are changed at once; many by a job.
    ///
    /// # Errors
    /// If there is no such list, it is a dynamic one, the selection does not fit, or the caller may
    /// not.
    pub fn change_members(
        self: &Arc<Self>,
        caller: &Caller,
        list: &str,
        body: &Value,
        is_member: bool,
        idempotency: Option<Idempotency>,
    ) -> Result<MembersChanged, Error> {
        let edit = kind_by_name("list").map_or(Permission::Edit, |kind| kind.info().edit);
        authorize(caller, edit)?;
        let id = Uuid::parse_str(list).ok();
        let book = self.lists(caller.organization)?;
        let known = id.and_then(|id| book.get(id)).cloned();
        let list = known.ok_or(Error::NotFound(Noun::Record("list")))?;
        refuse_dynamic(&list, "")?;
        let members = body.as_object().cloned().unwrap_or_default();
        let (mode, select): (serde_json::Map<_, _>, serde_json::Map<_, _>) = members
            .into_iter()
            .partition(|(name, _)| ["dry_run", "expect_total", "match"].contains(&name.as_str()));
        let mut whole = Value::Object(mode);
        let mode = BulkMode::read(&whole)?;
        whole["select"] = Value::Object(select);
        let selection = read_selection(&whole, mode).map_err(without_select)?;
        self.check_selection(caller, &selection).map_err(without_select)?;
        let deed = Deed::List { list: list.id, is_member };
        if !mode.is_trial {
            let done = self.do_deed(caller, mode, &selection, &deed, MOST_AT_ONCE)?;
            if let Some(done) = done {
                return Ok(MembersChanged::Done(Box::new(done)));
            }
        }
        Ok(match self.start_deed(caller, mode, selection, (deed, None), idempotency)? {
            BulkStart::Trial(trial) => MembersChanged::Trial(trial),
            BulkStart::Started(job) | BulkStart::Repeated(job) => MembersChanged::Started(job),
        })
    }

    /// One static list by id or name.
    pub(in crate::app) fn static_list(
        &self,
        caller: &Caller,
        text: &str,
        at: &str,
    ) -> Result<ContactList, Error> {
        let list = self.list_named(caller, text, at)?;
        refuse_dynamic(&list, at)?;
        Ok(list)
    }

    /// Refuses a name that a list has already.
    pub(in crate::app) fn refuse_known_list(
        &self,
        caller: &Caller,
        name: &str,
        at: &str,
    ) -> Result<(), Error> {
        if self.lists(caller.organization)?.find(name).is_empty() {
            return Ok(());
        }
        let detail =
            "there is a list of this name already: say list_mode existing, or another name";
        Err(Error::invalid(at, "list", detail))
    }
}

/// Lists that an import puts contacts on, by folded name; those that it names first are made.
pub(in crate::app) struct ImportLists {
    book: Arc<ListBook>,
    /// The list for every row.
    every: Option<Uuid>,
    made: HashMap<String, Uuid>,
    /// What the next write makes.
    new: Vec<Record>,
}

impl ImportLists {
    pub(in crate::app) fn new(
        app: &App,
        caller: &Caller,
        mode: &ListMode,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let book = app.lists(caller.organization)?;
        let (made, new) = (HashMap::new(), Vec::new());
        let mut lists = Self { book, every: None, made, new };
        lists.every = match mode {
            ListMode::None | ListMode::PerRow => None,
            ListMode::Existing(list) => Some(app.static_list(caller, list, "/options/list")?.id),
            ListMode::New(name) => Some(lists.make(caller, name, now)?),
        };
        Ok(lists)
    }

    /// The list for every row, unless a later write makes it.
    pub(in crate::app) fn every(&self) -> Option<Uuid> {
        self.every.filter(|id| !self.new.iter().any(|list| list.head.id == *id))
    }

    /// The lists of a row.
    pub(in crate::app) fn of_row(
        &mut self,
        caller: &Caller,
        names: &[String],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, Error> {
        let mut all: Vec<Uuid> = self.every.into_iter().collect();
        for name in names {
            let folded = fold(name);
            let known = self.made.get(&folded).copied();
            let of_book = || {
                let known = self.book.find(name);
                known.into_iter().find(|list| list.query.is_none()).map(|list| list.id)
            };
            let id = match known.or_else(of_book) {
                Some(id) => id,
                None => self.make(caller, name, now)?,
            };
            if !all.contains(&id) {
                all.push(id);
            }
        }
        Ok(all)
    }

    fn make(&mut self, caller: &Caller, name: &str, now: Timestamp) -> Result<Uuid, Error> {
        let kind = kind_by_name("list").ok_or(Error::NotFound(Noun::Record("list")))?;
        let list = named_record(caller, kind, name, now)?;
        let id = list.head.id;
        self.made.insert(fold(name), id);
        self.new.push(list);
        Ok(id)
    }

    /// Takes the lists of others in the place of those that it was to make.
    pub(in crate::app) fn are_there(&mut self, taken: &HashMap<Uuid, Uuid>) {
        let there = |id: &mut Uuid| *id = taken.get(id).copied().unwrap_or(*id);
        self.every.iter_mut().for_each(there);
        self.made.values_mut().for_each(there);
    }

    /// Whether a name is that of a dynamic list alone.
    pub(in crate::app) fn is_dynamic(&self, name: &str) -> bool {
        let known = self.book.find(name);
        !known.is_empty() && known.iter().all(|list| list.query.is_some())
    }

    /// The lists that the next write makes.
    pub(in crate::app) fn take_new(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.new)
    }
}

/// Says in the audit log who was put on a list, or taken off.
pub(in crate::app) fn note_members(
    tx: &mut Tx<'_>,
    list: Uuid,
    changed: &[ContactId],
    is_member: bool,
) {
    if changed.is_empty() {
        return;
    }
    let (none, some) = (Value::Null, json!(changed));
    let (before, after) = if is_member { (none, some) } else { (some, none) };
    let change = FieldChange { field: "members".to_owned(), before, after };
    tx.note(AuditAction::Record(list_kind(), Verb::Updated), list, vec![change]);
}

fn refuse_dynamic(list: &ContactList, at: &str) -> Result<(), Error> {
    if list.query.is_none() {
        return Ok(());
    }
    let detail = "is a dynamic list: whoever meets its query belongs to it";
    Err(Error::invalid(at, "dynamic_list", detail))
}

/// The members of a selection stand by themselves here.
fn without_select(error: Error) -> Error {
    let Error::Invalid(mut issues) = error else { return error };
    for issue in &mut issues {
        if let Some(rest) = issue.pointer.strip_prefix("/select") {
            issue.pointer = rest.to_owned();
        }
    }
    Error::Invalid(issues)
}
