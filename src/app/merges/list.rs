//! What merges there were.

use serde::Serialize;
use uuid::Uuid;

use super::super::error::{Error, Noun};
use super::super::{App, authorize};
use super::undo::sees_merge;
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::ContactId;
use crate::domain::merge::{Conflict, Left, MergeOrigin, MergeRecord};
use crate::domain::time::Timestamp;

/// Merges of a page if nothing else is asked for, and at most.
const PER_PAGE: usize = 50;
const MOST_PER_PAGE: usize = 500;
/// Records that are looked at for one page, where most are out of the caller's sight.
const MOST_SCANNED: usize = 10_000;

/// A merge as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the members are those of `MergeRecord`")]
pub struct MergeView {
    pub id: Uuid,
    pub primary: ContactId,
    pub others: Vec<ContactId>,
    pub at: Timestamp,
    pub actor: String,
    /// `manual` or `automatic`.
    pub origin: &'static str,
    /// The run that made it, if it was automatic.
    pub run: Option<Uuid>,
    pub rule: &'static str,
    /// `done`, `undone`, or `erased` where nobody can be brought back any more.
    pub state: &'static str,
    pub undone_at: Option<Timestamp>,
    pub undone_by: Option<String>,
    pub erased: Vec<ContactId>,
    /// Only where one merge is asked for, and only until it is undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<Conflict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Vec<Left>>,
}

/// A page of merges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MergePage {
    /// The merges, newest first.
    pub merges: Vec<MergeView>,
    /// Where the next page begins, if there may be more.
    pub next_cursor: Option<String>,
}

fn view(record: MergeRecord) -> MergeView {
    let (origin, run) = match record.origin {
        MergeOrigin::Manual => ("manual", None),
        MergeOrigin::Automatic(run) => ("automatic", Some(run)),
    };
    let state = match (record.undone_at, &record.values) {
        (Some(_), _) => "undone",
        (None, Some(_)) => "done",
        (None, None) => "erased",
    };
    MergeView {
        id: record.id,
        primary: record.primary,
        others: record.others,
        at: record.at,
        actor: record.actor,
        origin,
        run,
        rule: record.rule.as_str(),
        state,
        undone_at: record.undone_at,
        undone_by: record.undone_by,
        erased: record.erased,
        conflicts: None,
        lost: None,
    }
}

impl App {
    fn sees_merge(&self, caller: &Caller, record: &MergeRecord) -> Result<bool, Error> {
        let read = |id: ContactId| {
            let found = self.partition.contact(caller.organization, id)?;
            Ok(found.map(|found| found.as_ref().clone()))
        };
        Ok(sees_merge(&read, caller, record)?)
    }

    /// The merges that the caller sees, newest first; only those in which a contact took part, if
    /// one is named.
    ///
    /// # Errors
    /// If the cursor is none, or the caller may not merge.
    pub fn list_merges(
        &self,
        caller: &Caller,
        contact: Option<ContactId>,
        cursor: Option<&str>,
        per_page: Option<usize>,
    ) -> Result<MergePage, Error> {
        authorize(caller, Permission::Merge)?;
        let per_page = per_page.unwrap_or(PER_PAGE);
        if per_page == 0 || per_page > MOST_PER_PAGE {
            let detail = format!("must be 1 to {MOST_PER_PAGE}");
            return Err(Error::invalid("/per_page", "range", detail));
        }
        let before = match cursor.map(Uuid::parse_str) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => {
                let detail = "is not a cursor of this list: begin without one";
                return Err(Error::invalid("/cursor", "cursor", detail));
            }
        };
        let mut page = MergePage { merges: Vec::new(), next_cursor: None };
        let mut records = self.partition.merges_before(caller.organization, before);
        let mut last = None;
        for scanned in 0.. {
            let Some(record) = records.next().transpose()? else { return Ok(page) };
            if page.merges.len() == per_page || scanned == MOST_SCANNED {
                page.next_cursor = last.map(|id: Uuid| id.to_string());
                return Ok(page);
            }
            last = Some(record.id);
            let is_wanted =
                contact.is_none_or(|id| record.primary == id || record.others.contains(&id));
            if is_wanted && self.sees_merge(caller, &record)? {
                page.merges.push(view(record));
            }
        }
        Ok(page)
    }

    /// A merge, with what the contacts said differently and what was left behind, as far as the
    /// caller sees these fields.
    ///
    /// # Errors
    /// If there is none with this id for this caller, or the caller may not merge.
    pub fn find_merge(&self, caller: &Caller, id: Uuid) -> Result<MergeView, Error> {
        authorize(caller, Permission::Merge)?;
        let record = self.partition.merge(caller.organization, id)?;
        let record = record.ok_or(Error::NotFound(Noun::Merge))?;
        if !self.sees_merge(caller, &record)? {
            return Err(Error::NotFound(Noun::Merge));
        }
        let conflicts =
            record.values.as_ref().map(|values| self.shown_conflicts(caller, &values.conflicts));
        let lost = record.values.as_ref().map(|values| self.shown_lost(caller, &values.lost));
        Ok(MergeView { conflicts, lost, ..view(record) })
    }
}
