//! One action on many contacts: assign, assign to a queue, distribute, tag, delete.
//!
//! What is selected is found first and then changed in small writes, so that others are not kept
//! waiting; every contact is looked at again inside its write, for it may have changed or left the
//! caller's sight meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::custom_fields::FieldsInWrite;
use super::error::{Error, Noun};
use super::protection::may_delete;
use super::query::Query;
use super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::{App, authorize};
use crate::domain::access::{Caller, OrgSettings, Permission};
use crate::domain::contact::{Contact, Visibility};
use crate::domain::draft::{Draft, Patch, Stamp};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::members::Members;
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx};

/// Contacts changed in one write.
const WRITE_CONTACTS: usize = 500;
/// Most ids of one request.
const MOST_IDS: usize = 100_000;
/// Jobs of an organisation that are remembered.
const MOST_REMEMBERED: usize = 1_000;
/// Jobs of an organisation that run at once; more are told to come back.
const MOST_RUNNING: usize = 4;

/// Which contacts.
#[derive(Clone, Debug)]
enum Selection {
    Ids(Vec<ContactId>),
    Query(Box<Query>),
    All,
}

/// What is done to each of them.
#[derive(Clone, Debug)]
enum BulkAction {
    Change(Box<Draft>),
    /// The users in turn.
    Distribute(Vec<String>),
    Delete,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It runs.
    Running,
    /// It has finished; single contacts may have been refused.
    Done,
    /// It could not go on; what was changed stays.
    Failed,
}

/// A job as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct BulkJob {
    /// The public identifier.
    pub id: Uuid,
    /// Where it stands.
    pub state: JobState,
    /// Contacts selected.
    pub total: u64,
    /// Contacts changed.
    pub changed: u64,
    /// Contacts that were as they should be already.
    pub unchanged: u64,
    /// Contacts that could not be changed: gone, out of sight, or protected.
    pub refused: u64,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl BulkJob {
    /// A job that has just begun.
    pub(super) fn new(id: Uuid, created_at: Timestamp) -> Self {
        Self {
            id,
            state: JobState::Running,
            total: 0,
            changed: 0,
            unchanged: 0,
            refused: 0,
            error: None,
            created_at,
            finished_at: None,
        }
    }
}

struct Kept {
    org: OrgNumber,
    actor: Arc<str>,
    /// Who may do this sees the job, whoever has started it.
    shared_with: Option<Permission>,
    job: BulkJob,
}

impl Kept {
    fn is_seen_by(&self, caller: &Caller) -> bool {
        self.org == caller.organization
            && (self.actor == caller.actor
                || self.shared_with.is_some_and(|permission| caller.may(permission)))
    }
}

/// The bulk jobs of a server.
#[derive(Default)]
pub(super) struct BulkJobs {
    jobs: Mutex<HashMap<Uuid, Kept>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    is_stopping: AtomicBool,
}

/// What became of one contact.
enum Outcome {
    Changed,
    Unchanged,
    Refused,
}

/// Refuses members that nobody reads: somebody who asks for a trial must not get the action.
fn refuse_unknown(value: &Value, at: &str, known: &[&str]) -> Result<(), Error> {
    let unknown = value
        .as_object()
        .and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())));
    match unknown {
        None => Ok(()),
        Some(name) => {
            let detail = format!("is not known here; known are {}", known.join(", "));
            let name = name.replace('~', "~0").replace('/', "~1");
            Err(Error::invalid(&format!("{at}/{name}"), "unknown_member", detail))
        }
    }
}

fn read_selection(value: &Value) -> Result<Selection, Error> {
    refuse_unknown(value, "", &["select", "action"])?;
    let select = value.get("select").unwrap_or(&Value::Null);
    refuse_unknown(select, "/select", &["ids", "q", "filter", "saved_search", "all"])?;
    if let Some(all) = select.get("all") {
        let is_alone = select.as_object().is_some_and(|members| members.len() == 1);
        return if *all == Value::Bool(true) && is_alone {
            Ok(Selection::All)
        } else {
            Err(Error::invalid("/select/all", "value", "must be true, and stand alone"))
        };
    }
    let by_query = ["q", "filter", "saved_search"].iter().any(|name| select.get(name).is_some());
    match select.get("ids") {
        None if by_query => read_query(select).map(|query| Selection::Query(Box::new(query))),
        Some(Value::Array(ids)) if !by_query => {
            if ids.len() > MOST_IDS {
                let detail = format!("has {} ids; at most {MOST_IDS} are allowed", ids.len());
                return Err(Error::invalid("/select/ids", "too_many", detail));
            }
            let parse = |(at, id): (usize, &Value)| {
                id.as_str().and_then(|id| id.parse().ok()).ok_or_else(|| {
                    Error::invalid(&format!("/select/ids/{at}"), "id", "is no id of a contact")
                })
            };
            ids.iter().enumerate().map(parse).collect::<Result<_, _>>().map(Selection::Ids)
        }
        _ => {
            let detail = "must be {\"ids\": [...]}, {\"q\": \"...\"}, {\"filter\": {...}}, \
                          {\"saved_search\": \"...\"} or {\"all\": true}";
            Err(Error::invalid("/select", "required", detail))
        }
    }
}

/// Reads the query of a selection: text, filter and saved search, of which each may be missing.
fn read_query(select: &Value) -> Result<Query, Error> {
    let q = match select.get("q") {
        None => String::new(),
        Some(Value::String(q)) => q.clone(),
        Some(_) => return Err(Error::invalid("/select/q", "type", "must be query text")),
    };
    let saved_search = match select.get("saved_search") {
        None => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => {
            let detail = "must be the id or the name of a saved search";
            return Err(Error::invalid("/select/saved_search", "type", detail));
        }
    };
    let query =
        Query { q, filter: select.get("filter").cloned(), saved_search, fields: Vec::new() };
    if query.is_everything() {
        let detail = "selects nothing in particular; {\"all\": true} selects all contacts";
        return Err(Error::invalid("/select/q", "required", detail));
    }
    Ok(query)
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
        {
            let mut jobs = self.bulk_jobs.jobs.lock();
            let is_own = |kept: &&Kept| kept.org == caller.organization;
            let own = jobs.values().filter(is_own);
            let (all, running) = own.fold((0, 0), |(all, running), kept| {
                (all + 1, running + usize::from(kept.job.finished_at.is_none()))
            });
            if running >= MOST_RUNNING {
                return Err(Error::Overloaded(
                    "too many bulk actions run already; try again later",
                ));
            }
            if all >= MOST_REMEMBERED {
                jobs.retain(|_, kept| {
                    kept.org != caller.organization || kept.job.finished_at.is_none()
                });
            }
            let (org, actor) = (caller.organization, Arc::clone(&caller.actor));
            jobs.insert(job.id, Kept { org, actor, shared_with: None, job: job.clone() });
        }
        let (caller, id) = (caller.clone(), job.id);
        self.run_job(id, move |app| {
            let run = BulkRun { app, caller: &caller, id, drafts: &drafts, settings: &settings };
            run.all(selection)
        })?;
        Ok(job)
    }

    /// Remembers a job that must run whatever else does, and that everybody sees who may do
    /// something; one of this id that runs already is told instead.
    pub(super) fn keep_running_job(
        &self,
        org: OrgNumber,
        actor: Arc<str>,
        shared_with: Permission,
        job: &BulkJob,
    ) -> Option<BulkJob> {
        let mut jobs = self.bulk_jobs.jobs.lock();
        if let Some(kept) = jobs.get(&job.id).filter(|kept| kept.job.finished_at.is_none()) {
            return Some(kept.job.clone());
        }
        let shared_with = Some(shared_with);
        jobs.insert(job.id, Kept { org, actor, shared_with, job: job.clone() });
        None
    }

    /// Runs a job that is remembered, in a thread of its own.
    pub(super) fn run_job(
        self: &Arc<Self>,
        id: Uuid,
        work: impl FnOnce(&Self) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let app = Arc::clone(self);
        let spawned = std::thread::Builder::new().name("bulk".to_owned()).spawn(move || {
            let ended = work(&app);
            let finished = app.partition.now();
            app.update_job(id, |job| {
                job.finished_at = Some(finished);
                job.state = if ended.is_ok() { JobState::Done } else { JobState::Failed };
                job.error = ended.err().map(|error| error.to_string());
            });
        });
        let Ok(thread) = spawned else {
            self.bulk_jobs.jobs.lock().remove(&id);
            return Err(Error::Overloaded("no thread is left for the action; try again later"));
        };
        let mut threads = self.bulk_jobs.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    fn read_action(
        &self,
        caller: &Caller,
        body: &Value,
    ) -> Result<(BulkAction, Permission), Error> {
        let value = body.get("action").unwrap_or(&Value::Null);
        let mut members = Members::of(value).map_err(|_issues| {
            Error::invalid("/action", "required", "must be an object with a type")
        })?;
        let kinds =
            "assign, assign_to_queue, distribute, set_visibility, add_tags, remove_tags, delete";
        let kind = members.parsed("type", kinds, |text| {
            kinds.split(", ").find(|kind| *kind == text).map(str::to_owned)
        });
        let kind = kind.value().cloned().unwrap_or_default();
        let mut draft = Draft::default();
        let mut permission = Permission::Edit;
        let mut users = Vec::new();
        match kind.as_str() {
            "assign" => {
                draft.assigned_to = self.known_user(caller, &mut members, "to");
            }
            "assign_to_queue" => {
                let queue = members.text("queue", 100);
                match queue.value().and_then(|q| self.access().find_queue(caller.organization, q)) {
                    Some(queue) => draft.assigned_queue = Patch::Set(queue.id.to_string()),
                    None => members.issue("queue", "queue", "is no queue of this organisation"),
                }
                // Queue and visibility go together, or its members would gain nothing.
                draft.visibility = Patch::Set(Visibility::Queue);
            }
            "distribute" => {
                let given = members.list("users", "ids or addresses of users", 1_000, |text| {
                    let user = self.access().find_user(caller.organization, text)?;
                    Some(user.id.to_string())
                });
                users = given.value().cloned().unwrap_or_default();
                if users.is_empty() {
                    members.issue("users", "required", "name the users among whom to distribute");
                }
            }
            "set_visibility" => {
                draft.visibility =
                    members.parsed("visibility", "all, queue, owner", Visibility::parse);
            }
            "add_tags" | "remove_tags" => {
                let tags = members.list("tags", "texts", 100, |text| {
                    let text = text.trim();
                    let fits = !text.is_empty()
                        && text.chars().count() <= 100
                        && !text.chars().any(char::is_control);
                    fits.then(|| text.to_owned())
                });
                let tags = tags.value().cloned().unwrap_or_default();
                if tags.is_empty() {
                    members.issue("tags", "required", "name at least one tag");
                }
                if kind == "add_tags" { draft.add_tags = tags } else { draft.remove_tags = tags }
            }
            "delete" => permission = Permission::Delete,
            _ => members.issue("type", "required", format!("must be one of {kinds}")),
        }
        members.finish().map_err(|issues| {
            let below = |mut issue: crate::domain::issue::FieldIssue| {
                issue.pointer.insert_str(0, "/action");
                issue
            };
            Error::Invalid(issues.into_iter().map(below).collect())
        })?;
        Ok(match kind.as_str() {
            "delete" => (BulkAction::Delete, permission),
            "distribute" => (BulkAction::Distribute(users), permission),
            _ => (BulkAction::Change(Box::new(draft)), permission),
        })
    }

    fn known_user(
        &self,
        caller: &Caller,
        members: &mut Members<'_>,
        name: &'static str,
    ) -> Patch<String> {
        match members.text(name, 255) {
            Patch::Set(text) => {
                if let Some(user) = self.access().find_user(caller.organization, &text) {
                    return Patch::Set(user.id.to_string());
                }
                members.issue(name, "user", "is no user of this organisation");
                Patch::Keep
            }
            // Taken away from whoever has them.
            Patch::Clear => Patch::Clear,
            Patch::Keep => {
                members.issue(name, "required", "name the user, or null for nobody");
                Patch::Keep
            }
        }
    }

    /// How a job of the caller stands.
    ///
    /// # Errors
    /// If there is none with this id that the caller has started or may see.
    pub fn find_job(&self, caller: &Caller, id: Uuid) -> Result<BulkJob, Error> {
        let jobs = self.bulk_jobs.jobs.lock();
        jobs.get(&id)
            .filter(|kept| kept.is_seen_by(caller))
            .map(|kept| kept.job.clone())
            .ok_or(Error::NotFound(Noun::Job))
    }

    /// The jobs that the caller sees, newest first.
    pub fn list_jobs(&self, caller: &Caller) -> Vec<BulkJob> {
        let jobs = self.bulk_jobs.jobs.lock();
        let own = jobs.values().filter(|kept| kept.is_seen_by(caller));
        let mut own: Vec<BulkJob> = own.map(|kept| kept.job.clone()).collect();
        own.sort_by_key(|job| std::cmp::Reverse(job.id));
        own
    }

    /// Runs something in a thread of its own, which is waited for when jobs are stopped.
    pub(super) fn in_background(
        self: &Arc<Self>,
        name: &str,
        work: impl FnOnce(&Self) + Send + 'static,
    ) {
        let app = Arc::clone(self);
        let mut threads = self.bulk_jobs.threads.lock();
        match std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&app)) {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::error!("no thread is left: {error}"),
        }
    }

    /// Stops all work in the background between two writes and waits for it.
    pub fn stop_bulk_actions(&self) {
        self.bulk_jobs.is_stopping.store(true, Ordering::Relaxed);
        self.partition.cancel_reindex();
        self.finish_jobs();
    }

    /// Whether jobs are to end before they are done.
    pub(super) fn is_stopping_jobs(&self) -> bool {
        self.bulk_jobs.is_stopping.load(Ordering::Relaxed)
    }

    /// Waits until all jobs have ended.
    pub fn finish_jobs(&self) {
        let threads = std::mem::take(&mut *self.bulk_jobs.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a bulk action ended by a panic");
            }
        }
    }

    pub(super) fn update_job(&self, id: Uuid, change: impl FnOnce(&mut BulkJob)) {
        if let Some(kept) = self.bulk_jobs.jobs.lock().get_mut(&id) {
            change(&mut kept.job);
        }
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
            self.app.update_job(self.id, |job| {
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
