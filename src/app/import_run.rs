//! The rows of one import on their way: matched in order, written in groups.
//!
//! A group is matched while the one before is on its way to the disk. Rows that could belong to a
//! contact that an earlier row makes or changes wait until that is written, so what an import does
//! depends on its list alone. A trial goes the same way and keeps what it would have written.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use rayon::prelude::*;
use uuid::Uuid;

use super::App;
use super::bulk_actions::changes_sight;
use super::error::Error;
use super::import_checkpoint::{Checkpoint, CheckpointInWrite, count, invalid_row, refused_row};
use super::import_companies::ImportCompanies;
use super::import_edits::EditedFields;
use super::import_match::{RowMatch, RowMatcher};
use super::import_preview::TrialDetails;
use super::import_preview_rows::{KeptRows, RowChange, RowGroup};
use super::import_questions::question_of;
use super::import_rows::{RowOutcome, for_update};
use super::import_trial::Trial;
use super::import_write::{Put, Written};
use super::imports::{CheckedRow, ImportOptions, ImportReport, not_written};
use super::lists::ImportLists;
use super::own_writes::LastWrite;
use crate::domain::access::{Caller, FieldRight, OrgSettings};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::engine::PendingWrite;
use crate::import::match_existing::{OnDuplicate, Person, keys_of};
use crate::import::{
    ColumnReport, Counts, ErrorFile, IssueCode, RowIssue, Severity, ValidRow, Warnings,
};

/// Writes that the index may be behind an import; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;

/// Rows that were refused are kept in writes of their own from here on, where no other row is written.
const MOST_PUTS: usize = 1_000;

/// What happens to a row.
#[derive(Clone)]
pub(super) enum RowDecision {
    Create(Draft),
    Update(ContactId, Draft),
    Skip,
    Ask(ContactId),
    /// It does not fit the contact that it would make or change.
    Refuse(RowIssue),
}

/// What happens to a row, and what is left out of it for that.
pub(super) struct Decided {
    pub(super) decision: RowDecision,
    left_out: Option<RowIssue>,
}

impl From<RowDecision> for Decided {
    fn from(decision: RowDecision) -> Self {
        Self { decision, left_out: None }
    }
}

/// One import on its way.
pub(super) struct Run<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) options: &'a ImportOptions,
    pub(super) columns: &'a [ColumnReport],
    pub(super) settings: OrgSettings,
    matcher: RowMatcher<'a>,
    counts: Counts,
    warnings: Warnings,
    rejected: Warnings,
    details: TrialDetails,
    /// The group that is on its way to the disk while the next one is matched.
    in_flight: Option<InFlight>,
    /// What would become of single rows, if that is wanted.
    kept_rows: Option<KeptRows>,
    /// What a trial would have written.
    trial: Option<Trial>,
    /// The lists that contacts join.
    pub(super) lists: ImportLists,
    /// What people have changed of contacts of the next group, and is not overwritten.
    pub(super) edited: EditedFields,
    /// The companies that rows name.
    pub(super) companies: ImportCompanies,
    last_write: LastWrite<'a>,
    /// What the columns of the list are called.
    pub(super) headers: Vec<String>,
    /// What is kept of rows together with the next group.
    pub(super) puts: Vec<Put>,
    /// What an earlier process has done of it.
    done: Checkpoint,
}

/// How far a chunk is: the rows up to its end are done but for those that wait.
struct Stand {
    rows: u64,
    waiting: Vec<u64>,
}

/// People by match key of the rows that are not written yet.
type PeopleByKey = HashMap<String, Vec<Waited>>;

/// Somebody for whom later rows wait.
#[derive(Clone)]
struct Waited {
    person: Arc<Person>,
    draft: Arc<Draft>,
}

/// A group that is not acknowledged yet.
struct InFlight {
    outcomes: Outcomes,
    /// Its rows, in the order of the outcomes.
    rows: Vec<CheckedRow>,
    /// Rows that share a key with one of these people wait until they are written.
    people: PeopleByKey,
}

enum Outcomes {
    Pending(PendingWrite<Written, Error>),
    OfTrial(Vec<(RowOutcome, RowChange)>),
}

impl<'a> Run<'a> {
    pub(super) fn new(
        app: &'a App,
        caller: &'a Caller,
        options: &'a ImportOptions,
        settings: &'a OrgSettings,
        columns: &'a [ColumnReport],
    ) -> Result<Self, Error> {
        Ok(Self {
            app,
            caller,
            options,
            columns,
            settings: settings.clone(),
            matcher: RowMatcher::new(app, caller, options, settings)?,
            counts: Counts::default(),
            warnings: Warnings::default(),
            rejected: Warnings::default(),
            details: TrialDetails::default(),
            in_flight: None,
            kept_rows: options.keeps_rows.then(KeptRows::default),
            trial: options.dry_run.then(Trial::default),
            lists: ImportLists::new(app, caller, &options.lists, app.partition.now())?,
            edited: EditedFields::new(),
            companies: ImportCompanies::new(options.companies),
            last_write: LastWrite::new(&app.own_writes, caller),
            headers: Vec::new(),
            puts: Vec::new(),
            done: Checkpoint::default(),
        })
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Goes on behind what an earlier process has done.
    pub(super) fn go_on_behind(&mut self, known: Checkpoint) {
        self.counts = known.counts;
        self.warnings.total = known.warnings;
        self.done = known;
    }

    /// Whether an earlier process has done a row.
    pub(super) fn has_done(&self, row: &CheckedRow) -> bool {
        self.done.has_done(row.place)
    }

    /// Says of a row that is done why it was refused, if it was.
    pub(super) fn tell_again(
        &self,
        row: &CheckedRow,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        let Some(job) = self.options.job else { return Ok(()) };
        match self.app.refusal_of_row(self.caller.organization, job, row.place)? {
            Some(issues) => errors.add(&issues, Some(&row.cells)).map_err(|e| not_written(&e)),
            None => Ok(()),
        }
    }

    /// The job that keeps how far it is.
    fn kept_by(&self) -> Option<Uuid> {
        self.options.job.filter(|_| self.trial.is_none())
    }

    /// Says loudly which columns look like refusals and are not imported.
    pub(super) fn warn_of_unread_refusals<'b>(&mut self, columns: impl Iterator<Item = &'b str>) {
        for header in columns {
            let reason = "this column looks like a refusal and is not imported: whoever refused \
                          is called and written to as before";
            let issue = RowIssue::warning(1, IssueCode::ValueUnknown, reason);
            let remedy = "map it to do_not_contact, email_opt_out or opt_out, or to ignore";
            self.warnings.add(&[issue.at(header, "").suggest(remedy)]);
        }
    }

    /// Ends it: what is on its way is waited for.
    pub(super) fn finish(
        mut self,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<ImportReport, Error> {
        self.finish_group(errors)?;
        let mut details = self.details;
        if let Some(trial) = self.trial {
            trial.tell(&mut details);
        }
        details.rows = self.kept_rows.map(|kept| kept.rows).unwrap_or_default();
        Ok(ImportReport {
            counts: self.counts,
            warnings: self.warnings,
            rejected: self.rejected,
            details,
            ..ImportReport::default()
        })
    }

    /// Takes rows that were read and checked.
    pub(super) fn chunk(
        &mut self,
        rows: Vec<CheckedRow>,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        let mut rows = rows;
        let end = rows.last().map_or(0, |row| row.place + 1).max(self.done.rows);
        for row in &mut rows {
            self.prepare(row);
        }
        for row in &rows {
            if row.valid.is_none() {
                self.reject(&row.issues, row, errors)?;
                self.counts.errors += 1;
                self.keep_row(RowGroup::Invalid, row, None, &[]);
            } else if row.place >= self.done.rows {
                // Those of rows that have waited are counted already.
                self.warnings.add(&row.issues);
            }
        }
        let mut waiting: Vec<CheckedRow> =
            rows.into_iter().filter(|row| row.valid.is_some()).collect();
        while !waiting.is_empty() {
            let (now, later, people) = self.without_repeats(waiting);
            // Matched while the write before is on its way to the disk.
            let decisions: Result<Vec<Decided>, Error> =
                now.par_iter().map(|row| self.decide(row)).collect();
            let decisions = decisions?;
            self.finish_group(errors)?;
            let places = later.iter().map(|row| row.place).collect();
            let stand = Stand { rows: end, waiting: places };
            self.begin_group(now, decisions, people, stand, errors)?;
            waiting = later;
        }
        if self.puts.len() >= MOST_PUTS {
            self.finish_group(errors)?;
            let stand = Stand { rows: end, waiting: Vec::new() };
            self.begin_group(Vec::new(), Vec::new(), PeopleByKey::new(), stand, errors)?;
        }
        Ok(())
    }

    /// Makes the draft of a row fit who imports it; a row that says what the caller may not say
    /// is left out.
    pub(super) fn prepare(&self, row: &mut CheckedRow) {
        self.drop_unknown_references(row);
        self.drop_unknown_company(row);
        self.drop_dynamic_lists(row);
        let Some(valid) = &mut row.valid else { return };
        let prepared = self.app.check_row(self.caller, &self.settings, &mut valid.draft);
        if let Err(issues) = prepared {
            row.valid = None;
            for issue in issues {
                // Definitions have changed since the row was read.
                if issue.code != "field_hidden"
                    && let Some(key) = issue.pointer.strip_prefix("/custom_fields/")
                {
                    let row_issue =
                        RowIssue::error(row.line, IssueCode::CustomFieldInvalid, issue.detail);
                    row.issues.push(row_issue.at(format!("cf.{key}"), ""));
                    continue;
                }
                let detail = format!("{}: {}", issue.pointer, issue.detail);
                row.issues.push(RowIssue::error(row.line, IssueCode::NotAllowed, detail));
            }
        }
    }

    /// Sets rows apart that could belong to the contact of an earlier row of this chunk, or share a
    /// key with one of the group on its way: they wait until that is written, so that they find it.
    fn without_repeats(
        &self,
        rows: Vec<CheckedRow>,
    ) -> (Vec<CheckedRow>, Vec<CheckedRow>, PeopleByKey) {
        let mut people = PeopleByKey::new();
        if self.options.on_duplicate == OnDuplicate::Create {
            return (rows, Vec::new(), people);
        }
        let on_its_way = self.in_flight.as_ref().map(|group| &group.people);
        let (mut now, mut later) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let Some(valid) = &row.valid else { continue };
            let keys = keys_of(valid.id, &valid.draft, &self.options.match_keys);
            let person = Person::of_draft(&valid.draft);
            // How many share a key counts as well, so whoever may be found or not, as the disk is fast
            // or slow, is waited for.
            let is_awaited =
                on_its_way.is_some_and(|known| keys.iter().any(|key| known.contains_key(key)));
            let repeats = keys.iter().any(|key| {
                people.get(key).is_some_and(|others| {
                    !self.options.match_names
                        || key.starts_with(['i', 'x'])
                        || self.is_any(&person, &valid.draft, others)
                })
            });
            if is_awaited || repeats {
                later.push(row);
            } else {
                if !keys.is_empty() {
                    let (person, draft) = (Arc::new(person), Arc::new(valid.draft.clone()));
                    let waited = Waited { person, draft };
                    for key in keys {
                        people.entry(key).or_default().push(waited.clone());
                    }
                }
                now.push(row);
            }
        }
        (now, later, people)
    }

    /// Whether a row could be one of those that share a key with it.
    fn is_any(&self, person: &Person, draft: &Draft, others: &[Waited]) -> bool {
        others.iter().any(|other| {
            let known = (other.person.as_ref(), other.draft.as_ref());
            self.matcher.could_be((person, draft), known, others.len())
        })
    }

    fn decide(&self, row: &CheckedRow) -> Result<Decided, Error> {
        let Some(valid) = &row.valid else { return Ok(RowDecision::Skip.into()) };
        let ValidRow { id, draft, .. } = valid.clone();
        if self.options.on_duplicate == OnDuplicate::Create {
            return Ok(self.create_or_refuse(row, draft));
        }
        let existing = match self.matcher.find(id, &draft, self.trial.as_ref())? {
            RowMatch::Same(existing) => existing,
            RowMatch::Relative(other) if self.options.on_duplicate == OnDuplicate::Ask => other,
            RowMatch::Nobody | RowMatch::Relative(_) => {
                return Ok(self.create_or_refuse(row, draft));
            }
        };
        Ok(match self.options.on_duplicate {
            OnDuplicate::Update => self.update(row, existing, draft)?,
            OnDuplicate::Skip => RowDecision::Skip.into(),
            OnDuplicate::Ask => RowDecision::Ask(existing).into(),
            OnDuplicate::Create => self.create_or_refuse(row, draft),
        })
    }

    pub(super) fn update(
        &self,
        row: &CheckedRow,
        existing: ContactId,
        mut draft: Draft,
    ) -> Result<Decided, Error> {
        let in_trial = self.trial.as_ref().and_then(|trial| trial.by_id(existing));
        let left_out = if draft.visibility.is_keep() {
            None
        } else {
            let stored = || self.app.partition.contact(self.caller.organization, existing);
            let before = in_trial.map_or_else(stored, |known| Ok(Some(known)))?;
            self.drop_hiding(row, &mut draft, before.as_deref())
        };
        Ok(decided(RowDecision::Update(existing, self.as_change(draft)), left_out))
    }

    /// What a row may say about a contact that exists. Numbers and addresses that the caller does
    /// not see are not added to: whether they were there already would be told by the counts.
    fn as_change(&self, mut draft: Draft) -> Draft {
        let rights = &self.caller.fields;
        if rights.phones != FieldRight::Full {
            draft.add_phones.clear();
        }
        if rights.emails != FieldRight::Full {
            draft.add_emails.clear();
        }
        draft
    }

    /// What of a row was not added to the contact that it changed.
    fn not_added(&self, row: &CheckedRow) -> Vec<RowIssue> {
        let Some(valid) = &row.valid else { return Vec::new() };
        let (rights, draft) = (&self.caller.fields, &valid.draft);
        let phones = rights.phones != FieldRight::Full && !draft.add_phones.is_empty();
        let emails = rights.emails != FieldRight::Full && !draft.add_emails.is_empty();
        let parts = [(phones, "phone numbers"), (emails, "e-mail addresses")];
        let warn = |(_, what)| {
            let reason = format!(
                "the {what} of this row were not added to the contact that it belongs to, since \
                 you do not see them in full"
            );
            RowIssue::warning(row.line, IssueCode::NotAllowed, reason)
                .suggest("have the row imported by somebody who does")
        };
        parts.into_iter().filter(|(is_left_out, _)| *is_left_out).map(warn).collect()
    }

    /// A new contact needs what is required; one that exists may go on lacking it.
    pub(super) fn create_or_refuse(&self, row: &CheckedRow, mut draft: Draft) -> Decided {
        let left_out = self.drop_hiding(row, &mut draft, None);
        let definitions = self.app.definitions(self.caller.organization);
        let missing = definitions.missing(&draft.custom_fields, &self.caller.fields);
        if missing.is_empty() {
            decided(RowDecision::Create(draft), left_out)
        } else {
            RowDecision::Refuse(lacking(row.line, &missing)).into()
        }
    }

    fn begin_group(
        &mut self,
        rows: Vec<CheckedRow>,
        decisions: Vec<Decided>,
        people: PeopleByKey,
        stand: Stand,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        let mut work: Vec<RowDecision> = Vec::with_capacity(decisions.len());
        let mut written = Vec::with_capacity(decisions.len());
        for (row, Decided { decision, left_out }) in rows.into_iter().zip(decisions) {
            self.warnings.add(left_out.as_slice());
            match decision {
                RowDecision::Skip => {
                    self.counts.skipped += 1;
                    self.details.unchanged += 1;
                    self.keep_row(RowGroup::Unchanged, &row, None, &[]);
                }
                RowDecision::Ask(id) => {
                    self.counts.asked += 1;
                    self.details.asked += 1;
                    if let (Some(job), None) = (self.options.job, &self.trial) {
                        let put = question_of(self.caller, job, &row, &self.headers, id)?;
                        self.puts.extend(put);
                    }
                    let asked = self.change_asked_about(&row, id)?;
                    self.keep_row(RowGroup::Conflict, &row, asked, &[]);
                    self.reject(&[review(row.line, id)], &row, errors)?;
                }
                RowDecision::Refuse(issue) => {
                    self.counts.errors += 1;
                    self.keep_row(RowGroup::Invalid, &row, None, std::slice::from_ref(&issue));
                    self.reject(&[issue], &row, errors)?;
                }
                RowDecision::Create(_) | RowDecision::Update(..) => {
                    if matches!(decision, RowDecision::Update(..)) {
                        self.warnings.add(&self.not_added(&row));
                    }
                    work.push(decision);
                    written.push(row);
                }
            }
        }
        if work.is_empty() && self.puts.is_empty() {
            return Ok(());
        }
        self.lead_to_companies(&mut work)?;
        self.note_edits(&work, &written)?;
        let outcomes = if let Some(trial) = &mut self.trial {
            let edited = std::mem::take(&mut self.edited);
            Outcomes::OfTrial(trial.write(self.app, self.caller, &self.settings, &work, &edited)?)
        } else {
            let kept = self.kept_by().map(|job| {
                let before = self.checkpoint(stand);
                CheckpointInWrite::new(self.caller.organization, job, before, &written)
            });
            Outcomes::Pending(self.write(work, Vec::new(), kept)?)
        };
        self.in_flight = Some(InFlight { outcomes, rows: written, people });
        Ok(())
    }

    /// Leads rows that are to be written to their companies.
    pub(super) fn lead_to_companies(&mut self, work: &mut [RowDecision]) -> Result<(), Error> {
        self.companies.lead(self.app, self.caller, self.trial.as_ref(), work)
    }

    /// How far it is with everything that is counted.
    fn checkpoint(&self, stand: Stand) -> Checkpoint {
        Checkpoint {
            rows: stand.rows,
            waiting: stand.waiting,
            counts: self.counts,
            warnings: self.warnings.total,
            list: None,
            is_told: false,
        }
    }

    /// Keeps what would become of a row, where that is wanted.
    fn keep_row(
        &mut self,
        group: RowGroup,
        row: &CheckedRow,
        change: Option<RowChange>,
        more: &[RowIssue],
    ) {
        if let Some(kept) = &mut self.kept_rows {
            let issues: Vec<RowIssue> = row.issues.iter().chain(more).cloned().collect();
            kept.add(row.line, group, change, &issues);
        }
    }

    fn keep_outcome(&mut self, outcome: &RowOutcome, change: RowChange, row: &CheckedRow) {
        let group = match outcome {
            RowOutcome::Created => RowGroup::New,
            RowOutcome::Updated => RowGroup::Updated,
            RowOutcome::Unchanged => RowGroup::Unchanged,
            RowOutcome::Invalid(reason) => {
                let issue = RowIssue::error(row.line, IssueCode::TextInvalid, reason.clone());
                return self.keep_row(RowGroup::Invalid, row, None, &[issue]);
            }
        };
        self.keep_row(group, row, Some(change), &[]);
    }

    /// A contact as it is, or as the trial has left it.
    pub(super) fn known_contact(&self, id: ContactId) -> Result<Option<Arc<Contact>>, Error> {
        match self.trial.as_ref().and_then(|trial| trial.by_id(id)) {
            Some(known) => Ok(Some(known)),
            None => Ok(self.app.partition.contact(self.caller.organization, id)?),
        }
    }

    /// The settings of the organisation.
    pub(super) fn settings(&self) -> &OrgSettings {
        &self.settings
    }

    /// Names something about a row that is imported.
    pub(super) fn warn(&mut self, issue: &RowIssue) {
        self.warnings.add(std::slice::from_ref(issue));
    }

    /// What a row would change of the contact that somebody is asked about.
    fn change_asked_about(
        &self,
        row: &CheckedRow,
        id: ContactId,
    ) -> Result<Option<RowChange>, Error> {
        let (Some(_), Some(valid)) = (&self.kept_rows, &row.valid) else { return Ok(None) };
        let Some(before) = self.known_contact(id)? else { return Ok(None) };
        let stamp = Stamp { now: self.app.partition.now(), actor: "", settings: &self.settings };
        let after = for_update(&valid.draft, &before).apply(&before, stamp);
        let changes = after.ok().flatten().map(|after| before.changes(&after)).unwrap_or_default();
        let name = before.display_name.clone();
        Ok(Some(RowChange { id: Some(id), display_name: Some(name), changes }))
    }

    /// Notes a row that is not taken.
    fn reject(
        &mut self,
        issues: &[RowIssue],
        row: &CheckedRow,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        self.rejected.add_errors(issues);
        if let Some(job) = self.kept_by() {
            self.puts.push(refused_row(self.caller.organization, job, row.place, issues)?);
        }
        errors.add(issues, Some(&row.cells)).map_err(|e| not_written(&e))
    }

    /// Waits until rows are acknowledged.
    pub(super) fn written(
        &mut self,
        pending: PendingWrite<Written, Error>,
        rows: &[CheckedRow],
    ) -> Result<Written, Error> {
        let mut done = pending.wait()?;
        self.lists.are_there(&done.value.taken.lists);
        self.companies.are_there(std::mem::take(&mut done.value.taken.companies));
        self.last_write.is_now(done.seq);
        let mut drafts = rows.iter().filter_map(|row| row.valid.as_ref());
        if drafts.any(|valid| changes_sight(&valid.draft)) {
            self.app.own_writes.note_hidden(self.caller.organization, done.seq);
        }
        self.app.partition.pace(done.seq, MOST_WRITES_BEHIND);
        Ok(done.value)
    }

    /// Waits until the group on its way is acknowledged, and counts what became of its rows.
    pub(super) fn finish_group(
        &mut self,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        let Some(group) = self.in_flight.take() else { return Ok(()) };
        let outcomes = match group.outcomes {
            Outcomes::OfTrial(outcomes) => {
                let mut ends = Vec::with_capacity(outcomes.len());
                for ((outcome, change), row) in outcomes.into_iter().zip(&group.rows) {
                    self.keep_outcome(&outcome, change, row);
                    ends.push(outcome);
                }
                ends
            }
            Outcomes::Pending(pending) => self.written(pending, &group.rows)?.outcomes,
        };
        let mut refused = Vec::new();
        for (outcome, row) in outcomes.into_iter().zip(&group.rows) {
            count(&mut self.counts, &outcome);
            match outcome {
                RowOutcome::Created | RowOutcome::Updated => {}
                RowOutcome::Unchanged => self.details.unchanged += 1,
                RowOutcome::Invalid(reason) => refused.push((invalid_row(row.line, &reason), row)),
            }
        }
        // Counted before, for what was written stays even if the error file cannot be written.
        refused.into_iter().try_for_each(|(issue, row)| self.reject(&[issue], row, errors))
    }
}

fn decided(decision: RowDecision, left_out: Option<RowIssue>) -> Decided {
    match left_out {
        Some(issue) if issue.severity == Severity::Error => RowDecision::Refuse(issue).into(),
        left_out => Decided { decision, left_out },
    }
}

fn review(line: u64, existing: ContactId) -> RowIssue {
    RowIssue::error(line, IssueCode::NeedsReview, format!("belongs to contact {existing}"))
        .suggest("decide: import it with `on_duplicate` update or create")
}

fn lacking(line: u64, missing: &[FieldIssue]) -> RowIssue {
    let reasons: Vec<&str> = missing.iter().map(|issue| issue.detail.as_str()).collect();
    let column = missing.first().map_or("", |issue| {
        issue.pointer.strip_prefix("/custom_fields/").unwrap_or(&issue.pointer)
    });
    RowIssue::error(line, IssueCode::CustomFieldInvalid, reasons.join("; "))
        .at(format!("cf.{column}"), "")
        .suggest("fill it in, or make the field optional")
}
