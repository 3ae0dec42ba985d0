//! `ringdex import`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::args::{Args, Import};
use super::client::Client;
use super::error::Failure;
use super::output_file::OutputFile;
use super::target::Target;
use super::{job, output, progress};
use crate::app::{App, CompanyMode, ImportOptions, ImportReport, ListMode};
use crate::domain::access::Caller;
use crate::domain::place::country::code_or_text;
use crate::domain::text::counted;
use crate::import::match_existing::{MatchKey, OnDuplicate};
use crate::import::{
    ColumnReport, Counts, MapOptions, ReadOptions, Warnings, parse_default, parse_mapping,
};

/// Warnings that are written to the terminal.
const SHOWN_WARNINGS: usize = 10;

pub(super) fn run(args: &Args, command: &Import) -> Result<(), Failure> {
    if let Some(errors) = &command.errors
        && !is_stdout(Some(errors))
        && let (Ok(a), Ok(b)) = (errors.canonicalize(), command.file.canonicalize())
        && a == b
    {
        return Err(Failure::Usage("--errors names the file that is imported".to_owned()));
    }
    refuse_other_formats(&command.file, &[])?;
    let options = options_of(command)?;
    if sheet_address(command).is_some() && args.server.is_none() {
        let detail = "sheets are fetched by a server: say --server, or save the list as a file";
        return Err(Failure::Usage(detail.to_owned()));
    }
    let target = Target::open(args)?;
    let mut rejected = RejectedRows::create(command.errors.as_deref())?;
    let result = match &target {
        Target::Local { app, caller } => local(app, caller, command, &options, &mut rejected),
        Target::Remote(client) => remote(client, command, &options, &mut rejected),
    };
    rejected.finish()?;
    let report = result?;
    let counts = report.counts;
    tell_columns(&report.columns, command.dry_run);
    tell_warnings(&report.warnings);
    let answer = if args.json {
        let answer = json!({
            "imported": counts.imported, "updated": counts.updated, "skipped": counts.skipped,
            "unchanged": counts.unchanged, "asked": counts.asked,
            "errors": counts.errors, "columns": report.columns, "warnings": report.warnings.first,
            "warnings_total": report.warnings.total,
        });
        serde_json::to_string_pretty(&answer).map_err(|e| Failure::Output(e.into()))?
    } else {
        said(&counts)
    };
    // Standard output may hold the rows that were not taken.
    if is_stdout(command.errors.as_deref()) {
        output::tell(&answer);
    } else {
        output::print(&answer)?;
    }
    if counts.errors > 0 && command.errors.is_none() {
        output::tell("use --errors FILE to get the rows that were not taken, with reasons");
    }
    if command.strict && counts.errors > 0 {
        return Err(Failure::Problems(format!(
            "{} and --strict was given, so nothing was written",
            counted(counts.errors, "row has errors", "rows have errors")
        )));
    }
    Ok(())
}

/// The counts in a line that programs read; what is there only at times stands below it.
fn said(counts: &Counts) -> String {
    let Counts { imported, updated, skipped, errors, unchanged, asked } = *counts;
    let mut said =
        format!("imported {imported}, updated {updated}, skipped {skipped}, errors {errors}");
    let more = [("unchanged", unchanged), ("to be decided", asked)];
    let more = more.into_iter().filter(|(_, count)| *count > 0);
    let more: Vec<String> = more.map(|(name, count)| format!("{name} {count}")).collect();
    if !more.is_empty() {
        said.push('\n');
        said.push_str(&more.join(", "));
    }
    said
}

fn is_stdout(path: Option<&Path>) -> bool {
    path.is_some_and(|path| path.as_os_str() == "-")
}

/// Where the rows go that were not taken. A file of an earlier import is replaced, or removed if
/// there are none.
struct RejectedRows {
    out: Option<OutputFile>,
    path: Option<PathBuf>,
    bytes: u64,
}

impl RejectedRows {
    fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let file = path.filter(|_| !is_stdout(path));
        let out = path.map(|_| OutputFile::create(file)).transpose()?;
        Ok(Self { out, path: file.map(Path::to_owned), bytes: 0 })
    }

    fn finish(self) -> Result<(), Failure> {
        let Some(out) = self.out else { return Ok(()) };
        let old = self.path.filter(|path| path.is_file());
        if self.bytes > 0 {
            return out.finish();
        }
        drop(out);
        match old {
            Some(old) => std::fs::remove_file(&old).map_err(io(&old)),
            None => Ok(()),
        }
    }
}

impl Write for RejectedRows {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.out {
            Some(out) => out.write(bytes)?,
            None => bytes.len(),
        };
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Refuses files that by their names are no lists that can be read.
pub(super) fn refuse_other_formats(file: &Path, also: &[&str]) -> Result<(), Failure> {
    let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some(other) if other == "xls" || also.contains(&other) => {
            Err(Failure::Usage(format!("{other} files are not read here: save the list as CSV")))
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
    let read = ReadOptions {
        delimiter: command.delimiter.as_deref().map(str::parse).transpose().map_err(usage)?,
        encoding: command.encoding.as_deref().map(str::parse).transpose().map_err(usage)?,
        has_header: !command.no_header,
        sheet: command.sheet.clone(),
    };
    let lists = match (&command.list, &command.new_list) {
        (Some(list), _) => ListMode::Existing(list.clone()),
        (None, Some(name)) => ListMode::New(name.clone()),
        (None, None) if command.lists_per_row => ListMode::PerRow,
        (None, None) => ListMode::None,
    };
    let takes_lists = command.lists_per_row;
    Ok(ImportOptions {
        read,
        map: MapOptions {
            columns,
            takes_lists,
            tag_separator: command.tag_separator,
            defaults: command
                .defaults
                .iter()
                .map(|text| parse_default(text))
                .collect::<Result<_, _>>()
                .map_err(usage)?,
            ..MapOptions::default()
        },
        lists,
        match_keys: command.match_keys.iter().filter_map(|key| MatchKey::parse(key)).collect(),
        keep_edited_since: command.keep_edited_since,
        companies: command.companies.as_deref().and_then(CompanyMode::parse).unwrap_or_default(),
        match_names: !command.ignore_names,
        on_duplicate: command
            .on_duplicate
            .as_deref()
            .and_then(OnDuplicate::parse)
            .unwrap_or_default(),
        default_country: command.default_country.as_deref().map(code_or_text),
        tags: command.tags.clone(),
        dry_run: command.dry_run,
        strict: command.strict,
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
    fn new(command: &Import, is_read_twice: bool) -> Result<Option<Self>, Failure> {
        if command.file.is_dir() {
            let folder = command.file.display();
            return Err(Failure::Usage(format!("{folder} is a folder: name the list in it")));
        }
        if command.file.as_os_str() != "-" {
            return Ok(Some(Self { path: command.file.clone(), is_spooled: false }));
        }
        if !is_read_twice {
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
    rejected: &mut RejectedRows,
) -> Result<ImportReport, Failure> {
    let (usual, keys, is_strict) = app.usual_import(caller)?;
    let mut options = options.clone();
    if command.on_duplicate.is_none() {
        options.on_duplicate = usual;
    }
    if command.match_keys.is_empty() {
        options.match_keys = keys;
    }
    options.strict |= is_strict;
    options.save_template.clone_from(&command.save_template);
    let mut said = said_of(command, &options);
    if command.template.is_some() {
        options = app.import_options(caller, &said)?;
        said = options.said.clone();
    }
    said["match_keys"] = options.match_keys.iter().map(|key| Value::from(key.as_str())).collect();
    said["on_duplicate"] = json!(options.on_duplicate.as_str());
    options.said = said;
    let options = &options;
    app.check_import(caller, options)?;
    let input = Input::new(command, options.strict)?;
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
                bar.set_message(counted(done.counts.rows(), "row", "rows"));
            })?;
        bar.finish_and_clear();
        Ok(report)
    };
    let source = command.file.file_name().filter(|_| input.is_some());
    let source = source.map_or("standard input".into(), |name| name.to_string_lossy());
    let report = app.import_as_job(caller, options, &source, |options| {
        if options.strict {
            let checked = pass(&ImportOptions { dry_run: true, ..options.clone() }, rejected)?;
            if checked.counts.errors > 0 || command.dry_run {
                return Ok(checked.nothing_written());
            }
        }
        pass(options, rejected)
    })?;
    if options.strict && report.counts.errors > 0 && !command.strict {
        return Err(Failure::Problems(format!(
            "{} and this organisation imports all rows or none (import_strict), so nothing was \
             written",
            counted(report.counts.errors, "row has errors", "rows have errors")
        )));
    }
    // The command ends when searches see what was imported.
    app.partition().wait_visible(app.partition().applied_seq(), Duration::from_secs(3_600));
    Ok(report)
}

/// The options as a server takes them.
fn said_of(command: &Import, options: &ImportOptions) -> Value {
    let mode = match &options.lists {
        ListMode::None => "none",
        ListMode::Existing(_) => "existing",
        ListMode::New(_) => "new",
        ListMode::PerRow => "per_row",
    };
    let defaults: Map<String, Value> = options
        .map
        .defaults
        .iter()
        .map(|(field, value)| (field.to_string(), Value::from(value.as_str())))
        .collect();
    let mut sent = json!({
        "defaults": defaults,
        "map": command.map,
        "match_names": options.match_names,
        "companies": options.companies.as_str(),
        "keep_edited_since": options.keep_edited_since,
        "on_duplicate": command.on_duplicate,
        "default_country": options.default_country,
        "tags": options.tags,
        "list_mode": mode,
        "list": command.list.as_ref().or(command.new_list.as_ref()),
        "delimiter": command.delimiter,
        "encoding": command.encoding,
        "header": !command.no_header,
        "tag_separator": command.tag_separator,
        "dry_run": options.dry_run,
        "strict": options.strict,
    });
    if let Some(sheet) = &command.sheet {
        sent["sheet"] = json!(sheet);
    }
    if !command.match_keys.is_empty() {
        sent["match_keys"] = json!(command.match_keys);
    }
    sent["template_id"] = json!(command.template);
    sent["save_template"] = json!(command.save_template);
    // What is not said is left to the template and the organisation.
    let is_usual = |name: &str, value: &Value| match name {
        "match_names" | "header" => *value == true,
        "strict" => *value == false,
        "list_mode" => value == "none",
        "companies" => command.companies.is_none(),
        _ => match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        },
    };
    if let Value::Object(members) = &mut sent {
        members.retain(|name, value| !is_usual(name, value));
    }
    sent
}

fn remote(
    client: &Client,
    command: &Import,
    options: &ImportOptions,
    rejected: &mut RejectedRows,
) -> Result<ImportReport, Failure> {
    let sheet = sheet_address(command);
    let input = match sheet {
        Some(_) => None,
        None => Input::new(command, command.strict)?,
    };
    let mut sent = said_of(command, options);
    let mut pass = |dry_run: bool| -> Result<ImportReport, Failure> {
        sent["dry_run"] = json!(dry_run);
        let text = sent.to_string();
        let parameters = [("options", text.as_str())];
        let job = match (&input, sheet) {
            (Some(input), _) => {
                client.upload("/api/v1/imports", &parameters, &mut input.open()?)?
            }
            (None, Some(address)) => {
                client.post("/api/v1/imports", &json!({"sheet_url": address, "options": sent}))?
            }
            (None, None) => {
                client.upload("/api/v1/imports", &parameters, &mut io::stdin().lock())?
            }
        };
        let id = job.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let report = follow(client, &id)?;
        if command.errors.is_some() {
            let mut reader = client.get_reader(&format!("/api/v1/imports/{id}/errors.csv"), &[])?;
            io::copy(&mut reader, rejected).map_err(Failure::Output)?;
        }
        Ok(report)
    };
    if command.strict {
        let checked = pass(true)?;
        if checked.counts.errors > 0 || command.dry_run {
            return Ok(checked.nothing_written());
        }
    }
    pass(options.dry_run)
}

/// The address of a Google Sheet in the place of a file.
fn sheet_address(command: &Import) -> Option<&str> {
    let text = command.file.to_str()?;
    ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme)).then_some(text)
}

fn follow(client: &Client, id: &str) -> Result<ImportReport, Failure> {
    let mut job = job::follow(client, &format!("/api/v1/imports/{id}"), "import")?;
    let counts = Counts {
        imported: job::number(&job, "/counts/imported"),
        updated: job::number(&job, "/counts/updated"),
        skipped: job::number(&job, "/counts/skipped"),
        errors: job::number(&job, "/counts/errors"),
        unchanged: job::number(&job, "/counts/unchanged"),
        asked: job::number(&job, "/counts/asked"),
    };
    let total = job::number(&job, "/warnings_total");
    let mut take = |name: &str| job.get_mut(name).map(Value::take).unwrap_or_default();
    let first = serde_json::from_value(take("warnings")).unwrap_or_default();
    let columns = serde_json::from_value(take("columns")).unwrap_or_default();
    let warnings = Warnings { first, total };
    Ok(ImportReport { counts, warnings, columns, ..ImportReport::default() })
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
        let more = counted(warnings.total - shown, "more warning", "more warnings");
        output::tell(&format!("{more}; --json lists up to 200"));
    }
}
