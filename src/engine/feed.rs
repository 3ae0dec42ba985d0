//! What the journal tells of contacts and records, act by act, for those who follow changes.
//!
//! The newest entries are taken apart once and kept for a while, however many follow.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use uuid::Uuid;

use super::error::Error;
use super::image;
use super::partition::Partition;
use super::tx::Tombstone;
use crate::domain::access::SightKey;
use crate::domain::audit::{AuditAction, AuditDetails, AuditEntry, FieldChange};
use crate::domain::contact::{Contact, Visibility};
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::record::Record;
use crate::domain::time::Timestamp;
use crate::journal::{Entry, Error as JournalError, Journal, Op};
use crate::store::{codec, keys};

/// Bytes of journal that are read at once.
const READ_BYTES: usize = 512 << 10;
/// How often that is done for one answer.
const MOST_READS: usize = 16;
/// Acts that are kept.
const MOST_KEPT: usize = 50_000;

/// One thing that was done to one contact or record.
#[derive(Clone, Debug)]
pub struct FeedAct {
    /// What.
    pub action: AuditAction,
    /// To what.
    pub id: Uuid,
    /// Who could see the contact before and behind it, as far as it was there.
    pub seen_by: Vec<SightKey>,
    /// The contact that the record is about.
    pub about: Option<Uuid>,
}

/// What one write did to the contacts and records of an organisation.
#[derive(Clone, Debug)]
pub struct FeedEntry {
    /// Its place in the journal.
    pub seq: ChangeSeq,
    /// When.
    pub at: Timestamp,
    /// Of which organisation.
    pub organization: OrgNumber,
    /// Who.
    pub actor: String,
    /// What, in order.
    pub acts: Vec<FeedAct>,
}

/// A part of what there is to tell.
#[derive(Clone, Debug, Default)]
pub struct FeedPart {
    /// The writes, oldest first.
    pub entries: Vec<Arc<FeedEntry>>,
    /// Everything up to here was looked at.
    pub through: ChangeSeq,
    /// Whether there is more.
    pub has_more: bool,
}

/// The newest entries as they were taken apart.
#[derive(Default)]
pub(super) struct RecentEntries(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    entries: VecDeque<Arc<FeedEntry>>,
    acts: usize,
    /// Entries behind this one are here, up to the other.
    from: ChangeSeq,
    through: ChangeSeq,
}

impl Recent {
    fn push(&mut self, entry: FeedEntry) {
        self.acts += entry.acts.len();
        self.entries.push_back(Arc::new(entry));
        while self.acts > MOST_KEPT
            && let Some(oldest) = self.entries.pop_front()
        {
            self.acts -= oldest.acts.len();
            self.from = oldest.seq;
        }
    }
}

impl Partition {
    /// Which history the places in the journal are of.
    pub fn history(&self) -> Uuid {
        self.journal().incarnation()
    }

    /// Waits until something behind a place is durable and readable, at most for a time; the last
    /// change that is.
    pub fn wait_applied(&self, after: ChangeSeq, at_most: Duration) -> ChangeSeq {
        self.applied().wait_until(at_most, || self.applied().get() > after);
        self.applied().get()
    }

    /// What was done to the contacts and records of an organisation behind a place, about so many
    /// acts of it; `None` if the journal does not reach back so far, or never came there.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn acts_after(
        &self,
        org: OrgNumber,
        after: ChangeSeq,
        most: usize,
    ) -> Result<Option<FeedPart>, Error> {
        let applied = self.applied_seq();
        if after > applied || after.0 + 1 < self.journal().first().0 {
            return Ok(None);
        }
        if let Some(part) = self.recent_after(org, after, applied, most)? {
            return Ok(Some(part));
        }
        let mut part = FeedPart { through: after, ..FeedPart::default() };
        let mut acts = 0;
        for _ in 0..MOST_READS {
            let read = match self.journal().read(part.through, READ_BYTES, Duration::ZERO) {
                Err(JournalError::Trimmed { .. }) => return Ok(None),
                read => read?,
            };
            if read.is_empty() {
                break;
            }
            for entry in read.iter().take_while(|entry| entry.seq <= applied) {
                part.through = entry.seq;
                if entry.organization == org
                    && let Some(told) = told(entry)?
                {
                    acts += told.acts.len();
                    part.entries.push(Arc::new(told));
                }
                if acts >= most {
                    part.has_more = part.through < applied;
                    return Ok(Some(part));
                }
            }
            if part.through >= applied {
                break;
            }
        }
        part.has_more = part.through < applied;
        Ok(Some(part))
    }

    /// The same of the entries that are kept; `None` if what is asked for is older.
    fn recent_after(
        &self,
        org: OrgNumber,
        after: ChangeSeq,
        applied: ChangeSeq,
        most: usize,
    ) -> Result<Option<FeedPart>, Error> {
        let mut recent = self.recent().0.lock();
        if recent.through == ChangeSeq::default() {
            // Nobody has followed yet: it begins with the first who is nearly up to date.
            if applied.0 - after.0 > 1_000 {
                return Ok(None);
            }
            (recent.from, recent.through) = (after, after);
        }
        if after < recent.from || after > recent.through && applied > recent.through {
            let is_gap = after > recent.through;
            if is_gap {
                *recent = Recent { from: after, through: after, ..Recent::default() };
            } else {
                return Ok(None);
            }
        }
        while recent.through < applied {
            let read = self.journal().read(recent.through, READ_BYTES, Duration::ZERO)?;
            let before = recent.through;
            for entry in read.iter().take_while(|entry| entry.seq <= applied) {
                recent.through = entry.seq;
                if let Some(told) = told(entry)? {
                    recent.push(told);
                }
            }
            if recent.through == before {
                break;
            }
        }
        if after < recent.from {
            return Ok(None);
        }
        let mut part = FeedPart { through: recent.through.max(after), ..FeedPart::default() };
        let mut acts = 0;
        let begin = recent.entries.partition_point(|entry| entry.seq <= after);
        for entry in recent.entries.range(begin..).filter(|entry| entry.organization == org) {
            if acts >= most {
                part.has_more = true;
                break;
            }
            acts += entry.acts.len();
            part.through = entry.seq;
            part.entries.push(Arc::clone(entry));
        }
        if !part.has_more {
            part.through = recent.through.max(after);
        }
        Ok(Some(part))
    }
}

/// Whether an action is told.
fn is_told(action: AuditAction) -> bool {
    matches!(
        action,
        AuditAction::ContactCreated
            | AuditAction::ContactUpdated
            | AuditAction::ContactDeleted
            | AuditAction::ContactRestored
            | AuditAction::ContactErased
            | AuditAction::ContactMerged
            | AuditAction::ContactUnmerged
            | AuditAction::ConsentRecorded
            | AuditAction::Record(..)
    )
}

/// What an entry of the journal tells; `None` if that is nothing.
fn told(entry: &Entry) -> Result<Option<FeedEntry>, Error> {
    if image::is_image(entry) {
        return Ok(None);
    }
    let puts = || {
        entry.ops.iter().filter_map(|op| match op {
            Op::Put { key, value, .. } => Some((key.as_slice(), value.as_slice())),
            Op::Delete { .. } => None,
        })
    };
    let Some((_, log)) = puts().find(|(key, _)| key.first() == Some(&keys::AUDIT)) else {
        return Ok(None);
    };
    let log: AuditEntry = codec::decode(log)?;
    if !log.acts.iter().any(|act| is_told(act.0)) {
        return Ok(None);
    }
    // Where the last value of each key stands.
    let values: HashMap<&[u8], &[u8]> = puts().collect();
    let org = entry.organization;
    let mut acts = Vec::new();
    for act in log.acts.iter().filter(|act| is_told(act.0)) {
        let (action, id) = (act.0, act.1);
        let mut told = FeedAct { action, id, seen_by: Vec::new(), about: None };
        if let AuditAction::Record(kind, _) = action {
            if let Some(value) = values.get(&keys::record(org, kind, id)[..]) {
                told.about = codec::decode::<Record>(value)?.contact();
            }
        } else {
            let details = values.get(&keys::audit_details(org, id, log.number)[..]);
            let details: AuditDetails =
                details.map(|value| codec::decode(value)).transpose()?.unwrap_or_default();
            let contact = values.get(&keys::contact(org, id.into())[..]);
            if let Some(value) = contact {
                let contact: Contact = codec::decode(value)?;
                told.seen_by = seen_by(action, &contact, &details.changes);
            } else if let Some(value) = values.get(&keys::tombstone(org, id.into())[..]) {
                told.seen_by.extend(codec::decode::<Tombstone>(value)?.seen_by);
            }
        }
        acts.push(told);
    }
    Ok(Some(FeedEntry { seq: entry.seq, at: entry.at, organization: org, actor: log.actor, acts }))
}

/// Who could see a contact before a change and who can see it behind it.
fn seen_by(action: AuditAction, contact: &Contact, changes: &[FieldChange]) -> Vec<SightKey> {
    let mut all = Vec::new();
    if !contact.is_deleted() {
        all.push(SightKey::of(contact));
    }
    if matches!(action, AuditAction::ContactCreated | AuditAction::ContactRestored) {
        return all;
    }
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let mut before = contact.clone();
    for change in changes {
        match change.field.as_str() {
            "assigned_to" => before.assigned_to = text(&change.before),
            "assigned_queue" => before.assigned_queue = text(&change.before),
            "org_department_id" => before.org_department_id = text(&change.before),
            "visibility" => {
                let parsed = change.before.as_str().and_then(Visibility::parse);
                before.visibility = parsed.unwrap_or_default();
            }
            _ => {}
        }
    }
    let before = SightKey::of(&before);
    if !all.contains(&before) {
        all.push(before);
    }
    all
}
