//! `/api/crm-contacts/{tenant}`: import with counts in the answer, preview, rows that were not taken.

use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::answer;
use super::super::auth::Authenticated;
use super::super::body;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::state::State;
use super::super::{import_preview, imports, schema};
use super::{check_organization, members, payload, required_text, take};
use crate::app::Error;
use crate::domain::access::{Caller, Permission};
use crate::error::ErrorCode;

/// How long an import is waited for; then the answer says where to look for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);
/// Members that are options of an import, by the names that they have here.
const OPTIONS: &[(&str, &str)] = &[
    ("delimiter", "delimiter"),
    ("on_duplicate", "on_duplicate"),
    ("match_keys", "match_keys"),
    ("list_mode", "list_mode"),
    ("list", "list"),
    ("list_id", "list"),
    ("list_name", "list"),
    ("dry_run", "dry_run"),
    ("has_header", "header"),
    ("header", "header"),
    ("default_country", "default_country"),
    ("tags", "tags"),
];

/// Imports a list that stands in the body: as it is, or as `csv` of a JSON object. `mapping_json`
/// says which column is which field; `_tag` and `_list` are the tags and the list of a row. What is no
/// list stands in the body or the query. The answer waits for the counts for a while; 202 says that
/// the import goes on.
#[utoipa::path(post, path = "/api/crm-contacts/{tenant}/import", operation_id = "crm_import_contacts", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"),
        ("mapping_json" = Option<String>, Query, description = "columns and their fields as a JSON object"),
        ("dry_run" = Option<bool>, Query, description = "counts only")),
    request_body(content((schema::CrmImportInput = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = schema::CrmImportCounts), (status = 202, body = schema::CrmImportCounts), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn import(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let list = list_of(&request, &state, &caller.0, &path, sent).await?;
    let rewritten = payload(&request, list.to_string()).await?;
    let by = caller.0.clone();
    let begun = imports::create(request, state.clone(), caller, rewritten).await?;
    let job = json_of(begun)?;
    let Some(id) = job["id"].as_str().and_then(|id| id.parse::<Uuid>().ok()) else {
        return Err(Problem::new(ErrorCode::Internal, "the import has no id"));
    };
    let asked = Instant::now();
    loop {
        let by = by.clone();
        let job = answer::run(&state, move |app| app.find_import(&by, id)).await?;
        let job = json!(job);
        let is_over = !job["finished_at"].is_null();
        if is_over || asked.elapsed() >= PATIENCE {
            let status = if is_over { StatusCode::OK } else { StatusCode::ACCEPTED };
            let count = |name: &str| job["counts"][name].clone();
            // Three ways to be passed over, of which clients of this path know one.
            let passed = ["unchanged", "skipped", "asked"].map(|name| count(name).as_u64());
            let passed_over: u64 = passed.into_iter().flatten().sum();
            return Ok(answer::json(
                status,
                &json!({
                    "imported": count("imported"), "updated": count("updated"),
                    "skipped": passed_over, "errors": count("errors"),
                    "token": id, "job": job,
                }),
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Reads the header and sample rows of a list, and says what an import would do; writes nothing.
#[utoipa::path(post, path = "/api/crm-contacts/{tenant}/import-preview", operation_id = "crm_preview_import", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"),
        ("mapping_json" = Option<String>, Query, description = "columns and their fields as a JSON object")),
    request_body(content((schema::CrmImportInput = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = schema::CrmPreview), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn preview(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let list = list_of(&request, &state, &caller.0, &path, sent).await?;
    let rewritten = payload(&request, list.to_string()).await?;
    let mut shown = json_of(import_preview::preview(request, state, caller, rewritten).await?)?;
    let columns = shown["columns"].as_array().cloned().unwrap_or_default();
    let header: Vec<Value> = columns.iter().map(|column| column["name"].clone()).collect();
    let rows = columns.iter().filter_map(|c| c["samples"].as_array().map(Vec::len)).max();
    let rows = (0..rows.unwrap_or(0)).map(|row| {
        let cells = columns.iter().map(|column| column["samples"][row].clone());
        Value::Array(cells.collect())
    });
    shown["sample_rows"] = Value::Array(rows.collect());
    shown["header"] = Value::Array(header);
    Ok(answer::json(StatusCode::OK, &shown))
}

/// The rows that an import did not take, as CSV; `token` stands in its answer.
#[utoipa::path(get, path = "/api/crm-contacts/{tenant}/import-errors", operation_id = "crm_list_import_errors", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"),
        ("token" = String, Query, description = "the token that the import answered")),
    responses((status = 200, description = "the file"), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn errors(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    check(&state, &caller.0, &path)?;
    let token = Asked::of_query(&request)?.last("token").map(Value::from);
    let token = required_text(token, "token", "is the token that the import answered")?;
    imports::errors(state, caller, web::Path::from(token)).await
}

/// Refuses who may not import, and work for another organisation.
pub(super) fn check(state: &State, caller: &Caller, tenant: &str) -> Result<(), Problem> {
    if !caller.may(Permission::Import) {
        return Err(Error::Forbidden(Permission::Import).into());
    }
    check_organization(state, caller, Some(&Value::from(tenant)))
}

/// The body of an answer.
fn json_of(answer: HttpResponse) -> Result<Value, Problem> {
    let bytes = answer.into_body().try_into_bytes().unwrap_or_default();
    serde_json::from_slice(&bytes)
        .map_err(|_not_json| Problem::new(ErrorCode::Internal, "the answer cannot be read"))
}

/// The list and its options as an import takes them.
async fn list_of(
    request: &HttpRequest,
    state: &State,
    caller: &Caller,
    tenant: &str,
    sent: web::Payload,
) -> Result<Value, Problem> {
    check(state, caller, tenant)?;
    let bytes = body::read(request, sent, state.limits.bulk_bytes).await?;
    let mut asked = if request.content_type().eq_ignore_ascii_case("application/json") {
        members(serde_json::from_slice(&bytes).map_err(|error| {
            Problem::new(ErrorCode::Malformed, format!("the body is not valid JSON: {error}"))
        })?)?
    } else {
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.to_owned(),
            Err(_other) => encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned(),
        };
        Map::from_iter([("csv".to_owned(), Value::String(text))])
    };
    for (name, value) in Asked::of_query(request)?.given_beside(&[]) {
        asked.entry(name).or_insert_with(|| value_of(value));
    }
    let csv = take(&mut asked, &["csv", "csv_body", "csv_text", "data", "body"]);
    let csv = required_text(csv, "csv", "is the list itself; send it, or text/csv")?;
    let mut options = match take(&mut asked, &["options"]) {
        Some(Value::Object(options)) => options,
        _ => Map::new(),
    };
    if let Some(mapping) = take(&mut asked, &["mapping_json", "mapping"]) {
        options.insert("mapping".to_owned(), mapping_of(mapping)?);
    }
    options_of(&mut asked, &mut options);
    asked.insert("csv".to_owned(), Value::String(csv));
    asked.insert("options".to_owned(), Value::Object(options));
    Ok(Value::Object(asked))
}

/// Takes options out of a body, by the names that they have here.
pub(super) fn options_of(asked: &mut Map<String, Value>, options: &mut Map<String, Value>) {
    for (from, to) in OPTIONS {
        // A mapping that is kept has its columns in `header`.
        if *from == "header" && asked.get("header").is_some_and(Value::is_array) {
            continue;
        }
        if let Some(value) = take(asked, &[from]) {
            options.entry(*to).or_insert(value);
        }
    }
    if let Some(Value::String(keys)) = options.get("match_keys") {
        let keys: Vec<Value> = keys.split([',', ';']).map(|key| Value::from(key.trim())).collect();
        options.insert("match_keys".to_owned(), Value::Array(keys));
    }
}

/// A value of the query as JSON would have it.
fn value_of(text: String) -> Value {
    match text.as_str() {
        "true" | "1" => Value::Bool(true),
        "false" | "0" => Value::Bool(false),
        _ => Value::String(text),
    }
}

/// A mapping in our words: an object, or its text.
pub(super) fn mapping_of(mapping: Value) -> Result<Value, Problem> {
    let wrong =
        || Error::invalid("/mapping_json", "type", "must be an object of columns and fields");
    let mapping = if let Value::String(text) = &mapping {
        serde_json::from_str(text).map_err(|_not_json| wrong())?
    } else {
        mapping
    };
    let Value::Object(columns) = mapping else { return Err(wrong().into()) };
    let field = |field: Value| match field.as_str().map(str::trim) {
        None | Some("" | "(Ignore)" | "_ignore") => Value::from("ignore"),
        Some("_tag") => Value::from("tags"),
        Some("_list") => Value::from("list"),
        Some(name) => Value::from(name),
    };
    Ok(columns.into_iter().map(|(column, name)| (column, field(name))).collect())
}
