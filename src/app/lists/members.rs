//! Who is put on static lists, and taken off.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::super::bulk_actions::{BulkStart, BulkTrial, Deed};
use super::super::bulk_request::{BulkMode, read_selection};
use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::jobs::BulkJob;
use super::super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::list::ContactList;
use crate::domain::record::kind_by_name;

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
        Ok(match self.start_deed(caller, mode, selection, deed, idempotency)? {
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
