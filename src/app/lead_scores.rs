//! Scores of contacts: the rules as the engine asks them, and runs over all contacts.
//!
//! Every write scores what it changes; a run each night takes over what time has changed.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;

use super::caught::caught;
use super::error::Error;
use super::jobs::{BulkJob, JobKind};
use super::query::Query;
use super::{Access, App, authorize};
use crate::domain::access::{Caller, OrgSettings, Organization, Permission};
use crate::domain::contact::Contact;
use crate::domain::custom_field::Definitions;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::issue::FieldIssue;
use crate::domain::lead_score::{LeadRule, LeadScore, LeadScoring, read};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::search::Aliases;
use crate::engine::{Error as EngineError, Origin, Scorer, codec, keys};
use crate::query::{Condition, Expr, Field, Language, meets, parse, read_json};

/// How long conditions that were read hold: `last_call:<30d` is counted from the time of reading.
const FRESH_MS: i64 = 3_600_000;
/// Contacts scored in one write.
const WRITE_CONTACTS: usize = 500;
/// Writes that the index may be behind; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;
/// Most words of a condition.
const MOST_WORDS: usize = 64;
/// Who scores, in the audit log.
const ACTOR: &str = "ringdex (lead scores)";

/// The conditions of rules, in their order, as they were read at some time.
type Conditions = Vec<Option<Expr>>;

/// The rules of an organisation with what reading them takes.
#[derive(Debug)]
struct RuleBook {
    scoring: Arc<LeadScoring>,
    timezone: TimeZone,
    definitions: Arc<Definitions>,
    aliases: Aliases,
    read: Mutex<(Timestamp, Arc<Conditions>)>,
}

impl RuleBook {
    /// The conditions as they are meant now.
    fn conditions(&self, now: Timestamp) -> Arc<Conditions> {
        let mut read = self.read.lock();
        let age = now.0.saturating_sub(read.0.0);
        if !(0..FRESH_MS).contains(&age) {
            *read = (now, Arc::new(self.read_all(now)));
        }
        Arc::clone(&read.1)
    }

    fn read_all(&self, now: Timestamp) -> Conditions {
        let language = Language {
            now,
            timezone: self.timezone.clone(),
            custom: &|key| self.definitions.kind(key),
            custom_keys: None,
            completes_last: false,
            most_words: MOST_WORDS,
        };
        let one = |rule: &LeadRule| read_condition(&rule.when, &language);
        self.scoring.rules.iter().map(one).collect()
    }

    fn score(&self, contact: &Contact, now: Timestamp) -> Option<LeadScore> {
        let conditions = self.conditions(now);
        let named = |field: &Field, value: &str| {
            self.aliases.get(&(field.clone(), fold(value))).cloned().unwrap_or_default()
        };
        self.scoring.score(contact, now, |at, _| {
            let condition = conditions.get(at).and_then(Option::as_ref);
            condition.is_some_and(|expr| meets(expr, contact, &named))
        })
    }
}

/// The rules of all organisations that have some, and the runs that score by them.
#[derive(Debug, Default)]
pub(super) struct LeadScorer {
    books: ArcSwap<HashMap<u32, Arc<RuleBook>>>,
    /// The job of each organisation that runs, and whether it is to begin anew.
    running: Mutex<HashMap<u32, (Uuid, bool)>>,
}

impl Scorer for LeadScorer {
    fn score(&self, org: OrgNumber, contact: &Contact, now: Timestamp) -> Option<LeadScore> {
        self.books.load().get(&org.0)?.score(contact, now)
    }
}

impl App {
    /// Takes the rules over as the settings of organisations have them.
    pub(super) fn read_lead_rules(&self) {
        let mut books = HashMap::new();
        for organization in self.access().organizations() {
            let settings = &organization.settings;
            if settings.lead_score.rules.is_empty() {
                continue;
            }
            let timezone = settings.timezone.as_deref();
            let timezone = timezone.and_then(|name| TimeZone::get(name).ok());
            let nothing = (Timestamp(i64::MIN), Arc::default());
            let mut book = RuleBook {
                scoring: Arc::new(settings.lead_score.clone()),
                timezone: timezone.unwrap_or(TimeZone::UTC),
                definitions: self.definitions(organization.number),
                aliases: Aliases::new(),
                read: Mutex::new(nothing),
            };
            let caller = Access::operator_of(organization.number);
            let conditions = book.read_all(self.now());
            for expr in conditions.iter().flatten() {
                book.aliases.extend(self.aliases(&caller, expr));
            }
            books.insert(organization.number.0, Arc::new(book));
        }
        self.lead_scorer.books.store(Arc::new(books));
    }

    /// The rules by which an organisation scores.
    pub(super) fn scoring_of(&self, org: OrgNumber) -> Arc<LeadScoring> {
        let books = self.lead_scorer.books.load();
        books.get(&org.0).map(|book| Arc::clone(&book.scoring)).unwrap_or_default()
    }

    /// Refuses rules of which a condition is not understood or asks for what is not known of one
    /// contact alone. What does not fit in form is refused where settings are read.
    pub(super) fn check_lead_rules(&self, caller: &Caller, value: &Value) -> Result<(), Error> {
        let current = self.organization_of(caller)?.settings.lead_score.clone();
        let Ok(read) = read(value, &current) else { return Ok(()) };
        let Ok(scoring) = serde_json::from_value::<LeadScoring>(read) else { return Ok(()) };
        let rules = scoring.rules.iter().enumerate();
        let conditions =
            rules.map(|(at, rule)| (format!("/lead_score/rules/{at}/when"), &rule.when));
        self.check_conditions(caller, conditions)
    }

    /// Refuses conditions of rules, each with its place, that are not understood or ask for what is
    /// not known of one contact alone.
    pub(super) fn check_conditions<'a>(
        &self,
        caller: &Caller,
        conditions: impl Iterator<Item = (String, &'a Value)>,
    ) -> Result<(), Error> {
        let mut issues = Vec::new();
        for (pointer, when) in conditions {
            match self.check_condition(caller, when, &pointer) {
                Ok(()) => {}
                Err(Error::Invalid(found)) => issues.extend(found.into_iter().map(|mut issue| {
                    if let Some(below) = issue.pointer.strip_prefix("/filter") {
                        issue.pointer = format!("{pointer}{below}");
                    }
                    issue
                })),
                Err(error) => return Err(error),
            }
        }
        if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
    }

    fn check_condition(&self, caller: &Caller, when: &Value, at: &str) -> Result<(), Error> {
        let query = match when {
            Value::String(text) => {
                let query = Query::from(text.as_str());
                self.refuse_vague_query(caller, &query, at)?;
                query
            }
            filter => Query { filter: Some(filter.clone()), ..Query::default() },
        };
        let expr = self.understand(caller, &query)?.expr;
        let refused = |detail: &str| Error::Invalid(vec![FieldIssue::new(at, "query", detail)]);
        if expr.meets_all() {
            return Err(refused("every contact meets this: a rule is to tell some from others"));
        }
        let is_alien = |condition: &Condition| {
            let field = match condition {
                Condition::Value { field, .. }
                | Condition::Contains { field, .. }
                | Condition::Range { field, .. }
                | Condition::Has { field } => field,
                Condition::Keypad { .. } => return true,
                Condition::Word { .. }
                | Condition::Dotted { .. }
                | Condition::Digits { .. }
                | Condition::Address { .. } => return false,
            };
            matches!(field, Field::List | Field::LeadScore)
        };
        let is_me = |mut owners: Box<dyn Iterator<Item = &str> + '_>| owners.any(|one| one == "me");
        if expr.conditions().any(is_alien) || is_me(Box::new(expr.owners())) {
            return Err(refused("a rule cannot ask for lists, for scores or for \"me\""));
        }
        Ok(())
    }

    /// Scores all contacts anew, as a job; the one that does so already is answered.
    ///
    /// # Errors
    /// If the caller does not manage settings.
    pub fn score_leads(self: &Arc<Self>, caller: &Caller) -> Result<BulkJob, Error> {
        authorize(caller, Permission::ManageSettings)?;
        self.read_lead_rules();
        self.start_scoring(caller.organization, Arc::clone(&caller.actor))
    }

    /// Starts the work that is due each night, and what a restart has interrupted.
    pub fn tend_scores(self: &Arc<Self>) {
        let now = self.now();
        if !self.is_leading() {
            return;
        }
        for organization in self.access().organizations() {
            if !is_due(&organization, now) {
                continue;
            }
            self.read_lead_rules();
            if let Err(error) = self.start_scoring(organization.number, ACTOR.into()) {
                tracing::error!("contacts are not scored: {error}");
            }
        }
    }

    fn start_scoring(self: &Arc<Self>, org: OrgNumber, actor: Arc<str>) -> Result<BulkJob, Error> {
        let job = BulkJob::new(JobKind::LeadScore, Uuid::now_v7(), self.now());
        let mut running = self.lead_scorer.running.lock();
        if let Some((known, again)) = running.get_mut(&org.0) {
            *again = true;
            let known = BulkJob { id: *known, ..job };
            return Ok(self.job_of_anybody(known.id).unwrap_or(known));
        }
        self.keep_running_job(org, actor, Permission::ManageSettings, &job);
        let id = job.id;
        running.insert(org.0, (id, false));
        drop(running);
        let started = self.run_job(id, move |app| {
            let done = caught("the scoring", || app.score_until_done(org, id));
            app.lead_scorer.running.lock().remove(&org.0);
            done
        });
        if started.is_err() {
            self.lead_scorer.running.lock().remove(&org.0);
        }
        started.map(|()| job)
    }

    fn score_until_done(&self, org: OrgNumber, job: Uuid) -> Result<(), Error> {
        loop {
            self.score_all(org, job)?;
            let mut running = self.lead_scorer.running.lock();
            match running.get_mut(&org.0) {
                Some((_, again)) if *again => *again = false,
                _ => {
                    running.remove(&org.0);
                    break;
                }
            }
        }
        let now = self.now();
        let origin = Origin { actor: ACTOR.into(), address: None };
        self.partition.write::<_, Error>(org, origin, false, move |tx| {
            let key = keys::organization(org);
            let Some(bytes) = tx.get(&key)? else { return Ok(()) };
            let mut organization: Organization =
                codec::decode(&bytes).map_err(EngineError::from)?;
            (organization.scored_at, organization.is_scoring_due) = (Some(now), false);
            tx.put(&key, codec::encode(&organization).map_err(EngineError::from)?);
            Ok(())
        })?;
        Ok(())
    }

    fn score_all(&self, org: OrgNumber, job: Uuid) -> Result<(), Error> {
        let (mut ids, mut total): (Vec<ContactId>, u64) = (Vec::new(), 0);
        let now = self.now();
        self.partition.for_each_record(org, |batch| {
            total += batch.len() as u64;
            let differs =
                |one: &&Contact| self.lead_scorer.score(org, one, now) != one.facts.lead_score;
            ids.extend(batch.iter().filter(differs).map(|contact| contact.id));
            !self.is_stopping_job(job)
        })?;
        self.update_job(job, |job| {
            (job.total, job.unchanged) = (total, total - ids.len() as u64);
        });
        let origin = Origin { actor: ACTOR.into(), address: None };
        for chunk in ids.chunks(WRITE_CONTACTS) {
            if self.is_stopping_job(job) {
                break;
            }
            let chunk = chunk.to_vec();
            let written =
                self.partition.write::<_, Error>(org, origin.clone(), false, move |tx| {
                    let mut changed = 0;
                    for id in &chunk {
                        changed += u64::from(tx.score_again(org, *id)?);
                    }
                    Ok(changed)
                })?;
            self.partition.pace(written.seq, MOST_WRITES_BEHIND);
            self.update_job(job, |job| job.changed += written.value);
        }
        if self.is_stopping_job(job) {
            return Err(Error::Overloaded(
                "the server was shut down before the end; this goes on at the next start",
            ));
        }
        Ok(())
    }
}

/// Reads the condition of a rule; words match as they are written.
pub(super) fn read_condition(when: &Value, language: &Language<'_>) -> Option<Expr> {
    match when {
        Value::String(text) => Some(parse(text, language).expr.as_typed()),
        filter => read_json(filter, language).ok().map(|parsed| parsed.expr.as_typed()),
    }
}

/// Whether a new day has begun for an organisation since something was done.
pub(super) fn has_new_day(settings: &OrgSettings, done: Option<Timestamp>, now: Timestamp) -> bool {
    let timezone = settings.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
    let timezone = timezone.unwrap_or(TimeZone::UTC);
    let day = |at: Timestamp| {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        timezone.to_datetime(at).date()
    };
    done.is_none_or(|done| day(done) < day(now))
}

/// Whether the contacts of an organisation are to be scored anew: rules have changed, or a new day
/// has begun there.
fn is_due(organization: &Organization, now: Timestamp) -> bool {
    let settings = &organization.settings;
    if organization.is_scoring_due {
        return true;
    }
    if settings.lead_score.rules.is_empty() {
        return false;
    }
    has_new_day(settings, organization.scored_at, now)
}
