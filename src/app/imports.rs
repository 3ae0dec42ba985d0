//! Importing a list: reading and checking run beside matching and writing.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::bounded;
use csv::StringRecord;
use rayon::prelude::*;

use super::custom_fields::FieldsInWrite;
use super::error::Error;
use super::import_match::RowMatcher;
use super::import_rows::{RowOutcome, RowWriter, changes};
use super::organizations::check_country;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::draft::{Draft, Stamp};
use crate::domain::ids::{ContactId, OrgNumber};
use crate::domain::issue::FieldIssue;
use crate::engine::{Origin, PendingWrite};
use crate::import::match_existing::{MatchKey, OnDuplicate, keys_of, name_of_draft, names_agree};
use crate::import::{
    Counts, ErrorFile, IssueCode, MapOptions, RawRow, ReadOptions, Reader, RowContext, RowIssue,
    RowMap, ValidRow, validate,
};

/// Rows that are read and checked at once.
const READ_ROWS: usize = 4_000;
/// Rows of one write; other writes wait no longer than for these.
const WRITE_ROWS: usize = 1_000;
/// Writes that the index may be behind an import; more would keep what others write waiting.
const MOST_WRITES_BEHIND: u64 = 20;

/// How a list is imported.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Encoding, delimiter and header, where they are not to be detected.
    pub read: ReadOptions,
    /// Where columns go.
    pub map: MapOptions,
    /// What tells that a row belongs to a contact.
    pub match_keys: Vec<MatchKey>,
    /// Whether a shared number or address also needs names that agree.
    pub match_names: bool,
    /// What happens to a row that belongs to a contact.
    pub on_duplicate: OnDuplicate,
    /// Country of national numbers in rows that name none.
    pub default_country: Option<String>,
    /// Tags for every row.
    pub tags: Vec<String>,
    /// Nothing is written.
    pub dry_run: bool,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            map: MapOptions::default(),
            match_keys: MatchKey::ALL.to_vec(),
            match_names: true,
            on_duplicate: OnDuplicate::default(),
            default_country: None,
            tags: Vec::new(),
            dry_run: false,
        }
    }
}

/// What an import tells while it runs.
#[derive(Clone, Copy, Debug)]
pub struct ImportProgress {
    /// Rows done.
    pub counts: Counts,
    /// Bytes of the file read so far.
    pub bytes_read: u64,
}

/// A row with what became of it in the checks.
struct CheckedRow {
    line: u64,
    cells: StringRecord,
    valid: Option<ValidRow>,
    issues: Vec<RowIssue>,
}

struct CheckedBatch {
    rows: Vec<CheckedRow>,
    bytes_read: u64,
}

/// What happens to a row.
#[derive(Clone)]
enum RowDecision {
    Create(Draft),
    Update(ContactId, Draft),
    Skip,
    Ask(ContactId),
    /// It would be a new contact that lacks something.
    Lacks(Vec<FieldIssue>),
}

impl App {
    /// Refuses an import that cannot begin, before its file is read.
    ///
    /// # Errors
    /// If the caller may not, or an option does not fit.
    pub fn check_import(&self, caller: &Caller, options: &ImportOptions) -> Result<(), Error> {
        authorize(caller, Permission::Import)?;
        options.default_country.as_deref().map(check_country).transpose()?;
        Ok(())
    }

    /// Imports a list. Rows that do not fit are left out, written to `errors` with their reasons,
    /// and counted; the others are searchable while the import still runs.
    ///
    /// Memory does not depend on the length of the list, except in a dry run, which remembers a
    /// few bytes per row. `cancel` stops it between two writes.
    ///
    /// # Errors
    /// If the list cannot be read as a table, or the caller may not.
    pub fn import_contacts(
        &self,
        caller: &Caller,
        input: impl Read + Send,
        options: &ImportOptions,
        errors: &mut dyn Write,
        cancel: &AtomicBool,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<Counts, Error> {
        self.check_import(caller, options)?;
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        let context = RowContext {
            settings: settings.clone(),
            default_country: options.default_country.clone(),
            tags: options.tags.clone(),
            definitions: self.definitions(caller.organization),
            rights: caller.fields.clone(),
            role: caller.role,
        };
        let mut reader = Reader::open(input, options.read).map_err(unreadable)?;
        let map = RowMap::new(reader.headers(), &options.map).map_err(unreadable)?;
        if !map.has_identity() {
            return Err(Error::FileUnreadable(format!(
                "no column goes to a name, company, phone or e-mail: say where with --map \"COLUMN=field\"; the columns are {}",
                reader.headers().join(", ")
            )));
        }
        let mut error_file = ErrorFile::new(errors, reader.headers());
        let mut run = Run {
            app: self,
            caller,
            options,
            counts: Counts::default(),
            seen: HashSet::new(),
            settings,
            in_flight: None,
            matcher: RowMatcher::new(self, caller, options, &organization.settings)?,
        };
        let (sender, batches) = bounded::<Result<CheckedBatch, Error>>(2);
        std::thread::scope(|scope| {
            let map = &map;
            let mut context = context;
            scope.spawn(move || {
                loop {
                    // Rows before these may have defined fields.
                    context.definitions = self.definitions(caller.organization);
                    let batch = read_batch(&mut reader, map, &context);
                    let is_last = match &batch {
                        Ok(batch) => batch.rows.is_empty(),
                        Err(_) => true,
                    };
                    // A receiver that has gone away has met an error of its own.
                    if sender.send(batch).is_err() || is_last {
                        return;
                    }
                }
            });
            for batch in &batches {
                let batch = batch?;
                if batch.rows.is_empty() || cancel.load(Ordering::Relaxed) {
                    break;
                }
                let mut rows = batch.rows.into_iter();
                loop {
                    let chunk: Vec<CheckedRow> = rows.by_ref().take(WRITE_ROWS).collect();
                    if chunk.is_empty() || cancel.load(Ordering::Relaxed) {
                        break;
                    }
                    run.chunk(chunk, &mut error_file)?;
                }
                progress(ImportProgress { counts: run.counts, bytes_read: batch.bytes_read });
            }
            drop(batches);
            run.finish_write(&mut error_file)?;
            error_file.flush().map_err(|e| not_written(&e))?;
            Ok(run.counts)
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn unreadable(error: crate::import::Error) -> Error {
    Error::FileUnreadable(error.to_string())
}

fn read_batch<R: Read>(
    reader: &mut Reader<R>,
    map: &RowMap,
    context: &RowContext,
) -> Result<CheckedBatch, Error> {
    let mut raw: Vec<RawRow> = Vec::with_capacity(READ_ROWS);
    while raw.len() < READ_ROWS {
        let mut row = RawRow::default();
        if !reader.read_row(&mut row).map_err(unreadable)? {
            break;
        }
        raw.push(row);
    }
    let rows = raw
        .into_par_iter()
        .map(|row| {
            let (valid, mut issues) = if row.is_rejected() {
                (None, Vec::new())
            } else {
                validate(row.line, &map.map_row(&row), context)
            };
            issues.extend(row.issues);
            CheckedRow { line: row.line, cells: row.cells, valid, issues }
        })
        .collect();
    Ok(CheckedBatch { rows, bytes_read: reader.bytes_read() })
}

struct Run<'a> {
    app: &'a App,
    caller: &'a Caller,
    options: &'a ImportOptions,
    counts: Counts,
    /// Keys of rows that a dry run would have created.
    seen: HashSet<u64>,
    settings: crate::domain::access::OrgSettings,
    /// The write that is on its way to the disk while the next rows are matched.
    in_flight: Option<InFlight>,
    matcher: RowMatcher<'a>,
}

/// Names by match key of the rows that are not written yet.
type NamesByKey = HashMap<String, Vec<(String, String)>>;

/// A write that has not been acknowledged yet.
struct InFlight {
    pending: PendingWrite<Vec<RowOutcome>, Error>,
    /// Its rows, in the order of the outcomes.
    rows: Vec<CheckedRow>,
    /// Rows that share a key with these wait until they are written.
    names: NamesByKey,
}

impl Run<'_> {
    fn chunk(
        &mut self,
        rows: Vec<CheckedRow>,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        let mut rows = rows;
        for row in &mut rows {
            self.prepare(row);
        }
        for row in &rows {
            for issue in &row.issues {
                errors.add(issue, Some(&row.cells)).map_err(|e| not_written(&e))?;
            }
            if row.valid.is_none() {
                self.counts.errors += 1;
            }
        }
        let mut waiting: Vec<CheckedRow> =
            rows.into_iter().filter(|row| row.valid.is_some()).collect();
        while !waiting.is_empty() {
            let (now, later, names) = self.without_repeats(waiting);
            // Matched while the write before is on its way to the disk.
            let decisions: Result<Vec<RowDecision>, Error> =
                now.par_iter().map(|row| self.decide(row)).collect();
            let decisions = decisions?;
            if self.options.dry_run {
                self.count_only(&now, &decisions, errors).map_err(|e| not_written(&e))?;
            } else {
                self.finish_write(errors)?;
                self.begin_write(now, decisions, names, errors)?;
            }
            waiting = later;
        }
        Ok(())
    }

    /// Makes the draft of a row fit who imports it; a row that says what the caller may not say
    /// is left out.
    fn prepare(&self, row: &mut CheckedRow) {
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

    /// Sets rows apart that share a key with an earlier row of this chunk or of the write on its
    /// way: they wait until that is written, so that they find it.
    fn without_repeats(
        &self,
        rows: Vec<CheckedRow>,
    ) -> (Vec<CheckedRow>, Vec<CheckedRow>, NamesByKey) {
        let mut names = NamesByKey::new();
        if self.options.on_duplicate == OnDuplicate::Create {
            return (rows, Vec::new(), names);
        }
        let on_its_way = self.in_flight.as_ref().map(|write| &write.names);
        let (mut now, mut later) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let Some(valid) = &row.valid else { continue };
            let name = name_of_draft(&valid.draft);
            let keys = keys_of(&valid.draft, &self.options.match_keys);
            let repeats_in = |known: &NamesByKey| {
                keys.iter().any(|key| {
                    known.get(key).is_some_and(|known| {
                        !self.options.match_names
                            || known.iter().any(|other| names_agree(other, &name))
                    })
                })
            };
            if repeats_in(&names) || on_its_way.is_some_and(repeats_in) {
                later.push(row);
            } else {
                for key in keys {
                    names.entry(key).or_default().push(name.clone());
                }
                now.push(row);
            }
        }
        (now, later, names)
    }

    fn decide(&self, row: &CheckedRow) -> Result<RowDecision, Error> {
        let Some(valid) = &row.valid else { return Ok(RowDecision::Skip) };
        let draft = valid.draft.clone();
        if self.options.on_duplicate == OnDuplicate::Create {
            return Ok(self.create_or_refuse(draft));
        }
        let Some(existing) = self.matcher.find(&draft)? else {
            return Ok(self.create_or_refuse(draft));
        };
        Ok(match self.options.on_duplicate {
            OnDuplicate::Update => RowDecision::Update(existing, draft),
            OnDuplicate::Skip => RowDecision::Skip,
            OnDuplicate::Ask => RowDecision::Ask(existing),
            OnDuplicate::Create => self.create_or_refuse(draft),
        })
    }

    /// A new contact needs what is required; one that exists may go on lacking it.
    fn create_or_refuse(&self, draft: Draft) -> RowDecision {
        let definitions = self.app.definitions(self.caller.organization);
        let missing = definitions.missing(&draft.custom_fields, &self.caller.fields);
        if missing.is_empty() { RowDecision::Create(draft) } else { RowDecision::Lacks(missing) }
    }

    fn count_only(
        &mut self,
        rows: &[CheckedRow],
        decisions: &[RowDecision],
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> std::io::Result<()> {
        for (row, decision) in rows.iter().zip(decisions) {
            match decision {
                RowDecision::Create(draft) => {
                    let keys = keys_of(draft, &self.options.match_keys);
                    let (first, last) = name_of_draft(draft);
                    let hashes: Vec<u64> =
                        keys.iter().map(|key| hash(&(key, &first, &last))).collect();
                    let repeats = self.options.on_duplicate != OnDuplicate::Create
                        && hashes.iter().any(|hash| self.seen.contains(hash));
                    self.seen.extend(hashes);
                    match (repeats, self.options.on_duplicate) {
                        (false, _) => self.counts.imported += 1,
                        (true, OnDuplicate::Update) => self.counts.updated += 1,
                        (true, _) => self.counts.skipped += 1,
                    }
                }
                RowDecision::Update(id, draft) => {
                    if self.would_change(*id, draft) {
                        self.counts.updated += 1;
                    } else {
                        self.counts.skipped += 1;
                    }
                }
                RowDecision::Skip => self.counts.skipped += 1,
                RowDecision::Ask(id) => {
                    self.counts.skipped += 1;
                    errors.add(&review(row.line, *id), Some(&row.cells))?;
                }
                RowDecision::Lacks(missing) => {
                    self.counts.errors += 1;
                    errors.add(&lacking(row.line, missing), Some(&row.cells))?;
                }
            }
        }
        Ok(())
    }

    fn would_change(&self, id: ContactId, draft: &Draft) -> bool {
        let Ok(Some(before)) = self.app.partition.contact(self.caller.organization, id) else {
            return true;
        };
        let now = self.app.partition.now();
        changes(draft, &before, Stamp { now, actor: "", settings: &self.settings })
    }

    fn begin_write(
        &mut self,
        rows: Vec<CheckedRow>,
        decisions: Vec<RowDecision>,
        names: NamesByKey,
        errors: &mut ErrorFile<&mut dyn Write>,
    ) -> Result<(), Error> {
        let mut work: Vec<RowDecision> = Vec::with_capacity(decisions.len());
        let mut written = Vec::with_capacity(decisions.len());
        for (row, decision) in rows.into_iter().zip(decisions) {
            match decision {
                RowDecision::Skip => self.counts.skipped += 1,
                RowDecision::Ask(id) => {
                    self.counts.skipped += 1;
                    errors
                        .add(&review(row.line, id), Some(&row.cells))
                        .map_err(|e| not_written(&e))?;
                }
                RowDecision::Lacks(missing) => {
                    self.counts.errors += 1;
                    errors
                        .add(&lacking(row.line, &missing), Some(&row.cells))
                        .map_err(|e| not_written(&e))?;
                }
                RowDecision::Create(_) | RowDecision::Update(..) => {
                    work.push(decision);
                    written.push(row);
                }
            }
        }
        if work.is_empty() {
            return Ok(());
        }
        let org: OrgNumber = self.caller.organization;
        let now = self.app.partition.now();
        let actor: Arc<str> = format!("{} (import)", self.caller.actor).into();
        let origin = Origin { actor: Arc::clone(&actor), address: self.caller.address };
        let quotas = self.app.organization_of(self.caller)?.quotas;
        let by = self.caller.clone();
        let settings = self.settings.clone();
        let known = self.app.definitions(org);
        let ids: Vec<ContactId> = work.iter().map(|_| ContactId::generate()).collect();
        let pending =
            self.app.partition.begin_write::<_, Error>(org, origin, false, move |tx| {
                tx.set_bulk();
                let fields = FieldsInWrite::begin(tx, &known, &by, &settings, now)?;
                let stamp = Stamp { now, actor: &actor, settings: &settings };
                let mut row_writer = RowWriter { fields, by: &by, quotas: &quotas, stamp };
                let mut outcomes = Vec::with_capacity(work.len());
                for (decision, id) in work.iter().zip(&ids) {
                    outcomes.push(match decision {
                        RowDecision::Update(existing, draft) => {
                            row_writer.update(tx, *existing, *id, draft.clone())?
                        }
                        RowDecision::Create(draft) => row_writer.create(tx, *id, draft.clone())?,
                        RowDecision::Skip | RowDecision::Ask(_) | RowDecision::Lacks(_) => {
                            RowOutcome::Unchanged
                        }
                    });
                }
                Ok(outcomes)
            })?;
        self.in_flight = Some(InFlight { pending, rows: written, names });
        Ok(())
    }

    /// Waits until the write on its way is acknowledged, and counts what became of its rows.
    fn finish_write(&mut self, errors: &mut ErrorFile<&mut dyn Write>) -> Result<(), Error> {
        let Some(write) = self.in_flight.take() else { return Ok(()) };
        let done = write.pending.wait()?;
        self.app.refresh_definitions(self.caller.organization)?;
        self.app.partition.pace(done.seq, MOST_WRITES_BEHIND);
        for (outcome, row) in done.value.into_iter().zip(&write.rows) {
            match outcome {
                RowOutcome::Created => self.counts.imported += 1,
                RowOutcome::Updated => self.counts.updated += 1,
                RowOutcome::Unchanged => self.counts.skipped += 1,
                RowOutcome::Invalid(reason) => {
                    self.counts.errors += 1;
                    let issue = RowIssue::error(row.line, IssueCode::TextInvalid, reason);
                    errors.add(&issue, Some(&row.cells)).map_err(|e| not_written(&e))?;
                }
            }
        }
        Ok(())
    }
}

fn not_written(error: &std::io::Error) -> Error {
    Error::FileUnreadable(format!("the error file cannot be written: {error}"))
}

fn review(line: u64, existing: ContactId) -> RowIssue {
    RowIssue::error(line, IssueCode::NeedsReview, format!("belongs to contact {existing}"))
        .suggest("decide: import it with --on-duplicate update or create")
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

fn hash(value: &impl std::hash::Hash) -> u64 {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
