//! Exports of contacts.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::auth::Authenticated;
use super::error::Problem;
use super::file::{self, Kind};
use super::search::query_of;
use super::state::State;
use super::{answer, body, schema};
use crate::app::{CardVersion, ContactFormat, Delimiter, Error, ExportRequest, Query};
use crate::domain::access::Permission;
use crate::domain::ids::ContactId;

/// The members of the query string.
const KNOWN: [&str; 13] = [
    "format",
    "version",
    "q",
    "filter",
    "list",
    "saved_search",
    "ids",
    "columns",
    "delimiter",
    "bom",
    "allow_partial",
    "match",
    "token",
];
/// The media types of the formats.
const CONTENT_TYPES: [&str; 4] = [
    "text/csv; charset=utf-8",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/vcard; charset=utf-8",
];
/// Contacts that one export may name; more are selected by a query or a list.
const MOST_IDS: usize = 10_000;

/// Exports what a query selects, or the contacts that are named, as CSV, workbook, vCard or JSON
/// Lines.
#[utoipa::path(get, path = "/api/v1/contacts/export", operation_id = "export_contacts", tag = "contacts",
    params(("format" = Option<String>, Query, description = "csv (default), xlsx, vcf or jsonl"),
        ("version" = Option<String>, Query, description = "of a vCard: 4.0 (default) or 3.0"),
        ("q" = Option<String>, Query, description = "the query; all contacts without"),
        ("filter" = Option<String>, Query, description = "conditions as a JSON tree"), ("saved_search" = Option<String>, Query, description = "the id or name of a saved search"),
        ("list" = Option<String>, Query, description = "the id or name of a list"),
        ("ids" = Option<String>, Query, description = "ids of contacts, separated by commas, in place of a query"),
        ("match" = Option<String>, Query, description = "strict (default): words match as they are written; loose: as in a search"),
        ("columns" = Option<String>, Query, description = "columns of a table, separated by commas"),
        ("delimiter" = Option<String>, Query, description = "of a CSV: comma (default), semicolon, tab or pipe"),
        ("bom" = Option<bool>, Query, description = "whether a CSV begins with a byte order mark, by which Excel knows UTF-8"),
        ("allow_partial" = Option<bool>, Query, description = "export also what a query selects of which something was not understood; else it is refused (422) with what and where")),
    responses((status = 200, description = "the file"), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn export(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    if !caller.0.may(Permission::Export) {
        return Err(Error::Forbidden(Permission::Export).into());
    }
    let query = query_of(&request)?;
    // Left out it would hand out more than was meant.
    if let Some(name) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let name: String = name.chars().take(100).collect();
        let detail = format!("is not known here; known are {}", KNOWN.join(", "));
        return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail).into());
    }
    // A form or a command sends all that it knows, also without a value; what names nothing but a
    // choice has lost it on the way.
    if !["q", "filter", "saved_search"].iter().any(|name| query.contains_key(*name)) {
        for (name, text) in &query {
            refuse_nothing_chosen(name, text)?;
        }
    }
    let export = read(&|name| query.get(name).map(String::as_str).filter(|text| !text.is_empty()))?;
    let name = format!("contacts.{}", export.format.extension());
    let kind = Kind { content_type: export.format.content_type(), name };
    file::send(&state, kind, move |app, cancel, out| {
        app.export_contacts(&caller.0, &export, cancel, out, &mut |_| {}).map(drop)
    })
    .await
}

/// Makes the file of an export in the background. The members are those of `GET
/// /api/v1/contacts/export`; lists may be arrays, and `filter` a tree. `Location` names the export,
/// which says where its file is fetched once it is there, for seven days.
#[utoipa::path(post, path = "/api/v1/exports", operation_id = "create_export", tag = "contacts",
    request_body = schema::ExportInput,
    responses((status = 202, description = "the file is being made", body = schema::ExportJob), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    if !caller.0.may(Permission::Export) {
        return Err(Error::Forbidden(Permission::Export).into());
    }
    let (value, bytes) = body::json_if_any(&request, payload, state.limits.bulk_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let texts = texts_of(&value)?;
    let export = read(&|name| texts.get(name).map(String::as_str).filter(|text| !text.is_empty()))?;
    let app = Arc::clone(&state.app);
    let started =
        answer::run(&state, move |_| app.start_export(&caller.0, export, value, idempotency));
    let (job, is_replay) = started.await?;
    let mut response = answer::json(StatusCode::ACCEPTED, &job);
    answer::put_header(&mut response, "location", &job.url);
    if is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}

/// The members of a body as the query string of an export has them.
fn texts_of(value: &Value) -> Result<HashMap<String, String>, Error> {
    let Value::Object(members) = value else {
        return Err(Error::invalid("", "type", "must be a JSON object"));
    };
    let mut texts = HashMap::new();
    for (name, value) in members {
        if !KNOWN.contains(&name.as_str()) || name == "token" {
            let name: String = name.chars().take(100).collect();
            let detail = "is not known here; known are the parameters of /api/v1/contacts/export";
            return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail));
        }
        let wrong = |detail: &str| Error::invalid(&format!("/{name}"), "type", detail);
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Bool(flag) if ["bom", "allow_partial"].contains(&name.as_str()) => {
                flag.to_string()
            }
            Value::Object(_) if name == "filter" => value.to_string(),
            Value::Array(entries) if ["ids", "columns"].contains(&name.as_str()) => {
                let entries: Option<Vec<&str>> = entries.iter().map(Value::as_str).collect();
                entries.ok_or_else(|| wrong("must be an array of strings"))?.join(",")
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err(wrong("is of another type than here"));
            }
        };
        refuse_nothing_chosen(name, &text)?;
        texts.insert(name.clone(), text);
    }
    Ok(texts)
}

/// Refuses a selection that got lost: nothing chosen is not everything.
fn refuse_nothing_chosen(name: &str, text: &str) -> Result<(), Error> {
    let is_selection = ["ids", "list", "saved_search"].contains(&name);
    if is_selection && text.trim_matches([' ', ',']).is_empty() {
        let detail = "must not be empty: leave it out to export all";
        return Err(Error::invalid(&format!("/{name}"), "type", detail));
    }
    Ok(())
}

/// How an export stands.
#[utoipa::path(get, path = "/api/v1/exports/{id}", operation_id = "find_export", tag = "contacts",
    params(("id" = String, Path, description = "the id of the export")),
    responses((status = 200, body = schema::ExportJob), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path.parse().unwrap_or_default();
    answer::ok(&state, move |app| app.find_export(&caller.0, id)).await
}

/// The file of an export.
#[utoipa::path(get, path = "/api/v1/exports/{id}/file", operation_id = "fetch_export", tag = "contacts",
    params(("id" = String, Path, description = "the id of the export")),
    responses((status = 200, description = "the file"), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn fetch(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path.parse().unwrap_or_default();
    let (made, place) = answer::run(&state, move |app| app.export_file(&caller.0, id)).await?;
    let content_type = CONTENT_TYPES.iter().find(|known| **known == made.content_type);
    let kind = Kind {
        content_type: content_type.copied().unwrap_or("application/octet-stream"),
        name: format!("contacts.{}", made.format),
    };
    file::send(&state, kind, move |app, _, out| {
        let failed =
            |error: io::Error| Error::WriteFailed(format!("the file cannot be sent: {error}"));
        let mut input = app.open_staged_file(&place).map_err(failed)?;
        io::copy(&mut input, out).and_then(|_| out.flush()).map_err(failed)
    })
    .await
}

/// Reads what is to be exported from named texts.
pub(super) fn read<'a>(given: &dyn Fn(&str) -> Option<&'a str>) -> Result<ExportRequest, Error> {
    let wrong = |name: &str, detail: &str| Error::invalid(&format!("/{name}"), "value", detail);
    let version = match given("version") {
        None => CardVersion::default(),
        Some(text) => {
            CardVersion::parse(text).ok_or_else(|| wrong("version", "must be 3.0 or 4.0"))?
        }
    };
    let name = given("format").unwrap_or("csv");
    let format = ContactFormat::parse(name, version).ok_or_else(|| {
        let detail = format!("{name:?} is not a format of an export: use csv, xlsx, vcf or jsonl");
        Error::invalid("/format", "format", detail)
    })?;
    let separator = given("delimiter").map(str::parse::<Delimiter>).transpose();
    let separator = separator.map_err(|error| wrong("delimiter", &error.to_string()))?;
    let flag = |name: &str| match given(name) {
        None | Some("false" | "0" | "no") => Ok(false),
        Some("true" | "1" | "yes") => Ok(true),
        Some(_) => Err(wrong(name, "must be true or false")),
    };
    let is_strict = match given("match") {
        None | Some("strict") => true,
        Some("loose") => false,
        Some(_) => {
            let detail = "must be strict (words as they are written) or loose (as in a search)";
            return Err(wrong("match", detail));
        }
    };
    let texts = |text: &str| -> Vec<String> {
        text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
    };
    let selected =
        Query::of_texts(given("q").unwrap_or(""), given("filter"), given("saved_search"))?;
    let list = given("list").filter(|name| !name.trim().is_empty()).map(str::to_owned);
    let ids = given("ids").map(|text| ids_of(&texts(text))).transpose()?;
    let others = ["q", "filter", "saved_search", "list"];
    if let (Some(_), Some(other)) = (&ids, others.iter().find(|name| given(name).is_some())) {
        return Err(wrong(other, "does not go with ids, which say already what is exported"));
    }
    Ok(ExportRequest {
        query: Query { list, is_strict, ..selected },
        ids,
        format,
        columns: given("columns").map(texts).unwrap_or_default(),
        delimiter: separator.unwrap_or_default().byte(),
        has_bom: flag("bom")?,
        allow_partial: flag("allow_partial")?,
    })
}

fn ids_of(texts: &[String]) -> Result<Vec<ContactId>, Error> {
    if texts.len() > MOST_IDS {
        let detail = format!("are {}, at most {MOST_IDS} can be named", texts.len());
        return Err(Error::invalid("/ids", "too_many", detail));
    }
    let read = |(at, text): (usize, &String)| {
        let id = text.parse().map(ContactId);
        id.map_err(|_malformed| {
            Error::invalid(
                &format!("/ids/{at}"),
                "type",
                format!("{text:?} is not an id of a contact"),
            )
        })
    };
    texts.iter().enumerate().map(read).collect()
}
