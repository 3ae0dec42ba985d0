//! `ringdex export`.

use std::io;

use super::args::{Args, Export};
use super::error::Failure;
use super::output_file::OutputFile;
use super::target::Target;
use super::{output, progress};
use crate::app::{Cancel, CardVersion, ContactFormat, ExportRequest, Query};
use crate::domain::ids::ContactId;
use crate::import::delimiter::Delimiter;

pub(super) fn run(args: &Args, command: &Export) -> Result<(), Failure> {
    let format = format_of(command)?;
    let delimiter = command.delimiter.as_deref().map(str::parse::<Delimiter>).transpose();
    let delimiter = delimiter.map_err(|error| Failure::Usage(error.to_string()))?;
    let more = &command.more;
    let (filter, saved_search) = (more.filter.as_deref(), more.saved_search.as_deref());
    let is_stdout = command.out.as_os_str() == "-";
    let failed = |source| Failure::Io { path: command.out.clone(), source };
    let target = Target::open_existing(args)?;
    let mut out = OutputFile::create((!is_stdout).then_some(command.out.as_path()))?;
    let written = match &target {
        Target::Local { app, caller } => {
            let query = Query::of_texts(&command.q, filter, saved_search)?;
            let list = command.list.clone();
            let ids = command.ids.iter().copied().map(ContactId).collect();
            let request = ExportRequest {
                query: Query { is_strict: !command.loose, list, ..query },
                ids: (!command.ids.is_empty()).then_some(ids),
                format,
                columns: command.columns.clone(),
                delimiter: delimiter.unwrap_or_default().byte(),
                has_bom: command.bom,
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
            let columns = command.columns.join(",");
            let ids: Vec<String> = command.ids.iter().map(ToString::to_string).collect();
            let ids = ids.join(",");
            let parameters = [
                ("format", format.extension()),
                ("version", command.vcard_version.as_str()),
                ("delimiter", command.delimiter.as_deref().unwrap_or_default()),
                ("bom", if command.bom { "true" } else { "" }),
                ("ids", ids.as_str()),
                ("list", command.list.as_deref().unwrap_or_default()),
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

/// The format that is asked for, or that the name of the file says.
fn format_of(command: &Export) -> Result<ContactFormat, Failure> {
    let extension = command.out.extension().map(|e| e.to_string_lossy().to_lowercase());
    let name = match (command.format.as_deref(), extension.as_deref()) {
        (Some(name), _) => name,
        (None, Some("ndjson")) => "jsonl",
        (None, Some("txt") | None) => "csv",
        (None, Some(other)) => other,
    };
    let version = CardVersion::parse(&command.vcard_version).unwrap_or_default();
    ContactFormat::parse(name, version).ok_or_else(|| {
        let advice = "use --format csv, xlsx, vcf or jsonl";
        Failure::Usage(format!(".{name} files are not written: {advice}"))
    })
}
