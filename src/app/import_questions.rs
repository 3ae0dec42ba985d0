//! Rows that an import asks about: who may decide says whether each changes a contact that is there,
//! makes one, or is passed over.
//!
//! A question is kept in the store, written together with the group of rows that it belongs to, and
//! replaced by its answer in the write that carries it out, so that no answer is done twice.

use std::collections::{HashMap, HashSet};

use csv::StringRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::App;
use super::duplicates::{DuplicateMatch, ExplanationView, Subject};
use super::error::Error;
use super::import_checkpoint::{Checkpoint, is_of_checkpoint};
use super::import_files::are_rejected_rows_old;
use super::import_jobs::{ImportJob, UndoState};
use super::import_rows::RowOutcome;
use super::import_run::{Decided, RowDecision, Run};
use super::import_write::Put;
use super::imports::{CheckedRow, ImportOptions, ListMode};
use super::merges::survivor_of;
use crate::domain::access::Caller;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, codec, keys};
use crate::import::{Counts, RowIssue, ValidRow};

/// Answers of one request.
const MOST_ANSWERS: usize = 1_000;
/// Candidates of a question.
const MOST_CANDIDATES: usize = 10;

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    /// It changes a contact.
    Update,
    /// It is passed over.
    Skip,
    /// It makes a contact.
    Create,
}

impl Action {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "update" => Self::Update,
            "skip" => Self::Skip,
            "create" => Self::Create,
            _ => return None,
        })
    }
}

/// A row as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeptRow {
    Asked(Question),
    Answered(Answered),
    /// Why a row of an import that runs was refused.
    Refused(Vec<RowIssue>),
    /// How far an import is that runs.
    Checkpoint(Box<Checkpoint>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    row: u64,
    cells: Vec<(String, String)>,
    /// What the row says, without what it does not.
    draft: Value,
    /// The contact that the row names by its id.
    id: Option<ContactId>,
    /// The contact that it seems to belong to.
    contact: ContactId,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    action: Action,
    contact: Option<ContactId>,
    by: String,
    at: Timestamp,
}

/// An answer as it was sent.
struct Given {
    at: usize,
    row: u64,
    action: Action,
    contact: Option<ContactId>,
}

/// What is kept of a row that an import asks about.
pub(super) fn question_of(
    caller: &Caller,
    import: Uuid,
    row: &CheckedRow,
    headers: &[String],
    contact: ContactId,
) -> Result<Option<Put>, Error> {
    let Some(valid) = &row.valid else { return Ok(None) };
    let draft = Draft { fields_fitted: None, ..valid.draft.clone() };
    let mut draft = serde_json::to_value(draft).unwrap_or_default();
    if let Value::Object(members) = &mut draft {
        let says_nothing = |value: &Value| {
            value.is_null() || *value == "Keep" || value.as_array().is_some_and(Vec::is_empty)
        };
        members.retain(|_, value| !says_nothing(value));
    }
    let named = headers.iter().zip(row.cells.iter());
    let said = named.filter(|(_, cell)| !cell.is_empty());
    let cells = said.map(|(name, cell)| (name.clone(), cell.to_owned())).collect();
    let question = Question { row: row.line, cells, draft, id: valid.id, contact };
    let key = keys::import_row(caller.organization, import, row.line).to_vec();
    let bytes = codec::encode(&KeptRow::Asked(question)).map_err(EngineError::from)?;
    Ok(Some((key, bytes)))
}

impl App {
    /// A page of the rows that an import asks about and that nobody has answered yet, with the
    /// contacts that each may belong to.
    ///
    /// # Errors
    /// If there is no such import for this caller.
    pub fn import_questions(
        &self,
        caller: &Caller,
        id: Uuid,
        page: usize,
        per_page: usize,
    ) -> Result<Value, Error> {
        let job = self.find_import(caller, id)?;
        let mut items = Vec::new();
        let mut total = 0;
        if !are_rejected_rows_old(&job, self.partition.now()) {
            let first = (page - 1) * per_page;
            for entry in self.partition.scan(&keys::import_rows(caller.organization, id)) {
                let kept = codec::decode(entry?.1.as_ref()).map_err(EngineError::from)?;
                let KeptRow::Asked(question) = kept else { continue };
                if (first..first + per_page).contains(&total) {
                    items.push(self.shown_question(caller, &question)?);
                }
                total += 1;
            }
        }
        Ok(json!({
            "total": total, "total_exact": true, "page": page, "per_page": per_page,
            "next_cursor": null, "items": items,
        }))
    }

    fn shown_question(&self, caller: &Caller, question: &Question) -> Result<Value, Error> {
        let mut values = Map::new();
        for (name, cell) in &question.cells {
            let is_known = values.contains_key(name);
            let number = values.len() + 1;
            let name = if is_known { format!("{name} ({number})") } else { name.clone() };
            values.insert(name, Value::from(cell.as_str()));
        }
        let found = self.question_candidates(caller, question)?;
        let mut candidates: Vec<Value> = found.iter().map(candidate).collect();
        let org = caller.organization;
        let guess = survivor_of(question.contact, &|id| {
            Ok(self.partition.contact(org, id)?.map(|found| found.as_ref().clone()))
        })?;
        let guessed = self.live_contact(caller, guess).ok();
        if let Some(contact) = &guessed
            && !found.iter().any(|one| one.contact.id == contact.id)
        {
            let shown = caller.shown(std::sync::Arc::clone(contact));
            candidates.insert(
                0,
                json!({
                    "id": shown.id, "display_name": shown.display_name,
                    "probability": null, "match_weight": null, "why": [],
                }),
            );
        }
        Ok(json!({
            "row": question.row, "values": values, "contact_id": guessed.map(|one| one.id),
            "candidates": candidates, "actions": ["update", "skip", "create"],
        }))
    }

    fn question_candidates(
        &self,
        caller: &Caller,
        question: &Question,
    ) -> Result<Vec<DuplicateMatch>, Error> {
        let Ok(draft) = serde_json::from_value::<Draft>(question.draft.clone()) else {
            return Ok(Vec::new());
        };
        let settings = self.organization_of(caller)?.settings.clone();
        let stamp =
            Stamp { now: self.partition.now(), actor: caller.actor.as_ref(), settings: &settings };
        let made = draft.create(ContactId::generate(), ContactNumber(u32::MAX), stamp);
        let Ok(contact) = made else { return Ok(Vec::new()) };
        let subject = Subject { contact: &contact, own: None, names_holders: true };
        self.likely_same(caller, &subject, None, MOST_CANDIDATES)
    }

    /// Carries answers out, all of them or none. One that was given before is not done again.
    ///
    /// # Errors
    /// If there is no such import for this caller, it runs or is taken back, an answer does not fit
    /// its row, or another one was given.
    pub fn answer_import(&self, caller: &Caller, id: Uuid, body: &Value) -> Result<Value, Error> {
        let job = self.find_import(caller, id)?;
        let given = read_answers(body)?;
        let _answering = self.import_jobs.answering.lock();
        let known = self.known_rows(caller, &job, &given)?;
        let mut answers: Vec<Value> = vec![Value::Null; given.len()];
        let mut open: Vec<(&Given, Question, Option<ContactId>)> = Vec::new();
        for (one, kept) in given.iter().zip(known) {
            match kept {
                KeptRow::Answered(before) => {
                    answers[one.at] = json!({
                        "row": one.row, "action": before.action, "contact_id": before.contact,
                        "outcome": "answered_before", "detail": null,
                    });
                }
                KeptRow::Asked(question) => {
                    let contact = self.contact_of_answer(caller, one, &question)?;
                    open.push((one, question, contact));
                }
                KeptRow::Refused(_) | KeptRow::Checkpoint(_) => {}
            }
        }
        let (counts, done) = self.carry_out_answers(caller, &job, open)?;
        for (at, answer) in done {
            answers[at] = answer;
        }
        let job = self.find_import(caller, id)?;
        Ok(json!({
            "answers": answers, "open": job.counts.asked,
            "counts": {
                "imported": counts.imported, "updated": counts.updated,
                "unchanged": counts.unchanged, "skipped": counts.skipped, "errors": counts.errors,
            },
        }))
    }

    /// The rows that answers are about.
    fn known_rows(
        &self,
        caller: &Caller,
        job: &ImportJob,
        given: &[Given],
    ) -> Result<Vec<KeptRow>, Error> {
        let refused = |detail: &str| Error::ImpossibleStep(detail.to_owned());
        if job.finished_at.is_none() {
            return Err(refused("the import still runs: answer when it has ended"));
        }
        if matches!(job.undo_state, UndoState::Running | UndoState::Done) {
            return Err(refused("the import has been taken back: there is nothing to decide"));
        }
        if are_rejected_rows_old(job, self.partition.now()) {
            return Err(refused("rows are asked about for seven days: import the list again"));
        }
        let mut rows = Vec::with_capacity(given.len());
        for one in given {
            let key = keys::import_row(caller.organization, job.id, one.row);
            let known = self.partition.get(&key)?.filter(|_| !is_of_checkpoint(&key));
            let Some(bytes) = known else {
                let at = format!("/answers/{}/row", one.at);
                return Err(Error::invalid(
                    &at,
                    "reference",
                    "is not a row that this import asks about",
                ));
            };
            let kept: KeptRow = codec::decode(bytes.as_ref()).map_err(EngineError::from)?;
            if let KeptRow::Answered(before) = &kept {
                let is_same = before.action == one.action
                    && (one.contact.is_none() || one.contact == before.contact);
                if !is_same {
                    let action = json!(before.action);
                    return Err(refused(&format!(
                        "row {} was answered already, with {}",
                        one.row,
                        action.as_str().unwrap_or_default()
                    )));
                }
            }
            rows.push(kept);
        }
        Ok(rows)
    }

    /// The contact that an answer changes.
    fn contact_of_answer(
        &self,
        caller: &Caller,
        given: &Given,
        question: &Question,
    ) -> Result<Option<ContactId>, Error> {
        if given.action != Action::Update {
            return Ok(None);
        }
        let org = caller.organization;
        let id = survivor_of(given.contact.unwrap_or(question.contact), &|id| {
            Ok(self.partition.contact(org, id)?.map(|found| found.as_ref().clone()))
        })?;
        match self.live_contact(caller, id) {
            Ok(contact) => Ok(Some(contact.id)),
            Err(Error::ContactNotFound | Error::Merged { .. }) => {
                let at = format!("/answers/{}/contact_id", given.at);
                let detail =
                    "is not a contact that you see: choose one of the candidates, or create";
                Err(Error::invalid(&at, "reference", detail))
            }
            Err(error) => Err(error),
        }
    }

    fn carry_out_answers(
        &self,
        caller: &Caller,
        job: &ImportJob,
        open: Vec<(&Given, Question, Option<ContactId>)>,
    ) -> Result<(Counts, Vec<(usize, Value)>), Error> {
        let mut counts = Counts::default();
        let mut done = Vec::with_capacity(open.len());
        if open.is_empty() {
            return Ok((counts, done));
        }
        let options = self.options_of_answers(caller, job)?;
        let settings = self.organization_of(caller)?.settings.clone();
        let mut run = Run::new(self, caller, &options, &settings, &[])?;
        let (mut work, mut notes, mut rows, mut places) = (vec![], vec![], vec![], vec![]);
        for (given, question, contact) in open {
            let mut row = checked(&question);
            run.prepare(&mut row);
            let Some(valid) = row.valid.clone() else {
                counts.errors += 1;
                let reasons: Vec<&str> = row.issues.iter().map(|one| one.reason.as_str()).collect();
                done.push((given.at, outcome(given, None, "refused", Some(&reasons.join("; ")))));
                continue;
            };
            let decided = match (given.action, contact) {
                (Action::Update, Some(contact)) => run.update(&row, contact, valid.draft)?,
                (Action::Create, _) => run.create_or_refuse(&row, valid.draft),
                (Action::Skip | Action::Update, _) => Decided::from(RowDecision::Skip),
            };
            if let RowDecision::Refuse(issue) = &decided.decision {
                counts.errors += 1;
                done.push((given.at, outcome(given, contact, "refused", Some(&issue.reason))));
                continue;
            }
            let answered = Answered {
                action: given.action,
                contact,
                by: caller.actor.to_string(),
                at: self.partition.now(),
            };
            let key = keys::import_row(caller.organization, job.id, given.row).to_vec();
            let bytes = codec::encode(&KeptRow::Answered(answered)).map_err(EngineError::from)?;
            work.push(decided.decision);
            notes.push(Some((key, bytes)));
            rows.push(row);
            places.push((given, contact));
        }
        if work.is_empty() {
            return Ok((counts, done));
        }
        run.lead_to_companies(&mut work)?;
        run.note_edits(&work, &rows)?;
        let pending = run.write(work, notes, None)?;
        let written = run.written(pending, &rows)?;
        let ends = written.outcomes.into_iter().zip(written.contacts);
        for ((given, contact), (end, made)) in places.into_iter().zip(ends) {
            let name = match end {
                RowOutcome::Invalid(reason) => {
                    counts.errors += 1;
                    done.push((given.at, outcome(given, contact, "refused", Some(&reason))));
                    continue;
                }
                RowOutcome::Created => {
                    counts.imported += 1;
                    "created"
                }
                RowOutcome::Updated => {
                    counts.updated += 1;
                    "updated"
                }
                RowOutcome::Unchanged => {
                    let is_skipped = given.action == Action::Skip;
                    counts.skipped += u64::from(is_skipped);
                    counts.unchanged += u64::from(!is_skipped);
                    if is_skipped { "skipped" } else { "unchanged" }
                }
            };
            let contact = made.filter(|_| given.action != Action::Skip);
            done.push((given.at, outcome(given, contact, name, None)));
        }
        self.note_import(job.id, |job| {
            let answered = counts.rows() - counts.errors;
            job.counts.asked = job.counts.asked.saturating_sub(answered);
            job.counts.skipped += counts.skipped;
            job.counts.imported += counts.imported;
            job.counts.updated += counts.updated;
            job.counts.unchanged += counts.unchanged;
            if counts.imported + counts.updated > 0 {
                job.answer_entries.push(written.entry);
            }
        });
        Ok((counts, done))
    }

    /// The options of an import, for rows of it that come later.
    fn options_of_answers(&self, caller: &Caller, job: &ImportJob) -> Result<ImportOptions, Error> {
        let mut said = job.options.clone();
        if let Value::Object(members) = &mut said {
            // What the template said stands among them.
            members.remove("template_id");
            members.remove("save_template");
        } else {
            said = json!({});
        }
        let options = self.import_options(caller, &said)?;
        let lists = match options.lists {
            ListMode::New(name) => ListMode::Existing(name),
            other @ (ListMode::None | ListMode::Existing(_) | ListMode::PerRow) => other,
        };
        Ok(ImportOptions { lists, dry_run: false, ..options })
    }

    /// Removes the rows that imports have asked about which are too old, or not remembered.
    pub(super) fn clear_questions(&self) -> Result<(), Error> {
        for organization in self.access().organizations() {
            let org = organization.number;
            let mut old: Vec<Vec<u8>> = Vec::new();
            for entry in self.partition.scan(&keys::space_of(keys::IMPORT_ROWS, org)) {
                let key = entry?.0;
                let import = key.get(5..21).and_then(|id| Uuid::from_slice(id).ok());
                let is_done_with = |id| {
                    if self.goes_on_as_job(id) {
                        return false;
                    }
                    !self.has_rejected_rows_of(id)
                        || is_of_checkpoint(&key) && !self.is_unfinished_import(id)
                };
                if import.is_none_or(is_done_with) {
                    old.push(key);
                }
            }
            self.remove_import_rows(org, &old)?;
        }
        Ok(())
    }
}

fn checked(question: &Question) -> CheckedRow {
    let draft = serde_json::from_value(question.draft.clone()).unwrap_or_default();
    let valid = ValidRow { line: question.row, id: question.id, draft };
    let cells: Vec<&str> = question.cells.iter().map(|(_, cell)| cell.as_str()).collect();
    CheckedRow {
        line: question.row,
        place: 0,
        cells: StringRecord::from(cells),
        valid: Some(valid),
        issues: Vec::new(),
    }
}

fn outcome(
    given: &Given,
    contact: Option<ContactId>,
    outcome: &str,
    detail: Option<&str>,
) -> Value {
    json!({
        "row": given.row, "action": given.action, "contact_id": contact, "outcome": outcome,
        "detail": detail,
    })
}

fn candidate(found: &DuplicateMatch) -> Value {
    let view = ExplanationView::from(&found.explanation);
    json!({
        "id": found.contact.id, "display_name": found.contact.display_name,
        "probability": view.probability, "match_weight": view.match_weight, "why": view.why,
        "summary": view.summary,
    })
}

/// Reads answers, each of another row.
fn read_answers(body: &Value) -> Result<Vec<Given>, Error> {
    let members = body
        .as_object()
        .ok_or_else(|| Error::invalid("", "type", "must be a JSON object with answers"))?;
    if let Some(name) = members.keys().find(|name| *name != "answers") {
        let detail = "is not known here: send answers";
        return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail));
    }
    let answers = members.get("answers").and_then(Value::as_array).ok_or_else(|| {
        let detail = "must be an array of objects with row, action and, to update, contact_id";
        Error::invalid("/answers", "required", detail)
    })?;
    if !(1..=MOST_ANSWERS).contains(&answers.len()) {
        let detail = format!("must have 1 to {MOST_ANSWERS} entries");
        return Err(Error::invalid("/answers", "length", detail));
    }
    let mut seen = HashSet::new();
    let mut given = Vec::with_capacity(answers.len());
    for (at, answer) in answers.iter().enumerate() {
        let one = read_answer(at, answer)?;
        if !seen.insert(one.row) {
            let detail = "is answered twice in this request";
            return Err(Error::invalid(&format!("/answers/{at}/row"), "repeated", detail));
        }
        given.push(one);
    }
    Ok(given)
}

fn read_answer(at: usize, answer: &Value) -> Result<Given, Error> {
    let wrong = |member: &str, code: &'static str, detail: &str| {
        let place = if member.is_empty() { String::new() } else { format!("/{member}") };
        Error::invalid(&format!("/answers/{at}{place}"), code, detail)
    };
    let Value::Object(members) = answer else {
        return Err(wrong("", "type", "must be an object with row and action"));
    };
    let known: HashMap<&str, &Value> = members
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(k, v)| (k.as_str(), v))
        .collect();
    if let Some(name) = known.keys().find(|name| !["row", "action", "contact_id"].contains(name)) {
        return Err(wrong(name, "unknown_member", "is not known here"));
    }
    let row = known.get("row").and_then(|row| row.as_u64());
    let row = row.ok_or_else(|| wrong("row", "required", "must be the number of a row"))?;
    let action = known.get("action").and_then(|action| Action::parse(action.as_str()?));
    let action =
        action.ok_or_else(|| wrong("action", "value", "must be update, skip or create"))?;
    let contact = match known.get("contact_id") {
        None => None,
        Some(_) if action != Action::Update => {
            return Err(wrong("contact_id", "not_allowed", "goes with the action update"));
        }
        Some(id) => {
            let id = id.as_str().and_then(|id| id.parse::<ContactId>().ok());
            Some(id.ok_or_else(|| wrong("contact_id", "id", "is not an id of a contact"))?)
        }
    };
    Ok(Given { at, row, action, contact })
}
