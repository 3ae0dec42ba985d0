//! `ringdex imports`: which imports there were, and the rows that one did not take.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use super::args::Args;
use super::error::Failure;
use super::jobs::opened;
use super::output;
use super::output_file::OutputFile;
use super::target::Target;

/// Imports that are listed.
const PER_PAGE: usize = 1_000;

#[derive(clap::Args)]
pub(super) struct Imports {
    /// The id of one import, of which everything is shown.
    id: Option<Uuid>,
    /// Write the rows that it did not take to this file, to be mended and imported again; - is
    /// standard output.
    #[arg(long, value_name = "FILE", requires = "id")]
    errors: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: &Imports) -> Result<(), Failure> {
    let target = opened(args)?;
    match (command.id, &command.errors) {
        (None, _) => list(args, &target),
        (Some(id), None) => output::print_json(&match &target {
            Target::Remote(client) => client.get(&format!("/api/v1/imports/{id}"), &[])?,
            Target::Local { app, caller } => json!(app.find_import(caller, id)?),
        }),
        (Some(id), Some(file)) => errors(&target, id, file),
    }
}

fn errors(target: &Target, id: Uuid, file: &Path) -> Result<(), Failure> {
    let path = (file.as_os_str() != "-").then_some(file);
    // Nothing is begun where there is nothing to be had.
    match target {
        Target::Remote(client) => {
            let mut rows = client.get_reader(&format!("/api/v1/imports/{id}/errors.csv"), &[])?;
            let mut out = OutputFile::create(path)?;
            io::copy(&mut rows, &mut out).map_err(|error| out.failure(error))?;
            out.finish()
        }
        Target::Local { app, caller } => {
            let rows = app.import_errors(caller, id)?;
            let mut out = OutputFile::create(path)?;
            out.write_all(&rows).map_err(|error| out.failure(error))?;
            out.finish()
        }
    }
}

fn list(args: &Args, target: &Target) -> Result<(), Failure> {
    let found = match target {
        Target::Remote(client) => {
            let per_page = PER_PAGE.to_string();
            client.get("/api/v1/imports", &[("per_page", per_page.as_str())])?
        }
        Target::Local { app, caller } => {
            let all = app.list_imports(caller)?;
            let items = all.get(..PER_PAGE.min(all.len())).unwrap_or_default();
            json!({"total": all.len(), "items": items})
        }
    };
    if args.json {
        return output::print_json(&found);
    }
    let text = |import: &Value, member: &str| import[member].as_str().unwrap_or("").to_owned();
    let rows = found["items"].as_array().into_iter().flatten().map(|import| {
        let by = if import["by_name"].is_null() { "by" } else { "by_name" };
        let counts = ["imported", "updated", "unchanged", "skipped", "asked", "errors"];
        let counts = counts.map(|name| import["counts"][name].to_string());
        let mut row = vec![text(import, "created_at"), text(import, "state"), text(import, by)];
        row.push(text(import, "source"));
        row.extend(counts);
        row.extend([text(import, "undo_state"), text(import, "id")]);
        row
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings = [
        "at",
        "state",
        "by",
        "source",
        "imported",
        "updated",
        "unchanged",
        "skipped",
        "asked",
        "errors",
        "undo",
        "id",
    ];
    output::print_table(&headings, &rows)
}
