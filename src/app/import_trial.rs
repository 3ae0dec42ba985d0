//! What a trial would have written, so that later rows of its list find it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::App;
use super::error::Error;
use super::import_consent::news_of;
use super::import_edits::{EditedFields, but_for_edits};
use super::import_preview::TrialDetails;
use super::import_preview_rows::RowChange;
use super::import_rows::{RowOutcome, for_update, invalid, new_of_row};
use super::import_run::RowDecision;
use crate::domain::access::{Caller, OrgSettings};
use crate::domain::audit::FieldChange;
use crate::domain::consent::{ConsentCells, MARKETING};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::issue::FieldIssue;
use crate::engine::lookup::{Table, TableChange};

/// Bytes of contacts that a trial keeps; rows after these are not compared with each other.
const MOST_BYTES: usize = 512 * 1024 * 1024;
/// The numbers of contacts that a trial makes begin here, where no real one will ever be.
const FIRST_NUMBER: u32 = 1 << 31;

/// A contact before, if there was one, and after.
type Change = (Option<Arc<Contact>>, Contact);

/// The contacts that a trial has made or changed.
#[derive(Default)]
pub(super) struct Trial {
    table: Table,
    /// Encoded, since most are never looked at again.
    contacts: HashMap<ContactNumber, Box<[u8]>>,
    numbers: HashMap<ContactId, ContactNumber>,
    made: u32,
    bytes: usize,
    /// Rows that belong to a contact that an earlier row made.
    repeats: u64,
    /// How many contacts got another value, by field.
    changed: BTreeMap<String, u64>,
}

impl Trial {
    /// The keys of what it has made or changed.
    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// A contact as the trial left it; nothing if it did not touch it.
    pub(super) fn contact(&self, number: ContactNumber) -> Option<Arc<Contact>> {
        let bytes = self.contacts.get(&number)?;
        rmp_serde::from_slice(bytes).ok().map(Arc::new)
    }

    /// A contact by its id, as the trial left it.
    pub(super) fn by_id(&self, id: ContactId) -> Option<Arc<Contact>> {
        self.contact(*self.numbers.get(&id)?)
    }

    /// Adds what it found out to the details of its import.
    pub(super) fn tell(self, details: &mut TrialDetails) {
        details.duplicates_in_file = self.repeats;
        details.updates_by_field = self.changed;
    }

    /// Does to its own contacts what an import would do to the stored ones.
    pub(super) fn write(
        &mut self,
        app: &App,
        caller: &Caller,
        settings: &OrgSettings,
        work: &[RowDecision],
        edited: &EditedFields,
    ) -> Result<Vec<(RowOutcome, RowChange)>, Error> {
        let stamp = Stamp { now: app.partition().now(), actor: "", settings };
        let mut changed: Vec<Change> = Vec::new();
        let mut outcomes = Vec::with_capacity(work.len());
        for decision in work {
            let made = match decision {
                RowDecision::Create(draft) => self.create(caller, draft, stamp),
                RowDecision::Update(id, draft) => {
                    let before = match self.by_id(*id) {
                        Some(known) => Some(known),
                        None => app.partition().contact(caller.organization, *id)?,
                    };
                    match before.filter(|one| !one.is_deleted()) {
                        None => self.create(caller, draft, stamp),
                        Some(before) => {
                            self.repeats += u64::from(before.number.0 >= FIRST_NUMBER);
                            let after = for_update(draft, &before).apply(&before, stamp);
                            let edited = edited.get(id);
                            after.map(|after| {
                                let after = after?;
                                let after = but_for_edits(&before, after, edited)?;
                                Some((Some(before), after))
                            })
                        }
                    }
                }
                RowDecision::Skip | RowDecision::Ask(_) | RowDecision::Refuse(_) => Ok(None),
            };
            let said = match decision {
                RowDecision::Create(draft) | RowDecision::Update(_, draft) => {
                    draft.consent.as_ref()
                }
                RowDecision::Skip | RowDecision::Ask(_) | RowDecision::Refuse(_) => None,
            };
            outcomes.push(match made {
                Err(issues) => (invalid(&issues), RowChange::default()),
                Ok(None) => {
                    let news = match (decision, said) {
                        (RowDecision::Update(id, _), Some(said)) => {
                            self.consent_news(app, caller, *id, said)?
                        }
                        _ => None,
                    };
                    match news {
                        Some(change) => (RowOutcome::Updated, change),
                        None => (RowOutcome::Unchanged, unchanged(decision)),
                    }
                }
                Ok(Some((before, after))) => {
                    let changes = before.as_ref().map(|before| before.changes(&after));
                    for change in changes.iter().flatten() {
                        *self.changed.entry(change.field.clone()).or_default() += 1;
                    }
                    let is_stored = before.as_ref().is_some_and(|one| one.number.0 < FIRST_NUMBER);
                    let change = RowChange {
                        id: is_stored.then_some(after.id),
                        display_name: Some(after.display_name.clone()),
                        changes: changes.unwrap_or_else(|| after.first_values()),
                    };
                    let outcome =
                        if before.is_some() { RowOutcome::Updated } else { RowOutcome::Created };
                    // What is stored stands in the table of the store.
                    let before = before.filter(|one| self.contacts.contains_key(&one.number));
                    self.keep(&after);
                    changed.push((before, after));
                    (outcome, change)
                }
            });
        }
        let org = caller.organization;
        let changes: Vec<TableChange<'_>> = changed
            .iter()
            .filter(|(_, after)| self.contacts.contains_key(&after.number))
            .map(|(before, after)| TableChange {
                org,
                before: before.as_deref(),
                after: Some(after),
            })
            .collect();
        self.table.apply(&changes);
        Ok(outcomes)
    }

    /// What a row says of consent that its contact, which it changes in nothing else, has not said.
    fn consent_news(
        &self,
        app: &App,
        caller: &Caller,
        id: ContactId,
        said: &ConsentCells,
    ) -> Result<Option<RowChange>, Error> {
        let known = match self.by_id(id) {
            Some(known) => Some(known),
            None => app.partition().contact(caller.organization, id)?,
        };
        let Some(contact) = known else { return Ok(None) };
        let Some(state) = news_of(&contact, said, app.partition().now()) else { return Ok(None) };
        let was = contact.facts.consent.latest(MARKETING).map(|known| known.status.clone());
        let changes = vec![FieldChange::of("consent", &was, &Some(state.status))];
        let display_name = Some(contact.display_name.clone());
        Ok(Some(RowChange { id: Some(id), display_name, changes }))
    }

    fn create(
        &mut self,
        caller: &Caller,
        draft: &Draft,
        stamp: Stamp<'_>,
    ) -> Result<Option<Change>, Vec<FieldIssue>> {
        let number = ContactNumber(FIRST_NUMBER.saturating_add(self.made));
        let made =
            new_of_row(caller, draft.clone()).create(ContactId::generate(), number, stamp)?;
        self.made += 1;
        Ok(Some((None, made)))
    }

    fn keep(&mut self, contact: &Contact) {
        if self.bytes > MOST_BYTES {
            return;
        }
        if let Ok(bytes) = rmp_serde::to_vec_named(contact) {
            self.bytes += bytes.len();
            self.contacts.insert(contact.number, bytes.into());
            self.numbers.insert(contact.id, contact.number);
        }
    }
}

/// What is said of a row that changes nothing.
fn unchanged(decision: &RowDecision) -> RowChange {
    match decision {
        RowDecision::Update(id, _) => RowChange { id: Some(*id), ..RowChange::default() },
        RowDecision::Create(_)
        | RowDecision::Skip
        | RowDecision::Ask(_)
        | RowDecision::Refuse(_) => RowChange::default(),
    }
}
