//! Whether a row of an import is the same person as a contact with a key of its own.

use std::sync::Arc;

use super::super::App;
use super::super::error::Error;
use super::base::comparable;
use super::check::UNKNOWN_BASE;
use super::tools::Tools;
use crate::dedupe::{Check, Counts, Explanation, Field, Kind, Options, Prior, Record};
use crate::domain::access::{Caller, FieldRights, OrgSettings};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::time::Timestamp;

/// How likely a row must be the same person to change a contact whose name is another.
const SURE: f64 = 0.99;
/// The level of first names that are said for each other.
const NICKNAME: &str = "nickname";

/// Judges the rows of one import by the comparison that finds duplicates. What the organisation's
/// contacts have taught that comparison is left out, so that a list is taken in the same way
/// whether they were compared before or not, and a trial says what the import will do.
pub(in crate::app) struct RowJudge {
    tools: Arc<Tools>,
    options: Options,
    prior: Prior,
    rights: FieldRights,
    settings: OrgSettings,
}

/// How many hold the key that led to a candidate; of all else nothing is known.
struct KeyCounts {
    holders: u32,
}

impl Counts for KeyCounts {
    fn total(&self) -> usize {
        UNKNOWN_BASE
    }

    fn holders(&self, kind: Kind, _value: u64) -> u32 {
        if matches!(kind, Kind::Phone | Kind::Email) { self.holders.max(1) } else { 1 }
    }

    fn strangers(&self, _kind: Kind, _value: u64) -> u32 {
        0
    }
}

impl App {
    /// What judges the rows of an import.
    pub(in crate::app) fn row_judge(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
    ) -> Result<RowJudge, Error> {
        let (tools, options) = self.duplicate_tools(caller.organization)?;
        let prior = Prior::start(&tools.model.settings);
        let (rights, settings) = (caller.fields.clone(), settings.clone());
        Ok(RowJudge { tools, options, prior, rights, settings })
    }
}

impl RowJudge {
    /// A row in the form in which it is compared; nothing if it would be no contact.
    pub(in crate::app) fn row(&self, draft: &Draft) -> Option<Record> {
        let stamp = Stamp { now: Timestamp(0), actor: "", settings: &self.settings };
        let id = ContactId(uuid::Uuid::nil());
        let contact = draft.clone().create(id, ContactNumber(u32::MAX), stamp).ok()?;
        Some(Record::of(&comparable(&contact, &self.rights), &self.tools.standard))
    }

    /// Compares a row with a contact; `holders` contacts have the key that led to it. Nothing if
    /// the row would be no contact.
    pub(in crate::app) fn compare(
        &self,
        row: Option<&Record>,
        contact: &Contact,
        holders: usize,
    ) -> Option<Explanation> {
        let counts = KeyCounts { holders: u32::try_from(holders).unwrap_or(u32::MAX) };
        let other = Record::of(&comparable(contact, &self.rights), &self.tools.standard);
        let check = Check::new(&self.tools.model, &counts, self.prior, &self.options);
        Some(check.explain(row?, &other, None))
    }

    /// Compares two rows that have a key in common.
    pub(in crate::app) fn compare_rows(&self, one: &Draft, other: &Draft) -> Option<Explanation> {
        let stamp = Stamp { now: Timestamp(0), actor: "", settings: &self.settings };
        let id = ContactId(uuid::Uuid::nil());
        let other = other.clone().create(id, ContactNumber(u32::MAX), stamp).ok()?;
        self.compare(self.row(one).as_ref(), &other, 1)
    }

    /// Whether both are different people though their names agree: another birthday, another
    /// address and so on.
    pub(in crate::app) fn contradicts(&self, found: &Explanation) -> bool {
        found.weight < self.options.keep
    }

    /// Whether both are the same person though their names are written differently, surely enough
    /// to change the one by the other without asking: the first names are said for each other, or
    /// two things agree. That the names can be those of one person is for `Person::may_be` to say.
    pub(in crate::app) fn says_same(found: &Explanation) -> bool {
        let agrees = |field: &Field| {
            found.reasons.iter().any(|reason| reason.field == *field && reason.bits > 0.0)
        };
        let is_nickname = found
            .reasons
            .iter()
            .any(|reason| reason.field == Field::FirstName && reason.level == NICKNAME);
        let facts = [Field::Phone, Field::Email, Field::Birthday, Field::NationalId];
        let agreeing = facts.iter().filter(|field| agrees(field)).count();
        found.probability >= SURE && (is_nickname || agreeing >= 2)
    }
}
