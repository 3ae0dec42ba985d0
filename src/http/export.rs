//! Exports, streamed as they are made.

use std::io::{self, Write};
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use tokio::sync::mpsc;

use super::auth::Authenticated;
use super::error::Problem;
use super::search::query_of;
use super::state::State;
use crate::app::{Error, ExportFormat, ExportRequest};
use crate::domain::access::Permission;
use crate::error::ErrorCode;

/// Bytes that are sent at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Hands what is written to the body of the answer; blocks while the client is slow.
struct Channel {
    sender: mpsc::Sender<Result<web::Bytes, io::Error>>,
    buffer: Vec<u8>,
}

impl Channel {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let bytes = web::Bytes::from(std::mem::take(&mut self.buffer));
        self.sender
            .blocking_send(Ok(bytes))
            .map_err(|_gone| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone away"))
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// Exports what a query selects, as CSV or JSON Lines.
#[utoipa::path(get, path = "/api/v1/contacts/export", operation_id = "export_contacts", tag = "contacts",
    params(("format" = Option<String>, Query, description = "csv (default) or jsonl"), ("q" = Option<String>, Query, description = "the query; all contacts without"),
        ("columns" = Option<String>, Query, description = "columns of a CSV, separated by commas")),
    responses((status = 200, description = "the file"), (status = 403, body = super::schema::Problem), (status = 422, body = super::schema::Problem)))]
pub(super) async fn export(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let query = query_of(&request)?;
    let (format, content_type, name) = match query.get("format").map(String::as_str) {
        None | Some("" | "csv") => (ExportFormat::Csv, "text/csv; charset=utf-8", "contacts.csv"),
        Some("jsonl") => (ExportFormat::JsonLines, "application/x-ndjson", "contacts.jsonl"),
        Some(other) => {
            return Err(Error::invalid(
                "/format",
                "format",
                format!("{other:?} is no format of an export: use csv or jsonl"),
            )
            .into());
        }
    };
    let columns = query
        .get("columns")
        .map(|text| {
            text.split(',').map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect()
        })
        .unwrap_or_default();
    let export = ExportRequest {
        q: query.get("q").cloned().unwrap_or_default(),
        format,
        columns,
        formula_guard: true,
    };
    if !caller.0.may(Permission::Export) {
        return Err(Error::Forbidden(Permission::Export).into());
    }
    let place = state.exports.enter().await?;
    let (sender, receiver) = mpsc::channel(8);
    let app = Arc::clone(&state.app);
    // A thread of its own: a slow client must not take one that searches need.
    let spawned = std::thread::Builder::new().name("export".to_owned()).spawn(move || {
        let mut channel = Channel { sender: sender.clone(), buffer: Vec::new() };
        if let Err(error) = app.export_contacts(&caller.0, &export, &mut channel, &mut |_| {}) {
            // Once the status has been sent, cutting the body short is the only way to say so.
            let _ = sender.blocking_send(Err(io::Error::other(error)));
        }
        drop(place);
    });
    if let Err(error) = spawned {
        tracing::error!("an export cannot be started: {error}");
        return Err(Error::Overloaded("too many exports at once").into());
    }
    // The first piece is awaited, so that a wrong column is a problem and not a broken file.
    let mut receiver = receiver;
    match receiver.recv().await {
        Some(Err(error)) => match error.downcast::<Error>() {
            Ok(error) => Err(error.into()),
            Err(error) => {
                tracing::error!("an export failed: {error}");
                Err(Problem::new(ErrorCode::Internal, "the export cannot be written"))
            }
        },
        first => {
            let rest = stream::unfold(receiver, |mut receiver| async move {
                receiver.recv().await.map(|piece| (piece, receiver))
            });
            let body = futures_util::StreamExt::chain(stream::iter(first), rest);
            Ok(HttpResponse::Ok()
                .content_type(content_type)
                .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
                .streaming(body))
        }
    }
}
