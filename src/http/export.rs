//! Exports of contacts.

use actix_web::{HttpRequest, HttpResponse, web};

use super::auth::Authenticated;
use super::error::Problem;
use super::file::{self, Kind};
use super::search::query_of;
use super::state::State;
use crate::app::{Error, ExportFormat, ExportRequest, Query};
use crate::domain::access::Permission;

/// The members of the query string.
const KNOWN: [&str; 9] =
    ["format", "q", "filter", "list", "saved_search", "columns", "allow_partial", "match", "token"];

/// Exports what a query selects, as CSV or JSON Lines.
#[utoipa::path(get, path = "/api/v1/contacts/export", operation_id = "export_contacts", tag = "contacts",
    params(("format" = Option<String>, Query, description = "csv (default) or jsonl"), ("q" = Option<String>, Query, description = "the query; all contacts without"),
        ("filter" = Option<String>, Query, description = "conditions as a JSON tree"), ("saved_search" = Option<String>, Query, description = "the id or name of a saved search"),
        ("list" = Option<String>, Query, description = "the id or name of a list"),
        ("match" = Option<String>, Query, description = "strict (default): words match as they are written; loose: as in a search"),
        ("columns" = Option<String>, Query, description = "columns of a CSV, separated by commas"),
        ("allow_partial" = Option<bool>, Query, description = "export also what a query selects of which something was not understood; else it is refused (422) with what and where")),
    responses((status = 200, description = "the file"), (status = 403, body = super::schema::Problem), (status = 422, body = super::schema::Problem)))]
pub(super) async fn export(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let query = query_of(&request)?;
    // Left out it would hand out more than was meant.
    if let Some(name) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let name: String = name.chars().take(100).collect();
        let detail = format!("is not known here; known are {}", KNOWN.join(", "));
        return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail).into());
    }
    let (format, kind) = match query.get("format").map(String::as_str) {
        None | Some("" | "csv") => (
            ExportFormat::Csv,
            Kind { content_type: "text/csv; charset=utf-8", name: "contacts.csv" },
        ),
        Some("jsonl") => (
            ExportFormat::JsonLines,
            Kind { content_type: "application/x-ndjson", name: "contacts.jsonl" },
        ),
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
    let selected = Query::of_texts(
        query.get("q").map_or("", String::as_str),
        query.get("filter").map(String::as_str),
        query.get("saved_search").map(String::as_str),
    )?;
    let list = query.get("list").filter(|name| !name.trim().is_empty()).cloned();
    let is_strict = match query.get("match").map(String::as_str) {
        None | Some("" | "strict") => true,
        Some("loose") => false,
        Some(_) => {
            let detail = "must be strict (words as they are written) or loose (as in a search)";
            return Err(Error::invalid("/match", "value", detail).into());
        }
    };
    let export = ExportRequest {
        query: Query { list, is_strict, ..selected },
        format,
        columns,
        allow_partial: matches!(
            query.get("allow_partial").map(String::as_str),
            Some("true" | "1" | "yes")
        ),
    };
    if !caller.0.may(Permission::Export) {
        return Err(Error::Forbidden(Permission::Export).into());
    }
    file::send(&state, kind, move |app, cancel, out| {
        app.export_contacts(&caller.0, &export, cancel, out, &mut |_| {}).map(drop)
    })
    .await
}
