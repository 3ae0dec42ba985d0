//! One action on many contacts: assign, assign to a queue, distribute, tag, delete.
//!
//! What is selected is found first and then changed in small writes, so that others are not kept
//! waiting; every contact is looked at again inside its write, for it may have changed or left the
//! caller's sight meanwhile.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::bulk_request::{BulkAction, Selection, read_selection};
use super::custom_fields::FieldsInWrite;
use super::error::Error;
use super::jobs::BulkJob;
use super::protection::may_delete;
use super::query::Query;
use super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::{App, authorize};
use crate::domain::access::{Caller, OrgSettings, Permission};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Patch, Stamp};
use crate::domain::ids::ContactId;
use crate::engine::{Rejected, Tx};

/// Contacts changed in one write.
const WRITE_CONTACTS: usize = 500;

/// What became of one contact.
enum Outcome {
    Changed,
    Unchanged,
    Refused,
}

impl App {
    /// Starts an action on many contacts in the background.
    ///
    /// # Errors
    /// If the caller may not, or selection or action do not fit.
    pub fn start_bulk_action(
        self: &Arc<Self>,
        caller: &Caller,
        body: &Value,
    ) -> Result<BulkJob, Error> {
        let (action, permission) = self.read_action(caller, body)?;
        authorize(caller, permission)?;
        let selection = read_selection(body)?;
        if !matches!(selection, Selection::Ids(_)) {
            authorize(caller, Permission::Search)?;
        }
        if let Selection::Query(query) = &selection {
            self.refuse_vague_query(caller, query, "/select/q")?;
        }
        let settings = self.organization_of(caller)?.settings.clone();
        let mut drafts = Vec::new();
        match &action {
            BulkAction::Change(draft) => drafts.push(draft.as_ref().clone()),
            BulkAction::Distribute(users) => {
                drafts.extend(users.iter().map(|user| Draft {
                    assigned_to: Patch::Set(user.clone()),
                    ..Draft::default()
                }));
            }
            BulkAction::Delete => {}
        }
        for draft in &mut drafts {
            self.prepare_change(caller, &settings, draft).map_err(Error::Invalid)?;
        }
        let job = BulkJob::new(Uuid::now_v7(), self.partition.now());
        self.keep_job(caller, &job)?;
        let (caller, id) = (caller.clone(), job.id);
        self.run_job(id, move |app| {
            let run = BulkRun { app, caller: &caller, id, drafts: &drafts, settings: &settings };
            run.all(selection)
        })?;
        Ok(job)
    }
}

struct BulkRun<'a> {
    app: &'a App,
    caller: &'a Caller,
    id: Uuid,
    /// Taken in turn; none to delete.
    drafts: &'a [Draft],
    settings: &'a OrgSettings,
}

impl BulkRun<'_> {
    fn all(&self, selection: Selection) -> Result<(), Error> {
        let ids = self.select(selection)?;
        self.app.update_job(self.id, |job| job.total = ids.len() as u64);
        let mut done = 0;
        for chunk in ids.chunks(WRITE_CONTACTS) {
            if self.app.is_stopping_jobs() {
                return Err(Error::Overloaded("the server was shut down before the end"));
            }
            let work: Vec<(ContactId, Option<Draft>)> = chunk
                .iter()
                .enumerate()
                .map(|(at, id)| {
                    let turn = (done + at).checked_rem(self.drafts.len());
                    (*id, turn.map(|turn| self.drafts[turn].clone()))
                })
                .collect();
            done += chunk.len();
            let outcomes = self.write(work)?;
            self.app.note_bulk_job(self.id, false, |job| {
                for outcome in &outcomes {
                    match outcome {
                        Outcome::Changed => job.changed += 1,
                        Outcome::Unchanged => job.unchanged += 1,
                        Outcome::Refused => job.refused += 1,
                    }
                }
            });
        }
        Ok(())
    }

    /// All contacts that are meant, each once; what is selected does not move while it is changed.
    fn select(&self, selection: Selection) -> Result<Vec<ContactId>, Error> {
        let mut ids = match selection {
            Selection::Ids(ids) => ids,
            Selection::Query(_) | Selection::All => {
                let query = match selection {
                    Selection::Query(query) => *query,
                    Selection::Ids(_) | Selection::All => Query::default(),
                };
                let mut ids = Vec::new();
                let mut cursor = None;
                loop {
                    let page = self.app.search_contacts(
                        self.caller,
                        &SearchRequest {
                            query: query.clone(),
                            sort: Some("created_at".to_owned()),
                            per_page: Some(MOST_PER_PAGE),
                            cursor,
                            refresh: if ids.is_empty() { Refresh::Wait } else { Refresh::Never },
                            ..SearchRequest::default()
                        },
                    )?;
                    if page.partial {
                        return Err(Error::Overloaded(
                            "the query took too long to find all contacts; make it narrower",
                        ));
                    }
                    ids.extend(page.contacts.iter().map(|(contact, _)| contact.id));
                    cursor = page.next_cursor;
                    if cursor.is_none() {
                        break ids;
                    }
                }
            }
        };
        let mut seen = std::collections::HashSet::with_capacity(ids.len());
        ids.retain(|id| seen.insert(*id));
        Ok(ids)
    }

    fn write(&self, work: Vec<(ContactId, Option<Draft>)>) -> Result<Vec<Outcome>, Error> {
        let org = self.caller.organization;
        let (by, settings, now) =
            (self.caller.clone(), self.settings.clone(), self.app.partition.now());
        let department = self.app.department_of(self.caller);
        let known = self.app.definitions(org);
        let written = self.app.partition.write::<_, Error>(org, self.caller, false, move |tx| {
            let mut fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
            let stamp = Stamp { now, actor: &by.actor, settings: &settings };
            let mut outcomes = Vec::with_capacity(work.len());
            for (id, draft) in &work {
                let before = tx.contact(org, *id)?;
                let Some(before) = before.filter(|c| !c.is_deleted() && by.sees(c)) else {
                    outcomes.push(Outcome::Refused);
                    continue;
                };
                outcomes.push(match draft {
                    Some(draft) => change(tx, &mut fields, before, draft.clone(), stamp)?,
                    None if may_delete(&by, department.as_deref(), &before, false).is_err() => {
                        Outcome::Refused
                    }
                    None => {
                        let mut after = before.clone();
                        after.deleted_at = Some(now);
                        after.version += 1;
                        after.updated_at = now.max(before.updated_at);
                        after.updated_by = Some(by.actor.as_ref().to_owned());
                        tx.replace_contact(org, before, after)?;
                        Outcome::Changed
                    }
                });
            }
            Ok(outcomes)
        })?;
        self.app.own_writes.note(self.caller, written.seq);
        self.app.refresh_definitions(org)?;
        Ok(written.value)
    }
}

fn change(
    tx: &mut Tx<'_>,
    fields: &mut FieldsInWrite<'_>,
    before: Contact,
    mut draft: Draft,
    stamp: Stamp<'_>,
) -> Result<Outcome, Rejected<Error>> {
    if fields.refit(&mut draft, false).is_err() {
        return Ok(Outcome::Refused);
    }
    match draft.clone().apply(&before, stamp) {
        Ok(Some(after)) => {
            tx.replace_contact(fields.organization(), before, after)?;
            fields.define(tx, &draft)?;
            Ok(Outcome::Changed)
        }
        Ok(None) => Ok(Outcome::Unchanged),
        Err(_issues) => Ok(Outcome::Refused),
    }
}
