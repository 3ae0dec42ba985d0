//! Merging without asking, by rule: off unless an organisation wants it, limited, and undone as a
//! whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::merges::{MOST_CONTACTS, MergeRequest};
use super::super::{App, Cancel, authorize};
use super::live::{Base, Live};
use super::report::likelihood;
use crate::dedupe::{MatchGroup, ScoredPair};
use crate::domain::access::{Caller, FieldRight, Permission, Sight, SightKey};
use crate::domain::contact::Contact;
use crate::domain::duplicates::{AutoMerge, Survivor};
use crate::domain::ids::{ContactId, ContactNumber, OrgNumber};
use crate::domain::members::ObjectReader;
use crate::domain::merge::{MergeOrigin, Rule, plan};
use crate::domain::name::{Generation, Identity};
use crate::domain::names::NameTables;
use crate::domain::time::Timestamp;
use crate::engine::Error as EngineError;
use crate::import::match_existing::Person;

/// Groups that one run looks at.
const MOST_LOOKED_AT: usize = 10_000;
/// Groups that one run names as left alone.
const MOST_SKIPPED: usize = 1_000;
/// Merges that are looked through for runs.
const MOST_SCANNED: usize = 20_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// A group that a run merged, or would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoMerged {
    /// The merge; none if it was only tried.
    pub merge_id: Option<Uuid>,
    /// The contact that stays.
    pub primary: ContactId,
    /// The contacts that go into it.
    pub others: Vec<ContactId>,
    /// Of the least likely pair that holds them together.
    pub probability: f64,
}

/// A group that a run left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoSkipped {
    /// Its contacts.
    pub ids: Vec<ContactId>,
    /// Why, in words.
    pub reason: String,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoMergeDone {
    /// The run; none if it was only tried.
    pub id: Option<Uuid>,
    /// Whether it was only tried.
    pub dry_run: bool,
    /// What it merged, or would.
    pub merged: Vec<AutoMerged>,
    /// What it left alone, though likely enough.
    pub skipped: Vec<AutoSkipped>,
    /// Whether the daily limit, or the one of the request, ended it.
    pub limited: bool,
    /// Whether an earlier request with the same key had done it already.
    #[serde(skip)]
    pub is_replay: bool,
}

/// A run as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AutoMergeRun {
    /// The run.
    pub id: Uuid,
    /// When its last merge was.
    pub at: Timestamp,
    /// Its merges.
    pub merges: usize,
    /// Those that were undone.
    pub undone: usize,
}

/// What undoing a run did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoMergeUndone {
    /// The run.
    pub id: Uuid,
    /// The merges that are undone.
    pub undone: Vec<Uuid>,
    /// Those that stand, and why.
    pub refused: Vec<UndoRefused>,
    /// Whether an earlier request with the same key had done it already.
    #[serde(skip)]
    pub is_replay: bool,
}

/// A merge that could not be undone with its run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoRefused {
    /// The merge.
    pub merge_id: Uuid,
    /// Why, and what to do.
    pub detail: String,
}

/// A group that is likely enough.
struct Sure {
    numbers: Vec<u32>,
    probability: f64,
}

impl App {
    /// Merges the groups that are so likely that they may be merged without asking, by the rules of
    /// the settings; only these decide whether it is also done in the background. With `dry_run` it
    /// is only said what would be merged. The answer is kept behind the last merge: a run that was
    /// killed is another one when it is asked for again, and the daily limit holds for both. Where
    /// nobody waits for it any more, it ends before the first merge.
    ///
    /// # Errors
    /// If the caller may not merge or does not see everything.
    pub fn auto_merge(
        &self,
        caller: &Caller,
        body: &Value,
        idempotency: Option<Idempotency>,
        cancel: &Cancel,
    ) -> Result<AutoMergeDone, Error> {
        let settings = self.authorize_auto_merge(caller)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let dry_run = members.flag("dry_run").value().copied().unwrap_or(false);
        let limit = members.number("limit").value().copied();
        members.finish().map_err(Error::Invalid)?;
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let idempotency = idempotency.filter(|_| !dry_run);
        let answered = || -> Result<Option<AutoMergeDone>, Error> {
            let before = self.answered::<AutoMergeDone>(caller.organization, idempotency)?;
            Ok(before.map(|before| AutoMergeDone { is_replay: true, ..before }))
        };
        if let Some(before) = answered()? {
            return Ok(before);
        }
        // One at a time: two would both count the day's merges before either has merged, and the
        // same request that was sent at once is answered by what the other has done.
        let _turn = self.duplicates.auto_merging.lock();
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled.into());
        }
        if let Some(before) = answered()? {
            return Ok(before);
        }
        let done = self.auto_merge_as(caller, &settings, (dry_run, limit), cancel)?;
        self.keep_answer(caller, idempotency, &done)?;
        Ok(done)
    }

    fn authorize_auto_merge(&self, caller: &Caller) -> Result<AutoMerge, Error> {
        authorize(caller, Permission::Merge)?;
        let sees_all = caller.sight == Sight::Everything
            && caller.fields.phones == FieldRight::Full
            && caller.fields.emails == FieldRight::Full;
        if !sees_all {
            return Err(Error::DeniedOnRecord(
                "merging without asking is for those who see all contacts and their numbers and addresses",
            ));
        }
        Ok(self.organization_of(caller)?.settings.duplicates.auto_merge.clone())
    }

    /// Merges; whoever calls it holds the lock of those who merge without asking.
    fn auto_merge_as(
        &self,
        caller: &Caller,
        settings: &AutoMerge,
        (dry_run, limit): (bool, usize),
        cancel: &Cancel,
    ) -> Result<AutoMergeDone, Error> {
        let org = caller.organization;
        let live = self.live_duplicates(org);
        self.ready_duplicates(&live, 0)?;
        if live.base.read().is_none() {
            self.rebuild_duplicates(&live, &mut |_| !cancel.is_cancelled())?;
        }
        while !cancel.is_cancelled() && self.settle(&live, 500)? > 0 {}
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled.into());
        }
        let left = self.left_today(org, settings)?;
        let most = limit.min(left);
        let run = Uuid::now_v7();
        let mut done = AutoMergeDone {
            id: (!dry_run).then_some(run),
            dry_run,
            merged: Vec::new(),
            skipped: Vec::new(),
            limited: false,
            is_replay: false,
        };
        let undone = self.undone_merges(org)?;
        let names = self.partition.names();
        for group in sure_groups(&live, settings.least()) {
            // What is merged is told to somebody; a trial that nobody waits for is given up.
            if dry_run && cancel.is_cancelled() {
                return Err(EngineError::Cancelled.into());
            }
            if done.merged.len() >= most {
                done.limited = true;
                break;
            }
            // Read before it is judged again: what changes in between is refused by its version.
            let contacts = self.group_contacts(org, &group)?;
            let ids: Vec<ContactId> = contacts.iter().map(|contact| contact.id).collect();
            self.follow_changes(&live, usize::MAX)?;
            while self.settle(&live, 500)? > 0 {}
            let is_undone = || undone.iter().any(|was| is_one_of(was, &ids));
            let reason = if !is_still_sure(&live, &group, settings.least()) {
                Some("it has changed meanwhile".to_owned())
            } else if is_undone() {
                Some("a merge of them was undone".to_owned())
            } else {
                refusal(&contacts, group.numbers.len(), settings, &names)
            };
            if let Some(reason) = reason {
                done.skip(ids, reason);
                continue;
            }
            let request = request_of(&contacts, settings);
            let mut entry = AutoMerged {
                merge_id: None,
                primary: request.primary,
                others: request.others.clone(),
                probability: super::rounded(group.probability, 6),
            };
            if !dry_run {
                let origin = MergeOrigin::Automatic(run);
                match self.merge(caller, request, origin, Precondition::None, None, None) {
                    Ok(merged) => entry.merge_id = merged.merge_id,
                    Err(Error::Engine(error)) => return Err(error.into()),
                    Err(error) => {
                        done.skip(ids, error.to_string());
                        continue;
                    }
                }
            }
            done.merged.push(entry);
        }
        Ok(done)
    }

    /// How many merges the day has left.
    fn left_today(&self, org: OrgNumber, settings: &AutoMerge) -> Result<usize, Error> {
        let now = self.partition.now();
        let since = Timestamp(now.0 - now.0.rem_euclid(DAY_MS));
        let mut merged = 0;
        for record in self.partition.merges_before(org, None).take(MOST_SCANNED) {
            let record = record?;
            if record.at < since {
                break;
            }
            merged += usize::from(matches!(record.origin, MergeOrigin::Automatic(_)));
        }
        Ok((settings.daily_limit as usize).saturating_sub(merged))
    }

    /// The contacts of merges that were undone: somebody did not want them.
    fn undone_merges(&self, org: OrgNumber) -> Result<Vec<Vec<ContactId>>, Error> {
        let mut undone = Vec::new();
        for record in self.partition.merges_before(org, None).take(MOST_SCANNED) {
            let record = record?;
            if record.undone_at.is_some() {
                undone.push(std::iter::once(record.primary).chain(record.others).collect());
            }
        }
        Ok(undone)
    }

    fn group_contacts(&self, org: OrgNumber, group: &Sure) -> Result<Vec<Arc<Contact>>, Error> {
        let read = group.numbers.iter().map(|number| {
            self.partition.peek_contact(org, ContactNumber(*number)).map_err(Error::from)
        });
        Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Merges what the settings want merged without asking, for the background.
    pub(super) fn auto_merge_by_itself(&self, org: OrgNumber) -> Result<usize, Error> {
        let Some(organization) = self.access().organization(org) else { return Ok(0) };
        let settings = organization.settings.duplicates.auto_merge.clone();
        if !settings.enabled {
            return Ok(0);
        }
        let caller = Caller::operator(org, "automatic");
        let _turn = self.duplicates.auto_merging.lock();
        Ok(self
            .auto_merge_as(&caller, &settings, (false, usize::MAX), &Cancel::never())?
            .merged
            .len())
    }

    /// The runs that merged without asking, the newest first.
    ///
    /// # Errors
    /// If the caller may not merge or does not see everything.
    pub fn list_auto_merges(&self, caller: &Caller) -> Result<Vec<AutoMergeRun>, Error> {
        self.authorize_auto_merge(caller)?;
        let mut runs: Vec<AutoMergeRun> = Vec::new();
        for record in self.partition.merges_before(caller.organization, None).take(MOST_SCANNED) {
            let record = record?;
            let MergeOrigin::Automatic(id) = record.origin else { continue };
            let undone = usize::from(record.undone_at.is_some());
            match runs.iter_mut().find(|run| run.id == id) {
                Some(run) => {
                    run.merges += 1;
                    run.undone += undone;
                }
                None => runs.push(AutoMergeRun { id, at: record.at, merges: 1, undone }),
            }
        }
        Ok(runs)
    }

    /// Undoes all merges of a run, the last one first. What cannot be undone without asking stays
    /// and is named.
    ///
    /// # Errors
    /// If there is no such run, or the caller may not merge or does not see everything.
    pub fn undo_auto_merge(
        &self,
        caller: &Caller,
        run: Uuid,
        idempotency: Option<Idempotency>,
    ) -> Result<AutoMergeUndone, Error> {
        self.authorize_auto_merge(caller)?;
        let before = self.answered::<AutoMergeUndone>(caller.organization, idempotency)?;
        if let Some(before) = before {
            return Ok(AutoMergeUndone { is_replay: true, ..before });
        }
        let mut merges = Vec::new();
        let mut is_known = false;
        for record in self.partition.merges_before(caller.organization, None).take(MOST_SCANNED) {
            let record = record?;
            if record.origin == MergeOrigin::Automatic(run) {
                is_known = true;
                if record.is_active() {
                    merges.push(record.id);
                }
            }
        }
        if !is_known {
            return Err(Error::NotFound(Noun::Run));
        }
        let (undone, refused) = (Vec::new(), Vec::new());
        let mut done = AutoMergeUndone { id: run, undone, refused, is_replay: false };
        let nothing_resolved = Value::Object(serde_json::Map::new());
        for merge_id in merges {
            match self.undo_merge(caller, merge_id, &nothing_resolved, &Precondition::None, None) {
                Ok(_) => done.undone.push(merge_id),
                Err(Error::Engine(error)) => return Err(error.into()),
                Err(error) => {
                    done.refused.push(UndoRefused { merge_id, detail: error.to_string() });
                }
            }
        }
        self.keep_answer(caller, idempotency, &done)?;
        Ok(done)
    }
}

impl AutoMergeDone {
    fn skip(&mut self, ids: Vec<ContactId>, reason: String) {
        if self.skipped.len() < MOST_SKIPPED {
            self.skipped.push(AutoSkipped { ids, reason });
        }
    }
}

/// The parts of groups that are likely enough. Of a group only those contacts are in a part that
/// a pair of their own ties to it likely enough; the others stay, to be looked at.
fn sure_groups(live: &Live, least: f64) -> Vec<Sure> {
    let base = live.base.read();
    let groups = base.as_ref().map(|base: &Base| base.graph.groups_behind(None));
    let found = groups.into_iter().flatten().flat_map(|(_, group)| sure_parts(group, least));
    found.take(MOST_LOOKED_AT).collect()
}

fn sure_parts(group: &MatchGroup, least: f64) -> Vec<Sure> {
    let is_sure = |tie: &ScoredPair| likelihood(tie.weight) >= least;
    let parts = group.parts(is_sure).into_iter().map(|numbers| {
        let is_inside = |tie: &&ScoredPair| is_sure(tie) && numbers.contains(&tie.a);
        let ties = group.ties.iter().filter(is_inside).map(|tie| likelihood(tie.weight));
        // A whole group may have grown along a pair that is weaker than what ties it now.
        let is_whole = numbers.len() == group.members.len();
        let most = if is_whole { likelihood(group.weakest) } else { 1.0 };
        Sure { probability: ties.fold(most, f64::min), numbers }
    });
    parts.filter(|part| part.probability >= least).collect()
}

/// Whether two of some contacts were in a merge.
fn is_one_of(merge: &[ContactId], ids: &[ContactId]) -> bool {
    ids.iter().filter(|id| merge.contains(id)).count() > 1
}

/// Whether a group is still there as it was found.
fn is_still_sure(live: &Live, group: &Sure, least: f64) -> bool {
    let base = live.base.read();
    let first = group.numbers.first().copied().unwrap_or_default();
    let now = base.as_ref().and_then(|base| base.graph.group_of(first));
    now.is_some_and(|now| sure_parts(now, least).iter().any(|part| part.numbers == group.numbers))
}

/// Why a group is left alone.
fn refusal(
    contacts: &[Arc<Contact>],
    members: usize,
    settings: &AutoMerge,
    names: &NameTables,
) -> Option<String> {
    if contacts.len() < members {
        return Some("it has changed meanwhile".to_owned());
    }
    if contacts.len() > MOST_CONTACTS {
        return Some(format!("it has more than {MOST_CONTACTS} contacts"));
    }
    let ordered = by_survivor(contacts, settings.survivor);
    let (primary, others) = ordered.split_first()?;
    let seen_by = SightKey::of(primary);
    if others.iter().any(|other| SightKey::of(other) != seen_by) {
        return Some("not everybody who sees one of them sees the others".to_owned());
    }
    // Who says nothing may be the junior or the senior.
    if others.iter().any(|other| generation(other) != generation(primary)) {
        return Some("they differ in suffix".to_owned());
    }
    let others: Vec<Contact> = others.iter().map(|other| other.as_ref().clone()).collect();
    let planned = plan(primary, &others, &BTreeMap::new(), &rule_of(settings));
    let differing: Vec<&str> = planned
        .conflicts
        .iter()
        .map(|conflict| conflict.field.as_str())
        .filter(|field| settings.agree.iter().any(|agreed| agreed == field))
        .collect();
    if !differing.is_empty() {
        return Some(format!("they differ in {}", differing.join(", ")));
    }
    let people: Vec<Person> = contacts.iter().map(|one| Person::of_contact(one)).collect();
    let is_other = |(at, one): (usize, &Person)| {
        people[at + 1..].iter().any(|other| !one.may_be(other, names))
    };
    if people.iter().enumerate().any(is_other) {
        return Some("they differ in given name, last name or form of address".to_owned());
    }
    None
}

/// Which of several people of one name it is, if the name says so.
fn generation(contact: &Contact) -> Option<Generation> {
    let (first, last) = (contact.first_name.as_deref(), contact.last_name.as_deref());
    let shown = Some(contact.display_name.as_str());
    Identity::of(shown, first, last, contact.suffix.as_deref()).generation
}

fn by_survivor(contacts: &[Arc<Contact>], survivor: Survivor) -> Vec<&Arc<Contact>> {
    let mut ordered: Vec<&Arc<Contact>> = contacts.iter().collect();
    ordered.sort_by_key(|contact| match survivor {
        Survivor::Oldest => (contact.created_at.0, contact.number),
        Survivor::Newest => (-contact.updated_at.0, contact.number),
    });
    ordered
}

fn rule_of(settings: &AutoMerge) -> Rule {
    Rule::parse(&settings.rule, Vec::new()).unwrap_or_default()
}

fn request_of(contacts: &[Arc<Contact>], settings: &AutoMerge) -> MergeRequest {
    let ordered = by_survivor(contacts, settings.survivor);
    let mut ids = ordered.iter().map(|contact| contact.id);
    MergeRequest {
        primary: ids.next().unwrap_or_else(ContactId::generate),
        others: ids.collect(),
        fields: BTreeMap::new(),
        rule: rule_of(settings),
        // What was judged is what is merged.
        versions: contacts.iter().map(|contact| (contact.id, contact.version)).collect(),
        is_dry_run: false,
    }
}
