//! One write of an import: the lists and companies that its rows are the first to name, the rows, what
//! is kept of them, and how far the import is with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::custom_fields::FieldsInWrite;
use super::error::Error;
use super::import_checkpoint::{CheckpointInWrite, is_of_checkpoint};
use super::import_consent;
use super::import_names::{NewNames, Taken};
use super::import_rows::{JoiningRow, RowOutcome, RowWriter};
use super::import_run::{RowDecision, Run};
use super::job_undo::next_entry;
use super::lists::note_members;
use crate::domain::access::Caller;
use crate::domain::audit::import_actor;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::engine::{Origin, PendingWrite, Rejected, Tx};

/// A key, and what is kept under it.
pub(super) type Put = (Vec<u8>, Vec<u8>);

/// What a write has done.
pub(super) struct Written {
    pub(super) outcomes: Vec<RowOutcome>,
    /// The contacts that rows have made, changed or left.
    pub(super) contacts: Vec<Option<ContactId>>,
    /// Its entry of the audit log.
    pub(super) entry: u64,
    /// What others have made meanwhile under names that it was to make.
    pub(super) taken: Taken,
}

/// What became of rows, and the contacts that were asked for.
type Ends = (Vec<RowOutcome>, Vec<Option<ContactId>>);

/// The rows of a write.
struct Rows {
    work: Vec<RowDecision>,
    /// The ids of new contacts.
    ids: Vec<ContactId>,
    /// The lists that each contact joins.
    joined: Vec<Vec<Uuid>>,
    /// What is kept of each row with it, unless it is refused.
    notes: Vec<Option<Put>>,
}

impl Run<'_> {
    /// Writes rows; what is kept of each is written with it unless it is refused, and so is how far
    /// the import is with them.
    pub(super) fn write(
        &mut self,
        work: Vec<RowDecision>,
        notes: Vec<Option<Put>>,
        mut checkpoint: Option<CheckpointInWrite>,
    ) -> Result<PendingWrite<Written, Error>, Error> {
        let puts = std::mem::take(&mut self.puts);
        let edited = std::mem::take(&mut self.edited);
        let org: OrgNumber = self.caller.organization;
        let now = self.app.partition.now();
        let actor: Arc<str> = import_actor(&self.caller.actor).into();
        let origin = Origin { actor: Arc::clone(&actor), address: self.caller.address };
        let quotas = self.app.organization_of(self.caller)?.quotas;
        let by = self.caller.clone();
        let settings = self.settings.clone();
        let known = self.app.definitions(org);
        let mut joined: Vec<Vec<Uuid>> = Vec::with_capacity(work.len());
        for decision in &work {
            joined.push(match draft_of(decision) {
                Some(draft) => self.lists.of_row(self.caller, &draft.lists, now)?,
                None => Vec::new(),
            });
        }
        // Refused rows alone make no list.
        let is_news = !work.is_empty() || puts.iter().any(|(key, _)| !is_of_checkpoint(key));
        let lists = if is_news { self.lists.take_new() } else { Vec::new() };
        let new = NewNames::new(lists, self.companies.take_new(now));
        if let Some(checkpoint) = &mut checkpoint {
            checkpoint.joins(self.lists.every());
        }
        let ids = work.iter().map(|_| ContactId::generate()).collect();
        let rows = Rows { work, ids, joined, notes };
        let pending =
            self.app.partition.begin_write::<_, Error>(org, origin, false, move |tx| {
                tx.set_bulk();
                let fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
                let stamp = Stamp { now, actor: &actor, settings: &settings };
                let mut row_writer =
                    RowWriter { edited: &edited, fields, by: &by, quotas: &quotas, stamp };
                let entry = next_entry(tx, &by)?;
                for (key, bytes) in &puts {
                    tx.put(key, bytes.clone());
                }
                let taken = new.make(tx, org)?;
                let (outcomes, contacts) = rows.write(tx, &mut row_writer, &taken)?;
                if let Some(checkpoint) = &checkpoint {
                    checkpoint.put(tx, &outcomes, &taken)?;
                }
                Ok(Written { outcomes, contacts, entry, taken })
            })?;
        Ok(pending)
    }
}

impl Rows {
    /// Writes them one after the other.
    fn write(
        &self,
        tx: &mut Tx<'_>,
        row_writer: &mut RowWriter<'_>,
        taken: &Taken,
    ) -> Result<Ends, Rejected<Error>> {
        let by: &Caller = row_writer.by;
        let now = row_writer.stamp.now;
        let mut outcomes = Vec::with_capacity(self.work.len());
        let mut contacts = Vec::with_capacity(self.work.len());
        let mut put_on: BTreeMap<Uuid, Vec<ContactId>> = BTreeMap::new();
        let rows = self.work.iter().zip(&self.ids).zip(&self.joined);
        for (at, ((decision, id), joined)) in rows.enumerate() {
            let draft = draft_of(decision).map(|draft| {
                let mut draft = import_consent::without_opt_in(draft);
                taken.lead(&mut draft);
                draft
            });
            let (existing, outcome) = match (decision, draft) {
                (RowDecision::Update(existing, _), Some(draft)) => {
                    (*existing, row_writer.update(tx, *existing, *id, draft)?)
                }
                (RowDecision::Create(_), Some(draft)) => (*id, row_writer.create(tx, *id, draft)?),
                _ => (*id, RowOutcome::Unchanged),
            };
            let lists: Vec<Uuid> = joined.iter().map(|list| taken.list(*list)).collect();
            let mut row = JoiningRow { by, existing, new: *id, lists: &lists };
            let mut outcome = row.join(tx, outcome, &mut put_on)?;
            if let Some(said) = draft_of(decision).and_then(|draft| draft.consent.as_ref()) {
                let contact = row.contact(tx, &outcome)?;
                outcome = import_consent::record(tx, by, contact, said, outcome, now)?;
            }
            let is_taken = !matches!(outcome, RowOutcome::Invalid(_));
            let note = self.notes.get(at).and_then(Option::as_ref).filter(|_| is_taken);
            if let Some((key, bytes)) = note {
                tx.put(key, bytes.clone());
            }
            contacts.push(note.map(|_| row.contact(tx, &outcome)).transpose()?);
            outcomes.push(outcome);
        }
        for (list, contacts) in &put_on {
            note_members(tx, *list, contacts, true);
        }
        Ok((outcomes, contacts))
    }
}

/// What a row says of the contact that it makes or changes.
fn draft_of(decision: &RowDecision) -> Option<&Draft> {
    match decision {
        RowDecision::Update(_, draft) | RowDecision::Create(draft) => Some(draft),
        RowDecision::Skip | RowDecision::Ask(_) | RowDecision::Refuse(_) => None,
    }
}
