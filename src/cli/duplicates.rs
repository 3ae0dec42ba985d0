//! `ringdex duplicates`.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::args::Args;
use super::client::Client;
use super::error::Failure;
use super::import::refuse_other_formats;
use super::output_file::OutputFile;
use super::target::Target;
use super::{job, output, progress};
use crate::app::{
    App, Cancel, DuplicateReport, Estimate, EstimateFailure, EstimateSource, FileReportError,
    FileReportOptions, ReportFormat, ReportOptions, ReportView, SameNumberPage, SameNumberQuery,
    SharedNumber, duplicate_model, estimate_on_file, parse_mapping, report_on_file,
};
use crate::domain::access::Caller;
use crate::domain::text::counted;
use crate::import::{MapOptions, ReadOptions};

#[derive(ClapArgs)]
pub(super) struct Duplicates {
    /// Look through the rows of this list (.csv, .tsv, .txt) instead; nothing is imported and no
    /// data directory is needed.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The column of the list whose values rows are called by; their numbers if not given.
    #[arg(long, value_name = "COLUMN", requires = "input")]
    id_column: Option<String>,
    /// Where a column of the list goes, for example "`Kunde=last_name`", as in `import`; others go
    /// where their headers say. `cf.national_id` is compared as an identity number. Repeatable.
    #[arg(long, value_name = "COLUMN=FIELD", requires = "input")]
    map: Vec<String>,
    /// What is listed: pairs, groups of one person each, or numbers that several contacts have,
    /// whatever they are called (`same_number`; of the contacts only). A page always shows groups.
    #[arg(long, default_value = "pairs", value_parser = ["pairs", "groups", "same_number"])]
    view: String,
    /// How likely a pair must be, 0 to 1, to be listed. A group is listed if one of its pairs is so
    /// likely, with all its members.
    #[arg(long, default_value = "0.9", value_name = "P", value_parser = probability)]
    min_probability: f64,
    /// The format; taken from the name of the file if not given. html is a page for people, to
    /// be read and printed.
    #[arg(long, value_parser = ["csv", "jsonl", "html"])]
    format: Option<String>,
    /// The file to write; standard output if not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show instead how much every level of agreement and difference weighs.
    #[arg(long, conflicts_with_all = ["input", "out", "format"])]
    model: bool,
    /// Estimate instead what they would have to weigh here, from what people have decided about
    /// pairs (decisions) or from the contacts or the list alone (em), and write the whole table;
    /// standard error says what has moved. Nothing compares with it until it is put into the data
    /// directory as duplicate-model.toml.
    #[arg(long, value_name = "FROM", value_parser = ["decisions", "em"],
          conflicts_with_all = ["model", "format"])]
    estimate: Option<String>,
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err("it must be a number from 0 to 1, for example 0.9".to_owned()),
    }
}

pub(super) fn run(args: &Args, command: &Duplicates) -> Result<(), Failure> {
    if command.model {
        return show_model(args);
    }
    if let Some(from) = &command.estimate {
        return write_estimate(args, command, from);
    }
    let format = command.format(args)?;
    if command.view == "same_number" {
        return write_same_numbers(args, command, format);
    }
    let view = if command.view == "groups" { ReportView::Groups } else { ReportView::Pairs };
    let out_path = command.out.as_deref().filter(|path| path.as_os_str() != "-");
    let options = ReportOptions {
        min_probability: command.min_probability,
        has_cards: format == ReportFormat::Html,
    };
    let report = match &command.input {
        Some(input) => of_file(input, out_path, command, &options)?,
        None => match Target::open_existing(args)? {
            Target::Local { app, caller } => of_base(&app, &caller, &options)?,
            Target::Remote(client) => {
                let summary = of_server(&client, command, format, out_path)?;
                return tell_summary(args, out_path, &summary);
            }
        },
    };
    let mut out = OutputFile::create(out_path)?;
    report.write(format, view, &mut out).map_err(|source| out.failure(source))?;
    out.finish()?;
    let summary = report.summary();
    if summary.rows_left_out > 0 {
        let rows = counted(
            summary.rows_left_out,
            "row cannot be read and was",
            "rows cannot be read and were",
        );
        output::tell(&format!("{rows} left out"));
    }
    tell_summary(args, out_path, &serde_json::to_value(&summary).unwrap_or_default())
}

fn tell_summary(args: &Args, out_path: Option<&Path>, summary: &Value) -> Result<(), Failure> {
    let number = |name: &str| job::number(summary, name);
    match out_path {
        Some(_) if args.json => output::print_json(summary),
        Some(path) => output::print(&format!(
            "{}, {}, {}, {} fewer after merging: {}",
            counted(number("/contacts"), "contact", "contacts"),
            counted(number("/pairs"), "pair", "pairs"),
            counted(number("/groups"), "group", "groups"),
            counted(number("/surplus"), "contact", "contacts"),
            path.display()
        )),
        None => Ok(()),
    }
}

impl Duplicates {
    fn format(&self, args: &Args) -> Result<ReportFormat, Failure> {
        let extension = self.out.as_deref().and_then(Path::extension);
        let extension = extension.map(|e| e.to_string_lossy().to_lowercase());
        Ok(match (self.format.as_deref(), extension.as_deref()) {
            (Some("html"), _) | (None, Some("html" | "htm")) => ReportFormat::Html,
            (Some("jsonl"), _) | (None, Some("jsonl" | "ndjson")) => ReportFormat::JsonLines,
            (None, None) if args.json && self.out.is_none() => ReportFormat::JsonLines,
            (Some(_), _) | (None, Some("csv" | "txt") | None) => ReportFormat::Csv,
            (None, Some(other)) => {
                return Err(Failure::Usage(format!(
                    ".{other} files are not written: use --format csv, jsonl or html"
                )));
            }
        })
    }
}

fn show_model(args: &Args) -> Result<(), Failure> {
    let table = duplicate_model();
    if !args.json {
        return output::print(table.trim_end());
    }
    match toml::from_str::<Value>(table) {
        Ok(value) => output::print_json(&value),
        Err(error) => Err(Failure::Refused { detail: error.to_string() }),
    }
}

fn of_base(
    app: &App,
    caller: &Caller,
    options: &ReportOptions,
) -> Result<DuplicateReport, Failure> {
    let bar = progress::spinner();
    let report = app
        .report_duplicates(caller, options, &Cancel::never(), &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    Ok(report)
}

/// Lets a server write the report, and fetches it; answers its figures.
fn of_server(
    client: &Client,
    command: &Duplicates,
    format: ReportFormat,
    out_path: Option<&Path>,
) -> Result<Value, Failure> {
    const RUNS: &str = "/api/v1/duplicates/runs";
    let format = match format {
        ReportFormat::Csv => "csv",
        ReportFormat::JsonLines => "jsonl",
        ReportFormat::Html => "html",
    };
    let wanted = json!({
        "view": command.view,
        "format": format,
        "min_probability": command.min_probability,
    });
    let begun = client.post(RUNS, &wanted)?;
    let id = begun.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut done = job::follow(client, &format!("{RUNS}/{id}"), "run")?;
    let mut report = client.get_reader(&format!("{RUNS}/{id}/report"), &[])?;
    let mut out = OutputFile::create(out_path)?;
    io::copy(&mut report, &mut out).map_err(|source| out.failure(source))?;
    out.finish()?;
    Ok(done["summary"].take())
}

/// Writes the numbers that several contacts have.
fn write_same_numbers(
    args: &Args,
    command: &Duplicates,
    format: ReportFormat,
) -> Result<(), Failure> {
    if command.input.is_some() {
        let usage = "--view same_number is of contacts: import the list, or leave --input out";
        return Err(Failure::Usage(usage.to_owned()));
    }
    if format == ReportFormat::Html {
        let usage = "--view same_number is written as csv or jsonl: use --format csv";
        return Err(Failure::Usage(usage.to_owned()));
    }
    let target = Target::open_existing(args)?;
    let mut numbers: Vec<SharedNumber> = Vec::new();
    let mut query = SameNumberQuery { per_page: Some(200), ..SameNumberQuery::default() };
    loop {
        let page = match &target {
            Target::Local { app, caller } => app.list_same_numbers(caller, &query)?,
            Target::Remote(client) => {
                let mut asked = vec![("view", "same_number"), ("per_page", "200")];
                asked.extend(query.cursor.as_deref().map(|cursor| ("cursor", cursor)));
                let page = client.get("/api/v1/duplicates", &asked)?;
                serde_json::from_value::<SameNumberPage>(page)
                    .map_err(|error| Failure::Refused { detail: error.to_string() })?
            }
        };
        numbers.extend(page.groups);
        if page.next_cursor.is_none() {
            break;
        }
        query.cursor = page.next_cursor;
    }
    let out_path = command.out.as_deref().filter(|path| path.as_os_str() != "-");
    let mut out = OutputFile::create(out_path)?;
    SameNumberPage::write(&numbers, format, &mut out).map_err(|source| out.failure(source))?;
    out.finish()?;
    match out_path {
        Some(_) if args.json => output::print_json(&json!({"numbers": numbers.len()})),
        Some(path) => output::print(&format!(
            "{}: {}",
            counted(numbers.len() as u64, "number", "numbers"),
            path.display()
        )),
        None => Ok(()),
    }
}

/// A list that is to be read, and how.
struct List {
    file: File,
    size: u64,
    options: FileReportOptions,
}

fn open_list(input: &Path, out: Option<&Path>, command: &Duplicates) -> Result<List, Failure> {
    if input.as_os_str() == "-" {
        return Err(Failure::Usage("--input must name a file".to_owned()));
    }
    refuse_other_formats(input, &["vcf", "jsonl", "ndjson", "json"])?;
    if let Some(out) = out
        && let (Ok(a), Ok(b)) = (out.canonicalize(), input.canonicalize())
        && a == b
    {
        return Err(Failure::Usage("--out names the list that is read".to_owned()));
    }
    let columns = command
        .map
        .iter()
        .map(|text| parse_mapping(text).map_err(|error| Failure::Usage(error.to_string())))
        .collect::<Result<_, _>>()?;
    let options = FileReportOptions {
        read: ReadOptions::default(),
        map: MapOptions { columns, ..MapOptions::default() },
        id_column: command.id_column.clone(),
    };
    let failed = |source| Failure::Io { path: input.to_owned(), source };
    let file = File::open(input).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    Ok(List { file, size, options })
}

fn list_failure(input: &Path, error: &FileReportError) -> Failure {
    if error.is_usage() {
        Failure::Usage(error.to_string())
    } else {
        Failure::Refused { detail: format!("{}: {error}", input.display()) }
    }
}

fn of_file(
    input: &Path,
    out: Option<&Path>,
    command: &Duplicates,
    options: &ReportOptions,
) -> Result<DuplicateReport, Failure> {
    let List { file, size, options: file_options } = open_list(input, out, command)?;
    let bar = progress::bytes(size);
    let report = report_on_file(file, &file_options, options, &mut |bytes| {
        bar.set_position(bytes.min(size));
        if bytes >= size {
            bar.set_message("comparing");
        }
    })
    .map_err(|error| list_failure(input, &error))?;
    bar.finish_and_clear();
    Ok(report)
}

fn write_estimate(args: &Args, command: &Duplicates, from: &str) -> Result<(), Failure> {
    let out_path = command.out.as_deref().filter(|path| path.as_os_str() != "-");
    let source = if from == "em" { EstimateSource::Pairs } else { EstimateSource::Decisions };
    let estimate = match &command.input {
        Some(_) if source == EstimateSource::Decisions => {
            return Err(Failure::Usage(
                "nobody has decided about the rows of a list: use --estimate em with --input"
                    .to_owned(),
            ));
        }
        Some(input) => {
            let List { file, size, options } = open_list(input, out_path, command)?;
            let bar = progress::bytes(size);
            let estimate =
                estimate_on_file(file, &options, &mut |bytes| bar.set_position(bytes.min(size)));
            bar.finish_and_clear();
            estimate.map_err(|error| match error {
                EstimateFailure::File(error) => list_failure(input, &error),
                EstimateFailure::App(error) => error.into(),
                EstimateFailure::Estimate(error) => {
                    Failure::Refused { detail: format!("{}: {error}", input.display()) }
                }
            })?
        }
        None => estimate_on_base(args, source)?,
    };
    let mut out = OutputFile::create(out_path)?;
    out.write_all(estimate.table.as_bytes()).map_err(|source| out.failure(source))?;
    out.finish()?;
    tell_rows(&estimate);
    match out_path {
        Some(_) if args.json => output::print_json(&estimate.rows),
        _ => Ok(()),
    }
}

fn estimate_on_base(args: &Args, source: EstimateSource) -> Result<Estimate, Failure> {
    if args.server.is_some() {
        return Err(Failure::Usage(
            "a server estimates no weights: stop it and use --data-dir".to_owned(),
        ));
    }
    let Target::Local { app, caller } = Target::open_existing(args)? else {
        return Err(Failure::Usage("--server cannot be used here".to_owned()));
    };
    let bar = progress::spinner();
    let estimate =
        app.estimate_duplicate_weights(&caller, source, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    estimate.map_err(|error| match error {
        EstimateFailure::App(error) => error.into(),
        EstimateFailure::File(_) | EstimateFailure::Estimate(_) => {
            Failure::Refused { detail: error.to_string() }
        }
    })
}

/// Says of every weight what became of it.
fn tell_rows(estimate: &Estimate) {
    output::tell(&format!(
        "{:14} {:24} {:7} {:>9} {:>9} {:>8}",
        "field", "level", "weight", "shipped", "estimated", "pairs"
    ));
    for row in &estimate.rows {
        output::tell(&format!(
            "{:14} {:24} {:7} {:>9} {:>9} {:>8}",
            row.field, row.level, row.weight, row.shipped, row.estimated, row.pairs
        ));
    }
}
