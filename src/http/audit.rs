//! The audit log: pages, and all of it as a file.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::file::{self, Kind};
use super::schema;
use super::search::query_of;
use super::state::State;
use crate::app::{AuditQuery, Error, ExportFormat};
use crate::domain::access::Permission;

fn parsed<T: std::str::FromStr>(
    query: &HashMap<String, String>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, Problem> {
    match query.get(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_other| {
            Error::invalid(&format!("/{name}"), "type", format!("must be {expected}")).into()
        }),
    }
}

fn audit_query(request: &HttpRequest) -> Result<AuditQuery, Problem> {
    let query = query_of(request)?;
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty()).cloned();
    Ok(AuditQuery {
        actor: text("actor"),
        action: text("action"),
        record: parsed(&query, "record", "an id")?,
        address: text("address"),
        field: text("field"),
        since: parsed(&query, "since", "an RFC 3339 time")?,
        until: parsed(&query, "until", "an RFC 3339 time")?,
        per_page: parsed(&query, "per_page", "a whole number")?,
        cursor: text("cursor"),
    })
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "read_audit", tag = "administration",
    params(("actor" = Option<String>, Query, description = "user:ID, token:ID or the id"),
        ("action" = Option<String>, Query, description = "contact.updated, or contact for all that is done to contacts"),
        ("record" = Option<String>, Query, description = "the id of the contact, user, token, …"),
        ("address" = Option<String>, Query, description = "where the request came from"),
        ("field" = Option<String>, Query, description = "only changes of this field"),
        ("since" = Option<String>, Query, description = "not before this time"),
        ("until" = Option<String>, Query, description = "before this time"),
        ("per_page" = Option<usize>, Query, description = "50 if not given, at most 1,000"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = schema::AuditPage), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let query = audit_query(&request)?;
    answer::page(&state, "lines", move |app| app.read_audit(&caller.0, &query)).await
}

/// The audit log as a file, newest first: JSON Lines, or CSV with one row a change.
#[utoipa::path(get, path = "/api/v1/audit/export", operation_id = "export_audit", tag = "administration",
    params(("format" = Option<String>, Query, description = "jsonl (default) or csv"),
        ("actor" = Option<String>, Query, description = "as in the list, like all other filters of it")),
    responses((status = 200, description = "the file"), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn export(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let format = query_of(&request)?.remove("format").unwrap_or_default();
    let (format, kind) = match format.as_str() {
        "" | "jsonl" => (
            ExportFormat::JsonLines,
            Kind { content_type: "application/x-ndjson", name: "audit.jsonl".to_owned() },
        ),
        "csv" => (
            ExportFormat::Csv,
            Kind { content_type: "text/csv; charset=utf-8", name: "audit.csv".to_owned() },
        ),
        other => {
            let detail = format!("{other:?} is not a format of an export: use jsonl or csv");
            return Err(Error::invalid("/format", "format", detail).into());
        }
    };
    let query = audit_query(&request)?;
    if !caller.0.may(Permission::ReadAudit) {
        return Err(Error::Forbidden(Permission::ReadAudit).into());
    }
    file::send(&state, kind, move |app, cancel, out| {
        app.export_audit(&caller.0, query, format, cancel, out)
    })
    .await
}
