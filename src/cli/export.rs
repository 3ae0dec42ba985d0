//! `ringdex export`.

use std::io;

use super::args::{Args, Export};
use super::error::Failure;
use super::output_file::OutputFile;
use super::target::Target;
use super::{output, progress};
use crate::app::{Cancel, ExportFormat, ExportRequest, Query};

pub(super) fn run(args: &Args, command: &Export) -> Result<(), Failure> {
    let extension = command.out.extension().map(|e| e.to_string_lossy().to_lowercase());
    let format = match (command.format.as_deref(), extension.as_deref()) {
        (Some("jsonl"), _) | (None, Some("jsonl" | "ndjson")) => ExportFormat::JsonLines,
        (Some(_), _) | (None, Some("csv" | "txt") | None) => ExportFormat::Csv,
        (None, Some(other)) => {
            return Err(Failure::Usage(format!(
                ".{other} files are not written: use --format csv or jsonl"
            )));
        }
    };
    let more = &command.more;
    let (filter, saved_search) = (more.filter.as_deref(), more.saved_search.as_deref());
    let is_stdout = command.out.as_os_str() == "-";
    let failed = |source| Failure::Io { path: command.out.clone(), source };
    let target = Target::open_existing(args)?;
    let mut out = OutputFile::create((!is_stdout).then_some(command.out.as_path()))?;
    let written = match &target {
        Target::Local { app, caller } => {
            let request = ExportRequest {
                query: Query {
                    is_strict: !command.loose,
                    ..Query::of_texts(&command.q, filter, saved_search)?
                },
                format,
                columns: command.columns.clone(),
                allow_partial: command.allow_partial,
            };
            let bar = progress::spinner();
            let written =
                app.export_contacts(caller, &request, &Cancel::never(), &mut out, &mut |done| {
                    bar.set_position(done);
                })?;
            bar.finish_and_clear();
            Some(written)
        }
        Target::Remote(client) => {
            let format = if format == ExportFormat::Csv { "csv" } else { "jsonl" };
            let columns = command.columns.join(",");
            let parameters = [
                ("format", format),
                ("q", command.q.as_str()),
                ("filter", filter.unwrap_or_default()),
                ("saved_search", saved_search.unwrap_or_default()),
                ("columns", &columns),
                ("match", if command.loose { "loose" } else { "strict" }),
                ("allow_partial", if command.allow_partial { "true" } else { "" }),
            ];
            let mut reader = client.get_reader("/api/v1/contacts/export", &parameters)?;
            io::copy(&mut reader, &mut out).map_err(failed)?;
            None
        }
    };
    out.finish()?;
    if !is_stdout {
        match (written, args.json) {
            (Some(count), true) => output::print_json(&serde_json::json!({"exported": count}))?,
            (Some(count), false) => output::print(&format!("exported {count}"))?,
            (None, _) => output::print(&format!("exported to {}", command.out.display()))?,
        }
    }
    Ok(())
}
