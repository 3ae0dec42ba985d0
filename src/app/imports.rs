//! Importing a list: reading and checking run beside matching and writing.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, bounded};
use csv::StringRecord;
use jiff::tz::TimeZone;
use serde_json::Value;
use uuid::Uuid;

use super::error::Error;
use super::import_companies::{CompanyMode, check_mode};
use super::import_list::{List, ListForm};
use super::import_preview::TrialDetails;
use super::import_run::Run;
use super::organizations::check_country;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::time::Timestamp;
use crate::import::match_existing::{MatchKey, OnDuplicate};
use crate::import::{
    ColumnReport, Counts, ErrorFile, IssueCode, MapOptions, ReadOptions, RowContext, RowIssue,
    ValidRow, Warnings,
};

/// Rows of one write; other writes wait no longer than for these.
const WRITE_ROWS: usize = 1_000;

/// Which static lists the contacts of an import join; in each case also those that a column names
/// which was mapped to lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListMode {
    /// None.
    #[default]
    None,
    /// One that there is, by id or name.
    Existing(String),
    /// One of this name that is made.
    New(String),
    /// Those that the column for lists names; what there is not is made.
    PerRow,
}

/// How a list is imported.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
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
    /// Which lists contacts join.
    pub lists: ListMode,
    /// What people have changed since then is not overwritten.
    pub keep_edited_since: Option<Timestamp>,
    /// What becomes of the companies that rows name.
    pub companies: CompanyMode,
    /// Nothing is written.
    pub dry_run: bool,
    /// All rows are written or none, and what is otherwise left out of a row because the organisation
    /// does not have it refuses the row. Jobs try the list first; who imports directly does so.
    pub strict: bool,
    /// Whether a trial keeps what it would do to single rows.
    pub keeps_rows: bool,
    /// A name under which the options are kept as a template.
    pub save_template: Option<String>,
    /// The job that it is, if it is one.
    pub job: Option<Uuid>,
    /// The options as they were sent, for people to look at later.
    pub said: Value,
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
            lists: ListMode::default(),
            keep_edited_since: None,
            companies: CompanyMode::default(),
            dry_run: false,
            strict: false,
            keeps_rows: false,
            save_template: None,
            job: None,
            said: Value::Null,
        }
    }
}

/// What an import tells while it runs.
#[derive(Clone, Copy, Debug)]
pub struct ImportProgress<'a> {
    /// Rows done.
    pub counts: Counts,
    /// What becomes of every column.
    pub columns: &'a [ColumnReport],
    /// Bytes of the file read so far.
    pub bytes_read: u64,
}

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct ImportReport {
    /// How many rows met which end.
    pub counts: Counts,
    /// What was left out of rows that were imported, or repaired in them.
    pub warnings: Warnings,
    /// What became of every column.
    pub columns: Vec<ColumnReport>,
    /// Why rows were not taken.
    pub rejected: Warnings,
    /// What the list is.
    pub file: ListForm,
    /// What a trial finds out beside.
    pub details: TrialDetails,
    /// Whether it was stopped before its end.
    pub is_cut_short: bool,
}

impl ImportReport {
    /// What an import answers that was to take all rows or none, and took none.
    #[must_use]
    pub fn nothing_written(self) -> Self {
        let errors = self.counts.errors;
        let skipped = self.counts.rows() - errors;
        Self { counts: Counts { skipped, errors, ..Counts::default() }, ..self }
    }
}

/// A row with what became of it in the checks.
pub(super) struct CheckedRow {
    pub(super) line: u64,
    /// How many rows of the list stand before it.
    pub(super) place: u64,
    pub(super) cells: StringRecord,
    pub(super) valid: Option<ValidRow>,
    pub(super) issues: Vec<RowIssue>,
}

struct CheckedBatch {
    rows: Vec<CheckedRow>,
    bytes_read: u64,
}

impl App {
    /// Refuses an import that cannot begin, before its file is read.
    ///
    /// # Errors
    /// If the caller may not, or an option does not fit.
    pub fn check_import(&self, caller: &Caller, options: &ImportOptions) -> Result<(), Error> {
        authorize(caller, Permission::Import)?;
        options.default_country.as_deref().map(check_country).transpose()?;
        check_mode(caller, options.companies)?;
        match &options.lists {
            ListMode::None | ListMode::PerRow => {}
            ListMode::Existing(list) => {
                self.static_list(caller, list, "/options/list")?;
            }
            // What another one has made since it was asked for is the list of both.
            ListMode::New(_) if options.job.is_some() => {}
            ListMode::New(name) => self.refuse_known_list(caller, name, "/options/list")?,
        }
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
        progress: &mut dyn FnMut(ImportProgress<'_>),
    ) -> Result<ImportReport, Error> {
        let known = self.checkpoint_of(caller, options)?;
        let options = &known.as_ref().map_or_else(|| options.clone(), |one| one.going_on(options));
        self.check_import(caller, options)?;
        let organization = self.organization_of(caller)?;
        let settings = organization.settings.clone();
        let context = RowContext {
            settings: settings.clone(),
            default_country: options.default_country.clone(),
            tags: options.tags.clone(),
            defaults: options.map.defaults.clone(),
            definitions: self.definitions(caller.organization),
            rights: caller.fields.clone(),
            role: caller.role,
            today: today(self.partition.now(), settings.timezone.as_deref()),
        };
        let options = &options.with_declared(&self.definitions(caller.organization), caller);
        let mut list = List::open(input, options).map_err(unreadable)?;
        let first = list.read()?;
        if let List::Table { reader, map } = &list
            && !map.has_identity()
        {
            // Whoever previews it says next where the columns go.
            if options.keeps_rows {
                return Ok(ImportReport {
                    columns: list.columns(),
                    file: list.form(),
                    warnings: nothing_mapped(),
                    ..ImportReport::default()
                });
            }
            return Err(Error::FileUnreadable(format!(
                "no column goes to a name, company, phone or e-mail: say where with `map` \"COLUMN=field\"; the columns are {}",
                reader.headers().join(", ")
            )));
        }
        let (columns, file) = (list.columns(), list.form());
        let mut error_file = ErrorFile::new(errors, &list.headers());
        let mut run = Run::new(self, caller, options, &organization.settings, &columns)?;
        run.headers = list.headers();
        if let List::Table { map, .. } = &list {
            run.warn_of_unread_refusals(map.unread_refusals());
        }
        let done = known.clone().unwrap_or_default();
        if let Some(known) = known {
            run.go_on_behind(known);
        }
        let (sender, batches) = bounded::<Result<CheckedBatch, Error>>(2);
        std::thread::scope(|scope| {
            let mut context = context;
            let mut read = Some(Ok(first));
            let mut place = 0;
            scope.spawn(move || {
                loop {
                    // Rows before these may have defined fields.
                    context.definitions = self.definitions(caller.organization);
                    let raw = read.take().unwrap_or_else(|| list.read());
                    let batch = raw.map(|raw| {
                        let is_done = done.has_done_all(place, raw.len());
                        let check = if is_done { None } else { Some(&context) };
                        let mut rows = list.check(raw, check);
                        for row in &mut rows {
                            row.place = place;
                            place += 1;
                        }
                        CheckedBatch { rows, bytes_read: list.bytes_read() }
                    });
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
            let mut tell = |counts, bytes_read| {
                progress(ImportProgress { counts, columns: &columns, bytes_read });
            };
            // Before anything is written, so that it is known where the columns went whatever happens.
            tell(run.counts(), 0);
            let taken = take_batches(&mut run, &batches, &mut error_file, cancel, &mut tell);
            drop(batches);
            let is_cut_short = match &taken {
                Ok(is_whole) => !is_whole,
                Err(_) => false,
            };
            if let Err(error) = taken {
                // What was written before stays.
                let waited = run.finish_group(&mut error_file);
                let noted = self.note_import_done(caller, options, run.counts());
                for error in [waited, noted].into_iter().filter_map(Result::err) {
                    tracing::error!("an import cannot end in good order: {error}");
                }
                return Err(error);
            }
            let report = run.finish(&mut error_file)?;
            error_file.flush().map_err(|e| not_written(&e))?;
            // It goes on when the server starts again.
            if !(is_cut_short && self.leaves_import(options)) {
                self.note_import_done(caller, options, report.counts)?;
            }
            Ok(ImportReport { columns: columns.clone(), file, is_cut_short, ..report })
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
pub(super) fn unreadable(error: crate::import::Error) -> Error {
    Error::FileUnreadable(error.to_string())
}

/// Says that no row can be taken as long as nobody says where the columns go.
fn nothing_mapped() -> Warnings {
    let reason = "no column goes to a name, company, phone or e-mail";
    let issue = RowIssue::warning(1, IssueCode::NothingMapped, reason);
    let mut warnings = Warnings::default();
    warnings.add(&[issue.suggest("say with mapping where the columns go")]);
    warnings
}

/// Takes the rows of a list, batch by batch; whether it came to the end.
fn take_batches(
    run: &mut Run<'_>,
    batches: &Receiver<Result<CheckedBatch, Error>>,
    errors: &mut ErrorFile<&mut dyn Write>,
    cancel: &AtomicBool,
    tell: &mut dyn FnMut(Counts, u64),
) -> Result<bool, Error> {
    for batch in batches {
        let batch = batch?;
        if batch.rows.is_empty() {
            return Ok(true);
        }
        if cancel.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let mut rows = Vec::with_capacity(batch.rows.len());
        for row in batch.rows {
            if run.has_done(&row) {
                run.tell_again(&row, errors)?;
            } else {
                rows.push(row);
            }
        }
        let mut rows = rows.into_iter();
        loop {
            let chunk: Vec<CheckedRow> = rows.by_ref().take(WRITE_ROWS).collect();
            if chunk.is_empty() {
                break;
            }
            if cancel.load(Ordering::Relaxed) {
                return Ok(false);
            }
            run.chunk(chunk, errors)?;
        }
        tell(run.counts(), batch.bytes_read);
    }
    Ok(true)
}

/// The day that it is where an organisation is.
pub(super) fn today(now: Timestamp, timezone: Option<&str>) -> jiff::civil::Date {
    let zone = timezone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let now = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    now.to_zoned(zone).date()
}

pub(super) fn not_written(error: &std::io::Error) -> Error {
    Error::WriteFailed(format!("the error file cannot be written: {error}"))
}
