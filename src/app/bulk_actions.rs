//! One action on many contacts: set, assign, distribute, tag, block, archive, merge, delete, restore.
//!
//! What is selected is found first and then changed in small writes, so that others are not kept
//! waiting; every contact is looked at again inside its write, for it may have changed or left the
//! caller's sight meanwhile.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::bulk_request::{BulkAction, BulkMode, Selection, below_fields, read_selection};
use super::bulk_resume::{BulkCheckpoint, BulkResume};
use super::custom_fields::FieldsInWrite;
use super::error::{Error, Noun};
use super::idempotency::Idempotency;
use super::job_undo::next_entry;
use super::jobs::{BulkJob, JobKind, MOST_REFUSALS, Refusal};
use super::lists::note_members;
use super::merges::Beside;
use super::merges::MOST_CONTACTS as MOST_MERGED;
use super::protection::may_delete;
use super::query::Query;
use super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::write_rules::{WriteRules, out_of_sight};
use super::{App, authorize};
use crate::domain::access::{Caller, OrgSettings, Permission};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Patch, Stamp};
use crate::domain::ids::ContactId;
use crate::domain::list::list_kind;
use crate::domain::tag::TagChange;
use crate::engine::{Rejected, Tx};
use crate::error::HasCode;

/// Contacts changed in one write.
const WRITE_CONTACTS: usize = 500;

/// Contacts that a trial shows.
const EXAMPLES: usize = 10;

/// What became of one contact.
#[derive(Clone)]
pub(super) enum Outcome {
    Changed,
    Unchanged,
    Refused(Refusal),
}

impl Outcome {
    pub(super) fn refused(id: ContactId, error: &Error) -> Self {
        Self::Refused(Refusal {
            id,
            code: error.code().as_str().to_owned(),
            detail: error.to_string(),
        })
    }
}

/// What an action would be done to.
#[derive(Debug, Default, Serialize)]
pub struct BulkTrial {
    /// Contacts selected.
    pub total: u64,
    /// Ids among those selected under which there is nobody; such an action refuses them one by one.
    pub not_found: u64,
    /// The first of them.
    pub examples: Vec<BulkExample>,
}

/// A contact that would be changed.
#[derive(Debug, Serialize)]
pub struct BulkExample {
    /// The contact.
    pub id: ContactId,
    /// Its name.
    pub display_name: String,
    /// Its company.
    pub company: Option<String>,
}

/// What a request to act on many contacts became.
#[derive(Debug)]
pub enum BulkStart {
    /// Nothing was changed.
    Trial(BulkTrial),
    /// The action runs.
    Started(Box<BulkJob>),
    /// The same request has started it before.
    Repeated(Box<BulkJob>),
}

impl App {
    /// Starts an action on many contacts in the background, or tries it. For a request that was sent
    /// before its job is given.
    ///
    /// # Errors
    /// If the caller may not, selection or action do not fit, the selection is another one than the
    /// caller expects, or the key of the request belongs to another one.
    pub fn start_bulk_action(
        self: &Arc<Self>,
        caller: &Caller,
        body: &Value,
        idempotency: Option<Idempotency>,
    ) -> Result<BulkStart, Error> {
        let mode = BulkMode::read(body)?;
        let (action, permission) = self.read_action(caller, body)?;
        authorize(caller, permission)?;
        let selection = read_selection(body, mode)?;
        if !matches!(selection, Selection::Ids(_)) {
            authorize(caller, Permission::Search)?;
        }
        // What it has done itself may stand in the way of doing it again.
        let idempotency = idempotency.filter(|_| !mode.is_trial);
        if let Some(known) = self.asked_before(caller, idempotency)? {
            return Ok(BulkStart::Repeated(Box::new(known)));
        }
        self.check_selection(caller, &selection)?;
        let settings = self.organization_of(caller)?.settings.clone();
        let deed = self.bulk_deed(caller, &settings, &action)?;
        let action = body.get("action");
        self.start_deed(caller, mode, selection, (deed, action), idempotency)
    }

    /// Refuses a selection that may not mean what it says.
    pub(super) fn check_selection(
        &self,
        caller: &Caller,
        selection: &Selection,
    ) -> Result<(), Error> {
        if let Selection::Query(query) = selection {
            self.refuse_vague_query(caller, query, "/select/q")?;
            let advice = "if that is meant, send {\"all\": true}";
            self.refuse_empty_query(caller, query, "/select", advice)?;
        }
        Ok(())
    }

    /// Does something to each of a few contacts at once; nothing if they are more than that.
    pub(super) fn do_deed(
        &self,
        caller: &Caller,
        mode: BulkMode,
        selection: &Selection,
        deed: &Deed,
        most: u64,
    ) -> Result<Option<BulkJob>, Error> {
        let settings = self.organization_of(caller)?.settings.clone();
        let bounds = Bounds { expected: mode.expect_total, most: None };
        let trial = self.try_selection(caller, selection, deed)?;
        bounds.check(trial.total)?;
        if trial.total + trial.not_found > most {
            return Ok(None);
        }
        let run = BulkRun { app: self, caller, deed, settings: &settings, bounds, job: None };
        let mut job = BulkJob::new(deed.kind(), Uuid::now_v7(), self.partition.now());
        run.all(selection.clone(), &mut |change| change(&mut job))?;
        Ok(Some(job))
    }

    /// Starts something that is done to each of many contacts, or tries it.
    pub(super) fn start_deed(
        self: &Arc<Self>,
        caller: &Caller,
        mode: BulkMode,
        selection: Selection,
        (deed, action): (Deed, Option<&Value>),
        idempotency: Option<Idempotency>,
    ) -> Result<BulkStart, Error> {
        let settings = self.organization_of(caller)?.settings.clone();
        let trial = self.try_selection(caller, &selection, &deed)?;
        let bounds = Bounds {
            expected: mode.expect_total,
            most: matches!(deed, Deed::Delete)
                .then(|| settings.bulk_delete_limits.of(caller.role))
                .flatten(),
        };
        bounds.check(trial.total)?;
        if matches!(deed, Deed::Merge(_)) && trial.total > MOST_MERGED as u64 {
            let detail = format!(
                "{} contacts are selected; at most {MOST_MERGED} are merged at once",
                trial.total
            );
            return Err(Error::invalid("/select", "too_many", detail));
        }
        if mode.is_trial {
            return Ok(BulkStart::Trial(trial));
        }
        let mut job = BulkJob::new(deed.kind(), Uuid::now_v7(), self.partition.now());
        job.total = trial.total + trial.not_found;
        let resume = BulkResume::of(caller, &deed, action);
        if let Some(known) = self.keep_resumable_job(caller, &job, resume, idempotency)? {
            return Ok(BulkStart::Repeated(Box::new(known)));
        }
        let (by, id) = (caller.clone(), job.id);
        let started = self.run_job(id, move |app| {
            let (settings, job) = (&settings, Some(id));
            let run = BulkRun { app, caller: &by, deed: &deed, settings, bounds, job };
            run.all(selection, &mut |change| app.note_bulk_job(id, |job| change(job)))
        });
        if let Err(error) = started {
            self.forget_answer(caller, idempotency);
            return Err(error);
        }
        Ok(BulkStart::Started(Box::new(job)))
    }

    /// What an action does to each contact.
    pub(super) fn bulk_deed(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
        action: &BulkAction,
    ) -> Result<Deed, Error> {
        let mut drafts: Vec<Draft> = match action {
            BulkAction::Change(draft) => vec![draft.as_ref().clone()],
            BulkAction::Distribute(users) => users
                .iter()
                .map(|user| Draft { assigned_to: Patch::Set(user.clone()), ..Draft::default() })
                .collect(),
            BulkAction::List { list, is_member } => {
                return Ok(Deed::List { list: *list, is_member: *is_member });
            }
            BulkAction::Set(draft) => {
                let mut draft = draft.as_ref().clone();
                self.prepare_change(caller, settings, &mut draft).map_err(below_fields)?;
                let rules = self.write_rules(caller, &draft)?;
                return Ok(Deed::Set(Box::new(draft), Box::new(rules)));
            }
            BulkAction::Merge(into) => return Ok(Deed::Merge(*into)),
            BulkAction::Delete => return Ok(Deed::Delete),
            BulkAction::Restore => return Ok(Deed::Restore),
        };
        for draft in &mut drafts {
            self.prepare_change(caller, settings, draft).map_err(Error::Invalid)?;
        }
        Ok(Deed::Change(drafts))
    }

    /// Counts what is selected and shows the first of it.
    fn try_selection(
        &self,
        caller: &Caller,
        selection: &Selection,
        deed: &Deed,
    ) -> Result<BulkTrial, Error> {
        let example = |contact: &Contact| BulkExample {
            id: contact.id,
            display_name: contact.display_name.clone(),
            company: contact.company.clone(),
        };
        let request = match selection {
            Selection::Query(_) | Selection::All | Selection::Where(_) => {
                selected_by(selection, deed)
            }
            Selection::Ids(ids) => {
                let mut trial = BulkTrial::default();
                let mut seen = HashSet::with_capacity(ids.len());
                for id in ids.iter().filter(|id| seen.insert(**id)) {
                    match self.example_contact(caller, *id, deed)? {
                        None => trial.not_found += 1,
                        Some(contact) => {
                            trial.total += 1;
                            if trial.examples.len() < EXAMPLES {
                                trial.examples.push(example(&contact));
                            }
                        }
                    }
                }
                return Ok(trial);
            }
        };
        let page = self.search_contacts(
            caller,
            &SearchRequest { per_page: Some(EXAMPLES), refresh: Refresh::Wait, ..request },
        )?;
        if page.partial {
            return Err(TOO_SLOW);
        }
        let examples = page.contacts.iter().map(|(contact, _)| example(contact)).collect();
        Ok(BulkTrial { total: page.total as u64, examples, not_found: 0 })
    }

    fn example_contact(
        &self,
        caller: &Caller,
        id: ContactId,
        deed: &Deed,
    ) -> Result<Option<Arc<Contact>>, Error> {
        let found = if deed.is_of_trash() {
            self.trashed_contact(caller, id)
        } else {
            self.live_contact(caller, id)
        };
        match found {
            Ok(contact) => Ok(Some(caller.shown(contact))),
            Err(Error::ContactNotFound | Error::Merged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

const TOO_SLOW: Error =
    Error::Overloaded("the query took too long to find all contacts; make it narrower");

/// How many contacts an action may be done to.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    expected: Option<u64>,
    most: Option<u64>,
}

impl Bounds {
    /// As many as there are.
    pub(super) fn none() -> Self {
        Self { expected: None, most: None }
    }

    fn check(self, total: u64) -> Result<(), Error> {
        if let Some(expected) = self.expected.filter(|expected| *expected != total) {
            return Err(Error::TotalDiffers { expected, total });
        }
        match self.most.filter(|most| total > *most) {
            Some(most) => Err(Error::BulkDeleteLimit { total, most }),
            None => Ok(()),
        }
    }
}

/// The search that finds what is selected, in an order that changes do not disturb.
fn selected_by(selection: &Selection, deed: &Deed) -> SearchRequest {
    let query = match selection {
        Selection::Query(query) => query.as_ref().clone(),
        Selection::Ids(_) | Selection::All | Selection::Where(_) => Query::default(),
    };
    let conditions = match selection {
        Selection::Where(expr) => Some(expr.as_ref().clone()),
        Selection::Ids(_) | Selection::All | Selection::Query(_) => None,
    };
    SearchRequest {
        query,
        with_archived: conditions.is_some(),
        conditions,
        is_trash: deed.is_of_trash(),
        sort: Some("created_at".to_owned()),
        ..SearchRequest::default()
    }
}

/// What is done to each contact.
pub(super) enum Deed {
    /// These changes, taken in turn.
    Change(Vec<Draft>),
    /// Fields that get the same values, by the rules of a single change.
    Set(Box<Draft>, Box<WriteRules>),
    /// Tags that become others.
    Tags(TagChange),
    /// Made one with this contact.
    Merge(ContactId),
    /// Put on a static list, or taken off.
    List {
        list: Uuid,
        is_member: bool,
    },
    Delete,
    Restore,
}

impl Deed {
    /// What kind of job it is.
    fn kind(&self) -> JobKind {
        match self {
            Self::Tags(TagChange::Country) => JobKind::AutoTagging,
            Self::Tags(_) => JobKind::TagChange,
            Self::List { .. } => JobKind::ListMembers,
            Self::Change(_) | Self::Set(..) | Self::Merge(_) | Self::Delete | Self::Restore => {
                JobKind::BulkAction
            }
        }
    }

    /// Whether it is done to contacts of the trash.
    fn is_of_trash(&self) -> bool {
        matches!(self, Self::Restore)
    }

    /// What is done to the contact at a place of the selection; `None` if it follows from the contact
    /// itself, or if it is not changed but deleted or restored.
    fn draft(&self, at: usize) -> Option<&Draft> {
        match self {
            Self::Change(drafts) => drafts.get(at.checked_rem(drafts.len())?),
            Self::Set(draft, _) => Some(draft),
            Self::Tags(_) | Self::List { .. } | Self::Merge(_) | Self::Delete | Self::Restore => {
                None
            }
        }
    }

    /// Whether it may take contacts out of somebody's sight.
    fn changes_sight(&self) -> bool {
        match self {
            Self::Change(drafts) => drafts.iter().any(changes_sight),
            Self::Set(draft, _) => changes_sight(draft),
            Self::Merge(_) => true,
            Self::Tags(_) | Self::List { .. } | Self::Delete | Self::Restore => false,
        }
    }
}

pub(super) struct BulkRun<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) deed: &'a Deed,
    pub(super) settings: &'a OrgSettings,
    pub(super) bounds: Bounds,
    /// The job that it is, if it is one.
    pub(super) job: Option<Uuid>,
}

/// Lets somebody change how a job stands.
pub(super) type Note<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&mut BulkJob));

impl BulkRun<'_> {
    fn all(&self, selection: Selection, note: Note<'_>) -> Result<(), Error> {
        let is_named = matches!(selection, Selection::Ids(_));
        let ids = self.select(selection)?;
        // By now it may be another selection than the one that was counted.
        if !is_named {
            self.bounds.check(ids.len() as u64)?;
        }
        note(&mut |job| job.total = ids.len() as u64);
        if let Some((org, id)) = self.job.and_then(|id| Some((self.app.kept_bulk_job(id)?.0, id))) {
            self.app.keep_selected(org, id, &ids)?;
        }
        self.each(&ids, 0, note)
    }

    /// Does it to those that are not done yet.
    pub(super) fn each(&self, ids: &[ContactId], done: usize, note: Note<'_>) -> Result<(), Error> {
        let mut done = done.min(ids.len());
        for chunk in ids.get(done..).unwrap_or_default().chunks(WRITE_CONTACTS) {
            if self
                .job
                .map_or_else(|| self.app.is_stopping_jobs(), |id| self.app.is_stopping_job(id))
            {
                return Err(Error::Overloaded("the server was shut down before the end"));
            }
            let (outcomes, entry) = match self.deed {
                Deed::Merge(into) => {
                    // It is one write, whoever is merged.
                    let (outcomes, merge) = self.merge(*into, ids)?;
                    if let Some(id) = self.job {
                        self.app.note_position(id, ids.len() as u64);
                    }
                    note(&mut |job| tell_merge(job, &outcomes, merge));
                    return Ok(());
                }
                Deed::Restore => {
                    let kept = self.checkpoint(done + chunk.len());
                    self.app.restore_many(self.caller, chunk, kept.as_ref())?
                }
                Deed::List { list, is_member } => {
                    let kept = self.checkpoint(done + chunk.len());
                    self.set_on_list(chunk, *list, *is_member, kept)?
                }
                Deed::Change(_) | Deed::Set(..) | Deed::Tags(_) | Deed::Delete => self.write(
                    (done..).zip(chunk).map(|(at, id)| (*id, self.deed.draft(at).cloned())),
                    self.checkpoint(done + chunk.len()),
                )?,
            };
            done += chunk.len();
            if let Some(id) = self.job {
                self.app.note_position(id, done as u64);
            }
            note(&mut |job| tell(job, &outcomes, entry));
        }
        Ok(())
    }

    /// How far its job is when so many contacts are done, if it goes on after a restart.
    fn checkpoint(&self, done: usize) -> Option<BulkCheckpoint> {
        let (org, kept) = self.app.kept_bulk_job(self.job?)?;
        Some(BulkCheckpoint { org, kept, done: done as u64 })
    }

    /// All contacts that are meant, each once; what is selected does not move while it is changed.
    fn select(&self, selection: Selection) -> Result<Vec<ContactId>, Error> {
        let mut ids = match selection {
            Selection::Ids(ids) => ids,
            Selection::Query(_) | Selection::All | Selection::Where(_) => {
                let request = selected_by(&selection, self.deed);
                let mut ids = Vec::new();
                let mut cursor = None;
                loop {
                    let page = self.app.search_contacts(
                        self.caller,
                        &SearchRequest {
                            per_page: Some(MOST_PER_PAGE),
                            cursor,
                            refresh: if ids.is_empty() { Refresh::Wait } else { Refresh::Never },
                            ..request.clone()
                        },
                    )?;
                    if page.partial {
                        return Err(TOO_SLOW);
                    }
                    ids.extend(page.contacts.iter().map(|(contact, _)| contact.id));
                    cursor = page.next_cursor;
                    if cursor.is_none() {
                        break ids;
                    }
                }
            }
        };
        let mut seen = HashSet::with_capacity(ids.len());
        ids.retain(|id| seen.insert(*id));
        Ok(ids)
    }

    /// Makes all contacts one with another one, or none.
    fn merge(
        &self,
        into: ContactId,
        ids: &[ContactId],
    ) -> Result<(Vec<Outcome>, Option<Uuid>), Error> {
        let others: Vec<ContactId> = ids.iter().filter(|id| **id != into).copied().collect();
        if others.is_empty() {
            return Ok((vec![Outcome::Unchanged], None));
        }
        let body = serde_json::json!({"primary": into, "others": others});
        let outcome = |id: &ContactId| {
            if *id == into { Outcome::Unchanged } else { Outcome::Changed }
        };
        let outcomes: Vec<Outcome> = ids.iter().map(outcome).collect();
        let told = outcomes.clone();
        let beside = self.checkpoint(ids.len()).map(|checkpoint| -> Beside {
            Arc::new(move |tx, merge| checkpoint.put(tx, |job| tell_merge(job, &told, Some(merge))))
        });
        let merged = self.app.merge_in_job(self.caller, &body, beside)?;
        Ok((outcomes, merged.merge_id))
    }

    /// Puts contacts on a static list, or takes them off; the list says in the audit log whom.
    fn set_on_list(
        &self,
        ids: &[ContactId],
        list: Uuid,
        is_member: bool,
        checkpoint: Option<BulkCheckpoint>,
    ) -> Result<(Vec<Outcome>, Option<u64>), Error> {
        let (by, ids, org) = (self.caller.clone(), ids.to_vec(), self.caller.organization);
        let written = self.app.partition.write::<_, Error>(org, self.caller, false, move |tx| {
            let known = tx.record(org, list_kind(), list)?;
            if known.is_none_or(|list| list.head.deleted_at.is_some()) {
                return Err(Rejected::By(Error::NotFound(Noun::Record("list"))));
            }
            let (mut outcomes, mut changed) = (Vec::with_capacity(ids.len()), Vec::new());
            for id in &ids {
                let contact = tx.contact(org, *id)?;
                let Some(contact) = contact.filter(|c| !c.is_deleted() && by.sees(c)) else {
                    outcomes.push(Outcome::refused(*id, &Error::ContactNotFound));
                    continue;
                };
                if tx.set_on_list(org, contact, list, is_member)? {
                    changed.push(*id);
                    outcomes.push(Outcome::Changed);
                } else {
                    outcomes.push(Outcome::Unchanged);
                }
            }
            note_members(tx, list, &changed, is_member);
            let entry = Some(next_entry(tx, &by)?);
            if let Some(checkpoint) = &checkpoint {
                checkpoint.put(tx, |job| tell(job, &outcomes, entry))?;
            }
            Ok((outcomes, entry))
        })?;
        self.app.own_writes.note(self.caller, written.seq);
        Ok(written.value)
    }

    fn write(
        &self,
        work: impl Iterator<Item = (ContactId, Option<Draft>)>,
        checkpoint: Option<BulkCheckpoint>,
    ) -> Result<(Vec<Outcome>, Option<u64>), Error> {
        let work: Vec<(ContactId, Option<Draft>)> = work.collect();
        let org = self.caller.organization;
        let (by, settings, now) =
            (self.caller.clone(), self.settings.clone(), self.app.partition.now());
        let department = self.app.department_of(self.caller);
        let known = self.app.definitions(org);
        let tags = match self.deed {
            Deed::Tags(change) => Some(change.clone()),
            Deed::Change(_)
            | Deed::Set(..)
            | Deed::List { .. }
            | Deed::Merge(_)
            | Deed::Delete
            | Deed::Restore => None,
        };
        let rules = match self.deed {
            Deed::Set(_, rules) => Some(rules.as_ref().clone()),
            Deed::Change(_)
            | Deed::Tags(_)
            | Deed::List { .. }
            | Deed::Merge(_)
            | Deed::Delete
            | Deed::Restore => None,
        };
        let written = self.app.partition.write::<_, Error>(org, self.caller, false, move |tx| {
            let mut fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
            let stamp = Stamp { now, actor: &by.actor, settings: &settings };
            let mut outcomes = Vec::with_capacity(work.len());
            for (id, draft) in &work {
                let before = tx.contact(org, *id)?;
                let Some(before) = before.filter(|c| !c.is_deleted() && by.sees(c)) else {
                    outcomes.push(Outcome::refused(*id, &Error::ContactNotFound));
                    continue;
                };
                let of_tags = tags.as_ref().map(|change| change.draft(&before));
                if matches!(of_tags, Some(None)) {
                    outcomes.push(Outcome::Unchanged);
                    continue;
                }
                let draft = of_tags.flatten().or_else(|| draft.clone());
                if let Some(draft) = draft {
                    let rules = rules.as_ref();
                    outcomes.push(change(tx, &mut fields, rules, before, draft, stamp)?);
                    continue;
                }
                if let Err(error) = may_delete(&by, department.as_deref(), &before, false) {
                    outcomes.push(Outcome::refused(*id, &error));
                    continue;
                }
                let mut after = before.clone();
                after.deleted_at = Some(now);
                after.version += 1;
                after.updated_at = now.max(before.updated_at);
                after.updated_by = Some(by.actor.as_ref().to_owned());
                tx.replace_contact(org, before, after)?;
                outcomes.push(Outcome::Changed);
            }
            let entry = Some(next_entry(tx, &by)?);
            if let Some(checkpoint) = &checkpoint {
                checkpoint.put(tx, |job| tell(job, &outcomes, entry))?;
            }
            Ok((outcomes, entry))
        })?;
        self.app.own_writes.note(self.caller, written.seq);
        if self.deed.changes_sight() {
            self.app.own_writes.note_hidden(org, written.seq);
        }
        Ok(written.value)
    }
}

/// Says of a job what a write has done.
pub(super) fn tell(job: &mut BulkJob, outcomes: &[Outcome], entry: Option<u64>) {
    let has_changed = outcomes.iter().any(|one| matches!(one, Outcome::Changed));
    job.audit_entries.extend(entry.filter(|_| has_changed));
    for outcome in outcomes {
        match outcome {
            Outcome::Changed => job.changed += 1,
            Outcome::Unchanged => job.unchanged += 1,
            Outcome::Refused(refusal) => {
                job.refused += 1;
                if job.refusals.len() < MOST_REFUSALS {
                    job.refusals.push(refusal.clone());
                }
            }
        }
    }
}

/// Counts what became of contacts that were merged.
fn tell_merge(job: &mut BulkJob, outcomes: &[Outcome], merge: Option<Uuid>) {
    tell(job, outcomes, None);
    job.merge_id = merge;
}

/// Whether a change may take contacts out of somebody's sight.
pub(super) fn changes_sight(draft: &Draft) -> bool {
    !draft.visibility.is_keep() || !draft.assigned_to.is_keep() || !draft.assigned_queue.is_keep()
}

fn change(
    tx: &mut Tx<'_>,
    fields: &mut FieldsInWrite<'_>,
    rules: Option<&WriteRules>,
    before: Contact,
    mut draft: Draft,
    stamp: Stamp<'_>,
) -> Result<Outcome, Rejected<Error>> {
    let id = before.id;
    if let Err(issues) = fields.refit(&mut draft, false) {
        return Ok(Outcome::refused(id, &Error::Invalid(issues)));
    }
    match draft.clone().apply(&before, stamp) {
        Ok(Some(after)) => {
            if let Some(issue) = out_of_sight(Some(&before), &after) {
                return Ok(Outcome::refused(id, &Error::Invalid(vec![issue])));
            }
            let after = match rules.map_or(Ok(after.clone()), |r| r.permit(Some(&before), after)) {
                Ok(after) => after,
                Err(issues) => return Ok(Outcome::refused(id, &Error::Invalid(issues))),
            };
            tx.replace_contact(fields.organization(), before, after)?;
            fields.define(tx, &draft)?;
            Ok(Outcome::Changed)
        }
        Ok(None) => {
            // What is so on the whole may still be otherwise on one channel.
            if let Patch::Set(opt_in) = draft.opt_in
                && tx.restate_opt_in(
                    fields.organization(),
                    before,
                    opt_in,
                    stamp.now,
                    stamp.actor,
                )?
            {
                return Ok(Outcome::Changed);
            }
            Ok(Outcome::Unchanged)
        }
        Err(issues) => Ok(Outcome::refused(id, &Error::Invalid(issues))),
    }
}
