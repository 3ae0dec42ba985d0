//! `ringdex import`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{Args, Import};
use super::client::Client;
use super::error::Failure;
use super::target::Target;
use super::{job, output, progress};
use crate::app::{App, ImportOptions, ImportReport};
use crate::domain::access::Caller;
use crate::import::match_existing::{MatchKey, OnDuplicate};
use crate::import::{ColumnReport, Counts, MapOptions, Warnings, parse_mapping};

/// Warnings that are written to the terminal.
const SHOWN_WARNINGS: usize = 10;

pub(super) fn run(args: &Args, command: &Import) -> Result<(), Failure> {
    if let Some(errors) = &command.errors
        && let (Ok(a), Ok(b)) = (errors.canonicalize(), command.file.canonicalize())
        && a == b
    {
        return Err(Failure::Usage("--errors names the file that is imported".to_owned()));
    }
    refuse_other_formats(&command.file)?;
    let options = options_of(command)?;
    let target = Target::open(args)?;
    let report = match &target {
        Target::Local { app, caller } => local(app, caller, command, &options)?,
        Target::Remote(client) => remote(client, command, &options)?,
    };
    let counts = report.counts;
    tell_columns(&report.columns, command.dry_run);
    tell_warnings(&report.warnings);
    if args.json {
        output::print_json(&json!({
            "imported": counts.imported, "updated": counts.updated, "skipped": counts.skipped,
            "errors": counts.errors, "columns": report.columns, "warnings": report.warnings.first,
            "warnings_total": report.warnings.total,
        }))?;
    } else {
        output::print(&format!(
            "imported {}, updated {}, skipped {}, errors {}",
            counts.imported, counts.updated, counts.skipped, counts.errors
        ))?;
    }
    if counts.errors > 0 && command.errors.is_none() {
        output::tell("use --errors FILE to get the rows that were not taken, with reasons");
    }
    if command.strict && counts.errors > 0 {
        return Err(Failure::Problems(format!(
            "{} rows have errors and --strict was given, so nothing was written",
            counts.errors
        )));
    }
    Ok(())
}

/// Refuses files that by their names are no lists of values.
pub(super) fn refuse_other_formats(file: &Path) -> Result<(), Failure> {
    let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some(other @ ("xlsx" | "xls" | "vcf" | "jsonl" | "ndjson" | "json")) => {
            Err(Failure::Usage(format!("{other} files are not read yet: save the list as CSV")))
        }
        _ => Ok(()),
    }
}

fn options_of(command: &Import) -> Result<ImportOptions, Failure> {
    let usage = |error: crate::import::Error| Failure::Usage(error.to_string());
    let columns = command
        .map
        .iter()
        .map(|text| parse_mapping(text).map_err(usage))
        .collect::<Result<_, _>>()?;
    Ok(ImportOptions {
        map: MapOptions { columns, ..MapOptions::default() },
        match_keys: command.match_keys.iter().filter_map(|key| MatchKey::parse(key)).collect(),
        match_names: !command.ignore_names,
        on_duplicate: OnDuplicate::parse(&command.on_duplicate).unwrap_or_default(),
        default_country: command.default_country.as_deref().map(str::to_uppercase),
        tags: command.tags.clone(),
        dry_run: command.dry_run,
        ..ImportOptions::default()
    })
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |source| Failure::Io { path, source }
}

/// The file to read, and its size; standard input is spooled where it is read twice.
struct Input {
    path: PathBuf,
    is_spooled: bool,
}

impl Input {
    fn new(command: &Import) -> Result<Option<Self>, Failure> {
        if command.file.as_os_str() != "-" {
            return Ok(Some(Self { path: command.file.clone(), is_spooled: false }));
        }
        if !command.strict {
            return Ok(None);
        }
        let path =
            std::env::temp_dir().join(format!("ringdex-import-{}", uuid::Uuid::now_v7().simple()));
        let mut file = File::create_new(&path).map_err(io(&path))?;
        io::copy(&mut io::stdin().lock(), &mut file).map_err(io(&path))?;
        Ok(Some(Self { path, is_spooled: true }))
    }

    fn open(&self) -> Result<File, Failure> {
        File::open(&self.path).map_err(io(&self.path))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if self.is_spooled {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn local(
    app: &App,
    caller: &Caller,
    command: &Import,
    options: &ImportOptions,
) -> Result<ImportReport, Failure> {
    let input = Input::new(command)?;
    let mut errors: Box<dyn Write> = match &command.errors {
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(io(path))?)),
        None => Box::new(io::sink()),
    };
    let size = match &input {
        Some(input) => input.open()?.metadata().map_err(io(&input.path))?.len(),
        None => 0,
    };
    let pass = |options: &ImportOptions, errors: &mut dyn Write| -> Result<ImportReport, Failure> {
        let reader: Box<dyn Read + Send> = match &input {
            Some(input) => Box::new(input.open()?),
            None => Box::new(io::stdin()),
        };
        let bar = if size > 0 { progress::bytes(size) } else { progress::spinner() };
        let cancel = AtomicBool::new(false);
        let report =
            app.import_contacts(caller, reader, options, errors, &cancel, &mut |done| {
                bar.set_position(if size > 0 {
                    done.bytes_read.min(size)
                } else {
                    done.counts.rows()
                });
                bar.set_message(format!("{} rows", done.counts.rows()));
            })?;
        bar.finish_and_clear();
        Ok(report)
    };
    if command.strict {
        let checked = pass(&ImportOptions { dry_run: true, ..options.clone() }, &mut *errors)?;
        if checked.counts.errors > 0 || command.dry_run {
            return Ok(nothing_written(checked));
        }
    }
    let report = pass(options, &mut *errors)?;
    // The command ends when searches see what was imported.
    app.partition().wait_visible(app.partition().applied_seq(), Duration::from_secs(3_600));
    Ok(report)
}

fn remote(
    client: &Client,
    command: &Import,
    options: &ImportOptions,
) -> Result<ImportReport, Failure> {
    let input = Input::new(command)?;
    let mut sent = json!({
        "map": command.map,
        "match_keys": command.match_keys,
        "match_names": options.match_names,
        "on_duplicate": command.on_duplicate,
        "default_country": options.default_country,
        "tags": options.tags,
        "dry_run": options.dry_run,
    });
    let mut pass = |dry_run: bool| -> Result<ImportReport, Failure> {
        sent["dry_run"] = json!(dry_run);
        let text = sent.to_string();
        let parameters = [("options", text.as_str())];
        let job = match &input {
            Some(input) => client.upload("/api/v1/imports", &parameters, &mut input.open()?)?,
            None => client.upload("/api/v1/imports", &parameters, &mut io::stdin().lock())?,
        };
        let id = job.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let report = follow(client, &id)?;
        if report.counts.errors > 0
            && let Some(path) = &command.errors
        {
            let mut reader = client.get_reader(&format!("/api/v1/imports/{id}/errors.csv"), &[])?;
            let mut file = File::create(path).map_err(io(path))?;
            io::copy(&mut reader, &mut file).map_err(io(path))?;
        }
        Ok(report)
    };
    if command.strict {
        let checked = pass(true)?;
        if checked.counts.errors > 0 || command.dry_run {
            return Ok(nothing_written(checked));
        }
    }
    pass(options.dry_run)
}

fn follow(client: &Client, id: &str) -> Result<ImportReport, Failure> {
    let mut job = job::follow(client, &format!("/api/v1/imports/{id}"), "import")?;
    let counts = Counts {
        imported: job::number(&job, "/counts/imported"),
        updated: job::number(&job, "/counts/updated"),
        skipped: job::number(&job, "/counts/skipped"),
        errors: job::number(&job, "/counts/errors"),
    };
    let total = job::number(&job, "/warnings_total");
    let mut take = |name: &str| job.get_mut(name).map(Value::take).unwrap_or_default();
    let first = serde_json::from_value(take("warnings")).unwrap_or_default();
    let columns = serde_json::from_value(take("columns")).unwrap_or_default();
    Ok(ImportReport { counts, warnings: Warnings { first, total }, columns })
}

/// What a strict import answers that wrote nothing.
fn nothing_written(checked: ImportReport) -> ImportReport {
    let skipped = checked.counts.rows() - checked.counts.errors;
    let counts = Counts { imported: 0, updated: 0, skipped, ..checked.counts };
    ImportReport { counts, ..checked }
}

/// Says where the columns go: all of them in a trial, else those that are not imported or of which
/// there is more to say.
fn tell_columns(columns: &[ColumnReport], is_trial: bool) {
    for column in columns {
        let samples = column.samples.join(", ");
        let samples = if samples.is_empty() { String::new() } else { format!(" ({samples})") };
        match &column.target {
            Some(target) if is_trial || column.why.contains(';') => {
                output::tell(&format!("{:?} -> {target}: {}{samples}", column.name, column.why));
            }
            None if column.not_imported => {
                output::tell(&format!(
                    "{:?} is not imported: {}{samples}",
                    column.name, column.why
                ));
            }
            Some(_) | None => {}
        }
    }
}

/// Says what was left out of rows that were imported, or repaired in them.
fn tell_warnings(warnings: &Warnings) {
    for warning in warnings.first.iter().take(SHOWN_WARNINGS) {
        let column = warning.column.as_ref().map_or(String::new(), |name| format!(", {name}"));
        output::tell(&format!(
            "row {}{column}: {:?} {}",
            warning.row, warning.value, warning.detail
        ));
    }
    let shown = warnings.first.len().min(SHOWN_WARNINGS) as u64;
    if warnings.total > shown {
        output::tell(&format!("{} more warnings; --json lists up to 200", warnings.total - shown));
    }
}
