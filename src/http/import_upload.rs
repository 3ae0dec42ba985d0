//! The list of an import as it is uploaded: as it is, as a part of a form, or inside JSON.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde_json::Value;
use uuid::Uuid;

use super::coding::{Coding, Decoded, Decompressor, Fault};
use super::error::Problem;
use super::multipart::{Parts, boundary};
use super::state::State;
use super::{answer, body};
use crate::app::{App, Error, ImportOptions, PreviewedList, SentList, Unkept, UploadLimit};
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// Longest part `options` of a form.
const MAX_OPTIONS: usize = 1024 * 1024;
/// What a form has beside its file at most: the options, and what parts the parts.
const MAX_FORM: u64 = 2 * 1024 * 1024;

/// An uploaded list, and how it is to be imported.
pub(super) struct UploadedList {
    pub(super) list: SentList,
    /// Removes what was sent unless it is kept.
    pub(super) unkept: Option<Unkept>,
    pub(super) options: ImportOptions,
}

impl UploadedList {
    /// A list without a name: what it was sent as stands in its place.
    fn new(path: PathBuf, kind: &str, unkept: Unkept, options: ImportOptions) -> Self {
        let source = if kind.is_empty() { "upload" } else { kind };
        Self::of_file(path, Some(source.to_owned()), unkept, options)
    }

    /// A list that is all of the body.
    fn of_body(path: PathBuf, kind: &str, unkept: Unkept, options: ImportOptions) -> Self {
        let mut list = Self::new(path, kind, unkept, options);
        if let SentList::Sent(sent) = &mut list.list {
            sent.is_body = true;
        }
        list
    }

    fn of_file(
        path: PathBuf,
        source: Option<String>,
        unkept: Unkept,
        options: ImportOptions,
    ) -> Self {
        let list = SentList::Sent(PreviewedList { path, source, is_body: false });
        Self { list, unkept: Some(unkept), options }
    }
}

/// Receives a list; options in the body take the place of those in the address.
pub(super) async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    state: &web::Data<State>,
    caller: &Caller,
    options: ImportOptions,
) -> Result<UploadedList, Problem> {
    let content_type = request.headers().get("content-type");
    let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let kind = content_type.split(';').next().unwrap_or("").trim().to_lowercase();
    // What was written anew on its way is JSON, whatever was sent.
    let is_rewritten = request.extensions().contains::<Decoded>();
    let kind = if is_rewritten { "application/json".to_owned() } else { kind };
    let path = state
        .app
        .imports_folder()
        .map_err(Problem::from)?
        .join(format!("{}.upload", Uuid::now_v7()));
    let is_body = !matches!(kind.as_str(), "multipart/form-data" | "application/json");
    let most = state.app.upload_limit(caller, state.limits.upload_bytes, is_body)?;
    match kind.as_str() {
        "multipart/form-data" => {
            let boundary = boundary(&content_type).ok_or_else(|| {
                Problem::new(ErrorCode::Malformed, "the content type names no boundary")
            })?;
            let form = path.with_extension("form");
            // The file itself is measured when it is taken out.
            let bytes = most.bytes.saturating_add(MAX_FORM).min(state.limits.upload_bytes);
            let whole = most.with_bytes(bytes);
            let unkept_form = receive_file(request, payload, state, &form, whole).await?;
            let app = Arc::clone(&state.app);
            let unkept = Unkept::new(path.clone());
            let target = path.clone();
            let given = web::block(move || take_form(&app, &form, &boundary, &target, most))
                .await
                .map_err(|_blocking| kept_nothing())??;
            drop(unkept_form);
            let FormFile { options: text, file_name } = given;
            let options = match text {
                Some(text) => read_options(state, caller, &text).await?,
                None => options,
            };
            let source = file_name.filter(|name| !name.trim().is_empty());
            let source = source.unwrap_or_else(|| "upload".to_owned());
            Ok(UploadedList::of_file(path, Some(source), unkept, options))
        }
        "application/json" => {
            let (value, _) = body::json(request, payload, state.limits.bulk_bytes).await?;
            let (csv, given) = take_json(value)?;
            let options = match given {
                Some(given) => options_of(state, caller, given).await?,
                None => options,
            };
            let csv = match csv {
                JsonList::Csv(csv) => csv,
                JsonList::Sheet(address) => {
                    state.app.check_import(caller, &options)?;
                    let unkept = Unkept::new(path.clone());
                    let (place, by, shared) = (path.clone(), caller.clone(), state.clone());
                    let (from, fetcher) = (address.clone(), Arc::clone(&state.sheets));
                    web::block(move || fetcher.fetch(&shared.app, &by, &from, &place, most))
                        .await
                        .map_err(|_blocking| kept_nothing())??;
                    return Ok(UploadedList::of_file(path, Some(address), unkept, options));
                }
                JsonList::Previewed(id) => {
                    let list = SentList::Previewed(id);
                    return Ok(UploadedList { list, unkept: None, options });
                }
            };
            if csv.len() as u64 > most.bytes {
                return Err(too_large(most));
            }
            let unkept = Unkept::new(path.clone());
            let app = Arc::clone(&state.app);
            let target = path.clone();
            let written = web::block(move || -> io::Result<()> {
                let mut file = app.create_staged_file(&target)?;
                file.write_all(csv.as_bytes())?;
                file.finish()
            });
            let written = written.await.map_err(|_blocking| kept_nothing())?;
            written.map_err(|error| not_kept(&error))?;
            Ok(UploadedList::new(path, "text/csv", unkept, options))
        }
        ""
        | "application/csv"
        // What browsers on Windows call a .csv.
        | "application/vnd.ms-excel"
        | "text/x-csv"
        | "text/csv"
        | "text/plain"
        | "text/tab-separated-values"
        | "application/octet-stream"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        | "application/vnd.oasis.opendocument.spreadsheet"
        | "text/vcard"
        | "text/x-vcard"
        | "application/gzip"
        | "application/x-gzip"
        | "application/jsonl"
        | "application/x-ndjson" => {
            let unkept = receive_file(request, payload, state, &path, most).await?;
            Ok(UploadedList::of_body(path, &kind, unkept, options))
        }
        _ => Err(Problem::new(
            ErrorCode::UnsupportedMediaType,
            format!(
                "this path takes the list itself as text/csv, text/vcard, application/x-ndjson or a workbook, multipart/form-data, or application/json, not {kind}"
            ),
        )),
    }
}

/// Reads options as text.
pub(super) async fn read_options(
    state: &web::Data<State>,
    caller: &Caller,
    text: &str,
) -> Result<ImportOptions, Problem> {
    if text.trim().is_empty() {
        return options_of(state, caller, Value::Object(serde_json::Map::new())).await;
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Problem::new(ErrorCode::Malformed, format!("options is not valid JSON: {error}"))
    })?;
    options_of(state, caller, value).await
}

/// Reads options, and the template that they name.
async fn options_of(
    state: &web::Data<State>,
    caller: &Caller,
    given: Value,
) -> Result<ImportOptions, Problem> {
    let by = caller.clone();
    answer::run(state, move |app| app.import_options(&by, &given)).await
}

fn kept_nothing() -> Problem {
    Problem::new(ErrorCode::Internal, "the upload cannot be kept")
}

fn not_kept(error: &io::Error) -> Problem {
    tracing::error!("an upload cannot be kept: {error}");
    kept_nothing()
}

/// What a form says beside its file.
struct FormFile {
    options: Option<String>,
    file_name: Option<String>,
}

/// Takes the file and the options out of a form.
fn take_form(
    app: &App,
    form: &Path,
    boundary: &str,
    target: &Path,
    most: UploadLimit,
) -> Result<FormFile, Problem> {
    let failed = |error: io::Error| {
        if error.kind() == io::ErrorKind::FileTooLarge {
            too_large(most)
        } else if error.kind() == io::ErrorKind::InvalidData {
            Problem::new(ErrorCode::Malformed, error.to_string())
        } else {
            not_kept(&error)
        }
    };
    let input = app.open_staged_file(form).map_err(failed)?;
    let mut parts = Parts::new(input, boundary);
    let (mut has_file, mut options, mut file_name) = (false, None, None);
    while let Some(part) = parts.next_part().map_err(failed)? {
        match part.name.as_str() {
            "file" if !has_file => {
                has_file = true;
                file_name = part.file_name;
                let file = app.create_staged_file(target).map_err(failed)?;
                let mut file = Measured { out: file, left: most.bytes };
                parts.copy_to(&mut file).map_err(failed)?;
                file.out.finish().map_err(failed)?;
            }
            "options" if options.is_none() => {
                let mut text = Limited(Vec::new());
                parts.copy_to(&mut text).map_err(failed)?;
                options = Some(String::from_utf8_lossy(&text.0).into_owned());
            }
            name @ ("file" | "options") => {
                let detail = "is there twice: an import takes one list";
                return Err(Error::invalid(&format!("/{name}"), "repeated", detail).into());
            }
            name => {
                let detail = "is not a part of an import: send file and options";
                return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail).into());
            }
        }
    }
    if !has_file {
        return Err(Error::invalid("/file", "required", "the form has no part called file").into());
    }
    Ok(FormFile { options, file_name })
}

/// Writes up to a limit.
struct Measured<W> {
    out: W,
    left: u64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        let Some(left) = left else { return Err(io::ErrorKind::FileTooLarge.into()) };
        self.out.write_all(bytes)?;
        self.left = left;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn too_large(most: UploadLimit) -> Problem {
    Problem::new(ErrorCode::PayloadTooLarge, most.refusal())
}

/// Collects a text up to a limit.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OPTIONS {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the options are too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A list in a JSON body.
enum JsonList {
    /// Its text.
    Csv(String),
    /// The address of a Google Sheet.
    Sheet(String),
    /// One that was previewed.
    Previewed(Uuid),
}

/// Takes list and options out of a JSON body.
fn take_json(body: Value) -> Result<(JsonList, Option<Value>), Problem> {
    let Value::Object(mut members) = body else {
        return Err(Error::invalid("", "type", "must be a JSON object with csv").into());
    };
    let sheet = members.remove("sheet_url").filter(|sheet| !sheet.is_null());
    // What S0's clients call it.
    let csv = members.remove("csv").or_else(|| members.remove("csvData"));
    if sheet.is_some() && (csv.is_some() || members.contains_key("upload_id")) {
        let detail = "is a list of its own: send it, csv or upload_id, not several";
        return Err(Error::invalid("/sheet_url", "repeated", detail).into());
    }
    let csv = match (csv, members.remove("upload_id")) {
        (None, None) if sheet.is_some() => match sheet {
            Some(Value::String(address)) => JsonList::Sheet(address),
            _ => return Err(Error::invalid("/sheet_url", "type", "must be a string").into()),
        },
        (Some(Value::String(csv)), None) => JsonList::Csv(csv),
        (Some(_), None) => return Err(Error::invalid("/csv", "type", "must be a string").into()),
        (None, Some(id)) => {
            let id = id.as_str().and_then(|text| text.parse().ok());
            let detail = "must be the upload_id of a preview";
            JsonList::Previewed(id.ok_or_else(|| Error::invalid("/upload_id", "type", detail))?)
        }
        (Some(_), Some(_)) => {
            let detail = "stands for a list that was sent before: send it or csv, not both";
            return Err(Error::invalid("/upload_id", "repeated", detail).into());
        }
        (None, None) => {
            let detail = "is the list itself; send it, or sheet_url, or the upload_id of a preview";
            return Err(Error::invalid("/csv", "required", detail).into());
        }
    };
    let options = members.remove("options").filter(|options| !options.is_null());
    if let Some(name) = members.keys().next() {
        let detail = "is not known here: send csv, sheet_url or upload_id, and options";
        return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail).into());
    }
    Ok((csv, options))
}

/// Writes a body to a file, piece by piece. The file goes unless it is kept, also when whoever sends
/// it hangs up.
pub(super) async fn receive_file(
    request: &HttpRequest,
    mut payload: web::Payload,
    state: &State,
    path: &Path,
    most: UploadLimit,
) -> Result<Unkept, Problem> {
    let most_bytes = most.bytes;
    let failed = |error: io::Error| {
        tracing::error!("an upload cannot be kept: {error}");
        Problem::new(ErrorCode::Internal, "the upload cannot be kept")
    };
    let refuse = |fault| match fault {
        Fault::TooLarge => too_large(most),
        Fault::Garbled(error) => body::garbled(&error),
        Fault::Out(error) => failed(error),
    };
    let coding = Coding::of(request)?;
    let declared = request
        .headers()
        .get("content-length")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > most_bytes) {
        return Err(too_large(most));
    }
    let unkept = Unkept::new(path.to_owned());
    let stopped = |_blocking| Problem::new(ErrorCode::Internal, "the upload cannot be kept");
    let (app, place) = (Arc::clone(&state.app), path.to_owned());
    let file = web::block(move || app.create_staged_file(&place)).await.map_err(stopped)?;
    let mut file = Decompressor::new(coding, file.map_err(failed)?, most_bytes);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| body::unreadable(&error))?;
        file = web::block(move || file.write(&chunk).map(|()| file))
            .await
            .map_err(stopped)?
            .map_err(refuse)?;
    }
    let mut file = web::block(move || file.finish()).await.map_err(stopped)?.map_err(refuse)?;
    file.finish().map_err(failed)?;
    Ok(unkept)
}
