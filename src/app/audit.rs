//! Reading the audit log, and noting reads where an organisation wants that.

use std::io::Write;

use serde::Serialize;
use uuid::Uuid;

use super::custom_fields::sees;
use super::error::Error;
use super::exports::ExportFormat;
use super::imports::ImportOptions;
use super::query::Query;
use super::{App, Cancel, authorize};
use crate::domain::access::{Caller, FieldRight, Organization, Permission, Role, Sight};
use crate::domain::audit::{Act, AuditAction, AuditDetails, AuditEntry, AuditHead, FieldChange};
use crate::domain::custom_field::Definitions;
use crate::domain::guarded_csv::CsvWriter;
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::Error as EngineError;
use crate::import::Counts;

/// Lines of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Most lines of a page.
const MOST_PER_PAGE: usize = 1_000;
/// Most entries that one request looks at; a page may be short, and its cursor goes on.
const MOST_SCANNED: usize = 20_000;

/// Which lines of the log are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Who: `user:ID`, `token:ID`, or only the id.
    pub actor: Option<String>,
    /// What was done, or what it begins with (`contact`, `contact.updated`).
    pub action: Option<String>,
    /// To which record.
    pub record: Option<Uuid>,
    /// From which address.
    pub address: Option<String>,
    /// Only changes of this field.
    pub field: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Lines of a page.
    pub per_page: Option<usize>,
    /// Begin behind this place.
    pub cursor: Option<String>,
}

/// One thing done to one record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditLine {
    /// The number of the entry; lines of one write share it.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// The name of the user, if it is one who is known.
    pub actor_name: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// What was done.
    pub action: &'static str,
    /// To which record.
    pub record: Uuid,
    /// What changed.
    pub changes: Vec<FieldChange>,
    /// Whether the values were taken away when the record was erased.
    pub erased: bool,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditPage {
    /// The lines.
    pub lines: Vec<AuditLine>,
    /// Where the next page begins, if there may be more.
    pub next_cursor: Option<String>,
    /// The number of the last entry of the log.
    pub last_number: u64,
    /// Its hash: who writes it down elsewhere can later prove that the log was not rewritten.
    pub last_hash: String,
}

/// The place behind a line: entry and act.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    act: usize,
}

impl Place {
    fn encode(self) -> String {
        format!("{}.{}", self.number, self.act)
    }

    fn decode(text: &str) -> Option<Self> {
        let (number, act) = text.split_once('.')?;
        Some(Self { number: number.parse().ok()?, act: act.parse().ok()? })
    }
}

impl AuditQuery {
    fn wants_entry(&self, entry: &AuditEntry) -> bool {
        let is_actor = |wanted: &String| {
            let mut parts = who(&entry.actor).split('/');
            entry.actor == *wanted
                || parts.any(|part| {
                    part == wanted || part.split_once(':').is_some_and(|(_, id)| id == wanted)
                })
        };
        self.actor.as_ref().is_none_or(is_actor)
            && self.address.as_ref().is_none_or(|wanted| entry.address.as_ref() == Some(wanted))
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }

    fn wants_act(&self, act: &Act) -> bool {
        let is_action = |wanted: &String| {
            let name = act.0.as_str();
            name == wanted
                || name.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        self.action.as_ref().is_none_or(is_action)
            && self.record.is_none_or(|record| act.1 == record)
    }

    fn wants_changes(&self, changes: &[FieldChange]) -> bool {
        self.field.as_ref().is_none_or(|field| changes.iter().any(|c| c.field == *field))
    }
}

impl App {
    /// Managers read what was done to a contact that they see; the whole log takes more.
    fn authorize_audit(&self, caller: &Caller, query: &AuditQuery) -> Result<(), Error> {
        let is_of_seen = match query.record.filter(|_| caller.role == Role::Manager) {
            Some(record) if caller.may(Permission::View) => {
                self.seen_contact(caller, ContactId(record)).is_ok()
            }
            Some(_) | None => false,
        };
        if is_of_seen { Ok(()) } else { authorize(caller, Permission::ReadAudit) }
    }

    /// A page of the audit log of the caller's organisation, newest first.
    ///
    /// Cost: looks at up to 20,000 entries; a record's own log is found by its id at once.
    ///
    /// # Errors
    /// If the caller may not, or the cursor is none.
    pub fn read_audit(&self, caller: &Caller, query: &AuditQuery) -> Result<AuditPage, Error> {
        self.authorize_audit(caller, query)?;
        let org = caller.organization;
        let per_page = query.per_page.unwrap_or(PER_PAGE);
        if per_page == 0 || per_page > MOST_PER_PAGE {
            let detail = format!("must be 1 to {MOST_PER_PAGE}");
            return Err(Error::invalid("/per_page", "range", detail));
        }
        let head: AuditHead = self.partition.audit_head(org)?;
        let mut place = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            None => Place { number: head.number, act: usize::MAX },
            Some(text) => Place::decode(text).ok_or_else(|| {
                Error::invalid("/cursor", "cursor", "is not a cursor from an earlier answer")
            })?,
        };
        let mut numbers: Box<dyn Iterator<Item = u64>> = match query.record {
            None => Box::new((1..=place.number.min(head.number)).rev()),
            Some(record) => {
                let mut numbers = self.partition.audit_numbers_of(org, record)?;
                numbers.retain(|number| *number <= place.number);
                Box::new(numbers.into_iter().rev())
            }
        };
        let mut lines = Vec::new();
        let mut next = None;
        'entries: for (scanned, number) in numbers.by_ref().enumerate() {
            if scanned >= MOST_SCANNED {
                next = Some(Place { number, act: usize::MAX });
                break;
            }
            let Some(entry) = self.partition.audit_entry(org, number)? else { continue };
            if !query.wants_entry(&entry) {
                continue;
            }
            let end = if number == place.number { place.act } else { usize::MAX };
            for (at, act) in entry.acts.iter().enumerate().rev() {
                if at >= end || !query.wants_act(act) {
                    continue;
                }
                if lines.len() >= per_page {
                    next = Some(Place { number, act: at + 1 });
                    break 'entries;
                }
                lines.extend(self.audit_line(caller, &entry, act, query)?);
            }
            place.act = usize::MAX;
        }
        Ok(AuditPage {
            lines,
            next_cursor: next.map(Place::encode),
            last_number: head.number,
            last_hash: super::secret::hex(&head.hash),
        })
    }

    /// Writes all lines that a query selects, newest first: JSON Lines, or CSV with a row for each
    /// changed field. Ends where nobody waits for it any more.
    ///
    /// # Errors
    /// If the caller may not, or the output cannot be written.
    pub fn export_audit(
        &self,
        caller: &Caller,
        query: AuditQuery,
        format: ExportFormat,
        cancel: &Cancel,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::WriteFailed(format!("the export cannot be written: {error}"))
        };
        let mut query = AuditQuery { per_page: Some(MOST_PER_PAGE), ..query };
        let mut out = Sink::new(format, out);
        out.header().map_err(|error| failed(&error))?;
        loop {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled.into());
            }
            let page = self.read_audit(caller, &query)?;
            for line in &page.lines {
                out.line(line).map_err(|error| failed(&error))?;
            }
            if page.next_cursor.is_none() {
                return out.finish().map_err(|error| failed(&error));
            }
            query.cursor = page.next_cursor;
        }
    }

    /// A line as the caller may see it; none if it may not.
    pub(super) fn audit_line(
        &self,
        caller: &Caller,
        entry: &AuditEntry,
        act: &Act,
        query: &AuditQuery,
    ) -> Result<Option<AuditLine>, Error> {
        let org = caller.organization;
        let Act(action, record, _) = *act;
        if action.is_about_contact() && caller.sight != Sight::Everything {
            let contact = self.partition.contact(org, ContactId(record))?;
            if !contact.is_some_and(|contact| caller.sees(&contact)) {
                return Ok(None);
            }
        }
        // Of what else is done, who does not see everything sees only the own deeds.
        if !action.is_about_contact()
            && caller.sight != Sight::Everything
            && !is_by(&entry.actor, caller)
        {
            return Ok(None);
        }
        let details: AuditDetails =
            self.partition.audit_details(org, record, entry.number)?.unwrap_or_default();
        let mut changes = details.changes;
        if action.is_about_contact() {
            changes.retain(|change| self.shows_change(caller, change));
        } else if action.is_about_custom_field() && !self.shows_definition(caller, record) {
            changes.clear();
        }
        if !query.wants_changes(&changes) {
            return Ok(None);
        }
        let actor_name = self.name_of_actor(org, &entry.actor);
        Ok(Some(AuditLine {
            number: entry.number,
            at: entry.at,
            actor: entry.actor.clone(),
            actor_name,
            address: entry.address.clone(),
            action: action.as_str(),
            record,
            changes,
            erased: details.erased,
        }))
    }

    /// The name of the user that an actor is, if it is one who is known.
    pub(super) fn name_of_actor(&self, org: OrgNumber, actor: &str) -> Option<String> {
        let id = who(actor).strip_prefix("user:")?;
        let id = Uuid::parse_str(id.split(['/', ' ']).next().unwrap_or(id)).ok()?;
        let user = self.access().user(id).filter(|user| user.organization == org)?;
        Some(user.name.clone())
    }

    /// Notes that the caller read a whole contact.
    pub(super) fn note_read(&self, caller: &Caller, id: ContactId) -> Result<(), Error> {
        self.partition.write::<(), Error>(caller.organization, caller, false, move |tx| {
            tx.note(AuditAction::ContactRead, id.0, Vec::new());
            Ok(())
        })?;
        Ok(())
    }

    /// Notes that the caller takes contacts out: which, and what of them.
    pub(super) fn note_export(
        &self,
        caller: &Caller,
        query: &Query,
        columns: &[String],
    ) -> Result<(), Error> {
        let organization = self.organization_of(caller)?.id;
        let (query, columns) = (query.clone(), columns.to_vec());
        self.partition.write::<(), Error>(caller.organization, caller, false, move |tx| {
            let said = vec![
                FieldChange::of("q", &None, &Some(&query.q)),
                FieldChange::of("filter", &None, &query.filter),
                FieldChange::of("saved_search", &None, &query.saved_search),
                FieldChange::of("columns", &None, &Some(&columns)),
            ];
            tx.note(AuditAction::ContactsExported, organization, said);
            Ok(())
        })?;
        Ok(())
    }

    /// Notes that a list was imported, and what became of its rows.
    pub(super) fn note_import_done(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        counts: Counts,
    ) -> Result<(), Error> {
        if options.dry_run || counts.imported + counts.updated == 0 {
            return Ok(());
        }
        if self.checkpoint_of(caller, options)?.is_some_and(|known| known.is_told) {
            return Ok(());
        }
        let organization = self.organization_of(caller)?.id;
        let said = counted(counts);
        let (org, job) = (caller.organization, options.job);
        self.partition.write::<(), Error>(org, caller, false, move |tx| {
            tx.note(AuditAction::ContactsImported, organization, said.clone());
            if let Some(job) = job {
                Self::put_told(tx, org, job, counts)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Notes an import that the end of the server has interrupted, with what is known of it.
    pub(super) fn note_import_interrupted(
        &self,
        organization: &Organization,
        actor: &str,
        counts: Counts,
    ) -> Result<(), Error> {
        let id = organization.id;
        let mut said = counted(counts);
        said.push(FieldChange::of("interrupted", &None, &Some(true)));
        self.partition.write::<(), Error>(organization.number, actor, false, move |tx| {
            tx.note(AuditAction::ContactsImported, id, said.clone());
            Ok(())
        })?;
        Ok(())
    }

    /// Whether a caller may see the values of a change of a contact.
    fn shows_change(&self, caller: &Caller, change: &FieldChange) -> bool {
        shows_field(caller, &self.definitions(caller.organization), &change.field)
    }

    /// Whether a caller may see what a custom field is and was.
    fn shows_definition(&self, caller: &Caller, id: Uuid) -> bool {
        caller.may(Permission::ManageSettings)
            || self.definitions(caller.organization).by_id(id).is_some_and(|one| sees(caller, one))
    }
}

/// What an import has done, as the audit log says it.
fn counted(counts: Counts) -> Vec<FieldChange> {
    let said = [
        ("imported", counts.imported),
        ("updated", counts.updated),
        ("unchanged", counts.unchanged),
        ("skipped", counts.skipped),
        ("asked", counts.asked),
        ("errors", counts.errors),
    ];
    said.map(|(name, count)| FieldChange::of(name, &None, &Some(count))).to_vec()
}

/// Whether a caller may see old values of a field of contacts.
pub(super) fn shows_field(caller: &Caller, definitions: &Definitions, field: &str) -> bool {
    let (list, _) = field.split_once('/').unwrap_or((field, ""));
    match list {
        "phones" => caller.fields.phones == FieldRight::Full,
        "emails" => caller.fields.emails == FieldRight::Full,
        // It may be a number or an address for want of another name.
        "display_name" | "name" => {
            caller.fields.phones == FieldRight::Full && caller.fields.emails == FieldRight::Full
        }
        _ => field.strip_prefix("custom_fields.").is_none_or(|key| {
            // Who saw a field that is gone is not known any more.
            caller.fields.sees_custom(key)
                && (caller.may(Permission::ManageSettings) || definitions.get(&fold(key)).is_some())
        }),
    }
}

/// An actor without what it did it by: `user:ID (import)`.
fn who(actor: &str) -> &str {
    actor.split_once(" (").map_or(actor, |(who, _)| who)
}

/// Whether an actor is the caller, or the user for whom the caller acts.
fn is_by(actor: &str, caller: &Caller) -> bool {
    let actor = who(actor);
    let user = caller.user.map(|user| format!("user:{user}"));
    actor == &*caller.actor || user.is_some_and(|user| actor.split('/').next() == Some(&user))
}

/// Where an exported log goes.
enum Sink<'a> {
    Json(&'a mut dyn Write),
    Csv(CsvWriter<&'a mut dyn Write>),
}

impl<'a> Sink<'a> {
    fn new(format: ExportFormat, out: &'a mut dyn Write) -> Self {
        match format {
            ExportFormat::JsonLines => Self::Json(out),
            ExportFormat::Csv => Self::Csv(CsvWriter::new(out)),
        }
    }

    fn header(&mut self) -> std::io::Result<()> {
        match self {
            Self::Json(_) => Ok(()),
            Self::Csv(csv) => csv.row([
                "number",
                "at",
                "actor",
                "actor_name",
                "address",
                "action",
                "record",
                "field",
                "before",
                "after",
            ]),
        }
    }

    fn line(&mut self, line: &AuditLine) -> std::io::Result<()> {
        match self {
            Self::Json(out) => {
                serde_json::to_writer(&mut **out, line)?;
                out.write_all(b"\n")
            }
            Self::Csv(csv) => {
                let nothing = FieldChange {
                    field: String::new(),
                    before: serde_json::Value::Null,
                    after: serde_json::Value::Null,
                };
                let only = [nothing];
                let changes = if line.changes.is_empty() { &only[..] } else { &line.changes };
                for change in changes {
                    csv.row([
                        line.number.to_string().as_str(),
                        &line.at.to_string(),
                        &line.actor,
                        line.actor_name.as_deref().unwrap_or(""),
                        line.address.as_deref().unwrap_or(""),
                        line.action,
                        &line.record.to_string(),
                        &change.field,
                        &cell(&change.before),
                        &cell(&change.after),
                    ])?;
                }
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> std::io::Result<()> {
        match self {
            Self::Json(out) => out.flush(),
            Self::Csv(csv) => csv.flush(),
        }
    }
}

/// A value as a cell.
fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other @ (serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_)) => other.to_string(),
    }
}
