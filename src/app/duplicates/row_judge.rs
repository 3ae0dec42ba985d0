//! Whether a row of an import is the same person as a contact with a key of its own.

use std::sync::Arc;

use super::super::App;
use super::super::error::Error;
use super::base::comparable;
use super::check::UNKNOWN_BASE;
use super::live::Weighing;
use super::tools::Tools;
use crate::dedupe::{Check, Counts, Explanation, Field, Frequencies, Kind, Options, Prior, Record};
use crate::domain::access::{Caller, FieldRights, OrgSettings};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::time::Timestamp;

/// How likely a row must be the same person to change a contact whose name is another.
const SURE: f64 = 0.99;
/// The level of first names that are said for each other.
const NICKNAME: &str = "nickname";

/// Judges the rows of one import by the comparison that finds duplicates, with the counts of the
/// last build if there is one.
pub(in crate::app) struct RowJudge {
    tools: Arc<Tools>,
    options: Options,
    known: Option<Arc<Weighing>>,
    prior: Prior,
    total: usize,
    rights: FieldRights,
    settings: OrgSettings,
}

/// The counts of the base, and how many hold the key that led to a candidate.
struct KeyCounts<'a> {
    known: Option<&'a Frequencies>,
    total: usize,
    holders: u32,
}

impl Counts for KeyCounts<'_> {
    fn total(&self) -> usize {
        self.total
    }

    fn holders(&self, kind: Kind, value: u64) -> u32 {
        let known = self.known.map_or(1, |known| known.holders(kind, value));
        if matches!(kind, Kind::Phone | Kind::Email) { known.max(self.holders) } else { known }
    }

    fn strangers(&self, kind: Kind, value: u64) -> u32 {
        self.known.map_or(0, |known| known.strangers(kind, value))
    }
}

impl App {
    /// What judges the rows of an import.
    pub(in crate::app) fn row_judge(
        &self,
        caller: &Caller,
        settings: &OrgSettings,
    ) -> Result<RowJudge, Error> {
        let live = self.live_duplicates(caller.organization);
        let known = live.base.read().as_ref().map(|base| Arc::clone(&base.weighing));
        let (tools, options) = self.duplicate_tools(caller.organization)?;
        let start = Prior::start(&tools.model.settings);
        let prior = known.as_ref().map_or(start, |known| known.prior);
        Ok(RowJudge {
            tools,
            options,
            total: known.as_ref().map_or(UNKNOWN_BASE, |known| known.counts.total()),
            known,
            prior,
            rights: caller.fields.clone(),
            settings: settings.clone(),
        })
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
        let counts = KeyCounts {
            known: self.known.as_deref().map(|known| &known.counts),
            total: self.total,
            holders: u32::try_from(holders).unwrap_or(u32::MAX),
        };
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

    /// Whether both are the same person though their names do not agree, surely enough to change
    /// the one by the other without asking: the first names are said for each other, or a typo in
    /// a name comes with two things that agree. Sister and brother with one phone have less.
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
